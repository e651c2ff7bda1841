"""The configuration: one frozen object made from the environment, and the faults that keep production from starting.

Each setting is declared once, here, with its variable and its reader; `docs/operations.md` explains every one of them
and a test compares the two. To add a setting: one line in `Config`, one line in the table of that page.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, Refused

PREFIX: Final = "MOBIGO_"
# Read by the tests and by `make`, never by the product.
OUTSIDE: Final = ("MOBIGO_TEST_", "MOBIGO_REALDATA", "MOBIGO_CI")
Environment = Literal["demo", "development", "production"]
ENVIRONMENTS: Final = get_args(Environment)
LANGUAGES: Final = ("fr", "en")
MIN_SECRET_LENGTH: Final = 32
# What each way of being paid takes.
MEANS: Final[Mapping[str, tuple[str, ...]]] = {
    "counter": ("cash", "cheque", "terminal"),
    "stripe": ("card", "sepa_debit"),
    "redirect": ("redirect",),
    "sim": ("card", "sepa_debit"),
}
ALL_MEANS: Final = frozenset(means for taken in MEANS.values() for means in taken)


class Setting(NamedTuple):
    """How one field of `Config` is given: its variable, how its text is read (ValueError, with what would be valid,
    when it cannot be), and its default: a text read the same way, or a function of the settings declared above it.
    The value of a secret setting is never shown."""

    variable: str
    reader: Callable[[str], Any]
    default: str | Callable[[Mapping[str, Any]], Any]
    secret: bool = False


def _text(text: str) -> str:
    return text


def _optional(text: str) -> str | None:
    return text or None


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(" | ".join(allowed))
        return text

    return read


def _whole(first: int, last: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and first <= int(text) <= last):
            raise ValueError(f"{first}…{last}")
        return int(text)

    return read


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("0 | 1")
    return text == "1"


def _folder(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError("/srv/mobigo, ./var, …")
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as nobody:  # "~someone" who has no home here
        raise ValueError("/srv/mobigo, ./var, …") from nobody


def _optional_path(text: str) -> Path | None:
    return _folder(text) if text else None


def _names(*allowed: str) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        names = tuple(name.strip() for name in text.split(",") if name.strip())
        if not names or not set(names) <= set(allowed):
            raise ValueError(", ".join(allowed))
        return names

    return read


def _json_list(text: str) -> str:
    try:
        if isinstance(json.loads(text), list):
            return text
    except ValueError:
        pass
    raise ValueError('[{"name": …, "issuer": …, "client_id": …, "client_secret": …}]')


def _collectors(text: str) -> str:
    try:
        named = json.loads(text)
        good = isinstance(named, dict) and all(
            means in ALL_MEANS and (who is None or (isinstance(who, str) and 0 < len(who) <= 64))
            for means, who in named.items()
        )
    except ValueError:
        good = False
    if not good:
        raise ValueError('{"card": "regie-billettique", "cheque": null, …} (' + ", ".join(sorted(ALL_MEANS)) + ")")
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError) as unknown:
        raise ValueError("Europe/Paris, …") from unknown
    return text


def _url(*schemes: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in schemes or not (parts.netloc or parts.path or parts.scheme == "memory"):
            raise ValueError(", ".join(f"{scheme}://…" for scheme in schemes))
        return text if parts.scheme == "memory" else text.rstrip("/")

    return read


def _optional_url(text: str) -> str | None:
    return _url("http", "https")(text) if text else None


def _database(text: str) -> str:
    schemes = ("sqlite", "postgresql", "postgres", "postgresql+psycopg")
    if urlsplit(text).scheme not in schemes:
        raise ValueError("sqlite:///…, postgresql://…")
    return text


def _broker(text: str) -> str:
    schemes = ("filesystem", "redis", "rediss", "amqp", "amqps")
    if urlsplit(text).scheme not in schemes:
        raise ValueError("filesystem://, redis://…, amqp://…")
    return text


def _sqlite_under_home(known: Mapping[str, Any]) -> str:
    return f"sqlite:///{known['home'] / 'mobigo.sqlite'}"


def _local_url(known: Mapping[str, Any]) -> str:
    return f"http://{known['host']}:{known['port']}"


def _data_contact(known: Mapping[str, Any]) -> str:
    try:
        host = urlsplit(known["base_url"]).hostname or ""
    except ValueError:  # made of a host that is none, "[": the web will not listen there
        host = ""
    return f"donnees@{host}" if host.rpartition(".")[2].isalpha() and "." in host else "donnees@mobigo.example.org"


def _payments(known: Mapping[str, Any]) -> tuple[str, ...]:
    return ("counter",) if known["environment"] == "production" else ("counter", "sim")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything the product may be told from outside. Made by `load_config`; varied in tests with `replace`."""

    home: Annotated[Path, Setting("MOBIGO_HOME", _folder, "./var")]
    environment: Annotated[Environment, Setting("MOBIGO_ENV", _one_of(*ENVIRONMENTS), "development")]
    database_url: Annotated[str, Setting("MOBIGO_DATABASE_URL", _database, _sqlite_under_home, secret=True)]
    broker_url: Annotated[str, Setting("MOBIGO_BROKER_URL", _broker, "filesystem://", secret=True)]
    # None: `mobigo.infra.keys.secret_key` generates one at the first run, in home/secrets.
    secret_key: Annotated[str | None, Setting("MOBIGO_SECRET_KEY", _optional, "", secret=True)]
    host: Annotated[str, Setting("MOBIGO_HOST", _text, "127.0.0.1")]
    port: Annotated[int, Setting("MOBIGO_PORT", _whole(1, 65_535), "8000")]
    base_url: Annotated[str, Setting("MOBIGO_BASE_URL", _url("http", "https"), _local_url)]
    trusted_proxies: Annotated[int, Setting("MOBIGO_TRUSTED_PROXIES", _whole(0, 10), "0")]
    # Whether feed sources may lie on the private network (see mobigo.network.gateway.fetch).
    fetch_private: Annotated[bool, Setting("MOBIGO_FETCH_PRIVATE", _flag, "0")]
    web_processes: Annotated[int, Setting("MOBIGO_WEB_PROCESSES", _whole(1, 256), "1")]
    web_threads: Annotated[int, Setting("MOBIGO_WEB_THREADS", _whole(1, 256), "4")]
    jobs_at_once: Annotated[int, Setting("MOBIGO_JOBS_AT_ONCE", _whole(1, 256), "1")]
    jobs_queue: Annotated[str, Setting("MOBIGO_JOBS_QUEUE", _text, "mobigo")]
    job_memory_mb: Annotated[int, Setting("MOBIGO_JOB_MEMORY_MB", _whole(128, 1_048_576), "4096")]
    language: Annotated[str, Setting("MOBIGO_LANG", _one_of(*LANGUAGES), "fr")]
    zone: Annotated[str, Setting("MOBIGO_ZONE", _zone, "Europe/Paris")]
    # memory:// counts in each process; several processes share one redis://…
    ratelimit_url: Annotated[
        str, Setting("MOBIGO_RATELIMIT_URL", _url("memory", "redis", "rediss"), "memory://", secret=True)
    ]
    # Requests a minute from one address (ten times as many for an API partner); 0: not limited.
    requests_per_minute: Annotated[
        int,
        Setting(
            "MOBIGO_REQUESTS_PER_MINUTE",
            _whole(0, 1_000_000),
            lambda known: 600 if known["environment"] == "production" else 0,
        ),
    ]
    # OpenID providers people may sign in with, as a JSON list (see `mobigo.infra.oidc`).
    oidc: Annotated[str, Setting("MOBIGO_OIDC", _json_list, "[]", secret=True)]
    payments: Annotated[tuple[str, ...], Setting("MOBIGO_PAYMENTS", _names(*MEANS), _payments)]
    # Who may hold the money of each means of payment, as a JSON object; null: this means is not taken.
    collectors: Annotated[str, Setting("MOBIGO_COLLECTORS", _collectors, "{}")]
    stripe_key: Annotated[str | None, Setting("MOBIGO_STRIPE_KEY", _optional, "", secret=True)]
    # One secret, or two separated by a comma while one replaces the other.
    stripe_webhook_secrets: Annotated[str | None, Setting("MOBIGO_STRIPE_WEBHOOK_SECRETS", _optional, "", secret=True)]
    # The redirect-and-notify service of the accountant, and our number there; none: it is not opened.
    redirect_url: Annotated[str | None, Setting("MOBIGO_REDIRECT_URL", _optional_url, "")]
    redirect_client: Annotated[str | None, Setting("MOBIGO_REDIRECT_CLIENT", _optional, "")]
    # The national carpool registry, where the Region is an operator (see covoit.gateway.rpc); none: nothing is sent.
    rpc_url: Annotated[str | None, Setting("MOBIGO_RPC_URL", _optional_url, "")]
    rpc_access_key: Annotated[str | None, Setting("MOBIGO_RPC_ACCESS_KEY", _optional, "", secret=True)]
    rpc_secret_key: Annotated[str | None, Setting("MOBIGO_RPC_SECRET_KEY", _optional, "", secret=True)]
    # The address reusers of our open data write to; none: donnees@ the host of the public address.
    opendata_contact: Annotated[str, Setting("MOBIGO_OPENDATA_CONTACT", _text, _data_contact)]
    # What judges of published files need and we may not ship (see opendata.gateway.judges); none: they do not judge.
    netex_xsd: Annotated[Path | None, Setting("MOBIGO_NETEX_XSD", _optional_path, "")]
    siri_xsd: Annotated[Path | None, Setting("MOBIGO_SIRI_XSD", _optional_path, "")]
    dcat_shapes: Annotated[Path | None, Setting("MOBIGO_DCAT_SHAPES", _optional_path, "")]
    gtfs_validator_jar: Annotated[Path | None, Setting("MOBIGO_GTFS_VALIDATOR_JAR", _optional_path, "")]
    # The background of the maps, a PMTiles archive of pictures on this machine; none: our outlines alone.
    map_tiles: Annotated[Path | None, Setting("MOBIGO_MAP_TILES", _optional_path, "")]
    log_format: Annotated[str, Setting("MOBIGO_LOG_FORMAT", _one_of("text", "json"), "text")]
    log_level: Annotated[str, Setting("MOBIGO_LOG_LEVEL", _one_of("debug", "info", "warning", "error"), "info")]

    @property
    def production(self) -> bool:
        return self.environment == "production"

    def collector(self, means: str) -> str | None:
        """Who may hold money of this means; None where it is not taken. Outside production, where nothing is real, a
        means that is not named is held by "essai"."""
        named = json.loads(self.collectors)
        found: str | None = named.get(means, None if self.production else "essai")
        return found

    def means(self, provider: str) -> tuple[str, ...]:
        """What may be paid with, by this provider."""
        return tuple(each for each in MEANS[provider] if self.collector(each) is not None)

    def __repr__(self) -> str:
        shown = (f"{name}={'…' if how.secret else repr(getattr(self, name))}" for name, how in settings().items())
        return f"Config({', '.join(shown)})"


@cache
def settings() -> dict[str, Setting]:
    """Each field of `Config` and how it is given, in their order."""
    hints = get_type_hints(Config, include_extras=True)
    return {declared.name: hints[declared.name].__metadata__[0] for declared in fields(Config)}


def load_config(environ: Mapping[str, str] | None = None) -> Config:
    """The configuration written in `environ` (default: the process's). An empty variable counts as absent.

    Raises InvalidInput("config.bad_value", setting, value, expected); a secret's value is not repeated.
    """
    given = os.environ if environ is None else environ
    known: dict[str, Any] = {}
    for name, how in settings().items():
        text = given.get(how.variable, "")
        if text == "" and callable(how.default):
            known[name] = how.default(known)
            continue
        try:
            known[name] = how.reader(text or str(how.default))
        except ValueError as unreadable:
            shown = "…" if how.secret else text
            raise InvalidInput(
                "config.bad_value", setting=how.variable, value=shown, expected=str(unreadable)
            ) from None
    return Config(**known)


def as_environ(config: Config) -> dict[str, str]:
    """The variables from which `load_config` makes this configuration again, for a process started beside this one."""
    return {how.variable: _as_text(getattr(config, name)) for name, how in settings().items()}


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value)


def language_of(environ: Mapping[str, str] | None = None) -> str:
    """The language to speak to whoever runs a command, even when the rest of the configuration cannot be read."""
    given = os.environ if environ is None else environ
    found = given.get("MOBIGO_LANG", "")
    return found if found in LANGUAGES else LANGUAGES[0]


def variables() -> list[str]:
    """The variables the product reads, in the order of `Config`."""
    return [how.variable for how in settings().values()]


def unknown_variables(environ: Mapping[str, str] | None = None) -> list[str]:
    """Variables that look like ours and are not: most often a typing mistake that would stay silent."""
    given = os.environ if environ is None else environ
    known = set(variables())
    return sorted(
        name for name in given if name.startswith(PREFIX) and name not in known and not name.startswith(OUTSIDE)
    )


def faults(config: Config) -> list[Decision]:
    """What makes this configuration unsafe in production, each as a reason; empty elsewhere."""
    if not config.production:
        return []
    found = []
    if config.secret_key is None:
        found.append(Decision("config.no_secret", setting="MOBIGO_SECRET_KEY", length=MIN_SECRET_LENGTH))
    elif len(config.secret_key) < MIN_SECRET_LENGTH:
        found.append(Decision("config.short_secret", setting="MOBIGO_SECRET_KEY", length=MIN_SECRET_LENGTH))
    if "sim" in config.payments:
        found.append(Decision("config.sim_payments", setting="MOBIGO_PAYMENTS"))
    found += _payment_faults(config)
    if not config.base_url.startswith("https://"):
        found.append(Decision("config.plain_http", setting="MOBIGO_BASE_URL"))
    return found


def _payment_faults(config: Config) -> list[Decision]:
    found = []
    named = json.loads(config.collectors)
    for provider in config.payments:
        found += [
            Decision("config.no_collector", setting="MOBIGO_COLLECTORS", means=means)
            for means in MEANS[provider]
            if provider != "sim" and means not in named
        ]
    key = config.stripe_key or ""
    if "stripe" in config.payments:
        if not key:
            found.append(Decision("config.no_stripe_key", setting="MOBIGO_STRIPE_KEY"))
        elif "_live_" not in key:
            found.append(Decision("config.stripe_test_key", setting="MOBIGO_STRIPE_KEY"))
        if not config.stripe_webhook_secrets:
            found.append(Decision("config.no_stripe_secret", setting="MOBIGO_STRIPE_WEBHOOK_SECRETS"))
    if "redirect" in config.payments and not (config.redirect_url and config.redirect_client):
        found.append(Decision("config.no_redirect", setting="MOBIGO_REDIRECT_URL"))
    return found


def require_safe(config: Config) -> None:
    """Raises Refused with the first fault: production does not start on an unsafe setting."""
    for fault in faults(config):
        raise Refused(fault.code, **fault.params)

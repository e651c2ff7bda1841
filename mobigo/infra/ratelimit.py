"""How often one may ask: everybody's requests by Flask-Limiter, and attempts that guess at something by name.

Counters are in the memory of the process, or in Redis when several processes share them (`MOBIGO_RATELIMIT_URL`). When
Redis does not answer, this process counts alone: nobody is locked out, and guessing stays slow. Keys are digests.
"""

import hmac
import logging
from collections.abc import Callable
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import Any, Final, TypeVar

from flask import Flask, current_app, g, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse, storage, strategies

from mobigo.base.errors import Refused
from mobigo.infra import auth, keys
from mobigo.infra.clock import now
from mobigo.infra.config import Config
from mobigo.infra.roles import Permission

EXTENSION: Final = "mobigo.ratelimit"
PARTNER_FACTOR: Final = 10
_FREE: Final = ("/static/", "/healthz", "/readyz", "/metrics")
_log = logging.getLogger(__name__)
View = TypeVar("View", bound=Callable[..., Any])

# What may be tried how often. An account is guarded wherever the guesses come from, an address whatever it guesses at:
# a school or a company stands behind one address, so that its figure is the larger one.
LOGIN_BY_ACCOUNT: Final = "10 per 15 minutes"
LOGIN_BY_ADDRESS: Final = "100 per 15 minutes"
MAIL_BY_RECIPIENT: Final = "3 per hour"
MAIL_BY_ADDRESS: Final = "20 per hour"
LINK_BY_ADDRESS: Final = "30 per 15 minutes"
OWN_PASSWORD_CHECKS: Final = "10 per 15 minutes"  # noqa: S105  # a rate


class TooMany(Refused):
    """Refused because it was tried too often; `retry_after_s` says when it is worth trying again."""

    http_status = 429

    def __init__(self, code: str, retry_after_s: int) -> None:
        super().__init__(code, minutes=max(1, -(-retry_after_s // 60)))
        self.retry_after_s = retry_after_s
        self.http_headers = {"Retry-After": str(retry_after_s)}


class Attempts:
    """Counters of attempts, in the storage of the configuration, with this process's memory behind it."""

    def __init__(self, storage_url: str, secret: bytes, clock: Callable[[], float]) -> None:
        self._main = strategies.FixedWindowRateLimiter(storage.storage_from_string(storage_url))
        self._own = strategies.FixedWindowRateLimiter(storage.MemoryStorage())
        self._secret = secret
        self._clock = clock

    def count(self, name: str, limit: str, who: str) -> None:
        """Counts one attempt. Raises TooMany("auth.too_many_attempts") when it is one too many."""
        item = parse(limit)
        key = hmac.new(self._secret, who.encode(), sha256).hexdigest()
        counting: Any = self._main
        try:
            allowed = counting.hit(item, name, key)
        except Exception:
            _log.exception("the counters of attempts do not answer; counting in this process")
            counting = self._own
            allowed = counting.hit(item, name, key)
        if not allowed:
            raise TooMany("auth.too_many_attempts", self._wait_s(counting, item, name, key))

    def forget(self, name: str, limit: str, who: str) -> None:
        """Starts again from nothing: the attempt was the right one."""
        key = hmac.new(self._secret, who.encode(), sha256).hexdigest()
        try:
            self._main.clear(parse(limit), name, key)
        except Exception:
            _log.exception("the counters of attempts do not answer")
        self._own.clear(parse(limit), name, key)

    def _wait_s(self, counting: Any, item: RateLimitItem, name: str, key: str) -> int:
        until: float = counting.get_window_stats(item, name, key).reset_time
        return max(1, round(until - self._clock()))


def install(app: Flask, config: Config) -> None:
    """Limits the requests to `app`, and gives it counters of attempts."""
    secret = keys.derived(config, "ratelimit")
    app.extensions[EXTENSION] = Attempts(config.ratelimit_url, secret, lambda: now().timestamp())
    if config.requests_per_minute == 0:
        return
    limiter = Limiter(
        caller,
        default_limits=[_allowance(config.requests_per_minute)],
        default_limits_exempt_when=_free,
        storage_uri=config.ratelimit_url,
        strategy="fixed-window",
        headers_enabled=True,
        in_memory_fallback_enabled=True,
        key_prefix="mobigo-requests",
    )
    limiter.init_app(app)


def attempts() -> Attempts:
    """The counters of the running application."""
    found: Attempts = current_app.extensions[EXTENSION]
    return found


def address() -> str:
    """Where the request comes from. An IPv6 caller owns a whole /64, so that is what is counted."""
    text = request.remote_addr or ""
    try:
        parsed = ip_address(text)
    except ValueError:
        return text
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return text


def caller() -> str:
    """Whose requests are counted together: a key's person, else an address."""
    identity = g.get("mobigo_identity")
    return f"subject:{identity.subject}" if identity is not None and identity.by_key else f"address:{address()}"


def _allowance(per_minute: int) -> Callable[[], str]:
    def allowance() -> str:
        identity = auth.current_account() if request.authorization is not None else None
        partner = identity is not None and identity.by_key and identity.may(Permission.API_PARTNER)
        return f"{per_minute * (PARTNER_FACTOR if partner else 1)} per minute"

    return allowance


def own_rate(view: View) -> View:
    """Marks a view that counts its requests itself (`attempts`), at a rate of its own."""
    view.own_rate = True  # type: ignore[attr-defined]  # a mark on a function
    return view


def _free() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return request.path.startswith(_FREE) or getattr(view, "own_rate", False)

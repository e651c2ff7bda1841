"""The configuration: read from the environment, documented setting by setting, strict in production."""

import re
from contextlib import suppress
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mobigo.base.errors import InvalidInput, Refused
from mobigo.infra.config import (
    faults,
    language_of,
    load_config,
    require_safe,
    settings,
    unknown_variables,
    variables,
)

PAGE = Path(__file__).resolve().parents[3] / "docs" / "operations.md"
PRODUCTION = {
    "MOBIGO_ENV": "production",
    "MOBIGO_SECRET_KEY": "x" * 32,
    "MOBIGO_BASE_URL": "https://mobigo.exemple.fr",
    "MOBIGO_COLLECTORS": '{"cash": "regie", "cheque": null, "terminal": "regie"}',
}
STRIPE = {
    "MOBIGO_PAYMENTS": "counter,stripe",
    "MOBIGO_STRIPE_KEY": "sk_live_x",
    "MOBIGO_STRIPE_WEBHOOK_SECRETS": "whsec_x",
    "MOBIGO_COLLECTORS": '{"cash": "r", "cheque": null, "terminal": "r", "card": "r", "sepa_debit": null}',
}
REDIRECT = {
    "MOBIGO_PAYMENTS": "redirect",
    "MOBIGO_REDIRECT_URL": "https://paie.exemple.fr/services",
    "MOBIGO_REDIRECT_CLIENT": "006382",
    "MOBIGO_COLLECTORS": '{"redirect": "comptable"}',
}


def test_every_setting_is_documented_and_no_other() -> None:
    documented = re.findall(r"^\| `(MOBIGO_\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert documented == variables()


def test_the_default_of_every_setting_is_documented() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for how in settings().values():
        if isinstance(how.default, str) and how.default:
            line = next(line for line in page.splitlines() if line.startswith(f"| `{how.variable}` |"))
            assert f"`{how.default}`" in line, how.variable


def test_nothing_given_gives_the_embedded_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_config({})
    assert config.home == tmp_path / "var"
    assert config.database_url == f"sqlite:///{tmp_path / 'var' / 'mobigo.sqlite'}"
    assert config.broker_url == "filesystem://"
    assert config.base_url == "http://127.0.0.1:8000"
    assert config.environment == "development"
    assert config.payments == ("counter", "sim")
    assert config.secret_key is None


def test_what_is_not_given_follows_what_is(tmp_path: Path) -> None:
    config = load_config({"MOBIGO_HOME": str(tmp_path), "MOBIGO_HOST": "0.0.0.0", "MOBIGO_PORT": "81"})
    assert config.database_url == f"sqlite:///{tmp_path / 'mobigo.sqlite'}"
    assert config.base_url == "http://0.0.0.0:81"


def test_an_empty_variable_counts_as_absent() -> None:
    assert load_config(dict.fromkeys(variables(), "")) == load_config({})


def test_a_configuration_is_never_changed() -> None:
    config = load_config({})
    with pytest.raises(FrozenInstanceError):
        config.port = 1  # type: ignore[misc]  # the point of the test


@pytest.mark.parametrize(
    ("variable", "text", "attribute", "value"),
    [
        ("MOBIGO_PORT", "1", "port", 1),
        ("MOBIGO_PORT", "65535", "port", 65_535),
        ("MOBIGO_TRUSTED_PROXIES", "0", "trusted_proxies", 0),
        ("MOBIGO_PAYMENTS", "counter", "payments", ("counter",)),
        ("MOBIGO_PAYMENTS", " sim , counter ", "payments", ("sim", "counter")),
        ("MOBIGO_BASE_URL", "https://a.fr/", "base_url", "https://a.fr"),
        ("MOBIGO_ZONE", "Europe/Zurich", "zone", "Europe/Zurich"),
        ("MOBIGO_LANG", "en", "language", "en"),
    ],
)
def test_what_is_understood(variable: str, text: str, attribute: str, value: object) -> None:
    assert getattr(load_config({variable: text}), attribute) == value


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("MOBIGO_PORT", "0"),
        ("MOBIGO_PORT", "65536"),
        ("MOBIGO_PORT", "-1"),
        ("MOBIGO_PORT", "8000 "),
        ("MOBIGO_PORT", "٨٠"),
        ("MOBIGO_ENV", "prod"),
        ("MOBIGO_DATABASE_URL", "mysql://h/d"),
        ("MOBIGO_DATABASE_URL", "mobigo.sqlite"),
        ("MOBIGO_BROKER_URL", "kafka://h"),
        ("MOBIGO_BASE_URL", "ftp://a.fr"),
        ("MOBIGO_BASE_URL", "a.fr"),
        ("MOBIGO_ZONE", "Europe/Dijon"),
        ("MOBIGO_ZONE", "../../etc/passwd"),
        ("MOBIGO_PAYMENTS", "stripes"),
        ("MOBIGO_COLLECTORS", "regie"),
        ("MOBIGO_COLLECTORS", "[]"),
        ("MOBIGO_COLLECTORS", '{"gold": "regie"}'),
        ("MOBIGO_COLLECTORS", '{"card": ""}'),
        ("MOBIGO_COLLECTORS", '{"card": 1}'),
        ("MOBIGO_PAYMENTS", ","),
        ("MOBIGO_HOME", "~nobody-has-this-name/var"),
        ("MOBIGO_HOME", "a\0b"),
        ("MOBIGO_LANG", "de"),
    ],
)
def test_what_is_not_understood_names_the_setting_and_what_would_do(variable: str, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        load_config({variable: text})
    assert refused.value.decision.code == "config.bad_value"
    assert refused.value.decision.params["setting"] == variable
    assert refused.value.decision.params["expected"]


def test_a_secret_is_never_repeated() -> None:
    with pytest.raises(InvalidInput) as refused:
        load_config({"MOBIGO_DATABASE_URL": "mysql://root:hunter2@h/d"})
    assert "hunter2" not in str(refused.value)
    config = load_config({"MOBIGO_DATABASE_URL": "postgresql://root:hunter2@h/d", "MOBIGO_SECRET_KEY": "hunter2"})
    assert "hunter2" not in repr(config)
    assert "hunter2" not in f"{config}"


@given(st.sampled_from(variables()), st.text(max_size=40))
@example("MOBIGO_HOST", "[")
def test_any_text_is_read_or_refused_never_a_crash(variable: str, text: str) -> None:
    with suppress(InvalidInput):
        load_config({variable: text})


def test_a_typing_mistake_is_found() -> None:
    given_variables = {"MOBIGO_PROT": "1", "MOBIGO_PORT": "1", "MOBIGO_TEST_REDIS": "x", "MOBIGO_CI": "1", "PATH": "/"}
    assert unknown_variables(given_variables) == ["MOBIGO_PROT"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"MOBIGO_SECRET_KEY": ""}, "config.no_secret"),
        ({"MOBIGO_SECRET_KEY": "x" * 31}, "config.short_secret"),
        ({"MOBIGO_PAYMENTS": "counter,sim"}, "config.sim_payments"),
        ({"MOBIGO_COLLECTORS": ""}, "config.no_collector"),
        ({"MOBIGO_COLLECTORS": '{"cash": "regie", "cheque": null}'}, "config.no_collector"),
        (STRIPE | {"MOBIGO_STRIPE_KEY": ""}, "config.no_stripe_key"),
        (STRIPE | {"MOBIGO_STRIPE_KEY": "sk_test_x"}, "config.stripe_test_key"),
        (STRIPE | {"MOBIGO_STRIPE_KEY": "rk_test_x"}, "config.stripe_test_key"),
        (STRIPE | {"MOBIGO_STRIPE_WEBHOOK_SECRETS": ""}, "config.no_stripe_secret"),
        (STRIPE | {"MOBIGO_COLLECTORS": PRODUCTION["MOBIGO_COLLECTORS"]}, "config.no_collector"),
        (REDIRECT | {"MOBIGO_REDIRECT_URL": ""}, "config.no_redirect"),
        (REDIRECT | {"MOBIGO_REDIRECT_CLIENT": ""}, "config.no_redirect"),
        ({"MOBIGO_BASE_URL": "http://mobigo.exemple.fr"}, "config.plain_http"),
    ],
)
def test_production_does_not_start_on_an_unsafe_setting(change: dict[str, str], code: str) -> None:
    unsafe = load_config(PRODUCTION | change)
    with pytest.raises(Refused, match=code.replace(".", r"\.")):
        require_safe(unsafe)
    require_safe(replace(unsafe, environment="demo"))
    require_safe(load_config(PRODUCTION))


@pytest.mark.parametrize("ways", [STRIPE, REDIRECT])
def test_production_starts_on_ways_to_pay_that_are_whole(ways: dict[str, str]) -> None:
    require_safe(load_config(PRODUCTION | ways))


def test_a_means_nobody_collects_is_not_taken() -> None:
    config = load_config(PRODUCTION | STRIPE)
    assert config.means("stripe") == ("card",)
    assert config.means("counter") == ("cash", "terminal")
    assert load_config({}).means("sim") == ("card", "sepa_debit")


def test_an_unsafe_production_hears_of_every_fault() -> None:
    assert len(faults(load_config({"MOBIGO_ENV": "production", "MOBIGO_PAYMENTS": "sim"}))) >= 3


@pytest.mark.parametrize(("text", "language"), [("en", "en"), ("fr", "fr"), ("de", "fr"), ("", "fr"), (None, "fr")])
def test_a_command_speaks_even_when_its_settings_are_wrong(text: str | None, language: str) -> None:
    assert language_of({} if text is None else {"MOBIGO_LANG": text}) == language

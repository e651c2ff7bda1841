"""Signing in at an OpenID provider, against a real one that runs beside the test and can be made to lie."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from joserfc.jwk import OctKey, RSAKey

from mobigo.app.oidc_test_provider import PEOPLE, Provider, Somebody, new_key, running
from mobigo.base.errors import InvalidInput, Refused, Upstream
from mobigo.infra import account_providers, accounts, oidc
from mobigo.infra.clock import now
from mobigo.infra.config import Config, load_config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Role

CAMILLE, ALEX, SACHA = PEOPLE
RETURN = "/connexion/essai/retour"


@pytest.fixture(scope="session")
def key() -> Any:
    """What the providers sign with; finding a key takes long."""
    return new_key()


@pytest.fixture
def provider(settings: Config, key: Any) -> Iterator[Provider]:
    with running(settings, key=key) as provider:
        yield provider


@pytest.fixture
def world(make_world: Callable[[Config], Any], settings: Config, provider: Provider) -> Any:
    return make_world(replace(settings, oidc=provider.setting()))


def at_provider(browser: Any, who: Somebody | None, start: str = "/connexion/essai") -> str:
    """Begins here, chooses who one is there; the address that the provider sends the browser back to."""
    there = browser.get(start).headers["Location"]
    answer = requests.post(there, data={"sub": who.sub if who else ""}, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].removeprefix("http://localhost")


def come_back(browser: Any, who: Somebody | None, start: str = "/connexion/essai") -> Any:
    return browser.get(at_provider(browser, who, start))


def count(world: Any) -> int:
    with reading(world.engine) as session:
        return len(accounts.search(session, ""))


def test_a_person_who_comes_for_the_first_time_gets_an_account_and_the_second_time_the_same(world: Any) -> None:
    browser, again = world.browser(), world.browser()
    answer = come_back(browser, CAMILLE)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/compte")
    page = browser.get("/compte").text
    assert "Camille Citoyenne" in page
    assert "camille@exemple.fr" in page
    assert come_back(again, CAMILLE).status_code == 303
    assert count(world) == 1
    assert [act for act, _, _ in world.acts()] == ["account.registered", "account.signed_in", "account.signed_in"]


def test_the_request_to_the_provider_carries_state_nonce_and_a_hashed_verifier(world: Any) -> None:
    first, second = world.browser(), world.browser()
    asked = [parse_qs(urlsplit(each.get("/connexion/essai").headers["Location"]).query) for each in (first, second)]
    for each in asked:
        assert each["response_type"] == ["code"]
        assert each["code_challenge_method"] == ["S256"]
        assert each["redirect_uri"] == [f"http://localhost{RETURN}"]
        assert "client_secret" not in each
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]
        assert len(asked[0][name][0]) >= 32


def test_where_one_wanted_to_go_is_kept_on_the_way_and_is_never_another_site(world: Any) -> None:
    assert come_back(world.browser(), CAMILLE, "/connexion/essai?next=/aide").headers["Location"] == "/aide"
    assert come_back(world.browser(), CAMILLE, "/connexion/essai?next=//evil.org").headers["Location"] == "/compte"


@pytest.mark.parametrize("verified", [True, False])
def test_an_address_that_already_has_an_account_is_not_taken_over(
    make_world: Callable[[Config], Any], settings: Config, verified: bool
) -> None:
    stranger = Somebody("stranger", "Stranger", "victime@exemple.fr", email_verified=verified)
    with running(settings, people=(stranger,)) as provider:
        world = make_world(replace(settings, oidc=provider.setting()))
        victim = world.person("victime@exemple.fr", Role.ADMINISTRATOR)
        browser = world.browser()
        answer = come_back(browser, stranger)
        if verified:
            assert answer.status_code == 403  # told to sign in the usual way, then to tie the provider
            assert not browser.signed_in
        else:
            assert answer.status_code == 303  # an account of its own, without that address
            assert "victime@exemple.fr" not in browser.get("/compte").text
        with reading(world.engine) as session:
            assert account_providers.find(session, provider.issuer, "stranger") != victim


def test_the_owner_of_an_account_ties_the_provider_to_it_and_unties_it(world: Any) -> None:
    world.person("camille@exemple.fr")
    browser, other = world.browser(), world.browser()
    browser.sign_in("camille@exemple.fr")
    assert come_back(browser, CAMILLE, "/compte/fournisseurs/essai").headers["Location"] == "/compte"
    assert come_back(other, CAMILLE).status_code == 303
    assert "camille@exemple.fr" in other.get("/compte").text
    assert count(world) == 1
    assert browser.post("/compte/fournisseurs/essai/delier", page="/compte").status_code == 303
    assert come_back(world.browser(), CAMILLE).status_code == 403
    acts = [act for act, _, _ in world.acts()]
    assert "account.provider_linked" in acts
    assert "account.provider_unlinked" in acts


def test_an_identity_tied_to_one_account_is_not_tied_to_another(world: Any) -> None:
    come_back(world.browser(), CAMILLE)
    world.person("dominique@exemple.fr")
    browser = world.browser()
    browser.sign_in("dominique@exemple.fr")
    assert come_back(browser, CAMILLE, "/compte/fournisseurs/essai").status_code == 409


def test_a_person_who_has_only_the_provider_keeps_it(world: Any) -> None:
    browser = world.browser()
    come_back(browser, CAMILLE)
    assert browser.post("/compte/fournisseurs/essai/delier", page="/compte").status_code == 403


def test_tying_ends_when_somebody_else_signed_in_on_the_way(world: Any) -> None:
    """The attack: the victim's browser finishes a flow that the thief began, so that the thief's identity opens it."""
    world.person("victime@exemple.fr")
    world.person("voleur@exemple.fr")
    thief, victim = world.browser(), world.browser()
    thief.sign_in("voleur@exemple.fr")
    back = at_provider(thief, ALEX, "/compte/fournisseurs/essai")
    victim.sign_in("victime@exemple.fr")
    assert victim.get(back).status_code == 403  # this browser began nothing
    victim.set_cookie(thief.cookie("mobigo-form"), "mobigo-form")
    assert victim.get(back).status_code == 403  # even with the thief's flow, it is not the thief who is signed in


def test_a_person_without_an_address_gets_an_account_all_the_same(world: Any) -> None:
    browser = world.browser()
    assert come_back(browser, SACHA).status_code == 303
    assert "Sacha Sans Adresse" in browser.get("/compte").text


def test_who_declines_at_the_provider_is_not_signed_in(world: Any) -> None:
    browser = world.browser()
    assert come_back(browser, None).status_code == 403
    assert not browser.signed_in
    assert count(world) == 0


def _replaced(text: str, name: str, value: str) -> str:
    return re.sub(rf"([?&]){name}=[^&]*", rf"\g<1>{name}={value}", text)


@pytest.mark.parametrize(
    "change",
    [
        lambda back: _replaced(back, "state", "another"),
        lambda back: _replaced(back, "state", ""),
        lambda back: re.sub(r"state=[^&]*&?", "", back),
        lambda back: _replaced(back, "iss", "https%3A%2F%2Fevil.org"),
        lambda back: _replaced(back, "code", "another"),
        lambda back: re.sub(r"code=[^&]*&?", "", back),
        lambda back: back + "&error=access_denied",
        lambda back: RETURN,
    ],
    ids=["state", "empty state", "no state", "issuer", "code", "no code", "error", "nothing"],
)
def test_an_answer_that_was_changed_on_the_way_signs_nobody_in(world: Any, change: Callable[[str], str]) -> None:
    browser = world.browser()
    back = at_provider(browser, CAMILLE)
    assert browser.get(change(back)).status_code == 403
    assert not browser.signed_in
    assert browser.get(back).status_code == 403  # the flow was used up
    assert count(world) == 0


def test_an_answer_is_used_once_and_by_the_browser_that_began(world: Any) -> None:
    browser, other = world.browser(), world.browser()
    back = at_provider(browser, CAMILLE)
    assert other.get(back).status_code == 403
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 403


def test_a_flow_lasts_ten_minutes(settings: Config, provider: Provider) -> None:
    start = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
    known = oidc.providers(replace(settings, oidc=provider.setting()))[0]
    _, flow = oidc.begin(known, "http://localhost" + RETURN, start)
    answer = {"state": flow.state, "code": "x"}
    with pytest.raises(Refused) as late:
        oidc.finish(known, flow, answer, "http://localhost" + RETURN, start + timedelta(minutes=10))
    assert late.value.decision.code == "oidc.expired"
    with pytest.raises(Refused) as early:
        oidc.finish(known, flow, answer, "http://localhost" + RETURN, start + timedelta(minutes=10, seconds=-1))
    assert early.value.decision.code == "oidc.declined"  # in time; the code is not one of theirs


HOUR = 3600
Lie = Callable[[dict[str, Any], dict[str, Any], Any], tuple[dict[str, Any], dict[str, Any], Any]]


def _without(claims: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in claims.items() if key != name}


LIES: dict[str, Lie] = {
    "wrong nonce": lambda c, h, k: ({**c, "nonce": "another"}, h, k),
    "no nonce": lambda c, h, k: (_without(c, "nonce"), h, k),
    "wrong issuer": lambda c, h, k: ({**c, "iss": "https://evil.org"}, h, k),
    "issuer with a slash more": lambda c, h, k: ({**c, "iss": c["iss"] + "/"}, h, k),
    "no issuer": lambda c, h, k: (_without(c, "iss"), h, k),
    "for another client": lambda c, h, k: ({**c, "aud": "another"}, h, k),
    "for us and another client": lambda c, h, k: ({**c, "aud": [c["aud"], "another"]}, h, k),
    "no audience": lambda c, h, k: (_without(c, "aud"), h, k),
    "expired": lambda c, h, k: ({**c, "exp": c["iat"] - HOUR}, h, k),
    "no expiry": lambda c, h, k: (_without(c, "exp"), h, k),
    "from the future": lambda c, h, k: ({**c, "iat": c["iat"] + HOUR, "exp": c["exp"] + 2 * HOUR}, h, k),
    "no subject": lambda c, h, k: (_without(c, "sub"), h, k),
    "empty subject": lambda c, h, k: ({**c, "sub": ""}, h, k),
    "subject that is no text": lambda c, h, k: ({**c, "sub": 7}, h, k),
    "alg none": lambda c, h, k: (c, {**h, "alg": "none"}, None),
    "signed with the client secret": lambda c, h, k: (c, {"alg": "HS256"}, OctKey.import_key("a" * 64)),
    "signed with another key": lambda c, h, k: (c, h, RSAKey.generate_key(2048)),
    "signed with a key of another name": lambda c, h, k: (c, {**h, "kid": "another"}, RSAKey.generate_key(2048)),
}


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_a_provider_that_lies_signs_nobody_in(world: Any, provider: Provider, lie: str) -> None:
    provider.tamper = lambda claims, header: LIES[lie](claims, header, provider.key)
    browser = world.browser()
    assert come_back(browser, CAMILLE).status_code == 403
    assert not browser.signed_in
    assert count(world) == 0


def test_a_key_that_the_provider_changed_is_asked_for_again(world: Any, provider: Provider) -> None:
    assert come_back(world.browser(), CAMILLE).status_code == 303
    provider.key = new_key()
    assert come_back(world.browser(), CAMILLE).status_code == 303


def test_a_provider_that_is_not_who_it_should_be_or_is_not_there_is_told_so(world: Any, provider: Provider) -> None:
    provider.metadata_issuer = "https://evil.org"
    assert world.browser().get("/connexion/essai").status_code == 502
    assert world.browser().get("/connexion/nobody").status_code == 404
    gone = oidc.Provider("x", "X", "http://127.0.0.1:9", "id", "secret")
    with pytest.raises(Upstream):
        oidc.begin(gone, "http://localhost/", now())


def test_signing_out_offers_to_sign_out_at_the_provider_too(world: Any, provider: Provider) -> None:
    browser = world.browser()
    come_back(browser, CAMILLE)
    answer = browser.post("/deconnexion", page="/compte")
    assert answer.status_code == 200
    assert not browser.signed_in
    away = re.search(r'class="btn" href="([^"]+/end[^"]+)"', answer.text)
    assert away is not None
    asked = parse_qs(urlsplit(away[1].replace("&amp;", "&")).query)
    assert asked["post_logout_redirect_uri"] == ["http://localhost/deconnexion/faite"]
    assert asked["id_token_hint"][0].count(".") == 2
    from sqlalchemy import select

    from mobigo.infra.sessions import SessionRow

    with reading(world.engine) as session:
        assert session.scalars(select(SessionRow.id_token)).all() == [None]


def test_a_closed_account_does_not_come_back_by_the_provider(world: Any) -> None:
    browser = world.browser()
    come_back(browser, CAMILLE)
    with transaction(world.engine) as session:
        subject = accounts.find_by_email(session, "camille@exemple.fr")
        assert subject is not None
        accounts.close(session, subject, now())
    assert come_back(world.browser(), CAMILLE).status_code in (403, 409)
    assert not browser.signed_in
    assert count(world) == 1


def test_the_provider_insists_on_pkce(provider: Provider) -> None:
    asked = {
        "response_type": "code", "client_id": "mobigo", "redirect_uri": provider.client.redirect_uri,
        "scope": "openid", "state": "s", "nonce": "n",
    }  # fmt: skip
    assert requests.get(f"{provider.issuer}/authorize", params=asked, timeout=10).status_code == 400


def test_the_test_provider_does_not_start_in_production(settings: Config) -> None:
    with pytest.raises(Refused), running(replace(settings, environment="production")):
        pass


@pytest.mark.parametrize(
    "setting",
    [
        '[{"name": "x"}]',
        '["x"]',
        "[1]",
        '[{"name": "a b", "issuer": "https://x", "client_id": "i", "client_secret": "s"}]',
        '[{"name": "x", "issuer": "http://exemple.fr", "client_id": "i", "client_secret": "s"}]',
        '[{"name": "x", "issuer": "https://x", "client_id": "i", "client_secret": "s", "more": 1}]',
        '[{"name": "x", "issuer": "https://x", "client_id": "i", "client_secret": "s"},'
        ' {"name": "x", "issuer": "https://y", "client_id": "i", "client_secret": "s"}]',
    ],
)
def test_a_setting_that_names_no_safe_provider_is_refused(settings: Config, setting: str) -> None:
    with pytest.raises(InvalidInput):
        oidc.providers(replace(settings, oidc=setting))


@pytest.mark.parametrize("setting", ["{}", "x", "1"])
def test_a_setting_that_is_no_list_is_refused_at_the_start(setting: str) -> None:
    with pytest.raises(InvalidInput):
        load_config({"MOBIGO_OIDC": setting})


def test_a_provider_on_plain_http_is_not_for_production(settings: Config, provider: Provider) -> None:
    with pytest.raises(InvalidInput):
        oidc.providers(replace(settings, oidc=provider.setting(), environment="production"))


def test_the_providers_keys_are_kept_for_an_hour(settings: Config, provider: Provider) -> None:
    known = oidc.providers(replace(settings, oidc=provider.setting()))[0]
    start = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        oidc.begin(known, "http://localhost/", start)
        provider.metadata_issuer = "https://evil.org"
        oidc.begin(known, "http://localhost/", start + timedelta(minutes=59, seconds=59))
        with pytest.raises(Upstream):
            oidc.begin(known, "http://localhost/", start + timedelta(hours=1))

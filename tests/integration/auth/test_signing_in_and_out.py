"""Signing in with a password: the way in, and the ways in that are not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from mobigo.infra import accounts, sessions
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.roles import Role

START = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)


def test_the_right_password_opens_the_account_and_is_written_in_the_log(world: Any) -> None:
    subject = world.person("camille@exemple.fr", Role.TRAVELLER)
    browser = world.browser()
    answer = browser.sign_in("Camille@Exemple.fr")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/compte")
    assert browser.signed_in
    assert world.acts() == [("account.signed_in", subject, subject)]


def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(world: Any) -> None:
    known = world.person("camille@exemple.fr")
    pages = []
    for email in ("camille@exemple.fr", "inconnue@exemple.fr", "pas une adresse", ""):
        answer = world.browser().sign_in(email, "wrong password here")
        assert answer.status_code == 403
        pages.append(answer.text.split("<main", 1)[1].replace(email, "") if email else answer.text.split("<main", 1)[1])
    stripped = {"".join(page.split('name="csrf_token"')[0]) for page in pages}
    assert len(stripped) == 1
    refused = [(act, thing) for act, _, thing in world.acts()]
    assert refused == [("account.sign_in_refused", known)] + [("account.sign_in_refused", "unknown")] * 3


@pytest.mark.parametrize(
    ("target", "gone_to"),
    [
        ("/admin/comptes?q=a", "/admin/comptes?q=a"),
        ("https://evil.org/", "/compte"),
        ("//evil.org", "/compte"),
        ("/\\evil.org", "/compte"),
    ],
)
def test_signing_in_never_sends_anyone_to_another_site(world: Any, target: str, gone_to: str) -> None:
    world.person("camille@exemple.fr")
    assert world.browser().sign_in("camille@exemple.fr", next=target).headers["Location"] == gone_to
    browser = world.browser()
    browser.sign_in("camille@exemple.fr")
    assert browser.client.get("/connexion", query_string={"next": target}).headers["Location"] == gone_to


def test_a_session_planted_before_signing_in_opens_nothing_after(world: Any) -> None:
    world.person("camille@exemple.fr")
    thief, victim = world.browser(), world.browser()
    thief.get("/connexion")
    for name in ("mobigo", "mobigo-form"):
        if thief.cookie(name):
            victim.set_cookie(thief.cookie(name), name)
    victim.set_cookie("planted-by-the-thief")
    victim.sign_in("camille@exemple.fr")
    assert victim.cookie() != "planted-by-the-thief"
    thief.set_cookie("planted-by-the-thief")
    assert victim.signed_in
    assert not thief.signed_in


def test_each_sign_in_gets_a_new_token_and_ends_the_one_before(world: Any) -> None:
    world.person("camille@exemple.fr")
    browser, kept = world.browser(), world.browser()
    browser.sign_in("camille@exemple.fr")
    kept.set_cookie(browser.cookie())
    assert kept.signed_in
    browser.get("/compte")
    assert browser.sign_in("camille@exemple.fr", token=browser.token).status_code == 303
    assert browser.cookie() != kept.cookie()
    assert browser.signed_in
    assert not kept.signed_in


def test_signing_out_closes_the_session_on_the_server_too(world: Any) -> None:
    world.person("camille@exemple.fr")
    browser, copied = world.browser(), world.browser()
    browser.sign_in("camille@exemple.fr")
    copied.set_cookie(browser.cookie())
    answer = browser.post("/deconnexion", page="/compte")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/deconnexion/faite")
    assert browser.cookie() is None
    assert not copied.signed_in


@pytest.mark.parametrize("tamper", ["", "x", "\x00", "a" * 5_000, "é", "' OR 1=1 --"])
def test_a_tampered_cookie_is_nobody(world: Any, tamper: str) -> None:
    world.person("camille@exemple.fr")
    browser = world.browser()
    browser.sign_in("camille@exemple.fr")
    good = browser.cookie()
    forged = world.browser()
    forged.client.environ_base["HTTP_COOKIE"] = "mobigo=" + (tamper or good[:-1] + ("A" if good[-1] != "A" else "B"))
    answer = forged.client.get("/compte", headers={"Accept": "text/html"})
    assert answer.status_code in (303, 400)


def test_the_cookies_are_out_of_reach_of_scripts_and_other_sites(
    make_world: Callable[[Config], Any], settings: Config
) -> None:
    secure = make_world(replace(settings, base_url="https://mobigo.exemple.fr"))
    secure.person("camille@exemple.fr")
    client = secure.app.test_client()
    base = {"base_url": "https://mobigo.exemple.fr", "headers": {"Accept": "text/html"}}
    page = client.get("/connexion", **base)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post(
        "/connexion",
        data={"email": "camille@exemple.fr", "password": "cheval batterie agrafe", "csrf_token": token},
        **base,
    )
    cookie = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith("__Host-mobigo="))
    assert {part.strip() for part in cookie.split(";")[1:]} == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}
    form = next(each for each in page.headers.getlist("Set-Cookie") if each.startswith("__Host-mobigo-form="))
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= {part.strip() for part in form.split(";")[1:]}


def test_a_page_of_a_person_is_kept_by_no_cache(world: Any) -> None:
    world.person("camille@exemple.fr")
    browser = world.browser()
    browser.sign_in("camille@exemple.fr")
    assert "no-store" in browser.get("/compte").headers["Cache-Control"]
    assert "no-store" in browser.get("/aide").headers["Cache-Control"]  # its head says who is signed in


def test_guesses_at_one_account_are_stopped_wherever_they_come_from(world: Any) -> None:
    world.person("camille@exemple.fr")
    for number in range(10):
        browser = world.browser()
        browser.client.environ_base["REMOTE_ADDR"] = f"203.0.113.{number}"
        assert browser.sign_in("camille@exemple.fr", "wrong").status_code == 403
    browser = world.browser()
    browser.client.environ_base["REMOTE_ADDR"] = "198.51.100.1"
    assert browser.sign_in("camille@exemple.fr").status_code == 429
    assert browser.sign_in("CAMILLE@exemple.fr").status_code == 429
    assert world.browser().sign_in("autre@exemple.fr", "wrong").status_code == 403


def test_the_right_password_starts_the_count_again(world: Any) -> None:
    world.person("camille@exemple.fr")
    for _ in range(3):
        for _ in range(9):
            assert world.browser().sign_in("camille@exemple.fr", "wrong").status_code == 403
        assert world.browser().sign_in("camille@exemple.fr").status_code == 303


def test_guesses_at_many_accounts_from_one_address_are_stopped(world: Any) -> None:
    browser = world.browser()
    browser.get("/connexion")
    token = browser.token
    for number in range(100):
        answer = browser.post("/connexion", token=token, email=f"{number}@exemple.fr", password="wrong")
        assert answer.status_code == 403
    assert browser.post("/connexion", token=token, email="101@exemple.fr", password="wrong").status_code == 429


@pytest.mark.parametrize(
    ("role", "idle", "whole"),
    [
        (Role.TRAVELLER, timedelta(days=14), timedelta(days=90)),
        (Role.COUNTER_AGENT, timedelta(hours=1), timedelta(hours=12)),
        (Role.ADMINISTRATOR, timedelta(hours=1), timedelta(hours=12)),
    ],
)
def test_a_session_ends_when_unused_and_in_any_case_after_a_while(
    world: Any, role: Role, idle: timedelta, whole: timedelta
) -> None:
    subject = world.person("camille@exemple.fr", role)
    second = timedelta(seconds=1)

    def opened() -> str:
        with transaction(world.engine) as session:
            return sessions.open_session(session, subject, START)

    def lasts(token: str, moment: datetime) -> bool:
        return sessions.identify(world.engine, token, moment) is not None

    token = opened()
    assert lasts(token, START + idle - second)
    assert not lasts(opened(), START + idle)
    moment, step = START, idle - second
    token = opened()
    while moment + step < START + whole:
        moment += step
        assert lasts(token, moment)
    assert lasts(token, START + whole - second) or moment + step < START + whole
    assert not lasts(token, START + whole)


def test_a_role_given_later_shortens_the_sessions_already_open(world: Any) -> None:
    from mobigo.infra import grants
    from mobigo.infra.roles import Grant

    subject = world.person("camille@exemple.fr", Role.TRAVELLER)
    with transaction(world.engine) as session:
        token = sessions.open_session(session, subject, START)
    assert sessions.identify(world.engine, token, START + timedelta(hours=13)) is not None
    with transaction(world.engine) as session:
        grants.give(session, subject, Grant(Role.INSPECTOR), START, by=None)
    assert sessions.identify(world.engine, token, START + timedelta(hours=13, minutes=1)) is None


def test_a_closed_account_is_out_at_once(world: Any) -> None:
    subject = world.person("camille@exemple.fr")
    browser = world.browser()
    browser.sign_in("camille@exemple.fr")
    with transaction(world.engine) as session:
        accounts.close(session, subject, START)
    assert not browser.signed_in
    assert world.browser().sign_in("camille@exemple.fr").status_code == 403


def test_an_account_without_a_password_cannot_be_entered_with_one(world: Any) -> None:
    world.person("camille@exemple.fr", password=None)
    assert world.browser().sign_in("camille@exemple.fr", "").status_code == 403


def test_a_hash_made_with_older_figures_is_made_again(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from argon2 import PasswordHasher

    from mobigo.infra import passwords

    subject = world.person("camille@exemple.fr")
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert world.browser().sign_in("camille@exemple.fr").status_code == 303
    with transaction(world.engine) as session:
        kept = session.get(accounts.Password, subject)
        assert kept is not None
        assert "m=16,t=2" in kept.hash


def test_a_form_stays_good_for_half_a_day_and_no_longer(world: Any) -> None:
    world.person("camille@exemple.fr")
    browser = world.browser()
    with time_machine.travel(START, tick=False) as clock:
        browser.get("/connexion")
        clock.shift(12 * 3600 - 1)
        fields = {"email": "camille@exemple.fr", "password": "wrong"}
        assert browser.post("/connexion", token=browser.token, **fields).status_code == 403
        clock.shift(12 * 3600 + 2)
        assert browser.post("/connexion", token=browser.token, **fields).status_code == 400

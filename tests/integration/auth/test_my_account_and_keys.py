"""My account: profile, password, sessions, data, erasure, API keys."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from mobigo.base.errors import InvalidInput, Refused
from mobigo.infra import accounts, apikeys
from mobigo.infra.clock import now
from mobigo.infra.db import Base, reading, transaction
from mobigo.infra.roles import Grant, Identity, Permission, Role

NEW = "une autre phrase tout a fait"
PASSWORD = "cheval batterie agrafe"
START = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)


def test_name_and_language_are_changed_and_the_page_follows(world: Any) -> None:
    world.person("camille@exemple.fr")
    browser = world.browser()
    browser.sign_in("camille@exemple.fr")
    browser.post("/compte", name="Camille du Morvan", language="en")
    page = browser.get("/compte").text
    assert "Camille du Morvan" in page
    assert "My account" in page


def test_a_name_is_shown_as_text_whatever_it_contains(world: Any) -> None:
    world.person("camille@exemple.fr")
    browser = world.browser()
    browser.sign_in("camille@exemple.fr")
    assert browser.post("/compte", name="<script>alert(1)</script>").status_code == 422
    browser.post("/compte", name='"&amp; {{ 7*7 }} %(x)s')
    page = browser.get("/compte").text
    assert "{{ 7*7 }} %(x)s" in page
    assert "<script>alert" not in page


def test_changing_the_password_asks_for_the_present_one_and_closes_other_sessions(world: Any) -> None:
    world.person("camille@exemple.fr")
    browser, elsewhere = world.browser(), world.browser()
    browser.sign_in("camille@exemple.fr")
    elsewhere.sign_in("camille@exemple.fr")
    wrong = browser.post("/compte/mot-de-passe", page="/compte", current="faux", password=NEW)
    assert wrong.status_code == 403
    assert elsewhere.signed_in
    answer = browser.post("/compte/mot-de-passe", page="/compte", current=PASSWORD, password=NEW)
    assert answer.status_code == 303
    assert browser.signed_in
    assert not elsewhere.signed_in
    assert world.browser().sign_in("camille@exemple.fr", PASSWORD).status_code == 403
    assert world.messages()[-1].recipient == "camille@exemple.fr"


def test_guesses_at_the_present_password_are_stopped(world: Any) -> None:
    world.person("camille@exemple.fr")
    browser = world.browser()
    browser.sign_in("camille@exemple.fr")
    sent = [
        browser.post("/compte/mot-de-passe", page="/compte", current="faux", password=NEW).status_code
        for _ in range(11)
    ]
    assert sent == [403] * 10 + [429]


def test_a_person_closes_their_own_sessions_and_nobody_elses(world: Any) -> None:
    from mobigo.infra.sessions import SessionRow

    one, other = world.person("camille@exemple.fr"), world.person("dominique@exemple.fr")
    browser, elsewhere, neighbour = world.browser(), world.browser(), world.browser()
    browser.sign_in("camille@exemple.fr")
    elsewhere.sign_in("camille@exemple.fr")
    neighbour.sign_in("dominique@exemple.fr")
    with reading(world.engine) as session:
        ids = {row.subject: row.id for row in session.scalars(select(SessionRow).order_by(SessionRow.created_at))}
    assert browser.post(f"/compte/sessions/{ids[other]}/fermer", page="/compte").status_code == 404
    assert neighbour.signed_in
    assert browser.post(f"/compte/sessions/{ids[one]}/fermer", page="/compte").status_code == 303
    assert not elsewhere.signed_in
    elsewhere.sign_in("camille@exemple.fr")
    assert browser.post("/compte/sessions/fermer", page="/compte").status_code == 303
    assert browser.signed_in
    assert not elsewhere.signed_in


def test_my_data_holds_what_is_known_of_me_and_no_secret(world: Any) -> None:
    subject = world.person("camille@exemple.fr", Role.TRAVELLER, Role.API_PARTNER, name="Camille")
    world.person("voisin@exemple.fr", name="Voisin")
    browser = world.browser()
    browser.sign_in("camille@exemple.fr")
    answer = browser.get("/compte/donnees")
    held = json.loads(answer.text)["mobigo.infra.accounts"]
    assert (held["subject"], held["email"], held["name"]) == (subject, "camille@exemple.fr", "Camille")
    assert {grant["role"] for grant in held["grants"]} == {"traveller", "api_partner"}
    assert len(held["sessions"]) == 1
    assert "argon2" not in answer.text
    assert "voisin" not in answer.text.lower()
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 422),
        ({"confirmation": "oui", "current": PASSWORD}, 422),
        ({"confirmation": "EFFACER", "current": "faux"}, 403),
        ({"confirmation": "EFFACER"}, 403),
    ],
)
def test_erasing_is_confirmed_by_typing_and_by_the_password(world: Any, fields: dict[str, str], status: int) -> None:
    world.person("camille@exemple.fr")
    browser = world.browser()
    browser.sign_in("camille@exemple.fr")
    assert browser.post("/compte/effacer", **fields).status_code == status
    assert browser.signed_in


def test_an_erased_person_is_in_no_row_of_the_account_tables(world: Any) -> None:
    subject = world.person("camille.unique@exemple.fr", Role.PUBLISHER, name="Camille Unique")
    browser = world.browser()
    browser.sign_in("camille.unique@exemple.fr")
    browser.post("/compte/cles", label="Unique", scopes="feeds.read", life_days="30")
    browser.post("/mot-de-passe-oublie", email="camille.unique@exemple.fr")
    answer = browser.post("/compte/effacer", confirmation="effacer", current=PASSWORD)
    assert answer.status_code == 200
    assert not browser.signed_in
    with reading(world.engine) as session:
        for table in Base.metadata.sorted_tables:
            if table.name.startswith(("account", "api_key", "audit", "outbox")):
                for row in session.execute(select(table)):
                    assert "nique" not in str(row).lower().replace("unique key", ""), table.name
        assert session.get(accounts.Account, subject) is not None
    assert world.browser().sign_in("camille.unique@exemple.fr").status_code == 403
    assert ("account.erased", subject, subject) in world.acts()


def test_the_last_administrator_cannot_vanish(world: Any) -> None:
    world.person("admin@exemple.fr", Role.ADMINISTRATOR)
    browser = world.browser()
    browser.sign_in("admin@exemple.fr")
    assert browser.post("/compte/effacer", confirmation="EFFACER", current=PASSWORD).status_code == 403
    assert browser.signed_in


def key_of(browser: Any, **fields: object) -> str:
    answer = browser.post("/compte/cles", **{"label": "essai", "scopes": "feeds.read", "life_days": "30", **fields})
    found = re.search(r"mbg_\w{8}_[\w-]{43}", answer.text)
    assert found is not None, answer.text
    return found[0]


def figures(world: Any, key: str) -> int:
    """The status of a page that asks for `system.read`, or hides itself."""
    answer = world.app.test_client().get(
        "/metrics", headers={"Authorization": f"Bearer {key}"}, environ_base={"REMOTE_ADDR": "203.0.113.9"}
    )
    return int(answer.status_code)


def test_a_key_is_shown_once_and_opens_what_its_scopes_say(world: Any) -> None:
    world.person("admin@exemple.fr", Role.ADMINISTRATOR)
    browser = world.browser()
    browser.sign_in("admin@exemple.fr")
    reads, other = key_of(browser, scopes="system.read"), key_of(browser, scopes="jobs.read")
    assert figures(world, reads) == 200
    assert figures(world, other) == 404
    assert reads not in browser.get("/compte/cles").text
    assert [act for act, _, _ in world.acts()].count("api_key.made") == 2
    with reading(world.engine) as session:
        for row in session.scalars(select(apikeys.KeyRow)):
            assert row.secret_hash not in reads
            assert reads.rsplit("_", 1)[1] not in (row.secret_hash, row.prefix, row.label)


@pytest.mark.parametrize(
    "scope", ["grants.write", "accounts.read", "account.own", "jobs.write", "nothing", "", "feeds.read "]
)
def test_a_scope_that_is_not_mine_or_that_no_key_may_carry_is_refused(world: Any, scope: str) -> None:
    world.person("diffusion@exemple.fr", Role.PUBLISHER)
    browser = world.browser()
    browser.sign_in("diffusion@exemple.fr")
    answer = browser.post("/compte/cles", label="essai", scopes=["feeds.read", scope], life_days="30")
    assert answer.status_code == 403
    assert "mbg_" not in answer.text


def test_a_key_weakens_with_its_person(world: Any) -> None:
    from mobigo.infra import grants

    subject = world.person("admin@exemple.fr", Role.ADMINISTRATOR)
    world.person("autre@exemple.fr", Role.ADMINISTRATOR)
    browser = world.browser()
    browser.sign_in("admin@exemple.fr")
    key = key_of(browser, scopes="system.read")
    with transaction(world.engine) as session:
        row = session.scalars(select(grants.GrantRow).where(grants.GrantRow.subject == subject)).one()
        grants.take(session, row.id, now(), by=None)
    assert figures(world, key) == 404


def test_a_revoked_key_and_the_keys_of_a_closed_account_stop_at_once(world: Any) -> None:
    subject = world.person("admin@exemple.fr", Role.ADMINISTRATOR)
    world.person("autre@exemple.fr", Role.ADMINISTRATOR)
    browser = world.browser()
    browser.sign_in("admin@exemple.fr")
    first, second = key_of(browser, scopes="system.read"), key_of(browser, scopes="system.read")
    with reading(world.engine) as session:
        ids = {row.prefix: row.id for row in apikeys.list_keys(session, subject)}
    assert browser.post(f"/compte/cles/{ids[first[4:12]]}/revoquer", page="/compte/cles").status_code == 303
    assert figures(world, first) == 401
    assert figures(world, second) == 200
    with transaction(world.engine) as session:
        accounts.close(session, subject, now())
    assert figures(world, second) == 401


def test_nobody_revokes_the_key_of_somebody_else(world: Any) -> None:
    one = world.person("un@exemple.fr", Role.PUBLISHER)
    world.person("deux@exemple.fr", Role.PUBLISHER)
    browser, other = world.browser(), world.browser()
    browser.sign_in("un@exemple.fr")
    other.sign_in("deux@exemple.fr")
    key_of(browser)
    with reading(world.engine) as session:
        key_id = apikeys.list_keys(session, one)[0].id
    assert other.post(f"/compte/cles/{key_id}/revoquer", page="/compte/cles").status_code == 404


@pytest.mark.parametrize(
    "key", ["", "mbg_", "mbg_abcdefgh_" + "a" * 43, "mbg_abcdefgh_" + "a" * 42, "x" * 10_000, "mbg_ABCDEFGH_é"]
)
def test_a_key_that_does_not_work_is_told_so_on_a_public_page_too(world: Any, key: str) -> None:
    client = world.app.test_client()
    answer = client.get("/aide", headers={"Authorization": f"Bearer {key}".encode().decode("latin-1")})
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_a_key_with_a_wrong_secret_and_a_key_never_made_get_the_same_answer(world: Any) -> None:
    world.person("admin@exemple.fr", Role.ADMINISTRATOR)
    browser = world.browser()
    browser.sign_in("admin@exemple.fr")
    key = key_of(browser, scopes="system.read")
    assert figures(world, key[:13] + "A" * 43) == figures(world, "mbg_zzzzzzzz_" + "A" * 43) == 401


def test_a_key_ends_on_its_day(world: Any) -> None:
    subject = world.person("admin@exemple.fr", Role.ADMINISTRATOR)
    owner = Identity(subject, (Grant(Role.ADMINISTRATOR),))
    with transaction(world.engine) as session:
        _, key = apikeys.make(session, owner, "essai", ["jobs.read"], 30, START)
    end = START + timedelta(days=30)
    assert apikeys.identify(world.engine, key, end - timedelta(seconds=1)) is not None
    assert apikeys.identify(world.engine, key, end) is None


def test_a_key_does_not_make_keys(world: Any) -> None:
    subject = world.person("admin@exemple.fr", Role.ADMINISTRATOR)
    by_key = Identity(subject, (Grant(Role.ADMINISTRATOR),), scopes=frozenset(Permission))
    with transaction(world.engine) as session, pytest.raises(Refused):
        apikeys.make(session, by_key, "essai", ["jobs.read"], 30, START)


@pytest.mark.parametrize(("days", "fine"), [(0, False), (1, True), (366, True), (367, False)])
def test_a_key_lives_a_year_at_most(world: Any, days: int, fine: bool) -> None:
    subject = world.person("admin@exemple.fr", Role.ADMINISTRATOR)
    owner = Identity(subject, (Grant(Role.ADMINISTRATOR),))
    with transaction(world.engine) as session:
        if fine:
            assert apikeys.make(session, owner, "essai", ["jobs.read"], days, START)
        else:
            with pytest.raises(InvalidInput):
                apikeys.make(session, owner, "essai", ["jobs.read"], days, START)


def test_a_key_needs_no_form_token_and_a_cookie_does(world: Any) -> None:
    world.person("admin@exemple.fr", Role.ADMINISTRATOR)
    browser = world.browser()
    browser.sign_in("admin@exemple.fr")
    key = key_of(browser, scopes="jobs.write")
    path = "/admin/travaux/00000000000000000000000000/annuler"
    by_key = world.app.test_client().post(path, headers={"Authorization": f"Bearer {key}"})
    assert by_key.status_code == 404  # let in; there is no such job
    assert browser.client.post(path).status_code == 400

"""Registering, choosing a new password, changing an address: links that work once, for an hour, for one thing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from mobigo.infra.roles import Grant, Role

START = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
NEW = "une autre phrase tout a fait"


def test_a_person_registers_by_the_link_and_is_a_traveller(world: Any) -> None:
    browser = world.browser()
    answer = browser.post("/inscription", email="camille@exemple.fr")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/lettre-envoyee")
    link = world.link("camille@exemple.fr")
    assert browser.get(link).status_code == 200
    answer = browser.post(link, name="Camille", password=NEW)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/compte")
    assert "Camille" in browser.get("/compte").text
    assert [act for act, _, _ in world.acts()] == ["account.registered", "account.signed_in"]
    assert world.browser().sign_in("camille@exemple.fr", NEW).status_code == 303


def test_what_the_form_does_not_ask_is_ignored(world: Any) -> None:
    browser = world.browser()
    browser.post("/inscription", email="camille@exemple.fr")
    link = world.link("camille@exemple.fr")
    browser.post(
        link, name="Camille", password=NEW, email="admin@exemple.fr", role="administrator", roles="administrator",
        subject="0" * 26, grants="administrator", organisation="x", created_at="2000-01-01",
    )  # fmt: skip
    assert browser.get("/admin/").status_code == 403
    assert "camille@exemple.fr" in browser.get("/compte").text
    browser.post("/compte", name="Camille", language="fr", email="admin@exemple.fr", subject="0" * 26)
    assert "admin@exemple.fr" not in browser.get("/compte").text


@pytest.mark.parametrize("page", ["/inscription", "/mot-de-passe-oublie"])
def test_the_page_never_tells_whether_an_address_is_known(world: Any, page: str) -> None:
    world.person("camille@exemple.fr")
    answers = [world.browser().post(page, email=email) for email in ("camille@exemple.fr", "inconnue@exemple.fr")]
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {(303, "/lettre-envoyee")}
    assert sorted(each.recipient for each in world.messages()) == ["camille@exemple.fr", "inconnue@exemple.fr"]
    assert len({each.subject for each in world.messages()}) == 2


def test_a_link_works_for_an_hour_and_no_longer(world: Any) -> None:
    with time_machine.travel(START, tick=False) as clock:
        browser = world.browser()
        browser.post("/inscription", email="camille@exemple.fr")
        link = world.link("camille@exemple.fr")
        clock.shift(timedelta(hours=1) - timedelta(seconds=1))
        assert browser.get(link).status_code == 200
        clock.shift(timedelta(seconds=1))
        assert browser.get(link).status_code == 403
        assert browser.post(link, token=browser.token, password=NEW).status_code == 403
    assert world.acts() == []


def test_a_used_link_works_no_more(world: Any) -> None:
    browser = world.browser()
    browser.post("/inscription", email="camille@exemple.fr")
    link = world.link("camille@exemple.fr")
    browser.post(link, password=NEW)
    again = world.browser()
    again.get("/connexion")
    assert again.post(link, token=again.token, password="encore une autre phrase").status_code == 403
    assert world.browser().sign_in("camille@exemple.fr", NEW).status_code == 303


def test_a_link_for_one_thing_does_not_do_another(world: Any) -> None:
    world.person("camille@exemple.fr")
    browser = world.browser()
    browser.post("/mot-de-passe-oublie", email="camille@exemple.fr")
    secret = world.link("camille@exemple.fr").rsplit("/", 1)[1]
    assert browser.get(f"/inscription/{secret}").status_code == 403
    assert browser.get(f"/mot-de-passe/{secret}").status_code == 200


@pytest.mark.parametrize("secret", ["x", "a" * 43, "é" * 43, "%00", "a" * 4_000])
def test_a_link_never_made_is_refused_like_a_used_one(world: Any, secret: str) -> None:
    answer = world.browser().get(f"/mot-de-passe/{secret}")
    assert answer.status_code == 403


def test_guesses_at_links_are_stopped(world: Any) -> None:
    browser = world.browser()
    codes = [browser.get(f"/mot-de-passe/guess-{number}").status_code for number in range(31)]
    assert codes == [403] * 30 + [429]


def test_only_the_hash_of_a_link_is_kept(world: Any) -> None:
    from sqlalchemy import select

    from mobigo.infra.account_links import Link
    from mobigo.infra.db import reading

    world.browser().post("/inscription", email="camille@exemple.fr")
    secret = world.link("camille@exemple.fr").rsplit("/", 1)[1]
    with reading(world.engine) as session:
        row = session.scalars(select(Link)).one()
        assert secret not in (row.hash, row.subject, row.email)
        assert len(row.hash) == 64


def test_a_refused_password_says_what_would_do_and_keeps_the_link(world: Any) -> None:
    browser = world.browser()
    browser.post("/inscription", email="camille@exemple.fr")
    link = world.link("camille@exemple.fr")
    answer = browser.post(link, name="Camille", password="court")
    assert answer.status_code == 422
    assert "12" in answer.text
    assert 'value="Camille"' in answer.text
    assert "court" not in answer.text.replace("courte", "")
    assert browser.post(link, name="Camille", password=NEW).status_code == 303


def test_a_new_password_ends_every_session_and_every_other_link(world: Any) -> None:
    world.person("camille@exemple.fr")
    elsewhere, browser = world.browser(), world.browser()
    elsewhere.sign_in("camille@exemple.fr")
    browser.post("/mot-de-passe-oublie", email="camille@exemple.fr")
    first = world.link("camille@exemple.fr")
    browser.post("/mot-de-passe-oublie", email="camille@exemple.fr")
    second = world.link("camille@exemple.fr")
    assert first != second
    assert browser.post(second, password=NEW).status_code == 303
    assert browser.signed_in
    assert not elsewhere.signed_in
    assert world.browser().get(first).status_code == 403
    assert world.browser().sign_in("camille@exemple.fr").status_code == 403
    assert world.browser().sign_in("camille@exemple.fr", NEW).status_code == 303


def test_one_address_is_not_flooded_with_letters(world: Any) -> None:
    codes = [world.browser().post("/mot-de-passe-oublie", email="camille@exemple.fr").status_code for _ in range(4)]
    assert codes == [303, 303, 303, 429]
    assert len(world.messages()) == 3


def test_the_link_is_made_from_the_configuration_and_not_from_the_request(world: Any) -> None:
    browser = world.browser()
    browser.get("/inscription")
    answer = browser.client.post(
        "/inscription",
        data={"csrf_token": browser.token, "email": "camille@exemple.fr"},
        headers={"Accept": "text/html", "X-Forwarded-Host": "evil.org", "Host": "localhost"},
    )
    assert answer.status_code == 303
    assert "evil.org" not in world.messages()[0].body
    assert "http://localhost/inscription/" in world.messages()[0].body


def test_another_host_is_not_answered(world: Any) -> None:
    assert world.app.test_client().get("/connexion", headers={"Host": "evil.org"}).status_code == 400


def test_an_address_changes_by_its_own_link_and_the_old_one_is_told(world: Any) -> None:
    world.person("avant@exemple.fr")
    browser = world.browser()
    browser.sign_in("avant@exemple.fr")
    assert browser.post("/compte/adresse", page="/compte", email="apres@exemple.fr", current="faux").status_code == 403
    answer = browser.post("/compte/adresse", page="/compte", email="apres@exemple.fr", current="cheval batterie agrafe")
    assert answer.status_code == 303
    assert "avant@exemple.fr" in browser.get("/compte").text
    link = world.link("apres@exemple.fr")
    world.person("voisin@exemple.fr")
    neighbour = world.browser()
    neighbour.sign_in("voisin@exemple.fr")
    assert neighbour.get(link).status_code == 403
    assert browser.post(link).status_code == 303
    assert "apres@exemple.fr" in browser.get("/compte").text
    told = world.messages()[-1]
    assert told.recipient == "avant@exemple.fr"
    assert "apres@exemple.fr" not in told.body
    assert world.browser().sign_in("apres@exemple.fr").status_code == 303
    assert world.browser().sign_in("avant@exemple.fr").status_code == 403


def test_an_address_taken_in_the_meantime_is_a_conflict(world: Any) -> None:
    world.person("avant@exemple.fr")
    browser = world.browser()
    browser.sign_in("avant@exemple.fr")
    browser.post("/compte/adresse", page="/compte", email="apres@exemple.fr", current="cheval batterie agrafe")
    link = world.link("apres@exemple.fr")
    world.person("apres@exemple.fr")
    assert browser.post(link).status_code == 409
    assert "avant@exemple.fr" in browser.get("/compte").text


def test_letters_are_written_in_the_language_of_their_reader(world: Any) -> None:
    browser = world.browser()
    browser.get("/inscription?lang=en")
    browser.post("/inscription", email="camille@exemple.fr")
    assert world.messages()[-1].subject == "Open your Mobigo account"
    browser.post(world.link("camille@exemple.fr"), password=NEW)
    french = world.browser()
    french.post("/mot-de-passe-oublie", email="camille@exemple.fr")
    assert world.messages()[-1].subject == "Choose a new Mobigo password"


def test_an_agent_invited_by_letter_chooses_a_password(world: Any) -> None:
    world.person("admin@exemple.fr", Grant(Role.ADMINISTRATOR))
    browser, invited = world.browser(), world.browser()
    browser.sign_in("admin@exemple.fr")
    browser.post("/admin/comptes", name="Guy", email="guy@exemple.fr")
    assert invited.post(world.link("guy@exemple.fr"), password=NEW).status_code == 303
    assert "Guy" in invited.get("/compte").text

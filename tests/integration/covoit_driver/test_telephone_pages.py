"""The pages of a telephone: the number, its code, the journeys found; and what agents do about it at the counter."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from covoit.rules.bookings import TERMS
from covoit.service import offers
from covoit.store import claims as claim_store
from covoit.store.people import PersonRow, find_person, get_person, person_of
from mobigo.app import create_app
from mobigo.base.instants import paris_day
from mobigo.infra import accounts, audit, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from mobigo.infra.roles import Role
from tests.covoit_agents_world import agents
from tests.covoit_lines_world import A, Z
from tests.integration.covoit_driver.test_whose_telephone import declared

AT = "/covoiturage/mon-telephone"
DESK = "/covoiturage/agents"
TYPED = {"first_name": "Anna", "last_name": "Martin", "phone": "06 39 98 01 01"}


@dataclass
class World:
    engine: Engine
    app: Flask
    subjects: dict[str, str]
    agents: dict[Role, FlaskClient]
    people: dict[str, FlaskClient]

    def person(self, name: str) -> str:
        with reading(self.engine) as session:
            found = find_person(session, subject=self.subjects[name])
        assert found is not None
        return found.id

    def code(self) -> str:
        with reading(self.engine) as session:
            rows = session.scalars(select(MessageRow).where(MessageRow.key.like("covoit:phone:%"))).all()
        found = re.search(r"\d{6}", max(rows, key=lambda row: row.id).body)
        assert found
        return found[0]


@pytest.fixture
def world(engine: Engine, database_config: Config, tmp_path: Path) -> Iterator[World]:
    app = create_app(
        replace(database_config, home=tmp_path / "home", environment="development", base_url="http://localhost")
    )
    app.config["WTF_CSRF_ENABLED"] = False
    tokens, subjects = {}, {}
    with transaction(engine) as session:
        for name in ("anna", "thief"):
            subjects[name] = accounts.create(
                session, now(), email=f"{name}@example.org", name=name.title(), password_hash=None
            )
            tokens[name] = sessions.open_session(session, subjects[name], now(), None, None)
            offers.person_here(session, subjects[name], now())
    _subjects, theirs = agents(engine, (Role.COUNTER_AGENT, Role.CARPOOL_MANAGER))
    yield World(
        engine, app, subjects, {role: client(app, token) for role, token in theirs.items()},
        {name: client(app, token) for name, token in tokens.items()},
    )  # fmt: skip
    app.extensions["mobigo"].engine.dispose()


def client(app: Flask, token: str) -> FlaskClient:
    made = app.test_client()
    made.set_cookie("mobigo", token)
    made.environ_base |= {"HTTP_ACCEPT_LANGUAGE": "fr"}
    return made


def said(page: str) -> str:
    return re.sub(r"[\s\u202f\xa0]+", " ", re.sub(r"<[^>]+>", " ", page))


def without_hour(page: str) -> str:
    """Until when a code is good is told by the minute, and two pages may fall on two."""
    return re.sub(r"\d+ h \d\d", "… h …", page)


def test_a_number_a_code_and_the_journeys_are_there(world: World) -> None:
    with transaction(world.engine) as session:
        known = declared(session)
    anna = world.people["anna"]
    assert "Vérifier votre téléphone" in said(anna.get(AT).text)
    assert anna.post(AT, data={**TYPED, "phone": "03 80 00 00 00"}).status_code == 403
    asked = anna.post(AT, data=TYPED, follow_redirects=True)
    assert "finit par 01" in said(asked.text)
    wrong = f"{(int(world.code()) + 1) % 1_000_000:06d}"
    refused = anna.post(f"{AT}/code", data={"code": wrong})
    assert refused.status_code == 422
    assert "Essais restants : 4" in said(refused.text)
    found = said(anna.post(f"{AT}/code", data={"code": world.code()}, follow_redirects=True).text)
    assert "1 trajet est à votre numéro et à votre nom" in found
    assert "déclarés par : partner" in found
    taken = anna.post("/covoiturage/retrouver-mes-trajets", follow_redirects=True)
    assert "ces trajets et leurs aides sont dans « Mes aides »" in said(taken.text)
    assert world.person("anna") == known
    assert "Rien d’autre à votre numéro" in said(anna.get("/covoiturage/retrouver-mes-trajets").text)


def test_nobody_takes_what_they_cannot_prove(world: World) -> None:
    with transaction(world.engine) as session:
        known = declared(session)
    thief = world.people["thief"]
    assert "Vérifiez d’abord votre téléphone" in said(thief.get("/covoiturage/retrouver-mes-trajets").text)
    assert thief.post("/covoiturage/retrouver-mes-trajets").status_code == 404
    assert thief.post("/covoiturage/retrouver-mes-trajets/agent", data={"said": "à moi"}).status_code == 404
    first, others = (said(thief.post(AT, data=TYPED, follow_redirects=True).text) for _ in range(2))
    assert without_hour(first) == without_hour(others)
    thief.post(AT, data=TYPED)
    assert thief.post(AT, data=TYPED).status_code == 429  # a fourth message to one number within the hour
    assert get(world, known).subject is None


def test_who_books_without_a_verified_telephone_is_led_to_it_and_back(world: World) -> None:
    with transaction(world.engine) as session:
        driver = person_of(session, "d" * 64, over_18=True, now=now())
        offers.declare(
            session, driver, adult=True, licence=True, insurance=True, terms=TERMS, alias="Luc", car=None, now=now()
        )
        run = offers.publish(
            session, driver, from_stop=A, to_stop=Z, leaves_at=now() + timedelta(hours=1), seats=2, now=now()
        ).id
    anna = world.people["anna"]
    anna.post("/covoiturage/age", data={"adult": "yes"})
    asked = {"offer": run, "from": A, "to": Z, "seats": "1"}
    led = anna.post("/covoiturage/places", data=asked)
    back = f"/covoiturage/lignes/saulieu-chatillon?arret={A}"
    assert unquote(led.location) == f"{AT}?next={back}"
    assert "vérifiez d’abord votre téléphone" in said(anna.get(led.location).text)
    anna.post(AT, data={**TYPED, "next": back})
    assert anna.post(f"{AT}/code", data={"code": world.code(), "next": back}).location == back
    assert anna.post("/covoiturage/places", data=asked).status_code == 303
    assert "réservée" in said(anna.get("/covoiturage/places").text)


def get(world: World, person: str) -> PersonRow:
    with reading(world.engine) as session:
        return session.get_one(PersonRow, person)


def test_an_agent_verifies_in_person_and_takes_a_number_away_with_a_reason(world: World) -> None:
    desk = world.agents[Role.COUNTER_AGENT]
    assert "Vérifier un téléphone au guichet" in said(desk.get(f"{DESK}/telephone-verifie").text)
    unseen = desk.post(f"{DESK}/telephone-verifie", data={**TYPED, "email": "anna@example.org"})
    assert unseen.status_code == 422
    done = desk.post(
        f"{DESK}/telephone-verifie", data={**TYPED, "email": "anna@example.org", "seen_phone": "1"},
        follow_redirects=True,
    )  # fmt: skip
    assert "+336399801•• vérifié" in said(done.text)
    at = f"{DESK}/personnes/{world.person('anna')}/telephone"
    assert desk.post(f"{at}/retirer", data={"reason": " "}).status_code == 422
    desk.post(f"{at}/retirer", data={"reason": "Numéro rendu à l’opérateur."})
    assert get(world, world.person("anna")).phone is None
    assert world.people["anna"].get(f"{DESK}/telephone-verifie").status_code == 403


def test_an_age_declared_by_mistake_is_corrected_once_by_oneself_then_by_an_agent(world: World) -> None:
    anna, at = world.people["anna"], "/covoiturage/age"
    anna.post(at, data={"adult": "no"})
    assert "Vous avez déclaré être mineur. C’est une erreur" in said(anna.get("/covoiturage/places").text)
    assert anna.post(f"{at}/corriger", data={"born": "1990-05-01"}).status_code == 422  # not sworn
    assert anna.post(f"{at}/corriger", data={"born": "demain", "honour": "1"}).status_code == 422
    corrected = anna.post(f"{at}/corriger", data={"born": "1990-05-01", "honour": "1"}, follow_redirects=True)
    assert "vous avez 18 ans ou plus" in said(corrected.text)
    anna.post(f"{at}/corriger", data={"born": "2015-05-01", "honour": "1"})
    again = anna.post(f"{at}/corriger", data={"born": "1990-05-01", "honour": "1"})
    assert again.status_code == 403
    person = world.person("anna")
    assert get(world, person).over_18 is False
    desk = world.agents[Role.COUNTER_AGENT]
    assert desk.post(f"{DESK}/personnes/{person}/age", data={"adult": "yes", "reason": ""}).status_code == 422
    desk.post(f"{DESK}/personnes/{person}/age", data={"adult": "yes", "reason": "Carte d’identité vue."})
    assert get(world, person).over_18 is True
    with reading(world.engine) as session:
        kept = session.scalars(
            select(audit.AuditEntry.detail).where(audit.AuditEntry.action == "covoit.age_corrected")
        ).all()
    assert "Carte d’identité vue." in [each["reason"] for each in kept]


def test_a_ban_is_lifted_on_its_page_by_who_prepares(world: World) -> None:
    person, day = world.person("anna"), paris_day(now())
    with transaction(world.engine) as session:
        session.add(claim_store.BanRow(id="B1", person=person, first_day=day, last_day=day, decision="D1"))
    at, manager = f"{DESK}/exclusions/B1", world.agents[Role.CARPOOL_MANAGER]
    assert "Exclusion" in said(manager.get(f"{DESK}/personnes/{person}").text)
    assert "Lever l’exclusion" in said(manager.get(at).text)
    assert world.agents[Role.COUNTER_AGENT].get(at).status_code == 403
    assert manager.post(at, data={"name": "Claire", "capacity": "gestionnaire", "reason": ""}).status_code == 422
    signed = {"name": "Claire", "capacity": "gestionnaire", "reason": "Preuves apportées."}
    letter = said(manager.post(at, data=signed, follow_redirects=True).text)
    assert "Décision : l’exclusion prend fin aujourd’hui." in letter
    assert manager.post(at, data=signed).status_code == 409
    with reading(world.engine) as session:
        assert claim_store.banned(session, [person], day) == set()
        assert get_person(session, person).id == person


def test_an_agent_compares_the_two_and_decides_with_a_reason(world: World) -> None:
    anna, thief, desk = world.people["anna"], world.people["thief"], world.agents[Role.COUNTER_AGENT]
    anna.post(AT, data=TYPED)
    anna.post(f"{AT}/code", data={"code": world.code()})
    thief.post(AT, data={**TYPED, "first_name": "Tim"})
    told = said(thief.post(f"{AT}/code", data={"code": world.code()}, follow_redirects=True).text)
    assert "Ce numéro est déjà vérifié par un autre compte." in told
    asked = thief.post("/covoiturage/retrouver-mes-trajets/agent", data={"said": "J’ai changé d’opérateur."})
    case = asked.location.rsplit("/", 1)[1]
    assert "Trajets ou numéros réclamés par deux comptes" in said(desk.get(DESK).text)
    page = said(desk.get(f"{DESK}/dossiers/{case}").text)
    assert "À qui est ce numéro ?" in page
    assert "J’ai changé d’opérateur." in page
    signed = {"name": "Guy", "capacity": "agent", "outcome": "refused", "reason": ""}
    assert desk.post(f"{DESK}/dossiers/{case}/decider", data=signed).status_code == 422
    desk.post(f"{DESK}/dossiers/{case}/decider", data={**signed, "reason": "Aucune facture à ce nom."})
    assert get(world, world.person("anna")).phone == "+33639980101"
    assert get(world, world.person("thief")).phone is None
    answer = said(thief.get(f"/covoiturage/mes-aides/dossiers/{case}").text)
    assert "des trajets ou un numéro que vous dites vôtres" in answer
    assert anna.get(f"/covoiturage/mes-aides/dossiers/{case}").status_code == 404

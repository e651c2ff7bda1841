"""Emergency, report, block, over HTTP: what whoever presses is shown, what the agent reads, what pressing twice does,
what hostile words and other people's rides get."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from covoit.model.bookings import BookingState, Side
from covoit.rules.bookings import TERMS
from covoit.service import bookings, offers
from covoit.store.offers import BlockRow, ReportRow
from covoit.web import board, desk
from mobigo.app import create_app
from mobigo.infra import grants
from mobigo.infra.audit import AuditEntry
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Grant, Role
from tests.covoit_agents_world import agents
from tests.covoit_driver_world import Known, known
from tests.covoit_lines_world import NOW, A, Z, published

EMERGENCY, REPORT, READ = "/covoiturage/urgence", "/covoiturage/signaler", "/covoiturage/agents/signalements"
NUMBERS = ("tel:17", "tel:112", "sms:114")
HOSTILE = "<script>alert(1)</script> \"' & =1+1 {{ 7*7 }} \u202eabc"


@dataclass
class World:
    """Anne drives Saulieu–Châtillon, Boris has a seat, Carla has nothing to do with them."""

    engine: Engine
    app: Flask
    anne: Known
    boris: Known
    carla: Known
    tokens: dict[Role, str]
    offer: str
    booking: str

    def client(self, token: str | None) -> FlaskClient:
        client = self.app.test_client()
        if token is not None:
            client.set_cookie("mobigo", token)
        client.environ_base |= {"HTTP_ACCEPT_LANGUAGE": "fr"}
        return client

    def agent(self) -> FlaskClient:
        return self.client(self.tokens[Role.COUNTER_AGENT])

    def logged(self, action: str) -> list[tuple[str, str]]:
        """(who, on what) of each act of the log."""
        with reading(self.engine) as session:
            rows = session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id))
            return [(row.actor, row.object_id) for row in rows]


@pytest.fixture
def world(engine: Engine, database_config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for module in (board, desk):
        monkeypatch.setattr(module, "now", lambda: NOW)
    app = create_app(replace(database_config, environment="development", base_url="http://localhost"))
    anne, boris, carla = (
        known(engine, name, f"+3363998000{number}", NOW) for number, name in enumerate(("anne", "boris", "carla"))
    )
    _subjects, tokens = agents(engine, (Role.COUNTER_AGENT, Role.FINANCE_AGENT))
    with transaction(engine) as session:
        offers.declare(
            session, anne.person, adult=True, licence=True, insurance=True, terms=TERMS, alias="Anne",
            car="Clio <b>bleue</b>", now=NOW,
        )  # fmt: skip
        offer = published(session, anne.person)
        booked = bookings.book(
            session, offer_id=offer.id, passenger=boris.person, from_stop=A, to_stop=Z, seats=1, now=NOW
        )
    yield World(engine, app, anne, boris, carla, tokens, offer.id, booked.id)
    app.extensions["mobigo"].engine.dispose()


def send(client: FlaskClient, page: str, action: str, **typed: str) -> TestResponse:
    """Fill the form of a page, as a browser would."""
    text = client.get(page).get_data(as_text=True)
    token = text.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post(action, data={"csrf_token": token, **typed})


def told(world: World) -> list[ReportRow]:
    with reading(world.engine) as session:
        return list(session.scalars(select(ReportRow).order_by(ReportRow.id)))


# ---------------------------------------------------------------- emergency


@pytest.mark.parametrize(
    "asked", ["", "trajet=", "trajet=unknown", "trajet=%00", "trajet=%3Cscript%3E", "trajet=" + "x" * 300]
)
@pytest.mark.parametrize("who", ["nobody", "carla", "boris"])
def test_whoever_asks_is_given_the_numbers_and_nothing_of_a_run(world: World, who: str, asked: str) -> None:
    token = None if who == "nobody" else getattr(world, who).token
    answer = world.client(token).get(f"{EMERGENCY}?{asked}")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert all(number in text for number in NUMBERS)
    assert "Saulieu" not in text
    assert "<script>" not in text
    person = "" if who == "nobody" else getattr(world, who).person
    assert world.logged("covoit.emergency_opened") == ([(person, "none")] if person else [])
    assert ("inscrite au journal" in text) is bool(person)


@pytest.mark.parametrize(
    ("who", "facts"), [("anne", True), ("boris", True), ("carla", False)]
)  # the driver, the passenger, a stranger who knows the id
def test_an_occupant_is_told_what_to_say(world: World, who: str, facts: bool) -> None:
    pressing: Known = getattr(world, who)
    text = world.client(pressing.token).get(f"{EMERGENCY}?trajet={world.offer}").get_data(as_text=True)
    said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
    assert ("Saulieu, place Monge → Châtillon-sur-Seine, centre" in said) is facts
    assert ("mardi 24 novembre" in said) is facts
    assert ("Clio &lt;b&gt;bleue&lt;/b&gt;" in text) is facts
    assert "<b>bleue" not in text
    assert all(number in text for number in NUMBERS)
    assert world.logged("covoit.emergency_opened") == [(pressing.person, world.offer if facts else "none")]


@pytest.mark.parametrize(
    ("state", "facts"),
    [(BookingState.CONFIRMED, True), (BookingState.COMPLETED, True), (BookingState.CANCELLED, False)],
)
def test_facts_are_there_from_the_seat_to_the_end_of_the_ride(world: World, state: BookingState, facts: bool) -> None:
    with transaction(world.engine) as session:
        if state is BookingState.COMPLETED:
            bookings.change(session, world.booking, state, Side.DRIVER, NOW)
        elif state is BookingState.CANCELLED:
            bookings.change(session, world.booking, state, Side.PASSENGER, NOW)
    client = world.client(world.boris.token)
    for _press in range(2):
        text = client.get(f"{EMERGENCY}?trajet={world.offer}").get_data(as_text=True)
        assert ("Ce qu’il faut dire" in text) is facts
        assert all(number in text for number in NUMBERS)
    assert len(world.logged("covoit.emergency_opened")) == 2  # each opening is told


# ---------------------------------------------------------------- report


def test_a_report_is_read_by_an_agent_and_by_nobody_else(world: World) -> None:
    boris, page = world.client(world.boris.token), f"{REPORT}?place={world.booking}"
    answer = send(boris, page, REPORT, place=world.booking, kind="danger", words=f"Il téléphonait. {HOSTILE}")
    assert (answer.status_code, answer.location) == (303, "/covoiturage/places")
    assert "Un agent lit chaque signalement" in boris.get("/covoiturage/places").get_data(as_text=True)
    (row,) = told(world)
    assert (row.by, row.about, row.offer, row.kind) == (world.boris.person, world.anne.person, world.offer, "danger")
    text = world.agent().get(READ).get_data(as_text=True)
    assert "Une conduite dangereuse" in text
    assert "Il téléphonait. &lt;script&gt;alert(1)&lt;/script&gt; &#34;&#39; &amp; =1+1 {{ 7*7 }} " in text
    assert "<script>alert" not in text
    assert "\u202e" not in text  # no mark that turns the reading round
    for person in (
        world.boris.person,
        world.anne.person,
    ):  # who tells, and whom it is about: the agent opens their file
        assert f'href="/covoiturage/agents/personnes/{person}"' in text
        assert world.agent().get(f"/covoiturage/agents/personnes/{person}").status_code == 200
    for seen_by in (world.anne, world.boris, world.carla):
        assert world.client(seen_by.token).get(READ).status_code == 403
    assert world.client(world.tokens[Role.FINANCE_AGENT]).get(READ).status_code == 403
    assert world.client(None).get(READ).status_code in (302, 303, 401)
    assert "téléphonait" not in world.client(world.anne.token).get("/covoiturage/places").get_data(as_text=True)
    assert world.logged("covoit.reported") == [(world.boris.person, row.id)]


def test_the_same_words_sent_again_are_told_once_until_somebody_read_them(world: World) -> None:
    boris, agent = world.client(world.boris.token), world.agent()
    typed = {"place": world.booking, "kind": "refusal", "words": "Il ne s’est pas arrêté."}
    for _press in range(3):
        assert send(boris, REPORT, REPORT, **typed).status_code == 303
    assert len(told(world)) == 1
    send(boris, REPORT, REPORT, **typed | {"words": "Il ne s’est pas arrêté, deux fois."})
    send(boris, REPORT, REPORT, **typed | {"place": ""})
    assert len(told(world)) == 3
    first = next(row for row in told(world) if row.about is not None and row.words == typed["words"])
    for _press in range(2):
        assert send(agent, READ, f"{READ}/{first.id}/lu").status_code == 303
    assert len(world.logged("covoit.report_read")) == 1
    assert first.id not in agent.get(READ).get_data(as_text=True)
    assert "Lu le" in agent.get(f"{READ}?tous=1").get_data(as_text=True)
    send(boris, REPORT, REPORT, **typed)  # it happened again
    assert len(told(world)) == 4


def test_two_presses_at_once_are_one(world: World) -> None:
    def press(_number: int) -> str:
        with transaction(world.engine) as session:
            return offers.report(
                session, world.boris.person, about=None, offer=None, kind="fraud", words="Personne à bord.", now=NOW
            )

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(press, range(4)))) == 1
    assert len(told(world)) == 1


@pytest.mark.parametrize(
    ("words", "kept"),
    [("", False), ("ab", False), ("abc", True), ("  ab  ", False), ("x" * 2_000, True), ("x" * 2_001, False)],
)
def test_words_too_few_or_too_many_are_said_so_and_not_lost(world: World, words: str, kept: bool) -> None:
    client = world.client(world.boris.token)
    answer = send(client, REPORT, REPORT, place=world.booking, kind="other", words=words)
    assert (answer.status_code == 303, len(told(world)) == 1) == (kept, kept)
    if not kept:
        assert answer.status_code == 422
        text = answer.get_data(as_text=True)
        assert words.strip() in text
        assert world.booking in text  # the form still knows which ride


def test_a_kind_that_does_not_exist_is_refused(world: World) -> None:
    answer = send(world.client(world.boris.token), REPORT, REPORT, kind="<script>", words="abc")
    assert (answer.status_code, told(world)) == (422, [])


@pytest.mark.parametrize("place", ["booking", "unknown"])
def test_nobody_reports_on_a_ride_that_is_not_theirs(world: World, place: str) -> None:
    name = world.booking if place == "booking" else "0" * 36
    answer = send(world.client(world.carla.token), REPORT, REPORT, place=name, kind="danger", words="abc", block="1")
    assert answer.status_code == 404
    assert told(world) == []
    assert world.client(None).post(REPORT, data={"words": "abc"}).status_code in (302, 303, 400, 401, 403)
    assert told(world) == []


def test_an_agent_neither_sees_nor_closes_what_is_told_of_them(world: World, engine: Engine) -> None:
    with transaction(engine) as session:
        row = session.get_one(ReportRow, offers.report(
            session, world.boris.person, about=world.anne.person, offer=None, kind="danger", words="abcdef", now=NOW
        ))  # fmt: skip
        name = row.id
    with transaction(engine) as session:
        grants.give(session, world.anne.subject, Grant(Role.COUNTER_AGENT), NOW, by=None)
    anne = world.client(world.anne.token)
    text = anne.get(READ).get_data(as_text=True)
    assert "abcdef" not in text
    assert send(anne, REPORT, f"{READ}/{name}/lu").status_code == 404
    assert "abcdef" in world.agent().get(READ).get_data(as_text=True)


# ---------------------------------------------------------------- block


def test_blocking_needs_no_words_ends_what_is_booked_and_is_done_once(world: World) -> None:
    boris, page = world.client(world.boris.token), f"{REPORT}?place={world.booking}"
    for _press in range(2):
        assert send(boris, page, REPORT, place=world.booking, kind="other", words="", block="1").status_code == 303
    assert told(world) == []
    with reading(world.engine) as session:
        (row,) = session.scalars(select(BlockRow))
        assert (row.by, row.other) == (world.boris.person, world.anne.person)
        assert bookings.live_booking(session, world.boris.person, world.offer) is None
    assert len(world.logged("covoit.blocked")) == 1
    both = send(boris, page, REPORT, place=world.booking, kind="behaviour", words="Des mots.", block="1")
    assert (both.status_code, len(told(world))) == (303, 1)

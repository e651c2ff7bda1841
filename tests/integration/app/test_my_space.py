"""The page of one's account says what goes on, over all services, for this person and for nobody else."""

import html
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select

from billettique.store.tickets import EntitlementRow
from mobigo.app.demo.people import PEOPLE
from mobigo.app.factory import create_app
from mobigo.base.instants import paris_day
from mobigo.infra import accounts, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import transaction
from mobigo.infra.roles import Role
from mobigo.infra.web import services
from mobigo.tad.model.bookings import State
from mobigo.tad.store.bookings import BookingRow
from tests.demo_home import Demo


@pytest.fixture(scope="module")
def app(demo_template: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[APIFlask]:
    home: Path = demo_template.copy(tmp_path_factory.mktemp("space") / "home")
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MOBIGO_")}
    made = create_app(load_config({**ours, "MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}))
    yield made
    with made.app_context():
        services().engine.dispose()


def subject_of(app: APIFlask, role: Role) -> str:
    with app.app_context(), transaction(services().engine) as session:
        subject = accounts.find_by_email(session, next(each.email for each in PEOPLE if each.role is role))
    assert subject is not None
    return subject


def client(app: APIFlask, role: Role) -> FlaskClient:
    subject = subject_of(app, role)
    with app.app_context(), transaction(services().engine) as session:
        token = sessions.open_session(session, subject, now(), None, None)
    one: FlaskClient = app.test_client()
    one.set_cookie("mobigo", token)
    return one


def cards(page: str) -> dict[str, list[str]]:
    """The lines of each card, by its title."""
    found = {}
    for card in re.findall(r'<li class="card">(.*?)</p></li>', html.unescape(page), re.DOTALL):
        title = re.search(r"<h2[^>]*><a[^>]*>(.*?)</a>", card)
        assert title is not None
        found[title[1]] = [
            re.sub(r"<.*?>", "", line).strip() for line in re.findall(r"<li>(.*?)</li>", card, re.DOTALL)
        ]
    return found


TITLES = [
    "Mes titres", "Mes enfants au transport scolaire", "Mes trajets en covoiturage", "Mon transport à la demande",
    "Mes demandes",
]  # fmt: skip


def test_a_family_sees_its_children_with_where_they_stand(app: APIFlask) -> None:
    page = client(app, Role.FAMILY).get("/compte").text
    shown = cards(page)
    assert list(shown) == TITLES
    assert shown["Mes enfants au transport scolaire"]
    assert shown["Mes titres"] == []
    assert "Aucun titre en cours." in page


def test_each_thing_is_shown_to_its_own_person_while_it_is_to_come(app: APIFlask) -> None:
    traveller = subject_of(app, Role.TRAVELLER)
    with app.app_context(), transaction(services().engine) as session:
        ticket = session.scalars(select(EntitlementRow).limit(1)).one()
        ticket.subject, ticket.last_at, ticket.state = traveller, now() + timedelta(days=2), "active"
        name = ticket.name
        rides = list(session.scalars(select(BookingRow).order_by(BookingRow.day.desc()).limit(2)))
        for ride in rides:
            ride.subject, ride.state = traveller, str(State.CONFIRMED)
            ride.day = paris_day(now()) + timedelta(days=3)
        rides[0].state = str(State.CANCELLED)
        going = rides[1].to_name
    shown = cards(client(app, Role.TRAVELLER).get("/compte").text)
    assert len(shown["Mes titres"]) == 1
    assert shown["Mes titres"][0].startswith(name)
    assert len(shown["Mon transport à la demande"]) == 1
    assert shown["Mon transport à la demande"][0].endswith(going)
    other = cards(client(app, Role.FAMILY).get("/compte").text)
    assert other["Mes titres"] == other["Mon transport à la demande"] == []
    links = re.findall(
        r'href="(/achats/commandes/.*?|/tad/reservations/.*?)"', client(app, Role.TRAVELLER).get("/compte").text
    )
    assert len(links) == 2
    for link in links:
        assert client(app, Role.TRAVELLER).get(html.unescape(link)).status_code == 200


def test_what_is_over_is_not_shown(app: APIFlask) -> None:
    with app.app_context(), transaction(services().engine) as session:
        for ticket in session.scalars(
            select(EntitlementRow).where(EntitlementRow.subject == subject_of(app, Role.TRAVELLER))
        ):
            ticket.last_at = now() - timedelta(minutes=1)
    assert cards(client(app, Role.TRAVELLER).get("/compte").text)["Mes titres"] == []

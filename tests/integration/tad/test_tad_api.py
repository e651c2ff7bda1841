"""Booking by API: held, confirmed, changed, given up; once for each key; never another partner's; the last place."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from mobigo.app.factory import create_app
from mobigo.infra import accounts, apikeys, clock, grants
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Grant, Identity, Permission, Role
from mobigo.infra.web import EXTENSION, Services
from mobigo.tad.api import bookings, given, offers
from mobigo.tad.model.bookings import Channel
from mobigo.tad.service import services as catalogue
from mobigo.tad.store import bookings as store
from tests.tad_world import NOW, WEDNESDAY, document

BASE = "/api/v1/tad"
PERSON = {"name": "Camille Exemple", "phone": "06 39 98 00 01", "email": "camille@example.org"}
TRIP: dict[str, Any] = {
    "from": {"stop": "a"}, "to": {"stop": "c"}, "day": WEDNESDAY.isoformat(), "time": "09:00", "riders": ["adulte"],
}  # fmt: skip
EVE = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)  # 17 h in Paris
DOOR = {"lat": 47.01, "lon": 4.15, "name": "12 rue du Lavoir"}
ZONE = {"id": "bourg", "name": "Le bourg", "ring": [[47.0, 4.1], [47.0, 4.2], [47.1, 4.2], [47.1, 4.1]]}


@dataclass
class Hands:
    """A clock that a test sets."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Partner:
    """Who books with a key."""

    client: FlaskClient
    headers: dict[str, str]
    sent: list[str] = field(default_factory=list)

    def get(self, path: str) -> TestResponse:
        return self.client.get(BASE + path, headers=self.headers)

    def post(self, path: str, body: Any = None, key: str | None = None) -> TestResponse:
        self.sent.append(path)
        headers = {**self.headers, "Idempotency-Key": key or f"key-{id(self)}-{len(self.sent)}"}
        return self.client.post(BASE + path, json={} if body is None else body, headers=headers)

    def hold(self, key: str | None = None, origin: Any = None, **changes: Any) -> TestResponse:
        asked = TRIP if origin is None else {**TRIP, "from": origin}
        return self.post("/bookings", {**asked, "service": "essai", "contact": PERSON, **changes}, key)

    def held(self, **changes: Any) -> dict[str, Any]:
        answer = self.hold(**changes)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.get_json()
        given.Booked.model_validate(made)
        return made

    def cancel(self, booking_id: str) -> TestResponse:
        return self.client.delete(f"{BASE}/bookings/{booking_id}", headers=self.headers)


@dataclass
class World:
    """The product with one service, and who books by API."""

    services: Services
    app: Any
    hands: Hands

    @property
    def engine(self) -> Engine:
        return self.services.engine

    def partner(self, name: str, scope: Permission = Permission.TAD_PARTNER) -> Partner:
        at = clock.now()
        with transaction(self.engine) as session:
            subject = accounts.create(session, at, email=f"{name}@example.org", name=name)
            where = grants.create_organisation(session, name, at).id
            grant = Grant(Role.API_PARTNER, where)
            grants.give(session, subject, grant, at, by=None)
            _row, text = apikeys.make(session, Identity(subject, (grant,)), "tad", [scope], 30, at, where)
        return Partner(self.app.test_client(), {"Authorization": f"Bearer {text}"})

    def publish(self, **changes: Any) -> None:
        with transaction(self.engine) as session:
            catalogue.publish(session, document(**changes), organisation=None, by=None, now=NOW)


@pytest.fixture
def world(database_config: Config, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    app = create_app(replace(database_config, environment="development", base_url="http://localhost"))
    hands = Hands()
    for module in (bookings, offers):
        monkeypatch.setattr(module, "now", hands)
    made = World(app.extensions[EXTENSION], app, hands)
    made.services.make_networks = None  # the road is the crow's flight
    yield made
    made.services.engine.dispose()


def code_of(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json().get("code", "")


def test_a_partner_finds_holds_confirms_changes_and_gives_up(world: World) -> None:
    world.publish()
    partner = world.partner("resa")
    (known,) = partner.get("/services").get_json()["services"]
    given.Service.model_validate(known)
    assert (known["code"], known["fares"][0]) == ("essai", {"rider": "adulte", "price_cents": 200})
    had = partner.get(f"/services/essai/offers?from=a&to=c&day={WEDNESDAY}&time=09:00").get_json()
    given.Offers.model_validate(had)
    assert [each["time"] for each in had["offers"]] == ["08:45", "09:00", "09:15"]
    assert had["offers"][1]["book_by"] == "2026-11-24T17:00:00+01:00"

    made = partner.held()
    assert (made["state"], made["price_cents"], made["held_until"]) == ("held", 200, "2026-11-23T10:10:00+01:00")
    assert made["promise"] == had["offers"][1]["promise"]
    for _twice in range(2):
        sure = partner.post(f"/bookings/{made['id']}/confirm")
        assert (sure.status_code, sure.get_json()["state"], sure.get_json()["held_until"]) == (200, "confirmed", None)
    other = partner.post(f"/bookings/{made['id']}/change", {**TRIP, "time": "14:00"}).get_json()
    given.Booked.model_validate(other)
    assert (other["state"], other["promise"]["pickup_since"][11:16]) == ("confirmed", "14:00")
    assert partner.get(f"/bookings/{made['id']}").get_json()["state"] == "cancelled"
    for _twice in range(2):
        gone = partner.cancel(other["id"])
        assert (gone.status_code, gone.get_json()["state"], gone.get_json()["late"]) == (200, "cancelled", False)
    with reading(world.engine) as session:
        assert store.get_booking(session, made["id"]).channel == str(Channel.API)


def test_a_door_in_a_zone_is_booked_and_said_to_nobody_else(world: World) -> None:
    world.publish(zones=[ZONE])
    partner = world.partner("resa")
    made = partner.held(origin=DOOR)
    assert made["from"] == {"stop": None, "name": "12 rue du Lavoir"}
    assert "47.01" not in str(made)
    out = partner.hold(origin={**DOOR, "lat": 48.0})
    assert code_of(out) == (422, "tad.not_served")


@pytest.mark.parametrize("given_end", [{}, {"stop": "a", "lat": 47.0}, {"lat": 47.0, "lon": 4.0}, {"stop": 3}])
def test_an_end_is_a_stop_or_a_position_and_nothing_between(world: World, given_end: dict[str, Any]) -> None:
    world.publish()
    assert code_of(world.partner("resa").hold(origin=given_end)) == (422, "api.bad_parameters")


def test_what_cannot_be_printed_does_not_hide_in_a_name(world: World) -> None:
    world.publish(zones=[ZONE])
    made = world.partner("resa").held(origin={**DOOR, "name": "12 rue\n\u202edu Lavoir\t"})
    assert made["from"]["name"] == "12 ruedu Lavoir"
    assert code_of(world.partner("autre").hold(origin={**DOOR, "name": "\n\n"})) == (422, "tad.not_served")


def test_the_same_key_twice_is_one_hold_and_another_body_is_refused(world: World) -> None:
    world.publish()
    partner = world.partner("resa")
    first, again = partner.hold("one"), partner.hold("one")
    assert first.get_json() == again.get_json()
    assert code_of(partner.hold("one", time="14:00")) == (409, "idempotency.other_request")
    assert world.partner("autre").hold("one", time="11:00").status_code == 201  # another partner's key is another key
    assert code_of(partner.client.post(f"{BASE}/bookings", json={}, headers=partner.headers))[0] == 422
    with reading(world.engine) as session:
        assert session.scalar(select(func.count()).select_from(store.BookingRow)) == 2


def test_a_refused_hold_leaves_its_key_free(world: World) -> None:
    world.publish()
    partner = world.partner("resa")
    full = partner.held(riders=["adulte"] * 4)
    assert code_of(partner.hold("again")) == (409, "tad.no_room")
    partner.cancel(full["id"])
    assert partner.hold("again").status_code == 201


def test_nobody_sees_or_touches_the_bookings_of_another(world: World) -> None:
    world.publish()
    ours, theirs = world.partner("resa"), world.partner("autre")
    made = ours.held()["id"]
    for answer in (
        theirs.get(f"/bookings/{made}"),
        theirs.post(f"/bookings/{made}/confirm"),
        theirs.post(f"/bookings/{made}/change", {**TRIP, "time": "14:00"}),
        theirs.cancel(made),
        theirs.get("/bookings/01JD0000000000000000000000"),
        theirs.get("/bookings/..%2Fservices"),
    ):
        assert answer.status_code == 404, answer.text
    assert ours.get(f"/bookings/{made}").get_json()["state"] == "held"


def test_a_booking_of_the_page_belongs_to_no_partner(world: World) -> None:
    world.publish()
    partner = world.partner("resa")
    made = partner.held()["id"]
    with transaction(world.engine) as session:
        store.get_booking(session, made).asker = None
    assert partner.get(f"/bookings/{made}").status_code == 404


def test_without_a_key_that_books_nothing_is_booked(world: World) -> None:
    world.publish()
    nobody = Partner(world.app.test_client(), {})
    assert nobody.hold().status_code == 401
    assert world.partner("vente", Permission.SALES_PARTNER).hold().status_code == 403


@pytest.mark.parametrize(
    ("at", "expected"),
    [(EVE - timedelta(seconds=1), (201, "")), (EVE, (403, "tad.cutoff_passed"))],
    ids=["16:59:59", "17:00:00"],
)
def test_the_cut_off_is_applied_when_one_asks(world: World, at: datetime, expected: tuple[int, str]) -> None:
    world.publish()
    world.hands.at = at
    assert code_of(world.partner("resa").hold()) == expected


@pytest.mark.parametrize(
    ("monday", "cut_off"),
    [
        (date(2027, 3, 29), datetime(2027, 3, 28, 15, 0, tzinfo=UTC)),  # clocks went forward that Sunday: 17 h is UTC+2
        (date(2026, 10, 26), datetime(2026, 10, 25, 16, 0, tzinfo=UTC)),  # and back that one: UTC+1
    ],
)
def test_on_the_day_clocks_change_the_cut_off_is_that_of_the_clock(
    world: World, monday: date, cut_off: datetime
) -> None:
    world.publish(first_day="2026-09-01")
    partner = world.partner("resa")
    world.hands.at = cut_off
    assert code_of(partner.hold(day=monday.isoformat())) == (403, "tad.cutoff_passed")
    world.hands.at = cut_off - timedelta(seconds=1)
    assert code_of(partner.hold(day=monday.isoformat())) == (201, "")


def test_given_up_past_the_cut_off_is_said_late(world: World) -> None:
    world.publish()
    partner = world.partner("resa")
    made = partner.held()["id"]
    partner.post(f"/bookings/{made}/confirm")
    world.hands.at = EVE
    assert partner.cancel(made).get_json()["late"] is True


def test_a_hold_that_ran_out_is_confirmed_no_more(world: World) -> None:
    world.publish()
    partner = world.partner("resa")
    made = partner.held()["id"]
    world.hands.at = NOW + timedelta(minutes=10)
    partner.held(riders=["adulte"] * 4)
    assert code_of(partner.post(f"/bookings/{made}/confirm")) == (409, "tad.hold_over")


def test_of_sixty_four_by_api_for_the_last_place_exactly_one_gets_it(world: World) -> None:
    world.publish()
    world.partner("avant").held(riders=["adulte"] * 3)
    partner = world.partner("resa")
    answers: list[tuple[int, str]] = []

    def ask(numbers: range) -> None:
        one = Partner(world.app.test_client(), partner.headers)
        answers.extend(code_of(one.hold(f"number-{number}")) for number in numbers)

    threads = [threading.Thread(target=ask, args=(range(each, 64, 8),)) for each in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(answers) == [(201, ""), *[(409, "tad.no_room")] * 63]


def test_holds_are_counted_for_a_partner(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bookings, "HOLDS", "2 per hour")
    world.publish()
    partner = world.partner("resa")
    assert [partner.hold(time=f"{hour}:00").status_code for hour in (10, 12, 14)] == [201, 201, 429]

"""The standard-covoiturage interface: held to the standard's own file, and what it says of our lines."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import schemathesis
import yaml
from apiflask import APIFlask
from flask import g
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance
from sqlalchemy import select

from covoit.rules.bookings import TERMS
from covoit.service import lines, offers
from covoit.store import journeys
from covoit.store.people import person_of
from mobigo.app.factory import create_app
from mobigo.base.instants import paris_day
from mobigo.infra import clock
from mobigo.infra.config import load_config
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from mobigo.infra.roles import Grant, Identity, Role
from tests.covoit_lines_world import MONTBARD, SEMUR, A, Z

PREFIX = "/api/standard-covoiturage"
OPERATIONS = [
    ("/driver_journeys", "get"), ("/passenger_journeys", "get"), ("/driver_regular_trips", "get"),
    ("/passenger_regular_trips", "get"), ("/booking_events", "post"), ("/messages", "post"), ("/bookings", "post"),
    ("/bookings/{bookingId}", "patch"), ("/bookings/{bookingId}", "get"), ("/status", "get"),
]  # fmt: skip
PLATFORM = Identity("0" * 26, (Grant(Role.OPERATOR, "PLATFORM"),))


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[APIFlask]:
    home = tmp_path_factory.mktemp("standard") / "home"
    home.mkdir()
    shutil.copyfile(sqlite_template, home / "mobigo.sqlite")
    app = create_app(load_config({"MOBIGO_HOME": str(home), "MOBIGO_BASE_URL": "http://localhost"}))
    app.config["WTF_CSRF_ENABLED"] = False  # whoever enters below is known without a session
    yield app
    app.extensions["mobigo"].engine.dispose()


@pytest.fixture
def as_platform(site: APIFlask) -> Iterator[FlaskClient]:
    with site.app_context():
        g.mobigo_identity = PLATFORM
        yield site.test_client()


@pytest.fixture(scope="module")
def offer(site: APIFlask) -> tuple[str, str]:
    """(offer, driver) of a car that leaves Saulieu in an hour."""
    with transaction(site.extensions["mobigo"].engine) as session:
        now = clock.now()
        driver = person_of(session, "d" * 64, phone="+33600000009", over_18=True, now=now)
        offers.declare(
            session, driver, adult=True, licence=True, insurance=True, terms=TERMS, alias="Anne", car="Clio", now=now
        )
        made = offers.publish(
            session, driver, from_stop=A, to_stop=Z, leaves_at=now + timedelta(hours=1), seats=2, now=now
        )
        return made.id, driver


CASES = [
    (path, method, mode)
    for path, method in OPERATIONS
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if not (path == "/status" and mode is GenerationMode.NEGATIVE)  # nothing can be sent wrong to it
]


@pytest.fixture(scope="module")
def document(realdata: Path) -> schemathesis.BaseSchema:
    text = (realdata / "api" / "standard-covoiturage_openapi.yaml").read_text(encoding="utf-8")
    return schemathesis.openapi.from_dict({**yaml.safe_load(text), "servers": [{"url": PREFIX}]})


@pytest.mark.realdata
@pytest.mark.parametrize(("path", "method", "mode"), CASES, ids=lambda each: str(getattr(each, "value", each)))
def test_the_standards_own_file_is_kept(
    site: APIFlask, document: schemathesis.BaseSchema, path: str, method: str, mode: GenerationMode
):
    document.app = site
    operation = document[path][method.upper()]

    @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def whatever_is_sent(case: schemathesis.Case) -> None:
        with site.app_context():
            g.mobigo_identity = PLATFORM
            case.call_and_validate(
                headers={"Accept-Encoding": "identity"}, excluded_checks=[ignored_auth, positive_data_acceptance]
            )

    whatever_is_sent()


@pytest.mark.realdata
def test_every_operation_of_the_file_is_answered(site: APIFlask, realdata: Path):
    text = (realdata / "api" / "standard-covoiturage_openapi.yaml").read_text(encoding="utf-8")
    said = {(path, method) for path, item in yaml.safe_load(text)["paths"].items() for method in item}
    assert said == set(OPERATIONS)
    ours = {
        (rule.rule.removeprefix(PREFIX).replace("<booking_id>", "{bookingId}"), method.lower())
        for rule in site.url_map.iter_rules()
        if rule.rule.startswith(PREFIX)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert ours == said


def asked(a: str, z: str, **more: object) -> dict[str, object]:
    line, start = lines.stop_and_line(a, paris_day(clock.now()))
    end = line.stop(z)
    assert end is not None
    return {
        "departureLat": start.point.lat, "departureLng": start.point.lon, "arrivalLat": end.point.lat,
        "arrivalLng": end.point.lon, **more,
    }  # fmt: skip


def test_a_car_of_the_line_is_a_line_journey_at_the_coach_fare(as_platform: FlaskClient, offer: tuple[str, str]):
    when = int((clock.now() + timedelta(minutes=86)).timestamp())
    found = as_platform.get(f"{PREFIX}/driver_journeys", query_string=asked(SEMUR, MONTBARD, departureDate=when)).json
    (journey,) = found
    assert (journey["id"], journey["type"], journey["availableSeats"]) == (offer[0], "LINE", 2)
    assert (journey["distance"], journey["duration"]) == (16_000, 900)
    assert journey["price"] == {"type": "PAYING", "amount": 1.5, "currency": "EUR"}
    assert journey["driver"]["alias"] == "Anne"
    assert offer[1] not in str(journey)  # not the id that our tables hold
    assert "600000009" not in str(journey)
    query = asked(MONTBARD, SEMUR, departureDate=when)
    assert as_platform.get(f"{PREFIX}/driver_journeys", query_string=query).json == []  # the other way
    early = asked(SEMUR, MONTBARD, departureDate=when - 3600)
    assert as_platform.get(f"{PREFIX}/driver_journeys", query_string=early).json == []
    none = asked(SEMUR, MONTBARD, departureDate=when, count=0)
    assert as_platform.get(f"{PREFIX}/driver_journeys", query_string=none).json == []


@pytest.mark.parametrize(
    "change",
    [{"departureDate": "soon"}, {"departureLat": 91}, {"timeDelta": -1}, {"count": "many"}, {"arrivalLng": ""}],
)
def test_a_question_that_cannot_be_understood_is_told_so(as_platform: FlaskClient, change: dict[str, object]):
    query = {**asked(SEMUR, MONTBARD, departureDate=1_800_000_000), **change}
    answer = as_platform.get(f"{PREFIX}/driver_journeys", query_string=query)
    assert (answer.status_code, answer.json["error"]) == (400, "covoit.wire_bad_parameter")


def booking(offer_id: str, user: str = "u1", **more: object) -> dict[str, object]:
    line, start = lines.stop_and_line(SEMUR, paris_day(clock.now()))
    end = line.stop(MONTBARD)
    assert end is not None
    them = {"id": user, "operator": "example.org", "alias": "Zoé", "verifiedIdentity": True}
    return {
        "id": str(uuid4()), "driver": {"id": "x", "operator": "localhost", "alias": "Anne"}, "passenger": them,
        "status": "WAITING_CONFIRMATION", "price": {"type": "PAYING", "amount": 1.5, "currency": "EUR"},
        "passengerPickupDate": 1_800_000_000, "passengerPickupLat": start.point.lat,
        "passengerPickupLng": start.point.lon, "passengerDropLat": end.point.lat, "passengerDropLng": end.point.lon,
        "driverJourneyId": offer_id, **more,
    }  # fmt: skip


def test_a_booking_goes_through_its_states_and_its_validation_is_a_journey(
    site: APIFlask, as_platform: FlaskClient, offer: tuple[str, str]
):
    asking = booking(offer[0])
    first = as_platform.post(f"{PREFIX}/bookings", json=asking)
    assert (first.status_code, first.json["status"], first.json["distance"]) == (201, "WAITING_CONFIRMATION", 16_000)
    assert as_platform.post(f"{PREFIX}/bookings", json=asking).json == first.json  # sent again
    other = as_platform.post(f"{PREFIX}/bookings", json={**asking, "distance": 5})
    assert (other.status_code, other.json["error"]) == (400, "covoit.wire_id_used")
    path = f"{PREFIX}/bookings/{asking['id']}"

    def patch(status: str) -> tuple[int, str | None]:
        answer = as_platform.patch(path, query_string={"status": status})
        return answer.status_code, answer.json.get("error")

    assert patch("WAITING_CONFIRMATION") == (409, "status_already_set")
    assert patch("CONFIRMED") == (400, "covoit.status_not_yours")  # the driver confirms
    from covoit.model.bookings import BookingState, Side
    from covoit.service import bookings

    with transaction(site.extensions["mobigo"].engine) as session:
        bookings.change(session, str(asking["id"]), BookingState.CONFIRMED, Side.DRIVER, clock.now())
    assert patch("VALIDATED") == (200, None)
    assert patch("VALIDATED") == (409, "status_already_set")
    assert patch("CANCELLED") == (400, "covoit.status_not_reachable")
    assert as_platform.get(path).json["status"] == "VALIDATED"
    with reading(site.extensions["mobigo"].engine) as session:
        kept = session.scalars(
            select(journeys.JourneyRow).where(journeys.JourneyRow.operator_journey_id == str(asking["id"]))
        ).one()
        assert (kept.proof_class, kept.distance_m) == ("A", 16_000)  # the passenger's word alone


def test_an_unknown_age_is_not_an_adults_and_a_second_seat_may_be_the_last(as_platform: FlaskClient, offer):
    young = booking(offer[0], "u2", passenger={"id": "u2", "operator": "example.org", "alias": "Lou"})
    answer = as_platform.post(f"{PREFIX}/bookings", json=young)
    assert (answer.status_code, answer.json["error"]) == (400, "covoit.age_unknown")
    assert as_platform.post(f"{PREFIX}/bookings", json=booking(offer[0], "u3")).status_code == 201
    full = as_platform.post(f"{PREFIX}/bookings", json=booking(offer[0], "u4"))
    assert (full.status_code, full.json["error"]) == (400, "covoit.no_seat_left")
    gone = as_platform.post(f"{PREFIX}/bookings", json=booking("0" * 26, "u5"))
    assert (gone.status_code, gone.json["error"]) == (400, "missing_journey")


def test_another_platforms_booking_is_not_said_to_exist(site: APIFlask, as_platform: FlaskClient):
    assert as_platform.get(f"{PREFIX}/bookings/{uuid4()}").json["error"] == "missing_booking"


def test_without_a_key_bookings_are_closed_and_searches_open(site: APIFlask):
    client = site.test_client()
    assert client.get(f"{PREFIX}/status").status_code == 200
    refused = client.post(f"{PREFIX}/bookings", json={})
    assert (refused.status_code, refused.json["error"]) == (401, "auth.sign_in_needed")


def test_a_message_reaches_the_driver_by_text_and_tells_no_number(site: APIFlask, as_platform: FlaskClient, offer):
    from covoit.api.standard.wire import public_id

    with site.app_context():
        to = public_id(offer[1])
    message = {
        "from": {"id": "u1", "operator": "example.org", "alias": "Zoé"}, "message": "J’ai une valise.",
        "to": {"id": to, "operator": "localhost", "alias": "Anne"}, "recipientCarpoolerType": "DRIVER",
        "driverJourneyId": offer[0],
    }  # fmt: skip
    assert as_platform.post(f"{PREFIX}/messages", json=message).status_code == 201
    with reading(site.extensions["mobigo"].engine) as session:
        texts = [each.body for each in session.scalars(select(MessageRow)) if "valise" in each.body]
    assert len(texts) == 1
    stranger = {**message, "to": {**message["to"], "id": "somebody"}}
    answer = as_platform.post(f"{PREFIX}/messages", json=stranger)
    assert (answer.status_code, answer.json["error"]) == (404, "missing_user")

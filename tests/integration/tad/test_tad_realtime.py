"""Our own GTFS Realtime of what runs on demand: the reference finds no fault in it, and it tells nothing of anybody."""

from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pytest
from google.transit import gtfs_realtime_pb2 as pb
from sqlalchemy import Engine

from mobigo.base.geo import Point
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.web import Services
from mobigo.tad.export.gtfs_flex import feed_version, gtfs_flex
from mobigo.tad.export.gtfs_realtime import realtime
from mobigo.tad.model.bookings import Asked, Channel, Contact, Side, State
from mobigo.tad.model.services import Place
from mobigo.tad.service import booking, dispatch
from mobigo.tad.service import services as catalogue
from mobigo.tad.service.running import running_rounds
from opendata.gateway.judges.realtime import RealtimeReference
from opendata.model.checks import Verdict
from tests.tad_world import NOW, WEDNESDAY, asked, document

CALLER = Contact("Camille Exemple", "+33639980001", "camille@example.org", "déambulateur")
VERSION = "4a1f"
AT_NINE = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
ZONE = {"id": "bourg", "name": "Le bourg", "ring": [[47.0, 4.1], [47.0, 4.2], [47.1, 4.2], [47.1, 4.1]]}
HOME = Place("", "12 rue du Lavoir", Point(47.0123, 4.1567))


class Day:
    """A Wednesday of the service: who travels is told by each test."""

    def __init__(self, engine: Engine, config: Config) -> None:
        self.engine, self.services = engine, Services(config)
        with transaction(engine) as session:
            self.version = catalogue.publish(session, document(zones=[ZONE]), organisation=None, by=None, now=NOW)

    def books(self, wanted: Asked) -> str:
        with transaction(self.engine) as session:
            made = booking.hold(session, None, self.version, wanted, CALLER, channel=Channel.WEB, now=NOW)
            return booking.confirm(session, self.services, made.id, Side.PASSENGER, NOW).id

    def notes(self, booking_id: str, state: State, at: datetime) -> None:
        with transaction(self.engine) as session:
            dispatch.mark(session, self.services, self.version, booking_id, state, Side.DRIVER, at)

    def message(self, at: datetime) -> pb.FeedMessage:
        with reading(self.engine) as session:
            data = realtime(running_rounds(session, None, at), at, VERSION)
        found = pb.FeedMessage()
        found.ParseFromString(data)
        return found


@pytest.fixture
def day(engine: Engine, database_config: Config) -> Day:
    return Day(engine, database_config)


def updates(message: pb.FeedMessage) -> list[tuple[str, int]]:
    """(stop, minutes after nine) of each call to come."""
    return [
        (each.stop_id, (each.arrival.time - int(AT_NINE.timestamp())) // 60)
        for entity in message.entity
        if entity.HasField("trip_update")
        for each in entity.trip_update.stop_time_update
    ]


def test_a_round_of_today_is_told_and_that_of_tomorrow_is_not(day: Day) -> None:
    day.books(asked())
    assert updates(day.message(NOW)) == []
    message = day.message(AT_NINE - timedelta(hours=1))
    assert [stop for stop, _minute in updates(message)] == ["a", "c"]
    (entity,) = message.entity
    assert entity.trip_update.trip.route_id == "tad:essai"
    assert entity.trip_update.trip.schedule_relationship == pb.TripDescriptor.ADDED


def test_a_hold_that_nobody_confirmed_is_told_to_nobody(day: Day) -> None:
    with transaction(day.engine) as session:
        booking.hold(session, None, day.version, asked(), CALLER, channel=Channel.WEB, now=NOW)
    assert not day.message(AT_NINE).entity


def test_under_way_the_last_stop_and_the_delay_are_told(day: Day) -> None:
    made = day.books(asked())
    before = dict(updates(day.message(AT_NINE)))
    day.notes(made, State.ABOARD, AT_NINE + timedelta(minutes=18))
    message = day.message(AT_NINE + timedelta(minutes=20))
    after = dict(updates(message))
    assert "a" not in after
    assert after["c"] - before["c"] == 18 - before["a"]
    (position,) = [each.vehicle for each in message.entity if each.HasField("vehicle")]
    assert (round(position.position.latitude, 4), round(position.position.longitude, 4)) == (47.0, 4.0)
    assert (position.stop_id, position.current_status) == ("c", pb.VehiclePosition.IN_TRANSIT_TO)
    day.notes(made, State.DONE, AT_NINE + timedelta(minutes=50))
    assert not day.message(AT_NINE + timedelta(minutes=55)).entity


def test_a_driver_who_takes_back_what_he_noted_is_believed(day: Day) -> None:
    made = day.books(asked())
    planned = updates(day.message(AT_NINE))
    day.notes(made, State.ABOARD, AT_NINE + timedelta(minutes=18))
    day.notes(made, State.CONFIRMED, AT_NINE + timedelta(minutes=19))
    assert updates(day.message(AT_NINE + timedelta(minutes=20))) == planned


@pytest.mark.parametrize("out", [True, False], ids=["fetched at home", "taken home"])
def test_a_home_is_in_none_of_it_nor_who_lives_there(day: Day, out: bool) -> None:
    stops = {each.id: each for each in day.version.service.stops}
    ends = (HOME, stops["d"]) if out else (stops["a"], HOME)
    plain = asked()
    made = day.books(Asked(*ends, plain.day, plain.wanted_s, plain.riders))
    for at in (AT_NINE, AT_NINE + timedelta(minutes=30)):
        message = day.message(at)
        assert [stop for stop, _minute in updates(message)] == (["d"] if out else (["a"] if at == AT_NINE else []))
        text = str(message)
        for secret in ("47.0123", "4.1567", "Lavoir", "Camille", "0639980001", "639980001", made, "Minibus"):
            assert secret not in text
        assert not [each for each in message.entity if each.HasField("vehicle")]
        if at == AT_NINE:
            day.notes(made, State.ABOARD, AT_NINE + timedelta(minutes=10))


def test_the_same_day_is_the_same_bytes(day: Day) -> None:
    day.books(asked())
    with reading(day.engine) as session:
        made = [realtime(running_rounds(session, None, AT_NINE), AT_NINE, VERSION) for _ in range(2)]
    assert made[0] == made[1]


@pytest.mark.skipif(find_spec("gtfs_rt_validator") is None, reason="gtfs-rt-validator is not installed")
def test_the_reference_finds_no_error(day: Day, tmp_path: Path) -> None:
    day.books(asked())
    made = day.books(asked("b", "d", "12:30"))
    noon = AT_NINE + timedelta(hours=4)  # UTC: when the reference looks
    day.notes(made, State.ABOARD, noon - timedelta(minutes=10))
    pair = tmp_path / "pair.zip"
    pair.write_bytes(gtfs_flex([day.version.service], base_url="https://example.org", publisher="Essai"))
    with reading(day.engine) as session, ZipFile(pair, "a") as archive:
        message = realtime(running_rounds(session, None, noon), noon, feed_version([day.version.service]))
        archive.writestr("message.pb", message)
        assert pb.FeedMessage.FromString(message).header.feed_version.encode() in archive.read("feed_info.txt")
    found = RealtimeReference().check(pair, "pair.zip", WEDNESDAY)
    assert found.verdict is Verdict.PASSED, found

"""On-demand transport as the planner shows it: bookable until the cut-off, and past it the next day that is."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine

from mobigo.app.on_demand_ways import OnDemandWays, end_at, first_day_open
from mobigo.base.geo import Point
from mobigo.base.money import Money
from mobigo.infra.db import transaction
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.model import Endpoint, OnDemandFound, OnDemandWay, Query
from mobigo.tad.service import services as catalogue
from tests.builders import feed, trip
from tests.planner_adaptor import compiled
from tests.tad_world import NOW, WEDNESDAY, document, service

DOOR, TOWN = Point(47.001, 4.0), Point(47.001, 4.2)  # 111 m from Aubigny and from Chissey
AT_NINE = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
EVE = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)  # 17 h in Paris


@pytest.fixture
def ways(engine: Engine) -> OnDemandWays:
    with transaction(engine) as session:
        catalogue.publish(session, document(), organisation=None, by=None, now=NOW)
    return OnDemandWays(SimpleNamespace(engine=engine, make_networks=None))  # type: ignore[arg-type]


def found(ways: OnDemandWays, now: datetime, **more: Any) -> OnDemandFound:
    query = Query(Endpoint("Ma porte", DOOR), Endpoint("La place", TOWN), **{"at": AT_NINE} | more)
    return ways.ways(None, query, DOOR, TOWN, now)  # type: ignore[arg-type]  # both ends are served: no network


@pytest.mark.parametrize(("now", "bookable"), [(EVE - timedelta(seconds=1), True), (EVE, False)])
def test_a_way_is_shown_until_the_cut_off_and_then_what_can_be_done(
    ways: OnDemandWays, now: datetime, bookable: bool
) -> None:
    seen = found(ways, now)
    assert [way.service for way in seen.ways] == (["TAD d’essai"] if bookable else [])
    if bookable:
        assert seen.ways[0].book_by == EVE
        assert seen.missed == ()
    else:
        (missed,) = seen.missed
        assert missed.code == "tad.cutoff_missed"
        assert missed.params["day"] == WEDNESDAY + timedelta(days=1)  # Thursday, until Wednesday at 17 h
        assert missed.params["by"] == EVE + timedelta(days=1)


def test_a_way_counts_the_walk_and_promises_an_hour(ways: OnDemandWays) -> None:
    (way,) = found(ways, NOW).ways
    # 111 m × 1.3 at 1.2 m/s: 121 s to the stop, so that one is picked up from 9:05 on, in whole five minutes.
    assert way.since == AT_NINE + timedelta(minutes=5)
    assert way.until - way.since == timedelta(minutes=20)
    assert way.leave_at == way.since - timedelta(seconds=121)
    assert way.arrive_at == way.set_down_by + timedelta(seconds=121)
    assert (way.price, way.board, way.alight) == (Money(200), "Aubigny", "Chissey")
    assert parse_qs(urlsplit(way.href).query)["time"] == ["09:05"]


def test_a_way_is_there_in_time(ways: OnDemandWays) -> None:
    (way,) = found(ways, NOW, at=AT_NINE + timedelta(hours=2), arrive_by=True).ways
    assert AT_NINE + timedelta(hours=1) < way.arrive_at <= AT_NINE + timedelta(hours=2)


def test_nothing_is_shown_where_the_service_does_not_go(ways: OnDemandWays) -> None:
    far = Point(46.0, 4.0)
    assert end_at(service(), "Loin", far) is None
    query = Query(Endpoint("Loin", far), Endpoint("Ailleurs", far), at=AT_NINE)
    assert ways.ways(None, query, far, far, NOW) == OnDemandFound(asked_at=NOW)  # type: ignore[arg-type]


def test_the_next_day_that_can_be_booked_jumps_over_days_without_service() -> None:
    friday_evening = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
    found = first_day_open(service(), 9 * 3600, friday_evening, WEDNESDAY)
    assert found is not None
    assert found[0] == WEDNESDAY + timedelta(days=5)  # Monday: booked until Sunday at 17 h


# ---------------------------------------------------------------- with a train before or after

STATIONS = [
    {"stop_id": "G", "stop_name": "Gare de Chissey", "stop_lat": "47.0010", "stop_lon": "4.2000"},
    {"stop_id": "V", "stop_name": "La ville", "stop_lat": "47.5000", "stop_lon": "4.2000"},
]
CITY = Point(47.5, 4.2)


@pytest.fixture(scope="module")
def trains() -> LiveNetwork:
    out = [trip(f"out{hour}", f"G {hour}:30 V {hour + 1}:10") for hour in range(8, 14)]
    back = [trip(f"back{hour}", f"V {hour}:00 G {hour}:40") for hour in range(8, 14)]
    table = compiled(feed([*out, *back], stops=STATIONS, services={"daily": [WEDNESDAY]}))
    return LiveNetwork(table, table.hash)


def joined(ways: OnDemandWays, live: LiveNetwork, out: bool, at: datetime, *, arrive_by: bool = False) -> OnDemandWay:
    door, city = Endpoint("Ma porte", DOOR), Endpoint("La ville", CITY)
    origin, destination = (door, city) if out else (city, door)
    query = Query(origin, destination, at=at, arrive_by=arrive_by)
    a, b = (DOOR, CITY) if out else (CITY, DOOR)
    (way,) = ways.ways(live, query, a, b, NOW).ways
    return way


def test_the_service_takes_one_to_the_train(ways: OnDemandWays, trains: LiveNetwork) -> None:
    """Picked up from 9:05 on; 15.2 km as the crow flies × 1.3 at 45 km/h are 27 min, promised 42 at most: set down by
    10:08, so that the train of 10:30 is caught, and not that of 9:30."""
    way = joined(ways, trains, out=True, at=AT_NINE)
    assert way.after is not None
    assert way.after.rides[0].visits[0].depart_at == AT_NINE + timedelta(minutes=90)
    assert way.set_down_by + timedelta(seconds=way.buffer_s) <= way.after.depart_at
    assert (way.before, way.buffer_s, way.arrive_at) == (None, 300, way.after.arrive_at)


def test_the_service_waits_for_who_comes_by_train(ways: OnDemandWays, trains: LiveNetwork) -> None:
    way = joined(ways, trains, out=False, at=AT_NINE)
    assert way.before is not None
    assert way.since >= way.before.arrive_at + timedelta(seconds=way.buffer_s)
    assert way.leave_at == way.before.depart_at >= AT_NINE


@pytest.mark.parametrize("out", [True, False])
def test_one_is_there_in_time_with_a_train_before_or_after(
    ways: OnDemandWays, trains: LiveNetwork, out: bool
) -> None:  # fmt: skip
    by = AT_NINE + timedelta(hours=3)
    way = joined(ways, trains, out, by, arrive_by=True)
    assert by - timedelta(minutes=75) < way.arrive_at <= by
    if out:
        assert way.after is not None
        assert way.set_down_by + timedelta(seconds=way.buffer_s) <= way.after.depart_at
    else:
        assert way.before is not None
        assert way.before.arrive_at + timedelta(seconds=way.buffer_s) <= way.since


def test_past_the_cut_off_the_train_alone_is_no_way_and_the_next_day_is_said(
    ways: OnDemandWays, trains: LiveNetwork
) -> None:
    query = Query(Endpoint("Ma porte", DOOR), Endpoint("La ville", CITY), at=AT_NINE)
    seen = ways.ways(trains, query, DOOR, CITY, EVE)
    assert seen.ways == ()
    assert [each.code for each in seen.missed] == ["tad.cutoff_missed"]
    assert seen.asked_at == EVE

"""On-demand transport as the planner shows it: bookable until the cut-off, and past it the next day that is."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from shapely.geometry import Polygon
from sqlalchemy import Engine

from mobigo.app.on_demand_feeds import FeedWays
from mobigo.app.on_demand_ways import OnDemandWays, end_at, first_day_open
from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.base.money import Money
from mobigo.infra.db import transaction
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.model import Endpoint, OnDemandFound, OnDemandWay, Query
from mobigo.tad.model.flex import BookingRule, FlexCall, FlexFeed, FlexTrip, ServiceDays
from mobigo.tad.service import services as catalogue
from tests.builders import feed, trip
from tests.planner_adaptor import compiled
from tests.tad_world import NOW, WEDNESDAY, document, service

DOOR, TOWN = Point(47.001, 4.0), Point(47.001, 4.2)  # 111 m from Aubigny and from Chissey
AT_NINE = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
EVE = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)  # 17 h in Paris


STATIONS = [
    {"stop_id": "G", "stop_name": "Gare de Chissey", "stop_lat": "47.0010", "stop_lon": "4.2000"},
    {"stop_id": "V", "stop_name": "La ville", "stop_lat": "47.5000", "stop_lon": "4.2000"},
]
CITY = Point(47.5, 4.2)


def trains() -> LiveNetwork:
    """From Chissey to the town at half past each hour, and back on the hour, 40 min each."""
    out = [trip(f"out{hour}", f"G {hour}:30 V {hour + 1}:10") for hour in range(8, 14)]
    back = [trip(f"back{hour}", f"V {hour}:00 G {hour}:40") for hour in range(8, 14)]
    table = compiled(feed([*out, *back], stops=STATIONS, services={"daily": [WEDNESDAY]}))
    return LiveNetwork(table, table.hash)


TRAINS = trains()


@pytest.fixture
def ways(engine: Engine) -> OnDemandWays:
    with transaction(engine) as session:
        catalogue.publish(session, document(), organisation=None, by=None, now=NOW)
    return OnDemandWays(SimpleNamespace(engine=engine, make_networks=None))  # type: ignore[arg-type]


def found(ways: OnDemandWays, now: datetime, **more: Any) -> OnDemandFound:
    query = Query(Endpoint("Ma porte", DOOR), Endpoint("La place", TOWN), **{"at": AT_NINE} | more)
    return ways.ways(TRAINS, query, DOOR, TOWN, now)


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
    assert ways.ways(TRAINS, query, far, far, NOW) == OnDemandFound(asked_at=NOW)


def test_the_next_day_that_can_be_booked_jumps_over_days_without_service() -> None:
    friday_evening = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
    found = first_day_open(service(), 9 * 3600, friday_evening, WEDNESDAY)
    assert found is not None
    assert found[0] == WEDNESDAY + timedelta(days=5)  # Monday: booked until Sunday at 17 h


# ---------------------------------------------------------------- with a train before or after


def joined(ways: OnDemandWays, out: bool, at: datetime, *, arrive_by: bool = False) -> OnDemandWay:
    door, city = Endpoint("Ma porte", DOOR), Endpoint("La ville", CITY)
    origin, destination = (door, city) if out else (city, door)
    query = Query(origin, destination, at=at, arrive_by=arrive_by)
    a, b = (DOOR, CITY) if out else (CITY, DOOR)
    (way,) = ways.ways(TRAINS, query, a, b, NOW).ways
    return way


def test_the_service_takes_one_to_the_train(ways: OnDemandWays) -> None:
    """Picked up from 9:05 on; 15.2 km as the crow flies × 1.3 at 45 km/h are 27 min, promised 42 at most: set down by
    10:08, so that the train of 10:30 is caught, and not that of 9:30."""
    way = joined(ways, out=True, at=AT_NINE)
    assert way.after is not None
    assert way.after.rides[0].visits[0].depart_at == AT_NINE + timedelta(minutes=90)
    assert way.set_down_by + timedelta(seconds=way.buffer_s) <= way.after.depart_at
    assert (way.before, way.buffer_s, way.arrive_at) == (None, 300, way.after.arrive_at)


def test_the_service_waits_for_who_comes_by_train(ways: OnDemandWays) -> None:
    way = joined(ways, out=False, at=AT_NINE)
    assert way.before is not None
    assert way.since >= way.before.arrive_at + timedelta(seconds=way.buffer_s)
    assert way.leave_at == way.before.depart_at >= AT_NINE


@pytest.mark.parametrize("out", [True, False])
def test_one_is_there_in_time_with_a_train_before_or_after(
    ways: OnDemandWays, out: bool
) -> None:  # fmt: skip
    by = AT_NINE + timedelta(hours=3)
    way = joined(ways, out, by, arrive_by=True)
    assert by - timedelta(minutes=75) < way.arrive_at <= by
    if out:
        assert way.after is not None
        assert way.set_down_by + timedelta(seconds=way.buffer_s) <= way.after.depart_at
    else:
        assert way.before is not None
        assert way.before.arrive_at + timedelta(seconds=way.buffer_s) <= way.since


def test_past_the_cut_off_the_train_alone_is_no_way_and_the_next_day_is_said(ways: OnDemandWays) -> None:
    query = Query(Endpoint("Ma porte", DOOR), Endpoint("La ville", CITY), at=AT_NINE)
    seen = ways.ways(TRAINS, query, DOOR, CITY, EVE)
    assert seen.ways == ()
    assert [each.code for each in seen.missed] == ["tad.cutoff_missed"]
    assert seen.asked_at == EVE


# ---------------------------------------------------------------- what an operator's feed says


def area(west: float, east: float) -> Polygon:
    return Polygon([(west, 46.98), (east, 46.98), (east, 47.02), (west, 47.02)])


def proxi(rule: BookingRule | None = None) -> FeedWays:
    """Anywhere between 3.9° and 4.25° of longitude, every Wednesday from 8 h to 18 h."""
    zone = FlexCall((), area(3.9, 4.25), "Le pays", 8 * 3600, 18 * 3600, False, True, True, rule, None)
    days = ServiceDays(frozenset({2}), WEDNESDAY, WEDNESDAY + timedelta(days=30), frozenset(), frozenset())
    return FeedWays((FlexFeed((FlexTrip("t", "Proxi", "Cars X", "03 39 98 00 50", days, (zone, zone)),), {}),))


EVE_RULE = BookingRule(
    2, last_days=1, last_s=17 * 3600, phone="03 39 98 00 51", message="Dites où.", booking_url="https://x.example/"
)


def asked_of_feed(
    a: Point, b: Point, now: datetime = NOW, *, at: datetime = AT_NINE, arrive_by: bool = False
) -> tuple[list[OnDemandWay], list[Decision]]:
    query = Query(Endpoint("Ma porte", a), Endpoint("Là-bas", b), at=at, arrive_by=arrive_by)
    return proxi(EVE_RULE).ways(trains(), query, a, b, now)


def test_a_feed_takes_one_from_door_to_door_and_says_how_to_book() -> None:
    (way,), missed = asked_of_feed(DOOR, TOWN)
    assert missed == []
    assert (way.service, way.operator, way.is_ours, way.price) == ("Proxi", "Cars X", False, None)
    assert (way.since, way.book_by) == (AT_NINE, EVE)
    assert (way.phone, way.message, way.href) == ("03 39 98 00 51", "Dites où.", "https://x.example/")


def test_past_the_cut_off_of_a_feed_the_next_day_is_said() -> None:
    ways, (missed,) = asked_of_feed(DOOR, TOWN, EVE)
    assert ways == []
    assert missed == Decision(
        "tad.cutoff_missed", service="Proxi", day=WEDNESDAY + timedelta(days=7), by=EVE + timedelta(days=7),
        phone="03 39 98 00 51",
    )  # fmt: skip


@pytest.mark.parametrize("out", [True, False])
@pytest.mark.parametrize("arrive_by", [False, True])
def test_a_feed_takes_one_to_the_train_and_back(out: bool, arrive_by: bool) -> None:
    at = AT_NINE + timedelta(hours=3) if arrive_by else AT_NINE
    (way,), _missed = asked_of_feed(*((DOOR, CITY) if out else (CITY, DOOR)), at=at, arrive_by=arrive_by)
    other = way.after if out else way.before
    assert other is not None
    if out:
        assert timedelta(minutes=5) <= other.depart_at - way.set_down_by <= timedelta(minutes=65)
    else:
        assert timedelta(minutes=5) <= way.since - other.arrive_at <= timedelta(minutes=65)
    assert way.arrive_at <= at if arrive_by else way.leave_at >= at


def test_an_address_of_a_feed_that_is_no_page_is_not_shown() -> None:
    query = Query(Endpoint("Ma porte", DOOR), Endpoint("Là-bas", TOWN), at=AT_NINE)
    rule = BookingRule(0, booking_url="javascript:alert(1)")
    (way,), _missed = proxi(rule).ways(trains(), query, DOOR, TOWN, NOW)
    assert (way.href, way.phone) == ("", "03 39 98 00 50")

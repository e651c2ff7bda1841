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
from mobigo.planner.model import Endpoint, OnDemandFound, Query
from mobigo.tad.service import services as catalogue
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
    assert ways.ways(None, query, far, far, NOW) == OnDemandFound()  # type: ignore[arg-type]


def test_the_next_day_that_can_be_booked_jumps_over_days_without_service() -> None:
    friday_evening = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
    found = first_day_open(service(), 9 * 3600, friday_evening, WEDNESDAY)
    assert found is not None
    assert found[0] == WEDNESDAY + timedelta(days=5)  # Monday: booked until Sunday at 17 h

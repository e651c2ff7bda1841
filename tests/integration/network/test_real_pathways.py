"""Pathways of a real network: Washington's metro (WMATA, April 2026; 98 stations, 2,963 pathways). Its lengths are in
feet, its traversal times in seconds; no trip tells whether it takes wheelchairs, so here all do."""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from mobigo.base.geo import Point
from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.engine.pathways import Inside
from mobigo.network.gateway import gtfs
from mobigo.network.model.feed import FeedTables
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.pathways import MOVERS, PathwayMode, Stations
from mobigo.network.model.streets import WHEELCHAIR
from mobigo.planner.model import Endpoint, Limits, Query, Walk
from mobigo.planner.service import plan
from tests.oracles.pathways import least_seconds

pytestmark = pytest.mark.realdata
MORNING = datetime(2026, 5, 5, 8, 0, tzinfo=ZoneInfo("America/New_York"))  # a Tuesday
METRO_CENTER = "STN_A01_C01"


@pytest.fixture(scope="module")
def tables(realdata: Path) -> FeedTables:
    read = gtfs.read_feed(realdata / "gtfs/wmata-rail-2026-04-pathways.zip")
    kept: dict[str, Any] = {name: read[name] for name in read.tables if name != "shapes"}
    kept["trips"] = kept["trips"].with_columns(wheelchair_accessible=pl.lit("1"))
    return FeedTables(kept)


@pytest.fixture(scope="module")
def live(tables: FeedTables) -> LiveNetwork:
    return LiveNetwork(compile_feeds([CompileInput("wmata", tables)], "America/New_York", "hash"), "hash")


def test_every_pathway_is_read(live: LiveNetwork) -> None:
    table = live.timetable
    assert (len(table.pathway_from), len(table.level_index), len(table.enclosed_stop)) == (2_963, 277, 125)
    assert len(set(table.inside_station.tolist())) == 98


@pytest.mark.parametrize(("a", "b", "walk_s", "wheels_s"), [
    ("PF_A01_1", "PF_C01_C", 73, 252),  # Metro Center: a level down by escalator; by lift
    ("PF_F03_1", "PF_D03_C", 90, 905),  # L'Enfant Plaza: up to the mezzanine and down again, lift after lift
    ("PF_B01_1", "PF_F01_C", 181, 373),  # Gallery Place
])  # fmt: skip
def test_known_changes(live: LiveNetwork, a: str, b: str, walk_s: int, wheels_s: int) -> None:
    table = live.timetable
    ids = list(table.stop_id)
    pairs = list(zip(table.within_from.tolist(), table.within_to.tolist(), strict=True))
    at = pairs.index((ids.index(a), ids.index(b)))
    assert (int(table.within_s[0, at]), int(table.within_s[3, at])) == (walk_s, wheels_s)


def test_every_change_of_three_stations_is_what_the_rows_say(live: LiveNetwork, tables: FeedTables) -> None:
    rows = tables["pathways"].select(pl.exclude("_line")).with_columns(pl.all().fill_null("")).to_dicts()
    stops = {row["stop_id"]: row for row in tables["stops"].to_dicts()}
    for station in (METRO_CENTER, "STN_D03_F03", "STN_B01_F01"):
        inside = {key for key, row in stops.items() if row["parent_station"] == station}
        own = [row for row in rows if row["from_stop_id"] in inside]
        platforms = [key for key in inside if stops[key]["location_type"] == "0"]
        closed = frozenset(key for key in inside if stops[key]["wheelchair_boarding"] == "2")
        ids = list(live.timetable.stop_id)
        for mover in MOVERS:
            ways = Inside(Stations.of(live.timetable), mover)
            barred = closed if mover is WHEELCHAIR else frozenset[str]()
            for a in platforms:
                truth = least_seconds(own, [a], mover.name, barred)
                for b in platforms:
                    found = ways.between_stops(ids.index(a), ids.index(b))
                    assert (None if found is None else found[0]) == truth.get(b), (mover.name, a, b)


def test_a_wheelchair_goes_by_lifts_alone_and_enters_where_it_can(live: LiveNetwork) -> None:
    near_union, pentagon_city = Point(38.8978, -77.0062), Point(38.8620, -77.0590)
    query = Query(Endpoint("a", near_union), Endpoint("b", pentagon_city), MORNING, limits=Limits(wheelchair=True))
    journey = next(each for each in plan(live, query).journeys if each.change_count == 1)
    told = [each.what.code for leg in journey.legs if isinstance(leg, Walk) for each in leg.directions]
    assert not [code for code in told if "stairs" in code or "escalator" in code]
    lifts = [code for code in told if code in ("pathways.lift", "pathways.lift_to")]
    assert len(lifts) == 4  # down, to the other platform twice, up
    ways = Inside(Stations.of(live.timetable), WHEELCHAIR)
    taken = {hop.pathway for hops in ways._from.values() for hop in hops}
    modes = {PathwayMode(int(live.timetable.pathway_mode[row])) for row in taken}
    assert modes == {PathwayMode.WALKWAY, PathwayMode.LIFT, PathwayMode.FARE_GATE, PathwayMode.EXIT_GATE}


def test_one_enters_metro_center_by_the_nearest_stairs(live: LiveNetwork) -> None:
    near, far = Point(38.8975, -77.0295), Point(38.9520, -77.0020)
    journeys = plan(live, Query(Endpoint("a", near), Endpoint("b", far), MORNING)).journeys
    leg = next(each for each in journeys if each.rides).legs[0]
    assert isinstance(leg, Walk)
    assert leg.directions[0].what.code == "pathways.go_enter"
    assert str(leg.directions[0].what.params["name"]).startswith(("Entrance C", "Entrance D"))
    assert 120 < (leg.arrive_at - leg.depart_at).total_seconds() < 600

"""Public reports about other planners that need streets (docs/public-issues.md)."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.engine.streets.build import build
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.model import By, Endpoint, Limits, Own, Query, Walk
from mobigo.planner.service import plan
from tests.builders import feed, tables, trip
from tests.streets_drawn import at, drawn


def test_stadtnavi_585_nobody_drives_a_few_hundred_metres_to_a_train() -> None:
    """The stop is 600 m away: who would be driven there walks, whatever is asked."""
    corners = {"N": (6, 0), "Z": (120, 0)}
    stops = [
        {"stop_id": name, "stop_lat": f"{at(corner).lat:.7f}", "stop_lon": f"{at(corner).lon:.7f}"}
        for name, corner in corners.items()
    ]
    files = feed([trip("near", "N 08:30 Z 08:50")], stops=stops)
    timetable = compile_feeds([CompileInput("f", tables(files))], "Europe/Paris", "hash")
    network = LiveNetwork(timetable, "hash", build(drawn([([(0, 0), (120, 0)], {"highway": "residential"})])))
    asked = Query(
        Endpoint("door", at((0, 0))),
        Endpoint("far", at((120, 0))),
        datetime(2025, 3, 18, 7, 0, tzinfo=ZoneInfo("Europe/Paris")),
        window_s=2 * 3600,
        limits=Limits(walk_m_max=1_000),
    )
    for by in (By.CAR, By.DROPPED):
        [journey] = plan(network, replace(asked, own=Own(by))).journeys
        walk = journey.legs[0]
        assert isinstance(walk, Walk)
        assert (walk.by, walk.distance_m) == (By.WALK, 600)

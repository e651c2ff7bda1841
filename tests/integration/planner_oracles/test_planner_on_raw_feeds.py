"""Answers on real feeds as published, stations, near stops and dirt included: every journey re-checked from the raw
files, door to door and stop to stop, leaving at, arriving by and over a window.
"""

import random
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mobigo.base.geo import Point
from mobigo.network.engine.compile import compile_feeds
from mobigo.network.engine.feedpart import CompileInput
from mobigo.network.gateway.gtfs import read_feed
from mobigo.network.model.live import LiveNetwork
from mobigo.planner import service
from mobigo.planner.model import Endpoint, Query
from tests.oracles.spec import World
from tests.oracles.validator import Validator

pytestmark = pytest.mark.realdata

QUESTIONS = 60
PARIS = ZoneInfo("Europe/Paris")


def texts(path: Path) -> dict[str, str]:
    """The files of a zip as text."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist() if name != "shapes.txt"}


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("sncf-ter-2025-01.zip", date(2025, 3, 18)),
        ("tam-montpellier-2026-01.zip", date(2026, 2, 10)),
        ("tallis-lons-le-saunier-2024-07.zip", date(2024, 9, 10)),
    ],
)
def test_every_journey_answered_on_a_feed_as_published_is_possible(realdata: Path, name: str, day: date) -> None:
    path = realdata / "gtfs" / name
    timetable = compile_feeds([CompileInput("feed", read_feed(path))], "Europe/Paris", "hash")
    live = LiveNetwork(timetable, "hash")
    judge = Validator(timetable, {"feed": World(texts(path))})
    chance = random.Random(3)
    stops = sorted({int(stop) for stop in timetable.visit_stop})
    faults: list[object] = []
    answered = 0
    for number in range(QUESTIONS):
        a, b = chance.sample(stops, 2)
        at = datetime(day.year, day.month, day.day, 5, tzinfo=PARIS) + timedelta(minutes=chance.randrange(15 * 60))
        if number % 2:
            ends = Endpoint("from", stops=(a,)), Endpoint("to", stops=(b,))
        else:
            near = [
                Point(float(timetable.stop_lat[stop]) + 0.002, float(timetable.stop_lon[stop]) - 0.002)
                for stop in (a, b)
            ]
            ends = Endpoint("from", point=near[0]), Endpoint("to", point=near[1])
        query = Query(*ends, at, arrive_by=number % 3 == 1, window_s=(0, 3600)[number % 5 == 2])
        answer = service.plan(live, query)
        answered += bool(answer.journeys)
        for journey in answer.journeys:
            wrong = judge.faults(journey, query)
            if wrong:
                faults.append((number, str(timetable.stop_id[a]), str(timetable.stop_id[b]), at, wrong))
    assert faults == []
    assert answered > QUESTIONS // 4

"""Coaches beside carpools: both sides of 150 m, of 3 minutes at the start and of 4 at the end, on a tiny network."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from covoit.model.fraud import Sighting
from mobigo.app.coach_runs import CoachRuns
from mobigo.base.geo import Point
from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.model.live import LiveNetwork
from tests.builders import feed, tables, trip

DAY = date(2026, 11, 24)
STOPS = [
    {"stop_id": "A", "stop_lat": "47.280000", "stop_lon": "4.229000"},
    {"stop_id": "B", "stop_lat": "47.620000", "stop_lon": "4.340000"},
    {"stop_id": "C", "stop_lat": "47.860000", "stop_lon": "4.574000"},
]
TRIPS = [
    trip("morning", "A 7:00 B 7:40 C 8:20"),  # winter: 7:00 in France is 6:00 UTC
    trip("closed", "A 12:00 B^ 12:40 C 13:20"),  # nobody gets off at B
    trip("shut", "A! 15:00 B 15:40 C 16:20"),  # nobody gets on at A
    trip("night", "A 23:55 C 25:10"),  # past midnight
]
METRE = 1 / 111_195  # degrees of latitude
START = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
A, B, C = (Point(float(row["stop_lat"]), float(row["stop_lon"])) for row in STOPS)
LIKE = Sighting("j", "mobigo", "t", "d", "p", START, START + timedelta(minutes=40), 40_000, A, B)


@pytest.fixture(scope="module")
def coaches() -> CoachRuns:
    files = feed(TRIPS, services={"daily": [DAY]}, stops=STOPS)
    return CoachRuns(LiveNetwork(compile_feeds([CompileInput("f", tables(files))], "Europe/Paris", "hash"), "hash"))


def moved(point: Point, metres: float) -> Point:
    return Point(point.lat + metres * METRE, point.lon)


def shifted(start_s: float = 0, end_s: float = 0) -> Sighting:
    return replace(
        LIKE, started_at=LIKE.started_at + timedelta(seconds=start_s), ended_at=LIKE.ended_at + timedelta(seconds=end_s)
    )


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (LIKE, True),
        (replace(LIKE, end=C, ended_at=START + timedelta(minutes=80)), True),  # further on the same run
        (shifted(start_s=180), True), (shifted(start_s=181), False),
        (shifted(start_s=-180), True), (shifted(start_s=-181), False),
        (shifted(end_s=240), True), (shifted(end_s=241), False),
        (shifted(end_s=-240), True), (shifted(end_s=-241), False),
        (replace(LIKE, start=moved(A, 149)), True), (replace(LIKE, start=moved(A, 151)), False),
        (replace(LIKE, end=moved(B, -149)), True), (replace(LIKE, end=moved(B, -151)), False),
        (replace(LIKE, start=B, end=A), False),  # against the run
        (shifted(start_s=86_400, end_s=86_400), False),  # no coach that day
    ],
)  # fmt: skip
def test_a_coach_runs_like_it_or_does_not(coaches: CoachRuns, seen: Sighting, expected: bool) -> None:
    assert coaches.runs_like(seen) is expected


def test_where_nobody_gets_on_or_off_no_coach_runs_so(coaches: CoachRuns) -> None:
    noon, three = timedelta(hours=5), timedelta(hours=8)
    at_noon = replace(LIKE, started_at=START + noon, ended_at=LIKE.ended_at + noon)
    assert not coaches.runs_like(at_noon)
    assert coaches.runs_like(replace(at_noon, end=C, ended_at=START + noon + timedelta(minutes=80)))
    assert not coaches.runs_like(replace(LIKE, started_at=START + three, ended_at=LIKE.ended_at + three))


def test_a_run_past_midnight_arrives_the_day_after(coaches: CoachRuns) -> None:
    leaves = datetime(2026, 11, 24, 22, 55, tzinfo=UTC)
    assert coaches.runs_like(replace(LIKE, end=C, started_at=leaves, ended_at=leaves + timedelta(minutes=75)))

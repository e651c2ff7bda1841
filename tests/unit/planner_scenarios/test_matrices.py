"""Matrices of travel times: each cell is what a single question answers; what is too large is refused; files that
spreadsheets open without a formula."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.network.engine.compile import compile_feeds
from mobigo.network.engine.feedpart import CompileInput
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.places import Commune
from mobigo.network.model.timetable import NEVER_S
from mobigo.planner import service
from mobigo.planner.engine.everywhere import best_and_median
from mobigo.planner.engine.production import production
from mobigo.planner.export import matrices
from mobigo.planner.model import Endpoint, Limits, Query
from mobigo.planner.rules.points import BYTES_MAX, POINTS_MAX, Named, read_points
from mobigo.planner.service.compared import compared
from mobigo.planner.service.everywhere import (
    CELLS_MAX,
    DEPARTURES_MAX,
    SEARCHES_MAX,
    Destinations,
    Window,
    check_size,
    matrix,
)
from tests.builders import DAY, feed, tables, trip
from tests.strategies import random_case

PARIS = ZoneInfo("Europe/Paris")
NEAR = [
    {"stop_id": stop, "stop_lat": lat, "stop_lon": "4.0"}
    for stop, lat in (("A", "46.000"), ("B", "46.100"), ("C", "46.102"), ("D", "46.300"))
]
TRIPS = [trip("one", "A 8:00 B 8:30"), trip("two", "C 8:50 D 9:20", route="S"), trip("three", "A 8:20 B 8:50")]


def network_of(files: dict[str, str]) -> LiveNetwork:
    return LiveNetwork(compile_feeds([CompileInput("f", tables(files))], "Europe/Paris", "x"), "x")


def at(hour: int, minute: int) -> datetime:
    return datetime(DAY.year, DAY.month, DAY.day, hour, minute, tzinfo=PARIS)


def single(network: LiveNetwork, origin: Endpoint, destination: Endpoint, leave: datetime, most_s: int) -> int:
    """Seconds of the soonest arrival that `plan` answers, from when one asked; `NEVER_S` for none."""
    limits = Limits(duration_s_max=most_s)
    answer = service.plan(network, Query(origin, destination, leave, limits=limits))
    taken = [int((each.arrive_at - leave).total_seconds()) for each in answer.journeys]
    return min((each for each in taken if each <= most_s), default=NEVER_S)


def test_by_hand() -> None:
    network = network_of(feed(TRIPS, stops=NEAR))
    rows = {network.timetable.stop_id[row]: row for row in range(4)}
    ends = [Endpoint(name, None, (rows[name],)) for name in "AD"]
    found = list(matrix(network, ends[:1], ends, Window(at(7, 50), at(8, 10), 10)))
    # to D: leave 7:50 or 8:00 by `one`, walk from B to C (222 m), `two` at 8:50, there at 9:20; at 8:10 it is missed
    assert [[int(value) for value in column] for column in found[0]] == [[0, 80 * 60], [0, 90 * 60]]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_each_cell_is_what_one_question_answers(seed: int) -> None:
    case = random_case(seed)
    network = network_of(case.spec.files())
    t = network.timetable
    rows = [row for row in range(len(t.stop_id)) if t.stop_type[row] == 0 and np.isfinite(t.stop_lat[row])]
    ends = [Endpoint(t.stop_id[row], None, (row,)) for row in rows[:3]]
    ends += [Endpoint("door", Point(float(t.stop_lat[row]) + 0.002, float(t.stop_lon[row]))) for row in rows[:2]]
    leave = datetime.fromtimestamp(case.questions[0].at, UTC)
    departures = [leave, leave + timedelta(minutes=40)]
    ready = Destinations(network, ends)
    for origin in ends:
        for instant, row in zip(departures, ready.seconds_from(origin, departures, 6 * 3600), strict=True):
            for destination, seconds in zip(ends, row.tolist(), strict=True):
                if destination is not origin:
                    assert seconds == single(network, origin, destination, instant, 6 * 3600), case.text()


@pytest.mark.parametrize(
    ("given_s", "best", "median"),
    [([5], 5, 5), ([5, 9], 5, 9), ([9, 5, 7], 5, 7), ([NEVER_S, 5, NEVER_S], 5, NEVER_S), ([NEVER_S, 5, 6], 5, 6)],
)
def test_the_best_and_the_median(given_s: list[int], best: int, median: int) -> None:
    found = best_and_median([np.array([each], np.int32) for each in given_s])
    assert (int(found[0][0]), int(found[1][0])) == (best, median)


HOURS = Window(at(7, 0), at(8, 0), 10)  # seven departures


@pytest.mark.parametrize(
    ("origins", "destinations", "window", "code"),
    [
        (2_000, CELLS_MAX // 2_000, HOURS, None),
        (2_000, CELLS_MAX // 2_000 + 1, HOURS, "planner.matrix_too_large"),
        (SEARCHES_MAX // 7, 1, HOURS, None),
        (SEARCHES_MAX // 7 + 1, 1, HOURS, "planner.matrix_too_long"),
        (1, 1, Window(at(0, 0), at(0, 0) + timedelta(minutes=DEPARTURES_MAX - 1), 1), None),
        (1, 1, Window(at(0, 0), at(0, 0) + timedelta(minutes=DEPARTURES_MAX), 1), "planner.matrix_too_many_departures"),
        (0, 1, HOURS, "planner.matrix_empty"),
        (1, 0, HOURS, "planner.matrix_empty"),
        (1, 1, Window(at(8, 0), at(7, 59), 10), "planner.matrix_bad_window"),
        (1, 1, Window(at(8, 0), at(9, 0), 0), "planner.matrix_bad_window"),
    ],
)
def test_what_is_too_large_is_refused_at_its_edge(
    origins: int, destinations: int, window: Window, code: str | None
) -> None:
    if code is None:
        check_size(origins, destinations, window)
        return
    with pytest.raises(InvalidInput) as caught:
        check_size(origins, destinations, window)
    assert caught.value.decision.code == code


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("id,name,lat,lon\na,Ici,47.1,5.2\n", [("a", "Ici", 47.1, 5.2)]),
        ("﻿LAT;LON;id\r\n47,1;5,2;z\r\n\r\n", [("z", "z", 47.1, 5.2)]),
        ("lat\tlon\n-90\t180\n", [("2", "2", -90.0, 180.0)]),
        ("id;name;lat;lon\n'=1+1;'=cmd;0;0\n", [("=1+1", "=cmd", 0.0, 0.0)]),
    ],
)
def test_points_are_read(text: str, found: list[tuple[str, str, float, float]]) -> None:
    assert [(each.id, each.name, each.lat, each.lon) for each in read_points(text.encode())] == found


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "planner.points_no_columns"),
        (b"lat,lon\n", "planner.points_none"),
        (b"lat,lng\n1,2\n", "planner.points_no_columns"),
        (b"\xff\xfe", "planner.points_not_utf8"),
        (b"lat,lon\n91,2\n", "planner.points_bad_position"),
        (b"lat,lon\n1,nan\n", "planner.points_bad_position"),
        (b"lat,lon\n1\n", "planner.points_bad_position"),
        (b"lat;lon\n1;deux\n", "planner.points_bad_position"),
        (b"id,lat,lon\na,1,1\na,2,2\n", "planner.points_same_id"),
        (b"lat,lon\n" + b"1,1\n" * (POINTS_MAX + 1), "planner.points_too_many"),
        (b"x" * (BYTES_MAX + 1), "planner.points_too_large"),
    ],
)
def test_a_file_of_points_that_cannot_be_read_says_why(content: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_points(content)
    assert caught.value.decision.code == code


def test_the_file_holds_no_formula_and_whole_minutes() -> None:
    out = io.StringIO()
    matrices.begin(out)
    ends = [Named("=1+1", "@SUM", 0, 0), Named("b", "Ici", 0, 0)]
    matrices.write_row(out, ends[0], ends, np.array([0, 61], np.int32), np.array([60, NEVER_S], np.int32))
    assert list(csv.reader(io.StringIO(out.getvalue()), delimiter=";")) == [
        list(matrices.HEADS), ["'=1+1", "'@SUM", "'=1+1", "'@SUM", "0", "1"], ["'=1+1", "'@SUM", "b", "Ici", "2", ""],
    ]  # fmt: skip


def test_what_a_timetable_takes_to_run() -> None:
    services = {"daily": [DAY, DAY + timedelta(days=1)]}
    t = network_of(feed([TRIPS[0]], stops=NEAR, services=services)).timetable
    day, both, none = (
        production(t, *days)
        for days in ((DAY, DAY), (DAY, DAY + timedelta(days=9)), (date(2020, 1, 1), date(2020, 1, 2)))
    )
    # 0.1 degree of latitude is 11 119.5 m; times 1.3
    assert (day.runs, round(day.vehicle_m), day.driven_s) == (1, 14_455, 1800.0)
    assert (both.runs, round(both.vehicle_m), both.driven_s) == (2, 28_911, 3600.0)
    assert (none.runs, none.vehicle_m, none.driven_s) == (0, 0.0, 0.0)


def test_a_whole_region_is_compared_though_its_matrix_would_be_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobigo.planner.service.everywhere.CELLS_MAX", 3)
    network = network_of(feed(TRIPS, stops=NEAR))
    communes = [Commune(name, name, lat, 4.0, 100) for name, lat in (("1", 46.0), ("2", 46.1))]
    found = compared(network, network, communes, [], Window(at(7, 50), at(8, 0), 10))
    assert (found.before == found.after).all()
    # leaving at 8:00, the other is reached in the half hour by `one`; nothing comes back
    assert found.before.tolist() == [[[200.0, 200.0]], [[100.0, 100.0]]]

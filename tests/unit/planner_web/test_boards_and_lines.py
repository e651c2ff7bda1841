"""Departure boards and line timetables on timetables small enough to check by hand."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.network.engine.boards import (
    board_of_day,
    build_boards,
    days_served,
    departures,
    local_midnight,
    next_day_served,
    next_departures,
    routes_at,
)
from mobigo.network.engine.lines import line_days, line_on, merged_rows, placed
from tests.unit.planner_web.tiny import Stop, Trip, timetable

PARIS = ZoneInfo("Europe/Paris")
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
A, B, C = 0, 1, 2
STOPS = [Stop("Saulieu"), Stop("Semur"), Stop("Montbard")]


def shown(found):
    return [f"{d.depart_at.astimezone(PARIS):%a %H:%M}" for d in found]


def test_a_board_lists_what_leaves_that_day_in_order_and_neither_last_stops_nor_stops_without_boarding():
    index = build_boards(
        timetable(
            STOPS,
            [
                Trip([(A, "8:00"), (B, "8:30"), (C, "9:00")], days=[0, 1]),
                Trip([(C, "7:00"), (B, "7:30"), (A, "8:00")], days=[0]),
                Trip([(A, "6:00"), (B, "6:20"), (C, "6:50")], days=[0], flags=[0, 1, 0]),
            ],
        )
    )
    assert shown(board_of_day(index, [A], MONDAY)) == ["Mon 06:00", "Mon 08:00"]
    assert shown(board_of_day(index, [B], MONDAY)) == ["Mon 07:30", "Mon 08:30"]
    assert shown(board_of_day(index, [A, B], TUESDAY)) == ["Tue 08:00", "Tue 08:30"]
    assert shown(board_of_day(index, [C], TUESDAY)) == []


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (MONDAY, ["Mon 23:59"]),
        (TUESDAY, ["Tue 00:00", "Tue 01:35", "Tue 02:00"]),
        (date(2026, 11, 25), ["Wed 01:35"]),
    ],
)
def test_what_runs_past_midnight_is_on_the_board_of_the_calendar_day_it_leaves(day, expected):
    index = build_boards(
        timetable(
            STOPS,
            [
                Trip([(A, "23:59"), (B, "24:30")], days=[0]),
                Trip([(A, "24:00"), (B, "24:30")], days=[0]),
                Trip([(A, "25:35"), (B, "26:30")], days=[0, 1]),
                Trip([(A, "2:00"), (B, "2:30")], days=[1]),
            ],
        )
    )
    assert shown(board_of_day(index, [A], day)) == expected


def test_service_times_count_from_noon_minus_12_h_when_the_clocks_change():
    first = date(2026, 10, 24)  # Sunday 25 October has 25 hours
    trips = [Trip([(A, "0:30"), (B, "9:00")], days=[0, 1, 2]), Trip([(B, "9:10"), (C, "10:00")], days=[1])]
    index = build_boards(timetable(STOPS, trips, first_day=first))
    leaving = board_of_day(index, [A], date(2026, 10, 25))
    # noon is 11:00 UTC that day; minus 12 h is 23:00 UTC the day before, and half an hour
    assert [d.depart_at for d in leaving] == [datetime(2026, 10, 24, 23, 30, tzinfo=UTC)]
    assert shown(board_of_day(index, [B], date(2026, 10, 25))) == ["Sun 09:10"]


def test_a_frequency_is_on_the_board_at_each_of_its_starts():
    trip = Trip([(A, "6:00"), (B, "6:30")], repeats_s=[0, 1200, 2400], by_frequency=1)
    found = board_of_day(build_boards(timetable(STOPS, [trip])), [A], MONDAY)
    assert shown(found) == ["Mon 06:00", "Mon 06:20", "Mon 06:40"]
    assert all(d.by_frequency for d in found)


def test_a_loop_leaves_its_first_stop_and_calls_there_again_only_when_it_goes_on():
    trip = Trip([(A, "6:00"), (B, "6:30"), (A, "7:00"), (C, "7:30"), (A, "8:00")])
    assert shown(board_of_day(build_boards(timetable(STOPS, [trip])), [A], MONDAY)) == ["Mon 06:00", "Mon 07:00"]


def test_next_departures_go_on_to_the_next_days_and_stop_at_the_limit():
    index = build_boards(timetable(STOPS, [Trip([(A, "8:00"), (B, "9:00")], days=[0, 1, 4])]))
    since = datetime(2026, 11, 23, 8, 0, tzinfo=PARIS)
    assert shown(next_departures(index, [A], since, 2)) == ["Mon 08:00", "Tue 08:00"]
    assert shown(next_departures(index, [A], since + timedelta(seconds=1), 9)) == ["Tue 08:00", "Fri 08:00"]
    assert next_day_served(index, [A], date(2026, 11, 25)) == date(2026, 11, 27)
    assert next_day_served(index, [A], date(2026, 11, 27)) is None
    assert np.flatnonzero(days_served(index, [A])).tolist() == [0, 1, 4]
    assert routes_at(index, [A]) == [0]
    assert routes_at(index, [B]) == []


def test_an_empty_timetable_has_empty_boards():
    index = build_boards(timetable([], []))
    assert board_of_day(index, [], MONDAY) == []
    assert next_departures(index, [], datetime(2026, 11, 23, tzinfo=UTC), 5) == []


@given(
    st.lists(
        st.tuples(st.integers(0, 40 * 60), st.integers(1, 300), st.sets(st.integers(0, 13), min_size=1)), max_size=12
    ),
)
def test_the_boards_of_the_days_together_hold_each_departure_once(drawn):
    clock = lambda minute: f"{minute // 60}:{minute % 60:02d}"  # noqa: E731
    trips = [Trip([(A, clock(at)), (B, clock(at + ride))], days=sorted(days)) for at, ride, days in drawn]
    index = build_boards(timetable(STOPS, trips))
    boards = [d for shift in range(17) for d in board_of_day(index, [A], MONDAY + timedelta(days=shift))]
    assert len(boards) == sum(len(days) for _, _, days in drawn)
    assert len({(d.trip, d.service_day) for d in boards}) == len(boards)
    whole = departures(index, [A], local_midnight(MONDAY, PARIS), local_midnight(MONDAY + timedelta(days=17), PARIS))
    assert [d.depart_at for d in whole] == [d.depart_at for d in boards] == sorted(d.depart_at for d in boards)


# --- lines


def test_a_line_has_a_table_a_direction_with_its_rows_in_the_order_served():
    table = timetable(
        STOPS,
        [
            Trip([(A, "9:00"), (C, "9:50")], direction=0, headsign="Montbard"),
            Trip([(A, "8:00"), (B, "8:30"), (C, "9:00")], direction=0, headsign="Montbard"),
            Trip([(C, "17:00"), (A, "18:00")], direction=1),
        ],
    )
    out, back = line_on(build_boards(table), [0], MONDAY)
    assert out.rows == (A, B, C)
    assert out.headsigns == ("Montbard",)
    assert [column.trip for column in out.columns] == [1, 0]
    assert [cell and cell.depart_s for cell in out.columns[1].cells] == [9 * 3600, None, 9 * 3600 + 50 * 60]
    assert back.rows == (C, A)
    assert back.headsigns == ("Saulieu",)
    assert line_on(build_boards(table), [0], TUESDAY) == []
    assert line_days(table, [0]) == [MONDAY]


def test_directions_are_told_apart_by_the_order_of_stops_when_the_feed_says_nothing():
    trips = [
        Trip([(A, "8:00"), (B, "8:30"), (C, "9:00")]),
        Trip([(C, "8:00"), (A, "9:00")]),
        Trip([(A, "7:00"), (C, "8:00")]),
    ]
    ways = line_on(build_boards(timetable(STOPS, trips)), [0], MONDAY)
    assert [[column.trip for column in way.columns] for way in ways] == [[2, 0], [1]]


def test_a_short_run_that_joins_midway_stands_between_the_trips_it_runs_between():
    trips = [
        Trip([(A, "8:00"), (B, "8:30"), (C, "9:00")], direction=0),
        Trip([(B, "8:50"), (C, "9:20")], direction=0),
        Trip([(A, "9:00"), (B, "9:30"), (C, "10:00")], direction=0),
    ]
    (way,) = line_on(build_boards(timetable(STOPS, trips)), [0], MONDAY)
    assert [column.trip for column in way.columns] == [0, 1, 2]


@given(st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=8), min_size=1, max_size=6))
def test_the_rows_hold_every_pattern_in_its_order(patterns):
    rows = merged_rows(patterns)
    for pattern in patterns:
        at = placed(rows, pattern)
        assert [rows[i] for i in at] == pattern
        assert at == sorted(set(at))

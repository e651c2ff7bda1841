"""From service days and stop_times to what a timetable holds of them."""

from datetime import date, timedelta

import pytest

from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.model.timetable import Timetable
from tests.builders import DAY, feed, tables, trip

WEEK = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), "1")


def compiled(files: dict[str, str]) -> Timetable:
    return compile_feeds([CompileInput("feed", tables(files))], "Europe/Paris", "hash")


def days_of(timetable: Timetable, trip_id: str) -> set[date]:
    row = list(timetable.trip_id).index(trip_id)
    span = [timetable.first_day + timedelta(days=n) for n in range(timetable.day_count)]
    return {day for day in span if timetable.runs_on(int(timetable.trip_days[row]), day)}


def times_of(timetable: Timetable, trip_id: str) -> list[tuple[int, int]]:
    row = list(timetable.trip_id).index(trip_id)
    at = slice(int(timetable.trip_visit_start[row]), int(timetable.trip_visit_start[row + 1]))
    return list(zip(timetable.visit_arrive_s[at].tolist(), timetable.visit_depart_s[at].tolist(), strict=True))


def weekly(**days: str) -> dict[str, object]:
    return {"service_id": "daily", "start_date": "20250317", "end_date": "20250323", **dict.fromkeys(WEEK, "0"), **days}


@pytest.mark.parametrize(
    ("calendar", "dates", "expected"),
    [
        (weekly(monday="1"), [], {17}),
        (weekly(sunday="1"), [], {23}),  # the last day is included
        (weekly(**WEEK), [("20250318", "2")], {17, 19, 20, 21, 22, 23}),
        (weekly(monday="1"), [("20250319", "1")], {17, 19}),
        (weekly(), [("20250319", "1"), ("20250320", "1")], {19, 20}),
        (weekly(monday="1"), [("20250317", "2")], set()),  # an exception takes the only day
        (weekly(monday="1"), [("20250317", "3")], {17}),  # an exception type that does not exist changes nothing
        (weekly(monday="1"), [("2025-03-19", "1")], {17}),  # a date that cannot be read neither
    ],
)
def test_a_service_runs_on_its_weekdays_but_for_the_exceptions(calendar, dates, expected):
    files = feed(
        [trip("t", "A 8:00 B 9:00")],
        calendar=[calendar],
        calendar_dates=[{"service_id": "daily", "date": day, "exception_type": kind} for day, kind in dates],
    )
    assert {day.day for day in days_of(compiled(files), "t")} == expected


def test_a_feed_without_any_day_compiles_to_nothing_to_ride():
    timetable = compiled(feed([trip("t", "A 8:00 B 9:00")], services={"daily": []}))
    assert len(timetable.run_start_s) == 0
    assert list(timetable.trip_id) == ["t"]


@pytest.mark.parametrize(
    ("calls", "usable"),
    [
        ("A 8:00 B 9:00", True),
        ("A 8:00", False),  # one visit
        ("A 9:00 B 8:59", False),  # backwards
        ("A 8:00 B 9:00/8:59", False),  # leaves before it arrives
        ("A 8:00 B 8:00", True),  # in no time, but not backwards
        ("A 23:59 B 24:01 C 49:00", True),  # past midnight twice
        ("A - B 9:00 C 10:00", False),  # no first time
        ("A 8:00 B 9:00 C -", False),  # no last time
        ("A 8:00 B - C 10:00", True),
    ],
)
def test_a_trip_whose_times_cannot_be_trusted_never_runs(calls, usable):
    timetable = compiled(feed([trip("t", calls)]))
    assert days_of(timetable, "t") == ({DAY} if usable else set())
    assert len(timetable.run_start_s) == usable


def test_blank_times_follow_the_distance_between_stops():
    stops = [
        {"stop_id": s, "stop_lat": str(lat), "stop_lon": "4.0"} for s, lat in (("A", 46.0), ("B", 46.1), ("C", 46.4))
    ]
    timetable = compiled(feed([trip("t", "A 8:00 B - C 9:00")], stops=stops))
    assert times_of(timetable, "t")[1] == (8 * 3600 + 900, 8 * 3600 + 900)  # a quarter of the way


def test_blank_times_follow_the_shape_distance_where_it_is_given():
    files = feed([trip("t", "A 8:00 B - C 9:00")])
    rows = files["stop_times.txt"].splitlines()
    rows[0] += ",shape_dist_traveled"
    rows[1:] = [f"{row},{metres}" for row, metres in zip(rows[1:], (0, 3, 4), strict=True)]
    files["stop_times.txt"] = "\n".join(rows) + "\n"
    assert times_of(compiled(files), "t")[1][0] == 8 * 3600 + 2700  # three quarters


def test_a_shape_distance_that_shrinks_is_not_believed():
    files = feed([trip("t", "A 8:00 B - C 9:00")])
    rows = files["stop_times.txt"].splitlines()
    rows[0] += ",shape_dist_traveled"
    rows[1:] = [f"{row},{metres}" for row, metres in zip(rows[1:], (5, 3, 4), strict=True)]
    files["stop_times.txt"] = "\n".join(rows) + "\n"
    assert times_of(compiled(files), "t")[1][0] == 8 * 3600 + 1800  # stops lie evenly


def test_blank_times_between_stops_at_one_place_are_spread_evenly():
    stops = [{"stop_id": s, "stop_lat": "46.0", "stop_lon": "4.0"} for s in "ABCD"]
    timetable = compiled(feed([trip("t", "A 8:00 B - C - D 8:30")], stops=stops))
    assert [arrive for arrive, _ in times_of(timetable, "t")] == [28_800, 29_400, 30_000, 30_600]


@pytest.mark.parametrize("written", ["9:05:00", "09:05:00", " 9:05:00", "9:05:00 "])
def test_an_hour_may_lack_its_zero_and_carry_blanks(written):
    files = feed([trip("t", "A 08:00 B 09:05")])
    files["stop_times.txt"] = files["stop_times.txt"].replace("09:05:00", written)
    assert times_of(compiled(files), "t")[1] == (32_700, 32_700)


@pytest.mark.parametrize("written", ["9h05", "09:60:00", "25", "nine", "-1:00:00"])
def test_a_time_that_is_none_reads_as_blank(written):
    files = feed([trip("t", "A 08:00 B 09:05 C 10:00")])
    files["stop_times.txt"] = files["stop_times.txt"].replace("09:05:00", written)
    assert times_of(compiled(files), "t")[1] == (32_400, 32_400)  # in the middle


def test_rows_that_do_not_join_are_left_out_and_the_rest_stands():
    files = feed([trip("t", "A 8:00 B 9:00 C 10:00")])
    files["stop_times.txt"] += "ghost,8:00:00,8:00:00,A,0,0,0\nt,11:00:00,11:00:00,NOWHERE,9,0,0\n"
    timetable = compiled(files)
    assert len(times_of(timetable, "t")) == 3


def test_unsorted_stop_times_are_read_in_their_sequence():
    files = feed([trip("t", "A 8:00 B 9:00 C 10:00"), trip("u", "A 9:00 B 10:00")])
    header, *rows = files["stop_times.txt"].splitlines()
    shuffled = {**files, "stop_times.txt": "\n".join([header, *rows[::-1]]) + "\n"}
    a, b = compiled(files), compiled(shuffled)
    for (name, one), (_, other) in zip(a.arrays(), b.arrays(), strict=True):
        assert list(one.ravel() if hasattr(one, "ravel") else one) == list(
            other.ravel() if hasattr(other, "ravel") else other
        ), name


def test_a_call_within_a_window_is_no_visit_at_a_made_up_time():
    """A deviated trip (GTFS-Flex) calls at B when somebody asked: between A and C it has no hour of its own."""
    files = feed([trip("t", "A 8:00 B - C 9:00"), trip("w", "A - C -")])
    header, *rows = files["stop_times.txt"].splitlines()
    windows = [
        f"{row},08:20:00,08:40:00" if row.startswith("w,") or ",B," in row else f"{row},," for row in rows
    ]  # fmt: skip
    names = "start_pickup_drop_off_window,end_pickup_drop_off_window"
    table = compiled({**files, "stop_times.txt": "\n".join([f"{header},{names}", *windows]) + "\n"})
    assert times_of(table, "t") == [(8 * 3600, 8 * 3600), (9 * 3600, 9 * 3600)]
    assert times_of(table, "w") == []
    assert len(table.run_start_s) == 1

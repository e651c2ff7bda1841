"""Runs (frequencies, blocks, joined trips), FIFO patterns and shared rows of times."""

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.engine.patterns import SHORTEST_DAY_S
from mobigo.network.model.timetable import Timetable
from tests.builders import feed, frequency, tables, transfer, trip

MONDAY, TUESDAY = date(2025, 3, 17), date(2025, 3, 18)


def compiled(files: dict[str, str]) -> Timetable:
    return compile_feeds([CompileInput("feed", tables(files))], "Europe/Paris", "hash")


def chains(timetable: Timetable) -> dict[tuple[str, ...], set[date]]:
    """The trips of each run and its days."""
    out = {}
    for run in range(len(timetable.run_start_s)):
        at = slice(int(timetable.run_trip_start[run]), int(timetable.run_trip_start[run + 1]))
        names = tuple(timetable.trip_id[trip_row] for trip_row in timetable.run_trip[at].tolist())
        out[names] = {day for day in (MONDAY, TUESDAY) if timetable.runs_on(int(timetable.run_days[run]), day)}
    return out


def pattern_count(timetable: Timetable) -> int:
    return len(timetable.pattern_run_start) - 1


@pytest.mark.parametrize(
    ("second", "patterns"),
    [
        ("A 9:00 B 10:00", 1),  # follows
        ("A 8:00 B 9:00", 1),  # the same hours twice
        ("A 8:30 B 8:50", 2),  # overtakes
        ("A 8:30 B 9:00", 1),  # catches up, does not overtake
        ("A! 9:00 B 10:00", 2),  # other rules at a stop
        ("A 9:00 C 10:00", 2),  # other stops
    ],
)
def test_a_pattern_holds_runs_that_do_not_overtake_one_another(second, patterns):
    timetable = compiled(feed([trip("one", "A 8:00 B 9:00"), trip("two", second)]))
    assert pattern_count(timetable) == patterns


def test_runs_driven_alike_share_their_row_of_times():
    timetable = compiled(feed([trip(f"t{h}", f"A {h}:00 B {h}:20/{h}:25 C {h}:50") for h in range(6, 20)]))
    assert timetable.times_arrive_s.tolist() == [0, 1200, 3000]
    assert timetable.times_depart_s.tolist() == [0, 1500, 3000]
    assert timetable.run_start_s.tolist() == [h * 3600 for h in range(6, 20)]


def test_a_run_at_the_end_of_the_day_is_not_behind_the_first_of_the_next():
    # 23:30 the day before is later than 0:10 by the clock, never by the calendar, unless clocks change: 23 h count
    near = compiled(feed([trip("a", "A 0:10 B 1:00"), trip("b", "A 23:09 B 23:59")]))
    far = compiled(feed([trip("a", "A 0:10 B 1:00"), trip("b", "A 23:11 B 24:01")]))
    assert (pattern_count(near), pattern_count(far)) == (1, 2)


runs = st.lists(
    st.tuples(st.integers(0, 30 * 60), st.lists(st.integers(0, 300), min_size=3, max_size=3)), min_size=1, max_size=12
)


@given(runs)
def test_whatever_runs_there_are_their_patterns_are_fifo_over_days(drawn):
    def clock(minutes: int) -> str:
        return f"{minutes // 60}:{minutes % 60:02d}"

    trips = []
    for number, (start, steps) in enumerate(drawn):
        at = np.cumsum([start, *steps]).tolist()
        trips.append(trip(f"t{number}", " ".join(f"{stop} {clock(m)}" for stop, m in zip("ABCD", at, strict=True))))
    timetable = compiled(feed(trips))
    assert len(timetable.run_start_s) == len(drawn)
    for pattern in range(pattern_count(timetable)):
        rows = range(int(timetable.pattern_run_start[pattern]), int(timetable.pattern_run_start[pattern + 1]))
        hours = [
            timetable.run_start_s[run] + timetable.times_arrive_s[int(timetable.run_times[run]) + np.arange(4)]
            for run in rows
        ]
        assert all((later >= earlier).all() for earlier, later in pairwise(hours))
        assert (hours[-1] <= hours[0] + SHORTEST_DAY_S).all()


@pytest.mark.parametrize(
    ("start", "end", "headway_s", "departures"),
    [
        ("8:00", "8:30", 600, [28_800, 29_400, 30_000]),  # the end itself is left out
        ("8:00", "8:31", 600, [28_800, 29_400, 30_000, 30_600]),
        ("8:00", "8:00", 600, []),
        ("8:00", "9:00", 0, []),  # no headway, no departure
        ("24:00", "24:10", 300, [86_400, 86_700]),
    ],
)
def test_a_frequency_leaves_every_headway_until_before_its_end(start, end, headway_s, departures):
    files = feed([trip("t", "A 6:00 B 6:20")], frequencies=[frequency("t", start, end, headway_s)])
    timetable = compiled(files)
    assert timetable.run_start_s.tolist() == departures
    assert set(timetable.run_frequency.tolist()) <= {1}  # not exact: said so


def test_an_exact_frequency_is_a_timetable():
    files = feed([trip("t", "A 6:00 B 6:20")], frequencies=[frequency("t", "8:00", "9:00", 1800, exact=True)])
    assert compiled(files).run_frequency.tolist() == [0, 0]


def test_trips_of_a_block_are_one_run_where_one_ends_where_the_next_begins():
    files = feed([trip("one", "A 8:00 B 9:00", block="b"), trip("two", "B 9:05 C 10:00", block="b")])
    assert chains(compiled(files)) == {("one", "two"): {TUESDAY}}


@pytest.mark.parametrize(
    ("second", "others"),
    [
        ("C 9:05 D 10:00", {}),  # begins elsewhere
        ("B 8:59 C 10:00", {}),  # begins before the other ends
        ("B 9:05 C 10:00", {"transfers": [transfer("B", "B", 5, from_trip_id="one", to_trip_id="two")]}),
        ("B 9:05 C 10:00", {"frequencies": [frequency("two", "9:05", "10:05", 600)]}),
    ],
)
def test_trips_of_a_block_stay_apart_otherwise(second, others):
    files = feed([trip("one", "A 8:00 B 9:00", block="b"), trip("two", second, block="b")], **others)
    assert ("one", "two") not in chains(compiled(files))


def test_a_chain_is_driven_on_the_days_when_both_trips_run():
    files = feed(
        [
            trip("one", "A 8:00 B 9:00", block="b", service="both"),
            trip("two", "B 9:05 C 10:00", block="b", service="tue"),
        ],
        services={"both": [MONDAY, TUESDAY], "tue": [TUESDAY]},
    )
    assert chains(compiled(files)) == {("one",): {MONDAY}, ("one", "two"): {TUESDAY}}


def test_a_train_that_splits_begins_two_chains():
    files = feed(
        [trip("stem", "A 8:00 B 9:00"), trip("left", "B 9:05 C 10:00"), trip("right", "B 9:05 D 10:00")],
        transfers=[
            transfer("B", "B", 4, from_trip_id="stem", to_trip_id="left"),
            transfer("B", "B", 4, from_trip_id="stem", to_trip_id="right"),
        ],
    )
    assert set(chains(compiled(files))) == {("stem", "left"), ("stem", "right")}


def test_a_block_of_many_trips_is_one_run_and_not_a_run_for_each_pair():
    # OpenTripPlanner issue 4467: stay-seated transfers between all trips of large blocks exhausted memory
    ends = ["A", "B"]
    trips = [
        trip(
            f"t{n:03d}",
            f"{ends[n % 2]} {6 + n // 60}:{n % 60:02d} {ends[1 - n % 2]} {6 + (n + 1) // 60}:{(n + 1) % 60:02d}",
            block="b",
        )
        for n in range(400)
    ]
    timetable = compiled(feed(trips))
    assert len(timetable.run_start_s) == 1
    assert len(timetable.times_arrive_s) == 800

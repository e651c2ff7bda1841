"""A scenario's edits, beside the same feed written by hand as the scenario wants it; and the laws of all edits."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobigo.base.errors import InvalidInput
from mobigo.network.engine.compile import compile_feeds
from mobigo.network.engine.edited import edited
from mobigo.network.engine.feedpart import CompileInput
from mobigo.network.model.feed import FeedTables
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.scenarios import (
    AlsoRuns,
    Edit,
    FeedReplaced,
    StopAdded,
    StopRemoved,
    TripAdded,
    Withdrawn,
    checked,
    decoded,
    encoded,
)
from mobigo.planner.model import Endpoint
from mobigo.planner.service.everywhere import Destinations
from tests.builders import BuiltTrip, Spec, feed, frequency, tables, trip
from tests.strategies import random_case

TUESDAY, SATURDAY = date(2025, 3, 18), date(2025, 3, 22)
WEEK = [TUESDAY + timedelta(days=n - 1) for n in range(7)]  # Monday 17 to Sunday 23
WORK = {"work": WEEK[:5], "friday": [WEEK[4]], "saturday": [SATURDAY]}
LINE = [
    trip("morning", "A 8:00 B 8:30 C 9:00", service="work"),
    trip("evening", "A 18:00 B 18:30 C 19:00", service="work"),
    trip("late", "A 22:00 B 22:30 C 23:00", service="friday"),
    trip("other", "C 9:10 D 9:40", route="S", service="saturday"),
]


def after(files: dict[str, str], *edits: Edit) -> FeedTables:
    numbered = list(enumerate(edits, 1))
    return edited({"f": tables(files)}, numbered, lambda dropped: tables(files))["f"]


def compiled(read: FeedTables) -> Any:
    return compile_feeds([CompileInput("f", read)], "Europe/Paris", "x")


def departures(read: FeedTables, day: date) -> set[tuple[str, ...]]:
    """The calls of every run of a day, as `stop hour`: what the timetable says, whatever its ids are."""
    t = compiled(read)
    out = set()
    for run in range(len(t.run_days)):
        if t.runs_on(int(t.run_days[run]), day):
            calls = []
            for row in t.run_trip[t.run_trip_start[run] : t.run_trip_start[run + 1]]:
                for k in range(t.trip_visit_start[row], t.trip_visit_start[row + 1]):
                    minutes = int(t.visit_depart_s[k]) // 60
                    calls.append(f"{t.stop_id[t.visit_stop[k]]} {minutes // 60}:{minutes % 60:02}")
            out.add(tuple(calls))
    return out


MORNING, EVENING = ("A 8:00", "B 8:30", "C 9:00"), ("A 18:00", "B 18:30", "C 19:00")
LATE, OTHER = ("A 22:00", "B 22:30", "C 23:00"), ("C 9:10", "D 9:40")


@pytest.mark.parametrize(
    ("edit", "tuesday", "friday", "saturday"),
    [
        (None, {MORNING, EVENING}, {MORNING, EVENING, LATE}, {OTHER}),
        (AlsoRuns("f", route="R", weekdays=(5,), like=4),
         {MORNING, EVENING}, {MORNING, EVENING, LATE}, {MORNING, EVENING, LATE, OTHER}),
        (AlsoRuns("f", route="R", weekdays=(5,), like=1),
         {MORNING, EVENING}, {MORNING, EVENING, LATE}, {MORNING, EVENING, OTHER}),
        (AlsoRuns("f", trip="late", dates=(SATURDAY, TUESDAY)),
         {MORNING, EVENING, LATE}, {MORNING, EVENING, LATE}, {LATE, OTHER}),
        (TripAdded("f", "morning", -30 * 60),
         {MORNING, EVENING, ("A 7:30", "B 8:00", "C 8:30")},
         {MORNING, EVENING, LATE, ("A 7:30", "B 8:00", "C 8:30")}, {OTHER}),
        (Withdrawn("f", trip="evening"), {MORNING}, {MORNING, LATE}, {OTHER}),
        (Withdrawn("f", route="R"), set(), set(), {OTHER}),
        (StopRemoved("f", "R", "B"), {("A 8:00", "C 9:00"), ("A 18:00", "C 19:00")},
         {("A 8:00", "C 9:00"), ("A 18:00", "C 19:00"), ("A 22:00", "C 23:00")}, {OTHER}),
        (StopAdded("f", "S", "B", "C", 600, 0), {MORNING, EVENING}, {MORNING, EVENING, LATE},
         {("C 9:10", "B 9:20", "D 9:40")}),
        (StopAdded("f", "S", "B", "C", 1500, 300), {MORNING, EVENING}, {MORNING, EVENING, LATE},
         {("C 9:10", "B 9:35", "D 9:45")}),
        (StopAdded("f", "S", "B", "D", 600), {MORNING, EVENING}, {MORNING, EVENING, LATE},
         {("C 9:10", "D 9:40", "B 9:50")}),
    ],
)  # fmt: skip
def test_each_edit_does_what_it_says(
    edit: Edit | None, tuesday: set[tuple[str, ...]], friday: set[tuple[str, ...]], saturday: set[tuple[str, ...]]
) -> None:
    read = after(feed(LINE, services=WORK), *([] if edit is None else [edit]))
    assert departures(read, TUESDAY) == tuesday
    assert departures(read, WEEK[4]) == friday
    assert departures(read, SATURDAY) == saturday


def test_edits_follow_one_another() -> None:
    read = after(
        feed(LINE, services=WORK), TripAdded("f", "morning", 3600), AlsoRuns("f", trip="morning~1", dates=(SATURDAY,))
    )
    assert departures(read, SATURDAY) == {OTHER, ("A 9:00", "B 9:30", "C 10:00")}
    assert departures(read, TUESDAY) == {MORNING, EVENING, ("A 9:00", "B 9:30", "C 10:00")}


def test_a_day_taken_out_by_an_exception_is_put_back() -> None:
    calendar = [{
        "service_id": "work", "start_date": "20250317", "end_date": "20250323",
        **dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "1"), "saturday": "0", "sunday": "0",
    }]  # fmt: skip
    out = [{"service_id": "work", "date": "20250318", "exception_type": "2"}]
    files = feed(LINE[:1], calendar=calendar, calendar_dates=out)
    assert departures(after(files), TUESDAY) == set()
    assert departures(after(files, AlsoRuns("f", trip="morning", dates=(TUESDAY,))), TUESDAY) == {MORNING}
    assert departures(after(files, AlsoRuns("f", route="R", weekdays=(1,), like=2)), TUESDAY) == {MORNING}


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (Withdrawn("nowhere", route="R"), "scenario.unknown_feed"),
        (Withdrawn("f", route="Z"), "scenario.unknown_line"),
        (Withdrawn("f", trip="Z"), "scenario.unknown_trip"),
        (TripAdded("f", "Z", 60), "scenario.unknown_trip"),
        (TripAdded("f", "morning", -9 * 3600), "scenario.before_the_day"),
        (StopRemoved("f", "S", "A"), "scenario.line_never_calls"),
        (StopAdded("f", "S", "Z", "C", 60), "scenario.unknown_stop"),
        (StopAdded("f", "S", "B", "A", 60), "scenario.line_never_calls"),
        (StopAdded("f", "S", "B", "C", 31 * 60), "scenario.stop_too_late"),
        (AlsoRuns("f", route="R", weekdays=(5,), like=6), "scenario.adds_no_day"),
        (AlsoRuns("f", trip="late", weekdays=(5,), first_day=date(1900, 1, 1)), "scenario.too_many_days"),
        (AlsoRuns("f", trip="late", dates=tuple(TUESDAY + timedelta(days=n) for n in range(401))),
         "scenario.too_many_days"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_with_the_number_of_the_edit(edit: Edit, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        after(feed(LINE, services=WORK), edit)
    assert caught.value.decision.code == code
    assert caught.value.decision.params["number"] == 1


def test_a_trip_by_frequency_is_not_copied() -> None:
    files = feed(LINE, services=WORK, frequencies=[frequency("morning", "7:00", "9:00", 600)])
    with pytest.raises(InvalidInput) as caught:
        after(files, TripAdded("f", "morning", 600))
    assert caught.value.decision.code == "scenario.trip_by_frequency"


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (AlsoRuns("", trip="a", dates=(TUESDAY,)), "scenario.no_feed"),
        (AlsoRuns("f", trip="a", route="b", dates=(TUESDAY,)), "scenario.trip_or_line"),
        (AlsoRuns("f", trip="a"), "scenario.no_day"),
        (AlsoRuns("f", trip="a", weekdays=(7,)), "scenario.bad_weekday"),
        (AlsoRuns("f", route="a", weekdays=(5,)), "scenario.line_like_no_day"),
        (AlsoRuns("f", trip="a", weekdays=(5,), first_day=SATURDAY, last_day=TUESDAY),
         "scenario.ends_before_it_begins"),
        (Withdrawn("f"), "scenario.trip_or_line"),
        (TripAdded("f", "", 60), "scenario.no_trip"),
        (TripAdded("f", "a", 0), "scenario.shift_out_of_range"),
        (TripAdded("f", "a", 86_401), "scenario.shift_out_of_range"),
        (StopAdded("f", "R", "a", "b", 0), "scenario.ride_out_of_range"),
        (StopAdded("f", "R", "", "b", 60), "scenario.no_stop"),
        (StopRemoved("f", "R", ""), "scenario.no_stop"),
        (FeedReplaced("f", ""), "scenario.no_archive"),
    ],
)  # fmt: skip
def test_an_edit_that_says_nothing_is_refused(edit: Edit, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked(edit)
    assert caught.value.decision.code == code


EDITS: tuple[Edit, ...] = (
    AlsoRuns("f", route="R", weekdays=(5, 6), dates=(TUESDAY,), first_day=TUESDAY, last_day=SATURDAY, like=0),
    TripAdded("f", "a", -60), Withdrawn("f", route="R"), StopAdded("f", "R", "a", "b", 60, 30),
    StopRemoved("f", "R", "a"), FeedReplaced("f", "0" * 64, "été.zip"),
)  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_read_back_as_it_was_written(edit: Edit) -> None:
    assert decoded(*encoded(checked(edit))) == edit


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(InvalidInput):
        decoded("=cmd", {})


def test_without_edits_nothing_is_touched() -> None:
    feeds = {"f": tables(feed(LINE, services=WORK))}
    assert edited(feeds, [], lambda dropped: feeds["f"])["f"] is feeds["f"]


def test_a_dropped_feed_takes_the_place_of_the_other_and_may_be_edited() -> None:
    mine, theirs = tables(feed(LINE, services=WORK)), tables(feed(LINE[3:], services=WORK))
    made = edited({"f": mine}, [(1, FeedReplaced("f", "0")), (2, Withdrawn("f", trip="other"))], lambda dropped: theirs)
    assert departures(made["f"], SATURDAY) == set()
    beside = edited({"f": mine}, [(1, FeedReplaced("g", "0"))], lambda dropped: theirs)
    assert (beside["f"], beside["g"]) == (mine, theirs)


# ---------------------------------------------------------------- laws


def all_to_all(read: FeedTables, at: Sequence[datetime]) -> Any:
    t = compiled(read)
    network = LiveNetwork(t, "x")
    stops = [Endpoint("", None, (row,)) for row in np.argsort(t.stop_id).tolist() if t.stop_type[row] == 0]
    ready = Destinations(network, stops)
    return np.array([ready.seconds_from(stop, at, 24 * 3600) for stop in stops])


def by_hand(spec: Spec, edit: Edit) -> Spec:
    """The feed written anew, by rules that share nothing with the product's."""
    match edit:
        case TripAdded():
            source = next(each for each in spec.trips if each.row["trip_id"] == edit.trip)
            return replace(spec, trips=[*spec.trips, _shifted(source, edit.shift_s // 60)])
        case Withdrawn():
            kept = [each for each in spec.trips if each.row["trip_id"] != edit.trip]
            return replace(spec, trips=kept, frequencies=_without(spec.frequencies, "trip_id", edit.trip),
                           transfers=_without(_without(spec.transfers, "from_trip_id", edit.trip), "to_trip_id",
                                              edit.trip))  # fmt: skip
    raise AssertionError(edit)


def _without(given: Iterable[Any], column: str, value: str) -> list[Any]:
    return [row for row in given if row.get(column) != value]


def _shifted(source: BuiltTrip, minutes: int) -> BuiltTrip:
    def later(clock: str) -> str:
        if not clock:
            return clock
        hours, of_hour, seconds = clock.split(":")
        total = int(hours) * 60 + int(of_hour) + minutes
        return f"{total // 60:02}:{total % 60:02}:{seconds}"

    calls = tuple(
        {**call, "trip_id": "another", "arrival_time": later(call["arrival_time"]),
         "departure_time": later(call["departure_time"])} for call in source.calls
    )  # fmt: skip
    return BuiltTrip({**source.row, "trip_id": "another", "block_id": ""}, calls)


def instants(seed: int) -> list[datetime]:
    at = random_case(seed).questions[0].at
    return [datetime.fromtimestamp(at + 3600 * n, UTC) for n in range(2)]


def plain_trip(seed: int) -> str | None:
    """A trip of the case that no frequency moves."""
    spec = random_case(seed).spec
    moved = {row["trip_id"] for row in spec.frequencies}
    return next((each.row["trip_id"] for each in spec.trips if each.row["trip_id"] not in moved), None)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), shift_min=st.integers(1, 90))
def test_a_trip_added_is_the_feed_written_with_it_and_makes_nothing_later(seed: int, shift_min: int) -> None:
    chosen = plain_trip(seed)
    if chosen is None:
        return
    spec = random_case(seed).spec
    edit = TripAdded("f", chosen, shift_min * 60)
    before, now = (all_to_all(read, instants(seed)) for read in (tables(spec.files()), after(spec.files(), edit)))
    assert (now <= before).all()
    assert np.array_equal(now, all_to_all(tables(by_hand(spec, edit).files()), instants(seed)))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_trip_withdrawn_is_the_feed_written_without_it_and_makes_nothing_sooner(seed: int) -> None:
    chosen = plain_trip(seed)
    spec = random_case(seed).spec
    if chosen is None or len(spec.trips) < 2:
        return
    edit = Withdrawn("f", trip=chosen)
    now = all_to_all(after(spec.files(), edit), instants(seed))
    assert np.array_equal(now, all_to_all(_same_stops(by_hand(spec, edit), spec), instants(seed)))


def _same_stops(changed: Spec, spec: Spec) -> FeedTables:
    """The feed of `changed` with the stops of `spec`, those of no trip any more among them."""
    files = changed.files()
    files["stops.txt"], files["routes.txt"] = spec.files()["stops.txt"], spec.files()["routes.txt"]
    read: FeedTables = tables(files)
    return read

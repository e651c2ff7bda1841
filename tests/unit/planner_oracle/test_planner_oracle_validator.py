"""The validator judged: it accepts a journey that the files offer, and finds each thing that is then made wrong."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mobigo.planner.model import Endpoint, Journey, Limits, Query, Ride, Visit, Walk
from tests.builders import DAY, feed, transfer, trip
from tests.oracles.spec import World
from tests.oracles.validator import Validator
from tests.planner_adaptor import compiled, stop_rows

FILES = feed(
    [
        trip("one", "A 08:00 B 08:10/08:11 C! 08:20", route="P"),
        trip("two", "D 08:20 E 08:30 F 08:40", route="Q"),
        trip("three", "D 08:18 E 08:28", route="Q"),
    ],
    stops=[{"stop_id": "B", "stop_lat": "46.100000"}, {"stop_id": "D", "stop_lat": "46.102000"}],
    transfers=[transfer("B", "D", 2, 500)],
)
TIMETABLE = compiled(FILES)
WORLD = World(FILES)
ZERO = datetime.fromtimestamp(WORLD.day_start(DAY), UTC)


def hour(text: str) -> datetime:
    hours, minutes = text.split(":")
    return ZERO + timedelta(hours=int(hours), minutes=int(minutes))


def row(stop: str) -> int:
    return stop_rows(TIMETABLE, [stop])[0]


def trip_row(trip_id: str) -> int:
    return [str(known) for known in TIMETABLE.trip_id].index(trip_id)


def ride(trip_id: str, *visits: tuple[str, str, str]) -> Ride:
    made = tuple(Visit(row(stop), hour(arrive), hour(depart)) for stop, arrive, depart in visits)
    return Ride(((trip_row(trip_id), 0),), DAY, made)


FIRST = ride("one", ("A", "8:00", "8:00"), ("B", "8:10", "8:11"))
WALK = Walk(row("B"), row("D"), hour("8:10"), hour("8:15"), 290)
SECOND = ride("two", ("D", "8:20", "8:20"), ("E", "8:30", "8:30"))
GOOD = Journey((FIRST, WALK, SECOND), hour("8:00"), hour("8:30"))
ASKED = Query(Endpoint("A", stops=(row("A"),)), Endpoint("E", stops=(row("E"),)), hour("7:55"))


def faults(journey: Journey, query: Query = ASKED) -> list[str]:
    return Validator(TIMETABLE, {"feed": WORLD}).faults(journey, query)


def with_second(**changes: Any) -> Journey:
    return replace(GOOD, legs=(FIRST, WALK, replace(SECOND, **changes)))


def test_a_journey_as_the_files_offer_it_has_no_fault() -> None:
    assert faults(GOOD) == []


LATE = tuple(replace(visit, arrive_at=visit.arrive_at + timedelta(seconds=1)) for visit in SECOND.visits)
TIGHT = ride("three", ("D", "8:18", "8:18"), ("E", "8:28", "8:28"))


@pytest.mark.parametrize(
    ("journey", "query", "says"),
    [
        (replace(GOOD, legs=()), ASKED, "no leg"),
        (with_second(service_day=DAY + timedelta(days=1)), ASKED, "does not run on"),
        (with_second(visits=LATE), ASKED, "does not call like that"),
        (with_second(trips=((trip_row("one"), 0),)), ASKED, "does not call like that"),
        (with_second(by_frequency=True), ASKED, "by_frequency"),
        (with_second(visits=SECOND.visits[:1]), ASKED, "goes nowhere"),
        (replace(GOOD, legs=(FIRST, WALK, TIGHT), arrive_at=hour("8:28")), ASKED, "480.0 s to change"),
        (replace(GOOD, legs=(FIRST, SECOND)), ASKED, "without a walk"),
        (replace(GOOD, legs=(FIRST, WALK, WALK, SECOND)), ASKED, "two walks in a row"),
        (replace(GOOD, legs=(WALK, FIRST, SECOND)), ASKED, "before the one before it arrives"),
        (replace(GOOD, arrive_at=hour("8:29")), ASKED, "hours are not those"),
        (GOOD, replace(ASKED, at=hour("8:01")), "before"),
        (GOOD, replace(ASKED, at=hour("8:29"), arrive_by=True), "after"),
        (GOOD, replace(ASKED, limits=Limits(vehicles_max=1)), "2 vehicles, 1 allowed"),
        (GOOD, replace(ASKED, limits=Limits(duration_s_max=1799)), "longer than allowed"),
        (GOOD, replace(ASKED, limits=Limits(change_s_extra=101)), "500 + 101 needed"),
        (GOOD, replace(ASKED, limits=Limits(wheelchair=True)), "not known to take a wheelchair"),
        (GOOD, replace(ASKED, limits=Limits(route_types=frozenset({2}))), "of type 3"),
        (GOOD, replace(ASKED, limits=Limits(without_routes=frozenset({"feed:P"}))), "was to be avoided"),
        (GOOD, replace(ASKED, limits=Limits(only_agencies=frozenset({"feed:x"}))), "was not asked for"),
        (GOOD, replace(ASKED, destination=Endpoint("F", stops=(row("F"),))), "not where asked"),
    ],
)
def test_each_thing_made_wrong_is_found(journey: Journey, query: Query, says: str) -> None:
    assert any(says in fault for fault in faults(journey, query)), faults(journey, query)


def test_the_limits_themselves_are_allowed() -> None:
    limits = Limits(vehicles_max=2, duration_s_max=1800, change_s_extra=100)
    assert faults(GOOD, replace(ASKED, at=hour("8:00"), limits=limits)) == []
    assert faults(GOOD, replace(ASKED, at=hour("8:30"), arrive_by=True)) == []


def test_boarding_where_nobody_may_is_found() -> None:
    files = feed([trip("t", "A! 08:00 B^ 08:10 C 08:20")])
    timetable = compiled(files)
    rows = dict(zip("ABC", stop_rows(timetable, ["A", "B", "C"]), strict=True))
    hours = {"A": "8:00", "B": "8:10", "C": "8:20"}

    def journey(*stops: str) -> Journey:
        visits = tuple(Visit(rows[stop], hour(hours[stop]), hour(hours[stop])) for stop in stops)
        return Journey((Ride(((0, 0),), DAY, visits),), visits[0].depart_at, visits[-1].arrive_at)

    everywhere = Endpoint("any", stops=tuple(rows.values()))
    judge, query = Validator(timetable, {"feed": World(files)}), Query(everywhere, everywhere, hour("7:00"))
    assert judge.faults(journey("B", "C"), query) == []
    assert judge.faults(journey("A", "B", "C"), query) == ["nobody may board t at position 0"]
    assert judge.faults(journey("A", "B"), query) != []


def test_times_the_feed_leaves_blank_may_be_anything_between_those_around() -> None:
    files = feed([trip("t", "A 08:00 B - C 08:20")])
    timetable = compiled(files)
    rows = stop_rows(timetable, ["A", "B", "C"])
    query = Query(Endpoint("A", stops=(rows[0],)), Endpoint("B", stops=(rows[1],)), hour("7:00"))
    judge = Validator(timetable, {"feed": World(files)})

    def arriving(text: str) -> Journey:
        visits = (Visit(rows[0], hour("8:00"), hour("8:00")), Visit(rows[1], hour(text), hour(text)))
        return Journey((Ride(((0, 0),), DAY, visits),), hour("8:00"), hour(text))

    assert judge.faults(arriving("8:00"), query) == []
    assert judge.faults(arriving("8:20"), query) == []
    assert judge.faults(arriving("8:21"), query) != []

"""The exhaustive search judged by hand: the numbered rules of `tests.oracles.spec` on worlds one can check."""

from datetime import date

import pytest

from tests.builders import DAY, BuiltTrip, feed, frequency, transfer, trip
from tests.oracles.brute_force import Ask, Expanded
from tests.oracles.spec import World

HOUR = 3600


def at(world: World, text: str, day: date = DAY) -> int:
    hours, minutes = text.split(":")
    return world.day_start(day) + int(hours) * HOUR + int(minutes) * 60


def reach(trips: list[BuiltTrip], origin: str, destination: str, leave: str, **others: object) -> list[tuple[str, int]]:
    """The front as (arrival of the service day, vehicles)."""
    limits = {name: others.pop(name) for name in ("vehicles_max", "extra_change_s", "wheelchair") if name in others}
    world = World(feed(trips, **others))
    start = at(world, leave)
    expanded = Expanded(world, start - 2 * 86_400, start + 2 * 86_400)
    ask = Ask({origin: 0}, {destination: 0}, **limits)  # type: ignore[arg-type]  # named as in Ask
    front, _ = expanded.forward(ask, start)
    zero = world.day_start(DAY)
    return [
        (f"{(arrival - zero) // HOUR:02}:{(arrival - zero) // 60 % 60:02}", vehicles) for arrival, vehicles in front
    ]


ONE, TWO = trip("one", "A 08:00 B 08:10", route="P"), trip("two", "B 08:12 C 08:30", route="Q")


def test_of_two_ways_each_better_by_one_measure_both_are_kept() -> None:
    slow = trip("slow", "A 08:00 C 09:00")
    assert reach([ONE, TWO, slow], "A", "C", "7:59") == [("09:00", 1), ("08:30", 2)]
    assert reach([ONE, TWO, slow], "A", "C", "7:59", vehicles_max=1) == [("09:00", 1)]
    assert reach([ONE, TWO, slow], "A", "C", "8:01") == []


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ([], True),  # 120 s is just enough
        ([transfer("B", "B", 2, 121)], False),
        ([transfer("B", "B", 2, 121), transfer("B", "B", 2, 120, to_route_id="Q")], True),
        ([transfer("B", "B", 3, to_route_id="Q"), transfer("B", "B", 1, from_route_id="P", to_route_id="Q")], True),
        ([transfer("B", "B", 1, from_route_id="P", to_route_id="Q"), transfer("B", "B", 3, from_trip_id="one")], False),
        ([transfer("B", "B", 3, from_trip_id="one"), transfer("B", "B", 0, from_trip_id="one", to_route_id="Q")], True),
        ([transfer("B", "B", 0, from_trip_id="one", to_route_id="Q"),
          transfer("B", "B", 3, from_trip_id="one", to_trip_id="two")], False),
        ([transfer("B", "B", 3, from_trip_id="other")], True),
    ],
)  # fmt: skip
def test_the_most_specific_transfer_rule_wins(rules: list[dict[str, object]], found: bool) -> None:
    assert bool(reach([ONE, TWO], "A", "C", "8:00", transfers=rules)) is found


def test_an_extra_second_asked_for_each_change_loses_the_tight_one() -> None:
    assert reach([ONE, TWO], "A", "C", "8:00", extra_change_s=1) == []


def test_flags_hold_at_their_position_only() -> None:
    ring = [trip("ring", "A! 08:00 B^ 08:10 A 08:20 B 08:30")]
    assert reach(ring, "A", "B", "7:50") == [("08:30", 1)]  # boarded at the second A, left at the second B


def test_a_frequency_departs_until_just_before_its_end() -> None:
    shuttle = [trip("f", "A 08:00 B 08:10")]
    rows = [frequency("f", "10:00", "10:30", 600)]
    assert reach(shuttle, "A", "B", "7:50", frequencies=rows) == [("10:10", 1)]
    assert reach(shuttle, "A", "B", "10:20", frequencies=rows) == [("10:30", 1)]
    assert reach(shuttle, "A", "B", "10:21", frequencies=rows) == []


BLOCK = [trip("one", "A 08:00 B 08:10", block="b", route="P"), trip("two", "B 08:10 C 08:20", block="b", route="Q")]


def test_a_block_is_one_vehicle_until_type_5_parts_it() -> None:
    assert reach(BLOCK, "A", "C", "8:00") == [("08:20", 1)]
    assert reach(BLOCK, "A", "C", "8:00", transfers=[transfer("B", "B", 5, from_trip_id="one", to_trip_id="two")]) == []


def test_type_4_joins_what_no_block_does() -> None:
    apart = [trip("one", "A 08:00 B 08:10", route="P"), trip("two", "B 08:10 C 08:20", route="Q")]
    linked = [transfer("B", "B", 4, from_trip_id="one", to_trip_id="two")]
    assert reach(apart, "A", "C", "8:00") == []
    assert reach(apart, "A", "C", "8:00", transfers=linked) == [("08:20", 1)]


def test_a_block_joins_only_trips_of_the_same_day_that_meet() -> None:
    elsewhere = [BLOCK[0], trip("two", "D 08:10 C 08:20", block="b")]
    assert reach(elsewhere, "A", "C", "8:00") == []
    other_day = [BLOCK[0], trip("two", "B 08:10 C 08:20", block="b", service="tomorrow")]
    assert reach(other_day, "A", "C", "8:00", services={"tomorrow": ["2025-03-19"]}) == []


def test_near_stops_are_walked_between_and_far_ones_are_not() -> None:
    trips = [ONE, trip("two", "D 08:17 C 08:30", route="Q")]
    near = [{"stop_id": "B", "stop_lat": "46.1"}, {"stop_id": "D", "stop_lat": "46.103"}]  # 334 m: 362 s and 120 s
    assert reach(trips, "A", "C", "8:00", stops=near) == []  # 8:10 + 482 s
    later = [ONE, trip("two", "D 08:19 C 08:30", route="Q")]
    assert reach(later, "A", "C", "8:00", stops=near) == [("08:30", 2)]
    far = [{"stop_id": "B", "stop_lat": "46.1"}, {"stop_id": "D", "stop_lat": "46.104"}]  # 445 m
    assert reach(later, "A", "C", "8:00", stops=far) == []


def test_a_wheelchair_takes_what_is_known_to_be_accessible() -> None:
    stops = [{"stop_id": "A", "wheelchair_boarding": "1"}, {"stop_id": "B", "wheelchair_boarding": "1"}]
    yes, unknown = (trip("t", "A 08:00 B 08:10", wheelchair_accessible=flag) for flag in ("1", ""))
    assert reach([yes], "A", "B", "7:50", stops=stops, wheelchair=True) == [("08:10", 1)]
    assert reach([unknown], "A", "B", "7:50", stops=stops, wheelchair=True) == []
    assert reach([yes], "A", "B", "7:50", wheelchair=True) == []


@pytest.mark.parametrize(
    ("day", "hour_utc"),
    [(date(2025, 3, 18), 7), (date(2025, 3, 30), 6), (date(2025, 10, 26), 7), (date(2025, 7, 1), 6)],
)
def test_eight_o_clock_is_eight_on_the_wall_even_when_the_clocks_changed_that_night(day: date, hour_utc: int) -> None:
    world = World(feed([ONE]))
    assert at(world, "8:00", day) % 86_400 == hour_utc * HOUR


def test_arriving_by_leaves_last_and_a_window_holds_every_useful_departure() -> None:
    trips = [trip(f"t{h}", f"A {h}:00 B {h}:30") for h in (8, 9, 10)] + [trip("slow", "A 08:30 B 09:45")]
    world = World(feed(trips))
    start = at(world, "7:00")
    expanded = Expanded(world, start, start + 86_400)
    ask = Ask({"A": 60}, {"B": 30})
    assert expanded.backward(ask, at(world, "10:29")) == [(at(world, "9:00") - 60, 1)]
    assert expanded.backward(ask, at(world, "10:30") + 30) == [(at(world, "10:00") - 60, 1)]
    departures = [departure for departure, _, _ in expanded.profile(ask, start, 3 * HOUR)]
    assert departures == [at(world, f"{h}:00") - 60 for h in (8, 9, 10)]  # the slow one is beaten

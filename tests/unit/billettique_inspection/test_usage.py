"""From taps to ways, loads and revenue by line: a population whose truth is known, and sums that are exact."""

from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billettique.rules.usage import Boarded, StopAt, Tap, alightings, by_line, chain, load_after, part_of, spread
from mobigo.base.money import ZERO, Money
from tests.population import population

START = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)  # midnight in France
WAY = [StopAt(name, 47.0 + at * 0.01, 5.0) for at, name in enumerate("abcdef")]  # 1.1 km apart
LINE = {"1": [WAY, WAY[::-1]]}
PLACES = {stop.place: stop for stop in WAY}


def tap(stop: str, hour: float, line: str = "1") -> Tap:
    return Tap("t", START + timedelta(hours=hour), line, stop, "trip")


def test_there_and_back_is_inferred_both_ways() -> None:
    assert alightings([tap("b", 7), tap("e", 17)], LINE, PLACES) == ["e", "b"]


def test_one_tap_says_nothing() -> None:
    assert alightings([tap("b", 7)], LINE, PLACES) == [None]


def test_the_nearest_stop_after_boarding_within_a_walk() -> None:
    near, far = StopAt("near", 47.04, 5.01), StopAt("far", 47.04, 5.03)  # 0.76 km and 2.3 km east of e
    lines = {**LINE, "2": [[near, StopAt("z", 48.0, 6.0)]], "3": [[far, StopAt("z", 48.0, 6.0)]]}
    places = {stop.place: stop for some in lines.values() for way in some for stop in way}
    assert alightings([tap("b", 7), tap("near", 17, "2")], lines, places)[0] == "e"
    assert alightings([tap("b", 7), tap("far", 17, "3")], lines, places)[0] is None


def test_two_taps_at_once_are_two_people_and_say_nothing() -> None:
    assert alightings([tap("b", 7), tap("e", 7.03)], LINE, PLACES)[0] is None  # two people on one ticket


def test_a_line_or_a_stop_that_is_not_known_is_left_alone() -> None:
    assert alightings([tap("b", 7, "?"), tap("nowhere", 17)], LINE, PLACES) == [None, None]


def test_a_population_with_a_known_truth_is_found_again(capsys: pytest.CaptureFixture[str]) -> None:
    world = population(20_000, 7, START)
    places = {stop.place: stop for some in world.ways.values() for way in some for stop in way}
    order = {(line, stop.place): at for line, (way, _back) in world.ways.items() for at, stop in enumerate(way)}
    truth, inferred, within_one = iter(world.truth), 0, 0
    for _token, some in groupby(world.taps, key=lambda each: each.token):
        day = list(some)
        for each, off in zip(day, alightings(day, world.ways, places), strict=True):
            true = next(truth)
            if off is None:
                continue
            inferred += 1
            within_one += abs(order[each.line, off] - order[each.line, true]) <= 1
    with capsys.disabled():
        print(f"\n  {len(world.taps)} taps: {inferred / len(world.taps):.1%} inferred, "
              f"of which {within_one / inferred:.1%} within one stop; "
              f"{within_one / len(world.taps):.1%} of all")  # fmt: skip
    assert within_one / len(world.taps) >= 0.70
    found = chain(world.taps, world.ways)
    assert (found.taps, found.inferred) == (len(world.taps), inferred)
    assert sum(found.flows.values()) == inferred
    assert sum(found.on.values()) == sum(found.off.values()) == inferred


def test_parts_of_the_day_are_by_the_clock_in_france() -> None:
    assert [part_of(START + timedelta(hours=hour)) for hour in (0, 5, 6, 9, 16, 19, 23)] == [
        "nuit", "nuit", "matin", "journee", "soir", "nuit", "nuit"
    ]  # fmt: skip


def test_those_whose_way_is_unknown_ride_as_the_others() -> None:
    # 10 get on at a and 10 at b; of 10 whose way is known (5 and 5), 5 get off at c and 5 at d
    stops = [Boarded("a", 10, 5, 0), Boarded("b", 10, 5, 0), Boarded("c", 0, 0, 5), Boarded("d", 0, 0, 5)]
    assert load_after(stops) == [10, 20, 10, 0]
    assert load_after([Boarded("a", 3, 0, 0)]) == [0]  # nothing inferred: nothing said


# ---------------------------------------------------------------- revenue


@pytest.mark.parametrize(
    ("cents", "weights", "parts"),
    [
        (100, {"a": 1, "b": 1, "c": 1}, {"a": 34, "b": 33, "c": 33}),
        (101, {"a": 1, "b": 1, "c": 1}, {"a": 34, "b": 34, "c": 33}),
        (10, {"a": 2, "b": 1}, {"a": 7, "b": 3}),  # 6.67 and 3.33
        (-100, {"a": 1, "b": 1, "c": 1}, {"a": -34, "b": -33, "c": -33}),
        (5, {"a": 0, "b": 1}, {"a": 0, "b": 5}),
    ],
)
def test_an_amount_is_spread_by_largest_remainder(cents: int, weights: dict[str, int], parts: dict[str, int]) -> None:
    assert spread(Money(cents), weights) == {line: Money(part) for line, part in parts.items()}


lines = st.sampled_from(["", "1", "2", "3", "4"])
products = st.sampled_from(["single", "pass", "day"])


@given(
    st.dictionaries(products, st.integers(-(10**7), 10**7).map(Money)),
    st.dictionaries(st.tuples(products, lines), st.integers(0, 10**5)),
)
def test_the_lines_earn_together_what_the_products_earned(
    earned: dict[str, Money], uses: dict[tuple[str, str], int]
) -> None:
    assert sum(by_line(earned, uses).values(), ZERO) == sum(earned.values(), ZERO)


def test_what_was_never_validated_stands_apart() -> None:
    earned = {"single": Money(150), "pass": Money(4000)}
    assert by_line(earned, {("pass", "1"): 3, ("pass", "2"): 1}) == {
        "": Money(150), "1": Money(3000), "2": Money(1000)
    }  # fmt: skip

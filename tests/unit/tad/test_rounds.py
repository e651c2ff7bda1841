"""Rounds: small ones by hand, and streams of requests in which no promise once given is ever broken."""

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobigo.tad.engine import insertion
from mobigo.tad.engine.optimise import reoptimised
from mobigo.tad.model.rounds import Limits, Problem, Request, Rounds, Visit
from mobigo.tad.rules import checker
from tests.tad_world import Ruler, request, vehicle

H = 3600


def problem(*requests: Request, vehicles: int = 1, now_s: int | None = None) -> Problem:
    cars = tuple(vehicle(f"v{number}") for number in range(1, vehicles + 1))
    return Problem(cars, {each.id: each for each in requests}, Ruler(), 60, now_s)


def served(*requests: Request, vehicles: int = 1) -> Rounds:
    """All of them inserted, one after the other."""
    rounds: Rounds = {}
    for number, each in enumerate(requests):
        found = insertion.insert(rounds, problem(*requests[:number], vehicles=vehicles), each)
        assert found is not None, each
        rounds = found
    return rounds


def test_two_parties_share_a_vehicle_where_no_promise_breaks() -> None:
    # 9:00 from km 0 to 20; 9:10 from km 10 to 20: taken in on the way, 11 minutes after the first (10 km and a stop).
    a, b = request("a", 0, 20, 9 * H), request("b", 10, 20, 9 * H + 600)
    rounds = served(a, b)
    assert rounds["v1"] == (
        Visit("a", True, 9 * H), Visit("b", True, 9 * H + 660), Visit("a", False, 9 * H + 660 + 660),
        Visit("b", False, 9 * H + 660 + 660 + 60),
    ) or rounds["v1"][2:] == (
        Visit("b", False, 9 * H + 1_320), Visit("a", False, 9 * H + 1_380),
    )  # fmt: skip
    assert checker.faults(rounds, problem(a, b)) == []
    assert checker.metres(rounds, problem(a, b)) == 40_000


def test_a_vehicle_waits_rather_than_make_a_ride_too_long() -> None:
    # b gets in at 10:00 at km 10; a, picked up at 9:40 at once, would ride 20 min too long: the pick-up waits.
    a = request("a", 0, 20, 9 * H + 40 * 60, more_s=60)
    b = request("b", 10, 20, 10 * H, wait_s=0)
    rounds = served(a, b)
    first = rounds["v1"][0]
    assert first.request == "a"
    # b gets in at 10:00 and both get out at 10:11: a, 21 minutes in the vehicle at most, gets in at 9:49 or later.
    assert first.at_s >= 9 * H + 49 * 60
    assert checker.faults(rounds, problem(a, b)) == []


def test_the_last_place_is_taken_once() -> None:
    full = request("a", 0, 20, 9 * H, seats=4)
    rounds = served(full)
    assert insertion.insert(rounds, problem(full), request("b", 0, 20, 9 * H)) is None
    assert insertion.insert(rounds, problem(full), request("b", 0, 20, 9 * H, seats=0, wheelchairs=1)) is not None
    assert insertion.insert(rounds, problem(full), request("b", 0, 20, 9 * H, seats=0, wheelchairs=2)) is None
    later = insertion.insert(rounds, problem(full), request("b", 20, 0, 9 * H + 1_200, seats=4))
    assert later is not None  # the places are free again at km 20


def test_what_has_begun_does_not_move() -> None:
    a = request("a", 0, 20, 9 * H)
    rounds = served(a)
    # At 9:05 the vehicle is under way with a: b at km 5 at 9:06 cannot be on the way any more, at km 20 it can.
    under_way = problem(a, now_s=9 * H + 300)
    assert insertion.insert(rounds, under_way, request("b", 5, 20, 9 * H + 360, wait_s=0)) is None
    found = insertion.insert(rounds, under_way, request("b", 20, 0, 9 * H + 1_200))
    assert found is not None
    assert found["v1"][:2] == rounds["v1"]


def test_a_dispatcher_moves_a_party_only_where_every_promise_holds() -> None:
    a, b = request("a", 0, 20, 9 * H, seats=4), request("b", 0, 20, 9 * H, seats=4)
    rounds = served(a, b, vehicles=2)
    day = problem(a, b, vehicles=2)
    own = next(car for car, visits in rounds.items() if any(each.request == "a" for each in visits))
    other = "v2" if own == "v1" else "v1"
    assert insertion.moved(rounds, day, "a", other) is None  # b fills it at that hour
    alone = insertion.without(rounds, day, "b")
    moved = insertion.moved(alone, problem(a, vehicles=2), "a", other)
    assert moved is not None
    assert [visit.request for visit in moved[other]] == ["a", "a"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda v: (replace(v[0], at_s=9 * H - 1), v[1]), "early"),
        (lambda v: (replace(v[0], at_s=9 * H + 1_201), replace(v[1], at_s=9 * H + 2_461)), "late"),
        (lambda v: (v[0], replace(v[1], at_s=v[1].at_s - 1)), "road"),
        (lambda v: (v[0], replace(v[1], at_s=9 * H + 60 + 1_801)), "long_ride"),
        (lambda v: (v[0], replace(v[1], at_s=9 * H + 3_061)), "late_arrival"),
        (lambda v: (v[1], v[0]), "order"),
        (lambda v: (v[0],), "order"),
        (lambda v: (), "not_served"),
        (lambda v: (replace(v[0], request="x"), v[1]), "unknown"),
    ],
    ids=["early", "late", "road", "long-ride", "late-arrival", "swapped", "never-out", "forgotten", "unknown"],
)
def test_the_checker_sees_each_fault(change: Callable[[Any], Any], code: str) -> None:
    a = request("a", 0, 20, 9 * H)
    rounds = served(a)
    assert checker.faults(rounds, problem(a)) == []
    spoiled = {"v1": change(rounds["v1"])}
    assert code in {fault.code for fault in checker.faults(spoiled, problem(a))}


def test_the_checker_counts_places_and_vehicles() -> None:
    a, b = request("a", 0, 20, 9 * H, seats=3), request("b", 0, 20, 9 * H, seats=2)
    both = {"v1": (Visit("a", True, 9 * H), Visit("b", True, 9 * H + 60), Visit("a", False, 9 * H + 1_320),
                   Visit("b", False, 9 * H + 1_380))}  # fmt: skip
    assert {fault.code for fault in checker.faults(both, problem(a, b))} == {"seats"}
    twice = {"v1": served(a)["v1"], "v2": served(a)["v1"]}
    assert "served_twice" in {fault.code for fault in checker.faults(twice, problem(a, vehicles=2))}
    assert "unknown" in {fault.code for fault in checker.faults({"v9": served(a)["v1"]}, problem(a))}


def test_the_checker_imports_nothing_of_the_engine() -> None:
    tree = ast.parse(Path(checker.__file__).read_text(encoding="utf-8"))
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert named
    assert not any("engine" in each for each in named)


parties = st.builds(
    lambda n, a, far, at, seats, chairs, wait, more: request(
        f"r{n}", a, (a + far) % 40, at * 300, seats, chairs, wait * 300, more * 60
    ),
    st.just(0), st.integers(0, 39), st.integers(1, 39), st.integers(72, 160), st.integers(1, 4),
    st.sampled_from([0, 0, 0, 1]), st.integers(0, 6), st.integers(0, 20),
)  # fmt: skip
acts = st.one_of(
    parties.map(lambda each: ("book", each)),
    st.integers(0, 50).map(lambda each: ("cancel", each)),
    st.integers(1, 40).map(lambda each: ("improve", each)),
    st.integers(1, 8).map(lambda each: ("later", each)),
)


def run_stream(cars: int, stream: list[tuple[str, Any]]) -> int:
    """Live a day: book, cancel, improve, let time pass; after each act every promise given holds, nobody who was
    promised a ride is missing, and what took place has not moved. How many were served."""
    day = problem(vehicles=cars)
    rounds: Rounds = {}
    for number, (act, given_) in enumerate(stream):
        if act == "book":
            wanted = replace(given_, id=f"r{number}")
            if day.now_s is not None and wanted.promise.earliest_s <= day.now_s:
                continue
            found = insertion.insert(rounds, day, wanted, tries=3)
            if found is None:
                continue
            rounds, day = found, replace(day, requests={**day.requests, wanted.id: wanted})
        elif act == "cancel" and day.requests:
            name = sorted(day.requests)[int(given_) % len(day.requests)]
            begun = min(v.at_s for visits in rounds.values() for v in visits if v.request == name)
            if day.now_s is not None and begun <= day.now_s:
                continue
            rounds = insertion.without(rounds, day, name)
            day = replace(day, requests={key: each for key, each in day.requests.items() if key != name})
        elif act == "improve":
            before = checker.metres(rounds, day)
            rounds = insertion.improved(rounds, day, int(given_))
            assert checker.metres(rounds, day) <= before
        elif act == "later":
            past = [v for visits in rounds.values() for v in visits if v.at_s <= (day.now_s or 0)]
            day = replace(day, now_s=(day.now_s or 20_000) + 600 * int(given_))
            rounds = insertion.improved(rounds, day, 2)
            assert all(any(v in visits for visits in rounds.values()) for v in past)
        assert checker.faults(rounds, day) == []
    return len(day.requests)


@settings(max_examples=300)
@given(st.integers(1, 3), st.lists(acts, max_size=14))
def test_a_promise_once_given_is_never_broken(cars: int, stream: list[tuple[str, Any]]) -> None:
    run_stream(cars, stream)


@pytest.mark.slow
@settings(max_examples=10_000)
@given(st.integers(1, 3), st.lists(acts, max_size=20))
def test_a_promise_once_given_is_never_broken_in_ten_thousand_streams(cars: int, stream: list[tuple[str, Any]]) -> None:
    run_stream(cars, stream)


@settings(max_examples=12)
@given(st.lists(parties, min_size=2, max_size=8))
def test_re_optimising_breaks_no_promise_and_drives_no_further(wanted: list[Request]) -> None:
    rounds: Rounds = {}
    day = problem(vehicles=2)
    for number, each in enumerate(wanted):
        named = replace(each, id=f"r{number}")
        found = insertion.insert(rounds, day, named)
        if found is not None:
            rounds, day = found, replace(day, requests={**day.requests, named.id: named})
    better = reoptimised(rounds, day, Limits(solutions=20, seconds=2))
    assert checker.faults(better, day) == []
    assert checker.metres(better, day) <= checker.metres(rounds, day)


def test_re_optimising_finds_the_round_that_two_vehicles_drove_apart() -> None:
    # Two vehicles, each with one party of the same road and hour: one vehicle drives it in half the kilometres.
    a, b = request("a", 0, 20, 9 * H), request("b", 0, 20, 9 * H)
    apart: Rounds = {"v1": served(a)["v1"], "v2": served(b)["v1"]}
    day = problem(a, b, vehicles=2)
    assert checker.metres(apart, day) == 80_000
    better = reoptimised(apart, day, Limits(solutions=50, seconds=5))
    assert checker.metres(better, day) == 40_000
    assert checker.faults(better, day) == []
    assert reoptimised(apart, replace(day, now_s=9 * H), Limits()) == apart  # a day that has begun is left as it is

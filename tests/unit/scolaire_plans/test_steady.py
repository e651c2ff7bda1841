"""Mornings held steady: the same services, other hours and chains, before the bell for the fewest buses more."""

from dataclasses import replace
from itertools import combinations, pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scolaire.engine.day import DayAsk, DayLimits, plan_day
from scolaire.engine.delays import half_shares
from scolaire.engine.solve import Limits
from scolaire.engine.steady import Aim, _joined, moved, steadied
from scolaire.engine.stops import StopLimits
from scolaire.engine.variants import steady_day
from scolaire.engine.vehicles import blocks_of
from scolaire.model.day import DayPlan, Lock, LockKind
from scolaire.model.plan import Board, Circuit, Leave, Plan
from scolaire.model.problem import Depot, Handling, Need, Problem, School, Travel, VehicleType
from scolaire.rules.checker import faults
from scolaire.rules.day import day_faults
from scolaire.rules.halves import problems_of
from tests.school_world import sector

MINUTE = 60_000
SMALL = sector(3, schools=6, stops=24, pupils=240, wheelchair_pct=2, evenings=False)


@pytest.fixture(scope="module")
def base() -> DayPlan:
    return plan_day(SMALL, DayAsk(), DayLimits(StopLimits(60), Limits(20, 0, 20.0)), 1)


# Two schools an hour's ride from nothing: a stop ten minutes before each, and twenty from the first school to the
# second stop. Without doors, a bus of the first that leaves at 8:00 is there at 8:20 and at the second school at 8:30.
def two(first: tuple[int, int], second: tuple[int, int]) -> Problem:
    ms = np.full((5, 5), 60 * MINUTE, np.int32)
    np.fill_diagonal(ms, 0)
    ms[0, 1] = ms[2, 3] = 10 * MINUTE
    ms[1, 2] = 20 * MINUTE
    return Problem(
        Travel(ms, ms),
        (
            School("A", 1, first[0] * MINUTE, first[1] * MINUTE),
            School("B", 3, second[0] * MINUTE, second[1] * MINUTE),
        ),
        (Need("a", "a", 0, "A", 5, 60 * MINUTE), Need("b", "b", 2, "B", 5, 60 * MINUTE)),
        (VehicleType("car", 50),),
        (Depot("d", 4),),
        handling=Handling(0, 0, 0, 0),
    )


def drawn(problem: Problem, at_a: int, at_b: int) -> Plan:
    circuits = (
        Circuit("1", (Board("a", 5, (at_a - 10) * MINUTE), Leave("A", at_a * MINUTE))),
        Circuit("2", (Board("b", 5, (at_b - 10) * MINUTE), Leave("B", at_b * MINUTE))),
    )
    return Plan(circuits, blocks_of(circuits, problem, {}))


def share(plan: Plan, problem: Problem, grace_ms: int = 0) -> float:
    found = half_shares(plan, problem, cv=0.15, draws=1_000, seed=9, grace_ms=grace_ms)
    return sum(found.values()) / len(found)


def at(plan: Plan) -> list[int]:
    return [each.visits[-1].at_ms // MINUTE for each in plan.circuits]


@pytest.mark.parametrize(
    ("first", "second", "buses"),
    [
        ((480, 480), (510, 510), 2),  # no minute to spare, and none to gain: the second has a bus of its own
        ((465, 480), (510, 510), 1),  # the first may be a quarter of an hour sooner: room enough for both
        ((480, 480), (510, 525), 1),  # or the second later
    ],
)
def test_room_is_taken_from_the_windows_before_a_bus_is_bought(
    first: tuple[int, int], second: tuple[int, int], buses: int
) -> None:
    problem = two(first, second)
    plan = drawn(problem, 480, 510)
    assert len(plan.blocks) == 1
    found = steadied(plan, problem, Aim(0.99, grace_ms=5 * MINUTE))
    assert faults(found, problem) == []
    assert len(found.blocks) == buses
    assert share(found, problem, 5 * MINUTE) >= share(plan, problem, 5 * MINUTE)


def test_a_bus_is_not_bought_where_the_aim_is_met_without() -> None:
    problem = two((480, 480), (510, 510))
    plan = drawn(problem, 480, 510)
    assert share(plan, problem, 5 * MINUTE) > 0.9
    assert len(steadied(plan, problem, Aim(0.9, grace_ms=5 * MINUTE)).blocks) == 1


def test_hours_that_are_held_stay() -> None:
    problem = two((465, 480), (510, 510))
    plan = drawn(problem, 480, 510)
    assert at(steadied(plan, problem, Aim(0.99, grace_ms=5 * MINUTE)))[0] < 480
    kept = steadied(plan, problem, Aim(0.99, grace_ms=5 * MINUTE), held={"1"})
    assert at(kept)[0] == 480


def test_an_evening_stays_as_it_is() -> None:
    problem = replace(two((465, 480), (510, 510)), mirrored=True)
    plan = drawn(problem, 480, 510)
    assert steadied(plan, problem, Aim()) is plan


@pytest.mark.parametrize("aim", [0.9, 0.97, 0.99])
def test_a_day_held_steady_is_a_plan_of_the_demand_with_the_same_services(base: DayPlan, aim: float) -> None:
    found = steady_day(base, SMALL, DayAsk(), Aim(aim))
    assert day_faults(found, SMALL) == []
    assert found.seats == base.seats
    problem = problems_of(SMALL, base)["matin"]
    before, after = base.halves["matin"], found.halves["matin"]
    assert [shape(each) for each in before.circuits] == [shape(each) for each in after.circuits]
    assert share(after, problem, 300_000) >= min(aim - 0.005, share(before, problem, 300_000))
    assert steady_day(base, SMALL, DayAsk(), Aim(aim)) == found


def shape(circuit: Circuit) -> list[str]:
    return [each.need if isinstance(each, Board) else each.school for each in circuit.visits]


def test_locks_hold_in_a_day_held_steady(base: DayPlan) -> None:
    circuit = base.halves["matin"].circuits[0]
    vehicle = next(block.vehicle_type for block in base.halves["matin"].blocks if circuit.id in block.circuits)
    locks = (
        Lock("l1", LockKind.VEHICLE, "matin", circuit.id, vehicle),
        Lock("l2", LockKind.TIMES, "matin", circuit.id, clock(circuit.visits[0].at_ms)),
    )
    found = steady_day(base, SMALL, DayAsk(base=base, base_demand=SMALL, locks=locks))
    assert day_faults(found, SMALL, locks) == []


def clock(ms: int) -> str:
    return f"{ms // 3_600_000:02}:{ms // MINUTE % 60:02}"


def test_a_service_moved_is_the_same_service_later() -> None:
    circuit = drawn(two((465, 480), (510, 510)), 480, 510).circuits[0]
    assert [each.at_ms for each in moved(circuit, -MINUTE).visits] == [469 * MINUTE, 479 * MINUTE]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int, int]]]:
    """Services, and what some pairs of them spare."""
    count = draw(st.integers(1, 5))
    places = st.integers(0, count - 1)
    spared = draw(st.dictionaries(st.tuples(places, places), st.integers(1, 9), max_size=8))
    return count, [(one, two, each) for (one, two), each in spared.items() if one < two]


@settings(deadline=None)
@given(pairs())
def test_chains_spare_the_most(some: tuple[int, list[tuple[int, int, int]]]) -> None:
    """Beside every set of pairs in which nobody follows, or is followed by, two."""
    count, arcs = some
    chains = _joined(count, arcs)
    assert sorted(n for chain in chains for n in chain) == [*range(count)]
    worth = {(one, two): spared for one, two, spared in arcs}
    ours = sum(worth[pair] for chain in chains for pair in pairwise(chain))
    sets = [few for size in range(len(arcs) + 1) for few in combinations(arcs, size)]
    best = max(
        sum(each[2] for each in few)
        for few in sets
        if len({each[0] for each in few}) == len(few) == len({each[1] for each in few})
    )
    assert ours == best


# ---------------------------------------------------------------- vehicles that differ


def lines(kinds: str) -> tuple[Problem, tuple[Circuit, ...]]:
    """Services an hour apart in one place, so that any may follow any sooner: `l` needs a large bus, `w` one for
    wheelchairs (which is small), `s` any."""
    ms = np.zeros((2, 2), np.int32)
    needs, circuits = [], []
    for n, kind in enumerate(kinds):
        pupils, rolling = {"l": (40, 0), "w": (2, 1), "s": (5, 0)}[kind]
        needs.append(Need(f"n{n}", "s", 0, "S", pupils, 60 * MINUTE, rolling))
        at_ms = (300 + 60 * n) * MINUTE
        circuits.append(Circuit(f"c{n}", (Board(f"n{n}", pupils, at_ms, rolling), Leave("S", at_ms + MINUTE))))
    types = (VehicleType("large", 63), VehicleType("small", 16, 2))
    problem = Problem(
        Travel(ms, ms), (School("S", 1, 0, 1_440 * MINUTE),), tuple(needs), types, (Depot("d", 0),),
        handling=Handling(0, 0, 0, 0),
    )  # fmt: skip
    return problem, tuple(circuits)


@pytest.mark.parametrize(
    ("kinds", "buses"),
    [("lll", 1), ("lwlw", 2), ("wwll", 2), ("lwlwlw", 2), ("sls", 1), ("sws", 1), ("lswlsw", 2), ("wslwsl", 2)],
)
def test_a_bus_for_wheelchairs_and_a_large_one_each_drive_all_that_is_theirs(kinds: str, buses: int) -> None:
    problem, circuits = lines(kinds)
    assert len(blocks_of(circuits, problem, {})) == buses


@pytest.mark.parametrize("kinds", sorted({"".join(some) for some in permutations("llwwss")}))
def test_no_more_than_one_bus_of_each_type_is_asked_where_two_would_do(kinds: str) -> None:
    problem, circuits = lines(kinds)
    blocks = blocks_of(circuits, problem, {})
    assert len(blocks) == 2
    assert sorted(name for block in blocks for name in block.circuits) == sorted(each.id for each in circuits)
    assert faults(Plan(circuits, blocks), problem) == []

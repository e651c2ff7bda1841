"""A plan small enough to check by hand, and every way in which it may be wrong: each is found, and named."""

import random
from dataclasses import replace

import numpy as np
import pytest

from mobigo.base.decisions import Decision
from scolaire.model.plan import Block, Board, Circuit, Leave, Plan, Rule, Unserved
from scolaire.model.problem import Depot, Handling, Need, Problem, School, Travel, VehicleType
from scolaire.rules.checker import circuit_faults, faults

MINUTE = 60_000
# Nodes on a line, a minute of drive apart: 0 depot, 1 stop A, 2 stop B, 3 school S (8:00), 4 stop C, 5 school T (8:30).
MS = np.abs(np.subtract.outer(np.arange(6), np.arange(6))).astype(np.int32) * MINUTE
WORLD = Problem(
    Travel(MS, MS // 100),
    (School("S", 3, 480 * MINUTE, 480 * MINUTE), School("T", 5, 500 * MINUTE, 510 * MINUTE)),
    (
        Need("A", "A", 1, "S", 20, 10 * MINUTE),
        Need("B", "B", 2, "S", 9, 10 * MINUTE, wheelchairs=1),
        Need("C", "C", 4, "T", 30, 10 * MINUTE),
    ),
    (VehicleType("coach", seats=30, wheelchairs=1),),
    (Depot("yard", 0, {"coach": 2}),),
    Handling(board_ms=MINUTE, leave_ms=2 * MINUTE),
    amplitude_max_ms=60 * MINUTE,
)
# The bus opens its doors at A at 7:55:59, leaves a minute later, is at B a minute after that …
MORNING = Circuit("m", (Board("A", 20, 476 * MINUTE), Board("B", 9, 478 * MINUTE, 1), Leave("S", 480 * MINUTE)))
LATER = Circuit("l", (Board("C", 30, 483 * MINUTE), Leave("T", 500 * MINUTE - 15 * MINUTE + 15 * MINUTE)))
GOOD = Plan(
    (MORNING, replace(LATER, visits=(Board("C", 30, 498 * MINUTE), Leave("T", 500 * MINUTE)))),
    (Block("bus", "coach", "yard", ("m", "l")),),
)


def rules_of(plan: Plan, problem: Problem = WORLD) -> set[Rule]:
    return {fault.rule for fault in faults(plan, problem)}


def with_circuit(name: str, *visits: Board | Leave) -> Plan:
    return replace(
        GOOD, circuits=tuple(replace(each, visits=visits) if each.id == name else each for each in GOOD.circuits)
    )


def test_a_good_plan_has_no_fault() -> None:
    assert faults(GOOD, WORLD) == []


A, B, S = MORNING.visits
C, T = GOOD.circuits[1].visits
assert isinstance(A, Board)
assert isinstance(B, Board)
assert isinstance(C, Board)


@pytest.mark.parametrize(
    ("plan", "broken"),
    [
        (with_circuit("m", replace(A, need="Z"), B, S), {Rule.KNOWN}),
        (replace(GOOD, circuits=(*GOOD.circuits, MORNING)), {Rule.KNOWN}),
        (replace(GOOD, blocks=(Block("bus", "boat", "yard", ("m", "l")),)), {Rule.KNOWN}),
        (replace(GOOD, blocks=(Block("bus", "coach", "sea", ("m", "l")),)), {Rule.KNOWN}),
        (with_circuit("m", replace(A, pupils=19), B, S), {Rule.SERVED}),
        (
            with_circuit("m", replace(A, pupils=21), B, S),
            {Rule.SERVED},
        ),  # 30 in all, one in a wheelchair: seats suffice
        (replace(GOOD, unserved=(Unserved("A", 1, Decision("x")),)), {Rule.SERVED}),
        (with_circuit("m", A, replace(B, wheelchairs=0), S), {Rule.WHEELCHAIRS}),
        (with_circuit("m", A, B), {Rule.ORDER}),
        (with_circuit("m"), {Rule.ORDER, Rule.SERVED}),
        (with_circuit("m", A, B, S, Leave("T", 505 * MINUTE)), {Rule.ORDER, Rule.CHAIN}),
        (with_circuit("m", A, B, Leave("S", 481 * MINUTE)), {Rule.WINDOW}),
        (with_circuit("l", C, Leave("T", 500 * MINUTE - 1)), {Rule.WINDOW, Rule.TIMES}),
        (with_circuit("l", replace(C, at_ms=508 * MINUTE), Leave("T", 510 * MINUTE)), set()),
        (with_circuit("l", replace(C, at_ms=508 * MINUTE), Leave("T", 510 * MINUTE + 1)), {Rule.WINDOW}),
        (with_circuit("m", A, replace(B, at_ms=B.at_ms - 1), S), {Rule.TIMES}),
        (with_circuit("m", A, replace(B, at_ms=B.at_ms + 1), S), {Rule.TIMES}),
        (with_circuit("m", replace(A, at_ms=469 * MINUTE), B, S), set()),  # ten minutes on board
        (with_circuit("m", replace(A, at_ms=469 * MINUTE - 1), B, S), {Rule.RIDE}),
        (with_circuit("l", replace(C, at_ms=483 * MINUTE), T), {Rule.RIDE}),
        (replace(GOOD, blocks=(Block("bus", "coach", "yard", ("l", "m")),)), {Rule.CHAIN}),
        (replace(GOOD, blocks=(Block("bus", "coach", "yard", ("m",)),)), {Rule.BLOCK}),
        (replace(GOOD, blocks=(*GOOD.blocks, Block("two", "coach", "yard", ("l",)))), {Rule.BLOCK}),
        (replace(GOOD, blocks=tuple(Block(f"{n}", "coach", "yard", (n,)) for n in ("m", "l"))), set()),
    ],
)
def test_each_rule_is_held_on_both_sides_of_its_edge(plan: Plan, broken: set[Rule]) -> None:
    assert rules_of(plan) == broken


@pytest.mark.parametrize(("free_at_min", "broken"), [(483, set()), (482, {Rule.CHAIN})])
def test_a_bus_needs_its_doors_and_the_empty_drive(free_at_min: int, broken: set[Rule]) -> None:
    """At S at 8:00, doors until 8:02, a minute to C: 8:03, and not a millisecond before."""
    world = replace(WORLD, schools=(WORLD.schools[0], replace(WORLD.schools[1], first_ms=480 * MINUTE)))
    at_ms = free_at_min * MINUTE
    plan = with_circuit("l", replace(C, at_ms=at_ms), Leave("T", at_ms + 2 * MINUTE))
    assert rules_of(plan, world) == broken


@pytest.mark.parametrize(
    ("world", "broken"),
    [
        (replace(WORLD, vehicle_types=(VehicleType("coach", 29, 1),)), {Rule.SEATS}),  # C brings 30
        (replace(WORLD, vehicle_types=(VehicleType("coach", 30, 0),)), {Rule.WHEELCHAIRS}),
        (replace(WORLD, depots=(Depot("yard", 0, {"coach": 1}),)), set()),
        (replace(WORLD, depots=(Depot("yard", 0, {"coach": 0}),)), {Rule.DEPOT}),
        (replace(WORLD, depots=(Depot("yard", 0, {}),)), {Rule.DEPOT}),
        (replace(WORLD, amplitude_max_ms=26 * MINUTE), set()),  # 7:56 to 8:22
        (replace(WORLD, amplitude_max_ms=26 * MINUTE - 1), {Rule.AMPLITUDE}),
    ],
)
def test_vehicles_depots_and_drivers_have_limits(world: Problem, broken: set[Rule]) -> None:
    assert rules_of(GOOD, world) == broken


def test_pupils_of_two_schools_share_a_circuit_only_where_they_may() -> None:
    """A and B to S at 8:00 (doors until 8:02), C on at 8:03, T at 8:20 with a wait: 16 minutes for C are too many."""
    visits = (A, B, S, replace(C, at_ms=498 * MINUTE), T)
    plan = Plan((Circuit("one", visits),), (Block("bus", "coach", "yard", ("one",)),))
    assert rules_of(plan) == {Rule.SINGLE}
    assert rules_of(plan, replace(WORLD, mixed=True)) == set()


def test_a_pupil_who_is_left_is_named_and_that_is_no_fault() -> None:
    plan = replace(with_circuit("m", replace(A, pupils=15), B, S), unserved=(Unserved("A", 5, Decision("too_full")),))
    assert faults(plan, WORLD) == []


def test_a_circuit_alone_is_judged_as_within_its_plan() -> None:
    late = replace(MORNING, visits=(A, B, Leave("S", 481 * MINUTE)))
    assert [fault.rule for fault in circuit_faults(late, WORLD, WORLD.vehicle_types[0])] == [Rule.WINDOW]


MUTANTS = 1_000


def test_a_thousand_broken_plans_are_all_found_and_named() -> None:
    """Each mutation is drawn with the rule it breaks; the plan left alone is never accused."""
    draw = random.Random(7)
    for _ in range(MUTANTS):
        plan, world, rule = mutant(draw)
        assert rule in rules_of(plan, world)
    assert faults(GOOD, WORLD) == []


def mutant(draw: random.Random) -> tuple[Plan, Problem, Rule]:
    some = draw.randint(1, 400_000)
    return draw.choice(
        [
            (
                with_circuit("m", replace(A, pupils=20 + draw.choice((-1, 1)) * draw.randint(1, 19)), B, S),
                WORLD,
                Rule.SERVED,
            ),
            (with_circuit("m", replace(A, pupils=20 - min(19, some)), B, S), WORLD, Rule.SERVED),
            (with_circuit("m", A, B, Leave("S", 480 * MINUTE + some)), WORLD, Rule.WINDOW),
            (with_circuit("m", A, replace(B, at_ms=B.at_ms + some), S), WORLD, Rule.TIMES),
            (with_circuit("m", replace(A, at_ms=469 * MINUTE - some), B, S), WORLD, Rule.RIDE),
            (with_circuit("m", A, S, B), WORLD, Rule.ORDER),
            (GOOD, replace(WORLD, amplitude_max_ms=26 * MINUTE - some), Rule.AMPLITUDE),
            (GOOD, replace(WORLD, vehicle_types=(VehicleType("coach", draw.randint(0, 29), 1),)), Rule.SEATS),
            (replace(GOOD, blocks=(Block("bus", "coach", "yard", draw.choice((("m",), ("l",)))),)), WORLD, Rule.BLOCK),
            (with_circuit("m", replace(A, need=f"Z{some}"), B, S), WORLD, Rule.KNOWN),
        ]
    )

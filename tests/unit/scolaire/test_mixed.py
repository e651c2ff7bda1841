"""Pupils of several schools on one bus: every line the compiled rules accept is one the checker accepts, and the
other way round; fewer buses where that is possible; what is held stays."""

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest

from scolaire.engine.mixed import _facts, mix
from scolaire.engine.mixing import NONE, best_line, hours, new_room
from scolaire.engine.solve import Limits, solve
from scolaire.model.plan import Block, Board, Circuit, Leave, Plan
from scolaire.model.problem import Depot, Handling, Need, Problem, School, Travel, VehicleType
from scolaire.rules.checker import faults
from tests.unit.scolaire.test_solve import drawn

MINUTE = 60_000
LIMITS = Limits(iterations=40, rounds=0, choice_s=20.0)
# Depot 0; schools S 1 and T 2, two minutes apart; stops s 3, t 4 beside each other, ten minutes from both schools.
MIN = np.array(
    [[0, 9, 9, 9, 9], [9, 0, 2, 10, 10], [9, 2, 0, 10, 10], [9, 10, 10, 0, 1], [9, 10, 10, 1, 0]], dtype=np.int32
)


def two(*, seats: int = 9, ride_min: int = 15, last_min: int = 480, apart_min: int = 5) -> Problem:
    """A pupil for each school; T may be reached `apart_min` after S at the earliest."""
    return Problem(
        Travel(MIN * MINUTE, MIN * MINUTE),
        (
            School("S", 1, 470 * MINUTE, last_min * MINUTE),
            School("T", 2, (470 + apart_min) * MINUTE, (last_min + apart_min) * MINUTE),
        ),
        (Need("s", "s", 3, "S", 1, ride_min * MINUTE), Need("t", "t", 4, "T", 1, ride_min * MINUTE)),
        (VehicleType("car", seats),), (Depot("yard", 0),), Handling(), mixed=True,
    )  # fmt: skip


def alone(problem: Problem) -> Plan:
    """A bus for each need."""
    circuits = tuple(
        Circuit(
            each.id,
            (
                Board(each.id, each.pupils, school.last_ms - int(problem.travel.ms[each.node, school.node])),
                Leave(school.id, school.last_ms),
            ),
        )
        for each in problem.needs
        for school in [problem.school_of[each.school]]
    )
    return Plan(circuits, tuple(Block(f"car-{each.id}", "car", "yard", (each.id,)) for each in circuits))


@pytest.mark.parametrize(
    ("problem", "buses"),
    [
        (two(), 1),
        (two(seats=1), 2),  # two on board at once
        (two(ride_min=12), 1),  # s, t, S, T: eleven minutes for s, twelve for t
        (two(ride_min=11), 2),  # t, s, S, T: ten and thirteen; t, s, T, S: twelve and eleven
        (two(last_min=470, apart_min=0), 2),  # both at the same instant
        (two(last_min=470, apart_min=2), 1),
        (two(last_min=470, apart_min=4, ride_min=14), 1),  # t waits two minutes before the gate of T
        (two(last_min=470, apart_min=4, ride_min=13), 2),
    ],
)
def test_two_schools_share_a_bus_where_seats_rides_and_gates_allow(problem: Problem, buses: int) -> None:
    plan = mix(problem, alone(problem), stem="m", turns=40, seed=1)
    assert faults(plan, problem) == []
    assert len(plan.blocks) == buses
    fewest = 1 if any(_possible(problem, line) for line in itertools.permutations([0, 1, -1, -2])) else 2
    assert buses == fewest


def _possible(problem: Problem, line: tuple[int, ...]) -> bool:
    return hours(_facts(problem), np.array(line, dtype=np.int64), len(line), new_room(len(problem.schools)))


def every_instant(problem: Problem, line: tuple[int, ...]) -> bool:
    """Whether a line can be driven, trying arrivals minute by minute and waiting anywhere: the slow way."""
    facts = problem.travel.ms
    nodes = [problem.needs[v].node if v >= 0 else problem.schools[-v - 1].node for v in line]
    drives = [int(facts[a, b]) // MINUTE for a, b in itertools.pairwise(nodes)]
    for waits in itertools.product(range(4), repeat=len(drives)):
        for start in range(440, 490):
            at = [start]
            for drive, wait in zip(drives, waits, strict=True):
                at.append(at[-1] + drive + wait)
            visits = [
                Board(problem.needs[v].id, problem.needs[v].pupils, t * MINUTE)
                if v >= 0
                else Leave(problem.schools[-v - 1].id, t * MINUTE)
                for v, t in zip(line, at, strict=True)
            ]
            plan = Plan((Circuit("c", tuple(visits)),), (Block("b", "car", "yard", ("c",)),))
            asked = replace(problem, needs=tuple(problem.needs[v] for v in line if v >= 0))
            if not faults(plan, asked):
                return True
    return False


@pytest.mark.parametrize("seed", range(12))
def test_a_line_is_good_where_the_checker_finds_hours_for_it(seed: int) -> None:
    draw = random.Random(seed)
    problem = two(
        seats=draw.choice((1, 2)), ride_min=draw.choice((10, 11, 12, 13, 14)), last_min=draw.choice((470, 471)),
        apart_min=draw.choice((0, 1, 2, 3, 4)),
    )  # fmt: skip
    for line in ((0, 1, -1, -2), (1, 0, -2, -1), (0, -1, 1, -2), (1, 0, -1, -2)):
        assert _possible(problem, line) == every_instant(problem, line), (line, problem)


@pytest.mark.parametrize("line", [(0, 1, -1), (-1, 0, 1, -2), (0, -2, 1, -1), (0, -1, -1, 1, -2)])
def test_a_line_that_leaves_somebody_or_goes_for_nobody_is_none(line: tuple[int, ...]) -> None:
    assert not _possible(two(), line)


def test_a_need_is_put_where_it_costs_least_driving() -> None:
    """On the bus s, S: t before s costs a minute at the stops, its school two minutes after S."""
    problem, line = two(), np.array([0, -1] + [0] * 60, dtype=np.int64)
    facts, room = _facts(problem), new_room(2)
    more, board, leave = best_line(facts, line, 2, 1, 1 << 60, room)
    assert more == 3 * MINUTE
    assert leave in (1, 2)  # S then T, or T then S
    assert board in (0, 1)
    assert best_line(facts, line, 2, 1, 3 * MINUTE, room)[1] == NONE  # no less than that
    assert best_line(_facts(two(seats=1, last_min=470)), line, 2, 1, 1 << 60, room)[1] == NONE


@pytest.mark.parametrize("seed", range(3))
def test_a_drawn_plan_is_never_worse_and_breaks_no_rule(seed: int) -> None:
    single = drawn(seed)
    problem = replace(single, mixed=True, amplitude_max_ms=240 * MINUTE)
    before = solve(problem, LIMITS, seed)
    plan = mix(problem, before, stem="m", turns=60, seed=seed)
    assert faults(plan, problem) == []
    assert len(plan.blocks) <= len(before.blocks)
    assert plan == mix(problem, before, stem="m", turns=60, seed=seed)
    assert mix(single, before, stem="m", turns=60, seed=seed) == before  # where it was not asked for


def test_what_is_held_and_who_rolls_stay_as_they_are() -> None:
    problem = two()
    before = alone(problem)
    assert mix(problem, before, stem="m", turns=40, seed=1, held=frozenset({"s"})) == before
    rolling = replace(
        problem, needs=(replace(problem.needs[0], wheelchairs=1), problem.needs[1]),
        vehicle_types=(VehicleType("car", 9, 1),),
    )  # fmt: skip
    circuit = before.circuits[0]
    board = circuit.visits[0]
    assert isinstance(board, Board)
    seated = replace(circuit, visits=(replace(board, wheelchairs=1), circuit.visits[1]))
    wheels = replace(before, circuits=(seated, before.circuits[1]))
    assert mix(rolling, wheels, stem="m", turns=40, seed=1) == wheels


def test_whoever_stops_it_has_the_plan_there_was() -> None:
    problem = two()
    assert mix(problem, alone(problem), stem="m", turns=40, seed=1, going=lambda: False) == alone(problem)

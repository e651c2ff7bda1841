"""The whole way from a problem to a checked plan, on schools small enough to be quick."""

import random
from dataclasses import replace

import numpy as np
import pytest

from mobigo.base.errors import Refused
from scolaire.engine.solve import Limits, Step, solve
from scolaire.model.plan import Plan
from scolaire.model.problem import Depot, Handling, Need, Problem, School, Travel, VehicleType
from scolaire.rules.checker import faults

MINUTE = 60_000
LIMITS = Limits(iterations=60, rounds=2, choice_s=20.0)


def drawn(seed: int, schools: int = 3, stops: int = 12) -> Problem:
    """Schools and stops on a plain of 20 km, 45 km/h; bells a quarter of an hour apart."""
    draw = random.Random(seed)
    places = np.array([(draw.uniform(0, 20_000), draw.uniform(0, 20_000)) for _ in range(1 + schools + stops)])
    metres = np.sqrt(((places[:, None] - places[None]) ** 2).sum(axis=2))
    return Problem(
        Travel((metres / 12.5 * 1000).astype(np.int32), metres.astype(np.int32)),
        tuple(School(f"s{n}", 1 + n, (465 + 15 * n) * MINUTE, (465 + 15 * n) * MINUTE) for n in range(schools)),
        tuple(
            Need(f"n{n}", f"n{n}", 1 + schools + n, f"s{n % schools}", draw.randint(1, 20), 60 * MINUTE)
            for n in range(stops)
        ),
        (VehicleType("coach", 40),),
        (Depot("yard", 0),),
        Handling(10_000, 2_000, 30_000, 1_000),
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_plan_breaks_no_rule_and_leaves_nobody(seed: int) -> None:
    problem = drawn(seed)
    plan = solve(problem, LIMITS, seed)
    assert faults(plan, problem) == []
    assert plan.unserved == ()


def test_a_wider_window_never_needs_more_buses() -> None:
    problem = drawn(5)
    wide = replace(
        problem, schools=tuple(replace(each, last_ms=each.last_ms + 10 * MINUTE) for each in problem.schools)
    )
    plan = solve(wide, LIMITS, 5)
    assert faults(plan, wide) == []
    assert len(plan.blocks) <= len(solve(problem, LIMITS, 5).blocks)


def test_the_same_seed_and_limits_give_the_same_plan() -> None:
    assert solve(drawn(6), LIMITS, 1) == solve(drawn(6), LIMITS, 1)


def test_a_moved_and_turned_map_needs_the_same_buses() -> None:
    """Only driving times count: the same matrix under other node numbers."""
    problem = drawn(7)
    count = len(problem.travel.ms)
    turned = np.arange(count)[::-1]
    other = replace(
        problem,
        travel=Travel(problem.travel.ms[np.ix_(turned, turned)], problem.travel.metres[np.ix_(turned, turned)]),
        schools=tuple(replace(each, node=count - 1 - each.node) for each in problem.schools),
        needs=tuple(replace(each, node=count - 1 - each.node) for each in problem.needs),
        depots=(Depot("yard", count - 1),),
    )
    assert len(solve(problem, LIMITS, 1).blocks) == len(solve(other, LIMITS, 1).blocks)


def test_whoever_listens_hears_every_step_and_may_stop() -> None:
    heard: list[Step] = []

    def once(step: Step) -> bool:
        heard.append(step)
        return False

    plan = solve(drawn(8), LIMITS, 1, once)
    assert faults(plan, drawn(8)) == []
    assert [step.phase for step in heard] == ["pool", "done"]


def test_a_stop_too_far_is_refused_by_the_name_of_its_school() -> None:
    problem = drawn(9)
    far = replace(problem, needs=tuple(replace(each, ride_max_ms=1) for each in problem.needs))
    with pytest.raises(Refused) as refused:
        solve(far, LIMITS, 1)
    assert refused.value.decision.code == "scolaire.no_route"


def test_a_school_without_pupils_needs_no_bus() -> None:
    problem = replace(drawn(10), needs=())
    assert solve(problem, LIMITS, 1) == Plan((), ())

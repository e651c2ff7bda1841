"""Stop selection: equal to trying everything on tiny schools, never a broken rule, the same bytes for a seed."""

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest

from scolaire.engine.stops import StopLimits, choose_stops
from scolaire.model.stops import StopPlan, StopProblem, StopRule
from scolaire.rules.stops import stop_faults, tour_cost


def drawn(draw: random.Random, stops: int, pupils: int, seats: int) -> StopProblem:
    """Stops and pupils on a square; each pupil reaches the one or two nearest stops, or all of them."""
    places = np.array([(draw.random(), draw.random()) for _ in range(stops + 1)])
    costs = np.sqrt(((places[:, None] - places[None]) ** 2).sum(axis=2))
    reach = tuple(
        tuple(sorted(draw.sample(range(1, stops + 1), draw.randint(1, min(2, stops))))) for _ in range(pupils)
    )
    return StopProblem(costs, reach, seats)


def cheapest(problem: StopProblem) -> float | None:
    """Every assignment of pupils to stops, every way to share the stops among tours, every order."""
    best = None
    for stop_of in set(itertools.product(*problem.reach)):
        served = sorted(set(stop_of))
        for shared in partitions(served):
            if any(sum(stop_of.count(stop) for stop in tour) > problem.seats for tour in shared):
                continue
            cost = sum(min(tour_cost(order, problem) for order in itertools.permutations(tour)) for tour in shared)
            best = cost if best is None else min(best, cost)
    return best


def partitions(items: list[int]) -> list[list[tuple[int, ...]]]:
    if not items:
        return [[]]
    head, rest = items[0], partitions(items[1:])
    return [[(head,), *some] for some in rest] + [
        [*some[:n], (head, *some[n]), *some[n + 1 :]] for some in rest for n in range(len(some))
    ]


@pytest.mark.parametrize("seed", range(40))
def test_a_tiny_school_is_served_as_cheaply_as_can_be(seed: int) -> None:
    draw = random.Random(seed)
    problem = drawn(draw, draw.randint(1, 4), draw.randint(1, 5), draw.randint(2, 5))
    plan, best = choose_stops(problem, StopLimits(400), seed), cheapest(problem)
    if best is None:  # more pupils have one stop only than a bus has seats
        assert plan is None
        return
    assert plan is not None
    assert stop_faults(plan, problem) == []
    assert plan.cost == pytest.approx(best)


@pytest.mark.parametrize("seed", [17, 33, 50, 137])
def test_a_stop_on_the_way_that_everybody_left_is_not_served(seed: int) -> None:
    """Twenty stops on ten corners of a grid: going by one more often costs nothing."""
    draw = random.Random(seed)
    places = np.array([(draw.randint(0, 4), draw.randint(0, 1)) for _ in range(21)], dtype=np.float64)
    costs = np.sqrt(((places[:, None] - places[None]) ** 2).sum(axis=2))
    reach = tuple(tuple(sorted(draw.sample(range(1, 21), draw.randint(1, 4)))) for _ in range(30))
    problem = StopProblem(costs, reach, 8)
    plan = choose_stops(problem, StopLimits(1), seed)
    assert plan is not None
    assert stop_faults(plan, problem) == []


def test_the_same_seed_and_limits_give_the_same_plan() -> None:
    problem = drawn(random.Random(3), 12, 60, 20)
    first, again = (choose_stops(problem, StopLimits(300), 5) for _ in range(2))
    assert first == again
    assert first is not None
    assert stop_faults(first, problem) == []


def test_a_pupil_without_a_stop_is_left_and_nobody_else() -> None:
    problem = drawn(random.Random(1), 3, 4, 9)
    plan = choose_stops(replace(problem, reach=((), *problem.reach)), StopLimits(50), 1)
    assert plan is not None
    assert plan.stop_of[0] == 0
    assert all(plan.stop_of[1:])


def test_a_school_without_pupils_needs_no_tour() -> None:
    assert choose_stops(StopProblem(np.zeros((2, 2)), (), 50), StopLimits(10), 1) == StopPlan((), (), 0.0)


def test_more_pupils_at_their_only_stop_than_seats_is_no_plan() -> None:
    assert choose_stops(StopProblem(np.ones((2, 2)), ((1,),) * 3, 2), StopLimits(10), 1) is None
    assert choose_stops(StopProblem(np.ones((2, 2)), ((1,),) * 2, 2), StopLimits(10), 1) is not None


SMALL = StopProblem(np.array([[0.0, 3, 4], [3, 0, 5], [4, 5, 0]]), ((1,), (1, 2), (2,)), 2)
GOOD = StopPlan(((1,), (2,)), (1, 1, 2), 14.0)


@pytest.mark.parametrize(
    ("plan", "broken"),
    [
        (GOOD, set()),
        (StopPlan(((1, 2),), (1, 1, 2), 12.0), {StopRule.SEATS}),
        (StopPlan(((1,), (2,)), (1, 0, 2), 14.0), {StopRule.LEFT}),
        (StopPlan(((1,), (2,)), (1, 1), 14.0), {StopRule.LEFT, StopRule.ONCE}),
        (StopPlan(((1,), (2,)), (2, 1, 2), 14.0), {StopRule.REACH}),
        (StopPlan(((1,),), (1, 1, 2), 6.0), {StopRule.REACH}),
        (StopPlan(((1,), (2, 1)), (1, 1, 2), 18.0), {StopRule.ONCE, StopRule.SEATS}),
        (StopPlan(((1,), (2,)), (1, 1, 2), 13.9), {StopRule.COST}),
    ],
)
def test_each_rule_of_a_choice_of_stops_is_held(plan: StopPlan, broken: set[StopRule]) -> None:
    assert {fault.rule for fault in stop_faults(plan, SMALL)} == broken

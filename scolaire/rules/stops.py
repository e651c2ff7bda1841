"""Is this choice of stops what it claims? Recomputed from the problem alone; no solver is imported."""

import math
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from mobigo.base.decisions import Decision
from scolaire.model.stops import StopFault, StopPlan, StopProblem, StopRule


def stop_faults(plan: StopPlan, problem: StopProblem) -> list[StopFault]:
    """Every broken rule, in the order: stops, pupils, seats, cost."""
    return [*_stops(plan, problem), *_pupils(plan, problem), *_seats(plan, problem), *_cost(plan, problem)]


def tour_cost(tour: tuple[int, ...], problem: StopProblem) -> float:
    """From the school through the stops and back."""
    return sum(float(problem.costs[a, b]) for a, b in pairwise((0, *tour, 0)))


def _stops(plan: StopPlan, problem: StopProblem) -> Iterator[StopFault]:
    served = Counter(stop for tour in plan.tours for stop in tour)
    waiting = set(plan.stop_of)
    for stop, times in served.items():
        if times > 1 or stop not in waiting or not 1 <= stop < len(problem.costs):
            yield StopFault(StopRule.ONCE, Decision("scolaire.stop_not_once", stop=stop, times=times))


def _pupils(plan: StopPlan, problem: StopProblem) -> Iterator[StopFault]:
    served = {stop for tour in plan.tours for stop in tour}
    if len(plan.stop_of) != len(problem.reach):
        said = Decision("scolaire.pupils_missing", pupils=len(plan.stop_of), asked=len(problem.reach))
        yield StopFault(StopRule.LEFT, said)
    for pupil, (stop, reach) in enumerate(zip(plan.stop_of, problem.reach, strict=False)):
        if stop == 0 and reach:
            yield StopFault(StopRule.LEFT, Decision("scolaire.pupil_without_stop", pupil=pupil))
        if stop and (stop not in reach or stop not in served):
            yield StopFault(StopRule.REACH, Decision("scolaire.stop_out_of_reach", pupil=pupil, stop=stop))


def _seats(plan: StopPlan, problem: StopProblem) -> Iterator[StopFault]:
    waiting = Counter(plan.stop_of)
    for n, tour in enumerate(plan.tours):
        aboard = sum(waiting[stop] for stop in tour)
        if aboard > problem.seats:
            said = Decision("scolaire.tour_too_full", tour=n + 1, aboard=aboard, seats=problem.seats)
            yield StopFault(StopRule.SEATS, said)


def _cost(plan: StopPlan, problem: StopProblem) -> Iterator[StopFault]:
    cost = sum(tour_cost(tour, problem) for tour in plan.tours)
    if not math.isclose(cost, plan.cost, rel_tol=1e-9, abs_tol=1e-6):
        said = Decision("scolaire.cost_is_another", told=round(plan.cost, 2), cost=round(cost, 2))
        yield StopFault(StopRule.COST, said)

"""Hours of schools on request: at most so many schools, by at most so many minutes, where it saves buses.

A school moves with its whole day: every half-day by the same minutes. The half-day that takes the most buses decides;
then all are planned anew with the hours that were found. What is given back is never worse than the plan under today's
hours. Whose hours are locked does not move.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from scolaire.engine.choice import By, Shifts, choose
from scolaire.engine.day import DayAsk, DayLimits, DayTold, Mode, plan_day
from scolaire.engine.going import Going, always
from scolaire.engine.half import WHEELS, HalfAsk, Work, known_routes, quick_routes, work_of
from scolaire.engine.pool import Arrival
from scolaire.engine.solve import Limits, first_routes
from scolaire.model.day import DayPlan, LockKind
from scolaire.model.demand import DAY_MS, Demand, Direction, Half
from scolaire.model.problem import Problem
from scolaire.rules.halves import problem_of, travel_of
from scolaire.rules.kpi import worth

STEP_MIN = 5
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Moves:
    """How many schools may move, and by how many minutes, sooner or later."""

    schools: int
    minutes: int


def plan_with_bells(
    demand: Demand, ask: DayAsk, moves: Moves, limits: DayLimits, seed: int, *,
    told: Callable[[DayTold], bool] = lambda _: True,
    keep: Callable[[DayPlan, Demand], None] = lambda _plan, _demand: None, going: Going = always,
) -> tuple[DayPlan, Demand]:  # fmt: skip
    """The best plan found, and the demand with the hours it was made for. `keep` is given every better plan with its
    demand. Raises what `plan_day` raises."""
    best = plan_day(demand, ask, limits, seed, told=told, keep=lambda plan: keep(plan, demand), going=going)
    if not (told(DayTold("bells", "", None, None)) and going()):
        return best, demand
    locked = frozenset(lock.subject for lock in ask.locks if lock.kind is LockKind.BELL)
    moved = propose(demand, best, moves, limits.halves, seed, locked=locked, going=going)
    if not moved.moved:
        return best, demand
    found = best, demand

    def better(plan: DayPlan) -> None:
        nonlocal found
        if worth(plan, moved) < worth(*found):
            found = plan, moved
            keep(plan, moved)

    again = replace(ask, mode=Mode.WARM, base=best, base_demand=demand)
    plan_day(moved, again, limits, seed, told=told, keep=better, going=going)
    return found


def propose(
    demand: Demand, plan: DayPlan, moves: Moves, limits: Limits, seed: int, *, locked: frozenset[str] = frozenset(),
    going: Going = always,
) -> Demand:  # fmt: skip
    """The demand with the hours that need the fewest buses in the busiest half-day: of those, the ones that move the
    fewest schools by the fewest minutes. The same demand when nothing is saved."""
    halves = [half for half in demand.halves if half.id in plan.halves]
    if not halves or moves.schools < 1 or moves.minutes < STEP_MIN:
        return demand
    half = max(halves, key=lambda each: len(plan.halves[each.id].blocks))
    problem = problem_of(demand, plan.seats, half, travel_of(demand))
    free = {each.id: _minutes(demand, each.id, moves) for each in problem.schools if each.id not in locked}
    work = _pool(problem, plan, half, free, limits, seed, going)
    shifts = _shifts(work, problem, half, free, moves)
    best = choose(work.pool, By.SCENARIO, most_s=limits.choice_s, going=going, shifts=shifts)
    if best is None:
        return demand
    minutes = {work.grouped.schools[n].id.removesuffix(WHEELS): shift for n, shift in best.minutes.items()}
    return with_hours(demand, minutes)


def with_hours(demand: Demand, minutes: Mapping[str, int]) -> Demand:
    """The demand with whole days of schools moved by so many minutes."""
    schools = tuple(
        replace(each, windows={half: (first + by, last + by) for half, (first, last) in each.windows.items()})
        for each in demand.schools
        for by in [minutes.get(each.id, 0) * MINUTE_MS]
    )
    moved = {name: demand.moved.get(name, 0) + minutes.get(name, 0) for name in {*demand.moved, *minutes}}
    return replace(demand, schools=schools, moved={name: by for name, by in sorted(moved.items()) if by})


def _minutes(demand: Demand, school: str, moves: Moves) -> list[int]:
    """By how much a school may move, from its hours of today: not out of the day, nor further than asked in all when it
    was moved before."""
    windows = demand.school_of[school].windows.values()
    most = moves.minutes // STEP_MIN * STEP_MIN
    return [
        by
        for by in range(-most, most + 1, STEP_MIN)
        if abs(demand.moved.get(school, 0) + by) <= max(most, abs(demand.moved.get(school, 0)))
        and all(first + by * MINUTE_MS >= 0 and last + by * MINUTE_MS < DAY_MS for first, last in windows)
    ]


def _pool(
    problem: Problem, plan: DayPlan, half: Half, free: Mapping[str, list[int]], limits: Limits, seed: int, going: Going
) -> Work:
    """The routes of each school by every quick way, those of the plan among them, and every instant a bus may arrive
    at."""
    work = work_of(problem, HalfAsk(half.id, plan.halves[half.id]), limits)
    arrivals = set(work.pool.arrivals)
    for arrival in work.pool.arrivals:
        school = work.grouped.schools[arrival.school].id.removesuffix(WHEELS)
        arrivals |= {Arrival(arrival.school, at) for by in free.get(school, ()) for at in [_at(arrival, by, half)]}
    work.pool.arrivals = tuple(sorted(arrivals))
    for n, needs in enumerate(work.needs):
        known_routes(work, n, needs)
        if not work.pool.scenarios[n]:
            quick_routes(work, n, needs, seed)
        first_routes(work.pool, n, needs, work.holds[n], limits, seed, going=going)
    return work


def _at(arrival: Arrival, minutes: int, half: Half) -> int:
    """Home is told backwards: later is sooner there."""
    return arrival.at_ms + minutes * MINUTE_MS * (-1 if half.direction is Direction.FROM else 1)


def _shifts(work: Work, problem: Problem, half: Half, free: Mapping[str, list[int]], moves: Moves) -> Shifts:
    together: dict[str, list[int]] = {}
    for n, school in enumerate(work.grouped.schools):
        together.setdefault(school.id.removesuffix(WHEELS), []).append(n)
    of = {}
    for name, schools in together.items():
        window = problem.school_of[name]
        of[tuple(schools)] = {
            by: frozenset(
                n
                for n, arrival in enumerate(work.pool.arrivals)
                if arrival.school in schools and window.first_ms <= _at(arrival, -by, half) <= window.last_ms
            )
            for by in free.get(name, [0])
        }
    return Shifts(moves.schools, of)

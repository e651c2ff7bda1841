"""From a problem to a checked plan: a pool of routes, a choice, prices back to the routes, again, and the blocks.

Single load. The answer is kept as soon as there is one and never gets worse; `told` hears of every step and stops the
work by answering False. Deterministic for a seed as long as no choice reaches its limit of seconds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mobigo.base.errors import Refused
from scolaire.engine import choice as choosing
from scolaire.engine.choice import By, Choice, Prices
from scolaire.engine.fleet import Span, chains
from scolaire.engine.going import Going, always
from scolaire.engine.pool import Pool, arrivals_of, circuit, free_ms, needs_by_school
from scolaire.engine.routes import Ask, Start, route
from scolaire.model.plan import Block, Circuit, Plan
from scolaire.model.problem import Problem
from scolaire.rules.checker import faults, free_at_ms, node_of

# How the first pool is made: the share of the ride cap, and how much driving a bus is worth.
FIRST = (
    (1.0, 10_000_000), (1.0, 3_000_000), (0.8, 3_000_000), (0.6, 2_000_000),
    (0.45, 1_000_000), (0.9, 10_000_000), (0.7, 10_000_000),
)  # fmt: skip
CHEAP = 0.999  # a bus that costs this much may as well be one's own


@dataclass(frozen=True, slots=True)
class Limits:
    """`iterations` of each routing, `rounds` of prices, seconds a choice may take, minutes between two arrivals;
    whether at last single `ways` are chosen among, not whole scenarios only."""

    iterations: int = 400
    rounds: int = 8
    choice_s: float = 30.0
    step_min: int = 5
    ways: bool = True


class Holds(NamedTuple):
    """What a bus of a school's circuits holds."""

    seats: int
    wheelchairs: int = 0


class Step(NamedTuple):
    """Where the work stands: buses of the best plan so far (None: none yet), and what bounds them in this pool."""

    phase: str
    round: int
    buses: int | None
    bound: float | None


def solve(problem: Problem, limits: Limits, seed: int, told: Callable[[Step], bool] = lambda _: True) -> Plan:
    """The plan with the fewest buses found. Raises Refused("scolaire.no_route", school) when a school has pupils that
    no bus can bring in time."""
    pool = Pool(problem, arrivals_of(problem, limits.step_min * 60_000))
    by_school = needs_by_school(problem)
    seats = max(each.seats for each in problem.vehicle_types)
    for school, needs in enumerate(by_school):
        if needs:
            first_routes(pool, school, needs, Holds(seats), limits, seed)
    best = choosing.choose(pool, By.SCENARIO, most_s=limits.choice_s)
    going = told(Step("pool", 0, None if best is None else best.buses, None))
    for turn in range(limits.rounds):
        if best is None or not going:
            break
        worth = choosing.prices(pool, By.WAY if turn % 2 else By.SCENARIO)
        for school, needs in enumerate(by_school):
            if needs:
                priced_routes(pool, school, needs, Holds(seats), worth, best, limits, seed + 1_000 * (turn + 1))
        better = choosing.choose(pool, By.SCENARIO, most_s=limits.choice_s)
        best = better if better is not None and better.buses <= best.buses else best
        going = told(Step("prices", turn + 1, best.buses, worth.buses))
    if going and limits.ways:
        better = choosing.choose(pool, By.WAY, most_s=limits.choice_s)
        best = better if better is not None and (best is None or better.buses < best.buses) else best
    if best is None:
        raise Refused("scolaire.no_choice")
    plan = planned(problem, pool, best)
    broken = faults(plan, problem)
    if broken:
        raise AssertionError(f"the solver made a plan that its checker refuses: {broken[0]}")
    told(Step("done", limits.rounds, len(plan.blocks), best.bound))
    return plan


def first_routes(
    pool: Pool, school: int, needs: tuple[int, ...], holds: Holds, limits: Limits, seed: int,
    between: Going = always, going: Going = always,
) -> None:  # fmt: skip
    """Routes of a school by every way of `FIRST`, into the pool; fewer of them when `between` says no (asked between
    two ways) or `going` (asked within one). Raises Refused("scolaire.no_route", school)."""
    problem = pool.problem
    at_ms = problem.schools[school].first_ms
    for n, (share, bus_ms) in enumerate(FIRST):
        if pool.scenarios[school] and not (between() and going()):
            return
        ask = Ask(
            problem.schools[school].id, needs, at_ms, holds.seats, bus_ms=bus_ms, cap_share=share,
            wheelchairs=holds.wheelchairs,
        )  # fmt: skip
        listens = going if pool.scenarios[school] else always
        pool.add(school, route(problem, ask, seed=seed + n, iterations=limits.iterations, going=listens))
    if not pool.scenarios[school]:
        raise Refused("scolaire.no_route", school=problem.schools[school].id)


def priced_routes(
    pool: Pool,
    school: int,
    needs: tuple[int, ...],
    holds: Holds,
    worth: Prices,
    best: Choice,
    limits: Limits,
    seed: int,
    going: Going = always,
) -> None:
    """Routes that know what a bus from elsewhere costs, and what a circuit here is worth to others."""
    problem = pool.problem
    circuits = choosing.lengths(best)
    own = pool.at(school)
    arrival = own[seed // 1_000 % len(own)]
    here = worth.worth[arrival]
    at_ms = pool.arrivals[arrival].at_ms
    starts = []
    for n, each in enumerate(pool.arrivals):
        ready_ms = free_ms(problem, each, pool.seats_most)
        if ready_ms < at_ms and worth.worth[n] < CHEAP and circuits[n]:
            starts.append(Start(problem.schools[each.school].node, ready_ms, circuits[n], worth.worth[n] - here))
    ask = Ask(
        problem.schools[school].id, needs, at_ms, holds.seats, tuple(starts), 1.0 - here,
        bus_ms=10_000_000 if seed // 1_000 % 2 else 3_000_000, wheelchairs=holds.wheelchairs,
    )  # fmt: skip
    pool.add(school, route(problem, ask, seed=seed, iterations=limits.iterations, going=going))


def planned(problem: Problem, pool: Pool, best: Choice) -> Plan:
    """The chosen ways as circuits, chained on the fewest buses."""
    circuits = tuple(
        circuit(problem, way, pool.arrivals[arrival], f"{problem.schools[school].id}-{n + 1}")
        for school, some in enumerate(best.placed)
        for n, (way, arrival) in enumerate(sorted(some))
    )
    vehicle = max(problem.vehicle_types, key=lambda each: each.seats).id
    depot = problem.depots[0].id
    blocks = tuple(
        Block(f"bus-{n + 1}", vehicle, depot, tuple(circuits[position].id for position in chain))
        for n, chain in enumerate(chains(spans_of(circuits, problem), problem.travel.ms))
    )
    return Plan(circuits, blocks)


def spans_of(circuits: Sequence[Circuit], problem: Problem) -> list[Span]:
    """Where and when each circuit begins and is over."""
    return [
        Span(
            node_of(each.visits[0], problem), each.visits[0].at_ms,
            node_of(each.visits[-1], problem), free_at_ms(each, problem),
        )
        for each in circuits
    ]  # fmt: skip

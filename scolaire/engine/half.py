"""One half-day made better: routes of each school, the choice among them, buses of a type and a depot.

Circuits that are `frozen` stay as they are and only share buses. Pupils in wheelchairs are routed apart, for a vehicle
that takes them. The plan already known is one of the scenarios, so that what is chosen never needs more circuits'
worth of buses than it within the pool; whoever calls keeps the better of the two.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from mobigo.base.errors import Refused
from scolaire.engine import choice as choosing
from scolaire.engine.book import fresh_name
from scolaire.engine.choice import By, Choice
from scolaire.engine.going import Going, always
from scolaire.engine.pool import Arrival, Pool, Ways, arrivals_of, circuit, needs_by_school
from scolaire.engine.routes import Ask, route
from scolaire.engine.solve import Holds, Limits, first_routes, priced_routes
from scolaire.engine.vehicles import blocks_of
from scolaire.model.plan import Board, Circuit, Leave, Plan
from scolaire.model.problem import Need, Problem
from scolaire.rules.checker import faults

WHEELS = "<w"  # no name of a demand holds "<"


@dataclass(frozen=True)
class HalfAsk:
    """`known`: the plan so far. `frozen`: circuits to keep. `vehicles`: circuit → type. `moved`: what it costs, in
    buses, that a pupil rides on another service than in `known` (None: nothing). `reserve`: seats left free."""

    stem: str
    known: Plan | None = None
    frozen: tuple[Circuit, ...] = ()
    vehicles: Mapping[str, str] = field(default_factory=dict)
    moved: float | None = None
    reserve: int = 0


class Told(NamedTuple):
    """Where a half-day stands: phase, buses of its best plan, the bound of its pool."""

    phase: str
    buses: int | None
    bound: float | None


@dataclass
class Work:
    """A half-day under the hand: groups of pupils, what each may ride, the pool."""

    problem: Problem  # whole
    ask: HalfAsk
    grouped: Problem  # without what is frozen, wheelchairs apart
    pool: Pool
    needs: list[tuple[int, ...]]
    holds: list[Holds]
    keep: Callable[[Plan], None] = lambda _: None
    going: Going = always
    kept: bool = False
    short: Refused | None = None

    def offer(self, best: Choice) -> None:
        """Give a plan away, unless there are not buses enough for it: a better one may need fewer."""
        try:
            plan = _planned(self, best)
        except Refused as short:
            if short.decision.code != "scolaire.fleet_short":
                raise
            self.short = short
            return
        self.kept = True
        self.keep(plan)


def improve(
    problem: Problem, ask: HalfAsk, limits: Limits, seed: int, tell: Callable[[Told], bool],
    keep: Callable[[Plan], None], going: Going = always,
) -> None:  # fmt: skip
    """Gives `keep` every better plan found, the first one soon. Each is checked. `tell` hears of every step and ends
    the work by answering False, once there is a plan; `going`, asked more often, ends it in the middle of a step.
    Raises Refused("scolaire.no_route" | "scolaire.no_vehicle" | "scolaire.fleet_short")."""
    work = work_of(problem, ask, limits)
    work.keep, work.going = keep, going

    def told(step: Told) -> bool:
        return tell(step) and going()

    best = _first(work, limits, seed, told)
    if best is not None and any(work.needs):
        _rounds(work, best, limits, seed, told)
    if work.short is not None and not work.kept:
        raise work.short


def _rounds(work: Work, best: Choice, limits: Limits, seed: int, told: Callable[[Told], bool]) -> None:
    """Prices back to the routes, a better choice, again."""
    for turn in range(limits.rounds):
        worth = choosing.prices(work.pool, By.WAY if turn % 2 else By.SCENARIO)
        for school, needs in enumerate(work.needs):
            if needs:
                priced_routes(
                    work.pool,
                    school,
                    needs,
                    work.holds[school],
                    worth,
                    best,
                    limits,
                    seed + 1_000 * (turn + 1),
                    work.going,
                )
                if not told(Told("prices", best.buses, worth.buses)):
                    return
        better = _chosen(work, limits)
        if better is not None and better.buses <= best.buses:
            best = better
            work.offer(best)
        if not told(Told("choice", best.buses, worth.buses)):
            return


def work_of(problem: Problem, ask: HalfAsk, limits: Limits) -> Work:
    """The groups of a half-day, and a pool without routes."""
    taken = {visit.need for each in ask.frozen for visit in each.visits if isinstance(visit, Board)}
    needs = tuple(_apart(each) for each in problem.needs if each.id not in taken)
    asked = {each.school for each in needs}
    schools = tuple(
        replace(school, id=name)
        for school in problem.schools
        for name in (school.id, school.id + WHEELS)
        if name in asked
    )
    grouped = replace(problem, schools=schools, needs=needs)
    pool = Pool(grouped, _arrivals(grouped, ask, limits))
    return Work(
        problem,
        ask,
        grouped,
        pool,
        needs_by_school(grouped),
        [_holds(grouped, each.id, ask.reserve) for each in schools],
    )


def _arrivals(problem: Problem, ask: HalfAsk, limits: Limits) -> tuple[Arrival, ...]:
    """The instants of every window, and those the known plan uses; where moving a pupil costs, those alone."""
    used: dict[str, set[int]] = {}
    for each in ask.known.circuits if ask.known is not None else ():
        for visit in each.visits:
            if isinstance(visit, Leave):
                used.setdefault(visit.school, set()).add(visit.at_ms)
    found: set[Arrival] = set()
    every = arrivals_of(problem, limits.step_min * 60_000)
    for n, school in enumerate(problem.schools):
        old = {at for at in used.get(school.id.removesuffix(WHEELS), ()) if school.first_ms <= at <= school.last_ms}
        found |= {Arrival(n, at) for at in old}
        if ask.moved is None or not old:
            found |= {each for each in every if each.school == n}
    return tuple(sorted(found))


def _apart(need: Need) -> Need:
    return replace(need, school=need.school + WHEELS) if need.wheelchairs else need


def _holds(problem: Problem, school: str, reserve: int) -> Holds:
    """What a bus of this group may be filled with: no seat is kept free that a large group needs."""
    rolling = school.endswith(WHEELS)
    widest = max(
        problem.vehicle_types,
        key=lambda each: (each.wheelchairs, each.seats) if rolling else (each.seats, each.wheelchairs),
    )
    largest = max((each.pupils - each.wheelchairs for each in problem.needs if each.school == school), default=0)
    return Holds(min(widest.seats, max(widest.seats - reserve, largest)), widest.wheelchairs)


def _first(work: Work, limits: Limits, seed: int, told: Callable[[Told], bool]) -> Choice | None:
    """The known plan and one quick way for each school; then all the ways of the first pool."""
    for school, needs in enumerate(work.needs):
        if needs:
            known_routes(work, school, needs)
            if not work.pool.scenarios[school]:
                quick_routes(work, school, needs, seed)
            told(Told("first", None, None))
    best = _chosen(work, limits)
    if best is None:
        raise Refused("scolaire.no_choice")
    work.offer(best)
    for school, needs in enumerate(work.needs):
        if not told(Told("routes", best.buses, None)):
            return None
        if needs:
            first_routes(work.pool, school, needs, work.holds[school], limits, seed, _heard(told, best), work.going)
    better = _chosen(work, limits)
    if better is not None and better.buses <= best.buses:
        best = better
        work.offer(best)
    return best if told(Told("choice", best.buses, None)) else None


def _heard(told: Callable[[Told], bool], best: Choice) -> Going:
    return lambda: told(Told("routes", best.buses, None))


def quick_routes(work: Work, school: int, needs: tuple[int, ...], seed: int) -> None:
    """Any routes: quickly, else with patience."""
    holds, id_ = work.holds[school], work.grouped.schools[school].id
    at_ms = work.grouped.schools[school].first_ms
    ask = Ask(id_, needs, at_ms, holds.seats, wheelchairs=holds.wheelchairs)
    for iterations in (40, 400, 2_000):
        if work.pool.add(school, route(work.grouped, ask, seed=seed, iterations=iterations)):
            return
    alone = tuple((position,) for position in needs)  # one bus a stop, where nothing else was found
    if all(_carries(work, school, position) for position in needs):
        work.pool.add(school, alone)
        return
    raise Refused("scolaire.no_route", school=id_.removesuffix(WHEELS))


def _carries(work: Work, school: int, position: int) -> bool:
    need, holds, node = work.grouped.needs[position], work.holds[school], work.grouped.schools[school].node
    fits = need.pupils - need.wheelchairs <= holds.seats and need.wheelchairs <= holds.wheelchairs
    return fits and int(work.grouped.travel.ms[need.node, node]) <= need.ride_max_ms


def known_routes(work: Work, school: int, needs: tuple[int, ...]) -> None:
    """The routes of the plan so far, where they serve exactly who waits now, without fault."""
    if work.ask.known is None:
        return
    place = {work.grouped.needs[position].id: position for position in needs}
    ways = []
    for each in work.ask.known.circuits:
        boards = [visit.need for visit in each.visits if isinstance(visit, Board)]
        if boards and all(name in place for name in boards):
            ways.append(tuple(place[name] for name in boards))
    if sorted(position for way in ways for position in way) == sorted(needs) and _rides(work, school, ways):
        work.pool.add(school, tuple(ways))


def _rides(work: Work, school: int, ways: Sequence[tuple[int, ...]]) -> bool:
    """Whether every way holds the seats and the ride caps."""
    holds, target = _holds(work.grouped, work.grouped.schools[school].id, 0), work.grouped.schools[school]
    for way in ways:
        needs = [work.grouped.needs[position] for position in way]
        rolling = sum(each.wheelchairs for each in needs)
        if sum(each.pupils for each in needs) - rolling > holds.seats or rolling > holds.wheelchairs:
            return False
        ride_ms, node = 0, target.node
        for need in reversed(needs):
            ride_ms += int(work.grouped.travel.ms[need.node, node])
            if ride_ms > need.ride_max_ms:
                return False
            ride_ms, node = ride_ms + work.grouped.handling.boarding(need.pupils), need.node
    return True


def _chosen(work: Work, limits: Limits) -> Choice | None:
    if work.ask.moved is None or work.ask.known is None:
        return choosing.choose(work.pool, By.SCENARIO, most_s=limits.choice_s, going=_once(work))
    price, together = work.ask.moved, _together(work.ask.known)

    def dear(_school: int, scenario: Ways) -> float:
        return price * sum(_moved(work.grouped, way, together) for way in scenario)

    return choosing.choose(work.pool, By.SCENARIO, most_s=limits.choice_s, dear=dear, going=_once(work))


def _once(work: Work) -> Going:
    """Nothing is stopped before there is a plan."""
    return work.going if work.kept else always


def _together(plan: Plan) -> dict[str, frozenset[str]]:
    """By need, those it rides with."""
    found = {}
    for each in plan.circuits:
        needs = frozenset(visit.need for visit in each.visits if isinstance(visit, Board))
        found.update(dict.fromkeys(needs, needs))
    return found


def _moved(problem: Problem, way: tuple[int, ...], together: Mapping[str, frozenset[str]]) -> int:
    """Pupils of a way who rode otherwise: all of them, unless it is a service as it was."""
    names = [problem.needs[position].id for position in way]
    same = all(together.get(name) == frozenset(names) for name in names)
    return 0 if same else sum(problem.needs[position].pupils for position in way)


def _planned(work: Work, best: Choice) -> Plan:
    """The chosen ways as circuits under the names they had, with what is frozen, on buses; checked."""
    made = []
    for school, some in enumerate(best.placed):
        for way, arrival in sorted(some):
            name = f"{school:05}"
            drawn = circuit(work.grouped, way, work.pool.arrivals[arrival], name)
            visits = tuple(
                replace(visit, school=visit.school.removesuffix(WHEELS)) if isinstance(visit, Leave) else visit
                for visit in drawn.visits
            )
            made.append(Circuit(name, visits))
    circuits = (*work.ask.frozen, *_named(made, work))
    circuits = tuple(sorted(circuits, key=lambda each: each.id))
    plan = Plan(circuits, blocks_of(circuits, work.problem, work.ask.vehicles))
    broken = faults(plan, work.problem)
    if broken:
        raise AssertionError(f"the solver made a plan that its checker refuses: {broken[0]}")
    return plan


def _named(made: Sequence[Circuit], work: Work) -> list[Circuit]:
    """Names of the plan so far go to the services that keep most of its pupils; others get new ones."""
    frozen = {each.id for each in work.ask.frozen}
    known = [each for each in (work.ask.known.circuits if work.ask.known else ()) if each.id not in frozen]
    pupils = {each.id: each.pupils for each in work.problem.needs}
    shared = []
    for old in known:
        had = {visit.need for visit in old.visits if isinstance(visit, Board)}
        for n, new in enumerate(made):
            both = sum(pupils.get(v.need, 0) for v in new.visits if isinstance(v, Board) and v.need in had)
            if both:
                shared.append((-both, old.id, n))
    names: dict[int, str] = {}
    used: set[str] = set(frozen)
    for _, name, n in sorted(shared):
        if name not in used and n not in names:
            names[n] = name
            used.add(name)
    found = []
    for n, each in enumerate(made):
        last = each.visits[-1]
        stem = f"{work.ask.stem}-{last.school if isinstance(last, Leave) else ''}"
        name = names.get(n) or fresh_name(used | {old.id for old in known}, stem)
        used.add(name)
        found.append(replace(each, id=name))
    return found

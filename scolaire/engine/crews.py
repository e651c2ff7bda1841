"""Half-days joined: which coach and which driver go on from one to another, so that a day takes the fewest of them.

The services and their chains stay as the half-days made them. The fullest weekday is one question: chains that a coach
can drive one after the other are matched, the most pairs first, then those that fit into one driver's day, that ask for
the same vehicles, that were together before (a flow of least cost, OR-Tools). Half-days of other weekdays join the
coaches there are. Then type and depot are given for the whole day of a coach, at the least cost, none more often than
it is there. A driver's day that would be too long, or end too late before the next, goes on with another driver.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from ortools.graph.python import min_cost_flow

from mobigo.base.errors import Refused
from scolaire.engine.book import fresh_name
from scolaire.engine.vehicles import cheapest, fitting
from scolaire.model.day import DayPlan
from scolaire.model.demand import Demand, DriverDay
from scolaire.model.plan import Block
from scolaire.model.problem import Problem, Travel, VehicleType
from scolaire.rules.costs import metres_of
from scolaire.rules.crews import WEEK, Duty, all_duties, crew_faults, ends_of, rest_of

# What a pair costs: that one driver cannot drive, that asks for other vehicles, that was not together before.
LONG, UNLIKE, APART = 1_000, 20, 1


@dataclass
class Coach:
    """A coach's day as it grows: its duties, and the types that hold all of them."""

    duties: list[Duty]
    types: frozenset[str]
    name: str = ""
    vehicle: VehicleType | None = None
    depot: str = ""
    drivers: dict[tuple[str, str], int] = field(default_factory=dict)  # by half-day and bus, which one of the coach's


@dataclass(frozen=True)
class _World:
    plan: DayPlan
    demand: Demand
    rule: DriverDay
    problems: Mapping[str, Problem]
    travel: Travel
    days: Mapping[str, tuple[int, ...]]
    able: Mapping[tuple[str, str], frozenset[str]]  # by half-day and bus

    def follows(self, before: Duty, after: Duty) -> bool:
        drive_ms = int(self.travel.ms[before.last_node, after.first_node])
        return before.begins_ms <= after.begins_ms and before.ends_ms + drive_ms <= after.begins_ms

    def meet(self, one: Duty, two: Duty) -> bool:
        return not {*self.days[one.half]}.isdisjoint(self.days[two.half])


def crewed(
    plan: DayPlan, demand: Demand, travel: Travel, problems: Mapping[str, Problem],
    locked: Mapping[str, Mapping[str, str]],
) -> DayPlan:  # fmt: skip
    """The plan with coaches and drivers of the whole day; as it is where every bus has its driver and nothing is wrong
    with them, or where the demand does not say what a driver's day may be. `locked`: by half-day, service → type.

    Raises Refused("scolaire.fleet_short", buses, there) when there are not coaches enough for a day."""
    if demand.driver_day is None or not plan.halves:
        return plan
    blocks = [block for each in plan.halves.values() for block in each.blocks]
    if all(block.driver for block in blocks) and not [*crew_faults(plan, demand, problems)]:
        return plan
    days = {half: demand.half_of[half].weekdays for half in plan.halves}
    world = _World(plan, demand, demand.driver_day, problems, travel, days, _able(plan, problems, locked))
    coaches = _coaches(world, all_duties(plan, problems))
    _type(world, coaches)
    _name(coaches, any(block.driver for block in blocks))
    for coach in coaches:
        _drive(world, coach)
    return _told(plan, coaches)


def _able(
    plan: DayPlan, problems: Mapping[str, Problem], locked: Mapping[str, Mapping[str, str]]
) -> dict[tuple[str, str], frozenset[str]]:
    found = {}
    for half, each in plan.halves.items():
        circuits = {circuit.id: circuit for circuit in each.circuits}
        for block in each.blocks:
            types = (fitting(circuits[name], problems[half], locked.get(half, {})) for name in block.circuits)
            found[half, block.id] = frozenset.intersection(*types)
    return found


# ---------------------------------------------------------------- coaches


def _coaches(world: _World, duties: Sequence[Duty]) -> list[Coach]:
    """The fullest weekday at once; then the half-days that it has not, the earliest first."""
    count = Counter(weekday for duty in duties for weekday in world.days[duty.half])
    fullest = max(range(WEEK), key=lambda weekday: (count[weekday], -weekday))
    main = sorted(
        (each for each in duties if fullest in world.days[each.half]), key=lambda each: (each.begins_ms, each.block.id)
    )
    coaches = _chained(world, main)
    begun = {half: min(each.begins_ms for each in duties if each.half == half) for half in {d.half for d in duties}}
    others = [half for half in begun if fullest not in world.days[half]]
    for half in sorted(others, key=lambda each: (begun[each], each)):
        _join(world, coaches, [each for each in duties if each.half == half])
    return coaches


def _chained(world: _World, duties: Sequence[Duty]) -> list[Coach]:
    """Each duty with the one after it on its coach: the most pairs, at the least cost."""
    arcs = [
        (i, j, _cost(world, [before], after, _types(world, before)))
        for i, before in enumerate(duties)
        for j, after in enumerate(duties)
        if before.half != after.half and world.follows(before, after) and _types(world, before) & _types(world, after)
    ]
    after_of = _matched(len(duties), len(duties), arcs)
    coaches = []
    for first in sorted({*range(len(duties))} - {*after_of.values()}):
        at: int | None = first
        current: Coach | None = None
        while at is not None:
            duty, types = duties[at], _types(world, duties[at])
            if current is not None and current.types & types:
                current.duties.append(duty)
                current.types &= types
            else:  # three that share a type two by two, but not all of them
                current = Coach([duty], types)
                coaches.append(current)
            at = after_of.get(at)
    return coaches


def _join(world: _World, coaches: list[Coach], duties: Sequence[Duty]) -> None:
    """Each duty of a half-day on a coach that is free for it, the most of them; the others on coaches of their own."""
    arcs = []
    for i, duty in enumerate(duties):
        for j, coach in enumerate(coaches):
            near = [each for each in coach.duties if world.meet(each, duty)]
            if coach.types & _types(world, duty) and all(
                world.follows(each, duty) or world.follows(duty, each) for each in near
            ):
                arcs.append((i, j, _cost(world, near, duty, coach.types)))
    given = _matched(len(duties), len(coaches), arcs)
    for i, duty in enumerate(duties):
        if i in given:
            coach = coaches[given[i]]
            coach.duties.append(duty)
            coach.types &= _types(world, duty)
        else:
            coaches.append(Coach([duty], _types(world, duty)))


def _types(world: _World, duty: Duty) -> frozenset[str]:
    return world.able[duty.half, duty.block.id]


def _cost(world: _World, some: Sequence[Duty], more: Duty, types: frozenset[str]) -> int:
    out_ms, back_ms = ends_of([*some, more])
    long = LONG if back_ms - out_ms > world.rule.amplitude_max_ms else 0
    together = any(each.block.driver and each.block.id == more.block.id for each in some)
    return long + (0 if types == _types(world, more) else UNLIKE) + (0 if together else APART)


def _matched(left: int, right: int, arcs: Sequence[tuple[int, int, int]]) -> dict[int, int]:
    """The most pairs, of these the cheapest."""
    if not arcs:
        return {}
    flow = min_cost_flow.SimpleMinCostFlow()
    source, sink = left + right, left + right + 1
    tails, heads, costs = (np.array(column, dtype=np.int64) for column in zip(*arcs, strict=True))
    start = np.concatenate([np.full(left, source), tails, left + np.arange(right)])
    end = np.concatenate([np.arange(left), left + heads, np.full(right, sink)])
    price = np.concatenate([np.zeros(left, np.int64), costs, np.zeros(right, np.int64)])
    made = flow.add_arcs_with_capacity_and_unit_cost(start, end, np.ones(len(start), np.int64), price)
    most = min(left, right)
    flow.set_nodes_supplies(np.array([source, sink]), np.array([most, -most]))
    status = flow.solve_max_flow_with_min_cost()
    if status != flow.OPTIMAL:
        raise AssertionError(f"coaches cannot be matched: {status}")  # a flow of nothing is always there
    used = flow.flows(made[left : left + len(arcs)]) > 0
    return dict(zip(tails[used].tolist(), heads[used].tolist(), strict=True))


# ---------------------------------------------------------------- types, depots, names


def _type(world: _World, coaches: Sequence[Coach]) -> None:
    """A type and a depot for each coach's days, at the least cost of a week, none more often than it is there."""
    pairs = [(each, depot) for each in world.demand.vehicle_types for depot in world.demand.depots]
    costs = []
    for coach in coaches:
        parts = [_part(world, duty) for duty in coach.duties]
        weekdays = {weekday for duty in coach.duties for weekday in world.days[duty.half]}
        costs.append({
            place: vehicle.day_cents * len(weekdays)
            + sum(each.cents(vehicle, world.demand.node_of[f"depot:{depot.id}"], world) for each in parts)
            for place, (vehicle, depot) in enumerate(pairs)
            if vehicle.id in coach.types
        })  # fmt: skip
    given = cheapest(costs, pairs)
    for n, coach in enumerate(coaches):
        coach.vehicle, coach.depot = pairs[given[n]][0], pairs[given[n]][1].id


@dataclass(frozen=True)
class _Part:
    """A duty without its depot: metres and time from its first place to its last."""

    duty: Duty
    metres: int
    ms: int

    def cents(self, vehicle: VehicleType, depot: int, world: _World) -> int:
        """About what it costs a week from this depot (the figures of a plan are rounded once, elsewhere)."""
        ms, metres = world.travel.ms, world.travel.metres
        ends = ((depot, self.duty.first_node), (self.duty.last_node, depot))
        all_m = self.metres + sum(int(metres[pair]) for pair in ends)
        all_ms = self.ms + sum(int(ms[pair]) for pair in ends)
        days = len(world.days[self.duty.half])
        return (vehicle.km_cents * all_m // 1_000 + vehicle.hour_cents * all_ms // 3_600_000) * days


def _part(world: _World, duty: Duty) -> _Part:
    """What is the same from every depot."""
    problem = world.problems[duty.half]
    circuits = {each.id: each for each in world.plan.halves[duty.half].circuits}
    depot = next(each for each in problem.depots if each.id == duty.block.depot)
    metres = sum(metres_of([circuits[name] for name in duty.block.circuits], problem, depot))
    ends = ((depot.node, duty.first_node), (duty.last_node, depot.node))
    return _Part(duty, metres - sum(int(world.travel.metres[pair]) for pair in ends), duty.ends_ms - duty.begins_ms)


def _name(coaches: Sequence[Coach], known: bool) -> None:
    """Names stay with the coach that keeps most of what they drove; others are numbered in the order they leave."""
    votes = []
    for n, coach in enumerate(coaches):
        had = Counter(each.block.id for each in coach.duties if each.block.driver) if known else Counter[str]()
        votes += [(-count, name, n) for name, count in had.items()]
    used: set[str] = set()
    for _, name, n in sorted(votes):
        if name not in used and not coaches[n].name:
            coaches[n].name = name
            used.add(name)
    taken = used | {name for _, name, _ in votes}
    for coach in sorted(coaches, key=lambda each: (ends_of(each.duties)[0], each.duties[0].block.id)):
        if not coach.name:
            coach.name = fresh_name(taken, "car")
            taken.add(coach.name)


# ---------------------------------------------------------------- drivers


def _drive(world: _World, coach: Coach) -> None:
    """Each duty to the first driver of the coach whose day and rest it fits; a driver more where it fits none.
    Raises Refused("scolaire.driver_day", services, hours) when one duty alone is longer than a day may be."""
    node = world.demand.node_of[f"depot:{coach.depot}"]
    ms, own = world.travel.ms, list[list[Duty]]()
    for duty in sorted(coach.duties, key=lambda each: (each.begins_ms, each.half)):
        moved = duty._replace(
            out_ms=duty.begins_ms - int(ms[node, duty.first_node]), back_ms=duty.ends_ms + int(ms[duty.last_node, node])
        )
        number = next((n for n, some in enumerate(own) if _fits(world, [*some, moved])), len(own))
        if number == len(own):
            if not _fits(world, [moved]):
                hours = world.rule.amplitude_max_ms // 3_600_000
                raise Refused("scolaire.driver_day", services=", ".join(duty.block.circuits), hours=hours)
            own.append([])
        own[number].append(moved)
        coach.drivers[duty.half, duty.block.id] = number


def _fits(world: _World, own: Sequence[Duty]) -> bool:
    """Whether one driver may drive these, on every weekday and between any two."""
    for weekday in range(WEEK):
        some = [each for each in own if weekday in world.days[each.half]]
        if some:
            out_ms, back_ms = ends_of(some)
            rest_ms = rest_of(own, world.days, weekday)
            if back_ms - out_ms > world.rule.amplitude_max_ms:
                return False
            if rest_ms is not None and rest_ms < world.rule.rest_min_ms:
                return False
    return True


def _told(plan: DayPlan, coaches: Sequence[Coach]) -> DayPlan:
    """The plan with its buses under their names of the day."""
    given: dict[tuple[str, str], Block] = {}
    for coach in coaches:
        assert coach.vehicle is not None  # noqa: S101 - given before
        for duty in coach.duties:
            key = duty.half, duty.block.id
            given[key] = replace(
                duty.block, id=coach.name, vehicle_type=coach.vehicle.id, depot=coach.depot,
                driver=f"{coach.name}.{coach.drivers[key] + 1}",
            )  # fmt: skip
    halves = {}
    for half, each in plan.halves.items():
        blocks = sorted((given[half, block.id] for block in each.blocks), key=lambda block: _order(block.id))
        halves[half] = replace(each, blocks=tuple(blocks))
    return replace(plan, halves=halves)


def _order(name: str) -> tuple[str, int, str]:
    """car-2 before car-10."""
    stem, _, number = name.rpartition("-")
    return (stem, int(number), "") if number.isascii() and number.isdigit() else (name, 0, number)

"""A half-day held steady against delays, for the fewest buses more: other hours within the windows, other chains.

Services keep their stops and their order. Which service follows which on a bus, and when each comes to its school, are
chosen anew so that so many of them are there before the bell, over mornings drawn as `delays` draws them. Lateness has
a price in buses: a service follows another only where the bus it spares is worth the mornings on which it would be late
behind it, and so room is bought where a chain needs it and nowhere else. The price is the lowest that meets the aim.

A service behind another is late by what it would be on a bus of its own, or by what the first is late: both are drawn
for every pair, exactly, as long as the first left in time itself. What a whole chain does is simulated at the end.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

from scolaire.engine.delays import Draws, half_shares, spread_of
from scolaire.engine.fleet import Span, strung
from scolaire.engine.vehicles import blocks_of, fitting
from scolaire.model.plan import Board, Circuit, Leave, Plan
from scolaire.model.problem import Problem
from scolaire.rules.checker import faults, free_at_ms, node_of

UNIT = 1_000_000  # a bus, in the whole numbers of a flow
SHIFTS_MOST = 16  # instants of a service that are looked at
STEP_MS = 60_000
EARLY = 1e-5  # what a minute away from the hour it had weighs, in late services
PRICES = (0.02, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # buses for a service that is late every morning
HALVINGS = 4
TURNS = 3


@dataclass(frozen=True, slots=True)
class Aim:
    """`share` of the services before the bell, over `draws` mornings whose drives vary by `cv` around their time.
    `grace_ms`: how long after the window the bell rings."""

    share: float = 0.975
    cv: float = 0.15
    draws: int = 400
    seed: int = 2
    grace_ms: int = 300_000


@dataclass(frozen=True)
class _Drawn:
    """A service as drawn, from its first doors on: when it would be at its schools and free if it left in time (`own`),
    and how long it takes to get there without a pause (`bare`). The last column is free, those before schools."""

    own: Draws  # ms since it should begin, by draw
    bare: Draws
    due_ms: NDArray[np.float64]  # by school, when the bell rings there, since it should begin
    shifts: NDArray[np.int64]  # by how much it may be moved, in ms

    def late(self, begins_late: Draws, shift: int) -> NDArray[np.bool_]:
        """By draw, whether a school is reached after its bell. `begins_late`: by how much it leaves late."""
        there = np.maximum(self.own[:, :-1], begins_late[..., None] + self.bare[:, :-1]) + shift
        late: NDArray[np.bool_] = np.any(there > self.due_ms, axis=-1)
        return late


@dataclass
class _Work:
    problem: Problem
    aim: Aim
    circuits: tuple[Circuit, ...]
    drawn: tuple[_Drawn, ...]
    factors: Draws  # of the empty drive before each service: by service and draw
    able: tuple[frozenset[str], ...]
    vehicles: Mapping[str, str]
    _late: dict[tuple[int, int, int, int], float] = field(default_factory=dict)
    _behind: dict[tuple[int, int], Draws] = field(default_factory=dict)
    _best: dict[tuple[int, int], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.spans = [
            Span(node_of(each.visits[0], self.problem), each.visits[0].at_ms,
                 node_of(each.visits[-1], self.problem), free_at_ms(each, self.problem))
            for each in self.circuits
        ]  # fmt: skip
        self._alone = [
            np.array([each.late(np.zeros(self.aim.draws), int(by)).mean() for by in each.shifts]) for each in self.drawn
        ]
        self.as_planned = [0] * len(self.circuits)
        self.alone_best = [int(each.shifts[np.argmin(self.alone(n))]) for n, each in enumerate(self.drawn)]

    def alone(self, n: int) -> Draws:
        """By hour it may have, how often a service is late on a bus of its own; a little more, far from its hour."""
        found: Draws = self._alone[n] + EARLY * np.abs(self.drawn[n].shifts) / STEP_MS
        return found

    def behind(self, one: int, two: int) -> Draws:
        """The same for the second of two on a bus, by the hours of both; infinite where the bus cannot be there."""
        if (one, two) not in self._behind:
            first, second = self.drawn[one].shifts, self.drawn[two].shifts
            slack = self.slack_ms(one, two) + second[None, :] - first[:, None]
            found = np.full(slack.shape, np.inf)
            for i, j in zip(*np.nonzero(slack >= 0), strict=True):
                found[i, j] = self.late(one, two, int(first[i]), int(second[j]))
            self._behind[one, two] = found + EARLY * np.abs(second)[None, :] / STEP_MS
        return self._behind[one, two]

    def slack_ms(self, one: int, two: int) -> int:
        """How long a bus waits between two services at the hours they had."""
        before, after = self.spans[one], self.spans[two]
        return after.begins_ms - before.free_ms - int(self.problem.travel.ms[before.last_node, after.first_node])

    def late(self, one: int, two: int, first: int, second: int) -> float:
        """How often the second is late behind the first, each moved by so much."""
        key = one, two, first, second
        if key not in self._late:
            before, after = self.spans[one], self.spans[two]
            drive_ms = int(self.problem.travel.ms[before.last_node, after.first_node])
            there = before.begins_ms + first + self.drawn[one].own[:, -1] + drive_ms * self.factors[two]
            lateness = np.maximum(0.0, there - (after.begins_ms + second))
            self._late[key] = float(self.drawn[two].late(lateness, second).mean())
        return self._late[key]

    def at_best(self, one: int, two: int) -> float:
        """How often the second is late at least, the first as early as it may be."""
        if (one, two) not in self._best:
            first, second = int(self.drawn[one].shifts[0]), self.drawn[two].shifts
            slack = self.slack_ms(one, two) + second - first
            lates = [self.late(one, two, first, int(by)) for by in second[slack >= 0]]
            self._best[one, two] = min(lates, default=1.0)
        return self._best[one, two]

    def chained(self, at: Sequence[int] | None, price: float) -> list[list[int]]:
        """Which service follows which: buses, and services that are late behind others at their price, are fewest. At
        these hours; where there are none, each pair at the best that it might have."""
        arcs = []
        for one, two in self._pairs(at):
            if at is None:
                late = self.at_best(one, two) - float(self._alone[two].min())
            else:
                alone = self._alone[two][int(np.searchsorted(self.drawn[two].shifts, at[two]))]
                late = self.late(one, two, at[one], at[two]) - float(alone)
            spared = UNIT - round(UNIT * price * late)
            if spared > 0:
                arcs.append((one, two, spared))
        return _joined(len(self.circuits), arcs)

    def _pairs(self, at: Sequence[int] | None) -> list[tuple[int, int]]:
        """Services that may follow one another, at these hours or at some, and that some vehicle holds."""
        ends = [(each.shifts[0], each.shifts[-1]) for each in self.drawn] if at is None else [*zip(at, at, strict=True)]
        early, late = np.array(ends, np.int64).T
        first, begins, last, free = np.array(self.spans, np.int64).T
        drives = self.problem.travel.ms[np.ix_(last, first)]
        in_time = (free + early)[:, None] + drives <= (begins + late)[None, :]
        order = begins if at is None else begins + early
        number = np.arange(len(order))
        sooner = (order[:, None] < order[None, :]) | (
            (order[:, None] == order[None, :]) & (number[:, None] < number[None, :])
        )
        pairs = np.argwhere(in_time & sooner).tolist()
        return [(one, two) for one, two in pairs if self.able[one] & self.able[two]]


def steadied(
    plan: Plan, problem: Problem, aim: Aim, *, held: Set[str] = frozenset(), vehicles: Mapping[str, str] | None = None
) -> Plan:
    """The plan with the fewest buses found that meets the aim, and among as many buses the one that is late least; one
    that comes nearest to the aim where none meets it. `held`: services whose hours stay. `vehicles`: service → type.

    A half-day that goes home has no bell to miss: it stays as it is. Raises Refused("scolaire.fleet_short")."""
    if problem.mirrored or not plan.circuits:
        return plan
    work = _work(plan, problem, aim, held, vehicles or {})
    tried = [(0.0, plan, share_of(plan, problem, aim))]
    dear = None
    for price in PRICES:
        tried.append((price, *_at_price(work, price)))
        if tried[-1][2] >= aim.share:
            dear = price
            break
    if dear is not None and len(tried) > 2:
        cheap = tried[-2][0]
        for _ in range(HALVINGS):
            price = (cheap * dear) ** 0.5
            tried.append((price, *_at_price(work, price)))
            cheap, dear = (cheap, price) if tried[-1][2] >= aim.share else (price, dear)
    good = [each for each in tried if each[2] >= aim.share]
    if good:
        return min(good, key=lambda each: (len(each[1].blocks), -each[2], each[0]))[1]
    return max(tried, key=lambda each: (each[2], -len(each[1].blocks), -each[0]))[1]


def _joined(count: int, arcs: Sequence[tuple[int, int, int]]) -> list[list[int]]:
    """The pairs that spare the most together, as chains, sorted by their first."""
    flow = min_cost_flow.SimpleMinCostFlow()
    source, sink = 2 * count, 2 * count + 1
    made = {}
    for n in range(count):
        flow.add_arc_with_capacity_and_unit_cost(source, n, 1, 0)
        flow.add_arc_with_capacity_and_unit_cost(n, sink, 1, 0)  # nothing follows
        flow.add_arc_with_capacity_and_unit_cost(count + n, sink, 1, 0)
    for one, two, spared in arcs:
        made[flow.add_arc_with_capacity_and_unit_cost(one, count + two, 1, -spared)] = one, two
    flow.set_node_supply(source, count)
    flow.set_node_supply(sink, -count)
    if flow.solve() != flow.OPTIMAL:
        raise AssertionError("services cannot be chained")  # each on a bus of its own always can
    after = dict(pair for arc, pair in made.items() if flow.flow(arc))
    return strung(count, after)


def moved(circuit: Circuit, by_ms: int) -> Circuit:
    """The same service, so much later."""
    return replace(circuit, visits=tuple(replace(each, at_ms=each.at_ms + by_ms) for each in circuit.visits))


def _work(plan: Plan, problem: Problem, aim: Aim, held: Set[str], vehicles: Mapping[str, str]) -> _Work:
    random = np.random.default_rng(aim.seed)
    circuits = plan.circuits
    drawn = tuple(_draw(each, problem, aim, random, fixed=each.id in held) for each in circuits)
    spread = spread_of(aim.cv)
    factors = np.exp(random.normal(-spread * spread / 2, spread, (len(circuits), aim.draws)))
    able = tuple(fitting(each, problem, vehicles) for each in circuits)
    return _Work(problem, aim, circuits, drawn, factors, able, vehicles)


def _draw(circuit: Circuit, problem: Problem, aim: Aim, random: np.random.Generator, *, fixed: bool) -> _Drawn:
    spread, begins_ms = spread_of(aim.cv), circuit.visits[0].at_ms
    own, bare = np.zeros(aim.draws), np.zeros(aim.draws)
    owns, bares, due = [], [], []
    node, aboard = node_of(circuit.visits[0], problem), 0
    for n, visit in enumerate(circuit.visits):
        here = node_of(visit, problem)
        drive = np.exp(random.normal(-spread * spread / 2, spread, aim.draws)) * int(problem.travel.ms[node, here])
        if n:
            own, bare = own + drive, bare + drive
        if isinstance(visit, Board):
            own = np.maximum(own, float(visit.at_ms - begins_ms))  # nobody is left behind by a bus that is early
            doors = problem.handling.boarding(visit.pupils)
            aboard += visit.pupils
        else:
            owns.append(own)
            bares.append(bare)
            due.append(float(problem.school_of[visit.school].last_ms + aim.grace_ms - begins_ms))
            doors = problem.handling.leaving(aboard)
            aboard = 0
        own, bare, node = own + doors, bare + doors, here
    shifts = np.zeros(1, np.int64) if fixed else _shifts(circuit, problem)
    return _Drawn(np.stack([*owns, own], axis=1), np.stack([*bares, bare], axis=1), np.array(due), shifts)


def _shifts(circuit: Circuit, problem: Problem) -> NDArray[np.int64]:
    """By how much a service may be moved: minutes that keep it within the window of every school it goes to."""
    leaves = [visit for visit in circuit.visits if isinstance(visit, Leave)]
    least = max(problem.school_of[each.school].first_ms - each.at_ms for each in leaves)
    least = max(least, -circuit.visits[0].at_ms)
    most = min(problem.school_of[each.school].last_ms - each.at_ms for each in leaves)
    step = max(STEP_MS, -(-(most - least) // (SHIFTS_MOST * STEP_MS)) * STEP_MS)
    return np.array(sorted({*range(0, least - 1, -step), *range(0, most + 1, step), least, most} | {0}), np.int64)


def _at_price(work: _Work, price: float) -> tuple[Plan, float]:
    """The plan in which a late service costs so many buses, and its share before the bell."""
    found: list[tuple[float, Plan, float]] = []
    for begin in (None, work.as_planned, work.alone_best):
        at = list(begin or work.as_planned)
        for turn in range(TURNS):
            links = work.chained(None if begin is None and not turn else at, price)
            links = [piece for chain in links for piece in _retimed(work, chain, at)]
            plan = _plan(work, links, at)
            share = share_of(plan, work.problem, work.aim)
            cost = len(plan.blocks) + price * len(work.circuits) * (1 - share)
            if found and cost >= found[-1][0]:
                break
            found.append((cost, plan, share))
    _, plan, share = min(found, key=lambda each: each[0])
    return plan, share


def share_of(plan: Plan, problem: Problem, aim: Aim) -> float:
    """The share of services before the bell, over the mornings of the aim."""
    shares = half_shares(plan, problem, cv=aim.cv, draws=aim.draws, seed=aim.seed + 1, grace_ms=aim.grace_ms)
    return sum(shares.values()) / len(shares) if shares else 1.0


def _retimed(work: _Work, chain: list[int], at: list[int]) -> list[list[int]]:
    """The hours of a bus at which its services are late least, near those they had: the best of all, link by link.
    The chain, in pieces where no hours hold it together."""
    costs = [work.alone(chain[0])]
    froms: list[NDArray[np.int64]] = []
    for n, (before, after) in enumerate(pairwise(chain)):
        each = costs[-1][:, None] + work.behind(before, after)
        if not np.isfinite(each).any():
            return [*_retimed(work, chain[: n + 1], at), *_retimed(work, chain[n + 1 :], at)]
        froms.append(np.argmin(each, axis=0))
        costs.append(each.min(axis=0))
    place = int(np.argmin(costs[-1]))
    for n in range(len(chain) - 1, -1, -1):
        at[chain[n]] = int(work.drawn[chain[n]].shifts[place])
        if n:
            place = int(froms[n - 1][place])
    return [chain]


def _plan(work: _Work, links: Sequence[Sequence[int]], at: Sequence[int]) -> Plan:
    circuits = tuple(moved(each, by) for each, by in zip(work.circuits, at, strict=True))
    blocks = blocks_of(circuits, work.problem, work.vehicles, links)
    plan = Plan(circuits, blocks)
    broken = faults(plan, work.problem)
    if broken:
        raise AssertionError(f"the solver made a plan that its checker refuses: {broken[0]}")
    return plan

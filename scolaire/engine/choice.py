"""One scenario for each school, and the buses that chain its circuits, on the fewest buses: one integer programme.

Circuits that end at the same arrival are the same to whoever comes next, so links are counted, not named: from an
arrival to a group of circuits that it may precede (`links`). Buses = circuits less links. Its relaxation says what one
more circuit at an arrival is worth to the rest (the price given back to the routing), and bounds the fleet from below,
given the pool.
"""

import datetime
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from ortools.math_opt.python import mathopt

from scolaire.engine.going import Going, always, beside
from scolaire.engine.links import Bools, network
from scolaire.engine.pool import Pool, Way, Ways

Placed = tuple[Way, int]  # a way, and its arrival (position)
Dear = Callable[[int, Ways], float]  # school (position), scenario
_CLOSE = 0.001
A_SCHOOL, A_MINUTE = 0.01, 0.0001  # what moving hours weighs beside buses: only where a bus is saved
_GAP = 0.999  # fleets are whole: a bound less than one below is proof


class By(StrEnum):
    """What is chosen: whole scenarios, or single ways (a larger question, whose answer is never worse)."""

    SCENARIO = "scenario"
    WAY = "way"


@dataclass(frozen=True, slots=True)
class Prices:
    """The relaxed fleet, and by arrival what one more circuit there would save, in buses (0 to 1)."""

    buses: float
    worth: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """By school, its placed ways; `bound`: no choice from this pool has fewer buses. `minutes`: by moved school."""

    placed: tuple[tuple[Placed, ...], ...]
    buses: int
    bound: int
    minutes: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Shifts:
    """Schools whose hours may move: `most` of them. `of`: by one or several schools (positions) that move together, and
    by minutes, the arrivals (positions) that are open then; under 0, those of today."""

    most: int
    of: Mapping[tuple[int, ...], Mapping[int, frozenset[int]]]


class _Programme:
    """The variables and rows of one question."""

    def __init__(
        self, pool: Pool, by: By, *, whole: bool, dear: Dear | None = None, shifts: Shifts | None = None
    ) -> None:
        self.pool, self.whole = pool, whole
        self.moves: list[tuple[tuple[int, ...], int, mathopt.Variable]] = []
        self.places: dict[tuple[int, int], list[mathopt.Variable]] = defaultdict(list)  # by arrival and rank of the way
        self.dear: list[mathopt.LinearTypes] = []
        self.price = dear
        self.model = mathopt.Model()
        self.circuits: list[list[mathopt.LinearTypes]] = [[] for _ in pool.arrivals]  # that end at each arrival
        self.groups: dict[bytes, tuple[Bools, list[mathopt.LinearTypes]]] = {}  # circuits that the same may precede
        self.used: list[list[tuple[mathopt.Variable, Way, int]]] = [[] for _ in pool.problem.schools]
        self.picked: list[list[tuple[mathopt.Variable, tuple[tuple[int, ...], ...]]]] = [
            [] for _ in pool.problem.schools
        ]
        for school in range(len(pool.problem.schools)):
            (self._ways if by is By.WAY else self._scenarios)(school)
        if shifts is not None:
            self._shifts(shifts)
        self.rows = self._links()

    def _binary(self) -> mathopt.Variable:
        return self.model.add_binary_variable() if self.whole else self.model.add_variable(lb=0, ub=1)

    def _ways(self, school: int) -> None:
        """Each need on exactly one way, at one arrival."""
        cover: dict[int, list[mathopt.Variable]] = defaultdict(list)
        for way in self.pool.ways[school].values():
            for arrival in self.pool.at(school):
                here = self._binary()
                self.used[school].append((here, way, arrival))
                self._count(here, way, arrival)
                for position in way.needs:
                    cover[position].append(here)
        for some in cover.values():
            self.model.add_linear_constraint(mathopt.fast_sum(some) == 1)

    def _scenarios(self, school: int) -> None:
        """Exactly one scenario; each of its ways at one arrival."""
        at = self.pool.at(school)
        picks = []
        for scenario in self.pool.scenarios[school]:
            pick = self._binary()
            picks.append(pick)
            self.picked[school].append((pick, scenario))
            if self.price is not None:
                self.dear.append(self.price(school, scenario) * pick)
            for rank, needs in enumerate(scenario):
                way = self.pool.ways[school][needs]
                if len(at) == 1:
                    self._count(pick, way, at[0])
                    continue
                places = [self._binary() for _ in at]
                self.model.add_linear_constraint(mathopt.fast_sum(places) == pick)
                for here, arrival in zip(places, at, strict=True):
                    self.places[arrival, rank].append(here)
                    self.used[school].append((here, way, arrival))
                    self._count(here, way, arrival)
        if picks:  # a school without pupils has no scenario
            self.model.add_linear_constraint(mathopt.fast_sum(picks) == 1)

    def _shifts(self, shifts: Shifts) -> None:
        """Each school moves by exactly one of its shifts, and circuits arrive within the window that it opens. Of two
        answers with as many buses the one that moves fewer schools, and less, is taken."""
        moved = []
        for schools, by_minutes in shifts.of.items():
            picks = {minutes: self._binary() for minutes in sorted(by_minutes)}
            self.model.add_linear_constraint(mathopt.fast_sum(picks.values()) == 1)
            for minutes, pick in picks.items():
                self.moves.append((schools, minutes, pick))
                if minutes:
                    moved.append(pick)
                    self.dear.append((A_SCHOOL + A_MINUTE * abs(minutes)) * pick)
            for arrival in (each for school in schools for each in self.pool.at(school)):
                opens = [pick for minutes, pick in picks.items() if arrival in by_minutes[minutes]]
                for rank in range(max((n for at, n in self.places if at == arrival), default=-1) + 1):
                    here = mathopt.fast_sum(self.places[arrival, rank])
                    self.model.add_linear_constraint(here <= mathopt.fast_sum(opens))
        self.model.add_linear_constraint(mathopt.fast_sum(moved) <= shifts.most)

    def _count(self, here: mathopt.LinearTypes, way: Way, arrival: int) -> None:
        self.circuits[arrival].append(here)
        in_time = self.pool.in_time(arrival, way)
        if in_time.any():
            self.groups.setdefault(np.packbits(in_time).tobytes(), (in_time, []))[1].append(here)

    def _links(self) -> list[mathopt.LinearConstraint]:
        """No more buses go into a group than it has circuits, none out of an arrival than circuits end there."""
        groups, sum_of = list(self.groups.values()), mathopt.fast_sum
        known = np.array([in_time for in_time, _ in groups], dtype=np.bool_)
        known = known.reshape(len(groups), len(self.pool.arrivals))  # none and none, where all services are locked
        found = network(known, [each.school for each in self.pool.arrivals])
        into: list[list[mathopt.LinearTypes]] = [[] for _ in groups]
        out: list[list[mathopt.LinearTypes]] = [[] for _ in self.pool.arrivals]
        links = []
        for arrival, group in found.links:
            link = self.model.add_variable(lb=0)
            links.append(link)
            into[group].append(link)
            out[arrival].append(link)
        for group, larger in found.waits:
            wait = self.model.add_variable(lb=0)
            into[group].append(-wait)
            into[larger].append(wait)
        for arrival, later in found.stays:
            stay = self.model.add_variable(lb=0)
            out[arrival].append(stay)
            out[later].append(-stay)
        for (_, circuits), buses in zip(groups, into, strict=True):
            self.model.add_linear_constraint(sum_of(buses) <= sum_of(circuits))
        rows = [
            self.model.add_linear_constraint(sum_of(buses) - sum_of(circuits) <= 0)
            for buses, circuits in zip(out, self.circuits, strict=True)
        ]
        self.buses = sum_of(here for circuits in self.circuits for here in circuits) - sum_of(links)
        self.model.minimize(self.buses + sum_of(self.dear) if self.dear else self.buses)
        return rows


def prices(pool: Pool, by: By) -> Prices:
    """The relaxation of the question."""
    asked = _Programme(pool, by, whole=False)
    answer = mathopt.solve(asked.model, mathopt.SolverType.GLOP)
    duals = answer.dual_values()
    worth = tuple(min(1.0, max(0.0, -duals[row])) for row in asked.rows)
    return Prices(answer.objective_value(), worth)


def choose(
    pool: Pool, by: By, *, most_s: float, dear: Dear | None = None, going: Going = always,
    shifts: Shifts | None = None,
) -> Choice | None:  # fmt: skip
    """The best choice found in `most_s` seconds; None when there was none, or when it was stopped. Without the limit
    being reached the answer is proven, and the same each time. `dear`: what a scenario of a school costs beside its
    buses (in buses)."""
    if not going():
        return None
    asked = _Programme(pool, by, whole=True, dear=dear, shifts=shifts)
    limits = mathopt.SolveParameters(
        time_limit=datetime.timedelta(seconds=most_s),
        absolute_gap_tolerance=_GAP if dear is None and shifts is None else _CLOSE, relative_gap_tolerance=0.0,
    )  # fmt: skip
    answer = beside(lambda: mathopt.solve(asked.model, mathopt.SolverType.HIGHS, params=limits), going)
    if answer is None or not answer.has_primal_feasible_solution():
        return None
    values = answer.variable_values()
    placed = tuple(_placed(asked, school, values) for school in range(len(pool.problem.schools)))
    bound = answer.termination.objective_bounds.dual_bound
    buses = round(mathopt.evaluate_expression(asked.buses, values))
    minutes = {
        school: shift for schools, shift, pick in asked.moves if shift and values[pick] > 0.5 for school in schools
    }
    return Choice(placed, buses, math.ceil(bound - 1e-6) if math.isfinite(bound) else 0, minutes)


def _placed(asked: _Programme, school: int, values: dict[mathopt.Variable, float]) -> tuple[Placed, ...]:
    if asked.used[school] or not asked.picked[school]:
        return tuple((way, arrival) for here, way, arrival in asked.used[school] if values[here] > 0.5)
    _, scenario = max(asked.picked[school], key=lambda each: values[each[0]])
    at = asked.pool.at(school)[0]
    return tuple((asked.pool.ways[school][needs], at) for needs in scenario)


def lengths(choice: Choice) -> Counter[int]:
    """How many circuits end at each arrival."""
    return Counter(arrival for some in choice.placed for _, arrival in some)

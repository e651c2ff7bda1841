"""What may be chosen: the instants at which buses may reach schools, ways to a school, and from where a bus can come.

A way is a circuit without its hour: stops in order, the node of the first, and how long before the school it begins. At
an arrival (a school and an instant) it becomes a circuit. Before it, the same bus may have served any arrival from
which there is time enough to drive to its first stop.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scolaire.engine.links import Bools
from scolaire.model.plan import Board, Circuit, Leave
from scolaire.model.problem import Problem, School

Ints = NDArray[np.int64]
Ways = tuple[tuple[int, ...], ...]  # positions of needs, in driving order


class Arrival(NamedTuple):
    """A school (its position) and an instant at which buses reach it."""

    school: int
    at_ms: int


class Way(NamedTuple):
    """Needs (positions) in driving order; `lead_ms` from the opening of the first doors to the school."""

    needs: tuple[int, ...]
    first_node: int
    lead_ms: int


def way_to(problem: Problem, school: School, needs: tuple[int, ...]) -> Way:
    """The way through these stops to the school, without a pause."""
    lead_ms, node = 0, school.node
    for position in reversed(needs):
        need = problem.needs[position]
        lead_ms += int(problem.travel.ms[need.node, node]) + problem.handling.boarding(need.pupils)
        node = need.node
    return Way(needs, node, lead_ms)


def arrivals_of(problem: Problem, step_ms: int) -> tuple[Arrival, ...]:
    """For each school the first instant of its window, then one every `step_ms`, and the last."""
    found = []
    for n, school in enumerate(problem.schools):
        instants = {*range(school.first_ms, school.last_ms, step_ms), school.last_ms}
        found += [Arrival(n, at_ms) for at_ms in sorted(instants)]
    return tuple(found)


def free_ms(problem: Problem, arrival: Arrival, pupils: int) -> int:
    """When a bus that brought so many pupils is free again."""
    return arrival.at_ms + problem.handling.leaving(pupils)


@dataclass
class Pool:
    """The ways known to each school, and the scenarios: sets of them that serve all its needs."""

    problem: Problem
    arrivals: tuple[Arrival, ...]
    ways: list[dict[tuple[int, ...], Way]] = field(default_factory=list)
    scenarios: list[dict[Ways, None]] = field(default_factory=list)
    _ready: dict[int, Ints] = field(default_factory=dict)  # by first node: when a bus of each arrival is there

    def __post_init__(self) -> None:
        self.ways = [{} for _ in self.problem.schools]
        self.scenarios = [{} for _ in self.problem.schools]

    def add(self, school: int, scenario: Ways) -> bool:
        """Keep a scenario and its ways; whether it is new. An empty one (nothing was found) is not kept."""
        known = tuple(sorted(scenario))
        if not known or known in self.scenarios[school]:
            return False
        for needs in known:
            if needs not in self.ways[school]:
                self.ways[school][needs] = way_to(self.problem, self.problem.schools[school], needs)
        self.scenarios[school][known] = None
        return True

    def at(self, school: int) -> list[int]:
        """The arrivals (positions) of a school, the earliest first."""
        return [n for n, arrival in enumerate(self.arrivals) if arrival.school == school]

    def in_time(self, arrival: int, way: Way) -> Bools:
        """Of every arrival, whether a bus is in time after it for this way to this one. The doors are counted as if
        every bus were full to the last seat: what is linked here holds for any load."""
        if way.first_node not in self._ready:
            nodes = [self.problem.schools[each.school].node for each in self.arrivals]
            free = [free_ms(self.problem, each, self.seats_most) for each in self.arrivals]
            drives = self.problem.travel.ms[nodes, way.first_node]
            self._ready[way.first_node] = np.array(free, np.int64) + drives
        in_time: Bools = self._ready[way.first_node] <= self.arrivals[arrival].at_ms - way.lead_ms
        return in_time

    @property
    def seats_most(self) -> int:
        return max(each.seats for each in self.problem.vehicle_types)


def circuit(problem: Problem, way: Way, arrival: Arrival, name: str) -> Circuit:
    """The circuit of a way at an arrival: every stop as late as it can be."""
    school = problem.schools[arrival.school]
    visits: list[Board | Leave] = [Leave(school.id, arrival.at_ms)]
    at_ms, node = arrival.at_ms, school.node
    for position in reversed(way.needs):
        need = problem.needs[position]
        at_ms -= int(problem.travel.ms[need.node, node]) + problem.handling.boarding(need.pupils)
        visits.append(Board(need.id, need.pupils, at_ms, need.wheelchairs))
        node = need.node
    return Circuit(name, tuple(reversed(visits)))


def needs_by_school(problem: Problem) -> list[tuple[int, ...]]:
    """The needs (positions) of each school, in the order of the schools."""
    place = {school.id: n for n, school in enumerate(problem.schools)}
    found: list[list[int]] = [[] for _ in problem.schools]
    for position, need in enumerate(problem.needs):
        found[place[need.school]].append(position)
    return [tuple(each) for each in found]

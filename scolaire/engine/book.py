"""One half-day under the pencil: services as lists of stops, changed one at a time and looked at after each change.

A service brings pupils to one school at one instant, every stop as late as can be. What the checker would say of one
service and of its bus is asked here too, so that a change is judged before it is kept.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from scolaire.model.plan import Block, Board, Circuit, Fault, Leave, Plan
from scolaire.model.problem import Need, Problem, VehicleType
from scolaire.rules.checker import circuit_faults, free_at_ms, node_of


@dataclass
class Run:
    """A service: needs by name in driving order, the school and when its doors open there."""

    name: str
    school: str
    needs: list[str]
    at_ms: int


@dataclass
class Bus:
    name: str
    vehicle_type: str
    depot: str
    runs: list[str]
    driver: str = ""


@dataclass
class Book:
    """The services and buses of a half-day. `whole`: circuits that are kept as they are (several schools, locked).
    `roomy`: buses may become as large as there are, so seats are judged by the largest."""

    problem: Problem
    runs: dict[str, Run] = field(default_factory=dict)
    buses: dict[str, Bus] = field(default_factory=dict)
    whole: dict[str, Circuit] = field(default_factory=dict)
    roomy: bool = False

    @classmethod
    def of(cls, problem: Problem, plan: Plan) -> "Book":
        """The book of a plan. Needs that the problem no longer has are left out, and so is a service that had no other
        and a bus that had no other service."""
        made = cls(problem)
        for circuit in plan.circuits:
            schools = [visit for visit in circuit.visits if isinstance(visit, Leave)]
            needs = [visit.need for visit in circuit.visits if isinstance(visit, Board)]
            kept = [each for each in needs if each in problem.need_of]
            if not kept or any(each.school not in problem.school_of for each in schools):
                continue
            if len(schools) > 1:
                made.whole[circuit.id] = circuit
            else:
                made.runs[circuit.id] = Run(circuit.id, schools[0].school, kept, schools[0].at_ms)
        for block in plan.blocks:
            runs = [each for each in block.circuits if each in made.runs or each in made.whole]
            if runs:
                made.buses[block.id] = Bus(block.id, block.vehicle_type, block.depot, runs, block.driver)
        return made

    def need(self, name: str) -> Need:
        return self.problem.need_of[name]

    def put(self, need: Need) -> None:
        """Add a need, or change how many wait."""
        self.problem = replace(self.problem, needs=(*(each for each in self.problem.needs if each.id != need.id), need))

    def drop(self, name: str) -> None:
        """Nobody waits there any more: the need leaves its service, an empty service its bus, an empty bus the plan."""
        self.problem = replace(self.problem, needs=tuple(each for each in self.problem.needs if each.id != name))
        for run in [each for each in self.runs.values() if name in each.needs]:
            run.needs.remove(name)
            if not run.needs:
                self.remove(run.name)

    def remove(self, name: str) -> None:
        """The service is driven no more."""
        self.runs.pop(name, None)
        for bus in [each for each in self.buses.values() if name in each.runs]:
            bus.runs.remove(name)
            if not bus.runs:
                del self.buses[bus.name]

    def run_of(self, need: str) -> Run | None:
        """The service that takes a need, if one does."""
        return next((each for each in self.runs.values() if need in each.needs), None)

    def bus_of(self, run: str) -> Bus | None:
        return next((each for each in self.buses.values() if run in each.runs), None)

    def circuit(self, run: Run) -> Circuit:
        """The service as the plan tells it."""
        school = self.problem.school_of[run.school]
        visits: list[Board | Leave] = [Leave(run.school, run.at_ms)]
        at_ms, node = run.at_ms, school.node
        for name in reversed(run.needs):
            need = self.need(name)
            at_ms -= int(self.problem.travel.ms[need.node, node]) + self.problem.handling.boarding(need.pupils)
            visits.append(Board(name, need.pupils, at_ms, need.wheelchairs))
            node = need.node
        return Circuit(run.name, tuple(reversed(visits)))

    def lead_ms(self, school: str, needs: Iterable[str]) -> int:
        """From the first doors to the school."""
        total, node = 0, self.problem.school_of[school].node
        for name in reversed([*needs]):
            need = self.need(name)
            total += int(self.problem.travel.ms[need.node, node]) + self.problem.handling.boarding(need.pupils)
            node = need.node
        return total

    def vehicle(self, bus: Bus | None) -> VehicleType | None:
        if self.roomy:
            return None
        return next((each for each in self.problem.vehicle_types if bus and each.id == bus.vehicle_type), None)

    def faults(self, name: str) -> list[Fault]:
        """What the checker says of one service in its vehicle."""
        circuit = self.whole.get(name) or self.circuit(self.runs[name])
        return circuit_faults(circuit, self.problem, self.vehicle(self.bus_of(name)) or self._largest(circuit))

    def seats_for(self, run: Run) -> VehicleType:
        """The vehicle of a service, or the one it could have at best."""
        return self.vehicle(self.bus_of(run.name)) or self._largest(self.circuit(run))

    def _largest(self, circuit: Circuit) -> VehicleType:
        """The vehicle that a service without a bus could have at best."""
        rolling = any(isinstance(visit, Board) and visit.wheelchairs for visit in circuit.visits)
        types = self.problem.vehicle_types
        return max(
            types, key=lambda each: (each.wheelchairs, each.seats) if rolling else (each.seats, each.wheelchairs)
        )

    def in_time(self, bus: Bus) -> bool:
        """Whether a bus gets from each of its services to the next."""
        circuits = [self.whole.get(name) or self.circuit(self.runs[name]) for name in bus.runs]
        circuits.sort(key=lambda each: each.visits[0].at_ms)
        return all(self._follows(before, after) for before, after in pairwise(circuits)) and self._short(circuits)

    def _follows(self, before: Circuit, after: Circuit) -> bool:
        first, last = after.visits[0], before.visits[-1]
        empty_ms = int(self.problem.travel.ms[node_of(last, self.problem), node_of(first, self.problem)])
        return free_at_ms(before, self.problem) + empty_ms <= first.at_ms

    def _short(self, circuits: list[Circuit]) -> bool:
        most = self.problem.amplitude_max_ms
        return most is None or free_at_ms(circuits[-1], self.problem) - circuits[0].visits[0].at_ms <= most

    def good(self, name: str) -> bool:
        """Whether a service is without fault and its bus in time."""
        bus = self.bus_of(name)
        return not self.faults(name) and (bus is None or self.in_time(bus))

    def circuits(self) -> tuple[Circuit, ...]:
        """All services, by name."""
        made = {**self.whole, **{name: self.circuit(run) for name, run in self.runs.items()}}
        return tuple(made[name] for name in sorted(made))

    def blocks(self) -> tuple[Block, ...]:
        """The buses, each with its services in the order of the day (a service put on a bus may come before others)."""
        begins = {each.id: each.visits[0].at_ms for each in self.circuits()}
        buses = sorted(self.buses.values(), key=lambda each: each.name)
        runs = [tuple(sorted(bus.runs, key=lambda name: (begins[name], name))) for bus in buses]
        return tuple(
            Block(bus.name, bus.vehicle_type, bus.depot, some, bus.driver)
            for bus, some in zip(buses, runs, strict=True)
        )

    def plan(self) -> Plan:
        return Plan(self.circuits(), self.blocks())


def fresh_name(taken: Mapping[str, object] | set[str], stem: str) -> str:
    """`stem-1`, `stem-2` …: the first that is free."""
    return next(name for name in _names(stem) if name not in taken)


def _names(stem: str) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"{stem}-{number}"

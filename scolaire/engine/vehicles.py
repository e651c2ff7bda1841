"""Which bus drives which chain of services: type and depot, the cheapest that hold it, none more often than it is
there. A transport problem, solved exactly by a flow of least cost (OR-Tools)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from ortools.graph.python import min_cost_flow

from mobigo.base.errors import Refused
from scolaire.engine.fleet import Span, chains
from scolaire.model.demand import DepotSite
from scolaire.model.plan import Block, Circuit, Leave
from scolaire.model.problem import Depot, Problem, VehicleType
from scolaire.rules.checker import free_at_ms, node_of
from scolaire.rules.costs import block_cents


def peaks(circuit: Circuit, problem: Problem) -> tuple[int, int]:
    """Seats and wheelchair places taken at most."""
    seated: dict[str, int] = {}
    rolling: dict[str, int] = {}
    most = [0, 0]
    for visit in circuit.visits:
        if isinstance(visit, Leave):
            seated.pop(visit.school, None)
            rolling.pop(visit.school, None)
            continue
        school = problem.need_of[visit.need].school
        seated[school] = seated.get(school, 0) + visit.pupils - visit.wheelchairs
        rolling[school] = rolling.get(school, 0) + visit.wheelchairs
        most = [max(most[0], sum(seated.values())), max(most[1], sum(rolling.values()))]
    return most[0], most[1]


def fitting(circuit: Circuit, problem: Problem, locked: Mapping[str, str]) -> frozenset[str]:
    """The vehicle types that hold a service, and that its lock allows."""
    seats, rolling = peaks(circuit, problem)
    return frozenset(
        each.id
        for each in problem.vehicle_types
        if each.seats >= seats and each.wheelchairs >= rolling and locked.get(circuit.id, each.id) == each.id
    )


def blocks_of(
    circuits: Sequence[Circuit], problem: Problem, locked: Mapping[str, str],
    chained: Sequence[Sequence[int]] | None = None,
) -> tuple[Block, ...]:  # fmt: skip
    """The fewest buses that drive the circuits, each of a type that holds all it drives. `locked`: circuit → type.
    `chained`: which circuits (positions) follow one another, where that is decided already.

    Raises Refused("scolaire.no_vehicle", service) when no type holds a service, and Refused("scolaire.fleet_short",
    buses, there) when there are not enough.
    """
    able = {each.id: fitting(each, problem, locked) for each in circuits}
    for name, types in able.items():
        if not types:
            raise Refused("scolaire.no_vehicle", service=name)
    if chained is None:
        parts = _chained([[each] for each in circuits], problem, able)
    else:
        parts = [piece for chain in chained for piece in _cut([circuits[n] for n in chain], problem, able)]
    return typed(parts, problem, able)


def _chained(parts: list[list[Circuit]], problem: Problem, able: Mapping[str, frozenset[str]]) -> list[list[Circuit]]:
    """The fewest chains that two by two share a type; those that all do not share one are cut, and the pieces chained
    again as long as that makes fewer of them."""
    while True:
        types = [frozenset.intersection(*(able[each.id] for each in part)) for part in parts]
        together = np.array([[bool(one & two) for two in types] for one in types], dtype=np.bool_)
        spans = [
            Span(node_of(part[0].visits[0], problem), part[0].visits[0].at_ms,
                 node_of(part[-1].visits[-1], problem), free_at_ms(part[-1], problem))
            for part in parts
        ]  # fmt: skip
        strung = [[each for n in chain for each in parts[n]] for chain in chains(spans, problem.travel.ms, together)]
        pieces = [piece for chain in strung for piece in _cut(chain, problem, able)]
        if len(pieces) >= len(parts):
            return pieces if len(pieces) == len(parts) else parts
        parts = pieces


def _cut(chain: Sequence[Circuit], problem: Problem, able: Mapping[str, frozenset[str]]) -> list[list[Circuit]]:
    """A chain in as few pieces as one type each can drive within a driver's day, from the first service on."""
    pieces: list[list[Circuit]] = []
    types: frozenset[str] = frozenset()
    for circuit in chain:
        common = types & able[circuit.id]
        if pieces and common and _within(pieces[-1][0], circuit, problem):
            pieces[-1].append(circuit)
            types = common
        else:
            pieces.append([circuit])
            types = able[circuit.id]
    return pieces


def _within(first: Circuit, last: Circuit, problem: Problem) -> bool:
    most = problem.amplitude_max_ms
    return most is None or free_at_ms(last, problem) - first.visits[0].at_ms <= most


def typed(
    parts: Sequence[Sequence[Circuit]], problem: Problem, able: Mapping[str, frozenset[str]],
    kept: Mapping[int, tuple[str, str]] = MappingProxyType({}),
) -> tuple[Block, ...]:  # fmt: skip
    """A type and a depot for each chain, at the least cost of the day; those `kept` (by position) stay as they are.
    Raises Refused("scolaire.fleet_short")."""
    if not parts:
        return ()
    pairs = [(each, depot) for each in problem.vehicle_types for depot in problem.depots]
    costs = []
    for n, part in enumerate(parts):
        types = frozenset.intersection(*(able[each.id] for each in part))
        costs.append({
            place: block_cents(part, problem, vehicle, depot, days=1)
            for place, (vehicle, depot) in enumerate(pairs)
            if vehicle.id in types and kept.get(n, (vehicle.id, depot.id)) == (vehicle.id, depot.id)
        })  # fmt: skip
    given = cheapest(costs, pairs)
    return tuple(
        Block(f"car-{n + 1}", pairs[given[n]][0].id, pairs[given[n]][1].id, tuple(each.id for each in part))
        for n, part in enumerate(parts)
    )


def cheapest(costs: Sequence[Mapping[int, int]], pairs: Sequence[tuple[VehicleType, Depot | DepotSite]]) -> list[int]:
    """A type and a depot (their position) for each bus, at the least cost of all, none more often than it is there.
    `costs`: by bus, cents by the position it may have. Raises Refused("scolaire.fleet_short", buses, there)."""
    flow, arcs, count = min_cost_flow.SimpleMinCostFlow(), dict[int, tuple[int, int]](), len(costs)
    for n, some in enumerate(costs):
        for place, cents in some.items():
            arcs[flow.add_arc_with_capacity_and_unit_cost(n, count + place, 1, cents)] = (n, place)
    sink = count + len(pairs)
    for place, (vehicle, depot) in enumerate(pairs):
        there = count if depot.vehicles is None else depot.vehicles.get(vehicle.id, 0)
        flow.add_arc_with_capacity_and_unit_cost(count + place, sink, there, 0)
    for n in range(count):
        flow.set_node_supply(n, 1)
    flow.set_node_supply(sink, -count)
    status = flow.solve_max_flow_with_min_cost()
    given = dict(arcs[arc] for arc in arcs if flow.flow(arc)) if status == flow.OPTIMAL else {}
    if len(given) < count:
        raise Refused("scolaire.fleet_short", buses=count, there=len(given))
    return [given[n] for n in range(count)]

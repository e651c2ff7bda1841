"""Fleets by others, on the cases of `tests.benchmarks.school`: PyVRP by itself, OR-Tools' routing in three settings.

Each is given one school at a time, with the pupils, seats and ride caps of the problem, and asked for few buses first,
then for short driving. What they answer is chained by the same exact matching as ours and judged by the same checker,
so the difference is in the routes. Nothing of our adapter is used: these are the models a newcomer would write.

A case has so many seconds of processor, shared among its schools by their stops; what was used is measured.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import pyvrp
from ortools.constraint_solver import pywrapcp, routing_enums_pb2
from ortools.constraint_solver.routing_parameters_pb2 import RoutingSearchParameters

from scolaire.engine.fleet import chains
from scolaire.engine.pool import needs_by_school
from scolaire.engine.solve import Limits, Step, solve, spans_of
from scolaire.model.plan import Block, Plan
from scolaire.model.problem import Problem
from scolaire.rules.checker import faults
from tests.school_instances import latest

Ways = list[list[int]]  # routes: positions of needs, in driving order
Rival = Callable[[Problem, int, tuple[int, ...], float, int], Ways]
SECOND_MS: Final = 1_000  # costs are in seconds: PyVRP's dearest penalty is then worth ten buses; times in ms
NET_S: Final = 3_600  # of the clock, should the seconds of processor never be spent
BUS_S: Final = 10_000  # what a bus is worth: more than any school's driving on it


def pyvrp_alone(problem: Problem, school: int, needs: tuple[int, ...], cap_s: float, seed: int) -> Ways:
    """As its documentation has it, all defaults. A bus begins anywhere: leaving the depot costs nothing, and the doors'
    time at a stop is on the way there, so the length of a shift is the ride of the pupil who is picked up first."""
    model, seats = pyvrp.Model(), max(each.seats for each in problem.vehicle_types)
    places = [model.add_location(0, 0) for _ in range(len(needs) + 1)]
    depot = model.add_depot(places[0])
    for n, position in enumerate(needs):
        model.add_client(places[1 + n], pickup=problem.needs[position].pupils)
    cap_ms = min(problem.needs[position].ride_max_ms for position in needs)
    model.add_vehicle_type(
        len(needs), seats, start_depot=depot, end_depot=depot, fixed_cost=BUS_S, shift_duration=cap_ms
    )
    for i, row in enumerate(_way_ms(problem, school, needs)):
        for j, ms in enumerate(row):
            if i != j:
                model.add_edge(places[i], places[j], distance=ms // SECOND_MS, duration=ms)
    until_s = time.process_time() + cap_s
    best = model.solve(lambda _: time.process_time() >= until_s, seed=seed, collect_stats=False, display=False).best
    if not best.is_feasible():
        return []
    return [[needs[act.idx] for act in route if act.is_client()] for route in best.routes()]


def or_tools(first: str, then: str) -> Rival:
    """Its routing library: a first solution by one of its strategies, made better by one of its metaheuristics."""

    def routed(problem: Problem, school: int, needs: tuple[int, ...], cap_s: float, _seed: int) -> Ways:
        manager = pywrapcp.RoutingIndexManager(len(needs) + 1, len(needs), 0)
        routing = pywrapcp.RoutingModel(manager)
        way_ms = _way_ms(problem, school, needs)
        pupils = [0, *(problem.needs[position].pupils for position in needs)]
        node = manager.IndexToNode
        cost = routing.RegisterTransitCallback(lambda i, j: way_ms[node(i)][node(j)] // SECOND_MS)
        lasts = routing.RegisterTransitCallback(lambda i, j: way_ms[node(i)][node(j)])
        takes = routing.RegisterUnaryTransitCallback(lambda i: pupils[node(i)])
        routing.SetArcCostEvaluatorOfAllVehicles(cost)
        routing.SetFixedCostOfAllVehicles(BUS_S)
        routing.AddDimension(lasts, 0, min(problem.needs[position].ride_max_ms for position in needs), True, "ride")
        routing.AddDimension(takes, 0, max(each.seats for each in problem.vehicle_types), True, "seats")
        until_s = time.process_time() + cap_s
        solver = routing.solver()
        routing.AddSearchMonitor(solver.CustomLimit(lambda: time.process_time() >= until_s))
        found = routing.SolveWithParameters(_parameters(first, then))
        if found is None:
            return []
        ways = []
        for bus in range(len(needs)):
            index, way = found.Value(routing.NextVar(routing.Start(bus))), []
            while not routing.IsEnd(index):
                way.append(needs[node(index) - 1])
                index = found.Value(routing.NextVar(index))
            ways.append(way)
        return [way for way in ways if way]

    return routed


def _parameters(first: str, then: str) -> RoutingSearchParameters:
    made: RoutingSearchParameters = pywrapcp.DefaultRoutingSearchParameters()
    made.first_solution_strategy = getattr(routing_enums_pb2.FirstSolutionStrategy, first)
    made.local_search_metaheuristic = getattr(routing_enums_pb2.LocalSearchMetaheuristic, then)
    made.time_limit.seconds = NET_S
    return made


RIVALS: Final[dict[str, Rival]] = {
    "PyVRP alone": pyvrp_alone,
    "OR-Tools guided": or_tools("PARALLEL_CHEAPEST_INSERTION", "GUIDED_LOCAL_SEARCH"),
    "OR-Tools annealing": or_tools("SAVINGS", "SIMULATED_ANNEALING"),
    "OR-Tools tabu": or_tools("PATH_CHEAPEST_ARC", "TABU_SEARCH"),
}


def _way_ms(problem: Problem, school: int, needs: tuple[int, ...]) -> list[list[int]]:
    """From the school (0, where a bus appears for nothing) and each stop to each other, with the doors of where it
    comes to."""
    nodes = [problem.schools[school].node, *(problem.needs[position].node for position in needs)]
    doors = [0, *(problem.handling.boarding(problem.needs[position].pupils) for position in needs)]
    return [
        [0 if i == 0 or i == j else int(problem.travel.ms[a, b]) + doors[j] for j, b in enumerate(nodes)]
        for i, a in enumerate(nodes)
    ]


def rival_fleet(problem: Problem, rival: Rival, cap_s: float, seed: int) -> dict[str, Any]:
    """The buses of a case by a rival; None, and for how many schools, where it found no routes in its time."""
    circuits, lost = [], 0
    for school, needs in enumerate(needs_by_school(problem)):
        if not needs:
            continue
        ways = rival(problem, school, needs, cap_s * len(needs) / len(problem.needs), seed)
        lost += not ways
        name = problem.schools[school].id
        for n, way in enumerate(ways):
            circuits.append(latest(problem, name, [problem.needs[each].id for each in way], f"{name}-{n}"))
    if lost:
        return {"fleet": None, "lost": lost}
    found = chains(spans_of(circuits, problem), problem.travel.ms)
    bus, depot = max(problem.vehicle_types, key=lambda each: each.seats).id, problem.depots[0].id
    blocks = tuple(Block(f"b{n}", bus, depot, tuple(circuits[i].id for i in one)) for n, one in enumerate(found))
    assert faults(Plan(tuple(circuits), blocks), problem) == []
    return {"fleet": len(blocks), "lost": 0}


def our_fleet(problem: Problem, limits: Limits, cap_s: float, seed: int) -> dict[str, Any]:
    """Ours in the same seconds: once they are spent, no further round is begun."""
    until_s = time.process_time() + cap_s

    def going(_step: Step) -> bool:
        return time.process_time() < until_s

    plan = solve(problem, limits, seed, going)
    assert faults(plan, problem) == []
    return {"fleet": len(plan.blocks), "lost": 0}

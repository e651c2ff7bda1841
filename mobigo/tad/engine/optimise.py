"""The whole day again with OR-Tools, before the cut-off lets vehicles leave: same promises, fewer kilometres.

OR-Tools appears in this module alone. What it finds is timed again by our own rule, and taken only if every promise is
kept and the road is shorter.
"""

from dataclasses import dataclass
from typing import Any, Final

from mobigo.tad.engine.day import Day, Plan
from mobigo.tad.model.rounds import Limits, Problem, Rounds
from mobigo.tad.rules.checker import faults, metres

HORIZON_S: Final = 48 * 3600
LEFT_OUT_M: Final = 10_000_000  # what a request not served counts, where serving is not promised yet


@dataclass(frozen=True, slots=True)
class Found:
    """Rounds, and the requests they do not serve (never one that was promised)."""

    rounds: Rounds
    left_out: tuple[str, ...]


def reoptimised(rounds: Rounds, problem: Problem, limits: Limits) -> Rounds:
    """The rounds with fewer metres, or as they were. Every request of the problem is served before and after.

    Only a day that has not begun (`now_s` None) is optimised whole; another is given back as it is.
    """
    if problem.now_s is not None or not problem.requests:
        return rounds
    found = search(rounds, problem, limits, promised=True)
    shorter = found is not None and metres(found.rounds, problem) < metres(rounds, problem)
    return found.rounds if found is not None and shorter and not faults(found.rounds, problem) else rounds


def search(rounds: Rounds, problem: Problem, limits: Limits, *, promised: bool) -> Found | None:
    """The best rounds found from these, None when none were. `promised` False: requests may be left out, as if all were
    known before any was answered (the benchmark's peer)."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    day = Day(problem)
    cars, count = len(day.cars), len(day.names)
    places = [*day.bases, *(day.place(0, node) for node in range(2 * count))]
    time = [[day.leg_s(a, b) for b in places] for a in places]
    length = [[day.leg_m(a, b) for b in places] for a in places]
    manager = pywrapcp.RoutingIndexManager(cars + 2 * count, cars, list(range(cars)), list(range(cars)))
    routing = pywrapcp.RoutingModel(manager)
    board = day.board_s
    for row, source in enumerate(time):
        for column in range(len(source)):
            source[column] += board if row >= cars else 0
    lengths = routing.RegisterTransitMatrix(length)
    routing.SetArcCostEvaluatorOfAllVehicles(lengths)
    routing.AddDimension(routing.RegisterTransitMatrix(time), HORIZON_S, HORIZON_S, False, "time")
    clock = routing.GetDimensionOrDie("time")
    for name, loads, rooms in (
        ("seats", day.seats, [car.seats for car in day.cars]),
        ("wheelchairs", day.wheelchairs, [car.wheelchairs for car in day.cars]),
    ):
        change = [0] * cars + [sign * load for load in loads for sign in (1, -1)]
        routing.AddDimensionWithVehicleCapacity(routing.RegisterUnaryTransitVector(change), 0, rooms, True, name)
    solver = routing.solver()
    for r in range(count):
        up, down = (manager.NodeToIndex(cars + 2 * r + side) for side in (0, 1))
        routing.AddPickupAndDelivery(up, down)
        solver.Add(routing.VehicleVar(up) == routing.VehicleVar(down))
        solver.Add(clock.CumulVar(up) <= clock.CumulVar(down))
        clock.CumulVar(up).SetRange(day.earliest[2 * r], day.latest[2 * r])
        clock.CumulVar(down).SetRange(day.earliest[2 * r], day.latest[2 * r + 1])
        solver.Add(clock.CumulVar(down) - clock.CumulVar(up) <= board + day.ride[r])
        if not promised:
            routing.AddDisjunction([up], LEFT_OUT_M)
            routing.AddDisjunction([down], 0)
            solver.Add(routing.ActiveVar(up) == routing.ActiveVar(down))
    asked = pywrapcp.DefaultRoutingSearchParameters()
    asked.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    asked.solution_limit = limits.solutions
    asked.time_limit.seconds = limits.seconds
    routing.CloseModelWithParameters(asked)
    begun = routing.ReadAssignmentFromRoutes(
        [[manager.NodeToIndex(cars + node) for node in nodes] for nodes in Plan.of(day, rounds).nodes], True
    )
    if begun is None:
        return None
    solution = routing.SolveFromAssignmentWithParameters(begun, asked)
    return None if solution is None else _read(day, routing, manager, solution)


def _read(day: Day, routing: Any, manager: Any, solution: Any) -> Found | None:
    cars = len(day.cars)
    nodes: list[list[int]] = []
    at: list[list[int]] = []
    for car in range(cars):
        index, visits = solution.Value(routing.NextVar(routing.Start(car))), []
        while not routing.IsEnd(index):
            visits.append(manager.IndexToNode(index) - cars)
            index = solution.Value(routing.NextVar(index))
        timed = day.times(car, visits)
        if timed is None:
            return None
        nodes.append(visits)
        at.append(timed)
    served = {node >> 1 for visits in nodes for node in visits}
    left = tuple(name for r, name in enumerate(day.names) if r not in served)
    return Found(Plan(day, nodes, at).rounds(), left)

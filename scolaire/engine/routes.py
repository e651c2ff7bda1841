"""The routes of one school, by PyVRP: this is the only module that knows it.

A bus reaches the school at a fixed instant. It comes from nowhere in particular (a bus of its own), or from another
school it has just served: then it starts there when its doors are closed, and costs what that circuit is worth to the
whole plan. A pupil's ride is capped by the earliest time at which a bus may open its doors at their stop.
"""

import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyvrp
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.stop import MaxIterations

from scolaire.engine.going import Going, always
from scolaire.model.problem import Problem

# A school that asks for many buses makes it say so; what it gives back is looked at anyway.
warnings.filterwarnings("ignore", category=PenaltyBoundWarning)

FAR_MS = 1 << 30
COST_MS = 100  # costs are counted in tenths of a second: penalties then outweigh a bus, which ends the search sooner
Ways = tuple[tuple[int, ...], ...]  # routes: positions of needs, in driving order


class Start(NamedTuple):
    """Where up to `buses` may come from: a node, when they are free there, and what one of them costs (in buses)."""

    node: int
    ready_ms: int
    buses: int
    price: float


@dataclass(frozen=True, slots=True)
class Ask:
    """One school to be routed: its needs (positions), the instant of arrival, seats, where buses may come from, the
    price of a bus of its own. `bus_ms`: how much driving a bus is worth. `cap_share`: rides are held to this share of
    their cap, so that shorter circuits, which chain better, are found too. `wheelchairs`: places for them."""

    school: str
    needs: tuple[int, ...]
    arrives_ms: int
    seats: int
    starts: tuple[Start, ...] = ()
    own_price: float = 1.0
    bus_ms: int = 10_000_000
    cap_share: float = 1.0
    wheelchairs: int = 0


def route(problem: Problem, ask: Ask, *, seed: int, iterations: int, begin: Ways = (), going: Going = always) -> Ways:
    """Routes that together serve every need of the school within every cap; none when none were found. `begin`: where
    the search starts from. `going`: ends it early by saying no. Deterministic for a seed."""
    data = _data(problem, ask)
    params = pyvrp.SolveParams(ils=pyvrp.IteratedLocalSearchParams(num_iters_no_improvement=max(100, iterations // 2)))
    turns = MaxIterations(iterations)
    found = pyvrp.solve(
        data, lambda cost: turns(cost) or not going(), seed=seed, collect_stats=False, params=params,
        initial_solution=_known(data, ask, begin) if begin else None,
    ).best  # fmt: skip
    if not found.is_feasible():
        return ()
    return tuple(tuple(ask.needs[act.idx] for act in each if act.is_client()) for each in found.routes())


def _known(data: pyvrp.ProblemData, ask: Ask, begin: Ways) -> pyvrp.Solution:
    place = {position: n for n, position in enumerate(ask.needs)}
    return pyvrp.Solution(data, [pyvrp.Route(data, [place[each] for each in way], 0) for way in begin])


def _data(problem: Problem, ask: Ask) -> pyvrp.ProblemData:
    """Locations: the school, the stops, the starts, and one from which every stop is no drive away."""
    needs = [problem.needs[position] for position in ask.needs]
    starts = [start for start in ask.starts if start.buses > 0]
    nodes = [problem.school_of[ask.school].node, *(need.node for need in needs), *(start.node for start in starts)]
    anywhere = len(nodes)
    ms = np.zeros((anywhere + 1, anywhere + 1), dtype=np.int64)
    ms[:anywhere, :anywhere] = problem.travel.ms[np.ix_(nodes, nodes)]
    ms[:anywhere, anywhere] = FAR_MS
    rolling = any(need.wheelchairs for need in needs)
    holds = [ask.seats, ask.wheelchairs] if rolling else [ask.seats]
    clients = []
    for n, need in enumerate(needs):
        boarding_ms = problem.handling.boarding(need.pupils)
        soonest_ms = ask.arrives_ms - int(need.ride_max_ms * ask.cap_share) - boarding_ms
        clients.append(
            pyvrp.Client(
                1 + n, pickup=[need.pupils - need.wheelchairs, need.wheelchairs] if rolling else [need.pupils],
                service_duration=boarding_ms, tw_early=soonest_ms, tw_late=ask.arrives_ms,
            )
        )  # fmt: skip
    late = ask.arrives_ms
    depots = [pyvrp.Depot(0, tw_late=late), pyvrp.Depot(anywhere)]
    types = [pyvrp.VehicleType(len(needs), holds, 1, 0, fixed_cost=_cost(ask.own_price, ask), tw_late=late)]
    for n, start in enumerate(starts):
        depots.append(pyvrp.Depot(1 + len(needs) + n))
        types.append(
            pyvrp.VehicleType(
                start.buses, holds, 2 + n, 0,
                fixed_cost=_cost(start.price, ask), tw_early=start.ready_ms, tw_late=late,
            )
        )  # fmt: skip
    locations = [pyvrp.Location(0, 0)] * (anywhere + 1)
    return pyvrp.ProblemData(locations, clients, depots, types, [ms // COST_MS], [ms])  # type: ignore[list-item]  # its stubs want one axis


def _cost(price: float, ask: Ask) -> int:
    return round(max(0.0, price) * ask.bus_ms) // COST_MS

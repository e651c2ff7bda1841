"""What services cost and how far they go: kilometres with pupils and without, hours, the price of a contract."""

from collections.abc import Sequence
from itertools import pairwise

from scolaire.model.plan import Board, Circuit
from scolaire.model.problem import Depot, Problem, VehicleType
from scolaire.rules.checker import free_at_ms, node_of


def metres_of(part: Sequence[Circuit], problem: Problem, depot: Depot) -> tuple[int, int]:
    """Metres with pupils and without, from the depot and back."""
    metres = problem.travel.metres
    loaded = empty = 0
    for circuit in part:
        aboard = 0
        for one, two in pairwise(circuit.visits):
            aboard = aboard + one.pupils if isinstance(one, Board) else 0
            length = int(metres[node_of(one, problem), node_of(two, problem)])
            loaded, empty = (loaded + length, empty) if aboard else (loaded, empty + length)
    nodes = [(node_of(each.visits[0], problem), node_of(each.visits[-1], problem)) for each in part]
    empty += int(metres[depot.node, nodes[0][0]]) + int(metres[nodes[-1][1], depot.node])
    empty += sum(int(metres[before[1], after[0]]) for before, after in pairwise(nodes))
    return loaded, empty


def worked_ms(part: Sequence[Circuit], problem: Problem, depot: Depot) -> int:
    """The driver's time from depot to depot."""
    travel = problem.travel.ms
    first, last = node_of(part[0].visits[0], problem), node_of(part[-1].visits[-1], problem)
    out_ms = int(travel[depot.node, first]) + int(travel[last, depot.node])
    return free_at_ms(part[-1], problem) - part[0].visits[0].at_ms + out_ms


def block_cents(
    part: Sequence[Circuit], problem: Problem, vehicle: VehicleType, depot: Depot, *, days: int, with_day: bool = True
) -> int:
    """What a bus costs on `days` such half-days by the contract: its day (unless it is counted elsewhere), kilometres,
    driver's hours from depot to depot. Cents, rounded once, half up."""
    loaded, empty = metres_of(part, problem, depot)
    exact = (
        vehicle.km_cents * (loaded + empty) * 3_600_000 + vehicle.hour_cents * worked_ms(part, problem, depot) * 1_000
    )
    exact += vehicle.day_cents * 3_600_000_000 if with_day else 0
    return (2 * exact * days + 3_600_000_000) // 7_200_000_000

"""The rivals of the benchmark are asked for what we are asked: the same rides, seats and doors, to the millisecond."""

from dataclasses import replace

import numpy as np
import pytest

from scolaire.engine.solve import Limits
from scolaire.model.problem import Depot, Handling, Need, Problem, School, Travel, VehicleType
from tests.benchmarks.school_rivals import RIVALS, our_fleet, rival_fleet

# A depot at 0, a school at 0, stops 1, 2 and 3 minutes away on one road; doors 10 s and 1 s a pupil: 15 s for five.
NODES = np.array([0, 0, 1, 2, 3])
MS = (np.abs(NODES[:, None] - NODES[None, :]) * 60_000).astype(np.int32)
RIDE_MS = 180_000 + 2 * 15_000  # of who is picked up first: three minutes, and the doors of the two stops after it
PROBLEM = Problem(
    Travel(MS, MS), (School("e", 1, 28_800_000, 28_800_000),),
    tuple(Need(name, name, 2 + n, "e", 5, RIDE_MS) for n, name in enumerate("abc")),
    (VehicleType("bus", 15),), (Depot("d", 0),), Handling(board_ms=10_000, board_pupil_ms=1_000),
)  # fmt: skip


def asked(ride_ms: int, seats: int) -> Problem:
    needs = tuple(replace(each, ride_max_ms=ride_ms) for each in PROBLEM.needs)
    return replace(PROBLEM, needs=needs, vehicle_types=(VehicleType("bus", seats),))


@pytest.mark.parametrize("who", ["ours", *RIVALS])
@pytest.mark.parametrize(
    ("ride_ms", "seats", "buses"),
    [(RIDE_MS, 15, 1), (RIDE_MS - 1, 15, 2), (RIDE_MS, 14, 2), (180_000, 5, 3)],
)
def test_everybody_is_held_to_the_same_ride_and_seats(who: str, ride_ms: int, seats: int, buses: int) -> None:
    problem = asked(ride_ms, seats)
    if who == "ours":
        found = our_fleet(problem, Limits(60, 1, 5.0), 5.0, 1)
    else:
        found = rival_fleet(problem, RIVALS[who], 0.2, 1)
    assert found == {"fleet": buses, "lost": 0}


@pytest.mark.parametrize("who", RIVALS)
def test_a_rival_without_routes_is_said_to_have_none(who: str) -> None:
    """A ride of three minutes under a cap of less."""
    assert rival_fleet(asked(179_999, 15), RIVALS[who], 0.2, 1) == {"fleet": None, "lost": 1}

"""Which stops to serve, who walks to which, and the tours: one school (or group of schools that share stops).

Pupils are numbers. A pupil walks to one of the stops within reach; a stop is served by one tour; a tour goes from the
school and back, and seats all its pupils at once.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mobigo.base.decisions import Decision


@dataclass(frozen=True, eq=False)
class StopProblem:
    """`costs` of shape (stops + 1, stops + 1): from row to column, any unit; 0 is the school, 1 … the candidate stops.
    `reach`: for each pupil the stops within reach (never 0). `seats` of one bus."""

    costs: NDArray[np.float64]
    reach: tuple[tuple[int, ...], ...]
    seats: int


@dataclass(frozen=True, slots=True)
class StopPlan:
    """`tours`: stops in order. `stop_of`: the stop of each pupil, 0 for one who has none within reach."""

    tours: tuple[tuple[int, ...], ...]
    stop_of: tuple[int, ...]
    cost: float


class StopRule(StrEnum):
    """What a choice of stops may break."""

    ONCE = "once"  # a stop is on one tour, at one place, and has pupils
    REACH = "reach"
    SEATS = "seats"
    LEFT = "left"  # a pupil with a stop within reach has one
    COST = "cost"


@dataclass(frozen=True, slots=True)
class StopFault:
    rule: StopRule
    said: Decision

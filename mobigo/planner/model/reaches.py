"""Between doors and stops: what is within reach of a position, and of a departure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mobigo.base.geo import Point
from mobigo.network.model.timetable import F64, I32, Timetable
from mobigo.planner.model.journeys import WalkedWay
from mobigo.planner.model.questions import By


@dataclass(frozen=True)
class Reach:
    """Nodes reached from a position (or that reach it): seconds and metres of each, sorted by node. `paced`: people
    walk at the usual pace, and what the seconds say besides is waiting. `own`: those reached by a vehicle of one's own
    (`by`); None for none."""

    node: I32
    time_s: I32
    walk_m: I32
    paced: bool = True
    own: NDArray[np.bool_] | None = None
    by: By = By.WALK

    @classmethod
    def empty(cls) -> "Reach":
        return cls(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int32))


class AccessEgress(Protocol):
    """How people get between a door and the stops."""

    def reach(self, timetable: Timetable, point: Point, walk_m_max: int, leaving: bool) -> Reach:
        """The stops within reach of `point`, or (not `leaving`) from which it is within reach."""

    def direct(self, a: Point, b: Point, walk_m_max: int) -> tuple[int, int] | None:
        """(seconds, metres) from a to b on foot; None when it is farther, or there is no way."""

    def ways(self, point: Point, others: Sequence[Point], walk_m_max: int, leaving: bool) -> list[WalkedWay]:
        """The ways from `point` to each of the others, or from each to it."""


@dataclass(frozen=True)
class Reachable:
    """One-to-all: earliest arrival (UTC seconds since 1970) and vehicles taken at each stop of the timetable; -1
    where not reached."""

    arrive_epoch_s: F64 = field(repr=False)
    vehicles: I32 = field(repr=False)

"""What a planner asks of one half-day: schools, pupils at stops, vehicles, travel times, and what may not be crossed.

Everything is an index or a whole number. Times are milliseconds after midnight (tenths of a second stand in published
rules, so seconds would round), lengths are metres. There is no name of a person here: a need is so many pupils.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Travel:
    """Driving times and lengths between all nodes, row to column; never symmetric by assumption. `ms` and `metres` are
    int32 of shape (n, n)."""

    ms: NDArray[np.int32]
    metres: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class School:
    """Where a bus may arrive from `first_ms` to `last_ms`."""

    id: str
    node: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Need:
    """Pupils of one school waiting at one stop, to be on board no longer than `ride_max_ms` each. `wheelchairs` of them
    take a wheelchair place, the others a seat."""

    id: str
    stop: str
    node: int
    school: str
    pupils: int
    ride_max_ms: int
    wheelchairs: int = 0


@dataclass(frozen=True, slots=True)
class VehicleType:
    """Everyone has a seat (order of 2 July 1982): `seats` is what is counted, never three for two."""

    id: str
    seats: int
    wheelchairs: int = 0
    day_cents: int = 0
    km_cents: int = 0
    hour_cents: int = 0
    co2_g_km: int = 0


@dataclass(frozen=True, slots=True)
class Depot:
    """Where buses of some types stand at night; None: as many as are asked for."""

    id: str
    node: int
    vehicles: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Handling:
    """How long doors stay open: a base, and so much a pupil. `leave_always_ms`: the same time whoever leaves."""

    board_ms: int = 0
    board_pupil_ms: int = 0
    leave_ms: int = 0
    leave_pupil_ms: int = 0
    leave_always_ms: int | None = None

    def boarding(self, pupils: int) -> int:
        return self.board_ms + self.board_pupil_ms * pupils

    def leaving(self, pupils: int) -> int:
        if self.leave_always_ms is not None:
            return self.leave_always_ms
        return self.leave_ms + self.leave_pupil_ms * pupils


@dataclass(frozen=True)
class Problem:
    """One morning. `mixed`: pupils of several schools may be on board together. `amplitude_max_ms`: from a driver's
    first stop to the end of the last circuit (None: not limited). `mirrored`: an evening told as the morning that it is
    when time runs backwards (see `rules.halves`); it changes only how instants are read out."""

    travel: Travel
    schools: tuple[School, ...]
    needs: tuple[Need, ...]
    vehicle_types: tuple[VehicleType, ...]
    depots: tuple[Depot, ...]
    handling: Handling = field(default_factory=Handling)
    mixed: bool = False
    amplitude_max_ms: int | None = None
    mirrored: bool = False

    @cached_property
    def school_of(self) -> dict[str, School]:
        return {each.id: each for each in self.schools}

    @cached_property
    def need_of(self) -> dict[str, Need]:
        return {each.id: each for each in self.needs}

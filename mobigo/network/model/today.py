"""The network as it runs today: what realtime changed of a compiled timetable.

The timetable of today has every row of the planned one, at the same place, and more after them: a trip that runs
otherwise on a day has a row of its own for that day, and its planned row no longer runs on it. Whoever holds a row of
the planned timetable may thus read it in that of today, and search, boards and pages need to know nothing of realtime.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np

from mobigo.base.decisions import Decision
from mobigo.network.model.realtime import Alert, Vehicle
from mobigo.network.model.timetable import I32, U8, Timetable

NO_WORD, EXPECTED, SKIPPED = 0, 1, 2  # what is known of a call: `rules.propagation.Word`


@dataclass(frozen=True, slots=True)
class Unserved:
    """A planned call where nobody gets on today: the trip (a planned row) is cancelled, or skips it."""

    trip: int
    position: int
    stop: int
    service_day: date
    depart_s: int  # seconds since 1970, as planned
    shift_s: int  # as `Departure.shift_s`
    by_frequency: bool
    is_cancelled: bool  # the whole trip


@dataclass(frozen=True, slots=True)
class Planned:
    """A call as planned, seconds since 1970."""

    stop: int
    arrive_s: int
    depart_s: int


@dataclass(frozen=True, eq=False)
class Overlay:
    """A timetable of today. `planned_trip` (NONE for a trip that is not planned), `planned_shift_s`, `start_s` and
    `aligned` are those of each trip row after the planned ones, `word` of each visit after them; where `aligned`, the
    visits of a trip are those planned, in order. `start_s` is the beginning of its service day since 1970."""

    planned: Timetable
    timetable: Timetable
    planned_trip: I32
    planned_shift_s: I32
    day_start_s: np.ndarray
    aligned: np.ndarray
    word: U8
    unserved: tuple[Unserved, ...] = ()

    def word_of(self, trip: int, position: int) -> int:
        """What is known of a call: NO_WORD for a trip that runs as planned."""
        first = len(self.planned.visit_stop)
        at = int(self.timetable.trip_visit_start[trip]) + position
        return int(self.word[at - first]) if at >= first else NO_WORD

    def planned_trip_of(self, trip: int) -> int:
        """The planned row of a trip; NONE for one that is not planned."""
        at = trip - len(self.planned.trip_route)
        return trip if at < 0 else int(self.planned_trip[at])

    def planned_call(self, trip: int, position: int) -> Planned | None:
        """The call as planned, of a trip that realtime has a word of; None where nothing corresponds."""
        at = trip - len(self.planned.trip_route)
        if at < 0 or not self.aligned[at]:
            return None
        visit = int(self.planned.trip_visit_start[int(self.planned_trip[at])]) + position
        zero = int(self.day_start_s[at]) + int(self.planned_shift_s[at])
        return Planned(
            int(self.planned.visit_stop[visit]),
            zero + int(self.planned.visit_arrive_s[visit]),
            zero + int(self.planned.visit_depart_s[visit]),
        )

    @cached_property
    def unserved_at(self) -> dict[int, list[Unserved]]:
        """The unserved calls of each stop."""
        out: dict[int, list[Unserved]] = {}
        for each in self.unserved:
            out.setdefault(each.stop, []).append(each)
        return out


@dataclass(frozen=True, slots=True)
class Heard:
    """A source of realtime: as of when its last message is (seconds since 1970), whether that is too old to be used,
    how many of its trips were understood, and what was not."""

    source: str
    at: int | None
    is_stale: bool
    trip_count: int = 0
    used_count: int = 0
    told: tuple[Decision, ...] = ()
    error: Decision | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert, and the rows it is about. Empty sets: nothing of that kind; `everywhere`: the whole network."""

    alert: Alert
    routes: frozenset[int] = frozenset()
    stops: frozenset[int] = frozenset()
    trips: frozenset[int] = frozenset()
    pairs: frozenset[tuple[int, int]] = frozenset()  # a line at a stop
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a vehicle of a line (a row) was, as of `at` (seconds since 1970)."""

    vehicle: Vehicle
    route: int
    at: int


@dataclass(frozen=True, eq=False)
class Today:
    """All that is known of the day beside the timetable. `overlay` is None when no trip runs otherwise."""

    heard: tuple[Heard, ...] = ()
    overlay: Overlay | None = None
    notices: tuple[Notice, ...] = ()
    vehicles: tuple[Seen, ...] = field(default=(), repr=False)

    @property
    def at(self) -> int | None:
        """As of when what is used is: the oldest message in use."""
        used = [each.at for each in self.heard if not each.is_stale and each.at is not None and each.trip_count]
        return min(used, default=None)

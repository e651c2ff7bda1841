"""A coach followed by its driver's telephone: what was noted at its stops, and where it was last seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from mobigo.base.geo import Point


class Act(StrEnum):
    """What a driver notes. `UNDO` takes an arrival or a departure back, the last one."""

    START = "debut"
    ARRIVED = "arrive"
    LEFT = "parti"
    UNDO = "annuler"
    SEEN = "position"
    END = "fin"


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A trip on a day as timetabled. Of each call: its stop's id, name and position, its stop_sequence, and when it is
    planned, in seconds since 1970."""

    feed: str
    trip_id: str
    route_id: str
    day: date
    stop_id: tuple[str, ...]
    name: tuple[str, ...]
    point: tuple[Point, ...]
    sequence: tuple[int, ...]
    arrive: tuple[int, ...]
    depart: tuple[int, ...]

    @property
    def last(self) -> int:
        """The position of the last call."""
        return len(self.stop_id) - 1


@dataclass(frozen=True, slots=True)
class Run:
    """A trip on a day as its driver noted it. `calls`: by position, when the coach arrived and when it left, in seconds
    since 1970, None where nobody noted it; `heard`: when anything was last noted; `seen`: where it was last, and
    when."""

    id: str  # names the coach of that run, and no other day's
    feed: str
    trip_id: str
    day: date
    started: int
    heard: int
    ended: int | None = None
    calls: Mapping[int, tuple[int | None, int | None]] = field(default_factory=dict)
    seen: tuple[Point, int] | None = None

    @property
    def at(self) -> tuple[int, bool] | None:
        """(the position last noted, whether the coach stands there still); None before the first call."""
        noted = [position for position, times in self.calls.items() if times != (None, None)]
        if not noted:
            return None
        return max(noted), self.calls[max(noted)][1] is None

    @property
    def following(self) -> int:
        """The position of the call that comes next, or where the coach stands."""
        here = self.at
        return 0 if here is None else here[0] if here[1] else here[0] + 1

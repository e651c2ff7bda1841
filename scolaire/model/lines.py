"""Regular lines and TER that take pupils: their runs as a timetable tells them, the seats declared for pupils, and who
rides them instead of a circuit.

`RegularLines` is what school transport asks of whoever knows the timetable; `mobigo.app` hands it over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from mobigo.base.geo import Point
from mobigo.base.periods import Period


@dataclass(frozen=True, slots=True)
class LineName:
    """A line as people call it, and where it is in the timetable."""

    feed: str
    route: str
    name: str


@dataclass(frozen=True, slots=True)
class LineCall:
    """A run at a stop: seconds of the service day; whether one may get on or off there."""

    name: str
    at: Point
    arrives_s: int
    leaves_s: int
    on: bool = True
    off: bool = True


@dataclass(frozen=True, slots=True)
class LineRun:
    """A vehicle of a line, from end to end."""

    id: str
    calls: tuple[LineCall, ...]


class RegularLines(Protocol):
    """The timetable of the lines that everybody takes."""

    def known(self) -> Period | None:
        """The days the timetable tells of; None while there is none."""
        ...

    def names(self) -> Sequence[LineName]:
        """Every line, by name."""
        ...

    def runs(self, feed: str, route: str, days: Sequence[date]) -> Sequence[LineRun]:
        """The runs of a line that run on every one of these days; none for a line that is there no more."""
        ...


@dataclass(frozen=True)
class Spare:
    """A line that takes pupils: `seats` of each run are theirs; its runs by half-day, and how many of the seats of a
    run (by its id) other plans have given."""

    line: str
    name: str
    seats: int
    runs: Mapping[str, tuple[LineRun, ...]]
    taken: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LineRide:
    """A pupil's ride of a half-day on a run of a line. `stop_s`: at the pupil's stop, `school_s`: at the stop by the
    school, seconds after midnight; `walk_m`: between that stop and the school."""

    half: str
    line: str
    name: str
    run: str
    stop_s: int
    school_s: int
    school_stop: str
    walk_m: int


@dataclass(frozen=True, slots=True)
class Rider:
    """A pupil who needs no circuit: every half-day on a regular line, from one stop."""

    pupil: str
    school: str
    stop: str
    rides: tuple[LineRide, ...]

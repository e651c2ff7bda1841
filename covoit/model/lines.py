"""Carpool lines as frozen values: stops on a kilometre table, the hours when drivers are expected, the guarantee.

Positions on the kilometre table are metres from the first stop, as the line is named; direction 1 is the other way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Protocol

from mobigo.base.geo import Point
from mobigo.base.money import Money
from mobigo.base.periods import Period


@dataclass(frozen=True, slots=True)
class LineStop:
    """Where a car stops for passengers. The timetable's place is joined to it by `mobigo.app` (`StopPlaces`)."""

    id: str  # unique on all lines: it stands on the panel and in addresses
    name: str
    insee: str
    commune: str
    point: Point
    position_m: int
    where: str  # where exactly one waits, in words


@dataclass(frozen=True, slots=True)
class PlaceNear:
    """A place of the timetable near a stop of a carpool line: the id that favourites and boards use, and how far."""

    id: str
    name: str
    distance_m: int


class StopPlaces(Protocol):
    """Which place of the timetable each stop of a line is; asked here, answered by `mobigo.app`."""

    def places_of(self, line: "Line") -> Mapping[str, PlaceNear]:
        """The place of each stop, by stop id; a stop with none near is left out."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When drivers are expected in one direction, Paris time; weekdays as `date.weekday()` counts them."""

    direction: int
    weekdays: frozenset[int]
    since: time
    until: time  # excluded


@dataclass(frozen=True, slots=True)
class Line:
    """A carpool line, in force on the days of its period. `length_m` is the position of its last stop."""

    code: str
    number: str
    name: str
    period: Period
    stops: tuple[LineStop, ...]
    length_m: int
    duration_s: int  # end to end, by car, as a passenger is told
    hours: tuple[Hours, ...]
    source: str
    digest: str  # sha256 of the file's content, canonically

    def stop(self, stop_id: str) -> LineStop | None:
        """The stop of this id, or None."""
        return next((stop for stop in self.stops if stop.id == stop_id), None)


class Help(StrEnum):
    """What is given when no driver came."""

    TAXI = "taxi"
    VOUCHER = "voucher"


@dataclass(frozen=True, slots=True)
class Guarantee:
    """Départ et retour garantis: no driver after `wait_min` minutes at a stop, within the hours of the line."""

    code: str
    period: Period
    wait_min: int
    kinds: tuple[Help, ...]
    cost_max: Money  # above it, an agent asks before ordering
    source: str
    digest: str


@dataclass(frozen=True, slots=True)
class Measure:
    """For how many days at most one decision keeps somebody out, its first day included."""

    code: str
    period: Period
    ban_days_max: int
    source: str


class WaitFrom(StrEnum):
    """What an expected wait rests on."""

    HISTORY = "history"
    DECLARED = "declared"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ExpectedWait:
    """How long one waits, and on what it rests. `sample` counts the waits that ended aboard (history) or the drivers
    declared in the hour. `nine_in_ten_min`: nine waits in ten are shorter, where it can be said."""

    basis: WaitFrom
    mean_min: int | None = None
    nine_in_ten_min: int | None = None
    sample: int = 0


UNKNOWN_WAIT = ExpectedWait(WaitFrom.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait that ended: by boarding, or by leaving without a car."""

    since: datetime
    ended_at: datetime
    boarded: bool


@dataclass(frozen=True, slots=True)
class Waited:
    """One wait observed: how long, and whether it ended in a car (else the person gave up: at least that long)."""

    day: date
    waited_s: int
    boarded: bool

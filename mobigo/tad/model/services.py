"""An on-demand service as it is decided: where, when, with which vehicles, until when one books, at what price.

It is dated data: a change is another version with its own first day. Durations carry their unit; amounts are cents.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from mobigo.base.geo import Point
from mobigo.base.money import Money
from mobigo.base.periods import Period

EVERY_DAY = frozenset(range(7))


class CutoffKind(StrEnum):
    """How the last moment to book is said. The numbers are GTFS `booking_type`."""

    NONE = "none"  # 0: until the vehicle is too far
    MINUTES = "minutes"  # 1: so many minutes before one is picked up
    DAYS = "days"  # 2: so many days before, before an hour


@dataclass(frozen=True, slots=True)
class Cutoff:
    """The last moment to book. `weekdays`: of kind DAYS, the days that count (those when the telephone is answered)."""

    kind: CutoffKind
    minutes: int = 0
    days: int = 0
    at: time = time(17, 0)
    weekdays: frozenset[int] = EVERY_DAY


@dataclass(frozen=True, slots=True)
class Window:
    """When one may be picked up, Paris time; weekdays as `date.weekday()` counts them."""

    weekdays: frozenset[int]
    since: time
    until: time  # excluded


@dataclass(frozen=True, slots=True)
class Place:
    """Where one gets in or out: a stop of the service, or (`id` "") any other position in one of its zones."""

    id: str
    name: str
    point: Point

    @property
    def key(self) -> str:
        """How forms and addresses name it: its id; a door by its position and its name."""
        return self.id or f"@{self.point.lat:.6f},{self.point.lon:.6f} {self.name}"


@dataclass(frozen=True, slots=True)
class Zone:
    """An area served from door to door. The ring is closed by itself: its last point is not its first again."""

    id: str
    name: str
    ring: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle of the service, and where it waits. A wheelchair place takes none of the seats."""

    id: str
    name: str
    seats: int
    wheelchairs: int
    base: Point


@dataclass(frozen=True, slots=True)
class Terms:
    """What is promised: picked up within `wait_s` from the hour said; a ride longer than the direct one by `detour_pct`
    or by `detour_s` at most, whichever is more. `board_s`: what each stop takes."""

    wait_s: int
    detour_pct: int
    detour_s: int
    board_s: int


@dataclass(frozen=True, slots=True)
class NoShows:
    """Who was not there `most` times within `within_days` (a cancellation after the cut-off counts) books by telephone
    only, so that an agent hears why. 0: never."""

    most: int
    within_days: int


@dataclass(frozen=True, slots=True)
class Service:
    """One version of a service. `digest`: sha256 of its document, canonically."""

    code: str
    name: str
    operator: str
    phone: str
    phone_hours: str
    period: Period
    stops: tuple[Place, ...]
    zones: tuple[Zone, ...]
    windows: tuple[Window, ...]
    vehicles: tuple[Vehicle, ...]
    cutoff: Cutoff
    ahead_days: int  # how far ahead one may book
    terms: Terms
    fares: Mapping[str, Money]  # by category of rider, in the order they are offered
    no_shows: NoShows
    source: str
    closed_days: frozenset[date]  # days without service, inside the period
    digest: str

    def stop(self, stop_id: str) -> Place | None:
        """The stop of this id, or None."""
        return next((stop for stop in self.stops if stop.id == stop_id), None)

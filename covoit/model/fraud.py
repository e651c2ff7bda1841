"""What a fraud check looks at, and what it says: an alert is a suspicion with its reasons, for a person to decide.

No alert changes a payment by itself. It opens a file that an agent reads; the driver is heard before any recovery.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.base.instants import paris_day


class Suspicion(StrEnum):
    """The frauds that are looked for (domain rules §1.4 and §9.1)."""

    SHUTTLE = "shuttle"  # one person with two phones, driving to and fro
    ROLE_SWAP = "role_swap"  # two people who change seats within the day, again and again
    RING = "ring"  # three people or more who do so with one another
    SIMULTANEOUS = "simultaneous"  # many cars, one same run, again and again
    COACH = "coach"  # "car" trips that run as the coach runs
    CLONE = "clone"  # one run declared at two operators
    TELEPORT = "teleport"  # one person in two places
    NIGHT = "night"  # a driver whose rides, there and back, are nearly all made at night
    REGULAR = "regular"  # rides that leave at one second and measure one length: nobody is so punctual


@dataclass(frozen=True, slots=True)
class Sighting:
    """A journey as a check sees it: who, when, from where to where. Cancelled journeys are not shown to it."""

    journey: str
    operator: str
    operator_trip_id: str
    driver: str  # random person ids, the same at every operator
    passenger: str
    started_at: datetime
    ended_at: datetime
    distance_m: int
    start: Point
    end: Point
    start_insee: str | None = None
    end_insee: str | None = None

    @property
    def trip(self) -> tuple[str, str]:
        """The vehicle trip it belongs to."""
        return (self.operator, self.operator_trip_id)

    @property
    def day(self) -> date:
        """The day of its start, in France."""
        return paris_day(self.started_at)

    @property
    def people(self) -> frozenset[str]:
        """The driver and the passenger."""
        return frozenset((self.driver, self.passenger))


class Coaches(Protocol):
    """The timetable, as the check of coach axes asks it (filled from the compiled network, in `mobigo.app`)."""

    def runs_like(self, sighting: Sighting) -> bool:
        """Whether a coach leaves that stop at that minute and reaches that other stop at that other minute."""


class NoCoaches:
    """Where no timetable is at hand: the check of coach axes finds nothing, and says so."""

    def runs_like(self, sighting: Sighting) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a habit is a suspicion. Frozen before it is judged on people nobody had drawn yet."""

    clone_overlap_pct: int = 60
    clone_start_gap_s_max: int = 15 * 60
    teleport_kmh_max: int = 320  # faster than any train between two journeys
    teleport_gap_m_min: int = 8_000
    own_kmh_max: int = 160  # of a journey itself
    simultaneous_trips_min: int = 3
    simultaneous_start_s_max: int = 120
    simultaneous_distance_m_max: int = 50
    simultaneous_days_min: int = 2
    swap_days_min: int = 3  # days on which roles change
    swap_share_pct_min: int = 30  # of the days on which the pair rides
    shuttle_trips_a_day_min: int = 4
    shuttle_days_min: int = 3
    shuttle_turn_s_max: int = 20 * 60
    coach_trips_min: int = 6
    coach_share_pct_min: int = 60
    night_from_h: int = 22
    night_to_h: int = 5
    night_share_pct_min: int = 60  # who works has a way in daylight: half of their rides at most are made at night
    night_trips_a_night_min: int = 2  # there and back
    night_days_min: int = 11  # more than the Fridays and Saturdays of any month
    regular_trips_min: int = 10
    regular_start_s_max: int = 60  # standard deviation
    regular_distance_m_max: int = 50  # standard deviation


THRESHOLDS = Thresholds()


@dataclass(frozen=True, slots=True)
class Alert:
    """A suspicion: on whom, on which journeys, and each reason in words a person can check."""

    suspicion: Suspicion
    people: frozenset[str]
    journeys: tuple[str, ...]  # sorted
    reasons: tuple[Decision, ...]
    facts: Mapping[str, object] = field(default_factory=dict)

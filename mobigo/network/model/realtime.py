"""What operators say of the day as it runs (GTFS Realtime), as values: trips late, cancelled, added or changed, alerts,
vehicles. Ids are those of the feed; instants are whole seconds since 1970.

Source: GTFS Realtime Reference, version 2.0 (gtfs.org/documentation/realtime/reference).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mobigo.base.decisions import Decision


class TripKind(StrEnum):
    """How a trip of the day relates to the timetable (TripDescriptor.ScheduleRelationship)."""

    SCHEDULED = "scheduled"
    ADDED = "added"  # ADDED, NEW, and UNSCHEDULED of an unknown trip
    CANCELLED = "cancelled"
    DELETED = "deleted"  # cancelled, and not to be shown
    REPLACED = "replaced"  # other stops and times altogether
    DUPLICATED = "duplicated"  # the same again at another hour


class CallKind(StrEnum):
    """How a call relates to the timetable (StopTimeUpdate.ScheduleRelationship)."""

    SCHEDULED = "scheduled"
    SKIPPED = "skipped"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Moment:
    """When a vehicle arrives or leaves: an instant, or else a delay against the timetable."""

    at: int | None = None
    delay_s: int | None = None


@dataclass(frozen=True, slots=True)
class CallUpdate:
    """What is said of one call; `sequence` (stop_sequence) or `stop_id` says which. `platform` is the stop assigned
    instead of the planned one."""

    sequence: int | None = None
    stop_id: str = ""
    kind: CallKind = CallKind.SCHEDULED
    arrive: Moment | None = None
    depart: Moment | None = None
    platform: str = ""


@dataclass(frozen=True, slots=True)
class TripUpdate:
    """What is said of one trip on one day. `start_s` is the start_time of the trip, in service seconds. `new_*` are
    those of a duplicate."""

    trip_id: str
    kind: TripKind = TripKind.SCHEDULED
    route_id: str = ""
    start_day: date | None = None
    start_s: int | None = None
    direction: int | None = None
    calls: tuple[CallUpdate, ...] = ()
    delay_s: int | None = None  # of the whole trip, before the first call that says more
    at: int | None = None  # when the vehicle was last seen
    headsign: str = ""
    new_trip_id: str = ""
    new_start_day: date | None = None
    new_start_s: int | None = None


@dataclass(frozen=True, slots=True)
class Selector:
    """What an alert is about: everything that has all the ids given."""

    agency_id: str = ""
    route_id: str = ""
    route_type: int | None = None
    stop_id: str = ""
    trip_id: str = ""
    start_day: date | None = None
    direction: int | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A notice to travellers: texts by language ("" where none is given), periods (either end may be open)."""

    id: str
    periods: tuple[tuple[int | None, int | None], ...]
    about: tuple[Selector, ...]
    cause: str
    effect: str
    header: Mapping[str, str]
    description: Mapping[str, str]
    url: Mapping[str, str]

    @property
    def lines(self) -> frozenset[str]:
        """The lines it names; none where it is of every line."""
        return frozenset(each.route_id for each in self.about if each.route_id)

    def active(self, at: int) -> bool:
        """Whether it is to be shown at that instant; one without a period is shown as long as it is published."""
        return not self.periods or any(
            (first is None or first <= at) and (last is None or at < last) for first, last in self.periods
        )


@dataclass(frozen=True, slots=True)
class Vehicle:
    """Where a vehicle is."""

    id: str
    trip_id: str
    route_id: str
    start_day: date | None
    lat: float
    lon: float
    at: int | None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, read: what it says, as of when (0: it does not tell), and what in it could not be read."""

    at: int
    trips: tuple[TripUpdate, ...] = ()
    alerts: tuple[Alert, ...] = ()
    vehicles: tuple[Vehicle, ...] = ()
    told: tuple[Decision, ...] = ()

"""On-demand trips as an imported feed says them (GTFS-Flex): calls with windows, in zones or at stops; booking rules.

Times are service times. Nothing here is promised by us: who runs them says how one books.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from mobigo.tad.model.services import Place


@dataclass(frozen=True, slots=True)
class ServiceDays:
    """When something runs: calendar.txt with its exceptions."""

    weekdays: frozenset[int]
    first: date | None
    last: date | None
    added: frozenset[date]
    removed: frozenset[date]

    def runs_on(self, day: date) -> bool:
        """Whether it runs that day."""
        if day in self.removed:
            return False
        within = self.first is not None and self.last is not None and self.first <= day <= self.last
        return day in self.added or (within and day.weekday() in self.weekdays)


@dataclass(frozen=True, slots=True)
class BookingRule:
    """booking_rules.txt: `kind` is `booking_type` (0 real-time, 1 the same day, 2 days before). `counted`: the days
    that count as days before; None for every day. `ahead_days`: how far ahead one may book; None where it is not
    said."""

    kind: int
    min_s: int = 0
    last_days: int = 0
    last_s: int = 0  # of the clock, on that day
    counted: ServiceDays | None = None
    ahead_days: int | None = None
    phone: str = ""
    message: str = ""
    info_url: str = ""
    booking_url: str = ""


@dataclass(frozen=True, slots=True)
class FlexCall:
    """One row of a trip: a window in an area or at stops, or a fixed hour at a stop. `area`: a shapely geometry in
    [lon, lat], or None. Of a fixed call `since_s` is the arrival, `until_s` the departure."""

    stops: tuple[Place, ...]
    area: Any
    name: str
    since_s: int
    until_s: int
    is_fixed: bool
    picks_up: bool
    sets_down: bool
    pickup_rule: BookingRule | None
    drop_off_rule: BookingRule | None
    safe_factor: float = 1.0
    safe_offset_s: float = 0.0


@dataclass(frozen=True, slots=True)
class FlexTrip:
    """A trip with a window at least. `is_deviated`: it has fixed calls too, so that its windows say when it comes."""

    id: str
    line: str
    operator: str
    phone: str
    days: ServiceDays
    calls: tuple[FlexCall, ...]

    @property
    def is_deviated(self) -> bool:
        """Whether it has fixed calls."""
        return any(each.is_fixed for each in self.calls)


@dataclass(frozen=True, slots=True)
class FlexFeed:
    """The on-demand trips of a feed; `left_out` counts what could not be read, by reason."""

    trips: tuple[FlexTrip, ...]
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FlexLeg:
    """A ride that can be asked for: from `leave_s` on (a deviated trip comes by `pickup_until_s`), set down by
    `arrive_s`; both on `day`. `rule`: how one books; None where the feed does not say."""

    trip: FlexTrip
    day: date
    board: Place
    alight: Place
    walk_to_m: int
    walk_from_m: int
    leave_s: int
    pickup_until_s: int
    arrive_s: int
    rule: BookingRule | None

"""Car parks as somebody describes them, and how many places are free now, as their operator tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point


@dataclass(frozen=True, slots=True)
class CarPark:
    """A car park off the street. None is "not known", never none: `capacity` in cars, `disabled` the places kept for
    disabled people, `bicycles` the places for bicycles, `is_free` whether nothing is paid, `day_cents` what 24 hours
    cost."""

    id: str
    name: str
    point: Point
    is_public: bool = True  # anybody may leave a car there
    is_relay: bool = False  # made for those who go on by public transport
    capacity: int | None = None
    disabled: int | None = None
    bicycles: int | None = None
    is_free: bool | None = None
    day_cents: int | None = None
    hours: str = ""  # OpenStreetMap's `opening_hours`, as written; empty for not known
    stay_min: int | None = None  # how long one may stay, at most


@dataclass(frozen=True, slots=True)
class Occupancy:
    """How a car park is as of `at`: `free` places for cars, and whether one gets in."""

    free: int
    at: datetime
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class ToldParks:
    """The car parks of one source, and what is known of them now. `credit`: who says so, where that must be written."""

    code: str
    source: str
    parks: tuple[CarPark, ...]
    occupancy: Mapping[str, Occupancy] = field(default_factory=dict)  # by id
    stale_s: int = 900
    credit: str = ""
    occupancy_url: str = ""
    error: Decision | None = None

    def known(self, park: str, now: datetime) -> Occupancy | None:
        """What is known of a car park at `now`: None when nothing is, or it is older than `stale_s`, or dated later
        than now can be."""
        found = self.occupancy.get(park)
        bound = timedelta(seconds=self.stale_s)
        return found if found is not None and -bound <= now - found.at <= bound else None

    def is_stale(self, now: datetime) -> bool:
        """Whether it has an address of free places and none of what it said can be believed."""
        return bool(self.occupancy_url) and not any(self.known(each, now) for each in self.occupancy)

"""A way by an on-demand service, and these services as the planner asks them of who knows them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.base.money import ZERO, Money
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.model.journeys import Journey
from mobigo.planner.model.prices import Price
from mobigo.planner.model.questions import Query


@dataclass(frozen=True, slots=True)
class OnDemandWay:
    """A way by an on-demand service that can still be booked, with a journey of the timetable before or after it.

    Where `is_ours`, that is promised; else it is what an operator's feed lets one expect. One is picked up between
    `since` and `until`, set down by `set_down_by`; `arrive_at` is at the door, at the latest.
    """

    service: str  # its name
    href: str  # the page that books it
    board: str
    board_point: Point
    alight: str
    alight_point: Point
    leave_at: datetime
    since: datetime
    until: datetime
    set_down_by: datetime
    arrive_at: datetime
    walk_to_m: int
    walk_from_m: int
    price: Money | None  # of the service alone; None where nobody told us
    book_by: datetime | None
    phone: str
    before: Journey | None = None
    after: Journey | None = None
    buffer_s: int = 0  # left at least between the service and the journey before or after it
    is_ours: bool = True  # False: an operator's feed says it; the hour is agreed with them, `href` is their own page
    operator: str = ""
    message: str = ""  # what the operator says of booking
    then: "OnDemandWay | None" = None  # the service that takes one on, after the journey `after`
    rest: Price | None = None  # of the journeys before and after it
    why: tuple[Decision, ...] = ()

    @property
    def total(self) -> Money | None:
        """What the whole costs; None where a part of it is unknown."""
        parts = [self.price]
        if self.before is not None or self.after is not None:
            parts.append(None if self.rest is None else self.rest.total)
        if self.then is not None:
            parts.append(self.then.total)
        known = [each for each in parts if each is not None]
        return sum(known, ZERO) if len(known) == len(parts) else None


@dataclass(frozen=True, slots=True)
class OnDemandFound:
    """The ways by an on-demand service, soonest arrival first; and for each whose cut-off has passed, what can be done
    instead. `asked_at`: the instant at which the cut-offs were applied."""

    ways: tuple[OnDemandWay, ...] = ()
    missed: tuple[Decision, ...] = ()
    asked_at: datetime | None = None


NONE_ON_DEMAND: Final = OnDemandFound()


class OnDemand(Protocol):
    """On-demand transport, as the planner asks it; filled by `mobigo.tad`, handed over by `mobigo.app`."""

    def ways(self, live: LiveNetwork, query: Query, a: Point, b: Point, now: datetime) -> OnDemandFound:
        """What can be had at `now` between two positions, leaving from the query's hour on (arriving by then)."""

"""A way along a carpool line, and the lines as the planner asks them of who knows them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.base.money import Money
from mobigo.planner.model.journeys import Journey
from mobigo.planner.model.prices import Price


@dataclass(frozen=True, slots=True)
class CarpoolWay:
    """A way along a carpool line: to its stop on foot, a wait that nobody can promise, the ride, and on foot again;
    with a journey of the timetable before or after it.

    `leave_at` and `arrive_at` are those of the whole. They count on `wait_s`: the expected wait or, where something
    must be caught or one must be there in time, that of nine in ten; never more than what the guarantee bounds it to.
    """

    line: str  # its name
    href: str  # its page
    board: str  # names of its stops
    board_point: Point
    alight: str
    alight_point: Point
    leave_at: datetime
    arrive_at: datetime
    since: datetime  # when drivers are expected, around that time
    until: datetime
    walk_to_m: int
    walk_from_m: int
    ride_s: int
    distance_m: int
    wait_s: int
    price: Money
    wait: Decision  # the expected wait, and on what it rests, in words
    guarantee: Decision | None = None
    drivers_expected: int | None = None
    board_place: str | None = None  # the place of the timetable where its stop is, when there is one
    alight_place: str | None = None
    before: Journey | None = None
    after: Journey | None = None
    buffer_s: int = 0  # left at least between being set down and the journey after
    board_at: datetime | None = None  # when one begins to wait; where a journey comes before or after
    alight_at: datetime | None = None  # when one counts on being set down
    rest: Price | None = None  # of the journey before or after
    why: tuple[Decision, ...] = ()

    @property
    def joined(self) -> Journey | None:
        """The journey of the timetable before or after it."""
        return self.before or self.after

    @property
    def total(self) -> Money | None:
        """What the whole costs; None where a part of it is unknown."""
        if self.joined is None:
            return self.price
        return None if self.rest is None or self.rest.total is None else self.price + self.rest.total


@dataclass(frozen=True, slots=True)
class CarpoolHop:
    """One line between the stop of it nearest to a door and another of its stops, where the timetable may be met.

    `way(at, arrive_by, sure)`: the way along it leaving from `at` on (arriving by then), between the door and that stop
    itself; None when nobody drives there around that time. `sure`: on the wait of nine in ten.
    """

    line: str
    hub: str
    hub_point: Point
    way: Callable[[datetime, bool, bool], CarpoolWay | None]


@dataclass(frozen=True, slots=True)
class CarpoolAtPlace:
    """A carpool line that stops where a place of the timetable is."""

    line: str  # its name
    number: str
    href: str  # its page, seen from this stop
    stop: str  # the stop's own name
    where: str  # where exactly one waits
    distance_m: int  # from the place


class CarpoolLines(Protocol):
    """The carpool lines, as the planner asks them; filled by `covoit`, handed over by `mobigo.app`."""

    def ways(
        self, origin: Point, destination: Point, at: datetime, *, arrive_by: bool, window_s: int, walk_m_max: int
    ) -> Sequence[CarpoolWay]:
        """The ways along one line between two positions, leaving from `at` on (arriving by then), best first; empty
        where no line serves both, or none drives in that direction around that time."""

    def hops(self, door: Point, day: date, *, leaving: bool, walk_m_max: int) -> Sequence[CarpoolHop]:
        """From the stop of each line nearest to a door, where that is a walk away, to its other stops; not `leaving`:
        from those to it. Empty where no line stops near."""

    def why_none(self, origin: Point, destination: Point, at: datetime, *, walk_m_max: int) -> Decision | None:
        """Why there is no way, in a word for who counts on one; None where there are no lines at all."""

    def at_place(self, place: str) -> Sequence[CarpoolAtPlace]:
        """The carpool lines that stop at a place of the timetable, by number."""

"""Rounds of vehicles as values: what was promised to each request, and the visits that keep it.

Times are service times: seconds after noon minus 12 h of the service day (`mobigo.base.servicetime`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from mobigo.base.geo import Point
from mobigo.tad.model.services import Vehicle


@dataclass(frozen=True, slots=True)
class Promise:
    """Picked up from `earliest_s` to `latest_s`; in the vehicle for `ride_s_max` at most; set down by `arrive_by_s`."""

    earliest_s: int
    latest_s: int
    ride_s_max: int
    arrive_by_s: int


@dataclass(frozen=True, slots=True)
class Request:
    """People who travel together from one place to another, and what is promised to them."""

    id: str
    origin: Point
    destination: Point
    promise: Promise
    seats: int
    wheelchairs: int = 0


@dataclass(frozen=True, slots=True)
class Visit:
    """A vehicle stops at `at_s` to take in (`pickup`) or to set down those of one request."""

    request: str
    pickup: bool
    at_s: int


Round = tuple[Visit, ...]
Rounds = Mapping[str, Round]  # by vehicle id; a vehicle without a round has the empty one


class Travel(Protocol):
    """How long, and how far, between two points by road. Never shorter by way of a third (triangle inequality)."""

    def time_s(self, a: Point, b: Point) -> int:
        """Seconds, rounded up."""

    def distance_m(self, a: Point, b: Point) -> int:
        """Metres."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A day of a service: its vehicles, its requests, the road. `board_s`: what each visit takes.

    `now_s`: what is planned before it has happened and does not move; None while the day has not begun.
    """

    vehicles: tuple[Vehicle, ...]
    requests: Mapping[str, Request]
    travel: Travel = field(compare=False)
    board_s: int
    now_s: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a re-optimisation may go on: solutions found at most (the same answer each time), seconds at most."""

    solutions: int = 200
    seconds: int = 20

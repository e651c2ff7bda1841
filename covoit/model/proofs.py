"""What proves a ride: sightings of each occupant, what brought them together, and the class that follows."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Meeting(StrEnum):
    """What shows that driver and passenger were in one car, or agreed to be."""

    BOOKING = "booking"  # the match alone
    SCAN = "scan"  # the passenger's telephone read the driver's rotating code
    CODE = "code"  # a short code passed by voice, by text message or by telephone
    POSITIONS = "positions"  # both telephones were at both ends at the same times
    PAPER = "paper"  # a sheet signed by both, entered by an agent


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody at a stop at an instant. `measured`: the telephone's position says so; else it was declared."""

    at: datetime
    stop: str
    measured: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """What one occupant's device (or the signed sheet, named by its reference) says of the ride."""

    device: str | None = None
    start: Sighting | None = None
    end: Sighting | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one pair's ride."""

    meetings: frozenset[Meeting]
    driver: Trace = Trace()
    passenger: Trace = Trace()
    distinct_people: bool = True


@dataclass(frozen=True, slots=True)
class Token:
    """What the driver's code says once read: which device session, which step of 30 s, and its seal."""

    session: str
    step: int
    seal: str


@dataclass(frozen=True, slots=True)
class CodeSession:
    """A driver's device while it shows codes for one car's run."""

    id: str
    offer: str
    driver: str
    opened_at: datetime
    closed_at: datetime | None = None

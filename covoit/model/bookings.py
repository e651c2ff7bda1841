"""Offers of drivers and bookings of passengers, as frozen values.

The states and their names are those of the standard-covoiturage API (fabmob, `bookingStatus`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from covoit.model.journeys import LineLeg
from mobigo.base.money import Money


class OfferState(StrEnum):
    """Where a car's run stands."""

    PUBLISHED = "published"
    DRIVING = "driving"  # left, or "I drive now"
    ENDED = "ended"
    CANCELLED = "cancelled"


OPEN = frozenset({OfferState.PUBLISHED, OfferState.DRIVING})


@dataclass(frozen=True, slots=True)
class Offer:
    """One run of one car on a line: what becomes the vehicle trip. `leaves_at` is at its first stop."""

    id: str
    driver: str
    line: str
    from_stop: str
    to_stop: str
    leg: LineLeg
    leaves_at: datetime
    seats: int
    state: OfferState


class BookingState(StrEnum):
    """`bookingStatus` of standard-covoiturage."""

    WAITING = "WAITING_CONFIRMATION"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED_PENDING_VALIDATION"
    VALIDATED = "VALIDATED"


class Side(StrEnum):
    """Who acts on a booking."""

    DRIVER = "driver"
    PASSENGER = "passenger"
    AGENT = "agent"
    SYSTEM = "system"  # a proof that came in, a delay that ran out


# Seats are held from the request on: whoever was told "yes, wait" does not lose the seat to a faster finger.
HOLDING = frozenset({BookingState.WAITING, BookingState.CONFIRMED, BookingState.COMPLETED, BookingState.VALIDATED})


@dataclass(frozen=True, slots=True)
class Booking:
    """Seats of one passenger on one car's run, over one leg of it."""

    id: str
    offer: str
    passenger: str
    seats: int
    from_stop: str
    to_stop: str
    leg: LineLeg
    pickup_at: datetime
    state: BookingState
    price: Money


@dataclass(frozen=True, slots=True)
class Member:
    """What carpooling must know of a person, by random id: their age, as declared, and what they signed.

    `adult` is None while nobody said: an unknown age is not an adult's.
    """

    person: str
    adult: bool | None = None
    guardian_consent_at: datetime | None = None
    licence_at: datetime | None = None  # when it was declared
    insurance_at: datetime | None = None
    terms_version: str | None = None
    terms_at: datetime | None = None
    banned_at: datetime | None = None
    reachable: bool = True  # False: an account whose telephone was never verified

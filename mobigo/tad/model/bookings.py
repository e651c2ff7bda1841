"""Bookings of on-demand transport, as frozen values."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from mobigo.base.money import Money
from mobigo.tad.model.rounds import Promise
from mobigo.tad.model.services import Place


class State(StrEnum):
    """Where a booking stands."""

    HELD = "held"  # its places are kept for some minutes, until it is confirmed
    CONFIRMED = "confirmed"
    ABOARD = "aboard"
    DONE = "done"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


# What holds a place in a vehicle.
LIVE = frozenset({State.HELD, State.CONFIRMED, State.ABOARD})


class Channel(StrEnum):
    """How it was booked."""

    WEB = "web"
    PHONE = "phone"  # an agent, for somebody who calls
    API = "api"
    BASKET = "basket"  # sold by ticketing


class Side(StrEnum):
    """Who acts on a booking."""

    PASSENGER = "passenger"
    AGENT = "agent"
    DRIVER = "driver"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for: from where to where, which day, from when on (service time), how many."""

    origin: Place
    destination: Place
    day: date
    wanted_s: int
    riders: tuple[str, ...]  # one category a person
    wheelchairs: int = 0

    @property
    def seats(self) -> int:
        """Seats taken: whoever stays in a wheelchair takes none."""
        return len(self.riders) - self.wheelchairs


@dataclass(frozen=True, slots=True)
class Offer:
    """A departure that can be had now: what is promised, at what price, and until when one may book it."""

    promise: Promise
    price: Money
    book_by: datetime | None


@dataclass(frozen=True, slots=True)
class Booking:
    """Places of one party on one day. `version`: the version of the service it was made under."""

    id: str
    service: str
    version: str
    asked: Asked
    promise: Promise
    state: State
    price: Money
    channel: Channel
    held_until: datetime | None = None
    series: str | None = None
    subject: str | None = None
    late: bool = False  # cancelled after the cut-off


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach whoever travels."""

    name: str
    phone: str
    email: str = ""
    needs: str = ""

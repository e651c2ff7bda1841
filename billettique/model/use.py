"""What devices tell of a day's work, and what becomes of it: checks, validations, counts. No name is in any of them."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from billettique.model.ticket import Answer


class DeviceKind(StrEnum):
    """Who shows a ticket to what."""

    ONBOARD = "onboard"  # a traveller to a validator, or to the driver: a validation
    INSPECTOR = "inspector"  # a traveller to an inspector: a check


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ticket was presented, by stable place ids and codes of lines; "" where it is not known."""

    line: str = ""
    stop: str = ""
    trip: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One presentation of a ticket, as a device kept it. `nonce` is its name on that device, for ever.

    `mark` (None: nothing signed was read) is the ticket's, `ticket` its issuer and reference when the device says them
    (they are asked where it was sold, and not kept), `uses` whether the device took it as used up by this,
    `until` the last day of the ticket: the used-set may forget it then.
    """

    nonce: str
    at: datetime
    answer: Answer
    mark: bytes | None
    product: str
    uses: bool
    until: date | None
    place: Place = Place()
    ticket: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What a batch became: how many records were new or known before, which uses of the batch are the first of their
    ticket, which are repeats, and which records were refused, each with its reason's code."""

    new: int
    known: int
    firsts: tuple[str, ...]
    repeats: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]

"""The signed ticket as frozen values: what we put into a code, what we read from one, and what an inspector is told.

How these become octets is in `billettique.rules` (`fcb3` and `tickets` the ticket, `u2` the header, `fdc1` the dynamic
part). Only what we sell and check has a name here; all else that a foreign code holds stays in its record there, and is
written back unchanged.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from mobigo.base.decisions import Decision
from mobigo.base.money import Money


class TicketKind(StrEnum):
    """Which of the two documents of the UIC norm a ticket is written as."""

    SINGLE = "openTicket"  # a trip, a return, a day: used up
    PASS = "pass"  # noqa: S105 (the norm's word, no password): as often as one likes, in its time and area


class TravelClass(StrEnum):
    """The classes of the norm that we tell apart; every other one is ANY."""

    FIRST = "first"
    SECOND = "second"
    ANY = "any"


class Station(NamedTuple):
    """A station or stop by its code, in the code table that the norm calls `table`."""

    code: str
    table: str = "stationUIC"


class Zone(NamedTuple):
    """A fare zone of a carrier (both of its own numbering); number None: the whole network of that city."""

    carrier: str | None
    city: int | None
    number: int | None


class Line(NamedTuple):
    """A line of a carrier; number None: all its lines."""

    carrier: str | None
    number: int | None


@dataclass(frozen=True, slots=True)
class Area:
    """Where a ticket is good: from the first of `stations` to the last, in any of the zones, on any of the lines.

    Nothing said is everywhere. `opaque`: the code says something of the place in words that are not ours to read (zones
    packed by another seller, a polygon, one train), so that the inspector's eye decides.
    """

    stations: tuple[Station, ...] = ()
    zones: tuple[Zone, ...] = ()
    lines: tuple[Line, ...] = ()
    words: str = ""
    opaque: bool = False


@dataclass(frozen=True, slots=True)
class Here:
    """Where an inspector or a validator stands: the stations that this vehicle serves, its zones, its line; at which
    stop, where it is known, and `ways`, the orders in which the line serves them (a station may come twice).

    `known` and `carriers` are all the stations and the carriers that whoever asks has a word for: a ticket that names
    another one cannot be compared, and is not refused for its place. None: every one is known. `vague`: something said
    of the place is not known to us.
    """

    stations: frozenset[Station] = frozenset()
    zones: frozenset[Zone] = frozenset()
    line: Line | None = None
    travel_class: TravelClass = TravelClass.ANY
    stop: Station | None = None
    ways: tuple[tuple[Station, ...], ...] = ()
    known: frozenset[Station] | None = None
    carriers: frozenset[str] | None = None
    vague: bool = False


class Fit(StrEnum):
    """How the area of a ticket and a place go together."""

    GOOD = "good"  # good here; or nobody said where "here" is
    ELSEWHERE = "elsewhere"
    BEYOND = "beyond"  # on this line, but not at this stop
    UNTOLD = "untold"  # they cannot be compared: the inspector's eye decides


@dataclass(frozen=True, slots=True)
class Passengers:
    """How many people of one category (a `PassengerType` of the norm) at one tariff."""

    count: int = 1
    category: str | None = "adult"
    tariff: str = ""


@dataclass(frozen=True, slots=True)
class Checks:
    """What the inspector has to see besides the code."""

    identity: bool = False
    age: bool = False
    reduction_card: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A right to travel. `issuer` (a RICS code, or a word where there is none) and `reference` name it for ever.

    It is good from the first second of its first minute to the last second of its last. All instants are whole minutes.
    `carriers` are RICS codes. A specimen is never a right to travel.
    """

    issuer: str
    reference: str
    kind: TicketKind
    product: str  # its code at the product's owner
    words: str  # its name, as printed
    issued_at: datetime
    first_minute: datetime
    last_minute: datetime
    specimen: bool
    product_owner: str | None = None
    travel_class: TravelClass = TravelClass.SECOND
    area: Area = Area()
    passengers: tuple[Passengers, ...] = (Passengers(),)
    price: Money | None = None
    holder: tuple[str, str] | None = None  # given name, family name
    checks: Checks = Checks()
    carriers: tuple[int, ...] = ()
    activated: bool = True


class Data(NamedTuple):
    """A content of a code: "FCB3" is a ticket, "+FR…" and "_1187…" are others' own affairs."""

    format: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """The part of a code that its seller signs. `provider` and `key_id` name the key.

    `bound_key` (a compressed P-256 point) is the key of the telephone that has to sign the second level; its signature
    is good for `duration_s` from its stamp. After `end_at` the code has to be drawn anew.
    """

    provider: str
    key_id: int
    data: tuple[Data, ...]
    bound_key: bytes | None = None
    end_at: datetime | None = None
    duration_s: int | None = None
    other_algorithm: bool = False  # says that it is signed by something else than ECDSA P-256 with SHA-256


@dataclass(frozen=True, slots=True)
class Code:
    """A code, read and found canonical: its header, and the octets that each of the two signatures is about."""

    header: Header
    signed_1: bytes
    signature_1: bytes | None
    dynamic: Data | None
    signed_2: bytes
    signature_2: bytes | None


class Answer(StrEnum):
    """All that a check may answer, always one of these."""

    OK = "OK"
    EXPIRED = "EXPIRED"
    NOT_YET = "NOT_YET"
    REVOKED = "REVOKED"
    USED = "USED"
    WRONG_AREA = "WRONG_AREA"
    BAD_SIGNATURE = "BAD_SIGNATURE"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    STALE_DYNAMIC = "STALE_DYNAMIC"
    UNREADABLE = "UNREADABLE"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer and its reason. `ticket` is there once both signatures are found good: nothing unsigned is shown.

    `keys_s` and `revocations_s` are the ages, in seconds, of the lists that the answer rests on.
    """

    answer: Answer
    reason: Decision
    ticket: Ticket | None = None
    keys_s: int = 0
    revocations_s: int = 0


@dataclass(frozen=True, slots=True)
class SellerKey:
    """A seller's public key (compressed P-256 point). It signs from `first_at` to `last_at`; what it signed then is
    accepted until `accepted_until`, which leaves the longest ticket the time to end. Revoked: nothing of it is accepted
    any more, whenever it says that it was signed."""

    provider: str
    key_id: int
    public_key: bytes
    first_at: datetime
    last_at: datetime
    accepted_until: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyList:
    """All the sellers' keys known at an instant. A list replaces the ones of a smaller number."""

    sequence: int
    issued_at: datetime
    expires_at: datetime
    keys: tuple[SellerKey, ...]


@dataclass(frozen=True, slots=True)
class RevocationList:
    """Tickets, and codes replaced by others of the same ticket, that are no longer good, by their marks. `since` 0: all
    of them; else those added since that list."""

    sequence: int
    since: int
    issued_at: datetime
    expires_at: datetime
    marks: frozenset[bytes] = field(repr=False)

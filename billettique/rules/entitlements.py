"""From an item sold to the ticket that is signed: its window, its travellers in the norm's words, where it is good; the
spoken reference; which moves an entitlement has."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final

from billettique.model.entitlements import EntitlementState
from billettique.model.orders import ItemKind, Offer
from billettique.model.ticket import Area, Checks, Line, Passengers, Station, Ticket, TicketKind, TravelClass, Zone
from mobigo.base.errors import InvalidInput
from mobigo.base.instants import PARIS

REFERENCE_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no letter is taken for a digit
REFERENCE_LENGTH: Final = 10
MOVES_MAX: Final = 3  # to another telephone, or back to paper, by the holder alone; more with an agent
LONGEST: Final = timedelta(days=400)  # a yearly pass, bought some weeks before it begins
OPERATING_DAY_ENDS: Final = time(4)  # docs/glossary.md, "jour d'exploitation"
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_WORDS_MAX: Final = 60  # a QR code grows with each letter
# Our categories of travellers (tariffs) in the norm's `PassengerType`.
CATEGORIES: Final[Mapping[str, str]] = {
    "adulte": "adult", "jeune": "youth", "enfant": "child", "bebe": "child", "senior": "senior", "famille": "family",
    "chien": "dog", "velo": "bicycle",
}  # fmt: skip
_BY_AGE: Final = frozenset({"jeune", "enfant", "senior"})
WITHOUT_CODE: Final = frozenset({ItemKind.CARNET, ItemKind.CARD})
MOVES: Final[Mapping[EntitlementState, frozenset[EntitlementState]]] = {
    EntitlementState.ACTIVE: frozenset(
        {EntitlementState.SUSPENDED, EntitlementState.REVOKED, EntitlementState.REFUNDED}
    ),
    EntitlementState.SUSPENDED: frozenset(
        {EntitlementState.ACTIVE, EntitlementState.REVOKED, EntitlementState.REFUNDED}
    ),
    EntitlementState.REVOKED: frozenset({EntitlementState.REFUNDED}),
    EntitlementState.REFUNDED: frozenset(),
}


def minute_of(instant: datetime) -> datetime:
    """The minute an instant lies in: tickets know no seconds."""
    return instant.replace(second=0, microsecond=0)


def window_of(offer: Offer, now: datetime) -> tuple[datetime, datetime]:
    """The first and the last minute that the offer names; what it leaves open begins now and ends with the operating
    day it begins in. Raises InvalidInput("billettique.window_backwards" | "billettique.window_too_long")."""
    first = minute_of(offer.first_at or now)
    last = minute_of(offer.last_at) if offer.last_at is not None else end_of_operating_day(first)
    if last < first:
        raise InvalidInput("billettique.window_backwards", first=first, last=last)
    if last - min(first, now) > LONGEST:
        raise InvalidInput("billettique.window_too_long", days=LONGEST.days)
    return first, last


def end_of_operating_day(instant: datetime) -> datetime:
    """The last minute of the operating day (4 h to 3 h 59, in France) of an instant."""
    local = instant.astimezone(PARIS)
    day = local.date() if local.time() < OPERATING_DAY_ENDS else local.date() + _DAY
    return (datetime.combine(day, OPERATING_DAY_ENDS, PARIS) - _MINUTE).astimezone(instant.tzinfo)


def activated_window(promised: Mapping[str, Any], last: datetime, now: datetime) -> tuple[datetime, datetime]:
    """From when until when a ticket is good once it is activated: `valid_min` minutes, or the operating day; never
    beyond the day it was sold for (`last`)."""
    first = minute_of(now)
    minutes = promised.get("valid_min")
    end = end_of_operating_day(first) if minutes is None else first + timedelta(minutes=int(minutes)) - _MINUTE
    return first, min(end, last)


def ticket_of_sale(
    offer: Offer,
    *,
    issuer: str,
    reference: str,
    first: datetime,
    last: datetime,
    now: datetime,
    specimen: bool,
    activated: bool,
    holder: str | None,
    unit: bool = False,
) -> Ticket:
    """The ticket as it is signed. `unit`: one ticket of a carnet, whose price is the carnet's affair."""
    promised = offer.promised
    is_pass = offer.kind is ItemKind.PASS
    return Ticket(
        issuer=issuer,
        reference=reference,
        kind=TicketKind.PASS if is_pass else TicketKind.SINGLE,
        product=offer.product,
        words=offer.name[:_WORDS_MAX],
        issued_at=minute_of(now),
        first_minute=first,
        last_minute=last,
        specimen=specimen,
        travel_class=TravelClass(promised.get("class", TravelClass.SECOND)),
        area=area_of(promised),
        passengers=passengers_of(offer.riders),
        price=None if unit else offer.gross,
        holder=None if not holder else names_of(holder),
        checks=checks_of(promised, offer.riders, holder),
        activated=activated,
    )


def passengers_of(riders: Sequence[str]) -> tuple[Passengers, ...]:
    """How many of each category, in the order they came; an unknown category keeps its word and no type."""
    counted = Counter(riders or ("adulte",))
    return tuple(
        Passengers(count, CATEGORIES.get(category), "" if category in CATEGORIES else category)
        for category, count in counted.items()
    )


def names_of(holder: str) -> tuple[str, str]:
    """Given and family name of a name as it is written: the last word is the family's, unless capitals say where it
    begins ("Anne Marie LE GOFF")."""
    words = holder.split()
    capitals = next((at for at, word in enumerate(words) if at and word.isupper()), len(words) - 1)
    return " ".join(words[:capitals]), " ".join(words[capitals:])


def area_of(promised: Mapping[str, Any]) -> Area:
    """Where a ticket is good, from the snapshot of what was promised: the area it names; else, in words alone, from
    where to where it was sold, or on which networks. Words refuse nobody: the inspector reads them."""
    said = promised.get("area", {})
    words = str(said.get("words", "")) or _way_of(promised)
    return Area(
        stations=tuple(Station(str(code), str(table)) for code, table in said.get("stations", ())),
        zones=tuple(Zone(carrier, city, number) for carrier, city, number in said.get("zones", ())),
        lines=tuple(Line(carrier, number) for carrier, number in said.get("lines", ())),
        words=words[:_WORDS_MAX],
    )


def _way_of(promised: Mapping[str, Any]) -> str:
    legs = promised.get("legs") or ()
    ends = (legs[0].get("from_name"), legs[-1].get("to_name")) if legs else (None, None)
    if all(ends):
        return " – ".join(map(str, ends))
    return ", ".join(map(str, promised.get("networks", ())))


def checks_of(promised: Mapping[str, Any], riders: Sequence[str], holder: str | None) -> Checks:
    """What the inspector has to see besides the code: what the offer says; whose name is on it; the age or the proof
    that its price rests on."""
    said = promised.get("checks", {})
    proof = promised.get("proof")
    return Checks(
        bool(said.get("identity", bool(holder))),
        bool(said.get("age", any(each in _BY_AGE for each in riders))),
        bool(said.get("card", False)),
        str(said.get("words", "" if proof is None else proof))[:_WORDS_MAX],
    )


def spoken(reference: str) -> str:
    """A reference as it is read aloud: "7F3K 9QPX 2M"."""
    return " ".join(reference[at : at + 4] for at in range(0, len(reference), 4))


def heard(text: str) -> str | None:
    """A reference as somebody typed it: spaces, dashes and small letters are forgiven, O is 0, I and L are 1. None when
    it cannot be one."""
    plain = "".join(letter for letter in text.upper() if letter.isalnum()).translate(str.maketrans("OIL", "011"))
    return plain if len(plain) == REFERENCE_LENGTH and all(each in REFERENCE_LETTERS for each in plain) else None

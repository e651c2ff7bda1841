"""A tariff: the public tables of GTFS-Fares v2 and what they cannot say, with the dated versions it was made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from billettique.model.fares import FareTables, Leg
from mobigo.base.decisions import Decision
from mobigo.base.money import Money
from mobigo.base.periods import Period


class Days(StrEnum):
    """The days on which a discount applies: all; ordinary ones; days off (weekend, public or school holiday)."""

    ALL = "all"
    ORDINARY = "ordinary"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class DayKinds:
    """Days off that are not weekends, by the calendars known. Outside `known`, only weekends are known to be off."""

    known: tuple[Period, ...] = ()
    off: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Band:
    """A price by distance: `from_m <= distance < until_m` on a network (None: no upper bound)."""

    network: str
    product: str
    from_m: int
    until_m: int | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """What a rider pays instead of a ticket's price: a share less, or a flat amount. Discounts never add up.

    `card`: the cover one must hold. `party_min`: how many must travel together.
    """

    id: str
    name: str
    pct: int | None = None
    flat_cents: int | None = None
    networks: frozenset[str] | None = None
    riders: frozenset[str] | None = None
    proof: str | None = None
    card: str | None = None
    days: Days = Days.ALL
    party_min: int = 1
    source: str = ""

    def __post_init__(self) -> None:
        if (self.pct is None) == (self.flat_cents is None):
            raise ValueError(f"{self.id}: a percentage or a flat amount, one of them")
        if self.pct is not None and not 0 <= self.pct <= 100:
            raise ValueError(f"{self.id}: a percentage is between 0 and 100")


class CoverKind(StrEnum):
    PASS = "pass"  # noqa: S105 (a pass, not a password): legs it covers need no ticket, and start no transfer
    CARD = "card"  # opens the discounts that name it
    CAP = "cap"  # never bought: what tickets in its scope cost at most over its span, by person


class Span(StrEnum):
    """How long a cover lasts; days are operating days, 04:00 to 03:59."""

    DAY = "day"
    WEEK = "week"  # Monday to Sunday
    MONTH = "month"
    SCHOOL_YEAR = "school_year"  # 1 September to 31 August
    DAYS = "days"  # so many, from the first day of use
    YEAR = "year"  # from the first day of use to the eve of its anniversary


@dataclass(frozen=True, slots=True)
class Cover:
    """A pass, a card or a cap. `seats`: how many travel on it together; its holder is one of `riders`, the others are
    among `companions` (None: anybody)."""

    id: str
    name: str
    kind: CoverKind
    cents: int
    span: Span
    span_days: int = 0
    networks: frozenset[str] | None = None
    areas: frozenset[str] | None = None  # both ends in one of them
    riders: frozenset[str] | None = None
    companions: frozenset[str] | None = None
    proof: str | None = None
    seats: int = 1
    channels: frozenset[str] | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if self.cents < 0 or self.seats < 1 or (self.span is Span.DAYS) != (self.span_days > 0):
            raise ValueError(f"{self.id}: a price from zero, a seat or more, days for a span in days and for no other")
        if self.kind is CoverKind.CAP and self.seats > 1:
            raise ValueError(f"{self.id}: a cap is for one person")


@dataclass(frozen=True, slots=True)
class Carnet:
    """Several tickets of one product sold together."""

    id: str
    name: str
    product: str
    units: int
    cents: int
    riders: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if self.units < 1 or self.cents < 0:
            raise ValueError(f"{self.id}: a unit or more, a price from zero")


@dataclass(frozen=True, slots=True)
class Border:
    """A border station: between it and the area beyond, the other region's tariff applies, and ours does not."""

    stop: str
    beyond: str


@dataclass(frozen=True, slots=True)
class Place:
    """A place as a tariff calls it (a town of a zone, a station of a table, a border), and the stops of the network
    that are there: (stable place, its name when somebody confirmed it)."""

    id: str
    name: str
    stops: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class PairTable:
    """What a tariff says of pairs of places of a network: their kilometres (in metres), or the very product. Both ways,
    unless the other way has a row of its own."""

    network: str
    source: str
    metres: Mapping[tuple[str, str], int] = field(default_factory=dict)
    products: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Terms:
    """Where a product is sold, what must be shown, who says its price."""

    product: str
    channels: frozenset[str] | None = None
    proof: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A dated part of a tariff: one file. `hash` is the SHA-256 of its content. `to_confirm`: known from a source
    that is not the authority; never applied unless somebody approves that content."""

    tariff: str
    code: str
    hash: str
    period: Period
    source: str
    title: str
    to_confirm: bool = False
    content: "Tariff | None" = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Tariff:
    """Everything that prices a journey on a day, and the versions it comes from."""

    tables: FareTables = field(default_factory=FareTables)
    bands: tuple[Band, ...] = ()
    discounts: tuple[Discount, ...] = ()
    covers: tuple[Cover, ...] = ()
    carnets: tuple[Carnet, ...] = ()
    borders: tuple[Border, ...] = ()
    terms: tuple[Terms, ...] = ()
    places: tuple[Place, ...] = ()
    pairs: tuple[PairTable, ...] = ()
    day_kinds: DayKinds = field(default_factory=DayKinds)
    versions: tuple[Version, ...] = ()
    waiting: tuple[Version, ...] = ()  # newer, and to be confirmed: not applied


# ---- what is asked, and the answer


@dataclass(frozen=True, slots=True)
class Held:
    """A cover already held, between two operating days."""

    cover: str
    period: Period


@dataclass(frozen=True, slots=True)
class Paid:
    """What a rider has paid already for tickets in the scope of a cap, over one of its spans."""

    cap: str
    period: Period
    cents: int


@dataclass(frozen=True, slots=True)
class Rider:
    """A person, by class: no name, no birth date. `units`: (carnet, tickets left). `paid` counts towards caps."""

    category: str | None = None
    proofs: frozenset[str] = frozenset()
    held: tuple[Held, ...] = ()
    units: tuple[tuple[str, int], ...] = ()
    paid: tuple[Paid, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """Journeys made together by a party. `split`: whether legs that a join rule makes one may be paid one by one."""

    journeys: tuple[tuple[Leg, ...], ...]
    riders: tuple[Rider, ...] = (Rider(),)
    media: frozenset[str] | None = None
    channel: str | None = None
    split: bool = False


class Item(NamedTuple):
    """Something to buy."""

    kind: str  # ticket, transfer, carnet, pass, card
    id: str
    name: str
    cents: int
    riders: tuple[int, ...]  # positions in the party


class FareStep(NamedTuple):
    """One line of the explanation. The amounts of all steps add up to the total."""

    kind: str
    riders: tuple[int, ...]
    amount: Money
    after: Money
    reason: Decision


@dataclass(frozen=True, slots=True)
class Quote:
    """The cheapest way to pay. `total` is None when the fare of some leg is unknown: `unknown` says which, and why."""

    total: Money | None
    items: tuple[Item, ...] = ()
    steps: tuple[FareStep, ...] = ()
    unknown: tuple[Decision, ...] = ()

"""The terms of sale of a day, as dated values: how long a price is kept, what is refundable, who sells, which tax."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from billettique.model.fares import Leg
from billettique.model.orders import ItemKind
from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money


class When(StrEnum):
    """What a refund rule looks at."""

    UNUSED = "unused"  # nothing used, and its last day not over: all of it
    AHEAD = "ahead"  # before its first day, or so many minutes before it leaves: all of it
    PRO_RATA = "pro_rata"  # the whole days, or the tickets, that remain


@dataclass(frozen=True, slots=True)
class RefundRule:
    """One rule; `keep` is what is kept of the price, `ahead` how long before the departure it ends."""

    id: str
    kinds: frozenset[ItemKind]
    when: When
    ahead: timedelta = timedelta(0)
    keep: Money = ZERO


@dataclass(frozen=True, slots=True)
class Validity:
    """How many operating days a title of a kind may wait for its first use, on some networks or on all. `use_min`: it
    has to be activated, and is good so many minutes from then on."""

    kind: ItemKind
    days: int
    networks: frozenset[str] | None = None
    use_min: int | None = None


@dataclass(frozen=True, slots=True)
class SaleTerms:
    """Terms of sale from a first day on, with their source. `to_confirm`: no act of the authority says so yet."""

    code: str
    first_day: date
    source: str
    to_confirm: bool
    keep: timedelta
    warn: timedelta
    extensions_max: int
    pay: timedelta
    seller: str
    collector: str
    validity: tuple[Validity, ...]
    refunds: tuple[RefundRule, ...]
    exchanges: frozenset[ItemKind]


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate of value added tax from a first day on, in percent."""

    first_day: date
    pct: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class EmployerShare:
    """What an employer pays back at least of a pass, in percent, from a first day on."""

    first_day: date
    private_pct: int
    public_pct: int
    source: str


@dataclass(frozen=True, slots=True)
class Sold:
    """What a refund rule knows of an item: its price, its time, and how much of it was used. `used_at`: its first use.
    `units`: tickets of a carnet, of which `units_left` remain."""

    kind: ItemKind
    price: Money
    first_at: datetime | None
    last_at: datetime | None
    used_at: datetime | None = None
    units: int | None = None
    units_left: int | None = None


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What a rule answers: so much back, so much kept, and the sentence."""

    rule: str
    amount: Money
    kept: Money
    reason: Decision


@dataclass(frozen=True, slots=True)
class NamedLeg:
    """A leg, and its stops as people call them; `uic` their two UIC codes, where both are stations of the railways."""

    leg: Leg
    from_name: str
    to_name: str
    uic: tuple[str, str] | None = None

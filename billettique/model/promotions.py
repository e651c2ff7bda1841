"""Offers that promote transport: launch prices, vouchers, free days, partner and event offers, as dated values."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mobigo.base.money import Money
from mobigo.base.periods import Period


class OfferKind(StrEnum):
    """What the offer is for; the sums are the same for all."""

    LAUNCH = "launch"  # a launch price
    VOUCHER = "voucher"  # by a code
    FREE_DAY = "free_day"
    PARTNER = "partner"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Promotion:
    """An offer: `pct` less, or `off_cents` less, or the ticket at `flat_cents`; one of the three. `code`: what must be
    typed (None: it applies by itself). `period`: operating days of travel. None in a scope: everything.

    `budget`: what all reductions may come to; `uses_max`: how many orders; `per_person`: how many orders of one person.
    """

    id: str
    name: str
    kind: OfferKind
    period: Period
    budget: Money
    pct: int | None = None
    off_cents: int | None = None
    flat_cents: int | None = None
    code: str | None = None
    networks: frozenset[str] | None = None
    products: frozenset[str] | None = None
    riders: frozenset[str] | None = None
    uses_max: int | None = None
    per_person: int | None = None
    partner: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if [self.pct, self.off_cents, self.flat_cents].count(None) != 2:
            raise ValueError(f"{self.id}: a percentage, an amount less or a price, one of them")
        if self.pct is not None and not 0 < self.pct <= 100:
            raise ValueError(f"{self.id}: a percentage is between 1 and 100")
        if self.budget.cents <= 0 or any(each is not None and each < 1 for each in (self.uses_max, self.per_person)):
            raise ValueError(f"{self.id}: a budget and limits are above zero")


@dataclass(frozen=True, slots=True)
class Line:
    """Something in a basket that an offer may make cheaper: what it is, where it is good, for whom, its price."""

    product: str
    networks: frozenset[str]
    riders: Sequence[str]
    price: Money


@dataclass(frozen=True, slots=True)
class Reduced:
    """An offer applied to the lines of an order: what it takes off each, in their order."""

    promotion: Promotion
    reductions: tuple[Money, ...]

    @property
    def total(self) -> Money:
        """What it takes off altogether."""
        return Money(sum(each.cents for each in self.reductions))

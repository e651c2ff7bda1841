"""A régie: who may hold the public's cash, under which act, how much of it; and what passes through a till.

A régie takes money for the public accountant. Its act names what it may be paid for and with, how much cash it may
hold at a time, and whether it has an advance to give money back with (CGCT, art. R. 1617-1 to R. 1617-18).
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money

# Notes and coins in euros, in cents, the largest first.
PIECES = (50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a régie takes money: a counter, in a commune (INSEE code); or, `moving`, wherever a round goes."""

    code: str
    name: str
    commune: str
    moving: bool = False


@dataclass(frozen=True, slots=True)
class Regie:
    """What the act of a régie says, from a first day on.

    `ceiling`: the most cash it may hold, the float not counted. `float_`: the float of one till. `advance`: what it may
    give back in cash until the accountant renews it (ZERO: the act allows none), `refund_max` at most at a time.
    `payment_max`: the most that one person pays in cash. `justify_days`: at least how often it pays over. `receipts`:
    what it may be paid for. `round_max`: the most cash one mandataire carries on rounds before handing it over.
    """

    code: str
    name: str
    first_day: date
    act: str
    source: str
    means: frozenset[str]
    ceiling: Money
    float_: Money
    advance: Money
    refund_max: Money
    payment_max: Money
    justify_days: int
    places: tuple[Place, ...]
    to_confirm: bool = False
    receipts: frozenset[str] = frozenset({"sale", "penalty"})
    round_max: Money = ZERO


class CashKind(StrEnum):
    """What moves cash, cheques or terminal receipts of a régie."""

    SALE = "sale"
    PENALTY = "penalty"  # what is owed after a constat
    REFUND = "refund"  # out of the advance
    DEPOSIT = "deposit"  # paid over to the accountant
    DIFFERENCE = "difference"  # what a count found too much or too little
    RENEWAL = "renewal"  # the accountant fills the advance up


@dataclass(frozen=True, slots=True)
class Holding:
    """What a régie holds now: cash to be paid over, and what it gave back out of its advance."""

    cash: Money
    advance_used: Money


@dataclass(frozen=True, slots=True)
class Closing:
    """A till counted: what it should hold (float included), what it holds, and what that means."""

    expected: Money
    counted: Money
    said: Decision

    @property
    def difference(self) -> Money:
        return self.counted - self.expected


@dataclass(frozen=True, slots=True)
class TillLine:
    """One line of a till's day, as its papers show it."""

    at: datetime
    kind: CashKind
    means: str
    amount: Money
    ref: str

"""Sums for those who decide: a line over days, a month. No name, no person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from mobigo.base.money import ZERO, Money, from_exact_cents


@dataclass(frozen=True, slots=True)
class LineSums:
    """What one line (None: off the lines) came to. Trips that got nothing count as trips."""

    line: str | None
    trips: int = 0
    drivers: int = 0
    passengers: int = 0
    distance_m: int = 0
    subsidy: Money = ZERO
    fares: Money = ZERO
    guarantee: Money = ZERO

    @property
    def net_cost(self) -> Money:
        """Subsidies and guaranteed rides, less what passengers pay; may be negative."""
        return self.subsidy + self.guarantee - self.fares


def totals(sums: Sequence[LineSums]) -> LineSums:
    """All lines together. Drivers of two lines count in each, so their total is not added up: 0."""
    return LineSums(
        None,
        sum(each.trips for each in sums),
        0,
        sum(each.passengers for each in sums),
        sum(each.distance_m for each in sums),
        sum((each.subsidy for each in sums), ZERO),
        sum((each.fares for each in sums), ZERO),
        sum((each.guarantee for each in sums), ZERO),
    )


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """One month: each line, and all of them."""

    month: date  # its first day
    lines: tuple[LineSums, ...]
    whole: LineSums


def per_passenger(sums: LineSums, amount: Money) -> Money | None:
    """An amount for each passenger's journey, to the nearest cent; None without a passenger."""
    return None if sums.passengers == 0 else from_exact_cents(Fraction(amount.cents, sums.passengers))

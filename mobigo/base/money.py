"""Money in whole cents of euro. One rounding function, half up; tax is gross minus net, so the three always agree."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import total_ordering


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount; negative amounts are allowed (reversals, refunds)."""

    cents: int

    def __post_init__(self) -> None:
        if type(self.cents) is not int:
            raise TypeError(f"money is whole cents, not {type(self.cents).__name__}")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.cents + other.cents)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.cents - other.cents)

    def __neg__(self) -> "Money":
        return Money(-self.cents)

    def __mul__(self, times: int) -> "Money":
        if type(times) is not int:
            raise TypeError("money is multiplied by whole numbers; use from_exact_cents for the rest")
        return Money(self.cents * times)

    __rmul__ = __mul__

    def __lt__(self, other: "Money") -> bool:
        return self.cents < other.cents


ZERO = Money(0)


def from_exact_cents(exact_cents: Fraction | Decimal | int) -> Money:
    """The one rounding: to the nearest cent, a half going up (away from zero for a negative amount, so that a
    reversal is the exact opposite of what it reverses). Floats are refused: they are not exact."""
    if isinstance(exact_cents, float):
        raise TypeError("a float is not an exact amount")
    exact = exact_cents if isinstance(exact_cents, Fraction) else Fraction(exact_cents)
    above, below = exact.numerator, exact.denominator
    rounded = (2 * abs(above) + below) // (2 * below)  # a half more, down to the whole
    return Money(rounded if above >= 0 else -rounded)


def split_tax(gross: Money, rate_pct: Decimal | Fraction | int) -> tuple[Money, Money]:
    """(net, tax) of a gross amount: the net is rounded once, the tax is what remains."""
    net = from_exact_cents(Fraction(gross.cents) / (1 + Fraction(rate_pct) / 100))
    return net, gross - net

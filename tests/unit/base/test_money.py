"""Money: whole cents, one rounding, tax by difference."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.money import ZERO, Money, from_exact_cents, split_tax

cents = st.integers(-(10**12), 10**12).map(Money)
exact = st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**6)


@pytest.mark.parametrize(
    ("exact_cents", "rounded"),
    [
        (Fraction(149, 100), 1),  # 1.49
        (Fraction(3, 2), 2),  # a half goes up
        (Decimal("1.5"), 2),
        (Decimal("2.5"), 3),  # not to the even neighbour
        (Decimal("2.499999999999999999"), 2),
        (Fraction(-3, 2), -2),  # a reversal is the exact opposite
        (Decimal("-2.5"), -3),
        (Decimal("-0.4"), 0),
        (Decimal("0.5"), 1),
        (0, 0),
        (7, 7),
    ],
)
def test_a_half_cent_goes_away_from_zero(exact_cents: Fraction | Decimal | int, rounded: int) -> None:
    assert from_exact_cents(exact_cents) == Money(rounded)


@pytest.mark.parametrize("inexact", [1.5, 0.0, float("nan")])
def test_a_float_is_never_money(inexact: float) -> None:
    with pytest.raises(TypeError):
        from_exact_cents(inexact)  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(TypeError):
        Money(inexact)  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize("other", [True, 1.5, Decimal(2)])
def test_money_is_multiplied_by_whole_numbers_only(other: object) -> None:
    with pytest.raises(TypeError):
        Money(100) * other  # type: ignore[operator]  # the point of the test


@pytest.mark.parametrize(
    ("gross", "rate_pct", "net", "tax"),
    [
        (1_100, 10, 1_000, 100),
        (150, 10, 136, 14),  # 150 / 1.1 = 136.36…
        (155, Decimal("5.5"), 147, 8),  # 155 / 1.055 = 146.92
        (150, 0, 150, 0),
        (-150, 10, -136, -14),
        (0, 20, 0, 0),
    ],
)
def test_tax_is_what_remains_of_the_gross(gross: int, rate_pct: Decimal | int, net: int, tax: int) -> None:
    assert split_tax(Money(gross), rate_pct) == (Money(net), Money(tax))


@given(cents, st.fractions(min_value=0, max_value=100, max_denominator=1000))
def test_net_and_tax_always_make_the_gross(gross: Money, rate_pct: Fraction) -> None:
    net, tax = split_tax(gross, rate_pct)
    assert net + tax == gross
    assert split_tax(-gross, rate_pct) == (-net, -tax)


@given(exact)
def test_rounding_moves_by_half_a_cent_at_most_and_mirrors(amount: Fraction) -> None:
    rounded = from_exact_cents(amount)
    assert abs(rounded.cents - amount) <= Fraction(1, 2)
    assert from_exact_cents(-amount) == -rounded


@given(exact, exact)
def test_rounding_keeps_the_order(one: Fraction, other: Fraction) -> None:
    low, high = sorted((one, other))
    assert from_exact_cents(low) <= from_exact_cents(high)


@given(cents, cents, cents)
def test_sums_do_not_depend_on_the_order(a: Money, b: Money, c: Money) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a - a == ZERO
    assert 3 * a == a + a + a

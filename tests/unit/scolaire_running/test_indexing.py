"""Prices that follow indices: a case worked by hand, both sides of each day of revision, exact sums, exact rounding."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.errors import InvalidInput, Refused
from scolaire.export.annex import plain
from scolaire.model.indexing import Every, Formula, IndexValue, Rounding, Term
from scolaire.rules.indexing import checked, decimal_of, revised, revised_on, revision

D = Decimal
FIRST = date(2025, 9, 1)
FORMULA = Formula(
    D("0.15"), (Term("salaires", D("0.55"), D("118.2")), Term("gazole", D("0.30"), D("104.0"))), Every.YEAR, 9, 4,
    Rounding.HALF_UP, "article 9",
)  # fmt: skip
VALUES = [
    IndexValue("salaires", date(2025, 6, 30), D("118.2")),
    IndexValue("gazole", date(2025, 7, 15), D("104.0")),
    IndexValue("salaires", date(2026, 6, 30), D("121.9")),
    IndexValue("gazole", date(2026, 7, 15), D("98.8")),
    IndexValue("gazole", date(2026, 9, 2), D("140.0")),  # published a day after the revision: not known then
]


def test_a_case_worked_by_hand() -> None:
    """K = 0,15 + 0,55 × 121,9 / 118,2 + 0,30 × 98,8 / 104,0
    = 0,15 + 67,045 / 118,2       + 29,64 / 104
    = 0,15 + 0,567216582…         + 0,285 = 1,002216582… → 1,0022; 190,00 € × 1,0022 = 190,418 € → 190,42 €."""
    found = revision(FORMULA, VALUES, first_day=FIRST, day=date(2026, 9, 1))
    assert found.revised_on == date(2026, 9, 1)
    assert [plain(step.part) for step in found.steps] == ["0,5672165820…", "0,285"]
    assert plain(found.exact) == "1,0022165820…"
    assert found.coefficient == D("1.0022")
    assert revised(19_000, found) == 19_042
    assert revised(95, found) == 95  # 95,209 cents
    assert revised(0, found) == 0


@pytest.mark.parametrize(
    ("day", "since"),
    [
        (FIRST, None),
        (date(2026, 8, 31), None),
        (date(2026, 9, 1), date(2026, 9, 1)),
        (date(2027, 8, 31), date(2026, 9, 1)),
        (date(2027, 9, 1), date(2027, 9, 1)),
    ],
)
def test_the_first_price_holds_until_the_first_revision(day: date, since: date | None) -> None:
    found = revision(FORMULA, VALUES, first_day=FIRST, day=day)
    assert found.revised_on == since
    if since is None:
        assert (found.coefficient, revised(19_000, found)) == (D(1), 19_000)


@pytest.mark.parametrize(
    ("day", "since"),
    [
        (date(2025, 9, 30), None),
        (date(2025, 10, 1), date(2025, 10, 1)),
        (date(2025, 10, 25), date(2025, 10, 1)),
        (date(2025, 10, 26), date(2025, 10, 1)),  # the night the clocks go back
        (date(2026, 1, 31), date(2026, 1, 1)),
    ],
)
def test_a_monthly_revision_is_on_the_first(day: date, since: date | None) -> None:
    assert revised_on(replace(FORMULA, every=Every.MONTH), FIRST, day) == since


@pytest.mark.parametrize(
    ("published", "coefficient"), [(date(2026, 9, 1), D("1.1211")), (date(2026, 9, 2), D("1.0022"))]
)
def test_a_value_counts_from_its_day_of_publication(published: date, coefficient: Decimal) -> None:
    """0,30 × 140 / 104 = 0,403846…; 0,15 + 0,567217 + 0,403846 = 1,121063 → 1,1211."""
    values = [*VALUES[:4], IndexValue("gazole", published, D("140"))]
    found = revision(FORMULA, values, first_day=FIRST, day=date(2026, 9, 1))
    assert found.coefficient == coefficient


def test_a_corrected_value_is_the_one_that_counts() -> None:
    values = [*VALUES[:4], IndexValue("gazole", date(2026, 7, 15), D("104.0"))]
    found = revision(FORMULA, values, first_day=FIRST, day=date(2026, 9, 1))
    assert found.coefficient == D("1.0172")  # 0,15 + 0,567216… + 0,30


def test_without_a_value_there_is_no_price() -> None:
    with pytest.raises(Refused) as missing:
        revision(FORMULA, VALUES[:1], first_day=FIRST, day=date(2026, 9, 1))
    assert missing.value.decision.params["index"] == "gazole"
    revision(FORMULA, (), first_day=FIRST, day=date(2026, 8, 31))  # the first price needs none


@pytest.mark.parametrize(
    ("rounding", "decimals", "expected"),
    [
        (Rounding.HALF_UP, 2, "1.01"),
        (Rounding.DOWN, 2, "1.00"),
        (Rounding.HALF_UP, 3, "1.005"),
        (Rounding.DOWN, 3, "1.005"),
    ],
)
def test_the_contract_says_how_the_coefficient_is_rounded(rounding: Rounding, decimals: int, expected: str) -> None:
    formula = Formula(D("0.5"), (Term("i", D("0.5"), D("100")),), Every.YEAR, 9, decimals, rounding)
    found = revision(formula, [IndexValue("i", FIRST, D("101"))], first_day=FIRST, day=date(2026, 9, 1))
    assert found.coefficient == D(expected)  # exactly 1.005


TERM = Term("i", D("0.85"), D("100"))
WRONG: list[tuple[Formula, str]] = [
    (replace(FORMULA, terms=()), "scolaire.formula_terms"),
    (replace(FORMULA, terms=(TERM, TERM)), "scolaire.formula_terms"),
    (replace(FORMULA, terms=(replace(TERM, code=""),)), "scolaire.formula_terms"),
    (replace(FORMULA, terms=(replace(TERM, weight=D("-0.85")),)), "scolaire.formula_terms"),
    (replace(FORMULA, terms=(replace(TERM, base=D(0)),)), "scolaire.formula_terms"),
    (replace(FORMULA, fixed=D("-0.15")), "scolaire.formula_terms"),
    (replace(FORMULA, fixed=D("0.16")), "scolaire.formula_sum"),
    (replace(FORMULA, fixed=D("0.1499999")), "scolaire.formula_sum"),
    (replace(FORMULA, month=0), "scolaire.formula_month"),
    (replace(FORMULA, month=13), "scolaire.formula_month"),
    (replace(FORMULA, decimals=1), "scolaire.formula_decimals"),
    (replace(FORMULA, decimals=9), "scolaire.formula_decimals"),
]


@pytest.mark.parametrize(("formula", "code"), WRONG)
def test_shares_make_one_exactly_and_all_else_is_refused(formula: Formula, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked(formula)
    assert refused.value.decision.code == code


def test_a_good_formula_passes() -> None:
    assert checked(FORMULA) is FORMULA
    assert checked(replace(FORMULA, fixed=D(0), terms=(replace(TERM, weight=D(1)),)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("103,4", D("103.4")), ("103.4", D("103.4")), ("1 234,5", D("1234.5")), ("0,00000001", D("0.00000001")),
        ("999999999", D(999_999_999)), ("0", None), ("0,0", None), ("-1", None), ("+1", None), ("1e3", None),
        ("", None), ("1,2,3", None), ("NaN", None), ("Infinity", None), ("=1+1", None), ("9999999999", None),
        ("0,000000001", None), ("١٢", None),
    ],
)  # fmt: skip
def test_a_number_as_people_write_it(text: str, value: Decimal | None) -> None:
    assert decimal_of(text) == value


@given(
    st.integers(0, 1_000_000), st.integers(1, 99), st.integers(1, 10**6), st.integers(1, 10**6),
    st.integers(2, 8), st.sampled_from(list(Rounding)),
)  # fmt: skip
def test_the_price_is_what_fractions_say(
    cents: int, fixed_pct: int, value: int, base: int, decimals: int, rounding: Rounding
) -> None:
    """An oracle in fractions, which share nothing with decimal numbers of forty figures."""
    formula = Formula(
        D(fixed_pct) / 100, (Term("i", 1 - D(fixed_pct) / 100, D(base)),), Every.YEAR, 9, decimals, rounding
    )  # fmt: skip
    found = revision(formula, [IndexValue("i", FIRST, D(value))], first_day=FIRST, day=FIRST + timedelta(days=400))
    exact = Fraction(fixed_pct, 100) + (1 - Fraction(fixed_pct, 100)) * Fraction(value, base)
    scaled = exact * 10**decimals
    whole = scaled.numerator // scaled.denominator
    if rounding is Rounding.HALF_UP and scaled - whole >= Fraction(1, 2):
        whole += 1
    assert Fraction(found.coefficient) == Fraction(whole, 10**decimals)
    price = cents * Fraction(whole, 10**decimals)
    half_up = (2 * price.numerator + price.denominator) // (2 * price.denominator)
    assert revised(cents, found) == half_up


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_an_index_that_does_not_move_moves_no_price(value: int, cents: int) -> None:
    terms = tuple(replace(each, base=D(value)) for each in FORMULA.terms)
    values = [IndexValue(each.code, FIRST, D(value)) for each in terms]
    found = revision(replace(FORMULA, terms=terms), values, first_day=FIRST, day=date(2026, 9, 1))
    assert revised(cents, found) == cents

"""The revised price of a contract on a day, by its formula and the indices published until the day of revision. Exact
decimal numbers; the coefficient is rounded once as the contract says, each price once to the cent. Pure."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import Final

from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.money import Money, from_exact_cents
from scolaire.model.indexing import Every, Formula, IndexValue, Revision, Rounding, TermStep

_DECIMAL: Final = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,8})?", re.ASCII)
_WIDE: Final = Context(prec=40)
_MODES: Final = {Rounding.HALF_UP: ROUND_HALF_UP, Rounding.DOWN: ROUND_DOWN}
TERMS_MOST: Final = 6


def decimal_of(text: str) -> Decimal | None:
    """A positive decimal number as people write it, "103,4"; None for anything else: no sign, no power of ten, no
    more than nine figures before the comma and eight after."""
    plain = re.sub(r"[\s\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]", "", text)
    if not _DECIMAL.fullmatch(plain):
        return None
    found = Decimal(plain.replace(",", "."))
    return found if found > 0 else None


def checked(formula: Formula) -> Formula:
    """The same. Raises InvalidInput("scolaire.formula_terms") without a term, or with an index twice, or a share or a
    base that is not positive, InvalidInput("scolaire.formula_sum") where the shares do not make one exactly,
    InvalidInput("scolaire.formula_month" | "scolaire.formula_decimals")."""
    codes = [each.code for each in formula.terms]
    if not 1 <= len(codes) <= TERMS_MOST or len(set(codes)) < len(codes) or not all(codes):
        raise InvalidInput("scolaire.formula_terms", most=TERMS_MOST)
    if formula.fixed < 0 or any(each.weight <= 0 or each.base <= 0 for each in formula.terms):
        raise InvalidInput("scolaire.formula_terms", most=TERMS_MOST)
    total = sum((each.weight for each in formula.terms), formula.fixed)
    if total != 1:
        raise InvalidInput("scolaire.formula_sum", total=str(total))
    if not 1 <= formula.month <= 12:
        raise InvalidInput("scolaire.formula_month")
    if not 2 <= formula.decimals <= 8:
        raise InvalidInput("scolaire.formula_decimals")
    return formula


def revised_on(formula: Formula, first_day: date, day: date) -> date | None:
    """The last day of revision until `day`; None while the first price of a contract that begins on `first_day` holds:
    a contract is not revised on the day it begins."""
    if formula.every is Every.MONTH:
        found = day.replace(day=1)
    else:
        this_year = date(day.year, formula.month, 1)
        found = this_year if this_year <= day else date(day.year - 1, formula.month, 1)
    return found if found > first_day else None


def revision(formula: Formula, values: Iterable[IndexValue], *, first_day: date, day: date) -> Revision:
    """The coefficient in force on a day. Of two values of one index published on one day, the last of `values` counts.

    Raises Refused("scolaire.index_missing") naming the index of which nothing was published by the day of revision:
    a price is never revised on a guess."""
    since = revised_on(formula, first_day, day)
    if since is None:
        return Revision(formula, None, (), Decimal(1), Decimal(1))
    known: dict[str, IndexValue] = {}
    for each in values:
        last = known.get(each.code)
        if each.published_on <= since and (last is None or last.published_on <= each.published_on):
            known[each.code] = each
    steps = []
    for term in formula.terms:
        value = known.get(term.code)
        if value is None:
            raise Refused("scolaire.index_missing", index=term.code, day=since)
        steps.append(TermStep(term, value, _WIDE.divide(_WIDE.multiply(term.weight, value.value), term.base)))
    exact = formula.fixed
    for step in steps:
        exact = _WIDE.add(exact, step.part)
    unit = Decimal(1).scaleb(-formula.decimals)
    coefficient = exact.quantize(unit, rounding=_MODES[formula.rounding], context=_WIDE)
    return Revision(formula, since, tuple(steps), exact, coefficient)


def revised(cents: int, found: Revision) -> int:
    """A price of the contract, revised: cents, rounded once, half up."""
    price: Money = from_exact_cents(_WIDE.multiply(Decimal(cents), found.coefficient))
    return price.cents

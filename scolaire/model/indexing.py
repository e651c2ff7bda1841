"""Prices of a contract that follow published indices: the formula, the values, and a revised price with every step."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Every(StrEnum):
    """When prices are revised: on the first of a month each year, or of every month."""

    YEAR = "year"
    MONTH = "month"


class Rounding(StrEnum):
    """How the coefficient is rounded, as the contract says."""

    HALF_UP = "half_up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Term:
    """The share of the price that follows an index, and what the index was when the price was made (I0)."""

    code: str
    weight: Decimal
    base: Decimal


@dataclass(frozen=True, slots=True)
class Formula:
    """P = P0 × K, K = fixed + Σ weight × I / I0, rounded to `decimals`. `month`: of the yearly revision."""

    fixed: Decimal
    terms: tuple[Term, ...]
    every: Every
    month: int
    decimals: int
    rounding: Rounding
    article: str = ""


@dataclass(frozen=True, slots=True)
class IndexValue:
    """What an index was, from its day of publication on."""

    code: str
    published_on: date
    value: Decimal
    source: str = ""


@dataclass(frozen=True, slots=True)
class TermStep:
    """A term worked out: the value known on the day of revision, and weight × value / base, not rounded."""

    term: Term
    value: IndexValue
    part: Decimal


@dataclass(frozen=True, slots=True)
class Revision:
    """The coefficient in force on a day, with its steps. `revised_on` None: the first price still holds, K is 1."""

    formula: Formula
    revised_on: date | None
    steps: tuple[TermStep, ...]
    exact: Decimal
    coefficient: Decimal

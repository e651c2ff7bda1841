"""What becomes of a journey that is found and not shown: by which rule, and because of which other ones."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Rule(StrEnum):
    """Why a journey is not shown. `by` of `Dropped` are those it is held against."""

    OUTSIDE = "outside"  # leaves (or arrives) outside what was asked
    BEATEN = "beaten"  # another leaves no earlier, arrives no later, with no more vehicles, and is better in one
    TWIN = "twin"  # another has the same hours and vehicles, and no more metres on foot
    TOO_LONG = "too_long"  # twice as long and two hours more than another with no more vehicles
    KNOWN = "known"  # found for its price; one found before is as good by hours and vehicles
    NO_GAIN = "no_gain"  # costs no less, and walks not far less, than the quickest: by the tariff as it is searched
    NOT_WORTH = "not_worth"  # the same, by the prices that are shown
    SAME_LATER = "same_later"  # another arrives then too, for the same price and metres, and leaves no earlier
    ENOUGH = "enough"  # others cost less, and others walk less: no more are looked at
    PARK_SHUT = "park_shut"  # the car park is closed at the hour at which the car is left, or fetched
    AS_GOOD = "as_good"  # another is as good by hours, vehicles, metres on foot and price
    WINS_NOTHING = "wins_nothing"  # a way without a timetable: another is as good, or as near as makes no reason


@dataclass(frozen=True, slots=True)
class Dropped(Generic[T]):
    """What a rule left out, and what for."""

    what: T
    rule: Rule
    by: tuple[T, ...] = ()


class Sifted(NamedTuple, Generic[T]):
    """What a rule keeps, in order, and what it leaves out."""

    kept: list[T]
    dropped: list[Dropped[T]]

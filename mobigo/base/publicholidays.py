"""The public holidays of metropolitan France (code du travail, article L. 3133-1); pure."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

_FIXED: Final = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
_AFTER_EASTER: Final = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday


def public_holidays(years: Iterable[int]) -> frozenset[date]:
    """The eleven days of each year, as they have been since 2008 (Whit Monday was worked before)."""
    return frozenset(day for year in years for day in _of(year))


def _of(year: int) -> Iterable[date]:
    yield from (date(year, month, day) for month, day in _FIXED)
    yield from (easter(year) + timedelta(days=after) for after in _AFTER_EASTER)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher)."""
    golden, (century, rest) = year % 19, divmod(year, 100)
    leaps, odd = divmod(century, 4)
    corrected = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - leaps - corrected + 15) % 30
    quarters, single = divmod(rest, 4)
    weekday = (32 + 2 * odd + 2 * quarters - moon - single) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)

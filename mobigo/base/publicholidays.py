"""The public holidays of metropolitan France (code du travail, article L. 3133-1); pure."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from dateutil.easter import easter  # type: ignore[import-untyped]

_FIXED: Final = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
_AFTER_EASTER: Final = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday


def public_holidays(years: Iterable[int]) -> frozenset[date]:
    """The eleven days of each year, as they have been since 2008 (Whit Monday was worked before)."""
    return frozenset(day for year in years for day in _of(year))


def _of(year: int) -> Iterable[date]:
    yield from (date(year, month, day) for month, day in _FIXED)
    yield from (easter(year) + timedelta(days=after) for after in _AFTER_EASTER)

"""Public holidays, compared with an independent library."""

from datetime import date

import holidays
import pytest

from mobigo.base.publicholidays import easter, public_holidays


@pytest.mark.parametrize("year", range(2008, 2100))
def test_the_days_off_are_those_an_independent_library_finds(year: int) -> None:
    assert public_holidays([year]) == frozenset(holidays.country_holidays("FR", years=year))


@pytest.mark.parametrize(
    ("year", "day"),
    [(1818, date(1818, 3, 22)), (2038, date(2038, 4, 25)), (2026, date(2026, 4, 5)), (2000, date(2000, 4, 23))],
)
def test_easter_at_its_earliest_and_latest(year: int, day: date) -> None:
    assert easter(year) == day


def test_several_years_are_together() -> None:
    assert public_holidays(range(2026, 2028)) == public_holidays([2026]) | public_holidays([2027])
    assert public_holidays([]) == frozenset()

"""Which column of a poster a departure stands in, and what is said of it; what is said is what happens."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.planner.rules.periods import Calendar, Column, runs_of

FIRST = date(2025, 10, 6)  # a Monday
DAYS = tuple(FIRST + timedelta(days=n) for n in range(42))  # to Sunday 16 November
OFF = frozenset(day for day in DAYS if date(2025, 10, 18) <= day <= date(2025, 11, 2))  # Toussaint
PUBLIC = frozenset({date(2025, 11, 1), date(2025, 11, 11)})  # a Saturday, a Tuesday
CALENDAR = Calendar(DAYS, PUBLIC, OFF)
MONDAY, WEDNESDAY, SATURDAY, SUNDAY = 0, 2, 5, 6


def on(rule: Callable[[date], bool]) -> list[date]:
    return [day for day in DAYS if rule(day)]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (lambda day: True, [("week", None), ("saturday", None), ("sunday", None)]),
        (lambda day: day.weekday() < 5 and day not in PUBLIC, [("week", None)]),
        (
            lambda day: day.weekday() < 5,  # the 11th of November too
            [("week", None), ("sunday", "planner.poster_public_holidays_only_or_dates")],
        ),
        (lambda day: day.weekday() == WEDNESDAY, [("week", "planner.poster_weekdays")]),
        (lambda day: day.weekday() < 5 and day not in OFF | PUBLIC, [("week", "planner.poster_term")]),
        (lambda day: day.weekday() < 5 and day in OFF, [("week", "planner.poster_holidays")]),
        (lambda day: day.weekday() == WEDNESDAY and day not in OFF, [("week", "planner.poster_term_weekdays")]),
        (lambda day: day.weekday() == SATURDAY and day not in PUBLIC, [("saturday", None)]),
        (lambda day: day.weekday() == SUNDAY, [("sunday", "planner.poster_no_public_holiday")]),
        (lambda day: day in PUBLIC, [("sunday", "planner.poster_public_holidays_only")]),
        (lambda day: day == FIRST, [("week", "planner.poster_dates")]),
        (lambda day: day.weekday() < 4 and day.day % 2 == 0, [("week", "planner.poster_some_days")]),
        (lambda day: False, []),
    ],
)
def test_what_is_said_of_a_departure(rule: Callable[[date], bool], said: list[tuple[str, str | None]]) -> None:
    found = [(each.column.value, None if each.note is None else each.note.code) for each in runs_of(on(rule), CALENDAR)]
    told = [(column, "planner.poster_dates" if code and code.endswith("_or_dates") else code) for column, code in said]
    assert found == told


def test_where_school_holidays_are_not_known_nothing_is_said_of_them() -> None:
    blind = Calendar(DAYS, PUBLIC, None)
    [found] = runs_of(on(lambda day: day.weekday() < 5 and day not in OFF | PUBLIC), blind)
    assert found.note is not None
    assert found.note.code == "planner.poster_some_days"


@given(st.frozensets(st.sampled_from(DAYS)))
def test_a_note_never_says_more_or_less_than_what_runs(days: frozenset[date]) -> None:
    said: set[date] = set()
    for each in runs_of(days, CALENDAR):
        column = set(CALENDAR.by_column[each.column])
        if each.note is None:
            said |= column
            continue
        code, params = each.note.code.removeprefix("planner.poster_"), each.note.params
        wanted = set(params["days"]) if "days" in params else None  # type: ignore[call-overload]  # weekdays
        alike = {day for day in column if wanted is None or day.weekday() in wanted}
        if code.startswith("term"):
            said |= alike - OFF
        elif code.startswith("holidays"):
            said |= alike & OFF
        elif code == "weekdays":
            said |= alike
        elif code == "dates":
            said |= set(params["dates"])  # type: ignore[call-overload]  # days
        elif code == "no_public_holiday":
            said |= column - PUBLIC
        elif code == "public_holidays_only":
            said |= column & PUBLIC
        else:
            assert code == "some_days"
            here = sorted(days & column)
            assert (params["first"], params["last"], params["count"]) == (here[0], here[-1], len(here))
            said |= set(here)
    assert said == days


def test_every_day_has_one_column() -> None:
    assert sorted(day for column in Column for day in CALENDAR.by_column[column]) == list(DAYS)

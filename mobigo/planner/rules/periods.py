"""On which days a departure runs, said as on a poster: a column of the week, and a note when that column is not the
whole truth. Pure: the days are given, with what kind of day each is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Final

from mobigo.base.decisions import Decision

DATES_MAX: Final = 6  # days that are few are named


class Column(StrEnum):
    """A column of a poster."""

    WEEK = "week"  # Monday to Friday
    SATURDAY = "saturday"
    SUNDAY = "sunday"  # Sundays and public holidays


@dataclass(frozen=True)
class Calendar:
    """The days a poster is good for, and which are public holidays or school holidays (None: not known)."""

    days: tuple[date, ...]
    public: frozenset[date] = frozenset()
    school: frozenset[date] | None = None

    def column(self, day: date) -> Column:
        """The column a day belongs to."""
        if day in self.public or day.weekday() == 6:
            return Column.SUNDAY
        return Column.SATURDAY if day.weekday() == 5 else Column.WEEK

    @cached_property
    def by_column(self) -> dict[Column, tuple[date, ...]]:
        """The days of each column."""
        return {column: tuple(day for day in self.days if self.column(day) is column) for column in Column}


@dataclass(frozen=True, slots=True)
class Runs:
    """A departure in a column, with what must be said of it; None when it runs on all its days."""

    column: Column
    note: Decision | None = None


def runs_of(days: Collection[date], calendar: Calendar) -> list[Runs]:
    """The columns in which a departure of those days stands, in order."""
    running = frozenset(days)
    out = []
    for column, all_days in calendar.by_column.items():
        here = [day for day in all_days if day in running]
        if here:
            out.append(Runs(column, _note(here, all_days, column, calendar)))
    return out


def _note(here: Sequence[date], all_days: Sequence[date], column: Column, calendar: Calendar) -> Decision | None:
    if len(here) == len(all_days):
        return None
    weekdays = sorted({day.weekday() for day in here})
    if column is Column.SUNDAY:
        note = _of_sundays(here, all_days, calendar)
        return note or _named(here)
    alike = [day for day in all_days if day.weekday() in weekdays]
    part = len(weekdays) < (5 if column is Column.WEEK else 1)
    if len(here) == len(alike):
        return Decision("planner.poster_weekdays", days=tuple(weekdays))
    return _school(here, alike, calendar, tuple(weekdays) if part else ()) or _named(here)


def _school(
    here: Sequence[date], alike: Sequence[date], calendar: Calendar, weekdays: tuple[int, ...]
) -> Decision | None:
    """That it runs on all those days of school terms, or of holidays, and on no other; `weekdays` when they are not
    all of the column."""
    if calendar.school is None:
        return None
    off = {day for day in alike if day in calendar.school}
    on = set(alike) - off
    if on and off and set(here) == on:
        return Decision("planner.poster_term_weekdays", days=weekdays) if weekdays else Decision("planner.poster_term")
    if on and off and set(here) == off:
        if weekdays:
            return Decision("planner.poster_holidays_weekdays", days=weekdays)
        return Decision("planner.poster_holidays")
    return None


def _of_sundays(here: Sequence[date], all_days: Sequence[date], calendar: Calendar) -> Decision | None:
    sundays = {day for day in all_days if day not in calendar.public}
    if set(here) == sundays:
        return Decision("planner.poster_no_public_holiday")
    if set(here) == set(all_days) - sundays:
        return Decision("planner.poster_public_holidays_only")
    return None


def _named(here: Sequence[date]) -> Decision:
    if len(here) <= DATES_MAX:
        return Decision("planner.poster_dates", dates=tuple(here))
    return Decision("planner.poster_some_days", first=here[0], last=here[-1], count=len(here))

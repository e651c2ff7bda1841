"""The sets of days on which lines run in the demonstration, and how they are written as a GTFS calendar."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from mobigo.base.periods import Period
from mobigo.base.publicholidays import public_holidays


@dataclass(frozen=True, slots=True)
class DayFacts:
    """What must be known of a day: weekday (Monday 0), whether it is a public holiday, whether pupils are off."""

    day: date
    public_holiday: bool
    school_holiday: bool

    @property
    def working(self) -> bool:
        """Monday to Friday, public holidays left out."""
        return self.day.weekday() < 5 and not self.public_holiday

    @property
    def school(self) -> bool:
        """A working day in term."""
        return self.working and not self.school_holiday


SETS: dict[str, Callable[[DayFacts], bool]] = {
    "daily": lambda d: True,
    "weekdays": lambda d: d.working,
    "saturdays": lambda d: d.day.weekday() == 5 and not d.public_holiday,
    "sundays": lambda d: d.day.weekday() == 6 or d.public_holiday,
    "school": lambda d: d.school and d.day.weekday() != 2,
    "school-wednesdays": lambda d: d.school and d.day.weekday() == 2,
    "holiday-weekdays": lambda d: d.working and d.school_holiday,
    "weekend-nights": lambda d: d.day.weekday() in (4, 5),
    "summer": lambda d: d.day.month in (7, 8),
}


def days_between(first_day: date, last_day: date, school_holidays: Sequence[Period]) -> list[DayFacts]:
    """Every day of the period. Public holidays are those of metropolitan France."""
    public = public_holidays(range(first_day.year, last_day.year + 1))
    return [
        DayFacts(day, day in public, any(day in off for off in school_holidays))
        for day in Period(first_day, last_day).days()
    ]


def days_of(name: str, among: Sequence[DayFacts], *, but: frozenset[tuple[int, int]] = frozenset()) -> list[date]:
    """The days of a set; `but` holds the (month, day) on which nothing of that network runs. KeyError: unknown set."""
    belongs = SETS[name]
    return [d.day for d in among if belongs(d) and (d.day.month, d.day.day) not in but]


@dataclass(frozen=True, slots=True)
class Calendar:
    """A row of calendar.txt and its exceptions: the weekdays kept, the days added and the days removed."""

    weekdays: tuple[bool, ...]
    first_day: date
    last_day: date
    added: tuple[date, ...]
    removed: tuple[date, ...]


def as_calendar(days: Sequence[date], first_day: date, last_day: date) -> Calendar:
    """The calendar that holds exactly `days`: a weekday is kept when more than half of its dates run, exceptions do the
    rest."""
    running = set(days)
    every = [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]
    weekdays = tuple(
        2 * sum(day in running for day in every if day.weekday() == weekday)
        > sum(day.weekday() == weekday for day in every)
        for weekday in range(7)
    )
    return Calendar(
        weekdays,
        first_day,
        last_day,
        added=tuple(day for day in every if day in running and not weekdays[day.weekday()]),
        removed=tuple(day for day in every if day not in running and weekdays[day.weekday()]),
    )

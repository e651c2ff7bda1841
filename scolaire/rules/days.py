"""Days of school, and where a pupil leaves from on a day. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from mobigo.base.instants import paris_day
from scolaire.model.people import Stay
from scolaire.model.schools import Bell, Days, SchoolYear, Way


class Ending(Protocol):
    """Something that holds for some days (both included) and may be ended before."""

    @property
    def first_day(self) -> date: ...
    @property
    def last_day(self) -> date: ...
    @property
    def ended_at(self) -> datetime | None: ...


def held_until(what: Ending) -> date:
    """The last day on which it held: one that was ended, until the day before; before its first day where it never
    did."""
    until = what.last_day
    if what.ended_at is not None:
        until = min(until, paris_day(what.ended_at) - timedelta(days=1))
    return max(until, what.first_day - timedelta(days=1))


def is_school_day(day: date, days: Sequence[Days], bells: Iterable[Bell] | None = None, uai: str | None = None) -> bool:
    """Whether there is school on a day: what is said of the school counts more than its zone, the shorter period more
    than the longer; else the days on which its bells ring, or Monday to Friday where none is recorded."""
    told = [each for each in days if day in each.period and each.uai in (None, uai)]
    if told:
        return min(told, key=lambda each: (each.uai is None, _length(each), not each.open)).open
    rung = {bell.weekday for bell in bells or () if day in bell.period}
    return day.weekday() in rung if rung else day.weekday() < 5


def school_days(
    year: SchoolYear, days: Sequence[Days], bells: Sequence[Bell] = (), uai: str | None = None
) -> list[date]:
    """Every day of school of a year."""
    return [day for day in year.period.days() if is_school_day(day, days, bells, uai)]


def next_school_day(
    day: date, days: Sequence[Days], bells: Sequence[Bell] = (), uai: str | None = None, within: int = 90
) -> date | None:
    """The first day of school from this one on, at most `within` days away."""
    coming = (day + timedelta(days=ahead) for ahead in range(within))
    return next((each for each in coming if is_school_day(each, days, bells, uai)), None)


def home_on(stays: Iterable[Stay], day: date) -> str | None:
    """The home in which the pupil lives on a day; None when none is recorded for it."""
    return next((stay.home for stay in stays if stay.holds(day)), None)


def bells_on(bells: Iterable[Bell], day: date) -> tuple[list[int], list[int]]:
    """(when lessons begin, when they end) on a day, in seconds after midnight, earliest first."""
    found = [bell for bell in bells if bell.weekday == day.weekday() and day in bell.period]
    return (
        sorted({bell.at_s for bell in found if bell.way is Way.IN}),
        sorted({bell.at_s for bell in found if bell.way is Way.OUT}),
    )


def _length(each: Days) -> int:
    last = each.period.last_day
    return 10_000 if last is None else (last - each.period.first_day).days

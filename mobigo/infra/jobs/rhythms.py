"""How often a schedule fires: a rhythm read from a short text, and the next instant after a given one. Pure.

    every 15 min · every 2 h · daily 03:15 · weekly mon 03:15 · monthly 1 03:15

Hours are those of the clock in France, so a daily rhythm stays at its hour across both changes of time. An hour that
does not exist that day (02:30 in March) fires when the clocks jump over it; one that exists twice fires the first time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import PARIS, paris_day, to_utc

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVERY: Final = re.compile(r"every ([1-9]\d{0,5}) (s|min|h)", re.ASCII)
_AT: Final = re.compile(
    r"(?:(daily)|weekly (mon|tue|wed|thu|fri|sat|sun)|monthly ([1-9]|1\d|2[0-8])) ([01]\d|2[0-3]):([0-5]\d)", re.ASCII
)
_SECONDS: Final = {"s": 1, "min": 60, "h": 3_600}


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Either every `every_s` seconds, or at `at` on the days kept by `weekday` (0 is Monday) or `month_day`."""

    every_s: int | None = None
    at: time | None = None
    weekday: int | None = None
    month_day: int | None = None

    def after(self, instant: datetime) -> datetime:
        """The first instant (UTC) of this rhythm strictly after `instant`."""
        if self.every_s is not None:
            return to_utc(instant) + timedelta(seconds=self.every_s)
        return next(found for day in _days_from(paris_day(instant)) if (found := self._on(day)) and found > instant)

    def _on(self, day: date) -> datetime | None:
        if self.at is None or self.weekday not in (None, day.weekday()) or self.month_day not in (None, day.day):
            return None
        # An hour skipped in spring is read with the offset of before the jump: 02:30 becomes 03:30, once.
        return datetime.combine(day, self.at, PARIS).astimezone(UTC)


def read(text: str) -> Rhythm:
    """The rhythm written in `text`. Raises InvalidInput("jobs.bad_rhythm", rhythm)."""
    if found := _EVERY.fullmatch(text):
        return Rhythm(every_s=int(found[1]) * _SECONDS[found[2]])
    if found := _AT.fullmatch(text):
        _, weekday, month_day, hour, minute = found.groups()
        return Rhythm(
            at=time(int(hour), int(minute)),
            weekday=DAYS.index(weekday) if weekday else None,
            month_day=int(month_day) if month_day else None,
        )
    raise InvalidInput("jobs.bad_rhythm", rhythm=text[:80])


def _days_from(day: date) -> Iterator[date]:
    while True:
        yield day
        day += timedelta(days=1)

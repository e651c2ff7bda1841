"""When something is open, as OpenStreetMap's `opening_hours` says it in its common forms. Pure, and strict: a text that
is not wholly understood is not understood at all, and nothing is guessed of it.

Understood: `24/7`; rules one after the other (`;`), each of days (`Mo-Fr`, `Sa,Su`, none for every day) and of hours
(`06:00-20:00`, several with commas, past midnight as `20:00-02:00` or `20:00-26:00`, `off` or `closed` for none), the
later rule holding for its days. What is said of public holidays (`PH`) is left out, and that it was there is known.
Source: OpenStreetMap wiki, "Key:opening_hours/specification".
"""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
DAY_MIN: Final = 24 * 60
TEXT_MAX: Final = 255  # what OpenStreetMap allows
_SPAN = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})", re.ASCII)
_RULE = re.compile(r"(?:([A-Za-z][A-Za-z, -]*?)\s+)?(off|closed|24/7|\d{2}:\d{2}.*)", re.ASCII)
_STAY = re.compile(r"(\d{1,3})\s*(h|hr|hrs|hour|hours|min|mins|minute|minutes|d|day|days)", re.ASCII)
_MINUTES: Final = {"h": 60, "m": 1, "d": DAY_MIN}


@dataclass(frozen=True, slots=True)
class Opening:
    """The minutes of each day of the week (Monday first) at which it is open, as [from, until[ that may pass midnight;
    `has_holidays`: something else is said of public holidays, and not known here."""

    week: tuple[tuple[tuple[int, int], ...], ...]
    has_holidays: bool = False

    def is_open(self, at: datetime) -> bool:
        """At an instant of the clock there."""
        minute = at.hour * 60 + at.minute
        today, before = self.week[at.weekday()], self.week[at.weekday() - 1]
        return any(since <= minute < until for since, until in today) or any(
            minute < until - DAY_MIN for _, until in before
        )

    def next_change(self, at: datetime) -> datetime | None:
        """The first minute after `at` (by the clock there) from which it is otherwise, in a week; None for never."""
        now, day = self.is_open(at), at.replace(hour=0, minute=0, second=0, microsecond=0)
        edges = sorted(
            datetime.combine(day.date() + timedelta(days=later), time(0), at.tzinfo) + timedelta(minutes=edge)
            for later in range(-1, 8)
            for spans in [self.week[(at.weekday() + later) % 7]]
            for span in spans
            for edge in span
        )
        return next((each for each in edges if each > at and self.is_open(each) is not now), None)


def opening(text: str) -> Opening | None:
    """What a text says; None for one that is not wholly understood."""
    if not text.strip() or len(text) > TEXT_MAX:
        return None
    week: list[tuple[tuple[int, int], ...]] = [()] * 7
    said, has_holidays = False, False
    for part in text.split(";"):
        found = _RULE.fullmatch(part.strip())
        if found is None:
            return None
        days, of_holidays = _days(found[1])
        spans = _spans(found[2])
        if days is None or spans is None:
            return None
        has_holidays = has_holidays or of_holidays
        said = said or bool(days)
        for day in days:
            week[day] = spans
    return Opening(tuple(week), has_holidays) if said else None


def _days(text: str | None) -> tuple[list[int] | None, bool]:
    """(the days, whether public holidays are among them); None for what is no day."""
    if text is None:
        return list(range(7)), False
    days, has_holidays = [], False
    for part in text.split(","):
        ends = [each.strip() for each in part.split("-")]
        if ends == ["PH"]:
            has_holidays = True
            continue
        if len(ends) > 2 or any(each not in DAYS for each in ends):
            return None, False
        first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
        days += [(first + later) % 7 for later in range((last - first) % 7 + 1)]
    return days, has_holidays


def _spans(text: str) -> tuple[tuple[int, int], ...] | None:
    if text in ("off", "closed"):
        return ()
    if text == "24/7":
        return ((0, DAY_MIN),)
    spans = []
    for part in text.split(","):
        found = _SPAN.fullmatch(part.strip())
        if found is None:
            return None
        hours = [int(each) for each in found.groups()]
        since, until = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if hours[1] > 59 or hours[3] > 59 or since >= DAY_MIN or until > 2 * DAY_MIN or since == until:
            return None
        spans.append((since, until if until > since else until + DAY_MIN))
    return tuple(spans)


def stay_min(text: str) -> int | None:
    """The minutes of a longest stay (`maxstay`: "4 h", "90 min", "1 day"); None for none, or for what is not
    understood."""
    found = _STAY.fullmatch(text.strip())
    return int(found[1]) * _MINUTES[found[2][0]] or None if found is not None else None

"""What to search in a feed just put in use: a departure after midnight if there is one, else the last of the day."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from mobigo.base.servicetime import DAY_S, instant_of
from mobigo.network.model.timetable import NOT_AVAILABLE, PICKUP_SHIFT, TYPE_MASK, Timetable


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A ride worth looking for: rows of its stops, its departure, whether that is past midnight of its day."""

    origin: int
    destination: int
    depart_at: datetime
    past_midnight: bool


def suggest(timetable: Timetable, feed: str, today: date) -> Suggestion | None:
    """The ride to suggest, on its first day from yesterday on, or on its last one; None when the feed runs nothing."""
    names = list(timetable.feed_name)
    if feed not in names:
        return None
    starts = timetable.trip_visit_start
    trip_of = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    boards = (timetable.visit_flags >> PICKUP_SHIFT & TYPE_MASK) != NOT_AVAILABLE
    boards[starts[1:][np.diff(starts) > 0] - 1] = False  # nobody sets out from the last stop
    boards &= (timetable.trip_feed[trip_of] == names.index(feed)) & (timetable.trip_days[trip_of] >= 0)
    visits = np.flatnonzero(boards)
    if not len(visits):
        return None
    depart_s = timetable.visit_depart_s[visits]
    past_midnight = bool((depart_s >= DAY_S).any())
    chosen = (
        np.where(depart_s >= DAY_S, depart_s, np.iinfo(np.int32).max).argmin() if past_midnight else depart_s.argmax()
    )
    visit = int(visits[chosen])
    trip = int(trip_of[visit])
    day = _day(timetable, int(timetable.trip_days[trip]), today - timedelta(days=1))
    if day is None:
        return None
    return Suggestion(
        origin=int(timetable.visit_stop[visit]),
        destination=int(timetable.visit_stop[int(starts[trip + 1]) - 1]),
        depart_at=instant_of(day, int(timetable.visit_depart_s[visit]), ZoneInfo(timetable.zone)),
        past_midnight=past_midnight,
    )


def _day(timetable: Timetable, days_row: int, first: date) -> date | None:
    """The first running day from `first` on; else the last one before."""
    if days_row < 0:
        return None
    running = [
        day
        for day in (timetable.first_day + timedelta(days=n) for n in range(timetable.day_count))
        if timetable.runs_on(days_row, day)
    ]
    return next((day for day in running if day >= first), running[-1] if running else None)

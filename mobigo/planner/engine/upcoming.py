"""The next service at all, when the window asked holds none: day by day, in bounded time."""

from datetime import date, datetime, timedelta

from mobigo.base.servicetime import DAY_S
from mobigo.planner.engine.found import Itinerary
from mobigo.planner.engine.search import Accepts, Searcher
from mobigo.planner.model import Reach

DAYS_MAX = 92  # how far ahead it is looked for
SEARCHES_MAX = 28  # on how many days whose services differ


def next_journey(
    searcher: Searcher,
    origin: Reach,
    destination: Reach,
    after: datetime,
    accept: Accepts,
    rounds: int,
    duration_s_max: int,
) -> tuple[Itinerary | None, date]:
    """The first itinerary that leaves on a day after that of `after`, and the last day looked at.

    At most `DAYS_MAX` days ahead and `SEARCHES_MAX` different timetables, of the days on which it is possible at all:
    days on which the same services run as on one that had no journey are not searched again, so that months of a weekly
    timetable cost a few searches.
    """
    first = after.astimezone(searcher.zone).date()
    last = min(searcher.timetable.last_day, first + timedelta(days=DAYS_MAX))
    tomorrow = first + timedelta(days=1)
    barren: set[bytes] = set()
    for day in searcher.days(
        origin, destination, tomorrow, (last - first).days, rounds, DAY_S + duration_s_max, accept
    ):
        seen = searcher.sees(day, duration_s_max)
        if seen in barren:
            continue
        if len(barren) == SEARCHES_MAX:
            return None, day - timedelta(days=1)
        found = _first_of(searcher, origin, destination, day, accept, rounds, duration_s_max)
        if found is not None:
            return found, day
        barren.add(seen)
    return None, last


def _first_of(
    searcher: Searcher, origin: Reach, destination: Reach, day: date, accept: Accepts, rounds: int, duration_s_max: int
) -> Itinerary | None:
    """The first itinerary that leaves on that calendar day and is not too long."""
    midnight_s, next_s = (int(datetime(d.year, d.month, d.day, tzinfo=searcher.zone).timestamp()) for d in (
        day, day + timedelta(days=1)
    ))  # fmt: skip
    found = searcher.leaving(origin, destination, midnight_s, next_s - 1, rounds, duration_s_max, accept)
    return min(found, key=lambda itinerary: (itinerary.depart_s, itinerary.arrive_s), default=None)

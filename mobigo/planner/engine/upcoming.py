"""The next service at all, when the window asked holds none: day by day, in bounded time."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from mobigo.base.servicetime import DAY_S, service_day_start
from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine.search import Accepts, Itinerary, Searcher
from mobigo.planner.engine.views import days_active
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

    At most `DAYS_MAX` days ahead and `SEARCHES_MAX` different timetables: days on which the same services run as on one
    that had no journey are not searched again, so that months of a weekly timetable cost a few searches.
    """
    timetable, zone = searcher.timetable, searcher.zone
    first = after.astimezone(zone).date()
    last = min(timetable.last_day, first + timedelta(days=DAYS_MAX))
    if not searcher.ever(origin, destination, rounds, duration_s_max, accept):
        return None, last
    barren: set[bytes] = set()
    for ahead in range(1, (last - first).days + 1):
        day = first + timedelta(days=ahead)
        signature = _services_around(timetable, day, duration_s_max)
        if signature in barren:
            continue
        if len(barren) == SEARCHES_MAX:
            return None, day - timedelta(days=1)
        found = _first_of(searcher, origin, destination, day, accept, rounds, duration_s_max)
        if found is not None:
            return found, day
        barren.add(signature)
    return None, last


def _first_of(
    searcher: Searcher, origin: Reach, destination: Reach, day: date, accept: Accepts, rounds: int, duration_s_max: int
) -> Itinerary | None:
    """The first itinerary that leaves on that calendar day and is not too long.

    One search sees whether anything that leaves from that midnight on arrives at all; only then is the day searched
    for all its departures.
    """
    midnight_s, next_s = (int(datetime(d.year, d.month, d.day, tzinfo=searcher.zone).timestamp()) for d in (
        day, day + timedelta(days=1)
    ))  # fmt: skip
    if not searcher.one(origin, destination, midnight_s, False, rounds, next_s - midnight_s + duration_s_max, accept):
        return None
    found = searcher.window(origin, destination, midnight_s, next_s - 1, False, rounds, duration_s_max, accept)
    return min(found, key=lambda itinerary: (itinerary.depart_s, itinerary.arrive_s), default=None)


def _services_around(timetable: Timetable, day: date, duration_s_max: int) -> bytes:
    """Which day sets run on the days a search of `day` sees, and where these begin; equal bytes, equal timetables."""
    zone = ZoneInfo(timetable.zone)
    ahead = 3 + duration_s_max // DAY_S
    span = [day + timedelta(days=offset) for offset in range(-timetable.back_days - 1, ahead)]
    start = service_day_start(day, zone)
    begins = [int((service_day_start(other, zone) - start).total_seconds()) for other in span]
    return np.packbits(days_active(timetable, span)).tobytes() + repr(begins).encode()

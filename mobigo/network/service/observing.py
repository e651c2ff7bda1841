"""What realtime says around the time it happens is noted, so that it can be certified later."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from mobigo.base.errors import NotFound
from mobigo.infra import clock
from mobigo.infra.db import transaction
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import NONE
from mobigo.network.model.today import EXPECTED, Overlay
from mobigo.network.service.importing import Tools
from mobigo.network.store import observed
from mobigo.network.store.networks import NetworkHolder
from mobigo.network.store.observed import Observed, TripKey

AHEAD_S: Final = 600  # a word on a later call is a forecast, not what happened


def observe(tools: Tools, *, now: datetime | None = None) -> int:
    """Note what is said now of the calls that have just been or are about to be; how many trips changed: none where no
    network was built."""
    now = now or clock.now()
    try:
        with NetworkHolder(tools.engine, tools.config.home).today() as live:
            heard = heard_of(live)
    except NotFound:
        return 0
    with transaction(tools.engine) as session:
        return observed.put(session, heard, now)


def heard_of(live: LiveNetwork) -> dict[TripKey, Observed]:
    """What the day says of each trip, as of its oldest message in use; nothing where there is none."""
    if live.today is None or live.today.overlay is None or live.today.at is None:
        return {}
    overlay, at = live.today.overlay, live.today.at
    found = _late(overlay, at)
    for each in overlay.unserved:
        if each.is_cancelled:
            found[_key(overlay, each.trip, each.service_day.toordinal(), each.shift_s)] = Observed(
                {}, datetime.fromtimestamp(at, UTC)
            )
    return found


def _late(overlay: Overlay, at: int) -> dict[TripKey, Observed]:
    table, zone = overlay.timetable, ZoneInfo(overlay.timetable.zone)
    first_row = len(overlay.planned.trip_route)
    found: dict[TripKey, Observed] = {}
    for row in np.flatnonzero(overlay.aligned & (overlay.planned_trip != NONE)).tolist():
        trip, calls = first_row + row, {}
        begin, end = int(table.trip_visit_start[trip]), int(table.trip_visit_start[trip + 1])
        for position in range(end - begin):
            expected_s = int(overlay.day_start_s[row]) + int(table.visit_arrive_s[begin + position])
            planned = overlay.planned_call(trip, position)
            if planned is None or overlay.word_of(trip, position) != EXPECTED or expected_s > at + AHEAD_S:
                continue
            calls[position] = (expected_s - planned.arrive_s, at)
        if calls:
            noon = datetime.fromtimestamp(int(overlay.day_start_s[row]) + 43_200, UTC).astimezone(zone)
            day = noon.date().toordinal()
            key = _key(overlay, int(overlay.planned_trip[row]), day, int(overlay.planned_shift_s[row]))
            found[key] = Observed(calls)
    return found


def _key(overlay: Overlay, trip: int, day: int, shift_s: int) -> TripKey:
    table = overlay.planned
    feed = str(table.feed_name[int(table.trip_feed[trip])])
    return TripKey(feed, str(table.trip_id[trip]), datetime.fromordinal(day).date(), shift_s)

"""Coaches followed by their drivers' telephones: which trips there are to drive, what is noted, and what is told of it,
to our own pages as a source of realtime and to everybody as GTFS Realtime."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from mobigo.base.errors import NotFound, Refused
from mobigo.base.geo import Point
from mobigo.network.engine.realtime.matching import FeedIndex
from mobigo.network.export.tracking import Told, written
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.tracking import Act, PlannedRun, Run
from mobigo.network.rules.tracking import noted, update_of, vehicle_of
from mobigo.network.store import realtime as sources
from mobigo.network.store import tracking as store

SOURCE: Final = "suivi des cars"  # what the realtime of our own drivers is called among the sources
STALE_S: Final = 1_200
OPEN_S: Final = 3_600  # how long after its first departure a run can still be chosen from the list


def planned_run(live: LiveNetwork, feed: str, trip_id: str, day: date) -> PlannedRun:
    """A trip on a day as timetabled. Raises NotFound for one that is unknown, does not run then, or runs by headway:
    its departures have no name."""
    table = (live.planned or live).timetable
    index = _index(live, feed)
    trip = None if index is None else index.trips.get(trip_id)
    if index is None or trip is None or trip in index.headways or not table.runs_on(int(table.trip_days[trip]), day):
        raise NotFound("tracking.no_such_run")
    rows = range(int(table.trip_visit_start[trip]), int(table.trip_visit_start[trip + 1]))
    stops = [int(table.visit_stop[row]) for row in rows]
    zero = index.day_start_s(day)
    return PlannedRun(
        feed, trip_id, table.route_id[int(table.trip_route[trip])], day,
        tuple(table.stop_id[stop] for stop in stops), tuple(table.stop_name[stop] for stop in stops),
        tuple(Point(float(table.stop_lat[stop]), float(table.stop_lon[stop])) for stop in stops),
        tuple(int(table.visit_sequence[row]) for row in rows),
        tuple(zero + int(table.visit_arrive_s[row]) for row in rows),
        tuple(zero + int(table.visit_depart_s[row]) for row in rows),
    )  # fmt: skip


def runs_ahead(
    live: LiveNetwork, feeds: Collection[str], routes: Collection[int] | None, now: datetime, most: int
) -> list[PlannedRun]:
    """The trips of those feeds (of those lines; None: all) that leave from an hour ago on, soonest first."""
    table = (live.planned or live).timetable
    names = {str(name): row for row, name in enumerate(table.feed_name)}
    indexes = {names[feed]: index for feed in feeds if (index := _index(live, feed)) is not None}
    wanted = np.isin(table.trip_feed, list(indexes))
    if routes is not None:
        wanted &= np.isin(table.trip_route, list(routes))
    here = now.astimezone(next(iter(indexes.values())).zone).date() if indexes else now.date()
    found: list[tuple[int, int, date]] = []
    for offset in range(-1, 3):
        day = here + timedelta(days=offset)
        runs = np.array([table.runs_on(row, day) for row in range(len(table.days))], np.bool_)
        rows = np.flatnonzero(wanted & runs[table.trip_days]) if len(runs) else np.zeros(0, np.int64)
        rows = rows[table.trip_visit_start[rows + 1] - table.trip_visit_start[rows] > 1]
        if not len(rows):
            continue
        zero = next(iter(indexes.values())).day_start_s(day)
        leaves = zero + table.visit_depart_s[table.trip_visit_start[rows]].astype(np.int64)
        kept = np.flatnonzero(leaves >= int(now.timestamp()) - OPEN_S)
        order = kept[np.argsort(leaves[kept], kind="stable")][: 2 * most]
        found += [(int(leaves[i]), int(rows[i]), day) for i in order]
    out = []
    for _at, row, day in sorted(found):
        feed = int(table.trip_feed[row])
        if row not in indexes[feed].headways:
            out.append(planned_run(live, str(table.feed_name[feed]), table.trip_id[row], day))
        if len(out) == most:
            break
    return out


def note(
    session: Session, live: LiveNetwork, planned: PlannedRun, act: Act, at: datetime, now: datetime, *,
    position: int = 0, point: Point | None = None, undone: Act | None = None,
) -> Run:  # fmt: skip
    """Keep what a driver noted, and tell it to our own pages. Raises as `rules.tracking.noted` does, and
    Refused("tracking.not_begun") for a run that its driver has not begun."""
    hold = store.begin if act is Act.START else store.hold
    run = hold(session, planned.feed, planned.trip_id, planned.day, now)
    if run is None:
        raise Refused("tracking.not_begun")
    made = noted(
        run, planned, act, int(at.timestamp()), int(now.timestamp()), position=position, point=point, undone=undone
    )  # fmt: skip
    store.put(session, made)
    told = _told(live, store.current(session, now, planned.feed), now)
    source = sources.put_source(session, planned.feed, SOURCE, None, STALE_S, now)
    if not told:  # nothing left to tell: no source that only grows old
        sources.remove_source(session, source.id)
        return made
    data = written(told, int(now.timestamp()), prefixed=False)
    sources.keep_message(session, source.id, data, now, now)
    return made


def published(session: Session, live: LiveNetwork, now: datetime, *, feed_version: str = "") -> bytes:
    """What is told of every coach that is followed, as GTFS Realtime with the ids of the regional GTFS."""
    told = _told(live, store.current(session, now), now)
    return written(told, int(now.timestamp()), version=feed_version)


def _told(live: LiveNetwork, runs: Sequence[Run], now: datetime) -> list[tuple[str, Told]]:
    out, second = [], int(now.timestamp())
    for run in runs:
        try:
            planned = planned_run(live, run.feed, run.trip_id, run.day)
        except NotFound:
            continue  # another timetable came since
        update, vehicle, here = update_of(run, planned, second), vehicle_of(run, planned, second), run.at
        stands = planned.sequence[here[0]] if here is not None and here[1] else None
        if update is not None or vehicle is not None:
            out.append((run.feed, (update, vehicle, stands)))
    return out


def _index(live: LiveNetwork, feed: str) -> FeedIndex | None:
    """The ids of a feed as planned, made once for a network."""
    own = live.planned or live
    names = {str(name): row for row, name in enumerate(own.timetable.feed_name)}
    if feed not in names:
        return None
    return own.derived(f"network.feed_index.{feed}", lambda table: FeedIndex(table, names[feed]))

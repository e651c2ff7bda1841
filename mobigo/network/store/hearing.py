"""What the database holds of the day, laid over a network: read at one instant, so every process that reads the same
rows serves the same day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Engine

from mobigo.base.errors import MobigoError
from mobigo.infra.db import reading
from mobigo.network.model.disruptions import Disruption, alert_of
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import Timetable
from mobigo.network.model.today import Notice
from mobigo.network.store import disruptions, realtime
from mobigo.network.store.realtime import RealtimeSource

if TYPE_CHECKING:
    from mobigo.network.engine.realtime.today import Said
    from mobigo.network.gateway.siri_read import Known

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """The sources and the disruptions as they are now; two of equal `key` make the same day."""

    sources: tuple[RealtimeSource, ...]
    stale: tuple[bool, ...]
    own: tuple[Disruption, ...]

    @property
    def key(self) -> object:
        """What the day is made of."""
        return (
            tuple(
                (each.id, each.sha256, old, None if each.error is None else each.error.code)
                for each, old in zip(self.sources, self.stale, strict=True)
            ),
            tuple((each.id, each.changed_at) for each in self.own),
        )


def listen(engine: Engine, now: datetime) -> Heard:
    """What is held of the day at `now`."""
    with reading(engine) as session:
        sources = realtime.list_sources(session)
        own = disruptions.list_current(session, now)
    return Heard(tuple(sources), tuple(each.is_stale(now) for each in sources), tuple(own))


def laid_over(network: LiveNetwork, heard: Heard, engine: Engine) -> LiveNetwork:
    """The network as it runs; the network itself where nothing is known."""
    if not heard.sources and not heard.own:
        return network
    from mobigo.network.engine.realtime.today import today_of

    own = [_notice(network, each) for each in heard.own]
    today = today_of(network.timetable, _said(heard, engine, network.timetable), own)
    table = network.timetable if today.overlay is None else today.overlay.timetable
    return LiveNetwork(table, network.hash, network.streets, today, network)


def _said(heard: Heard, engine: Engine, table: Timetable) -> list["Said"]:
    from mobigo.network.engine.realtime.today import Said
    from mobigo.network.gateway import gtfs_realtime, siri_read

    fresh = [each.id for each, old in zip(heard.sources, heard.stale, strict=True) if not old]
    with reading(engine) as session:
        held = realtime.messages(session, fresh) if fresh else {}
    said = []
    for each, old in zip(heard.sources, heard.stale, strict=True):
        message, error = None, each.error
        if each.id in held and not old:
            try:
                data = held[each.id]
                if siri_read.is_siri(data):
                    message = siri_read.read(data, known_ids(table, each.feed))
                else:
                    message = gtfs_realtime.read(data)
            except MobigoError as unreadable:
                error = unreadable.decision
                log.warning("realtime.unreadable", source=each.url, code=error.code)
        at = None if each.message_at is None else int(each.message_at.timestamp())
        said.append(Said(each.url, each.feed, at, old, message, error))
    return said


def known_ids(table: Timetable, feed: str) -> "Known":
    """The ids of a feed of a timetable, as references of SIRI are matched to them."""
    from mobigo.network.engine.realtime.matching import FeedIndex
    from mobigo.network.gateway.siri_read import Known, Visits

    names = {str(name): row for row, name in enumerate(table.feed_name)}
    if feed not in names:
        return Known()
    index = FeedIndex(table, names[feed])

    class OfTrips(Visits):
        def of(self, trip_id: str) -> Sequence[tuple[str, int]]:
            trip = index.trips.get(trip_id)
            if trip is None:
                return ()
            rows = range(int(table.trip_visit_start[trip]), int(table.trip_visit_start[trip + 1]))
            return [(table.stop_id[int(table.visit_stop[row])], int(table.visit_sequence[row])) for row in rows]

    return Known(index.trips, index.routes, index.stops, index.agencies, OfTrips())


def _notice(network: LiveNetwork, disruption: Disruption) -> Notice:
    """The rows a disruption is about; a line or stop that is no more is about nothing."""
    lines = network.derived("network.line_rows", _line_rows, lasting=True)
    places = network.derived("network.place_rows", _place_rows, lasting=True)
    routes = frozenset(lines[each] for each in disruption.lines if each in lines)
    stops = frozenset(row for each in disruption.stops for row in places.get(each, ()))
    alert = alert_of(disruption)
    if disruption.lines and disruption.stops:
        return Notice(alert, pairs=frozenset((line, stop) for line in routes for stop in stops))
    return Notice(alert, routes, stops, everywhere=not disruption.lines and not disruption.stops)


def _line_rows(timetable: Timetable) -> dict[str, int]:
    names = list(timetable.feed_name)
    return {
        f"{names[int(feed)]}:{route}": row
        for row, (feed, route) in enumerate(zip(timetable.route_feed.tolist(), timetable.route_id, strict=True))
    }


def _place_rows(timetable: Timetable) -> dict[str, Sequence[int]]:
    """The stops of each stable place, and under `feed:stop_id` where there is none."""
    names = list(timetable.feed_name)
    out: dict[str, list[int]] = {}
    rows = zip(timetable.stop_place, timetable.stop_feed.tolist(), timetable.stop_id, strict=True)
    for row, (place, feed, stop) in enumerate(rows):
        out.setdefault(place or f"{names[int(feed)]}:{stop}", []).append(row)
    for row, parent in enumerate(timetable.stop_parent.tolist()):
        if parent >= 0:
            name = (
                timetable.stop_place[parent] or f"{names[int(timetable.stop_feed[parent])]}:{timetable.stop_id[parent]}"
            )
            out.setdefault(name, []).append(row)
    return dict(out)

"""Everything heard about the day, laid over a timetable."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mobigo.base.decisions import Decision
from mobigo.network.engine.realtime.matching import Change, FeedIndex, match
from mobigo.network.engine.realtime.overlay import overlaid
from mobigo.network.model.realtime import Alert, Message, Selector
from mobigo.network.model.timetable import Timetable
from mobigo.network.model.today import Heard, Notice, Seen, Today


@dataclass(frozen=True, slots=True)
class Said:
    """The last message of a source about a feed; None when none was ever read. `at`: as of when it is."""

    source: str
    feed: str
    at: int | None
    is_stale: bool
    message: Message | None
    error: Decision | None = None


def today_of(timetable: Timetable, said: Sequence[Said], own: Sequence[Notice] = ()) -> Today:
    """What is known of the day. Stale messages change nothing; sources of one feed are heard together. `own`: the
    notices of our own desk."""
    feeds = {str(name): row for row, name in enumerate(timetable.feed_name)}
    by_feed: dict[str, list[Said]] = {}
    heard: list[Heard] = []
    for each in sorted(said, key=lambda one: (one.feed, one.source)):
        if each.is_stale or each.message is None or each.feed not in feeds:
            unknown = None if each.feed in feeds else Decision("realtime.feed_not_in_use", feed=each.feed)
            heard.append(Heard(each.source, each.at, each.is_stale, error=each.error or unknown))
        else:
            by_feed.setdefault(each.feed, []).append(each)
    changes: list[Change] = []
    notices = list(own)
    vehicles: list[Seen] = []
    for feed, sources in by_feed.items():
        index = FeedIndex(timetable, feeds[feed])
        matched = match(index, [each.message for each in sources if each.message is not None])
        changes += matched.changes
        for each, part in zip(sources, matched.parts, strict=True):
            message = each.message or Message(0)
            seen, lost = _seen(index, message, each.at or 0)
            told = (*part.told, *lost)
            heard.append(Heard(each.source, each.at, False, part.trip_count, part.used_count, told, each.error))
            notices += [_notice(index, alert) for alert in message.alerts]
            vehicles += seen
    heard.sort(key=lambda each: each.source)
    overlay = overlaid(timetable, changes) if changes else None
    return Today(tuple(heard), overlay, tuple(notices), tuple(vehicles))


def _seen(index: FeedIndex, message: Message, at: int) -> tuple[list[Seen], list[Decision]]:
    """The vehicles of a line of ours, and those that name none: they are told, not guessed. A position without its
    own instant is as old as its message."""
    seen, lost = [], []
    for each in message.vehicles:
        trip = index.trips.get(each.trip_id)
        route = index.routes.get(each.route_id) if trip is None else int(index.timetable.trip_route[trip])
        if route is None:
            lost.append(Decision("realtime.vehicle_unmatched", vehicle=each.id, trip=each.trip_id))
        else:
            seen.append(Seen(each, route, each.at or message.at or at))
    return seen, lost


def _notice(index: FeedIndex, alert: Alert) -> Notice:
    """The rows an alert is about; what names nothing we know is about nothing."""
    routes: set[int] = set()
    stops: set[int] = set()
    trips: set[int] = set()
    pairs: set[tuple[int, int]] = set()
    for each in alert.about:
        lines = _routes(index, each)
        if each.trip_id:
            trips |= {index.trips[each.trip_id]} if each.trip_id in index.trips else set()
        elif each.stop_id:
            here = _stops(index, each.stop_id)
            if lines is None:
                stops |= here
            else:
                pairs |= {(line, stop) for line in lines for stop in here}
        elif lines is not None:
            routes |= lines
    return Notice(alert, frozenset(routes), frozenset(stops), frozenset(trips), frozenset(pairs))


def _routes(index: FeedIndex, about: Selector) -> set[int] | None:
    """The lines an alert names; None when it names none."""
    if not (about.route_id or about.agency_id or about.route_type is not None):
        return None
    t = index.timetable
    found = set(index.routes.values())
    if about.route_id:
        found &= {index.routes[about.route_id]} if about.route_id in index.routes else set()
    if about.agency_id:
        agency = index.agencies.get(about.agency_id)
        found = {row for row in found if agency is not None and int(t.route_agency[row]) == agency}
    if about.route_type is not None:
        found = {row for row in found if int(t.route_type[row]) == about.route_type}
    return found


def _stops(index: FeedIndex, stop_id: str) -> set[int]:
    """The stop, and the platforms of a station."""
    row = index.stops.get(stop_id)
    if row is None:
        return set()
    return {row, *np.flatnonzero(index.timetable.stop_parent == row).tolist()}

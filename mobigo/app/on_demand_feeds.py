"""The join of the planner and the on-demand trips of imported feeds (GTFS-Flex): what an operator runs in its zones and
off its lines, with its own booking rules, from door to door or to a stop of the network and on.

Nothing of it is ours to promise: the hour is agreed with the operator, and the page says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point, distance_m
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.servicetime import instant_of, service_day_start
from mobigo.tad.model.flex import FlexFeed, FlexLeg
from mobigo.tad.rules import flex as rules

if TYPE_CHECKING:
    from mobigo.infra.web import Services
    from mobigo.network.model.live import LiveNetwork
    from mobigo.network.model.timetable import Timetable
    from mobigo.network.store.feeds import FeedVersion
    from mobigo.planner.model import Journey, OnDemandWay, Query
    from mobigo.planner.service.chained import Taker

RIDE_M_MIN: Final = 1_000  # under it one walks
HUBS: Final = 3
HUB_KM_MAX: Final = 40
WAIT_MAX: Final = timedelta(hours=1)
MARGIN: Final = timedelta(minutes=5)
AHEAD_DAYS: Final = 14  # how far ahead the next day that can be booked is looked for
Named = tuple[str, Point]


@dataclass(frozen=True, slots=True)
class FeedWays:
    """What the on-demand trips of the feeds offer. `feeds`: those of the network being served."""

    feeds: tuple[FlexFeed, ...]

    def ways(
        self, live: "LiveNetwork", query: "Query", a: Point, b: Point, now: datetime
    ) -> "tuple[list[OnDemandWay], list[Decision]]":
        """The best way of each line, and what can no longer be booked."""
        found: dict[tuple[str, str], OnDemandWay] = {}
        missed: list[Decision] = []
        origin, destination = (query.origin.name, a), (query.destination.name, b)
        if not self.feeds or distance_m(a, b) < RIDE_M_MIN:
            return [], []
        for way in (
            *self._direct(origin, destination, query.at, query.arrive_by, now, missed),
            *self._joined(live, query, origin, destination, now),
        ):
            key, before = (way.operator, way.service), found.get((way.operator, way.service))
            if before is None or _rank(way, query.arrive_by) < _rank(before, query.arrive_by):
                found[key] = way
        direct = {each.service for each in found.values()}
        return list(found.values()), [each for each in missed if each.params["service"] not in direct]

    def takers(self, live: "LiveNetwork", now: datetime) -> "list[Taker]":
        """The trips of each feed, as a way of several parts asks them."""
        from mobigo.planner.service.chained import Taker

        def taker(one: "FeedWays") -> "Taker":
            def ride(here: Named, there: Named, at: datetime, arrive_by: bool) -> "OnDemandWay | None":
                found = one._direct(here, there, at, arrive_by, now, [])
                return min(found, key=lambda way: _rank(way, arrive_by), default=None)

            return Taker(one._serves, lambda near: hubs(live, one.feeds, near), ride)

        return [taker(FeedWays((feed,))) for feed in self.feeds]

    def _serves(self, door: Named) -> bool:
        """Whether a position is in one of the areas, or beside one of the stops."""
        from shapely import intersects_xy

        calls = [call for feed in self.feeds for trip in feed.trips for call in trip.calls if not call.is_fixed]
        areas = {id(call.area): call.area for call in calls if call.area is not None}.values()
        return any(bool(intersects_xy(area, door[1].lon, door[1].lat)) for area in areas) or any(
            distance_m(stop.point, door[1]) <= RIDE_M_MIN for stop in {each for call in calls for each in call.stops}
        )

    def _direct(
        self, a: Named, b: Named, at: datetime, arrive_by: bool, now: datetime, missed: list[Decision]
    ) -> "Iterator[OnDemandWay]":
        for day in (paris_day(at) - timedelta(days=1), paris_day(at)):  # a service day may pass midnight
            wanted_s = _service_s(day, at)
            for feed in self.feeds:
                for leg in rules.legs(feed, a, b, day, wanted_s, now, arrive_by=arrive_by):
                    if rules.bookable(leg, now):
                        yield _way(leg)
                    else:
                        missed += self._next(feed, leg, a, b, wanted_s, now, arrive_by)

    def _next(
        self, feed: FlexFeed, leg: FlexLeg, a: Named, b: Named, wanted_s: int, now: datetime, arrive_by: bool
    ) -> Iterator[Decision]:
        """The next day on which the same trip's line can still be booked; nothing where none comes."""
        for ahead in range(1, AHEAD_DAYS + 1):
            day = leg.day + timedelta(days=ahead)
            for each in rules.legs(feed, a, b, day, wanted_s, now, arrive_by=arrive_by):
                if each.trip.line == leg.trip.line and rules.bookable(each, now):
                    yield Decision("tad.cutoff_missed", service=leg.trip.line, day=day, by=rules.book_by(each),
                                   phone=_phone(each))  # fmt: skip
                    return

    def _joined(
        self, live: "LiveNetwork", query: "Query", a: Named, b: Named, now: datetime
    ) -> "Iterator[OnDemandWay]":
        """To one of the busiest stops near either end and on by the timetable, or the other way round. What can no
        longer be booked is no way; the direct ones say it."""
        from mobigo.planner.model import Endpoint
        from mobigo.planner.service import plan

        for first, (name, point) in ((True, a), (False, b)):
            for hub_name, hub in hubs(live, self.feeds, point):
                between = Endpoint(hub_name, hub)
                rest = replace(query, origin=between) if first else replace(query, destination=between)
                rest = replace(rest, window_s=0)
                here, there = ((name, point), (hub_name, hub)) if first else ((hub_name, hub), (name, point))
                asks_first = first is not query.arrive_by  # whether the feed's ride is fixed before the timetable's
                if asks_first:
                    for way in self._direct(here, there, query.at, query.arrive_by, now, []):
                        at = way.leave_at - MARGIN if query.arrive_by else way.arrive_at + MARGIN
                        yield from _on(way, _best(plan(live, replace(rest, at=at)).journeys, query.arrive_by), first)
                else:
                    journey = _best(plan(live, rest).journeys, query.arrive_by)
                    if journey is not None:
                        at = journey.depart_at - MARGIN if query.arrive_by else journey.arrive_at + MARGIN
                        for way in self._direct(here, there, at, query.arrive_by, now, []):
                            yield from _on(way, journey, first)


def _on(way: "OnDemandWay", journey: "Journey | None", first: bool) -> "Iterator[OnDemandWay]":
    """The ride and the journey after it (`first`), or before it, where they meet without a long wait."""
    if journey is None:
        return
    margin_s = int(MARGIN.total_seconds())
    if first and MARGIN <= journey.depart_at - way.arrive_at <= WAIT_MAX + MARGIN:
        yield replace(way, after=journey, arrive_at=journey.arrive_at, buffer_s=margin_s)
    elif not first and MARGIN <= way.leave_at - journey.arrive_at <= WAIT_MAX + MARGIN:
        yield replace(way, before=journey, leave_at=journey.depart_at, buffer_s=margin_s)


def _best(journeys: "Sequence[Journey]", arrive_by: bool) -> "Journey | None":
    ridden = [each for each in journeys if each.rides]
    if arrive_by:
        return max(ridden, key=lambda each: each.depart_at, default=None)
    return min(ridden, key=lambda each: each.arrive_at, default=None)


def _rank(way: "OnDemandWay", arrive_by: bool) -> float:
    return -way.leave_at.timestamp() if arrive_by else way.arrive_at.timestamp()


def _service_s(day: date, at: datetime) -> int:
    return int((at - service_day_start(day, PARIS)).total_seconds())


def _phone(leg: FlexLeg) -> str:
    return (leg.rule.phone if leg.rule is not None else "") or leg.trip.phone


def _way(leg: FlexLeg) -> "OnDemandWay":
    from mobigo.planner.model import OnDemandWay

    leave, until, arrive = (
        instant_of(leg.day, each, PARIS) for each in (leg.leave_s, leg.pickup_until_s, leg.arrive_s)
    )
    url = "" if leg.rule is None else leg.rule.booking_url or leg.rule.info_url
    return OnDemandWay(
        service=leg.trip.line, href=url if url.startswith(("https://", "http://")) else "", board=leg.board.name,
        board_point=leg.board.point, alight=leg.alight.name, alight_point=leg.alight.point,
        leave_at=leave - timedelta(seconds=round(leg.walk_to_m / rules.SPEED_M_S)), since=leave, until=until,
        set_down_by=arrive, arrive_at=arrive + timedelta(seconds=round(leg.walk_from_m / rules.SPEED_M_S)),
        walk_to_m=leg.walk_to_m, walk_from_m=leg.walk_from_m, price=None, book_by=rules.book_by(leg),
        phone=_phone(leg), is_ours=False, operator=leg.trip.operator,
        message="" if leg.rule is None else leg.rule.message,
    )  # fmt: skip


def hubs(live: "LiveNetwork", feeds: Sequence[FlexFeed], near: Point) -> list[Named]:
    """The stops of the network with most departures that the trips of the feeds serve, around a position; not where
    one already is."""
    named = hash(tuple((trip.operator, trip.line, trip.id) for feed in feeds for trip in feed.trips))
    served = live.derived(f"app.flex_stops.{named}", lambda table: _served(table, feeds), lasting=True)
    around = [
        each for each in served if RIDE_M_MIN <= distance_m(each[2], near) <= HUB_KM_MAX * 1_000
    ]  # fmt: skip
    kept: list[Named] = []
    for _count, name, point in around:  # the busiest first; of stops side by side, one
        if all(distance_m(point, other) > RIDE_M_MIN for _name, other in kept):
            kept.append((name, point))
        if len(kept) == HUBS:
            break
    return kept


def _served(table: "Timetable", feeds: Sequence[FlexFeed]) -> list[tuple[int, str, Point]]:
    """(departures, name, position) of the stops of the timetable in an area of the feeds, or beside one of their stops;
    the busiest first."""
    import numpy as np
    import shapely

    lat, lon = np.asarray(table.stop_lat), np.asarray(table.stop_lon)
    count = np.bincount(np.asarray(table.visit_stop), minlength=len(lat))
    inside = np.zeros(len(lat), bool)
    calls = [call for feed in feeds for trip in feed.trips for call in trip.calls if not call.is_fixed]
    for area in {id(call.area): call.area for call in calls if call.area is not None}.values():
        inside |= shapely.intersects_xy(area, lon, lat)
    for point in {stop.point for call in calls for stop in call.stops}:
        inside |= (np.abs(lat - point.lat) < 0.004) & (np.abs(lon - point.lon) < 0.006)
    rows = np.flatnonzero(inside & (count > 0))
    order = rows[np.lexsort((rows, -count[rows]))]
    return [
        (int(count[row]), str(table.stop_name[row]), Point(float(lat[row]), float(lon[row]))) for row in order.tolist()
    ]


def feed_ways(services: "Services", live: "LiveNetwork") -> FeedWays:
    """The on-demand trips of the feeds in use, read once for each network."""
    return live.derived("app.flex_feeds", lambda _table: FeedWays(_read(services)), lasting=True)


def _read(services: "Services") -> tuple[FlexFeed, ...]:
    from mobigo.infra.db import reading
    from mobigo.network.store import feeds, lossless
    from mobigo.tad.gateway.flex_tables import WINDOW

    with reading(services.engine) as session:
        versions = feeds.active_versions(session)
    made = []
    for version in versions:
        header = lossless.headers(services.config.home, version.content_hash).get("stop_times")
        if header is not None and WINDOW not in header:
            continue
        made.append(_read_one(services, version))
    return tuple(each for each in made if each.trips)


def _read_one(services: "Services", version: "FeedVersion") -> FlexFeed:
    import structlog

    from mobigo.network.gateway.archive import open_feed
    from mobigo.network.gateway.gtfs import other_files
    from mobigo.network.service.importing import read_tables_of
    from mobigo.tad.gateway.flex_tables import read_flex

    tables = read_tables_of(services, version)
    services.blobs.open(version.archive_sha256).close()
    zones = other_files(open_feed(services.blobs.path(version.archive_sha256))).get("locations.geojson")
    found = read_flex(tables, None if zones is None else zones())
    if found.left_out:
        structlog.get_logger(__name__).warning("tad.flex_left_out", feed=version.feed, **dict(found.left_out))
    return found

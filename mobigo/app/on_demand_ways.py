"""The join of the planner and on-demand transport: from door to door by a service, or to (from) a stop of the network
and on by coach or train. What can be had is asked of the vehicles' rounds as they stand; the cut-off is applied at this
instant, and past it the next day that can still be booked is said.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from mobigo.app.on_demand_feeds import feed_ways
from mobigo.base.decisions import Decision
from mobigo.base.geo import Point, distance_m
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.servicetime import instant_of, service_day_start
from mobigo.tad.model.bookings import Asked
from mobigo.tad.model.bookings import Offer as TadOffer
from mobigo.tad.model.services import Place, Service
from mobigo.tad.rules.cutoff import book_by, in_time
from mobigo.tad.rules.promises import inside, promise_of, windows_on

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mobigo.infra.web import Services
    from mobigo.network.model.live import LiveNetwork
    from mobigo.network.model.timetable import Timetable
    from mobigo.planner.model import Endpoint, Journey, OnDemandFound, OnDemandWay, Query
    from mobigo.planner.service.chained import Named, Taker

WALK_M_MAX: Final = 1_000  # to a stop of the service
HUB_M: Final = 400  # from a stop of the service to one of the network
HUBS: Final = 3  # tried for each service
WAIT_MAX: Final = timedelta(hours=1)  # between the two: a longer wait is no way to propose
MARGIN: Final = timedelta(minutes=5)
DETOUR, SPEED_M_S = 1.3, 1.2  # on foot, as the planner counts without streets
SPEED_DRIVEN_M_S: Final = 12.5  # about, to know when to begin looking; what is promised is computed by the service
RIDE_M_MIN: Final = 1_000  # under it one walks


@dataclass(frozen=True, slots=True)
class _End:
    """Where a service takes one in or sets one down, and the walk there."""

    place: Place
    walk_m: int

    @property
    def walk(self) -> timedelta:
        return timedelta(seconds=round(self.walk_m / SPEED_M_S))


def end_at(service: Service, name: str, point: Point) -> _End | None:
    """The door itself inside a zone, else the nearest stop within a walk."""
    if any(inside(zone, point) for zone in service.zones):
        return _End(Place("", name, point), 0)
    near = min(service.stops, key=lambda each: (distance_m(each.point, point), each.id), default=None)
    if near is None:
        return None
    walk_m = round(distance_m(near.point, point) * DETOUR)
    return _End(near, walk_m) if walk_m <= WALK_M_MAX else None


def first_day_open(service: Service, wanted_s: int, now: datetime, since: date) -> tuple[date, datetime | None] | None:
    """The first day from `since` on when that hour can still be booked, and by when; None when none comes."""
    for ahead in range(service.ahead_days + 1):
        day = since + timedelta(days=ahead)
        at = instant_of(day, wanted_s, PARIS)
        runs = any(a <= wanted_s < z for a, z in windows_on(service, day))
        if runs and at > now and in_time(service.cutoff, day, at, now):
            return day, book_by(service.cutoff, day, at)
    return None


class OnDemandWays:
    """Answers the planner from the services in force and the rounds of their vehicles."""

    def __init__(self, services: "Services") -> None:
        self._services = services

    def ways(self, live: "LiveNetwork", query: "Query", a: Point, b: Point, now: datetime) -> "OnDemandFound":
        """The ways by an on-demand service between two positions, and what could have been had."""
        from mobigo.infra.db import reading
        from mobigo.planner.model import OnDemandFound
        from mobigo.tad.service import services as catalogue

        ways: list[OnDemandWay] = []
        missed: list[Decision] = []
        known: list[Service] = []
        with reading(self._services.engine) as session:
            for version in catalogue.services_on(session, paris_day(query.at)):
                service = catalogue.get_service(session, version.service.code, paris_day(query.at)).service
                known.append(service)
                first, last = end_at(service, query.origin.name, a), end_at(service, query.destination.name, b)
                if first is None and last is None:
                    continue
                if first is not None and last is not None:
                    if distance_m(first.place.point, last.place.point) >= RIDE_M_MIN:
                        ways += self._direct(session, service, first, last, query, now, missed)
                else:
                    ways += self._joined(session, live, service, first, last, query, now, missed)
            feeds = feed_ways(self._services, live)
            takers = [self._taker(session, live, service, now) for service in known]
            ways += self._chained(live, query, a, b, [*takers, *feeds.takers(live, now)])
        others, late = feeds.ways(live, query, a, b, now)
        ways += others
        missed += late
        ways.sort(key=lambda way: (way.arrive_at, way.service))
        return OnDemandFound(tuple(ways), tuple(dict.fromkeys(missed)), now)

    def _chained(
        self, live: "LiveNetwork", query: "Query", a: Point, b: Point, takers: "list[Taker]"
    ) -> "list[OnDemandWay]":
        """With a service at both ends, or between two journeys."""
        from functools import partial

        from mobigo.planner.service import plan
        from mobigo.planner.service.chained import chained_ways

        return chained_ways(live, query, a, b, takers, partial(plan, live)) if takers else []

    def _taker(self, session: "Session", live: "LiveNetwork", service: Service, now: datetime) -> "Taker":
        """A service, as a way of several parts asks it. What can no longer be booked is no ride; that it could have
        been is said of the ways that take it alone."""
        from mobigo.planner.service.chained import Taker

        def ride(here: "Named", there: "Named", at: datetime, arrive_by: bool) -> "OnDemandWay | None":
            first, last = end_at(service, *here), end_at(service, *there)
            if first is None or last is None or distance_m(first.place.point, last.place.point) < RIDE_M_MIN:
                return None
            if arrive_by:
                return self._there_by(session, service, first, last, at, now, [])
            return self._from(session, service, first, last, at + first.walk, now, [])

        return Taker(
            lambda door: end_at(service, *door) is not None,
            lambda near: [(stop.name, stop.point) for stop in _hubs(live, service, near)],
            ride,
        )

    def _direct(
        self, session: "Session", service: Service, first: _End, last: _End, query: "Query", now: datetime,
        missed: list[Decision],
    ) -> "Iterator[OnDemandWay]":  # fmt: skip
        if query.arrive_by:
            way = self._there_by(session, service, first, last, query.at, now, missed)
        else:
            way = self._from(session, service, first, last, query.at + first.walk, now, missed)
        if way is not None:
            yield way

    def _joined(
        self, session: "Session", live: "LiveNetwork", service: Service, first: _End | None, last: _End | None,
        query: "Query", now: datetime, missed: list[Decision],
    ) -> "Iterator[OnDemandWay]":  # fmt: skip
        """By the service to a stop of the network and on, or the other way round: the soonest arrival alone (arriving
        by: the latest departure)."""
        ways: list[OnDemandWay | None] = []
        end = first if first is not None else last
        for hub in [] if end is None else _hubs(live, service, end.place.point):
            at_hub = _End(hub, 0)
            if first is not None:
                ways.append(self._then_on(session, live, service, first, at_hub, query, now, missed))
            elif last is not None:
                ways.append(self._after_all(session, live, service, at_hub, last, query, now, missed))
        found = [way for way in ways if way is not None]
        if found and query.arrive_by:
            yield max(found, key=lambda way: (way.leave_at, way.board))
        elif found:
            yield min(found, key=lambda way: (way.arrive_at, way.board))

    def _then_on(
        self, session: "Session", live: "LiveNetwork", service: Service, first: _End, hub: _End, query: "Query",
        now: datetime, missed: list[Decision],
    ) -> "OnDemandWay | None":  # fmt: skip
        """The service first, then on by the timetable."""
        rest = replace(query, origin=_between(hub), window_s=0)
        if query.arrive_by:
            journey = _latest(_planned(live, rest))
            if journey is None:
                return None
            way = self._there_by(session, service, first, hub, journey.depart_at - MARGIN, now, missed)
        else:
            way = self._from(session, service, first, hub, query.at + first.walk, now, missed)
            journey = None if way is None else _soonest(_planned(live, replace(rest, at=way.arrive_at + MARGIN)))
        if way is None or journey is None or journey.depart_at - way.arrive_at > WAIT_MAX:
            return None
        return replace(way, after=journey, arrive_at=journey.arrive_at, buffer_s=int(MARGIN.total_seconds()))

    def _after_all(
        self, session: "Session", live: "LiveNetwork", service: Service, hub: _End, last: _End, query: "Query",
        now: datetime, missed: list[Decision],
    ) -> "OnDemandWay | None":  # fmt: skip
        """By the timetable first, the service last."""
        rest = replace(query, destination=_between(hub), window_s=0)
        if query.arrive_by:
            way = self._there_by(session, service, hub, last, query.at, now, missed)
            journey = None if way is None else _latest(_planned(live, replace(rest, at=way.leave_at - MARGIN)))
        else:
            journey = _soonest(_planned(live, rest))
            if journey is None:
                return None
            way = self._from(session, service, hub, last, journey.arrive_at + MARGIN, now, missed)
        if way is None or journey is None or way.since - journey.arrive_at > WAIT_MAX + MARGIN:
            return None
        return replace(way, before=journey, leave_at=journey.depart_at, buffer_s=int(MARGIN.total_seconds()))

    def _from(
        self, session: "Session", service: Service, first: _End, last: _End, wanted: datetime, now: datetime,
        missed: list[Decision],
    ) -> "OnDemandWay | None":  # fmt: skip
        """The first pick-up from `wanted` on."""
        offer = self._offer(session, service, first, last, wanted, now, missed)
        return None if offer is None else self._way(service, first, last, paris_day(wanted), offer)

    def _there_by(
        self, session: "Session", service: Service, first: _End, last: _End, by: datetime, now: datetime,
        missed: list[Decision],
    ) -> "OnDemandWay | None":  # fmt: skip
        """The last pick-up that is surely there `by`."""
        direct_s = ceil(distance_m(first.place.point, last.place.point) * DETOUR / SPEED_DRIVEN_M_S)
        by_s = promise_of(service.terms, direct_s, 0).arrive_by_s
        wanted = by - last.walk - timedelta(seconds=by_s) - MARGIN
        offer = self._offer(session, service, first, last, wanted, now, missed, by=by)
        return None if offer is None else self._way(service, first, last, paris_day(wanted), offer)

    def _offer(
        self, session: "Session", service: Service, first: _End, last: _End, wanted: datetime, now: datetime,
        missed: list[Decision], by: datetime | None = None,
    ) -> TadOffer | None:  # fmt: skip
        """The first departure from `wanted` on that can be had (or the last that arrives `by`)."""
        from mobigo.tad.service import booking

        day = paris_day(wanted)
        wanted_s = -(-int((wanted - service_day_start(day, PARIS)).total_seconds()) // 300) * 300
        asked = Asked(first.place, last.place, day, wanted_s, (next(iter(service.fares)),))
        answer = booking.quote(session, self._services, service, asked, now)
        kept = [each for each in answer.offers if by is not None or each.promise.earliest_s >= wanted_s]
        if by is not None:
            kept = [each for each in kept if instant_of(day, each.promise.arrive_by_s, PARIS) + last.walk <= by]
        if kept:
            return kept[-1] if by is not None else kept[0]
        if answer.refused is not None and answer.refused.code in ("tad.cutoff_passed", "tad.too_late"):
            following = first_day_open(service, wanted_s, now, day)
            if following is not None:
                missed.append(
                    Decision("tad.cutoff_missed", service=service.name, day=following[0], by=following[1],
                             phone=service.phone)
                )  # fmt: skip
        return None

    def _way(self, service: Service, first: _End, last: _End, day: date, offer: TadOffer) -> "OnDemandWay":
        from mobigo.planner.model import OnDemandWay

        promise = offer.promise
        times = {"since": promise.earliest_s, "until": promise.latest_s, "arrive": promise.arrive_by_s}
        at = {name: instant_of(day, each, PARIS) for name, each in times.items()}
        asked = {"from": first.place.key, "to": last.place.key, "day": day.isoformat(),
                 "time": at["since"].astimezone(PARIS).strftime("%H:%M")}  # fmt: skip
        return OnDemandWay(
            service=service.name, href=f"/tad/{service.code}?{urlencode(asked)}#departs", board=first.place.name,
            board_point=first.place.point, alight=last.place.name, alight_point=last.place.point,
            leave_at=at["since"] - first.walk, since=at["since"], until=at["until"], set_down_by=at["arrive"],
            arrive_at=at["arrive"] + last.walk, walk_to_m=first.walk_m, walk_from_m=last.walk_m, price=offer.price,
            book_by=offer.book_by, phone=service.phone,
        )  # fmt: skip


def _between(hub: _End) -> "Endpoint":
    from mobigo.planner.model import Endpoint

    return Endpoint(name=hub.place.name, point=hub.place.point)


def _planned(live: "LiveNetwork", query: "Query") -> "list[Journey]":
    """The journeys of the timetable that take a vehicle."""
    from mobigo.planner.service import plan

    return [each for each in plan(live, query).journeys if each.rides]


def _soonest(journeys: "list[Journey]") -> "Journey | None":
    """The first to arrive."""
    return min(journeys, key=lambda each: each.arrive_at, default=None)


def _latest(journeys: "list[Journey]") -> "Journey | None":
    """The last to leave."""
    return max(journeys, key=lambda each: each.depart_at, default=None)


def _hubs(live: "LiveNetwork", service: Service, near: Point) -> list[Place]:
    """The stops of the service beside a stop of the network, nearest first; not the one where one already is."""
    beside = live.derived(
        f"app.tad_hubs.{service.code}.{hash(service.stops)}", lambda table: _beside(table, service), lasting=True
    )
    found = [stop for stop in beside if distance_m(stop.point, near) >= RIDE_M_MIN]
    return sorted(found, key=lambda each: (distance_m(each.point, near), each.id))[:HUBS]


def _beside(table: "Timetable", service: Service) -> list[Place]:
    import numpy as np

    lat, lon = np.asarray(table.stop_lat), np.asarray(table.stop_lon)
    found = []
    for stop in service.stops:
        box = (np.abs(lat - stop.point.lat) < 0.006) & (np.abs(lon - stop.point.lon) < 0.009)
        if any(
            distance_m(stop.point, Point(float(lat[at]), float(lon[at]))) <= HUB_M for at in np.flatnonzero(box)
        ):  # fmt: skip
            found.append(stop)
    return found

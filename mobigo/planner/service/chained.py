"""On-demand services and the timetable, several times one after the other: a service at both ends, or between two
journeys. Each service is asked for what can still be booked; where it meets the timetable, it says itself.

One search to every node bounds what each pair of places of meeting can give; services are asked, and journeys made,
from the best bound on until none left can be better.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np

from mobigo.base.geo import Point, distance_m
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import NEVER_S
from mobigo.planner.engine.filters import accepts
from mobigo.planner.model import Answer, Endpoint, Journey, OnDemandWay, Query, Reach
from mobigo.planner.rules import own as owns
from mobigo.planner.rules.ways import MARGIN, WAIT_MAX, goes_on

RIDE_M_MIN: Final = 1_000  # under it one walks
DETOUR_MAX: Final = 1.5  # the way by both places of meeting beside the straight one
Named = tuple[str, Point]


@dataclass(frozen=True, slots=True)
class Taker:
    """An on-demand service. `takes`: whether it may serve a door; `hubs`: where it meets the timetable, around a
    position; `ride(from, to, at, arrive_by)`: what of it can be booked leaving from `at` on (arriving by then)."""

    takes: Callable[[Named], bool]
    hubs: Callable[[Point], Sequence[Named]]
    ride: Callable[[Named, Named, datetime, bool], OnDemandWay | None]


def chained_ways(
    live: LiveNetwork, query: Query, a: Point, b: Point, takers: Sequence[Taker], plan: Callable[[Query], Answer]
) -> list[OnDemandWay]:
    """For each two services the best way with one at either end, and for each the best with it between two journeys:
    the soonest there (arriving by: the last to leave), waiting `WAIT_MAX` at most for the timetable and for the
    service, with `MARGIN` left."""
    search = _Chain(live, query, a, b, plan)
    here = [(taker, taker.takes(search.a), taker.takes(search.b)) for taker in takers]
    found = [
        search.both(one, other)
        for one, takes, _ in here
        for other, _, sets_down in here
        if takes and sets_down and one is not other
    ]
    found += [search.between(taker) for taker, takes, sets_down in here if not takes and not sets_down]
    return [way for way in found if way is not None]


class _Chain:
    """One question."""

    def __init__(self, live: LiveNetwork, query: Query, a: Point, b: Point, plan: Callable[[Query], Answer]) -> None:
        self.a, self.b = (query.origin.name, a), (query.destination.name, b)
        self._live, self._query, self._plan = live, query, plan
        self._by = query.arrive_by

    # ---------------------------------------------------------------- a service at both ends

    def both(self, one: Taker, other: Taker) -> OnDemandWay | None:
        """By `one`, the timetable, and `other`."""
        query, rounds = self._query, self._query.limits.vehicles_max - 2
        if rounds < 1:
            return None
        fixed = self._fixed(one, other)
        if not fixed:
            return None
        hubs = one.hubs(self.a[1]) if self._by else other.hubs(self.b[1])
        best: OnDemandWay | None = None
        for bound, near, way, far in self._pairs(fixed, hubs, rounds):
            if best is not None and self._no_better(bound, best):
                break
            made = self._made(one, other, (far, near) if self._by else (near, far), way, bound)
            if made is not None and (best is None or self._rank(made) < self._rank(best)):
                best = made
        limit = query.limits.duration_s_max
        return None if best is None or (best.arrive_at - best.leave_at).total_seconds() > limit else best

    def _fixed(self, one: Taker, other: Taker) -> list[tuple[Named, OnDemandWay]]:
        """The ride that is known before the timetable's, to each place of meeting (arriving by: from each)."""
        query = self._query
        if self._by:
            ways = [(hub, other.ride(hub, self.b, query.at, True)) for hub in other.hubs(self.b[1])]
        else:
            ways = [(hub, one.ride(self.a, hub, query.at, False)) for hub in one.hubs(self.a[1])]
        return [(hub, way) for hub, way in ways if way is not None]

    def _pairs(
        self, fixed: Sequence[tuple[Named, OnDemandWay]], hubs: Sequence[Named], rounds: int
    ) -> list[tuple[datetime, Named, OnDemandWay, Named]]:
        """(when the timetable is there at the soonest, or leaves at the latest; the place where its time is known, the
        ride there, the other place), the best first."""
        found = []
        for near, way in fixed:
            if not goes_on(*((self.b[1], near[1], self.a[1]) if self._by else (self.a[1], near[1], self.b[1]))):
                continue
            at = way.leave_at - MARGIN if self._by else way.arrive_at + MARGIN
            times = self._times(near, at, hubs, rounds)
            found += [(time, near, way, hub) for hub, time in times if distance_m(hub[1], near[1]) >= RIDE_M_MIN]
        return sorted(found, key=lambda each: each[0], reverse=self._by)

    def _no_better(self, bound: datetime, best: OnDemandWay) -> bool:
        return bound <= best.leave_at if self._by else bound >= best.arrive_at

    def _made(
        self, one: Taker, other: Taker, hubs: tuple[Named, Named], way: OnDemandWay, bound: datetime
    ) -> OnDemandWay | None:
        """The whole by two places of meeting: the ride known is moved towards the journey where it can be."""
        here, there = hubs
        if self._by:
            first = one.ride(self.a, here, bound - MARGIN, True)
            if first is None:
                return None
            journey = self._latest(_end(here), _end(there), way.since - MARGIN)
            if journey is None:
                return None
            nearer = other.ride(there, self.b, journey.arrive_at + MARGIN, False)
            second = nearer if nearer is not None and nearer.arrive_at <= self._query.at else way
        else:
            late = other.ride(there, self.b, bound + MARGIN, False)
            journey = None if late is None else self._first(_end(here), _end(there), way.arrive_at + MARGIN)
            if late is None or journey is None:
                return None
            second = late
            nearer = one.ride(self.a, here, journey.depart_at - MARGIN, True)
            first = nearer if nearer is not None and nearer.leave_at >= way.leave_at else way
        waits = journey.depart_at - first.arrive_at, second.since - journey.arrive_at
        if not all(MARGIN <= wait <= WAIT_MAX + MARGIN for wait in waits):
            return None
        margin_s = int(MARGIN.total_seconds())
        return replace(
            first, after=journey, then=replace(second, buffer_s=margin_s), arrive_at=second.arrive_at,
            buffer_s=margin_s,
        )  # fmt: skip

    # ---------------------------------------------------------------- a service between two journeys

    def between(self, taker: Taker) -> OnDemandWay | None:
        """By the timetable, `taker`, and the timetable again."""
        rounds = self._query.limits.vehicles_max - 2
        if rounds < 1:
            return None
        pairs = [
            (here, there)
            for here in taker.hubs(self.a[1])
            for there in taker.hubs(self.b[1])
            if self._on_the_way(here[1], there[1])
        ]
        if not pairs:
            return None
        ends = dict.fromkeys(there if self._by else here for here, there in pairs)
        door = self.b if self._by else self.a
        times = dict(self._times(door, self._query.at, list(ends), rounds))
        best: OnDemandWay | None = None
        for way, here, there in self._rides(taker, pairs, times):
            if best is not None and self._no_better(way.since if self._by else way.set_down_by, best):
                break
            made = self._with_both(taker, way, here, there)
            if made is not None and (best is None or self._rank(made) < self._rank(best)):
                best = made
        limit = self._query.limits.duration_s_max
        return None if best is None or (best.arrive_at - best.leave_at).total_seconds() > limit else best

    def _on_the_way(self, here: Point, there: Point) -> bool:
        """Whether a service from `here` to `there` may lie between the two doors."""
        a, b = self.a[1], self.b[1]
        whole_m = distance_m(a, here) + distance_m(here, there) + distance_m(there, b)
        return (
            distance_m(here, there) >= RIDE_M_MIN
            and goes_on(a, here, b)
            and goes_on(here, there, b)
            and whole_m <= DETOUR_MAX * distance_m(a, b)
        )

    def _rides(
        self, taker: Taker, pairs: Sequence[tuple[Named, Named]], times: dict[Named, datetime]
    ) -> list[tuple[OnDemandWay, Named, Named]]:
        """What can be booked between the places of meeting, the best first."""
        found = []
        for here, there in pairs:
            at = times.get(there if self._by else here)
            if at is None:
                continue
            way = taker.ride(here, there, at - MARGIN if self._by else at + MARGIN, self._by)
            if way is not None:
                found.append((way, here, there))
        return sorted(found, key=lambda each: self._rank(each[0]))

    def _with_both(self, taker: Taker, way: OnDemandWay, here: Named, there: Named) -> OnDemandWay | None:
        """The ride with the journeys before and after it; of its departures, the nearest to the journey that its bound
        does not say, else the bound's own, else one between, that waits for `WAIT_MAX` at most at both places."""
        query = self._query
        if self._by:
            known = self._latest(query.origin, _end(here), way.since - MARGIN)
            nearer = None if known is None else taker.ride(here, there, known.arrive_at + MARGIN, False)
        else:
            known = self._first(_end(there), query.destination, way.arrive_at + MARGIN)
            nearer = None if known is None else taker.ride(here, there, known.depart_at - MARGIN, True)
        if known is None:
            return None
        seen: tuple[Journey, Journey] | None = None
        for ride in (nearer, way):
            if ride is None:
                continue
            before = known if self._by else self._latest(query.origin, _end(here), ride.since - MARGIN)
            after = self._first(_end(there), query.destination, ride.arrive_at + MARGIN) if self._by else known
            if before is None or after is None:
                continue
            made = self._meeting(before, ride, after)
            if made is not None:
                return made
            seen = seen or (before, after)
        if seen is None:
            return None
        before, after = seen
        lasts = way.arrive_at - way.since
        at = max(before.arrive_at + MARGIN, after.depart_at - WAIT_MAX - MARGIN - lasts)
        ride = taker.ride(here, there, at, False)
        return None if ride is None else self._meeting(before, ride, after)

    def _meeting(self, before: Journey, ride: OnDemandWay, after: Journey) -> OnDemandWay | None:
        """The three in a row, where they are in time and meet without a long wait."""
        query = self._query
        waits = ride.since - before.arrive_at, after.depart_at - ride.arrive_at
        in_time = after.arrive_at <= query.at if self._by else before.depart_at >= query.at
        if not in_time or not all(MARGIN <= wait <= WAIT_MAX + MARGIN for wait in waits):
            return None
        return replace(
            ride, before=before, after=after, leave_at=before.depart_at, arrive_at=after.arrive_at,
            buffer_s=int(MARGIN.total_seconds()),
        )  # fmt: skip

    # ---------------------------------------------------------------- the timetable

    def _times(self, door: Named, at: datetime, hubs: Sequence[Named], rounds: int) -> Iterator[tuple[Named, datetime]]:
        """When the timetable sets one down at each place at the soonest, leaving a position at `at`; arriving by: when
        one leaves each at the latest to be at the position by then."""
        from mobigo.planner.service.moving import searcher_of

        searcher = searcher_of(self._live, self._query.limits)
        limits, at_s = self._query.limits, int(at.timestamp())
        source = self._reach(door, leaving=not self._by)
        if not len(source.node) or not hubs:
            return
        ridden = searcher.ridden_to_all(
            source, at_s, rounds, limits.duration_s_max, self._by, accepts(searcher.timetable, limits)
        )
        for hub in hubs:
            ends = self._reach(hub, leaving=self._by)
            if len(ends.node):
                seconds = int((ridden[ends.node].astype(np.int64) + ends.time_s).min())
                if seconds < NEVER_S:
                    yield hub, datetime.fromtimestamp(at_s - seconds if self._by else at_s + seconds, UTC)

    def _reach(self, place: Named, leaving: bool) -> Reach:
        from mobigo.planner.service.moving import access_of, reach_of, searcher_of

        query = self._query
        searcher = searcher_of(self._live, query.limits)
        access = access_of(self._live, owns.walker(query.limits))
        end = {id(self.a): query.origin, id(self.b): query.destination}.get(id(place)) or _end(place)
        return reach_of(searcher, end, query.limits.walk_m_max, access, leaving)

    def _first(self, origin: Endpoint, destination: Endpoint, at: datetime) -> Journey | None:
        """The first to arrive of those that leave at `at` or later."""
        found = self._journeys(origin, destination, at, False)
        return min(found, key=lambda each: (each.arrive_at, -each.depart_at.timestamp()), default=None)

    def _latest(self, origin: Endpoint, destination: Endpoint, at: datetime) -> Journey | None:
        """The last to leave of those that arrive by `at`."""
        found = self._journeys(origin, destination, at, True)
        return max(found, key=lambda each: (each.depart_at, -each.arrive_at.timestamp()), default=None)

    def _journeys(self, origin: Endpoint, destination: Endpoint, at: datetime, by: bool) -> list[Journey]:
        rest = replace(self._query, origin=origin, destination=destination, at=at, arrive_by=by, window_s=0)
        return [each for each in self._plan(rest).journeys if each.rides]

    def _rank(self, way: OnDemandWay) -> tuple[float, float]:
        leave, arrive = way.leave_at.timestamp(), way.arrive_at.timestamp()
        return (-leave, arrive) if self._by else (arrive, -leave)


def _end(place: Named) -> Endpoint:
    return Endpoint(place[0], place[1])

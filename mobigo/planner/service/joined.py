"""A carpool line and the timetable, one after the other: for each line near an end of the question, the best of all its
stops at which one may change.

The search is exact. What bounds the stops (one search from all of them at once, or one to all of them) is never worse
than what is possible at each, and the stops are looked at from the best bound on until none left can be better.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from mobigo.base.geo import Point
from mobigo.base.instants import paris_day
from mobigo.network.model.timetable import NEVER_S
from mobigo.planner.engine.found import Itinerary
from mobigo.planner.engine.search import Accepts, Searcher
from mobigo.planner.model import (
    AccessEgress,
    Answer,
    CarpoolHop,
    CarpoolLines,
    CarpoolWay,
    Endpoint,
    Journey,
    Preset,
    Query,
    Reach,
)
from mobigo.planner.rules.ways import MARGIN, WAIT_MAX, goes_on

LOOKED_S: Final = 4 * 3600  # how long after the hour asked (before it) the timetable is looked through
Planner = Callable[[Query], Answer]


@dataclass(frozen=True, slots=True)
class Timetabled:
    """The timetable as one question searches it, its two ends, and the answer of the planner for the part that it
    takes."""

    searcher: Searcher
    accepts: Accepts
    access: AccessEgress
    origin: Reach
    destination: Reach
    plan: Planner


@dataclass(frozen=True, slots=True)
class _Stop:
    """A stop of a line where one may change: when one counts on being there (leaving again), or must be there."""

    hop: CarpoolHop
    reach: Reach
    way: CarpoolWay | None = None  # the soonest to it, or the latest from it; None where the timetable comes first


def joined_ways(
    query: Query, lines: CarpoolLines, table: Timetabled, a: Point, b: Point, walk_m_max: int
) -> list[CarpoolWay]:
    """For each line, the best way along it to a stop and on by the timetable, and the best the other way round: the
    soonest there (arriving by: the last to leave) of those that wait for `WAIT_MAX` at most where one changes."""
    if query.limits.vehicles_max < 2 or query.own is not None:
        return []
    found = []
    for first, door, other in ((True, a, b), (False, b, a)):
        hops = lines.hops(door, paris_day(query.at), leaving=first, walk_m_max=walk_m_max)
        near = [hop for hop in hops if goes_on(door, hop.hub_point, other)]
        for line in dict.fromkeys(hop.line for hop in near):
            search = _Line(query, table, [hop for hop in near if hop.line == line], first)
            best = search.best()
            if best is not None:
                found.append(best)
    return found


class _Line:
    """One line, taken first or last."""

    def __init__(self, query: Query, table: Timetabled, hops: Sequence[CarpoolHop], first: bool) -> None:
        self._query, self._table, self._first = query, table, first
        self._rounds = query.limits.vehicles_max - 1
        self._by = query.arrive_by
        self._at_s = int(query.at.timestamp())
        self._fixed = first is not query.arrive_by  # whether the ride in the car is known before the timetable's
        self._stops = [stop for hop in hops if (stop := self._stop(hop)) is not None]

    def _stop(self, hop: CarpoolHop) -> _Stop | None:
        way = hop.way(self._query.at, self._by, True) if self._fixed else None
        if self._fixed and way is None:
            return None
        table = self._table
        walk_m_max = self._query.limits.walk_m_max
        reach = table.access.reach(table.searcher.timetable, hop.hub_point, walk_m_max, leaving=self._first)
        return _Stop(hop, reach, way) if len(reach.node) else None

    def best(self) -> CarpoolWay | None:
        """The best way, with its journey."""
        best: tuple[float, _Stop, Itinerary, CarpoolWay] | None = None
        for stop, bound in self._bounds():
            if best is not None and bound > best[0]:
                break
            for itinerary in self._itineraries(stop):
                way = self._meet(stop.hop, itinerary)
                if way is None or (way.arrive_at - way.leave_at).total_seconds() > self._query.limits.duration_s_max:
                    continue
                if best is None or self._rank(way) < self._rank(best[3]):
                    best = self._rank(way)[0], stop, itinerary, way
        return None if best is None else self._with_journey(best[1].hop, best[2], best[3])

    def _rank(self, way: CarpoolWay) -> tuple[float, float]:
        """Less is better: the arrival, then the departure; arriving by, the other way round."""
        leave, arrive = way.leave_at.timestamp(), way.arrive_at.timestamp()
        return (-leave, arrive) if self._by else (arrive, -leave)

    # ---------------------------------------------------------------- bounds

    def _bounds(self) -> Iterator[tuple[_Stop, float]]:
        """The stops, and what no way through this one or any later one betters, from the best on."""
        return self._from_all() if self._fixed else self._to_all()

    def _from_all(self) -> Iterator[tuple[_Stop, float]]:
        """By one search from all the stops left (to them all), each when one is there with the car."""
        left = list(self._stops)
        while left:
            reach, owner, base_s = self._together(left)
            ends = (reach, self._table.destination) if self._first else (self._table.origin, reach)
            limits = self._query.limits
            found = self._table.searcher.one(
                *ends, base_s, not self._first, self._rounds, limits.duration_s_max, self._table.accepts
            )
            if not found:
                return
            best = (
                max(found, key=lambda each: each.depart_s) if self._by else min(found, key=lambda each: each.arrive_s)
            )
            bound = -best.depart_s if self._by else best.arrive_s
            node = best.rides[0].board_node if self._first else best.rides[-1].alight_node
            stop = owner.get(node, left[0])
            left.remove(stop)
            yield stop, bound

    def _together(self, stops: Sequence[_Stop]) -> tuple[Reach, dict[int, _Stop], int]:
        """The nodes near any of the stops, with the seconds from the soonest of all (to the latest)."""
        at = [self._ready_s(stop) for stop in stops]
        base_s = min(at) if self._first else max(at)
        best: dict[int, tuple[int, int, _Stop]] = {}
        for stop, own_s in zip(stops, at, strict=True):
            rows = zip(stop.reach.node.tolist(), stop.reach.time_s.tolist(), stop.reach.walk_m.tolist(), strict=True)
            for node, seconds, metres in rows:
                after_s = abs(own_s - base_s) + seconds
                if node not in best or after_s < best[node][0]:
                    best[node] = after_s, metres, stop
        nodes = sorted(best)
        after, metres_of = (np.array([best[node][n] for node in nodes], np.int32) for n in (0, 1))
        owner = {node: best[node][2] for node in nodes}
        return Reach(np.array(nodes, np.int32), after, metres_of), owner, base_s

    def _ready_s(self, stop: _Stop) -> int:
        """When the timetable may begin at a stop (must have ended)."""
        assert stop.way is not None  # noqa: S101  # `_fixed`
        if self._first:
            return -int(-(stop.way.arrive_at + MARGIN).timestamp() // 1)
        return int(stop.way.leave_at.timestamp())

    def _to_all(self) -> Iterator[tuple[_Stop, float]]:
        """By one search from the far end to every node, and the car from there (the mirror)."""
        table, limits = self._table, self._query.limits
        ends = table.destination if self._first else table.origin
        if not self._stops or not len(ends.node):
            return
        ridden = table.searcher.ridden_to_all(
            ends, self._at_s, self._rounds, limits.duration_s_max, self._first, table.accepts
        )
        bounded = []
        for stop in self._stops:
            seconds = int((ridden[stop.reach.node].astype(np.int64) + stop.reach.time_s).min())
            if seconds < NEVER_S:
                at = _instant(self._at_s - seconds if self._first else self._at_s + seconds)
                way = self._car(stop.hop, at)
                if way is not None:
                    bounded.append((self._rank(way)[0], stop))
        for bound, stop in sorted(bounded, key=lambda each: each[0]):
            yield stop, bound

    # ---------------------------------------------------------------- one stop

    def _itineraries(self, stop: _Stop) -> list[Itinerary]:
        """What the timetable has between the stop and the far end, near enough to when the car is there."""
        table, limits = self._table, self._query.limits
        low_s, high_s = self._span(stop.way)
        ends = (stop.reach, table.destination) if self._first else (table.origin, stop.reach)
        return table.searcher.window(
            *ends, low_s, high_s, self._by, self._rounds, limits.duration_s_max, table.accepts
        )  # fmt: skip

    def _span(self, way: CarpoolWay | None) -> tuple[int, int]:
        """Within what one leaves by the timetable (arriving by: is there)."""
        if way is None:
            return (self._at_s - LOOKED_S, self._at_s) if self._by else (self._at_s, self._at_s + LOOKED_S)
        if self._first:
            last = way.until + timedelta(seconds=way.wait_s + way.ride_s) + MARGIN + WAIT_MAX
            return int((way.arrive_at + MARGIN).timestamp()), int(last.timestamp())
        return int((way.since - WAIT_MAX).timestamp()), int(way.leave_at.timestamp())

    def _car(self, hop: CarpoolHop, at: datetime) -> CarpoolWay | None:
        """The ride in the car beside the timetable's at an instant: as late as still catches it, on the wait of nine in
        ten; or as soon as it has set one down."""
        return hop.way(at - MARGIN, True, True) if self._first else hop.way(at, False, self._by)

    def _meet(self, hop: CarpoolHop, itinerary: Itinerary) -> CarpoolWay | None:
        """The way with that itinerary before or after it; None where they do not meet, or not within `WAIT_MAX`."""
        query = self._query
        if self._first:
            leaves = _instant(itinerary.depart_s)
            for way in (self._car(hop, leaves), None if self._by else hop.way(query.at, False, True)):
                if way is None or (not self._by and way.leave_at < query.at):
                    continue
                if MARGIN <= leaves - way.arrive_at <= WAIT_MAX + MARGIN:
                    return replace(
                        way, arrive_at=_instant(itinerary.arrive_s), buffer_s=int(MARGIN.total_seconds()),
                        alight_at=way.arrive_at, board_at=way.arrive_at - timedelta(seconds=way.wait_s + way.ride_s),
                    )  # fmt: skip
            return None
        arrives = _instant(itinerary.arrive_s)
        last = self._car(hop, arrives)
        if last is None or last.leave_at - arrives > WAIT_MAX or (self._by and last.arrive_at > query.at):
            return None
        return replace(
            last, leave_at=_instant(itinerary.depart_s), board_at=last.leave_at,
            alight_at=last.leave_at + timedelta(seconds=last.wait_s + last.ride_s),
        )  # fmt: skip

    def _with_journey(self, hop: CarpoolHop, itinerary: Itinerary, way: CarpoolWay) -> CarpoolWay | None:
        """The way with the planner's journey of that itinerary; None where the planner would rather walk."""
        query = self._query
        hub = Endpoint(hop.hub, hop.hub_point)
        rest = replace(
            query, window_s=0, arrive_by=not self._first, preset=Preset.USUAL,
            at=_instant(itinerary.depart_s if self._first else itinerary.arrive_s),
            limits=replace(query.limits, vehicles_max=self._rounds),
        )  # fmt: skip
        rest = replace(rest, origin=hub) if self._first else replace(rest, destination=hub)
        ridden = [each for each in self._table.plan(rest).journeys if each.rides]
        if self._first:
            return _then(way, after=min(ridden, key=lambda each: each.arrive_at, default=None))
        return _then(way, before=max(ridden, key=lambda each: each.depart_at, default=None))


def _then(way: CarpoolWay, before: Journey | None = None, after: Journey | None = None) -> CarpoolWay | None:
    if after is not None:
        return replace(way, after=after, arrive_at=after.arrive_at)
    return None if before is None else replace(way, before=before, leave_at=before.depart_at)


def _instant(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)

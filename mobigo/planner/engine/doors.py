"""How the traveller of one question gets between the doors and the stops: on foot, by a vehicle of one's own at one of
the two ends, or that way from door to door."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta

import numpy as np

from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point, distance_m
from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine.indoors import ByEntrances, ways_to
from mobigo.planner.engine.ownway import only_at, with_own
from mobigo.planner.engine.parks import ParkedCar
from mobigo.planner.model import AccessEgress, By, Endpoint, Journey, Leg, Query, Reach, Walk, WalkedWay
from mobigo.planner.rules.own import SHARE_MAX, TAKEN


class Doors:
    """The ends of a question. `walking` and `own` are how one moves on foot and by one's own vehicle; `own` is None
    where the question has none."""

    def __init__(self, timetable: Timetable, query: Query, walking: AccessEgress, own: AccessEgress | None) -> None:
        self._timetable, self._query = timetable, query
        self._walking, self._own = walking, own
        self._ends = position_of(timetable, query.origin), position_of(timetable, query.destination)

    def by_own(self, origin: Reach, destination: Reach) -> tuple[Reach, Reach]:
        """What is reached on foot at both ends, and at one of them by the vehicle too; from the stop where it stands,
        by the vehicle alone. Raises InvalidInput for an end without a position."""
        own, (a, b) = self._query.own, self._ends
        if own is None or self._own is None:
            return origin, destination
        if a is None or b is None:
            without = self._query.origin if a is None else self._query.destination
            raise InvalidInput("planner.place_without_position", name=without.name)
        taken, table = TAKEN[own.by], self._timetable
        if own.left_at or own.park:
            nodes = np.isin(table.node_stop, list(with_platforms(table, own.left_at)))
            if isinstance(self._own, ParkedCar) and self._own.stands_somewhere:
                nodes = np.ones(len(table.node_stop), np.bool_)  # any stop from which one walks to the car park
            reached = self._own.reach(table, b, taken.most_m, leaving=False)
            return origin, only_at(reached, nodes, own.by, taken.stow_s)
        most_m = min(taken.most_m, max(taken.least_m, int(SHARE_MAX * distance_m(a, b))))
        if own.by in (By.SHARED, By.ABOARD):  # at either end
            far = self._own.reach(table, b, most_m, leaving=False)
            destination = with_own(destination, far, own.by, taken.least_m, taken.stow_s)
        reached = self._own.reach(table, b if own.at_end else a, most_m, leaving=not own.at_end)
        if own.at_end:
            return origin, with_own(destination, reached, own.by, taken.least_m, taken.stow_s)
        return with_own(origin, reached, own.by, taken.least_m, taken.stow_s), destination

    def whole(self) -> list[Journey]:
        """The whole way on foot, and by the vehicle, where that is accepted. A vehicle that stands at a stop is not at
        the door."""
        own, (a, b) = self._query.own, self._ends
        if a is None or b is None or self._query.via is not None or (own is not None and (own.left_at or own.park)):
            return []
        found = []
        for by in (By.WALK,) if own is None or not TAKEN[own.by].whole_m_max else (By.WALK, own.by):
            direct = self._along(by).direct(a, b, self._whole_m_max(by))
            if direct is None or (by is not By.WALK and direct[1] < TAKEN[by].least_m):
                continue
            lasts = timedelta(seconds=direct[0] + (0 if by is By.WALK else TAKEN[by].stow_s))
            at = self._query.at.astimezone(UTC)
            leave = at - lasts if self._query.arrive_by else at
            found.append(Journey((Walk(None, None, leave, leave + lasts, direct[1], by=by),), leave, leave + lasts))
        return found

    def drawn(self, journeys: Sequence[Journey]) -> list[Journey]:
        """The journeys with their first and last legs drawn along the streets, where these are known."""
        drawn = [each if each.rides or len(each.legs) > 1 else self._drawn_whole(each) for each in journeys]
        for end, leaving in ((0, True), (-1, False)):
            place = self._query.origin if leaving else self._query.destination
            for by in By:
                walked = {
                    k: leg
                    for k, journey in enumerate(journeys)
                    if journey.rides
                    and isinstance(leg := journey.legs[end], Walk)
                    and None in (leg.from_stop, leg.to_stop)
                    and leg.by is by
                }
                here = place.point if by is By.WALK else position_of(self._timetable, place)
                if here is None or not walked:
                    continue
                rows = sorted(
                    {stop for leg in walked.values() for stop in (leg.from_stop, leg.to_stop) if stop is not None}
                )
                found = ways_to(self._along(by), self._timetable, here, rows, self._end_m_max(by), leaving)
                ways = dict(zip(rows, found, strict=True))
                for k, leg in walked.items():
                    stop = leg.to_stop if leaving else leg.from_stop
                    way = WalkedWay() if stop is None else ways[stop]
                    legs = list(drawn[k].legs)
                    legs[end] = replace(leg, path=way.path, directions=way.directions)
                    drawn[k] = replace(drawn[k], legs=tuple(legs))
        if isinstance(self._walking, ByEntrances):
            drawn = [replace(each, legs=tuple(map(self._changed, each.legs))) for each in drawn]
        return drawn

    def _changed(self, leg: Leg) -> Leg:
        """A change told by the pathways of its station."""
        if not isinstance(leg, Walk) or leg.from_stop is None or leg.to_stop is None or leg.directions:
            return leg
        way = self._walking.between(leg.from_stop, leg.to_stop) if isinstance(self._walking, ByEntrances) else None
        return leg if way is None else replace(leg, path=way.path, directions=way.directions)

    def _drawn_whole(self, journey: Journey) -> Journey:
        (a, b), leg = self._ends, journey.legs[0]
        if a is None or b is None or not isinstance(leg, Walk):
            return journey
        [way] = self._along(leg.by).ways(a, [b], self._whole_m_max(leg.by), leaving=True)
        return replace(journey, legs=(replace(leg, path=way.path, directions=way.directions),))

    def _along(self, by: By) -> AccessEgress:
        return self._walking if by is By.WALK or self._own is None else self._own

    def _whole_m_max(self, by: By) -> int:
        return self._query.limits.walk_m_max if by is By.WALK else TAKEN[by].whole_m_max

    def _end_m_max(self, by: By) -> int:
        return self._query.limits.walk_m_max if by is By.WALK else TAKEN[by].most_m


def position_of(timetable: Timetable, place: Endpoint) -> Point | None:
    """Where a place is: its position, else that of its first stop that has one."""
    if place.point is not None:
        return place.point
    for stop in place.stops:
        lat, lon = float(timetable.stop_lat[stop]), float(timetable.stop_lon[stop])
        if np.isfinite(lat) and np.isfinite(lon):
            return Point(lat, lon)
    return None


def with_platforms(timetable: Timetable, stops: Sequence[int]) -> set[int]:
    """The stops, and those of the stations among them."""
    return set(stops) | set(np.flatnonzero(np.isin(timetable.stop_parent, list(stops))).tolist())

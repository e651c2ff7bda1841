"""By shared bicycle between a door and the stops, or from door to door: on foot to a station, by bicycle to another,
and on foot again. One that may be left anywhere is left at the stop, or at the door. The streets say each part; as the
crow flies where they are not known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import numpy as np

from mobigo.base.geo import Point, distance_m
from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine import parted
from mobigo.planner.engine.reach import DETOUR
from mobigo.planner.model import AccessEgress, By, Journey, Leg, Reach, Spot, Walk, WalkedWay
from mobigo.planner.rules.shared import LOCK_S, UNLOCK_S, Stands, left_at

NEAREST = 4  # stations tried around a door: the next ones are not better by what they are farther
WALK_M_MAX = 800  # between a door and a station
STOP_M_MAX = 400  # between a station and a stop
LEAST_M = 500  # of a ride: nearer, one walks


class Measuring(AccessEgress, Protocol):
    """`AccessEgress` that measures the way to several points at once."""

    def to_points(
        self, point: Point, others: Sequence[Point], m_max: int, leaving: bool
    ) -> list[tuple[int, int] | None]:
        """(seconds, metres) from `point` to each of the others (not `leaving`: from each to it); None beyond."""


@dataclass(frozen=True, slots=True)
class _Way:
    """From a door to a station by way of another, or the mirror: seconds and metres of each part, in the order they are
    travelled. The last part of one, or the first, is that to (from) the stop."""

    take: Spot
    leave: Spot
    ride: tuple[int, int]
    foot: tuple[int, int]  # between the door and its station

    @property
    def time_s(self) -> int:
        return self.foot[0] + UNLOCK_S + self.ride[0] + LOCK_S

    @property
    def length_m(self) -> int:
        return self.foot[1] + self.ride[1]


class SharedBikes:
    """`AccessEgress` by shared bicycle, for one question. `near` keeps, for the network, the stops around each
    station."""

    def __init__(
        self,
        stands: Stands,
        walking: Measuring,
        riding: Measuring,
        near: dict[tuple[Point, bool, str], Reach],
        walker: str,
    ) -> None:
        self._stands, self._walking, self._riding = stands, walking, riding
        self._near, self._walker = near, walker
        self._ways: dict[tuple[bool, int], tuple[_Way, tuple[int, int]]] = {}  # by direction and stop; its last walk
        self._whole: tuple[_Way, tuple[int, int]] | None = None

    def reach(self, timetable: Timetable, point: Point, walk_m_max: int, leaving: bool) -> Reach:
        """The stops that a shared bicycle brings one near to (not `leaving`: near from); metres are those of all
        parts."""
        best: dict[int, tuple[int, int]] = {}
        for way in self._from_door(point, walk_m_max, leaving):
            far = way.leave if leaving else way.take
            stops = self._stops_near(timetable, far.point, leaving)
            rows = zip(stops.node.tolist(), stops.time_s.tolist(), stops.walk_m.tolist(), strict=True)
            for node, seconds, metres in rows:
                found = way.time_s + seconds, way.length_m + metres
                if node not in best or found < best[node]:
                    best[node] = found
                    self._ways[leaving, int(timetable.node_stop[node])] = way, (seconds, metres)
        for way, node, stop in self._left_at_stops(timetable, point, walk_m_max) if leaving else ():
            found = way.time_s, way.length_m
            if node not in best or found < best[node]:
                best[node] = found
                self._ways[True, stop] = way, (0, 0)
        ordered = sorted(best)
        columns = np.array([(node, *best[node]) for node in ordered], np.int32).reshape(-1, 3)
        node_row, time_row, walk_row = (np.ascontiguousarray(columns[:, i]) for i in range(3))
        return Reach(node_row, time_row, walk_row, paced=False)

    def direct(self, a: Point, b: Point, walk_m_max: int) -> tuple[int, int] | None:
        """(seconds, metres) of the best way from door to door; None when there is none."""
        ends = self._around(b, self._stands.leave, leaving=False)
        last = {(code, spot): foot for code, spot, foot in ends}
        found = []
        for way, code in self._rides(a, walk_m_max, True, [(code, spot) for code, spot, _ in ends]):
            foot = last[code, way.leave]
            found.append((way.time_s + foot[0], way.length_m + foot[1], way, foot))
        if not found:
            return None
        time_s, length_m, way, foot = min(found, key=lambda each: each[:2])
        self._whole = way, foot
        return time_s, length_m

    def ways(self, point: Point, others: Sequence[Point], walk_m_max: int, leaving: bool) -> list[WalkedWay]:
        """Each part has its own: `drawn`."""
        return [WalkedWay()] * len(others)

    def split(self, journey: Journey) -> Journey:
        """The journey with each leg by shared bicycle in its three parts."""
        return parted.split(journey, By.SHARED, self._parts)

    def drawn(self, journey: Journey, door_a: Point | None, door_b: Point | None, places: Timetable) -> Journey:
        """The journey with the parts between stations drawn along the streets."""
        return parted.drawn(
            journey, door_a, door_b, places,
            lambda by: (self._riding if by is By.SHARED else self._walking, _bound_m(by)),
        )  # fmt: skip

    def _parts(self, leg: Walk) -> list[Leg]:
        leaving = leg.from_stop is None
        if leg.from_stop is None and leg.to_stop is None:
            found = self._whole
        else:
            stop = leg.to_stop if leaving else leg.from_stop
            found = None if stop is None else self._ways.get((leaving, stop))
        if found is None:
            raise LookupError("a way by shared bicycle that was not searched")
        way, far = found
        first, last = (way.foot, far) if leaving else (far, way.foot)
        taken_at = leg.depart_at + timedelta(seconds=first[0])
        left_at = taken_at + timedelta(seconds=UNLOCK_S + way.ride[0] + LOCK_S)
        parts = [
            Walk(leg.from_stop, None, leg.depart_at, taken_at, first[1], to_spot=way.take),
            Walk(None, None, taken_at, left_at, way.ride[1], by=By.SHARED, from_spot=way.take, to_spot=way.leave),
            Walk(None, leg.to_stop, left_at, left_at + timedelta(seconds=last[0]), last[1], from_spot=way.leave),
        ]
        return [part for part in parts if part.by is By.SHARED or part.distance_m]

    def _from_door(self, point: Point, m_max: int, leaving: bool) -> list[_Way]:
        """The best way to each far station."""
        far = self._stands.leave if leaving else self._stands.take
        best: dict[tuple[str, Spot], _Way] = {}
        for way, code in self._rides(point, m_max, leaving, far):
            key = code, way.leave if leaving else way.take
            if key not in best or way.time_s < best[key].time_s:
                best[key] = way
        return list(best.values())

    def _left_at_stops(self, timetable: Timetable, point: Point, m_max: int) -> "Iterator[tuple[_Way, int, int]]":
        """Each way to a stop where the bicycle is left, with its node and itself."""
        names = dict(self._stands.anywhere)
        free = [each for each in self._stands.take if each[0] in names]
        for code, here, foot in self._around(point, free, leaving=True) if free else ():
            stops = self._riding.reach(timetable, here.point, m_max, True)
            rows = zip(stops.node.tolist(), stops.time_s.tolist(), stops.walk_m.tolist(), strict=True)
            for node, seconds, metres in rows:
                if metres >= LEAST_M:
                    stop = int(timetable.node_stop[node])
                    there = Point(float(timetable.stop_lat[stop]), float(timetable.stop_lon[stop]))
                    yield _Way(here, left_at(names[code], there), (seconds, metres), foot), node, stop

    def _rides(
        self, point: Point, m_max: int, leaving: bool, far: Sequence[tuple[str, Spot]]
    ) -> "list[tuple[_Way, str]]":
        """From the stations around a door to each of the far ones of the same system (not `leaving`: the other way)."""
        out = []
        for code, here, foot in self._around(point, self._stands.take if leaving else self._stands.leave, leaving):
            there = [
                spot
                for other, spot in far
                if other == code and LEAST_M <= distance_m(here.point, spot.point) * DETOUR <= m_max * 1.5
            ]
            times = self._riding.to_points(here.point, [spot.point for spot in there], m_max, leaving)
            for spot, ride in zip(there, times, strict=True):
                if ride is not None:
                    ends = (here, spot) if leaving else (spot, here)
                    out.append((_Way(*ends, ride, foot), code))
        return out

    def _around(
        self, point: Point, spots: Sequence[tuple[str, Spot]], leaving: bool
    ) -> list[tuple[str, Spot, tuple[int, int]]]:
        """The stations soonest on foot from (to) a door, with the seconds and metres of the walk."""
        close = [each for each in spots if distance_m(point, each[1].point) <= WALK_M_MAX]
        walks = self._walking.to_points(point, [spot.point for _, spot in close], WALK_M_MAX, leaving)
        found = [(code, spot, walk) for (code, spot), walk in zip(close, walks, strict=True) if walk is not None]
        if spots is self._stands.leave:
            found += [(code, left_at(name, point), (0, 0)) for code, name in self._stands.anywhere]
        return sorted(found, key=lambda each: (each[2], each[1].name))[:NEAREST]

    def _stops_near(self, timetable: Timetable, point: Point, leaving: bool) -> Reach:
        key = point, leaving, self._walker
        if key not in self._near:
            if len(self._near) > 20_000:
                self._near.clear()
            self._near[key] = self._walking.reach(timetable, point, STOP_M_MAX, leaving)
        return self._near[key]


def _bound_m(by: By) -> int:
    return 20_000 if by is By.SHARED else WALK_M_MAX * 2

"""Between a door and the stops as the crow flies: 1.3 times the distance, at 1.2 m/s. `onfoot` does better where
streets are known."""

from collections.abc import Sequence
from math import ceil

import numpy as np

from mobigo.base.geo import Point, distance_m
from mobigo.network.model.streets import Mover
from mobigo.network.model.timetable import F64, I32, Timetable
from mobigo.planner.model import Reach, WalkedWay

DETOUR = 1.3
SPEED_M_S = 1.2
METRES_A_DEGREE = 111_195.0


CROW_M_S = {"car": 40 / 3.6}  # a car's, whatever its streets allow; everybody else's is their own


def crow_speed_m_s(mover: Mover) -> float:
    """How fast one advances where the streets are not known."""
    return CROW_M_S.get(mover.name, mover.speed_m_s)


class CrowFlight:
    """`AccessEgress` without streets."""

    def __init__(self, speed_m_s: float = SPEED_M_S) -> None:
        self._speed_m_s = speed_m_s

    def reach(self, timetable: Timetable, point: Point, walk_m_max: int, leaving: bool) -> Reach:
        """The nodes of the stops whose walk is `walk_m_max` or shorter, the same in both directions."""
        stops, straight_m = near(timetable, point, walk_m_max / DETOUR)
        walk_m = straight_m * DETOUR
        return nodes_of(timetable, stops, np.ceil(walk_m / self._speed_m_s), np.ceil(walk_m))

    def direct(self, a: Point, b: Point, walk_m_max: int) -> tuple[int, int] | None:
        """(seconds, metres), both rounded up; None beyond `walk_m_max`."""
        walk_m = distance_m(a, b) * DETOUR
        return (ceil(walk_m / self._speed_m_s), ceil(walk_m)) if ceil(walk_m) <= walk_m_max else None

    def to_points(
        self, point: Point, others: Sequence[Point], m_max: int, leaving: bool
    ) -> list[tuple[int, int] | None]:
        """`direct` to each, the same in both directions."""
        return [self.direct(point, other, m_max) for other in others]

    def ways(self, point: Point, others: Sequence[Point], walk_m_max: int, leaving: bool) -> list[WalkedWay]:
        """Unknown without streets."""
        return [WalkedWay()] * len(others)


def near(timetable: Timetable, point: Point, straight_m_max: float) -> tuple[I32, F64]:
    """The stops within that distance as the crow flies, and their distances in metres."""
    lat, lon = timetable.stop_lat, timetable.stop_lon
    margin = straight_m_max / METRES_A_DEGREE * 1.02
    rows = np.flatnonzero((np.abs(lat - point.lat) <= margin) & (timetable.stop_type == 0))
    dy = (lat[rows] - point.lat) * METRES_A_DEGREE
    dx = (lon[rows] - point.lon) * METRES_A_DEGREE * np.cos(np.radians((lat[rows] + point.lat) / 2))
    straight_m = np.hypot(dx, dy)
    close = straight_m <= straight_m_max
    return rows[close].astype(np.int32), straight_m[close]


def nodes_of(timetable: Timetable, stops: I32, time_s: F64, walk_m: F64, paced: bool = True) -> Reach:
    """The stops with the copies that stand for them, as nodes in order."""
    stop_count = len(timetable.stop_lat)
    copies = timetable.node_stop[stop_count:]
    if len(copies):
        where = {int(stop): i for i, stop in enumerate(stops)}
        extra = [(stop_count + i, where[int(stop)]) for i, stop in enumerate(copies) if int(stop) in where]
        if extra:
            node, at = (np.array(column, np.int64) for column in zip(*extra, strict=True))
            stops, time_s, walk_m = (
                np.concatenate([stops, node]),
                np.concatenate([time_s, time_s[at]]),
                np.concatenate([walk_m, walk_m[at]]),
            )
    order = np.argsort(stops, kind="stable")
    return Reach(stops[order].astype(np.int32), time_s[order].astype(np.int32), walk_m[order].astype(np.int32), paced)

"""Between a door and the stops as the crow flies: 1.3 times the distance, at 1.2 m/s. Streets will do better by the
same interface."""

from collections.abc import Sequence
from math import ceil

import numpy as np

from mobigo.base.geo import Point, distance_m
from mobigo.network.model.timetable import Timetable
from mobigo.planner.model import Reach

DETOUR = 1.3
SPEED_M_S = 1.2
METRES_A_DEGREE = 111_195.0


class CrowFlight:
    """`AccessEgress` without streets."""

    def reach(self, timetable: Timetable, point: Point, walk_m_max: int) -> Reach:
        """The nodes of the stops whose walk is `walk_m_max` or shorter."""
        lat, lon = timetable.stop_lat, timetable.stop_lon
        margin = walk_m_max / DETOUR / METRES_A_DEGREE * 1.02
        near = np.flatnonzero((np.abs(lat - point.lat) <= margin) & (timetable.stop_type == 0))
        dy = (lat[near] - point.lat) * METRES_A_DEGREE
        dx = (lon[near] - point.lon) * METRES_A_DEGREE * np.cos(np.radians((lat[near] + point.lat) / 2))
        walk_m = np.hypot(dx, dy) * DETOUR
        close = walk_m <= walk_m_max
        return nodes_of(
            timetable, near[close].astype(np.int32), np.ceil(walk_m[close] / SPEED_M_S), np.ceil(walk_m[close])
        )

    def direct(self, a: Point, b: Point) -> tuple[int, int]:
        """(seconds, metres), both rounded up."""
        walk_m = distance_m(a, b) * DETOUR
        return ceil(walk_m / SPEED_M_S), ceil(walk_m)

    def path(self, a: Point, b: Point) -> Sequence[Point]:
        """Unknown without streets."""
        return ()


def nodes_of(timetable: Timetable, stops: np.ndarray, time_s: np.ndarray, walk_m: np.ndarray) -> Reach:
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
    return Reach(stops[order].astype(np.int32), time_s[order].astype(np.int32), walk_m[order].astype(np.int32))

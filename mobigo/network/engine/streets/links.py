"""Walks between stops along the streets, for the compiler of the network."""

import numpy as np

from mobigo.base.geo import Point
from mobigo.network.engine.streets.nearest import Snaps
from mobigo.network.engine.streets.routes import Streets
from mobigo.network.model.streets import WALKER
from mobigo.network.model.timetable import F64, I32

LINK_M_MAX = 1_200.0  # of walks between stops 400 m apart: farther round, they are not near


class BetweenStops:
    """`StreetWays` on a graph."""

    def __init__(self, streets: Streets) -> None:
        self._streets = streets

    def between(self, lat: F64, lon: F64, a: I32, b: I32) -> tuple[F64, I32]:
        """(metres, seconds) of the walks from stops `a` to stops `b`, row by row; one search for each stop of `a`."""
        metres, seconds = np.full(len(a), np.nan), np.zeros(len(a), np.int32)
        placed = np.isfinite(lat) & np.isfinite(lon)
        snaps = self._streets.snap(WALKER, np.where(placed, lat, 0.0), np.where(placed, lon, 0.0))
        known = placed & (snaps.stretch >= 0)
        order = np.argsort(a, kind="stable")
        begins = np.flatnonzero(np.diff(a[order], prepend=-1))
        for rows in np.split(order, begins[1:]) if len(order) else ():
            start = int(a[rows[0]])
            rows = rows[known[b[rows]]]
            if not known[start] or not len(rows):
                continue
            targets = Snaps(*(column[b[rows]] for column in snaps))
            times = self._streets.times(
                WALKER, Point(float(lat[start]), float(lon[start])), targets, length_m_max=LINK_M_MAX
            )
            if times is not None:
                metres[rows] = np.where(times.length_m >= 0, times.length_m, np.inf)
                seconds[rows] = np.maximum(times.time_s, 0)
        return metres, seconds

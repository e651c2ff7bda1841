"""A position to the nearest stretch that may be used: where on it, and how far from it."""

from typing import NamedTuple

import numba
import numpy as np

from mobigo.base.geo import EARTH_RADIUS_M
from mobigo.network.engine.streets.build import CELL, cell_of
from mobigo.network.model.streets import DEGREE, StreetGraph
from mobigo.network.model.timetable import F64, I32

SNAP_M_MAX = 400.0  # farther from any street, one is nowhere
AT_JUNCTION_CM = 50  # nearer than that to a junction, one is at it
_METRES_A_UNIT = EARTH_RADIUS_M * np.pi / 180 / DEGREE


class Snaps(NamedTuple):
    """One row a position: the stretch (-1: none near), centimetres along it as drawn, centimetres to it."""

    stretch: I32
    along_cm: I32
    off_cm: I32


def snap(graph: StreetGraph, usable: np.ndarray, lat: F64, lon: F64) -> Snaps:
    """The nearest point of a stretch of `usable` ([stretch], bool) for each position; the first in order of ties."""
    count = len(lat)
    found = Snaps(np.full(count, -1, np.int32), np.zeros(count, np.int32), np.zeros(count, np.int32))
    _snap(
        graph.cell_key, graph.cell_start, graph.cell_piece, graph.piece_stretch, graph.stretch_first, graph.point_lat,
        graph.point_lon, graph.point_cm, graph.stretch_cm,
        usable, np.asarray(lat, np.float64), np.asarray(lon, np.float64), SNAP_M_MAX,
        *found,
    )  # fmt: skip
    return found


@numba.njit(cache=True, nogil=True)
def _snap(  # type: ignore[no-untyped-def]  # kernel
    cell_key, cell_start, cell_piece, piece_stretch, first, plat, plon, pcm, length_cm, usable, lats, lons, limit_m,
    out_stretch, out_along, out_off,
):  # fmt: skip
    """Rings of cells around each position, until nothing nearer can come."""
    for i in range(len(lats)):
        y0, x0 = lats[i] * DEGREE, lons[i] * DEGREE
        shrink = np.cos(np.radians(lats[i]))
        cy, cx = int(np.floor(y0 / CELL)), int(np.floor(x0 / CELL))
        ring_m = CELL * _METRES_A_UNIT * min(1.0, shrink)
        best_m = limit_m
        ring = 0
        while (ring - 1) * ring_m <= best_m:
            for y in range(cy - ring, cy + ring + 1):
                edge = y == cy - ring or y == cy + ring
                step = 1 if edge or ring == 0 else 2 * ring
                for x in range(cx - ring, cx + ring + 1, step):
                    key = cell_of(y, x)
                    row = np.searchsorted(cell_key, key)
                    if row == len(cell_key) or cell_key[row] != key:
                        continue
                    for k in range(cell_start[row], cell_start[row + 1]):
                        p = cell_piece[k]
                        s = piece_stretch[p]
                        if not usable[s]:
                            continue
                        ay, ax = (plat[p] - y0) * _METRES_A_UNIT, (plon[p] - x0) * _METRES_A_UNIT * shrink
                        by, bx = (plat[p + 1] - y0) * _METRES_A_UNIT, (plon[p + 1] - x0) * _METRES_A_UNIT * shrink
                        dy, dx = by - ay, bx - ax
                        long2 = dy * dy + dx * dx
                        t = 0.0 if long2 == 0.0 else min(1.0, max(0.0, -(ay * dy + ax * dx) / long2))
                        off = np.hypot(ay + t * dy, ax + t * dx)
                        if off < best_m or (off == best_m and out_stretch[i] >= 0 and s < out_stretch[i]):
                            best_m = off
                            out_stretch[i] = s
                            out_along[i] = pcm[p] - pcm[first[s]] + np.int64(np.rint(t * (pcm[p + 1] - pcm[p])))
                            out_off[i] = np.int32(np.rint(off * 100))
            ring += 1
        if out_stretch[i] >= 0:
            rest = length_cm[out_stretch[i]] - out_along[i]
            if out_along[i] <= min(AT_JUNCTION_CM, rest):
                out_along[i] = 0
            elif rest <= AT_JUNCTION_CM:
                out_along[i] += rest

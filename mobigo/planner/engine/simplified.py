"""A line with fewer points: those without which it would be drawn elsewhere (Douglas-Peucker)."""

import numba
import numpy as np
from numpy.typing import NDArray

from mobigo.network.model.timetable import F64


def simplified(x: F64, y: F64, tolerance: float) -> NDArray[np.bool_]:
    """The vertices to keep, both ends among them, so that none of the others is further than `tolerance` away from the
    line through them. Of vertices equally far the first is kept."""
    kept = np.zeros(len(x), np.bool_)
    _keep(np.ascontiguousarray(x, np.float64), np.ascontiguousarray(y, np.float64), tolerance, kept)
    return kept


@numba.njit(cache=True, nogil=True)
def _keep(x, y, tolerance, kept):  # type: ignore[no-untyped-def]  # kernel
    count = len(x)
    if count == 0:
        return
    kept[0] = kept[count - 1] = True
    opened = np.empty((count, 2), np.int64)  # parts to look at; each split keeps one vertex more, so there is room
    opened[0, 0], opened[0, 1] = 0, count - 1
    left = 1
    while left:
        left -= 1
        a, b = opened[left, 0], opened[left, 1]
        dx, dy = x[b] - x[a], y[b] - y[a]
        length = np.hypot(dx, dy)
        far, furthest = -1, tolerance
        for k in range(a + 1, b):
            px, py = x[k] - x[a], y[k] - y[a]
            away = abs(px * dy - py * dx) / length if length > 0 else np.hypot(px, py)
            if away > furthest:
                far, furthest = k, away
        if far >= 0:
            kept[far] = True
            opened[left, 0], opened[left, 1] = a, far
            opened[left + 1, 0], opened[left + 1, 1] = far, b
            left += 2

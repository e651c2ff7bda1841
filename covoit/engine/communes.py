"""In which commune a point lies: by the outlines, else the nearest one within 300 m (a bank, a simplified border).

Positions are taken to metres on a plane through 47° north: containment does not depend on it, and distances of a few
hundred metres are right to a few per cent from Lille to Perpignan.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from covoit.model.communes import Outline
from mobigo.base.geo import Point

NEAR_M: Final = 300.0
_DEGREE_M: Final = 111_195.0
_EAST_M: Final = _DEGREE_M * math.cos(math.radians(47.0))


class Communes:
    """The outlines, ready to be asked."""

    def __init__(self, outlines: Sequence[Outline]) -> None:
        """The smallest code answers where outlines meet or overlap."""
        ordered = sorted(outlines, key=lambda each: each.code)
        self.codes = [each.code for each in ordered]
        self._tree = shapely.STRtree([_shape(each) for each in ordered])

    def locate(self, points: Sequence[Point]) -> list[str | None]:
        """The commune of each point, None for one that lies in none nor near one."""
        if not points or not self.codes:
            return [None] * len(points)
        at = shapely.points(_plane(np.array([(point.lon, point.lat) for point in points])))
        found: list[int | None] = [None] * len(points)
        for number, row in zip(*self._tree.query(at, predicate="intersects").tolist(), strict=True):
            found[number] = row if found[number] is None else min(found[number], row)
        alone = [number for number, row in enumerate(found) if row is None]
        if alone:
            near = self._tree.query_nearest(at[alone], max_distance=NEAR_M)
            for number, row in zip(*near.tolist(), strict=True):
                known = found[alone[number]]
                found[alone[number]] = row if known is None else min(known, row)
        return [None if row is None else self.codes[row] for row in found]


def _shape(outline: Outline) -> object:
    parts = [
        shapely.polygons(_ring(rings[0]), holes=[_ring(each) for each in rings[1:]] or None) for rings in outline.parts
    ]
    return shapely.make_valid(shapely.multipolygons(parts))


def _ring(points: Sequence[tuple[float, float]]) -> object:
    return shapely.linearrings(_plane(np.array(points)))


def _plane(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    scaled: NDArray[np.float64] = degrees * np.array([_EAST_M, _DEGREE_M])
    return scaled

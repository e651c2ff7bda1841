"""How long the road takes: the crow's flight longer by a factor, or the streets' driving times where they are known."""

from collections.abc import Iterable
from math import ceil
from typing import Final

from mobigo.base.geo import Point, distance_m

DETOUR: Final = 1.3  # roads of a hilly country against the crow's flight
SPEED_M_S: Final = 45 / 3.6
CROW, STREETS = "crow", "streets"


class CrowFly:
    """Without streets: the great circle × 1.3 at 45 km/h. Rounded up, so that no way by a third point is shorter."""

    def time_s(self, a: Point, b: Point) -> int:
        """Seconds, rounded up."""
        return 0 if a == b else ceil(distance_m(a, b) * DETOUR / SPEED_M_S)

    def distance_m(self, a: Point, b: Point) -> int:
        """Metres, rounded up."""
        return 0 if a == b else ceil(distance_m(a, b) * DETOUR)


class Driven:
    """The driving times of the streets between known positions; by the crow's flight where no street leads.

    Times are closed under the triangle (Floyd, Warshall): snapping to streets breaks it by seconds otherwise.
    """

    def __init__(self, points: Iterable[Point], driving: object) -> None:
        import numpy as np

        self._crow = CrowFly()
        known = list(dict.fromkeys(points))
        self._at = {point: number for number, point in enumerate(known)}
        found = driving.matrix(known, known).astype(np.int64)  # type: ignore[attr-defined]  # mobigo.network's Driving
        crow = np.array([[self._crow.time_s(a, b) for b in known] for a in known], np.int64)
        times = np.where(found >= 0, found, crow)
        np.fill_diagonal(times, 0)
        for middle in range(len(known)):
            np.minimum(times, times[:, middle : middle + 1] + times[middle : middle + 1, :], out=times)
        self._times = times

    def time_s(self, a: Point, b: Point) -> int:
        """Seconds, rounded up."""
        return int(self._times[self._at[a], self._at[b]])

    def distance_m(self, a: Point, b: Point) -> int:
        """Metres, about: what rounds are compared by."""
        return self._crow.distance_m(a, b)

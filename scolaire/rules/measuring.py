"""How long the way to school is, where no street network says: as the crow flies, times a factor, with a margin.

The margin is part of the answer: a right is never refused on a length that may be wrong, it is measured again.
"""

from math import ceil
from typing import Final, Protocol

from mobigo.base.geo import Point, distance_m
from scolaire.model.rights import Measured, Method

DETOUR: Final = 1.3  # ways by road are between 1 and 1.7 times the straight line: 1.3, 30 % above or below
MARGIN_PCT: Final = 30
COMMUNE_M: Final = 10_000  # from anywhere in a commune of the region to the point that stands for it
WALK_MAX_M: Final = 3_000


class Meter(Protocol):
    """Measures ways. None where it cannot (a point outside its streets)."""

    def way(self, a: Point, b: Point) -> Measured | None: ...


class CrowFlies:
    """The meter without streets: the straight line times 1.3, 30 % more or less, and said so."""

    def way(self, a: Point, b: Point) -> Measured | None:
        straight_m = distance_m(a, b)
        return Measured(
            round(straight_m * DETOUR), Method.ESTIMATE, MARGIN_PCT, "vol d’oiseau × 1,3", (a, b)
        )  # fmt: skip


def from_commune(centre: Point, school: Point) -> Measured:
    """The way from somewhere in a commune, when the home itself is not located: surely no shorter than the straight
    line less the commune's own reach. The margin says how little is known."""
    straight_m = distance_m(centre, school)
    length_m = max(1, round(straight_m * DETOUR))
    least_m = max(0.0, straight_m - COMMUNE_M)
    margin_pct = min(100, ceil(100 * (1 - least_m / length_m)))
    return Measured(length_m, Method.ESTIMATE, margin_pct, "centre de la commune, vol d’oiseau × 1,3")

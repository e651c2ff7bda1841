"""Positions in WGS84 degrees and distances in metres, on the sphere of the mean Earth radius (IUGG: 6,371,008.8 m)."""

from dataclasses import dataclass
from math import asin, cos, isfinite, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Point:
    """A position; latitude first, as people say it. Raises ValueError outside the globe."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (isfinite(self.lat) and isfinite(self.lon) and -90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            raise ValueError(f"not a position: {self.lat}, {self.lon}")


def distance_m(a: Point, b: Point) -> float:
    """Great-circle distance (haversine), exact enough at any length: within 0.6 % of the ellipsoid's."""
    half_lat = radians(b.lat - a.lat) / 2
    half_lon = radians(b.lon - a.lon) / 2
    chord = sin(half_lat) ** 2 + cos(radians(a.lat)) * cos(radians(b.lat)) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(chord)))

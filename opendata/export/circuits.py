"""Circuits as GeoJSON (RFC 7946): strokes between the places that may be named, simplified; never a child's doors."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from mobigo.base.geo import Point, distance_m

TOLERANCE_M: Final = 20.0
DEGREE_M: Final = 111_195.0  # of latitude, on a sphere of 6,371 km
PLACES: Final = 4  # decimals: eleven metres


def circuits_geojson(circuits: Iterable[tuple[Mapping[str, object], Sequence[Point]]]) -> bytes:
    """One feature a circuit, with the length of the stroke as `longueur_m`, to a hundred metres; a circuit that has
    fewer than two places left is without a geometry."""
    features = []
    for properties, places in circuits:
        line = simplified(places)
        drawn = len(line) > 1
        length = sum(distance_m(one, other) for one, other in pairwise(line))
        features.append(
            {
                "type": "Feature",
                "geometry": {
                    "type": "LineString", "coordinates": [[round(at.lon, PLACES), round(at.lat, PLACES)] for at in line]
                } if drawn else None,
                "properties": {**properties, "longueur_m": round(length / 100) * 100 if drawn else None},
            }
        )  # fmt: skip
    document = {"type": "FeatureCollection", "features": features}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def simplified(places: Sequence[Point]) -> list[Point]:
    """The stroke without the places that lie within twenty metres of it (Douglas and Peucker, 1973)."""
    from shapely import LineString

    apart = [at for at, before in zip(places, [None, *places], strict=False) if at != before]
    if len(apart) < 2:
        return list(apart)
    line = LineString([(at.lon, at.lat) for at in apart]).simplify(TOLERANCE_M / DEGREE_M, preserve_topology=True)
    return [Point(lat, lon) for lon, lat in line.coords]

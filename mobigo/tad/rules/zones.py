"""The zones of a service, drawn or pasted as GeoJSON: read, and refused with what must be mended.

The limits are ours: a zone is part of the Region, is one piece without holes, and no larger than a vehicle can serve.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.tad.model.services import Zone

POINTS_MAX: Final = 500
ZONES_MAX: Final = 30
AREA_KM2_MAX: Final = 3_000  # about a third of a département: more is no service but a map
AREA_KM2_MIN: Final = 0.01
# Bourgogne-Franche-Comté lies within (IGN, Admin Express, rounded outwards): south, west, north, east.
BOUNDS: Final = (46.1, 2.8, 48.5, 7.2)
TEXT_MAX: Final = 200_000
_KM_PER_DEGREE: Final = 111.2


def refusal(zone: Zone) -> Decision | None:
    """What is wrong with a zone; None when nothing is."""
    name = zone.name or zone.id
    if len(zone.ring) < 3:
        return Decision("tad.zone_few_points", name=name)
    if len(zone.ring) > POINTS_MAX:
        return Decision("tad.zone_many_points", name=name, most=POINTS_MAX)
    south, west, north, east = BOUNDS
    for point in zone.ring:
        if not (south <= point.lat <= north and west <= point.lon <= east):
            return Decision("tad.zone_outside", name=name, lat=_figures(point.lat), lon=_figures(point.lon))
    from shapely import Polygon
    from shapely.validation import explain_validity

    drawn = Polygon([(point.lon, point.lat) for point in zone.ring])
    if not drawn.is_valid:
        return Decision("tad.zone_crosses", name=name, where=_where(explain_validity(drawn)))
    area_km2 = area_of(zone)
    if area_km2 > AREA_KM2_MAX:
        return Decision("tad.zone_large", name=name, area=round(area_km2), most=AREA_KM2_MAX)
    if area_km2 < AREA_KM2_MIN:
        return Decision("tad.zone_small", name=name)
    return None


def refusal_of_all(zones: Sequence[Zone]) -> Decision | None:
    """What is wrong with the zones of a service; None when nothing is."""
    if len(zones) > ZONES_MAX:
        return Decision("tad.zones_many", most=ZONES_MAX)
    names = [each.id for each in zones]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        return Decision("tad.zone_twice", name=twice)
    return next((why for each in zones if (why := refusal(each)) is not None), None)


def area_of(zone: Zone) -> float:
    """Square kilometres, on a plane at the zone's latitude: within a hundredth, at this size."""
    from math import cos, radians

    wide = cos(radians(sum(point.lat for point in zone.ring) / len(zone.ring)))
    flat = [(point.lon * wide * _KM_PER_DEGREE, point.lat * _KM_PER_DEGREE) for point in zone.ring]
    doubled = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(flat, [*flat[1:], flat[0]], strict=True))
    return abs(doubled) / 2


def zones_of(text: str) -> list[dict[str, Any]]:
    """The zones of a GeoJSON text as a service's document has them; none for a blank one.

    Raises InvalidInput: "tad.zone_unreadable" for what is no GeoJSON of areas, "tad.zone_hole" for an area with a hole.
    """
    if not text.strip():
        return []
    try:
        given = json.loads(text[:TEXT_MAX])
        found = [zone for number, each in enumerate(_features(given), 1) for zone in _zones(each, number)]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        raise InvalidInput("tad.zone_unreadable") from None
    if not found:
        raise InvalidInput("tad.zone_unreadable")
    return found


def _features(given: Any) -> Iterator[Mapping[str, Any]]:
    """Each feature of a collection; a bare geometry is one without properties."""
    if given["type"] == "FeatureCollection":
        yield from given["features"]
    elif given["type"] == "Feature":
        yield given
    else:
        yield {"geometry": given}


def _zones(feature: Mapping[str, Any], number: int) -> Iterator[dict[str, Any]]:
    shape, properties = feature["geometry"], feature.get("properties") or {}
    polygons = {"Polygon": [shape["coordinates"]], "MultiPolygon": shape["coordinates"]}[shape["type"]]
    id_ = str(feature.get("id") or properties.get("id") or f"zone-{number}")[:50]
    name = str(properties.get("name") or properties.get("nom") or properties.get("stop_name") or id_)[:100]
    for part, rings in enumerate(polygons, 1):
        if len(rings) != 1:
            raise InvalidInput("tad.zone_hole", name=name)
        ring = [_position(name, float(lat), float(lon)) for lon, lat, *_height in rings[0]]
        if len(ring) > 1 and ring[0] == ring[-1]:
            ring = ring[:-1]
        yield {"id": id_ if len(polygons) == 1 else f"{id_}-{part}", "name": name, "ring": ring}


def _position(name: str, lat: float, lon: float) -> list[float]:
    """Raises InvalidInput("tad.zone_outside") for what is no position on the globe."""
    try:
        Point(lat, lon)
    except ValueError:
        raise InvalidInput("tad.zone_outside", name=name, lat=_figures(lat), lon=_figures(lon)) from None
    return [round(lat, 6), round(lon, 6)]


def geojson_of(zones: Iterable[Zone]) -> str:
    """The zones as GeoJSON, one feature a line: what `zones_of` reads back."""
    features = [
        {
            "type": "Feature", "id": zone.id, "properties": {"name": zone.name},
            "geometry": {"type": "Polygon",
                         "coordinates": [[[point.lon, point.lat] for point in (*zone.ring, zone.ring[0])]]},
        }
        for zone in zones
    ]  # fmt: skip
    if not features:
        return ""
    lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in features)
    return f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}'


def _where(said: str) -> str:
    """ "47,0500 ; 4,1500" out of "Self-intersection[4.15 47.05]"; a dash where no position is said."""
    inside = said.partition("[")[2].partition("]")[0].split()
    try:
        point = Point(float(inside[1]), float(inside[0]))
    except (IndexError, ValueError):
        return "—"
    return f"{_figures(point.lat)} ; {_figures(point.lon)}"


def _figures(degrees: float) -> str:
    return f"{degrees:.4f}"

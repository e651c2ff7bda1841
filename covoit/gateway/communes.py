"""Outlines of communes that whoever runs the service hands over, as GeoJSON (IGN Admin Express and the files made from
it have this shape). None is shipped: they are somebody's data, under their licence.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from covoit.model.communes import Outline, Ring
from mobigo.base.errors import InvalidInput

LARGEST_BYTES: Final = 400_000_000
_CODE: Final = re.compile(r"(?:[0-9]{2}|2[AB])[0-9]{3}", re.ASCII)
_CODES: Final = ("code", "insee", "INSEE_COM", "insee_com", "code_insee", "codgeo")
_NAMES: Final = ("nom", "name", "NOM", "NOM_COM", "libgeo")


def read_outlines(content: bytes, file: str) -> list[Outline]:
    """The communes of a file. Raises InvalidInput("covoit.communes_file") with the file, the feature (from 1) and what
    is wrong with it: all are good, or none is taken."""
    if len(content) > LARGEST_BYTES:
        raise _wrong(file, 0, f"> {LARGEST_BYTES // 1_000_000} MB")
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as wrong:
        raise _wrong(file, 0, f"JSON, {wrong.lineno}:{wrong.colno}") from wrong
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features:
        raise _wrong(file, 0, "FeatureCollection ?")
    return [_outline(feature, file, number) for number, feature in enumerate(features, 1)]


def as_geojson(outlines: Iterable[Outline]) -> bytes:
    """The same, in one file, by code: same communes, same bytes."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": each.code, "nom": each.name},
            "geometry": {"type": "MultiPolygon", "coordinates": each.parts},
        }
        for each in sorted(outlines, key=lambda each: each.code)
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def _outline(feature: Any, file: str, number: int) -> Outline:
    if not isinstance(feature, dict) or not isinstance(feature.get("geometry"), dict):
        raise _wrong(file, number, "geometry ?")
    properties = feature.get("properties")
    if not isinstance(properties, Mapping):
        raise _wrong(file, number, "properties ?")
    code = _first(properties, _CODES)
    if code is None or _CODE.fullmatch(code) is None:
        raise _wrong(file, number, f"code {code!r}"[:60])
    kind, given = feature["geometry"].get("type"), feature["geometry"].get("coordinates")
    parts = {"Polygon": [given], "MultiPolygon": given}.get(str(kind))
    if not isinstance(parts, list) or not parts:
        raise _wrong(file, number, f"geometry {kind!r}"[:60])
    return Outline(code, _first(properties, _NAMES) or code, tuple(tuple(_rings(part, file, number)) for part in parts))


def _rings(part: Any, file: str, number: int) -> Iterator[Ring]:
    if not isinstance(part, list) or not part:
        raise _wrong(file, number, "ring ?")
    for ring in part:
        try:
            points = tuple((float(point[0]), float(point[1])) for point in ring)
        except (TypeError, ValueError, IndexError) as wrong:
            raise _wrong(file, number, "coordinates ?") from wrong
        if len(points) < 4 or points[0] != points[-1]:
            raise _wrong(file, number, "ring not closed")
        if not all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in points):
            raise _wrong(file, number, "not longitude, latitude in degrees")
        yield points


def _first(properties: Mapping[str, Any], names: Iterable[str]) -> str | None:
    return next((str(properties[name]) for name in names if properties.get(name) not in (None, "")), None)


def _wrong(file: str, number: int, reason: str) -> InvalidInput:
    return InvalidInput("covoit.communes_file", file=file[:100], feature=number, reason=reason)

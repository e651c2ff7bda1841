"""A GeoJSON file as a small drawing for a page: points and lines on the plane, north up, nothing asked of anybody."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

WIDTH: Final = 640
MARGIN: Final = 8
Place = tuple[float, float]
STEP: Final = 1.0  # what lies nearer than this to what is drawn, in units of the drawing, is left out


@dataclass(frozen=True, slots=True)
class Sketch:
    """A drawing: SVG path data for its points (dots) and its lines; `count`: how many features it shows."""

    width: int
    height: int
    points: str
    lines: tuple[str, ...]
    count: int


def sketch(document: Mapping[str, Any]) -> Sketch | None:
    """The drawing of a feature collection; None when it has no position. Longitudes are shortened by the cosine of the
    middle latitude, so that a square kilometre is square."""
    features = [each for each in document.get("features", ()) if each.get("geometry")]
    shapes = [shape for feature in features for shape in _shapes(feature["geometry"])]
    places = [place for shape in shapes for place in shape]
    if not places:
        return None
    at, height = plane(places)
    dots = {(round(x), round(y)) for shape in shapes if len(shape) == 1 for x, y in [at(shape[0])]}
    return Sketch(
        width=WIDTH,
        height=height,
        points="".join(f"M{x} {y}h0" for x, y in sorted(dots)),
        lines=tuple(filter(None, (_path([at(place) for place in shape]) for shape in shapes if len(shape) > 1))),
        count=len(features),
    )


def plane(places: Sequence[Place]) -> tuple[Callable[[Place], Place], int]:
    """How these positions (longitude, latitude), at least one, lie on a drawing of `WIDTH`: a function to its units,
    and its height."""
    west, east = min(lon for lon, _lat in places), max(lon for lon, _lat in places)
    south, north = min(lat for _lon, lat in places), max(lat for _lon, lat in places)
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = (WIDTH - 2 * MARGIN) / max((east - west) * squeeze, (north - south) / 1.5, 1e-6)

    def at(place: Place) -> Place:
        return MARGIN + (place[0] - west) * squeeze * scale, MARGIN + (north - place[1]) * scale

    return at, math.ceil((north - south) * scale + 2 * MARGIN)


def _path(places: list[tuple[float, float]]) -> str:
    kept = [places[0]]
    for place in places[1:]:
        if math.dist(place, kept[-1]) >= STEP:
            kept.append(place)
    if len(kept) < 2:
        return ""
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in kept)


def _shapes(geometry: Mapping[str, Any]) -> Iterator[list[tuple[float, float]]]:
    """The points and lines of a geometry, rings of polygons among them; (longitude, latitude)."""
    kind, inside = geometry["type"], geometry.get("coordinates", [])
    if kind == "Point":
        yield [_place(inside)]
    elif kind == "LineString":
        yield [_place(each) for each in inside]
    elif kind == "MultiPoint":
        yield from ([_place(each)] for each in inside)
    elif kind in ("MultiLineString", "Polygon"):
        yield from ([_place(each) for each in line] for line in inside)
    elif kind == "MultiPolygon":
        yield from ([_place(each) for each in ring] for polygon in inside for ring in polygon)
    elif kind == "GeometryCollection":
        for each in geometry.get("geometries", ()):
            yield from _shapes(each)


def _place(position: list[float]) -> tuple[float, float]:
    return float(position[0]), float(position[1])

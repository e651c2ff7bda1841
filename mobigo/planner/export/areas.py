"""What is reached from a place, as GeoJSON (RFC 7946) and as a drawing, with the communes whose centre is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely

from mobigo.network.model.places import Commune
from mobigo.planner.engine.areas import ReachedAreas
from mobigo.planner.engine.reach import METRES_A_DEGREE

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReachedCommune:
    """A commune, and how many minutes after leaving one is at its centre."""

    commune: Commune
    minutes: int


def communes_reached(found: ReachedAreas, communes: Sequence[Commune], minutes_max: int) -> list[ReachedCommune]:
    """The communes whose centre is reached, the soonest first."""
    timed = ((commune, found.grid.at(commune.lat, commune.lon)) for commune in communes)
    out = [ReachedCommune(commune, -(-seconds // 60)) for commune, seconds in timed if seconds is not None]
    return sorted(
        (each for each in out if each.minutes <= minutes_max), key=lambda each: (each.minutes, each.commune.insee)
    )


def areas_json(found: ReachedAreas, minutes: Sequence[int], communes: Sequence[ReachedCommune]) -> Json:
    """A feature for each bound; beside them the communes, each once."""
    return {
        "type": "FeatureCollection",
        "along_streets": found.along_streets,
        "cell_m": round(found.grid.high * METRES_A_DEGREE),
        "features": [
            {
                "type": "Feature",
                "geometry": orjson.loads(shapely.to_geojson(shapely.transform(shape, lambda at: np.round(at, 5)))),
                "properties": {
                    "minutes": bound,
                    "communes": sum(each.minutes <= bound for each in communes),
                    "population": sum(each.commune.population for each in communes if each.minutes <= bound),
                },
            }
            for bound, shape in zip(minutes, found.areas, strict=True)
        ],
        "communes": [
            {
                "insee": each.commune.insee,
                "name": each.commune.name,
                "minutes": each.minutes,
                "population": each.commune.population,
            }
            for each in communes
        ],
    }


WIDE: int = 1000  # units of a drawing, from west to east
NAMES_MAX: int = 6
APART: int = 110  # units between two names at least


@dataclass(frozen=True, slots=True)
class Named:
    """A commune written on a drawing."""

    name: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """Areas as SVG paths, the largest first: (minutes, path). `height` units high, `WIDE` wide."""

    height: int
    areas: tuple[tuple[int, str], ...]
    outlines: str
    names: tuple[Named, ...]


class Frame:
    """Where a drawing shows a part of the land: `WIDE` units from west to east, `height` from north to south."""

    def __init__(self, west: float, south: float, east: float, north: float) -> None:
        shrink = float(np.cos(np.radians((south + north) / 2)))
        margin = 0.04 * max((east - west) * shrink, north - south)
        self._west, south, east, self._north = (
            west - margin / shrink,
            south - margin,
            east + margin / shrink,
            north + margin,
        )
        self._scale = WIDE / ((east - self._west) * shrink)
        self._shrink = shrink
        self.height = round((self._north - south) * self._scale)
        self._box = shapely.box(self._west, south, east, self._north)

    def at(self, lon: float, lat: float) -> tuple[int, int]:
        """Where a position is drawn."""
        return round((lon - self._west) * self._shrink * self._scale), round((self._north - lat) * self._scale)

    def outlines(self, drawn: Json) -> str:
        """The borders of GeoJSON polygons within the frame, as an SVG path."""
        land = [shapely.from_geojson(orjson.dumps(feature["geometry"])) for feature in drawn["features"]]
        return "".join(_lines(shapely.intersection(shape.boundary, self._box), self.at) for shape in land)

    def path(self, shape: shapely.Geometry) -> str:
        """The polygons of a shape as an SVG path; empty for none."""
        return _path(shape, self.at)


def drawing(found: ReachedAreas, minutes: Sequence[int], outlines: Json, communes: Sequence[ReachedCommune]) -> Drawing:
    """The areas on the outlines of the territory, cut around the largest; the communes with most people by name."""
    frame = Frame(*shapely.union_all(found.areas).bounds)
    return Drawing(
        frame.height,
        tuple((bound, frame.path(shape)) for bound, shape in reversed(list(zip(minutes, found.areas, strict=True)))),
        frame.outlines(outlines),
        _names(communes, frame.at),
    )


def _names(communes: Sequence[ReachedCommune], at: Callable[[float, float], tuple[int, int]]) -> tuple[Named, ...]:
    named: list[Named] = []
    for each in sorted(communes, key=lambda each: (-each.commune.population, each.commune.insee)):
        x, y = at(each.commune.lon, each.commune.lat)
        if all(abs(other.x - x) > 2 * APART or abs(other.y - y) > APART / 2 for other in named):
            named.append(Named(each.commune.name, x, y))
        if len(named) == NAMES_MAX:
            break
    return tuple(named)


def _path(shape: shapely.Geometry, at: Callable[[float, float], tuple[int, int]]) -> str:
    parts = [each for each in shapely.get_parts(shape) if each.geom_type == "Polygon" and not each.is_empty]
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    return "".join(_line(ring.coords, at) + "Z" for ring in rings)


def _lines(shape: shapely.Geometry, at: Callable[[float, float], tuple[int, int]]) -> str:
    parts = [each for each in shapely.get_parts(shape) if each.geom_type == "LineString" and not each.is_empty]
    return "".join(_line(part.coords, at) for part in parts)


def _line(coords: Any, at: Callable[[float, float], tuple[int, int]]) -> str:
    points = [at(lon, lat) for lon, lat, *_ in coords]
    kept = [point for n, point in enumerate(points) if n == 0 or point != points[n - 1]]
    return "M" + "L".join(f"{x} {y}" for x, y in kept)

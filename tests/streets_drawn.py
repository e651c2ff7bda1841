"""Streets drawn for a test: ways named by the corners they go through, on a grid of 100 m; and the file of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mobigo.base.geo import EARTH_RADIUS_M, Point
from mobigo.network.model.streets import DEGREE, RawStreets, StationEntrance
from mobigo.network.model.timetable import Strings
from mobigo.network.rules.osm import entrance_of, node_bars, way_pass

ORIGIN = Point(47.0, 4.0)
STEP_M = 100.0
_DEGREES_A_METRE = 180 / np.pi / EARTH_RADIUS_M

Corner = tuple[float, float]  # hundreds of metres east and north of ORIGIN
DrawnWay = tuple[Sequence[Corner], Mapping[str, str]]


def at(corner: Corner) -> Point:
    """Where a corner is."""
    east, north = corner
    lat = ORIGIN.lat + north * STEP_M * _DEGREES_A_METRE
    return Point(lat, ORIGIN.lon + east * STEP_M * _DEGREES_A_METRE / np.cos(np.radians(ORIGIN.lat)))


def drawn(ways: Sequence[DrawnWay], nodes: Mapping[Corner, Mapping[str, str]] | None = None) -> RawStreets:
    """The ways as the reader of map files gives them; ways that nobody may use are left out, as it does."""
    corners = _numbered(ways)
    used = [(number + 1, line, way_pass(tags), tags.get("name", "")) for number, (line, tags) in enumerate(ways)]
    used = [each for each in used if each[2][0]]
    names = sorted({name for *_rest, name in used if name})
    points = [corner for _id, line, _passed, _name in used for corner in line]
    bars = {corners[corner]: node_bars(tags) for corner, tags in (nodes or {}).items() if node_bars(tags)}
    entrances = [
        StationEntrance(corners[corner], _units(at(corner).lat), _units(at(corner).lon), *told)
        for corner, tags in (nodes or {}).items()
        if (told := entrance_of(tags)) is not None
    ]
    return RawStreets(
        way_id=np.array([way for way, *_rest in used], np.int64),
        way_pass=np.array([passed[0] for _way, _line, passed, _name in used], np.int32),
        way_speed_kmh=np.array([passed[1] for _way, _line, passed, _name in used], np.uint8),
        way_name=np.array([names.index(name) if name else -1 for *_rest, name in used], np.int32),
        names=Strings.of(names),
        way_start=np.cumsum([0, *(len(line) for _way, line, _passed, _name in used)]).astype(np.int64),
        node_id=np.array([corners[corner] for corner in points], np.int64),
        node_lat=np.array([_units(at(corner).lat) for corner in points], np.int32),
        node_lon=np.array([_units(at(corner).lon) for corner in points], np.int32),
        barred_node=np.array(sorted(bars), np.int64),
        barred=np.array([bars[node] for node in sorted(bars)], np.uint8),
        entrances=tuple(sorted(entrances)),
    )


def write_pbf(path: Path, ways: Sequence[DrawnWay], nodes: Mapping[Corner, Mapping[str, str]] | None = None) -> Path:
    """The same as a file of OpenStreetMap."""
    import osmium
    from osmium.osm.mutable import Node, Way

    corners = _numbered(ways)
    with osmium.SimpleWriter(str(path)) as writer:
        for corner, number in sorted(corners.items(), key=lambda item: item[1]):
            place = at(corner)
            writer.add_node(Node(id=number, location=(place.lon, place.lat), tags=dict((nodes or {}).get(corner, {}))))
        for number, (line, tags) in enumerate(ways):
            writer.add_way(Way(id=number + 1, nodes=[corners[corner] for corner in line], tags=dict(tags)))
    return path


def _numbered(ways: Sequence[DrawnWay]) -> dict[Corner, int]:
    corners: dict[Corner, int] = {}
    for line, _tags in ways:
        for corner in line:
            corners.setdefault(corner, len(corners) + 1)
    return corners


def _units(degrees: float) -> int:
    return round(degrees * DEGREE)

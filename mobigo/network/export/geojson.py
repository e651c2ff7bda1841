"""Stops and lines as GeoJSON (RFC 7946), for maps. Same tables, same bytes.

A line is drawn by its fewest most frequent variants that together call at all its stops: each along its shape, or from
stop to stop where the feed gives none. Positions are those of the feed, to 5 decimals (about a metre).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import orjson

from mobigo.network.engine.columns import floats, ints, rows_of, table_of, texts
from mobigo.network.model.feed import FeedTables
from mobigo.network.model.timetable import I32

_DECIMALS = 5
_ACCESS = {0: None, 1: True, 2: False}

Position = list[float]


@dataclass(frozen=True)
class Variant:
    """The trips of a line that call at the same stops along the same shape."""

    shape: str
    stops: tuple[int, ...]
    trips: int


class Drawing:
    """What is drawn of a feed: its stops, its lines, and which calls where."""

    def __init__(self, tables: FeedTables) -> None:
        self.tables = tables
        self.stops = table_of(tables, "stops", "stop_id").sort("stop_id", maintain_order=True)
        self.routes = table_of(tables, "routes", "route_id", "route_type").sort("route_id", maintain_order=True)
        self.trips = table_of(tables, "trips", "trip_id", "route_id", "shape_id")
        self.lat, self.lon = floats(self.stops, "stop_lat"), floats(self.stops, "stop_lon")
        self.trip_route = rows_of(texts(self.trips, "route_id"), texts(self.routes, "route_id"))

    @cached_property
    def calls(self) -> tuple[I32, I32]:
        """Each call of a trip at a stop, by row of `trips` and of `stops`: trip by trip, in the order of the visits."""
        times = table_of(self.tables, "stop_times", "trip_id", "stop_id", "stop_sequence")
        trip = rows_of(texts(times, "trip_id"), texts(self.trips, "trip_id"))
        stop = rows_of(texts(times, "stop_id"), texts(self.stops, "stop_id"))
        order = np.lexsort((ints(times, "stop_sequence", -1), trip))
        order = order[(trip[order] >= 0) & (stop[order] >= 0)]
        return trip[order], stop[order]

    @cached_property
    def variants(self) -> dict[int, list[Variant]]:
        """By row of `routes`, the variants of the line, the most frequent first."""
        trip, stop = self.calls
        starts = np.searchsorted(trip, np.arange(self.trips.height + 1))
        shapes = texts(self.trips, "shape_id").to_list()
        counted: dict[tuple[int, str, bytes], int] = {}
        for row in range(self.trips.height):
            called = stop[starts[row] : starts[row + 1]]
            if len(called) and self.trip_route[row] >= 0:
                key = int(self.trip_route[row]), shapes[row], called.tobytes()
                counted[key] = counted.get(key, 0) + 1
        out: dict[int, list[Variant]] = {}
        for (route, shape, called_bytes), trips in counted.items():
            stops = tuple(np.frombuffer(called_bytes, np.int32).tolist())
            out.setdefault(route, []).append(Variant(shape, stops, trips))
        return {route: sorted(found, key=_frequent_first) for route, found in out.items()}

    @cached_property
    def lines_of_stop(self) -> dict[int, list[int]]:
        """By row of `stops`, the rows of `routes` that call there."""
        calling: dict[int, set[int]] = {}
        for route, variants in self.variants.items():
            for stop in {stop for variant in variants for stop in variant.stops}:
                calling.setdefault(stop, set()).add(route)
        return {stop: sorted(routes) for stop, routes in calling.items()}

    @cached_property
    def shapes(self) -> dict[str, list[Position]]:
        """The positions of each shape, in order."""
        table = table_of(self.tables, "shapes", "shape_id", "shape_pt_sequence")
        lat, lon = floats(table, "shape_pt_lat"), floats(table, "shape_pt_lon")
        names = texts(table, "shape_id").to_list()
        out: dict[str, list[Position]] = {}
        for row in np.argsort(ints(table, "shape_pt_sequence", -1), kind="stable").tolist():
            if not np.isnan(lat[row]) and not np.isnan(lon[row]):
                out.setdefault(names[row], []).append(_position(lon[row], lat[row]))
        return out


def _frequent_first(variant: Variant) -> tuple[int, int, str, tuple[int, ...]]:
    return -variant.trips, -len(variant.stops), variant.shape, variant.stops


def stops_geojson(drawing: Drawing) -> bytes:
    """Every stop, station and entrance; one without a position has a null geometry."""
    names = _line_names(drawing)
    table, lines = drawing.stops, drawing.lines_of_stop
    access, kind = ints(table, "wheelchair_boarding", 0), ints(table, "location_type", 0)
    columns = ("stop_id", "stop_code", "stop_name", "stop_desc", "parent_station", "platform_code", "zone_id")
    text = {column: texts(table, column).to_list() for column in columns}
    features = []
    for row in range(table.height):
        known = {column: text[column][row] or None for column in columns}
        properties = {
            **known,
            "location_type": int(kind[row]),
            "wheelchair_boarding": _ACCESS.get(int(access[row])),
            "lines": [names[route] for route in lines.get(row, ())],
        }
        at = [] if np.isnan(drawing.lat[row]) or np.isnan(drawing.lon[row]) else [drawing.lon[row], drawing.lat[row]]
        geometry = {"type": "Point", "coordinates": _position(*at)} if at else None
        features.append(_feature(known["stop_id"], geometry, properties))
    return _collection(features)


def lines_geojson(drawing: Drawing) -> bytes:
    """Every line; one that never runs has a null geometry."""
    table = drawing.routes
    columns = ("route_id", "agency_id", "route_short_name", "route_long_name", "route_color", "route_text_color")
    text = {column: texts(table, column).to_list() for column in columns}
    kind = ints(table, "route_type", -1)
    wheelchair = ints(drawing.trips, "wheelchair_accessible", 0)
    features = []
    for row in range(table.height):
        own = wheelchair[drawing.trip_route == row]
        properties = {
            **{column: text[column][row] or None for column in columns},
            "route_type": int(kind[row]) if kind[row] >= 0 else None,
            "trips": len(own),
            "trips_wheelchair": int((own == 1).sum()),
            "trips_wheelchair_unknown": int(((own != 1) & (own != 2)).sum()),
        }
        drawn = [
            path for variant in _covering(drawing.variants.get(row, [])) if len(path := _path(drawing, variant)) > 1
        ]
        geometry = {"type": "MultiLineString", "coordinates": drawn} if drawn else None
        features.append(_feature(text["route_id"][row], geometry, properties))
    return _collection(features)


def _covering(variants: Sequence[Variant]) -> Iterable[Variant]:
    """The variants, in their order, of which each calls at a stop that none before it does."""
    seen: set[int] = set()
    for variant in variants:
        if not seen.issuperset(variant.stops):
            seen.update(variant.stops)
            yield variant


def _path(drawing: Drawing, variant: Variant) -> list[Position]:
    drawn = drawing.shapes.get(variant.shape, []) if variant.shape else []
    if len(drawn) > 1:
        return drawn
    at = [(drawing.lon[stop], drawing.lat[stop]) for stop in variant.stops]
    return [_position(lon, lat) for lon, lat in at if not np.isnan(lon) and not np.isnan(lat)]


def _line_names(drawing: Drawing) -> list[str]:
    short, long = texts(drawing.routes, "route_short_name"), texts(drawing.routes, "route_long_name")
    ids = texts(drawing.routes, "route_id")
    return [a or b or c for a, b, c in zip(short.to_list(), long.to_list(), ids.to_list(), strict=True)]


def _position(lon: float, lat: float) -> Position:
    return [round(float(lon), _DECIMALS), round(float(lat), _DECIMALS)]


def _feature(identity: str | None, geometry: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "id": identity, "geometry": geometry, "properties": properties}


def _collection(features: list[dict[str, Any]]) -> bytes:
    return orjson.dumps({"type": "FeatureCollection", "features": features}, option=orjson.OPT_APPEND_NEWLINE)

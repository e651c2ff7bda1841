"""Rules on stops beside the shapes of their trips: distances, in the feed's own unit and in metres on the ground.

The limits are MobilityData's: 11.1 m between the end of a trip and the end of its shape, 100 m between a stop and the
shape, four times as much where trains stop.
"""

from collections import defaultdict
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mobigo.base.geo import EARTH_RADIUS_M
from mobigo.network.rules.view import View
from mobigo.network.rules.visits import Visits

END_M_MAX = 11.1
FAR_M, FAR_RAIL_M = 100.0, 400.0
RAIL = 2
METRES_A_DEGREE = EARTH_RADIUS_M * np.pi / 180

F64 = NDArray[np.float64]


def check(view: View, journey: Visits | None) -> None:
    """Every rule of this file. Nothing where no trip has a shape that can be drawn."""
    if journey is None or not view.has("shapes", "shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"):
        return
    if not view.has("trips", "trip_id", "shape_id") or not view.has("stops", "stop_lat", "stop_lon"):
        return
    lines = _Lines(view)
    stop_lat, stop_lon = (view.column("stops", name).numbers for name in ("stop_lat", "stop_lon"))
    trip_row = view.match("stop_times", "trip_id", "trips", "trip_id")[journey.rows]
    shape = view.match("trips", "shape_id", "shapes", "shape_id")
    _ends(view, journey, lines, trip_row, stop_lat, stop_lon)
    kind = view.column("routes", "route_type").whole if view.height("routes") else np.zeros(0, np.int64)
    route = view.match("trips", "route_id", "routes", "route_id")
    usable = (trip_row >= 0) & (journey.stop >= 0)
    usable &= np.isfinite(stop_lat[journey.stop]) & np.isfinite(stop_lon[journey.stop])
    pairs: dict[int, set[tuple[int, float]]] = defaultdict(set)
    rows = np.flatnonzero(usable)
    first_point = shape[trip_row[rows]]
    drawn = first_point >= 0
    rows, first_point = rows[drawn], first_point[drawn]
    of_route = route[trip_row[rows]]
    rail = (of_route >= 0) & (kind[np.maximum(of_route, 0)] == RAIL) if len(kind) else np.zeros(len(rows), np.bool_)
    code = lines.code[first_point]
    key = np.unique(np.stack([code, journey.stop[rows], rail], axis=1), axis=0)
    for number, stop, by_rail in key.tolist():
        pairs[number].add((stop, FAR_RAIL_M if by_rail else FAR_M))
    far: dict[int, str] = {}
    for number, asked in pairs.items():
        stops = sorted(asked)
        at = np.array([stop for stop, _ in stops], np.int64)
        away = lines.metres_from(number, stop_lat[at], stop_lon[at])
        for (stop, limit), metres in zip(stops, away.tolist(), strict=True):
            if metres > limit:
                far.setdefault(stop, lines.name(number))
    for stop in sorted(far):
        view.tell("stop_too_far_from_shape", "stops", np.array([stop], np.int64), "stop_id", shape_id=far[stop])


def _ends(view: View, journey: Visits, lines: "_Lines", trip_row: NDArray[np.int32], lat: F64, lon: F64) -> None:
    """The distance at a trip's last stop beside the greatest of its shape."""
    if not view.has("stop_times", "shape_dist_traveled") or not view.has("shapes", "shape_dist_traveled"):
        return
    along = view.column("stop_times", "shape_dist_traveled").numbers[journey.rows]
    shape = view.match("trips", "shape_id", "shapes", "shape_id")
    over: dict[str, list[int]] = defaultdict(list)
    for at in np.flatnonzero(journey.is_last & (trip_row >= 0) & np.isfinite(along)).tolist():
        point = int(shape[trip_row[at]])
        if point < 0:
            continue
        number = int(lines.code[point])
        if not lines.most[number] > 0 or along[at] <= lines.most[number]:
            continue
        stop = int(journey.stop[at])
        metres = float("nan") if stop < 0 else lines.metres_from_end(number, float(lat[stop]), float(lon[stop]))
        code = "trip_distance_exceeds_shape_distance"
        over[code if metres > END_M_MAX else f"{code}_below_threshold"].append(int(trip_row[at]))
    for code, trips in over.items():
        view.tell(code, "trips", np.array(sorted(trips), np.int64), "trip_id", with_=("shape_id",))


class _Lines:
    """The shapes, each as points in order, on a flat Earth around it."""

    def __init__(self, view: View) -> None:
        shape = view.column("shapes", "shape_id")
        self.code = shape.codes
        self._names = shape.texts
        lat, lon = (view.column("shapes", name).numbers for name in ("shape_pt_lat", "shape_pt_lon"))
        sequence = view.column("shapes", "shape_pt_sequence").whole
        good = np.flatnonzero(np.isfinite(lat) & np.isfinite(lon))
        order = good[np.lexsort((sequence[good], shape.codes[good]))]
        self._lat, self._lon = lat[order], lon[order]
        counts = np.bincount(shape.codes[order], minlength=len(shape.texts))
        self._start = np.concatenate([[0], np.cumsum(counts)])
        distance = view.column("shapes", "shape_dist_traveled").numbers
        self.most = np.full(len(shape.texts), np.nan)
        for number, (begin, end) in enumerate(pairwise(self._start.tolist())):
            told = distance[order[begin:end]]
            if np.isfinite(told).any():
                self.most[number] = np.nanmax(told)

    def name(self, number: int) -> str:
        return self._names[number]

    def metres_from_end(self, number: int, lat: float, lon: float) -> float:
        """From a position to the shape's last point; NaN when it has none."""
        begin, end = self._start[number], self._start[number + 1]
        if begin == end:
            return float("nan")
        north = (lat - self._lat[end - 1]) * METRES_A_DEGREE
        east = (lon - self._lon[end - 1]) * METRES_A_DEGREE * np.cos(np.radians(lat))
        return float(np.hypot(north, east))

    def metres_from(self, number: int, lat: F64, lon: F64) -> F64:
        """From each position to the nearest point of the line; 0 when it has no point."""
        begin, end = int(self._start[number]), int(self._start[number + 1])
        if begin == end:
            return np.zeros(len(lat))
        east = METRES_A_DEGREE * np.cos(np.radians(float(np.mean(self._lat[begin:end]))))
        x, y = self._lon[begin:end] * east, self._lat[begin:end] * METRES_A_DEGREE
        a, b = lon * east, lat * METRES_A_DEGREE
        if end - begin == 1:
            return np.asarray(np.hypot(a - x[0], b - y[0]))
        dx, dy = np.diff(x), np.diff(y)
        length = np.maximum(dx * dx + dy * dy, 1e-12)
        out = np.empty(len(lat))
        for i in range(len(lat)):
            along = np.clip(((a[i] - x[:-1]) * dx + (b[i] - y[:-1]) * dy) / length, 0, 1)
            gap_x, gap_y = x[:-1] + along * dx - a[i], y[:-1] + along * dy - b[i]
            out[i] = np.sqrt((gap_x * gap_x + gap_y * gap_y).min())
        return out

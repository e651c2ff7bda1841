"""Rules on stops beside the shapes of their trips: distances, in the feed's own unit and in metres on the ground, and
the order in which stops lie along the shape.

The limits are MobilityData's: 11.1 m between the end of a trip and the end of its shape; 100 m between a stop and the
shape, four times as much at both ends of a train's trip, whose shape seldom reaches the buffers; more than 20 places of
a shape near one stop. Trips with the same stops and distances are judged once, as its first trip.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobigo.base.geo import EARTH_RADIUS_M
from mobigo.network.rules.drawn import Drawn, Places, first_out_of_order, on_sphere
from mobigo.network.rules.view import View
from mobigo.network.rules.visits import Visits

END_M_MAX = 11.1
FAR_M, FAR_STATION_M = 100.0, 400.0
PLACES_MAX = 20
RAIL = 2
PARENTS_MAX = 4
METRES_A_DEGREE = EARTH_RADIUS_M * np.pi / 180

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


def check(view: View, journey: Visits | None) -> None:
    """Every rule of this file. Nothing where no trip has a shape that can be drawn."""
    if journey is None or not view.has("shapes", "shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"):
        return
    if not view.has("trips", "trip_id", "shape_id") or not view.has("stops", "stop_lat", "stop_lon"):
        return
    lines = _Lines(view)
    trip_row = view.match("stop_times", "trip_id", "trips", "trip_id")[journey.rows]
    stop_lat, stop_lon = (view.column("stops", name).numbers for name in ("stop_lat", "stop_lon"))
    _ends(view, journey, lines, trip_row, stop_lat, stop_lon)
    _along(view, journey, lines, trip_row)


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


@dataclass(frozen=True)
class _Way:
    """A way of running along a shape: its first trip and that trip's visits."""

    trip: int  # row of trips
    rows: I64  # of stop_times
    stops: NDArray[np.int32]  # rows of stops
    told: F64  # shape_dist_traveled, 0 where none is told
    stations: NDArray[np.bool_]  # either end of a train's trip


def _along(view: View, journey: Visits, lines: "_Lines", trip_row: NDArray[np.int32]) -> None:
    """How far stops lie from their shape, how often it passes them, and in which order."""
    where = on_sphere(*_positions(view))
    for number, ways in _ways(view, journey, lines, trip_row).items():
        line = lines.drawn(number)
        if line is None:
            continue
        asked = np.unique(np.concatenate([np.stack([way.stops, way.stations], axis=1) for way in ways]), axis=0)
        near = line.near(where[asked[:, 0]], np.where(asked[:, 1] == 1, FAR_STATION_M, FAR_M))
        row_of = {(stop, bool(station)): row for row, (stop, station) in enumerate(asked.tolist())}
        told_far: set[int] = set()
        for way in ways:
            stations = way.stations.tolist()
            rows = np.array([row_of[key] for key in zip(way.stops.tolist(), stations, strict=True)], np.int64)
            judge = _Judge(view, lines.name(number), way, told_far)
            judge.by_ground(line, near, rows, where)
            if line.told[-1] > 0 and way.told[-1] > 0:
                judge.by_told(line, near, rows, where)


class _Judge:
    """Tells what is wrong with one way along a shape. A stop too far from a shape is told once for that shape."""

    def __init__(self, view: View, shape: str, way: _Way, told_far: set[int]) -> None:
        self._view, self._shape, self._way, self._told_far = view, shape, way, told_far

    def by_ground(self, line: Drawn, near: Places, rows: I64, where: F64) -> None:
        """Stops where they are."""
        counts = np.diff(near.start)[rows]
        if not self._are_near("stop_too_far_from_shape", line, counts, np.arange(len(rows)), where):
            return
        self._tell_order([_places(near, row) for row in rows.tolist()])

    def by_told(self, line: Drawn, near: Places, rows: I64, where: F64) -> None:
        """Stops where their distance puts them; those that tell none, where they are."""
        code = "stop_too_far_from_shape_using_user_distance"
        is_told = self._way.told > 0
        silent = np.flatnonzero(~is_told)
        if not self._are_near(code, line, np.diff(near.start)[rows], silent, where):
            return
        at = where[self._way.stops]
        along_m, away_m = line.at_told(self._way.told[is_told], at[is_told])
        told = iter([(along_m[i : i + 1], away_m[i : i + 1]) for i in range(len(along_m))])
        places = [next(told) if is_told[i] else _places(near, row) for i, row in enumerate(rows.tolist())]
        for visit in np.flatnonzero(self._tell_order(places) > FAR_M).tolist():
            self._tell_far(code, visit)

    def _are_near(self, code: str, line: Drawn, counts: I64, visits: I64, where: F64) -> bool:
        """Whether all of these visits have a place on the line; tells those that are too far, or near too often."""
        for visit in visits[counts[visits] == 0].tolist():
            if len(line.points) > 1 or line.away_m(where[self._way.stops[visit]]) > self._limit_m(visit):
                self._tell_far(code, visit)
        for visit in visits[counts[visits] > PLACES_MAX].tolist():
            self._tell("stop_has_too_many_matches_for_shape", visit, places=int(counts[visit]))
        return bool((counts[visits] > 0).all())

    def _limit_m(self, visit: int) -> float:
        return FAR_STATION_M if self._way.stations[visit] else FAR_M

    def _tell_order(self, places: list[tuple[F64, F64]]) -> F64:
        """Tells the stop that cannot come after the one before; metres away of each place chosen, if all fit."""
        nearest = [along_m[int(np.argmin(away_m))] if len(along_m) > 1 else along_m[0] for along_m, away_m in places]
        if all(b >= a for a, b in pairwise(nearest)):
            return np.array([away_m.min() for _along_m, away_m in places])
        visit, away_m = first_out_of_order(places)
        if visit is not None:
            previous = self._view.text("stops", "stop_id", int(self._way.stops[visit - 1]))
            self._tell("stops_match_shape_out_of_order", visit, previous=previous)
        return away_m

    def _tell_far(self, code: str, visit: int) -> None:
        stop = int(self._way.stops[visit])
        if stop not in self._told_far:
            self._told_far.add(stop)
            self._tell(code, visit)

    def _tell(self, code: str, visit: int, **params: Any) -> None:
        trip = self._view.text("trips", "trip_id", self._way.trip)
        row = self._way.rows[visit : visit + 1]
        self._view.tell(code, "stop_times", row, "stop_id", trip_id=trip, shape_id=self._shape, **params)


def _places(near: Places, row: int) -> tuple[F64, F64]:
    own = slice(int(near.start[row]), int(near.start[row + 1]))
    return near.along_m[own], near.away_m[own]


def _positions(view: View) -> tuple[F64, F64]:
    """Where each stop is: its own position, else its parent's; NaN where there is none."""
    lat, lon = (view.column("stops", name).numbers.copy() for name in ("stop_lat", "stop_lon"))
    lat[~np.isfinite(lon)] = np.nan
    if view.has("stops", "parent_station"):
        parent = view.match("stops", "parent_station", "stops", "stop_id")
        for _generation in range(PARENTS_MAX):
            lost = np.flatnonzero(np.isnan(lat) & (parent >= 0))
            lat[lost], lon[lost] = lat[parent[lost]], lon[parent[lost]]
    return lat, lon


def _ways(view: View, journey: Visits, lines: "_Lines", trip_row: NDArray[np.int32]) -> dict[int, list[_Way]]:
    """The ways along each shape, in the order of their first trips. Trips are left out whose line is unknown, or with a
    stop of which no position is known: other rules tell those."""
    shape = view.match("trips", "shape_id", "shapes", "shape_id")
    route = view.match("trips", "route_id", "routes", "route_id")
    kind = view.column("routes", "route_type").whole if view.height("routes") else np.zeros(0, np.int64)
    told = np.nan_to_num(view.column("stop_times", "shape_dist_traveled").numbers[journey.rows])
    placed = (journey.stop >= 0) & np.isfinite(_positions(view)[0])[journey.stop]
    seen: set[tuple[int, bytes, bytes]] = set()
    found: dict[int, list[_Way]] = defaultdict(list)
    for trip, first, last in _trips(journey, trip_row):
        if shape[trip] < 0 or route[trip] < 0 or not placed[first:last].all():
            continue
        number = int(lines.code[shape[trip]])
        stops, distances = journey.stop[first:last], told[first:last]
        key = number, stops.tobytes(), distances.tobytes()
        if key in seen:
            continue
        seen.add(key)
        stations = np.zeros(last - first, np.bool_)
        stations[[0, -1]] = len(kind) > 0 and kind[route[trip]] == RAIL
        found[number].append(_Way(trip, journey.rows[first:last], stops, distances, stations))
    return found


def _trips(journey: Visits, trip_row: NDArray[np.int32]) -> Iterator[tuple[int, int, int]]:
    """Each trip that has visits, in the order of trips.txt: its row, its first visit, the visit after its last."""
    first = np.flatnonzero(journey.is_first)
    last = np.flatnonzero(journey.is_last) + 1
    rows = trip_row[first]
    for at in np.argsort(rows, kind="stable").tolist():
        if rows[at] >= 0:
            yield int(rows[at]), int(first[at]), int(last[at])


class _Lines:
    """The shapes, each as points in order."""

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
        self._told = view.column("shapes", "shape_dist_traveled").numbers[order]
        self.most = np.full(len(shape.texts), np.nan)
        for number, (begin, end) in enumerate(pairwise(self._start.tolist())):
            told = self._told[begin:end]
            if np.isfinite(told).any():
                self.most[number] = np.nanmax(told)

    def name(self, number: int) -> str:
        return self._names[number]

    def drawn(self, number: int) -> Drawn | None:
        """The shape as a line; None when it has no point."""
        own = slice(int(self._start[number]), int(self._start[number + 1]))
        return Drawn(self._lat[own], self._lon[own], self._told[own]) if own.start < own.stop else None

    def metres_from_end(self, number: int, lat: float, lon: float) -> float:
        """From a position to the shape's last point; NaN when it has none."""
        begin, end = self._start[number], self._start[number + 1]
        if begin == end:
            return float("nan")
        north = (lat - self._lat[end - 1]) * METRES_A_DEGREE
        east = (lon - self._lon[end - 1]) * METRES_A_DEGREE * np.cos(np.radians(lat))
        return float(np.hypot(north, east))

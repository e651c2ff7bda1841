"""The way of a leg on a map: the trip's shape cut between two stops, or straight lines from stop to stop."""

import numpy as np

from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import Timetable
from mobigo.planner.model import Ride, Walk

Coordinates = list[list[float]]
KEPT_MAX = 20_000  # cut shapes kept per network: a few tens of megabytes at most
OFF_SHAPE_DEG = 0.02  # a stop further than about 2 km from its shape: the shape is wrong, straight lines are drawn
TOLERANCE_DEG = 0.00008  # about 9 m: what simplifying may move


def ride_coordinates(live: LiveNetwork, ride: Ride) -> Coordinates:
    """[lon, lat] from the first to the last stop of a ride."""
    timetable = live.timetable
    out: Coordinates = []
    begins = [first for _, first in ride.trips] + [len(ride.visits) - 1]
    for (trip, first), last in zip(ride.trips, begins[1:], strict=True):
        stops = [visit.stop for visit in ride.visits[first : last + 1]]
        if len(stops) > 1:
            part = _cut(live, int(timetable.trip_shape[trip]), stops[0], stops[-1])
            out += part if part else _straight(timetable, stops)
        elif not out:
            out += _straight(timetable, stops)
    return out


def walk_coordinates(live: LiveNetwork, walk: Walk, start: list[float] | None, end: list[float] | None) -> Coordinates:
    """[lon, lat] of a walk: its path when it is known, else a straight line between its ends."""
    if walk.path:
        return [[round(point.lon, 5), round(point.lat, 5)] for point in walk.path]
    a, b = (
        [round(spot.point.lon, 5), round(spot.point.lat, 5)]
        if spot is not None
        else door
        if stop is None
        else _position(live.timetable, stop)
        for spot, door, stop in ((walk.from_spot, start, walk.from_stop), (walk.to_spot, end, walk.to_stop))
    )
    return [each for each in (a, b) if each is not None]


def _position(timetable: Timetable, stop: int) -> list[float]:
    return [round(float(timetable.stop_lon[stop]), 5), round(float(timetable.stop_lat[stop]), 5)]


def _straight(timetable: Timetable, stops: list[int]) -> Coordinates:
    return [_position(timetable, stop) for stop in stops]


def _cut(live: LiveNetwork, shape: int, start: int, end: int) -> Coordinates:
    """The part of a shape between two stops, simplified; empty when there is no shape or it does not pass there."""
    if shape < 0:
        return []
    kept: dict[tuple[int, int, int], Coordinates] = live.derived("planner.shapes", lambda _: {})
    key = (shape, start, end)
    if key not in kept:
        if len(kept) >= KEPT_MAX:
            kept.clear()
        kept[key] = _cut_anew(live.timetable, shape, start, end)
    return kept[key]


def _cut_anew(timetable: Timetable, shape: int, start: int, end: int) -> Coordinates:
    rows = slice(int(timetable.shape_start[shape]), int(timetable.shape_start[shape + 1]))
    lat, lon = np.asarray(timetable.shape_lat[rows]), np.asarray(timetable.shape_lon[rows])
    if len(lat) < 2:
        return []
    here, there = _position(timetable, start), _position(timetable, end)
    scale = np.cos(np.radians(here[1]))
    to_start = np.hypot(lat - here[1], (lon - here[0]) * scale)
    to_end = np.hypot(lat - there[1], (lon - there[0]) * scale)
    # the pair (i ≤ j) closest to both stops together: right on loops too, where one stop is near two places
    best_start = np.minimum.accumulate(to_start)
    j = int(np.argmin(best_start + to_end))
    i = int(np.argmin(to_start[: j + 1]))
    if to_start[i] > OFF_SHAPE_DEG or to_end[j] > OFF_SHAPE_DEG:
        return []
    from mobigo.planner.engine.simplified import simplified  # numba is imported at the first line drawn

    kept = simplified(lon[i : j + 1] * scale, lat[i : j + 1], TOLERANCE_DEG)
    points = np.round(np.column_stack([lon[i : j + 1], lat[i : j + 1]])[kept], 5).tolist()
    out: Coordinates = [here, *points, there]
    return [point for at, point in enumerate(out) if at == 0 or point != out[at - 1]]

"""Entrances that the map of the streets knows, of stations whose feed tells no pathways: one enters there, and not
where a street happens to pass nearest (which may be behind the tracks)."""

from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mobigo.base.geo import Point, distance_m
from mobigo.network.model.modes import mode_of
from mobigo.network.model.streets import OF_SUBWAY, OF_TRAIN, Mover, StreetGraph
from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine.indoors import Door
from mobigo.planner.engine.reach import DETOUR, crow_speed_m_s

SERVES_M: Final = 250  # from an entrance to the nearest stop of its station
BESIDE_M: Final = 100  # the same station in another feed
_KINDS: Final = {"metro": OF_SUBWAY, "rail": OF_TRAIN}
_NOT_FOR_WHEELCHAIRS: Final = 2


def street_doors(timetable: Timetable, graph: StreetGraph, mover: Mover, enclosed: NDArray[np.bool_]) -> list[Door]:
    """The entrances of the map that `mover` may use, each with the platforms of its station: the one whose stop is
    nearest to it among those of its kind, in every feed. What its pathways decide (`enclosed`) is left to them. Inside,
    one goes as the crow flies: the way down is not known."""
    found: list[Door] = []
    kinds = _kinds_at(timetable)
    wheelchair = graph.entrance_wheelchair
    for row, kind in enumerate(graph.entrance_kind.tolist()):
        point = Point(float(graph.entrance_lat[row]), float(graph.entrance_lon[row]))
        stops = np.flatnonzero(((kinds & kind) != 0) & ~enclosed)
        platforms = _of_nearest(timetable, stops, point)
        if not platforms:
            continue
        shut = mover.wheels and wheelchair[row] == _NOT_FOR_WHEELCHAIRS
        costs = {} if shut else {stop: _inside(mover, away_m) for stop, away_m in platforms.items()}
        name = graph.entrance_name[row] or _station_name(timetable, min(platforms, key=platforms.__getitem__))
        found.append(Door(point, str(name), costs, costs, frozenset(platforms)))
    return found


def _kinds_at(timetable: Timetable) -> NDArray[np.uint8]:
    """For each stop, of which kinds of station it is: by the vehicles that stop there."""
    kinds = np.zeros(len(timetable.stop_lat), np.uint8)
    of_route = np.array([_KINDS.get(mode_of(kind).name, 0) for kind in timetable.route_type.tolist()], np.uint8)
    of_visit = np.repeat(of_route[timetable.trip_route], np.diff(timetable.trip_visit_start))
    told = np.flatnonzero(of_visit)
    np.bitwise_or.at(kinds, timetable.visit_stop[told], of_visit[told])
    return kinds


def _of_nearest(timetable: Timetable, stops: NDArray[np.int64], point: Point) -> dict[int, float]:
    """The platforms of the station nearest to a point, and how far each is from it; empty where none is near."""
    lat, lon = timetable.stop_lat[stops], timetable.stop_lon[stops]
    near = stops[(np.abs(lat - point.lat) < 0.02) & (np.abs(lon - point.lon) < 0.03)].tolist()
    away_m = {stop: distance_m(_at(timetable, stop), point) for stop in near}
    if not away_m:
        return {}
    nearest = min(away_m, key=lambda stop: (away_m[stop], stop))
    if away_m[nearest] > SERVES_M:
        return {}
    here, parent = _at(timetable, nearest), int(timetable.stop_parent[nearest])
    return {
        stop: each_m
        for stop, each_m in sorted(away_m.items())
        if (parent >= 0 and timetable.stop_parent[stop] == parent) or distance_m(_at(timetable, stop), here) <= BESIDE_M
    }


def _station_name(timetable: Timetable, stop: int) -> str:
    parent = int(timetable.stop_parent[stop])
    return str(timetable.stop_name[parent if parent >= 0 else stop])


def _at(timetable: Timetable, stop: int) -> Point:
    return Point(float(timetable.stop_lat[stop]), float(timetable.stop_lon[stop]))


def _inside(mover: Mover, away_m: float) -> tuple[int, int]:
    """(seconds, metres) from an entrance to a platform so far away."""
    walk_m = ceil(away_m * DETOUR)
    return ceil(walk_m / crow_speed_m_s(mover)), walk_m

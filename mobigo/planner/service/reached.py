"""How far one gets: every stop within a time, and the area around them."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from mobigo.base.errors import InvalidInput
from mobigo.network.engine.streets.nearest import Snaps
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.streets import WALKER
from mobigo.planner.engine.areas import ReachedAreas, area, flown, walked
from mobigo.planner.engine.doors import position_of
from mobigo.planner.model import AccessEgress, Endpoint, Reachable
from mobigo.planner.service.moving import VEHICLES_MAX, access_of, indoors_of, reach_of, searcher_of, street_stops_of


def reachable(
    network: LiveNetwork,
    origin: Endpoint,
    at: datetime,
    duration_s_max: int = 3600,
    access: AccessEgress | None = None,
    walk_m_max: int = 2_000,
) -> Reachable:
    """Earliest arrival at every stop within `duration_s_max` of `at`. Raises InvalidInput beyond 24 h."""
    if not 0 < duration_s_max <= 24 * 3600:
        raise InvalidInput("planner.duration_out_of_range", seconds=duration_s_max, most=24 * 3600)
    searcher = searcher_of(network)
    sources = reach_of(searcher, origin, walk_m_max, access or access_of(network), leaving=True)
    arrive, vehicles = searcher.all_from(sources, int(at.timestamp()), VEHICLES_MAX, duration_s_max)
    stop_count = len(network.timetable.stop_lat)
    best, taken = arrive[:stop_count].astype(np.float64), vehicles[:stop_count].copy()
    for node in range(stop_count, len(arrive)):  # copies stand for their stop
        stop = int(network.timetable.node_stop[node])
        if arrive[node] >= 0 and (best[stop] < 0 or arrive[node] < best[stop]):
            best[stop], taken[stop] = arrive[node], vehicles[node]
    return Reachable(best, taken)


def areas(
    network: LiveNetwork,
    origin: Endpoint,
    at: datetime,
    bounds_s: Sequence[int],
    walk_m_max: int = 2_000,
) -> ReachedAreas:
    """What can be reached within each of `bounds_s`, by the vehicles of that hour and on foot at both ends. Raises
    InvalidInput for a bound that is not positive or beyond 24 h, and for a place without a position."""
    longest_s = max(bounds_s)
    found = reachable(network, origin, at, longest_s, walk_m_max=walk_m_max)
    timetable = network.timetable
    here = position_of(timetable, origin)
    if here is None:
        raise InvalidInput("planner.place_without_position", name=origin.name)
    known = (found.arrive_epoch_s >= 0) & np.isfinite(timetable.stop_lat) & np.isfinite(timetable.stop_lon)
    indoors = indoors_of(network, WALKER)
    after_s = found.arrive_epoch_s - int(at.timestamp())
    doors = [] if indoors is None else indoors.left(np.where(known, after_s, -1))
    if indoors is not None:
        known &= ~indoors.enclosed
    rows = np.flatnonzero(known)
    points = [*(point for point, _time_s in doors), here]
    lat = np.append(timetable.stop_lat[rows], [point.lat for point in points])
    lon = np.append(timetable.stop_lon[rows], [point.lon for point in points])
    time_s = np.concatenate([after_s[rows], [time_s for _point, time_s in doors], [0]]).astype(np.int32)
    stops = street_stops_of(network)
    if stops is None:
        grid = flown(lat, lon, time_s, longest_s, walk_m_max)
    else:
        at_door = stops.streets.snap_points(WALKER, points)
        snaps = Snaps(*map(np.append, (column[rows] for column in stops.snaps(WALKER)), at_door))
        grid = walked(stops.streets, snaps, lat, lon, time_s, longest_s, walk_m_max)
    return ReachedAreas(grid, tuple(area(grid, bound_s) for bound_s in bounds_s), stops is not None)

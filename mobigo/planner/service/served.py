"""What public transport a territory has, counted: how many vehicles leave from each commune on a day."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mobigo.base.geo import Point, distance_m
from mobigo.network.engine.boards import BoardIndex
from mobigo.network.model.places import Commune

NEAR_M: Final = 1_000.0
_DEGREE_M: Final = 111_000.0  # of latitude; at least, anywhere


def departures_by_commune(index: BoardIndex, communes: Sequence[Commune], day: date) -> list[int]:
    """For each commune, the vehicles of the service day `day` that take people at a stop within NEAR_M of its centre,
    each counted once however many of those stops it calls at. The last call of a trip takes nobody. Zero outside the
    days of the timetable."""
    timetable = index.timetable
    runs = _runs(index, day)
    by_lat = np.argsort(timetable.stop_lat, kind="stable")
    lats = timetable.stop_lat[by_lat]
    found = []
    for commune in communes:
        centre, reach = Point(commune.lat, commune.lon), NEAR_M / _DEGREE_M
        first, last = np.searchsorted(lats, (commune.lat - reach, commune.lat + reach))
        near = [
            int(stop)
            for stop in by_lat[first:last]
            if distance_m(centre, Point(float(timetable.stop_lat[stop]), float(timetable.stop_lon[stop]))) <= NEAR_M
        ]
        trips = np.unique(index.trips_of(index.visits_at(near)))
        found.append(int(runs[trips].sum()))
    return found


def _runs(index: BoardIndex, day: date) -> NDArray[np.int64]:
    """How many times each trip runs on that day."""
    timetable = index.timetable
    running = np.array([timetable.runs_on(row, day) for row in range(len(timetable.days))], dtype=bool)
    times: NDArray[np.int64] = np.diff(index.trip_start) * running[timetable.trip_days]
    return times

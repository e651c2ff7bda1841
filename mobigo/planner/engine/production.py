"""What a timetable takes to run, in vehicle-kilometres and drivers' hours: what passengers may ride, nothing else."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from mobigo.network.model.timetable import F64, Timetable
from mobigo.planner.engine.reach import DETOUR, METRES_A_DEGREE
from mobigo.planner.engine.views import days_active


@dataclass(frozen=True, slots=True)
class Production:
    """Runs, vehicle-metres and seconds at the wheel from the first departure to the last arrival of each run. Ways to
    and from the depot, breaks and taking over are not in it."""

    runs: int
    vehicle_m: float
    driven_s: float

    def less(self, other: "Production") -> "Production":
        """This, less the other."""
        return Production(self.runs - other.runs, self.vehicle_m - other.vehicle_m, self.driven_s - other.driven_s)


def production(timetable: Timetable, first: date, last: date) -> Production:
    """Of the days from `first` to `last`. A trip's way is its shape; without one, 1.3 times the distance between its
    stops as the crow flies."""
    t = timetable
    span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    days_of_set = days_active(t, span).sum(axis=0).astype(np.int64)
    if not len(t.run_days) or not len(t.trip_visit_start):
        return Production(0, 0.0, 0.0)
    way_m, lasts_s = _ways(t), _lasts(t)
    of_run = np.repeat(np.arange(len(t.run_days)), np.diff(t.run_trip_start))
    times = days_of_set[t.run_days]
    return Production(
        int(times.sum()),
        float((times[of_run] * way_m[t.run_trip]).sum()),
        float((times[of_run] * lasts_s[t.run_trip]).sum()),
    )


def _lasts(t: Timetable) -> F64:
    """Seconds from the first departure to the last arrival of each trip; 0 for one without calls."""
    first, last = t.trip_visit_start[:-1], t.trip_visit_start[1:] - 1
    known = last > first
    out = np.zeros(len(first))
    out[known] = t.visit_arrive_s[last[known]] - t.visit_depart_s[first[known]]
    return out


def _ways(t: Timetable) -> F64:
    """Metres of each trip."""
    lat, lon = t.stop_lat[t.visit_stop], t.stop_lon[t.visit_stop]
    out = _lengths(lat, lon, t.trip_visit_start) * DETOUR
    drawn = t.trip_shape >= 0
    if drawn.any():
        out[drawn] = _lengths(t.shape_lat, t.shape_lon, t.shape_start)[t.trip_shape[drawn]]
    return out


def _lengths(lat: F64, lon: F64, start: np.ndarray) -> F64:
    """Metres along each of the lines `start[i]:start[i + 1]`; a point without a position is passed over."""
    if len(lat) < 2:
        return np.zeros(len(start) - 1)
    north = np.diff(lat) * METRES_A_DEGREE
    east = np.diff(lon) * METRES_A_DEGREE * np.cos(np.radians((lat[:-1] + lat[1:]) / 2))
    piece = np.nan_to_num(np.hypot(north, east))
    ends = start[1:-1] - 1  # between two lines there is no way
    piece[ends[(ends >= 0) & (ends < len(piece))]] = 0.0
    along = np.concatenate([[0.0, 0.0], np.cumsum(piece)])  # along[i + 1]: up to point i
    first, last = start[:-1], start[1:]
    return np.where(last > first, along[last] - along[np.minimum(first + 1, len(along) - 1)], 0.0)

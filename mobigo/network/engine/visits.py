"""stop_times.txt to one ordered, complete and checked list of visits per trip.

Rows whose trip or stop does not join are left out (the report tells). Blank times between two given ones are
interpolated, by `shape_dist_traveled` where it grows along the trip, else by the distance between the stops (GTFS
Schedule reference, stop_times.txt, arrival_time). Calls within a window (GTFS-Flex) are no visits. A trip that cannot
be trusted, because its times go backwards or its ends have none, keeps its visits and is marked unusable.
"""

from dataclasses import dataclass

import numba
import numpy as np
import polars as pl

from mobigo.network.engine.columns import BLANK_S, floats, ints, rows_of, table_of, texts, times
from mobigo.network.model.feed import FeedTables
from mobigo.network.model.timetable import DROP_OFF_SHIFT, F64, I32, I64, PICKUP_SHIFT, U8

WINDOW = "start_pickup_drop_off_window"


@dataclass(frozen=True)
class Visits:
    """Visits of one feed, trip by trip; `trip_start[t]:trip_start[t + 1]` are those of trip t."""

    trip_start: I64
    stop: I32
    arrive_s: I32
    depart_s: I32
    flags: U8
    sequence: I32
    headsigns: pl.Series  # the visit's own, empty where the trip's stands
    usable: np.ndarray  # per trip


def read_visits(feed: FeedTables, trip_ids: pl.Series, stop_ids: pl.Series, stop_lat: F64, stop_lon: F64) -> Visits:
    """The visits of every trip of `trip_ids` (rows are trips) at the stops of `stop_ids` (rows are stops)."""
    table = table_of(feed, "stop_times", "trip_id", "stop_id", "stop_sequence")
    if {WINDOW, "arrival_time", "departure_time"} <= set(table.columns):
        # Served on demand, at no time of its own: none is made up between its neighbours.
        untimed = pl.col("arrival_time", "departure_time").str.strip_chars() == ""
        table = table.filter(~((pl.col(WINDOW).str.strip_chars() != "") & pl.all_horizontal(untimed)))
    trip = rows_of(table["trip_id"], trip_ids)
    stop = rows_of(table["stop_id"], stop_ids)
    if (trip < 0).any():
        trip = np.where(trip < 0, rows_of(texts(table, "trip_id"), trip_ids), trip).astype(np.int32)
    if (stop < 0).any():
        stop = np.where(stop < 0, rows_of(texts(table, "stop_id"), stop_ids), stop).astype(np.int32)
    sequence = ints(table, "stop_sequence", -1)
    joined = np.flatnonzero((trip >= 0) & (stop >= 0) & (sequence >= 0))
    if len(joined) < table.height:
        table, trip, stop, sequence = table[joined], trip[joined], stop[joined], sequence[joined]
    arrive, depart = times(table, "arrival_time"), times(table, "departure_time")
    flags = _flags(ints(table, "pickup_type", 0), ints(table, "drop_off_type", 0))
    walked = floats(table, "shape_dist_traveled")
    key = trip.astype(np.int64) << 32 | sequence.astype(np.int64)
    if len(key) and (np.diff(key) < 0).any():
        # of two rows with one sequence the earlier time comes first, so that shuffling the file changes nothing
        order = np.lexsort((stop, np.where(depart == BLANK_S, arrive, depart), key))
        table, trip, stop, sequence, arrive, depart, flags, walked = (
            table[order], trip[order], stop[order], sequence[order], arrive[order], depart[order], flags[order],
            walked[order],
        )  # fmt: skip
    start = np.zeros(len(trip_ids) + 1, np.int64)
    np.cumsum(np.bincount(trip, minlength=len(trip_ids)), out=start[1:])
    usable = np.ones(len(trip_ids), np.bool_)
    _complete(start, stop, arrive, depart, walked, stop_lat, stop_lon, usable)
    return Visits(start, stop, arrive, depart, flags, sequence, texts(table, "stop_headsign"), usable)


def _flags(pickup: I32, drop_off: I32) -> U8:
    """Both types in a byte; a type that the reference does not know reads as a regular one."""
    pickup, drop_off = (np.where((kind >= 0) & (kind <= 3), kind, 0) for kind in (pickup, drop_off))
    return (pickup << PICKUP_SHIFT | drop_off << DROP_OFF_SHIFT).astype(np.uint8)


@numba.njit(cache=True, nogil=True)
def _complete(start, stop, arrive, depart, walked, lat, lon, usable):  # type: ignore[no-untyped-def]  # kernel
    """Fill single and missing times in place; mark the trips whose times cannot be trusted."""
    for trip in range(len(start) - 1):
        first, end = start[trip], start[trip + 1]
        if end - first < 2:
            usable[trip] = False
            continue
        for i in range(first, end):
            if arrive[i] == -1:
                arrive[i] = depart[i]
            elif depart[i] == -1:
                depart[i] = arrive[i]
        if arrive[first] == -1 or arrive[end - 1] == -1:
            usable[trip] = False
            continue
        grows = True
        for i in range(first, end):
            if not walked[i] >= 0 or (i > first and walked[i] < walked[i - 1]):
                grows = False
                break
        i = first
        while i < end - 1:
            j = i + 1
            while arrive[j] == -1:
                j += 1
            if j > i + 1:
                _interpolate(i, j, stop, arrive, depart, walked, lat, lon, grows)
            i = j
        for i in range(first, end):
            if depart[i] < arrive[i] or (i > first and arrive[i] < depart[i - 1]):
                usable[trip] = False
                break


@numba.njit(cache=True, nogil=True)
def _interpolate(i, j, stop, arrive, depart, walked, lat, lon, by_shape):  # type: ignore[no-untyped-def]  # kernel
    """Times between visits i and j, both given, in proportion to the way; evenly when the way is unknown or nil."""
    along = np.zeros(j - i + 1)
    for k in range(1, j - i + 1):
        if by_shape:
            along[k] = walked[i + k] - walked[i]
        else:
            a, b = stop[i + k - 1], stop[i + k]
            dy = (lat[b] - lat[a]) * 111_195.0
            dx = (lon[b] - lon[a]) * 111_195.0 * np.cos(np.radians(lat[a]))
            along[k] = along[k - 1] + np.sqrt(dx * dx + dy * dy)
    whole = along[j - i]
    for k in range(1, j - i):
        share = along[k] / whole if whole > 0 else k / (j - i)
        arrive[i + k] = depart[i] + np.int32(np.floor((arrive[j] - depart[i]) * share))
        depart[i + k] = arrive[i + k]

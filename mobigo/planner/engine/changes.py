"""Where to change along vehicles already chosen: of all the stops where one can, those with the fewest metres on foot.

RAPTOR keeps the first way to an arrival that it meets. Two vehicles often share several stops, or pass near one
another more than once: all these journeys leave and arrive alike, and the one that walks least is the better one. Of
equal metres the earliest stops along each vehicle, seen from the last one back: the answer is always the same.
"""

from dataclasses import replace

import numba
import numpy as np

from mobigo.network.model.timetable import DROP_OFF_SHIFT, NEVER_S, NOT_AVAILABLE, TYPE_MASK, Timetable
from mobigo.planner.engine.found import Itinerary, RideFound
from mobigo.planner.engine.search import Accepts
from mobigo.planner.model import Reach

FAR = np.int64(2**40)
EVERYWHERE = np.zeros(0, np.bool_)


def settled(
    timetable: Timetable, itinerary: Itinerary, origin: Reach, destination: Reach, accepts: Accepts
) -> Itinerary:
    """The same vehicles, the door left no sooner and reached no later, with the fewest metres on foot."""
    rides, via = itinerary.rides, accepts.via
    first, last = rides[0], rides[-1]
    leave_s = first.depart_s - _seconds(origin, first.board_node)
    reach_s = last.arrive_s + _seconds(destination, last.alight_node)
    given = np.array([_row(timetable, ride, accepts) for ride in rides], np.int64)
    places = np.empty((len(rides), 2), np.int64)
    columns: list[np.ndarray] = [
        timetable.pattern_node, timetable.pattern_flags, timetable.times_arrive_s, timetable.times_depart_s,
        timetable.foot_start, timetable.foot_node, timetable.foot_s, timetable.foot_m, timetable.node_change_s,
    ]  # fmt: skip
    ends: list[np.ndarray] = [
        origin.node,
        origin.time_s,
        origin.walk_m,
        destination.node,
        destination.time_s,
        destination.walk_m,
    ]
    node_ok = EVERYWHERE if accepts.node_ok is None else accepts.node_ok
    here, stay_s = (EVERYWHERE, 0) if via is None else (via.mask(len(timetable.node_stop)), via.stay_s)
    found = _fewest_metres(
        tuple(_frozen(column) for column in columns), given, leave_s, reach_s, tuple(_frozen(end) for end in ends),
        node_ok, accepts.change_s_extra, here, stay_s, places,
    )  # fmt: skip
    if not found:
        return itinerary
    moved = tuple(
        _moved(timetable, ride, int(zero_s), int(board), int(alight))
        for ride, (_, _, zero_s, _, _), (board, alight) in zip(rides, given, places, strict=True)
    )
    return replace(itinerary, rides=moved)


def _seconds(reach: Reach, node: int) -> int:
    return int(reach.time_s[np.searchsorted(reach.node, node)])


def _row(timetable: Timetable, ride: RideFound, accepts: Accepts) -> tuple[int, int, int, int, int]:
    """Of a ride: the first cell of its pattern, its row of times, the instant they count from, and the first and last
    positions that may be used."""
    cell, row = int(timetable.pattern_node_start[ride.pattern]), int(timetable.run_times[ride.run])
    zero_s = ride.depart_s - int(timetable.times_depart_s[row + ride.board])
    low, high = 0, int(timetable.pattern_node_start[ride.pattern + 1]) - cell - 1
    if accepts.run_ok is not None and not accepts.run_ok[ride.run] and accepts.stretches is not None:
        for run, begin, end in accepts.stretches.tolist():
            if run == ride.run and begin <= ride.board and ride.alight <= end:
                low, high = begin, end
    return cell, row, zero_s, low, high


def _moved(timetable: Timetable, ride: RideFound, zero_s: int, board: int, alight: int) -> RideFound:
    if (board, alight) == (ride.board, ride.alight):
        return ride
    cell, row = int(timetable.pattern_node_start[ride.pattern]), int(timetable.run_times[ride.run])
    return replace(
        ride,
        board=board,
        alight=alight,
        depart_s=zero_s + int(timetable.times_depart_s[row + board]),
        arrive_s=zero_s + int(timetable.times_arrive_s[row + alight]),
        board_node=int(timetable.pattern_node[cell + board]),
        alight_node=int(timetable.pattern_node[cell + alight]),
    )


def _frozen(column: np.ndarray) -> np.ndarray:
    """Contiguous and read-only, mapped or not: one type for the kernel, hence one compilation."""
    out = np.ascontiguousarray(column).view()
    out.flags.writeable = False
    return out


@numba.njit(cache=True, nogil=True)
def _fewest_metres(columns, rides, leave_s, reach_s, ends, node_ok, extra_s, here, stay_s, places):  # type: ignore[no-untyped-def]  # kernel
    """Into `places` the positions where each ride is boarded and left; whether there are any.

    Dynamic programming along the rides. Layer 1: one has been by way of the place, or there is none to pass (`here`
    is empty); layer 0: not yet.
    """
    pattern_node, pattern_flags, arrive_s, depart_s, foot_start, foot_node, foot_s, foot_m, change_s = columns
    origin_node, origin_s, origin_m, target_node, target_s, target_m = ends
    count = len(rides)
    width = 0
    for i in range(count):
        width = max(width, rides[i, 4] + 1)
    by_way, passing = len(here) > 0, len(here) > 0 and stay_s == 0
    boarded = np.full((count, 2, width), FAR, np.int64)  # metres walked until boarding there
    before = np.zeros((count, 2, width), np.int64)  # the position where the ride before was left
    before_layer = np.zeros((count, 2, width), np.int64)
    since = np.zeros((count, 2, width), np.int64)  # left there: the position where it was boarded
    since_layer = np.zeros((count, 2, width), np.int64)
    best_m, best_at, best_layer = np.full(2, FAR, np.int64), np.zeros(2, np.int64), np.zeros(2, np.int64)
    cell, row, zero_s = rides[0, 0], rides[0, 1], rides[0, 2]
    for b in range(rides[0, 3], rides[0, 4]):
        node = pattern_node[cell + b]
        if _boards(pattern_flags[cell + b], node_ok, node):
            at = np.searchsorted(origin_node, node)
            near = at < len(origin_node) and origin_node[at] == node
            if near and zero_s + depart_s[row + b] - origin_s[at] >= leave_s:
                layer = 1 if not by_way or (passing and here[node]) else 0
                boarded[0, layer, b] = origin_m[at]
    least, least_at = FAR, np.int64(-1)
    for i in range(count):
        cell, row, zero_s = rides[i, 0], rides[i, 1], rides[i, 2]
        best_m[:] = FAR
        for p in range(rides[i, 3], rides[i, 4] + 1):
            node = pattern_node[cell + p]
            if passing and here[node]:
                if best_m[0] < best_m[1]:
                    best_m[1], best_at[1], best_layer[1] = best_m[0], best_at[0], best_layer[0]
                best_m[0] = FAR
            flags = pattern_flags[cell + p]
            can_leave = (flags >> DROP_OFF_SHIFT) & TYPE_MASK != NOT_AVAILABLE and (len(node_ok) == 0 or node_ok[node])
            for layer in range(2):
                if not can_leave or best_m[layer] == FAR:
                    continue
                metres, t = best_m[layer], zero_s + arrive_s[row + p]
                since[i, layer, p], since_layer[i, layer, p] = best_at[layer], best_layer[layer]
                if i == count - 1:
                    at = np.searchsorted(target_node, node)
                    near = layer == 1 and at < len(target_node) and target_node[at] == node
                    if near and t + target_s[at] <= reach_s and metres + target_m[at] < least:
                        least, least_at = metres + target_m[at], np.int64(p)
                    continue
                for e in range(foot_start[node] - 1, foot_start[node + 1]):
                    other, seconds, more = node, np.int64(change_s[node]), np.int64(0)
                    if e >= foot_start[node]:
                        other, seconds, more = foot_node[e], np.int64(foot_s[e]), np.int64(foot_m[e])
                    if seconds >= NEVER_S:
                        continue
                    ready = t + seconds + extra_s
                    stays = stay_s > 0 and layer == 0 and here[node] and here[other]
                    next_cell, next_row, next_s = rides[i + 1, 0], rides[i + 1, 1], rides[i + 1, 2]
                    for b in range(rides[i + 1, 3], rides[i + 1, 4]):
                        if pattern_node[next_cell + b] != other:
                            continue
                        leaves = next_s + depart_s[next_row + b]
                        if leaves < ready or not _boards(pattern_flags[next_cell + b], node_ok, other):
                            continue
                        to = 1 if layer == 1 or (passing and here[other]) else 0
                        if metres + more < boarded[i + 1, to, b]:
                            boarded[i + 1, to, b] = metres + more
                            before[i + 1, to, b], before_layer[i + 1, to, b] = p, layer
                        if stays and leaves >= t + stay_s and metres + more < boarded[i + 1, 1, b]:
                            boarded[i + 1, 1, b] = metres + more
                            before[i + 1, 1, b], before_layer[i + 1, 1, b] = p, layer
            for layer in range(2):
                if boarded[i, layer, p] < best_m[layer]:
                    best_m[layer], best_at[layer], best_layer[layer] = boarded[i, layer, p], p, layer
    if least_at < 0:
        return False
    left, left_layer = least_at, np.int64(1)
    for i in range(count - 1, -1, -1):
        b, own = since[i, left_layer, left], since_layer[i, left_layer, left]
        places[i, 0], places[i, 1] = b, left
        left, left_layer = before[i, own, b], before_layer[i, own, b]
    return True


@numba.njit(cache=True, nogil=True, inline="always")
def _boards(flags, node_ok, node):  # type: ignore[no-untyped-def]  # kernel
    return flags & TYPE_MASK != NOT_AVAILABLE and (len(node_ok) == 0 or node_ok[node])

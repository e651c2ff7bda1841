"""rRAPTOR: every useful journey that departs in a window, latest departure first.

Labels stay from one departure to the next: a journey that leaves earlier and is no earlier anywhere, with no fewer vehicles, is
dominated and dies where it meets the other (self-pruning). Round 1 rides just the occurrences that
leave at this departure; all others were ridden before.
"""

from typing import NamedTuple

import numba
import numpy as np

from mobigo.network.model.timetable import I32
from mobigo.planner.engine.raptor import INF, SOURCE, first_occurrence, trace


class Kept(NamedTuple):
    """What later departures leave behind, [node, round]: arrivals off a vehicle, and readiness to board, with that many vehicles or fewer."""

    arrive: I32
    board: I32
    improved: I32  # [round, node] nodes reached at this departure
    improved_count: I32
    marked: I32  # [round, node]
    marked_count: I32
    target_s: I32  # [round]


def make_kept(nodes: int, rounds: int) -> Kept:
    """Working memory for a view of that size."""
    return Kept(
        np.empty((nodes, rounds + 1), np.int32), np.empty((nodes, rounds + 1), np.int32),
        np.empty((rounds + 1, nodes), np.int32), np.zeros(rounds + 1, np.int32), np.empty((rounds + 1, nodes), np.int32),
        np.zeros(rounds + 1, np.int32), np.empty(rounds + 1, np.int32),
    )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def departures(g, source, access_s, from_s, to_s):  # type: ignore[no-untyped-def]  # kernel
    """Everything that leaves the sources in reach of a door left between `from_s` and `to_s`, latest first.

    Rows of [leave the door, pattern, position, occurrence], sorted so that equal departures stand together in a fixed order.
    """
    count = 0
    for fill in range(2):
        if fill:
            rows = np.empty((count, 4), np.int32)
            count = 0
        for i in range(len(source)):
            for e in range(g.node_start[source[i]], g.node_start[source[i] + 1]):
                pattern, position = g.node_pattern[e], g.node_position[e]
                end = g.occurrence_start[pattern + 1]
                occurrence = first_occurrence(g, g.occurrence_start[pattern], end, position, from_s + access_s[i])
                while occurrence < end:
                    leave = (
                        g.occurrence_s[occurrence] + g.depart_s[g.occurrence_row[occurrence] + position] - access_s[i]
                    )
                    if leave > to_s:
                        break
                    if fill:
                        rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3] = (
                            leave,
                            pattern,
                            position,
                            occurrence,
                        )
                    count += 1
                    occurrence += 1
    key = np.empty(count, np.int64)
    for i in range(count):
        key[i] = -np.int64(rows[i, 0]) * (1 << 31) + rows[i, 1]
    return rows[np.argsort(key, kind="mergesort")]


@numba.njit(cache=True, nogil=True)
def search_range(
    g, w, kept, source, access_s, egress_s, events, after_s, rounds, duration_s_max, arrive_s_max, found, rides
):  # type: ignore[no-untyped-def]  # kernel
    """All Pareto journeys over (departure, arrival, vehicles) that begin with one of `events`, unless leaving the door at `after_s`, behind
    the window, is as good.

    `found` [journeys, 4] takes (leave the door, arrive, vehicles, row of the first ride); `rides` takes their rides, as `raptor.trace`
    writes them. Returns the number of journeys, or -1 when they do not fit.
    """
    kept.arrive[:] = INF
    kept.board[:] = INF
    kept.target_s[:] = INF
    w.arrive[: rounds + 1] = INF
    w.board[: rounds + 1] = INF
    journeys, ridden = 0, 0
    i = -1
    while i < len(events):
        leave = events[i, 0] if i >= 0 else after_s
        latest = min(leave + duration_s_max, arrive_s_max) + 1
        for k in range(rounds + 1):
            w.target_s[k] = min(kept.target_s[k], latest)
            w.target_node[k] = -1
        kept.improved_count[:] = 0
        kept.marked_count[:] = 0
        done = 0
        if i < 0:
            _stand(w, kept, source, access_s, after_s)
            i = 0
        else:
            done = 1
            while i < len(events) and events[i, 0] == leave:
                _board_one(g, w, kept, events[i, 1], events[i, 2], events[i, 3], rounds, egress_s)
                i += 1
            _walk(g, w, kept, 1, rounds)
        for k in range(done + 1, rounds + 1):
            queued = _queue(g, w, kept, k)
            if queued == 0:
                break
            for q in range(queued):
                pattern = w.queue[q]
                _ride(g, w, kept, k, pattern, w.first_position[pattern], rounds, egress_s)
                w.first_position[pattern] = INF
            _walk(g, w, kept, k, rounds)
            done = k
        for k in range(1, done + 1):
            if leave < after_s and w.target_node[k] >= 0:
                if journeys == len(found) or ridden + k > len(rides):
                    return -1
                trace(g, w, k, rides[ridden:])
                found[journeys, 0], found[journeys, 1], found[journeys, 2], found[journeys, 3] = (
                    leave,
                    w.target_s[k],
                    k,
                    ridden,
                )
                journeys += 1
                ridden += k
            for at in range(kept.improved_count[k]):
                w.arrive[k, kept.improved[k, at]] = INF
            for at in range(kept.marked_count[k]):
                w.board[k, kept.marked[k, at]] = INF
        for at in range(kept.marked_count[0]):
            w.board[0, kept.marked[0, at]] = INF
        for k in range(rounds + 1):
            if w.target_s[k] < latest:
                kept.target_s[k] = min(kept.target_s[k], w.target_s[k])
    return journeys


@numba.njit(cache=True, nogil=True)
def _arrive(w, kept, k, node, t, occurrence, boarded_at, position, rounds, egress_s):  # type: ignore[no-untyped-def]  # kernel
    """Leave the vehicle at `node`, which is better than all before."""
    if w.arrive[k, node] == INF:
        kept.improved[k, kept.improved_count[k]] = node
        kept.improved_count[k] += 1
    w.arrive[k, node] = t
    for j in range(k, rounds + 1):
        if t >= kept.arrive[node, j]:
            break
        kept.arrive[node, j] = t
    w.ridden[k, node], w.ridden_from[k, node], w.ridden_to[k, node] = occurrence, boarded_at, position
    if egress_s[node] < INF and t + egress_s[node] < w.target_s[k]:
        w.target_node[k] = node
        for j in range(k, rounds + 1):  # with more vehicles nothing as late is worth it
            w.target_s[j] = min(w.target_s[j], t + egress_s[node])


@numba.njit(cache=True, nogil=True)
def _stand(w, kept, source, access_s, leave):  # type: ignore[no-untyped-def]  # kernel
    """Round 0: ready at the sources in reach of a door left at `leave`."""
    for i in range(len(source)):
        node, ready = source[i], leave + access_s[i]
        if w.board[0, node] == INF:
            kept.marked[0, kept.marked_count[0]] = node
            kept.marked_count[0] += 1
        w.board[0, node] = min(w.board[0, node], ready)
        w.walked_from[0, node] = SOURCE


@numba.njit(cache=True, nogil=True)
def _board_one(g, w, kept, pattern, position, occurrence, rounds, egress_s):  # type: ignore[no-untyped-def]  # kernel
    """Round 1: ride one occurrence from one position."""
    at = g.pattern_start[pattern]
    w.walked_from[0, g.pattern_node[at + position]] = SOURCE
    start_s, row = g.occurrence_s[occurrence], g.occurrence_row[occurrence]
    for i in range(position + 1, g.pattern_start[pattern + 1] - at):
        node = g.pattern_node[at + i]
        t = start_s + g.arrive_s[row + i]
        if (
            g.can_alight[at + i]
            and t < kept.arrive[node, 1]
            and t + w.bound[node] < w.target_s[1 if egress_s[node] < INF else 2]
        ):
            _arrive(w, kept, 1, node, t, occurrence, position, i, rounds, egress_s)


@numba.njit(cache=True, nogil=True)
def _queue(g, w, kept, k):  # type: ignore[no-untyped-def]  # kernel
    queued = 0
    for m in range(kept.marked_count[k - 1]):
        node = kept.marked[k - 1, m]
        if w.board[k - 1, node] + w.bound[node] >= w.target_s[k]:
            continue
        for e in range(g.node_start[node], g.node_start[node + 1]):
            pattern, position = g.node_pattern[e], g.node_position[e]
            if w.first_position[pattern] == INF:
                w.queue[queued] = pattern
                queued += 1
                w.first_position[pattern] = position
            elif position < w.first_position[pattern]:
                w.first_position[pattern] = position
    return queued


@numba.njit(cache=True, nogil=True)
def _ride(g, w, kept, k, pattern, position, rounds, egress_s):  # type: ignore[no-untyped-def]  # kernel
    at = g.pattern_start[pattern]
    last = g.pattern_start[pattern + 1] - at - 1
    first, end = g.occurrence_start[pattern], g.occurrence_start[pattern + 1]
    board = w.board[k - 1]
    after = min(k + 1, rounds)
    occurrence, boarded_at = end, np.int32(-1)
    start_s, row = np.int32(0), np.int32(0)
    for i in range(position, last + 1):
        node = g.pattern_node[at + i]
        if occurrence < end and g.can_alight[at + i]:
            t = start_s + g.arrive_s[row + i]
            if t < kept.arrive[node, k] and t + w.bound[node] < w.target_s[k if egress_s[node] < INF else after]:
                _arrive(w, kept, k, node, t, occurrence, boarded_at, i, rounds, egress_s)
        ready = board[node]
        if ready < INF and i < last and g.can_board[at + i]:
            if occurrence == end:
                occurrence = first_occurrence(g, first, end, i, ready)
                if occurrence < end:
                    boarded_at = i
                    start_s, row = g.occurrence_s[occurrence], g.occurrence_row[occurrence]
            elif (
                occurrence > first
                and g.occurrence_s[occurrence - 1] + g.depart_s[g.occurrence_row[occurrence - 1] + i] >= ready
            ):
                occurrence = first_occurrence(g, first, occurrence - 1, i, ready)
                boarded_at = i
                start_s, row = g.occurrence_s[occurrence], g.occurrence_row[occurrence]


@numba.njit(cache=True, nogil=True)
def _walk(g, w, kept, k, rounds):  # type: ignore[no-untyped-def]  # kernel
    after = min(k + 1, rounds)
    for m in range(kept.improved_count[k]):
        node = kept.improved[k, m]
        t = w.arrive[k, node]
        ready = t + g.change_s[node]
        if ready + w.bound[node] < w.target_s[after]:
            _ready(w, kept, k, node, ready, node, rounds)
        for e in range(g.foot_start[node], g.foot_start[node + 1]):
            there = t + g.foot_s[e]
            other = g.foot_node[e]
            if there >= w.target_s[after]:
                break
            if there + w.bound[other] < w.target_s[after]:
                _ready(w, kept, k, other, there, node, rounds)


@numba.njit(cache=True, nogil=True)
def _ready(w, kept, k, node, t, walked_from, rounds):  # type: ignore[no-untyped-def]  # kernel
    """Ready to board at `node`, if that is better than all before."""
    if k == rounds or t >= kept.board[node, k]:
        return
    if w.board[k, node] == INF:
        kept.marked[k, kept.marked_count[k]] = node
        kept.marked_count[k] += 1
    w.board[k, node] = t
    w.walked_from[k, node] = walked_from
    for j in range(k, rounds + 1):
        if t >= kept.board[node, j]:
            break
        kept.board[node, j] = t

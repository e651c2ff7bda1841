"""rRAPTOR: every useful journey that departs in a window, latest departure first.

Labels stay from one departure to the next: a journey that leaves earlier and is no earlier anywhere, with no fewer
vehicles, is dominated and dies where it meets the other (self-pruning). Round 1 rides just the occurrences that
leave at this departure; all others were ridden before.
"""

from typing import NamedTuple

import numba
import numpy as np

from mobigo.network.model.timetable import I32
from mobigo.planner.engine.ahead import worth
from mobigo.planner.engine.raptor import INF, SOURCE, first_occurrence, trace


class Kept(NamedTuple):
    """What later departures leave behind, [round, node]: arrivals off a vehicle, and readiness to board, with that
    many vehicles or fewer."""

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
        np.empty((rounds + 1, nodes), np.int32), np.empty((rounds + 1, nodes), np.int32),
        np.empty((rounds + 1, nodes), np.int32), np.zeros(rounds + 1, np.int32), np.empty((rounds + 1, nodes),
        np.int32),
        np.zeros(rounds + 1, np.int32), np.empty(rounds + 1, np.int32),
    )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def departures(g, source, access_s, from_s, to_s):  # type: ignore[no-untyped-def]  # kernel
    """Everything that leaves the sources in reach of a door left between `from_s` and `to_s`, latest first.

    Rows of [leave the door, pattern, position, occurrence], sorted so that equal departures stand together in a fixed
    order.
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
                occurrence = first_occurrence(
                    g.occurrence_s,
                    g.occurrence_row,
                    g.depart_s,
                    g.occurrence_start[pattern],
                    end,
                    position,
                    from_s + access_s[i],
                )
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
def search_range(  # type: ignore[no-untyped-def]  # kernel
    g,
    w,
    kept,
    ahead,
    source,
    access_s,
    egress_s,
    events,
    after_s,
    enough_s,
    rounds,
    duration_s_max,
    arrive_s_max,
    found,
    rides,
):
    """All Pareto journeys over (departure, arrival, vehicles) that begin with one of `events`, unless leaving the
    door at `after_s`, behind the window, is as good. Once a departure before `enough_s` brought a journey, no earlier
    one is looked for.

    `found` [journeys, 4] takes (leave the door, arrive, vehicles, row of the first ride); `rides` takes their rides,
    as `raptor.trace` writes them. Returns the number of journeys, or -1 when they do not fit.
    """
    kept.arrive[:] = INF
    kept.board[:] = INF
    kept.target_s[:] = INF
    w.arrive[: rounds + 1] = INF
    w.board[: rounds + 1] = INF
    journeys, ridden = 0, 0
    patterns = len(g.pattern_start) - 1
    ride_pattern, ride_position = np.empty(patterns + len(events), np.int32), np.empty(patterns + len(events), np.int32)
    ride_occurrence = np.empty(patterns + len(events), np.int32)
    i = -1
    while i < len(events):
        leave = events[i, 0] if i >= 0 else after_s
        latest = min(leave + duration_s_max, arrive_s_max) + 1
        for k in range(rounds + 1):
            w.target_s[k] = min(kept.target_s[k], latest)
            w.target_node[k] = -1
        kept.improved_count[:] = 0
        kept.marked_count[:] = 0
        if i < 0:
            for j in range(len(source)):
                _stand(w, kept, source[j], after_s + access_s[j])
        done = 0
        for k in range(1, rounds + 1):
            queued = 0
            if k == 1 and i >= 0:
                while i < len(events) and events[i, 0] == leave:
                    ride_pattern[queued], ride_position[queued], ride_occurrence[queued] = (
                        events[i, 1],
                        events[i, 2],
                        events[i, 3],
                    )
                    w.walked_from[0, g.pattern_node[g.pattern_start[events[i, 1]] + events[i, 2]]] = SOURCE
                    queued += 1
                    i += 1
            else:
                queued = _queue(g, w, kept, ahead, k, rounds, ride_pattern, ride_position, ride_occurrence)
            if queued == 0:
                break
            _ride(g, w, kept, ahead, k, queued, ride_pattern, ride_position, ride_occurrence, rounds, egress_s)
            _walk(g, w, kept, ahead, k, rounds)
            done = k
        if i < 0:
            i = 0
        before = journeys
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
        if leave < enough_s and journeys > before:
            break
    return journeys


@numba.njit(cache=True, nogil=True, inline="always")
def _stand(w, kept, node, ready):  # type: ignore[no-untyped-def]  # kernel
    """Round 0: ready at a source, the door left behind the window."""
    if w.board[0, node] == INF:
        kept.marked[0, kept.marked_count[0]] = node
        kept.marked_count[0] += 1
    w.board[0, node] = min(w.board[0, node], ready)
    w.walked_from[0, node] = SOURCE


# The steps of a round take what they read out of the tuples first, as those of `raptor` do.


@numba.njit(cache=True, nogil=True)
def _queue(g, w, kept, ahead, k, rounds, ride_pattern, ride_position, ride_occurrence):  # type: ignore[no-untyped-def]  # kernel
    """The patterns that call at marked nodes, each with the first position to ride it from, none boarded yet."""
    node_start, node_pattern, node_position = g.node_start, g.node_pattern, g.node_position
    nodes, board, first_position, last_position = kept.marked[k - 1], w.board[k - 1], w.first_position, w.last_position
    target_s, ready_s, queue = w.target_s, ahead.ready, w.queue
    queued = 0
    for m in range(kept.marked_count[k - 1]):
        node = nodes[m]
        if worth(target_s, ready_s, node, board[node], k - 1, rounds):
            for e in range(node_start[node], node_start[node + 1]):
                pattern, position = node_pattern[e], node_position[e]
                if first_position[pattern] == INF:
                    queue[queued] = pattern
                    queued += 1
                    first_position[pattern] = last_position[pattern] = position
                elif position < first_position[pattern]:
                    first_position[pattern] = position
                elif position > last_position[pattern]:
                    last_position[pattern] = position
    for q in range(queued):
        pattern = queue[q]
        ride_pattern[q], ride_position[q], ride_occurrence[q] = pattern, first_position[pattern], -1
        first_position[pattern] = INF
    return queued


@numba.njit(cache=True, nogil=True)
def _ride(g, w, kept, ahead, k, queued, ride_pattern, ride_position, ride_occurrence, rounds, egress_s):  # type: ignore[no-untyped-def]  # kernel
    """Ride each queued pattern from its position, aboard its occurrence unless that is -1; as `raptor` does."""
    pattern_start, pattern_node, occurrence_start = g.pattern_start, g.pattern_node, g.occurrence_start
    can_board, can_alight, arrive_s, depart_s = g.can_board, g.can_alight, g.arrive_s, g.depart_s
    occurrence_s, occurrence_row = g.occurrence_s, g.occurrence_row
    board, arrive, best, known = w.board[k - 1], w.arrive[k], kept.arrive[k], kept.arrive
    ridden, ridden_from, ridden_to = w.ridden[k], w.ridden_from[k], w.ridden_to[k]
    target_s, arrived_ahead_s, ready_ahead_s, last_position = w.target_s, ahead.arrived, ahead.ready, w.last_position
    reached, improved = kept.improved[k], kept.improved_count[k]
    for q in range(queued):
        pattern, position, given = ride_pattern[q], ride_position[q], ride_occurrence[q] >= 0
        at = pattern_start[pattern]
        last = pattern_start[pattern + 1] - at - 1
        first, end = occurrence_start[pattern], occurrence_start[pattern + 1]
        final = last_position[pattern]
        aboard, occurrence, boarded_at = given, first, position
        start_s, row = np.int32(0), np.int32(0)
        late_s, late_row = occurrence_s[end - 1], occurrence_row[end - 1]  # the last that may still be boarded
        if given:
            occurrence = ride_occurrence[q]
            start_s, row = occurrence_s[occurrence], occurrence_row[occurrence]
            position += 1
        for i in range(position, last + 1):
            if not aboard and i > final:
                break
            node = pattern_node[at + i]
            if aboard and can_alight[at + i]:
                t = start_s + arrive_s[row + i]
                if t < best[node] and worth(target_s, arrived_ahead_s, node, t, k, rounds):
                    if arrive[node] == INF:
                        reached[improved] = node
                        improved += 1
                    arrive[node] = t
                    for j in range(k, rounds + 1):
                        if t >= known[j, node]:
                            break
                        known[j, node] = t
                    ridden[node], ridden_from[node], ridden_to[node] = occurrence, boarded_at, i
                    if egress_s[node] < INF and t + egress_s[node] < target_s[k]:
                        w.target_node[k] = node
                        for j in range(k, rounds + 1):  # with more vehicles nothing as late is worth it
                            target_s[j] = min(target_s[j], t + egress_s[node])
            ready = board[node]
            if given or ready == INF or i == last or not can_board[at + i]:
                continue
            if end == first or late_s + depart_s[late_row + i] < ready:
                continue
            end = first_occurrence(occurrence_s, occurrence_row, depart_s, first, end - 1, i, ready)
            start_s, row = occurrence_s[end], occurrence_row[end]
            if end > first:
                late_s, late_row = occurrence_s[end - 1], occurrence_row[end - 1]
            aboard = worth(target_s, ready_ahead_s, node, start_s + depart_s[row + i], k - 1, rounds)
            if aboard:
                occurrence, boarded_at = end, i
            elif end == first:
                break
    kept.improved_count[k] = improved


@numba.njit(cache=True, nogil=True)
def _walk(g, w, kept, ahead, k, rounds):  # type: ignore[no-untyped-def]  # kernel
    """From each node reached by a vehicle at this departure: change there, or walk to another, shortest walks first."""
    if k == rounds:
        return
    foot_start, foot_node, foot_s, change_s = g.foot_start, g.foot_node, g.foot_s, g.change_s
    arrive, board, best, known = w.arrive[k], w.board[k], kept.board[k], kept.board
    reached, nodes, walked_from = kept.improved[k], kept.marked[k], w.walked_from[k]
    target_s, ready_ahead_s, marked = w.target_s, ahead.ready, kept.marked_count[k]
    for m in range(kept.improved_count[k]):
        node = reached[m]
        t = arrive[node]
        for e in range(foot_start[node] - 1, foot_start[node + 1]):
            if e < foot_start[node]:
                other, ready = node, t + change_s[node]
            else:
                other, ready = foot_node[e], t + foot_s[e]
                if ready >= target_s[k + 1]:
                    break
            if ready < best[other] and worth(target_s, ready_ahead_s, other, ready, k, rounds):
                if board[other] == INF:
                    nodes[marked] = other
                    marked += 1
                board[other] = ready
                walked_from[other] = node
                for j in range(k, rounds + 1):
                    if ready >= known[j, other]:
                        break
                    known[j, other] = ready
    kept.marked_count[k] = marked

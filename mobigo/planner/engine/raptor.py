"""RAPTOR: earliest arrival for each number of vehicles, one departure.

In the words of the paper: round k finds the earliest arrivals with k vehicles by riding every pattern (there: route)
from the first node improved in round k - 1, then by one walk. Pruned by the best arrival so far at the node (local)
and at the target, the latter helped by a lower bound of the way that remains (`bounds`, ALT).

Times are int32 seconds of the view. A node has two labels a round: `arrive`, off a vehicle, and `board`, ready to
board another.
"""

from typing import NamedTuple

import numba
import numpy as np

from mobigo.network.model.timetable import I32, NEVER_S

INF = np.int32(NEVER_S)
SOURCE = np.int32(-1)


class Labels(NamedTuple):
    """Working memory of a search, reused from one to the next by the same thread. Arrays [round, node], or [node]."""

    arrive: I32
    board: I32
    ridden: I32  # the occurrence that brought to `arrive`
    ridden_from: I32  # the position where it was boarded
    ridden_to: I32  # the position where it was left
    walked_from: I32  # the node left on foot to `board`; the node itself after a change there, SOURCE at the start
    best_arrive: I32
    best_board: I32
    bound: I32  # lower bound of the seconds to the target
    first_position: I32  # [pattern] where to begin to ride it this round
    queue: I32  # [pattern]
    improved: I32  # [node] nodes reached by a vehicle this round
    marked: I32  # [node] nodes that can be boarded from next round
    target_s: I32  # [round] best arrival at the target with that many vehicles or fewer
    target_node: I32  # [round] where a better one leaves the last vehicle, -1 when the round brought none


def make_labels(nodes: int, patterns: int, rounds: int) -> Labels:
    """Working memory for a view of that size and at most `rounds` vehicles."""

    def grid() -> I32:
        return np.empty((rounds + 1, nodes), np.int32)

    def flat(count: int) -> I32:
        return np.empty(count, np.int32)

    return Labels(
        arrive=grid(),
        board=grid(),
        ridden=grid(),
        ridden_from=grid(),
        ridden_to=grid(),
        walked_from=grid(),
        best_arrive=flat(nodes),
        best_board=flat(nodes),
        bound=flat(nodes),
        first_position=np.full(patterns, INF, np.int32),
        queue=flat(patterns),
        improved=flat(nodes),
        marked=flat(nodes),
        target_s=flat(rounds + 1),
        target_node=flat(rounds + 1),
    )


@numba.njit(cache=True, nogil=True)
def lower_bounds(to_s, from_s, target, egress_s, source, bound):  # type: ignore[no-untyped-def]  # kernel
    """bound[n]: no way from n to a target, with its egress, is shorter. Uses the four landmarks that say most at the
    source."""
    count = len(to_s)
    to_most, from_least = np.empty(count, np.int32), np.empty(count, np.int32)
    says = np.empty(count, np.int32)
    for mark in range(count):
        most, least = -INF, INF
        for i in range(len(target)):
            most = max(most, to_s[mark, target[i]] - egress_s[i])
            least = min(least, from_s[mark, target[i]] + egress_s[i])
        to_most[mark], from_least[mark] = most, least
        says[mark] = 0
        for i in range(len(source)):
            here = max(to_s[mark, source[i]] - most, least - from_s[mark, source[i]])
            if i == 0 or here < says[mark]:
                says[mark] = here
    bound[:] = 0
    for _ in range(min(4, count)):
        best = np.argmax(says)
        says[best] = -INF
        most, least = to_most[best], from_least[best]
        to_row, from_row = to_s[best], from_s[best]
        for n in range(len(bound)):
            bound[n] = max(bound[n], max(to_row[n] - most, least - from_row[n]))


@numba.njit(cache=True, nogil=True)
def first_occurrence(occurrence_s, occurrence_row, depart_s, low, high, position, ready):  # type: ignore[no-untyped-def]  # kernel
    """The first occurrence of `low:high` that leaves `position` at `ready` or later; `high` when none does."""
    while low < high:
        middle = (low + high) >> 1
        if occurrence_s[middle] + depart_s[occurrence_row[middle] + position] < ready:
            low = middle + 1
        else:
            high = middle
    return low


@numba.njit(cache=True, nogil=True)
def search(g, w, source, ready_s, egress_s, rounds, latest_s):  # type: ignore[no-untyped-def]  # kernel
    """Fill the labels from `source` nodes, where one is ready to board at `ready_s`, towards the nodes with `egress_s`
    below INF.

    `w.bound` is given (zeros prune nothing). Arrivals after `latest_s` are not looked for. Returns the rounds done.
    """
    w.best_arrive[:] = INF
    w.best_board[:] = INF
    w.board[0, :] = INF
    w.target_s[:] = latest_s + 1
    w.target_node[:] = -1
    marked = 0
    for i in range(len(source)):
        node, ready = source[i], ready_s[i]
        if ready < w.best_board[node]:
            if w.best_board[node] == INF:
                w.marked[marked] = node
                marked += 1
            w.board[0, node] = ready
            w.best_board[node] = ready
            w.walked_from[0, node] = SOURCE
    for k in range(1, rounds + 1):
        w.target_s[k] = w.target_s[k - 1]
        queued = _queue(g, w, k, marked)
        if queued == 0:
            for later in range(k + 1, rounds + 1):
                w.target_s[later] = w.target_s[k]
            return k - 1
        w.arrive[k, :] = INF
        w.board[k, :] = INF
        improved = 0
        for i in range(queued):
            pattern = w.queue[i]
            improved = _ride(g, w, k, pattern, w.first_position[pattern], egress_s, improved)
            w.first_position[pattern] = INF
        if k < rounds:
            marked = _walk(g, w, k, improved)
    return rounds


@numba.njit(cache=True, nogil=True, inline="always")
def _queue(g, w, k, marked):  # type: ignore[no-untyped-def]  # kernel
    """The patterns that call at marked nodes, each with the first position to ride it from."""
    queued = 0
    worth_before = w.target_s[k]
    for i in range(marked):
        node = w.marked[i]
        if w.board[k - 1, node] + w.bound[node] >= worth_before:
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


@numba.njit(cache=True, nogil=True, inline="always")
def _ride(g, w, k, pattern, position, egress_s, improved):  # type: ignore[no-untyped-def]  # kernel
    """Ride a pattern from `position`: leave where that is better than all before, change to an earlier occurrence
    where one can."""
    at = g.pattern_start[pattern]
    last = g.pattern_start[pattern + 1] - at - 1
    first, end = g.occurrence_start[pattern], g.occurrence_start[pattern + 1]
    board = w.board[k - 1]
    occurrence, boarded_at = end, -1
    start_s, row = np.int32(0), np.int32(0)
    for i in range(position, last + 1):
        node = g.pattern_node[at + i]
        if occurrence < end and g.can_alight[at + i]:
            t = start_s + g.arrive_s[row + i]
            if t < w.best_arrive[node] and t + w.bound[node] < w.target_s[k]:
                if w.arrive[k, node] == INF:
                    w.improved[improved] = node
                    improved += 1
                w.arrive[k, node] = t
                w.best_arrive[node] = t
                w.ridden[k, node] = occurrence
                w.ridden_from[k, node] = boarded_at
                w.ridden_to[k, node] = i
                if egress_s[node] < INF and t + egress_s[node] < w.target_s[k]:
                    w.target_s[k] = t + egress_s[node]
                    w.target_node[k] = node
        ready = board[node]
        if ready < INF and i < last and g.can_board[at + i]:
            if occurrence == end:
                occurrence = first_occurrence(g.occurrence_s, g.occurrence_row, g.depart_s, first, end, i, ready)
                if occurrence < end:
                    boarded_at = i
                    start_s, row = g.occurrence_s[occurrence], g.occurrence_row[occurrence]
            elif (
                occurrence > first
                and g.occurrence_s[occurrence - 1] + g.depart_s[g.occurrence_row[occurrence - 1] + i] >= ready
            ):
                occurrence = first_occurrence(
                    g.occurrence_s, g.occurrence_row, g.depart_s, first, occurrence - 1, i, ready
                )
                boarded_at = i
                start_s, row = g.occurrence_s[occurrence], g.occurrence_row[occurrence]
    return improved


@numba.njit(cache=True, nogil=True, inline="always")
def _walk(g, w, k, improved):  # type: ignore[no-untyped-def]  # kernel
    """From each node reached by a vehicle: change there, or walk to another, shortest walks first."""
    marked = 0
    worth_before = w.target_s[k]
    for i in range(improved):
        node = w.improved[i]
        t = w.arrive[k, node]
        if t + w.bound[node] >= worth_before:
            continue
        ready = t + g.change_s[node]
        if ready < w.best_board[node]:
            if w.board[k, node] == INF:
                w.marked[marked] = node
                marked += 1
            w.board[k, node] = ready
            w.best_board[node] = ready
            w.walked_from[k, node] = node
        for e in range(g.foot_start[node], g.foot_start[node + 1]):
            there = t + g.foot_s[e]
            if there >= worth_before:
                break
            other = g.foot_node[e]
            if there < w.best_board[other] and there + w.bound[other] < worth_before:
                if w.board[k, other] == INF:
                    w.marked[marked] = other
                    marked += 1
                w.board[k, other] = there
                w.best_board[other] = there
                w.walked_from[k, other] = node
    return marked


RIDE_COLUMNS = 8  # pattern, occurrence, position boarded, position left, departure, arrival, node boarded, node left


@numba.njit(cache=True, nogil=True)
def trace(g, w, k, out):  # type: ignore[no-untyped-def]  # kernel
    """The k rides of the target's journey of round k into `out` [k, RIDE_COLUMNS].

    Between the node where one is left and the next is boarded lies a change there or the walk that links them.
    """
    node = w.target_node[k]
    while k > 0:
        occurrence, a, b = w.ridden[k, node], w.ridden_from[k, node], w.ridden_to[k, node]
        pattern = np.searchsorted(g.occurrence_start, occurrence, side="right") - 1
        start_s, row = g.occurrence_s[occurrence], g.occurrence_row[occurrence]
        from_node = g.pattern_node[g.pattern_start[pattern] + a]
        k -= 1
        out[k, 0], out[k, 1], out[k, 2], out[k, 3] = pattern, occurrence, a, b
        out[k, 4], out[k, 5] = start_s + g.depart_s[row + a], start_s + g.arrive_s[row + b]
        out[k, 6], out[k, 7] = from_node, node
        node = w.walked_from[k, from_node]


@numba.njit(cache=True, nogil=True)
def trace_all(g, w, rounds, out):  # type: ignore[no-untyped-def]  # kernel
    """The rides of every journey found, one round after the other, into `out`; returns the number of rides."""
    written = 0
    for k in range(1, rounds + 1):
        if w.target_node[k] >= 0:
            trace(g, w, k, out[written:])
            written += k
    return written


@numba.njit(cache=True, nogil=True)
def best_of_all(g, w, rounds, source, ready_s, latest_s):  # type: ignore[no-untyped-def]  # kernel
    """(arrival, vehicles) of every node after a search without a target; INF where none. Of equal arrivals the one
    with fewer vehicles."""
    nodes = len(w.best_arrive)
    arrive, vehicles = np.full(nodes, INF, np.int32), np.zeros(nodes, np.int32)
    for i in range(len(source)):
        arrive[source[i]] = min(arrive[source[i]], ready_s[i])
    for k in range(1, rounds + 1):
        for node in range(nodes):
            t = w.arrive[k, node]
            if t == INF:
                continue
            if t < arrive[node]:
                arrive[node], vehicles[node] = t, k
            for e in range(g.foot_start[node], g.foot_start[node + 1]):
                there = t + g.foot_s[e]
                if there > latest_s:
                    break
                if there < arrive[g.foot_node[e]]:
                    arrive[g.foot_node[e]], vehicles[g.foot_node[e]] = there, k
    return arrive, vehicles

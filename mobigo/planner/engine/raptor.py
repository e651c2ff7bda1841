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
    last_position: I32  # [pattern] where to board it at the latest
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
        last_position=flat(patterns),
        queue=flat(patterns),
        improved=flat(nodes),
        marked=flat(nodes),
        target_s=flat(rounds + 1),
        target_node=flat(rounds + 1),
    )


@numba.njit(cache=True, nogil=True)
def lower_bounds(to_s, from_s, target, egress_s, bound):  # type: ignore[no-untyped-def]  # kernel
    """bound[n]: no way from n to a target, with its egress, is shorter. What each landmark says, and the most of it."""
    bound[:] = 0
    for mark in range(len(to_s)):
        to_row, from_row = to_s[mark], from_s[mark]
        most, least = -INF, INF
        for i in range(len(target)):
            most = max(most, to_row[target[i]] - egress_s[i])
            least = min(least, from_row[target[i]] + egress_s[i])
        for n in range(len(bound)):
            bound[n] = max(bound[n], to_row[n] - most, least - from_row[n])


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
        improved = _ride(g, w, k, queued, egress_s)
        if k < rounds:
            marked = _walk(g, w, k, improved)
    return rounds


# Each step of a round is one call, and takes what it reads out of the tuples first: within a loop every mention of
# them would count references, and two threads would wait for each other at each.


@numba.njit(cache=True, nogil=True)
def _queue(g, w, k, marked):  # type: ignore[no-untyped-def]  # kernel
    """The patterns that call at marked nodes, each with the first position to ride it from."""
    node_start, node_pattern, node_position = g.node_start, g.node_pattern, g.node_position
    nodes, board, bound, queue = w.marked, w.board[k - 1], w.bound, w.queue
    first_position, last_position = w.first_position, w.last_position
    queued = 0
    worth_before = w.target_s[k]
    for i in range(marked):
        node = nodes[i]
        if board[node] + bound[node] >= worth_before:
            continue
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
    return queued


@numba.njit(cache=True, nogil=True)
def _ride(g, w, k, queued, egress_s):  # type: ignore[no-untyped-def]  # kernel
    """Ride each queued pattern from its first position: leave where that is better than all before, change to an
    earlier occurrence where one can. Returns how many nodes were reached.

    An occurrence too late to be worth boarding is so at every position further on (the bounds are shortest ways of
    one graph), and so are those behind it: `end` moves down to it.
    """
    pattern_start, pattern_node, occurrence_start = g.pattern_start, g.pattern_node, g.occurrence_start
    can_board, can_alight, arrive_s, depart_s = g.can_board, g.can_alight, g.arrive_s, g.depart_s
    occurrence_s, occurrence_row = g.occurrence_s, g.occurrence_row
    board, arrive, best_arrive, bound, reached = w.board[k - 1], w.arrive[k], w.best_arrive, w.bound, w.improved
    ridden, ridden_from, ridden_to = w.ridden[k], w.ridden_from[k], w.ridden_to[k]
    queue, first_position, last_position = w.queue, w.first_position, w.last_position
    worth_before, improved = w.target_s[k], 0
    for q in range(queued):
        pattern = queue[q]
        position = first_position[pattern]
        first_position[pattern] = INF
        at = pattern_start[pattern]
        last = pattern_start[pattern + 1] - at - 1
        first, end = occurrence_start[pattern], occurrence_start[pattern + 1]
        aboard, occurrence, boarded_at = False, first, position
        start_s, row = np.int32(0), np.int32(0)
        late_s, late_row = occurrence_s[end - 1], occurrence_row[end - 1]  # the last that may still be boarded
        final = last_position[pattern]
        for i in range(position, last + 1):
            if not aboard and i > final:
                break
            node = pattern_node[at + i]
            if aboard and can_alight[at + i]:
                t = start_s + arrive_s[row + i]
                if t < best_arrive[node] and t + bound[node] < worth_before:
                    if arrive[node] == INF:
                        reached[improved] = node
                        improved += 1
                    arrive[node] = t
                    best_arrive[node] = t
                    ridden[node], ridden_from[node], ridden_to[node] = occurrence, boarded_at, i
                    if egress_s[node] < INF and t + egress_s[node] < worth_before:
                        worth_before = t + egress_s[node]
                        w.target_s[k] = worth_before
                        w.target_node[k] = node
            ready = board[node]
            if ready == INF or i == last or not can_board[at + i]:
                continue
            if end == first or late_s + depart_s[late_row + i] < ready:
                continue
            end = first_occurrence(occurrence_s, occurrence_row, depart_s, first, end - 1, i, ready)
            start_s, row = occurrence_s[end], occurrence_row[end]
            if end > first:
                late_s, late_row = occurrence_s[end - 1], occurrence_row[end - 1]
            aboard = start_s + depart_s[row + i] + bound[node] < worth_before
            if aboard:
                occurrence, boarded_at = end, i
            elif end == first:
                break
    return improved


@numba.njit(cache=True, nogil=True)
def _walk(g, w, k, improved):  # type: ignore[no-untyped-def]  # kernel
    """From each node reached by a vehicle: change there, or walk to another, shortest walks first. Returns how many
    nodes one may board at next."""
    foot_start, foot_node, foot_s, change_s = g.foot_start, g.foot_node, g.foot_s, g.change_s
    arrive, board, best_board, bound = w.arrive[k], w.board[k], w.best_board, w.bound
    reached, nodes, walked_from = w.improved, w.marked, w.walked_from[k]
    marked = 0
    worth_before = w.target_s[k]
    for i in range(improved):
        node = reached[i]
        t = arrive[node]
        if t + bound[node] >= worth_before:
            continue
        ready = t + change_s[node]
        if ready < best_board[node]:
            if board[node] == INF:
                nodes[marked] = node
                marked += 1
            board[node] = ready
            best_board[node] = ready
            walked_from[node] = node
        for e in range(foot_start[node], foot_start[node + 1]):
            there = t + foot_s[e]
            if there >= worth_before:
                break
            other = foot_node[e]
            if there < best_board[other] and there + bound[other] < worth_before:
                if board[other] == INF:
                    nodes[marked] = other
                    marked += 1
                board[other] = there
                best_board[other] = there
                walked_from[other] = node
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

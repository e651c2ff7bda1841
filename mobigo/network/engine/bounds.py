"""Least travel times to and from landmarks, for lower bounds (ALT: Goldberg and Harrelson, SODA 2005).

The graph has an edge for each ride between neighbouring positions of a pattern, as long as the fastest run drives it
on any day, and one for each walk; waiting and changing take no time in it. So no journey is faster than it says,
whatever the day.
"""

import heapq
from collections.abc import Callable

import numba
import numpy as np

from mobigo.network.model.timetable import I32, NEVER_S

LANDMARKS = 16

Edges = Callable[[], tuple[I32, I32, I32]]


def landmarks(
    from_node: I32, to_node: I32, duration_s: I32, node_count: int, count: int = LANDMARKS
) -> tuple[I32, I32]:
    """(to, from): [landmarks, nodes] least seconds from each node to each landmark, and back; `NEVER_S` where there
    is no way."""
    forward = _csr(from_node, to_node, duration_s, node_count)
    backward = _csr(to_node, from_node, duration_s, node_count)
    to_s, from_s = np.full((count, node_count), NEVER_S, np.int32), np.full((count, node_count), NEVER_S, np.int32)
    if node_count and len(from_node):
        _choose(*forward, *backward, to_s, from_s)
    return to_s, from_s


def rides(
    node_start: I32, node: I32, run_start: I32, run_times: I32, arrive_s: I32, depart_s: I32
) -> tuple[I32, I32, I32]:
    """The edges of runs (from, to, seconds), those of runs driven alike once."""
    if not len(run_times):
        return np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int32)
    per_pattern = np.diff(run_start)
    lengths = np.repeat(np.diff(node_start), per_pattern)
    pair = np.unique(np.stack([run_times, np.repeat(node_start[:-1], per_pattern), lengths]), axis=1)
    hops = pair[2] - 1
    within = np.arange(hops.sum()) - np.repeat(np.cumsum(hops) - hops, hops)
    t, n = np.repeat(pair[0], hops) + within, np.repeat(pair[1], hops) + within
    return node[n], node[n + 1], np.maximum(arrive_s[t + 1] - depart_s[t], 0)


def lowered(to_s: I32, from_s: I32, more: tuple[I32, I32, I32], all_edges: Edges) -> tuple[I32, I32]:
    """The bounds when there are `more` edges besides: the same arrays where they shorten no way. `all_edges` gives the
    edges there were, asked for only when one does."""
    a, b, seconds = more
    if not len(to_s) or not len(a):
        return to_s, from_s
    if not ((to_s[:, a] > to_s[:, b] + seconds).any() or (from_s[:, b] > from_s[:, a] + seconds).any()):
        return to_s, from_s
    own = all_edges()
    a, b, seconds = (np.concatenate([mine, theirs]).astype(np.int32) for mine, theirs in zip(own, more, strict=True))
    to_s, from_s = to_s.copy(), from_s.copy()
    _relax(a, b, seconds, to_s, from_s)
    return to_s, from_s


@numba.njit(cache=True, nogil=True)
def _relax(a, b, seconds, to_s, from_s):  # type: ignore[no-untyped-def]  # kernel
    """Shorten, edge by edge, until no edge shortens any way."""
    for mark in range(len(to_s)):
        to_row, from_row = to_s[mark], from_s[mark]
        shorter = True
        while shorter:
            shorter = False
            for e in range(len(a)):
                there = to_row[b[e]] + seconds[e]
                if there < to_row[a[e]]:
                    to_row[a[e]] = there
                    shorter = True
                there = from_row[a[e]] + seconds[e]
                if there < from_row[b[e]]:
                    from_row[b[e]] = there
                    shorter = True


def _csr(a: I32, b: I32, duration_s: I32, count: int) -> tuple[I32, I32, I32]:
    order = np.lexsort((duration_s, b, a))
    a, b, duration_s = a[order], b[order], duration_s[order]
    keep = np.ones(len(a), np.bool_)
    keep[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    a, b, duration_s = a[keep], b[keep], duration_s[keep]
    start = np.zeros(count + 1, np.int32)
    np.cumsum(np.bincount(a, minlength=count), out=start[1:])
    return start, b, duration_s


@numba.njit(cache=True, nogil=True)
def _choose(f_start, f_to, f_s, b_start, b_to, b_s, to_s, from_s):  # type: ignore[no-untyped-def]  # kernel
    """Each landmark is the node farthest from those chosen before, counting a node that none of them reaches as the
    farthest."""
    count = len(f_start) - 1
    nearest = np.full(count, NEVER_S, np.int32)
    node = -1
    for n in range(count):  # begin at the first node with edges
        if f_start[n + 1] > f_start[n]:
            node = n
            break
    scratch = _dijkstra(f_start, f_to, f_s, node)
    far = -1
    for n in range(count):
        if scratch[n] < NEVER_S and scratch[n] > far:
            far, node = scratch[n], n
    for landmark in range(len(to_s)):
        from_s[landmark] = _dijkstra(f_start, f_to, f_s, node)
        to_s[landmark] = _dijkstra(b_start, b_to, b_s, node)
        far, node = -1, -1
        for n in range(count):
            nearest[n] = min(nearest[n], max(min(from_s[landmark, n], NEVER_S), min(to_s[landmark, n], NEVER_S)))
            if f_start[n + 1] > f_start[n] and nearest[n] > far:
                far, node = nearest[n], n
        if node < 0 or far == 0:
            return


@numba.njit(cache=True, nogil=True)
def _dijkstra(start, to, seconds, source):  # type: ignore[no-untyped-def]  # kernel
    least = np.full(len(start) - 1, NEVER_S, np.int32)
    least[source] = 0
    heap = [(np.int32(0), np.int32(source))]
    while heap:
        so_far, node = heapq.heappop(heap)
        if so_far > least[node]:
            continue
        for e in range(start[node], start[node + 1]):
            there = so_far + seconds[e]
            if there < least[to[e]]:
                least[to[e]] = there
                heapq.heappush(heap, (np.int32(there), np.int32(to[e])))
    return least

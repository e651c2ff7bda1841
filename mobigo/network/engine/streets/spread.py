"""Bounded Dijkstra on the streets: from one position, everything within a limit.

The cost is effort in milliseconds; time and length are carried along the same tree. A binary heap of (effort, junction)
in one 64-bit word each, stale entries skipped: with whole numbers the order, hence the answer, never depends on
anything else.
"""

from typing import NamedTuple

import numba
import numpy as np

from mobigo.network.model.streets import EdgeCosts, StreetGraph
from mobigo.network.model.timetable import I32

NOT_REACHED = np.int32(2**31 - 1)
_LOW = np.int64(2**32 - 1)
_SHIFT = np.int64(32)


class Seeds(NamedTuple):
    """Where a search begins: junctions, with what was spent to get to each."""

    junction: I32
    effort_ms: I32
    time_ms: I32
    length_cm: I32


class Spread(NamedTuple):
    """What was reached: [junction] effort, time and length, and the edge (its `edge_id`) that led there (-1: a
    seed);
    `settled` lists the junctions in the order they were settled. Working memory of one thread, good until its next
    search."""

    effort_ms: I32
    time_ms: I32
    length_cm: I32
    by_edge: I32
    settled: I32
    settled_count: I32  # [1]


def make_spread(graph: StreetGraph) -> Spread:
    """Working memory for a graph."""
    n = graph.junction_count
    return Spread(
        np.full(n, NOT_REACHED, np.int32),
        np.zeros(n, np.int32),
        np.zeros(n, np.int32),
        np.full(n, -1, np.int32),
        np.zeros(n, np.int32),
        np.zeros(1, np.int32),
    )


def spread_from(
    graph: StreetGraph,
    costs: EdgeCosts,
    seeds: Seeds,
    into: Spread,
    effort_ms_max: int = 2**31 - 2,
    length_cm_max: int = 2**31 - 2,
) -> Spread:
    """Fill `into` with everything within both limits of the seeds."""
    _spread(
        graph.edge_start, graph.edge_to, graph.edge_id, graph.stretch_cm, costs.effort_ms, costs.time_ms, costs.barred,
        seeds.junction, seeds.effort_ms, seeds.time_ms, seeds.length_cm,
        effort_ms_max, length_cm_max, *into,
    )  # fmt: skip
    return into


@numba.njit(cache=True, nogil=True)
def _spread(  # type: ignore[no-untyped-def]  # kernel
    edge_start, edge_to, edge_id, stretch_cm, effort, time, barred, seed_at, seed_effort, seed_time, seed_cm,
    effort_max, length_max, best, best_time, best_cm, by_edge, settled, count,
):  # fmt: skip
    for k in range(count[0]):  # only what the last search touched is wiped
        best[settled[k]] = NOT_REACHED
    touched = 0
    heap = np.empty(1024, np.int64)
    size = 0
    for k in range(len(seed_at)):
        v = seed_at[k]
        if seed_effort[k] > effort_max or seed_cm[k] > length_max or seed_effort[k] >= best[v]:
            continue
        if best[v] == NOT_REACHED:
            settled[touched] = v
            touched += 1
        best[v], best_time[v], best_cm[v], by_edge[v] = seed_effort[k], seed_time[k], seed_cm[k], -1
        size = _push(heap, size, (np.int64(seed_effort[k]) << _SHIFT) | np.int64(v))
    while size:
        top, size = _pop(heap, size)
        u = np.int32(top & _LOW)
        if np.int32(top >> _SHIFT) != best[u]:
            continue
        if barred[u]:
            continue
        for row in range(edge_start[u], edge_start[u + 1]):
            e = edge_id[row]
            if effort[e] < 0:
                continue
            v = edge_to[row]
            reached = np.int64(best[u]) + effort[e]
            length = np.int64(best_cm[u]) + stretch_cm[e >> 1]
            if reached > effort_max or length > length_max or reached >= best[v]:
                continue
            if best[v] == NOT_REACHED:
                settled[touched] = v
                touched += 1
            best[v], best_time[v], best_cm[v], by_edge[v] = reached, best_time[u] + time[e], length, e
            if size == len(heap):
                heap = _grown(heap)
            size = _push(heap, size, (reached << _SHIFT) | np.int64(v))
    count[0] = touched


@numba.njit(cache=True, nogil=True)
def _grown(heap):  # type: ignore[no-untyped-def]  # kernel
    larger = np.empty(2 * len(heap), np.int64)
    larger[: len(heap)] = heap
    return larger


@numba.njit(cache=True, nogil=True, inline="always")
def _push(heap, size, item):  # type: ignore[no-untyped-def]  # kernel
    at = size
    while at and heap[(at - 1) >> 1] > item:
        heap[at] = heap[(at - 1) >> 1]
        at = (at - 1) >> 1
    heap[at] = item
    return size + 1


@numba.njit(cache=True, nogil=True, inline="always")
def _pop(heap, size):  # type: ignore[no-untyped-def]  # kernel
    top = heap[0]
    size -= 1
    item = heap[size]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= item:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = item
    return top, size

"""Runs to FIFO patterns and shared rows of times.

A pattern holds runs with the same nodes and flags of which none overtakes another: each later run is no earlier at
any position. That must hold from one service day to the next too, the shortest of which lasts 23 h, so the last run
of a pattern is at no position later than its first one plus 23 h. Then the runs of several days, day after day, are
in order as they stand.
"""

from dataclasses import dataclass

import numba
import numpy as np

from mobigo.network.model.timetable import I32, I64, U8, U64

SHORTEST_DAY_S = 23 * 3600


@dataclass(frozen=True)
class Sequences:
    """What runs do at their visits, run by run: `start[r]:start[r + 1]`; seconds from the run's start."""

    start: I64
    node: I32
    flags: U8
    arrive_s: I32
    depart_s: I32


@dataclass(frozen=True)
class Patterns:
    """`order` lists the runs pattern by pattern, in FIFO order; `times_at[r]` is where run r's row begins in the rows
    of times."""

    node_start: I32
    node: I32
    flags: U8
    run_start: I32
    order: I32
    times_at: I32
    arrive_s: I32
    depart_s: I32


def group(sequences: Sequences, run_start_s: I32) -> Patterns:
    """Group runs into patterns, deterministically: patterns by their nodes, runs by time, then by their number."""
    way, row = _hashes(sequences.start, sequences.node, sequences.flags, sequences.arrive_s, sequences.depart_s)
    length = np.diff(sequences.start)
    times_at, arrive_s, depart_s = _share_rows(sequences, row)
    last_s = run_start_s + sequences.arrive_s[sequences.start[1:] - 1] if len(length) else run_start_s
    first_node = sequences.node[sequences.start[:-1]]
    order = np.lexsort((np.arange(len(length)), last_s, run_start_s, way, length, first_node)).astype(np.int32)
    sub = _separate(
        order,
        way,
        sequences.start,
        sequences.node,
        sequences.flags,
        sequences.arrive_s,
        sequences.depart_s,
        run_start_s,
    )
    order = order[np.argsort(sub, kind="stable")]
    counts = np.bincount(sub) if len(sub) else np.zeros(0, np.int64)
    run_start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    lead = order[run_start[:-1]] if len(counts) else np.zeros(0, np.int32)
    node_start = np.concatenate([[0], np.cumsum(length[lead])]).astype(np.int32)
    at = cells_of(sequences.start, lead)
    return Patterns(node_start, sequences.node[at], sequences.flags[at], run_start, order, times_at, arrive_s, depart_s)


def _share_rows(sequences: Sequences, row: U64) -> tuple[I32, I32, I32]:
    """One copy of each distinct row of times, and where each run finds its own."""
    length = np.diff(sequences.start)
    key = row ^ (length.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    _verify_rows(sequences.start, sequences.arrive_s, sequences.depart_s, first, inverse)
    starts = np.concatenate([[0], np.cumsum(length[first])])
    if starts[-1] >= 2**31:
        raise OverflowError("rows of times beyond 2^31 seconds cells")
    at = cells_of(sequences.start, first)
    return starts[inverse].astype(np.int32), sequences.arrive_s[at], sequences.depart_s[at]


def cells_of(start: I64, rows: np.ndarray) -> I64:
    """Positions of the cells of `rows`, one after the other."""
    length = start[rows + 1] - start[rows]
    if not len(rows):
        return np.zeros(0, np.int64)
    ends = np.cumsum(length)
    cells: I64 = np.arange(ends[-1]) + np.repeat(start[rows] - (ends - length), length)
    return cells


@numba.njit(cache=True, nogil=True)
def _mix(seed, value):  # type: ignore[no-untyped-def]  # kernel
    mixed = (seed ^ np.uint64(value)) * np.uint64(0xFF51AFD7ED558CCD)
    return mixed ^ (mixed >> np.uint64(32))


@numba.njit(cache=True, nogil=True)
def _hashes(start, node, flags, arrive, depart):  # type: ignore[no-untyped-def]  # kernel
    """64-bit fingerprints of each run's way and of its times; equality is verified where they are used."""
    count = len(start) - 1
    way, row = np.empty(count, np.uint64), np.empty(count, np.uint64)
    for run in range(count):
        a, b = np.uint64(0xC4CEB9FE1A85EC53), np.uint64(0x94D049BB133111EB)
        for i in range(start[run], start[run + 1]):
            a = _mix(a, (np.int64(node[i]) << 8) | flags[i])
            b = _mix(b, (np.int64(arrive[i]) << 32) ^ np.int64(depart[i]))
        way[run], row[run] = a, b
    return way, row


@numba.njit(cache=True, nogil=True)
def _verify_rows(start, arrive, depart, first, inverse):  # type: ignore[no-untyped-def]  # kernel
    for run in range(len(start) - 1):
        lead = first[inverse[run]]
        for k in range(start[run + 1] - start[run]):
            if arrive[start[run] + k] != arrive[start[lead] + k] or depart[start[run] + k] != depart[start[lead] + k]:
                raise ValueError("two rows of times share a fingerprint")


@numba.njit(cache=True, nogil=True)
def _separate(order, way, start, node, flags, arrive, depart, run_start_s):  # type: ignore[no-untyped-def]  # kernel
    """The pattern of each run of `order`: first fit among the patterns opened for its way."""
    count = len(order)
    pattern = np.empty(count, np.int64)
    firsts, lasts = np.empty(count, np.int32), np.empty(count, np.int32)
    opened, group_from = 0, 0
    for k in range(count):
        run = order[k]
        if k == 0 or not _same_way(start, node, flags, way, order[k - 1], run):
            group_from = opened
        chosen = -1
        for candidate in range(group_from, opened):
            if _fits(start, arrive, depart, run_start_s, firsts[candidate], lasts[candidate], run):
                chosen = candidate
                break
        if chosen < 0:
            chosen = opened
            firsts[chosen] = run
            opened += 1
        lasts[chosen] = run
        pattern[k] = chosen
    return pattern


@numba.njit(cache=True, nogil=True)
def _same_way(start, node, flags, way, a, b):  # type: ignore[no-untyped-def]  # kernel
    length = start[a + 1] - start[a]
    if way[a] != way[b] or length != start[b + 1] - start[b]:
        return False
    for k in range(length):
        if node[start[a] + k] != node[start[b] + k] or flags[start[a] + k] != flags[start[b] + k]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _fits(start, arrive, depart, run_start_s, first, last, run):  # type: ignore[no-untyped-def]  # kernel
    after_last = run_start_s[run] - run_start_s[last]
    after_first = run_start_s[run] - run_start_s[first] - SHORTEST_DAY_S
    for k in range(start[run + 1] - start[run]):
        i, j, f = start[run] + k, start[last] + k, start[first] + k
        if arrive[i] + after_last < arrive[j] or depart[i] + after_last < depart[j]:
            return False
        if arrive[i] + after_first > arrive[f] or depart[i] + after_first > depart[f]:
            return False
    return True

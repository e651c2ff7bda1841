"""The timetable of a few days as a search sees it: only runs of those days that the traveller accepts, in seconds
from one instant.

A view serves one direction. Backward, time is negated and every pattern is read from its end, so that arriving by an
hour is departing after its negative, and one search serves both. Views are small (they share the rows of times) and
kept for the days asked most.
"""

from datetime import date, timedelta
from threading import Lock
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numba
import numpy as np

from mobigo.base.servicetime import service_day_start
from mobigo.network.model.timetable import DROP_OFF_SHIFT, I32, NOT_AVAILABLE, TYPE_MASK, U8, Timetable


class Graph(NamedTuple):
    """What the kernels read. Positions of pattern p are `pattern_start[p]:pattern_start[p + 1]`, its occurrences (a
    run on a day)
    `occurrence_start[p]:…`, in FIFO order. An occurrence arrives at position i at `occurrence_s +
    arrive_s[occurrence_row + i]`."""

    pattern_start: I32
    pattern_node: I32
    can_board: U8
    can_alight: U8
    occurrence_start: I32
    occurrence_s: I32
    occurrence_row: I32
    arrive_s: I32
    depart_s: I32
    node_start: I32
    node_pattern: I32
    node_position: I32
    foot_start: I32
    foot_node: I32
    foot_s: I32
    change_s: I32
    lb_to_s: I32
    lb_from_s: I32
    left_start: I32  # where patterns can be left: for each node, patterns and positions
    left_pattern: I32
    left_position: I32
    from_start: I32  # for each node, the nodes one walks from to get there
    from_node: I32
    from_s: I32


class View(NamedTuple):
    """A graph and what its occurrences are: `run` and `day` (days after `first_day`) of each, and the timetable's
    pattern of each of its own."""

    graph: Graph
    backward: bool
    origin_epoch_s: int
    first_day: date
    occurrence_run: I32
    occurrence_day: I32
    pattern: I32
    first_position: I32  # of each pattern, where it begins in the timetable's: not 0 for a part of a joined run
    derived: dict[str, tuple[I32, I32]]  # what searches derive from the view once


def build_view(
    timetable: Timetable,
    first_day: date,
    last_day: date,
    origin_day: date,
    backward: bool,
    run_ok: np.ndarray | None = None,
    node_ok: np.ndarray | None = None,
    change_s_extra: int = 0,
    stretches: I32 | None = None,
    every_day: bool = False,
) -> View:
    """The view of the service days from `first_day` to `last_day`, seconds counted from the service day
    `origin_day`'s start.

    `run_ok` and `node_ok` (booleans) leave out runs, and forbid boarding and alighting at nodes; `stretches` [n, 3]
    (run, first and last position) are parts of runs to ride besides. With `every_day` all runs run on all days: what is
    not possible then is possible on no day.
    """
    zone = ZoneInfo(timetable.zone)
    origin_epoch_s = int(service_day_start(origin_day, zone).timestamp())
    span = [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]
    bits = np.array([day.toordinal() - timetable.first_day_ordinal for day in span], np.int64)
    offsets = np.array([int(service_day_start(day, zone).timestamp()) - origin_epoch_s for day in span], np.int32)
    inside = (bits >= 0) & (bits < timetable.day_count)
    days = timetable.days
    if every_day:
        days, bits, inside = np.full_like(days, np.iinfo(np.uint64).max), np.zeros_like(bits), np.ones_like(inside)
    everything = np.ones(0, np.bool_)
    counts, run, day_of, start_s, row = _occurrences(
        _frozen(timetable.pattern_run_start), _frozen(timetable.run_days), _frozen(timetable.run_start_s),
        _frozen(timetable.run_times),
        _frozen(days), bits, offsets, inside,
        everything if run_ok is None else run_ok,
    )  # fmt: skip
    kept = np.flatnonzero(counts).astype(np.int32)
    counts, first_position = counts[kept], np.zeros(len(kept), np.int32)
    length = np.diff(timetable.pattern_node_start)[kept]
    if stretches is not None and len(stretches):
        active = np.array(
            [[every_day or timetable.runs_on(int(timetable.run_days[r]), day) for day in span] for r in stretches[:, 0]]
        )
        which, on = np.nonzero(active)
        part, parts = stretches[which], stretches[active.any(axis=1)]
        run, day_of = np.concatenate([run, part[:, 0]]), np.concatenate([day_of, on.astype(np.int32)])
        start_s = np.concatenate([start_s, timetable.run_start_s[part[:, 0]] + offsets[on]])
        row = np.concatenate([row, timetable.run_times[part[:, 0]] + part[:, 1]])
        counts = np.concatenate([counts, active.sum(axis=1)[active.any(axis=1)].astype(np.int32)])
        of_run = np.searchsorted(timetable.pattern_run_start, parts[:, 0], side="right").astype(np.int32) - 1
        kept, first_position = np.concatenate([kept, of_run]), np.concatenate([first_position, parts[:, 1]])
        length = np.concatenate([length, parts[:, 2] - parts[:, 1] + 1])
    begin = timetable.pattern_node_start[:-1][kept] + first_position
    cells = np.repeat(begin - np.concatenate([[0], np.cumsum(length)[:-1]]), length) + np.arange(length.sum())
    node, flags = timetable.pattern_node[cells], timetable.pattern_flags[cells]
    can_board = (flags & TYPE_MASK) != NOT_AVAILABLE
    can_alight = (flags >> DROP_OFF_SHIFT & TYPE_MASK) != NOT_AVAILABLE
    if node_ok is not None:
        can_board &= node_ok[node]
        can_alight &= node_ok[node]
    pattern_start = _starts(length)
    occurrence_start = _starts(counts)
    change = timetable.node_change_s + np.int32(change_s_extra)
    foot = (
        timetable.foot_start,
        timetable.foot_node,
        timetable.foot_s + np.int32(change_s_extra) if change_s_extra else timetable.foot_s,
    )
    arrive, depart = timetable.times_arrive_s, timetable.times_depart_s
    lb_to_s, lb_from_s = timetable.lb_to_s, timetable.lb_from_s
    if backward:
        lengths_of = np.repeat(length, counts).astype(np.int32)
        arrive, depart = _mirror(timetable)
        row = np.int32(len(arrive)) - row[::-1] - lengths_of[::-1]
        start_s, run, day_of = -start_s[::-1], run[::-1], day_of[::-1]
        node, can_board, can_alight = node[::-1], can_alight[::-1], can_board[::-1]
        kept, first_position = kept[::-1], first_position[::-1]
        pattern_start, occurrence_start = _starts(length[::-1]), _starts(counts[::-1])
        foot = _turned(*foot, len(change))
        lb_to_s, lb_from_s = lb_from_s, lb_to_s
    length = np.diff(pattern_start)
    position = (np.arange(len(node)) - np.repeat(pattern_start[:-1], length)).astype(np.int32)
    # never boarded at the last position, never left at the first: nothing is ridden
    boarded = _where(node, can_board & (position < np.repeat(length, length) - 1), position, length, len(change))
    left = _where(node, can_alight & (position > 0), position, length, len(change))
    from_start, from_node, from_s = _turned(*foot, len(change))
    graph = Graph(
        *(_frozen(a) for a in (
            pattern_start, node.astype(np.int32), can_board.astype(np.uint8), can_alight.astype(np.uint8),
            occurrence_start,
            start_s.astype(np.int32), row.astype(np.int32), arrive, depart, *boarded, *foot, change, lb_to_s, lb_from_s,
            *left, from_start, from_node, from_s,
        )),
    )  # fmt: skip
    return View(
        graph,
        backward,
        origin_epoch_s,
        first_day,
        np.ascontiguousarray(run),
        np.ascontiguousarray(day_of),
        np.ascontiguousarray(kept),
        np.ascontiguousarray(first_position),
        {},
    )


def _mirror(timetable: Timetable) -> tuple[I32, I32]:
    """The rows of times read backward, shared by all backward views of a timetable; those of the last one are kept."""
    with _mirroring:
        if not _mirrored or _mirrored[0][0] is not timetable:
            arrive, depart = _frozen(-timetable.times_depart_s[::-1]), _frozen(-timetable.times_arrive_s[::-1])
            _mirrored[:] = [(timetable, arrive, depart)]
        return _mirrored[0][1], _mirrored[0][2]


_mirrored: list[tuple[Timetable, I32, I32]] = []
_mirroring = Lock()


def _frozen(column: np.ndarray) -> np.ndarray:
    """Contiguous and read-only, mapped or not: one type for the kernels, hence one compilation."""
    out = np.ascontiguousarray(column).view()
    out.flags.writeable = False
    return out


def _starts(counts: np.ndarray) -> I32:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _turned(start: I32, to: I32, seconds: I32, count: int) -> tuple[I32, I32, I32]:
    """Walks by the node they lead to, shortest first."""
    source = np.repeat(np.arange(count, dtype=np.int32), np.diff(start))
    order = np.lexsort((source, seconds, to))
    return _starts(np.bincount(to, minlength=count)), source[order], seconds[order]


def _where(node: I32, useful: np.ndarray, position: I32, length: I32, count: int) -> tuple[I32, I32, I32]:
    """For each node the patterns and positions that are `useful` there, in order."""
    pattern = np.repeat(np.arange(len(length), dtype=np.int32), length)
    rows = np.flatnonzero(useful)
    order = rows[np.argsort(node[rows], kind="stable")]
    return _starts(np.bincount(node[rows], minlength=count)), pattern[order], position[order]


@numba.njit(cache=True, nogil=True)
def _occurrences(run_start, run_days, run_start_s, run_times, days, bits, offsets, inside, run_ok):  # type: ignore[no-untyped-def]  # kernel
    """Runs by pattern, then by day, then in FIFO order: count per pattern, and of each its run, day, start and row of
    times."""
    patterns, runs = len(run_start) - 1, run_start[-1]
    span = len(bits)
    out_run = np.empty(runs * span, np.int32)
    out_day = np.empty(runs * span, np.int32)
    out_s = np.empty(runs * span, np.int32)
    counts = np.zeros(patterns, np.int32)
    found = 0
    for pattern in range(patterns):
        before = found
        for day in range(span):
            if not inside[day]:
                continue
            word, bit = bits[day] >> 6, np.uint64(bits[day] & 63)
            for run in range(run_start[pattern], run_start[pattern + 1]):
                if days[run_days[run], word] >> bit & np.uint64(1) and (len(run_ok) == 0 or run_ok[run]):
                    out_run[found], out_day[found], out_s[found] = run, day, run_start_s[run] + offsets[day]
                    found += 1
        counts[pattern] = found - before
    out_row = np.empty(found, np.int32)
    for i in range(found):
        out_row[i] = run_times[out_run[i]]
    return counts, out_run[:found].copy(), out_day[:found].copy(), out_s[:found].copy(), out_row

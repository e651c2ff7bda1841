"""The timetable of a few days as a search sees it: only runs of those days that the traveller accepts, in seconds
from one instant.

A view serves one direction. Backward, time is negated and every pattern is read from its end, so that arriving by an
hour is departing after its negative, and one search serves both. What does not depend on the days (`Ways`) is made once
for a direction and what travellers accept; a view is what runs of it on its days, copied out in one pass.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from threading import Lock
from typing import Any, NamedTuple
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


class Ways(NamedTuple):
    """What the views of one direction and one filter share: every pattern that may run some day, read in that
    direction. Runs of pattern p are `run_start[p]:run_start[p + 1]`, in FIFO order."""

    backward: bool
    pattern: I32  # the timetable's pattern of each
    first_position: I32  # where it begins in the timetable's: not 0 for a part of a joined run
    pattern_start: I32
    pattern_node: I32
    can_board: U8
    can_alight: U8
    boarded: tuple[I32, I32, I32]  # for each node, patterns and positions to board
    left: tuple[I32, I32, I32]  # the same, to leave
    run_start: I32
    run: I32
    run_days: I32
    run_s: I32
    run_row: I32
    arrive_s: I32
    depart_s: I32
    foot: tuple[I32, I32, I32]
    foot_from: tuple[I32, I32, I32]
    change_s: I32
    lb_to_s: I32
    lb_from_s: I32


class View(NamedTuple):
    """A graph and what its occurrences are: `run` and `day` (days after `first_day`) of each, and the timetable's
    pattern of each of its own."""

    graph: Graph
    backward: bool
    origin_epoch_s: int
    first_day: date
    occurrence_run: I32
    occurrence_day: np.ndarray
    pattern: I32
    first_position: I32  # of each pattern, where it begins in the timetable's: not 0 for a part of a joined run
    derived: dict[str, Any]  # what searches derive from the view once


def build_ways(
    timetable: Timetable,
    backward: bool,
    run_ok: np.ndarray | None = None,
    node_ok: np.ndarray | None = None,
    change_s_extra: int = 0,
    stretches: I32 | None = None,
) -> Ways:
    """All that can be ridden on some day.

    `run_ok` and `node_ok` (booleans) leave out runs, and forbid boarding and alighting at nodes; `stretches` [n, 3]
    (run, first and last position) are parts of runs to ride besides.
    """
    parts = np.zeros((0, 3), np.int32) if stretches is None else stretches
    whole = len(timetable.pattern_run_start) - 1
    of_run = np.repeat(np.arange(whole, dtype=np.int32), np.diff(timetable.pattern_run_start))
    pattern = np.concatenate([np.arange(whole, dtype=np.int32), of_run[parts[:, 0]]])
    first_position = np.concatenate([np.zeros(whole, np.int32), parts[:, 1]])
    length = np.concatenate([np.diff(timetable.pattern_node_start), parts[:, 2] - parts[:, 1] + 1])
    run = np.arange(len(of_run), dtype=np.int32) if run_ok is None else np.flatnonzero(run_ok).astype(np.int32)
    ridden = np.concatenate([of_run[run], whole + np.arange(len(parts), dtype=np.int32)])
    run = np.concatenate([run, parts[:, 0]])
    run_count = np.bincount(ridden, minlength=len(pattern))
    run_s, run_row = timetable.run_start_s[run], timetable.run_times[run] + first_position[ridden]
    begin = timetable.pattern_node_start[pattern] + first_position
    cells = np.repeat(begin - _starts(length)[:-1], length) + np.arange(length.sum())
    node, flags = timetable.pattern_node[cells], timetable.pattern_flags[cells]
    can_board = (flags & TYPE_MASK) != NOT_AVAILABLE
    can_alight = (flags >> DROP_OFF_SHIFT & TYPE_MASK) != NOT_AVAILABLE
    if node_ok is not None:
        can_board &= node_ok[node]
        can_alight &= node_ok[node]
    change = timetable.node_change_s + np.int32(change_s_extra)
    foot = (
        timetable.foot_start,
        timetable.foot_node,
        timetable.foot_s + np.int32(change_s_extra) if change_s_extra else timetable.foot_s,
    )
    foot_from = _turned(*foot, len(change))
    arrive, depart = timetable.times_arrive_s, timetable.times_depart_s
    lb_to_s, lb_from_s = timetable.lb_to_s, timetable.lb_from_s
    if backward:
        arrive, depart = _mirror(timetable)
        run_row = np.int32(len(arrive)) - run_row[::-1] - length[ridden][::-1]
        run, run_s, run_count = run[::-1], -run_s[::-1], run_count[::-1]
        node, can_board, can_alight = node[::-1], can_alight[::-1], can_board[::-1]
        pattern, first_position, length = pattern[::-1], first_position[::-1], length[::-1]
        foot, foot_from = foot_from, foot
        lb_to_s, lb_from_s = lb_from_s, lb_to_s
    position = (np.arange(len(node)) - np.repeat(_starts(length)[:-1], length)).astype(np.int32)
    # never boarded at the last position, never left at the first: nothing is ridden
    boarded = _where(node, can_board & (position < np.repeat(length, length) - 1), position, length, len(change))
    left = _where(node, can_alight & (position > 0), position, length, len(change))
    return Ways(
        backward=backward,
        pattern=_frozen(pattern),
        first_position=_frozen(first_position),
        pattern_start=_frozen(_starts(length)),
        pattern_node=_frozen(node),
        can_board=_frozen(can_board.astype(np.uint8)),
        can_alight=_frozen(can_alight.astype(np.uint8)),
        boarded=boarded,
        left=left,
        run_start=_frozen(_starts(run_count)),
        run=_frozen(run),
        run_days=_frozen(timetable.run_days[run]),
        run_s=_frozen(run_s),
        run_row=_frozen(run_row),
        arrive_s=arrive,
        depart_s=depart,
        foot=foot,
        foot_from=foot_from,
        change_s=change,
        lb_to_s=lb_to_s,
        lb_from_s=lb_from_s,
    )


def build_view(timetable: Timetable, ways: Ways, first_day: date, last_day: date) -> View:
    """The view of the service days from `first_day` to `last_day`, seconds counted from the start of the first."""
    zone = ZoneInfo(timetable.zone)
    origin_epoch_s = int(service_day_start(first_day, zone).timestamp())
    span = [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]
    offset_s = np.array([int(service_day_start(day, zone).timestamp()) - origin_epoch_s for day in span], np.int32)
    active = days_active(timetable, span)
    number = np.arange(len(span), dtype=np.int32)
    if ways.backward:
        number, offset_s, active = number[::-1], -offset_s[::-1], active[::-1]
    counts, *occurrences = _occurrences(
        ways.run_start, ways.run, ways.run_days, ways.run_s, ways.run_row,
        _frozen(active), _frozen(number), _frozen(offset_s),
    )  # fmt: skip
    kept = np.flatnonzero(counts).astype(np.int32)
    own = np.full(len(counts), np.int32(-1))
    own[kept] = np.arange(len(kept), dtype=np.int32)
    run, day_of, start_s, row = occurrences
    day_of = day_of.astype(np.uint8 if len(span) <= 256 else np.int32)  # read for what is shown alone: small
    patterns = _patterns(ways.pattern_start, ways.pattern_node, ways.can_board, ways.can_alight, kept)
    boarded, left = _rows_kept(*ways.boarded, own), _rows_kept(*ways.left, own)
    graph = Graph(*(
        _frozen(column) for column in (
            *patterns, _starts(counts[kept]), start_s, row, ways.arrive_s, ways.depart_s, *boarded, *ways.foot,
            ways.change_s, ways.lb_to_s, ways.lb_from_s, *left, *ways.foot_from,
        )
    ))  # fmt: skip
    return View(
        graph, ways.backward, origin_epoch_s, first_day, run, day_of, ways.pattern[kept], ways.first_position[kept], {}
    )


def days_active(timetable: Timetable, span: Sequence[date]) -> np.ndarray:
    """Whether each day set runs on each day, [day, set]."""
    active = np.zeros((len(span), len(timetable.days)), np.bool_)
    for at, day in enumerate(span):
        bit = day.toordinal() - timetable.first_day_ordinal
        if 0 <= bit < timetable.day_count:
            active[at] = timetable.days[:, bit >> 6] >> np.uint64(bit & 63) & np.uint64(1) != 0
    return active


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
def _occurrences(run_start, run, run_days, run_s, run_row, active, number, offset_s):  # type: ignore[no-untyped-def]  # kernel
    """Runs by pattern, then by day, then in FIFO order: count per pattern, and of each its run, day, start and row of
    times."""
    patterns, span = len(run_start) - 1, len(number)
    counts = np.zeros(patterns, np.int32)
    for pattern in range(patterns):
        for at in range(run_start[pattern], run_start[pattern + 1]):
            for day in range(span):
                counts[pattern] += active[day, run_days[at]]
    total = counts.sum()
    out_run, out_day = np.empty(total, np.int32), np.empty(total, np.int32)
    out_s, out_row = np.empty(total, np.int32), np.empty(total, np.int32)
    found = 0
    for pattern in range(patterns):
        if counts[pattern] == 0:
            continue
        for day in range(span):
            for at in range(run_start[pattern], run_start[pattern + 1]):
                if active[day, run_days[at]]:
                    out_run[found], out_day[found] = run[at], number[day]
                    out_s[found], out_row[found] = run_s[at] + offset_s[day], run_row[at]
                    found += 1
    return counts, out_run, out_day, out_s, out_row


@numba.njit(cache=True, nogil=True)
def _patterns(start, node, can_board, can_alight, kept):  # type: ignore[no-untyped-def]  # kernel
    """The patterns of `kept`, end to end: where each starts, and its nodes and flags."""
    own_start = np.zeros(len(kept) + 1, np.int32)
    for i in range(len(kept)):
        own_start[i + 1] = own_start[i] + start[kept[i] + 1] - start[kept[i]]
    own_node = np.empty(own_start[-1], np.int32)
    board, alight = np.empty(own_start[-1], np.uint8), np.empty(own_start[-1], np.uint8)
    for i in range(len(kept)):
        to, at, end = own_start[i], start[kept[i]], start[kept[i] + 1]
        own_node[to : own_start[i + 1]] = node[at:end]
        board[to : own_start[i + 1]] = can_board[at:end]
        alight[to : own_start[i + 1]] = can_alight[at:end]
    return own_start, own_node, board, alight


@numba.njit(cache=True, nogil=True)
def _rows_kept(start, pattern, position, own):  # type: ignore[no-untyped-def]  # kernel
    """For each node the patterns and positions whose pattern is kept, by its `own` number (-1: not kept)."""
    count = 0
    for e in range(len(pattern)):
        count += own[pattern[e]] >= 0
    out_start = np.zeros(len(start), np.int32)
    out_pattern, out_position = np.empty(count, np.int32), np.empty(count, np.int32)
    count = 0
    for node in range(len(start) - 1):
        for e in range(start[node], start[node + 1]):
            if own[pattern[e]] >= 0:
                out_pattern[count], out_position[count] = own[pattern[e]], position[e]
                count += 1
        out_start[node + 1] = count
    return out_start, out_pattern, out_position

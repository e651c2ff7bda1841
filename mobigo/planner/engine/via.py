"""By way of a place: a view doubled, so that a plain search finds only journeys that go there.

Every node stands twice: for those who have not been there yet, and, `node_count` further, for those who have. A search
begins among the first and ends among the second. Without a stay, one passes from the first to the second aboard a
vehicle that calls at the place, or by boarding, leaving or walking there. With a stay, only by a change made at the
place that lasts as long.
"""

from dataclasses import dataclass

import numpy as np

from mobigo.network.model.timetable import I32, NEVER_S
from mobigo.planner.engine.views import Graph, View
from mobigo.planner.model import Reach


@dataclass(frozen=True, slots=True)
class Via:
    """The nodes of the place, in order, and how long one stays."""

    nodes: tuple[int, ...]
    stay_s: int = 0

    def mask(self, node_count: int) -> np.ndarray:
        """Whether each node is of the place."""
        out = np.zeros(node_count, np.bool_)
        out[list(self.nodes)] = True
        return out

    def begun(self, source: Reach, node_count: int) -> Reach:
        """Where a search sets out: who begins at the place has been there, unless one must stay."""
        if self.stay_s:
            return source
        been = self.mask(node_count)[source.node]
        return Reach(source.node + np.where(been, node_count, 0).astype(np.int32), source.time_s, source.walk_m)

    def ended(self, target: Reach, node_count: int) -> Reach:
        """Where a search ends: only with those who have been there."""
        return Reach(target.node + np.int32(node_count), target.time_s, target.walk_m)


def doubled(view: View, via: Via) -> View:
    """The view in which only journeys by way of the place end. Serves the direction of `view`."""
    g, count = view.graph, len(view.graph.change_s)
    here = via.mask(count)
    length = np.diff(g.pattern_start)
    pattern, first, last = _through(g, here) if via.stay_s == 0 else _nowhere()
    cells, own = _ranges(g.pattern_start, pattern)
    position = cells - g.pattern_start[pattern][own]
    after = position >= last[own]
    may_board, may_alight = g.can_board.astype(np.bool_), g.can_alight.astype(np.bool_)
    apart = ~here[g.pattern_node] if via.stay_s == 0 else np.ones(len(g.pattern_node), np.bool_)
    node = _joined(g.pattern_node, g.pattern_node + count, g.pattern_node[cells] + np.where(after, count, 0))
    can_board = _joined(may_board & apart, may_board, may_board[cells] & ~after & (position > first[own]))
    can_alight = _joined(may_alight & apart, may_alight, may_alight[cells] & after)
    rows, _ = _ranges(g.occurrence_start, pattern)
    held = np.diff(g.occurrence_start)
    lengths = _joined(length, length, length[pattern])
    start = _starts(lengths)
    place = (np.arange(len(node)) - np.repeat(start[:-1], lengths)).astype(np.int32)
    boarded = _where(node, can_board & (place < np.repeat(lengths, lengths) - 1), place, lengths, 2 * count)
    left = _where(node, can_alight & (place > 0), place, lengths, 2 * count)
    foot, foot_from = _feet(g, here, via.stay_s)
    columns: list[np.ndarray] = [
        start, node.astype(np.int32), can_board.astype(np.uint8), can_alight.astype(np.uint8),
        _starts(_joined(held, held, held[pattern])), *(_thrice(c, rows) for c in (g.occurrence_s, g.occurrence_row)),
        g.arrive_s, g.depart_s, *boarded, *foot, _joined(g.change_s, g.change_s),
        np.concatenate([g.lb_to_s, g.lb_to_s], axis=1), np.concatenate([g.lb_from_s, g.lb_from_s], axis=1),
        *left, *foot_from,
    ]  # fmt: skip
    graph = Graph(*(_frozen(column) for column in columns))
    return View(
        graph, view.backward, view.origin_epoch_s, view.first_day,
        _thrice(view.occurrence_run, rows), _thrice(view.occurrence_day, rows),
        _thrice(view.pattern, pattern), _thrice(view.first_position, pattern), {},
    )  # fmt: skip


def _through(g: Graph, here: np.ndarray) -> tuple[I32, I32, I32]:
    """Patterns that carry people to the place, once for each call there: the pattern, the call there before it (-1:
    none) and the call. Boarded between the two, left at the call or after."""
    cells = np.flatnonzero(here[g.pattern_node])
    pattern = (np.searchsorted(g.pattern_start, cells, side="right") - 1).astype(np.int32)
    call = (cells - g.pattern_start[pattern]).astype(np.int32)
    before = np.full(len(cells), -1, np.int32)
    again = np.flatnonzero(pattern[1:] == pattern[:-1]) + 1
    before[again] = call[again - 1]
    some = call - before > 1
    return pattern[some], before[some], call[some]


def _nowhere() -> tuple[I32, I32, I32]:
    none = np.zeros(0, np.int32)
    return none, none, none


def _feet(g: Graph, here: np.ndarray, stay_s: int) -> tuple[tuple[I32, I32, I32], tuple[I32, I32, I32]]:
    """Walks from each node, and to each node, shortest first."""
    count = len(g.change_s)
    source = np.repeat(np.arange(count, dtype=np.int32), np.diff(g.foot_start))
    to, seconds = g.foot_node, g.foot_s
    if stay_s == 0:
        crossing = np.where(here[to], count, 0).astype(np.int32)
        origins, targets, times = (
            _joined(source, source + count),
            _joined(to + crossing, to + count),
            _joined(seconds, seconds),
        )
    else:
        there = here[source] & here[to]
        own = np.flatnonzero(here & (g.change_s < NEVER_S)).astype(np.int32)
        origins = _joined(source, source + count, source[there], own)
        targets = _joined(to, to + count, to[there] + count, own + count)
        times = _joined(seconds, seconds, np.maximum(seconds[there], stay_s), np.maximum(g.change_s[own], stay_s))
    out, back = np.lexsort((targets, times, origins)), np.lexsort((origins, times, targets))
    return (
        (_starts(np.bincount(origins, minlength=2 * count)), targets[out], times[out]),
        (_starts(np.bincount(targets, minlength=2 * count)), origins[back], times[back]),
    )


def _ranges(start: I32, which: I32) -> tuple[np.ndarray, np.ndarray]:
    """The cells of `start[w]:start[w + 1]` end to end, and the number of `which` that each belongs to."""
    length = start[which + 1] - start[which]
    own = np.repeat(np.arange(len(which)), length)
    return np.arange(length.sum()) + np.repeat(start[which] - _starts(length)[:-1], length), own


def _where(node: I32, useful: np.ndarray, position: I32, length: I32, count: int) -> tuple[I32, I32, I32]:
    """For each node the patterns and positions that are `useful` there, in order."""
    pattern = np.repeat(np.arange(len(length), dtype=np.int32), length)
    rows = np.flatnonzero(useful)
    order = rows[np.argsort(node[rows], kind="stable")]
    return _starts(np.bincount(node[rows], minlength=count)), pattern[order], position[order]


def _thrice(column: I32, more: np.ndarray) -> I32:
    return np.concatenate([column, column, column[more]])


def _joined(*columns: np.ndarray) -> np.ndarray:
    return np.concatenate(columns)


def _starts(counts: np.ndarray) -> I32:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _frozen(column: np.ndarray) -> np.ndarray:
    """Contiguous and read-only, as the kernels were compiled for."""
    out = np.ascontiguousarray(column).view()
    out.flags.writeable = False
    return out

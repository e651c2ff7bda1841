"""What the streets answer: from a position, how long to others, and which way."""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from mobigo.base.geo import Point
from mobigo.network.engine.streets.costs import edge_costs
from mobigo.network.engine.streets.drawing import Part, climbed, drawn_points
from mobigo.network.engine.streets.nearest import Snaps, snap
from mobigo.network.engine.streets.spread import NOT_REACHED, Seeds, Spread, make_spread, spread_from
from mobigo.network.model.streets import EdgeCosts, Mover, StreetGraph
from mobigo.network.model.timetable import F64, I32

OFF_SPEED_M_S = 1.2  # between a door and its street, whoever one is


class Times(NamedTuple):
    """One row a position: seconds (rounded up) and metres (rounded up) of the best way, -1 where there is none."""

    time_s: I32
    length_m: I32


@dataclass(frozen=True)
class Way:
    """A way between two positions. `line`: its points, both ends included."""

    time_s: int
    length_m: int
    parts: tuple[Part, ...]
    line: tuple[Point, ...]


class Streets:
    """A graph with what its searches derive from it once. Threads may share it: a search has its own working memory."""

    def __init__(self, graph: StreetGraph) -> None:
        self.graph = graph
        self._costs: dict[tuple[str, bool], EdgeCosts] = {}
        self._usable: dict[str, NDArray[np.bool_]] = {}
        self._spare: list[Spread] = []

    def costs(self, mover: Mover, against: bool = False) -> EdgeCosts:
        """The costs of `mover` (found by its name), made once."""
        key = mover.name, against
        if key not in self._costs:
            self._costs[key] = edge_costs(self.graph, mover, against)
        return self._costs[key]

    def snap(self, mover: Mover, lat: F64, lon: F64) -> Snaps:
        """Where on the streets those positions are, for `mover`; islands are passed over."""
        if mover.name not in self._usable:
            effort = self.costs(mover).effort_ms.reshape(-1, 2)
            self._usable[mover.name] = (effort >= 0).any(axis=1) & ((self.graph.stretch_pass & mover.mode.apart) == 0)
        return snap(self.graph, self._usable[mover.name], lat, lon)

    def snap_points(self, mover: Mover, points: Sequence[Point]) -> Snaps:
        """The same, for points."""
        return self.snap(
            mover, np.array([p.lat for p in points], np.float64), np.array([p.lon for p in points], np.float64)
        )

    def around(
        self,
        mover: Mover,
        start: Point,
        *,
        time_s_max: float = 3600.0,
        length_m_max: float = 20_000.0,
        against: bool = False,
    ) -> "Around":
        """One search from `start` (`against`: towards it), within both limits, to be asked as often as one likes."""
        return Around(self, mover, start, time_s_max, length_m_max, against)

    def times(
        self,
        mover: Mover,
        start: Point,
        targets: Snaps,
        *,
        time_s_max: float = 3600.0,
        length_m_max: float = 20_000.0,
        against: bool = False,
    ) -> Times | None:
        """From `start` to each target (`against`: from each to `start`), within both limits; None when no street is
        near `start`."""
        here = self.around(mover, start, time_s_max=time_s_max, length_m_max=length_m_max, against=against)
        return here.times(targets) if here.is_known else None

    def way(
        self, mover: Mover, start: Point, end: Point, *, time_s_max: float = 3600.0, length_m_max: float = 20_000.0
    ) -> Way | None:
        """The best way, within both limits; None when there is none, or no street near one end."""
        return self.ways(mover, start, [end], time_s_max=time_s_max, length_m_max=length_m_max)[0]

    def ways(
        self,
        mover: Mover,
        start: Point,
        ends: list[Point],
        *,
        time_s_max: float = 3600.0,
        length_m_max: float = 20_000.0,
        against: bool = False,
    ) -> list[Way | None]:
        """The best ways from one position to several (`against`: from each to it), by one search."""
        return self.around(mover, start, time_s_max=time_s_max, length_m_max=length_m_max, against=against).ways(ends)

    def lent(self) -> Spread:
        """Working memory for one search, to be given back to `spare`."""
        try:
            return self._spare.pop()
        except IndexError:
            return make_spread(self.graph)

    @property
    def spare(self) -> list[Spread]:
        """Working memory that nobody uses."""
        return self._spare


class Around:
    """What one search from a position found. Its working memory is lent: it goes back when nobody holds this."""

    def __init__(
        self, streets: Streets, mover: Mover, start: Point, time_s_max: float, length_m_max: float, against: bool
    ) -> None:
        self._streets, self._graph, self._mover, self._start, self._against = (
            streets, streets.graph, mover, start, against
        )  # fmt: skip
        self._time_s_max, self._length_m_max = time_s_max, length_m_max
        self._costs = streets.costs(mover, against)
        self._at = streets.snap_points(mover, [start])
        if self.is_known:
            self._spread = streets.lent()
            weakref.finalize(self, streets.spare.append, self._spread).atexit = False
            cheapest = min(1.0, mover.calm_cost)
            dearest = max(1.0, mover.busy_cost, 1 / cheapest)
            spread_from(
                self._graph, self._costs, self._seeds(), self._spread,
                min(int(time_s_max * 1000 * dearest), 2**30), min(int(length_m_max * 100), 2**30),
            )  # fmt: skip

    @property
    def is_known(self) -> bool:
        """Whether a street is near the position."""
        return bool(self._at.stretch[0] >= 0)

    @property
    def spread(self) -> Spread:
        """What was reached, junction by junction; as long as this is held."""
        return self._spread

    def times(self, targets: Snaps) -> Times:
        """To each target (or from it). `is_known` must be."""
        at, costs, spread = self._at, self._costs, self._spread
        graph = self._graph
        count = len(targets.stretch)
        effort, time_ms, length_cm = (np.full(count, NOT_REACHED, np.int32) for _ in range(3))
        _at_targets(
            graph.stretch_from, graph.stretch_to, graph.stretch_cm, costs.effort_ms, costs.time_ms, costs.barred,
            spread.effort_ms, spread.time_ms, spread.length_cm,
            at.stretch[0], at.along_cm[0], off_ms(at)[0], at.off_cm[0], *targets[:2], off_ms(targets), targets.off_cm,
            effort, time_ms, length_cm,
        )  # fmt: skip
        found = (time_ms <= self._time_s_max * 1000) & (length_cm <= self._length_m_max * 100)
        return Times(
            np.where(found, -(-time_ms // 1000), -1).astype(np.int32),
            np.where(found, -(-length_cm // 100), -1).astype(np.int32),
        )

    def ways(self, ends: Sequence[Point]) -> list[Way | None]:
        """The best way to each (or from it); None beyond the limits, where there is none, or no street is near."""
        if not self.is_known or not ends:
            return [None] * len(ends)
        snaps = self._streets.snap_points(self._mover, ends)
        found = []
        for end, stretch, along_cm, off_cm, off in zip(
            ends, snaps.stretch.tolist(), snaps.along_cm.tolist(), snaps.off_cm.tolist(), off_ms(snaps).tolist(),
            strict=True,
        ):  # fmt: skip
            parts = self._parts(stretch, along_cm)
            way = None if parts is None else self._drawn(parts, end, off, off_cm)
            short = way is not None and way.time_s <= self._time_s_max and way.length_m <= self._length_m_max
            found.append(way if short else None)
        return found

    def _seeds(self) -> Seeds:
        at, costs, graph = self._at, self._costs, self._graph
        s, x = int(at.stretch[0]), int(at.along_cm[0])
        length, before_ms, off_cm = int(graph.stretch_cm[s]), int(off_ms(at)[0]), int(at.off_cm[0])
        seeds = []
        for edge, junction, span in ((2 * s, graph.stretch_to[s], length - x), (2 * s + 1, graph.stretch_from[s], x)):
            if costs.effort_ms[edge] >= 0 or not span:  # who stands at a junction leaves by any street
                effort, time = (_share(int(column[edge]), span, length) for column in (costs.effort_ms, costs.time_ms))
                seeds.append((int(junction), before_ms + effort, before_ms + time, off_cm + span))
        columns = np.array(seeds, np.int32).reshape(-1, 4).T
        return Seeds(*(np.ascontiguousarray(column) for column in columns))

    def _parts(self, s: int, x: int) -> list[Part] | None:
        """The stretches from the searched position to `x` along stretch `s`, in that order and direction."""
        graph, costs, spread = self._graph, self._costs, self._spread
        if s < 0:
            return None
        length = int(graph.stretch_cm[s])
        options: list[tuple[int, int, int, Part]] = []
        for edge, junction, begin in ((2 * s, graph.stretch_from[s], 0), (2 * s + 1, graph.stretch_to[s], length)):
            span = abs(x - begin)
            reached = spread.effort_ms[junction] != NOT_REACHED and not (costs.barred[junction] and span)
            if (costs.effort_ms[edge] >= 0 or not span) and reached:
                effort, time = (_share(int(column[edge]), span, length) for column in (costs.effort_ms, costs.time_ms))
                part = Part(s, begin, x, time)
                options.append((int(spread.effort_ms[junction]) + effort, edge, int(junction), part))
        s0, x0 = int(self._at.stretch[0]), int(self._at.along_cm[0])
        edge = 2 * s if x >= x0 else 2 * s + 1
        if s == s0 and (costs.effort_ms[edge] >= 0 or x == x0):
            effort, time = (
                _share(int(column[edge]), abs(x - x0), length) for column in (costs.effort_ms, costs.time_ms)
            )
            options.append((int(off_ms(self._at)[0]) + effort, -1, -1, Part(s, x0, x, time)))
        if not options:
            return None
        _, _, junction, last = min(options)
        return [part for part in (*self._before(junction), last) if part.from_cm != part.to_cm]

    def _before(self, junction: int) -> list[Part]:
        """The parts from the searched position to a junction; none for -1."""
        if junction < 0:
            return []
        graph, time_ms = self._graph, self._costs.time_ms
        edges, junction = climbed(self._spread.by_edge, graph.stretch_from, graph.stretch_to, junction)
        full = graph.stretch_cm[edges >> 1]
        back = (edges & 1).astype(bool)
        begins, ends = np.where(back, full, 0), np.where(back, 0, full)
        columns = ((edges >> 1).tolist(), begins.tolist(), ends.tolist(), time_ms[edges].tolist())
        return [self._first(junction), *map(Part._make, zip(*columns, strict=True))]

    def _first(self, junction: int) -> Part:
        """The part of the stretch one starts on, towards one of its ends."""
        graph, time_ms = self._graph, self._costs.time_ms
        s, x, length = int(self._at.stretch[0]), int(self._at.along_cm[0]), 0
        length = int(graph.stretch_cm[s])
        begin = length if int(graph.stretch_to[s]) == junction else 0
        if int(graph.stretch_to[s]) == int(graph.stretch_from[s]):
            begin = self._loop_end(s, x)
        edge = 2 * s if begin >= x else 2 * s + 1
        return Part(s, x, begin, _share(int(time_ms[edge]), abs(begin - x), length))

    def _loop_end(self, s: int, x: int) -> int:
        """The end of a loop (a stretch with one junction) that one who starts at `x` makes for."""
        length = int(self._graph.stretch_cm[s])
        ahead, back = int(self._costs.effort_ms[2 * s]), int(self._costs.effort_ms[2 * s + 1])
        to_end = _share(ahead, length - x, length) if ahead >= 0 else NOT_REACHED
        to_begin = _share(back, x, length) if back >= 0 else NOT_REACHED
        return length if to_end <= to_begin else 0

    def _drawn(self, parts: list[Part], end: Point, off: int, off_cm: int) -> Way:
        time_ms = sum(part.time_ms for part in parts) + int(off_ms(self._at)[0]) + off
        length_cm = sum(abs(part.to_cm - part.from_cm) for part in parts) + int(self._at.off_cm[0]) + off_cm
        ends = self._start, end
        if self._against:
            parts = [Part(part.stretch, part.to_cm, part.from_cm, part.time_ms) for part in reversed(parts)]
            ends = end, self._start
        line = [ends[0], *drawn_points(self._graph, parts), ends[1]]
        unique = [point for n, point in enumerate(line) if n == 0 or point != line[n - 1]]
        return Way(-(-time_ms // 1000), -(-length_cm // 100), tuple(parts), tuple(unique))


def off_ms(snaps: Snaps) -> I32:
    """Milliseconds between each position and its street."""
    spent: I32 = np.rint(snaps.off_cm * (10 / OFF_SPEED_M_S)).astype(np.int32)
    return spent


def _share(cost: int, span_cm: int, length_cm: int) -> int:
    """The cost of a part of a stretch, rounded down."""
    return cost * span_cm // length_cm if length_cm else 0


@numba.njit(cache=True, nogil=True)
def _at_targets(  # type: ignore[no-untyped-def]  # kernel
    begins, ends, length_cm, effort, time, barred, best, best_time, best_cm, s0, x0, off0_ms, off0_cm,
    stretch, along, off_ms, off_cm, out_effort, out_time, out_cm,
):  # fmt: skip
    """The best of the two ends of each target's stretch, and of going straight along it when it is the start's too."""
    for k in range(len(stretch)):
        s = stretch[k]
        if s < 0:
            continue
        x, length = np.int64(along[k]), np.int64(length_cm[s])
        for side in range(2):
            e = 2 * s + side
            u = begins[s] if side == 0 else ends[s]
            span = x if side == 0 else length - x
            if effort[e] < 0 and span:
                continue
            if best[u] != NOT_REACHED and not (barred[u] and span):  # up to what bars one, not through
                total = best[u] + _part(effort[e], span, length)
                if total < out_effort[k]:
                    out_effort[k] = total
                    out_time[k] = best_time[u] + _part(time[e], span, length) + off_ms[k]
                    out_cm[k] = best_cm[u] + span + off_cm[k]
            if s == s0 and effort[e] >= 0 and ((side == 0 and x >= x0) or (side == 1 and x <= x0)):
                total = off0_ms + _part(effort[e], abs(x - x0), length)
                if total < out_effort[k]:
                    out_effort[k] = total
                    out_time[k] = off0_ms + _part(time[e], abs(x - x0), length) + off_ms[k]
                    out_cm[k] = off0_cm + abs(x - x0) + off_cm[k]


@numba.njit(cache=True, nogil=True, inline="always")
def _part(cost, span, length):  # type: ignore[no-untyped-def]  # kernel
    return np.int64(cost) * span // length if length else np.int64(0)

"""What the streets answer: from a position, how long to others, and which way."""

from dataclasses import dataclass
from threading import local
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from mobigo.base.geo import Point
from mobigo.network.engine.streets.costs import edge_costs
from mobigo.network.engine.streets.nearest import Snaps, snap
from mobigo.network.engine.streets.spread import NOT_REACHED, Seeds, Spread, make_spread, spread_from
from mobigo.network.model.streets import DEGREE, EdgeCosts, Mover, StreetGraph
from mobigo.network.model.timetable import F64, I32

OFF_SPEED_M_S = 1.2  # between a door and its street, whoever one is


class Times(NamedTuple):
    """One row a position: seconds (rounded up) and metres (rounded up) of the best way, -1 where there is none."""

    time_s: I32
    length_m: I32


class Part(NamedTuple):
    """A stretch, or a part of one, along a way: centimetres as drawn, from where to where (backwards when less)."""

    stretch: int
    from_cm: int
    to_cm: int
    time_ms: int


@dataclass(frozen=True)
class Way:
    """A way between two positions. `line`: its points, both ends included."""

    time_s: int
    length_m: int
    parts: tuple[Part, ...]
    line: tuple[Point, ...]


class Streets:
    """A graph with what its searches derive from it once. Threads may share it: each has its working memory."""

    def __init__(self, graph: StreetGraph) -> None:
        self.graph = graph
        self._mine = local()
        self._costs: dict[tuple[str, bool], EdgeCosts] = {}
        self._usable: dict[str, NDArray[np.bool_]] = {}

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
        at = self.snap(mover, np.array([start.lat]), np.array([start.lon]))
        if at.stretch[0] < 0:
            return None
        spread = self._spread(mover, at, time_s_max, length_m_max, against)
        costs = self.costs(mover, against)
        count = len(targets.stretch)
        effort, time_ms, length_cm = (np.full(count, NOT_REACHED, np.int32) for _ in range(3))
        _at_targets(
            *self._ends(), costs.effort_ms, costs.time_ms, costs.barred,
            spread.effort_ms, spread.time_ms, spread.length_cm,
            at.stretch[0], at.along_cm[0], off_ms(at)[0], at.off_cm[0], *targets[:2], off_ms(targets), targets.off_cm,
            effort, time_ms, length_cm,
        )  # fmt: skip
        found = (time_ms <= time_s_max * 1000) & (length_cm <= length_m_max * 100)
        return Times(
            np.where(found, -(-time_ms // 1000), -1).astype(np.int32),
            np.where(found, -(-length_cm // 100), -1).astype(np.int32),
        )

    def way(
        self, mover: Mover, start: Point, end: Point, *, time_s_max: float = 3600.0, length_m_max: float = 20_000.0
    ) -> Way | None:
        """The best way, within both limits; None when there is none, or no street near one end."""
        ends = self.snap(mover, np.array([start.lat, end.lat]), np.array([start.lon, end.lon]))
        return self._ways(mover, ends, [start, end], time_s_max, length_m_max, against=False)[0]

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
        points = [start, *ends]
        snaps = self.snap(mover, np.array([p.lat for p in points]), np.array([p.lon for p in points]))
        return self._ways(mover, snaps, points, time_s_max, length_m_max, against)

    def _ways(
        self, mover: Mover, snaps: Snaps, points: list[Point], time_s_max: float, length_m_max: float, against: bool
    ) -> list[Way | None]:
        if snaps.stretch[0] < 0:
            return [None] * (len(points) - 1)
        at = Snaps(*(column[:1] for column in snaps))
        spread = self._spread(mover, at, time_s_max, length_m_max, against)
        found = []
        for k in range(1, len(points)):
            parts = self._parts(mover, spread, snaps, k, against)
            way = None if parts is None else self._drawn(parts, snaps, k, points, against)
            short = way is not None and way.time_s <= time_s_max and way.length_m <= length_m_max
            found.append(way if short else None)
        return found

    def _spread(self, mover: Mover, at: Snaps, time_s_max: float, length_m_max: float, against: bool) -> Spread:
        mine: Spread | None = getattr(self._mine, "spread", None)
        if mine is None:
            mine = self._mine.spread = make_spread(self.graph)
        costs = self.costs(mover, against)
        cheapest = min(1.0, mover.calm_cost)
        dearest = max(1.0, mover.busy_cost, 1 / cheapest)
        effort_max = min(int(time_s_max * 1000 * dearest), 2**30)
        return spread_from(
            self.graph, costs, self._seeds(costs, at), mine, effort_max, min(int(length_m_max * 100), 2**30)
        )

    def _seeds(self, costs: EdgeCosts, at: Snaps) -> Seeds:
        s, x = int(at.stretch[0]), int(at.along_cm[0])
        length, before_ms, off_cm = int(self.graph.stretch_cm[s]), int(off_ms(at)[0]), int(at.off_cm[0])
        seeds = []
        for edge, junction, span in (
            (2 * s, self.graph.stretch_to[s], length - x),
            (2 * s + 1, self.graph.stretch_from[s], x),
        ):
            if costs.effort_ms[edge] >= 0 or not span:  # who stands at a junction leaves by any street
                effort, time = (_share(int(column[edge]), span, length) for column in (costs.effort_ms, costs.time_ms))
                seeds.append((int(junction), before_ms + effort, before_ms + time, off_cm + span))
        columns = np.array(seeds, np.int32).reshape(-1, 4).T
        return Seeds(*(np.ascontiguousarray(column) for column in columns))

    def _ends(self) -> tuple[I32, I32, I32]:
        return self.graph.stretch_from, self.graph.stretch_to, self.graph.stretch_cm

    def _parts(self, mover: Mover, spread: Spread, snaps: Snaps, k: int, against: bool) -> list[Part] | None:
        """The stretches from the searched position to position `k`, in that order and direction."""
        graph, costs = self.graph, self.costs(mover, against)
        s, x = int(snaps.stretch[k]), int(snaps.along_cm[k])
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
        s0, x0 = int(snaps.stretch[0]), int(snaps.along_cm[0])
        edge = 2 * s if x >= x0 else 2 * s + 1
        if s == s0 and (costs.effort_ms[edge] >= 0 or x == x0):
            effort, time = (
                _share(int(column[edge]), abs(x - x0), length) for column in (costs.effort_ms, costs.time_ms)
            )
            options.append((int(off_ms(snaps)[0]) + effort, -1, -1, Part(s, x0, x, time)))
        if not options:
            return None
        _, edge, junction, last = min(options)
        parts = [last]
        while junction >= 0:
            by = int(spread.by_edge[junction])
            if by < 0:  # the stretch one started on
                begin = int(graph.stretch_cm[s0]) if int(graph.stretch_to[s0]) == junction else 0
                if int(graph.stretch_to[s0]) == int(graph.stretch_from[s0]):
                    begin = self._loop_end(costs, s0, x0)
                edge = 2 * s0 if begin >= x0 else 2 * s0 + 1
                span = abs(begin - x0)
                parts.append(Part(s0, x0, begin, _share(int(costs.time_ms[edge]), span, int(graph.stretch_cm[s0]))))
                break
            stretch, backwards = by >> 1, by & 1
            full = int(graph.stretch_cm[stretch])
            parts.append(Part(stretch, full if backwards else 0, 0 if backwards else full, int(costs.time_ms[by])))
            junction = int((graph.stretch_to if backwards else graph.stretch_from)[stretch])
        parts.reverse()
        return [part for part in parts if part.from_cm != part.to_cm]

    def _loop_end(self, costs: EdgeCosts, s: int, x: int) -> int:
        """The end of a loop (a stretch with one junction) that one who starts at `x` makes for."""
        length = int(self.graph.stretch_cm[s])
        ahead, back = int(costs.effort_ms[2 * s]), int(costs.effort_ms[2 * s + 1])
        to_end = _share(ahead, length - x, length) if ahead >= 0 else NOT_REACHED
        to_begin = _share(back, x, length) if back >= 0 else NOT_REACHED
        return length if to_end <= to_begin else 0

    def _drawn(self, parts: list[Part], snaps: Snaps, k: int, points: list[Point], against: bool) -> Way:
        time_ms = sum(part.time_ms for part in parts) + int(off_ms(snaps)[0]) + int(off_ms(snaps)[k])
        length_cm = sum(abs(part.to_cm - part.from_cm) for part in parts) + int(snaps.off_cm[0]) + int(snaps.off_cm[k])
        ends = points[0], points[k]
        if against:
            parts = [Part(part.stretch, part.to_cm, part.from_cm, part.time_ms) for part in reversed(parts)]
            ends = points[k], points[0]
        line = [ends[0]]
        for part in parts:
            line.extend(self._points(part))
        line.append(ends[1])
        unique = [point for n, point in enumerate(line) if n == 0 or point != line[n - 1]]
        return Way(-(-time_ms // 1000), -(-length_cm // 100), tuple(parts), tuple(unique))

    def _points(self, part: Part) -> list[Point]:
        graph = self.graph
        first, last = int(graph.stretch_first[part.stretch]), int(graph.stretch_last[part.stretch])
        along = (graph.point_cm[first : last + 1] - graph.point_cm[first]).astype(np.float64)
        low, high = sorted((part.from_cm, part.to_cm))
        inside = np.flatnonzero((along > low) & (along < high))
        at = np.concatenate([[low], along[inside], [high]])
        lat = np.interp(at, along, graph.point_lat[first : last + 1] / DEGREE)
        lon = np.interp(at, along, graph.point_lon[first : last + 1] / DEGREE)
        drawn = [Point(float(y), float(x)) for y, x in zip(lat, lon, strict=True)]
        return drawn if part.from_cm <= part.to_cm else drawn[::-1]


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

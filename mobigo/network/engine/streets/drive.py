"""Driving between many positions: customizable contraction hierarchies (Dibbelt, Strasser, Wagner 2016), by
RoutingKit. The order of the junctions is found when the graph is built; a mover's times are laid on it in a moment."""

import numpy as np

from mobigo.base.geo import Point
from mobigo.network.engine.streets.build import arcs
from mobigo.network.engine.streets.nearest import Snaps
from mobigo.network.engine.streets.routes import Streets, off_ms
from mobigo.network.model.streets import CAR, EdgeCosts, Mover, StreetGraph
from mobigo.network.model.timetable import I32, I64

UNREACHED_S = -1
_NEVER = 2**31 - 1


class Driving:
    """The times of one mover between any positions."""

    def __init__(self, streets: Streets, mover: Mover = CAR) -> None:
        from routingkit_cch import CCH, CCHMetric

        self._streets, self._mover = streets, mover
        graph = streets.graph
        tail, head = arcs(graph.edge_start, graph.edge_to)
        costs = streets.costs(mover)
        weights = costs.time_ms[graph.edge_id].astype(np.int64)
        weights[(weights < 0) | costs.barred[tail]] = _NEVER
        self._hierarchy = CCH(graph.contraction.tolist(), tail.tolist(), head.tolist(), False)
        self._metric = CCHMetric(self._hierarchy, weights.tolist())

    def matrix(self, origins: list[Point], destinations: list[Point]) -> I32:
        """Seconds (rounded up) from each origin (rows) to each destination (columns); `UNREACHED_S` where there is no
        way, or no street near."""
        from routingkit_cch import CCHOneToMany

        starts, ends = (self._snaps(points) for points in (origins, destinations))
        graph, costs = self._streets.graph, self._streets.costs(self._mover)
        pinned, onward = _approaches(graph, costs, ends)
        found = np.full((len(origins), len(destinations)), UNREACHED_S, np.int32)
        if not len(pinned):
            return found
        query = CCHOneToMany(self._metric, np.unique(pinned).tolist())
        column = np.searchsorted(np.unique(pinned), pinned)
        owner = np.repeat(np.arange(len(destinations)), 2)
        for row in range(len(origins)):
            seeds = self._seeds(starts, row)
            if not seeds:
                continue
            reached = np.array([_NEVER if t is None else t for t in query.distances_from_multi(seeds)], np.int64)
            total = np.where((reached[column] < _NEVER) & (onward < _NEVER), reached[column] + onward, _NEVER)
            best = np.full(len(destinations), _NEVER, np.int64)
            np.minimum.at(best, owner, total)
            best = np.minimum(best, self._straight(starts, row, ends))
            off = off_ms(starts)[row] + off_ms(ends)
            known = (best < _NEVER) & (ends.stretch >= 0)
            found[row, known] = -(-(best + off)[known] // 1000)
        return found

    def _snaps(self, points: list[Point]) -> Snaps:
        return self._streets.snap(
            self._mover, np.array([p.lat for p in points], np.float64), np.array([p.lon for p in points], np.float64)
        )

    def _seeds(self, starts: Snaps, row: int) -> list[tuple[int, int]]:
        graph, time_ms = self._streets.graph, self._streets.costs(self._mover).time_ms
        s = int(starts.stretch[row])
        if s < 0:
            return []
        x, length = int(starts.along_cm[row]), int(graph.stretch_cm[s])
        options = ((2 * s, graph.stretch_to[s], length - x), (2 * s + 1, graph.stretch_from[s], x))
        return [
            (int(junction), int(time_ms[edge]) * span // length if length else 0)
            for edge, junction, span in options
            if time_ms[edge] >= 0 or not span
        ]

    def _straight(self, starts: Snaps, row: int, ends: Snaps) -> I64:
        """Along the stretch both are on, without any junction."""
        graph, time_ms = self._streets.graph, self._streets.costs(self._mover).time_ms
        best = np.full(len(ends.stretch), _NEVER, np.int64)
        for column in np.flatnonzero(ends.stretch == starts.stretch[row]):
            s, span = int(starts.stretch[row]), int(ends.along_cm[column]) - int(starts.along_cm[row])
            edge = 2 * s if span >= 0 else 2 * s + 1
            length = int(graph.stretch_cm[s])
            if time_ms[edge] >= 0 or not span:
                best[column] = int(time_ms[edge]) * abs(span) // length if length else 0
        return best


def _approaches(graph: StreetGraph, costs: EdgeCosts, ends: Snaps) -> tuple[I32, I64]:
    """Two rows a destination: the junction one comes from, and milliseconds from there to it."""
    s = np.maximum(ends.stretch, 0)
    length = np.maximum(graph.stretch_cm[s].astype(np.int64), 1)
    junction = np.column_stack([graph.stretch_from[s], graph.stretch_to[s]]).ravel()
    onward = np.empty((len(s), 2), np.int64)
    for side, span in ((0, ends.along_cm), (1, graph.stretch_cm[s] - ends.along_cm)):
        cost = costs.time_ms[2 * s + side].astype(np.int64)
        through = costs.barred[junction[side::2]] & (span > 0)
        onward[:, side] = np.where(
            ((cost >= 0) | (span == 0)) & (ends.stretch >= 0) & ~through, cost * span // length, _NEVER
        )
    return junction, onward.ravel()

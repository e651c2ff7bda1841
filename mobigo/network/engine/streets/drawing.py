"""A way as it lies: the edges that led to a junction, the line of its stretches, the points between which it begins and
ends each of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np

from mobigo.base.geo import Point
from mobigo.network.model.streets import DEGREE, StreetGraph
from mobigo.network.model.timetable import I32, I64


class Part(NamedTuple):
    """A stretch, or a part of one, along a way: centimetres as drawn, from where to where (backwards when less)."""

    stretch: int
    from_cm: int
    to_cm: int
    time_ms: int


def climbed(by_edge: I32, stretch_from: I32, stretch_to: I32, junction: int) -> tuple[I32, int]:
    """(the edges that led to a junction, the first one first; the junction where they begin)."""
    count, first = _climb(by_edge, stretch_from, stretch_to, junction, np.empty(0, np.int32))
    edges = np.empty(count, np.int32)
    _climb(by_edge, stretch_from, stretch_to, junction, edges)
    return edges[::-1], int(first)


def drawn_points(graph: StreetGraph, parts: Sequence[Part]) -> list[Point]:
    """The points of the parts, end to end; where two parts meet, twice."""
    rows = _rows(parts)
    if not len(rows):
        return []
    size = int((graph.stretch_last[rows[:, 0]] - graph.stretch_first[rows[:, 0]]).sum()) + 3 * len(rows)
    lat, lon = np.empty(size), np.empty(size)
    count = _line(
        graph.stretch_first, graph.stretch_last, graph.point_cm, graph.point_lat, graph.point_lon, rows, lat, lon
    )
    return [Point(y, x) for y, x in zip(lat[:count].tolist(), lon[:count].tolist(), strict=True)]


def ends_of(graph: StreetGraph, parts: Sequence[Part]) -> I64:
    """[part, 4] points of the graph: the first two that a part touches, and the last two, in the order of the way."""
    rows = _rows(parts)
    out = np.empty((len(rows), 4), np.int64)
    _ends(graph.stretch_first, graph.stretch_last, graph.point_cm, rows, out)
    return out


def _rows(parts: Sequence[Part]) -> I64:
    return np.array([part[:3] for part in parts], np.int64).reshape(-1, 3)


@numba.njit(cache=True, nogil=True)
def _climb(by_edge, stretch_from, stretch_to, junction, edges):  # type: ignore[no-untyped-def]  # kernel
    """How many edges, and where they begin; those that fit into `edges`, the last one first."""
    count = 0
    while by_edge[junction] >= 0:
        edge = by_edge[junction]
        if count < len(edges):
            edges[count] = edge
        count += 1
        junction = stretch_to[edge >> 1] if edge & 1 else stretch_from[edge >> 1]
    return count, junction


@numba.njit(cache=True, nogil=True)
def _line(first, last, point_cm, point_lat, point_lon, rows, lat, lon):  # type: ignore[no-untyped-def]  # kernel
    count = 0
    for k in range(len(rows)):
        a, b = first[rows[k, 0]], last[rows[k, 0]]
        low, high = min(rows[k, 1], rows[k, 2]), max(rows[k, 1], rows[k, 2])
        begin = count
        lat[count], lon[count] = _along(point_cm, point_lat, point_lon, a, b, low)
        count += 1
        for p in range(a, b + 1):
            if low < point_cm[p] - point_cm[a] < high:
                lat[count], lon[count] = _along(point_cm, point_lat, point_lon, a, b, point_cm[p] - point_cm[a])
                count += 1
        lat[count], lon[count] = _along(point_cm, point_lat, point_lon, a, b, high)
        count += 1
        if rows[k, 1] > rows[k, 2]:
            lat[begin:count] = lat[begin:count][::-1].copy()
            lon[begin:count] = lon[begin:count][::-1].copy()
    return count


@numba.njit(cache=True, nogil=True, inline="always")
def _along(point_cm, point_lat, point_lon, a, b, at_cm):  # type: ignore[no-untyped-def]  # kernel
    """The position at that many centimetres of the points from `a` to `b`."""
    p = a
    while p < b and point_cm[p + 1] - point_cm[a] <= at_cm:
        p += 1
    y, x = point_lat[p] / DEGREE, point_lon[p] / DEGREE
    over = at_cm - (point_cm[p] - point_cm[a])
    if p < b and over > 0:
        length = point_cm[p + 1] - point_cm[p]
        y = (point_lat[p + 1] / DEGREE - y) / length * over + y
        x = (point_lon[p + 1] / DEGREE - x) / length * over + x
    return y, x


@numba.njit(cache=True, nogil=True)
def _ends(first, last, point_cm, rows, out):  # type: ignore[no-untyped-def]  # kernel
    for k in range(len(rows)):
        a, b = first[rows[k, 0]], last[rows[k, 0]]
        low, high = min(rows[k, 1], rows[k, 2]), max(rows[k, 1], rows[k, 2])
        begin, end = a, b
        for p in range(a, b):
            if point_cm[p] - point_cm[a] <= low:
                begin = p
        for p in range(b, a - 1, -1):
            if point_cm[p] - point_cm[a] >= high:
                end = p
        end = max(end, begin + 1)
        if rows[k, 1] <= rows[k, 2]:
            out[k, 0], out[k, 1], out[k, 2], out[k, 3] = begin, begin + 1, end - 1, end
        else:
            out[k, 0], out[k, 1], out[k, 2], out[k, 3] = end, end - 1, begin + 1, begin

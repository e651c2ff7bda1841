"""Ways and points to the graph: cut where streets meet, end or are barred; islands marked; pieces filed by cell."""

import hashlib
from typing import Any

import numba
import numpy as np

from mobigo.base.geo import EARTH_RADIUS_M
from mobigo.network.model.streets import DEGREE, FORMAT, Mode, RawStreets, StreetGraph
from mobigo.network.model.timetable import F64, I32, I64, U8, U64, Strings

CELL = 20_000  # units of a point in a cell: 0.002 degree, some 150 to 220 m
ISLAND_CM = 50_000  # streets joined to no more than 500 m of others are an island
_LON_SHIFT = np.uint64(32)


def merged(extracts: list[RawStreets]) -> RawStreets:
    """Several extracts as one: a way that two of them hold, at a border, counts once, from the first that holds more
    of it."""
    if len(extracts) == 1:
        return extracts[0]
    held: dict[int, tuple[int, int]] = {}  # way → (points, extract)
    for number, raw in enumerate(extracts):
        ways, row = np.unique(raw.way_id, return_inverse=True)
        points = np.bincount(row, weights=np.diff(raw.way_start)).astype(np.int64)
        for way, count in zip(ways.tolist(), points.tolist(), strict=True):
            if way not in held or held[way][0] < count:
                held[way] = count, number
    keeps = [np.array([held[way][1] == k for way in raw.way_id.tolist()], bool) for k, raw in enumerate(extracts)]
    points_kept = [np.repeat(keep, np.diff(raw.way_start)) for keep, raw in zip(keeps, extracts, strict=True)]
    names: dict[str, int] = {}
    rows = [np.array([names.setdefault(name, len(names)) for name in raw.names], np.int32) for raw in extracts]
    renamed = [
        np.where(raw.way_name >= 0, np.append(new, -1)[raw.way_name], -1).astype(np.int32)
        for raw, new in zip(extracts, rows, strict=True)
    ]
    lengths = np.concatenate([np.diff(raw.way_start)[keep] for raw, keep in zip(extracts, keeps, strict=True)])
    barred = {
        node: bars for raw in extracts for node, bars in zip(raw.barred_node.tolist(), raw.barred.tolist(), strict=True)
    }

    def ways_of(columns: list[Any]) -> Any:
        return np.concatenate([column[keep] for column, keep in zip(columns, keeps, strict=True)])

    def points_of(columns: list[Any]) -> Any:
        return np.concatenate([column[keep] for column, keep in zip(columns, points_kept, strict=True)])

    return RawStreets(
        way_id=ways_of([raw.way_id for raw in extracts]),
        way_pass=ways_of([raw.way_pass for raw in extracts]),
        way_speed_kmh=ways_of([raw.way_speed_kmh for raw in extracts]),
        way_name=ways_of(renamed),
        names=Strings.of(list(names)),
        way_start=np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]),
        node_id=points_of([raw.node_id for raw in extracts]),
        node_lat=points_of([raw.node_lat for raw in extracts]),
        node_lon=points_of([raw.node_lon for raw in extracts]),
        barred_node=np.array(sorted(barred), np.int64),
        barred=np.array([barred[node] for node in sorted(barred)], np.uint8),
        entrances=tuple(sorted({each.node: each for raw in extracts for each in raw.entrances}.values())),
        missing_nodes=sum(raw.missing_nodes for raw in extracts),
    )


def build(raw: RawStreets) -> StreetGraph:
    """The graph of `raw`. Same ways, in any order of the file: same answers; same file: same bytes."""
    ids, point_node = np.unique(raw.node_id, return_inverse=True)
    point_node = point_node.astype(np.int64)
    uses = np.bincount(point_node, minlength=len(ids))
    bars = _bars(ids, raw)
    cut = (uses > 1) | (bars > 0)
    cut[point_node[raw.way_start[:-1]]] = True
    cut[point_node[raw.way_start[1:] - 1]] = True
    way_of_point = np.repeat(np.arange(len(raw.way_id), dtype=np.int64), np.diff(raw.way_start))
    at = np.flatnonzero(cut[point_node])
    same = way_of_point[at[:-1]] == way_of_point[at[1:]]
    first, last = at[:-1][same], at[1:][same]
    junction_of = np.cumsum(cut) - 1
    begins, ends = (junction_of[point_node[side]].astype(np.int32) for side in (first, last))
    point_cm = _along_cm(raw.node_lat, raw.node_lon, way_of_point)
    stretch_cm = (point_cm[last] - point_cm[first]).astype(np.int32)
    way = way_of_point[first]
    passed = raw.way_pass[way].astype(np.int32)
    junctions = int(cut.sum())
    for mode in Mode:
        passed |= _islands(junctions, begins, ends, stretch_cm, (passed & (mode.ahead | mode.back)) != 0) * mode.apart
    where = np.zeros(len(ids), np.int64)
    where[point_node] = np.arange(len(point_node))
    corner = where[np.flatnonzero(cut)]
    edge_start, edge_to, edge_id = _edges(junctions, begins, ends)
    piece_stretch = np.full(len(raw.node_id), -1, np.int32)
    _name_pieces(first, last, piece_stretch)
    cell_key, cell_start, cell_piece = _cells(raw.node_lat, raw.node_lon, piece_stretch)
    columns: dict[str, Any] = {
        "junction_lat": raw.node_lat[corner] / DEGREE,
        "junction_lon": raw.node_lon[corner] / DEGREE,
        "junction_bars": bars[cut],
        "edge_start": edge_start,
        "edge_to": edge_to,
        "edge_id": edge_id,
        "stretch_from": begins,
        "stretch_to": ends,
        "stretch_first": first,
        "stretch_last": last,
        "stretch_cm": stretch_cm,
        "stretch_pass": passed,
        "stretch_speed_kmh": raw.way_speed_kmh[way],
        "stretch_name": raw.way_name[way],
        "stretch_way": raw.way_id[way],
        "point_lat": raw.node_lat,
        "point_lon": raw.node_lon,
        "point_cm": point_cm,
        "names": raw.names,
        "cell_key": cell_key,
        "cell_start": cell_start,
        "cell_piece": cell_piece,
        "piece_stretch": piece_stretch,
        "contraction": _contraction(edge_start, edge_to, raw.node_lat[corner] / DEGREE, raw.node_lon[corner] / DEGREE),
        "entrance_lat": np.array([each.lat / DEGREE for each in raw.entrances], np.float64),
        "entrance_lon": np.array([each.lon / DEGREE for each in raw.entrances], np.float64),
        "entrance_kind": np.array([each.kind for each in raw.entrances], np.uint8),
        "entrance_wheelchair": np.array([each.wheelchair for each in raw.entrances], np.uint8),
        "entrance_name": Strings.of([each.name for each in raw.entrances]),
    }
    return StreetGraph(hash=_hash(columns), **columns)


def _bars(ids: I64, raw: RawStreets) -> U8:
    bars = np.zeros(len(ids), np.uint8)
    row = np.searchsorted(ids, raw.barred_node)
    known = (row < len(ids)) & (ids[np.minimum(row, len(ids) - 1)] == raw.barred_node)
    bars[row[known]] = raw.barred[known]
    return bars


def _along_cm(lat: I32, lon: I32, way: I64) -> I64:
    """Centimetres along all points, nothing from one way to the next. Each piece is rounded once; the plane is good to
    a millimetre at the length of a piece."""
    phi = np.radians(lat / DEGREE)
    north = np.diff(phi)
    east = np.diff(np.radians(lon / DEGREE)) * np.cos((phi[:-1] + phi[1:]) / 2)
    piece = np.rint(np.hypot(north, east) * EARTH_RADIUS_M * 100).astype(np.int64)
    piece[way[:-1] != way[1:]] = 0
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(piece)])


def _edges(junctions: int, begins: I32, ends: I32) -> tuple[I32, I32, I32]:
    leaves = np.concatenate([begins, ends])
    to = np.concatenate([ends, begins])
    ids = np.concatenate([np.arange(len(begins)) * 2, np.arange(len(begins)) * 2 + 1]).astype(np.int32)
    order = np.lexsort((ids, leaves))
    start = np.zeros(junctions + 1, np.int32)
    np.cumsum(np.bincount(leaves, minlength=junctions), out=start[1:])
    return start, to[order].astype(np.int32), ids[order]


def arcs(edge_start: I32, edge_to: I32) -> tuple[I32, I32]:
    """(tail, head) of each edge."""
    return np.repeat(np.arange(len(edge_start) - 1, dtype=np.int32), np.diff(edge_start)), edge_to


def _contraction(edge_start: I32, edge_to: I32, lat: F64, lon: F64) -> I32:
    """The order in which driving contracts junctions: nested dissection by inertial flow."""
    from routingkit_cch import compute_order_inertial

    tail, head = arcs(edge_start, edge_to)
    order = compute_order_inertial(len(lat), tail.tolist(), head.tolist(), lat.tolist(), lon.tolist())
    return np.array(order, np.int32)


@numba.njit(cache=True, nogil=True)
def _islands(junctions, begins, ends, length_cm, used):  # type: ignore[no-untyped-def]  # kernel
    """1 for each used stretch joined to less than `ISLAND_CM` of used ones (union-find)."""
    parent = np.arange(junctions)
    for s in range(len(begins)):
        if used[s]:
            a, b = begins[s], ends[s]
            while parent[a] != a:
                parent[a] = parent[parent[a]]
                a = parent[a]
            while parent[b] != b:
                parent[b] = parent[parent[b]]
                b = parent[b]
            if a != b:
                parent[max(a, b)] = min(a, b)
    total = np.zeros(junctions, np.int64)
    for s in range(len(begins)):
        if used[s]:
            a = begins[s]
            while parent[a] != a:
                a = parent[a]
            total[a] += length_cm[s]
    apart = np.zeros(len(begins), np.int32)
    for s in range(len(begins)):
        if used[s]:
            a = begins[s]
            while parent[a] != a:
                a = parent[a]
            if total[a] < ISLAND_CM:
                apart[s] = 1
    return apart


@numba.njit(cache=True, nogil=True)
def _name_pieces(first, last, piece_stretch):  # type: ignore[no-untyped-def]  # kernel
    for s in range(len(first)):
        for p in range(first[s], last[s]):
            piece_stretch[p] = s


def _cells(lat: I32, lon: I32, piece_stretch: I32) -> tuple[U64, I64, I64]:
    """Each piece filed in every cell its bounding box touches; cells sorted by key."""
    piece = np.flatnonzero(piece_stretch >= 0)
    rows = _cell_rows(lat, lon, piece)
    keys, pieces = np.empty(rows, np.uint64), np.empty(rows, np.int64)
    _file_pieces(lat, lon, piece, keys, pieces)
    order = np.lexsort((pieces, keys))
    keys, pieces = keys[order], pieces[order]
    cell_key, start = np.unique(keys, return_index=True)
    return cell_key, np.append(start, len(pieces)).astype(np.int64), pieces


@numba.njit(cache=True, nogil=True)
def _cell_rows(lat, lon, piece):  # type: ignore[no-untyped-def]  # kernel
    rows = 0
    for p in piece:
        high = max(lat[p], lat[p + 1]) // CELL - min(lat[p], lat[p + 1]) // CELL + 1
        wide = max(lon[p], lon[p + 1]) // CELL - min(lon[p], lon[p + 1]) // CELL + 1
        rows += high * wide
    return rows


@numba.njit(cache=True, nogil=True)
def _file_pieces(lat, lon, piece, keys, pieces):  # type: ignore[no-untyped-def]  # kernel
    row = 0
    for p in piece:
        for y in range(min(lat[p], lat[p + 1]) // CELL, max(lat[p], lat[p + 1]) // CELL + 1):
            for x in range(min(lon[p], lon[p + 1]) // CELL, max(lon[p], lon[p + 1]) // CELL + 1):
                keys[row] = cell_of(y, x)
                pieces[row] = p
                row += 1


@numba.njit(cache=True, nogil=True, inline="always")
def cell_of(y, x):  # type: ignore[no-untyped-def]  # kernel
    """The key of the cell at these counts of `CELL` north and east; both may be negative."""
    return (np.uint64(y + 2**30) << _LON_SHIFT) | np.uint64(x + 2**30)


def _hash(columns: dict[str, Any]) -> str:
    digest = hashlib.sha256(f"streets {FORMAT}".encode())
    for name in ("stretch_way", "stretch_pass", "stretch_name", "stretch_speed_kmh", "junction_bars", "point_lat",
                 "point_lon", "stretch_first", "entrance_lat", "entrance_lon", "entrance_kind",
                 "entrance_wheelchair"):  # fmt: skip
        digest.update(np.ascontiguousarray(columns[name]).tobytes())
    for name in ("names", "entrance_name"):
        digest.update(np.ascontiguousarray(columns[name].data).tobytes())
    return digest.hexdigest()[:32]

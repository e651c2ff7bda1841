"""The insides of stations, read from stops.txt, levels.txt and pathways.txt of every feed.

Left out, and told by the validation report: a pathway whose ends are unknown, the same, or a station, and one of no
known mode.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from mobigo.network.engine.columns import floats, ints, rows_of, table_of, texts
from mobigo.network.engine.feedpart import FeedPart
from mobigo.network.engine.stops import Stops
from mobigo.network.model.pathways import AREA, ENTRANCE, PLATFORM, Stations
from mobigo.network.model.timetable import NONE, Strings

FROM_STREET = 1  # of stop_access: one gets to the platform from the street too
_STATION = 1


def read_insides(parts: Sequence[FeedPart], stops: Stops) -> Stations:
    """The insides of all feeds; no rows where no feed tells any."""
    rows = _Rows()
    for part in parts:
        if table_of(part.feed, "pathways", "pathway_id").height:
            _read(part, stops, rows)
    return rows.stations(_enclosed(rows, stops))


class _Rows:
    """Rows of the columns, gathered feed by feed."""

    def __init__(self) -> None:
        self.insides: list[tuple[Any, ...]] = []  # id, name, type, stop, station, lat, lon, wheelchair, level
        self.levels: list[tuple[float, str]] = []
        self.pathways: list[tuple[Any, ...]] = []

    def stations(self, enclosed: list[int]) -> Stations:
        inside = list(zip(*self.insides, strict=True)) or [()] * 9
        level = list(zip(*self.levels, strict=True)) or [()] * 2
        way = list(zip(*self.pathways, strict=True)) or [()] * 11
        return Stations(
            Strings.of(inside[0]), Strings.of(inside[1]), _of(inside[2], np.int8), _of(inside[3], np.int32),
            _of(inside[4], np.int32), _of(inside[5], np.float64), _of(inside[6], np.float64), _of(inside[7], np.int8),
            _of(inside[8], np.int32), _of(level[0], np.float64), Strings.of(level[1]),
            _of(way[0], np.int32), _of(way[1], np.int32), _of(way[2], np.int8), _of(way[3], np.int8),
            _of(way[4], np.int32), _of(way[5], np.float64), _of(way[6], np.int32), _of(way[7], np.float64),
            _of(way[8], np.float64), Strings.of(way[9]), Strings.of(way[10]), _of(enclosed, np.int32),
        )  # fmt: skip


def _of(values: Sequence[Any], kind: type) -> np.ndarray:
    return np.array(values, kind)


def _read(part: FeedPart, stops: Stops, rows: _Rows) -> None:
    table = table_of(part.feed, "pathways", "pathway_id", "from_stop_id", "to_stop_id", "signposted_as")
    table = table.with_columns(texts(table, "pathway_id").alias("pathway_id")).sort("pathway_id", maintain_order=True)
    places = _places(part, stops)
    ids = pl.Series([place[0] for place in places], dtype=pl.String)
    ends = [rows_of(texts(table, name), ids) for name in ("from_stop_id", "to_stop_id")]
    mode = ints(table, "pathway_mode", 0)
    good = np.flatnonzero((ends[0] >= 0) & (ends[1] >= 0) & (ends[0] != ends[1]) & (mode >= 1) & (mode <= 7))
    touched = np.unique(np.concatenate([end[good] for end in ends]))
    base, own = len(rows.insides), np.full(len(places), NONE, np.int64)
    own[touched] = base + np.arange(len(touched))
    levels = table_of(part.feed, "levels", "level_id", "level_index", "level_name")
    level_of = rows_of(pl.Series([place[-1] for place in places], dtype=pl.String), texts(levels, "level_id"))
    level_base = len(rows.levels)
    rows.levels += zip(floats(levels, "level_index").tolist(), texts(levels, "level_name").to_list(), strict=True)
    for at in touched.tolist():
        level = int(level_of[at])
        stop_id, *told, _level_id = places[at]
        rows.insides.append((f"{part.name}:{stop_id}", *told, level_base + level if level >= 0 else NONE))
    columns = [
        own[ends[0]], own[ends[1]], mode, ints(table, "is_bidirectional", 0) == 1,
        np.maximum(ints(table, "traversal_time", 0), 0), _measured(table, "length"), ints(table, "stair_count", 0),
        floats(table, "max_slope"), np.where((width := _measured(table, "min_width")) > 0, width, np.nan),
    ]  # fmt: skip
    signs = [texts(table, name).to_list() for name in ("signposted_as", "reversed_signposted_as")]
    for at in good.tolist():
        rows.pathways.append((*(column[at] for column in columns), *(sign[at] for sign in signs)))


def _measured(table: pl.DataFrame, column: str) -> np.ndarray:
    """Metres, 0 or more; NaN where not told."""
    values = floats(table, column)
    return np.where(values >= 0, values, np.nan)


def _places(part: FeedPart, stops: Stops) -> list[tuple[Any, ...]]:
    """Every place of a feed that a pathway may touch: id, name, type, its stop, its station, position, wheelchair,
    level."""
    out: list[tuple[Any, ...]] = []
    own, names = texts(part.stops, "stop_id").to_list(), stops.column("stop_name")
    for stop_id, name, row in zip(own, texts(part.stops, "stop_name").to_list(), part.stop_row.tolist(), strict=True):
        if stops.type[row] != _STATION:
            place = (stop_id, name, PLATFORM, row, _root(stops, row))
            out.append(
                (*place, float(stops.lat[row]), float(stops.lon[row]), int(stops.wheelchair[row]), stops.level_id[row])
            )
    table = part.insides
    above = rows_of(texts(table, "parent_station"), texts(part.stops, "stop_id")).tolist()
    columns = zip(
        texts(table, "stop_id").to_list(), texts(table, "stop_name").to_list(),
        ints(table, "location_type", 0).tolist(), above, floats(table, "stop_lat").tolist(),
        floats(table, "stop_lon").tolist(), np.clip(ints(table, "wheelchair_boarding", 0), 0, 2).tolist(),
        texts(table, "level_id").to_list(), strict=True,
    )  # fmt: skip
    for stop_id, name, kind, up, lat, lon, wheelchair, level in columns:
        row = int(part.stop_row[up]) if up >= 0 else NONE
        station = NONE if row == NONE else _root(stops, row)
        if kind == ENTRANCE and wheelchair == 0 and station != NONE:
            wheelchair = int(stops.wheelchair[station])
        if kind == ENTRANCE and not name and station != NONE:
            name = names[station]
        out.append((stop_id, name, kind, row if kind == AREA else NONE, station, lat, lon, wheelchair, level))
    return out


def _root(stops: Stops, row: int) -> int:
    up = int(stops.parent[row])
    return up if up >= 0 else row


def _enclosed(rows: _Rows, stops: Stops) -> list[int]:
    """The platforms of the stations that have an entrance which a pathway touches."""
    entered = {place[4] for place in rows.insides if place[2] == ENTRANCE and place[4] != NONE}
    if not entered:
        return []
    return [
        row
        for row in np.flatnonzero((stops.type == PLATFORM) & (stops.access != FROM_STREET)).tolist()
        if _root(stops, row) in entered
    ]

"""The stops of all feeds in one order that keeps neighbours together, in memory as on the ground."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from mobigo.network.engine.columns import floats, ints, rows_of, texts
from mobigo.network.engine.feedpart import FeedPart
from mobigo.network.model.timetable import F64, I8, NONE, U64


class Stops:
    """The stops of all feeds in one order: by place on a curve that keeps neighbours together, then by feed and id."""

    def __init__(self, parts: Sequence[FeedPart]) -> None:
        self._table = pl.concat(
            [part.stops.select(pl.exclude("_line")).with_columns(_part=pl.lit(part.number)) for part in parts],
            how="diagonal_relaxed",
        )
        lat, lon = floats(self._table, "stop_lat"), floats(self._table, "stop_lon")
        wild = (np.abs(lat) > 90) | (np.abs(lon) > 180)
        lat[wild] = lon[wild] = np.nan
        rank = texts(self._table, "stop_id").rank("min").to_numpy() if self._table.height else np.zeros(0)
        part_number = self._table["_part"].to_numpy()
        order = np.lexsort((rank, part_number, _morton(lat, lon)))
        place = np.empty(len(order), np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        at = 0
        parent = np.full(len(order), NONE, np.int32)
        for part in parts:
            part.stop_row = place[at : at + part.stops.height]
            up = rows_of(texts(part.stops, "parent_station"), texts(part.stops, "stop_id"))
            parent[part.stop_row] = np.where(up >= 0, part.stop_row[up] if len(up) else NONE, NONE)
            at += part.stops.height
        self._table = self._table[order] if self._table.height else self._table
        self.lat, self.lon = lat[order], lon[order]
        self.feed = part_number[order].astype(np.int32)
        self.type: I8 = np.clip(ints(self._table, "location_type", 0), 0, 1).astype(np.int8)
        self.parent = np.where(self.type == 0, parent, NONE).astype(np.int32)
        own = np.clip(ints(self._table, "wheelchair_boarding", 0), 0, 2)
        above = np.where(self.parent >= 0, own[self.parent] if len(own) else 0, 0)
        self.wheelchair: I8 = np.where(own == 0, above, own).astype(np.int8)
        self.access = ints(self._table, "stop_access", NONE)
        self.level_id = texts(self._table, "level_id").to_list()
        self.id = texts(self._table, "stop_id").to_list()
        self.place = [
            parts[part].place_ids.get(stop_id) or f"{parts[part].name}:{stop_id}"
            for part, stop_id in zip(self.feed.tolist(), self.id, strict=True)
        ]

    def column(self, name: str) -> list[str]:
        return texts(self._table, name).to_list()


def _morton(lat: F64, lon: F64) -> U64:
    """Position on the Z curve of a 2^16 grid over the known stops; unknown positions come last."""
    if not len(lat):
        return np.zeros(0, np.uint64)
    known = np.isfinite(lat) & np.isfinite(lon)
    out = np.zeros(len(lat), np.uint64)
    for axis, values in enumerate((lon, lat)):
        low = values[known].min() if known.any() else 0.0
        high = values[known].max() if known.any() else 1.0
        grid = ((np.where(known, values, low) - low) / max(high - low, 1e-9) * 65535).astype(np.uint64)
        for bit in range(16):
            out |= (grid >> np.uint64(bit) & np.uint64(1)) << np.uint64(2 * bit + axis)
    return np.where(known, out, np.uint64(2**63))

"""One feed on its way into the timetable: its rows in order of their ids, its trips and runs, its transfer rules."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from mobigo.network.engine import runs
from mobigo.network.engine.calendars import Calendars
from mobigo.network.engine.columns import floats, ints, rows_of, table_of, texts, times
from mobigo.network.engine.transfers import TransferRule
from mobigo.network.engine.visits import read_visits
from mobigo.network.model.feed import FeedTables
from mobigo.network.model.timetable import I32, NONE, U64


@dataclass(frozen=True)
class CompileInput:
    """One active feed: its name, its tables, and the stable place of each of its stops."""

    name: str
    tables: FeedTables
    place_ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Drives:
    """The runs of one feed; trips are rows of the whole timetable."""

    trips: list[runs.Chain] | None  # None: run r is trip `single[r]`
    single: I32
    start_s: I32
    frequency: np.ndarray
    bits: U64


class FeedPart:
    """One feed on its way into the timetable; `*_offset` is where its rows begin in the whole."""

    def __init__(self, number: int, given: CompileInput) -> None:
        self.number, self.name, self.feed, self.place_ids = number, given.name, given.tables, given.place_ids
        self.agency = _by_id(self.feed, "agency", "agency_id", "agency_name", "agency_url", "agency_phone")
        self.routes = _by_id(
            self.feed,
            "routes",
            "route_id",
            "agency_id",
            "route_short_name",
            "route_long_name",
            "route_type",
            "route_color",
            "route_text_color",
        )
        stops = _by_id(
            self.feed, "stops", "stop_id", "stop_code", "stop_name", "platform_code", "stop_lat", "stop_lon",
            "location_type", "parent_station",
            "wheelchair_boarding", "level_id", "stop_access",
        )  # fmt: skip
        kind = ints(stops, "location_type", 0)
        self.stops = stops.filter(pl.Series(kind <= 1))
        self.insides = stops.filter(
            pl.Series((kind >= 2) & (kind <= 4))
        )  # entrances, points on the way, boarding areas
        self.stop_row = np.zeros(0, np.int32)  # row in the whole of each of `stops`
        self.route_offset = self.trip_offset = 0
        route_agency = rows_of(texts(self.routes, "agency_id"), texts(self.agency, "agency_id"))
        if self.agency.height == 1:
            route_agency = np.zeros(self.routes.height, np.int32)
        self.route_agency = route_agency
        kinds = ints(self.routes, "route_type", 3)
        self.route_type = np.where((kinds >= 0) & (kinds < 2**15), kinds, 3).astype(np.int16)
        self.calendars = Calendars(self.feed)

    def read_trips(self) -> None:
        """Trips that have a known route, in order of id, and their visits."""
        trips = _by_id(
            self.feed, "trips", "trip_id", "route_id", "service_id", "trip_headsign", "trip_short_name",
            "direction_id", "block_id", "shape_id",
            "wheelchair_accessible", "bikes_allowed",
        )  # fmt: skip
        route = rows_of(texts(trips, "route_id"), texts(self.routes, "route_id"))
        self.trips, self.trip_route = trips.filter(pl.Series(route >= 0)), route[route >= 0]
        raw_lat, raw_lon = floats(self.stops, "stop_lat"), floats(self.stops, "stop_lon")
        self.visits = read_visits(
            self.feed, texts(self.trips, "trip_id"), texts(self.stops, "stop_id"), raw_lat, raw_lon
        )
        self._read_shapes()

    def _read_shapes(self) -> None:
        table = table_of(self.feed, "shapes", "shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")
        used = texts(self.trips, "shape_id")
        ids = used.filter(used != "").unique().sort()
        shape = rows_of(texts(table, "shape_id"), ids) if table.height else np.zeros(0, np.int32)
        lat, lon = floats(table, "shape_pt_lat"), floats(table, "shape_pt_lon")
        sequence = ints(table, "shape_pt_sequence", -1)
        good = np.flatnonzero((shape >= 0) & np.isfinite(lat) & np.isfinite(lon) & (sequence >= 0))
        order = good[np.lexsort((lon[good], lat[good], sequence[good], shape[good]))]
        counts = np.bincount(shape[order], minlength=len(ids))
        self.shape_counts, self.shape_lat, self.shape_lon = counts, lat[order], lon[order]
        row = rows_of(used, ids)
        drawn = np.where(row >= 0, counts[row] if len(counts) else 0, 0)
        self.trip_shape = np.where(drawn >= 2, row, NONE).astype(np.int32)

    def place_trips(self, first_ordinal: int, day_count: int) -> None:
        """The days of each trip; none for one that cannot be trusted or has no service."""
        bits = self.calendars.bits(first_ordinal, day_count)
        service = rows_of(texts(self.trips, "service_id"), self.calendars.ids)
        none = np.zeros((1, bits.shape[1]), np.uint64)
        self.trip_bits = np.concatenate([bits, none])[np.where((service >= 0) & self.visits.usable, service, len(bits))]

    def drives(self, day_length_s: Sequence[int]) -> Drives:
        """The runs: trips alone, frequencies, chains of blocks. `day_length_s`: see `runs.chains_of_blocks`."""
        trip_ids = texts(self.trips, "trip_id")
        frequencies = self._frequencies(trip_ids)
        usable = self.visits.usable & self.trip_bits.any(axis=1)
        by_frequency = {row.trip for row in frequencies}
        blocks: dict[object, list[int]] = defaultdict(list)
        block = texts(self.trips, "block_id")
        if self.trips.height and (block != "").any():
            lasts_all_day = runs.last_all_day(self.visits)  # alone in its block it may follow itself
            in_block = pl.DataFrame(
                {"block": block, "trip": np.arange(len(block), dtype=np.int32), "ok": usable, "long": lasts_all_day}
            )
            shared = (
                in_block.filter((pl.col("block") != "") & pl.col("ok"))
                .group_by("block")
                .agg("trip", pl.col("long").any())
                .filter((pl.col("trip").list.len() > 1) | pl.col("long"))
                .select("block", "trip")
            )
            for key, members in sorted(shared.iter_rows()):
                blocks[key] = [trip for trip in members if trip not in by_frequency]
        joined, apart = self._in_seat(trip_ids, usable, by_frequency)
        chains = (
            runs.chains_of_blocks(blocks, joined, apart, self.visits, self.trip_bits, day_length_s)
            if blocks or joined
            else []
        )
        alone = runs.remaining_days(self.trip_bits, chains) if chains else self.trip_bits
        single = np.flatnonzero(usable & alone.any(axis=1)).astype(np.int32)
        if by_frequency:
            single = single[~np.isin(single, list(by_frequency))]
        departures = [row for row in runs.frequency_starts(frequencies) if usable[row[0]]]
        extra: list[tuple[runs.Chain, U64, int | None, int]] = [(chain, bits, None, 0) for chain, bits in chains]
        extra += [
            (((trip, 0),), self.trip_bits[trip], start_s, 0 if exact else 1) for trip, start_s, exact in departures
        ]
        own_start = self.visits.depart_s[np.minimum(self.visits.trip_start[:-1], max(len(self.visits.depart_s) - 1, 0))]
        start_s = np.concatenate(
            [own_start[single], [own_start[chain[0][0]] if start is None else start for chain, _, start, _ in extra]]
        )
        bits = (
            np.concatenate([alone[single], np.array([row[1] for row in extra], np.uint64).reshape(len(extra), -1)])
            if extra
            else alone[single]
        )
        trips: list[runs.Chain] | None = None
        if extra:
            trips = [((int(trip), 0),) for trip in single] + [chain for chain, *_ in extra]
        frequency = np.concatenate([np.zeros(len(single), np.uint8), np.array([row[3] for row in extra], np.uint8)])
        if trips is not None:
            trips = [tuple((trip + self.trip_offset, shift_s) for trip, shift_s in chain) for chain in trips]
        return Drives(trips, single + np.int32(self.trip_offset), start_s.astype(np.int32), frequency, bits)

    def _frequencies(self, trip_ids: pl.Series) -> list[runs.Frequency]:
        table = table_of(self.feed, "frequencies", "trip_id", "start_time", "end_time", "headway_secs", "exact_times")
        if not table.height:
            return []
        trip = rows_of(texts(table, "trip_id"), trip_ids)
        columns = (
            times(table, "start_time"),
            times(table, "end_time"),
            ints(table, "headway_secs", 0),
            ints(table, "exact_times", 0),
        )
        rows = zip(trip.tolist(), *(column.tolist() for column in columns), strict=True)
        return sorted(
            (runs.Frequency(t, first, end, headway, exact == 1) for t, first, end, headway, exact in rows if t >= 0),
            key=lambda row: (row.trip, row.first_s, row.end_s, row.headway_s),
        )

    def _in_seat(
        self, trip_ids: pl.Series, usable: np.ndarray, without: set[int]
    ) -> tuple[dict[int, list[int]], frozenset[tuple[int, int]]]:
        table = table_of(self.feed, "transfers", "from_trip_id", "to_trip_id", "transfer_type")
        kind = ints(table, "transfer_type", 0)
        first, second = rows_of(texts(table, "from_trip_id"), trip_ids), rows_of(texts(table, "to_trip_id"), trip_ids)
        joined: dict[int, list[int]] = defaultdict(list)
        apart = set()
        for row in np.flatnonzero((kind >= 4) & (first >= 0) & (second >= 0)):
            a, b = int(first[row]), int(second[row])
            if kind[row] == 5:
                apart.add((a, b))
            elif (
                kind[row] == 4
                and usable[a]
                and usable[b]
                and a not in without
                and b not in without
                and b not in joined[a]
            ):
                joined[a].append(b)
        kept = {trip: sorted(after for after in nexts if (trip, after) not in apart) for trip, nexts in joined.items()}
        return kept, frozenset(apart)

    def transfer_rules(self) -> list[TransferRule]:
        """transfers.txt, types 0 to 3, in rows of the whole timetable. A rule that names a trip or route we do not
        know is left out."""
        table = table_of(
            self.feed, "transfers", "from_stop_id", "to_stop_id", "transfer_type", "min_transfer_time",
            "from_trip_id", "to_trip_id",
            "from_route_id", "to_route_id",
        )  # fmt: skip
        if not table.height:
            return []
        stop_ids, trip_ids, route_ids = (
            texts(self.stops, "stop_id"),
            texts(self.trips, "trip_id"),
            texts(self.routes, "route_id"),
        )
        columns = [ints(table, "transfer_type", 0), ints(table, "min_transfer_time", NONE)]
        good = (columns[0] >= 0) & (columns[0] <= 3)
        for name, ids, offset in (
            ("from_stop_id", stop_ids, None), ("to_stop_id", stop_ids, None), ("from_trip_id", trip_ids,
            self.trip_offset),
            ("to_trip_id", trip_ids, self.trip_offset), ("from_route_id", route_ids, self.route_offset),
            ("to_route_id", route_ids, self.route_offset),
        ):  # fmt: skip
            named = texts(table, name)
            row = rows_of(named, ids)
            if offset is None:
                good &= row >= 0
                columns.append(np.where(row >= 0, self.stop_row[row] if len(self.stop_row) else NONE, NONE))
            else:
                good &= (row >= 0) | (named == "").to_numpy()
                columns.append(np.where(row >= 0, row + offset, NONE))
        rows = zip(*(column[good].tolist() for column in columns), strict=True)
        return [TransferRule(a, b, kind, min_s, *scope) for kind, min_s, a, b, *scope in rows]


def _by_id(feed: FeedTables, name: str, key: str, *columns: str) -> pl.DataFrame:
    """The table in order of its key, the first row of each; a table without the key column (agency.txt may) keeps its
    order."""
    table = table_of(feed, name, key, *columns)
    return table.with_columns(texts(table, key).alias(key)).unique(key, keep="first", maintain_order=True).sort(key)

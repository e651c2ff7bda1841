"""Feeds to one timetable. The same feeds give the same arrays, whatever the order of their rows.

What cannot be used is left out of the search and told by the validation report: rows that do not join, trips with fewer than two
visits or with times that cannot be trusted (they keep their row, with no day).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from mobigo.base.servicetime import DAY_S
from mobigo.network.engine import bounds, patterns, runs, transfers
from mobigo.network.engine.calendars import Calendars, unique_days
from mobigo.network.engine.columns import floats, ints, rows_of, table_of, texts, times
from mobigo.network.engine.transfers import TransferRule, WalkRules
from mobigo.network.engine.visits import Visits, read_visits
from mobigo.network.model.feed import FeedTables
from mobigo.network.model.timetable import (
    DROP_OFF_SHIFT,
    F64,
    I8,
    I32,
    I64,
    NONE,
    NOT_AVAILABLE,
    PICKUP_SHIFT,
    TYPE_MASK,
    U64,
    Strings,
    Timetable,
)

EXTENDED_TYPES = {  # Google's extended route types that feeds use, by hundreds, to the reference's (GTFS extended route types)
    1: 2, 2: 3, 4: 1, 7: 3, 8: 11, 9: 0, 10: 4, 11: 1100, 12: 4, 13: 6, 14: 7, 15: 1500,
}  # fmt: skip


@dataclass(frozen=True)
class CompileInput:
    """One active feed: its name, its tables, and the stable place of each of its stops."""

    name: str
    tables: FeedTables
    place_ids: Mapping[str, str] = field(default_factory=dict)


Progress = Callable[[str], None]


def compile_feeds(
    feeds: Sequence[CompileInput],
    zone: str,
    inputs_hash: str,
    walk: WalkRules | None = None,
    progress: Progress | None = None,
) -> Timetable:
    """The timetable of `feeds`, which all run in `zone`. `progress` is told the name of each stage.

    Pure: reads no clock, no file. Memory: about 60 bytes a stop_time at the peak, besides the tables.
    """
    walk = walk or WalkRules()
    tell = progress or (lambda stage: None)
    ordered = sorted(feeds, key=lambda feed: feed.name)
    tell("stops")
    parts = [_FeedPart(number, feed) for number, feed in enumerate(ordered)]
    stops = _Stops(parts)
    tell("stop_times")
    for part in parts:
        part.read_trips()
    _set_offsets(parts)
    tell("calendars")
    ranges = [part.calendars.range() for part in parts]
    known = [days for days in ranges if days is not None]
    first_ordinal = min((days[0] for days in known), default=1)
    day_count = max((days[1] for days in known), default=0) - first_ordinal + 1 if known else 1
    words = (day_count + 63) // 64
    for part in parts:
        part.place_trips(first_ordinal, day_count)
    tell("runs")
    drives = [part.drives() for part in parts]
    days, rows = unique_days(
        [bits for part, drive in zip(parts, drives, strict=True) for bits in (part.trip_bits, drive.bits)], words
    )
    tell("transfers")
    rules = [rule for part in parts for rule in part.transfer_rules()]
    scopes, by_pair = transfers.read_scopes(rules, stops.type, stops.parent)
    visits, nodes = _collect_visits(parts, scopes)
    called = np.unique(visits.stop)
    near = transfers.near_links(stops.lat, stops.lon, called.astype(np.int32), walk)
    plain = transfers.stop_level(stops.lat, stops.lon, stops.type, stops.parent, rules, near, walk)
    links = transfers.split_links(plain, scopes, by_pair, stops.lat, stops.lon, walk)
    tell("patterns")
    grouped, order, run_trip_start, run_trip, run_trip_first = _group_runs(drives, visits, nodes)
    run_start_s = np.concatenate([drive.start_s for drive in drives] or [np.zeros(0, np.int32)])[order]
    run_days = np.concatenate([rows[2 * i + 1] for i in range(len(parts))] or [np.zeros(0, np.int32)])[order]
    frequency = np.concatenate([drive.frequency for drive in drives] or [np.zeros(0, np.uint8)])[order]
    node_count = len(links.node_stop)
    node_pattern_start, node_pattern, node_position = _patterns_of_nodes(grouped, node_count)
    foot_start, foot_node, foot_s, foot_m = _feet(links, node_count)
    tell("bounds")
    to_s, from_s = bounds.landmarks(*_edges(grouped, links), node_count)
    latest_s = run_start_s + (
        grouped.arrive_s[grouped.times_at[order] + _run_lengths(grouped) - 1] if len(order) else 0
    )
    pieces = _Pieces(parts)
    return Timetable(
        hash=inputs_hash, zone=zone, first_day_ordinal=first_ordinal, day_count=day_count,
        back_days=int(latest_s.max(initial=0)) // DAY_S,
        feed_name=Strings.of([part.name for part in parts]),
        agency_feed=pieces.feed("agency"), agency_id=pieces.text("agency", "agency_id"), agency_name=pieces.text("agency", "agency_name"),
        agency_url=pieces.text("agency", "agency_url"), agency_phone=pieces.text("agency", "agency_phone"),
        route_feed=pieces.feed("routes"), route_agency=pieces.offset("routes", "agency"), route_id=pieces.text("routes", "route_id"),
        route_short_name=pieces.text("routes", "route_short_name"), route_long_name=pieces.text("routes", "route_long_name"),
        route_type=np.concatenate([part.route_type for part in parts] or [np.zeros(0, np.int16)]),
        route_color=pieces.text("routes", "route_color"), route_text_color=pieces.text("routes", "route_text_color"),
        stop_feed=stops.feed, stop_id=Strings.of(stops.id), stop_code=Strings.of(stops.column("stop_code")),
        stop_name=Strings.of(stops.column("stop_name")), stop_platform=Strings.of(stops.column("platform_code")),
        stop_place=Strings.of(stops.place), stop_lat=stops.lat, stop_lon=stops.lon, stop_type=stops.type, stop_parent=stops.parent,
        stop_wheelchair=stops.wheelchair,
        days=days,
        trip_feed=pieces.feed("trips"), trip_id=pieces.text("trips", "trip_id"), trip_route=pieces.offset("trips", "route"),
        trip_headsign=pieces.text("trips", "trip_headsign"), trip_short_name=pieces.text("trips", "trip_short_name"),
        trip_direction=pieces.small("direction_id", -1), trip_wheelchair=pieces.small("wheelchair_accessible", 0),
        trip_bikes=pieces.small("bikes_allowed", 0), trip_shape=pieces.offset("trips", "shape"),
        trip_days=np.concatenate([rows[2 * i] for i in range(len(parts))] or [np.zeros(0, np.int32)]),
        trip_visit_start=visits.trip_start, visit_stop=visits.stop, visit_arrive_s=visits.arrive_s, visit_depart_s=visits.depart_s,
        visit_flags=visits.flags, visit_headsign=pieces.headsign_rows(), headsign=Strings.of(pieces.headsigns),
        shape_start=pieces.shape_start, shape_lat=pieces.shape_lat, shape_lon=pieces.shape_lon,
        node_stop=links.node_stop, node_change_s=links.change_s,
        pattern_node_start=grouped.node_start, pattern_node=grouped.node, pattern_flags=grouped.flags, pattern_run_start=grouped.run_start,
        run_start_s=run_start_s, run_times=grouped.times_at[order], run_days=run_days,
        run_trip_start=run_trip_start, run_trip=run_trip, run_trip_first=run_trip_first, run_frequency=frequency,
        times_arrive_s=grouped.arrive_s, times_depart_s=grouped.depart_s,
        node_pattern_start=node_pattern_start, node_pattern=node_pattern, node_pattern_position=node_position,
        foot_start=foot_start, foot_node=foot_node, foot_s=foot_s, foot_m=foot_m, lb_to_s=to_s, lb_from_s=from_s,
    )  # fmt: skip


@dataclass(frozen=True)
class _Drives:
    """The runs of one feed; trips are rows of the whole timetable."""

    trips: list[tuple[int, ...]] | None  # None: run r is trip `single[r]`
    single: I32
    start_s: I32
    frequency: np.ndarray
    bits: U64


class _FeedPart:
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
            self.feed, "stops", "stop_id", "stop_code", "stop_name", "platform_code", "stop_lat", "stop_lon", "location_type", "parent_station",
            "wheelchair_boarding",
        )  # fmt: skip
        self.stops = stops.filter(pl.Series(ints(stops, "location_type", 0) <= 1))
        self.stop_row = np.zeros(0, np.int32)  # row in the whole of each of `stops`
        self.route_offset = self.trip_offset = 0
        route_agency = rows_of(texts(self.routes, "agency_id"), texts(self.agency, "agency_id"))
        if self.agency.height == 1:
            route_agency = np.zeros(self.routes.height, np.int32)
        self.route_agency = route_agency
        kinds = ints(self.routes, "route_type", 3)
        self.route_type = np.array([_route_type(int(kind)) for kind in kinds], np.int16)
        self.calendars = Calendars(self.feed)

    def read_trips(self) -> None:
        """Trips that have a known route, in order of id, and their visits."""
        trips = _by_id(
            self.feed, "trips", "trip_id", "route_id", "service_id", "trip_headsign", "trip_short_name", "direction_id", "block_id", "shape_id",
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

    def drives(self) -> _Drives:
        """The runs: trips alone, frequencies, chains of blocks."""
        trip_ids = texts(self.trips, "trip_id")
        frequencies = self._frequencies(trip_ids)
        usable = self.visits.usable & self.trip_bits.any(axis=1)
        by_frequency = {row.trip for row in frequencies}
        blocks: dict[object, list[int]] = defaultdict(list)
        block = texts(self.trips, "block_id")
        if self.trips.height and (block != "").any():
            in_block = pl.DataFrame({"block": block, "trip": np.arange(len(block), dtype=np.int32), "ok": usable})
            shared = (
                in_block.filter((pl.col("block") != "") & pl.col("ok"))
                .group_by("block")
                .agg("trip")
                .filter(pl.col("trip").list.len() > 1)
            )
            for key, members in sorted(shared.iter_rows()):
                blocks[key] = [trip for trip in members if trip not in by_frequency]
        joined, apart = self._in_seat(trip_ids, usable, by_frequency)
        chains = runs.chains_of_blocks(blocks, joined, apart, self.visits, self.trip_bits) if blocks or joined else []
        alone = runs.remaining_days(self.trip_bits, chains) if chains else self.trip_bits
        single = np.flatnonzero(usable & alone.any(axis=1)).astype(np.int32)
        if by_frequency:
            single = single[~np.isin(single, list(by_frequency))]
        departures = [row for row in runs.frequency_starts(frequencies) if usable[row[0]]]
        extra = [(chain, bits, None, 0) for chain, bits in chains]
        extra += [((trip,), self.trip_bits[trip], start_s, 0 if exact else 1) for trip, start_s, exact in departures]
        own_start = self.visits.depart_s[np.minimum(self.visits.trip_start[:-1], max(len(self.visits.depart_s) - 1, 0))]
        start_s = np.concatenate(
            [own_start[single], [own_start[chain[0]] if start is None else start for chain, _, start, _ in extra]]
        )
        bits = (
            np.concatenate([alone[single], np.array([row[1] for row in extra], np.uint64).reshape(len(extra), -1)])
            if extra
            else alone[single]
        )
        trips: list[tuple[int, ...]] | None = None
        if extra:
            trips = [(int(trip),) for trip in single] + [chain for chain, *_ in extra]
        frequency = np.concatenate([np.zeros(len(single), np.uint8), np.array([row[3] for row in extra], np.uint8)])
        if trips is not None:
            trips = [tuple(trip + self.trip_offset for trip in chain) for chain in trips]
        return _Drives(trips, single + np.int32(self.trip_offset), start_s.astype(np.int32), frequency, bits)

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
        """transfers.txt, types 0 to 3, in rows of the whole timetable. A rule that names a trip or route we do not know is left out."""
        table = table_of(
            self.feed, "transfers", "from_stop_id", "to_stop_id", "transfer_type", "min_transfer_time", "from_trip_id", "to_trip_id",
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
            ("from_stop_id", stop_ids, None), ("to_stop_id", stop_ids, None), ("from_trip_id", trip_ids, self.trip_offset),
            ("to_trip_id", trip_ids, self.trip_offset), ("from_route_id", route_ids, self.route_offset), ("to_route_id", route_ids, self.route_offset),
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


def _set_offsets(parts: Sequence[_FeedPart]) -> None:
    """Where the rows of each feed begin in the whole."""
    route_offset = trip_offset = 0
    for part in parts:
        part.route_offset, part.trip_offset = route_offset, trip_offset
        route_offset += part.routes.height
        trip_offset += part.trips.height


class _Stops:
    """The stops of all feeds in one order: by place on a curve that keeps neighbours together, then by feed and id."""

    def __init__(self, parts: Sequence[_FeedPart]) -> None:
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
        self.id = texts(self._table, "stop_id").to_list()
        self.place = [
            parts[part].place_ids.get(stop_id) or f"{parts[part].name}:{stop_id}"
            for part, stop_id in zip(self.feed.tolist(), self.id, strict=True)
        ]

    def column(self, name: str) -> list[str]:
        return texts(self._table, name).to_list()


class _Pieces:
    """Columns of all feeds, end to end."""

    def __init__(self, parts: Sequence[_FeedPart]) -> None:
        self._parts = parts
        own = [part.visits.headsigns for part in parts]
        joined = pl.concat(own) if own else pl.Series("", [], dtype=pl.String)
        self._own = joined
        self.headsigns: list[str] = joined.filter(joined != "").unique().sort().to_list()
        counts = np.concatenate([part.shape_counts for part in parts] or [np.zeros(0, np.int64)])
        self.shape_start: I64 = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self.shape_lat: F64 = np.concatenate([part.shape_lat for part in parts] or [np.zeros(0)])
        self.shape_lon: F64 = np.concatenate([part.shape_lon for part in parts] or [np.zeros(0)])

    def text(self, table: str, column: str) -> Strings:
        return Strings.of([value for part in self._parts for value in texts(getattr(part, table), column).to_list()])

    def feed(self, table: str) -> I32:
        return np.concatenate(
            [np.full(getattr(part, table).height, part.number, np.int32) for part in self._parts]
            or [np.zeros(0, np.int32)]
        )

    def small(self, column: str, default: int) -> I8:
        values = [np.clip(ints(part.trips, column, default), -1, 2).astype(np.int8) for part in self._parts]
        return np.concatenate(values or [np.zeros(0, np.int8)])

    def offset(self, table: str, column: str) -> I32:
        """A column of rows of the feed as rows of the whole."""
        out, base = [], 0
        for part in self._parts:
            own, size = {
                ("routes", "agency"): (part.route_agency if table == "routes" else None, part.agency.height),
                ("trips", "route"): (part.trip_route, part.routes.height),
                ("trips", "shape"): (part.trip_shape, len(part.shape_counts)),
            }[table, column]
            assert own is not None  # noqa: S101  # the table above holds every pair that is asked for
            out.append(np.where(own >= 0, own + base, NONE).astype(np.int32))
            base += size
        return np.concatenate(out or [np.zeros(0, np.int32)])

    def headsign_rows(self) -> I32:
        if not self.headsigns:
            return np.full(len(self._own), NONE, np.int32)
        return rows_of(self._own, pl.Series(self.headsigns))


@dataclass(frozen=True)
class _AllVisits:
    trip_start: I64
    stop: I32
    arrive_s: I32
    depart_s: I32
    flags: np.ndarray


def _collect_visits(parts: Sequence[_FeedPart], scopes: transfers.Scopes) -> tuple[_AllVisits, I32]:
    """The visits of all feeds, and the node of each."""
    starts, base = [np.zeros(1, np.int64)], 0
    for part in parts:
        starts.append(part.visits.trip_start[1:] + base)
        base += int(part.visits.trip_start[-1])
    stop = np.concatenate([part.stop_row[part.visits.stop] for part in parts] or [np.zeros(0, np.int32)]).astype(
        np.int32
    )
    visits = _AllVisits(
        np.concatenate(starts), stop,
        np.concatenate([part.visits.arrive_s for part in parts] or [np.zeros(0, np.int32)]),
        np.concatenate([part.visits.depart_s for part in parts] or [np.zeros(0, np.int32)]),
        np.concatenate([part.visits.flags for part in parts] or [np.zeros(0, np.uint8)]),
    )  # fmt: skip
    node = stop.copy()
    watched = sorted(set(scopes.trips) | set(scopes.routes))
    if watched:
        trip_route = np.concatenate([part.trip_route + part.route_offset for part in parts])
        at = np.flatnonzero(np.isin(stop, watched))
        trip = np.searchsorted(visits.trip_start, at, side="right") - 1
        keys = [
            (int(stop[i]), *scopes.scope(int(stop[i]), int(t), int(trip_route[t])))
            for i, t in zip(at, trip, strict=True)
        ]
        kept_apart = [key for key in keys if key[1:] != (NONE, NONE)]
        scopes.node_of.update(dict.fromkeys(kept_apart, NONE))
        count = sum(len(part.stop_row) for part in parts)
        for number, key in enumerate(sorted(scopes.node_of)):
            scopes.node_of[key] = count + number
        node[at] = [scopes.node_of.get(key, key[0]) for key in keys]
    return visits, node


def _group_runs(
    drives: Sequence[_Drives], visits: _AllVisits, nodes: I32
) -> tuple[patterns.Patterns, I32, I32, I32, I32]:
    """Patterns, the order of runs in them, and the trips of each run in that order."""
    lists: list[tuple[int, ...]] | None = None
    single = np.concatenate([drive.single for drive in drives] or [np.zeros(0, np.int32)])
    if any(drive.trips is not None for drive in drives):
        lists = [
            trips
            for drive in drives
            for trips in (drive.trips if drive.trips is not None else [(int(t),) for t in drive.single])
        ]
    if lists is None:
        trips, counts = single, np.ones(len(single), np.int64)
    else:
        trips = np.array([trip for chain in lists for trip in chain], np.int32)
        counts = np.array([len(chain) for chain in lists], np.int64)
    trip_start = np.concatenate([[0], np.cumsum(counts)])
    length = visits.trip_start[trips + 1] - visits.trip_start[trips]
    at = patterns._slices(visits.trip_start, trips)
    cell_start = np.concatenate([[0], np.cumsum(length)])
    start = cell_start[trip_start]
    lead_s = visits.depart_s[visits.trip_start[trips[trip_start[:-1]]]] if len(counts) else np.zeros(0, np.int32)
    relative = np.repeat(lead_s, np.diff(start)).astype(np.int32)
    sequences = patterns.Sequences(
        start, nodes[at], visits.flags[at], visits.arrive_s[at] - relative, visits.depart_s[at] - relative
    )
    _join(sequences, np.setdiff1d(cell_start[1:-1], start), visits.stop[at])
    run_start_s = np.concatenate([drive.start_s for drive in drives] or [np.zeros(0, np.int32)])
    grouped = patterns.group(sequences, run_start_s)
    order = grouped.order
    ordered_counts = counts[order]
    run_trip_start = np.concatenate([[0], np.cumsum(ordered_counts)]).astype(np.int32)
    pick = patterns._slices(trip_start, order)
    first = (cell_start[:-1] - np.repeat(start[:-1], counts))[pick]
    return grouped, order, run_trip_start, trips[pick].astype(np.int32), first.astype(np.int32)


def _join(sequences: patterns.Sequences, begin: I64, stop: I32) -> None:
    """Where a run continues as its next trip (`begin` are the first cells of those): the former is left when it is reached, the latter
    reached no earlier. At one stop the two calls are one: people get off by the former's flag, on by the latter's."""
    end = begin - 1
    sequences.depart_s[end] = sequences.arrive_s[end]
    sequences.arrive_s[begin] = np.maximum(sequences.arrive_s[begin], sequences.arrive_s[end])
    same = stop[end] == stop[begin]
    mask = np.uint8(TYPE_MASK)
    no_pickup, no_drop_off = np.uint8(NOT_AVAILABLE << PICKUP_SHIFT), np.uint8(NOT_AVAILABLE << DROP_OFF_SHIFT)
    flags = sequences.flags
    flags[end[same]] = (flags[end[same]] & ~(mask << np.uint8(PICKUP_SHIFT))) | no_pickup
    flags[begin[same]] = (flags[begin[same]] & ~(mask << np.uint8(DROP_OFF_SHIFT))) | no_drop_off


def _run_lengths(grouped: patterns.Patterns) -> I32:
    return np.repeat(np.diff(grouped.node_start), np.diff(grouped.run_start)).astype(np.int32)


def _patterns_of_nodes(grouped: patterns.Patterns, node_count: int) -> tuple[I32, I32, I32]:
    """Where patterns stop: for each node its patterns and positions, in order."""
    length = np.diff(grouped.node_start)
    pattern = np.repeat(np.arange(len(length), dtype=np.int32), length)
    position = (np.arange(len(grouped.node)) - np.repeat(grouped.node_start[:-1], length)).astype(np.int32)
    order = np.lexsort((position, pattern, grouped.node))
    start = np.zeros(node_count + 1, np.int32)
    np.cumsum(np.bincount(grouped.node, minlength=node_count), out=start[1:])
    return start, pattern[order], position[order]


def _feet(links: transfers.Links, node_count: int) -> tuple[I32, I32, I32, I32]:
    """Walks by their first node, shortest first (early pruning: arXiv 2603.12592)."""
    order = np.lexsort((links.to_node, links.duration_s, links.from_node))
    start = np.zeros(node_count + 1, np.int32)
    np.cumsum(np.bincount(links.from_node, minlength=node_count), out=start[1:])
    return start, links.to_node[order], links.duration_s[order], links.distance_m[order]


def _edges(grouped: patterns.Patterns, links: transfers.Links) -> tuple[I32, I32, I32]:
    """The graph of least travel times: rides between neighbouring positions, and walks."""
    lengths = _run_lengths(grouped)
    runs_at = grouped.times_at[grouped.order]
    node_at = np.repeat(grouped.node_start[:-1], np.diff(grouped.run_start))
    pair = np.unique(np.stack([runs_at, node_at, lengths]), axis=1) if len(runs_at) else np.zeros((3, 0), np.int64)
    hops = pair[2] - 1
    within = np.arange(hops.sum()) - np.repeat(np.cumsum(hops) - hops, hops)
    t, n = np.repeat(pair[0], hops) + within, np.repeat(pair[1], hops) + within
    ride_s = np.maximum(grouped.arrive_s[t + 1] - grouped.depart_s[t], 0)
    return (
        np.concatenate([grouped.node[n], links.from_node]).astype(np.int32),
        np.concatenate([grouped.node[n + 1], links.to_node]).astype(np.int32),
        np.concatenate([ride_s, links.duration_s]).astype(np.int32),
    )


def _by_id(feed: FeedTables, name: str, key: str, *columns: str) -> pl.DataFrame:
    """The table in order of its key, the first row of each; a table without the key column (agency.txt may) keeps its order."""
    table = table_of(feed, name, key, *columns)
    return table.with_columns(texts(table, key).alias(key)).unique(key, keep="first", maintain_order=True).sort(key)


def _route_type(kind: int) -> int:
    """The reference's type; an extended type by its hundreds."""
    return kind if 0 <= kind <= 12 else EXTENDED_TYPES.get(kind // 100, 3)


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

"""Feeds to one timetable. The same feeds give the same arrays, whatever the order of their rows.

What cannot be used is left out of the search and told by the validation report: rows that do not join, trips with
fewer than two visits or with times that cannot be trusted (they keep their row, with no day).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from mobigo.base.servicetime import DAY_S, service_day_start
from mobigo.network.engine import bounds, patterns, transfers
from mobigo.network.engine.calendars import unique_days
from mobigo.network.engine.columns import ints, rows_of, texts
from mobigo.network.engine.feedpart import CompileInput as CompileInput
from mobigo.network.engine.feedpart import Drives, FeedPart
from mobigo.network.engine.insides import read_insides
from mobigo.network.engine.runs import Chain
from mobigo.network.engine.stationwalks import StationWalks
from mobigo.network.engine.stops import Stops
from mobigo.network.engine.transfers import WalkRules
from mobigo.network.model.pathways import MOVERS, Stations
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
    Strings,
    Timetable,
)

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
    parts = [FeedPart(number, feed) for number, feed in enumerate(ordered)]
    stops = Stops(parts)
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
    lengths = _day_lengths(first_ordinal, day_count, zone) if known else []
    drives = [part.drives(lengths) for part in parts]
    days, rows = unique_days(
        [bits for part, drive in zip(parts, drives, strict=True) for bits in (part.trip_bits, drive.bits)], words
    )
    tell("transfers")
    rules = [rule for part in parts for rule in part.transfer_rules()]
    scopes, by_pair = transfers.read_scopes(rules, stops.type, stops.parent)
    visits, nodes = _collect_visits(parts, scopes)
    called = np.unique(visits.stop)
    stations = read_insides(parts, stops)

    def linked(near: tuple[I32, I32], walk: WalkRules) -> transfers.Links:
        plain = transfers.stop_level(stops.lat, stops.lon, stops.type, stops.parent, rules, near, walk)
        return transfers.split_links(plain, scopes, by_pair, stops.lat, stops.lon, walk)

    links, within = _links(stations, stops, called.astype(np.int32), walk, linked)
    tell("patterns")
    grouped, order, run_trip_start, run_trip, run_trip_first = _group_runs(drives, visits, nodes)
    run_start_s = np.concatenate([drive.start_s for drive in drives] or [np.zeros(0, np.int32)])[order]
    run_days = np.concatenate([rows[2 * i + 1] for i in range(len(parts))] or [np.zeros(0, np.int32)])[order]
    frequency = np.concatenate([drive.frequency for drive in drives] or [np.zeros(0, np.uint8)])[order]
    node_count = len(links.node_stop)
    node_pattern_start, node_pattern, node_position = patterns_of_nodes(grouped.node_start, grouped.node, node_count)
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
        agency_feed=pieces.feed("agency"), agency_id=pieces.text("agency", "agency_id"),
        agency_name=pieces.text("agency", "agency_name"),
        agency_url=pieces.text("agency", "agency_url"), agency_phone=pieces.text("agency", "agency_phone"),
        route_feed=pieces.feed("routes"), route_agency=pieces.offset("routes", "agency"),
        route_id=pieces.text("routes", "route_id"),
        route_short_name=pieces.text("routes", "route_short_name"), route_long_name=pieces.text("routes",
        "route_long_name"),
        route_type=np.concatenate([part.route_type for part in parts] or [np.zeros(0, np.int16)]),
        route_color=pieces.text("routes", "route_color"), route_text_color=pieces.text("routes", "route_text_color"),
        stop_feed=stops.feed, stop_id=Strings.of(stops.id), stop_code=Strings.of(stops.column("stop_code")),
        stop_name=Strings.of(stops.column("stop_name")), stop_platform=Strings.of(stops.column("platform_code")),
        stop_place=Strings.of(stops.place), stop_lat=stops.lat, stop_lon=stops.lon, stop_type=stops.type,
        stop_parent=stops.parent,
        stop_wheelchair=stops.wheelchair,
        days=days,
        trip_feed=pieces.feed("trips"), trip_id=pieces.text("trips", "trip_id"), trip_route=pieces.offset("trips",
        "route"),
        trip_headsign=pieces.text("trips", "trip_headsign"), trip_short_name=pieces.text("trips", "trip_short_name"),
        trip_direction=pieces.small("direction_id", -1), trip_wheelchair=pieces.small("wheelchair_accessible", 0),
        trip_bikes=pieces.small("bikes_allowed", 0), trip_shape=pieces.offset("trips", "shape"),
        trip_days=np.concatenate([rows[2 * i] for i in range(len(parts))] or [np.zeros(0, np.int32)]),
        trip_visit_start=visits.trip_start, visit_stop=visits.stop, visit_sequence=visits.sequence,
        visit_arrive_s=visits.arrive_s,
        visit_depart_s=visits.depart_s,
        visit_flags=visits.flags, visit_headsign=pieces.headsign_rows(), headsign=Strings.of(pieces.headsigns),
        shape_start=pieces.shape_start, shape_lat=pieces.shape_lat, shape_lon=pieces.shape_lon,
        node_stop=links.node_stop, node_change_s=links.change_s,
        pattern_node_start=grouped.node_start, pattern_node=grouped.node, pattern_flags=grouped.flags,
        pattern_run_start=grouped.run_start,
        run_start_s=run_start_s, run_times=grouped.times_at[order], run_days=run_days,
        run_trip_start=run_trip_start, run_trip=run_trip, run_trip_first=run_trip_first, run_frequency=frequency,
        times_arrive_s=grouped.arrive_s, times_depart_s=grouped.depart_s,
        node_pattern_start=node_pattern_start, node_pattern=node_pattern, node_pattern_position=node_position,
        foot_start=foot_start, foot_node=foot_node, foot_s=foot_s, foot_m=foot_m, lb_to_s=to_s, lb_from_s=from_s,
        **stations.columns(), **within,
    )  # fmt: skip


def _links(
    stations: Stations, stops: Stops, called: I32, walk: WalkRules,
    linked: Callable[[tuple[I32, I32], WalkRules], transfers.Links],
) -> tuple[transfers.Links, dict[str, Any]]:  # fmt: skip
    """The links of a usual walker, and the `within_*` columns: what pathways make of them for everybody."""
    if not stations:
        return linked(transfers.near_links(stops.lat, stops.lon, called, walk), walk), {}
    walks = StationWalks(stations, stops.lat, stops.lon, stops.type, stops.parent, called, walk)
    near = walks.near()
    by_mover = [linked(near, walks.rules(mover)) for mover in MOVERS]
    return by_mover[0], walks.columns(by_mover)


def _day_lengths(first_ordinal: int, day_count: int, zone: str) -> list[int]:
    """For each day the seconds from its beginning to that of the next."""
    days = (date.fromordinal(first_ordinal + n) for n in range(day_count + 1))
    starts = [service_day_start(day, ZoneInfo(zone)).timestamp() for day in days]
    return [int(after - start) for start, after in pairwise(starts)]


def _set_offsets(parts: Sequence[FeedPart]) -> None:
    """Where the rows of each feed begin in the whole."""
    route_offset = trip_offset = 0
    for part in parts:
        part.route_offset, part.trip_offset = route_offset, trip_offset
        route_offset += part.routes.height
        trip_offset += part.trips.height


class _Pieces:
    """Columns of all feeds, end to end."""

    def __init__(self, parts: Sequence[FeedPart]) -> None:
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
    sequence: I32
    arrive_s: I32
    depart_s: I32
    flags: np.ndarray


def _collect_visits(parts: Sequence[FeedPart], scopes: transfers.Scopes) -> tuple[_AllVisits, I32]:
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
        np.concatenate([part.visits.sequence for part in parts] or [np.zeros(0, np.int32)]),
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
    drives: Sequence[Drives], visits: _AllVisits, nodes: I32
) -> tuple[patterns.Patterns, I32, I32, I32, I32]:
    """Patterns, the order of runs in them, and the trips of each run in that order."""
    lists: list[Chain] | None = None
    single = np.concatenate([drive.single for drive in drives] or [np.zeros(0, np.int32)])
    if any(drive.trips is not None for drive in drives):
        lists = [
            trips
            for drive in drives
            for trips in (drive.trips if drive.trips is not None else [((int(t), 0),) for t in drive.single])
        ]
    if lists is None:
        trips, shift_s, counts = single, np.zeros(len(single), np.int32), np.ones(len(single), np.int64)
    else:
        trips = np.array([trip for chain in lists for trip, _ in chain], np.int32)
        shift_s = np.array([shift for chain in lists for _, shift in chain], np.int32)
        counts = np.array([len(chain) for chain in lists], np.int64)
    trip_start = np.concatenate([[0], np.cumsum(counts)])
    length = visits.trip_start[trips + 1] - visits.trip_start[trips]
    at = patterns.cells_of(visits.trip_start, trips)
    cell_start = np.concatenate([[0], np.cumsum(length)])
    start = cell_start[trip_start]
    lead_s = visits.depart_s[visits.trip_start[trips[trip_start[:-1]]]] if len(counts) else np.zeros(0, np.int32)
    relative = np.repeat(lead_s, np.diff(start)).astype(np.int32) - np.repeat(shift_s, length)
    sequences = patterns.Sequences(
        start, nodes[at], visits.flags[at], visits.arrive_s[at] - relative, visits.depart_s[at] - relative
    )
    _join(sequences, np.setdiff1d(cell_start[1:-1], start), visits.stop[at])
    run_start_s = np.concatenate([drive.start_s for drive in drives] or [np.zeros(0, np.int32)])
    grouped = patterns.group(sequences, run_start_s)
    order = grouped.order
    ordered_counts = counts[order]
    run_trip_start = np.concatenate([[0], np.cumsum(ordered_counts)]).astype(np.int32)
    pick = patterns.cells_of(trip_start, order)
    first = (cell_start[:-1] - np.repeat(start[:-1], counts))[pick]
    return grouped, order, run_trip_start, trips[pick].astype(np.int32), first.astype(np.int32)


def _join(sequences: patterns.Sequences, begin: I64, stop: I32) -> None:
    """Where a run continues as its next trip (`begin` are the first cells of those): the former is left when it is
    reached, the latter reached no earlier. At one stop the two calls are one: people get off by the former's flag, on
    by the latter's."""
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


def patterns_of_nodes(node_start: I32, node: I32, node_count: int) -> tuple[I32, I32, I32]:
    """Where patterns stop: for each node its patterns and positions, in order."""
    length = np.diff(node_start)
    pattern = np.repeat(np.arange(len(length), dtype=np.int32), length)
    position = (np.arange(len(node)) - np.repeat(node_start[:-1], length)).astype(np.int32)
    order = np.lexsort((position, pattern, node))
    start = np.zeros(node_count + 1, np.int32)
    np.cumsum(np.bincount(node, minlength=node_count), out=start[1:])
    return start, pattern[order], position[order]


def _feet(links: transfers.Links, node_count: int) -> tuple[I32, I32, I32, I32]:
    """Walks by their first node, shortest first (early pruning: arXiv 2603.12592)."""
    order = np.lexsort((links.to_node, links.duration_s, links.from_node))
    start = np.zeros(node_count + 1, np.int32)
    np.cumsum(np.bincount(links.from_node, minlength=node_count), out=start[1:])
    return start, links.to_node[order], links.duration_s[order], links.distance_m[order]


def _edges(grouped: patterns.Patterns, links: transfers.Links) -> tuple[I32, I32, I32]:
    """The graph of least travel times: rides between neighbouring positions, and walks."""
    a, b, ride_s = bounds.rides(
        grouped.node_start, grouped.node, grouped.run_start, grouped.times_at[grouped.order], grouped.arrive_s,
        grouped.depart_s,
    )  # fmt: skip
    return (
        np.concatenate([a, links.from_node]).astype(np.int32),
        np.concatenate([b, links.to_node]).astype(np.int32),
        np.concatenate([ride_s, links.duration_s]).astype(np.int32),
    )

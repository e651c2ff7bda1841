"""What NeTEx is written from: the feed's tables laid out as trips with their visits, and the trips that cannot be
written, counted by reason. Same tables in any order of rows, same layout."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from mobigo.network.engine.columns import BLANK_S, ints, rows_of, table_of, texts, times
from mobigo.network.engine.coming import services_of
from mobigo.network.model.feed import FeedTables
from mobigo.network.model.timetable import I32, I64
from mobigo.network.rules.days import Services


@dataclass(frozen=True)
class Source:
    """The feed, by rows: `trip_*` by row of `trips`; visits of trip t are `starts[t]:starts[t + 1]`.

    `kept` are the trips that are written, by row of `routes`, each list in the order of their ids. `left_out` counts
    the others by reason: `no_route`, `no_service`, `zone` (picks up anywhere in a zone), `no_stop` (or a whole
    station), `one_stop`, `no_times` (its first or last visit has none).
    """

    agency: pl.DataFrame
    stops: pl.DataFrame
    routes: pl.DataFrame
    trips: pl.DataFrame
    services: Services | None
    starts: I64
    stop: I32
    arrive_s: I32
    depart_s: I32
    pickup: I32
    drop_off: I32
    headsign: I32  # row of `headsigns`, -1: the trip's own
    headsigns: tuple[str, ...]
    kept: Mapping[int, tuple[int, ...]]
    frequencies: Mapping[int, tuple[tuple[int, int, int, bool], ...]]  # by trip: start, end, headway (s), exact
    left_out: Mapping[str, int] = field(default_factory=dict)


def lay_out(tables: FeedTables) -> Source:
    """The tables of a feed as NeTEx needs them."""
    stops = table_of(tables, "stops", "stop_id").unique("stop_id", keep="first").sort("stop_id")
    routes = table_of(tables, "routes", "route_id").unique("route_id", keep="first").sort("route_id")
    trips = table_of(tables, "trips", "trip_id", "route_id", "service_id")
    trips = trips.unique("trip_id", keep="first").sort("trip_id")
    table = table_of(tables, "stop_times", "trip_id", "stop_id", "stop_sequence")
    trip = rows_of(texts(table, "trip_id"), texts(trips, "trip_id"))
    stop = rows_of(texts(table, "stop_id"), texts(stops, "stop_id"))
    stop = np.where((stop >= 0) & (ints(stops, "location_type", 0)[stop] == 0), stop, -1).astype(np.int32)
    order = np.lexsort((stop, times(table, "departure_time"), ints(table, "stop_sequence", -1), trip))
    order = order[trip[order] >= 0]
    table, trip, stop = table[order], trip[order], stop[order]
    starts = np.searchsorted(trip, np.arange(trips.height + 1)).astype(np.int64)
    arrive, depart = times(table, "arrival_time"), times(table, "departure_time")
    shown = texts(table, "stop_headsign")
    headsigns = tuple(shown.unique().sort().to_list())
    own = shown.cast(pl.Enum(headsigns)).to_physical().to_numpy().astype(np.int32)
    services = services_of(tables)
    kept, left_out = _kept(trips, routes, services, starts, stop, arrive, depart, _in_zones(table))
    return Source(
        agency=table_of(tables, "agency", "agency_id", "agency_name"),
        stops=stops,
        routes=routes,
        trips=trips,
        services=services,
        starts=starts,
        stop=stop,
        arrive_s=arrive,
        depart_s=depart,
        pickup=ints(table, "pickup_type", 0),
        drop_off=ints(table, "drop_off_type", 0),
        headsign=np.where((shown == "").to_numpy(), -1, own).astype(np.int32),
        headsigns=headsigns,
        kept=kept,
        frequencies=_frequencies(tables, trips),
        left_out=left_out,
    )


def _in_zones(table: pl.DataFrame) -> np.ndarray:
    flags = np.zeros(table.height, np.bool_)
    for column in ("location_id", "location_group_id"):
        if column in table.columns:
            flags |= (texts(table, column) != "").to_numpy()
    return flags


def _kept(
    trips: pl.DataFrame,
    routes: pl.DataFrame,
    services: Services | None,
    starts: I64,
    stop: I32,
    arrive: I32,
    depart: I32,
    in_zones: np.ndarray,
) -> tuple[dict[int, tuple[int, ...]], dict[str, int]]:
    route = rows_of(texts(trips, "route_id"), texts(routes, "route_id"))
    serving = texts(trips, "service_id").is_in(list(services.index) if services is not None else []).to_numpy()
    timed = np.concatenate(((arrive != BLANK_S) | (depart != BLANK_S), [False]))
    no_stop, zones = np.concatenate(([0], np.cumsum(stop < 0))), np.concatenate(([0], np.cumsum(in_zones)))
    out: dict[int, list[int]] = {}
    left_out: Counter[str] = Counter()
    for row in range(trips.height):
        first, end = int(starts[row]), int(starts[row + 1])
        if route[row] < 0:
            left_out["no_route"] += 1
        elif not serving[row]:
            left_out["no_service"] += 1
        elif zones[end] > zones[first]:
            left_out["zone"] += 1
        elif no_stop[end] > no_stop[first]:
            left_out["no_stop"] += 1
        elif end - first < 2:
            left_out["one_stop"] += 1
        elif not (timed[first] and timed[end - 1]):
            left_out["no_times"] += 1
        else:
            out.setdefault(int(route[row]), []).append(row)
    return {of: tuple(rows) for of, rows in sorted(out.items())}, dict(left_out)


def _frequencies(tables: FeedTables, trips: pl.DataFrame) -> dict[int, tuple[tuple[int, int, int, bool], ...]]:
    table = table_of(tables, "frequencies", "trip_id", "start_time", "end_time", "headway_secs")
    trip = rows_of(texts(table, "trip_id"), texts(trips, "trip_id"))
    start, end = times(table, "start_time"), times(table, "end_time")
    headway, exact = ints(table, "headway_secs", 0), ints(table, "exact_times", 0)
    out: dict[int, list[tuple[int, int, int, bool]]] = {}
    for row in range(table.height):
        if trip[row] >= 0 and 0 <= start[row] < end[row] and headway[row] > 0:
            found = int(start[row]), int(end[row]), int(headway[row]), bool(exact[row] == 1)
            out.setdefault(int(trip[row]), []).append(found)
    return {of: tuple(sorted(rows)) for of, rows in out.items()}

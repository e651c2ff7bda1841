"""The on-demand trips of a feed, from its exact tables and its `locations.geojson`. A row that cannot be read is left
out with its trip, and counted."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from mobigo.base.geo import Point
from mobigo.base.servicetime import parse_service_time
from mobigo.tad.model.flex import BookingRule, FlexCall, FlexFeed, FlexTrip, ServiceDays
from mobigo.tad.model.services import Place

if TYPE_CHECKING:
    from mobigo.network.model.feed import FeedTables

WINDOW: Final = "start_pickup_drop_off_window"
NONE: Final = "1"  # pickup_type, drop_off_type
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Row = Mapping[str, str]


def read_flex(tables: "FeedTables", locations: bytes | None) -> FlexFeed:
    """The trips with a window, with every call they make."""
    if not tables.has("stop_times", WINDOW):
        return FlexFeed((), {})
    import polars as pl

    times = tables["stop_times"]
    windowed = times.filter(pl.col(WINDOW) != "")["trip_id"].unique()
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in times.filter(pl.col("trip_id").is_in(windowed.implode())).iter_rows(named=True):
        rows[row["trip_id"]].append(row)
    reader = _Reader(tables, locations)
    trips, left_out = [], Counter[str]()
    for trip in _rows(tables, "trips"):
        if trip["trip_id"] not in rows:
            continue
        try:
            trips.append(reader.trip(trip, rows[trip["trip_id"]]))
        except (KeyError, ValueError, TypeError) as fault:
            left_out[type(fault).__name__] += 1
    return FlexFeed(tuple(trips), dict(left_out))


class _Reader:
    """The tables that trips refer to, by id."""

    def __init__(self, tables: "FeedTables", locations: bytes | None) -> None:
        self._agencies = {row.get("agency_id", ""): row for row in _rows(tables, "agency")}
        self._routes = {row["route_id"]: row for row in _rows(tables, "routes")}
        self._days = _service_days(tables)
        self._rules = {row["booking_rule_id"]: self._rule(row) for row in _rows(tables, "booking_rules")}
        self._stops = {
            row["stop_id"]: Place(row["stop_id"], row.get("stop_name", ""), point)
            for row in _rows(tables, "stops")
            if (point := _point(row)) is not None
        }
        groups: dict[str, list[Place]] = defaultdict(list)
        for row in _rows(tables, "location_group_stops"):
            if row["stop_id"] in self._stops:
                groups[row["location_group_id"]].append(self._stops[row["stop_id"]])
        self._groups = {name: tuple(members) for name, members in groups.items()}  # shared by the calls there
        self._group_names = {
            row["location_group_id"]: row.get("location_group_name", "") for row in _rows(tables, "location_groups")
        }
        self._areas = dict(_areas(locations))

    def trip(self, trip: Row, rows: Iterable[Row]) -> FlexTrip:
        """One trip. Raises KeyError or ValueError for what does not join or cannot be read."""
        route = self._routes[trip["route_id"]]
        agency = self._agencies.get(route.get("agency_id", "")) or next(iter(self._agencies.values()))
        ordered = sorted(rows, key=lambda row: int(row["stop_sequence"]))
        return FlexTrip(
            trip["trip_id"], route.get("route_long_name") or route.get("route_short_name") or trip["route_id"],
            agency.get("agency_name", ""), agency.get("agency_phone", ""), self._days[trip["service_id"]],
            tuple(self._call(row) for row in ordered),
        )  # fmt: skip

    def _call(self, row: Row) -> FlexCall:
        group, location, stop = (row.get(name, "") for name in ("location_group_id", "location_id", "stop_id"))
        stops: tuple[Place, ...] = ()
        area, name = None, ""
        if location:
            name, area = self._areas[location]
        elif group:
            stops, name = self._groups[group], self._group_names.get(group, "")
        else:
            stops = (self._stops[stop],)
            name = stops[0].name
        fixed = not row.get(WINDOW)
        ends = ("arrival_time", "departure_time") if fixed else (WINDOW, "end_pickup_drop_off_window")
        since, until = (parse_service_time(row.get(each, "")) for each in ends)
        if since is None or until is None:
            raise ValueError("times")
        return FlexCall(
            stops, area, name, since, until, fixed, row.get("pickup_type") != NONE, row.get("drop_off_type") != NONE,
            self._rules.get(row.get("pickup_booking_rule_id", "")),
            self._rules.get(row.get("drop_off_booking_rule_id", "")),
            float(row.get("safe_duration_factor") or 1), float(row.get("safe_duration_offset") or 0),
        )  # fmt: skip

    def _rule(self, row: Row) -> BookingRule:
        last = parse_service_time(row.get("prior_notice_last_time", ""))
        return BookingRule(
            int(row.get("booking_type") or 0),
            min_s=60 * int(row.get("prior_notice_duration_min") or 0),
            last_days=int(row.get("prior_notice_last_day") or 0),
            last_s=0 if last is None else last,
            counted=self._days.get(row.get("prior_notice_service_id", "")),
            ahead_days=int(row["prior_notice_start_day"]) if row.get("prior_notice_start_day") else None,
            **{name: row.get(column, "") for name, column in (
                ("phone", "phone_number"), ("message", "message"), ("info_url", "info_url"),
                ("booking_url", "booking_url"),
            )},
        )  # fmt: skip


def _rows(tables: "FeedTables", name: str) -> Iterable[dict[str, str]]:
    return tables[name].iter_rows(named=True) if name in tables else ()


def _service_days(tables: "FeedTables") -> dict[str, ServiceDays]:
    added: dict[str, set[date]] = defaultdict(set)
    removed: dict[str, set[date]] = defaultdict(set)
    for row in _rows(tables, "calendar_dates"):
        (added if row["exception_type"] == "1" else removed)[row["service_id"]].add(_day(row["date"]))
    weeks = {row["service_id"]: row for row in _rows(tables, "calendar")}
    return {
        name: ServiceDays(
            frozenset(number for number, day in enumerate(_DAYS) if weeks.get(name, {}).get(day) == "1"),
            _day(weeks[name]["start_date"]) if name in weeks else None,
            _day(weeks[name]["end_date"]) if name in weeks else None,
            frozenset(added[name]), frozenset(removed[name]),
        )
        for name in sorted({*weeks, *added, *removed})
    }  # fmt: skip


def _areas(locations: bytes | None) -> Iterable[tuple[str, tuple[str, Any]]]:
    """(location id, (name, geometry)) of each area that can be read."""
    if locations is None:
        return
    from shapely import GEOSException, make_valid, prepare
    from shapely.geometry import shape

    try:
        features = json.loads(locations).get("features", [])
    except (ValueError, AttributeError):
        return
    for feature in features:
        try:
            drawn = make_valid(shape(feature["geometry"]))
        except (KeyError, TypeError, ValueError, AttributeError, GEOSException):
            continue  # the report on the feed says so; its trips are left out and counted
        prepare(drawn)
        yield str(feature.get("id", "")), (str((feature.get("properties") or {}).get("stop_name") or ""), drawn)


def _point(row: Row) -> Point | None:
    try:
        return Point(float(row["stop_lat"]), float(row["stop_lon"]))
    except (KeyError, ValueError):
        return None


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))

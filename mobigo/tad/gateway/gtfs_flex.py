"""On-demand services out of a GTFS-Flex archive, as drafts: what the feed says (places, windows, booking rules), to be
completed by whoever runs vehicles of their own. Trips with fixed times (deviated ones too) stay in the timetable: they
are not said twice.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

from mobigo.base.servicetime import format_service_time, parse_service_time

LACKING: Final = ("vehicles", "fares", "promise")  # what GTFS-Flex does not say
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_KINDS: Final = {"0": "none", "1": "minutes", "2": "days"}
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A service as a feed says it: a document for `mobigo.tad.rules.documents`, less what `LACKING` names."""

    route: str
    document: dict[str, Any]


def read_drafts(path: Path) -> list[Draft]:
    """The on-demand services of an archive, by route; none in a feed without windows in its stop_times."""
    with ZipFile(path) as archive:
        tables = {
            name: list(_table(archive, f"{name}.txt"))
            for name in ("routes", "trips", "stop_times", "calendar", "stops", "location_groups",
                         "location_group_stops", "booking_rules", "agency")
        }  # fmt: skip
        drawn: dict[str, Any] = {"features": []}
        if "locations.geojson" in archive.namelist():
            drawn = json.loads(archive.read("locations.geojson"))
    return [draft for route in tables["routes"] if (draft := _draft(route, tables, drawn)) is not None]


def _table(archive: ZipFile, name: str) -> Iterator[Row]:
    if name in archive.namelist():
        with archive.open(name) as stream:
            yield from csv.DictReader(io.TextIOWrapper(stream, "utf-8-sig", newline=""))


def _draft(route: Row, tables: Mapping[str, list[Row]], drawn: Mapping[str, Any]) -> Draft | None:
    trips = {trip["trip_id"]: trip for trip in tables["trips"] if trip["route_id"] == route["route_id"]}
    times = [
        row for row in tables["stop_times"]
        if row["trip_id"] in trips and row.get("start_pickup_drop_off_window") and not row.get("arrival_time")
    ]  # fmt: skip
    if not times:
        return None
    calendars = {row["service_id"]: row for row in tables["calendar"]}
    used = [calendars[trip["service_id"]] for trip in trips.values() if trip["service_id"] in calendars]
    rules = {row["booking_rule_id"]: row for row in tables["booking_rules"]}
    rule = next(
        (rules[row["pickup_booking_rule_id"]] for row in times if row.get("pickup_booking_rule_id") in rules), {}
    )
    agency = next((row for row in tables["agency"] if row.get("agency_id", "") == route.get("agency_id", "")), {})
    groups = {row["location_group_id"] for row in times if row.get("location_group_id")}
    members = {row["stop_id"] for row in tables["location_group_stops"] if row["location_group_id"] in groups}
    areas = {row["location_id"] for row in times if row.get("location_id")}
    document = {
        "name": route.get("route_long_name") or route.get("route_short_name") or route["route_id"],
        "operator": agency.get("agency_name", ""),
        "phone": rule.get("phone_number") or agency.get("agency_phone", ""),
        "first_day": min((_day(row["start_date"]) for row in used), default=""),
        "last_day": max((_day(row["end_date"]) for row in used), default=None),
        "stops": [
            {"id": row["stop_id"], "name": row["stop_name"], "lat": float(row["stop_lat"]),
             "lon": float(row["stop_lon"])}
            for row in tables["stops"] if row["stop_id"] in members
        ],
        "zones": [zone for feature in drawn["features"] if feature["id"] in areas for zone in _zones(feature)],
        "windows": _windows(times, trips, calendars),
        "booking": _booking(rule, calendars),
        "source": f"GTFS-Flex, {route['route_id']}",
    }  # fmt: skip
    return Draft(route["route_id"], document)


def _windows(times: list[Row], trips: Mapping[str, Row], calendars: Mapping[str, Row]) -> list[dict[str, Any]]:
    found = set()
    for row in times:
        days = calendars.get(trips[row["trip_id"]]["service_id"], {})
        weekdays = tuple(number for number, day in enumerate(_DAYS) if days.get(day) == "1")
        since, until = (
            parse_service_time(row[f"{end}_pickup_drop_off_window"]) for end in ("start", "end")
        )  # fmt: skip
        if weekdays and since is not None and until is not None:
            found.add((weekdays, since, until))
    return [
        {"weekdays": list(weekdays), "since": _clock(since), "until": _clock(until)}
        for weekdays, since, until in sorted(found)
    ]


def _booking(rule: Row, calendars: Mapping[str, Row]) -> dict[str, Any]:
    kind = _KINDS.get(rule.get("booking_type", ""), "none")
    made: dict[str, Any] = {"kind": kind}
    if kind == "minutes":
        made["minutes"] = int(rule.get("prior_notice_duration_min") or 0)
    if kind == "days":
        made |= {"days": int(rule.get("prior_notice_last_day") or 0),
                 "at": (rule.get("prior_notice_last_time") or "00:00:00")[:5]}  # fmt: skip
        counted = calendars.get(rule.get("prior_notice_service_id", ""))
        if counted is not None:
            made["weekdays"] = [number for number, day in enumerate(_DAYS) if counted[day] == "1"]
    if rule.get("prior_notice_start_day"):
        made["ahead_days"] = int(rule["prior_notice_start_day"])
    return made


def _zones(feature: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The outer rings of a feature, each a zone: holes are left out, and the last point is not the first again."""
    shape, name = feature["geometry"], feature.get("properties", {}).get("stop_name") or feature["id"]
    polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    for number, polygon in enumerate(polygons):
        ring = [[lat, lon] for lon, lat, *_height in polygon[0][:-1]]
        yield {"id": f"{feature['id']}-{number}"[-60:], "name": name, "ring": ring}


def _clock(at_s: int) -> str:
    return format_service_time(at_s % 86_400)[:5]


def _day(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}"

"""What two feeds must have alike when one was made from the other through NeTEx. No code of the product is used: days
are laid out one by one, rows are compared as plain values."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# GTFS extended types that NeTEx has no word for fall back on their family's.
FAMILIES = {1: "2", 2: "200", 4: "1", 7: "3", 8: "11", 9: "0", 10: "4", 12: "4", 13: "6", 14: "7"}


def rows(tables: Any, name: str) -> Iterable[dict[str, str]]:
    """The rows of a table, none when the feed lacks it; values without blanks around them."""
    if name in tables:
        for row in tables[name].iter_rows(named=True):
            yield {column: value.strip() if isinstance(value, str) else value for column, value in row.items()}


def text(value: str | None) -> str:
    return " ".join((value or "").split())


def day_of(value: str) -> date:
    return date(int(value[:4]), int(value[4:6]), int(value[6:8]))


def days_of_services(tables: Any) -> dict[str, frozenset[date]]:
    days: dict[str, set[date]] = defaultdict(set)
    for row in rows(tables, "calendar"):
        first, last = day_of(row["start_date"]), day_of(row["end_date"])
        for offset in range((last - first).days + 1):
            day = first + timedelta(days=offset)
            if row[WEEK[day.weekday()]] == "1":
                days[row["service_id"]].add(day)
    for row in rows(tables, "calendar_dates"):
        if row["exception_type"] == "1":
            days[row["service_id"]].add(day_of(row["date"]))
    for row in rows(tables, "calendar_dates"):
        if row["exception_type"] == "2":
            days[row["service_id"]].discard(day_of(row["date"]))
    return {service: frozenset(found) for service, found in days.items() if found}


def trips_by_day(tables: Any) -> dict[date, set[str]]:
    days, out = days_of_services(tables), defaultdict(set)
    for row in rows(tables, "trips"):
        for day in days.get(row["service_id"], ()):
            out[day].add(row["trip_id"])
    return dict(out)


def clock(value: str | None) -> str:
    return (value or "").rjust(8, "0") if value else ""


def visits(tables: Any) -> dict[str, list[tuple[str, str, str]]]:
    out: dict[str, list[tuple[int, str, str, str]]] = defaultdict(list)
    for row in rows(tables, "stop_times"):
        call = row["stop_id"], clock(row["arrival_time"]), clock(row["departure_time"])
        out[row["trip_id"]].append((int(row["stop_sequence"]), *call))
    return {trip: [(stop, a, d) for _, stop, a, d in sorted(calls)] for trip, calls in out.items()}


def stops(tables: Any) -> dict[str, tuple[object, ...]]:
    out = {}
    for row in rows(tables, "stops"):
        kind = row.get("location_type") or "0"
        if kind not in ("0", "1", "2"):
            continue
        at = [float(row[name]) if row.get(name) else None for name in ("stop_lat", "stop_lon")]
        said = row.get("wheelchair_boarding") or "0"
        out[row["stop_id"]] = (text(row.get("stop_name")) or row["stop_id"], *at, kind, row.get("parent_station") or "",
                               said if said in "12" else "0")  # fmt: skip
    return out


def lines(tables: Any) -> dict[str, tuple[str, ...]]:
    out = {}
    agencies = [row.get("agency_id") or "" for row in rows(tables, "agency")]
    for row in rows(tables, "routes"):
        short, long = text(row.get("route_short_name")), text(row.get("route_long_name"))
        agency = row.get("agency_id") or ""
        colours = [(row.get(name) or "").upper() for name in ("route_color", "route_text_color")]
        colours = [colour if len(colour) == 6 else "" for colour in colours]
        out[row["route_id"]] = (
            agency if agency in agencies else sorted(agencies)[0], short, "" if long == short else long,
            family(row["route_type"]), *colours,
        )  # fmt: skip
    return out


def family(kind: str) -> str:
    if kind.isdecimal() and int(kind) >= 100 and int(kind) % 100 == 0:
        return FAMILIES.get(int(kind) // 100, kind)
    return kind


def signs(tables: Any) -> dict[str, tuple[str, str]]:
    """Direction and sign of each trip that has one."""
    found = {
        row["trip_id"]: (row.get("direction_id") or "", text(row.get("trip_headsign"))) for row in rows(tables, "trips")
    }
    return {trip: sign for trip, sign in found.items() if sign[1]}


def departures(tables: Any) -> dict[str, list[int]]:
    """Seconds of each departure of the trips repeated by headways."""

    def seconds(value: str) -> int:
        hours, minutes, rest = (int(part) for part in value.split(":"))
        return hours * 3600 + minutes * 60 + rest

    out: dict[str, list[int]] = defaultdict(list)
    for row in rows(tables, "frequencies"):
        start, end, headway = seconds(row["start_time"]), seconds(row["end_time"]), int(row["headway_secs"])
        out[row["trip_id"]] += range(start, end, headway)
    return {trip: sorted(found) for trip, found in out.items()}


def assert_alike(before: Any, after: Any, *, without_trips: Iterable[str] = ()) -> None:
    """Trips of each day, times, stops, lines, calendars and headways are equal. `without_trips` are known not to be
    written; lines of which no trip is written are not compared."""
    lost = set(without_trips)
    days_before = {day: found - lost for day, found in trips_by_day(before).items()}
    days_after = trips_by_day(after)
    assert {day: found for day, found in days_before.items() if found} == days_after
    assert days_of_services(before) == days_of_services(after)
    times = visits(before)
    assert {trip: calls for trip, calls in times.items() if trip not in lost} == visits(after)
    assert stops(before) == stops(after)
    served = {row["route_id"] for row in rows(before, "trips") if row["trip_id"] not in lost}
    assert {line: value for line, value in lines(before).items() if line in served} == lines(after)
    shown = signs(after)
    assert {trip: sign for trip, sign in signs(before).items() if trip not in lost}.items() <= shown.items()
    assert departures(before) == departures(after)

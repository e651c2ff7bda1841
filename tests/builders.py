"""Tiny GTFS feeds as text, so that a test shows its whole world.

    files = feed(
        trips=[trip("early", "A 07:55 B 08:05 C 08:20"), trip("late", "A 23:50 B 24:10", service="nights")],
        services={"nights": ["2025-03-18"]},
    )

A trip is written as its stops each followed by a time, or `arrival/departure`; a stop may carry flags: `B! 08:05`
takes nobody on, `B^ 08:05` lets nobody off. Stops, routes and services that a trip names exist without being
declared; stops lie ten kilometres apart, so that nobody walks between them unless a test places them near. No code of
the product is used here, but for `tables`.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

DAY = date(2025, 3, 18)  # a Tuesday far from any clock change
APART_DEGREES = 0.1  # about 11 km

Row = Mapping[str, object]


@dataclass(frozen=True)
class BuiltTrip:
    """A row of trips.txt and its rows of stop_times.txt."""

    row: dict[str, str]
    calls: tuple[dict[str, str], ...]


def trip(
    trip_id: str, calls: str, *, route: str = "R", service: str = "daily", block: str = "", **columns: str
) -> BuiltTrip:
    """A trip from the text of its calls; other columns of trips.txt by name (`wheelchair_accessible="1"`)."""
    words = calls.split()
    rows = []
    for sequence, (stop, when) in enumerate(zip(words[::2], words[1::2], strict=True)):
        arrival, _, departure = when.partition("/")
        rows.append(
            {
                "trip_id": trip_id,
                "arrival_time": full_time(arrival),
                "departure_time": full_time(departure or arrival),
                "stop_id": stop.strip("!^"),
                "stop_sequence": str(sequence),
                "pickup_type": "1" if "!" in stop else "0",
                "drop_off_type": "1" if "^" in stop else "0",
            }
        )
    row = {"route_id": route, "service_id": service, "trip_id": trip_id, "block_id": block, **columns}
    return BuiltTrip(row, tuple(rows))


def full_time(text: str) -> str:
    """`HH:MM:SS` of `H:MM` or `HH:MM:SS`; `-` leaves the time blank."""
    if text == "-":
        return ""
    return text if text.count(":") == 2 else f"{text}:00"


@dataclass(frozen=True)
class Spec:
    """What `feed` was told, for those who want to change one thing with `dataclasses.replace`."""

    trips: Sequence[BuiltTrip]
    services: Mapping[str, Iterable[str | date]] = field(default_factory=dict)
    stops: Sequence[Row] = ()
    routes: Sequence[Row] = ()
    transfers: Sequence[Row] = ()
    frequencies: Sequence[Row] = ()
    calendar: Sequence[Row] = ()
    calendar_dates: Sequence[Row] = ()
    zone: str = "Europe/Paris"

    def files(self) -> dict[str, str]:
        """The feed's files by name."""
        stops = {str(row["stop_id"]): dict(row) for row in self.stops}
        for built in self.trips:
            for call in built.calls:
                stops.setdefault(call["stop_id"], {"stop_id": call["stop_id"]})
        for number, (stop_id, row) in enumerate(stops.items()):
            row.setdefault("stop_name", stop_id)
            row.setdefault("stop_lat", f"{46 + APART_DEGREES * number:.6f}")
            row.setdefault("stop_lon", "4.000000")
        routes: dict[str, dict[str, object]] = {
            built.row["route_id"]: {"route_id": built.row["route_id"]} for built in self.trips
        }
        routes.update({str(row["route_id"]): dict(row) for row in self.routes})
        for route_id, row in routes.items():
            row.setdefault("agency_id", "agency")
            row.setdefault("route_short_name", route_id)
            row.setdefault("route_type", "3")
        dates = [dict(row) for row in self.calendar_dates]
        declared = {str(row["service_id"]) for row in (*self.calendar, *self.calendar_dates)}
        for built in self.trips:
            service = built.row["service_id"]
            if service not in declared:
                declared.add(service)
                days = self.services.get(service, [DAY])
                dates += [{"service_id": service, "date": f"{_day(d):%Y%m%d}", "exception_type": "1"} for d in days]
        files: dict[str, Sequence[Row]] = {
            "agency.txt": [
                {
                    "agency_id": "agency",
                    "agency_name": "Agency",
                    "agency_url": "https://agency.example",
                    "agency_timezone": self.zone,
                }
            ],
            "stops.txt": list(stops.values()),
            "routes.txt": list(routes.values()),
            "trips.txt": [built.row for built in self.trips],
            "stop_times.txt": [call for built in self.trips for call in built.calls],
            "calendar.txt": list(self.calendar),
            "calendar_dates.txt": dates,
            "transfers.txt": list(self.transfers),
            "frequencies.txt": list(self.frequencies),
        }
        return {name: csv_text(rows) for name, rows in files.items() if rows}


def feed(trips: Sequence[BuiltTrip], **others: Any) -> dict[str, str]:
    """The files of a feed by name; the other arguments are those of `Spec`."""
    return Spec(trips, **others).files()


def _day(value: str | date) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def csv_text(rows: Sequence[Row]) -> str:
    """Rows as CSV, with every column that any of them has."""
    header = list(dict.fromkeys(column for row in rows for column in row))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def transfer(from_stop: str, to_stop: str, kind: int = 0, min_s: int | None = None, **scope: str) -> dict[str, object]:
    """A row of transfers.txt; `scope` are from_trip_id, to_trip_id, from_route_id, to_route_id."""
    row: dict[str, object] = {"from_stop_id": from_stop, "to_stop_id": to_stop, "transfer_type": kind}
    row["min_transfer_time"] = "" if min_s is None else min_s
    return row | scope


def frequency(trip_id: str, start: str, end: str, headway_s: int, *, exact: bool = False) -> dict[str, object]:
    """A row of frequencies.txt."""
    return {
        "trip_id": trip_id,
        "start_time": full_time(start),
        "end_time": full_time(end),
        "headway_secs": headway_s,
        "exact_times": int(exact),
    }


def write_zip(files: Mapping[str, str], path: Path) -> Path:
    """The feed as a zip file, the same bytes for the same files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0)), text)
    return path


def write_folder(files: Mapping[str, str], folder: Path) -> Path:
    """The feed as a folder of files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def tables(files: Mapping[str, str]) -> Any:
    """The feed as the product's `FeedTables`, without its reader: every cell as written, records numbered by line."""
    import polars as pl

    from mobigo.network.model.feed import LINE, FeedTables

    read: dict[str, pl.DataFrame] = {}
    for name, text in files.items():
        header, *rows = list(csv.reader(io.StringIO(text)))
        columns: dict[str, pl.Series] = {
            column: pl.Series(column, [row[i] if i < len(row) else "" for row in rows], dtype=pl.String)
            for i, column in enumerate(header)
        }
        columns[LINE] = pl.Series(LINE, range(2, len(rows) + 2), dtype=pl.Int64)
        read[name.removesuffix(".txt")] = pl.DataFrame(columns)
    return FeedTables(read)

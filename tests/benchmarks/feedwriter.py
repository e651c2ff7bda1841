"""Writes the comparison feed: the feed that both engines of the planner benchmark load, under rules both apply alike.

    python -m tests.benchmarks.feedwriter --data FEED.zip --date 2025-03-18 --out FOLDER

It shares no code with the product. What it changes, and why:

1. Only the service days from D - 2 to D + 2 are kept, as `calendar_dates.txt`; trips with none of them, and stops no
   trip calls at, are left out.
2. Times are cut to the minute (nigiri counts in minutes). Blank times are filled in linearly between the timed stops
   around them.
3. Frequencies become plain trips, one for each departure from `start_time` while before `end_time`.
4. Stations, entrances and parents are dropped: a stop is a stop, and its name is unique (nigiri links stops sharing a
   name).
5. `transfers.txt` is written anew: 120 s to change at one stop, and the complete graph of walks inside each group of
   stops closer than 120 m to each other (at most 36 stops a group), of 120 s + 1.3 × distance / 1.2 m/s rounded up to
   the minute.
6. In-seat joins (`block_id`) are dropped: nigiri's reading of blocks differs with the order of rows.
7. Rows the two engines read differently are removed and listed in `removed.json`: stop_times of no trip or no stop,
   trips with fewer than two stops, without first or last time, or whose times go backwards, stops without a position.
"""

import argparse
import csv
import io
import json
import math
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

DAYS_AROUND = 2
CHANGE_S = 120
GROUP_RADIUS_M = 120.0
GROUP_STOPS_MAX = 36
DETOUR = 1.3
WALK_M_PER_S = 1.2
EARTH_RADIUS_M = 6_371_008.8
LISTED_MAX = 200  # removed rows named one by one; beyond, counted

Call = tuple[str, int, int, bool, bool]  # stop, arrival, departure (seconds), may board, may alight


@dataclass
class Removed:
    """Rows left out: how many for each reason, and the first of them by name."""

    counts: Counter[str] = field(default_factory=Counter)
    rows: list[tuple[str, str]] = field(default_factory=list)

    def add(self, reason: str, row: str) -> None:
        self.counts[reason] += 1
        if len(self.rows) < LISTED_MAX:
            self.rows.append((reason, row))


def read_rows(data: Path, name: str) -> Iterator[dict[str, str]]:
    """The rows of a table of a zip or a folder; none when the table is absent."""
    if data.is_dir():
        path = data / name
        if path.exists():
            yield from csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")), skipinitialspace=True)
        return
    with zipfile.ZipFile(data) as archive:
        for member in archive.namelist():
            if member.rsplit("/", 1)[-1] == name and not member.startswith("__MACOSX"):
                with archive.open(member) as stream:
                    yield from csv.DictReader(
                        io.TextIOWrapper(stream, encoding="utf-8-sig", newline=""), skipinitialspace=True
                    )
                return


def seconds(text: str | None) -> int | None:
    """Seconds of `HH:MM:SS`; None when blank or unreadable."""
    parts = (text or "").strip().split(":")
    if len(parts) != 3 or not all(part.strip().isdigit() for part in parts):
        return None
    hours, minutes, rest = (int(part) for part in parts)
    return hours * 3600 + minutes * 60 + rest


def clock(time_s: int) -> str:
    """`HH:MM:00`: the minute that `time_s` falls in."""
    return f"{time_s // 3600:02d}:{time_s // 60 % 60:02d}:00"


def service_days(data: Path, first: date, last: date) -> dict[str, set[date]]:
    """The days of each service from `first` to `last`, by the calendar and its exceptions."""
    days: dict[str, set[date]] = defaultdict(set)
    span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for row in read_rows(data, "calendar.txt"):
        for day in span:
            if (
                row["start_date"].strip() <= f"{day:%Y%m%d}" <= row["end_date"].strip()
                and row[names[day.weekday()]].strip() == "1"
            ):
                days[row["service_id"]].add(day)
    by_text = {f"{day:%Y%m%d}": day for day in span}
    for row in read_rows(data, "calendar_dates.txt"):
        on = by_text.get(row["date"].strip())
        if on is not None and row["exception_type"].strip() == "1":
            days[row["service_id"]].add(on)
        elif on is not None:
            days[row["service_id"]].discard(on)
    return days


def filled(times: Sequence[int | None]) -> list[int]:
    """The times with blanks filled in linearly; the first and the last are there."""
    known = [i for i, time_s in enumerate(times) if time_s is not None]
    result: list[int] = []
    for i, time_s in enumerate(times):
        if time_s is not None:
            result.append(time_s)
            continue
        before, after = max(k for k in known if k < i), min(k for k in known if k > i)
        start, end = times[before], times[after]
        assert start is not None
        assert end is not None
        result.append(start + (end - start) * (i - before) // (after - before))
    return result


def calls_of(
    rows: list[dict[str, str]], trip_id: str, stops: dict[str, tuple[float, float]], removed: Removed
) -> list[Call]:
    """The calls of a trip in order, cut to the minute; none when the trip cannot be compared."""
    rows.sort(key=lambda row: int(row["stop_sequence"]))
    kept = [row for row in rows if row["stop_id"] in stops]
    for row in rows:
        if row["stop_id"] not in stops:
            removed.add("stop_time of no stop", f"{trip_id} {row['stop_sequence']}")
    if len(kept) < 2:
        removed.add("trip with fewer than two stops", trip_id)
        return []
    arrivals = [seconds(row.get("arrival_time")) for row in kept]
    departures = [seconds(row.get("departure_time")) for row in kept]
    arrivals = [a if a is not None else d for a, d in zip(arrivals, departures, strict=True)]
    departures = [d if d is not None else a for a, d in zip(arrivals, departures, strict=True)]
    if arrivals[0] is None or arrivals[-1] is None:
        removed.add("trip without first or last time", trip_id)
        return []
    full_arrivals, full_departures = filled(arrivals), filled(departures)
    moments = [time_s for pair in zip(full_arrivals, full_departures, strict=True) for time_s in pair]
    if any(later < earlier for earlier, later in pairwise(moments)):
        removed.add("trip whose times go backwards", trip_id)
        return []
    return [
        (
            row["stop_id"],
            arrive_s // 60 * 60,
            depart_s // 60 * 60,
            (row.get("pickup_type") or "0").strip() != "1",
            (row.get("drop_off_type") or "0").strip() != "1",
        )
        for row, arrive_s, depart_s in zip(kept, full_arrivals, full_departures, strict=True)
    ]


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle metres between two positions (latitude, longitude)."""
    lat_a, lat_b = math.radians(a[0]), math.radians(b[0])
    half = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b[1] - a[1]) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


def groups(stops: dict[str, tuple[float, float]]) -> list[list[str]]:
    """Stops in groups: nearer than 120 m to another of the group, nearest first, at most 36 stops."""
    cells: dict[tuple[int, int], list[str]] = defaultdict(list)
    step = GROUP_RADIUS_M / 60_000  # degrees; wide enough in longitude up to 57° of latitude
    for stop_id, (lat, lon) in stops.items():
        cells[math.floor(lat / step), math.floor(lon / step)].append(stop_id)
    pairs = []
    for (row, column), here in cells.items():
        around = [s for dr in (-1, 0, 1) for dc in (-1, 0, 1) for s in cells.get((row + dr, column + dc), ())]
        for a in here:
            pairs += [(d, a, b) for b in around if a < b and (d := distance_m(stops[a], stops[b])) < GROUP_RADIUS_M]
    group_of = {stop_id: [stop_id] for stop_id in stops}
    for _, a, b in sorted(pairs):
        one, other = group_of[a], group_of[b]
        if one is not other and len(one) + len(other) <= GROUP_STOPS_MAX:
            one += other
            for stop_id in other:
                group_of[stop_id] = one
    return [members for stop_id, members in group_of.items() if members[0] == stop_id and len(members) > 1]


def walk_s(metres: float) -> int:
    """Seconds to change stops that far apart, rounded up to the minute."""
    return math.ceil((CHANGE_S + DETOUR * metres / WALK_M_PER_S) / 60) * 60


def write_comparison_feed(data: Path, day: date, out: Path) -> dict[str, int]:
    """Write the comparison feed of `data` around `day` into the folder `out`; returns its sizes."""
    out.mkdir(parents=True, exist_ok=True)
    removed = Removed()
    zones = {row["agency_timezone"].strip() for row in read_rows(data, "agency.txt")}
    if len(zones) != 1:
        raise SystemExit(f"one time zone wanted, found {sorted(zones)}")
    days = service_days(data, day - timedelta(days=DAYS_AROUND), day + timedelta(days=DAYS_AROUND))
    days = {service: on for service, on in days.items() if on}
    route_types = {row["route_id"]: row["route_type"].strip() for row in read_rows(data, "routes.txt")}
    stops: dict[str, tuple[float, float]] = {}
    names: dict[str, str] = {}
    for row in read_rows(data, "stops.txt"):
        if (row.get("location_type") or "0").strip() not in ("", "0"):
            continue
        try:
            stops[row["stop_id"]] = float(row["stop_lat"]), float(row["stop_lon"])
            names[row["stop_id"]] = row.get("stop_name") or ""
        except ValueError:
            removed.add("stop without a position", row["stop_id"])
    trips = {row["trip_id"]: row for row in read_rows(data, "trips.txt")}
    running = {
        trip_id for trip_id, row in trips.items() if row["service_id"] in days and row["route_id"] in route_types
    }
    rows_of: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in read_rows(data, "stop_times.txt"):
        if row["trip_id"] in running:
            rows_of[row["trip_id"]].append(row)
        elif row["trip_id"] not in trips:
            removed.add("stop_time of no trip", row["trip_id"])
    frequencies: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in read_rows(data, "frequencies.txt"):
        frequencies[row["trip_id"]].append(row)
    calls: dict[str, list[Call]] = {}
    source: dict[str, str] = {}
    for trip_id in trips:
        if trip_id not in running or not (called := calls_of(rows_of.pop(trip_id, []), trip_id, stops, removed)):
            continue
        if trip_id not in frequencies:
            calls[trip_id], source[trip_id] = called, trip_id
            continue
        for row in frequencies[trip_id]:
            start, end, headway = seconds(row["start_time"]), seconds(row["end_time"]), int(row["headway_secs"])
            assert start is not None
            assert end is not None
            for start_s in range(start, end, headway):
                shift = start_s - called[0][2]
                copy = f"{trip_id}@{start_s}"
                source[copy] = trip_id
                calls[copy] = [(s, (a + shift) // 60 * 60, (d + shift) // 60 * 60, i, o) for s, a, d, i, o in called]
    used = {call[0] for called in calls.values() for call in called}
    stops = {stop_id: position for stop_id, position in stops.items() if stop_id in used}
    walks = [
        (a, b, walk_s(distance_m(stops[a], stops[b])))
        for members in groups(stops)
        for a in members
        for b in members
        if a != b
    ]
    routes = sorted({trips[trip_id]["route_id"] for trip_id in source.values()})
    services = {trips[trip_id]["service_id"] for trip_id in source.values()}

    def write(name: str, header: Sequence[str], rows: Iterator[Sequence[object]]) -> int:
        with (out / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(header)
            count = 0
            for count, row in enumerate(rows, 1):  # noqa: B007 - the last number is the count
                writer.writerow(row)
        return count

    sizes = {
        "stops": write(
            "stops.txt",
            ("stop_id", "stop_name", "stop_lat", "stop_lon"),
            ((s, f"{names[s]} [{n}]", f"{p[0]:.7f}", f"{p[1]:.7f}") for n, (s, p) in enumerate(stops.items())),
        ),
        "trips": write(
            "trips.txt",
            ("route_id", "service_id", "trip_id"),
            ((trips[s]["route_id"], trips[s]["service_id"], t) for t, s in source.items()),
        ),
        "stop_times": write(
            "stop_times.txt",
            ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "pickup_type", "drop_off_type"),
            (
                (t, clock(a), clock(d), s, n, 0 if board else 1, 0 if alight else 1)
                for t, called in calls.items()
                for n, (s, a, d, board, alight) in enumerate(called)
            ),
        ),
        "transfers": write(
            "transfers.txt",
            ("from_stop_id", "to_stop_id", "transfer_type", "min_transfer_time"),
            (
                row
                for rows in (((s, s, 2, CHANGE_S) for s in stops), ((a, b, 2, t) for a, b, t in walks))
                for row in rows
            ),
        ),
    }
    write(
        "agency.txt",
        ("agency_id", "agency_name", "agency_url", "agency_timezone"),
        iter([("a", "a", "https://example.org", *zones)]),
    )
    write(
        "routes.txt",
        ("route_id", "agency_id", "route_short_name", "route_type"),
        ((r, "a", f"r{n}", route_types[r]) for n, r in enumerate(routes)),
    )
    write(
        "calendar_dates.txt",
        ("service_id", "date", "exception_type"),
        ((s, f"{on:%Y%m%d}", 1) for s in sorted(services) for on in sorted(days[s])),
    )
    (out / "removed.json").write_text(
        json.dumps({"counts": removed.counts, "rows": removed.rows}, indent=1, ensure_ascii=False), encoding="utf-8"
    )
    return sizes


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the feed that both engines of the planner benchmark load.")
    parser.add_argument("--data", type=Path, required=True, help="GTFS zip or folder")
    parser.add_argument("--date", type=date.fromisoformat, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    print(json.dumps(write_comparison_feed(options.data, options.date, options.out)))


if __name__ == "__main__":
    main()

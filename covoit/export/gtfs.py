"""The lines as GTFS: stops, lines, and the usual trips of drivers as trips one arranges with the driver.

Route type 1551, as Amarillo (MFDZ) writes carpools and OpenTripPlanner reads them. Not 715 ("demand and response bus"):
that is a bus, with an operator bound to run it and a licence; a private car that may not come must not look like one.
Who does not know 1551 sees "another way of travelling", and does not promise a bus.

Pick-up and drop-off are of kind 3 (arrange with the driver), times are approximate (`timepoint` 0). A trip's id says
nothing of its driver. Lines without usual trips keep their route and stops: what runs there is not a timetable.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Final

from covoit.model.lines import Line
from covoit.rules.lines import along_m, leg_between, ride_s, stop_of, stops_in
from mobigo.base.servicetime import format_service_time
from mobigo.network.export.archive import zip_bytes

ROUTE_TYPE: Final = 1551
ARRANGE: Final = "3"  # pickup_type and drop_off_type: arrange with the driver
# Read by whoever publishes: times and stops of usual trips are already public on the line's page; no person is named.
PRIVACY_POLICY: Final = "public: usual trips as published by their drivers, under an id that names nobody"
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class UsualTrip:
    """A driver's usual trip, without its driver. `id` is hashed before it is written."""

    id: str
    line: str
    from_stop: str
    to_stop: str
    leaves: time
    weekdays: frozenset[int]
    first_day: date
    last_day: date


def gtfs(lines: Sequence[Line], trips: Iterable[UsualTrip], *, agency: Mapping[str, str], version: str) -> bytes:
    """The archive: same lines and trips, same bytes. `agency` holds `name`, `url`, `phone`."""
    known = {line.code: line for line in lines}
    usual = sorted((trip for trip in trips if trip.line in known), key=lambda trip: _name(trip))
    services = {(_days(trip), trip.first_day, trip.last_day) for trip in usual}
    names = {each: f"s{number}" for number, each in enumerate(sorted(services), 1)}
    files = {
        "agency": [
            ["agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang", "agency_phone"],
            ["mobigo-covoiturage", agency["name"], agency["url"], "Europe/Paris", "fr", agency.get("phone", "")],
        ],
        "feed_info": [
            ["feed_publisher_name", "feed_publisher_url", "feed_lang", "feed_version"],
            [agency["name"], agency["url"], "fr", version],
        ],
        "routes": [_ROUTES, *([_route(line) for line in lines])],
        "stops": [_STOPS, *[_stop(line, n) for line in lines for n in range(len(line.stops))]],
        "calendar": [
            ["service_id", *_DAYS, "start_date", "end_date"],
            *(
                [names[key], *("1" if day in key[0] else "0" for day in range(7)), _day(key[1]), _day(key[2])]
                for key in sorted(services)
            ),
        ],
        "trips": [
            ["route_id", "service_id", "trip_id", "trip_headsign", "direction_id"],
            *(_trip(known[trip.line], trip, names[(_days(trip), trip.first_day, trip.last_day)]) for trip in usual),
        ],
        "stop_times": [_TIMES, *(row for trip in usual for row in _times(known[trip.line], trip))],
    }
    return zip_bytes({f"{name}.txt": _csv(rows) for name, rows in files.items()})


_ROUTES: Final = ["route_id", "agency_id", "route_short_name", "route_long_name", "route_type", "route_url"]
_STOPS: Final = ["stop_id", "stop_name", "stop_desc", "stop_lat", "stop_lon"]
_TIMES: Final = [
    "trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "pickup_type", "drop_off_type",
    "shape_dist_traveled", "timepoint",
]  # fmt: skip


def _route(line: Line) -> list[str]:
    return [line.code, "mobigo-covoiturage", line.number, line.name, str(ROUTE_TYPE), ""]


def _stop(line: Line, number: int) -> list[str]:
    stop = line.stops[number]
    return [stop.id, stop.name, stop.where, f"{stop.point.lat:.4f}", f"{stop.point.lon:.4f}"]


def _trip(line: Line, trip: UsualTrip, service: str) -> list[str]:
    leg = leg_between(line, trip.from_stop, trip.to_stop)
    return [line.code, service, _name(trip), stop_of(line, trip.to_stop).name, str(leg.direction)]


def _times(line: Line, trip: UsualTrip) -> list[list[str]]:
    leg = leg_between(line, trip.from_stop, trip.to_stop)
    on_way = [
        (stop, along_m(line, leg.direction, stop))
        for stop in stops_in(line, leg.direction)
        if leg.from_m <= along_m(line, leg.direction, stop) <= leg.to_m
    ]
    start = trip.leaves.hour * 3600 + trip.leaves.minute * 60
    rows = []
    for number, (stop, at_m) in enumerate(on_way):
        clock = format_service_time(start + (ride_s(line, at_m - leg.from_m) if at_m > leg.from_m else 0))
        first, last = number == 0, number == len(on_way) - 1
        rows.append(
            [_name(trip), clock, clock, stop.id, str(number), "1" if last else ARRANGE, "1" if first else ARRANGE,
             f"{(at_m - leg.from_m) / 1000:.1f}", "0"]
        )  # fmt: skip
    return rows


def _name(trip: UsualTrip) -> str:
    return hashlib.sha256(f"covoit.gtfs:{trip.id}".encode()).hexdigest()[:16]


def _days(trip: UsualTrip) -> tuple[int, ...]:
    return tuple(sorted(trip.weekdays))


def _day(day: date) -> str:
    return day.strftime("%Y%m%d")


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode()

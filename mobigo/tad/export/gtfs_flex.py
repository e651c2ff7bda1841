"""The services as GTFS-Flex (GTFS Schedule: booking_rules, location_groups, locations.geojson, windows in stop_times).

One trip for each window and each pair of places to get in and out: the group of a service's stops, and each of its
zones. No trip here has fixed times, so nothing is said twice beside a timetable. Same services, same bytes.
"""

import csv
import io
import json
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from itertools import product
from typing import Any, Final

from mobigo.base.servicetime import format_service_time
from mobigo.network.export.archive import zip_bytes
from mobigo.tad.model.services import EVERY_DAY, Cutoff, CutoffKind, Service

DEMAND_BUS: Final = "715"  # extended route type: demand and response bus service
ASK, NOT_HERE = "2", "1"  # pickup_type, drop_off_type: phone the agency; none
OPEN_DAYS: Final = timedelta(days=365)  # what a service without a last day is said to run
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HEADERS: Final = {
    "agency": "agency_id agency_name agency_url agency_timezone agency_lang agency_phone",
    "routes": "route_id agency_id route_short_name route_long_name route_type",
    "stops": "stop_id stop_name stop_lat stop_lon",
    "location_groups": "location_group_id location_group_name",
    "location_group_stops": "location_group_id stop_id",
    "calendar": f"service_id {' '.join(_DAYS)} start_date end_date",
    "calendar_dates": "service_id date exception_type",
    "trips": "route_id service_id trip_id trip_headsign",
    "stop_times": "trip_id stop_id arrival_time departure_time stop_sequence location_group_id location_id "
    "start_pickup_drop_off_window "
    "end_pickup_drop_off_window pickup_type drop_off_type pickup_booking_rule_id drop_off_booking_rule_id "
    "safe_duration_factor safe_duration_offset",
    "booking_rules": "booking_rule_id booking_type prior_notice_duration_min prior_notice_last_day "
    "prior_notice_last_time prior_notice_start_day prior_notice_start_time prior_notice_service_id message "
    "phone_number info_url booking_url",
    "feed_info": "feed_publisher_name feed_publisher_url feed_lang feed_version",
}


def gtfs_flex(services: Sequence[Service], *, base_url: str, publisher: str) -> bytes:
    """The archive."""
    rows: dict[str, list[list[str]]] = {name: [header.split()] for name, header in _HEADERS.items()}
    features: list[Any] = []
    for service in sorted(services, key=lambda each: each.code):
        _write(service, rows, features, base_url)
    rows["feed_info"].append([publisher, base_url, "fr", feed_version(services)])
    files = {f"{name}.txt": _csv(table) for name, table in rows.items() if len(table) > 1}
    if features:
        written = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, sort_keys=True)
        files["locations.geojson"] = written.encode()
    return zip_bytes(files)


def feed_version(services: Sequence[Service]) -> str:
    """What the archive of these services calls its version: it names their content."""
    return sha256("".join(sorted(each.digest for each in services)).encode()).hexdigest()[:16]


def _write(service: Service, rows: dict[str, list[list[str]]], features: list[Any], base_url: str) -> None:
    own = f"tad:{service.code}"
    page = f"{base_url}/tad/{service.code}"
    rows["agency"].append([own, service.operator, base_url, "Europe/Paris", "fr", service.phone])
    rows["routes"].append([own, own, "TAD", service.name, DEMAND_BUS])
    places: list[tuple[str, str]] = []  # location_group_id, location_id
    if service.stops:
        rows["location_groups"].append([own, service.name])
        for stop in service.stops:
            rows["stops"].append([stop.id, stop.name, f"{stop.point.lat:.6f}", f"{stop.point.lon:.6f}"])
            rows["location_group_stops"].append([own, stop.id])
        places.append((own, ""))
    for zone in service.zones:
        ring = [[point.lon, point.lat] for point in (*zone.ring, zone.ring[0])]
        features.append(
            {"id": f"{own}:{zone.id}", "type": "Feature", "properties": {"stop_name": zone.name},
             "geometry": {"type": "Polygon", "coordinates": [ring]}}
        )  # fmt: skip
        places.append(("", f"{own}:{zone.id}"))
    counted = _booking(service.cutoff, own, service, rows, page)
    for number, window in enumerate(service.windows, 1):
        days = f"{own}:{number}"
        _calendar(service, days, window.weekdays, rows, closed=True)
        since, until = (format_service_time(at.hour * 3600 + at.minute * 60) for at in (window.since, window.until))
        for a, z in product(range(len(places)), repeat=2):
            trip = f"{own}:{number}:{a}-{z}"
            rows["trips"].append([own, days, trip, service.name])
            for sequence, (place, pickup, drop_off) in enumerate(
                ((places[a], ASK, NOT_HERE), (places[z], NOT_HERE, ASK)), 1
            ):
                rows["stop_times"].append(
                    [trip, "", "", "", str(sequence), *place, since, until, pickup, drop_off, own, own,
                     f"{1 + service.terms.detour_pct / 100:.2f}", str(service.terms.detour_s)]
                )  # fmt: skip
    if counted:
        _calendar(service, counted, service.cutoff.weekdays, rows, closed=False)


def _booking(cutoff: Cutoff, own: str, service: Service, rows: dict[str, list[list[str]]], page: str) -> str:
    """The rule; the id of the calendar of the days that count, when not all do."""
    counted = f"{own}:open" if cutoff.kind is CutoffKind.DAYS and cutoff.weekdays != EVERY_DAY else ""
    rule = {"booking_type": "0"}
    if cutoff.kind is CutoffKind.MINUTES:
        rule = {"booking_type": "1", "prior_notice_duration_min": str(cutoff.minutes)}
    elif cutoff.kind is CutoffKind.DAYS:
        rule = {"booking_type": "2", "prior_notice_last_day": str(cutoff.days),
                "prior_notice_last_time": cutoff.at.strftime("%H:%M:%S")}  # fmt: skip
    if cutoff.kind is not CutoffKind.NONE and service.ahead_days >= cutoff.days:
        rule |= {"prior_notice_start_day": str(service.ahead_days), "prior_notice_start_time": "00:00:00"}
    rule |= {"booking_rule_id": own, "prior_notice_service_id": counted, "phone_number": service.phone,
             "message": service.phone_hours, "info_url": page, "booking_url": page}  # fmt: skip
    rows["booking_rules"].append([rule.get(name, "") for name in _HEADERS["booking_rules"].split()])
    return counted


def _calendar(
    service: Service, name: str, weekdays: frozenset[int], rows: dict[str, list[list[str]]], *, closed: bool
) -> None:
    last = service.period.last_day or service.period.first_day + OPEN_DAYS
    days = ["1" if day in weekdays else "0" for day in range(7)]
    rows["calendar"].append([name, *days, f"{service.period.first_day:%Y%m%d}", f"{last:%Y%m%d}"])
    for day in sorted(service.closed_days) if closed else ():
        if day.weekday() in weekdays and service.period.first_day <= day <= last:
            rows["calendar_dates"].append([name, f"{day:%Y%m%d}", "2"])


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()

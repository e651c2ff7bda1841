"""A feed of the demonstration in the making: its tables' rows, then the bytes of its archive. Same rows, same bytes."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from mobigo.app.demo.days import Calendar

EPOCH = (1980, 1, 1, 0, 0, 0)  # the only date a member of our archives carries

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """Who runs a feed, and how it is told apart."""

    feed: str
    agency_id: str
    agency: str
    phone: str
    url: str
    prefix: str  # before a line's number
    but: frozenset[tuple[int, int]] = frozenset()  # (month, day) without any service


@dataclass
class Feed:
    """Tables of a feed in the making: header and rows by file."""

    operator: Network
    stops: dict[str, Row] = field(default_factory=dict)
    routes: list[Row] = field(default_factory=list)
    trips: list[Row] = field(default_factory=list)
    stop_times: list[Row] = field(default_factory=list)
    frequencies: list[Row] = field(default_factory=list)
    transfers: list[Row] = field(default_factory=list)
    services: set[str] = field(default_factory=set)
    blocks: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)  # block → (start, trip, route)


HEADERS = {
    "agency": "agency_id,agency_name,agency_url,agency_timezone,agency_lang,agency_phone",
    "stops": "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,wheelchair_boarding,platform_code",
    "routes": "route_id,agency_id,route_short_name,route_long_name,route_type,route_color,route_text_color",
    "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
    "calendar_dates": "service_id,date,exception_type",
    "trips": "route_id,service_id,trip_id,trip_headsign,direction_id,block_id,wheelchair_accessible,bikes_allowed",
    "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type,timepoint",
    "frequencies": "trip_id,start_time,end_time,headway_secs,exact_times",
    "transfers": "from_stop_id,to_stop_id,from_route_id,to_route_id,from_trip_id,to_trip_id,transfer_type,"
    "min_transfer_time",
    "feed_info": "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version,"
    "feed_contact_email",
}


def tables(
    feed: Feed, calendars: dict[str, Calendar], first_day: date, last_day: date
) -> Iterator[tuple[str, Iterable[Row]]]:
    """The rows of each table of the feed, in the order they are written."""
    operator = feed.operator
    yield "agency", [(operator.agency_id, operator.agency, operator.url, "Europe/Paris", "fr", operator.phone)]
    yield "stops", feed.stops.values()
    yield "routes", feed.routes
    yield (
        "calendar",
        [
            (name, *("1" if kept else "0" for kept in calendar.weekdays), f"{first_day:%Y%m%d}", f"{last_day:%Y%m%d}")
            for name, calendar in calendars.items()
            if any(calendar.weekdays)  # a set of days without a weekday of its own is its exceptions alone
        ],
    )
    yield (
        "calendar_dates",
        [
            (name, f"{day:%Y%m%d}", kind)
            for name, calendar in calendars.items()
            for day, kind in sorted([(day, "1") for day in calendar.added] + [(day, "2") for day in calendar.removed])
        ],
    )
    yield "trips", feed.trips
    yield "stop_times", feed.stop_times
    if feed.frequencies:
        yield "frequencies", feed.frequencies
    if feed.transfers:
        yield "transfers", feed.transfers
    yield "feed_info", [("Mobigo (démonstration)", "https://mobigo.example.org/", "fr", f"{first_day:%Y%m%d}",
                         f"{last_day:%Y%m%d}", f"{first_day:%Y-%m-%d}", "contact@mobigo.example.org")]  # fmt: skip


def archive(tables: Iterable[tuple[str, Iterable[Row]]]) -> bytes:
    """The zip that holds them, without any date but the oldest a zip can carry."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, rows in tables:
            text = io.StringIO()
            text.write(HEADERS[name] + "\n")
            csv.writer(text, lineterminator="\n").writerows(rows)
            member = zipfile.ZipInfo(f"{name}.txt", EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            opened.writestr(member, text.getvalue().encode())
    return content.getvalue()

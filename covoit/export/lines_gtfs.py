"""The lines as a published GTFS: the facts of the line alone, never a driver's usual trip nor an offer.

What a line promises is: at each of its stops, within its public hours, no longer than the guarantee's wait before a car
comes or help is given. So each stop where one boards is a trip of its own, told by `frequencies.txt` (`exact_times` 0,
the guaranteed wait as headway): one boards at its first stop alone, and alights at any that follows. One trip from end
to end would carry the hours of the first stop down the line: at the far end of 110 km, cars would be told 105 minutes
after the hours are over. Waits observed are people's, and are not here (docs/decisions/0041).
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from hashlib import sha256
from typing import Final

from covoit.export.gtfs import ARRANGE
from covoit.model.lines import Guarantee, Hours, Line, LineStop
from covoit.rules.lines import along_m, ride_s, stops_in
from mobigo.base.servicetime import format_service_time

# "Demand and response bus service", of the bus family: docs/decisions/0041.
ROUTE_TYPE: Final = 715
AGENCY: Final = "mobigo-covoiturage"
NEVER: Final = "1"  # pickup_type, drop_off_type
DESCRIPTION: Final = (
    "Ligne de covoiturage, sans réservation : des conducteurs particuliers prennent les passagers aux arrêts. Ce n’est "
    "pas un autocar."
)
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AGENCY: Final = ("agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang", "agency_phone")
_ROUTES: Final = (
    "route_id", "agency_id", "route_short_name", "route_long_name", "route_desc", "route_type", "route_url",
)  # fmt: skip
_FEED: Final = (
    "feed_publisher_name", "feed_publisher_url", "feed_lang", "feed_start_date", "feed_end_date", "feed_version",
    "feed_contact_email",
)  # fmt: skip
_TIMES: Final = (
    "trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "pickup_type", "drop_off_type",
    "timepoint",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who answers for the lines and the feed."""

    name: str
    url: str
    phone: str
    email: str


def days_told(lines: Sequence[Line], guarantee: Guarantee, today: date) -> tuple[date, date]:
    """The days that the feed tells of: the year of `today` and the next, cut to the periods of the lines and of what is
    guaranteed. Nothing in it turns with the day: what did not change stays the same file for a year."""
    first, last = date(today.year, 1, 1), date(today.year + 1, 12, 31)
    return (
        max(first, guarantee.period.first_day, min(line.period.first_day for line in lines)),
        min(guarantee.period.last_day or last, max(line.period.last_day or last for line in lines), last),
    )


def lines_gtfs(
    lines: Sequence[Line], guarantee: Guarantee | None, publisher: Publisher, *, today: date
) -> dict[str, bytes] | None:
    """The tables by file name; None where no line has public hours or no wait is guaranteed: nothing could be told that
    is true. A line without public hours keeps its route and its stops."""
    ordered = sorted(lines, key=lambda line: line.code)
    if guarantee is None or not any(line.hours for line in ordered):
        return None
    days = days_told(ordered, guarantee, today)
    version = _version(ordered, guarantee, days)
    patterns = [each for line in ordered for each in _patterns(line)]
    spans = sorted({_span(each, guarantee, days) for each in patterns})
    services = {span: f"s{number}" for number, span in enumerate(spans, 1)}
    headway = str(guarantee.wait_min * 60)
    tables: Mapping[str, Iterable[Sequence[str]]] = {
        "agency": (
            _AGENCY, (AGENCY, publisher.name, publisher.url, "Europe/Paris", "fr", publisher.phone),
        ),
        "feed_info": (
            _FEED,
            (publisher.name, publisher.url, "fr", _day(days[0]), _day(days[1]), version, publisher.email),
        ),
        "attributions": (
            ("attribution_id", "agency_id", "organization_name", "is_authority", "attribution_url"),
            ("region", AGENCY, publisher.name, "1", publisher.url),
        ),
        "routes": (_ROUTES, *(_route(line, publisher) for line in ordered)),
        "stops": (
            ("stop_id", "stop_name", "stop_desc", "stop_lat", "stop_lon"),
            *(_stop(stop) for line in ordered for stop in line.stops),
        ),
        "calendar": (
            ("service_id", *_DAYS, "start_date", "end_date"),
            *(
                (services[span], *("1" if day in span[0] else "0" for day in range(7)), _day(span[1]), _day(span[2]))
                for span in spans
            ),
        ),
        "trips": (
            ("route_id", "service_id", "trip_id", "trip_headsign", "direction_id"),
            *(
                (each.line.code, services[_span(each, guarantee, days)], each.id, each.stops[-1].name,
                 str(each.direction))
                for each in patterns
            ),
        ),
        "stop_times": (_TIMES, *(row for each in patterns for row in _times(each))),
        "frequencies": (
            ("trip_id", "start_time", "end_time", "headway_secs", "exact_times"),
            *(
                (each.id, _clock(hours.since), _clock(hours.until), headway, "0")
                for each in patterns
                for hours in each.hours
            ),
        ),
    }  # fmt: skip
    return {f"{name}.txt": _csv(rows) for name, rows in tables.items()}


def _version(lines: Sequence[Line], guarantee: Guarantee, days: tuple[date, date]) -> str:
    said = (guarantee.digest, *(line.digest for line in lines), *(day.isoformat() for day in days))
    return sha256(" ".join(said).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What passes at one stop, one way, on some days of the week: its first stop is where one boards."""

    line: Line
    direction: int
    weekdays: tuple[int, ...]
    stops: tuple[LineStop, ...]
    hours: tuple[Hours, ...]

    @property
    def id(self) -> str:
        days = "".join(str(day + 1) for day in self.weekdays)
        return f"{self.line.code}.{self.direction}.{days}.{self.stops[0].id}"


def _patterns(line: Line) -> Iterator[_Pattern]:
    kinds: dict[tuple[int, tuple[int, ...]], list[Hours]] = {}
    for each in sorted(line.hours, key=lambda each: each.since):
        kinds.setdefault((each.direction, tuple(sorted(each.weekdays))), []).append(each)
    for (direction, weekdays), hours in sorted(kinds.items(), key=lambda pair: pair[0]):
        stops = stops_in(line, direction)
        for number in range(len(stops) - 1):
            yield _Pattern(line, direction, weekdays, stops[number:], tuple(hours))


def _span(each: _Pattern, guarantee: Guarantee, days: tuple[date, date]) -> tuple[tuple[int, ...], date, date]:
    """On which days a pattern holds: the line, and what it guarantees, must both be in force."""
    periods = (each.line.period, guarantee.period)
    first = max(days[0], *(period.first_day for period in periods))
    last = min(days[1], *(period.last_day or days[1] for period in periods))
    return each.weekdays, first, last


def _route(line: Line, publisher: Publisher) -> Sequence[str]:
    page = f"{publisher.url}/covoiturage/lignes/{line.code}"
    return line.code, AGENCY, line.number, line.name, DESCRIPTION, str(ROUTE_TYPE), page


def _stop(stop: LineStop) -> Sequence[str]:
    return stop.id, stop.name, stop.where, f"{stop.point.lat:.4f}", f"{stop.point.lon:.4f}"


def _times(each: _Pattern) -> Iterator[Sequence[str]]:
    since = each.hours[0].since
    start = since.hour * 3600 + since.minute * 60
    from_m = along_m(each.line, each.direction, each.stops[0])
    for number, stop in enumerate(each.stops):
        ahead_m = along_m(each.line, each.direction, stop) - from_m
        clock = format_service_time(start + (ride_s(each.line, ahead_m) if ahead_m > 0 else 0))
        board, alight = (ARRANGE, NEVER) if number == 0 else (NEVER, ARRANGE)
        yield each.id, clock, clock, stop.id, str(number), board, alight, "0"


def _clock(at: time) -> str:
    return f"{at:%H:%M:%S}"


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode()

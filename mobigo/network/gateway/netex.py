"""Reads a feed back from NeTEx, French profile: stops, lines, patterns, trips, days. It is there to prove that what we
write says what the feed says; it takes what `mobigo.network.export.netex` writes, not all that the profile allows.

Not read: fares, transfers, shapes, signs at single stops.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import polars as pl
from lxml import etree

from mobigo.base.archives import unbroken
from mobigo.base.errors import InvalidInput, Refused
from mobigo.network.gateway.limits import LIMITS, Limits
from mobigo.network.model.feed import LINE, FeedTables
from mobigo.network.model.modes import Mode, route_type_of

_NS: Final = "{http://www.netex.org.uk/netex}"
_COLUMNS: Final = {
    "agency": ("agency_id", "agency_name", "agency_url", "agency_timezone", "agency_phone", "agency_email"),
    "stops": (
        "stop_id", "stop_code", "stop_name", "stop_lat", "stop_lon", "location_type", "parent_station",
        "wheelchair_boarding", "platform_code",
    ),
    "routes": (
        "route_id", "agency_id", "route_short_name", "route_long_name", "route_desc", "route_type", "route_url",
        "route_color", "route_text_color",
    ),
    "trips": (
        "route_id", "service_id", "trip_id", "trip_headsign", "trip_short_name", "direction_id",
        "wheelchair_accessible",
    ),
    "stop_times": (
        "trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "pickup_type", "drop_off_type",
    ),
    "calendar_dates": ("service_id", "date", "exception_type"),
    "frequencies": ("trip_id", "start_time", "end_time", "headway_secs", "exact_times"),
}  # fmt: skip

Element = Any  # lxml's elements have no types of their own


def xml_files(path: Path, name: str = "", limits: Limits = LIMITS) -> Iterator[tuple[str, bytes]]:
    """The XML files at `path`, a zip or a lone file, one after the other in the order of their names. `name` is the
    file's, where its path does not tell.

    Raises InvalidInput("network.not_a_zip") and Refused for an archive beyond the limits.
    """
    if (name or path.name).lower().endswith(".xml"):
        yield name or path.name, path.read_bytes()
        return
    broken = InvalidInput("network.not_a_zip", file=name or path.name)
    with unbroken(broken):
        archive = ZipFile(path)
    with archive:
        members = [info for info in archive.infolist() if info.filename.lower().endswith(".xml")]
        if sum(info.file_size for info in members) > limits.total_bytes_max:
            limit_mb = limits.total_bytes_max >> 20
            raise Refused("network.archive_too_large_unpacked", file=name or path.name, limit_mb=limit_mb)
        for info in sorted(members, key=lambda each: each.filename):
            with unbroken(broken):
                data = archive.read(info)
            yield info.filename, data


def read_netex(path: Path) -> FeedTables:
    """The feed in the zip at `path`, as GTFS tables. Raises InvalidInput("network.not_netex") for what is no XML, or no
    NeTEx that holds together: a reference to nothing, a value that is none of its kind, or a part that is not there."""
    reading = _Reading()
    file = path.name
    try:
        for file, data in xml_files(path):
            reading.read(file, data)
        return reading.tables()
    except (KeyError, ValueError, AttributeError, TypeError) as wrong:
        raise InvalidInput("network.not_netex", file=file, reason=f"{type(wrong).__name__} {wrong}"[:200]) from wrong


class _Reading:
    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[str, ...]]] = {table: [] for table in _COLUMNS}
        self.source: dict[str, str] = {}  # NeTEx identifier → GTFS identifier
        self.parents: dict[str, str] = {}  # StopPlace → the one above it
        self.quays: list[tuple[tuple[str, ...], str]] = []  # row but the parent, and its StopPlace
        self.zone = ""
        self.periods: dict[str, list[date]] = {}
        self.assigned: list[tuple[str, str]] = []  # period, day type
        self.stop_of: dict[str, str] = {}  # ScheduledStopPoint → Quay
        self.patterns: dict[str, tuple[str, str, list[tuple[str, str, str]]]] = {}
        self.ways: dict[str, tuple[str, str]] = {}
        self.signs: dict[str, str] = {}
        self.days: list[tuple[str, str]] = []  # trip id, day type, resolved once all files are read
        self._readers: Mapping[str, Callable[[Element], None]] = {
            "Operator": self._operator, "Line": self._line, "Route": self._route, "TimeZone": self._zone,
            "DestinationDisplay": self._sign, "ServiceJourneyPattern": self._pattern,
            "PassengerStopAssignment": self._assignment, "ServiceJourney": self._trip,
            "TemplateServiceJourney": self._trip, "Quay": self._quay, "StopPlace": self._place,
            "StopPlaceEntrance": self._entrance, "DayType": self._day_type, "DayTypeAssignment": self._days,
            "UicOperatingPeriod": self._period,
        }  # fmt: skip

    def read(self, name: str, data: bytes) -> None:
        tags = [f"{_NS}{tag}" for tag in self._readers]
        events = etree.iterparse(
            BytesIO(data), events=("end",), tag=tags, resolve_entities=False, no_network=True, huge_tree=True
        )
        try:
            for _, element in events:
                self._readers[etree.QName(element).localname](element)
                if element.tag != f"{_NS}StopPlaceEntrance":
                    element.clear()
        except etree.XMLSyntaxError as error:
            raise InvalidInput("network.not_netex", file=name, reason=str(error)[:200]) from error

    # --- who, when

    def _operator(self, element: Element) -> None:
        contact = element.find(f"{_NS}ContactDetails")
        given = element if contact is None else contact
        row = (_source(element), _text(element, "Name"), _text(given, "Url"), "", _text(given, "Phone"),
               _text(given, "Email"))  # fmt: skip
        self.source[element.get("id")] = row[0]
        self.rows["agency"].append(row)

    def _zone(self, element: Element) -> None:
        self.zone = element.text or self.zone

    def _day_type(self, element: Element) -> None:
        self.source[element.get("id")] = _source(element)

    def _days(self, element: Element) -> None:
        self.assigned.append((_ref(element, "OperatingPeriodRef"), _ref(element, "DayTypeRef")))

    def _period(self, element: Element) -> None:
        first = date.fromisoformat(_text(element, "FromDate")[:10])
        bits = _text(element, "ValidDayBits")
        self.periods[element.get("id")] = [first + timedelta(days=at) for at, bit in enumerate(bits) if bit == "1"]

    # --- where

    def _quay(self, element: Element) -> None:
        self.source[element.get("id")] = _source(element)
        self.quays.append((_place_row(element, "0"), _ref(element, "SiteRef")))

    def _place(self, element: Element) -> None:
        source = _source(element)
        if source:
            self.source[element.get("id")] = source
            self.rows["stops"].append(_with_parent(_place_row(element, "1"), ""))
        above = _ref(element, "ParentSiteRef")
        if above:
            self.parents[element.get("id")] = above

    def _entrance(self, element: Element) -> None:
        place = element.getparent().getparent()
        self.rows["stops"].append(_with_parent(_place_row(element, "2"), _source(place)))

    # --- what runs

    def _line(self, element: Element) -> None:
        submode = element.find(f"{_NS}TransportSubmode/*")
        named = None if submode is None else (etree.QName(submode).localname, submode.text or "")
        kind = route_type_of(Mode(_text(element, "TransportMode"), named))
        look = element.find(f"{_NS}Presentation")
        short, long = _text(element, "PublicCode"), _text(element, "Name")
        self.source[element.get("id")] = _source(element)
        self.rows["routes"].append((
            _source(element), _ref(element, "OperatorRef"), short, "" if long == short else long,
            _text(element, "Description"), "" if kind is None else str(kind), _text(element, "Url"),
            "" if look is None else _text(look, "Colour"), "" if look is None else _text(look, "TextColour"),
        ))  # fmt: skip

    def _route(self, element: Element) -> None:
        direction = {"outbound": "0", "inbound": "1"}.get(_text(element, "DirectionType"), "")
        self.ways[element.get("id")] = _ref(element, "LineRef"), direction

    def _sign(self, element: Element) -> None:
        self.signs[element.get("id")] = _text(element, "FrontText")

    def _assignment(self, element: Element) -> None:
        self.stop_of[_ref(element, "ScheduledStopPointRef")] = _ref(element, "QuayRef")

    def _pattern(self, element: Element) -> None:
        points = []
        for point in element.iter(f"{_NS}StopPointInJourneyPattern"):
            asked = point.find(f"{_NS}BookingArrangements") is not None
            driver = _text(point, "RequestStop") == "true"
            open_ = "2" if asked else "3" if driver else "0"
            rules = [open_ if _text(point, name) != "false" else "1" for name in ("ForBoarding", "ForAlighting")]
            points.append((_ref(point, "ScheduledStopPointRef"), rules[0], rules[1]))
        self.patterns[element.get("id")] = (
            _ref(element, "RouteRef"), _ref(element, "DestinationDisplayRef"), points,
        )  # fmt: skip

    def _trip(self, element: Element) -> None:
        trip_id = _source(element)
        route_ref, sign, points = self.patterns[_ref(element, "JourneyPatternRef")]
        line, direction = self.ways[route_ref]
        self.days.append((trip_id, element.find(f"{_NS}dayTypes/{_NS}DayTypeRef").get("ref")))
        access = {"true": "1", "false": "2"}.get(element.findtext(f".//{_NS}WheelchairAccess") or "", "")
        self.rows["trips"].append(
            (self.source[line], "", trip_id, self.signs.get(sign, ""), _text(element, "PublicCode"), direction, access)
        )
        visits = element.find(f"{_NS}passingTimes")
        for order, (visit, (point, pickup, drop_off)) in enumerate(zip(visits, points, strict=True)):
            self.rows["stop_times"].append((
                trip_id, _time(visit, "Arrival"), _time(visit, "Departure"), self.stop_of[point], str(order), pickup,
                drop_off,
            ))  # fmt: skip
        for group in element.iter(f"{_NS}HeadwayJourneyGroup"):
            self._headway(trip_id, group)

    def _headway(self, trip_id: str, group: Element) -> None:
        headway = int(_text(group, "ScheduledHeadwayInterval").removeprefix("PT").removesuffix("S"))
        first, last = (_seconds(group, f"{end}DepartureTime", f"{end}DayOffset") for end in ("First", "Last"))
        exact = "0" if _text(group, "HeadwayDisplay") == "DisplayInsteadOfPassingTimes" else "1"
        self.rows["frequencies"].append((trip_id, _clock(first), _clock(last + headway), str(headway), exact))

    # --- all together

    def tables(self) -> FeedTables:
        for row, place in self.quays:
            station = self.source.get(place) or self.source.get(self.parents.get(place, ""), "")
            self.rows["stops"].append(_with_parent(row, station))
        for period, day_type in self.assigned:
            self.rows["calendar_dates"] += [
                (self.source[day_type], f"{day:%Y%m%d}", "1") for day in self.periods[period]
            ]
        days = dict(self.days)
        self.rows["trips"] = [
            (row[0], self.source[days[row[2]]], *row[2:]) for row in self.rows["trips"]
        ]  # the calendar is read after the lines
        self.rows["routes"] = [(row[0], self.source[row[1]], *row[2:]) for row in self.rows["routes"]]
        self.rows["agency"] = [(*row[:3], self.zone, *row[4:]) for row in self.rows["agency"]]
        self.rows["stop_times"] = [(*row[:3], self.source[row[3]], *row[4:]) for row in self.rows["stop_times"]]
        return FeedTables({name: _frame(name, rows) for name, rows in self.rows.items() if rows})


def _frame(name: str, rows: list[tuple[str, ...]]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(_COLUMNS[name], pl.String), orient="row")
    return frame.with_columns(pl.int_range(2, frame.height + 2, dtype=pl.Int64).alias(LINE))


def _place_row(element: Element, kind: str) -> tuple[str, ...]:
    location = element.find(f"{_NS}Centroid/{_NS}Location")
    lat, lon = ("", "") if location is None else (_text(location, "Latitude"), _text(location, "Longitude"))
    access = {"true": "1", "false": "2"}.get(
        element.findtext(f"{_NS}AccessibilityAssessment//{_NS}WheelchairAccess"), ""
    )
    return (
        _source(element), _text(element, "PrivateCode"), _text(element, "Name"), lat, lon, kind, "", access,
        _text(element, "PublicCode"),
    )  # fmt: skip


def _with_parent(row: tuple[str, ...], parent: str) -> tuple[str, ...]:
    return (*row[:6], parent, *row[7:])


def _text(element: Element, name: str) -> str:
    return element.findtext(f"{_NS}{name}") or ""


def _ref(element: Element, name: str) -> str:
    found = element.find(f"{_NS}{name}")
    return "" if found is None else found.get("ref")


def _source(element: Element) -> str:
    return element.findtext(f"{_NS}keyList/{_NS}KeyValue/{_NS}Value") or ""


def _seconds(element: Element, time: str, offset: str) -> int:
    hours, minutes, seconds = (int(part) for part in _text(element, time).split(":"))
    return int(_text(element, offset) or 0) * 86_400 + hours * 3600 + minutes * 60 + seconds


def _time(visit: Element, end: str) -> str:
    return _clock(_seconds(visit, f"{end}Time", f"{end}DayOffset")) if _text(visit, f"{end}Time") else ""


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"

"""line_*.xml: a line, the ways its trips go (ServiceJourneyPattern) and the trips themselves (ServiceJourney).
French profile, parts "réseaux" and "horaires".

A time is that of the day plus a number of days; a visit for which the feed gives no time has none here either. A trip
repeated by headways is a TemplateServiceJourney.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from mobigo.network.engine.columns import BLANK_S, ints, texts
from mobigo.network.export.netex.names import (
    Element,
    Naming,
    Writing,
    add,
    add_given,
    add_source,
    add_url,
    coded,
    composite,
    entity,
    frame,
    ident,
)
from mobigo.network.export.netex.resources import NO_AGENCY, operators_of
from mobigo.network.export.netex.source import Source
from mobigo.network.export.netex.stops import Places, add_accessibility
from mobigo.network.model.modes import mode_of

NOT_AVAILABLE, PHONE, DRIVER = 1, 2, 3  # pickup_type and drop_off_type
DAY_S = 86_400
_DIRECTIONS = {0: "outbound", 1: "inbound"}  # of direction_id


@dataclass(frozen=True)
class Pattern:
    """The trips of a line that go the same way: same direction, same signs, same stops, same rules."""

    code: str
    direction: int
    sign: str
    first_trip: int  # by its visits the way is read
    trips: tuple[int, ...]


class LineWriter:
    """Writes the files of the lines of a feed."""

    def __init__(self, source: Source, naming: Naming, places: Places) -> None:
        self.source, self.naming, self.places = source, naming, places
        self.trip_ids = texts(source.trips, "trip_id").to_list()
        self.services = texts(source.trips, "service_id").to_list()
        self.signs = texts(source.trips, "trip_headsign").to_list()
        self.numbers = texts(source.trips, "trip_short_name").to_list()
        self.directions = ints(source.trips, "direction_id", -1)
        self.kinds = ints(source.routes, "route_type", -1)
        self.access = ints(source.trips, "wheelchair_accessible", 0)
        self.stop_ids = texts(source.stops, "stop_id").to_list()
        self.stop_names = texts(source.stops, "stop_name").to_list()

    @cached_property
    def routes(self) -> dict[str, list[str]]:
        """The columns of routes.txt that are written."""
        columns = (
            "route_id", "route_short_name", "route_long_name", "route_desc", "route_url", "route_color",
            "route_text_color",
        )  # fmt: skip
        return {column: texts(self.source.routes, column).to_list() for column in columns}

    def code(self, route: int) -> str:
        """The code of a line, by row of routes."""
        return self.naming.code(self.routes["route_id"][route])

    @cached_property
    def operators(self) -> list[str]:
        """The agency of each line."""
        return operators_of(self.source)

    def _operator(self, route: int) -> str:
        return ident("Operator", self.naming.code(self.operators[route] or NO_AGENCY))

    def file_name(self, route: int) -> str:
        """The name of a line's file."""
        return f"line_{coded(self.routes['route_id'][route])}.xml"

    def write(self, route: int, xml: Writing) -> int:
        """Write the file of a line; how many passing times it holds."""
        code = self.code(route)
        patterns = self._patterns(route)
        with composite(xml, "LIGNE", code):
            with frame(xml, "LIGNE_STRUCTURE", code):
                xml.write(self._line(route))
                for element in self._structure(route, patterns):
                    xml.write(element)
            with frame(xml, "HORAIRE", code, zone=self.naming.zone):
                return sum(self._journeys(route, pattern, xml) for pattern in patterns)

    def _patterns(self, route: int) -> list[Pattern]:
        source, found = self.source, defaultdict[tuple[int, str, bytes], list[int]](list)
        for trip in source.kept[route]:
            visits = slice(int(source.starts[trip]), int(source.starts[trip + 1]))
            columns = (source.stop, source.pickup, source.drop_off, source.headsign)
            key = np.stack([column[visits] for column in columns]).astype(np.int32).tobytes()
            found[int(self.directions[trip]), self.signs[trip], key].append(trip)
        code = self.code(route)
        return [
            Pattern(f"{code}__{number}", direction, sign, trips[0], tuple(trips))
            for number, ((direction, sign, _), trips) in enumerate(found.items(), start=1)
        ]

    def _line(self, route: int) -> Element:
        text = {column: values[route] for column, values in self.routes.items()}
        mode = mode_of(int(self.kinds[route]))
        element = entity("Line", self.code(route))
        add_source(element, text["route_id"])
        add(element, "Name", text["route_long_name"] or text["route_short_name"] or text["route_id"])
        add_given(element, "Description", text["route_desc"])
        add(element, "TransportMode", mode.name)
        if mode.submode is not None:
            add(add(element, "TransportSubmode"), *mode.submode)
        add_url(element, "Url", text["route_url"])
        add_given(element, "PublicCode", text["route_short_name"])
        add(element, "OperatorRef", ref=self._operator(route))
        colours = [("Colour", text["route_color"]), ("TextColour", text["route_text_color"])]
        given = [(name, value) for name, value in colours if _is_colour(value)]
        if given:
            presentation = add(element, "Presentation")
            for name, value in given:
                add(presentation, name, value)
        return element

    def _structure(self, route: int, patterns: list[Pattern]) -> Iterable[Element]:
        code = self.code(route)
        for direction in sorted({pattern.direction for pattern in patterns}):
            element = entity("Route", _way(code, direction))
            add(element, "Name", self._way_name(patterns, direction))
            add(element, "LineRef", ref=ident("Line", code))
            if direction in _DIRECTIONS:
                add(element, "DirectionType", _DIRECTIONS[direction])
            yield element
        signs = sorted({self._sign(pattern) for pattern in patterns} | self._own_signs(patterns))
        for sign in signs:
            element = entity("DestinationDisplay", self._sign_code(code, sign))
            add(element, "FrontText", sign)
            yield element
        for pattern in patterns:
            yield self._pattern(code, pattern)
        stops = sorted({stop for pattern in patterns for stop in self._visits(pattern)})
        for stop in stops:
            element = entity("ScheduledStopPoint", self._point(code, stop))
            add(element, "Name", self.stop_names[stop] or self.stop_ids[stop])
            yield element
        for stop in stops:
            element = entity("PassengerStopAssignment", self._point(code, stop), order="1")
            add(element, "ScheduledStopPointRef", ref=ident("ScheduledStopPoint", self._point(code, stop)))
            add(element, "StopPlaceRef", ref=self.places.place[stop])
            add(element, "QuayRef", ref=self.places.quay[stop])
            yield element

    def _visits(self, pattern: Pattern) -> list[int]:
        starts = self.source.starts
        visits = slice(int(starts[pattern.first_trip]), int(starts[pattern.first_trip + 1]))
        return [int(stop) for stop in self.source.stop[visits]]

    def _way_name(self, patterns: list[Pattern], direction: int) -> str:
        """Where most trips of a direction go, from and to."""
        most = min((each for each in patterns if each.direction == direction), key=lambda each: -len(each.trips))
        visits = self._visits(most)
        first, last = (self.stop_names[stop] or self.stop_ids[stop] for stop in (visits[0], visits[-1]))
        return f"{first} - {last}"

    def _sign(self, pattern: Pattern) -> str:
        """What the vehicle shows: the trip's sign, or the name of its last stop."""
        last = self._visits(pattern)[-1]
        return pattern.sign or self.stop_names[last] or self.stop_ids[last]

    def _own_signs(self, patterns: list[Pattern]) -> set[str]:
        source = self.source
        return {
            source.headsigns[sign]
            for pattern in patterns
            for sign in source.headsign[source.starts[pattern.first_trip] : source.starts[pattern.first_trip + 1]]
            if sign >= 0
        }

    @staticmethod
    def _sign_code(code: str, sign: str) -> str:
        return f"{code}__{coded(sign)}"

    def _point(self, code: str, stop: int) -> str:
        return f"{code}__{coded(self.stop_ids[stop])}"

    def _pattern(self, code: str, pattern: Pattern) -> Element:
        source = self.source
        element = entity("ServiceJourneyPattern", pattern.code)
        add(element, "RouteRef", ref=ident("Route", _way(code, pattern.direction)))
        add(
            element, "DestinationDisplayRef",
            ref=ident("DestinationDisplay", self._sign_code(code, self._sign(pattern))),
        )  # fmt: skip
        points = add(element, "pointsInSequence")
        first = int(source.starts[pattern.first_trip])
        for place, stop in enumerate(self._visits(pattern)):
            order, visit = str(place + 1), first + place
            pickup, drop_off = int(source.pickup[visit]), int(source.drop_off[visit])
            point = entity("StopPointInJourneyPattern", f"{pattern.code}__{order}", order=order)
            add(point, "ScheduledStopPointRef", ref=ident("ScheduledStopPoint", self._point(code, stop)))
            add(point, "ForAlighting", "false" if drop_off == NOT_AVAILABLE else "true")
            add(point, "ForBoarding", "false" if pickup == NOT_AVAILABLE else "true")
            if source.headsign[visit] >= 0:
                sign = source.headsigns[source.headsign[visit]]
                add(point, "DestinationDisplayRef", ref=ident("DestinationDisplay", self._sign_code(code, sign)))
            if DRIVER in (pickup, drop_off):
                add(point, "RequestStop", "true")
            if PHONE in (pickup, drop_off):
                add(add(point, "BookingArrangements"), "BookingMethods", "callOffice")
            points.append(point)
        return element

    def _journeys(self, route: int, pattern: Pattern, xml: Writing) -> int:
        source = self.source
        written = 0
        operator = self._operator(route)
        pattern_ref = ident("ServiceJourneyPattern", pattern.code)
        for trip in pattern.trips:
            repeats = source.frequencies.get(trip, ())
            code = self.naming.code(self.trip_ids[trip])
            element = entity("TemplateServiceJourney" if repeats else "ServiceJourney", code)
            add_source(element, self.trip_ids[trip])
            add_accessibility(element, int(self.access[trip]), code)
            add(add(element, "dayTypes"), "DayTypeRef", ref=ident("DayType", self.naming.code(self.services[trip])))
            add(element, "JourneyPatternRef", ref=pattern_ref)
            add_given(element, "PublicCode", self.numbers[trip])
            add(element, "OperatorRef", ref=operator)
            visits = slice(int(source.starts[trip]), int(source.starts[trip + 1]))
            add(element, "passingTimes")
            if repeats:
                _add_headways(element, code, repeats)
            times = zip(source.arrive_s[visits].tolist(), source.depart_s[visits].tolist(), strict=True)
            xml.write_with(element, "passingTimes", "".join([_passing(arrive, depart) for arrive, depart in times]))
            written += visits.stop - visits.start
        return written


def _way(code: str, direction: int) -> str:
    return code if direction < 0 else f"{code}__{direction}"


def _is_colour(text: str) -> bool:
    return len(text) == 6 and all(letter in "0123456789abcdefABCDEF" for letter in text)


def _time(seconds: int) -> tuple[str, str]:
    """A service time as the time of a day and the number of days to add."""
    days, rest = divmod(seconds, DAY_S)
    return f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}", str(days)


@lru_cache(maxsize=200_000)
def _passing(arrive: int, depart: int) -> str:
    """A visit: no time where there is none."""
    told = ""
    for name, when in (("Arrival", arrive), ("Departure", depart)):
        if when != BLANK_S:
            text, days = _time(when)
            told += f"<{name}Time>{text}</{name}Time><{name}DayOffset>{days}</{name}DayOffset>"
    return f"<TimetabledPassingTime>{told}</TimetabledPassingTime>"


def _add_headways(element: Element, code: str, repeats: tuple[tuple[int, int, int, bool], ...]) -> None:
    """One HeadwayJourneyGroup a row of frequencies.txt: its first and its last departure, and the headway."""
    add(element, "TemplateVehicleJourneyType", "headway")
    groups = add(element, "frequencyGroups")
    for number, (start, end, headway, exact) in enumerate(repeats, start=1):
        group = entity("HeadwayJourneyGroup", f"{code}__{number}")
        last = start + (end - start - 1) // headway * headway
        add(group, "Name", f"{_time(start)[0]} - {_time(last)[0]}")
        for kind, when in (("First", start), ("Last", last)):
            text, days = _time(when)
            add(group, f"{kind}DepartureTime", text)
            add(group, f"{kind}DayOffset", days)
        add(group, "ScheduledHeadwayInterval", f"PT{headway}S")
        add(group, "HeadwayDisplay", "DisplayAsWellAsPassingTimes" if exact else "DisplayInsteadOfPassingTimes")
        groups.append(group)

"""line_*.xml: a line, the ways its trips go (ServiceJourneyPattern) and, by `journeys`, the trips themselves. French
profile, parts "réseaux" and "horaires".
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property, partial

import numpy as np

from mobigo.network.engine.columns import ints, texts
from mobigo.network.export.netex.journeys import JourneyWriter
from mobigo.network.export.netex.markup import entity, leaf, reference
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
    frame,
    ident,
)
from mobigo.network.export.netex.names import entity as element_of
from mobigo.network.export.netex.resources import NO_AGENCY, operators_of
from mobigo.network.export.netex.source import Source
from mobigo.network.export.netex.stops import Places
from mobigo.network.model.modes import mode_of

NOT_AVAILABLE, PHONE, DRIVER = 1, 2, 3  # pickup_type and drop_off_type
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

    def __init__(self, feed: Source, naming: Naming, places: Places) -> None:
        self.feed, self.naming, self.places = feed, naming, places
        self.trips = JourneyWriter(feed, naming)
        self.signs = texts(feed.trips, "trip_headsign").to_list()
        self.directions = ints(feed.trips, "direction_id", -1).tolist()
        self.kinds = ints(feed.routes, "route_type", -1)
        self.stop_ids = texts(feed.stops, "stop_id").to_list()
        self.stop_names = texts(feed.stops, "stop_name").to_list()

    @cached_property
    def routes(self) -> dict[str, list[str]]:
        """The columns of routes.txt that are written."""
        columns = (
            "route_id", "route_short_name", "route_long_name", "route_desc", "route_url", "route_color",
            "route_text_color",
        )  # fmt: skip
        return {column: texts(self.feed.routes, column).to_list() for column in columns}

    def code(self, route: int) -> str:
        """The code of a line, by row of routes."""
        return self.naming.code(self.routes["route_id"][route])

    @cached_property
    def operators(self) -> list[str]:
        """The agency of each line."""
        return operators_of(self.feed)

    @cached_property
    def _ways(self) -> np.ndarray:
        """What makes the way of a trip, a row for each visit: the stop, its rules, its sign."""
        feed = self.feed
        return np.stack([feed.stop, feed.pickup, feed.drop_off, feed.headsign], axis=1).astype(np.int32)

    def _operator(self, route: int) -> str:
        return self.naming.code(self.operators[route] or NO_AGENCY)

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
                xml.write_text("".join(self._structure(route, patterns)))
            with frame(xml, "HORAIRE", code, zone=self.naming.zone):
                operator = self._operator(route)
                for pattern in patterns:
                    xml.write_text("".join(self.trips.journeys(pattern.trips, pattern.code, operator)))
        starts = self.trips.starts
        return sum(starts[trip + 1] - starts[trip] for pattern in patterns for trip in pattern.trips)

    def _patterns(self, route: int) -> list[Pattern]:
        starts, ways = self.trips.starts, self._ways
        found = defaultdict[tuple[int, str, bytes], list[int]](list)
        for trip in self.feed.kept[route]:
            key = ways[starts[trip] : starts[trip + 1]].tobytes()
            found[self.directions[trip], self.signs[trip], key].append(trip)
        code = self.code(route)
        return [
            Pattern(f"{code}__{number}", direction, sign, trips[0], tuple(trips))
            for number, ((direction, sign, _), trips) in enumerate(found.items(), start=1)
        ]

    def _line(self, route: int) -> Element:
        text = {column: values[route] for column, values in self.routes.items()}
        mode = mode_of(int(self.kinds[route]))
        element = element_of("Line", self.code(route))
        add_source(element, text["route_id"])
        add(element, "Name", text["route_long_name"] or text["route_short_name"] or text["route_id"])
        add_given(element, "Description", text["route_desc"])
        add(element, "TransportMode", mode.name)
        if mode.submode is not None:
            add(add(element, "TransportSubmode"), *mode.submode)
        add_url(element, "Url", text["route_url"])
        add_given(element, "PublicCode", text["route_short_name"])
        add(element, "OperatorRef", ref=ident("Operator", self._operator(route)))
        colours = [("Colour", text["route_color"]), ("TextColour", text["route_text_color"])]
        given = [(name, value) for name, value in colours if _is_colour(value)]
        if given:
            presentation = add(element, "Presentation")
            for name, value in given:
                add(presentation, name, value)
        return element

    def _structure(self, route: int, patterns: list[Pattern]) -> Iterator[str]:
        code = self.code(route)
        for direction in sorted({pattern.direction for pattern in patterns}):
            content = leaf("Name", self._way_name(patterns, direction)) + reference("LineRef", "Line", code)
            if direction in _DIRECTIONS:
                content += leaf("DirectionType", _DIRECTIONS[direction])
            yield entity("Route", _way(code, direction), content)
        for sign in sorted({self._sign(pattern) for pattern in patterns} | self._own_signs(patterns)):
            yield entity("DestinationDisplay", self._sign_code(code, sign), leaf("FrontText", sign))
        point = cache(partial(self._point_of_pattern, code))
        for pattern in patterns:
            yield self._pattern(code, pattern, point)
        yield from self._points(code, sorted({stop for pattern in patterns for stop in self._visits(pattern)}))

    def _points(self, code: str, stops: list[int]) -> Iterator[str]:
        """The stops of a line: as its ways see them, then the place and the spot of each."""
        for stop in stops:
            name = leaf("Name", self.stop_names[stop] or self.stop_ids[stop])
            yield entity("ScheduledStopPoint", self._point(code, stop), name)
        for stop in stops:
            own = self._point(code, stop)
            content = reference("ScheduledStopPointRef", "ScheduledStopPoint", own)
            content += f'<StopPlaceRef ref="{self.places.place[stop]}"/><QuayRef ref="{self.places.quay[stop]}"/>'
            yield entity("PassengerStopAssignment", own, content, order="1")

    def _slice(self, pattern: Pattern) -> slice:
        starts = self.trips.starts
        return slice(starts[pattern.first_trip], starts[pattern.first_trip + 1])

    def _visits(self, pattern: Pattern) -> list[int]:
        stops: list[int] = self.feed.stop[self._slice(pattern)].tolist()
        return stops

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
        feed = self.feed
        return {
            feed.headsigns[sign]
            for pattern in patterns
            for sign in feed.headsign[feed.starts[pattern.first_trip] : feed.starts[pattern.first_trip + 1]]
            if sign >= 0
        }

    @staticmethod
    def _sign_code(code: str, sign: str) -> str:
        return f"{code}__{coded(sign)}"

    def _point(self, code: str, stop: int) -> str:
        return f"{code}__{coded(self.stop_ids[stop])}"

    def _pattern(self, code: str, pattern: Pattern, point: Callable[[int, int, int, int], str]) -> str:
        feed, points = self.feed, []
        visits = self._slice(pattern)
        columns = (feed.stop, feed.pickup, feed.drop_off, feed.headsign)
        for order, visit in enumerate(zip(*(column[visits].tolist() for column in columns), strict=True), start=1):
            own = ident("StopPointInJourneyPattern", f"{pattern.code}__{order}")
            points.append(
                f'<StopPointInJourneyPattern id="{own}" version="any" order="{order}">{point(*visit)}'
                "</StopPointInJourneyPattern>"
            )
        sign = self._sign_code(code, self._sign(pattern))
        content = (
            f"{reference('RouteRef', 'Route', _way(code, pattern.direction))}"
            f"{reference('DestinationDisplayRef', 'DestinationDisplay', sign)}"
            f"<pointsInSequence>{''.join(points)}</pointsInSequence>"
        )
        return entity("ServiceJourneyPattern", pattern.code, content)

    def _point_of_pattern(self, code: str, stop: int, pickup: int, drop_off: int, headsign: int) -> str:
        """What is said of a stop of a way, wherever it stands in it."""
        content = reference("ScheduledStopPointRef", "ScheduledStopPoint", self._point(code, stop))
        content += leaf("ForAlighting", "false" if drop_off == NOT_AVAILABLE else "true")
        content += leaf("ForBoarding", "false" if pickup == NOT_AVAILABLE else "true")
        if headsign >= 0:
            sign = self._sign_code(code, self.feed.headsigns[headsign])
            content += reference("DestinationDisplayRef", "DestinationDisplay", sign)
        if DRIVER in (pickup, drop_off):
            content += leaf("RequestStop", "true")
        if PHONE in (pickup, drop_off):
            content += f"<BookingArrangements>{leaf('BookingMethods', 'callOffice')}</BookingArrangements>"
        return content


def _way(code: str, direction: int) -> str:
    return code if direction < 0 else f"{code}__{direction}"


def _is_colour(text: str) -> bool:
    return len(text) == 6 and all(letter in "0123456789abcdefABCDEF" for letter in text)

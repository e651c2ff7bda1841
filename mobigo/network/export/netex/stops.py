"""stop.xml: places where one boards (StopPlace) and the very spots (Quay). French profile, part "arrêts".

A stop of the feed is a Quay, a station a StopPlace, an entrance a StopPlaceEntrance of it. Every Quay belongs to a
StopPlace of one mode: the station's own part of that mode, or, for a stop without a station, one of its own. Generic
nodes and boarding areas are not written.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from lxml import etree

from mobigo.network.engine.columns import floats, ints, rows_of, texts
from mobigo.network.export.netex import markup
from mobigo.network.export.netex.markup import leaf
from mobigo.network.export.netex.names import (
    Element,
    Naming,
    Writing,
    add,
    add_given,
    add_source,
    add_url,
    entity,
    frame,
    ident,
)
from mobigo.network.export.netex.source import Source
from mobigo.network.model.modes import mode_of

STOP, STATION, ENTRANCE = 0, 1, 2
_PLACE_TYPES = {
    "bus": "onstreetBus", "coach": "onstreetBus", "trolleyBus": "onstreetBus", "tram": "tramStation",
    "metro": "metroStation", "rail": "railStation", "water": "ferryStop", "air": "airport", "cableway": "liftStation",
    "taxi": "taxiRank",
}  # fmt: skip
_ANY = "bus"  # the mode of a stop where nothing calls, and of a station of such stops


@dataclass(frozen=True)
class Places:
    """Each stop's Quay and StopPlace, by row of `Source.stops`; stops that are no Quay have neither."""

    quay: Mapping[int, str]
    place: Mapping[int, str]
    left_out: Mapping[str, int]


class _Stops:
    def __init__(self, source: Source, naming: Naming) -> None:
        table = source.stops
        self.naming, self.authorised_only = naming, False
        self.ids = texts(table, "stop_id").to_list()
        self.kind = ints(table, "location_type", STOP)
        self.parent = rows_of(texts(table, "parent_station"), texts(table, "stop_id"))
        self.lat, self.lon = floats(table, "stop_lat"), floats(table, "stop_lon")
        self.access = ints(table, "wheelchair_boarding", 0)
        self.text = {
            column: texts(table, column).to_list()
            for column in ("stop_name", "stop_desc", "stop_code", "platform_code", "stop_url")
        }
        self.modes = _modes(source)

    def station_of(self, row: int) -> int | None:
        parent = int(self.parent[row])
        return parent if parent >= 0 and self.kind[parent] == STATION else None

    def mode(self, row: int) -> str:
        return self.modes.get(row, _ANY)

    def own_place(self, row: int) -> str:
        """The code of the StopPlace of one mode in which a Quay lies."""
        station = self.station_of(row)
        if station is None:
            return f"{self.naming.code(self.ids[row])}_auto"
        return f"{self.naming.code(self.ids[station])}_{self.mode(row)}"


def _modes(source: Source) -> dict[int, str]:
    """By row of stops, the mode of most trips that call there."""
    counted: dict[int, Counter[str]] = {}
    kinds = ints(source.routes, "route_type", -1)
    for route, trips in source.kept.items():
        mode = mode_of(int(kinds[route])).name
        calls: Counter[int] = Counter()
        for trip in trips:
            calls.update(source.stop[source.starts[trip] : source.starts[trip + 1]].tolist())
        for stop, number in calls.items():
            counted.setdefault(stop, Counter())[mode] += number
    return {stop: min(modes, key=lambda mode: (-modes[mode], mode)) for stop, modes in counted.items()}


def write_stops(source: Source, naming: Naming, xml: Writing, *, authorised_only: bool = False) -> Places:
    """Write the frame NETEX_ARRET; what the other files refer to."""
    stops = _Stops(source, naming)
    stops.authorised_only = authorised_only
    quays = [row for row in range(len(stops.ids)) if stops.kind[row] == STOP]
    with frame(xml, "ARRET"):
        parts: dict[str, list[int]] = {}
        for row in quays:
            parts.setdefault(stops.own_place(row), []).append(row)
            xml.write(_quay(stops, row))
        for code, rows in sorted(parts.items()):
            xml.write(_part(stops, code, rows))
        entrances: dict[int, list[int]] = {}
        of_station: dict[int, list[int]] = {}
        for row in quays:
            of_station.setdefault(int(stops.parent[row]), []).append(row)
        for row in np.flatnonzero(stops.kind == ENTRANCE).tolist():
            station = stops.station_of(row)
            if station is not None:
                entrances.setdefault(station, []).append(row)
        for row in np.flatnonzero(stops.kind == STATION).tolist():
            xml.write(_station(stops, row, of_station.get(row, []), entrances.get(row, [])))
    lost = Counter(int(kind) for kind in stops.kind.tolist() if kind not in (STOP, STATION, ENTRANCE))
    return Places(
        {row: ident("Quay", naming.code(stops.ids[row])) for row in quays},
        {row: ident("StopPlace", stops.own_place(row)) for row in quays},
        {f"location_type_{kind}": number for kind, number in sorted(lost.items())},
    )


def _quay(stops: _Stops, row: int) -> Element:
    element = entity("Quay", stops.naming.code(stops.ids[row]))
    add_source(element, stops.ids[row])
    _described(stops, row, element)
    _use(stops, element)
    add(element, "SiteRef", ref=ident("StopPlace", stops.own_place(row)))
    add(element, "TransportMode", stops.mode(row))
    add_given(element, "PublicCode", stops.text["platform_code"][row])
    return element


def _described(stops: _Stops, row: int, element: Element) -> None:
    """Name, description, code, position, page, accessibility: what a stop and a station have alike."""
    add(element, "Name", stops.text["stop_name"][row] or stops.ids[row])
    add_given(element, "Description", stops.text["stop_desc"][row])
    add_given(element, "PrivateCode", stops.text["stop_code"][row])
    _centroid(stops, row, element)
    if element.tag == "StopPlace":
        add(add(element, "placeTypes"), "TypeOfPlaceRef", ref="multimodalStopPlace")
    add_url(element, "Url", stops.text["stop_url"][row])
    _add_accessibility(element, int(stops.access[row]), stops.naming.code(stops.ids[row]))


def _use(stops: _Stops, element: Element) -> None:
    """Who may get on or off there; everybody, where nothing is said."""
    if stops.authorised_only:
        add(element, "PublicUse", "authorisedPublicOnly")


def _centroid(stops: _Stops, row: int, element: Element) -> None:
    lat, lon = float(stops.lat[row]), float(stops.lon[row])
    if np.isnan(lat) or np.isnan(lon):
        return
    location = add(add(element, "Centroid"), "Location")
    add(location, "Longitude", np.format_float_positional(lon, trim="0"))
    add(location, "Latitude", np.format_float_positional(lat, trim="0"))


def accessibility(of: str, said: int, code: str) -> str:
    """What GTFS says of wheelchairs, as text: 1 yes, 2 no; nothing is written of what is not known.

    A wheelchair alone is not all that impairs mobility: yes is "partial", no is "unknown".
    """
    if said not in (1, 2):
        return ""
    limitation = (
        f"{leaf('WheelchairAccess', 'true' if said == 1 else 'false')}"
        f"{leaf('AudibleSignalsAvailable', 'unknown')}{leaf('VisualSignsAvailable', 'unknown')}"
    )
    impaired = leaf("MobilityImpairedAccess", "partial" if said == 1 else "unknown")
    content = f"{impaired}<limitations><AccessibilityLimitation>{limitation}</AccessibilityLimitation></limitations>"
    return markup.entity("AccessibilityAssessment", f"{of}_{code}", content)


def _add_accessibility(element: Element, said: int, code: str) -> None:
    text = accessibility(element.tag, said, code)
    if text:
        element.append(etree.fromstring(text))


def _part(stops: _Stops, code: str, rows: list[int]) -> Element:
    """The StopPlace of one mode that holds these Quays."""
    station = stops.station_of(rows[0])
    shown = rows[0] if station is None else station
    element = entity("StopPlace", code)
    add(element, "Name", stops.text["stop_name"][shown] or stops.ids[shown])
    _centroid(stops, shown, element)
    add(add(element, "placeTypes"), "TypeOfPlaceRef", ref="monomodalStopPlace")
    _use(stops, element)
    if station is not None:
        add(element, "ParentSiteRef", ref=ident("StopPlace", stops.naming.code(stops.ids[station])))
    mode = stops.mode(rows[0])
    add(element, "TransportMode", mode)
    add(element, "StopPlaceType", _PLACE_TYPES.get(mode, "other"))
    quays = add(element, "quays")
    for row in rows:
        add(quays, "QuayRef", ref=ident("Quay", stops.naming.code(stops.ids[row])))
    return element


def _station(stops: _Stops, row: int, quays: list[int], entrances: list[int]) -> Element:
    element = entity("StopPlace", stops.naming.code(stops.ids[row]))
    add_source(element, stops.ids[row])
    _described(stops, row, element)
    _use(stops, element)
    if entrances:
        holder = add(element, "entrances")
        for entrance in entrances:
            holder.append(_entrance(stops, entrance, row))
    modes = Counter(stops.mode(quay) for quay in quays)
    mode = min(modes, key=lambda each: (-modes[each], each)) if modes else _ANY
    add(element, "TransportMode", mode)
    add(element, "StopPlaceType", _PLACE_TYPES.get(mode, "other"))
    return element


def _entrance(stops: _Stops, row: int, station: int) -> Element:
    element = entity("StopPlaceEntrance", stops.naming.code(stops.ids[row]))
    add_source(element, stops.ids[row])
    add(element, "Name", stops.text["stop_name"][row] or stops.ids[row])
    _centroid(stops, row, element)
    _add_accessibility(element, int(stops.access[row]), stops.naming.code(stops.ids[row]))
    add(element, "SiteRef", ref=ident("StopPlace", stops.naming.code(stops.ids[station])))
    add(element, "IsEntry", "true")
    add(element, "IsExit", "true")
    return element

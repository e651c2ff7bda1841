"""The lines of the network being served as those who check and count need them: their stops in order, with places."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from billettique.model.ticket import Here, Station, TravelClass
from mobigo.base.errors import NotFound
from mobigo.network.engine.lines import calls_of, merged_rows
from mobigo.network.model.timetable import Timetable

OUR_TABLE: Final = "localCarrierStationCodeTable"  # our stable place ids
UIC_TABLE: Final = "stationUIC"
_EARTH_KM: Final = 6_371.0
_PATTERNS_MAX: Final = 40  # trips looked at in each direction: more tell nothing new


@dataclass(frozen=True, slots=True)
class StopOfLine:
    """A stop: its stable place id, its name, its code for travellers, where it is."""

    place: str
    name: str
    code: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class LineStops:
    """A line and the stops it serves, in the order of each direction."""

    code: str
    name: str
    directions: tuple[tuple[StopOfLine, ...], ...]

    def stops(self) -> list[StopOfLine]:
        """Every stop once, in the order of the first direction that has it."""
        return list({stop.place: stop for way in self.directions for stop in way}.values())

    def here(self, travel_class: TravelClass = TravelClass.ANY) -> Here:
        """Where one is on this line: any of its stops, by our places and by the codes of stations."""
        stations = [Station(stop.place, OUR_TABLE) for stop in self.stops()]
        stations += [Station(stop.code, UIC_TABLE) for stop in self.stops() if stop.code.isdigit()]
        return Here(stations=frozenset(stations), travel_class=travel_class)


def lines_of(networks: Any) -> dict[str, LineStops]:
    """The lines being served, by code; none where no network was built yet."""
    try:
        with networks.current() as live:
            found: dict[str, LineStops] = live.derived("billettique.lines", derive_lines)
            return found
    except NotFound:
        return {}


def derive_lines(timetable: Timetable) -> dict[str, LineStops]:
    """The lines of a compiled timetable, by "feed:route"."""
    trips: dict[tuple[int, int], list[int]] = defaultdict(list)
    for trip, route in enumerate(timetable.trip_route.tolist()):
        trips[int(route), max(0, int(timetable.trip_direction[trip]))].append(trip)
    ways: dict[int, list[tuple[StopOfLine, ...]]] = defaultdict(list)
    for (route, _way), some in sorted(trips.items()):
        rows = merged_rows([calls_of(timetable, trip) for trip in some[:_PATTERNS_MAX]])
        ways[route].append(tuple(_stop(timetable, row) for row in rows))
    return {
        line.code: line
        for line in sorted((_line(timetable, route, some) for route, some in ways.items()), key=lambda each: each.name)
    }


def _line(timetable: Timetable, route: int, ways: list[tuple[StopOfLine, ...]]) -> LineStops:
    short, long = timetable.route_short_name[route], timetable.route_long_name[route]
    code = _code(timetable, route)
    return LineStops(code, " ".join(part for part in (short, long) if part) or code, tuple(ways))


def _stop(timetable: Timetable, row: int) -> StopOfLine:
    return StopOfLine(
        timetable.stop_place[row], timetable.stop_name[row], timetable.stop_code[row],
        round(float(timetable.stop_lat[row]), 5), round(float(timetable.stop_lon[row]), 5),
    )  # fmt: skip


def vehicle_km(networks: Any, first_day: date, last_day: date) -> dict[str, float]:
    """The kilometres of vehicles that the timetable being served has between two days, by line: straight from stop to
    stop, so somewhat less than the road. None where no network was built."""
    try:
        with networks.current() as live:
            return _vehicle_km(live.timetable, first_day, last_day)
    except NotFound:
        return {}


def _vehicle_km(timetable: Timetable, first_day: date, last_day: date) -> dict[str, float]:
    days = [first_day + timedelta(days=at) for at in range((last_day - first_day).days + 1)]
    runs = {int(row): sum(timetable.runs_on(int(row), day) for day in days) for row in np.unique(timetable.trip_days)}
    lat, lon = (np.radians(column[timetable.visit_stop]) for column in (timetable.stop_lat, timetable.stop_lon))
    east = np.diff(lon) * np.cos((lat[1:] + lat[:-1]) / 2)
    so_far = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(lat), east)))) * _EARTH_KM
    found: dict[str, float] = defaultdict(float)
    for trip, route in enumerate(timetable.trip_route.tolist()):
        first, end = int(timetable.trip_visit_start[trip]), int(timetable.trip_visit_start[trip + 1])
        if end > first:
            length = float(so_far[end - 1] - so_far[first])
            found[_code(timetable, int(route))] += length * runs[int(timetable.trip_days[trip])]
    return dict(found)


def _code(timetable: Timetable, route: int) -> str:
    return f"{timetable.feed_name[timetable.route_feed[route]]}:{timetable.route_id[route]}"


def network_of_lines(networks: Any, day: date, home: Path | None) -> dict[str, str]:
    """The network of the tariff of each line being served, by line code; lines of no network are left out."""
    from billettique.gateway.networks import network_tables
    from billettique.rules.networks import network_of, table_on

    table = table_on(network_tables(home), day)
    if table is None:
        return {}
    try:
        with networks.current() as live:
            timetable = live.timetable
            found = {
                _code(timetable, route): network_of(_agency(timetable, route), int(timetable.route_type[route]),
                                                    table.networks)
                for route in range(len(timetable.route_id))
            }  # fmt: skip
    except NotFound:
        return {}
    return {line: network.id for line, network in found.items() if network is not None}


def _agency(timetable: Timetable, route: int) -> str:
    agency = int(timetable.route_agency[route])
    return timetable.agency_name[agency] if agency >= 0 else ""

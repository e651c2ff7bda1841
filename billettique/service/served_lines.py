"""The lines of the network being served as those who check and count need them: their stops in order, with places."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from billettique.gateway.networks import network_tables
from billettique.model.ticket import Here, Line, Station
from billettique.rules.areas import UIC_TABLE, station_of, uic_station
from billettique.rules.networks import RAIL, mode_of, network_of, table_on
from mobigo.base.errors import NotFound
from mobigo.network.engine.lines import calls_of, merged_rows
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import Timetable

Found = TypeVar("Found")
_EARTH_KM: Final = 6_371.0
_PATTERNS_MAX: Final = 60  # of a direction, the most frequent: with more of them, the order of its stops is not known


@dataclass(frozen=True, slots=True)
class StopOfLine:
    """A stop: its stable place id, its name, its code for travellers, where it is; its UIC code, where it has one."""

    place: str
    name: str
    code: str
    lat: float
    lon: float
    uic: str = ""

    def stations(self) -> list[Station]:
        """What tickets call it: ours, and others'."""
        return [station_of(self.place), *([Station(self.uic, UIC_TABLE)] if self.uic else [])]


@dataclass(frozen=True, slots=True)
class LineStops:
    """A line and the stops it serves, in the order of each direction. `ordered`: every trip keeps that order."""

    code: str
    name: str
    directions: tuple[tuple[StopOfLine, ...], ...]
    ordered: bool = True

    def stops(self) -> list[StopOfLine]:
        """Every stop once, in the order of the first direction that has it."""
        return list({stop.place: stop for way in self.directions for stop in way}.values())

    def ways(self) -> tuple[tuple[Station, ...], ...]:
        """The stations of each direction, in order; none where the order is not known."""
        return tuple(tuple(station_of(stop.place) for stop in way) for way in self.directions) if self.ordered else ()


def here_of(networks: Any, line: str, stop: str, day: date, home: Path | None) -> Here | None:
    """Where somebody stands who names a line (by its code) and a stop (a stable place, or its code for travellers).
    None when no line is named; what is named and not known to us makes the place vague."""
    if not line:
        return None
    found, known = lines_of(networks).get(line), known_stations(networks)
    carriers = carriers_on(day, home)
    if found is None:
        return Here(known=known, carriers=carriers, vague=True)
    stops = found.stops()
    at = next((each for each in stops if stop and stop in (each.place, each.code)), None)
    network = network_of_line(networks, line, day, home)
    stations = frozenset(station for each in stops for station in each.stations())
    return Here(
        stations, line=None if network is None else Line(network, None), ways=found.ways(),
        stop=None if at is None else station_of(at.place), known=known, carriers=carriers,
        vague=bool(stop) and at is None,
    )  # fmt: skip


def known_stations(networks: Any) -> frozenset[Station]:
    """Every station of every line being served, by the number that our tickets bear."""

    def stations(live: LiveNetwork) -> frozenset[Station]:
        lines = live.derived("billettique.lines", derive_lines)
        return frozenset(station_of(stop.place) for line in lines.values() for stop in line.stops())

    return _derived(networks, "billettique.stations", stations) or frozenset()


def carriers_on(day: date, home: Path | None) -> frozenset[str]:
    """The networks of the tariff that day: the carriers that our tickets name."""
    table = table_on(network_tables(home), day)
    return frozenset() if table is None else frozenset(each.id for each in table.networks)


def lines_of(networks: Any) -> dict[str, LineStops]:
    """The lines being served, by code; none where no network was built yet."""
    return _derived(networks, "billettique.lines", lambda live: derive_lines(live.timetable)) or {}


def derive_lines(timetable: Timetable) -> dict[str, LineStops]:
    """The lines of a compiled timetable, by "feed:route"."""
    found: dict[int, list[tuple[tuple[StopOfLine, ...], bool]]] = defaultdict(list)
    for (route, _way), counted in sorted(_patterns(timetable).items()):
        usual = [pattern for pattern, _count in counted.most_common(_PATTERNS_MAX)]
        rows = dict.fromkeys(row for pattern in counted for row in pattern)
        merged = merged_rows(usual)
        kept, whole = frozenset(merged), len(usual) == len(counted)
        rail = mode_of(int(timetable.route_type[route])) == RAIL
        stops = tuple(_stop(timetable, row, rail) for row in [*merged, *(row for row in rows if row not in kept)])
        found[route].append((stops, whole))
    lines = (_line(timetable, route, some) for route, some in found.items())
    return {line.code: line for line in sorted(lines, key=lambda each: each.name)}


def derive_carried(timetable: Timetable) -> dict[str, tuple[str, int]]:
    """Of each line of a compiled timetable, by "feed:route": its agency and its GTFS mode."""
    return {
        _code(timetable, route): (_agency(timetable, route), int(mode))
        for route, mode in enumerate(timetable.route_type)
    }


def _derived(networks: Any, name: str, make: Callable[[LiveNetwork], Found]) -> Found | None:
    """What is derived of the timetable being served, once for each; None where no network was built yet."""
    try:
        with networks.current() as live:
            found: Found = live.derived(name, lambda _timetable: make(live))
            return found
    except NotFound:
        return None


def _patterns(timetable: Timetable) -> dict[tuple[int, int], Counter[tuple[int, ...]]]:
    """The stations that trips serve, in order, with how many trips do, by route and direction."""
    seen: Counter[tuple[int, int, bytes]] = Counter()
    example: dict[tuple[int, int, bytes], int] = {}
    starts, stops = timetable.trip_visit_start.tolist(), timetable.visit_stop
    for trip, route in enumerate(timetable.trip_route.tolist()):
        served = stops[starts[trip] : starts[trip + 1]].tobytes()
        key = route, max(0, int(timetable.trip_direction[trip])), served
        seen[key] += 1
        example.setdefault(key, trip)
    patterns: dict[tuple[int, int], Counter[tuple[int, ...]]] = defaultdict(Counter)
    for (route, way, served), times in seen.items():
        patterns[route, way][tuple(calls_of(timetable, example[route, way, served]))] += times
    return patterns


def _line(timetable: Timetable, route: int, ways: list[tuple[tuple[StopOfLine, ...], bool]]) -> LineStops:
    short, long = timetable.route_short_name[route], timetable.route_long_name[route]
    code, name = _code(timetable, route), " ".join(part for part in (short, long) if part)
    return LineStops(code, name or code, tuple(stops for stops, _ in ways), all(ordered for _, ordered in ways))


def _stop(timetable: Timetable, row: int, rail: bool) -> StopOfLine:
    return StopOfLine(
        timetable.stop_place[row], timetable.stop_name[row], timetable.stop_code[row],
        round(float(timetable.stop_lat[row]), 5), round(float(timetable.stop_lon[row]), 5),
        uic_of(timetable, row, rail),
    )  # fmt: skip


def uic_of(timetable: Timetable, row: int, rail: bool) -> str:
    """The UIC code of a stop of a line, a line of trains or not; "" where it has none."""
    found = uic_station(timetable.stop_id[row], timetable.stop_code[row], rail=rail)
    return "" if found is None else found.code


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
    table = table_on(network_tables(home), day)
    if table is None:
        return {}
    found = {line: network_of(*carried, table.networks) for line, carried in _carried(networks).items()}
    return {line: network.id for line, network in found.items() if network is not None}


def network_of_line(networks: Any, line: str, day: date, home: Path | None) -> str | None:
    """The same of one line, without a look at the others."""
    table, carried = table_on(network_tables(home), day), _carried(networks).get(line)
    found = None if table is None or carried is None else network_of(*carried, table.networks)
    return None if found is None else found.id


def _carried(networks: Any) -> dict[str, tuple[str, int]]:
    """Of each line being served, by code: its agency and its GTFS mode."""
    return _derived(networks, "billettique.carried", lambda live: derive_carried(live.timetable)) or {}


def _agency(timetable: Timetable, route: int) -> str:
    agency = int(timetable.route_agency[route])
    return timetable.agency_name[agency] if agency >= 0 else ""

"""Where a ticket is good, against where somebody checks it. Nobody is refused by our ignorance: what cannot be compared
is told, and the inspector reads the ticket.

Our own tickets name stations by a number of our stable places, in the issuer's own code table of the norm, and networks
as carriers all of whose lines are meant. From and to are said by UIC codes too, where both stations have one.
"""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

from billettique.model.ticket import Area, Fit, Here, Line, Station, Zone

OUR_TABLE: Final = "proprietaryIssuerStationCodeTable"
UIC_TABLE: Final = "stationUIC"
_OF_TRAINS: Final = re.compile(r"OCE(?:[A-Za-z ]+-)?(\d{8})$", re.ASCII)
_UIC: Final = re.compile(r"[5-9]\d{6,7}", re.ASCII)  # countries of UIC's railways: 50 and more in Europe
_NUMBERS: Final = 9_999_999  # a station's number in the norm is from 1 to this


def station_of(place: str) -> Station:
    """The station that a stable place is in a ticket: a number of 24 bits made of its id, which itself would take 182.

    Two places share a number once in ten million pairs: a ticket of one is then good on the lines of the other too.
    """
    number = int.from_bytes(sha256(f"place\0{place}".encode()).digest()[:8]) % _NUMBERS + 1
    return Station(str(number), OUR_TABLE)


def uic_station(stop_id: str, stop_code: str, *, rail: bool) -> Station | None:
    """A station of the railways by its UIC code, which other networks' devices know: seven figures, of which the first
    two are the country's. Timetables of French trains end the stop's id with it and the check digit of its last five
    figures; of trains alone, the code for travellers may be it. None where neither says it surely."""
    found = _OF_TRAINS.search(stop_id)
    for digits in (found[1] if found else "", stop_code.strip() if rail else ""):
        if _UIC.fullmatch(digits) and (len(digits) == 7 or digits[7] == _check_digit(digits[2:7])):
            return Station(digits[:7], UIC_TABLE)
    return None


def _check_digit(figures: str) -> str:
    doubled = (int(each) * (2 - at % 2) for at, each in enumerate(figures))
    return str(-sum(each // 10 + each % 10 for each in doubled) % 10)


def area_promised(
    stops: Sequence[str], networks: Sequence[tuple[str, str]] = (), ends: tuple[str, str] | None = None
) -> dict[str, Any]:
    """Where a title is good, as the snapshot of what is sold keeps it: from stop to stop (stable places, those between
    included), and on all the lines of networks (id, name). The names are its words where no stop is named.

    `ends` are the UIC codes of the first and the last stop, for other networks' devices; without both, neither is said:
    the norm has one code table for the two.
    """
    stations = [list(station_of(stop)) for stop in dict.fromkeys(stops)]
    if stations and ends and all(ends):
        stations = [[ends[0], UIC_TABLE], *stations, [ends[1], UIC_TABLE]]
    said: dict[str, Any] = {"stations": stations, "lines": [[network, None] for network, _name in networks]}
    if networks and not stops:
        said["words"] = ", ".join(name.partition(" (")[0] for _network, name in networks)
    return {part: value for part, value in said.items() if value}


def fit_of(area: Area, here: Here) -> Fit:
    """How this area and this place go together.

    Stations: the vehicle serves one of them; at a stop of its line, the stop lies between two of them, in some way the
    line runs. Zones and lines: one is the same. Any of the three suffices; what could not all be compared is told.
    """
    if not (here.stations or here.zones or here.line or here.vague):
        return Fit.GOOD
    if not (area.stations or area.zones or area.lines or area.words or area.opaque):
        return Fit.GOOD  # nothing said is everywhere
    lines, zones, stations = _of_lines(area, here), _of_zones(area, here), _of_stations(area, here)
    if lines is Fit.GOOD:
        return Fit.GOOD
    if Fit.GOOD in (zones, stations):
        return Fit.UNTOLD if here.vague else Fit.GOOD
    told = {lines, zones, stations} - {None}
    if area.opaque or not told or Fit.UNTOLD in told:
        return Fit.UNTOLD
    return Fit.BEYOND if Fit.BEYOND in told else Fit.ELSEWHERE


def _of_lines(area: Area, here: Here) -> Fit | None:
    if not area.lines:
        return None
    if here.line is None or (here.carriers is not None and here.line.carrier not in here.carriers):
        return Fit.UNTOLD
    if any(_same_line(here.line, mine) for mine in area.lines):
        return Fit.GOOD
    if not all(_known(mine.carrier, here.carriers) for mine in area.lines):
        return Fit.UNTOLD
    by_number = any(mine.carrier == here.line.carrier for mine in area.lines)
    return Fit.UNTOLD if by_number and here.line.number is None else Fit.ELSEWHERE


def _of_zones(area: Area, here: Here) -> Fit | None:
    if not area.zones:
        return None
    if not here.zones:
        return Fit.UNTOLD
    return Fit.GOOD if any(_within(zone, mine) for mine in area.zones for zone in here.zones) else Fit.ELSEWHERE


def _of_stations(area: Area, here: Here) -> Fit | None:
    # What we say for others beside our own numbers does not change what we ourselves compare.
    asked = frozenset(each for each in area.stations if each.table == OUR_TABLE) or frozenset(area.stations)
    if not asked:
        return None
    if not here.stations:
        return Fit.UNTOLD
    if here.stations.isdisjoint(asked):
        return Fit.ELSEWHERE if here.known is None or here.known.issuperset(asked) else Fit.UNTOLD
    if here.stop is None or here.stop in asked:
        return Fit.GOOD
    spans = [_span(way, asked) for way in here.ways]
    compared = [(way, span) for way, span in zip(here.ways, spans, strict=True) if span is not None]
    if not compared or any(here.stop in way[first : last + 1] for way, (first, last) in compared):
        return Fit.GOOD
    return Fit.BEYOND


def _span(way: tuple[Station, ...], asked: frozenset[Station]) -> tuple[int, int] | None:
    """From the first to the last place of a way where one of these stations is; None where it serves but one."""
    at = [place for place, station in enumerate(way) if station in asked]
    return (at[0], at[-1]) if len({way[place] for place in at}) > 1 else None


def _known(carrier: str | None, carriers: frozenset[str] | None) -> bool:
    return carriers is None or carrier in carriers


def _within(zone: Zone, mine: Zone) -> bool:
    return zone.carrier == mine.carrier and zone.city == mine.city and mine.number in (None, zone.number)


def _same_line(line: Line, mine: Line) -> bool:
    return line.carrier == mine.carrier and mine.number in (None, line.number)

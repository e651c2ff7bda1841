"""The stops of the carpool lines as GBFS 3.0: where one waits for a car, and whether one is expected at this hour.

No car is kept at a stop, so none is available there (`num_vehicles_available` counts what is physically at a station):
a car comes, within the hours of the line. Which cars come, and how many, is told on the panel of the stop and in no
data: it is what somebody does every morning (docs/decisions/0041).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final

from covoit.model.lines import Hours, Line, LineStop
from covoit.rules.lines import stops_in
from mobigo.base.instants import PARIS

VERSION: Final = "3.0"
TTL_S: Final = 60
NAMES: Final = ("gbfs", "system_information", "station_information", "station_status")
_DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class System:
    """Who answers for the stops, and where the documents are (`url`, without a slash at its end)."""

    operator: str
    site: str
    email: str
    url: str


def documents(lines: Sequence[Line], system: System, now: datetime) -> Mapping[str, Document]:
    """The documents by name, as of `now`."""
    stops = [(line, stop) for line in sorted(lines, key=lambda each: each.code) for stop in line.stops]
    made = {
        "gbfs": {"feeds": [{"name": name, "url": f"{system.url}/{name}.json"} for name in NAMES if name != "gbfs"]},
        "system_information": _system(lines, system),
        "station_information": {"stations": [_station(line, stop, system) for line, stop in stops]},
        "station_status": {"stations": [_status(line, stop, now) for line, stop in stops]},
    }
    head = {"last_updated": _instant(now), "ttl": TTL_S, "version": VERSION}
    return {name: {**head, "data": data} for name, data in made.items()}


def _system(lines: Sequence[Line], system: System) -> Document:
    hours = [each for line in lines for each in line.hours]
    return {
        "system_id": "mobigo-covoiturage",
        "languages": ["fr"],
        "name": _text("Lignes de covoiturage"),
        "opening_hours": opening_hours(hours) or "off",
        "operator": _text(system.operator),
        "url": f"{system.site}/covoiturage",
        "feed_contact_email": system.email,
        "timezone": PARIS.key,
    }


def _station(line: Line, stop: LineStop, system: System) -> Document:
    hours = opening_hours(boarding_hours(line, stop))
    return {
        "station_id": stop.id,
        "name": _text(stop.name),
        "lat": round(stop.point.lat, 6),
        "lon": round(stop.point.lon, 6),
        **({"cross_street": stop.where} if stop.where else {}),
        **({"station_opening_hours": hours} if hours else {}),
        "is_virtual_station": True,
        "rental_uris": {"web": f"{system.site}/covoiturage/panneau/{stop.id}"},
    }


def _status(line: Line, stop: LineStop, now: datetime) -> Document:
    here = now.astimezone(PARIS)
    is_open = any(
        here.weekday() in each.weekdays and each.since <= here.time() < each.until
        for each in boarding_hours(line, stop)
    )
    return {
        "station_id": stop.id,
        "num_vehicles_available": 0,
        "is_installed": True,
        "is_renting": is_open,
        "is_returning": True,
        "last_reported": _instant(now),
    }


def boarding_hours(line: Line, stop: LineStop) -> list[Hours]:
    """When one is picked up at a stop: in each direction but where it ends there."""
    return [each for each in line.hours if stops_in(line, each.direction)[-1] != stop]


def opening_hours(hours: Sequence[Hours]) -> str:
    """The hours as OpenStreetMap writes them (`Mo,Tu 06:30-09:00,16:00-19:00; Sa 08:00-12:00`); "" for none."""
    by_day = [_spans([each for each in hours if day in each.weekdays]) for day in range(7)]
    groups: dict[str, list[str]] = {}
    for day, spans in zip(_DAYS, by_day, strict=True):
        if spans:
            groups.setdefault(",".join(f"{since:%H:%M}-{until:%H:%M}" for since, until in spans), []).append(day)
    return "; ".join(f"{','.join(days)} {spans}" for spans, days in groups.items())


def _spans(hours: Sequence[Hours]) -> list[tuple[time, time]]:
    """The hours of a day, what overlaps put together."""
    out: list[tuple[time, time]] = []
    for since, until in sorted((each.since, each.until) for each in hours):
        if out and since <= out[-1][1]:
            out[-1] = (out[-1][0], max(until, out[-1][1]))
        else:
            out.append((since, until))
    return out


def _text(text: str) -> list[Document]:
    return [{"text": text, "language": "fr"}]


def _instant(at: datetime) -> str:
    return at.astimezone(PARIS).isoformat(timespec="seconds")

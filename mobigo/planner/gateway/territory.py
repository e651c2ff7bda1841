"""The territory around the network: its communes by name and the outlines drawn under the map.

Addresses are those of `mobigo address import`, where there are some.
Two files under `MOBIGO_HOME/territory`, both optional: `communes.csv` (columns code, name, departement, lat, lon,
population) and `outlines.geojson` (polygons with properties kind, code, name); a third one, `school-holidays.csv`, is
for what is printed, a fourth, `opportunities.csv`, for studies. The demonstration puts its own there; an installation
puts the official ones. Without them the planner knows stops only, and the map has no outlines.
"""

import csv
import json
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mobigo.base.geo import Point, distance_m
from mobigo.infra import competence
from mobigo.network.engine.addressing import AddressBook
from mobigo.network.engine.boards import BoardIndex, build_boards
from mobigo.network.engine.placegroups import build_index
from mobigo.network.engine.places import PlaceIndex
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.places import Commune
from mobigo.network.store import addresses
from mobigo.planner.model import Answer, Endpoint
from mobigo.planner.rules.authorities import End, who_answers
from mobigo.planner.rules.compared import KINDS, PEOPLE, Opportunity

COMMUNE_M_MAX = 15_000  # from anywhere in a commune of the region to its centre
EMPTY: dict[str, Any] = {"type": "FeatureCollection", "features": []}


@dataclass(frozen=True)
class Territory:
    """Communes in the order of their codes, and outlines as GeoJSON."""

    communes: tuple[Commune, ...]
    outlines: dict[str, Any]


def load_territory(home: Path) -> Territory:
    """The territory of this home; read again only when a file changes. Rows without a position are left out."""
    folder = home / "territory"
    return _load(folder / "communes.csv", folder / "outlines.geojson", _stamp(folder))


def load_school_holidays(home: Path, first: date, last: date) -> frozenset[date] | None:
    """The days of school holidays from `first` to `last`, of `school-holidays.csv` (first_day, last_day, name); None
    where the file is not there, cannot be read, or ends before `last`: what is not known is not said."""
    try:
        with (home / "territory" / "school-holidays.csv").open(encoding="utf-8", newline="") as lines:
            periods = [
                (date.fromisoformat(row["first_day"]), date.fromisoformat(row["last_day"]))
                for row in csv.DictReader(lines)
            ]
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return None
    if not periods or not min(begins for begins, _ends in periods) <= first or last > max(ends for _, ends in periods):
        return None
    return frozenset(
        day
        for begins, ends in periods
        for number in range(max(0, (min(ends, last) - max(begins, first)).days + 1))
        for day in (max(begins, first) + timedelta(days=number),)
    )


def load_opportunities(home: Path) -> tuple[Opportunity, ...]:
    """What is worth reaching, of `opportunities.csv` (kind, name, lat, lon, count; kinds: jobs, college, lycee, care);
    rows of another kind, without a position or with a count that is no number above zero are left out. Empty where the
    file is not there."""
    found = []
    try:
        with (home / "territory" / "opportunities.csv").open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                opportunity = _opportunity(row)
                if opportunity is not None:
                    found.append(opportunity)
    except (OSError, ValueError, csv.Error):
        return ()
    return tuple(found)


def _opportunity(row: dict[str, str]) -> Opportunity | None:
    try:
        lat, lon, count = float(row["lat"]), float(row["lon"]), float(row.get("count") or 1)
    except (KeyError, ValueError, TypeError):
        return None
    known = row.get("kind") in KINDS and row.get("kind") != PEOPLE
    if not (known and isfinite(lat) and isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
        return None
    return Opportunity(row["kind"], row.get("name") or "", lat, lon, count) if 0 < count < 1e9 else None


def _stamp(folder: Path) -> tuple[int, ...]:
    out = []
    for name in ("communes.csv", "outlines.geojson"):
        try:
            out.append((folder / name).stat().st_mtime_ns)
        except OSError:
            out.append(0)
    return tuple(out)


@lru_cache(maxsize=4)
def _load(communes: Path, outlines: Path, stamp: tuple[int, ...]) -> Territory:
    drawn = json.loads(outlines.read_text("utf-8")) if stamp[1] else EMPTY
    names = {
        str(feature["properties"].get("code")): str(feature["properties"].get("name", ""))
        for feature in drawn["features"]
        if feature.get("properties", {}).get("kind") == "departement"
    }
    read: list[Commune] = []
    if stamp[0]:
        with communes.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                commune = _commune(row, names)
                if commune is not None:
                    read.append(commune)
    return Territory(tuple(sorted(read, key=lambda commune: commune.insee)), drawn)


def _commune(row: dict[str, str], departments: dict[str, str]) -> Commune | None:
    try:
        lat, lon = float(row["lat"]), float(row["lon"])
    except (KeyError, ValueError, TypeError):
        return None
    if not (isfinite(lat) and isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180 and row.get("name")):
        return None
    department = row.get("departement") or ""
    people = row.get("population") or ""
    return Commune(
        insee=row.get("code") or "",
        name=row["name"],
        lat=lat,
        lon=lon,
        population=int(people) if people.isdigit() else 0,
        department=departments.get(department, department),
    )


def with_authorities(live: LiveNetwork, home: Path, answer: Answer, now: datetime, *, production: bool) -> Answer:
    """The answer; without a journey, with who answers for one there today, and how to reach them, when the commune of
    an end is known."""
    if answer.journeys:
        return answer
    territory, query = load_territory(home), answer.query
    origin, destination = (_end(live, territory, endpoint) for endpoint in (query.origin, query.destination))
    if not origin.insee and not destination.insee:
        return answer
    today = now.astimezone(ZoneInfo(live.timetable.zone)).date()
    told = who_answers(competence.table(), origin, destination, today, production=production)
    return replace(answer, remarks=(*answer.remarks, *told))


def _end(live: LiveNetwork, territory: Territory, endpoint: Endpoint) -> End:
    """The commune of an end: the one whose centre is nearest; without a territory the one that bears its name."""
    point = endpoint.point
    if point is None and endpoint.stops:
        lat, lon = (float(column[endpoint.stops[0]]) for column in (live.timetable.stop_lat, live.timetable.stop_lon))
        point = Point(lat, lon) if isfinite(lat) and isfinite(lon) else None
    if territory.communes:
        found = None if point is None else _nearest(territory.communes, point)
        return End(endpoint.name) if found is None else End(endpoint.name, found.insee, found.name)
    named = competence.communes_named(endpoint.name, 2)
    same = [commune for commune in named if competence.plain(commune.name) == competence.plain(endpoint.name)]
    return End(endpoint.name, same[0].code, same[0].name) if len(same) == 1 else End(endpoint.name)


def _nearest(communes: tuple[Commune, ...], point: Point) -> Commune | None:
    """The commune with the nearest centre, if that is near enough to be in the territory."""
    near = min(communes, key=lambda commune: distance_m(point, Point(commune.lat, commune.lon)))
    return near if distance_m(point, Point(near.lat, near.lon)) <= COMMUNE_M_MAX else None


def places_of(live: LiveNetwork, home: Path) -> PlaceIndex:
    """The index of places of a network, with the communes and addresses of this home; made once per network, and
    again when those change."""
    territory, book = load_territory(home), address_book(home)
    return live.derived(
        f"planner.places.{id(territory)}.{'' if book is None else book.addresses.hash}",
        lambda timetable: build_index(timetable, territory.communes, book),
        lasting=True,
    )


def address_book(home: Path) -> AddressBook | None:
    """The addresses in use in this home; None when there are none. Read again only when others are imported."""
    try:
        stamp = (home / addresses.FOLDER / addresses.CURRENT).stat().st_mtime_ns
    except OSError:
        return None
    return _book(home, stamp)


@lru_cache(maxsize=2)
def _book(home: Path, stamp: int) -> AddressBook | None:
    in_use = addresses.find_in_use(home)
    try:
        return None if in_use is None else AddressBook(addresses.load(home, in_use.hash))
    except OSError:  # forgotten, or replaced, just now
        return None


def boards_of(live: LiveNetwork) -> BoardIndex:
    """The departure boards of a network; made once per network."""
    return live.derived("planner.boards", build_boards)

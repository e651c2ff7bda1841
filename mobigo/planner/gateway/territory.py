"""The territory around the network: its communes by name and the outlines drawn under the map.

Two files under `MOBIGO_HOME/territory`, both optional: `communes.csv` (columns code, name, departement, lat, lon,
population) and `outlines.geojson` (polygons with properties kind, code, name). The demonstration puts its own there;
an installation puts the official ones. Without them the planner knows stops only, and the map has no outlines.
"""

import csv
import json
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any

from mobigo.network.engine.boards import BoardIndex, build_boards
from mobigo.network.engine.places import PlaceIndex, build_index
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.places import Commune

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


def places_of(live: LiveNetwork, home: Path) -> PlaceIndex:
    """The index of places of a network, with the communes of this home; made once per network."""
    territory = load_territory(home)
    return live.derived(f"planner.places.{id(territory)}", lambda timetable: build_index(timetable, territory.communes))


def boards_of(live: LiveNetwork) -> BoardIndex:
    """The departure boards of a network; made once per network."""
    return live.derived("planner.boards", build_boards)

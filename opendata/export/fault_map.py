"""Where the faults of a timetable are: its stops as a pale ground, and what was found in a place as numbered spots, so
that one sees a stop in the sea before one reads of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mobigo.network.model.feed import LINE, FeedTables
from mobigo.network.model.notices import Notice, Severity
from mobigo.network.model.report import Report
from opendata.export.sketch import WIDTH, Place, plane

if TYPE_CHECKING:
    import polars as pl

SPOTS_MAX: Final = 60
GROUND_MAX: Final = 4_000


@dataclass(frozen=True, slots=True)
class Spot:
    """A fault in its place: where on the drawing, its number, and the notice itself; `grave` when it is an error."""

    x: float
    y: float
    number: int
    notice: Notice
    grave: bool


@dataclass(frozen=True, slots=True)
class FaultMap:
    """A drawing: SVG path data for the stops (dots), the spots over them, and how many findings have no place."""

    width: int
    height: int
    ground: str
    spots: tuple[Spot, ...]
    placeless: int


def fault_map(tables: FeedTables, report: Report) -> FaultMap | None:
    """The drawing of a report's examples; None when the feed has no stop with a position, or no example has a place.

    A finding is where its stop is: the line of stops.txt, the stop its line names, the first stop of the trip it names;
    a point of a shape is where it says.
    """
    stops = _positions(tables)
    if not stops:
        return None
    firsts = _first_stops(tables)
    placed: list[tuple[Place, Notice]] = []
    placeless = 0
    for finding in report.findings:
        for notice in finding.examples:
            place = _place_of(notice, tables, stops, firsts)
            if place is None:
                placeless += 1
            elif len(placed) < SPOTS_MAX:
                placed.append((place, notice))
    if not placed:
        return None
    ground = [*stops.values()]
    at, height = plane([*ground, *(place for place, _notice in placed)])
    dots = {(round(x), round(y)) for x, y in map(at, ground[:: math.ceil(len(ground) / GROUND_MAX)])}
    return FaultMap(
        WIDTH, height, "".join(f"M{x} {y}h0" for x, y in sorted(dots)),
        tuple(_spot(at(place), number, notice) for number, (place, notice) in enumerate(placed, start=1)),
        placeless,
    )  # fmt: skip


def _spot(at: Place, number: int, notice: Notice) -> Spot:
    return Spot(round(at[0], 1), round(at[1], 1), number, notice, notice.severity is Severity.ERROR)


def _positions(tables: FeedTables) -> Mapping[str, Place]:
    """Where each stop is, (longitude, latitude), those that say so."""
    if not all(tables.has("stops", column) for column in ("stop_id", "stop_lat", "stop_lon")):
        return {}
    rows = tables["stops"].select("stop_id", "stop_lon", "stop_lat").iter_rows()
    found = ((stop, _place(lon, lat)) for stop, lon, lat in rows)
    return {stop: place for stop, place in found if stop and place is not None}


def _first_stops(tables: FeedTables) -> Mapping[str, str]:
    """The first stop of each trip, as the file lists them."""
    if not (tables.has("stop_times", "trip_id") and tables.has("stop_times", "stop_id")):
        return {}
    first = tables["stop_times"].unique("trip_id", keep="first", maintain_order=True)
    return dict(first.select("trip_id", "stop_id").iter_rows())


def _place_of(
    notice: Notice, tables: FeedTables, stops: Mapping[str, Place], firsts: Mapping[str, str]
) -> Place | None:
    row = _row(tables, notice)
    if notice.file in ("stops.txt", "shapes.txt"):
        kind = "stop" if notice.file == "stops.txt" else "shape_pt"
        place = _place(row.get(f"{kind}_lon"), row.get(f"{kind}_lat"))
        if place is not None:
            return place
    params: Mapping[str, object] = {**row, **notice.params}
    for name in ("stop_id", "from_stop_id", "to_stop_id", "parent_station"):
        if (place := stops.get(str(params.get(name)))) is not None:
            return place
    return stops.get(firsts.get(str(params.get("trip_id")), ""))


def _row(tables: FeedTables, notice: Notice) -> Mapping[str, object]:
    name = notice.file.removesuffix(".txt")
    if notice.line is None or name not in tables:
        return {}
    table: pl.DataFrame = tables[name]
    found = table.filter(table[LINE] == notice.line)
    return found.row(0, named=True) if found.height else {}


def _place(lon: object, lat: object) -> Place | None:
    """A position on the map, as text says it; None for what is none, and for the point where nothing is."""
    try:
        place = float(str(lon)), float(str(lat))
    except ValueError:
        return None
    good = abs(place[0]) <= 180 and abs(place[1]) < 90 and place != (0.0, 0.0)
    return place if good else None

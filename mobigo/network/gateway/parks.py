"""Car parks in: the national CSV, an extract of OpenStreetMap, and the free places that an operator tells.

Free places are CSV (`;` or `,`, a header) or JSON (a list of objects, or that list under `parkings`), with the fields
`id` (that of the car park), `places_libres` (a whole number), `horodatage` (ISO 8601; without a zone it is the clock of
Paris) and, if one cares, `ouvert` (true, false, oui, non, 1, 0).
"""

import csv
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.base.instants import PARIS
from mobigo.network.model.parks import CarPark, Occupancy
from mobigo.network.rules.parks import PLACES_MAX, missing_columns, park_of, park_of_tags

BYTES_MAX: Final = 20_000_000
ROWS_MAX: Final = 50_000
_OPEN: Final = {"true": True, "oui": True, "1": True, "false": False, "non": False, "0": False}
_FIELD_MAX: Final = 4_096


def read_parks(data: bytes, name: str) -> tuple[CarPark, ...]:
    """The car parks of a national CSV, all of them or none.

    Raises InvalidInput: "parks.unreadable" for what is no such file, "parks.bad_row" with the line, the column and why,
    "parks.said_twice" for two rows of one id.
    """
    header, rows = _table(data, name)
    missing = missing_columns(header)
    if missing:
        raise InvalidInput("parks.columns", file=name, columns=", ".join(missing))
    found: dict[str, CarPark] = {}
    for line, cells in rows:
        park = park_of(dict(zip(header, cells, strict=False)))
        if not isinstance(park, CarPark):
            raise InvalidInput("parks.bad_row", file=name, line=line, column=park[0], reason=park[1])
        if park.id in found:
            raise InvalidInput("parks.said_twice", file=name, line=line, park=park.id)
        found[park.id] = park
    if not found:
        raise InvalidInput("parks.unreadable", file=name)
    return tuple(found.values())


def read_osm_parks(path: Path, name: str) -> tuple[CarPark, ...]:
    """The car parks of an extract (.osm.pbf), by id: points, and the middle of outlines. A second reading of the file,
    in the memory of the first. Raises InvalidInput("streets.unreadable")."""
    import osmium
    from osmium.filter import TagFilter
    from osmium.io import File
    from osmium.osm import Node, Way

    found = {}
    try:
        for item in (
            osmium.FileProcessor(File(str(path), "pbf")).with_locations().with_filter(TagFilter(("amenity", "parking")))
        ):
            if isinstance(item, Node):
                key, here = f"n{item.id}", [item.location]
            elif isinstance(item, Way):
                key, here = f"w{item.id}", [node.location for node in item.nodes if node.location.valid()]
            else:
                continue
            if not here:
                continue
            lat, lon = (sum(axis) / len(here) for axis in zip(*((at.lat, at.lon) for at in here), strict=True))
            park = park_of_tags(key, Point(lat, lon), dict(item.tags))
            if park is not None:
                found[key] = park
    except RuntimeError as broken:
        raise InvalidInput("streets.unreadable", file=name, reason=str(broken)[:200]) from broken
    return tuple(found[key] for key in sorted(found))


def read_occupancy(data: bytes) -> dict[str, Occupancy]:
    """The free places told, by id; a row that makes no sense is left out, and of two of one id the later is kept.
    Raises InvalidInput("parks.occupancy_unreadable") when nothing can be read."""
    if len(data) > BYTES_MAX:
        raise InvalidInput("parks.occupancy_unreadable")
    text = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    rows = _json_rows(text) if text[:1] in (b"[", b"{") else _csv_rows(data)
    found: dict[str, Occupancy] = {}
    for row in rows[:ROWS_MAX]:
        told = _occupancy(row)
        if told is not None and (told[0] not in found or found[told[0]].at < told[1].at):
            found[told[0]] = told[1]
    if not found:
        raise InvalidInput("parks.occupancy_unreadable")
    return found


def packed(parks: tuple[CarPark, ...]) -> bytes:
    """Car parks as they are kept."""
    rows = [
        [each.id, each.name, each.point.lat, each.point.lon, each.is_public, each.is_relay, each.capacity,
         each.disabled, each.bicycles, each.is_free, each.day_cents, each.hours, each.stay_min]
        for each in parks
    ]  # fmt: skip
    return json.dumps(rows, separators=(",", ":")).encode()


def unpacked(data: bytes) -> tuple[CarPark, ...]:
    """Car parks that were kept."""
    return tuple(
        CarPark(id_, name, Point(lat, lon), *rest) for id_, name, lat, lon, *rest in json.loads(data)
    )  # fmt: skip


def _table(data: bytes, name: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    if len(data) > BYTES_MAX or b"\0" in data:
        raise InvalidInput("parks.unreadable", file=name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("parks.unreadable", file=name) from None
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(";,", key=first.count))
    try:
        header = [cell.strip() for cell in next(reader, [])]
        rows = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error:
        raise InvalidInput("parks.unreadable", file=name) from None
    if len(rows) > ROWS_MAX:
        raise InvalidInput("parks.unreadable", file=name)
    return header, rows


def _csv_rows(data: bytes) -> list[Mapping[str, Any]]:
    try:
        header, rows = _table(data, "")
    except InvalidInput:
        raise InvalidInput("parks.occupancy_unreadable") from None
    return [dict(zip(header, cells, strict=False)) for _line, cells in rows]


def _json_rows(text: bytes) -> list[Mapping[str, Any]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput("parks.occupancy_unreadable") from None
    rows = found.get("parkings") if isinstance(found, dict) else found
    return [each for each in rows if isinstance(each, dict)] if isinstance(rows, list) else []


def _occupancy(row: Mapping[str, Any]) -> tuple[str, Occupancy] | None:
    id_ = row.get("id")
    id_ = str(id_).strip() if isinstance(id_, str | int) and not isinstance(id_, bool) else ""
    free, at = _count(row.get("places_libres")), _instant(row.get("horodatage"))
    is_open = _OPEN.get(str(row.get("ouvert", "true")).strip().lower() or "true", True)
    if not id_ or len(id_) > _FIELD_MAX or free is None or at is None:
        return None
    return id_, Occupancy(free, at, is_open)


def _count(value: Any) -> int | None:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value.strip()) < 7:
        value = int(value)
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= PLACES_MAX
    return value if is_count else None


def _instant(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value.strip())
        return (at if at.tzinfo is not None else at.replace(tzinfo=PARIS)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

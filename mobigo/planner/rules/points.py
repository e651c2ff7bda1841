"""Points of a CSV that somebody drops: an id, a name and a position a row."""

import csv
import io
from dataclasses import dataclass
from math import isfinite
from typing import Final

from mobigo.base.errors import InvalidInput
from mobigo.base.sheets import unguarded

POINTS_MAX: Final = 5_000
BYTES_MAX: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Named:
    """A place of a matrix: how it is told in the file, and where it is."""

    id: str
    name: str
    lat: float
    lon: float


def read_points(content: bytes) -> list[Named]:
    """The points of a CSV in UTF-8 (columns lat and lon in degrees; id and name where there are any), fields parted by
    commas, semicolons or tabs; with the latter two a decimal comma is read too. A point without an id gets its row's
    number.

    Raises InvalidInput("planner.points_…") that names the row and column, for a file that is empty, too large, without
    these columns, with a value that is no position, or with the same id twice.
    """
    if len(content) > BYTES_MAX:
        raise InvalidInput("planner.points_too_large", most=BYTES_MAX // 1_000_000)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("planner.points_not_utf8") from None
    head = text.split("\n", 1)[0]
    parted = max(",;\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=parted))
    except csv.Error:
        raise InvalidInput("planner.points_not_csv") from None
    heads = [each.strip().lower() for each in rows[0]] if rows else []
    if "lat" not in heads or "lon" not in heads:
        raise InvalidInput("planner.points_no_columns")
    found: list[Named] = []
    seen: set[str] = set()
    for number, row in enumerate(rows[1:], 2):
        if not any(each.strip() for each in row):
            continue
        if len(found) >= POINTS_MAX:
            raise InvalidInput("planner.points_too_many", most=POINTS_MAX)
        cells = dict(zip(heads, row, strict=False))
        lat, lon = (_degrees(cells, name, number, most, parted != ",") for name, most in (("lat", 90), ("lon", 180)))
        id_ = unguarded(cells.get("id", "").strip())[:80] or str(number)
        if id_ in seen:
            raise InvalidInput("planner.points_same_id", row=number, id=id_)
        seen.add(id_)
        found.append(Named(id_, unguarded(cells.get("name", "").strip())[:200] or id_, lat, lon))
    if not found:
        raise InvalidInput("planner.points_none")
    return found


def _degrees(cells: dict[str, str], name: str, row: int, most: int, commas: bool) -> float:
    text = cells.get(name, "").strip()
    try:
        value = float(text.replace(",", ".") if commas else text)
    except ValueError:
        value = float("nan")
    if not isfinite(value) or abs(value) > most:
        raise InvalidInput("planner.points_bad_position", row=row, column=name, value=text[:40])
    return value

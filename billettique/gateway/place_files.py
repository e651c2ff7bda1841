"""Files that say where a tariff's places are, and what it says of pairs of them.

- stops: CSV with columns `lieu` (the tariff's name of a place) and `arret` (stable place, feed:stop_id, UIC code or
  whole name of a stop);
- outlines: GeoJSON polygons, each with the place in its properties (`lieu`, or as official outlines have it `nom`);
- pairs: CSV with columns `de`, `a` and either `km` or `prix`; or SNCF's open data of prices by origin and destination
  (columns "Origine - code UIC", "Destination - code UIC", "Type tarif", "Prix"), of which the normal price is taken.

All or nothing: the first thing that cannot be read is told with its line and column.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeVar

from billettique.rules.networks import plain
from billettique.rules.placing import uic_of_id
from mobigo.base.errors import InvalidInput

_PLACE, _STOP = ("lieu",), ("arret",)
_NUMBER: Final = re.compile(r"[0-9]{1,7}(\.[0-9]{1,3}0*)?")
_FROM: Final = ("de", "origine code uic", "gare origine code uic", "origine")
_TO: Final = ("a", "destination code uic", "gare destination code uic", "destination")
_KM: Final = ("km", "distance")
_PRICE: Final = ("prix",)
_KIND: Final = ("type tarif",)
NORMAL: Final = "tarif normal"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StopRow:
    """That a stop is at a place, as a file says it, and on which line."""

    place: str
    stop: str
    line: int


@dataclass(frozen=True, slots=True)
class PairRow:
    """What a file says of two places: kilometres as they are written, or cents. Names where the file has them."""

    origin: str
    destination: str
    km: Decimal | None
    cents: int | None
    line: int
    names: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Outline:
    """A place, and the polygon around it as GeoJSON's geometry."""

    place: str
    geometry: Mapping[str, Any]


Read = Sequence[StopRow] | Sequence[PairRow] | Sequence[Outline]


def read_places(text: str, file: str) -> Read:
    """What a file says, whatever of the three kinds it is.

    Raises InvalidInput("billettique.bad_fare_cell") naming line, column and value,
    InvalidInput("billettique.bad_place_file") for a file of no such kind.
    """
    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith("{"):
        return _outlines(text, file)
    header = text.partition("\n")[0]
    delimiter = max(";,\t", key=header.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as unreadable:
        raise InvalidInput("billettique.bad_place_file", file=file, header=str(unreadable)[:120]) from unreadable
    columns = {plain(name): at for at, name in reversed(list(enumerate(rows[0] if rows else [])))}
    table = _Table(rows, columns, file)
    if table.has(_PLACE) and table.has(_STOP):
        return table.each(lambda row: StopRow(row.text(_PLACE), row.text(_STOP), row.line))
    if table.has(_FROM) and table.has(_TO) and table.has(_KM):
        return table.each(lambda row: _pair(row, row.number(_KM), None))
    if table.has(_FROM) and table.has(_TO) and table.has(_PRICE):
        return table.each(lambda row: _pair(row, None, row.cents(_PRICE)), _is_normal if table.has(_KIND) else None)
    raise InvalidInput("billettique.bad_place_file", file=file, header=header.strip()[:120])


class _Row:
    def __init__(self, cells: Sequence[str], line: int, table: "_Table") -> None:
        self.cells, self.line, self.table = cells, line, table

    def maybe(self, names: tuple[str, ...]) -> str:
        at = self.table.at(names)
        return "" if at is None or at >= len(self.cells) else self.cells[at].strip()

    def text(self, names: tuple[str, ...]) -> str:
        value = self.maybe(names)
        if not value:
            raise self.bad(names)
        return value

    def number(self, names: tuple[str, ...]) -> Decimal:
        value = self.maybe(names).replace(",", ".").replace("€", "").replace("\u202f", "").strip()
        if not _NUMBER.fullmatch(value):
            raise self.bad(names)
        return Decimal(value)

    def cents(self, names: tuple[str, ...]) -> int:
        cents = self.number(names) * 100
        if cents != int(cents) or cents == 0:  # a price of nothing in such a file is a price that is not there
            raise self.bad(names)
        return int(cents)

    def bad(self, names: tuple[str, ...]) -> InvalidInput:
        at = self.table.at(names)
        column = names[0] if at is None else self.table.rows[0][at]
        return InvalidInput(
            "billettique.bad_fare_cell", file=self.table.file, line=self.line, column=column,
            value=self.maybe(names)[:80],
        )  # fmt: skip


class _Table:
    def __init__(self, rows: list[list[str]], columns: Mapping[str, int], file: str) -> None:
        self.rows, self.columns, self.file = rows, columns, file

    def at(self, names: tuple[str, ...]) -> int | None:
        return next((self.columns[name] for name in names if name in self.columns), None)

    def has(self, names: tuple[str, ...]) -> bool:
        return self.at(names) is not None

    def each(self, read: Callable[[_Row], T], only: Callable[[_Row], bool] | None = None) -> list[T]:
        rows = (_Row(cells, line, self) for line, cells in enumerate(self.rows[1:], start=2) if any(cells))
        return [read(row) for row in rows if only is None or only(row)]


def _is_normal(row: _Row) -> bool:
    return plain(row.maybe(_KIND)) == NORMAL


def _pair(row: _Row, km: Decimal | None, cents: int | None) -> PairRow:
    names = row.maybe(("origine",)), row.maybe(("destination",))
    return PairRow(_id(row.text(_FROM)), _id(row.text(_TO)), km, cents, row.line, names)


def _id(text: str) -> str:
    """What a pair's end is called in a row: its UIC code in seven figures, or its name without blanks (they part the
    columns of a row)."""
    return uic_of_id(text) or "-".join(text.split())


def _outlines(text: str, file: str) -> list[Outline]:
    try:
        found = [
            Outline(
                str(each["properties"].get("lieu") or each["properties"].get("nom") or each["properties"]["name"]),
                each["geometry"],
            )
            for each in json.loads(text)["features"]
            if each["geometry"]["type"] in ("Polygon", "MultiPolygon")
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
        raise InvalidInput(
            "billettique.bad_place_file", file=file, header=f"{type(wrong).__name__}: {wrong}"[:120]
        ) from wrong
    if not found:
        raise InvalidInput("billettique.bad_place_file", file=file, header="features: 0")
    return found

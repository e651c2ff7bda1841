"""A plan read from the CSV tables of `export.plan_csv`. All or nothing; a fault is told with file, line and column."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Final

from mobigo.base.archives import unbroken
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from scolaire.model.day import DayPlan, Left, Seat
from scolaire.model.plan import Block, Board, Circuit, Leave, Plan

LARGEST_BYTES: Final = 200_000_000
COLUMNS: Final = {
    "seats.csv": ("pupil", "stop", "part"),
    "left.csv": ("pupil", "code", "params"),
    "services.csv": ("half", "service", "order", "kind", "place", "pupils", "wheelchairs", "time"),
    "buses.csv": ("half", "bus", "order", "vehicle_type", "depot", "service"),
}
_CLOCK: Final = re.compile(r"(-?)(\d{1,3}):([0-5]\d):([0-5]\d)(?:\.(\d{3}))?")
_WHOLE: Final = re.compile(r"\d{1,9}")


def read_plan_csv(archive: bytes) -> DayPlan:
    """The plan. Raises InvalidInput("scolaire.csv_archive" | "scolaire.csv_file_missing" (file) |
    "scolaire.csv_column_missing" (file, column) | "scolaire.csv_value" (file, line, column, value))."""
    tables = {name: [*_rows(text, name)] for name, text in _files(archive).items()}
    seats = {
        row["pupil"]: Seat(_text(row, "stop", where), _number(row, "part", where)) for where, row in tables["seats.csv"]
    }
    left = tuple(
        Left(_text(row, "pupil", where), Decision(_text(row, "code", where), **_params(row, where)))
        for where, row in tables["left.csv"]
    )
    circuits, order = _circuits(tables["services.csv"])
    blocks = _blocks(tables["buses.csv"])
    halves = [*order, *(half for half in blocks if half not in order)]
    return DayPlan(
        seats, {half: Plan(tuple(circuits.get(half, ())), tuple(blocks.get(half, ()))) for half in halves}, left
    )


Where = tuple[str, int]
Row = dict[str, str]


def _files(archive: bytes) -> dict[str, str]:
    broken = InvalidInput("scolaire.csv_archive")
    with unbroken(broken), zipfile.ZipFile(io.BytesIO(archive)) as opened:
        if sum(each.file_size for each in opened.infolist()) > LARGEST_BYTES:
            raise broken
        names = set(opened.namelist())
        for name in COLUMNS:
            if name not in names:
                raise InvalidInput("scolaire.csv_file_missing", file=name)
        return {name: opened.read(name).decode("utf-8-sig") for name in COLUMNS}


def _rows(text: str, name: str) -> Iterator[tuple[Where, Row]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    for column in COLUMNS[name]:
        if column not in (reader.fieldnames or ()):
            raise InvalidInput("scolaire.csv_column_missing", file=name, column=column)
    for row in reader:
        yield (name, reader.line_num), {key: value or "" for key, value in row.items() if key is not None}


def _bad(where: Where, column: str, value: str) -> InvalidInput:
    return InvalidInput("scolaire.csv_value", file=where[0], line=where[1], column=column, value=value[:60])


def _text(row: Row, column: str, where: Where) -> str:
    if not row[column]:
        raise _bad(where, column, row[column])
    return row[column]


def _number(row: Row, column: str, where: Where) -> int:
    if not _WHOLE.fullmatch(row[column]):
        raise _bad(where, column, row[column])
    return int(row[column])


def _time(row: Row, column: str, where: Where) -> int:
    found = _CLOCK.fullmatch(row[column])
    if found is None:
        raise _bad(where, column, row[column])
    ms = ((int(found[2]) * 60 + int(found[3])) * 60 + int(found[4])) * 1000 + int(found[5] or 0)
    return -ms if found[1] else ms


def _params(row: Row, where: Where) -> dict[str, object]:
    try:
        params = json.loads(row["params"])
    except ValueError:
        params = None
    if not isinstance(params, dict):
        raise _bad(where, "params", row["params"])
    return params


def _circuits(rows: list[tuple[Where, Row]]) -> tuple[dict[str, list[Circuit]], list[str]]:
    """Services by half-day, and the half-days in the order of the file."""
    visits: dict[tuple[str, str], list[tuple[int, Board | Leave]]] = {}
    for where, row in rows:
        key = _text(row, "half", where), _text(row, "service", where)
        visits.setdefault(key, []).append((_number(row, "order", where), _visit(row, where)))
    found: dict[str, list[Circuit]] = {}
    for (half, service), told in visits.items():
        ordered = tuple(visit for _, visit in sorted(told, key=lambda each: each[0]))
        found.setdefault(half, []).append(Circuit(service, ordered))
    return found, list(found)


def _visit(row: Row, where: Where) -> Board | Leave:
    place, at_ms = _text(row, "place", where), _time(row, "time", where)
    if row["kind"] == "leave":
        return Leave(place, at_ms)
    if row["kind"] != "board":
        raise _bad(where, "kind", row["kind"])
    return Board(place, _number(row, "pupils", where), at_ms, _number(row, "wheelchairs", where))


def _blocks(rows: list[tuple[Where, Row]]) -> dict[str, list[Block]]:
    told: dict[tuple[str, str, str, str, str], list[tuple[int, str]]] = {}
    for where, row in rows:
        key = (
            _text(row, "half", where), _text(row, "bus", where), _text(row, "vehicle_type", where),
            _text(row, "depot", where), row.get("driver") or "",  # tables of before have no drivers
        )  # fmt: skip
        told.setdefault(key, []).append((_number(row, "order", where), _text(row, "service", where)))
    found: dict[str, list[Block]] = {}
    for (half, bus, vehicle, depot, driver), services in told.items():
        ordered = tuple(name for _, name in sorted(services, key=lambda each: each[0]))
        found.setdefault(half, []).append(Block(bus, vehicle, depot, ordered, driver))
    return found

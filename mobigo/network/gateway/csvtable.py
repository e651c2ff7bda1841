"""A GTFS table from its bytes: exact strings and the line of each record, by the fast path where it is exact, else
the strict one."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from mobigo.base.errors import Refused
from mobigo.network.gateway import csv_fast, csv_strict
from mobigo.network.gateway.encoding import to_utf8
from mobigo.network.gateway.limits import LIMITS, Limits
from mobigo.network.model.feed import LINE
from mobigo.network.rules.collect import Collector

_BATCH = 50_000
_HEAD_BYTES_MAX = 1 << 18  # a header longer than this is no header


@dataclass(frozen=True, slots=True)
class Table:
    """A table as read. `header` is the file's own, which may name a column twice; the frame's names are unique."""

    frame: pl.DataFrame
    header: tuple[str, ...]


def read_table(data: bytes, file: str, found: Collector, limits: Limits = LIMITS) -> Table | None:
    """The table in `data`; None, told as `empty_file`, when there is not even a header.

    Every cell is the exact string the file gives; a cell its record does not have is the empty string. What had to be
    mended is told to `found`. Raises Refused or InvalidInput for text that cannot be read within the limits.
    """
    text = to_utf8(data, file, found)
    if text.endswith((b"\n\n", b"\r\n\r\n", b"\r\r")):
        text = text.rstrip(b"\r\n")  # blank lines at the end are nobody's fault
    if not text or text.isspace():
        found.add("empty_file", file)
        return None
    quotes = None if text[:1] in (b"\r", b"\n") else csv_fast.plain_quotes(text)
    head = _head(text, file, limits)
    names = _names(head.cells, file, found, limits)
    if max(text.count(b"\n"), text.count(b"\r")) * len(names) > limits.cells_max:
        raise Refused("network.too_many_cells", file=file, limit=limits.cells_max)
    if quotes is not None and not head.mended:
        header_lines = 1 + sum(cell.count("\n") for cell in head.cells)
        body = csv_fast.read_body(text, quotes, header_lines, names)
        return Table(_fast(body, file, names, found, limits), tuple(head.cells))
    return Table(_strict(text.decode(), file, names, found, limits), tuple(head.cells))


def _head(text: bytes, file: str, limits: Limits) -> csv_strict.Record:
    """The first record that is not blank. Raises Refused when there is none within `_HEAD_BYTES_MAX`."""
    start = text[:_HEAD_BYTES_MAX].decode(errors="ignore")
    for record in csv_strict.records(start, file, limits):
        if record.cells:
            cut_off = len(text) > _HEAD_BYTES_MAX and sum(map(len, record.cells)) + len(record.cells) >= len(start)
            if cut_off and len(record.cells) <= limits.columns_max:
                break
            return record
    raise Refused("network.no_header", file=file)


def _names(cells: list[str], file: str, found: Collector, limits: Limits) -> list[str]:
    if len(cells) > limits.columns_max:
        raise Refused("network.too_many_columns", file=file, limit=limits.columns_max)
    names: list[str] = []
    for position, cell in enumerate(cells, start=1):
        name = cell.strip()
        if not name:
            found.add("empty_column_name", file, 1, position=position)
            name = f"_column_{position}"
        elif name in names:
            found.add("duplicated_column", file, 1, name, position=position)
        elif name != cell:
            found.add("leading_or_trailing_whitespaces", file, 1, name, cell)
        unique, copy = name, 2
        while unique in names or unique == LINE:
            unique, copy = f"{name}_{copy}", copy + 1
        names.append(unique)
    return names


def _fast(body: csv_fast.Body, file: str, names: list[str], found: Collector, limits: Limits) -> pl.DataFrame:
    frame = body.frame
    if frame.height:
        longest = frame.select(pl.all().str.len_chars().max()).row(0)
        if max(longest) > limits.cell_chars_max:
            column = names[longest.index(max(longest))]
            row = int(frame[column].str.len_chars().arg_max() or 0)
            raise Refused("network.cell_too_long", file=file, line=int(body.lines[row]), limit=limits.cell_chars_max)
    for line in body.blank_lines:
        found.add("empty_row", file, int(line))
    for row, length in zip(body.ragged, body.ragged_lengths, strict=True):
        found.add("invalid_row_length", file, int(body.lines[row]), cells=int(length), columns=len(names))
    return frame.with_columns(pl.Series(LINE, body.lines))


def _strict(text: str, file: str, names: list[str], found: Collector, limits: Limits) -> pl.DataFrame:
    width = len(names)
    schema = dict.fromkeys(names, pl.String)
    batches: list[pl.DataFrame] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    header_seen = False
    for record in csv_strict.records(text, file, limits):
        if not record.cells:
            found.add("empty_row", file, record.line)
            continue
        for code in record.mended:
            found.add(code, file, record.line)
        if not header_seen:
            header_seen = True
            continue
        if len(record.cells) != width:
            found.add("invalid_row_length", file, record.line, cells=len(record.cells), columns=width)
        rows.append((record.cells + [""] * (width - len(record.cells)))[:width])
        lines.append(record.line)
        if len(rows) == _BATCH:
            batches.append(pl.DataFrame(rows, schema=schema, orient="row"))
            rows = []
    batches.append(pl.DataFrame(rows, schema=schema, orient="row"))
    return pl.concat(batches).with_columns(pl.Series(LINE, np.array(lines, np.int64)))

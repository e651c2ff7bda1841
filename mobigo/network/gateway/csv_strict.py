"""Reads CSV that is not quite CSV, record by record: the slow path, for files polars would not read exactly.

RFC 4180, and what real feeds write besides: line ends of one kind or mixed (LF, CRLF, CR), blanks around quotes, quotes
escaped by a backslash, quotes that never close. What was mended is told by record.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from mobigo.base.errors import InvalidInput, Refused
from mobigo.network.gateway.limits import LIMITS, Limits

_LINE_END = re.compile(r"\r\n|\n|\r")
_TO_QUOTE = re.compile(r'[ \t]*"')
_AFTER_QUOTE = re.compile(r"[ \t]*(?=,|\r|\n|\Z)")
_CELL_END = re.compile(r"[,\r\n]|\Z")


class Record(NamedTuple):
    """One record: the line on which it begins, its cells, and the codes of what was mended."""

    line: int
    cells: list[str]
    mended: tuple[str, ...] = ()


def records(text: str, file: str, limits: Limits = LIMITS) -> Iterator[Record]:
    """Every record of `text`, blank lines included (as no cell at all).

    Raises Refused for a cell longer than the limit, InvalidInput when too many records have quotes that cannot be read.
    """
    at, line, faulty = 0, 1, 0
    while at < len(text):
        match = _LINE_END.search(text, at)
        end, after = (match.start(), match.end()) if match else (len(text), len(text))
        if text.find('"', at, end) < 0:
            record = Record(line, text[at:end].split(",") if end > at else [])
            at, line = after, line + 1
        else:
            record, at, lines = _quoted(text, at, end, after, line, limits)
            line += lines
            faulty += "csv_parsing_failed" in record.mended
            if faulty > limits.faulty_records_max:
                raise InvalidInput("network.csv_unreadable", file=file, line=record.line)
        if any(len(cell) > limits.cell_chars_max for cell in record.cells):
            raise Refused("network.cell_too_long", file=file, line=record.line, limit=limits.cell_chars_max)
        yield record


def _quoted(text: str, at: int, end: int, after: int, line: int, limits: Limits) -> tuple[Record, int, int]:
    """The record that begins at `at`, where it ends, and how many lines it takes; the first line holds a quote.

    As RFC 4180 says if that works; else with backslashes as escapes; else the line alone, misplaced quotes kept as
    they stand.
    """
    backslash = text.find('\\"', at, end) >= 0
    plain = _scan(text, at, len(text), limits, backslash=False)
    if plain is not None and not (backslash and plain[1] > after):
        return _record(text, at, line, plain)
    if backslash:
        escaped = _scan(text, at, len(text), limits, backslash=True)
        if escaped is not None and (plain is None or escaped[1] <= after):
            return _record(text, at, line, (escaped[0], escaped[1], ("mobigo_backslash_quote", *escaped[2])))
    if plain is not None:
        return _record(text, at, line, plain)
    return Record(line, _loose(text[at:end]), ("csv_parsing_failed",)), after, 1


Scan = tuple[list[str], int, tuple[str, ...]]


def _record(text: str, at: int, line: int, scan: Scan) -> tuple[Record, int, int]:
    cells, after, mended = scan
    lines = sum(1 for _ in _LINE_END.finditer(text, at, after))
    return Record(line, cells, mended), after, lines


def _scan(text: str, at: int, stop: int, limits: Limits, *, backslash: bool) -> Scan | None:
    """Cells of the record at `at`, and where the next begins; None when a quote is out of place."""
    cells: list[str] = []
    stray = False
    while True:
        opening = _TO_QUOTE.match(text, at, stop)
        if opening is None:
            found = _CELL_END.search(text, at, stop)
            at_end = found.start() if found else stop
            cells.append(text[at:at_end])
        else:
            stray = stray or opening.end() > at + 1
            closed = _closing(text, opening.end(), min(stop, opening.end() + 2 * limits.cell_chars_max + 2), backslash)
            if closed is None:
                return None
            cell, at_end = closed
            behind = _AFTER_QUOTE.match(text, at_end, stop)
            if behind is None:
                return None
            stray = stray or behind.end() > at_end
            cells.append(cell)
            at_end = behind.end()
        if at_end < stop and text[at_end] == ",":
            at = at_end + 1
            continue
        line_end = _LINE_END.match(text, at_end)
        return cells, line_end.end() if line_end else at_end, ("mobigo_stray_after_quote",) if stray else ()


def _closing(text: str, at: int, stop: int, backslash: bool) -> tuple[str, int] | None:
    """The quoted cell whose content begins at `at`, and the place behind its closing quote; None when there is none."""
    parts: list[str] = []
    while True:
        quote = text.find('"', at, stop)
        if quote < 0:
            return None
        if backslash and text[quote - 1] == "\\" and quote > at:
            parts.append(text[at : quote - 1] + '"')
            at = quote + 1
        elif text.startswith('"', quote + 1):
            parts.append(text[at : quote + 1])
            at = quote + 2
        else:
            parts.append(text[at:quote])
            return "".join(parts), quote + 1


def _loose(line: str) -> list[str]:
    """The cells of one line in which quotes do not match: commas between an opening and a closing quote do not
    separate."""
    cells: list[str] = []
    at = 0
    while True:
        closing = line.find('",', at + 1) if line.startswith('"', at) else -1
        if closing >= 0:
            cells.append(line[at + 1 : closing])
            at = closing + 2
            continue
        comma = line.find(",", at)
        if comma < 0:
            cells.append(line[at:])
            return cells
        cells.append(line[at:comma])
        at = comma + 1

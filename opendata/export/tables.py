"""Tables out: the rows of a dataset as CSV, the same bytes whatever order they come in."""

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Final

from mobigo.base.datasets import Cell, Column, Row
from mobigo.base.sheets import guarded

CSV: Final = "text/csv"


def csv_bytes(columns: Iterable[Column], rows: Iterable[Row]) -> bytes:
    """The table as RFC 4180 writes it: UTF-8, commas, CRLF, quotes where a value needs them, rows in the order of their
    cells. A text that a spreadsheet would take for a formula is led by an apostrophe; numbers never are.

    Raises ValueError for a row of another width, or a number that is none.
    """
    kept = list(columns)
    lines = sorted([_line(row, kept) for row in rows])
    text = StringIO()
    out = csv.writer(text, lineterminator="\r\n")
    out.writerow([column.name for column in kept])
    out.writerows(lines)
    return text.getvalue().encode()


def _line(row: Row, columns: list[Column]) -> tuple[str, ...]:
    if len(row) != len(columns):
        raise ValueError(f"a row of {len(row)} cells in a table of {len(columns)} columns")
    return tuple(_cell(cell) for cell in row)


def _cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        if cell != cell or cell in (float("inf"), float("-inf")):
            raise ValueError("a number that is none")
        return repr(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, int):
        return str(cell)
    return str(guarded(cell))

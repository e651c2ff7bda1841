"""Files of rows, CSV or Excel, as people send them: any usual separator and encoding, a header somewhere at the top.

Nothing is interpreted but the text: a decimal comma, an empty cell, a date of Excel become text; what they mean is for
`rules.importing` to say.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any, Final

from mobigo.base.archives import unbroken
from mobigo.base.errors import InvalidInput
from mobigo.base.sheets import guarded, unguarded
from scolaire.model.sheets import Line, Sheets

BYTES_MAX: Final = 20_000_000
UNPACKED_MAX: Final = 400_000_000
ROWS_MAX: Final = 200_000
CELLS_MAX: Final = 20_000_000  # empty ones between two filled ones included
SEPARATORS: Final = (";", ",", "\t", "|")


def read(content: bytes, name: str = "") -> Sheets:
    """The rows of a file. Raises InvalidInput("scolaire.sheet_empty" | "scolaire.sheet_too_large" |
    "scolaire.sheet_unreadable")."""
    if len(content) > BYTES_MAX:
        raise InvalidInput("scolaire.sheet_too_large", megabytes=BYTES_MAX // 1_000_000)
    if content.startswith(b"PK\x03\x04"):
        tables = _workbook(content)
    elif content.startswith((b"\xd0\xcf\x11\xe0", b"%PDF")) or b"\0" in content[:4_000]:
        raise InvalidInput("scolaire.sheet_unreadable")
    else:
        tables = [(name, _text_rows(content))]
    columns: tuple[str, ...] = ()
    lines: list[Line] = []
    for sheet, rows in tables:
        header: tuple[str, ...] = ()
        for number, cells in rows:
            if not any(cells):
                continue
            if not header:
                header = tuple(cell or f"({at + 1})" for at, cell in enumerate(cells))
                columns += tuple(each for each in header if each not in columns)
                continue
            if len(lines) >= ROWS_MAX:
                raise InvalidInput("scolaire.sheet_too_long", most=ROWS_MAX)
            told = dict(zip(header, [*cells, *[""] * (len(header) - len(cells))], strict=False))
            lines.append(Line(sheet, number, told))
    if not lines:
        raise InvalidInput("scolaire.sheet_empty")
    return Sheets(columns, tuple(lines))


def written(columns: tuple[str, ...], rows: list[tuple[Line, str]], why: str) -> bytes:
    """Rows again as a CSV that can be put right and sent back, with a last column `why` of what is wrong."""
    out = io.StringIO()
    sheet = csv.writer(out, delimiter=";", lineterminator="\r\n")
    sheet.writerow([guarded(title) for title in (*columns, why)])
    for line, reason in rows:
        sheet.writerow([guarded(cell) for cell in (*(line.cells.get(column, "") for column in columns), reason)])
    return ("\ufeff" + out.getvalue()).encode()


def _text_rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        for cells in reader:
            yield reader.line_num, [unguarded(cell.strip()) for cell in cells]
    except csv.Error:
        raise InvalidInput("scolaire.sheet_unreadable") from None


def _workbook(content: bytes) -> list[tuple[str, Iterator[tuple[int, list[str]]]]]:
    from openpyxl import load_workbook

    unreadable = InvalidInput("scolaire.sheet_unreadable")
    with unbroken(unreadable), zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(each.file_size for each in archive.infolist()) > UNPACKED_MAX:
            raise InvalidInput("scolaire.sheet_too_large", megabytes=BYTES_MAX // 1_000_000)
    with _understood(unreadable):
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        return [(sheet.title, _sheet_rows(sheet, unreadable)) for sheet in book.worksheets]


@contextmanager
def _understood(unreadable: InvalidInput) -> Iterator[None]:
    """The library says of no error that it raises it: a workbook that it stumbles over, however, is unreadable."""
    try:
        yield
    except InvalidInput:
        raise
    except Exception as wrong:
        raise unreadable from wrong


def _sheet_rows(sheet: Any, unreadable: InvalidInput) -> Iterator[tuple[int, list[str]]]:
    seen = 0
    with _understood(unreadable):
        sheet.reset_dimensions()  # what it says of its own size: rows would be filled up to it
        for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            seen += 1 + len(cells)
            if seen > CELLS_MAX:
                raise InvalidInput("scolaire.sheet_too_long", most=ROWS_MAX)
            yield number, [_cell(cell) for cell in cells]


def _cell(value: Any) -> str:
    """A cell of Excel as people read it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(" ", "minutes")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()

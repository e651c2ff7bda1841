"""Rows of a file that people filled in, and what is wrong in them: where, what was written, why, what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mobigo.base.decisions import Decision


class SheetKind(StrEnum):
    """What a file may bring."""

    SCHOOLS = "schools"
    BELLS = "bells"
    SECTORS = "sectors"
    STOPS = "stops"
    DAYS = "days"
    PUPILS = "pupils"
    COUNTS = "counts"  # how many were aboard a service on a day
    INDICES = "indices"  # values of the indices that prices follow


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it is written, under its columns' own names. `number`: in the file or sheet, the header being 1."""

    sheet: str
    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheets:
    """A file read: its columns, in order, and its rows; blank rows are left out."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """One fault: the reason says what would be right."""

    line: Line
    column: str
    value: str
    why: Decision

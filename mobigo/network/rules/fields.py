"""Rules that hold for one file, one column or one cell: presence, types, ranges, how a value is written."""

from collections.abc import Callable
from functools import cache
from typing import Final
from zoneinfo import available_timezones

import numpy as np
import polars as pl

from mobigo.network.model.feed import LINE
from mobigo.network.rules.schema import TABLES, Column, Kind, Table
from mobigo.network.rules.view import View

# A column without which a table says nothing: with MobilityData a `missing_required_column` like others, with us a
# reason to refuse.
KEY_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "agency": ("agency_timezone",),
    "stops": ("stop_id",),
    "routes": ("route_id", "route_type"),
    "trips": ("trip_id", "route_id", "service_id"),
    "stop_times": ("trip_id", "stop_id", "stop_sequence"),
    "calendar": ("service_id", "start_date", "end_date"),
    "calendar_dates": ("service_id", "date", "exception_type"),
}


def check(view: View) -> None:
    """Every rule of this file, on every table."""
    _files(view)
    for name in view.tables.tables:
        if name in TABLES:
            _table(view, TABLES[name])


def _files(view: View) -> None:
    found = view.found
    for table in TABLES.values():
        if table.name in view.tables:
            if not view.height(table.name) and table.required:
                found.add("mobigo_empty_table", f"{table.name}.txt", blocking=True)
            continue
        if table.required:
            found.add("missing_required_file", f"{table.name}.txt", blocking=True)
        elif table.recommended:
            found.add("missing_recommended_file", f"{table.name}.txt")
    if "stops" not in view.tables:
        found.add("missing_required_file", "stops.txt", blocking=True)
    if "calendar" not in view.tables and "calendar_dates" not in view.tables:
        found.add("missing_calendar_and_calendar_date_files", "calendar.txt", blocking=True)


def _table(view: View, table: Table) -> None:
    frame = view.tables[table.name]
    file = f"{table.name}.txt"
    for column in table.columns.values():
        blocking = column.name in KEY_COLUMNS.get(table.name, ())
        if column.name in frame.columns:
            continue
        if blocking or column.required:
            view.found.add("missing_required_column", file, 1, column.name, blocking=blocking)
        elif column.recommended:
            view.found.add("missing_recommended_column", file, 1, column.name)
    if table.single and frame.height > 1:
        view.found.add("more_than_one_entity", file, int(frame[LINE][1]), count=frame.height)
    for name in frame.columns:
        if name == LINE:
            continue
        known = table.columns.get(name)
        if known is None:
            view.found.add("unknown_column", file, 1, name)
        if frame.height:
            _cells(view, table.name, name, known)


def _cells(view: View, table: str, name: str, column: Column | None) -> None:
    raw = view.tables[table][name]
    values = view.column(table, name).values
    _writing(view, table, name, raw, column)
    if column is None:
        return
    blank = view.column(table, name).blank
    if blank >= 0 and (column.required or column.recommended):
        rows = np.flatnonzero(view.column(table, name).is_blank)
        view.tell("missing_required_field" if column.required else "missing_recommended_field", table, rows, name)
    given = values.filter(values != "") if blank >= 0 else values
    for code, bad in _FAULTS.get(column.kind, ()):
        wrong = given.filter(bad(given))
        if len(wrong):
            _tell_values(view, code, table, name, wrong.to_list())
    if column.allowed:
        as_number = given.filter(given.str.contains(_INTEGER))
        if len(as_number):
            plain = as_number.cast(pl.Int64, strict=False).cast(pl.String)
            wrong = as_number.filter(~plain.is_in(list(column.allowed)).fill_null(False))
            if len(wrong):
                _tell_values(view, "unexpected_enum_value", table, name, wrong.to_list())


_WRITING: Final = (
    ("leading_or_trailing_whitespaces", r"^\s|\s$"),
    ("new_line_in_value", r"[\r\n]"),
    ("invalid_character", "\ufffd"),
)
_ODD: Final = "|".join(pattern for _code, pattern in _WRITING)  # one look for what is nearly never there


def _writing(view: View, table: str, name: str, raw: pl.Series, column: Column | None) -> None:
    """How a cell is written: blanks around it, line breaks within, characters that were lost."""
    coded = view.column(table, name)
    distinct = raw.unique(maintain_order=True) if coded.padded else coded.values
    odd = distinct.filter(distinct.str.contains(_ODD))
    for code, pattern in _WRITING if len(odd) else ():
        hit = odd.filter(odd.str.contains(pattern))
        if len(hit):
            rows = np.flatnonzero(raw.is_in(hit.to_list()).to_numpy())
            view.tell(code, table, rows, name)
    if column is not None and column.kind is Kind.ID and not column.refers:
        hit = distinct.filter(distinct.str.contains(r"[^\x20-\x7e]"))
        if len(hit):
            view.tell(
                "non_ascii_or_non_printable_char", table, np.flatnonzero(raw.is_in(hit.to_list()).to_numpy()), name
            )


def _tell_values(view: View, code: str, table: str, name: str, wrong: list[str]) -> None:
    column = view.column(table, name)
    view.tell(code, table, column.rows_of([column.code_of[value] for value in wrong]), name)


# --- types

_INTEGER: Final = r"^[+-]?\d{1,18}$"


def _unlike(pattern: str) -> Callable[[pl.Series], pl.Series]:
    return lambda values: ~values.str.contains(pattern)


def _not_finite(values: pl.Series) -> pl.Series:
    return ~values.cast(pl.Float64, strict=False).is_finite().fill_null(False)


def _outside(least: float, most: float) -> Callable[[pl.Series], pl.Series]:
    def outside(values: pl.Series) -> pl.Series:
        number = values.cast(pl.Float64, strict=False)
        return (number.is_finite() & ((number < least) | (number > most))).fill_null(False)

    return outside


def _no_day(values: pl.Series) -> pl.Series:
    return values.str.to_date("%Y%m%d", strict=False).is_null() | ~values.str.contains(r"^\d{8}$")


def _no_zone(values: pl.Series) -> pl.Series:
    return ~values.is_in(_zones())


@cache
def _zones() -> list[str]:
    return sorted(available_timezones())  # each time it is asked, it reads folders


_FLOAT = ("invalid_float", _not_finite)
_WHOLE = ("invalid_integer", _unlike(_INTEGER))
_INF = float("inf")
_FAULTS: Final[dict[Kind, tuple[tuple[str, Callable[[pl.Series], pl.Series]], ...]]] = {
    Kind.URL: (("invalid_url", _unlike(r"^https?://[^\s/?#.][^\s/?#]*([/?#][^\s]*)?$")),),
    Kind.EMAIL: (("invalid_email", _unlike(r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")),),
    Kind.PHONE: (("invalid_phone_number", _unlike(r"[0-9].*[0-9].*[0-9A-Za-z]")),),
    Kind.LANGUAGE: (("invalid_language_code", _unlike(r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$")),),
    Kind.ZONE: (("invalid_timezone", _no_zone),),
    Kind.COLOR: (("invalid_color", _unlike(r"^[0-9A-Fa-f]{6}$")),),
    Kind.CURRENCY: (("invalid_currency", _unlike(r"^[A-Z]{3}$")),),
    Kind.DATE: (("invalid_date", _no_day),),
    Kind.TIME: (("invalid_time", _unlike(r"^\d{1,3}:[0-5]\d:[0-5]\d$")),),
    Kind.LAT: (_FLOAT, ("number_out_of_range", _outside(-90, 90))),
    Kind.LON: (_FLOAT, ("number_out_of_range", _outside(-180, 180))),
    Kind.FLOAT: (_FLOAT,),
    Kind.FLOAT_NOT_NEGATIVE: (_FLOAT, ("number_out_of_range", _outside(0, _INF))),
    Kind.INTEGER: (_WHOLE,),
    Kind.INTEGER_NOT_NEGATIVE: (_WHOLE, ("number_out_of_range", _outside(0, _INF))),
    Kind.INTEGER_POSITIVE: (_WHOLE, ("number_out_of_range", _outside(1, _INF))),
    Kind.ENUM: (_WHOLE,),
}

"""A feed as the rules look at it: each column coded once (its distinct values, and which one each row has).

Most columns of a feed repeat few values, so rules judge the distinct values and only look for rows when some are at
fault. Values are looked at without the blanks around them, as the reference's consumers do; the blanks themselves are
told by `fields`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mobigo.network.model.feed import LINE, FeedTables
from mobigo.network.model.report import EXAMPLES_MAX
from mobigo.network.rules.collect import Collector

Rows = NDArray[np.int64]
Codes = NDArray[np.int32]
_SMALL = 2_000  # rows below which a dictionary is faster than a Categorical
BLANK_TIME = -1  # in arrays of seconds: no time, or none that can be read
_TIME = r"^(\d{1,3}):([0-5]\d):([0-5]\d)$"  # as mobigo.base.servicetime reads it
NO_NUMBER = -(2**62)  # in arrays of whole numbers: none, or none that can be read


@dataclass(frozen=True)
class Coded:
    """A column: `values[codes[row]]` is the value of a row, without blanks around it. Values are in order of first
    appearance."""

    codes: Codes
    values: pl.Series
    padded: bool = False  # some cell had blanks around it

    @cached_property
    def texts(self) -> list[str]:
        """The distinct values."""
        return self.values.to_list()

    @cached_property
    def blank(self) -> int:
        """The code of the empty value, -1 when no row has it."""
        return next((code for code, value in enumerate(self.texts) if value == ""), -1)

    @cached_property
    def is_blank(self) -> NDArray[np.bool_]:
        """Rows without a value."""
        blank: NDArray[np.bool_] = self.codes == self.blank
        return blank

    @cached_property
    def code_of(self) -> dict[str, int]:
        """The code of each distinct value."""
        return {value: code for code, value in enumerate(self.texts)}

    @cached_property
    def seconds(self) -> NDArray[np.int32]:
        """Service times in seconds, `BLANK_TIME` where there is none."""
        parts = self.values.str.extract_groups(_TIME).struct.unnest().cast(pl.Int32)
        total = parts["1"] * 3600 + parts["2"] * 60 + parts["3"]
        table: NDArray[np.int32] = total.fill_null(BLANK_TIME).to_numpy()
        return table[self.codes]

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """Decimal numbers, NaN where there is none."""
        table = self.values.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
        return table[self.codes]

    @cached_property
    def whole(self) -> NDArray[np.int64]:
        """Whole numbers, `NO_NUMBER` where there is none."""
        table = self.values.cast(pl.Int64, strict=False).fill_null(NO_NUMBER).to_numpy()
        return table[self.codes]

    def rows_where(self, bad: Callable[[str], bool]) -> Rows:
        """The rows whose value `bad` says."""
        return self.rows_of([code for code, value in enumerate(self.texts) if bad(value)])

    def rows_of(self, codes: list[int]) -> Rows:
        """The rows with one of these codes, in order."""
        if not codes:
            return np.empty(0, np.int64)
        chosen = np.zeros(len(self.values), np.bool_)
        chosen[codes] = True
        return np.flatnonzero(chosen[self.codes])


def coded(column: pl.Series) -> Coded:
    """The coding of a column of strings."""
    if len(column) < _SMALL:
        if not any(text[:1].isspace() or text[-1:].isspace() for text in column.to_list()):
            return Coded(*_by_dictionary(column))
        stripped = column.str.strip_chars()
        return Coded(*_by_dictionary(stripped), padded=bool((stripped != column).any()))
    categories = column.cast(pl.Categorical(pl.Categories.random()))
    distinct = categories.unique()
    values = distinct.cast(pl.String)[np.argsort(distinct.to_physical().to_numpy())]
    codes = categories.to_physical().to_numpy().astype(np.int32)
    stripped = values.str.strip_chars()
    if bool((stripped != values).any()):
        again, values = _by_dictionary(stripped)
        return Coded(again[codes], values, padded=True)
    return Coded(codes, values)


def _by_dictionary(column: pl.Series) -> tuple[Codes, pl.Series]:
    texts = column.to_list()
    places = {value: code for code, value in enumerate(dict.fromkeys(texts))}
    return np.array([places[value] for value in texts], np.int32), pl.Series(column.name, list(places), pl.String)


class View:
    """The tables of a feed, coded, and the notices found on them."""

    def __init__(self, tables: FeedTables) -> None:
        self.tables = tables
        self.found = Collector()
        self._coded: dict[tuple[str, str], Coded] = {}
        self._matches: dict[tuple[str, str, str, str], NDArray[np.int32]] = {}

    def has(self, table: str, *columns: str) -> bool:
        """Whether the table is there, with those columns."""
        return table in self.tables and all(self.tables.has(table, column) for column in columns)

    def height(self, table: str) -> int:
        """How many records the table has; 0 when it is not there."""
        return self.tables[table].height if table in self.tables else 0

    def column(self, table: str, column: str) -> Coded:
        """The coded column; all blank when the table lacks it."""
        key = table, column
        if key not in self._coded:
            if self.tables.has(table, column):
                self._coded[key] = coded(self.tables[table][column])
            else:
                self._coded[key] = Coded(np.zeros(self.height(table), np.int32), pl.Series(column, [""], pl.String))
        return self._coded[key]

    def text(self, table: str, column: str, row: int) -> str:
        """The exact value of one cell; empty when the table lacks the column."""
        return str(self.tables[table][column][int(row)]) if self.tables.has(table, column) else ""

    def match(self, table: str, column: str, other: str, key: str) -> NDArray[np.int32]:
        """For each row of `table`, the row of `other` whose `key` equals its `column` (the first such); -1 for none."""
        asked = table, column, other, key
        if asked not in self._matches:
            mine, theirs = self.column(table, column), self.column(other, key)
            first = np.full(len(theirs.values), -1, np.int32)
            rows = np.arange(len(theirs.codes), dtype=np.int32)
            first[theirs.codes[::-1]] = rows[::-1]
            wanted = np.array([theirs.code_of.get(value, -1) if value else -1 for value in mine.texts], np.int64)
            table_rows = np.where(wanted >= 0, first[np.maximum(wanted, 0)] if len(first) else -1, -1).astype(np.int32)
            self._matches[asked] = table_rows[mine.codes] if len(table_rows) else np.empty(0, np.int32)
        return self._matches[asked]

    def tell(
        self,
        code: str,
        table: str,
        rows: Rows,
        column: str | None = None,
        *,
        with_: tuple[str, ...] = (),
        **params: object,
    ) -> None:
        """A notice for each of these rows of a table; the examples give the value of `column` and, as parameters, the
        columns `with_`."""
        count = len(rows)
        if not count:
            return
        frame = self.tables[table]
        for row in rows[:EXAMPLES_MAX].tolist():
            value = self.text(table, column, row) if column is not None and column in frame.columns else None
            more = {name: self.text(table, name, row) for name in with_}
            self.found.add(code, f"{table}.txt", int(frame[LINE][row]), column, value, params={**more, **params})
        self.found.count(code, count - min(count, EXAMPLES_MAX))

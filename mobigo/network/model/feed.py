"""A GTFS feed as read: tables of exact strings. Nothing is interpreted here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # whoever only names this type, as web pages do, loads no tables
    import polars as pl

LINE = "_line"  # the column that holds each record's first line in its file (the header is line 1)


@dataclass(frozen=True)
class FeedTables:
    """Every table of a feed, by file name without its ending (`"stop_times"`), as published.

    Each table has the file's own columns, all strings, exact (an empty cell is the empty string, an absent trailing
    cell too), plus the column `_line` (int64), the line of each record in its file. Rows keep the file's order.
    """

    tables: Mapping[str, "pl.DataFrame"] = field(repr=False)

    def __contains__(self, name: str) -> bool:
        return name in self.tables

    def __getitem__(self, name: str) -> "pl.DataFrame":
        """The table; KeyError when the feed has none of that name."""
        return self.tables[name]

    def has(self, name: str, column: str) -> bool:
        """Whether the feed has that table with that column."""
        return name in self.tables and column in self.tables[name].columns

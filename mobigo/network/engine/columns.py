"""Columns of a feed's tables as numbers. A cell that cannot be read becomes the stated default; the validation report
tells of it."""

import numpy as np
import polars as pl

from mobigo.base.servicetime import parse_service_time
from mobigo.network.model.feed import FeedTables
from mobigo.network.model.timetable import F64, I32

BLANK_S = -1  # no time given


def texts(table: pl.DataFrame, column: str) -> pl.Series:
    """The column without blanks around its values; empty strings when the table lacks it."""
    if column not in table.columns:
        return pl.Series(column, [""] * table.height, dtype=pl.String)
    return table.select(_clean(column)).to_series()


def _clean(column: str) -> pl.Expr:
    """One expression a column: polars then makes one pass, and small tables cost one call."""
    return pl.col(column).fill_null("").str.strip_chars()


def ints(table: pl.DataFrame, column: str, default: int) -> I32:
    """Whole numbers; `default` where blank or unreadable."""
    if column not in table.columns:
        return np.full(table.height, default, np.int32)
    known = table.select(_clean(column).cast(pl.Int32, strict=False).fill_null(default)).to_series()
    return known.to_numpy().astype(np.int32)


def floats(table: pl.DataFrame, column: str) -> F64:
    """Finite decimals; NaN where blank or unreadable."""
    if column not in table.columns:
        return np.full(table.height, np.nan)
    known = table.select(_clean(column).cast(pl.Float64, strict=False).fill_null(float("nan"))).to_series()
    values = known.to_numpy().astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def times(table: pl.DataFrame, column: str) -> I32:
    """Service times in seconds; `BLANK_S` where blank or unreadable."""
    if column not in table.columns:
        return np.full(table.height, BLANK_S, np.int32)
    parts = table[column].str.split_exact(":", 2).struct
    hours, minutes, seconds = (parts.field(f"field_{i}").cast(pl.Int32, strict=False) for i in range(3))
    fast = hours.is_between(0, 999) & minutes.is_between(0, 59) & seconds.is_between(0, 59)
    value = (hours * 3600 + minutes * 60 + seconds).to_numpy(allow_copy=True)
    good = fast.fill_null(False).to_numpy()
    out = np.where(good, value, BLANK_S).astype(np.int32)
    rest = np.flatnonzero(~good)
    if rest.size:  # blanks around, or no time at all
        for row, text in zip(rest, table[column][rest].to_list(), strict=True):
            parsed = parse_service_time(text or "") if text else None
            out[row] = BLANK_S if parsed is None else parsed
    return out


def table_of(feed: FeedTables, name: str, *columns: str) -> pl.DataFrame:
    """The table with at least `columns` (blank where the feed lacks them); empty when the feed lacks the table."""
    if name not in feed:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    table = feed[name]
    missing = [pl.lit("").alias(column) for column in columns if column not in table.columns]
    return table.with_columns(missing) if missing else table


def rows_of(keys: pl.Series, known: pl.Series) -> I32:
    """For each key the row where `known` holds it first, -1 where it does not."""
    index = pl.DataFrame({"key": known, "row": np.arange(len(known), dtype=np.int32)}).unique("key", keep="first")
    joined = pl.DataFrame({"key": keys}).join(index, on="key", how="left", maintain_order="left")
    return joined["row"].fill_null(-1).to_numpy().astype(np.int32)

"""The tables of one feed on its way into the whole, and the few questions asked of them."""

from collections.abc import Sequence

import polars as pl

Frames = dict[str, pl.DataFrame]


def text(frames: Frames, table: str, column: str) -> list[str]:
    """The values of a column; as many blanks as rows when the table has no such column; none without the table."""
    if table not in frames:
        return []
    frame = frames[table]
    return frame[column].to_list() if column in frame.columns else [""] * frame.height


def blank(frame: pl.DataFrame, column: str) -> pl.Expr:
    """Whether the column is blank, or not there at all."""
    return pl.col(column) == "" if column in frame.columns else pl.lit(value=True)


def with_column(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """The table with that column, blank when it had none."""
    return frame if column in frame.columns else frame.with_columns(pl.lit("").alias(column))


def rows_of(frames: Frames, table: str, columns: Sequence[str] = ()) -> list[dict[str, str]]:
    """The rows as plain values; the columns asked for are there, blank if need be."""
    if table not in frames:
        return []
    frame = frames[table]
    for column in columns:
        frame = with_column(frame, column)
    return frame.to_dicts()


def set_rows(frames: Frames, table: str, rows: Sequence[dict[str, str]]) -> None:
    """Put these rows in the table's place; none: the table goes."""
    columns = dict.fromkeys(column for row in rows for column in row)
    if rows:
        given = [{column: row.get(column, "") for column in columns} for row in rows]
        frames[table] = pl.DataFrame(given, schema=dict.fromkeys(columns, pl.String))
    else:
        frames.pop(table, None)

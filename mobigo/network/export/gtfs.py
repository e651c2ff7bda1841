"""GTFS out of tables: every cell as it was read (`exact`), or in one tidy form (`normalised`). Same tables, same
bytes."""

from collections.abc import Mapping

import polars as pl

from mobigo.network.export.archive import zip_bytes
from mobigo.network.model.feed import LINE, FeedTables
from mobigo.network.rules.schema import TABLES


def exact(tables: FeedTables, headers: Mapping[str, tuple[str, ...]] | None = None) -> bytes:
    """A zip of every table with its cells, rows and columns as they were read. `headers` gives back the names a file
    gave its columns where those were not unique."""
    files = {
        f"{name}.txt": csv_bytes(frame.drop(LINE), (headers or {}).get(name)) for name, frame in tables.tables.items()
    }
    return zip_bytes(files)


def normalised(tables: FeedTables) -> bytes:
    """A zip of the tables of the reference: its columns in its order, then the others; no blanks around values; rows
    sorted by the primary key, numbers as numbers; columns and tables without a value left out. Other tables follow as
    they are."""
    files: dict[str, bytes] = {}
    for name, frame in tables.tables.items():
        plain = frame.drop(LINE).with_columns(pl.all().str.strip_chars())
        if plain.height and name in TABLES:
            plain = _sorted(name, plain)
        if plain.height:
            files[f"{name}.txt"] = csv_bytes(plain)
    return zip_bytes(files)


def _sorted(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    table = TABLES[name]
    used = [column for column in frame.columns if (frame[column] != "").any()]
    wanted = [column for column in table.columns if column in frame.columns]
    columns = [column for column in wanted if column in used or table.columns[column].required] + [
        column for column in frame.columns if column not in wanted and column in used
    ]
    keys: list[pl.Expr] = []
    for column in table.key or tuple(columns[:1]):
        if column in frame.columns:
            keys += [pl.col(column).cast(pl.Int64, strict=False).fill_null(-1), pl.col(column)]
    order = [*keys, *(pl.col(column) for column in columns)]
    return frame.sort(order, maintain_order=True).select(columns)


def csv_bytes(frame: pl.DataFrame, header: tuple[str, ...] | None = None) -> bytes:
    """The table as RFC 4180 writes it, lines ended by CRLF, quotes only where a value needs them."""
    names = list(header) if header is not None and len(header) == len(frame.columns) else frame.columns
    top = ",".join(_quoted(name) for name in names) + "\r\n"
    if frame.width == 1:
        # A lone empty value must be quoted: an empty line would be no record at all.
        body = "".join((_quoted(value) or '""') + "\r\n" for value in frame.to_series().to_list())
        return (top + body).encode()
    if not frame.height:
        return top.encode()
    text = frame.write_csv(include_header=False, quote_style="necessary", line_terminator="\r\n")
    return (top + text).encode()


def _quoted(value: str) -> str:
    if any(letter in value for letter in ',"\r\n'):
        return '"' + value.replace('"', '""') + '"'
    return value

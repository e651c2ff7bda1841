"""GTFS out of tables: every cell as it was read (`exact`), for reusers (`published`), or in one tidy form for our own
use (`normalised`). Same tables, same bytes."""

from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO

import polars as pl

from mobigo.network.export.archive import zip_bytes
from mobigo.network.model.feed import LINE, FeedTables
from mobigo.network.rules.schema import TABLES, Kind


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


def published(
    tables: FeedTables,
    headers: Mapping[str, tuple[str, ...]] | None = None,
    others: Mapping[str, Callable[[], bytes]] | None = None,
) -> dict[str, Callable[[], bytes]]:
    """The files of the feed as reusers get them, by name, each made when it is asked for (`archive.write_zip`).

    Nothing is lost: every table with all its columns and rows, and `others`, the files that are no table of the
    reference, as they came (locations.geojson, a note to readers). What says the same is written the same: the
    reference's columns first in its order, then the others by name; rows by the primary key, numbers as numbers, then
    by all columns; no blanks around values; UTF-8 without a mark, lines ended by CRLF. A column without a name and
    without any value is left out: a comma too many at the end of each line.
    """
    files: dict[str, Callable[[], bytes]] = dict(others or {})
    for name in tables.tables:
        if name in TABLES:
            files[f"{name}.txt"] = partial(_published, tables, name, (headers or {}).get(name))
        elif f"{name}.txt" not in files:
            files[f"{name}.txt"] = partial(_exact, tables, name, (headers or {}).get(name))
    return files


def _exact(tables: FeedTables, name: str, header: tuple[str, ...] | None) -> bytes:
    return csv_bytes(tables[name].drop(LINE), header)


def _published(tables: FeedTables, name: str, header: tuple[str, ...] | None) -> bytes:
    frame = tables[name].drop(LINE).with_columns(pl.all().str.strip_chars())
    written = dict(zip(frame.columns, [each.strip() for each in header or frame.columns], strict=True))
    kept = [column for column in frame.columns if written[column] or (frame[column] != "").any()]
    known = [column for column in TABLES[name].columns if column in kept]
    place = {column: at for at, column in enumerate(kept)}
    extra = sorted((column for column in kept if column not in known), key=lambda each: (written[each], place[each]))
    ordered = in_order(name, frame.select(known + extra))
    return csv_bytes(ordered, tuple(written[column] for column in ordered.columns))


def in_order(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows of a table of the reference by its primary key, then by all columns: no order they came in shows."""
    table = TABLES[name]
    codes: dict[str, pl.Series] = {}
    for column in table.key:
        if column in frame.columns:
            if table.columns[column].kind in _WHOLE:
                codes[f"#{column}"] = frame[column].cast(pl.Int64, strict=False).fill_null(-1)
            codes[column] = frame[column].cast(pl.Enum(frame[column].unique().sort())).to_physical()
    if not codes:
        return frame.sort(frame.columns)
    keys = pl.DataFrame(list(codes.values()), schema=list(codes))
    order = keys.with_row_index(LINE).sort(list(codes))
    same = order.select(pl.all_horizontal(pl.col(each) == pl.col(each).shift() for each in codes).any()).item()
    if same:
        marked = keys.rename({each: f"{LINE}{each}" for each in codes})
        return frame.hstack(marked).sort([*marked.columns, *frame.columns]).select(frame.columns)
    return frame[order[LINE]]


_WHOLE = (Kind.INTEGER, Kind.INTEGER_NOT_NEGATIVE, Kind.INTEGER_POSITIVE)


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
    out = BytesIO()
    out.write(top.encode())
    given = frame.select(pl.when(pl.col(column) != "").then(pl.col(column)).alias(column) for column in frame.columns)
    given.write_csv(out, include_header=False, quote_style="necessary", line_terminator="\r\n")
    return out.getvalue()


def _quoted(value: str) -> str:
    if any(letter in value for letter in ',"\r\n'):
        return '"' + value.replace('"', '""') + '"'
    return value

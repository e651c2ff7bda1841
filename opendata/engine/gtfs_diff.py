"""Differences between two GTFS feeds, as the GTFS-Diff specification (version 1, MobilityData) writes them, and the way
back: the old feed with its differences applied is the new one.

Order of rows is no information in GTFS, nor is order of columns: shuffled feeds do not differ. Files that are no tables
are told as deleted and added, without their content.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import polars as pl

from mobigo.base.errors import InvalidInput
from mobigo.network.model.feed import LINE, FeedTables
from mobigo.network.rules.schema import TABLES

COLUMNS: Final = ("id", "file", "action", "target", "identifier", "initial_value", "new_value", "note")
# A file of one record has no key in the reference: what names its publisher names it.
_SINGLE: Final = {"feed_info": ("feed_publisher_name",)}
_TIMES: Final = "_times"  # which of the equal rows it is


def differences(
    old: FeedTables, new: FeedTables, others: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
) -> pl.DataFrame:
    """The differences, one row each, in the columns of the specification: files, then columns, then rows.

    `others`: name → hash of the files that are no tables, before and after.
    """
    found = [*_files(old, new, others), *_columns(old, new)]
    head = [_frame(found)]
    names = sorted(set(old.tables) | set(new.tables))
    rows = [_rows(name, *_aligned(name, old, new)) for name in names if name in new]
    whole = pl.concat([*head, *rows])
    return whole.select(pl.int_range(1, pl.len() + 1).cast(pl.String).alias("id"), *COLUMNS[1:])


def _files(
    old: FeedTables, new: FeedTables, others: tuple[Mapping[str, str], Mapping[str, str]]
) -> Iterable[dict[str, str]]:
    for name in sorted(set(old.tables) ^ set(new.tables)):
        yield _told(f"{name}.txt", "add" if name in new else "delete", "file", {"filename": f"{name}.txt"})
    before, after = others
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            for action, there in (("delete", before), ("add", after)):
                if name in there:
                    yield _told(name, action, "file", {"filename": name})


def _columns(old: FeedTables, new: FeedTables) -> Iterable[dict[str, str]]:
    for name in sorted(new.tables):
        before = _names(old[name]) if name in old else []
        after = _names(new[name])
        # Added before any is deleted: a table is never without columns, and keeps its rows.
        for action, columns in (
            ("add", [column for column in after if column not in before]),
            ("delete", [column for column in before if column not in after]),
        ):
            for column in columns:
                yield _told(f"{name}.txt", action, "column", {"column": column})


def _told(file: str, action: str, target: str, identifier: Mapping[str, str]) -> dict[str, str]:
    said = json.dumps(identifier, ensure_ascii=False, separators=(",", ":"))
    return {"file": file, "action": action, "target": target, "identifier": said}


def _frame(told: Iterable[Mapping[str, str]]) -> pl.DataFrame:
    rows = list(told)
    return pl.DataFrame(
        {column: [row.get(column, "") for row in rows] for column in COLUMNS[1:]},
        schema=dict.fromkeys(COLUMNS[1:], pl.String),
    )


def _names(frame: pl.DataFrame) -> list[str]:
    return [column for column in frame.columns if column != LINE]


def _aligned(name: str, old: FeedTables, new: FeedTables) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
    """The old table once its columns are those of the new one, the new table, and the key that both may have."""
    after = new[name].drop(LINE, strict=False)
    before = old[name] if name in old else after.clear()
    shared = [column for column in after.columns if column in before.columns]
    lacking = [pl.lit("").alias(column) for column in after.columns if column not in shared]
    filled = before.with_columns(lacking).select(after.columns)
    wanted = _SINGLE.get(name) or (TABLES[name].key if name in TABLES else ())
    return filled, after, tuple(column for column in wanted if column in shared or name not in old)


def _rows(name: str, old: pl.DataFrame, new: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    plain = [column for column in new.columns if column in key]
    if not plain or any(_repeated(frame, plain) for frame in (old, new)):
        plain = []  # nothing names a row but all that it holds
    by = plain or new.columns
    one, other = (_numbered(frame, by) if not plain else frame for frame in (old, new))
    on = [*by, _TIMES] if not plain else by
    deleted = one.join(other, on=on, how="anti", maintain_order="left")
    added = other.join(one, on=on, how="anti", maintain_order="left")
    values = [column for column in new.columns if column not in by]
    parts = [
        _told_rows(f"{name}.txt", "delete", deleted, _object(by), pl.lit(""), pl.lit("")),
        _told_rows(f"{name}.txt", "add", added, _object(by) if plain else pl.lit(""), pl.lit(""), _object(new.columns)),
    ]
    if values:
        both = one.join(other, on=on, how="inner", suffix="\0new", maintain_order="left")
        changed = both.filter(pl.any_horizontal(pl.col(c) != pl.col(f"{c}\0new") for c in values))
        parts.append(
            _told_rows(
                f"{name}.txt", "update", changed, _object(by),
                _object(values, only_changed=True), _object(values, "\0new", only_changed=True),
            )
        )  # fmt: skip
    return pl.concat(parts)


def _repeated(frame: pl.DataFrame, key: list[str]) -> bool:
    return frame.height > 1 and frame.select(pl.struct(key).n_unique()).item() < frame.height


def _numbered(frame: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return frame.with_columns(pl.int_range(pl.len()).over(by).alias(_TIMES))


def _object(columns: Iterable[str], suffix: str = "", *, only_changed: bool = False) -> pl.Expr:
    """The JSON object of these columns' values; of those only that differ from their `\\0new` twin, if asked."""
    pieces = []
    for column in columns:
        quoted = pl.struct(pl.col(f"{column}{suffix}").alias(column)).struct.json_encode()
        piece = quoted.str.head(-1).str.slice(1)
        pieces.append(pl.when(pl.col(column) != pl.col(f"{column}\0new")).then(piece) if only_changed else piece)
    inside = pl.concat_str(pieces, separator=",", ignore_nulls=True)
    return pl.concat_str(pl.lit("{"), inside, pl.lit("}"))


def _told_rows(
    file: str, action: str, rows: pl.DataFrame, identifier: pl.Expr, initial: pl.Expr, new: pl.Expr
) -> pl.DataFrame:
    return rows.select(
        pl.lit(file).alias("file"),
        pl.lit(action).alias("action"),
        pl.lit("row").alias("target"),
        identifier.alias("identifier"),
        initial.alias("initial_value"),
        new.alias("new_value"),
        pl.lit("").alias("note"),
    )


# ---------------------------------------------------------------- the way back


def applied(diff: pl.DataFrame, old: FeedTables) -> FeedTables:
    """The old feed with its differences applied, in the order of the specification: the new feed, up to the order of
    rows and columns. Raises InvalidInput("opendata.diff_does_not_fit") naming the first difference that finds nothing
    to change, or that cannot be read."""
    tables = {name: table.drop(LINE, strict=False) for name, table in old.tables.items()}
    for row in diff.filter(pl.col("target") != "row").iter_rows(named=True):
        stem = row["file"].removesuffix(".txt")
        if row["file"] == stem:
            continue  # no table
        if row["target"] == "file":
            if row["action"] == "add":
                tables[stem] = pl.DataFrame()
            elif tables.pop(stem, None) is None:
                raise _misfit(row)
        else:
            column = str(_read(row, "identifier").get("column", ""))
            table = _table(tables, stem, row)
            if row["action"] == "add":
                tables[stem] = table.with_columns(pl.lit("").alias(column)) if table.width else _empty(column)
            elif column in table.columns:
                tables[stem] = table.drop(column)
            else:
                raise _misfit(row)
    changes = diff.filter(pl.col("target") == "row")
    for (file,), rows in changes.group_by("file", maintain_order=True):
        stem = str(file).removesuffix(".txt")
        tables[stem] = _changed(_table(tables, stem, {"id": "", "file": file}), rows)
    return FeedTables(
        {
            name: table.with_columns(pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias(LINE))
            for name, table in tables.items()
        }
    )


def _changed(table: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    for (action,), part in rows.group_by("action", maintain_order=True):
        if action in ("delete", "update"):
            grouped: dict[tuple[str, ...], list[dict[str, Any]]] = {}
            for row in part.iter_rows(named=True):
                identifier = _read(row, "identifier")
                if not identifier or not set(identifier) <= set(table.columns):
                    raise _misfit(row)
                grouped.setdefault(tuple(sorted(identifier)), []).append({**row, "found": identifier})
            for by, several in grouped.items():
                change = _without if action == "delete" else _with_values
                table = change(table, list(by), several)
    added = [_read(row, "new_value") for row in rows.filter(pl.col("action") == "add").iter_rows(named=True)]
    if added:
        schema = dict.fromkeys(table.columns, pl.String)
        filled = [{column: str(row.get(column, "")) for column in table.columns} for row in added]
        table = pl.concat([table, pl.DataFrame(filled, schema=schema)])
    return table


def _located(table: pl.DataFrame, by: list[str], several: list[dict[str, Any]]) -> pl.DataFrame:
    """The place in the table of the row each difference speaks of; equal rows are taken one after the other."""
    asked = pl.DataFrame(
        [{column: str(each["found"][column]) for column in by} for each in several], schema=dict.fromkeys(by, pl.String)
    )
    places = _numbered(table, by).with_row_index("_place").select(*by, _TIMES, "_place")
    located = (
        _numbered(asked, by).with_row_index("_asked").join(places, on=[*by, _TIMES], how="left", maintain_order="left")
    )
    missing = located.filter(pl.col("_place").is_null())
    if missing.height:
        raise _misfit(several[int(missing["_asked"][0])])
    return located


def _without(table: pl.DataFrame, by: list[str], several: list[dict[str, Any]]) -> pl.DataFrame:
    gone = _located(table, by, several).select("_place")
    return table.with_row_index("_place").join(gone, on="_place", how="anti", maintain_order="left").drop("_place")


def _with_values(table: pl.DataFrame, by: list[str], several: list[dict[str, Any]]) -> pl.DataFrame:
    places = _located(table, by, several)["_place"].to_list()
    # column → place → (the difference, the value it finds, the value it leaves)
    values: dict[str, dict[int, tuple[dict[str, Any], str | None, str]]] = {}
    for place, each in zip(places, several, strict=True):
        initial = _read(each, "initial_value") if each["initial_value"] else {}
        for column, value in _read(each, "new_value").items():
            if column not in table.columns:
                raise _misfit(each)
            before = str(initial[column]) if column in initial else None
            values.setdefault(column, {})[place] = (each, before, str(value))
    for column, changed in values.items():
        cells = table[column].to_list()
        for place, (each, before, value) in changed.items():
            if before is not None and cells[place] not in (before, value):
                raise _misfit(each)  # changed otherwise meanwhile: not to be written over
            cells[place] = value
        table = table.with_columns(pl.Series(column, cells, dtype=pl.String))
    return table


def _table(tables: Mapping[str, pl.DataFrame], stem: str, row: Mapping[str, Any]) -> pl.DataFrame:
    if stem not in tables:
        raise _misfit(row)
    return tables[stem]


def _empty(column: str) -> pl.DataFrame:
    return pl.DataFrame(schema={column: pl.String})


def _read(row: Mapping[str, Any], column: str) -> dict[str, Any]:
    try:
        value = json.loads(row[column])
    except ValueError:
        raise _misfit(row) from None
    if not isinstance(value, dict):
        raise _misfit(row)
    return value


def _misfit(row: Mapping[str, Any]) -> InvalidInput:
    return InvalidInput("opendata.diff_does_not_fit", number=row.get("id", ""), file=row.get("file", ""))

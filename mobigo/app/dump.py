"""The database as text, table by table, and back: one JSON array a row, values written by the type of their column.

Written from our own table declarations inside one reading transaction, so it is one state of the database whatever
else writes meanwhile, and what was saved on SQLite may be restored on PostgreSQL, or the other way round.
"""

import base64
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any, Final

import orjson
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    Time,
    insert,
    select,
    text,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator, TypeEngine

from mobigo.app.tables import metadata
from mobigo.base.errors import Refused

BATCH: Final = 2_000
Codec = tuple[Callable[[Any], Any], Callable[[Any], Any]]


def _same(value: Any) -> Any:
    return value


_CODECS: Final[tuple[tuple[type[TypeEngine[Any]], Codec], ...]] = (
    (Boolean, (_same, _same)),
    (Integer, (_same, _same)),
    (Float, (_same, _same)),
    (Numeric, (str, Decimal)),
    (JSON, (_same, _same)),
    (String, (_same, _same)),
    (DateTime, (datetime.isoformat, datetime.fromisoformat)),
    (Date, (date.isoformat, date.fromisoformat)),
    (Time, (time.isoformat, time.fromisoformat)),
    (LargeBinary, (lambda raw: base64.b64encode(raw).decode(), base64.b64decode)),
)


def dump(session: Session, table: Table) -> Iterator[bytes]:
    """The lines of one table: the names of its columns, then each row, by primary key."""
    columns = list(table.columns)
    writers = [_codec(column)[0] for column in columns]
    yield orjson.dumps([column.name for column in columns]) + b"\n"
    rows = (
        session.connection()
        .execution_options(stream_results=True, yield_per=BATCH)
        .execute(select(*columns).order_by(*table.primary_key.columns))
    )
    for row in rows:
        values = [None if value is None else write(value) for value, write in zip(row, writers, strict=True)]
        yield orjson.dumps(values) + b"\n"


def load(connection: Connection, table: Table, lines: Iterable[bytes]) -> int:
    """Insert the lines of one table; returns how many rows. The caller holds the transaction.

    Raises Refused("backup.bad_rows", table, line) for a line that is not a row of this table.
    """
    rows = iter(lines)
    names: list[str] = orjson.loads(next(rows, b"[]"))
    if not set(names) <= set(table.columns.keys()):
        raise Refused("backup.bad_rows", table=table.name, line=1)
    readers = [_codec(table.columns[name])[1] for name in names]

    def read(numbered: tuple[int, bytes]) -> dict[str, Any]:
        number, line = numbered
        try:
            values = orjson.loads(line)
            pairs = zip(names, readers, values, strict=True)
            return {name: None if value is None else reader(value) for name, reader, value in pairs}
        except (ValueError, TypeError) as unreadable:
            raise Refused("backup.bad_rows", table=table.name, line=number) from unreadable

    parsed, count = map(read, enumerate(rows, 2)), 0
    while batch := list(islice(parsed, BATCH)):
        connection.execute(insert(table), batch)
        count += len(batch)
    return count


def advance_counters(connection: Connection) -> None:
    """Let the counters of PostgreSQL's whole-number keys go on after the rows that were inserted with theirs."""
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        counter = table.autoincrement_column
        if counter is None:
            continue
        sequence = connection.scalar(
            text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": counter.name}
        )
        last = connection.scalar(select(counter).order_by(counter.desc()).limit(1))
        if sequence is not None and last is not None:
            connection.execute(
                text("SELECT setval(CAST(:sequence AS regclass), :last)"), {"sequence": sequence, "last": last}
            )


def _codec(column: Column[Any]) -> Codec:
    kind: Any = column.type
    while isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    for known, codec in _CODECS:
        if isinstance(kind, known):
            return codec
    raise TypeError(f"{column.table.name}.{column.name}: values of {kind!r} have no form in a backup")

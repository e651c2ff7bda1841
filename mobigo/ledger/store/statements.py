"""One statement for many rows, and a list as one parameter, on either database."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

AMONG: Final = {
    "sqlite": "IN (SELECT value FROM json_each(?))",
    "postgresql": "= ANY(%s)",
}


def dialect_of(session: Session) -> str:
    """The database's name: "sqlite" or "postgresql"."""
    return session.get_bind().dialect.name


def listed(dialect: str, values: Sequence[Any]) -> Any:
    """A list as one parameter of `AMONG`."""
    if dialect == "postgresql":
        return list(values)
    return orjson.dumps(list(values)).decode()


def many(session: Session, statements: Mapping[str, str], rows: Sequence[tuple[Any, ...]]) -> CursorResult[Any]:
    """Execute a statement for all rows at once: as arrays on PostgreSQL, as one prepared statement on SQLite."""
    connection: Connection = session.connection()
    dialect = connection.dialect.name
    if dialect == "postgresql":
        arrays = tuple(list(column) for column in zip(*rows, strict=True))
        return connection.exec_driver_sql(statements[dialect], arrays)
    return connection.exec_driver_sql(statements[dialect], list(rows))

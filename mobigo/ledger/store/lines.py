"""Lines, and the head under whose lock they are numbered. A batch of lines is one statement, whichever database."""
# ruff: noqa: S608 - statements are built from our own names of tables and columns; every value is a parameter

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, cast

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from mobigo.infra.db import insert_new
from mobigo.ledger.model import Head, Line
from mobigo.ledger.rules.chain import ERA, GENESIS
from mobigo.ledger.store.rows import HeadRow
from mobigo.ledger.store.statements import AMONG, dialect_of, listed, many

COLUMNS: Final = ", ".join(Line._fields)
_LINE_TYPES: Final = {
    "recorded_us": "bigint", "n": "bigint", "moved_cents": "bigint", "held_cents": "bigint", "of_n": "bigint",
    "expires_us": "bigint", "happened_us": "bigint", "group_position": "int", "group_size": "int", "era": "int",
    "request_hash": "bytea", "previous_hash": "bytea", "hash": "bytea",
}  # fmt: skip
_ADD_LINES: Final = {
    "sqlite": f"INSERT INTO ledger_line ({COLUMNS}) VALUES ({', '.join('?' * len(Line._fields))})",
    "postgresql": f"INSERT INTO ledger_line ({COLUMNS}) SELECT * FROM unnest("
    + ", ".join(f"%s::{_LINE_TYPES.get(name, 'text')}[]" for name in Line._fields)
    + ")",
}


def lock_head(session: Session) -> Head:
    """The head, locked until the end of the transaction: from now on no other one adds a line."""
    connection = session.connection()
    asked = "SELECT n, hash, recorded_us FROM ledger_head WHERE id = 1"
    if connection.dialect.name == "postgresql":
        asked += " FOR UPDATE"
    row = connection.exec_driver_sql(asked).first()
    if row is None:
        first = {"id": 1, "n": GENESIS.n, "hash": GENESIS.hash, "recorded_us": GENESIS.recorded_us}
        insert_new(session, HeadRow, first)
        row = connection.exec_driver_sql(asked).one()
    return Head(row[0], bytes(row[1]), row[2])


def find_head(session: Session) -> Head:
    """The head as it is, without a lock."""
    row = session.execute(select(HeadRow.n, HeadRow.hash, HeadRow.recorded_us)).first()
    return GENESIS if row is None else Head(row.n, row.hash, row.recorded_us)


def move_head(session: Session, head: Head) -> None:
    """The end of the chain after an extension."""
    session.execute(
        text("UPDATE ledger_head SET n = :n, hash = :hash, recorded_us = :recorded_us WHERE id = 1"),
        {"n": head.n, "hash": head.hash, "recorded_us": head.recorded_us},
    )


def add_lines(session: Session, lines: Sequence[Line]) -> None:
    """Insert lines: one statement."""
    many(session, _ADD_LINES, lines)


def lines_by_key(session: Session, keys: Sequence[str]) -> dict[str, Line]:
    """The lines of these keys that exist."""
    return {line.key: line for line in _lines_among(session, "key", keys)}


def _lines_among(session: Session, column: str, values: Sequence[Any]) -> list[Line]:
    dialect = dialect_of(session)
    found = session.connection().exec_driver_sql(
        f"SELECT {COLUMNS} FROM ledger_line WHERE {column} {AMONG[dialect]}",
        (listed(dialect, values),),
    )
    return [Line._make(row) for row in found]


def ended_by(session: Session, numbers: Sequence[int]) -> dict[int, str]:
    """For lines that were settled, voided, expired or reversed: the key of the line that did."""
    if not numbers:
        return {}
    dialect = dialect_of(session)
    found = session.connection().exec_driver_sql(
        f"SELECT of_n, key FROM ledger_line WHERE of_n {AMONG[dialect]}", (listed(dialect, numbers),)
    )
    return {row[0]: row[1] for row in found}


def groups_among(session: Session, names: Iterable[str]) -> set[str]:
    """Those of these groups that have lines."""
    wanted = sorted(set(names))
    if not wanted:
        return set()
    dialect = dialect_of(session)
    found = session.connection().exec_driver_sql(
        f"SELECT DISTINCT group_name FROM ledger_line WHERE group_name {AMONG[dialect]}", (listed(dialect, wanted),)
    )
    return {row[0] for row in found}


def open_holds_over(session: Session, now_us: int, limit: int) -> list[str]:
    """Keys of holds whose time is over and that nothing ended, oldest first."""
    asked = text(
        "SELECT h.key FROM ledger_line h WHERE h.expires_us IS NOT NULL AND h.expires_us <= :now AND NOT EXISTS "
        "(SELECT 1 FROM ledger_line e WHERE e.of_n = h.n) ORDER BY h.expires_us, h.n LIMIT :limit"
    )
    return list(session.scalars(asked, {"now": now_us, "limit": limit}))


def lines_of(session: Session, account: str, after_n: int) -> list[Line]:
    """The next lines of an account in the order of record, after line `after_n`: those of the first era that has some.
    Era by era, so that the index serves, and a busy account is never sorted whole."""
    where = {"account": account, "after": after_n, "era": (after_n + 1) // ERA}
    era = session.scalar(
        text(
            "SELECT min(era) FROM (SELECT min(era) era FROM ledger_line WHERE debit = :account AND era >= :era "
            "UNION ALL SELECT min(era) FROM ledger_line WHERE credit = :account AND era >= :era) later"
        ),
        where,
    )
    if era is None:
        return []
    asked = text(
        f"SELECT {COLUMNS} FROM ledger_line WHERE debit = :account AND era = :era AND n > :after UNION ALL "
        f"SELECT {COLUMNS} FROM ledger_line WHERE credit = :account AND era = :era AND n > :after ORDER BY n"
    )
    found = [Line._make(row) for row in session.execute(asked, {**where, "era": era})]
    return found or lines_of(session, account, (era + 1) * ERA - 1)


def lines_numbered(session: Session, after_n: int, up_to_n: int) -> list[Line]:
    """The lines numbered after `after_n`, up to `up_to_n`, in order."""
    asked = text(f"SELECT {COLUMNS} FROM ledger_line WHERE n > :after AND n <= :up_to ORDER BY n")
    return [Line._make(row) for row in session.execute(asked, {"after": after_n, "up_to": up_to_n})]


def line_count_before(session: Session, recorded_us: int) -> int:
    """How many lines were recorded before this instant: their time of record never goes back, so halving finds it."""
    low, high = 0, find_head(session).n
    while low < high:
        middle = (low + high + 1) // 2
        found = session.scalar(text("SELECT recorded_us FROM ledger_line WHERE n = :n"), {"n": middle})
        if found is not None and found < recorded_us:
            low = middle
        else:
            high = middle - 1
    return low


def stream_lines(session: Session) -> Iterator[Sequence[Sequence[Any]]]:
    """Every line in order, an era at a time, as plain tuples in the order of `Line`."""
    connection = session.connection()
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    asked = f"SELECT {COLUMNS} FROM ledger_line WHERE n > {mark} ORDER BY n LIMIT {mark}"
    after, size = 0, ERA - 1  # lines are numbered from 1
    while True:
        result = connection.exec_driver_sql(asked, (after, size))
        found = cast("list[Sequence[Any]]", result.cursor.fetchall() if result.cursor is not None else [])
        result.close()
        if not found:
            return
        yield found
        after, size = found[-1][0], ERA

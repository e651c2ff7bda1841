"""Tables of the ledger and their queries.

Lines only grow, by trigger. An account's sums are a projection of its lines, kept beside its floor so that the database
itself refuses a sum below it; the head row is the end of the chain, and the one lock under which lines are numbered.
Statements are written out: a batch of lines is one statement, whichever database.
"""
# ruff: noqa: S608 - statements are built from our own names of tables and columns; every value is a parameter

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

import orjson
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Connection,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    insert,
    select,
    text,
)
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base, insert_new, table_of
from mobigo.infra.privacy import Always, describe
from mobigo.ledger.model import Head, Line, Mark, SignedHead
from mobigo.ledger.rules.chain import ERA, GENESIS, MARK_EVERY, from_us, whole_eras
from mobigo.ledger.rules.marks import Move
from mobigo.ledger.rules.orders import LONGEST_CODE, LONGEST_KEY, LONGEST_KIND, LONGEST_MEMO, Book

_FOR_EVER: Final = 1 << 62  # microseconds: after any instant
WholeNumber = BigInteger().with_variant(Integer, "sqlite")  # on SQLite, the row's own number
_TEN_YEARS: Final = (
    "accounting records are kept ten years, and a chain cannot lose a line; they hold random ids, codes and figures "
    "only, which mean nothing once the person is erased"
)


class AccountRow(Base):
    """One account: its floor, and the sums of its lines. `floor_cents`: what credits less debits less held debits may
    never be below."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        CheckConstraint(
            "floor_cents IS NULL OR credits_cents - debits_cents - held_debits_cents >= floor_cents", name="floor"
        ),
        CheckConstraint(
            "debits_cents >= 0 AND credits_cents >= 0 AND held_debits_cents >= 0 AND held_credits_cents >= 0",
            name="sums",
        ),
    )

    code: Mapped[str] = mapped_column(String(LONGEST_CODE), primary_key=True)
    floor_cents: Mapped[int | None] = mapped_column(BigInteger)
    opened_us: Mapped[int] = mapped_column(BigInteger)
    debits_cents: Mapped[int] = mapped_column(BigInteger)
    credits_cents: Mapped[int] = mapped_column(BigInteger)
    held_debits_cents: Mapped[int] = mapped_column(BigInteger)
    held_credits_cents: Mapped[int] = mapped_column(BigInteger)


describe(
    AccountRow,
    purpose="know what each account holds without adding its lines up again",
    keep=Always(_TEN_YEARS),
    plain="code floor_cents opened_us debits_cents credits_cents held_debits_cents held_credits_cents",
)


def _where_present(column: str) -> dict[str, Any]:
    """An index over the few rows that have this column."""
    condition = text(f"{column} IS NOT NULL")
    return {"sqlite_where": condition, "postgresql_where": condition}


class LineRow(Base):
    """One line; see `mobigo.ledger.model.Line` for each column. Written and read as plain tuples."""

    __tablename__ = "ledger_line"
    __table_args__ = (
        CheckConstraint(f"era = n / {ERA}", name="era"),
        CheckConstraint("n > 0 AND moved_cents >= 0 AND (moved_cents <> 0 OR held_cents <> 0)", name="amounts"),
        CheckConstraint("debit <> credit", name="two_accounts"),
        Index(None, "debit", "era", "happened_us", "n"),
        Index(None, "credit", "era", "happened_us", "n"),
        Index(None, "of_n", unique=True, **_where_present("of_n")),
        Index(None, "group_name", "group_position", unique=True, **_where_present("group_name")),
        Index(None, "expires_us", **_where_present("expires_us")),
    )

    n: Mapped[int] = mapped_column(WholeNumber, primary_key=True, autoincrement=False)
    recorded_us: Mapped[int] = mapped_column(BigInteger)
    phase: Mapped[str] = mapped_column(String(10))
    key: Mapped[str] = mapped_column(String(LONGEST_KEY), unique=True)
    debit: Mapped[str] = mapped_column(String(LONGEST_CODE))
    credit: Mapped[str] = mapped_column(String(LONGEST_CODE))
    moved_cents: Mapped[int] = mapped_column(BigInteger)
    held_cents: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(LONGEST_KIND))
    ref: Mapped[str] = mapped_column(String(LONGEST_KEY))
    memo: Mapped[str] = mapped_column(String(LONGEST_MEMO))
    group_name: Mapped[str | None] = mapped_column(String(LONGEST_KEY))
    group_position: Mapped[int | None]
    group_size: Mapped[int | None]
    of_n: Mapped[int | None] = mapped_column(BigInteger)
    expires_us: Mapped[int | None] = mapped_column(BigInteger)
    happened_us: Mapped[int] = mapped_column(BigInteger)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    era: Mapped[int]


append_only(LineRow)
describe(
    LineRow,
    purpose="the book itself: every movement of public money, in the order it was recorded",
    keep=Always(_TEN_YEARS),
    plain=" ".join(Line._fields),
)


class HeadRow(Base):
    """The end of the chain: one row. Who holds its lock is the one who adds lines."""

    __tablename__ = "ledger_head"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_us: Mapped[int] = mapped_column(BigInteger)


describe(
    HeadRow,
    purpose="number the lines of the book without a gap",
    keep=Always(_TEN_YEARS),
    plain="id n hash recorded_us",
)


class MarkRow(Base):
    """Sums of an account inside one complete era, up to its `rank`-th line by time of event: what makes a past balance
    quick. Made from the lines, and checked against them."""

    __tablename__ = "ledger_mark"
    __table_args__ = (Index(None, "account", "era", "happened_us", "rank"),)

    account: Mapped[str] = mapped_column(String(LONGEST_CODE), primary_key=True)
    era: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    happened_us: Mapped[int] = mapped_column(BigInteger)
    n: Mapped[int] = mapped_column(BigInteger)
    debits_cents: Mapped[int] = mapped_column(BigInteger)
    credits_cents: Mapped[int] = mapped_column(BigInteger)
    held_debits_cents: Mapped[int] = mapped_column(BigInteger)
    held_credits_cents: Mapped[int] = mapped_column(BigInteger)


append_only(MarkRow)
describe(
    MarkRow,
    purpose="answer quickly what an account held at a past moment",
    keep=Always(_TEN_YEARS),
    plain="account era rank happened_us n debits_cents credits_cents held_debits_cents held_credits_cents",
)


class SignedHeadRow(Base):
    """A head that was signed and published: later, the chain must still pass through it."""

    __tablename__ = "ledger_signed_head"

    n: Mapped[int] = mapped_column(WholeNumber, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    signed_us: Mapped[int] = mapped_column(BigInteger)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)


append_only(SignedHeadRow)
describe(
    SignedHeadRow,
    purpose="prove later that the book was not rewritten",
    keep=Always(_TEN_YEARS),
    plain="n hash signed_us public_key signature",
)

_COLUMNS: Final = ", ".join(Line._fields)
_LINE_TYPES: Final = {
    "recorded_us": "bigint", "n": "bigint", "moved_cents": "bigint", "held_cents": "bigint", "of_n": "bigint",
    "expires_us": "bigint", "happened_us": "bigint", "group_position": "int", "group_size": "int", "era": "int",
    "request_hash": "bytea", "previous_hash": "bytea", "hash": "bytea",
}  # fmt: skip
_ADD_LINES: Final = {
    "sqlite": f"INSERT INTO ledger_line ({_COLUMNS}) VALUES ({', '.join('?' * len(Line._fields))})",
    "postgresql": f"INSERT INTO ledger_line ({_COLUMNS}) SELECT * FROM unnest("
    + ", ".join(f"%s::{_LINE_TYPES.get(name, 'text')}[]" for name in Line._fields)
    + ")",
}
_ADD_SUMS: Final = {
    "sqlite": "UPDATE ledger_account SET debits_cents = ?, credits_cents = ?, held_debits_cents = ?, "
    "held_credits_cents = ? WHERE code = ?",
    "postgresql": "UPDATE ledger_account a SET debits_cents = s.d, credits_cents = s.c, held_debits_cents = s.hd, "
    "held_credits_cents = s.hc FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[]) "
    "AS s(d, c, hd, hc, code) WHERE a.code = s.code",
}
_AMONG: Final = {
    "sqlite": "IN (SELECT value FROM json_each(?))",
    "postgresql": "= ANY(%s)",
}


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name


def _listed(dialect: str, values: Sequence[Any]) -> Any:
    """A list as one parameter of `_AMONG`."""
    if dialect == "postgresql":
        return list(values)
    return orjson.dumps(list(values)).decode()


# ---------------------------------------------------------------- accounts


def add_accounts(session: Session, floors: Mapping[str, int | None], opened_us: int) -> None:
    """New accounts, one statement. Under the head's lock, nobody else opens one."""
    empty = {"debits_cents": 0, "credits_cents": 0, "held_debits_cents": 0, "held_credits_cents": 0}
    rows = [{"code": code, "floor_cents": floor, "opened_us": opened_us, **empty} for code, floor in floors.items()]
    session.execute(insert(table_of(AccountRow)), rows)


def books(session: Session, codes: Iterable[str]) -> dict[str, Book]:
    """The accounts of these codes that exist. Under the head's lock, nobody else changes them."""
    dialect = _dialect(session)
    found = session.connection().exec_driver_sql(
        "SELECT code, floor_cents, debits_cents, credits_cents, held_debits_cents, held_credits_cents "
        f"FROM ledger_account WHERE code {_AMONG[dialect]}",
        (_listed(dialect, sorted(set(codes))),),
    )
    return {row[0]: Book(*row[1:]) for row in found}


def write_sums(session: Session, changed: Mapping[str, Book]) -> None:
    """The new sums of these accounts: one statement. The database refuses one below its floor."""
    rows = [
        (book.debits, book.credits, book.held_debits, book.held_credits, code) for code, book in sorted(changed.items())
    ]
    touched = _many(session, _ADD_SUMS, rows).rowcount
    if touched != len(rows):
        raise RuntimeError(f"{len(rows)} accounts to change, {touched} changed")


# ---------------------------------------------------------------- lines


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
    _many(session, _ADD_LINES, lines)


def lines_by_key(session: Session, keys: Sequence[str]) -> dict[str, Line]:
    """The lines of these keys that exist."""
    return {line.key: line for line in _lines_among(session, "key", keys)}


def _lines_among(session: Session, column: str, values: Sequence[Any]) -> list[Line]:
    dialect = _dialect(session)
    found = session.connection().exec_driver_sql(
        f"SELECT {_COLUMNS} FROM ledger_line WHERE {column} {_AMONG[dialect]}",
        (_listed(dialect, values),),
    )
    return [Line._make(row) for row in found]


def ended_by(session: Session, numbers: Sequence[int]) -> dict[int, str]:
    """For lines that were settled, voided, expired or reversed: the key of the line that did."""
    if not numbers:
        return {}
    dialect = _dialect(session)
    found = session.connection().exec_driver_sql(
        f"SELECT of_n, key FROM ledger_line WHERE of_n {_AMONG[dialect]}", (_listed(dialect, numbers),)
    )
    return {row[0]: row[1] for row in found}


def groups_among(session: Session, names: Iterable[str]) -> set[str]:
    """Those of these groups that have lines."""
    wanted = sorted(set(names))
    if not wanted:
        return set()
    dialect = _dialect(session)
    found = session.connection().exec_driver_sql(
        f"SELECT DISTINCT group_name FROM ledger_line WHERE group_name {_AMONG[dialect]}", (_listed(dialect, wanted),)
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
        f"SELECT {_COLUMNS} FROM ledger_line WHERE debit = :account AND era = :era AND n > :after UNION ALL "
        f"SELECT {_COLUMNS} FROM ledger_line WHERE credit = :account AND era = :era AND n > :after ORDER BY n"
    )
    found = [Line._make(row) for row in session.execute(asked, {**where, "era": era})]
    return found or lines_of(session, account, (era + 1) * ERA - 1)


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


_SUMS: Final = ", ".join(f"CAST(coalesce(sum({name}), 0) AS BIGINT)" for name in ("d", "c", "hd", "hc"))
# The lines of the era that is not whole, or not asked whole: at most ERA of them.
_LAST_ERA: Final = (
    "SELECT moved_cents d, 0 c, held_cents hd, 0 hc FROM ledger_line "
    "WHERE debit = :account AND era = :era AND happened_us < :happened AND n <= :n UNION ALL "
    "SELECT 0, moved_cents, 0, held_cents FROM ledger_line "
    "WHERE credit = :account AND era = :era AND happened_us < :happened AND n <= :n"
)
# In each whole era: the last mark before the moment, and the few lines between it and the moment. PostgreSQL would
# rather read every mark and every line of a busy account: LIMIT tells it how few are wanted.
_LAST_MARK: Final = {
    "sqlite": "LEFT JOIN ledger_mark m ON m.account = :account AND m.era = eras.era AND m.rank = ("
    "SELECT k.rank FROM ledger_mark k WHERE k.account = :account AND k.era = eras.era AND k.happened_us < :happened "
    "ORDER BY k.happened_us DESC, k.rank DESC LIMIT 1)",
    "postgresql": "LEFT JOIN LATERAL (SELECT * FROM ledger_mark WHERE account = :account AND era = eras.era "
    "AND happened_us < :happened ORDER BY happened_us DESC, rank DESC LIMIT 1) m ON true",
}
_WHOLE_ERAS: Final = (
    "WITH RECURSIVE eras(era) AS (SELECT 0 UNION ALL SELECT era + 1 FROM eras WHERE era + 1 < :era), "
    "marked AS (SELECT eras.era, coalesce(m.happened_us, :never) happened_us, coalesce(m.n, 0) n, m.debits_cents d, "
    "m.credits_cents c, m.held_debits_cents hd, m.held_credits_cents hc FROM eras {last_mark}) "
)
_NEXT_LINES: Final = {
    "sqlite": "JOIN ledger_line l ON l.{side} = :account AND l.era = marked.era AND l.happened_us < :happened "
    "AND (l.happened_us, l.n) > (marked.happened_us, marked.n)",
    "postgresql": "CROSS JOIN LATERAL (SELECT moved_cents, held_cents FROM ledger_line WHERE {side} = :account "
    "AND era = marked.era AND happened_us < :happened AND (happened_us, n) > (marked.happened_us, marked.n) "
    f"ORDER BY happened_us, n LIMIT {MARK_EVERY}) l",
}
_PAST: Final = text(f"SELECT {_SUMS} FROM ({_LAST_ERA}) moves")
_LONG_PAST: Final = {
    dialect: text(
        _WHOLE_ERAS.format(last_mark=_LAST_MARK[dialect])
        + f"SELECT {_SUMS} FROM (SELECT d, c, hd, hc FROM marked UNION ALL "
        f"SELECT l.moved_cents, 0, l.held_cents, 0 FROM marked {join.format(side='debit')} UNION ALL "
        f"SELECT 0, l.moved_cents, 0, l.held_cents FROM marked {join.format(side='credit')} UNION ALL "
        f"{_LAST_ERA}) moves"
    )
    for dialect, join in _NEXT_LINES.items()
}


def sums_before(session: Session, account: str, happened_us: int | None, up_to_n: int) -> Book:
    """The sums of an account over its lines numbered up to `up_to_n`, whose event came before `happened_us`. Reads a
    mark and at most MARK_EVERY lines in each whole era, and at most one era in full."""
    eras = whole_eras(up_to_n)
    row = session.execute(
        _LONG_PAST[_dialect(session)] if eras else _PAST,
        {
            "account": account,
            "happened": _FOR_EVER if happened_us is None else happened_us,
            "never": -_FOR_EVER,
            "n": up_to_n,
            "era": eras,
        },
    ).one()
    return Book(None, *row)


_MARK_COLUMNS: Final = ", ".join(Mark._fields)
_ADD_MARKS: Final = {
    "sqlite": f"INSERT INTO ledger_mark ({_MARK_COLUMNS}) VALUES ({', '.join('?' * len(Mark._fields))})",
    "postgresql": f"INSERT INTO ledger_mark ({_MARK_COLUMNS}) SELECT * FROM unnest(%s::text[], %s::int[], %s::int[], "
    + ", ".join(["%s::bigint[]"] * 6)
    + ")",
}


def moves_of_era(session: Session, era: int) -> list[Move]:
    """What each line of an era moved."""
    asked = text(
        "SELECT n, debit, credit, moved_cents, held_cents, happened_us FROM ledger_line "
        "WHERE n BETWEEN :first AND :last"
    )
    found = session.execute(asked, {"first": era * ERA, "last": era * ERA + ERA - 1})
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in found]


def add_marks(session: Session, marks: Sequence[Mark]) -> None:
    """Keep the marks of an era."""
    if marks:
        _many(session, _ADD_MARKS, marks)


def marks_in(session: Session, era: int) -> list[Mark]:
    """The marks kept of an era."""
    found = session.execute(text(f"SELECT {_MARK_COLUMNS} FROM ledger_mark WHERE era = :era"), {"era": era})
    return [Mark._make(row) for row in found]


def mark_too_many(session: Session, eras: int) -> str | None:
    """The account of a mark in an era that is not whole yet."""
    asked = text("SELECT account FROM ledger_mark WHERE era >= :eras OR era < 0 ORDER BY account LIMIT 1")
    return cast("str | None", session.scalar(asked, {"eras": eras}))


def stream_lines(session: Session) -> Iterator[Sequence[Sequence[Any]]]:
    """Every line in order, an era at a time, as plain tuples in the order of `Line`."""
    connection = session.connection()
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    asked = f"SELECT {_COLUMNS} FROM ledger_line WHERE n > {mark} ORDER BY n LIMIT {mark}"
    after, size = 0, ERA - 1  # lines are numbered from 1
    while True:
        result = connection.exec_driver_sql(asked, (after, size))
        found = cast("list[Sequence[Any]]", result.cursor.fetchall() if result.cursor is not None else [])
        result.close()
        if not found:
            return
        yield found
        after, size = found[-1][0], ERA


def all_books(session: Session) -> dict[str, Book]:
    """Every account."""
    found = session.connection().exec_driver_sql(
        "SELECT code, floor_cents, debits_cents, credits_cents, held_debits_cents, held_credits_cents "
        "FROM ledger_account"
    )
    return {row[0]: Book(*row[1:]) for row in found}


# ---------------------------------------------------------------- signed heads


def add_signed_head(session: Session, head: SignedHead, signed_us: int) -> bool:
    """Whether this line's head was not signed yet."""
    row = {
        "n": head.n,
        "hash": head.hash,
        "signed_us": signed_us,
        "public_key": head.public_key,
        "signature": head.signature,
    }
    return insert_new(session, SignedHeadRow, row)


def signed_heads(session: Session) -> list[SignedHead]:
    """Every signed head, oldest first."""
    rows = session.scalars(select(SignedHeadRow).order_by(SignedHeadRow.n))
    return [SignedHead(row.n, row.hash, from_us(row.signed_us), row.public_key, row.signature) for row in rows]


def _many(session: Session, statements: Mapping[str, str], rows: Sequence[tuple[Any, ...]]) -> "CursorResult[Any]":
    """Execute a statement for all rows at once: as arrays on PostgreSQL, as one prepared statement on SQLite."""
    connection: Connection = session.connection()
    dialect = connection.dialect.name
    if dialect == "postgresql":
        arrays = tuple(list(column) for column in zip(*rows, strict=True))
        return connection.exec_driver_sql(statements[dialect], arrays)
    return connection.exec_driver_sql(statements[dialect], list(rows))

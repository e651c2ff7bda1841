"""The database: one declarative base, one type for instants, engines for SQLite and PostgreSQL, transactions.

Tables live in the `store` rooms of the packages and import `Base` from here. On SQLite a writing transaction takes
the write lock at once (BEGIN IMMEDIATE): a transaction that reads first and writes later would otherwise fail without
waiting when another one wrote in between. So: `transaction` to write, `reading` for what only reads.
"""

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import JSON, Connection, DateTime, Dialect, Engine, Executable, MetaData, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import URL, CursorResult, make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import to_utc

BUSY_TIMEOUT_MS: Final = 30_000
ROOMY_KIB: Final = 262_144
SILENCE_S: Final = 15
# A network that is cut says nothing. Who awaits the database learns it after half a minute, not a quarter of an hour;
# the database lets go of what a host that is gone had locked as soon, not after the two hours of its system.
_REACHED: Final[Mapping[str, object]] = {
    "connect_timeout": 5,
    "keepalives_idle": SILENCE_S,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 2 * SILENCE_S * 1_000,
    "options": f"-c tcp_keepalives_idle={SILENCE_S} -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 "
    f"-c tcp_user_timeout={2 * SILENCE_S * 1_000}",
}
_BEGIN: Final = "mobigo_sqlite_begin"
_HOOKS: Final = "mobigo_after_commit"
_DOORS: Final[dict[str, threading.Lock]] = {}  # by SQLite file: see `_in_line`
_log = logging.getLogger(__name__)


class Base(DeclarativeBase):
    """Mother of every table. Constraints are named by rule, so that migrations can name them on both databases."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware going in (ValueError otherwise), aware and in UTC coming out, to the microsecond."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else to_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        # SQLite keeps no zone: what was written is UTC.
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# A JSON document: text on SQLite, jsonb on PostgreSQL; None is NULL.
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def database_url(text: str) -> URL:
    """The URL SQLAlchemy wants of the URL people write (`postgres://`, `postgresql://`: driven by psycopg).

    Raises InvalidInput("database.unknown_kind") for another database, or for SQLite in memory (it is not shared
    between connections, so it would not be one database).
    """
    url = make_url(text)
    backend = url.drivername.partition("+")[0]
    if backend in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and url.database not in (None, "", ":memory:"):
        return url
    raise InvalidInput("database.unknown_kind", kind=backend)


def open_engine(text: str, *, make_folder: bool = True) -> Engine:
    """An engine on the database of this URL. Opens no connection yet; makes the folder of a SQLite file, unless told
    not to."""
    url = database_url(text)
    if url.get_backend_name() == "sqlite":
        if make_folder:
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            url,
            connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
            json_serializer=_json,
            hide_parameters=True,  # values of people must not reach a log through an error
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    reached = {name: value for name, value in _REACHED.items() if name not in url.query}
    return create_engine(url, pool_pre_ping=True, connect_args=reached, json_serializer=_json, hide_parameters=True)


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """One unit of writing: committed when the block ends, rolled back when it raises.

    What was registered with `on_commit` runs after the commit, in order, and only then.
    """
    with Session(engine, expire_on_commit=False) as session:
        with session.begin():
            yield session
        _run_hooks(session)


@contextmanager
def roomy(session: Session) -> Iterator[None]:
    """For a transaction that writes millions of rows: on SQLite, room in memory for the pages it comes back to, until
    the block ends. PostgreSQL has its own."""
    if session.get_bind().dialect.name != "sqlite":
        yield
        return
    connection = session.connection()
    before = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size = -{ROOMY_KIB}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = {int(before)}")


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """One consistent look at the database: every query sees the same state, writing fails (the database refuses it),
    and nobody waits for a writer."""
    if engine.dialect.name == "sqlite":
        looking = engine.execution_options(**{_BEGIN: "DEFERRED"})
    else:
        looking = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with Session(looking, expire_on_commit=False) as session:
        yield session
        session.expunge_all()  # what was read stays readable after the look
        session.rollback()


def changed(session: Session, statement: Executable) -> int:
    """Execute an UPDATE or DELETE; the number of rows it touched."""
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


def insert_new(session: Session, owner: type[Base], row: Mapping[str, object], unique: Sequence[str] = ()) -> bool:
    """Insert a row unless one with the same key is there; whether it was inserted. `unique` names the columns that
    decide (default: any unique key). Waits for another transaction that is just inserting the same key."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    table = table_of(owner)
    statement = insert(table).values(dict(row)).on_conflict_do_nothing(index_elements=list(unique) or None)
    return session.execute(statement.returning(*table.primary_key.columns)).first() is not None


def insert_all_new(
    session: Session, owner: type[Base], rows: Sequence[Mapping[str, object]], unique: Sequence[str]
) -> int:
    """Insert many rows with the same columns, but for those whose `unique` columns are there already; how many were
    inserted. Waits as `insert_new` does."""
    if not rows:
        return 0
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    table = table_of(owner)
    statement = insert(table).on_conflict_do_nothing(index_elements=list(unique)).returning(*table.primary_key.columns)
    return len(session.execute(statement, [dict(row) for row in rows]).all())


def table_of(owner: type[Base]) -> Table:
    """The table of a class."""
    return cast(Table, owner.__table__)


def on_commit(session: Session, action: Callable[[], object]) -> None:
    """Run `action` once this transaction is committed (a wake-up, a cache to drop): never after a rollback.

    The facts are already safe then: a failing action is logged and does not fail the caller, so whatever must
    happen for sure is a row (outbox, job), not an action.
    """
    session.info.setdefault(_HOOKS, []).append(action)


def _run_hooks(session: Session) -> None:
    for action in session.info.pop(_HOOKS, []):
        try:
            action()
        except Exception:
            _log.exception("an action registered to follow a commit failed")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not guessed by the driver
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten, however SQLite was built
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA recursive_triggers = ON")  # so that REPLACE does not slip past a trigger on DELETE
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Ask for the write-ahead journal. The first to open a new file changes it, and those who come in that moment are
    refused at once, whatever they would wait: they ask again."""
    until_s = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as busy:
            if busy.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until_s:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get(_BEGIN, "IMMEDIATE")
    connection.exec_driver_sql(f"PRAGMA query_only = {int(begin == 'DEFERRED')}")
    if begin == "DEFERRED":
        connection.exec_driver_sql("BEGIN DEFERRED")
        return
    with _in_line(str(connection.engine.url.database)):
        connection.exec_driver_sql(f"BEGIN {begin}")


@contextmanager
def _in_line(path: str) -> Iterator[None]:
    """The writers of this process on one SQLite file come to its lock one by one.

    Left to themselves, those who wait ask again after longer and longer pauses, and who has just written takes the
    lock again before them: under many writers some waited until they were refused. Who waited in line as long as one
    may wait goes and asks all the same, and is told by the database.
    """
    door = _DOORS.setdefault(path, threading.Lock())
    mine = door.acquire(timeout=BUSY_TIMEOUT_MS / 1000)
    try:
        yield
    finally:
        if mine:
            door.release()

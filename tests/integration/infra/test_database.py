"""The database on SQLite and PostgreSQL: instants, transactions, what follows a commit, two writers at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput
from mobigo.infra.audit import AuditEntry, record
from mobigo.infra.db import database_url, on_commit, open_engine, reading, transaction
from mobigo.infra.idempotency import IdempotencyKey

NOW = datetime(2026, 11, 24, 7, 30, 15, 123456, tzinfo=UTC)


def key(name: str, at: datetime = NOW) -> IdempotencyKey:
    return IdempotencyKey(scope="test", key=name, request_hash="0" * 64, answer={"n": 0}, created_at=at)


def count(engine: Engine) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(IdempotencyKey)) or 0


@pytest.mark.parametrize(
    "instant",
    [
        NOW,
        NOW.astimezone(timezone(timedelta(hours=5, minutes=30))),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # the first 02:30 of the long night in France
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # the second
    ],
)
def test_an_instant_comes_back_in_utc_to_the_microsecond(engine: Engine, instant: datetime) -> None:
    with transaction(engine) as session:
        session.add(key("a", instant))
    with reading(engine) as session:
        found = session.scalars(select(IdempotencyKey.created_at)).one()
    assert found == instant
    assert found.tzinfo is UTC


def test_an_instant_without_a_zone_is_not_stored(engine: Engine) -> None:
    with pytest.raises(StatementError, match="zone"), transaction(engine) as session:
        session.add(key("a", datetime(2026, 1, 1)))  # noqa: DTZ001 - the point of the test
    assert count(engine) == 0


def test_instants_are_compared_as_instants(engine: Engine) -> None:
    with transaction(engine) as session:
        session.add_all([key("early", NOW), key("late", NOW + timedelta(microseconds=1))])
    paris = NOW.astimezone(timezone(timedelta(hours=1)))
    with reading(engine) as session:
        assert session.scalars(select(IdempotencyKey.key).where(IdempotencyKey.created_at <= paris)).all() == ["early"]


def test_a_transaction_that_raises_leaves_nothing_and_runs_nothing(engine: Engine) -> None:
    ran: list[str] = []

    def halfway() -> None:
        with transaction(engine) as session:
            on_commit(session, lambda: ran.append("hook"))
            session.add(key("a"))
            session.flush()
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        halfway()
    assert (count(engine), ran) == (0, [])


def test_what_follows_a_commit_runs_in_order_and_sees_the_facts(engine: Engine) -> None:
    ran: list[object] = []
    with transaction(engine) as session:
        session.add(key("a"))
        on_commit(session, lambda: ran.append(count(engine)))
        on_commit(session, lambda: 1 / 0)
        on_commit(session, lambda: ran.append("after a failing one"))
        assert ran == []
    assert ran == [1, "after a failing one"]


def test_reading_refuses_to_write(engine: Engine) -> None:
    def write(session: Session) -> None:
        session.add(key("a"))
        session.flush()

    with pytest.raises(DBAPIError), reading(engine) as session:
        write(session)
    with transaction(engine) as session:  # the same connection writes again afterwards
        session.add(key("b"))
    assert count(engine) == 1


def test_a_reader_sees_one_state_and_waits_for_no_writer(engine: Engine) -> None:
    with reading(engine) as reader:
        assert reader.scalar(select(func.count()).select_from(IdempotencyKey)) == 0
        with transaction(engine) as writer:
            writer.add(key("a"))
            writer.flush()
            assert reader.scalar(select(func.count()).select_from(IdempotencyKey)) == 0
        assert reader.scalar(select(func.count()).select_from(IdempotencyKey)) == 0
    assert count(engine) == 1


def test_writers_that_read_first_wait_instead_of_failing(engine: Engine) -> None:
    start = Barrier(6)

    def write(number: int) -> None:
        start.wait()
        for step in range(5):
            with transaction(engine) as session:
                session.scalar(select(func.count()).select_from(IdempotencyKey))
                session.add(key(f"{number}/{step}"))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(write, range(6)))
    assert count(engine) == 30


def test_sqlite_is_opened_with_its_safeguards(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'deep' / 'folder' / 'a.sqlite'}")
    with reading(engine) as session:
        pragmas = {p: session.scalar(text(f"PRAGMA {p}")) for p in ("journal_mode", "foreign_keys", "busy_timeout")}
    engine.dispose()
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 30_000}


def test_many_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    start = Barrier(8)

    def open_new(_number: int) -> object:
        start.wait()
        engine = open_engine(f"sqlite:///{tmp_path / 'a.sqlite'}")
        with transaction(engine) as session:
            session.execute(text("CREATE TABLE IF NOT EXISTS t (n INTEGER)"))
            session.execute(text("INSERT INTO t VALUES (1)"))
        engine.dispose()
        return None

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(open_new, range(8)))
    engine = open_engine(f"sqlite:///{tmp_path / 'a.sqlite'}")
    with reading(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM t")) == 8
    engine.dispose()


@pytest.mark.parametrize(
    ("written", "driver"),
    [
        ("postgres://a:b@h:1/d", "postgresql+psycopg"),
        ("postgresql://a:b@h:1/d", "postgresql+psycopg"),
        ("postgresql+psycopg://a:b@h:1/d", "postgresql+psycopg"),
        ("sqlite:////srv/x.sqlite", "sqlite"),
    ],
)
def test_database_urls_as_people_write_them(written: str, driver: str) -> None:
    assert database_url(written).drivername == driver


@pytest.mark.parametrize("written", ["sqlite://", "sqlite:///:memory:", "mysql://h/d"])
def test_a_database_we_cannot_use_is_refused(written: str) -> None:
    with pytest.raises(InvalidInput, match=r"database\.unknown_kind"):
        open_engine(written)


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE audit_entry SET actor = 'x'",
        "DELETE FROM audit_entry",
        "INSERT INTO audit_entry (id, at, actor, action, object_kind, object_id, detail) SELECT id, at, 'x', action, "
        "object_kind, object_id, detail FROM audit_entry ON CONFLICT (id) DO UPDATE SET actor = 'x'",
        "TRUNCATE audit_entry",
        "REPLACE INTO audit_entry (id, at, actor, action, object_kind, object_id, detail) SELECT id, at, 'x', action, "
        "object_kind, object_id, detail FROM audit_entry",
    ],
)
def test_the_database_itself_keeps_the_audit_log_whole(engine: Engine, attack: str) -> None:
    with transaction(engine) as session:
        record(session, "account.create", actor="s1", object_kind="account", object_id="a1", now=NOW)
    attack = attack.replace("FROM audit_entry ON", "FROM audit_entry WHERE true ON")
    with pytest.raises(DBAPIError), transaction(engine) as session:
        session.execute(text(attack))
    with reading(engine) as session:
        assert session.scalars(select(AuditEntry.actor)).all() == ["s1"]

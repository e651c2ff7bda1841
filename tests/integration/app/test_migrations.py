"""Migrations: on both databases, migrating an empty one gives exactly the declared tables and their protections."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from mobigo.app import schema
from mobigo.app.migrations import regenerate
from mobigo.app.serve import is_at_head
from mobigo.app.tables import metadata
from mobigo.base.errors import Refused
from mobigo.infra.config import Config
from mobigo.infra.db import open_engine, reading, transaction
from tests.conftest import postgres_database


def migrated_is_declared(url: str) -> None:
    engine = open_engine(url)
    assert schema.migrate(engine) == (None, schema.head())
    assert schema.differences(engine) == []
    assert schema.migrate(engine) == (schema.head(), schema.head())
    engine.dispose()


def test_migrating_sqlite_gives_the_declared_tables(config: Config) -> None:
    migrated_is_declared(config.database_url)


@pytest.mark.postgres
def test_migrating_postgresql_gives_the_declared_tables() -> None:
    with postgres_database() as url:
        migrated_is_declared(url)


def test_the_first_revision_is_what_the_tables_say_today(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = tmp_path / "0001.py"
    monkeypatch.setattr(regenerate, "FILE", written)
    regenerate.main()
    kept = schema.FOLDER / "versions" / "0001_tables.py"
    assert written.read_text() == kept.read_text(), "run python -m mobigo.app.migrations.regenerate"


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        ("DROP TRIGGER audit_entry_no_delete", "audit_entry_no_delete"),
        ("ALTER TABLE blob ADD COLUMN more TEXT", "more"),
        ("DROP INDEX ix_blob_owner", "ix_blob_owner"),
        ("DROP TABLE outbox_effect", "outbox_effect"),
    ],
)
def test_what_separates_a_database_from_the_tables_is_named(config: Config, harm: str, found: str) -> None:
    engine = open_engine(config.database_url)
    schema.migrate(engine)
    with transaction(engine) as session:
        session.execute(text(harm))
    assert found in str(schema.differences(engine))
    engine.dispose()


def together(url: str) -> list[tuple[str | None, str]]:
    start = Barrier(4)

    def migrate(_number: int) -> tuple[str | None, str]:
        engine = open_engine(url)
        start.wait()
        found = schema.migrate(engine)
        engine.dispose()
        return found

    with ThreadPoolExecutor(4) as threads:
        return sorted(threads.map(migrate, range(4)), key=str)


def test_four_processes_migrating_at_once_do_it_once(config: Config) -> None:
    done = together(config.database_url)
    assert done == [("0001", "0001")] * 3 + [(None, "0001")]


@pytest.mark.postgres
def test_four_processes_migrating_postgresql_at_once_do_it_once() -> None:
    with postgres_database() as url:
        assert together(url) == [("0001", "0001")] * 3 + [(None, "0001")]


def test_the_embedded_default_migrates_by_itself_and_production_does_not(config: Config) -> None:
    engine = open_engine(config.database_url)
    with pytest.raises(Refused, match=r"database\.not_migrated"):
        schema.ready(engine, replace(config, environment="production"))
    assert schema.current(engine) is None
    schema.ready(engine, config)
    assert schema.current(engine) == schema.head()
    schema.ready(engine, replace(config, environment="production"))
    engine.dispose()


def test_a_database_of_a_later_version_is_left_alone(config: Config) -> None:
    engine = open_engine(config.database_url)
    schema.migrate(engine)
    with transaction(engine) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refused, match=r"database\.newer"):
        schema.migrate(engine)
    engine.dispose()


def a_migration_that_fails_leaves_nothing(url: str) -> None:
    engine = open_engine(url)
    with transaction(engine) as session:
        session.execute(text("CREATE TABLE outbox_message (n INTEGER)"))  # in the way of ours, halfway through
    with pytest.raises(DBAPIError):
        schema.migrate(engine)
    with reading(engine) as session:
        assert inspect(session.connection()).get_table_names() == ["outbox_message"]
    with transaction(engine) as session:
        session.execute(text("DROP TABLE outbox_message"))
    assert schema.migrate(engine) == (None, schema.head())
    assert schema.differences(engine) == []
    engine.dispose()


def test_a_migration_that_fails_leaves_nothing(config: Config) -> None:
    a_migration_that_fails_leaves_nothing(config.database_url)


@pytest.mark.postgres
def test_a_migration_of_postgresql_that_fails_leaves_nothing() -> None:
    with postgres_database() as url:
        a_migration_that_fails_leaves_nothing(url)


def test_dropping_our_tables_leaves_those_of_others(config: Config) -> None:
    engine = open_engine(config.database_url)
    schema.migrate(engine)
    with transaction(engine) as session:
        session.execute(text("CREATE TABLE theirs (n INTEGER)"))
    with engine.begin() as connection:
        schema.drop_all(connection)
        left = set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")))
    assert left == {"theirs"}
    assert metadata.tables
    engine.dispose()


def test_a_start_sees_at_once_whether_the_file_is_at_this_version(config: Config) -> None:
    assert not is_at_head(config.database_url)  # no file
    engine = open_engine(config.database_url)
    schema.migrate(engine)
    assert is_at_head(config.database_url)
    with transaction(engine) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert not is_at_head(config.database_url)
    with transaction(engine) as session:
        session.execute(text("DROP TABLE alembic_version"))
    assert not is_at_head(config.database_url)
    engine.dispose()
    assert not is_at_head("postgresql://localhost/mobigo")

"""The schema of the database: the revision it is at, bringing it to this version, what differs from the tables."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, text

from mobigo.base.errors import Refused
from mobigo.infra import append_only
from mobigo.infra.config import Config
from mobigo.infra.db import reading

FOLDER: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x6D6F6269676F  # "mobigo": the advisory lock under which PostgreSQL is migrated


def alembic_config(connection: Connection | None = None) -> AlembicConfig:
    """Alembic's configuration: our folder, and the connection to work on."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


@cache
def head() -> str:
    """The revision this version of the code needs. Reading every migration takes a while, and readiness is asked for
    all the time: read once."""
    found = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if found is None:
        raise RuntimeError("no revision in the migrations folder")
    return found


def current(engine: Engine) -> str | None:
    """The revision the database is at; None for an empty one."""
    with reading(engine) as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def known_revisions() -> set[str]:
    """Every revision this version of the code knows."""
    return {revision.revision for revision in ScriptDirectory.from_config(alembic_config()).walk_revisions()}


def migrate(engine: Engine) -> tuple[str | None, str]:
    """Bring the database to this version's schema; returns (revision before, revision after).

    All or nothing. Two processes at once: one migrates, the other waits and finds it done. Raises
    Refused("database.newer") when the database belongs to a later version of the product.
    """
    with engine.begin() as connection:
        lock(connection)
        before = MigrationContext.configure(connection).get_current_revision()
        if before is not None and before not in known_revisions():
            raise Refused("database.newer", found=before, known=head())
        if before != head():
            upgrade(connection, "head")
        return before, head()


def lock(connection: Connection) -> None:
    """Hold the schema until the end of this transaction: two migrations never meet (SQLite locks by itself)."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def upgrade(connection: Connection, revision: str) -> None:
    """Apply the revisions up to `revision`, in the transaction of the caller."""
    command.upgrade(alembic_config(connection), revision)


def create(engine: Engine) -> None:
    """Make every declared table at once and mark the empty database as being at this version's schema: what migrating
    gives (a test compares), faster. For tests."""
    from mobigo.app.tables import metadata

    metadata.create_all(engine)
    with engine.begin() as connection:
        command.stamp(alembic_config(connection), "head")


def drop_all(connection: Connection) -> None:
    """Drop every table of ours, whatever its revision; other tables in the same database are left alone."""
    from mobigo.app.tables import metadata

    found = MetaData()
    found.reflect(connection, only=lambda name, _: name in metadata.tables or name == "alembic_version")
    found.drop_all(connection)


def ready(engine: Engine, config: Config) -> None:
    """Make sure the schema is this version's, before serving: the embedded default migrates by itself, production
    raises Refused("database.not_migrated"), since there somebody chooses the moment."""
    found = current(engine)
    if found == head():
        return
    if config.production:
        raise Refused("database.not_migrated", found=found or "-", wanted=head())
    migrate(engine)


def differences(engine: Engine) -> list[Any]:
    """What separates the database from the declared tables, protections of append-only tables included; to be empty.
    Other tables in the same database are not looked at."""
    from mobigo.app.tables import metadata

    with reading(engine) as session:
        options = {
            "compare_type": True,
            "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
        }
        context = MigrationContext.configure(session.connection(), opts=options)
        found: list[Any] = list(compare_metadata(context, metadata))
        present = {
            name for table, name in session.execute(text(_TRIGGERS[engine.dialect.name])) if table in metadata.tables
        }
    wanted = {
        statement.split()[2]
        for table in append_only.tables()
        for statement in append_only.statements(table, engine.dialect.name)
        if statement.startswith("CREATE TRIGGER")
    }
    found += [("trigger", "missing", name) for name in sorted(wanted - present)]
    found += [("trigger", "unknown", name) for name in sorted(present - wanted)]
    return found


_TRIGGERS: Final = {
    "sqlite": "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT relname, tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal",
}

"""Tables that only grow: the database itself refuses UPDATE and DELETE on them, whoever asks.

The statements below are executed when the tables are created, and copied into the migrations.
"""

from typing import Any, Final

from sqlalchemy import Connection, Table, event

from mobigo.infra.db import Base, table_of

FUNCTION: Final = """
CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
""".strip()

_tables: list[str] = []


def append_only(owner: type[Base]) -> None:
    """Make the table of this class append-only, on both databases."""
    table = table_of(owner)
    _tables.append(table.name)
    event.listen(table, "after_create", _protect)


def tables() -> list[str]:
    """The append-only tables declared so far, by name."""
    return sorted(_tables)


def statements(table: str, dialect: str) -> list[str]:
    """The SQL that protects one table, for "sqlite" or "postgresql"."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
            for verb in ("update", "delete")
        ]
    return [
        FUNCTION,
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
    ]


def _protect(target: Table, connection: Connection, **_: Any) -> None:
    for statement in statements(target.name, connection.dialect.name):
        connection.exec_driver_sql(statement.replace("%", "%%"))

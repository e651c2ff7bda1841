"""Runs the migrations on the connection that `mobigo.app.migrate` hands over; there is no alembic.ini."""

from alembic import context
from sqlalchemy import Connection

from mobigo.app.tables import metadata


def run(connection: Connection) -> None:
    """Apply the asked revisions in one transaction (SQLite and PostgreSQL both change schemas transactionally)."""
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])

"""Writes revision 0001 anew from the declared tables: `python -m mobigo.app.migrations.regenerate`.

For use until the first release only: from then on a revision is never rewritten, and a change is a new one.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, Literal

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import DowngradeOps, UpgradeOps
from sqlalchemy import JSON

from mobigo.app.schema import FOLDER
from mobigo.app.tables import metadata
from mobigo.infra import append_only
from mobigo.infra.db import UtcDateTime, open_engine

FILE: Final = FOLDER / "versions" / "0001_tables.py"

TEMPLATE: Final = '''"""Every table of the first release. Written by `mobigo.app.migrations.regenerate`; do not edit."""
# ruff: noqa: E501 - the statements are written by a program, each on one line

import sqlalchemy as sa
from alembic import op

from mobigo.infra.db import Json, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PROTECTIONS = {protections}


def upgrade() -> None:
{upgrade}
    for statement in PROTECTIONS[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
{downgrade}
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS mobigo_append_only()")
'''


def revision() -> str:
    """The text of the revision that makes an empty database hold every declared table and its protections."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/empty.sqlite")
        with engine.begin() as connection:
            context = MigrationContext.configure(connection)
            script = produce_migrations(context, metadata)
        engine.dispose()
    if script.upgrade_ops is None or script.downgrade_ops is None:
        raise RuntimeError("nothing to migrate: no table is declared")
    protections = {
        dialect: [
            statement.replace("%", "%%")
            for table in append_only.tables()
            for statement in append_only.statements(table, dialect)
        ]
        for dialect in ("sqlite", "postgresql")
    }
    return TEMPLATE.format(
        protections=repr(protections), upgrade=_render(script.upgrade_ops), downgrade=_render(script.downgrade_ops)
    )


def _render(operations: UpgradeOps | DowngradeOps) -> str:
    text = render_python_code(operations, render_item=_render_item)
    return "\n".join(line if line.startswith("    ") or not line else f"    {line}" for line in text.splitlines())


def _render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    if kind == "type" and isinstance(item, UtcDateTime):
        return "UtcDateTime()"
    if kind == "type" and isinstance(item, JSON):
        return "Json"
    return False


def main() -> None:
    FILE.write_text(revision(), encoding="utf-8")
    for action in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([str(Path(sys.executable).with_name("ruff")), *action, str(FILE)], check=True)  # noqa: S603 - our own tool and file


if __name__ == "__main__":
    main()

"""`mobigo scolaire …`: a table of names, each imported when it is called.

To add a command: one line in `COMMANDS`; its module says what it does, its help line stands here, so that
`mobigo scolaire --help` imports nothing else.
"""

from typing import Final

import click

from mobigo.infra.commands import Command, LazyGroup

COMMANDS: Final[dict[str, Command]] = {
    "import": Command("scolaire.cli.import_:import_", "Importer établissements, horaires, secteurs, arrêts…"),
}


@click.group(cls=LazyGroup, table=COMMANDS)
def scolaire() -> None:
    """Transport scolaire : élèves, établissements, arrêts, plans."""

"""`mobigo scolaire …`: a table of names, each imported when it is called.

To add a command: one line in `COMMANDS`; its module says what it does, its help line stands here, so that
`mobigo scolaire --help` imports nothing else.
"""

from typing import Final

import click

from mobigo.infra.commands import Command, LazyGroup

COMMANDS: Final[dict[str, Command]] = {
    "check": Command("scolaire.cli.plans:check", "Contrôler un plan, sans le solveur."),
    "compare": Command("scolaire.cli.plans:compare", "Comparer deux plans : chiffres, élèves et services concernés."),
    "demand": Command("scolaire.cli.demands:demand", "Écrire la demande d’un plan, telle qu’elle est aujourd’hui."),
    "export": Command("scolaire.cli.plans:export", "Écrire un plan en tableaux CSV ou en carte."),
    "optimise": Command("scolaire.cli.plans:optimise", "Chercher un plan : arrêts, circuits, cars."),
    "import": Command("scolaire.cli.import_:import_", "Importer établissements, horaires, secteurs, arrêts…"),
    "walks": Command("scolaire.cli.demands:walks", "Mesurer par les rues les chemins des domiciles aux arrêts."),
}


@click.group(cls=LazyGroup, table=COMMANDS)
def scolaire() -> None:
    """Transport scolaire : élèves, établissements, arrêts, plans."""

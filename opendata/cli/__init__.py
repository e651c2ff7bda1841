"""`mobigo opendata …`: a table of names, each imported when it is called.

To add a command: one line in `COMMANDS`; its module says what it does, its help line stands here, so that
`mobigo opendata --help` imports nothing else.
"""

from typing import Final

import click

from mobigo.infra.commands import Command, LazyGroup

COMMANDS: Final[dict[str, Command]] = {
    "diff": Command("opendata.cli.diff:diff", "Dire ce qui change entre deux offres GTFS, et l'écrire en GTFS-Diff."),
    "list": Command("opendata.cli.datasets:list_", "Lister les jeux de données et leur version en ligne."),
    "patch": Command("opendata.cli.diff:patch", "Appliquer des différences GTFS-Diff à une offre."),
    "probe": Command(
        "opendata.cli.datasets:probe", "Regarder de l'extérieur si les fichiers d'un site peuvent être téléchargés."
    ),
    "publish": Command("opendata.cli.datasets:publish", "Publier ce qui a changé, après contrôle."),
    "rollback": Command("opendata.cli.datasets:rollback", "Remettre en ligne une version antérieure, à l'octet près."),
    "validate": Command(
        "opendata.cli.validate:validate", "Contrôler un fichier de données de mobilité par les outils installés."
    ),
    "verify": Command(
        "opendata.cli.datasets:verify", "Vérifier que les fichiers en ligne sont ceux qui ont été publiés."
    ),
}


@click.group(cls=LazyGroup, table=COMMANDS)
def opendata() -> None:
    """Données ouvertes : publier, suivre, vérifier."""

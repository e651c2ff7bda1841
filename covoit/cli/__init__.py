"""`mobigo covoit …`: a table of names, each imported when it is called.

To add a command: one line in `COMMANDS`; its module says what it does, its help line stands here, so that
`mobigo covoit --help` imports nothing else.
"""

import importlib
from typing import Final, NamedTuple

import click


class Command(NamedTuple):
    """Where a command lives ("module:object") and what it does, in one line."""

    target: str
    help: str


COMMANDS: Final[dict[str, Command]] = {
    "close": Command("covoit.cli.close:close", "Clore un mois : relevés figés, montants exigibles, appels de fonds."),
    "fund": Command("covoit.cli.fund:fund", "Ouvrir ou abonder le budget d'une campagne."),
    "pay": Command("covoit.cli.pay:pay", "Payer un mois : préparer, vérifier, ordonner, accepter, envoyer, retours."),
    "verify": Command("covoit.cli.verify:verify", "Vérifier le grand livre, les aides, les relevés, les paiements."),
    "price": Command("covoit.cli.price:price", "Calculer l'aide de trajets, étape par étape."),
    "simulate": Command("covoit.cli.simulate:simulate", "Chiffrer un autre barème sur des trajets passés."),
    "export": Command("covoit.cli.export:export", "Écrire les tables d'un mois, avec leur règle de confidentialité."),
    "ingest": Command("covoit.cli.ingest:ingest", "Recevoir un fichier de trajets, avec reçu et lignes refusées."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, name = entry.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commandes"):
            formatter.write_dl([(name, COMMANDS[name].help) for name in self.list_commands(ctx)])


@click.group(cls=LazyGroup)
def covoit() -> None:
    """Covoiturage : de la preuve au paiement."""

"""`mobigo billettique …`: a table of names, each imported when it is called.

To add a command: one line in `COMMANDS`; its module says what it does, its help line stands here, so that
`mobigo billettique --help` imports nothing else.
"""

import importlib
from typing import Final, NamedTuple

import click


class Command(NamedTuple):
    """Where a command lives ("module:object") and what it does, in one line."""

    target: str
    help: str


COMMANDS: Final[dict[str, Command]] = {
    "quote": Command("billettique.cli.quote:quote", "Calculer le prix d'un trajet, ligne par ligne."),
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
def billettique() -> None:
    """Billettique : tarifs et titres de transport."""

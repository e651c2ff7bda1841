"""A click group whose commands are imported when they are called, not when they are listed: help stays quick."""

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import click


class Command(NamedTuple):
    """Where a command lives ("module:object") and what it does, in one line."""

    target: str
    help: str


class LazyGroup(click.Group):
    """A group made from a table of its commands: `@click.group(cls=LazyGroup, table=COMMANDS)`."""

    def __init__(self, *args: Any, table: Mapping[str, Command], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = self._table.get(cmd_name)
        if entry is None:
            return None
        module, _, name = entry.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commandes"):
            formatter.write_dl([(name, self._table[name].help) for name in self.list_commands(ctx)])

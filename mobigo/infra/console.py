"""What the commands of every package share: `--json`, answers on stdout, messages on stderr, progress on a terminal.

The commands themselves are listed in `mobigo.app.cli`, which also turns errors into exit codes.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import PurePath
from typing import Final

import click

from mobigo.base.decisions import Decision
from mobigo.base.money import Money

DONE: Final = 0
DEFECT: Final = 1
BAD_INPUT: Final = 2
REFUSED: Final = 3

json_option = click.option("--json", "as_json", is_flag=True, help="Un seul document JSON sur la sortie standard.")

Progress = Callable[[int, int | None, str], None]


def emit(document: object, as_json: bool, text: str | Callable[[], str]) -> None:
    """The answer of a command on stdout: the document under `--json`, the text for people otherwise."""
    shown = as_json_text(document) if as_json else text() if callable(text) else text
    click.echo(shown)


def message(text: str) -> None:
    """A message to the person running the command: on stderr, so that stdout holds the answer alone."""
    click.echo(text, err=True)


def as_json_text(document: object) -> str:
    """`document` as JSON: dates and hours in ISO 8601, money in cents, decisions as code and parameters."""
    return json.dumps(document, ensure_ascii=False, indent=2, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    if isinstance(value, Decision):
        return {"code": value.code, "params": dict(value.params)}
    if isinstance(value, Money):
        return value.cents
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """A progress bar on stderr, on a terminal only: call it with (done, total or None, what is being done)."""
    if not sys.stderr.isatty():
        yield lambda _done, _total, _text: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)

        def show(done: int, total: int | None, text: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{label} : {text}" if text else label)

        yield show


def sentence_of(decision: Decision) -> str:
    """The sentence of a decision in the language of the command; its code and parameters where no catalogue has it."""
    from mobigo.infra.i18n import sentence

    return sentence(decision)

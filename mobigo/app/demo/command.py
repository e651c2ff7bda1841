"""`mobigo demo`: a demonstration to look at, from nothing to an answering page in one command."""

import os
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, NoReturn

import click

from mobigo.base.errors import Refused
from mobigo.infra import console
from mobigo.infra.config import Config, as_environ, load_config

if TYPE_CHECKING:
    from mobigo.app.demo.prepare import Prepared

PAGE = "/demonstration"


@click.command(short_help="Préparer et lancer la démonstration.")
@click.option("--port", type=click.IntRange(1, 65_535), help="Port d'écoute ; pris, le suivant libre.")
@click.option(
    "--size", type=click.Choice(["s", "m", "l"]), help="Taille du territoire (m par défaut, ou celle déjà faite)."
)
@click.option("--reset", is_flag=True, help="Tout effacer et recommencer ; dit d'abord ce qui sera effacé.")
@click.option("--yes", is_flag=True, help="Avec --reset : ne pas demander.")
@click.option("--no-serve", is_flag=True, help="Préparer sans lancer.")
@console.json_option
def demo(port: int | None, size: str | None, reset: bool, yes: bool, no_serve: bool, as_json: bool) -> None:
    """Préparer la démonstration dans MOBIGO_HOME (./var par défaut), puis la lancer.

    Un territoire de Bourgogne-Franche-Comté aux horaires inventés, un compte pour chaque rôle, le site et ses travaux.
    """
    from mobigo.app.demo import prepare
    from mobigo.infra.clock import now

    config = configured(port)
    if reset:
        _reset(config, yes)
    kept = prepare.load(config.home)
    size = size or (kept.size if kept is not None else "m")
    with console.progress("Démonstration") as tell:
        prepared = prepare.prepare(config, size, now(), _said(tell))
    console.emit(_document(config, prepared), as_json, lambda: _text(prepared))
    if not no_serve:
        _serve(config)


def configured(port: int | None) -> Config:
    """The configuration of a demonstration: the environment's, `demo` unless it says otherwise. Raises Refused in
    production."""
    from mobigo.app.serve import listening

    config = load_config()
    if config.production:
        raise Refused("demo.not_in_production")
    if not os.environ.get("MOBIGO_ENV"):
        config = replace(config, environment="demo")
    if not os.environ.get("MOBIGO_LOG_LEVEL"):
        config = replace(config, log_level="warning")  # one line a request hides what is said to people
    return listening(config, None, port)


def _said(tell: console.Progress) -> console.Progress:
    """Progress on a terminal; elsewhere one line a step, so that a log tells where the time went."""
    if sys.stderr.isatty():
        return tell

    def say(_done: int, _total: int | None, text: str) -> None:
        if text:
            console.message(f"Démonstration : {text}")

    return say


def _reset(config: Config, yes: bool) -> None:
    from mobigo.app.demo import prepare

    found = prepare.to_remove(config)
    if not found:
        console.message("Rien à effacer : le dossier ne contient aucune démonstration.")
        return
    console.message(f"Dans {config.home}, seront effacés :")
    for path, what in found.items():
        megabytes = f"{prepare.size_bytes(path) / 1e6:.1f}".replace(".", ",")
        console.message(f"  {path.name:<20} {what} ({megabytes} Mo)")
    if not yes:
        if not sys.stdin.isatty():
            raise Refused("demo.reset_not_confirmed")
        click.confirm("Effacer et recommencer ?", abort=True, err=True)
    prepare.remove(found)


def _document(config: Config, prepared: "Prepared") -> dict[str, object]:
    return {
        "home": config.home,
        "url": config.base_url,
        "page": config.base_url + PAGE,
        **asdict(prepared.made),
        "new_network": prepared.new_network,
        "new_accounts": prepared.new_accounts,
        "accounts": [asdict(access) for access in prepared.accesses],
    }


def _text(prepared: "Prepared") -> str:
    width = max(len(access.email) for access in prepared.accesses)
    rows = [f"  {access.email:<{width}}  {access.password}  {access.does}" for access in prepared.accesses]
    made = "sont créés" if prepared.new_accounts else "sont ceux du premier lancement"
    return "\n".join([f"Les comptes {made} (gardés dans secrets/demo-accounts.json, lisible de vous seul) :", *rows])


def _serve(config: Config) -> NoReturn:
    """Become `mobigo serve`: a fresh process, without the memory that preparing took."""
    from mobigo.app.serve import free_port, is_free, listening

    if not is_free(config.host, config.port):
        free = free_port(config.host, config.port + 1)
        console.message(f"Le port {config.port} est déjà pris : la démonstration répondra sur le port {free}.")
        config = listening(config, None, free)
    sys.stdout.flush()
    sys.stderr.flush()
    environ = {**os.environ, **as_environ(config)}
    command = [sys.executable, "-m", "mobigo.app.cli", "serve"]
    os.execve(sys.executable, command, environ)  # noqa: S606 - our own interpreter, our own command

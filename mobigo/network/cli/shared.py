"""`mobigo shared …`: the systems of shared bicycles in use."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mobigo.infra import clock, console
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.network.cli import _services

if TYPE_CHECKING:
    from mobigo.network.model.shared import Told


@click.group()
def shared() -> None:
    """Les vélos en libre-service (GBFS) : stations, vélos et places libres."""


@shared.command("add")
@click.argument("code", metavar="NOM")
@click.argument("source", metavar="URL|DOSSIER")
@console.json_option
def add(code: str, source: str, as_json: bool) -> int:
    """Mettre un service en usage : l'adresse de son gbfs.json, relevée ensuite, ou un dossier de ses fichiers."""
    from mobigo.network.service import shared as service

    with _services() as services:
        if source.startswith(("http://", "https://")):
            service.add_source(services, code, source)
            service.poll_shared(services)
        else:
            service.import_folder(services, code, Path(source))
        return _tell(services, as_json)


@shared.command("list")
@console.json_option
def list_(as_json: bool) -> int:
    """Lister les services : leur âge, leurs stations, ce qui n'a pas pu être relevé."""
    with _services() as services:
        return _tell(services, as_json)


@shared.command("forget")
@click.argument("code", metavar="NOM")
def forget(code: str) -> None:
    """Ne plus proposer un service."""
    from mobigo.network.service import shared as service

    with _services() as services:
        service.remove_source(services, code)


def _tell(services, as_json: bool) -> int:  # type: ignore[no-untyped-def]  # Services
    """What is in use now; 3 when something of it is not believed."""
    from mobigo.network.service.shared import SharedHolder

    told = SharedHolder(services.engine).told(clock.now())
    console.emit(
        [_json(each) for each in told], as_json,
        lambda: "\n".join(map(_text, told)) or _("Aucun service de vélos en libre-service."),
    )  # fmt: skip
    return 3 if any(each.is_stale or each.error for each in told) else 0


def _json(told: "Told") -> dict[str, object]:
    system = told.system
    return {
        "code": told.code,
        "source": told.url,
        "name": None if system is None else system.name,
        "at": None if system is None else system.at,
        "stale": told.is_stale,
        "stations": 0 if system is None else len(system.stations),
        "bikes": 0 if system is None else sum(each.bikes or 0 for each in system.stations),
        "loose": 0 if system is None else len(system.loose),
        "error": None if told.error is None else told.error.code,
    }


def _text(told: "Told") -> str:
    line = _("%(code)s : stations, %(stations)s ; vélos, %(bikes)s ; vélos hors station, %(loose)s") % _json(told)
    line += " — " + _("trop ancien, ignoré") if told.is_stale else ""
    return line if told.error is None else f"{line}\n  {sentence(told.error)}"

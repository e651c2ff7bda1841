"""`mobigo parks …`: the car parks in use, and where their free places are told."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mobigo.infra import clock, console
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.network.cli import _services

if TYPE_CHECKING:
    from datetime import datetime

    from mobigo.network.model.parks import ToldParks


@click.group()
def parks() -> None:
    """Les parkings : places, tarif, places libres du moment."""


@parks.command("add")
@click.argument("code", metavar="NOM")
@click.argument("file", metavar="FICHIER", type=click.Path(path_type=Path))
@click.option("--credit", default="", help="Qui le dit, écrit sous ce qui en est montré (source et licence).")
@click.option("--occupancy", default="", metavar="URL", help="Où sont dites les places libres (CSV ou JSON).")
@click.option("--every", "every_s", default=120, show_default=True, help="Toutes les combien de secondes y regarder.")
@click.option("--stale", "stale_s", default=900, show_default=True, help="Plus vieux que cela (s), on n’y croit plus.")
@console.json_option
def add(code: str, file: Path, credit: str, occupancy: str, every_s: int, stale_s: int, as_json: bool) -> int:
    """Mettre en usage les parkings d'un fichier CSV (schéma national des lieux de stationnement)."""
    from mobigo.network.service import parks as service

    with _services() as services:
        service.import_parks(services, code, file, credit=credit)
        if occupancy:
            service.tell_occupancy(services, code, occupancy, every_s=every_s, stale_s=stale_s)
            service.poll_parks(services)
        return _tell(services, as_json)


@parks.command("occupancy")
@click.argument("code", metavar="NOM")
@click.argument("url", metavar="URL")
@click.option("--every", "every_s", default=120, show_default=True, help="Toutes les combien de secondes y regarder.")
@click.option("--stale", "stale_s", default=900, show_default=True, help="Plus vieux que cela (s), on n’y croit plus.")
@console.json_option
def occupancy(code: str, url: str, every_s: int, stale_s: int, as_json: bool) -> int:
    """Dire où sont les places libres de parkings déjà en usage (ceux des rues s'appellent osm:NOM)."""
    from mobigo.network.service import parks as service

    with _services() as services:
        service.tell_occupancy(services, code, url, every_s=every_s, stale_s=stale_s)
        service.poll_parks(services)
        return _tell(services, as_json)


@parks.command("list")
@console.json_option
def list_(as_json: bool) -> int:
    """Lister les parkings en usage : combien, les places libres connues, ce qui n'a pas pu être relevé."""
    with _services() as services:
        return _tell(services, as_json)


@parks.command("forget")
@click.argument("code", metavar="NOM")
def forget(code: str) -> None:
    """Ne plus proposer les parkings d'une source."""
    from mobigo.network.service import parks as service

    with _services() as services:
        service.remove_parks(services, code)


def _tell(services, as_json: bool) -> int:  # type: ignore[no-untyped-def]  # Services
    """What is in use now; 3 when something of it is not believed."""
    from mobigo.network.service.parks import ParksHolder

    told, now = ParksHolder(services.engine).told(), clock.now()
    console.emit(
        [_json(each, now) for each in told], as_json,
        lambda: "\n".join(_text(each, now) for each in told) or _("Aucun parking."),
    )  # fmt: skip
    return 3 if any(each.is_stale(now) or each.error for each in told) else 0


def _json(told: "ToldParks", now: "datetime") -> dict[str, object]:
    return {
        "code": told.code,
        "source": told.source,
        "parks": len(told.parks),
        "public": sum(each.is_public for each in told.parks),
        "relay": sum(each.is_relay for each in told.parks),
        "occupancy": told.occupancy_url,
        "known": sum(told.known(each.id, now) is not None for each in told.parks),
        "unmatched": len(told.occupancy.keys() - {each.id for each in told.parks}),
        "stale": told.is_stale(now),
        "error": None if told.error is None else told.error.code,
    }


def _text(told: "ToldParks", now: "datetime") -> str:
    line = _("%(code)s : parkings, %(parks)s, dont ouverts à tous %(public)s ; places libres connues : %(known)s") % (
        _json(told, now)
    )
    unmatched = _json(told, now)["unmatched"]
    line += " — " + _("parkings dits libres et inconnus ici : %(count)s") % {"count": unmatched} if unmatched else ""
    line += " — " + _("trop ancien, ignoré") if told.is_stale(now) else ""
    return line if told.error is None else f"{line}\n  {sentence(told.error)}"

"""`mobigo address …`: the addresses that the search fields know, from national address files (BAN)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mobigo.infra import console
from mobigo.infra.config import load_config
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence

if TYPE_CHECKING:
    from mobigo.network.model.addresses import AddressFault
    from mobigo.network.store.addresses import InUse

SHOWN = 10


@click.group()
def address() -> None:
    """Les adresses que connaissent les champs de recherche."""


@address.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--good-part", is_flag=True, help="Importer les lignes justes, laisser les autres.")
@click.option("--bad", type=click.Path(path_type=Path, dir_okay=False), help="Où écrire les lignes à corriger (CSV).")
@console.json_option
def import_(files: Sequence[Path], good_part: bool, bad: Path | None, as_json: bool) -> int:
    """Remplacer les adresses par celles de fichiers BAN (CSV, .csv.gz) : tout, ou rien s'il y a une faute."""
    from mobigo.infra import clock
    from mobigo.network.service.addressing import import_addresses

    home = load_config().home
    with console.progress(_("Adresses")) as progress:
        done = import_addresses(home, files, clock.now(), good_part=good_part, bad=bad, progress=progress)
    document = {
        "in_use": None if done.in_use is None else _document(done.in_use),
        "rows": done.rows,
        "wrong": done.wrong,
        "faults": [_fault(fault) for fault in done.faults],
    }
    console.emit(document, as_json, lambda: _told(done.in_use) if done.in_use else _("Rien n’est changé."))
    for fault in done.faults[:SHOWN]:
        where = _("%(file)s, ligne %(line)s", file=fault.file, line=fault.line)
        column = f", {fault.column} « {fault.value} »" if fault.column else ""
        console.message(f"{where}{column} : {sentence(fault.reason)}")
    if done.wrong:
        console.message(_("Lignes à corriger : %(wrong)s, sur %(rows)s.", wrong=done.wrong, rows=done.rows))
    return console.REFUSED if done.wrong else console.DONE


@address.command()
@console.json_option
def show(as_json: bool) -> int:
    """Dire quelles adresses sont connues."""
    from mobigo.network.store.addresses import find_in_use

    found = find_in_use(load_config().home)
    document = {"in_use": None if found is None else _document(found)}
    console.emit(document, as_json, lambda: _("Aucune adresse n’est connue.") if found is None else _told(found))
    return console.DONE


@address.command()
@console.json_option
def forget(as_json: bool) -> int:
    """Ne plus chercher parmi les adresses."""
    from mobigo.network.store.addresses import forget as drop

    dropped = drop(load_config().home)
    text = _("Les adresses sont oubliées.") if dropped else _("Aucune adresse n’est connue.")
    console.emit({"forgotten": dropped}, as_json, text)
    return console.DONE


def _document(in_use: "InUse") -> dict[str, Any]:
    return {
        "hash": in_use.hash,
        "files": list(in_use.files),
        "addresses": in_use.addresses,
        "streets": in_use.streets,
        "communes": in_use.communes,
        "imported_at": in_use.imported_at,
    }


def _fault(fault: "AddressFault") -> dict[str, Any]:
    return {
        "file": fault.file,
        "line": fault.line,
        "column": fault.column,
        "value": fault.value,
        "code": fault.reason.code,
        "reason": sentence(fault.reason),
    }


def _told(in_use: "InUse") -> str:
    return _(
        "%(addresses)s adresses de %(streets)s voies dans %(communes)s communes (%(files)s).",
        addresses=in_use.addresses, streets=in_use.streets, communes=in_use.communes, files=", ".join(in_use.files),
    )  # fmt: skip

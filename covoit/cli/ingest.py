"""`mobigo covoit ingest`: receive a file of journeys, with progress, a receipt and an error file."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mobigo.infra import console
from mobigo.infra.i18n import gettext as _

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from mobigo.infra.web import Services


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--operator", default="mobigo", show_default=True,
    help="L'organisme qui déclare ces trajets (identifiant, nom ou SIREN) ; « mobigo » pour nos propres lignes.",
)  # fmt: skip
@click.option("--good-part", is_flag=True, help="Garder les lignes correctes même si d'autres ne le sont pas.")
@click.option("--catch-up", is_flag=True, help="Reprise d'un historique : le délai de déclaration n'est pas appliqué.")
@click.option("--receipt", type=click.Path(path_type=Path), help="Où écrire le reçu [FILE.recu.json].")
@click.option("--errors", type=click.Path(path_type=Path), help="Où écrire les lignes refusées [FILE.erreurs.csv].")
@console.json_option
def ingest(
    file: Path, operator: str, good_part: bool, catch_up: bool, receipt: Path | None, errors: Path | None, as_json: bool
) -> int:
    """Recevoir un fichier de trajets (NDJSON, un trajet par ligne, dialecte du registre national)."""
    from dataclasses import replace

    from covoit.service import ingest as service
    from mobigo.infra.clock import now

    services: Services = click.get_current_context().find_root().obj()
    receipt_file = receipt or file.with_name(file.name + ".recu.json")
    errors_file = errors or file.with_name(file.name + ".erreurs.csv")
    try:
        code = _operator(services.engine, operator)
        rules = service.terms_of(code, now(), services.config.home)
        if catch_up:
            rules = replace(rules, deadline=None)
        draft = errors_file.with_name(errors_file.name + ".tmp")
        try:
            with draft.open("wb") as written, console.progress(file.name) as progress:
                outcome = service.ingest(
                    services, file, code, errors=written, rules=rules, now=now(), good_part=good_part,
                    progress=progress,
                )  # fmt: skip
            if outcome.refused and not outcome.repeated:
                draft.replace(errors_file)
        finally:
            draft.unlink(missing_ok=True)
    finally:
        services.engine.dispose()
    if outcome.receipt is not None:
        receipt_file.write_text(console.as_json_text(dict(outcome.receipt)) + "\n", encoding="utf-8")
    document = {
        "receipt": outcome.receipt,
        "repeated": outcome.repeated,
        "refused": outcome.refused,
        "errors": str(errors_file) if outcome.refused and not outcome.repeated else None,
    }
    console.emit(document, as_json, lambda: _text(document, receipt_file, errors_file))
    return console.DONE if outcome.receipt is not None else console.REFUSED


def _operator(engine: "Engine", text: str) -> str:
    """The operator's code: ours, or the id of an organisation. Raises NotFound("organisation.unknown")."""
    from covoit.store.journeys import OWN_OPERATOR
    from mobigo.base.errors import NotFound
    from mobigo.infra.db import reading
    from mobigo.infra.grants import list_organisations

    if text == OWN_OPERATOR:
        return OWN_OPERATOR
    with reading(engine) as session:
        for each in list_organisations(session):
            if text in (each.id, each.name, each.siren):
                return each.id
    raise NotFound("organisation.unknown")


def _text(document: "Mapping[str, object]", receipt_file: Path, errors_file: Path) -> str:
    receipt = document["receipt"]
    lines = []
    if isinstance(receipt, dict):
        if document["repeated"]:
            lines.append(_("Ce fichier avait déjà été reçu ; voici le même reçu."))
        lines.append(
            _("%(new)s trajets reçus, %(known)s déjà connus, %(refused)s lignes refusées.")
            % {"new": receipt["new"], "known": receipt["known"], "refused": receipt["refused"]}
        )
        lines += [f"  {label} : {count}" for label, count in receipt["violations"].items()]
        lines.append(_("Reçu : %(file)s") % {"file": receipt_file})
    else:
        lines.append(_("Rien n’a été gardé ; lignes à corriger : %(refused)s.") % {"refused": document["refused"]})
    if document["errors"]:
        lines.append(_("Lignes refusées : %(file)s") % {"file": errors_file})
    return "\n".join(lines)

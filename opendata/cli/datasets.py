"""`mobigo opendata list | probe | publish | rollback | verify`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from mobigo.infra import console
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence

if TYPE_CHECKING:
    from mobigo.infra.web import Services
    from opendata.service.publishing import Outcome
    from opendata.service.showing import Shown

# What is answered by the machine, and not by somebody who signs.
OPERATOR = "cli"


@contextmanager
def opened() -> "Iterator[Services]":
    """What the commands work with, opened by the `mobigo` command."""
    services: Services = click.get_current_context().find_root().obj()
    try:
        yield services
    finally:
        services.engine.dispose()


@click.command("list")
@console.json_option
def list_(as_json: bool) -> None:
    """Lister les jeux de données et leur version en ligne."""
    from mobigo.infra.clock import now
    from mobigo.infra.db import reading
    from opendata.service.showing import catalogue

    with opened() as services, reading(services.engine) as session:
        found = catalogue(session, now())
    console.emit(
        [_json(each) for each in found],
        as_json,
        lambda: (
            "\n".join(_line(each) for each in found) or _("Rien n’est publié. Commencez par : mobigo opendata publish")
        ),
    )


@click.command()
@click.argument("datasets", nargs=-1)
@console.json_option
def publish(datasets: Sequence[str], as_json: bool) -> int:
    """Publier ce qui a changé : tout, ou les jeux DATASETS. Ce qui touche des personnes attend deux accords."""
    from mobigo.base.errors import NotFound
    from mobigo.infra.clock import now
    from opendata.service.publishing import publish_all

    with opened() as services:
        instant = now()
        offers = {offer.declared.code: offer for offer in services.offers(instant)}
        unknown = [code for code in datasets if code not in offers]
        if unknown:
            raise NotFound("opendata.unknown_dataset", dataset=unknown[0])
        wanted = [offers[code] for code in (datasets or sorted(offers))]
        with console.progress(_("publication")) as progress:
            outcomes = []
            for done, offer in enumerate(wanted):
                progress(done, len(wanted), offer.declared.code)
                outcomes += publish_all(services, [offer], instant, judges=services.judges)
    console.emit([outcome_json(each) for each in outcomes], as_json, lambda: "\n".join(map(outcome_text, outcomes)))
    bad = any(each.result in ("failed", "faulty") for each in outcomes)
    return console.REFUSED if bad else console.DONE


@click.command()
@click.argument("dataset")
@click.option("--to", "label", help="Version voulue (ses douze lettres) ; par défaut, la précédente.")
@click.option("--reason", required=True, help="Pourquoi ; la raison est publique.")
@console.json_option
def rollback(dataset: str, label: str | None, reason: str, as_json: bool) -> int:
    """Remettre en ligne une version antérieure de DATASET, à l'octet près. Elle y reste jusqu'à une décision."""
    from mobigo.infra.clock import now
    from opendata.service.governance import roll_back

    with opened() as services:
        version = roll_back(services, dataset, OPERATOR, now(), reason, label)
    text = _("%(dataset)s montre de nouveau la version %(number)s (%(label)s).",
             dataset=dataset, number=version.number, label=version.label)  # fmt: skip
    console.emit({"dataset": dataset, "version": version.label, "number": version.number}, as_json, text)
    return console.DONE


@click.command()
@console.json_option
def verify(as_json: bool) -> int:
    """Vérifier que chaque fichier publié est là, et qu'il est celui que son empreinte annonce."""
    from mobigo.infra.db import reading
    from opendata.store import files, versions

    with opened() as services:
        contents = files.contents_of(services.config.home)
        bad: list[dict[str, object]] = []
        count = 0
        with reading(services.engine) as session:
            for kept in versions.list_datasets(session):
                for version in versions.list_versions(session, kept.code, public_only=True):
                    if version.state.value != "published":
                        continue
                    for file in version.files:
                        count += 1
                        if not files.verify(contents, file):
                            bad.append({"dataset": kept.code, "version": version.label, "file": file.name})
    text = _("%(count)s fichiers vérifiés, %(bad)s en défaut.", count=count, bad=len(bad))
    lines = [text, *(f"  {each['dataset']} {each['version']} {each['file']}" for each in bad)]
    console.emit({"files": count, "faulty": bad}, as_json, "\n".join(lines))
    return console.REFUSED if bad else console.DONE


@click.command()
@click.argument("url", required=False)
@console.json_option
def probe(url: str | None, as_json: bool) -> int:
    """Regarder de l’extérieur si chaque fichier en vigueur du site URL peut être téléchargé (par défaut, ce site)."""
    from opendata.gateway.probe import listed, look

    with opened() as services:
        at = url or services.config.base_url
    count, bad = 0, []
    for dataset, file in listed(at):
        count += 1
        fault = look(at)(dataset, file)
        if fault is not None:
            bad.append({"dataset": dataset, "file": file.name, **_decision(fault), "message": sentence(fault)})
    text = _("%(count)s fichiers demandés, %(bad)s en défaut.", count=count, bad=len(bad))
    lines = [text, *(f"  {each['dataset']} : {each['message']}" for each in bad)]
    console.emit({"url": at, "files": count, "faulty": bad}, as_json, "\n".join(lines))
    return console.REFUSED if bad else console.DONE


def outcome_json(outcome: "Outcome") -> dict[str, object]:
    """An outcome as the API and `--json` show it."""
    version = outcome.version
    return {
        "dataset": outcome.dataset,
        "slot": outcome.slot.value,
        "result": outcome.result,
        "version": None if version is None else version.label,
        "number": None if version is None else version.number,
        "size": None if version is None else version.size,
        "reasons": [{**_decision(reason), "message": sentence(reason)} for reason in outcome.reasons],
    }


def _decision(reason: object) -> dict[str, object]:
    from mobigo.base.decisions import Decision

    assert isinstance(reason, Decision)  # noqa: S101 - the outcome holds nothing else
    return {"code": reason.code, "params": {name: str(value) for name, value in reason.params.items()}}


def outcome_text(outcome: "Outcome") -> str:
    """An outcome in one line, and why below it."""
    said = {
        "published": _("publié"), "unchanged": _("inchangé"), "waiting": _("en attente d’accord"),
        "faulty": _("refusé par un contrôle"), "failed": _("non produit"), "held": _("retenu"),
        "superseded": _("dépassé par un plus récent"), "removed": _("retiré du catalogue"),
        "empty": _("rien à publier"),
    }[outcome.result]  # fmt: skip
    version = "" if outcome.version is None else f" · {outcome.version.label}"
    slot = "" if outcome.slot.value == "latest" else f" ({outcome.slot.value})"
    reasons = "".join(f"\n    {sentence(reason)}" for reason in outcome.reasons)
    return f"{outcome.dataset}{slot} : {said}{version}{reasons}"


def _json(shown: "Shown") -> dict[str, object]:
    version, pointer = shown.version, shown.pointer
    return {
        "dataset": shown.code,
        "title": shown.kept.declared.title,
        "version": None if version is None else version.label,
        "number": None if version is None else version.number,
        "published_at": None if pointer is None else pointer.moved_at,
        "checked_at": None if pointer is None else pointer.seen_at,
        "held": pointer is not None and pointer.held,
        "late": shown.late,
        "quality": shown.quality,
        "next": None if shown.coming is None else shown.coming.label,
        "files": [] if version is None else [
            {"name": file.name, "size": file.size, "sha256": file.sha256} for file in version.files
        ],
    }  # fmt: skip


def _line(shown: "Shown") -> str:
    version = shown.version
    if version is None:
        return f"{shown.code} : " + _("à venir seulement")
    names = ", ".join(file.name for file in version.files)
    held = " · " + _("retenu après un retour en arrière") if shown.pointer is not None and shown.pointer.held else ""
    return f"{shown.code} : {version.label} (n° {version.number}) · {names}{held}"

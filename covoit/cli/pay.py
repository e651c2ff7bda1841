"""`mobigo covoit pay MONTH`: the steps of a batch, each by another person, then its file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mobigo.base.errors import NotFound
from mobigo.infra import console
from mobigo.infra.i18n import gettext as _

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from mobigo.infra.roles import Identity
    from mobigo.infra.web import Services

STEPS = ("prepare", "check", "order", "accept", "send", "reject", "send-back", "bank")


@click.command()
@click.argument("month", metavar="MONTH")
@click.option("--by", "email", required=True, help="Adresse du compte de la personne qui agit.")
@click.option("--step", type=click.Choice(STEPS), default="prepare", show_default=True, help="Ce qu'elle fait.")
@click.option("--batch", help="Lot ; par défaut le plus ancien en cours pour ce mois.")
@click.option("--reason", default="", help="Motif d'un rejet ou d'un renvoi.")
@click.option(
    "--file", "answer", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Fichier reçu de la banque."
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Dossier où écrire le fichier et les pièces."
)
@console.json_option
def pay(
    month: str,
    email: str,
    step: str,
    batch: str | None,
    reason: str,
    answer: Path | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Payer un mois (AAAA-MM) : préparer, vérifier, ordonner, accepter, envoyer ; lire les retours de la banque.

    Chaque étape est faite par une autre personne, qui a le rôle qu'il faut."""
    from covoit.service import closing, payments, returns
    from mobigo.infra import clock

    services: Services = click.get_current_context().find_root().obj()
    try:
        closing.first_day_of(month)
        engine, home, now = services.engine, services.config.home, clock.now()
        by = _identity(engine, email)
        document: dict[str, Any] = {"step": step}
        if step == "prepare":
            made = payments.prepare(engine, month, by=by, home=home, now=now)
            document |= {
                "batch": made.batch, "number": made.number, "lines": made.lines, "total_cents": made.total,
                "left_out": [{"claim": each, "reason": code} for each, code in made.left_out],
            }  # fmt: skip
        elif step == "bank":
            if answer is None:
                raise click.UsageError(_("--file : quel fichier de la banque ?"))
            done = returns.apply_bank_file(engine, services.blobs, answer.read_bytes(), by=by, now=now)
            document |= {
                "paid": done.paid, "returned": done.returned, "repeated": done.repeated, "waiting": done.waiting,
                "faults": [{"payment": name, "reason": why} for name, why in done.faults],
            }  # fmt: skip
        else:
            chosen = batch or _oldest(engine, month)
            document["batch"] = chosen
            if step == "check":
                payments.check(engine, chosen, by=by, now=now)
            elif step == "order":
                payments.order(engine, chosen, by=by, now=now)
            elif step == "accept":
                payments.accept(engine, chosen, by=by, now=now)
            elif step == "reject":
                payments.reject(engine, chosen, by=by, reason=reason, now=now)
            elif step == "send-back":
                payments.send_back(engine, chosen, by=by, reason=reason, now=now)
            else:
                sent = payments.send(engine, services.blobs, chosen, by=by, home=home, now=now)
                document |= {
                    "payments": sent.payments, "total_cents": sent.total, "file": sent.file,
                    "blocked": list(sent.blocked),
                }  # fmt: skip
            if out is not None:
                document["files"] = _papers(services, chosen, out)
        console.emit(document, as_json, lambda: console.as_json_text(document))
        return console.DONE
    finally:
        services.engine.dispose()


def _identity(engine: "Engine", email: str) -> "Identity":
    """The person of this address, with the roles they hold."""
    from mobigo.infra import accounts, grants
    from mobigo.infra.db import reading
    from mobigo.infra.roles import Identity

    with reading(engine) as session:
        subject = accounts.find_by_email(session, email)
        if subject is None:
            raise NotFound("account.unknown")
        return Identity(subject, tuple(grants.grants_of(session, subject)))


def _oldest(engine: "Engine", month: str) -> str:
    from covoit.store.payments import under_way
    from mobigo.infra.db import reading

    with reading(engine) as session:
        for row in under_way(session):
            if row.last_month == month:
                return row.id
    raise NotFound("covoit.unknown_batch", batch=month)


def _papers(services: "Services", batch: str, out: Path) -> list[Path]:
    """The état liquidatif and the bordereau (Excel and PDF), and the file of a batch that was sent."""
    from covoit.export import liquidation
    from covoit.service import payments
    from covoit.store.payments import get_batch
    from mobigo.infra.blobs import write_whole
    from mobigo.infra.db import reading

    home = services.config.home
    with reading(services.engine) as session:
        row = get_batch(session, batch)
        shown = payments.bordereau(session, batch, home)
        contents = {
            f"bordereau-{row.number:04d}.xlsx": liquidation.workbook(shown),
            f"bordereau-{row.number:04d}.pdf": liquidation.pdf(shown),
        }
        if row.file is not None:
            ending = "xml" if row.way == "mandatary" else "csv"
            contents[f"paiement-{row.number:04d}.{ending}"] = services.blobs.read(row.file)
    files = []
    for name, content in contents.items():
        write_whole(out / name, lambda file, content=content: file.write(content))  # type: ignore[misc]
        files.append(out / name)
    return files

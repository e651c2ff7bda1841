"""What counts say to agents: who had no place, first; which services pupils do not take; and letters to ask why."""

import csv
import io
from collections.abc import Callable

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.instants import paris_day
from mobigo.base.sheets import neutral
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from scolaire.model.running import Source
from scolaire.service import counting, reminding
from scolaire.web import bp
from scolaire.web.days.choosing import half_word, service_chosen
from scolaire.web.forms import Faults, looking, me, writing


@bp.get("/scolaire/agents/comptages")
@requires(Permission.SCHOOL_DECIDE, everywhere=True)
def counts_judged() -> ResponseReturnValue:
    """Overloads first, then services that registered pupils do not take."""
    return _page(Faults())


@bp.post("/scolaire/agents/comptages")
@requires(Permission.SCHOOL_DECIDE, everywhere=True)
def count_remind() -> ResponseReturnValue:
    """Writes to the families of a service that pupils do not take; withdraws nothing."""
    faults, done = Faults(), (0, 0)
    with faults.caught(), writing() as session:
        plan, service = service_chosen()
        done = reminding.remind(session, plan, service, by=me(), config=services().config, now=now())
    if faults:
        return _page(faults)
    flash(
        _("Lettres envoyées : %(sent)s ; sans moyen d’écrire, ou déjà prévenus ce mois-ci : %(kept)s. Aucun droit "
          "n’est retiré.", sent=done[0], kept=done[1]), "good",
    )  # fmt: skip
    return redirect(url_for("scolaire.counts_judged"), 303)


@bp.get("/scolaire/agents/comptages/surcharges.csv")
@requires(Permission.SCHOOL_DECIDE, everywhere=True)
def overloads_file() -> ResponseReturnValue:
    """The overloads, for a spreadsheet."""
    head = [_("Jours en surcharge"), _("Pire jour"), _("À bord"), _("Places"), _("Sans place")]
    return _file("surcharges", head, lambda found: [
        (each.key, [each.days, each.worst.day, each.worst.aboard, each.worst.places, each.standing], each.worst.source)
        for each in found.overloads
    ])  # fmt: skip


@bp.get("/scolaire/agents/comptages/absences.csv")
@requires(Permission.SCHOOL_DECIDE, everywhere=True)
def no_shows_file() -> ResponseReturnValue:
    """The services that registered pupils do not take, for a spreadsheet."""
    head = [_("Jours comptés"), _("Meilleur jour"), _("À bord"), _("Inscrits"), _("Absents")]
    return _file("absences", head, lambda found: [
        (each.key, [each.days, each.best.day, each.best.aboard, each.best.registered, each.missing], each.best.source)
        for each in found.no_shows
    ])  # fmt: skip


def source_word(source: Source) -> str:
    """Who says how many were aboard."""
    return _("compté à bord") if source is Source.COUNT else _("titres validés")


Said = tuple[tuple[str, str], list[object], Source]  # of a service, and who says so


def _file(name: str, head: list[str], said: Callable[[counting.Judged], list[Said]]) -> Response:
    """A sheet of what is said of services, each told by its plan, its name and its half-day."""
    with looking() as session:
        found = counting.judged(session, paris_day(now()), services().validations)
    written = io.StringIO()
    sheet = csv.writer(written, delimiter=";", lineterminator="\r\n")
    sheet.writerow([_("Plan"), _("Service"), _("Demi-journée"), *head, _("Source")])
    for key, told, source in said(found):
        run = found.runs[key]
        row = [run.plan_name, key[1], half_word(run.half), *told, source_word(source)]
        sheet.writerow([neutral(str(cell)) for cell in row])
    return Response(
        "\ufeff" + written.getvalue(), content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "private, no-store"},
    )  # fmt: skip


def _page(faults: Faults) -> ResponseReturnValue:
    with looking() as session:
        found = counting.judged(session, paris_day(now()), services().validations)
        counted = {each.key for each in counting.judged(session, paris_day(now())).no_shows}
    page = render_template(
        "scolaire/counts.html", found=found, counted=counted, errors=faults.by_field, half_word=half_word,
        source_word=source_word,
    )  # fmt: skip
    return page, faults.status if faults else 200

"""What counts say to agents: who had no place, first; which services pupils do not take; and letters to ask why."""

import csv
import io
from collections.abc import Iterable

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
    with looking() as session:
        found = counting.judged(session, paris_day(now()), services().validations)
    head = [_("Plan"), _("Service"), _("Demi-journée"), _("Jours en surcharge"), _("Pire jour"), _("À bord"),
            _("Places"), _("Sans place"), _("Source")]  # fmt: skip
    rows = [
        [found.runs[each.key].plan_name, each.key[1], half_word(found.runs[each.key].half), each.days, each.worst.day,
         each.worst.aboard, each.worst.places, each.standing, source_word(each.worst.source)]
        for each in found.overloads
    ]  # fmt: skip
    return _file("surcharges", head, rows)


@bp.get("/scolaire/agents/comptages/absences.csv")
@requires(Permission.SCHOOL_DECIDE, everywhere=True)
def no_shows_file() -> ResponseReturnValue:
    """The services that registered pupils do not take, for a spreadsheet."""
    with looking() as session:
        found = counting.judged(session, paris_day(now()), services().validations)
    head = [_("Plan"), _("Service"), _("Demi-journée"), _("Jours comptés"), _("Meilleur jour"), _("À bord"),
            _("Inscrits"), _("Absents"), _("Source")]  # fmt: skip
    rows = [
        [found.runs[each.key].plan_name, each.key[1], half_word(found.runs[each.key].half), each.days, each.best.day,
         each.best.aboard, each.best.registered, each.missing, source_word(each.best.source)]
        for each in found.no_shows
    ]  # fmt: skip
    return _file("absences", head, rows)


def source_word(source: Source) -> str:
    """Who says how many were aboard."""
    return _("compté à bord") if source is Source.COUNT else _("titres validés")


def _file(name: str, head: list[str], rows: Iterable[list[object]]) -> Response:
    written = io.StringIO()
    sheet = csv.writer(written, delimiter=";", lineterminator="\r\n")
    sheet.writerow(head)
    sheet.writerows([neutral(str(cell)) for cell in row] for row in rows)
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

"""The services of a day for those they concern, made for a phone: coach, accompanist, and how many were aboard."""

import csv
import io

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import paris_day
from mobigo.base.sheets import neutral
from mobigo.infra import auth, grants
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from scolaire.rules.asking import folded
from scolaire.service import counting
from scolaire.service.running import RunSeen, concerning, driven_by, runs_on
from scolaire.store import running as store
from scolaire.store import schools
from scolaire.web import bp, words
from scolaire.web.days.choosing import PAGE, day_asked, half_word, page_asked
from scolaire.web.forms import Faults, day_of, looking, me, text, writing


@bp.get("/scolaire/jour")
@requires(Permission.SCHOOL_PUPILS)
def runs_of_day() -> ResponseReturnValue:
    """The services of a day that concern one: driven by oneself, at one's own school, in one's own communes."""
    return _page(Faults())


@bp.post("/scolaire/jour")
@requires(Permission.SCHOOL_PUPILS)
def count_run() -> ResponseReturnValue:
    """Enters how many were aboard a service, or corrects it."""
    faults = Faults()
    with faults.caught(), writing() as session:
        counting.enter(
            session, text("plan", 26), text("run", 80), day_of("day"), _figure("aboard"), seen=_figure("seen"),
            by=me(), organisations=_organisations(), now=now(),
        )  # fmt: skip
    if faults:
        return _page(faults)
    flash(_("C’est noté."), "good")
    return redirect(
        url_for("scolaire.runs_of_day", jour=text("day", 10), q=text("q", 80) or None, page=text("page", 5) or None),
        303,
    )


@bp.get("/scolaire/jour.csv")
@requires(Permission.SCHOOL_PUPILS)
def runs_file() -> ResponseReturnValue:
    """The same services, whole, for a spreadsheet: coaches of that day, accompanists, counts."""
    day = day_asked()
    with looking() as session:
        found = concerning(session, runs_on(session, day), _organisations())
        counts = {(row.plan, row.service): row for row in store.counts_between(session, day, day)}
        names = {row.id: row.name for row in grants.list_organisations(session)}
        validated = counting.validated(session, [each.run for each in found], day, day, services().validations)
    written = io.StringIO()
    sheet = csv.writer(written, delimiter=";", lineterminator="\r\n")
    sheet.writerow(
        [_("Plan"), _("Service"), _("Demi-journée"), _("Départ"), _("Premier arrêt"), _("Transporteur"), _("Véhicule"),
         _("Places"), _("Numéro affiché"), _("Remplacement"), _("Inscrits"), _("À bord"), _("Titres validés"),
         _("Accompagnateur"), _("Téléphone")]
    )  # fmt: skip
    for each in found:
        other, count = each.substitution, counts.get(each.run.key)
        vehicle = each.run.vehicle if other is None else other.vehicle
        cells = [
            each.run.plan_name, each.run.service, half_word(each.run.half), words.clock(each.run.departs_s),
            each.run.first_stop, names.get(each.driven_by or "", ""), vehicle,
            each.places, each.shown, "" if other is None else other.reason,
            each.run.registered, "" if count is None else count.aboard,
            validated.get(each.run.key, {}).get(day, ""), "" if each.escort is None else each.escort.name,
            "" if each.escort is None else each.escort.phone or "",
        ]  # fmt: skip
        sheet.writerow([neutral(str(cell)) for cell in cells])
    return Response(
        "\ufeff" + written.getvalue(), content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="services-{day}.csv"',
                 "Cache-Control": "private, no-store"},
    )  # fmt: skip


def _organisations() -> frozenset[str] | None:
    return auth.signed_in().organisations(Permission.SCHOOL_PUPILS)


def _figure(name: str) -> int:
    """A whole number of the form. Raises InvalidInput("scolaire.count_figure") for anything else."""
    given = text(name, 5)
    if not (given.isascii() and given.isdigit() and len(given) < 5):
        raise InvalidInput("scolaire.count_figure", most=counting.ABOARD_MOST)
    return int(given)


def _page(faults: Faults) -> ResponseReturnValue:
    typed = request.form
    try:
        day = day_of("day") if typed.get("day") else day_asked()
    except InvalidInput as wrong:
        faults.add(wrong.decision)
        day = paris_day(now())
    asked = folded((typed.get("q") or request.args.get("q", "")).strip()[:80])
    at = page_asked()
    with looking() as session:
        every = [each for each in concerning(session, runs_on(session, day), _organisations()) if _named(each, asked)]
        shown = every[at * PAGE : (at + 1) * PAGE]
        plans = {each.run.plan for each in shown}
        counts = {(row.plan, row.service): row for row in store.counts_between(session, day, day, plans)}
        names = {row.id: row.name for row in grants.list_organisations(session)}
        places = {row.uai: row.name for row in schools.schools(session)}
        validated = counting.validated(session, [each.run for each in shown], day, day, services().validations)
        theirs = {each.run.key for each in driven_by(shown, _organisations())}
    page = render_template(
        "scolaire/day.html", day=day, shown=shown, total=len(every), at=at, size=PAGE, counts=counts, names=names,
        schools=places, theirs=theirs, validated=validated, today=paris_day(now()), errors=faults.by_field, typed=typed,
        asked=typed.get("q") or request.args.get("q", ""), clock=words.clock, half_word=half_word,
        most=counting.ABOARD_MOST,
    )  # fmt: skip
    return page, faults.status if faults else 200, {"Cache-Control": "private, no-store"}


def _named(each: RunSeen, asked: str) -> bool:
    run = each.run
    return not asked or any(asked in folded(word) for word in (run.service, run.plan_name, run.first_stop))

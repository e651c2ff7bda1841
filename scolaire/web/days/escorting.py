"""The shuttles of RPI and who accompanies them; what lacks somebody comes first."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.instants import paris_day
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from scolaire.gateway.running import run_rules_on
from scolaire.model.schools import SchoolYear
from scolaire.rules.asking import current_year
from scolaire.service import escorting as service
from scolaire.service.running import every_run
from scolaire.store import escorts as store
from scolaire.web import bp
from scolaire.web.days.choosing import half_word, service_chosen, service_options
from scolaire.web.forms import Faults, day_of, looking, me, text, writing


@bp.get("/scolaire/agents/accompagnement")
@requires(Permission.SCHOOL_DECIDE, everywhere=True)
def escorts() -> ResponseReturnValue:
    """Shuttles without an accompanist, shuttles with theirs, and forms."""
    return _page(Faults())


@bp.post("/scolaire/agents/accompagnement")
@requires(Permission.SCHOOL_DECIDE, everywhere=True)
def escort() -> ResponseReturnValue:
    """Marks a shuttle, says who accompanies it, or ends either."""
    faults, told = Faults(), ""
    with faults.caught(), writing() as session:
        if text("end", 26):
            service.end(session, text("end", 26), me(), now())
            told = _("C’est noté : cette personne n’accompagne plus ce service.")
        elif text("act", 10) in ("mark", "unmark"):
            plan, name = service_chosen()
            service.mark(session, plan, name, shuttle=text("act", 10) == "mark", by=me(), now=now())
            told = _("C’est noté.")
        else:
            plan, name = service_chosen()
            service.appoint(
                session, plan, name, name=text("name", 120), phone=text("phone", 30), employer=text("employer", 150),
                first_day=day_of("first_day"), last_day=day_of("last_day"), by=me(), now=now(),
            )  # fmt: skip
            told = _("L’accompagnateur est enregistré : le transporteur, la commune et la fiche horaire le voient.")
    if faults:
        return _page(faults)
    flash(told, "good")
    return redirect(url_for("scolaire.escorts"), 303)


def _page(faults: Faults) -> ResponseReturnValue:
    today = paris_day(now())
    year = current_year(today)
    last_day = SchoolYear(year).period.last_day or today
    with looking() as session:
        runs = {run.key: run for run in every_run(session, year)}
        shuttles = [runs[key] for key in sorted(store.shuttles(session)) if key in runs]
        rows = [row for row in store.escorts_between(session, today, last_day) if (row.plan, row.service) in runs]
        missing = service.unaccompanied(session, today)
        others = service.unaccompanied(session, today, shuttles=False)
        young = service.young_aboard(session, shuttles, today)
    page = render_template(
        "scolaire/escorts.html", shuttles=shuttles, rows=rows, missing=missing, others=others, young=young, runs=runs,
        options=service_options(runs.values()), shuttle_options=service_options(shuttles), half_word=half_word,
        errors=faults.by_field, typed=request.form, today=today, last_day=last_day, rules=run_rules_on(today),
    )  # fmt: skip
    return page, faults.status if faults else 200

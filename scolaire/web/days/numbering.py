"""The numbers on the driver's side of the planned coaches, entered before term by whoever drives them."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.base.instants import paris_day
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import ngettext
from scolaire.model.running import Run
from scolaire.rules.asking import current_year
from scolaire.service import which_coach as service
from scolaire.service.running import every_run
from scolaire.store import coaches as store
from scolaire.web import bp, words
from scolaire.web.days.choosing import half_word
from scolaire.web.days.doubling import may_enter
from scolaire.web.forms import Faults, looking, me, text, writing

PREFIX = "n."


@bp.get("/scolaire/numeros")
@requires(Permission.SCHOOL_PUPILS)
def coach_numbers() -> ResponseReturnValue:
    """The services one drives, plan by plan, and the number of the planned coach of each."""
    return _page(Faults())


@bp.post("/scolaire/numeros")
@requires(Permission.SCHOOL_PUPILS)
def number_coaches() -> ResponseReturnValue:
    """Keeps the numbers of a plan's services; families read them at once."""
    faults, changed = Faults(), 0
    plan = text("plan", 26)
    with faults.caught(), writing() as session:
        given = {name[len(PREFIX) :]: value for name, value in request.form.items() if name.startswith(PREFIX)}
        changed = service.enter_numbers(
            session, plan, given, _runs(session), by=me(), organisations=may_enter(), now=now()
        )  # fmt: skip
    if faults:
        return _page(faults)
    flash(ngettext("%(num)s numéro enregistré ; les familles le lisent.",
                   "%(num)s numéros enregistrés ; les familles les lisent.", changed), "good")  # fmt: skip
    return redirect(url_for("scolaire.coach_numbers", plan=plan), 303)


def _runs(session: Session) -> list[Run]:
    return every_run(session, current_year(paris_day(now())))


def _page(faults: Faults) -> ResponseReturnValue:
    own = may_enter()
    with looking() as session:
        runs = [run for run in _runs(session) if own is None or run.operator in own]
        plans = dict.fromkeys((run.plan, run.plan_name) for run in runs)
        asked = request.form.get("plan") or request.args.get("plan", "")
        shown = asked if asked in {plan for plan, _name in plans} else next((plan for plan, _name in plans), "")
        known = store.numbers(session, [plan for plan, _name in plans])
    page = render_template(
        "scolaire/coach_numbers.html", plans=list(plans), shown=shown, runs=[run for run in runs if run.plan == shown],
        known=known, missing=sum(run.key not in known for run in runs), typed=request.form, errors=faults.by_field,
        half_word=half_word, clock=words.clock, most=service.SHOWN_MOST, agent=own is None,
    )  # fmt: skip
    return page, faults.status if faults else 200, {"Cache-Control": "private, no-store"}

"""Replacing the coach or the operator of a service for some days: who is told, and the proof of it."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import paris_day
from mobigo.infra import grants
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from scolaire.rules.asking import current_year
from scolaire.service import notices
from scolaire.service import substituting as service
from scolaire.service.running import every_run
from scolaire.store import running as store
from scolaire.store.notices import NoticeRow
from scolaire.web import bp
from scolaire.web.days.choosing import service_chosen, service_options
from scolaire.web.forms import Faults, day_of, looking, me, text, writing


@bp.get("/scolaire/agents/remplacements")
@requires(Permission.SCHOOL_DECIDE, everywhere=True)
def substitutions() -> ResponseReturnValue:
    """The last replacements with what became of their messages, and a form for another."""
    return _page(Faults())


@bp.post("/scolaire/agents/remplacements")
@requires(Permission.SCHOOL_DECIDE, everywhere=True)
def substitute() -> ResponseReturnValue:
    """Replaces a coach and tells the families, or says that the planned one is back."""
    faults, told = Faults(), ""
    with faults.caught(), writing() as session:
        if text("end", 26):
            service.end(session, text("end", 26), me(), now())
            told = _("Le car prévu reprend ; les familles sont prévenues.")
        else:
            plan, name = service_chosen()
            row = service.substitute(
                session,
                service.Replacing(
                    plan, name, day_of("first_day"), day_of("last_day"), text("vehicle", 60), _whole("seats"),
                    _whole("wheelchairs"), text("reason", 300), text("shown", 30), text("organisation", 26) or None,
                    text("standing_ok", 300),
                ), by=me(), now=now(),
            )  # fmt: skip
            notice = session.get_one(NoticeRow, row.notice)
            told = _("Remplacement enregistré. Familles prévenues : %(told)s ; sans téléphone ni e-mail : "
                     "%(unreached)s.", told=notice.told, unreached=notice.unreached)  # fmt: skip
    if faults:
        return _page(faults)
    flash(told, "good")
    return redirect(url_for("scolaire.substitutions"), 303)


def _whole(name: str) -> int:
    given = text(name, 4) or "0"
    if not (given.isascii() and given.isdigit()):
        raise InvalidInput(
            "scolaire.substitution_vehicle", seats=service.SEATS_MOST, wheelchairs=service.WHEELCHAIRS_MOST
        )
    return int(given)


def _page(faults: Faults) -> ResponseReturnValue:
    today = paris_day(now())
    with looking() as session:
        runs = every_run(session, current_year(today))
        rows = [(row, *_proof(session, row)) for row in store.latest_substitutions(session)]
        organisations = grants.list_organisations(session)
    page = render_template(
        "scolaire/substitutions.html", rows=rows, today=today, errors=faults.by_field, typed=request.form,
        options=service_options(runs), plan_of={run.plan: run.plan_name for run in runs},
        operators=[("", _("Le transporteur du lot"))] + [(each.id, each.name) for each in organisations],
        name_of={each.id: each.name for each in organisations},
    )  # fmt: skip
    return page, faults.status if faults else 200


def _proof(session: Session, row: store.SubstitutionRow) -> tuple[NoticeRow | None, int]:
    """The alert that told the families, and how many messages left; none of it once it was erased."""
    notice = session.get(NoticeRow, row.notice)
    return (None, 0) if notice is None else (notice, notices.sent_of(session, notice)[0])

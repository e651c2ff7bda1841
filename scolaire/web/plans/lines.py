"""Regular lines that take pupils: seats declared by the planner, and ended."""

from datetime import date

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import InvalidInput
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from scolaire.service import lines as service
from scolaire.service.editing import whole
from scolaire.store import lines as store
from scolaire.web.plans import bp
from scolaire.web.plans.forms import me, refused, text, writing

PLAN = Permission.SCHOOL_PLAN


@bp.get("/lignes")
@requires(PLAN)
def lines() -> ResponseReturnValue:
    """The lines that take pupils, and those of the timetable that could."""
    with reading(services().engine) as session:
        rows = store.line_seats(session)
    known = services().regular_lines
    return render_template(
        "scolaire/plan_lines.html", rows=rows, names=[] if known is None else known.names(),
        period=None if known is None else known.known(),
    )  # fmt: skip


@bp.post("/lignes")
@requires(PLAN)
def declare_line() -> ResponseReturnValue:
    """Declares the seats of a line."""

    def act() -> None:
        feed, _sign, route = text("line", 500).partition("|")
        try:
            first, last = (date.fromisoformat(text(name, 10)) for name in ("first_day", "last_day"))
        except ValueError:
            raise InvalidInput("scolaire.contract_days") from None
        with writing() as session:
            service.declare(
                session, services().regular_lines, feed=feed, route=route, seats=whole(text("seats", 4)),
                first_day=first, last_day=last, source=text("source"), by=me(), now=now(),
            )  # fmt: skip
        flash(_("Les places de la ligne sont enregistrées : la prochaine recherche peut y mettre des élèves."), "good")

    refused(act)
    return redirect(url_for("school_plans.lines"), 303)


@bp.post("/lignes/<line_id>/finir")
@requires(PLAN)
def end_line(line_id: str) -> ResponseReturnValue:
    """The line takes no more pupils."""
    with writing() as session:
        service.end(session, line_id, by=me(), now=now())
    flash(_("La ligne ne prend plus d’élèves. Un plan qui s’en sert ne peut plus être publié : relancez "
            "une recherche."), "good")  # fmt: skip
    return redirect(url_for("school_plans.lines"), 303)

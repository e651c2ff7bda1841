"""Alerting families: what happens, to whom, and the proof that they were written to."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.instants import paris_day
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from scolaire.service import no_coach
from scolaire.service import notices as service
from scolaire.store import notices as store
from scolaire.web import bp
from scolaire.web.forms import Faults, day_of, looking, me, text, writing


@bp.get("/scolaire/agents/alertes")
@requires(Permission.SCHOOL_DECIDE, everywhere=True)
def notices() -> ResponseReturnValue:
    """The last alerts with what became of their messages, and a form for another."""
    return _page(Faults())


@bp.post("/scolaire/agents/alertes")
@requires(Permission.SCHOOL_DECIDE, everywhere=True)
def notice_make() -> ResponseReturnValue:
    """Alerts the families concerned, or says that an alert is over."""
    faults, told = Faults(), ""
    with faults.caught(), writing() as session:
        if text("end", 26):
            service.end(session, text("end", 26), me(), now())
            no_coach.tell_travellers(session, me(), now())
            told = _("L’alerte est levée ; les familles sont prévenues.")
        else:
            minutes = text("minutes", 3)
            made = service.announce(
                session,
                service.Notice(
                    text("kind", 10), text("scope", 12), text("about", 80), day_of("first_day"), day_of("last_day"),
                    text("words", 300), int(minutes) if minutes.isascii() and minutes.isdigit() else None,
                ),
                me(), now(),
            )  # fmt: skip
            if made.kind == "cancelled":
                no_coach.tell_travellers(session, me(), now())
            told = _("Alerte envoyée. Familles prévenues : %(told)s ; sans téléphone ni e-mail : %(unreached)s.",
                     told=made.told, unreached=made.unreached)  # fmt: skip
    if faults:
        return _page(faults)
    flash(told, "good")
    return redirect(url_for("scolaire.notices"), 303)


def _page(faults: Faults) -> ResponseReturnValue:
    with looking() as session:
        rows = [(row, service.sentence_of(row), service.sent_of(session, row)) for row in store.latest(session)]
    page = render_template(
        "scolaire/notices.html", rows=rows, today=paris_day(now()), errors=faults.by_field, typed=request.form,
        kinds=[("cancelled", _("Pas de car")), ("delayed", _("Retard")), ("other", _("Autre"))],
        scopes=[("service", _("Un circuit")), ("school", _("Un établissement")), ("departement", _("Un département")),
                ("all", _("Toute la région"))],
    )  # fmt: skip
    return page, faults.status if faults else 200

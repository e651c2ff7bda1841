"""Sums paid too much: who owes what, and the small ones that the ordonnateur may give up."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from covoit.model.payments import LEAST_RECOVERY_ORDER
from covoit.service import debts as service
from covoit.web import bp
from covoit.web.forms import Faults, text, writing
from covoit.web.money.shared import me, names_of, page
from mobigo.base.money import ZERO
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services


@bp.get("/covoiturage/agents/trop-percus")
@requires(Permission.COVOIT_PAPERS)
def debts() -> ResponseReturnValue:
    """Who was paid too much and has not given it back, the largest sum first."""
    return _page(Faults())


def _page(faults: Faults) -> ResponseReturnValue:
    with reading(services().engine) as session:
        found = service.debts(session)
        names = names_of(session, [each.person for each in found])
    return page(
        "money_debts.html", faults, rows=found, names=names, least=LEAST_RECOVERY_ORDER, typed=request.form,
        total=sum((each.owed for each in found), ZERO), zero=ZERO,
    )  # fmt: skip


@bp.post("/covoiturage/agents/trop-percus")
@requires(Permission.COVOIT_ORDER)
def give_up_debt() -> ResponseReturnValue:
    """Gives up a sum under 15 €, with a reason; repeated, gives up nothing more."""
    faults, gone = Faults(), ZERO
    with faults.caught(), writing() as session:
        gone = service.give_up(session, text("person", 26), by=me(), reason=text("reason", 300), now=now())
    if faults:
        return _page(faults)
    if gone > ZERO:
        flash(_("La somme est abandonnée."), "good")
    return redirect(url_for("covoit.debts"), 303)

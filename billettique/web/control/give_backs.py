"""Penalties to be given back: what waits, who prepares, who agrees, and the accountant's part."""

from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from billettique.model.cases import GiveBackState
from billettique.service import give_backs as service
from billettique.store import give_backs as store
from billettique.store import inspections as case_store
from billettique.store.give_backs import GiveBackRow
from billettique.web import bp
from billettique.web.control import words
from billettique.web.selling.shared import Faults, private
from mobigo.base.errors import NotFound
from mobigo.base.money import Money
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services

SHOWN: Final = 100
ACTS: Final = {"preparer": service.prepare, "valider": service.agree, "rendre-a-preparer": service.send_back}


@bp.get("/controle/remboursements")
@requires(Permission.TICKETS_CASES)
def case_backs() -> ResponseReturnValue:
    """What is to be given back, the longest waiting first; what left lately."""
    return _page(Faults())


@bp.post("/controle/remboursements/<give_back_id>/<act>")
@requires(Permission.TICKETS_CASES)
def case_back_act(give_back_id: str, act: str) -> ResponseReturnValue:
    """Prepares, agrees (somebody else), or sends back to be prepared again."""
    faults = Faults()
    done = ACTS.get(act)
    if done is None:
        raise NotFound("billettique.no_give_back")
    with faults.caught(), transaction(services().engine) as session:
        done(session, give_back_id[:26], by=auth.signed_in().subject, now=now())
    if faults:
        return _page(faults)
    flash(_("C’est enregistré."), "good")
    return redirect(url_for("billettique.case_backs"), 303)


@bp.post("/guichet/comptable/indemnites/<give_back_id>/payer")
@requires(Permission.SALES_ACCOUNT)
def case_back_paid(give_back_id: str) -> ResponseReturnValue:
    """The accountant paid, by transfer, a penalty that is given back."""
    with transaction(services().engine) as session:
        service.paid_by_accountant(session, give_back_id[:26], by=auth.signed_in().subject, now=now())
    flash(_("Le remboursement est noté comme payé."), "good")
    return redirect(url_for("billettique.regie_receipts"), 303)


def shown(session: Session, row: GiveBackRow) -> dict[str, object]:
    """A sum to be given back, as pages show it."""
    return {
        "row": row,
        "amount": Money(row.cents),
        "state": GiveBackState(row.state),
        "words": words.give_backs()[GiveBackState(row.state)],
        "way": words.ways(row.way),
        "reference": case_store.get_case(session, row.case_id).reference,
        "means": words.means().get(row.means, _("En ligne")),
    }


def _page(faults: Faults) -> ResponseReturnValue:
    who = auth.signed_in().subject
    with reading(services().engine) as session:
        waiting = [
            {**shown(session, row), "mine": row.prepared_by == who,
             "drew_up": case_store.get_case(session, row.case_id).inspector == who}
            for row in store.listed(session, (GiveBackState.OWED, GiveBackState.PREPARED), SHOWN)
        ]  # fmt: skip
        leaving = [shown(session, row) for row in store.listed(session, (GiveBackState.AGREED,), SHOWN)]
    made = render_template(
        "billettique/case_backs.html", waiting=waiting, leaving=leaving, errors=faults.by_field, typed=request.form,
        total=sum((Money(each["row"].cents) for each in [*waiting, *leaving]), Money(0)),  # type: ignore[attr-defined]
    )  # fmt: skip
    return private((made, faults.status if faults else 200))

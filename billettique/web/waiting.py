"""What waits for an answer: contests of constats, penalties to be given back, payments contested at a bank, transfers
that the accountant owes; each with its last day. And a dispute, answered by hand where nothing answers by itself.
"""

from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billettique.model.cases import GiveBackState
from billettique.rules.disputes import MAY_ANSWER
from billettique.service import case_money, disputes
from billettique.service.cases import penalties_of
from billettique.service.payments import providers_of
from billettique.store import give_backs as back_store
from billettique.store import inspections as case_store
from billettique.store.payments import refunds_to_pay
from billettique.web import bp
from billettique.web.control import give_backs, words
from billettique.web.selling.shared import Faults, private
from mobigo.base.errors import NotFound
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services

SHOWN: Final = 200


@bp.get("/billettique/agents/a-repondre")
@requires(Permission.SALES_COUNTER)
def waiting() -> ResponseReturnValue:
    """Everything that somebody waits for, what is late at the top; of cases, only for who follows them."""
    instant, may_cases = now(), auth.signed_in().may(Permission.TICKETS_CASES)
    today = paris_day(instant)
    with reading(services().engine) as session:
        contests = [
            {"row": row, "contest": contest, "late": row.answer_by is not None and row.answer_by < today,
             "paid": Money(row.paid_cents), "remaining": case_money.remaining(row),
             "ground": words.grounds().get(row.ground, row.ground)}
            for row, contest in (case_store.unanswered(session, SHOWN) if may_cases else ())
        ]  # fmt: skip
        backs = []
        for row in back_store.listed(session, (GiveBackState.OWED, GiveBackState.PREPARED), SHOWN if may_cases else 0):
            promised = penalties_of(case_store.get_case(session, row.case_id), services().config).answer_days
            days = (today - paris_day(row.owed_at)).days
            backs.append(give_backs.shown(session, row) | {"days": days, "late": days > promised})
        contested = disputes.open_disputes(session, instant, SHOWN)
        transfers = [
            (Money(refund.cents), (today - paris_day(refund.created_at)).days)
            for refund, _payment in refunds_to_pay(session, SHOWN)
        ]
        transfers += [
            (Money(row.cents), (today - paris_day(row.agreed_at or row.owed_at)).days)
            for row in back_store.by_mandate(session, SHOWN)
        ]
    made = render_template(
        "billettique/waiting.html", contests=contests, backs=backs, disputes=contested, transfers=transfers,
        may_cases=may_cases, may_answer=auth.signed_in().may(Permission.SALES_REGIE), steps=words.steps(),
        reasons=words.dispute_reasons(), open_steps=MAY_ANSWER, Money=Money,
        owed=sum((amount for amount, _days in transfers), Money(0)),
        longest=max((days for _amount, days in transfers), default=0),
    )  # fmt: skip
    return private(made)


@bp.get("/billettique/agents/contestations/<provider>/<ref>")
@requires(Permission.SALES_REGIE)
def dispute(provider: str, ref: str) -> ResponseReturnValue:
    """A payment contested at the bank: what we know of its use, until when to answer."""
    return _dispute_page(provider, ref, Faults())


@bp.post("/billettique/agents/contestations/<provider>/<ref>/<act>")
@requires(Permission.SALES_REGIE)
def dispute_act(provider: str, ref: str, act: str) -> ResponseReturnValue:
    """`repondre` to the bank, or `laisser`: choose not to."""
    faults, who = Faults(), auth.signed_in().subject
    with faults.caught():
        if act == "repondre":
            disputes.answer_by_hand(services(), providers_of(services()), provider[:20], ref[:255],
                                    words=request.form.get("words", ""), by=who, now=now())  # fmt: skip
        elif act == "laisser":
            with transaction(services().engine) as session:
                disputes.concede(session, provider[:20], ref[:255], by=who, now=now())
        else:
            raise NotFound("payments.no_dispute")
    if faults:
        return _dispute_page(provider, ref, faults)
    flash(_("C’est noté."), "good")
    return redirect(url_for("billettique.waiting"), 303)


def _dispute_page(provider: str, ref: str, faults: Faults) -> ResponseReturnValue:
    with reading(services().engine) as session:
        found = disputes.get(session, provider[:20], ref[:255], now())
        made = render_template(
            "billettique/dispute.html", found=found, step=words.steps()[found.step],
            may_answer=found.step in MAY_ANSWER,
            reason=words.dispute_reasons().get(found.row.reason, found.row.reason), amount=Money(found.row.cents),
            errors=faults.by_field, typed=request.form,
        )  # fmt: skip
    return private((made, faults.status if faults else 200))

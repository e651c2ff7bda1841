"""The régie: what it holds, its tills, what it pays over to the accountant, its month."""

from datetime import date, datetime, time, timedelta
from typing import Final

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from billettique.export.regie import deposit_pdf, state_pdf
from billettique.gateway.regies import get_regie, regies_on
from billettique.service import cash, payment_refunds, regie_state, rounds
from billettique.service.mails import spaced
from billettique.store import cash as store
from billettique.store import give_backs as back_store
from billettique.store import rounds as round_store
from billettique.store.orders import OrderRow
from billettique.store.payments import refunds_to_pay
from billettique.web import bp
from billettique.web.control.give_backs import shown as back_shown
from billettique.web.counter.till import euros, name_of
from billettique.web.selling.shared import Faults, private, text
from billettique.web.selling.words import means_words
from mobigo.base.errors import InvalidInput
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.money import Money
from mobigo.infra import audit, auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services

REFUNDS_SHOWN: Final = 100


@bp.get("/guichet/regie")
@requires(Permission.SALES_REGIE)
def regie() -> ResponseReturnValue:
    """What each régie holds, its ceilings, its tills and its payments to the accountant."""
    return _page(Faults())


@bp.post("/guichet/regie/<code>/verser")
@requires(Permission.SALES_REGIE)
def regie_deposit(code: str) -> ResponseReturnValue:
    """Pays over to the accountant."""
    faults = Faults()
    with faults.caught(), transaction(services().engine) as session:
        made = cash.deposit(
            session, regie=code, cash=euros("cash"), by=auth.signed_in().subject, home=services().config.home, now=now()
        )
        number = made.number
    if faults:
        return _page(faults)
    flash(_("Versement n° %(number)s enregistré. Imprimez son bordereau pour le comptable.", number=number), "good")
    return redirect(url_for("billettique.regie"), 303)


@bp.post("/guichet/regie/<code>/avance")
@requires(Permission.SALES_ACCOUNT)
def regie_advance(code: str) -> ResponseReturnValue:
    """The accountant fills the advance up."""
    faults = Faults()
    with faults.caught(), transaction(services().engine) as session:
        cash.renew_advance(session, regie=code, by=auth.signed_in().subject, home=services().config.home, now=now())
    if faults:
        return _accountant_page(faults)
    flash(_("L’avance est reconstituée."), "good")
    return redirect(url_for("billettique.regie_receipts"), 303)


@bp.get("/guichet/comptable")
@requires(Permission.SALES_ACCOUNT)
def regie_receipts() -> ResponseReturnValue:
    """What the régies paid over, for the accountant who receives it."""
    return _accountant_page(Faults())


@bp.post("/guichet/comptable/<deposit_id>/recevoir")
@requires(Permission.SALES_ACCOUNT)
def regie_receive(deposit_id: str) -> ResponseReturnValue:
    """The accountant counted it and has it."""
    faults = Faults()
    with faults.caught(), transaction(services().engine) as session:
        cash.receive(session, deposit_id, by=auth.signed_in().subject, now=now())
    if faults:
        return _accountant_page(faults)
    flash(_("Le versement est reçu."), "good")
    return redirect(url_for("billettique.regie_receipts"), 303)


@bp.post("/guichet/comptable/remboursements/<refund_id>/payer")
@requires(Permission.SALES_ACCOUNT)
def regie_refund_paid(refund_id: str) -> ResponseReturnValue:
    """The accountant paid, by transfer, what no means of payment gives back."""
    faults, by = Faults(), auth.signed_in().subject
    with faults.caught(), transaction(services().engine) as session:
        payment_refunds.settle_refund(session, refund_id, how="transfer", now=now())
        audit.record(session, "billettique.refund.paid", actor=by, object_kind="refund", object_id=refund_id, now=now())
    if faults:
        return _accountant_page(faults)
    flash(_("Le remboursement est noté comme payé."), "good")
    return redirect(url_for("billettique.regie_receipts"), 303)


@bp.get("/guichet/versements/<deposit_id>.pdf")
@requires(Permission.SALES_READ)
def regie_slip(deposit_id: str) -> ResponseReturnValue:
    """The slip of a payment to the accountant (bordereau de versement)."""
    config = services().config
    with reading(services().engine) as session:
        row = store.get_deposit(session, deposit_id)
        act = get_regie(row.regie, paris_day(row.made_at), config.home)
        received = None
        if row.received_at is not None and row.received_by is not None:
            received = (name_of(session, row.received_by), row.received_at)
        made = deposit_pdf(
            regie=act.name, act=act.act, number_=row.number,
            amounts={"cash": Money(row.cash_cents), "cheque": Money(row.cheque_cents),
                     "terminal": Money(row.terminal_cents)},
            made_at=row.made_at, made_by=name_of(session, row.made_by), received=received,
            specimen=not config.production,
        )  # fmt: skip
    return _pdf(made, f"versement-{row.number}")


@bp.get("/guichet/regie/<code>/etat.pdf")
@requires(Permission.SALES_READ)
def regie_month(code: str) -> ResponseReturnValue:
    """The month of a régie (état de régie), `mois` as 2026-11. Refused while its rows and the ledger differ."""
    config = services().config
    first = month_typed(request.args.get("mois", ""))
    since, until = _bounds(first)
    with reading(services().engine) as session:
        act = get_regie(code, first, config.home)
        found = regie_state.state(session, code, since, until, config.home)
    made = state_pdf(
        regie=act.name, act=act.act, month=f"{first:%m/%Y}", lines=found.lines, by_means=found.by_means,
        made_at=min(until, now()), specimen=not config.production,
    )  # fmt: skip
    return _pdf(made, f"etat-de-regie-{first:%Y-%m}")


# ---------------------------------------------------------------- parts


def month_typed(typed: str) -> date:
    """The first day of a month typed as 2026-11, this month's for nothing. Raises
    InvalidInput("billettique.bad_month")."""
    try:
        first = date.fromisoformat(f"{typed}-01") if typed else paris_day(now()).replace(day=1)
        first + timedelta(days=32)  # there is a month after it, where it ends
        return first
    except (ValueError, OverflowError):
        raise InvalidInput("billettique.bad_month", month=typed[:20]) from None


def _bounds(first: date) -> tuple[datetime, datetime]:
    after = (first + timedelta(days=32)).replace(day=1)
    return datetime.combine(first, time(), PARIS), datetime.combine(after, time(), PARIS)


def _pdf(made: bytes, name: str) -> ResponseReturnValue:
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return private(Response(made, content_type="application/pdf", headers=headers))


def _page(faults: Faults) -> ResponseReturnValue:
    instant, config = now(), services().config
    with reading(services().engine) as session:
        regies = []
        for act in regies_on(paris_day(instant), config.home):
            row = store.find_regie(session, act.code)
            regies.append(
                {
                    "act": act,
                    "cash": Money(0 if row is None else row.cash_cents),
                    "cheque": Money(0 if row is None else row.cheque_cents),
                    "terminal": Money(0 if row is None else row.terminal_cents),
                    "advance_left": act.advance - Money(0 if row is None else row.advance_used_cents),
                    "at_hand": Money(0 if row is None else row.cash_cents) - round_store.on_rounds(session, act.code),
                    "rounds": [
                        {
                            "row": each,
                            "label": rounds.label_of(each),
                            "agent": name_of(session, each.agent),
                            "flags": _said_of(session, each.id),
                        }
                        for each in round_store.to_hand_over(session, act.code)
                    ],
                    "late": cash.must_pay_over(act, row, instant),
                    "tills": [
                        {"row": each, "agent": name_of(session, each.agent)}
                        for each in store.sessions_of(session, act.code, 20)
                    ],
                    "deposits": store.deposits_of(session, act.code, 20),
                }
            )
    nothing = Money(0)
    regies.sort(
        key=lambda each: each["cash"] == each["cheque"] == each["terminal"] == nothing
    )  # those that hold some first
    made = render_template(
        "billettique/regie.html", regies=regies, month=f"{paris_day(instant):%Y-%m}", errors=faults.by_field,
        typed=request.form, Money=Money,
    )  # fmt: skip
    return private((made, faults.status if faults else 200))


def _said_of(session: Session, till: str) -> list[str]:
    """What is wrong with receipts of a round, each thing once."""
    flags = [why for each in round_store.of_till(session, till) for why in rounds.flags_of(each)]
    return list(dict.fromkeys(sentence(why) for why in flags))


def _accountant_page(faults: Faults) -> ResponseReturnValue:
    instant, config = now(), services().config
    with reading(services().engine) as session:
        regies = []
        for act in regies_on(paris_day(instant), config.home):
            row = store.find_regie(session, act.code)
            regies.append(
                {
                    "act": act,
                    "used": Money(0 if row is None else row.advance_used_cents),
                    "deposits": store.deposits_of(session, act.code),
                }
            )
        to_pay = [
            {
                "id": refund.id,
                "amount": Money(refund.cents),
                "asked_at": refund.created_at,
                "means": means_words(payment.means),
                "reference": _reference(session, payment.order_id),
            }
            for refund, payment in refunds_to_pay(session, REFUNDS_SHOWN)
        ]
        penalties = [back_shown(session, each) for each in back_store.by_mandate(session, REFUNDS_SHOWN)]
    made = render_template(
        "billettique/regie_receipts.html", regies=regies, to_pay=to_pay, penalties=penalties,
        errors=faults.by_field, typed=text("q"), Money=Money,
    )  # fmt: skip
    return private((made, faults.status if faults else 200))


def _reference(session: Session, order_id: str) -> str:
    """What the buyer and the counter call an order; that of a constat is its own."""
    order = session.get(OrderRow, order_id)
    return order_id if order is None else spaced(order.reference)

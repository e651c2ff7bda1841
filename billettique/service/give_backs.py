"""Giving a penalty back: it came to a closed case, or the constat was withdrawn after it was paid.

    earned → to give back            a paid constat is withdrawn (what comes to a closed case is there already)
    to give back → collector         the provider gave it back to the means it was paid by
    to give back → accountant        the accountant paid it, by transfer
    collector → to give back         a bank sent it back: it is owed again

One agent prepares, another agrees; neither is the inspector who drew the constat up.
"""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from billettique.model.cases import GiveBackState, GiveBackWay
from billettique.model.payments import RefundState
from billettique.rules.payments import BY_CALL
from billettique.service import books, payment_refunds
from billettique.store import give_backs as store
from billettique.store import inspections as case_store
from billettique.store import payments as payment_store
from billettique.store.give_backs import GiveBackRow
from billettique.store.inspections import CaseRow
from mobigo.base.errors import Conflict, Refused
from mobigo.base.money import ZERO, Money
from mobigo.infra import audit
from mobigo.ledger.model import Transfer

TO_GIVE_BACK: Final = "billettique:penalties:to_give_back"


def owe(
    session: Session, row: CaseRow, *, cause: str, amount: Money, means: str, payment: str | None, now: datetime
) -> None:
    """Note, once, that a sum is to be given back; its posting is the caller's."""
    if amount > ZERO:
        store.add(session, row.id, cause, amount, means, payment, now)


def owe_paid(session: Session, row: CaseRow, now: datetime) -> Money:
    """A constat that was paid is withdrawn: what was paid and is not yet given back is owed; how much."""
    left = Money(row.paid_cents) - store.total_of(session, row.id)
    before = {each.payment for each in store.of_case(session, row.id)}
    for move in case_store.moves_of(session, row.id):
        detail = move.detail or {}
        if move.kind in ("paid", "regularised") and (detail.get("payment") is None or detail["payment"] not in before):
            owe(session, row, cause="withdrawn", amount=left, means=str(detail.get("means", "")),
                payment=detail.get("payment"), now=now)  # fmt: skip
            break
    return left


def ways_of(session: Session, row: GiveBackRow) -> list[GiveBackWay]:
    """How a sum may go back: to the card where its provider can, and always by the accountant."""
    payment = None if row.payment is None else payment_store.get_payment(session, row.payment)
    if payment is not None and payment.means in BY_CALL:
        return [GiveBackWay.REFUND]  # and what no card takes back becomes the accountant's by itself
    return [GiveBackWay.MANDATE]


def prepare(session: Session, give_back_id: str, *, by: str, now: datetime) -> GiveBackRow:
    """Say that this sum is to leave, the way it has to. Raises NotFound("billettique.no_give_back"),
    Conflict("billettique.give_back_state"), Refused("billettique.own_constat")."""
    row = _locked(session, give_back_id, GiveBackState.OWED, by)
    row.way, row.prepared_by, row.prepared_at = str(ways_of(session, row)[0]), by, now
    row.state = str(GiveBackState.PREPARED)
    audit.record(session, "billettique.give_back.prepare", actor=by, object_kind="give_back", object_id=row.id, now=now)
    session.flush()
    return row


def send_back(session: Session, give_back_id: str, *, by: str, now: datetime) -> GiveBackRow:
    """What was prepared is not right: it waits again. Raises as `prepare` does."""
    row = _locked(session, give_back_id, GiveBackState.PREPARED, by)
    row.way, row.prepared_by, row.prepared_at = None, None, None
    row.state = str(GiveBackState.OWED)
    audit.record(session, "billettique.give_back.refuse", actor=by, object_kind="give_back", object_id=row.id, now=now)
    session.flush()
    return row


def agree(session: Session, give_back_id: str, *, by: str, now: datetime) -> GiveBackRow:
    """A second person agrees: the money leaves. Raises as `prepare` does, Refused("billettique.give_back_own") for who
    prepared it, and what `payment_refunds.ask_refund` raises (a payment that its payer contests is not given back
    twice)."""
    row = _locked(session, give_back_id, GiveBackState.PREPARED, by)
    if by == row.prepared_by:
        raise Refused("billettique.give_back_own")
    row.agreed_by, row.agreed_at, row.state = by, now, str(GiveBackState.AGREED)
    if row.payment is not None:
        row.refund = payment_refunds.ask_refund(
            session, row.payment, Money(row.cents), f"give_back:{row.id}", "penalty", now
        )
        row.way = str(
            GiveBackWay.MANDATE
            if payment_store.get_refund(session, row.refund).state == RefundState.MANDATE
            else GiveBackWay.REFUND
        )
    audit.record(session, "billettique.give_back.agree", actor=by, object_kind="give_back", object_id=row.id, now=now)
    session.flush()
    return row


def paid_by_accountant(session: Session, give_back_id: str, *, by: str, now: datetime) -> GiveBackRow:
    """The accountant paid, by transfer, what was not paid online. Raises NotFound("billettique.no_give_back"),
    Conflict("billettique.give_back_state")."""
    row = store.get(session, give_back_id, lock=True)
    if GiveBackState(row.state) is not GiveBackState.AGREED or row.refund is not None:
        raise Conflict("billettique.give_back_state")
    audit.record(session, "billettique.give_back.paid", actor=by, object_kind="give_back", object_id=row.id, now=now)
    books.give(session, _paid(row, books.ACCOUNTANT, now), now)
    return row


def on_refund(session: Session, refund_id: str, now: datetime) -> None:
    """A refund moved: if it gives a penalty back, the book follows. Called in the transaction that moves it."""
    row = store.find_by_refund(session, refund_id)
    if row is None:
        return
    refund = payment_store.get_refund(session, refund_id)
    payment = payment_store.get_payment(session, refund.payment)
    collector = books.collector_account(payment.collector or "", payment.provider)
    state = RefundState(refund.state)
    if state is RefundState.SUCCEEDED and row.paid_at is None:
        settled = (refund.why or {}).get("code") == "payments.refund_settled"
        books.give(session, _paid(row, books.ACCOUNTANT if settled else collector, now), now)
    elif state in (RefundState.FAILED, RefundState.MANDATE):
        row.way = str(GiveBackWay.MANDATE)
        if row.paid_at is not None:
            row.paid_at, row.state, row.returns = None, str(GiveBackState.AGREED), row.returns + 1
            key = f"give_back:{row.id}:returned:{row.returns}"
            books.give(session, [_moved(row, key, collector, TO_GIVE_BACK, now)], now)


def settled_by_bank(session: Session, case: CaseRow, payment: str, now: datetime) -> tuple[Money, list[Transfer]]:
    """The payer's bank took a payment back: what was to be given back of it is, and nothing leaves twice. How much of
    the payment was, or had been, given back; the postings, for the end of the transaction."""
    total, transfers = ZERO, []
    for row in store.of_case(session, case.id):
        if row.payment == payment:
            total += Money(row.cents)
            if row.paid_at is None and row.refund is None:
                transfers += _paid(row, books.DISPUTES, now)
    return total, transfers


def _paid(row: GiveBackRow, payer: str, now: datetime) -> list[Transfer]:
    row.paid_at, row.state = now, str(GiveBackState.PAID)
    return [_moved(row, f"give_back:{row.id}:paid:{row.returns}", TO_GIVE_BACK, payer, now)]


def _moved(row: GiveBackRow, key: str, debit: str, credit: str, now: datetime) -> Transfer:
    return Transfer(f"{books.PREFIX}:{key}", debit, credit, Money(row.cents), now, "billettique.give_back", row.case_id)


def _locked(session: Session, give_back_id: str, state: GiveBackState, by: str) -> GiveBackRow:
    row = store.get(session, give_back_id, lock=True)
    if GiveBackState(row.state) is not state:
        raise Conflict("billettique.give_back_state")
    if case_store.get_case(session, row.case_id).inspector == by:
        raise Refused("billettique.own_constat")
    return row

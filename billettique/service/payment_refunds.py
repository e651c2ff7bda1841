"""A payment given back, whole or in part: never more than was received less what was given back, which its lock holds.

A card or a debit is given back by a call, made by the worker; cash, a cheque, a terminal and a redirection are not:
the refund is a request to the accountant (MANDATE), which an agent may settle with cash where a régie allows it.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from billettique.gateway.psp import Providers
from billettique.model.payments import PaymentState, RefundState, SeenRefund
from billettique.rules import payments as rules
from billettique.service import listening
from billettique.service.waking import wake
from billettique.store import notices
from billettique.store import payments as store
from billettique.store.payments import RefundRow
from billettique.store.reasons import written
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.money import ZERO, Money
from mobigo.infra.clock import new_id
from mobigo.infra.db import reading, transaction

if TYPE_CHECKING:
    from mobigo.infra.web import Services

GIVE_BACK: Final = "give_back"
READ: Final = "refund"


def ask_refund(session: Session, payment_id: str, amount: Money, key: str, reason: str, now: datetime) -> str:
    """Have an amount given back; the id of the refund, the same for the same key.

    Raises InvalidInput("payments.no_amount"), Refused("payments.nothing_received", "payments.refund_disputed",
    "payments.more_than_left"), Conflict("payments.other_refund") for a key used with another payment or amount.
    """
    if amount <= ZERO:
        raise InvalidInput("payments.no_amount")
    row = store.get_payment(session, payment_id, lock=True)
    known = store.find_refund(session, key)
    if known is not None:
        if (known.payment, known.cents) != (payment_id, amount.cents):
            raise Conflict("payments.other_refund")
        return known.id
    if PaymentState(row.state) is PaymentState.DISPUTED:
        raise Refused("payments.refund_disputed")
    if PaymentState(row.state) not in rules.RECEIVED:
        raise Refused("payments.nothing_received")
    left = left_of(session, payment_id)
    if amount > left:
        raise Refused("payments.more_than_left", asked=amount, left=left)
    by_call = row.means in rules.BY_CALL
    refund = RefundRow(
        id=new_id(now), payment=payment_id, key=key, cents=amount.cents, reason=reason[:60], outside=False,
        state=str(RefundState.CREATED if by_call else RefundState.MANDATE), created_at=now, moved_at=now,
    )  # fmt: skip
    session.add(refund)
    session.flush()
    if by_call:
        notices.ask(session, row.provider, GIVE_BACK, refund.id, key=refund.id, due_at=now, now=now)
        wake(session, now, now)
    return refund.id


def left_of(session: Session, payment_id: str) -> Money:
    """What may still be given back of a payment."""
    row = store.get_payment(session, payment_id)
    refunds = {each.id: (RefundState(each.state), Money(each.cents)) for each in store.refunds_of(session, payment_id)}
    return rules.refundable(store.captured(row), refunds)


def settle_refund(session: Session, refund_id: str, *, how: str, now: datetime) -> None:
    """The payee has the money of a MANDATE: cash over the counter, or paid by the accountant (`how`).

    Raises NotFound, Conflict("payments.refund_not_there") for a refund in another state.
    """
    refund = store.get_refund(session, refund_id, lock=True)
    if refund.state == RefundState.SUCCEEDED:
        return
    if refund.state != RefundState.MANDATE:
        raise Conflict("payments.refund_not_there", state=refund.state)
    _move(session, refund, RefundState.SUCCEEDED, Decision("payments.refund_settled", how=how), now)


# ---------------------------------------------------------------- the worker's part


def give_back(services: "Services", providers: Providers, refund_id: str, now: datetime) -> None:
    """Make the call of a refund, once under its key. Raises Upstream when nothing is known."""
    with transaction(services.engine) as session:
        refund = store.get_refund(session, refund_id, lock=True)
        if refund.state != RefundState.CREATED:
            return
        payment = store.get_payment(session, refund.payment)
        first_call, refund.called_at = refund.called_at, refund.called_at or now
    provider = providers.get(payment.provider)
    key, ref = f"refund-{refund.id}", payment.provider_ref or ""
    seen = None
    if first_call is not None and now - first_call >= rules.KEY_LIFE:
        seen = provider.find_refund(ref, key)
    if seen is None:
        seen = provider.refund(ref, Money(refund.cents), key)
    with transaction(services.engine) as session:
        apply_refund(session, refund_id, seen, now)


def read_again(services: "Services", providers: Providers, provider: str, ref: str, now: datetime) -> None:
    """Read a refund at its provider and apply what it says; one that is not ours changes nothing."""
    with reading(services.engine) as session:
        refund = store.find_refund_by_ref(session, ref)
    if refund is None:
        return  # ours and not answered yet: its own call learns it. Made outside: its payment's event tells.
    seen = providers.get(provider).read_refund(ref)
    with transaction(services.engine) as session:
        apply_refund(session, refund.id, seen, now)


def apply_refund(session: Session, refund_id: str, seen: SeenRefund, now: datetime) -> RefundState:
    """Move a refund by what was read of it; its state. What a bank sends back becomes a request to the accountant."""
    refund = store.get_refund(session, refund_id, lock=True)
    if ":" not in seen.provider_ref:
        refund.provider_ref = seen.provider_ref
    before, then = RefundState(refund.state), seen.state
    if then is RefundState.PROCESSING:
        provider = store.get_payment(session, refund.payment).provider
        key = f"{refund.id}:{now:%Y%m%d%H}"
        later = now + rules.LONGEST_LOOK
        notices.ask(session, provider, READ, seen.provider_ref, key=key, due_at=later, now=now)
        wake(session, later, now)
    if then in rules.REFUND_FOLLOWS[before]:
        _move(session, refund, then, seen.why, now)
        if then is RefundState.FAILED and _still_owed(seen):
            _move(session, refund, RefundState.MANDATE, seen.why, now)
    return RefundState(refund.state)


def _still_owed(seen: SeenRefund) -> bool:
    return seen.why is None or seen.why.params.get("reason") not in rules.GONE_BACK


def _move(session: Session, refund: RefundRow, then: RefundState, why: Decision | None, now: datetime) -> None:
    refund.state, refund.moved_at = str(then), now
    refund.why = written(why)
    listening.refund_moved(session, refund.id, now)

"""An item given back: what a rule allows, one refund for each reason, never more than was received.

A title is revoked before its money leaves. `payment_refunds` executes refunds; where a way of paying gives nothing
back, its refund becomes a request to the accountant, which the buyer follows on the page of the order.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billettique.gateway import sales
from billettique.model.orders import ItemKind, ItemState
from billettique.model.payments import PaymentState
from billettique.model.sales import GivenBack, Sold
from billettique.rules.refunds import given_back
from billettique.service import books, invoices, payments, titles
from billettique.service.orders import again
from billettique.service.seats import seats_of
from billettique.store import orders as store
from billettique.store.orders import ItemRefundRow, ItemRow, OrderPaymentRow
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, Refused
from mobigo.base.money import ZERO, Money, split_tax
from mobigo.infra.clock import new_id
from mobigo.ledger.model import Transfer

if TYPE_CHECKING:
    from mobigo.infra.web import Services


@dataclass(frozen=True, slots=True)
class Answer:
    """What may be had back for an item now: an amount by a rule, or why nothing."""

    item: ItemRow
    back: GivenBack | None
    why_not: Decision | None


def ask(
    session: Session, payment: OrderPaymentRow, *, about: str, item: str | None, reason: str, amount: Money,
    kept: Money, rule: str, now: datetime,
) -> list[Transfer]:  # fmt: skip
    """Have an amount given back, once for each (about, reason); the postings it needs, for the end of the transaction.

    Raises what `payments.ask_refund` raises when more was asked than is left.
    """
    known = session.scalar(select(ItemRefundRow).where(ItemRefundRow.about == about, ItemRefundRow.reason == reason))
    if known is not None:
        return []
    refund = payments.ask_refund(session, payment.payment, amount, f"{about}:{reason}", reason, now)
    session.add(
        ItemRefundRow(
            id=new_id(now), order_id=payment.order_id, about=about, item=item, reason=reason, payment=payment.payment,
            refund=refund, amount_cents=amount.cents, kept_cents=kept.cents, rule=rule, at=now,
        )
    )  # fmt: skip
    session.flush()
    return books.refund_due(payment, about, reason, amount, now)


def asked_about(session: Session, about: str) -> Money:
    """What was asked back about an item or a payment."""
    total = session.scalar(select(func.sum(ItemRefundRow.amount_cents)).where(ItemRefundRow.about == about))
    return Money(total or 0)


def find_by_refund(session: Session, refund_id: str) -> ItemRefundRow | None:
    """Ours, by the payment service's name for it."""
    return session.scalar(select(ItemRefundRow).where(ItemRefundRow.refund == refund_id))


# ---------------------------------------------------------------- a buyer asks


def answer(session: Session, services: "Services", item: ItemRow, now: datetime) -> Answer:
    """What may be had back for an item, by the terms it was sold under."""
    if item.now is not ItemState.FULFILLED:
        return Answer(item, None, Decision("billettique.refund_not_served"))
    payment = None if item.payment is None else session.get(OrderPaymentRow, item.payment)
    if payment is None or item.price == ZERO:
        return Answer(item, None, Decision("billettique.refund_free"))
    if PaymentState(payment.state) is not PaymentState.SUCCEEDED:
        return Answer(item, None, Decision("billettique.refund_not_settled"))
    terms = sales.terms_by_code(item.promised["terms"], services.config.home)
    found = given_back(sold(session, item), terms, now)
    if isinstance(found, Decision):
        return Answer(item, None, found)
    return Answer(item, found, None)


def sold(session: Session, item: ItemRow) -> Sold:
    """An item as refund rules see it, with the use that was made of its title."""
    used_at, units_left = (None, None) if item.entitlement is None else titles.use_of(session, item.entitlement)
    units = item.promised.get("units")
    return Sold(
        ItemKind(item.kind), item.price, item.first_at, item.last_at, used_at, units,
        units if units_left is None else units_left,
    )  # fmt: skip


def refund(
    session: Session, services: "Services", order_id: str, item_id: str, *, expected: Money | None = None,
    reason: str = "buyer", version: int | None = None, now: datetime,
) -> GivenBack:  # fmt: skip
    """Revoke the title, undo the sale, give back what the rule says; once.

    `expected` is what the buyer was shown: another amount by now is Conflict("billettique.refund_changed"). Raises
    NotFound, Refused with the rule's own reason, Conflict for an item given back before.
    """
    order = store.get_order(session, order_id, lock=True, version=version)
    item = store.get_item(session, item_id, of=order_id)
    found = answer(session, services, item, now)
    if found.back is None:
        why = found.why_not or Decision("billettique.refund_never", kind=item.kind)
        raise Refused(why.code, **why.params)
    if expected is not None and expected != found.back.amount:
        raise Conflict("billettique.refund_changed", amount=found.back.amount)
    payment = session.get(OrderPaymentRow, item.payment)
    if payment is None:
        raise Refused("billettique.refund_free")
    transfers = give_back(session, services, item, payment, found.back, reason, now)
    store.touch(order, now)
    again(session, order_id, f"{item.id}:{reason}:refunded", now)
    session.flush()
    books.give(session, transfers, now)
    return found.back


def give_back(
    session: Session, services: "Services", item: ItemRow, payment: OrderPaymentRow, back: GivenBack, reason: str,
    now: datetime,
) -> list[Transfer]:  # fmt: skip
    """The title first, then the sale, then the money; the postings, for the end of the transaction."""
    if item.entitlement is not None:
        titles.give_back(session, item.entitlement, now)
    elif item.seat is not None:
        keeper = seats_of(services).get(ItemKind(item.kind))
        if keeper is not None:
            keeper.release(session, item.seat, now)
    store.move(session, item, ItemState.REFUNDED, now, back.reason)
    net, tax = undone(item, back.amount)
    invoices.credit(session, item, net, tax, now)
    transfers = books.taken_back(item, reason, net, tax, now)
    return transfers + ask(
        session, payment, about=item.id, item=item.id, reason=reason, amount=back.amount, kept=back.kept,
        rule=back.rule, now=now,
    )  # fmt: skip


def undone(item: ItemRow, amount: Money) -> tuple[Money, Money]:
    """(net, tax) of what is given back: what was booked less what is kept, so that the two always add up."""
    kept_net, kept_tax = split_tax(item.price - amount, Decimal(item.vat_pct))
    return item.net - kept_net, item.tax - kept_tax

"""What follows a payment: items are confirmed one by one, tickets issued, what cannot be served given back.

`fulfil` looks at an order and does all that is due, once, whoever calls it: the page the buyer comes back to, the
effect that a payment's move left, the sweep. It holds the order's lock, and nothing else is trusted: a page that says
"paid" proves nothing. The same order again changes nothing.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from billettique.gateway import sales
from billettique.model.orders import ItemKind, ItemState
from billettique.model.payments import PaymentState, RefundState
from billettique.service import baskets, books, invoices, mails, promotions, refunds, titles
from billettique.service.orders import SEAT_KINDS, again
from billettique.service.seats import Seats, seats_of
from billettique.store import orders as store
from billettique.store.orders import ItemRow, OrderPaymentRow, OrderRow
from billettique.store.payments import get_refund
from billettique.store.reasons import written
from mobigo.base.decisions import Decision
from mobigo.base.errors import MobigoError, Refused, Upstream
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.ledger.model import Transfer

if TYPE_CHECKING:
    from mobigo.infra.web import Services

LIVE: Final = frozenset(
    {ItemState.ON_HOLD, ItemState.CONFIRMED, ItemState.FULFILLED, ItemState.ERROR, ItemState.REFUNDED,
     ItemState.EXCHANGED}
)  # fmt: skip
GIVEN_UP: Final = frozenset({PaymentState.FAILED, PaymentState.CANCELED})
_log = logging.getLogger(__name__)


def on_payment(session: Session, payment_id: str, state: PaymentState, now: datetime) -> None:
    """A payment moved: written beside its order, into the ledger, and left as an effect for `fulfil`.

    Called in the transaction that moves the payment, under its lock: it touches no order and no item.
    """
    row = session.get(OrderPaymentRow, payment_id)
    if row is None:
        return  # not an order's (a debit of a subscription has its own listener)
    transfers: list[Transfer] = []
    if state is PaymentState.SUCCEEDED and row.booked is None:
        transfers, row.booked = books.captured(row, now), "captured"
    elif state is PaymentState.SUCCEEDED and row.booked == "disputed":
        transfers, row.booked = books.dispute_won(row, now), "captured"
    elif state is PaymentState.DISPUTED and row.booked != "disputed":
        if row.booked is None:
            transfers += books.captured(row, now)
        row.disputes += 1
        transfers += books.disputed(row, now)
        row.booked = "disputed"
    row.state, row.changed_at = str(state), now
    again(session, row.order_id, f"{payment_id}:{state}:{row.disputes}", now)
    session.flush()
    books.give(session, transfers, now)


def on_refund(session: Session, refund_id: str, now: datetime) -> None:
    """A refund moved: its order is looked at again."""
    row, refund = refunds.find_by_refund(session, refund_id), get_refund(session, refund_id)
    if row is not None:
        again(session, row.order_id, f"{refund_id}:{refund.state}:{refund.moved_at.isoformat()}", now)
    elif refund.outside:
        payment = session.get(OrderPaymentRow, refund.payment)
        if payment is not None:
            books.give(session, books.refunded_outside(payment, refund.id, Money(refund.cents), now), now)


# ---------------------------------------------------------------- all that is due


@dataclass
class _Work:
    """One look at an order: what is at hand, and what has to be posted at the end."""

    order: OrderRow
    payments: dict[str, OrderPaymentRow]
    transfers: list[Transfer] = field(default_factory=list)
    served: list[ItemRow] = field(default_factory=list)
    changed: bool = False

    def state(self, payment: str | None) -> PaymentState | None:
        row = None if payment is None else self.payments.get(payment)
        return None if row is None else PaymentState(row.state)


def fulfil(session: Session, services: "Services", order_id: str, now: datetime) -> OrderRow:
    """Do all that is due on an order: serve what is paid, give back what cannot be served, put back into the basket
    what was not paid after all. Raises NotFound("billettique.no_order")."""
    order = store.get_order(session, order_id, lock=True)
    work = _Work(order, {row.payment: row for row in store.payments_of(session, order_id)})
    seats = seats_of(services)
    items = store.items_of(session, order_id)
    _take_late_money(session, work, items, now)
    _settle_debts(session, work, items, now)
    for item in items:
        if item.now in (ItemState.ON_HOLD, ItemState.CONFIRMED) and _is_paid(work, item):
            _serve(session, services, work, item, seats, now)
        elif item.now is ItemState.ON_HOLD and work.state(item.payment) in GIVEN_UP:
            store.move(session, item, ItemState.DRAFT, now, Decision("billettique.not_paid"))
            work.changed = True
        elif item.now is ItemState.ON_HOLD and work.state(item.payment) is PaymentState.DISPUTED:
            _drop_contested(session, work, item, seats, now)
    _reopen(session, services, work, items, now)
    _give_back_surplus(session, work, items, now)
    _follow_refunds(session, work, items, now)
    _follow_disputes(session, work, items, now)
    _give_promotion_back(session, work, items, now)
    _follow_subscription(session, services, work, now)
    if work.changed or work.served:
        store.touch(order, now)
    if work.served and order.receipt:
        invoices.issue_locked(session, order_id, now)
    if work.served:
        mails.send_titles(session, services.config, order, items, now)
    session.flush()
    books.give(session, work.transfers, now)
    return order


def _is_paid(work: _Work, item: ItemRow) -> bool:
    if item.payment is None:
        return item.price == ZERO
    state = work.state(item.payment)
    return state is PaymentState.SUCCEEDED or (state is PaymentState.PROCESSING and work.order.trusted)


def _take_late_money(session: Session, work: _Work, items: list[ItemRow], now: datetime) -> None:
    """A payment that was given up and succeeds after all still pays its items, if nothing else was done with them."""
    for row in work.payments.values():
        mine = [each for each in items if each.payment == row.payment]
        whole = sum((each.price for each in mine), ZERO) == Money(row.amount_cents)
        if (
            PaymentState(row.state) is PaymentState.SUCCEEDED
            and mine and whole and all(each.now is ItemState.DRAFT for each in mine)
        ):  # fmt: skip
            for item in mine:
                store.move(session, item, ItemState.ON_HOLD, now, Decision("billettique.paid_late"))
            work.order.placed_at = now
            work.changed = (
                True  # its promotion was given back with the basket: it is the Region's loss, not the buyer's
            )


def _settle_debts(session: Session, work: _Work, items: list[ItemRow], now: datetime) -> None:
    """Titles served before the bank answered: their debit came, or another payment was made in its place."""
    if not work.order.trusted:
        return
    taken = {each.payment for each in items}
    spare = [
        row for row in work.payments.values()
        if row.payment not in taken and PaymentState(row.state) is PaymentState.SUCCEEDED
    ]  # fmt: skip
    for item in items:
        key = f"{item.id}:due"
        if not books.is_posted(session, key) or books.is_posted(session, f"{item.id}:cleared"):
            continue
        if work.state(item.payment) in GIVEN_UP and spare and Money(spare[0].amount_cents) == item.price:
            item.payment = spare.pop(0).payment
            work.changed = True
        if work.state(item.payment) is PaymentState.SUCCEEDED:
            work.transfers += books.due_cleared(item, now)


def _serve(
    session: Session, services: "Services", work: _Work, item: ItemRow, seats: Mapping[ItemKind, Seats], now: datetime
) -> None:
    """Confirm an item and issue its title; what is refused is given back, alone."""
    try:
        with session.begin_nested():
            if item.now is ItemState.ON_HOLD:
                if ItemKind(item.kind) in SEAT_KINDS:
                    _confirm_seat(session, item, seats, now)
                store.move(session, item, ItemState.CONFIRMED, now)
            if ItemKind(item.kind) not in SEAT_KINDS:
                item.entitlement = titles.issue(session, services, item, now, subject=work.order.subject)
            store.move(session, item, ItemState.FULFILLED, now)
            session.flush()
    except Upstream:
        raise  # nobody knows: the whole look is made again
    except MobigoError as refused:
        give_up(session, work, item, refused.decision, now)
        return
    payment = None if item.payment is None else work.payments.get(item.payment)
    if payment is not None and work.state(item.payment) is PaymentState.PROCESSING:
        work.transfers += books.due(payment, item, now)
    work.transfers += books.sold(item, now)
    work.served.append(item)


def _confirm_seat(session: Session, item: ItemRow, seats: Mapping[ItemKind, Seats], now: datetime) -> None:
    keeper = seats.get(ItemKind(item.kind))
    if keeper is None or item.seat is None:
        raise Refused("billettique.no_seats", kind=item.kind)
    keeper.confirm(session, item.seat, now)


def give_up(session: Session, work: _Work, item: ItemRow, why: Decision, now: datetime) -> None:
    """An item that was paid and cannot be served: all of it is given back, of itself."""
    store.move(session, item, ItemState.ERROR, now, why)
    work.changed = True
    payment = None if item.payment is None else work.payments.get(item.payment)
    if payment is not None and item.price > ZERO:
        work.transfers += refunds.ask(
            session, payment, about=item.id, item=item.id, reason="unserved", amount=item.price, kept=ZERO,
            rule="unserved", now=now,
        )  # fmt: skip
    else:
        store.move(session, item, ItemState.REFUNDED, now, why)


def abandon(session: Session, order_id: str, before: datetime, now: datetime) -> int:
    """Give back what was paid before an instant and could not be served since; how many items."""
    order = store.get_order(session, order_id, lock=True)
    work = _Work(order, {row.payment: row for row in store.payments_of(session, order_id)})
    late = [
        item
        for item in store.items_of(session, order_id, ItemState.ON_HOLD, ItemState.CONFIRMED)
        if _is_paid(work, item) and item.payment is not None and work.payments[item.payment].changed_at <= before
    ]
    for item in late:
        give_up(session, work, item, Decision("billettique.served_too_late"), now)
    if late:
        store.touch(order, now)
    session.flush()
    books.give(session, work.transfers, now)
    return len(late)


def _reopen(session: Session, services: "Services", work: _Work, items: list[ItemRow], now: datetime) -> None:
    """When nothing was paid, the order is a basket again, and its prices are kept for as long again."""
    order = work.order
    if order.placed_at is None or not work.changed:
        return
    left = [each for each in items if each.now not in (ItemState.DRAFT, ItemState.CANCELLED)]
    if not left and any(each.now is ItemState.DRAFT for each in items):
        order.placed_at = None
        promotions.release(session, order.id, now)
        order.expires_at = max(order.expires_at, now + sales.terms_on(paris_day(now), services.config.home).keep)


def _give_promotion_back(session: Session, work: _Work, items: list[ItemRow], now: datetime) -> None:
    """An order of which nothing is left, all of it given back whole, used no promotion: its budget is there again.

    One of which something was kept (a pass, after half of its month) did use it.
    """
    over = (ItemState.REFUNDED, ItemState.CANCELLED)
    if work.order.placed_at is None or not items or any(each.now not in over for each in items):
        return
    if all(row.kept_cents == 0 for row in store.refunds_of(session, work.order.id)):
        promotions.release(session, work.order.id, now)


def _drop_contested(
    session: Session, work: _Work, item: ItemRow, seats: Mapping[ItemKind, Seats], now: datetime
) -> None:
    """Contested before it was served: nothing is served, and what comes back later is given back."""
    baskets.give_back_seat(session, item, seats, now)
    store.move(session, item, ItemState.CANCELLED, now, Decision("billettique.payment_disputed"))
    work.transfers += books.contested_unserved(item, now)
    work.changed = True


def _give_back_surplus(session: Session, work: _Work, items: list[ItemRow], now: datetime) -> None:
    """Money that paid nothing (a second payment, one that came after all was given up) goes back of itself."""
    for row in work.payments.values():
        if PaymentState(row.state) is not PaymentState.SUCCEEDED:
            continue
        used = sum((each.price for each in items if each.payment == row.payment and each.now in LIVE), ZERO)
        surplus = Money(row.amount_cents) - used
        if surplus <= ZERO:
            continue
        for item in items:
            if item.payment == row.payment and item.now is ItemState.CANCELLED:
                contested = books.is_posted(session, f"{item.id}:contested")
                if contested and not books.is_posted(session, f"{item.id}:uncontested"):
                    work.transfers += books.contested_back(item, now)
        surplus -= refunds.asked_about(session, row.payment)
        if surplus > ZERO:
            work.transfers += refunds.ask(
                session, row, about=row.payment, item=None, reason="surplus", amount=surplus, kept=ZERO,
                rule="surplus", now=now,
            )  # fmt: skip
            work.changed = True


def _follow_refunds(session: Session, work: _Work, items: list[ItemRow], now: datetime) -> None:
    by_id = {each.id: each for each in items}
    for row in store.refunds_of(session, work.order.id):
        refund, payment, amount = get_refund(session, row.refund), work.payments[row.payment], Money(row.amount_cents)
        state = RefundState(refund.state)
        item = None if row.item is None else by_id.get(row.item)
        if item is not None and item.now is ItemState.ERROR:
            store.move(session, item, ItemState.REFUNDED, now, Decision("billettique.refund_asked"))
            work.changed = True
        if state is RefundState.SUCCEEDED and row.paid_at is None:
            settled = (refund.why or {}).get("code") == "payments.refund_settled"
            by_mandate = settled and refund.why["params"].get("how") != "cash"
            work.transfers += books.refund_paid(payment, refund.id, amount, by_mandate=by_mandate, now=now)
            row.paid_at = now
        elif state in (RefundState.FAILED, RefundState.MANDATE) and row.paid_at is not None:
            work.transfers += books.refund_returned(payment, refund.id, amount, now)
            row.paid_at = None


def _follow_disputes(session: Session, work: _Work, items: list[ItemRow], now: datetime) -> None:
    """A payment that is contested, or a debit that failed after all, freezes the titles it paid; they are good again
    when we win, or when what is due is paid."""
    for item in items:
        if item.now is not ItemState.FULFILLED or item.entitlement is None:
            continue
        state = work.state(item.payment)
        why = None
        if state is PaymentState.DISPUTED:
            why = Decision("billettique.payment_disputed")
        elif state in GIVEN_UP:
            why = Decision("billettique.debit_failed")
        before = None if item.why is None else item.why.get("code")
        frozen = before in ("billettique.payment_disputed", "billettique.debit_failed")
        if (None if why is None else why.code) == (before if frozen else None):
            continue
        if why is not None:
            titles.suspend(session, item.entitlement, why, now)
        else:
            titles.resume(session, item.entitlement, now)
        item.why, item.changed_at = written(why), now
        work.changed = True


def _follow_subscription(session: Session, services: "Services", work: _Work, now: datetime) -> None:
    from billettique.service import subscriptions  # which makes orders, and is told what became of them

    if work.payments:
        states = {PaymentState(row.state) for row in work.payments.values()}
        best = PaymentState.SUCCEEDED if PaymentState.SUCCEEDED in states else PaymentState(
            list(work.payments.values())[-1].state
        )  # fmt: skip
        subscriptions.follow(session, services, work.order.id, best, now)

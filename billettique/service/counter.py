"""The counter: the same products at the same price, by an agent who serves somebody, telephones or reads a letter.

A sale is one transaction from the basket to the signed title and the till: either all of it happened or nothing did.
Training is the same sale, taken back at the end. A sale repeated under its key is the same sale.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Engine, or_, select
from sqlalchemy.orm import Session

from billettique.gateway.psp import counter as psp
from billettique.model.orders import Channel, ItemState, Offer
from billettique.model.payments import PaymentAsk, RefundState
from billettique.service import baskets, books, cash, exchanges, fulfilment, orders, payment_refunds, payments, refunds
from billettique.service.cash import Till
from billettique.service.seats import seats_of
from billettique.store import orders as store
from billettique.store.orders import ItemRow, OrderPaymentRow, OrderRow
from billettique.store.payments import get_payment, get_refund
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.money import ZERO, Money
from mobigo.infra import accounts, audit, idempotency
from mobigo.infra.db import transaction

if TYPE_CHECKING:
    from mobigo.infra.web import Services

COUNTER: Final = "counter"
FOUND_MAX: Final = 12
LEAST_LETTERS: Final = 3
CHANNELS: Final = (Channel.COUNTER, Channel.PHONE, Channel.POST)


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale made: its order, what was due, the change to give back, what could not be served."""

    order_id: str
    reference: str
    total: Money
    change: Money
    unserved: int
    training: bool


class _TakenBack(Exception):
    """Ends a training sale: the transaction is undone, what it would have done is told."""

    def __init__(self, sale: Sale) -> None:
        self.sale = sale


def sell(
    services: "Services", engine: Engine, *, agent: str, key: str, channel: Channel, offers: Sequence[Offer],
    means: str, proof: Mapping[str, str], holder: str | None, email: str, receipt: bool, now: datetime,
) -> Sale:  # fmt: skip
    """Sell, be paid, issue, put the money into the till.

    Raises Refused("billettique.no_open_till") and what the till refuses, InvalidInput for a proof that is none or a
    means that is not taken, and what `baskets.add` and `orders.place` raise; then nothing happened. The same `key` with
    the same request gives the same answer; with another, Conflict.
    """
    if channel not in CHANNELS:
        raise InvalidInput("billettique.no_such_channel", channel=str(channel))
    asked = {"agent": agent, "offers": [[each.product, each.gross.cents, list(each.riders)] for each in offers],
             "means": means, "channel": str(channel)}  # fmt: skip

    def act(session: Session) -> dict[str, Any]:
        return _written(_sale(session, services, agent, channel, offers, means, proof, holder, email, receipt, now))

    try:
        with transaction(engine) as session:
            if cash.get_till(session, agent, services.config.home, now).row.training:
                raise _TakenBack(_read(act(session)))
            answered = idempotency.once(
                session, f"billettique.counter:{agent}", key, asked, lambda: act(session), now=now
            )
            return _read(answered.answer)
    except _TakenBack as training:
        return training.sale


def _sale(
    session: Session, services: "Services", agent: str, channel: Channel, offers: Sequence[Offer], means: str,
    proof: Mapping[str, str], holder: str | None, email: str, receipt: bool, now: datetime,
) -> Sale:  # fmt: skip
    config = services.config
    till = cash.get_till(session, agent, config.home, now)
    order = baskets.open_basket(session, config, channel=channel, language="fr", subject=None, now=now)
    baskets.add(session, order.id, offers, config, holder=holder, now=now)
    placed = orders.place(
        session, config, order.id, version=None, means=means, provider=COUNTER, return_url=None,
        seats=seats_of(services), email=email, receipt=receipt, proof=proof, now=now,
    )  # fmt: skip
    transfers = []
    if placed.payment is not None:
        collector = _paid(session, services, placed.payment, now)
        transfers = cash.take(session, till, payment=placed.payment, collector=collector, means=means,
                              amount=placed.total, now=now)  # fmt: skip
    fulfilment.fulfil(session, services, order.id, now)
    audit.record(
        session, "billettique.counter.sell", actor=agent, object_kind="billettique_order", object_id=order.id, now=now
    )
    session.flush()
    books.give(session, transfers, now)
    unserved = sum(each.now is not ItemState.FULFILLED for each in store.items_of(session, order.id))
    given = Money(int(proof.get("given_cents", placed.total.cents))) if means == "cash" else placed.total
    return Sale(order.id, order.reference, placed.total, given - placed.total, unserved, till.row.training)


def _paid(session: Session, services: "Services", payment_id: str, now: datetime) -> str:
    """The agent saw the money: the payment is received, in this transaction. Who holds it."""
    row = get_payment(session, payment_id, lock=True)
    provider = psp.Counter(live=services.config.production)
    row.called_at, row.live = now, provider.live
    seen = provider.create(
        PaymentAsk(row.key, row.order_id, Money(row.cents), row.means, row.return_url, row.means_ref, row.proof)
    )
    payments.apply(session, payment_id, seen, now)
    collector: str | None = row.collector
    if collector is None:
        raise InvalidInput("billettique.no_such_way")
    return collector


def _written(sale: Sale) -> dict[str, Any]:
    return {
        "order": sale.order_id, "reference": sale.reference, "total": sale.total.cents, "change": sale.change.cents,
        "unserved": sale.unserved, "training": sale.training,
    }  # fmt: skip


def _read(kept: Mapping[str, Any]) -> Sale:
    return Sale(
        kept["order"], kept["reference"], Money(kept["total"]), Money(kept["change"]), kept["unserved"],
        kept["training"],
    )  # fmt: skip


# ---------------------------------------------------------------- money back


@dataclass(frozen=True, slots=True)
class Back:
    """Money given back at the counter: in cash out of the advance, or by the means it came, or as a request to the
    accountant, and then why."""

    amount: Money
    in_cash: bool
    requested: bool
    why: Decision | None


def refund(
    session: Session, services: "Services", *, agent: str, order_id: str, item_id: str, expected: Money, now: datetime
) -> Back:
    """Give an item back at the counter. Raises what `refunds.refund` raises, Refused("billettique.no_open_till",
    "billettique.training_refund")."""
    till = cash.get_till(session, agent, services.config.home, now)
    if till.row.training:
        raise Refused("billettique.training_refund")
    item = store.get_item(session, item_id, of=order_id)
    payment = session.get(OrderPaymentRow, item.payment)
    given = refunds.refund(session, services, order_id, item_id, expected=expected, reason="counter", now=now)
    fulfilment.fulfil(session, services, order_id, now)
    audit.record(
        session, "billettique.counter.refund", actor=agent, object_kind="billettique_item", object_id=item_id, now=now
    )
    row = next((each for each in store.refunds_of(session, order_id) if each.about == item_id), None)
    if row is None or payment is None:
        return Back(given.amount, in_cash=False, requested=False, why=None)
    return _settled(session, services, till, row.refund, payment, given.amount, now)


def exchange(
    session: Session, services: "Services", *, agent: str, order_id: str, item_id: str, offer: Offer, now: datetime
) -> Back:
    """Exchange a title for one that costs no more; what it costs less goes back as a refund does.

    Raises what `exchanges.exchange` raises (Refused("billettique.exchange_to_pay") when a supplement is due),
    Refused("billettique.no_open_till", "billettique.training_refund").
    """
    till = cash.get_till(session, agent, services.config.home, now)
    if till.row.training:
        raise Refused("billettique.training_refund")
    payment = session.get(OrderPaymentRow, store.get_item(session, item_id, of=order_id).payment)
    exchanges.exchange(session, services, order_id, item_id, offer, now=now)
    fulfilment.fulfil(session, services, order_id, now)
    audit.record(
        session, "billettique.counter.exchange", actor=agent, object_kind="billettique_item", object_id=item_id, now=now
    )
    row = next((each for each in store.refunds_of(session, order_id) if each.about == item_id), None)
    if row is None or payment is None:
        return Back(ZERO, in_cash=False, requested=False, why=None)
    return _settled(session, services, till, row.refund, payment, Money(row.amount_cents), now)


def _settled(
    session: Session, services: "Services", till: Till, refund_id: str, payment: OrderPaymentRow, amount: Money,
    now: datetime,
) -> Back:  # fmt: skip
    """In cash where it was paid in cash and the advance of the régie covers it; else it stays a request."""
    if RefundState(get_refund(session, refund_id).state) is not RefundState.MANDATE:
        return Back(amount, in_cash=False, requested=False, why=None)
    if payment.means != "cash":
        return Back(amount, in_cash=False, requested=True, why=Decision("billettique.not_paid_in_cash"))
    why = cash.cash_back_refusal(session, till, amount, now)
    if why is not None:
        return Back(amount, in_cash=False, requested=True, why=why)
    transfers = cash.give_cash(session, till, refund=refund_id, collector=payment.collector, amount=amount, now=now)
    payment_refunds.settle_refund(session, refund_id, how="cash", now=now)
    fulfilment.fulfil(session, services, payment.order_id, now)
    session.flush()
    books.give(session, transfers, now)
    return Back(amount, in_cash=True, requested=False, why=None)


# ---------------------------------------------------------------- finding


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody, or an order: what an agent reads, and where it leads."""

    words: str
    detail: str
    order_id: str | None


def find(session: Session, typed: str) -> list[Found]:
    """Who an agent means: an order by its reference or e-mail, the holder of a title, an account, by three letters or
    more. At most twelve, orders first, the newest first."""
    asked = typed.strip()
    if len(asked) < LEAST_LETTERS:
        return []
    exact = store.find_by_reference(session, asked)
    if exact is not None:
        return [_order_found(session, exact)]
    placed = OrderRow.placed_at.is_not(None)
    named = ItemRow.holder.istartswith(asked, autoescape=True), ItemRow.holder.icontains(" " + asked, autoescape=True)
    holders = select(ItemRow.order_id).where(or_(*named))
    rows = session.scalars(
        select(OrderRow)
        .where(placed, or_(OrderRow.email.istartswith(asked, autoescape=True), OrderRow.id.in_(holders)))
        .order_by(OrderRow.placed_at.desc()).limit(FOUND_MAX)
    )  # fmt: skip
    found = [_order_found(session, each) for each in rows]
    for profile in _accounts(session, asked)[: FOUND_MAX - len(found)]:
        latest = session.scalar(
            select(OrderRow).where(placed, OrderRow.subject == profile.subject).order_by(OrderRow.placed_at.desc())
        )
        words = profile.name or profile.email or profile.subject
        found.append(Found(words, profile.email or "", None if latest is None else latest.id))
    return found


def _accounts(session: Session, typed: str) -> list[accounts.Profile]:
    return [accounts.profile(session, each) for each in accounts.search(session, typed, limit=FOUND_MAX)]


def _order_found(session: Session, order: OrderRow) -> Found:
    items = store.items_of(session, order.id)
    holder = next((each.holder for each in items if each.holder), None)
    words = holder or order.email or order.reference
    return Found(words, ", ".join(dict.fromkeys(each.name for each in items)), order.id)


def total(offers: Sequence[Offer]) -> Money:
    """What offers cost together."""
    return sum((each.gross for each in offers), ZERO)

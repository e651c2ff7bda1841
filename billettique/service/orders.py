"""Placing an order: seats are held, the items wait for their payment, and the payment is begun, in one transaction.

The provider is asked after the commit (`billettique.service.payments.call`). What follows a payment is in `fulfilment`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from billettique.gateway import sales
from billettique.model.orders import ItemKind, ItemState
from billettique.model.payments import PaymentState
from billettique.service import baskets, payments, reductions
from billettique.service.seats import Seats
from billettique.store import orders as store
from billettique.store.orders import ItemRow, OrderPaymentRow, OrderRow
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra import outbox
from mobigo.infra.config import Config

SEAT_KINDS: Final = frozenset({ItemKind.CARPOOL_SEAT, ItemKind.TAD_SEAT})
FULFIL: Final = "billettique.fulfil"  # the effect: serve what this order paid
WAYS: Final = ("card", "sepa_debit", "redirect")  # means that a buyer uses alone, on a page
OPEN: Final = frozenset({PaymentState.CREATED, PaymentState.REQUIRES_ACTION, PaymentState.PROCESSING})


@dataclass(frozen=True, slots=True)
class Placed:
    """An order placed. `payment` None: there was nothing to pay."""

    order: OrderRow
    payment: str | None
    total: Money


def place(
    session: Session,
    config: Config,
    order_id: str,
    *,
    version: int | None,
    means: str,
    provider: str,
    return_url: str | None,
    seats: Mapping[ItemKind, Seats],
    email: str = "",
    receipt: bool = False,
    proof: Mapping[str, str] | None = None,
    means_ref: str | None = None,
    trusted: bool = False,
    now: datetime,
) -> Placed:
    """Hold the seats, have the items wait for their payment, begin it.

    Raises Conflict("billettique.order_placed", "billettique.order_changed", "billettique.price_not_kept"; or what a
    keeper of seats raises), Refused("billettique.basket_empty", "billettique.title_over"),
    InvalidInput("billettique.bad_email", "billettique.no_such_way"); then nothing is written.
    """
    order = store.get_order(session, order_id, lock=True, version=version)
    if order.placed_at is not None:
        raise Conflict("billettique.order_placed")
    if order.expires_at <= now:
        raise Conflict("billettique.price_not_kept")
    items = store.items_of(session, order_id, *baskets.BASKET)
    if not items:
        raise Refused("billettique.basket_empty")
    baskets.set_email(order, email)
    order.receipt, order.trusted = receipt, trusted
    terms = sales.terms_on(paris_day(now), config.home)
    for item in items:
        if item.last_at is not None and item.last_at <= now:
            raise Refused("billettique.title_over", name=item.name, at=item.last_at)
        if ItemKind(item.kind) in SEAT_KINDS:
            _hold(session, item, seats, now + terms.pay, now)
    reductions.use(session, config, order, items, now)
    total = sum((item.price for item in items), ZERO)
    payment = None
    if total > ZERO:
        payment = _begin(session, config, order, total, means, provider, return_url, means_ref, proof, now)
    for item in items:
        item.payment = payment
        store.move(session, item, ItemState.ON_HOLD, now)
    order.placed_at = now
    store.touch(order, now)
    session.flush()
    if payment is None:
        again(session, order.id, f"{order.id}:free:{order.version}", now)
    return Placed(order, payment, total)


def _begin(
    session: Session, config: Config, order: OrderRow, total: Money, means: str, provider: str, return_url: str | None,
    means_ref: str | None, proof: Mapping[str, str] | None, now: datetime,
) -> str:  # fmt: skip
    """The payment of an order, begun. Raises InvalidInput("billettique.no_such_way")."""
    order.attempt += 1
    collector = config.collector(means)
    if collector is None or means not in config.means(provider):
        raise InvalidInput("billettique.no_such_way")
    payment = payments.begin(
        session, order_id=order.id, amount=total, means=means, provider=provider, attempt=order.attempt,
        return_url=return_url, means_ref=means_ref, proof=proof, collector=collector, now=now,
    )  # fmt: skip
    session.add(
        OrderPaymentRow(
            payment=payment, order_id=order.id, amount_cents=total.cents, means=means, provider=provider,
            collector=collector, state=str(PaymentState.CREATED), disputes=0, created_at=now, changed_at=now,
        )
    )  # fmt: skip
    return payment


def _hold(session: Session, item: ItemRow, seats: Mapping[ItemKind, Seats], until: datetime, now: datetime) -> None:
    keeper = seats.get(ItemKind(item.kind))
    if keeper is None:
        raise Refused("billettique.no_seats", kind=item.kind)
    held = keeper.hold(session, item.promised, item.id, until, now)
    item.seat, item.seat_until = held.ref, held.until
    if item.now is ItemState.DRAFT:
        store.move(session, item, ItemState.PREBOOKED, now)


def again(session: Session, order_id: str, key: str, now: datetime) -> None:
    """Have an order looked at, surely, after this transaction (see `fulfilment.fulfil`)."""
    outbox.emit(session, FULFIL, {"order": order_id}, key=key, now=now)


def pay_due(
    session: Session, config: Config, order_id: str, *, means: str, provider: str, return_url: str, now: datetime
) -> str:
    """Begin another payment for titles that were served and whose debit failed; its id. Raises
    Refused("billettique.nothing_due"), InvalidInput("billettique.no_such_way")."""
    order = store.get_order(session, order_id, lock=True)
    failed = {
        each.payment: each for each in store.payments_of(session, order_id) if each.state in ("FAILED", "CANCELED")
    }
    owed = [each for each in store.items_of(session, order_id, ItemState.FULFILLED) if each.payment in failed]
    if not owed:
        raise Refused("billettique.nothing_due")
    total = sum((each.price for each in owed), ZERO)
    payment = _begin(session, config, order, total, means, provider, return_url, None, None, now)
    store.touch(order, now)
    return payment


def open_payment(session: Session, order_id: str) -> OrderPaymentRow | None:
    """The payment an order waits for, if it waits for one."""
    waiting = [each for each in store.payments_of(session, order_id) if PaymentState(each.state) in OPEN]
    return waiting[-1] if waiting else None


def ways(config: Config) -> list[tuple[str, str]]:
    """(provider, means) that one may pay with on a page of this site."""
    return [(provider, means) for provider in config.payments for means in config.means(provider) if means in WAYS]

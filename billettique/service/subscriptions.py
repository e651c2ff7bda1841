"""A pass that goes on each month, on our own schedule: the first month was paid by card, then one debit a period.

A period is an order like another, made once (subscription, first day). A title is served before the bank answers only
when an earlier debit of that means succeeded. A debit that fails suspends, and says so; nothing is ever dropped in
silence, and paying what is due takes it up again.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from billettique.model.orders import Channel, ItemKind, ItemState
from billettique.model.payments import PaymentState, SavedState
from billettique.rules.fares import operating_day
from billettique.service import baskets, fulfilment, mails, means, orders, payments, shelf
from billettique.store import orders as order_store
from billettique.store import subscriptions as store
from billettique.store.means import get_means
from billettique.store.subscriptions import PeriodRow, SubscriptionRow
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, MobigoError, Refused, Upstream
from mobigo.infra.clock import new_id
from mobigo.infra.db import reading, transaction

if TYPE_CHECKING:
    from mobigo.infra.web import Services

LEAD: Final = timedelta(days=3)  # a period is debited so long before it begins: a bank takes days
AT_ONCE: Final = 500


def ask(
    session: Session, order_id: str, item_id: str, *, means_kind: str, provider: str, return_url: str, now: datetime
) -> SubscriptionRow:
    """Have a monthly pass that was bought go on. The means is left on the provider's own form (`means.call`). Whoever
    left that form, or was refused there, may ask again: another form, and the means that was not left is forgotten.

    Raises Refused("billettique.not_monthly"), Conflict("billettique.goes_on_already").
    """
    order = order_store.get_order(session, order_id, lock=True)
    item = order_store.get_item(session, item_id, of=order_id)
    monthly = item.promised.get("span") == "month"
    if item.now is not ItemState.FULFILLED or ItemKind(item.kind) is not ItemKind.PASS or not monthly:
        raise Refused("billettique.not_monthly", name=item.name)
    known = store.find_of_item(session, item_id)
    if known is not None and known.state != "asked":
        raise Conflict("billettique.goes_on_already")
    if item.last_at is None:
        raise Refused("billettique.not_monthly", name=item.name)
    fresh = new_id(now)
    left = means.begin(
        session, holder=fresh if known is None else known.id, means=means_kind, provider=provider,
        return_url=return_url, key=f"subscription:{fresh}", now=now,
    )  # fmt: skip
    if known is not None:
        known.means, known.changed_at = left, now
        return known
    row = SubscriptionRow(
        id=fresh, order_id=order_id, item=item_id, product=item.product, rider=item.riders[0], holder=item.holder,
        email=order.email, subject=order.subject, language=order.language, means=left, state="asked",
        next_day=operating_day(item.last_at) + timedelta(days=1), created_at=now, changed_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def confirm(services: "Services", subscription_id: str, now: datetime) -> str:
    """The holder comes back from the provider's form: active once the means is left there; its state."""
    with reading(services.engine) as session:
        left = store.get_subscription(session, subscription_id).means
    try:
        state = means.refresh(services, left, now)
    except Upstream:
        state = SavedState.REQUIRES_ACTION
    with transaction(services.engine) as session:
        row = store.get_subscription(session, subscription_id, lock=True)
        if row.state == "asked" and state is SavedState.ACTIVE:
            row.state, row.changed_at = "active", now
        return row.state


def end(session: Session, subscription_id: str, now: datetime) -> None:
    """No debit any more; what is paid stays good to its last day. Repeatable."""
    row = store.get_subscription(session, subscription_id, lock=True)
    if row.state != "ended":
        row.state, row.changed_at, row.ended_at = "ended", now, now


def run(services: "Services", now: datetime) -> int:
    """Debit the periods that come; how many were begun. Any number may run at once: a period is begun by one."""
    with reading(services.engine) as session:
        coming = store.due(session, operating_day(now) + LEAD, AT_ONCE)
    return sum(_debit(services, each, now) for each in coming)


def _debit(services: "Services", subscription_id: str, now: datetime) -> bool:
    try:
        with transaction(services.engine) as session:
            begun = _begin(session, services, subscription_id, now)
    except Upstream:
        return False
    except MobigoError as refused:
        with transaction(services.engine) as session:
            suspend(session, services, store.get_subscription(session, subscription_id, lock=True),
                    refused.decision, now)  # fmt: skip
        return False
    if begun is None:
        return False
    order_id, payment = begun
    try:
        if payment is not None:
            payments.call(services, payment, now)
    except Upstream:
        return True  # the payment is looked at again by itself
    with transaction(services.engine) as session:
        fulfilment.fulfil(session, services, order_id, now)
    return True


def _begin(
    session: Session, services: "Services", subscription_id: str, now: datetime
) -> tuple[str, str | None] | None:
    """The order of the next period, and its payment, written in one transaction. None when another did it."""
    row = store.get_subscription(session, subscription_id, lock=True)
    first = row.next_day
    if (
        row.state != "active"
        or first > operating_day(now) + LEAD
        or session.get(PeriodRow, (row.id, first)) is not None
    ):
        return None
    offer = shelf.cover(row.product, row.rider, first, services.config.home, Channel.ONLINE, now)
    left = get_means(session, row.means)
    order = baskets.open_basket(
        session, services.config, channel=Channel.ONLINE, language=row.language, subject=row.subject, now=now
    )
    baskets.add(session, order.id, (offer,), services.config, holder=row.holder, now=now)
    placed = orders.place(
        session, services.config, order.id, version=None, means=left.means, provider=left.provider, return_url=None,
        seats={}, email=row.email or "", means_ref=means.usable(session, row.means),
        trusted=means.was_debited(session, row.means), now=now,
    )  # fmt: skip
    session.add(PeriodRow(subscription=row.id, first_day=first, order_id=order.id, payment=placed.payment, made_at=now))
    if offer.last_at is not None:
        row.next_day = operating_day(offer.last_at) + timedelta(days=1)
    row.changed_at = now
    mails.announce_debit(session, services.config, order, offer, left.label, now)
    session.flush()
    return order.id, placed.payment


def follow(session: Session, services: "Services", order_id: str, state: PaymentState, now: datetime) -> None:
    """What the payment of a period means for its subscription: a failure suspends it, the payment of its last period
    takes it up again. An earlier one that was paid long ago, and is only looked at again, pays nothing of that."""
    row = store.find_by_order(session, order_id)
    if row is None:
        return
    if state in (PaymentState.FAILED, PaymentState.CANCELED, PaymentState.DISPUTED) and row.state == "active":
        suspend(session, services, row, Decision("billettique.debit_failed"), now, order_id)
    elif (
        state is PaymentState.SUCCEEDED
        and row.state == "suspended"
        and store.find_latest_order(session, row.id) == order_id
    ):
        row.state, row.changed_at = "active", now


def suspend(
    session: Session, services: "Services", row: SubscriptionRow, why: Decision, now: datetime,
    order_id: str | None = None,
) -> None:  # fmt: skip
    """No further debit until what is due is paid; the holder is told, with the way out."""
    row.state, row.changed_at = "suspended", now
    mails.debit_failed(session, services.config, row.email, row.language, order_id or row.order_id, why, now)

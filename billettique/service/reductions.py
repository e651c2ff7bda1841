"""Offers of promotion on a basket: the best one is weighed whenever the basket changes, and used with the order, in its
transaction, so that a budget falls with the order or not at all."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from billettique.model.orders import ItemState
from billettique.model.promotions import Line, Reduced
from billettique.service import promotions
from billettique.store import orders as store
from billettique.store.orders import ItemRow, OrderRow
from mobigo.base.errors import Conflict, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra.config import Config


def type_code(session: Session, config: Config, order_id: str, code: str, now: datetime) -> None:
    """Apply the code of an offer; an empty one takes the code away.

    Raises Conflict("billettique.order_placed", "billettique.price_not_kept"), NotFound and Refused with the offer's own
    reason; then the code before stays.
    """
    order = store.get_order(session, order_id, lock=True)
    if order.placed_at is not None:
        raise Conflict("billettique.order_placed")
    if order.expires_at <= now:
        raise Conflict("billettique.price_not_kept")
    order.promotion = promotions.plain_code(code) or None
    weigh(session, config, order, store.items_of(session, order_id, ItemState.DRAFT, ItemState.PREBOOKED), now)
    store.touch(order, now)


def weigh(
    session: Session, config: Config, order: OrderRow, items: Sequence[ItemRow], now: datetime
) -> Reduced | None:  # fmt: skip
    """Take off the items what the best offer takes off; it. Raises what `promotions.applicable` raises for a code."""
    lines = [
        Line(each.product, frozenset(each.promised.get("networks", ())), tuple(each.riders), Money(each.gross_cents))
        for each in items
    ]
    found = promotions.applicable(
        session, config, lines, day=paris_day(now), code=order.promotion, person=order.subject or order.email
    )
    for at, item in enumerate(items):
        item.reduction_cents = 0 if found is None else found.reductions[at].cents
    return found


def weigh_again(session: Session, config: Config, order: OrderRow, items: Sequence[ItemRow], now: datetime) -> None:
    """The same after a change of the basket: a code that does not apply any more is taken away."""
    try:
        weigh(session, config, order, items, now)
    except (Refused, NotFound):
        order.promotion = None
        weigh(session, config, order, items, now)


def use(session: Session, config: Config, order: OrderRow, items: Sequence[ItemRow], now: datetime) -> None:
    """Use the offer with the order that is being placed. Raises Refused when somebody used the rest meanwhile, or
    Conflict("billettique.total_changed") when it no longer takes off what was shown."""
    shown = sum(each.reduction_cents for each in items)
    found = weigh(session, config, order, items, now)
    if sum(each.reduction_cents for each in items) != shown:
        raise Conflict("billettique.total_changed")
    if found is not None and found.total > Money(0):
        promotions.consume(session, config, found, order.id, person=order.subject or order.email, now=now)

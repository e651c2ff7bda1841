"""Exchanging a title: another one takes its place, for the difference. The old one is void before the new one is.

Nothing to pay: it is done at once, and what the new one costs less is given back. Something to pay: the new item waits
in a basket, beside what the old one brings; it is exchanged when the supplement is paid, and not before.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from billettique.gateway import sales
from billettique.model.orders import ItemKind, ItemState, Offer
from billettique.model.sales import GivenBack
from billettique.service import baskets, books, invoices, refunds, titles
from billettique.service.orders import again
from billettique.store import orders as store
from billettique.store.orders import ItemRow, OrderPaymentRow
from mobigo.base.decisions import Decision
from mobigo.base.errors import Refused
from mobigo.base.money import ZERO, Money

if TYPE_CHECKING:
    from mobigo.infra.web import Services


@dataclass(frozen=True, slots=True)
class Swap:
    """What an exchange would do: what the old title brings, what the new one costs, and the difference, one way or the
    other."""

    brings: GivenBack
    costs: Money

    @property
    def supplement(self) -> Money:
        return max(ZERO, self.costs - self.brings.amount)

    @property
    def back(self) -> Money:
        return max(ZERO, self.brings.amount - self.costs)


def weigh(session: Session, services: "Services", item: ItemRow, offer: Offer, now: datetime) -> Swap:
    """What the exchange would do. Raises Refused with the rule's own reason, Refused("billettique.no_exchange",
    "billettique.exchange_other_seller")."""
    terms = sales.terms_by_code(item.promised["terms"], services.config.home)
    if ItemKind(item.kind) not in terms.exchanges:
        raise Refused("billettique.no_exchange", kind=item.kind)
    if (offer.collector, offer.seller) != (item.collector, item.seller):
        raise Refused("billettique.exchange_other_seller")
    answer = refunds.answer(session, services, item, now)
    if answer.back is None:
        why = answer.why_not or Decision("billettique.no_exchange", kind=item.kind)
        raise Refused(why.code, **why.params)
    return Swap(answer.back, offer.gross)


def exchange(
    session: Session, services: "Services", order_id: str, item_id: str, offer: Offer, *, now: datetime
) -> ItemRow:  # fmt: skip
    """Exchange a title for one that costs no more: the old one is void, the new one is issued by the next look at the
    order, the difference goes back. The new item, confirmed.

    Raises what `weigh` raises; Refused("billettique.exchange_to_pay") when there is a supplement: the new title is
    then bought, and the old one given back, as two acts.
    """
    order = store.get_order(session, order_id, lock=True)
    old = store.get_item(session, item_id, of=order_id)
    swap = weigh(session, services, old, offer, now)
    if swap.supplement > ZERO:
        raise Refused("billettique.exchange_to_pay", amount=swap.supplement)
    payment = session.get(OrderPaymentRow, old.payment)
    if payment is None:
        raise Refused("billettique.refund_free")
    if old.entitlement is not None:
        titles.exchange(session, old.entitlement, now)
    store.move(session, old, ItemState.EXCHANGED, now, Decision("billettique.exchanged", name=offer.name))
    net, tax = refunds.undone(old, swap.brings.amount)
    invoices.credit(session, old, net, tax, now)
    fresh = baskets.new_item(order_id, offer, position=len(store.items_of(session, order_id)) + 1, now=now)
    fresh.replaces, fresh.payment, fresh.holder = old.id, old.payment, old.holder
    store.born(session, [fresh], now)
    store.move(session, fresh, ItemState.ON_HOLD, now, Decision("billettique.exchanged", name=old.name))
    transfers = books.taken_back(old, "exchange", net, tax, now)
    if swap.back > ZERO:
        transfers += refunds.ask(
            session, payment, about=old.id, item=old.id, reason="exchange", amount=swap.back,
            kept=swap.brings.kept, rule=swap.brings.rule, now=now,
        )  # fmt: skip
    store.touch(order, now)
    again(session, order_id, f"{old.id}:exchanged", now)
    session.flush()
    books.give(session, transfers, now)
    return fresh

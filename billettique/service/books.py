"""What selling writes into the ledger. An order has an account of its own, never overdrawn: what was paid comes in,
what is sold and what is given back go out, so that nothing is given back that was not received.

    collector (owes us) → order            a payment is received
    order → sales, VAT                     an item is served
    sales, VAT → order → refunds due       it is taken back
    refunds due → collector                the money is on its way back
    disputes → collector                   a payer contests; the other way round when we win
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from billettique.store.orders import ItemRow, OrderPaymentRow
from mobigo.base.money import ZERO, Money
from mobigo.ledger import service as ledger
from mobigo.ledger.model import Transfer

PREFIX: Final = "billettique"


def order_account(order_id: str) -> str:
    """What an order paid, and was neither served nor given back yet."""
    return f"{PREFIX}:order:{order_id}"


def collector_account(collector: str, provider: str) -> str:
    """What a collector holds of ours, by the way it came."""
    return f"{PREFIX}:collector:{collector}:{provider}"


def due_account(item: str) -> str:
    """What is owed for a title served before the bank answered."""
    return f"{PREFIX}:due:{item}"


def refunds_account(collector: str, provider: str) -> str:
    """What is to be given back, and has not left yet."""
    return f"{PREFIX}:refunds:{collector}:{provider}"


def sales_account(seller: str) -> str:
    """What was sold, without tax."""
    return f"{PREFIX}:sales:{seller}"


def vat_account(pct: str) -> str:
    """The tax inside what was sold."""
    return f"{PREFIX}:vat:{pct}"


DISPUTES: Final = f"{PREFIX}:disputes"
ACCOUNTANT: Final = f"{PREFIX}:accountant"  # what the public accountant paid out for us
OUTSIDE: Final = f"{PREFIX}:outside"  # given back without us, and to be explained


def give(session: Session, transfers: Iterable[Transfer], now: datetime) -> None:
    """Post, the accounts being opened first; the last thing a transaction does. Nothing for nothing."""
    moved = [each for each in transfers if each.amount > ZERO]
    if not moved:
        return
    floors: dict[str, Money | None] = {}
    for each in moved:
        for account in (each.debit, each.credit):
            kept = account.startswith((f"{PREFIX}:order:", f"{PREFIX}:refunds:"))
            floors[account] = ZERO if kept else None
    ledger.open_accounts(session, floors, now=now)
    ledger.post(session, moved, now=now)


def captured(payment: OrderPaymentRow, now: datetime) -> list[Transfer]:
    """A payment is received."""
    return [
        _moved(f"{payment.payment}:captured", collector_account(payment.collector, payment.provider),
               order_account(payment.order_id), Money(payment.amount_cents), "capture", payment.payment, now)
    ]  # fmt: skip


def due(payment: OrderPaymentRow, item: ItemRow, now: datetime) -> list[Transfer]:
    """A title is served before the bank answered: its price is owed."""
    account = due_account(item.id)
    return [_moved(f"{item.id}:due", account, order_account(item.order_id), item.price, "due", payment.payment, now)]


def due_cleared(item: ItemRow, now: datetime) -> list[Transfer]:
    """The money came: what the order received settles what was owed."""
    account = due_account(item.id)
    return [
        _moved(f"{item.id}:cleared", order_account(item.order_id), account, item.price, "due_cleared", item.id, now)
    ]


def is_posted(session: Session, key: str) -> bool:
    """Whether a posting of this name is in the book."""
    return ledger.find(session, f"{PREFIX}:{key}") is not None


def disputed(payment: OrderPaymentRow, now: datetime) -> list[Transfer]:
    """The payer contests: the collector no longer holds it."""
    key = f"{payment.payment}:disputed:{payment.disputes}"
    collector = collector_account(payment.collector, payment.provider)
    return [_moved(key, DISPUTES, collector, Money(payment.amount_cents), "dispute", payment.payment, now)]


def dispute_won(payment: OrderPaymentRow, now: datetime) -> list[Transfer]:
    """The contest failed: the money is back."""
    key = f"{payment.payment}:won:{payment.disputes}"
    collector = collector_account(payment.collector, payment.provider)
    return [_moved(key, collector, DISPUTES, Money(payment.amount_cents), "dispute_won", payment.payment, now)]


def contested_unserved(item: ItemRow, now: datetime) -> list[Transfer]:
    """What a contested payment would have paid is not served: the order holds nothing for it."""
    order = order_account(item.order_id)
    return [_moved(f"{item.id}:contested", order, DISPUTES, item.price, "contested", item.id, now)]


def contested_back(item: ItemRow, now: datetime) -> list[Transfer]:
    """The contest failed after all: the order holds it again, to be given back."""
    order = order_account(item.order_id)
    return [_moved(f"{item.id}:uncontested", DISPUTES, order, item.price, "uncontested", item.id, now)]


def sold(item: ItemRow, now: datetime) -> list[Transfer]:
    """An item is served. Where another package counts the revenue (`promised["revenue"]` names its account), what was
    paid settles what that package books there, whole."""
    order, elsewhere = order_account(item.order_id), item.promised.get("revenue")
    if elsewhere is not None:
        return [_moved(f"{item.id}:sold", order, elsewhere, item.price, "sale", item.id, now)]
    return [
        _moved(f"{item.id}:sold", order, sales_account(item.seller), item.net, "sale", item.id, now),
        _moved(f"{item.id}:vat", order, vat_account(item.vat_pct), item.tax, "vat", item.id, now),
    ]


def taken_back(item: ItemRow, reason: str, net: Money, tax: Money, now: datetime) -> list[Transfer]:
    """Part or all of a sale is undone: the order holds that much again."""
    order, elsewhere = order_account(item.order_id), item.promised.get("revenue")
    if elsewhere is not None:
        return [_moved(f"{item.id}:{reason}:unsold", elsewhere, order, net + tax, "unsale", item.id, now)]
    return [
        _moved(f"{item.id}:{reason}:unsold", sales_account(item.seller), order, net, "unsale", item.id, now),
        _moved(f"{item.id}:{reason}:unvat", vat_account(item.vat_pct), order, tax, "unvat", item.id, now),
    ]


def refund_due(payment: OrderPaymentRow, about: str, reason: str, amount: Money, now: datetime) -> list[Transfer]:
    """What an order holds is to be given back."""
    return [
        _moved(f"{about}:{reason}:refund", order_account(payment.order_id),
               refunds_account(payment.collector, payment.provider), amount, "refund", about, now)
    ]  # fmt: skip


def refund_paid(
    payment: OrderPaymentRow, refund: str, amount: Money, *, by_mandate: bool, now: datetime
) -> list[Transfer]:
    """It left: from the collector, or by a mandate of the accountant."""
    payer = ACCOUNTANT if by_mandate else collector_account(payment.collector, payment.provider)
    key = f"{refund}:{'mandated' if by_mandate else 'refunded'}"
    return [
        _moved(key, refunds_account(payment.collector, payment.provider), payer, amount, "refunded", refund, now)
    ]  # fmt: skip


def refund_returned(payment: OrderPaymentRow, refund: str, amount: Money, now: datetime) -> list[Transfer]:
    """A bank sent it back: the collector has it again, and it is still due."""
    return [
        _moved(f"{refund}:returned", collector_account(payment.collector, payment.provider),
               refunds_account(payment.collector, payment.provider), amount, "returned", refund, now)
    ]  # fmt: skip


def refunded_outside(payment: OrderPaymentRow, refund: str, amount: Money, now: datetime) -> list[Transfer]:
    """Given back at the provider by somebody there, without us: a person has to say what it was for."""
    collector = collector_account(payment.collector, payment.provider)
    return [_moved(f"{refund}:outside", OUTSIDE, collector, amount, "outside", refund, now)]


def carried(old_order: str, new_order: str, item: str, amount: Money, now: datetime) -> list[Transfer]:
    """What an item given up in an exchange pays of the new one."""
    if old_order == new_order:
        return []
    return [
        _moved(f"{item}:carried", order_account(old_order), order_account(new_order), amount, "exchange", item, now)
    ]


def _moved(key: str, debit: str, credit: str, amount: Money, kind: str, ref: str, now: datetime) -> Transfer:
    return Transfer(f"{PREFIX}:{key}", debit, credit, amount, now, f"{PREFIX}.{kind}", ref)

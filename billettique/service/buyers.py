"""What orders hold of one person, and how it is forgotten: registered for the account's page of one's data."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from billettique.store.orders import ItemRow, OrderRow
from billettique.store.subscriptions import SubscriptionRow
from mobigo.infra.db import changed
from mobigo.infra.privacy import register_subject


def export_subject(session: Session, subject: str) -> Mapping[str, object]:
    """Every order made with the account, what is in it, the address given; the passes that go on."""
    orders = list(session.scalars(select(OrderRow).where(OrderRow.subject == subject).order_by(OrderRow.id)))
    going = session.scalars(select(SubscriptionRow).where(SubscriptionRow.subject == subject))
    return {
        "orders": [
            {
                "reference": row.reference, "email": row.email, "channel": row.channel, "placed_at": row.placed_at,
                "items": [
                    {"name": item.name, "price": item.price, "state": item.state, "holder": item.holder}
                    for item in session.scalars(select(ItemRow).where(ItemRow.order_id == row.id))
                ],
            }
            for row in orders
        ],
        "subscriptions": [
            {"product": row.product, "holder": row.holder, "email": row.email, "state": row.state} for row in going
        ],
    }  # fmt: skip


def erase_subject(session: Session, subject: str, now: datetime) -> int:
    """Untie every order from the person, with the address and the names; the passes that went on are debited no more.
    What was sold stays, and names nobody."""
    mine = select(OrderRow.id).where(OrderRow.subject == subject)
    done = changed(session, update(ItemRow).where(ItemRow.order_id.in_(mine)).values(holder=None))
    over = SubscriptionRow.subject == subject
    going = SubscriptionRow.state != "ended"
    session.execute(update(SubscriptionRow).where(over, going).values(state="ended", ended_at=now, changed_at=now))
    done += changed(session, update(SubscriptionRow).where(over).values(subject=None, holder=None, email=None))
    return done + changed(session, update(OrderRow).where(OrderRow.subject == subject).values(subject=None, email=None))


register_subject("billettique_orders", export=export_subject, erase=erase_subject)

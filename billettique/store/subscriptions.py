"""Passes renewed each month by a debit: who asked, with which means, and the order of each period (one, by key)."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from billettique.store.orders import ACCOUNTING
from mobigo.base.errors import NotFound
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import BLANK, Always, Days, describe


class SubscriptionRow(Base):
    """One pass that goes on. `next_day` is the first day of the period to be debited next."""

    __tablename__ = "billettique_subscription"
    __table_args__ = (Index(None, "state", "next_day"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(26))  # of its first period
    item: Mapped[str] = mapped_column(String(26), unique=True)
    product: Mapped[str] = mapped_column(String(120))
    rider: Mapped[str] = mapped_column(String(40))
    holder: Mapped[str | None] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254))
    subject: Mapped[str | None] = mapped_column(String(26), index=True)
    language: Mapped[str] = mapped_column(String(2))
    means: Mapped[str] = mapped_column(String(26))
    state: Mapped[str] = mapped_column(String(10))  # asked, active, suspended, ended
    next_day: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PeriodRow(Base):
    """The order of one period of a subscription: its key is what makes it one."""

    __tablename__ = "billettique_subscription_period"

    subscription: Mapped[str] = mapped_column(
        ForeignKey("billettique_subscription.id", ondelete="CASCADE"), primary_key=True
    )
    first_day: Mapped[date] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(String(26), unique=True)
    payment: Mapped[str | None] = mapped_column(String(26))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


describe(
    SubscriptionRow,
    purpose="renew a pass each month until its holder ends it",
    keep=Days(2 * 366, after="ended_at", then=BLANK),
    personal={
        "holder": "the name on the pass, for the employer's certificate",
        "email": "where a debit is announced",
        "subject": "whose it is, when there is an account (random subject id)",
    },
    plain="id order_id item product rider language means state next_day created_at changed_at ended_at",
)
describe(
    PeriodRow,
    purpose="debit a period once",
    keep=Always(ACCOUNTING),
    plain="subscription first_day order_id payment made_at",
)


def get_subscription(session: Session, subscription_id: str, *, lock: bool = False) -> SubscriptionRow:
    """One subscription. Raises NotFound("billettique.no_subscription")."""
    row = session.get(SubscriptionRow, subscription_id, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise NotFound("billettique.no_subscription")
    return row


def find_of_item(session: Session, item_id: str) -> SubscriptionRow | None:
    """The subscription that goes on from this item."""
    return session.scalar(select(SubscriptionRow).where(SubscriptionRow.item == item_id))


def find_by_order(session: Session, order_id: str) -> SubscriptionRow | None:
    """The subscription of which this order is a period."""
    asked = select(SubscriptionRow).join(PeriodRow, PeriodRow.subscription == SubscriptionRow.id)
    return session.scalar(asked.where(PeriodRow.order_id == order_id))


def find_latest_order(session: Session, subscription_id: str) -> str | None:
    """The order of the last period that was begun."""
    asked = select(PeriodRow.order_id).where(PeriodRow.subscription == subscription_id)
    return session.scalar(asked.order_by(PeriodRow.first_day.desc()).limit(1))


def due(session: Session, day: date, limit: int) -> list[str]:
    """The active subscriptions whose next period begins on or before a day."""
    asked = select(SubscriptionRow.id).where(SubscriptionRow.state == "active", SubscriptionRow.next_day <= day)
    return list(session.scalars(asked.order_by(SubscriptionRow.next_day, SubscriptionRow.id).limit(limit)))


def readdress(session: Session, order_id: str, email: str) -> None:
    """Debits of the pass that an order began are announced to another address."""
    session.execute(update(SubscriptionRow).where(SubscriptionRow.order_id == order_id).values(email=email))

"""Which partner opened an order through the API: it sees its own orders, and no other."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from billettique.store import orders
from billettique.store.orders import OrderRow
from mobigo.base.errors import NotFound
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Days, describe


class PartnerOrderRow(Base):
    """An order opened by a partner: an organisation, or a person who sells in their own name."""

    __tablename__ = "billettique_partner_order"

    order_id: Mapped[str] = mapped_column(ForeignKey("billettique_order.id", ondelete="CASCADE"), primary_key=True)
    partner: Mapped[str] = mapped_column(String(26), index=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


describe(
    PartnerOrderRow,
    purpose="show a partner the orders it opened, and no other",
    keep=Days(2 * 366, after="opened_at"),
    plain="order_id partner opened_at",
)


def opened(session: Session, order_id: str, partner: str, now: datetime) -> None:
    """This partner opened this order."""
    session.add(PartnerOrderRow(order_id=order_id, partner=partner, opened_at=now))
    session.flush()


def get_own(session: Session, order_id: str, partner: str) -> OrderRow:
    """An order that this partner opened. Raises NotFound("billettique.no_order"), for another's too: nobody learns
    that it exists."""
    asked = select(PartnerOrderRow).where(PartnerOrderRow.order_id == order_id, PartnerOrderRow.partner == partner)
    if session.scalar(asked) is None:
        raise NotFound("billettique.no_order")
    return orders.get_order(session, order_id)

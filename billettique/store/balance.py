"""The lines of providers' own accounts, as they wrote them, and what explains each here."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from billettique.model.payments import BalanceLine
from mobigo.base.money import Money
from mobigo.infra.db import Base, Json, UtcDateTime, insert_new
from mobigo.infra.privacy import Always, describe


class BalanceRow(Base):
    """One line. `explained` says by what (a payment, a refund, a person…), `why` why nothing does."""

    __tablename__ = "billettique_balance_line"
    __table_args__ = (Index(None, "provider", "payout"),)

    provider: Mapped[str] = mapped_column(String(20), primary_key=True)
    ref: Mapped[str] = mapped_column(String(255), primary_key=True)
    category: Mapped[str] = mapped_column(String(20))
    cents: Mapped[int] = mapped_column()
    fee_cents: Mapped[int] = mapped_column()
    object_ref: Mapped[str] = mapped_column(String(255))
    payment_ref: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    payout: Mapped[str | None] = mapped_column(String(255))
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    explained: Mapped[str | None] = mapped_column(String(20), index=True)
    explained_by: Mapped[str | None] = mapped_column(String(255), index=True)
    why: Mapped[Any] = mapped_column(Json, nullable=True)
    note: Mapped[str | None] = mapped_column(String(500))

    def line(self) -> BalanceLine:
        """The line as a value."""
        return BalanceLine(
            self.ref, self.category, Money(self.cents), Money(self.fee_cents), self.object_ref, self.at, self.payout,
            self.payment_ref,
        )  # fmt: skip


describe(
    BalanceRow,
    purpose="compare a payment provider's account with ours, to the cent",
    keep=Always("an accounting fact, with random ids only"),
    plain="provider ref category cents fee_cents object_ref payment_ref at payout seen_at explained explained_by why "
    "note",
)


def keep(session: Session, provider: str, line: BalanceLine, now: datetime) -> None:
    """Write a line, once; the payout it went with is learnt later. A line never changes otherwise."""
    row = {
        "provider": provider, "ref": line.ref, "category": line.category, "cents": line.amount.cents,
        "fee_cents": line.fee.cents, "object_ref": line.object_ref, "payment_ref": line.payment_ref, "at": line.at,
        "payout": line.payout, "seen_at": now,
    }  # fmt: skip
    if not insert_new(session, BalanceRow, row, ["provider", "ref"]) and line.payout is not None:
        known = session.get_one(BalanceRow, (provider, line.ref))
        known.payout = line.payout


def unexplained(session: Session, provider: str | None = None) -> list[BalanceRow]:
    """The lines nothing explains yet, oldest first."""
    asked = select(BalanceRow).where(BalanceRow.explained.is_(None)).order_by(BalanceRow.at, BalanceRow.ref)
    return list(session.scalars(asked if provider is None else asked.where(BalanceRow.provider == provider)))


def lines_of(session: Session, provider: str, payout: str) -> list[BalanceRow]:
    """The lines of a payout."""
    asked = select(BalanceRow).where(BalanceRow.provider == provider, BalanceRow.payout == payout)
    return list(session.scalars(asked.order_by(BalanceRow.at, BalanceRow.ref)))


def payouts(session: Session, limit: int) -> list[BalanceRow]:
    """The lines of payouts, newest first."""
    asked = select(BalanceRow).where(BalanceRow.category == "payout").order_by(BalanceRow.at.desc(), BalanceRow.ref)
    return list(session.scalars(asked.limit(limit)))

"""Receipts (quittances) of rounds: one for each payment taken on the spot, numbered by the device of the round. And
what rounds carry. The tills of rounds are those of `billettique.store.cash`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from billettique.store.cash import CashMoveRow, CashSessionRow
from mobigo.base.money import Money
from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Always, describe


class SpotReceiptRow(Base):
    """A receipt given on the spot. `late`: it came after its round was counted. `flags`: what is wrong with it."""

    __tablename__ = "billettique_spot_receipt"
    __table_args__ = (CheckConstraint("number > 0 AND cents > 0", name="figures"),)

    till: Mapped[str] = mapped_column(ForeignKey("billettique_cash_session.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    case_id: Mapped[str] = mapped_column(ForeignKey("billettique_case.id"), unique=True)
    means: Mapped[str] = mapped_column(String(12))
    cents: Mapped[int]
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
    came_at: Mapped[datetime] = mapped_column(UtcDateTime)
    late: Mapped[bool]
    flags: Mapped[Any] = mapped_column(Json)


append_only(SpotReceiptRow)
describe(
    SpotReceiptRow,
    purpose="prove each payment taken on a round, by a number without a gap",
    keep=Always("papers of a régie are kept ten years with the accounts; they name nobody"),
    plain="till number case_id means cents taken_at came_at late flags",
)


def find(session: Session, till: str, number: int) -> SpotReceiptRow | None:
    """The receipt of this number."""
    return session.get(SpotReceiptRow, (till, number))


def of_case(session: Session, case_id: str) -> SpotReceiptRow | None:
    """The receipt of a case that was paid on the spot."""
    return session.scalar(select(SpotReceiptRow).where(SpotReceiptRow.case_id == case_id))


def of_till(session: Session, till: str) -> Sequence[SpotReceiptRow]:
    """The receipts of a round, by number."""
    return list(
        session.scalars(select(SpotReceiptRow).where(SpotReceiptRow.till == till).order_by(SpotReceiptRow.number))
    )


def rounds_of(session: Session, agent: str, most: int) -> Sequence[CashSessionRow]:
    """The rounds of a mandataire, the newest first."""
    asked = select(CashSessionRow).where(CashSessionRow.agent == agent, CashSessionRow.round_number.is_not(None))
    return list(session.scalars(asked.order_by(CashSessionRow.opened_at.desc()).limit(most)))


def to_hand_over(session: Session, regie: str) -> Sequence[CashSessionRow]:
    """The rounds of a régie whose money is still carried, open ones among them, the oldest first."""
    asked = select(CashSessionRow).where(
        CashSessionRow.regie == regie, CashSessionRow.round_number.is_not(None), CashSessionRow.handed_at.is_(None)
    )
    return list(session.scalars(asked.order_by(CashSessionRow.opened_at)))


def carried_by(session: Session, agent: str) -> Money:
    """The cash that a mandataire carries, the float not counted: of every round that was not handed over."""
    return _carried(session, CashSessionRow.agent == agent)


def on_rounds(session: Session, regie: str) -> Money:
    """The cash of a régie that mandataires carry."""
    return _carried(session, CashSessionRow.regie == regie)


def _carried(session: Session, whose: Any) -> Money:
    asked = (
        select(func.coalesce(func.sum(CashMoveRow.cents), 0))
        .join(CashSessionRow, CashSessionRow.id == CashMoveRow.session_id)
        .where(whose, CashSessionRow.round_number.is_not(None), CashSessionRow.handed_at.is_(None),
               CashMoveRow.means == "cash")
    )  # fmt: skip
    return Money(int(session.scalar(asked) or 0))

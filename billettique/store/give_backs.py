"""Penalties to be given back: what came to a closed case, or was paid for a constat that was withdrawn. One row a
sum, from the day it is owed to the day it left; who prepared it and who agreed are two people."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from billettique.model.cases import GiveBackState, GiveBackWay
from mobigo.base.errors import NotFound
from mobigo.base.money import Money
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, UtcDateTime, insert_new
from mobigo.infra.privacy import Always, describe

_STATES = ", ".join(f"'{state}'" for state in GiveBackState)


class GiveBackRow(Base):
    """One sum to be given back. `payment` is the online payment it came by, if it did; `refund` what gives it back."""

    __tablename__ = "billettique_give_back"
    __table_args__ = (
        UniqueConstraint("case_id", "cause"),
        Index(None, "state"),
        CheckConstraint("cents > 0", name="positive"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint("agreed_by IS NULL OR agreed_by <> prepared_by", name="two_people"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("billettique_case.id"))
    cause: Mapped[str] = mapped_column(String(60))  # "withdrawn", or "too_much:" and what it came by
    cents: Mapped[int]
    means: Mapped[str] = mapped_column(String(20))
    payment: Mapped[str | None] = mapped_column(String(26))
    state: Mapped[str] = mapped_column(String(10))
    way: Mapped[str | None] = mapped_column(String(10))
    refund: Mapped[str | None] = mapped_column(String(26), index=True)
    owed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    prepared_by: Mapped[str | None] = mapped_column(String(64))
    prepared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    agreed_by: Mapped[str | None] = mapped_column(String(64))
    agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    returns: Mapped[int] = mapped_column(default=0)  # how often a bank sent it back


describe(
    GiveBackRow,
    purpose="give back a penalty that is not owed, once, and prove it",
    keep=Always("an accounting paper, with random ids only"),
    plain="id case_id cause cents means payment state way refund owed_at prepared_by prepared_at agreed_by agreed_at "
    "paid_at returns",
)


def add(
    session: Session, case_id: str, cause: str, amount: Money, means: str, payment: str | None, now: datetime
) -> bool:
    """A sum more; False for one that is there already."""
    row = {
        "id": new_id(now), "case_id": case_id, "cause": cause[:60], "cents": amount.cents, "means": means,
        "payment": payment, "state": str(GiveBackState.OWED), "owed_at": now, "returns": 0,
    }  # fmt: skip
    return insert_new(session, GiveBackRow, row, ["case_id", "cause"])


def get(session: Session, give_back_id: str, *, lock: bool = False) -> GiveBackRow:
    """One of them. Raises NotFound("billettique.no_give_back")."""
    row = session.get(GiveBackRow, give_back_id, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise NotFound("billettique.no_give_back")
    return row


def of_case(session: Session, case_id: str) -> Sequence[GiveBackRow]:
    """What is given back of a case, oldest first."""
    return list(session.scalars(select(GiveBackRow).where(GiveBackRow.case_id == case_id).order_by(GiveBackRow.id)))


def find_by_refund(session: Session, refund: str) -> GiveBackRow | None:
    """The one that this refund gives back, locked."""
    return session.scalar(select(GiveBackRow).where(GiveBackRow.refund == refund).with_for_update())


def total_of(session: Session, case_id: str) -> Money:
    """What is given back of a case, or will be."""
    return Money(int(session.scalar(select(func.sum(GiveBackRow.cents)).where(GiveBackRow.case_id == case_id)) or 0))


def listed(session: Session, states: Sequence[GiveBackState], most: int) -> Sequence[GiveBackRow]:
    """Those in these states, the longest waiting first."""
    asked = select(GiveBackRow).where(GiveBackRow.state.in_([str(each) for each in states]))
    return list(session.scalars(asked.order_by(GiveBackRow.owed_at, GiveBackRow.id).limit(most)))


def by_mandate(session: Session, most: int) -> Sequence[GiveBackRow]:
    """Those that the accountant has to pay, agreed and not paid, and that no payment's own refund covers."""
    asked = select(GiveBackRow).where(
        GiveBackRow.state == str(GiveBackState.AGREED), GiveBackRow.way == str(GiveBackWay.MANDATE),
        GiveBackRow.refund.is_(None),
    )  # fmt: skip
    return list(session.scalars(asked.order_by(GiveBackRow.agreed_at, GiveBackRow.id).limit(most)))

"""Tills and régies: sessions of an agent, every move of cash, and what was paid over to the accountant.

Whoever moves cash locks the row of the régie first, so that its ceiling and its advance hold under any concurrency; the
database holds that neither is ever negative.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from billettique.model.regie import CashKind, Holding, TillLine
from mobigo.base.errors import Conflict, NotFound
from mobigo.base.money import Money
from mobigo.infra.append_only import append_only
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime, insert_new
from mobigo.infra.privacy import Always, describe

_ACCOUNTS: Final = "papers of a régie are kept ten years with the accounts; agents by random ids only"


class RegieRow(Base):
    """What a régie holds now."""

    __tablename__ = "billettique_regie"
    __table_args__ = (CheckConstraint("cash_cents >= 0 AND advance_used_cents >= 0", name="held"),)

    regie: Mapped[str] = mapped_column(String(60), primary_key=True)
    cash_cents: Mapped[int] = mapped_column(default=0)
    cheque_cents: Mapped[int] = mapped_column(default=0)
    terminal_cents: Mapped[int] = mapped_column(default=0)
    advance_used_cents: Mapped[int] = mapped_column(default=0)
    deposits: Mapped[int] = mapped_column(default=0)
    rounds: Mapped[int] = mapped_column(default=0)
    deposited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def holding(self) -> Holding:
        return Holding(Money(self.cash_cents), Money(self.advance_used_cents))


class CashSessionRow(Base):
    """A till from its opening to its count. An agent has one open at a time. `training`: nothing it does is kept.

    The till of a round has a `round_number` in its régie, the `device` that writes its receipts, the number of the last
    one as it was said at the count, those that were `missing` then, and to whom its money was handed over.
    """

    __tablename__ = "billettique_cash_session"
    __table_args__ = (
        Index("uq_billettique_cash_session_open", "agent", unique=True,
              sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL")),
        Index(None, "regie", "opened_at"),
        UniqueConstraint("regie", "round_number"),
        CheckConstraint("opening_cents >= 0", name="opening"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    regie: Mapped[str] = mapped_column(String(60))
    place: Mapped[str] = mapped_column(String(60))
    agent: Mapped[str] = mapped_column(String(26))
    training: Mapped[bool] = mapped_column(default=False)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opening_cents: Mapped[int] = mapped_column()
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expected_cents: Mapped[int | None] = mapped_column()
    counted_cents: Mapped[int | None] = mapped_column()
    pieces: Mapped[Any] = mapped_column(Json, nullable=True)
    note: Mapped[str | None] = mapped_column(Text)
    round_number: Mapped[int | None] = mapped_column()
    device: Mapped[str | None] = mapped_column(String(40))
    last_receipt: Mapped[int | None] = mapped_column()
    missing: Mapped[Any] = mapped_column(Json, nullable=True)
    handed_to: Mapped[str | None] = mapped_column(String(26))
    handed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lost_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its telephone was said to be lost, by whom
    lost_by: Mapped[str | None] = mapped_column(String(26))


class CashMoveRow(Base):
    """One move of money of a régie, signed: what comes in is positive. It only grows."""

    __tablename__ = "billettique_cash_move"
    __table_args__ = (UniqueConstraint("kind", "ref"), Index(None, "regie", "at"), Index(None, "session_id"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    regie: Mapped[str] = mapped_column(String(60))
    session_id: Mapped[str | None] = mapped_column(String(26))
    kind: Mapped[str] = mapped_column(String(12))
    means: Mapped[str] = mapped_column(String(12))
    cents: Mapped[int] = mapped_column()
    ref: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class DepositRow(Base):
    """Money paid over to the accountant (versement), with a number without gaps in its régie."""

    __tablename__ = "billettique_deposit"
    __table_args__ = (
        UniqueConstraint("regie", "number"),
        CheckConstraint("cash_cents >= 0 AND cheque_cents >= 0 AND terminal_cents >= 0", name="amounts"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    regie: Mapped[str] = mapped_column(String(60))
    number: Mapped[int] = mapped_column()
    cash_cents: Mapped[int] = mapped_column()
    cheque_cents: Mapped[int] = mapped_column()
    terminal_cents: Mapped[int] = mapped_column()
    made_by: Mapped[str] = mapped_column(String(26))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_by: Mapped[str | None] = mapped_column(String(26))
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


append_only(CashMoveRow)
describe(
    RegieRow,
    purpose="hold the ceiling and the advance of a régie",
    keep=Always(_ACCOUNTS),
    plain="regie cash_cents cheque_cents terminal_cents advance_used_cents deposits rounds deposited_at moved_at",
)
describe(
    CashSessionRow,
    purpose="know what a till should hold, and what it held",
    keep=Always(_ACCOUNTS),
    plain="id regie place agent training opened_at opening_cents closed_at expected_cents counted_cents pieces note "
    "round_number device last_receipt missing handed_to handed_at lost_at lost_by",
)
describe(
    CashMoveRow,
    purpose="account for each euro of a régie",
    keep=Always(_ACCOUNTS),
    plain="id regie session_id kind means cents ref at",
)
describe(
    DepositRow,
    purpose="prove what was paid over to the accountant",
    keep=Always(_ACCOUNTS),
    plain="id regie number cash_cents cheque_cents terminal_cents made_by made_at received_by received_at",
)


# ---------------------------------------------------------------- régies


def lock_regie(session: Session, regie: str, now: datetime) -> RegieRow:
    """The row of a régie, locked until the end of the transaction; made at its first use."""
    insert_new(session, RegieRow, {"regie": regie, "cash_cents": 0, "cheque_cents": 0, "terminal_cents": 0,
                                   "advance_used_cents": 0, "deposits": 0, "rounds": 0, "moved_at": now})  # fmt: skip
    asked = select(RegieRow).where(RegieRow.regie == regie).with_for_update()
    return session.scalars(asked.execution_options(populate_existing=True)).one()


def find_regie(session: Session, regie: str) -> RegieRow | None:
    """The row of a régie, as it stands."""
    return session.get(RegieRow, regie)


def move(
    session: Session, row: RegieRow, kind: CashKind, means: str, amount: Money, ref: str, *, till: str | None,
    now: datetime,
) -> None:  # fmt: skip
    """Write a move of a locked régie, and what it holds from then on."""
    session.add(CashMoveRow(id=new_id(now), regie=row.regie, session_id=till, kind=str(kind), means=means,
                            cents=amount.cents, ref=ref, at=now))  # fmt: skip
    if kind is CashKind.REFUND or kind is CashKind.RENEWAL:
        row.advance_used_cents -= amount.cents
    elif means == "cash":
        row.cash_cents += amount.cents
    elif means == "cheque":
        row.cheque_cents += amount.cents
    else:
        row.terminal_cents += amount.cents
    row.moved_at = now
    session.flush()


# ---------------------------------------------------------------- tills


def find_open(session: Session, agent: str, *, lock: bool = False) -> CashSessionRow | None:
    """The till that an agent has open."""
    asked = select(CashSessionRow).where(CashSessionRow.agent == agent, CashSessionRow.closed_at.is_(None))
    return session.scalar(asked.with_for_update().execution_options(populate_existing=True) if lock else asked)


def get_session(session: Session, session_id: str, *, lock: bool = False) -> CashSessionRow:
    """A till; with `lock`, nobody else changes it before the end of the transaction. Raises
    NotFound("billettique.no_till")."""
    row = session.get(CashSessionRow, session_id, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise NotFound("billettique.no_till")
    return row


def sessions_of(session: Session, regie: str, most: int = 60) -> list[CashSessionRow]:
    """The tills of a régie, the newest first."""
    asked = select(CashSessionRow).where(CashSessionRow.regie == regie).order_by(CashSessionRow.opened_at.desc())
    return list(session.scalars(asked.limit(most)))


def lines_of(session: Session, till: str) -> list[TillLine]:
    """What a till did, in order."""
    asked = select(CashMoveRow).where(CashMoveRow.session_id == till).order_by(CashMoveRow.id)
    return [_line(each) for each in session.scalars(asked)]


def lines_between(session: Session, regie: str, since: datetime, until: datetime) -> list[TillLine]:
    """What a régie did from `since` to before `until`, in order."""
    asked = select(CashMoveRow).where(CashMoveRow.regie == regie, CashMoveRow.at >= since, CashMoveRow.at < until)
    return [_line(each) for each in session.scalars(asked.order_by(CashMoveRow.id))]


def cash_of(session: Session, till: str) -> Money:
    """What the cash moves of a till add up to: takings, and what was given back out of the advance in its drawer."""
    asked = select(func.coalesce(func.sum(CashMoveRow.cents), 0))
    total = session.scalar(asked.where(CashMoveRow.session_id == till, CashMoveRow.means == "cash"))
    return Money(int(total or 0))


def _line(row: CashMoveRow) -> TillLine:
    return TillLine(row.at, CashKind(row.kind), row.means, Money(row.cents), row.ref)


# ---------------------------------------------------------------- deposits


def get_deposit(session: Session, deposit_id: str, *, lock: bool = False) -> DepositRow:
    """A payment to the accountant. Raises NotFound("billettique.no_deposit")."""
    asked = select(DepositRow).where(DepositRow.id == deposit_id)
    row = session.scalar(asked.with_for_update().execution_options(populate_existing=True) if lock else asked)
    if row is None:
        raise NotFound("billettique.no_deposit")
    return row


def deposits_of(session: Session, regie: str, most: int = 60) -> Sequence[DepositRow]:
    """What a régie paid over, the newest first."""
    asked = select(DepositRow).where(DepositRow.regie == regie).order_by(DepositRow.number.desc())
    return list(session.scalars(asked.limit(most)))


def received(row: DepositRow, by: str, now: datetime) -> None:
    """The accountant has it. Raises Conflict("billettique.deposit_received")."""
    if row.received_at is not None:
        raise Conflict("billettique.deposit_received", number=row.number)
    row.received_by, row.received_at = by, now

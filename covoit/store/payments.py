"""Batches of payments, who did what to them, what was sent, what the bank answered.

The database itself holds what must never happen: one person acting twice on a batch, a step done by another role than
its own, a payment request sent twice, two payments of one end-to-end id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from covoit.model.payments import Act, BatchState, Step
from mobigo.base.errors import NotFound
from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Always, describe

_TEN_YEARS: Final = "an accounting paper, with random ids only: they mean nothing once the person is erased"
LINE_WAITING: Final = "waiting"
LINE_BLOCKED: Final = "blocked"
LINE_SENT: Final = "sent"
LINE_DROPPED: Final = "dropped"  # with its batch, sent back or rejected
ROLE_OF_STEP: Final = {
    Step.PREPARE: "carpool_manager",
    Step.CHECK: "finance_agent",
    Step.ORDER: "ordonnateur",
    Step.ACCEPT: "comptable_public",
}


class BatchRow(Base):
    """A batch of payments. `file` is the hash of what was given to the bank or to the public accountant."""

    __tablename__ = "covoit_batch"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    last_month: Mapped[str] = mapped_column(String(7))
    way: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12), index=True)
    execution_day: Mapped[date] = mapped_column(Date)
    lines: Mapped[int] = mapped_column()
    cents: Mapped[int] = mapped_column(BigInteger)
    prepared_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    file: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(500))


class ActRow(Base):
    """One person's act on a batch, under the role that allows it. Nobody acts twice on one batch."""

    __tablename__ = "covoit_batch_act"
    __table_args__ = (
        UniqueConstraint("batch", "subject"),
        CheckConstraint(
            " OR ".join(f"(step = '{step}' AND role = '{role}')" for step, role in ROLE_OF_STEP.items()), name="role"
        ),
    )

    batch: Mapped[str] = mapped_column(ForeignKey("covoit_batch.id"), primary_key=True)
    step: Mapped[str] = mapped_column(String(10), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class LineRow(Base):
    """One payment request in a batch, to the account that was approved."""

    __tablename__ = "covoit_batch_line"
    __table_args__ = (
        UniqueConstraint("batch", "number"),
        CheckConstraint("cents > 0", name="positive"),
    )

    batch: Mapped[str] = mapped_column(ForeignKey("covoit_batch.id"), primary_key=True)
    claim: Mapped[str] = mapped_column(ForeignKey("covoit_claim.id"), primary_key=True, index=True)
    number: Mapped[int] = mapped_column()
    person: Mapped[str] = mapped_column(String(26))
    cents: Mapped[int] = mapped_column()
    netted_cents: Mapped[int] = mapped_column()
    iban: Mapped[str] = mapped_column(String(26))  # its id in the erasable table
    trips: Mapped[int] = mapped_column()
    first_month: Mapped[str] = mapped_column(String(7))
    last_month: Mapped[str] = mapped_column(String(7))
    scale: Mapped[str] = mapped_column(String(200))
    act: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(10))


class PaymentRow(Base):
    """A payment that left, for ever: a request leaves once, an end-to-end id names one payment."""

    __tablename__ = "covoit_payment"
    __table_args__ = (Index(None, "batch"),)

    end_to_end_id: Mapped[str] = mapped_column(String(35), primary_key=True)
    claim: Mapped[str] = mapped_column(ForeignKey("covoit_claim.id"), unique=True)
    batch: Mapped[str] = mapped_column(ForeignKey("covoit_batch.id"))
    cents: Mapped[int] = mapped_column()
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BankEventRow(Base):
    """What a bank said of a payment, once for each answer: paid, or returned."""

    __tablename__ = "covoit_bank_event"

    end_to_end_id: Mapped[str] = mapped_column(ForeignKey("covoit_payment.end_to_end_id"), primary_key=True)
    answer: Mapped[str] = mapped_column(String(10), primary_key=True)
    reason: Mapped[str] = mapped_column(String(10))
    file: Mapped[str] = mapped_column(String(64), index=True)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


for _owner in (ActRow, PaymentRow, BankEventRow):
    append_only(_owner)
describe(
    BatchRow, purpose="pay drivers in batches that several people answer for", keep=Always(_TEN_YEARS),
    plain="id number last_month way state execution_day lines cents prepared_at sent_at file reason",
)  # fmt: skip
describe(
    ActRow, purpose="prove who prepared, checked, ordered and accepted a payment", keep=Always(_TEN_YEARS),
    plain="batch step subject role at",
)  # fmt: skip
describe(
    LineRow, purpose="pay drivers in batches that several people answer for", keep=Always(_TEN_YEARS),
    plain="batch claim number person cents netted_cents iban trips first_month last_month scale act state",
)  # fmt: skip
describe(
    PaymentRow, purpose="never pay anything twice", keep=Always(_TEN_YEARS),
    plain="end_to_end_id claim batch cents sent_at",
)  # fmt: skip
describe(
    BankEventRow, purpose="know what arrived and what came back", keep=Always(_TEN_YEARS),
    plain="end_to_end_id answer reason file recorded_at",
)  # fmt: skip


def get_batch(session: Session, batch: str, *, lock: bool = False) -> BatchRow:
    """One batch. Raises NotFound("covoit.unknown_batch")."""
    row = session.get(BatchRow, batch, with_for_update=lock, populate_existing=lock)
    if row is None:
        raise NotFound("covoit.unknown_batch", batch=batch[:40])
    return row


def batches(session: Session) -> list[BatchRow]:
    """Every batch, the latest first."""
    return list(session.scalars(select(BatchRow).order_by(BatchRow.number.desc())))


def under_way(session: Session) -> list[BatchRow]:
    """The batches that wait for somebody, oldest first."""
    waiting = (BatchState.PREPARED, BatchState.CHECKED, BatchState.ORDERED, BatchState.ACCEPTED)
    return list(session.scalars(select(BatchRow).where(BatchRow.state.in_(waiting)).order_by(BatchRow.number)))


def next_number(session: Session) -> int:
    """The number of the next batch."""
    return (session.scalar(select(func.max(BatchRow.number))) or 0) + 1


def acts_of(session: Session, batch: str) -> list[Act]:
    """Who did what to a batch, in order."""
    rows = session.scalars(select(ActRow).where(ActRow.batch == batch).order_by(ActRow.at, ActRow.step))
    return [Act(Step(row.step), row.subject, row.at) for row in rows]


def lines_of(session: Session, batch: str, state: str | None = None) -> list[LineRow]:
    """The lines of a batch, by number."""
    asked = select(LineRow).where(LineRow.batch == batch).order_by(LineRow.number)
    return list(session.scalars(asked if state is None else asked.where(LineRow.state == state)))


def some_lines_of(session: Session, batch: str, *, limit: int, offset: int) -> list[LineRow]:
    """Some lines of a batch, by number: a page of them."""
    asked = select(LineRow).where(LineRow.batch == batch).order_by(LineRow.number)
    return list(session.scalars(asked.limit(limit).offset(offset)))


def sums_of(session: Session, batch: str) -> dict[str, int]:
    """The cents of a batch's lines, by their state."""
    asked = select(LineRow.state, func.sum(LineRow.cents)).where(LineRow.batch == batch).group_by(LineRow.state)
    return {row[0]: int(row[1]) for row in session.execute(asked)}


def silent(session: Session, batch: str) -> int:
    """How many payments of a batch left and have no answer of the bank."""
    said = select(BankEventRow.end_to_end_id)
    asked = select(func.count()).where(PaymentRow.batch == batch, PaymentRow.end_to_end_id.not_in(said))
    return session.scalar(asked) or 0


def payments_of(session: Session, batch: str) -> list[PaymentRow]:
    """The payments of a batch that left."""
    return list(session.scalars(select(PaymentRow).where(PaymentRow.batch == batch).order_by(PaymentRow.end_to_end_id)))


def find_payments(session: Session, ids: Sequence[str]) -> dict[str, PaymentRow]:
    """Payments by their end-to-end ids."""
    found = {}
    for start in range(0, len(ids), 2_000):
        for row in session.scalars(select(PaymentRow).where(PaymentRow.end_to_end_id.in_(ids[start : start + 2_000]))):
            found[row.end_to_end_id] = row
    return found


def events_of(session: Session, ids: Sequence[str]) -> set[tuple[str, str]]:
    """What was already said: (end-to-end id, answer)."""
    found: set[tuple[str, str]] = set()
    for start in range(0, len(ids), 2_000):
        asked = select(BankEventRow.end_to_end_id, BankEventRow.answer).where(
            BankEventRow.end_to_end_id.in_(ids[start : start + 2_000])
        )
        found |= {(row[0], row[1]) for row in session.execute(asked)}
    return found


def answers_of(session: Session, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """What the bank last said of payments: (answer, reason) by end-to-end id. Given back comes after paid."""
    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(ids), 2_000):
        asked = select(BankEventRow.end_to_end_id, BankEventRow.answer, BankEventRow.reason).where(
            BankEventRow.end_to_end_id.in_(ids[start : start + 2_000])
        )
        for name, answer, reason in session.execute(asked.order_by(BankEventRow.recorded_at, BankEventRow.answer)):
            found[name] = (answer, reason)
    return found


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A batch that left, and the payments of it of which the bank said nothing yet."""

    batch: str
    number: int
    execution_day: date
    sent_at: datetime
    payments: int
    cents: int


def unanswered(session: Session) -> list[Unanswered]:
    """The batches the bank has not said everything of, oldest first."""
    said = select(BankEventRow.end_to_end_id)
    asked = (
        select(
            BatchRow.id, BatchRow.number, BatchRow.execution_day, BatchRow.sent_at, func.count(),
            func.sum(PaymentRow.cents),
        )
        .join(PaymentRow, PaymentRow.batch == BatchRow.id)
        .where(PaymentRow.end_to_end_id.not_in(said))
        .group_by(BatchRow.id, BatchRow.number, BatchRow.execution_day, BatchRow.sent_at)
        .order_by(BatchRow.number)
    )  # fmt: skip
    return [
        Unanswered(batch, number, day, sent_at, count, int(cents))
        for batch, number, day, sent_at, count, cents in session.execute(asked)
        if sent_at is not None
    ]


def payment_of_claim(session: Session, claim: str) -> PaymentRow | None:
    """The payment of a request, if it left."""
    return session.scalar(select(PaymentRow).where(PaymentRow.claim == claim))

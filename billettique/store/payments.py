"""Payments, their moves, their refunds and disputes, and what is set aside because it does not match.

One row is one attempt to have an order paid, under a key that is there before anything is asked of a provider. A move
is a row that nobody can change. What is received, and what is given back, is held together by the database: a refund
is added under the lock of its payment.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from billettique.model.payments import DisputeState, PaymentState, RefundState
from mobigo.base.errors import NotFound
from mobigo.base.money import Money
from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base, Json, UtcDateTime, insert_all_new
from mobigo.infra.privacy import BLANK, Always, Days, describe

_ACCOUNTS: Final = "an accounting fact, with random ids only"
_STATES: Final = ", ".join(f"'{state}'" for state in PaymentState)
_REFUND_STATES: Final = ", ".join(f"'{state}'" for state in RefundState)


class PaymentRow(Base):
    """One attempt. `called_at` is when the provider was first asked, `look_at` when it is to be looked at again."""

    __tablename__ = "billettique_payment"
    __table_args__ = (
        UniqueConstraint("order_id", "attempt", "purpose"),
        CheckConstraint("cents > 0", name="positive"),
        CheckConstraint("captured_cents >= 0", name="captured"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(64))
    attempt: Mapped[int] = mapped_column()
    purpose: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(64), unique=True)
    provider: Mapped[str] = mapped_column(String(20))
    means: Mapped[str] = mapped_column(String(20))
    collector: Mapped[str | None] = mapped_column(String(64))
    live: Mapped[bool | None] = mapped_column()
    cents: Mapped[int] = mapped_column()
    captured_cents: Mapped[int] = mapped_column(default=0)
    return_url: Mapped[str | None] = mapped_column(String(1000))
    means_ref: Mapped[str | None] = mapped_column(String(255))
    proof: Mapped[Any] = mapped_column(Json, nullable=True)
    state: Mapped[str] = mapped_column(String(20))
    why: Mapped[Any] = mapped_column(Json, nullable=True)
    provider_ref: Mapped[str | None] = mapped_column(String(255))
    action: Mapped[str | None] = mapped_column(String(2000))
    quarantined: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    called_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    looks: Mapped[int] = mapped_column(default=0)
    look_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class MoveRow(Base):
    """A payment went from one state to another. `cause` says by what: an answer, an event, a sweep, an agent."""

    __tablename__ = "billettique_payment_move"

    payment: Mapped[str] = mapped_column(ForeignKey("billettique_payment.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    before: Mapped[str | None] = mapped_column(String(20))
    after: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    cause: Mapped[str] = mapped_column(String(40))
    why: Mapped[Any] = mapped_column(Json, nullable=True)


class RefRow(Base):
    """A name under which a provider speaks of a payment."""

    __tablename__ = "billettique_payment_ref"

    provider: Mapped[str] = mapped_column(String(20), primary_key=True)
    ref: Mapped[str] = mapped_column(String(255), primary_key=True)
    payment: Mapped[str] = mapped_column(ForeignKey("billettique_payment.id"), index=True)


class RefundRow(Base):
    """Something to give back, or given back. `outside`: it was made at the provider, not by us."""

    __tablename__ = "billettique_payment_refund"
    __table_args__ = (
        CheckConstraint("cents > 0", name="positive"),
        CheckConstraint(f"state IN ({_REFUND_STATES})", name="state"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    payment: Mapped[str] = mapped_column(ForeignKey("billettique_payment.id"), index=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    cents: Mapped[int] = mapped_column()
    reason: Mapped[str] = mapped_column(String(60))
    outside: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(12), index=True)
    why: Mapped[Any] = mapped_column(Json, nullable=True)
    provider_ref: Mapped[str | None] = mapped_column(String(255), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    called_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DisputeRow(Base):
    """A payer's dispute. `due_at`: until when the provider takes an answer. `handled_by` is who answered by hand, or
    chose at `conceded_at` not to."""

    __tablename__ = "billettique_payment_dispute"

    provider: Mapped[str] = mapped_column(String(20), primary_key=True)
    ref: Mapped[str] = mapped_column(String(255), primary_key=True)
    payment: Mapped[str] = mapped_column(ForeignKey("billettique_payment.id"), index=True)
    cents: Mapped[int] = mapped_column()
    reason: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(8))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    proof_sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handled_by: Mapped[str | None] = mapped_column(String(64))
    conceded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class QuarantineRow(Base):
    """Money, or an object, that does not match what we asked. `refund_at` is when what was received is given back."""

    __tablename__ = "billettique_quarantine"
    __table_args__ = (UniqueConstraint("provider", "ref", "code"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    provider: Mapped[str] = mapped_column(String(20))
    ref: Mapped[str] = mapped_column(String(255))
    payment: Mapped[str | None] = mapped_column(ForeignKey("billettique_payment.id"), index=True)
    code: Mapped[str] = mapped_column(String(60))
    why: Mapped[Any] = mapped_column(Json)
    cents: Mapped[int] = mapped_column()
    currency: Mapped[str] = mapped_column(String(3))
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    refund_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    refund_ref: Mapped[str | None] = mapped_column(String(255))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended: Mapped[str | None] = mapped_column(String(20))  # refunded, nothing (no money was there), kept
    ended_by: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str | None] = mapped_column(String(500))


append_only(MoveRow)
describe(
    PaymentRow,
    purpose="have an order paid, and prove that it was",
    keep=Days(400, after="moved_at", then=BLANK),
    personal={
        "return_url": "where the payer's browser comes back to",
        "action": "the payer's page at the provider",
        "means_ref": "the payer's saved means of payment at the provider",
        "proof": "numbers of a cheque or of a terminal's receipt",
    },
    plain="id order_id attempt purpose key provider means collector live cents captured_cents state why provider_ref "
    "quarantined created_at called_at moved_at looks look_at",
)
describe(
    MoveRow, purpose="show how a payment moved", keep=Always(_ACCOUNTS), plain="payment n before after at cause why"
)
describe(RefRow, purpose="know a payment by its provider's names", keep=Always(_ACCOUNTS), plain="provider ref payment")
describe(
    RefundRow,
    purpose="give money back, and prove it",
    keep=Always(_ACCOUNTS),
    plain="id payment key cents reason outside state why provider_ref created_at called_at moved_at",
)
describe(
    DisputeRow,
    purpose="follow a payer's dispute",
    keep=Always(_ACCOUNTS),
    plain="provider ref payment cents reason state opened_at ended_at proof_sent_at due_at handled_by conceded_at",
)
describe(
    QuarantineRow,
    purpose="set aside money that does not match what was asked, and say what became of it",
    keep=Always(_ACCOUNTS),
    plain="id provider ref payment code why cents currency seen_at refund_at refund_ref ended_at ended ended_by note",
)


# ---------------------------------------------------------------- reading


def get_payment(session: Session, payment_id: str, *, lock: bool = False) -> PaymentRow:
    """A payment; with `lock`, nobody else moves it before the end of this transaction.
    Raises NotFound("payments.unknown")."""
    row = session.get(PaymentRow, payment_id, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise NotFound("payments.unknown", id=payment_id[:40])
    return row


def find_by_key(session: Session, key: str) -> PaymentRow | None:
    """The payment of this key."""
    return session.scalars(select(PaymentRow).where(PaymentRow.key == key)).one_or_none()


def find_attempt(session: Session, order_id: str, attempt: int, purpose: str) -> PaymentRow | None:
    """The payment of this attempt."""
    asked = select(PaymentRow).where(
        PaymentRow.order_id == order_id, PaymentRow.attempt == attempt, PaymentRow.purpose == purpose
    )
    return session.scalars(asked).one_or_none()


def find_by_ref(session: Session, provider: str, ref: str) -> str | None:
    """The id of the payment a provider calls so."""
    row = session.get(RefRow, (provider, ref))
    return None if row is None else row.payment


def payments_of(session: Session, order_id: str) -> list[PaymentRow]:
    """Every attempt of an order, in their order."""
    asked = select(PaymentRow).where(PaymentRow.order_id == order_id).order_by(PaymentRow.created_at, PaymentRow.id)
    return list(session.scalars(asked))


def refs_of(session: Session, payment_id: str) -> list[str]:
    """The names its provider knows a payment by."""
    return list(session.scalars(select(RefRow.ref).where(RefRow.payment == payment_id).order_by(RefRow.ref)))


def moves_of(session: Session, payment_id: str) -> list[MoveRow]:
    """How a payment moved, from the first."""
    return list(session.scalars(select(MoveRow).where(MoveRow.payment == payment_id).order_by(MoveRow.n)))


def due_looks(session: Session, now: datetime, limit: int) -> list[str]:
    """The payments to be looked at, the longest overdue first."""
    asked = select(PaymentRow.id).where(PaymentRow.look_at <= now).order_by(PaymentRow.look_at).limit(limit)
    return list(session.scalars(asked))


def refunds_of(session: Session, payment_id: str) -> list[RefundRow]:
    """The refunds of a payment, oldest first."""
    asked = select(RefundRow).where(RefundRow.payment == payment_id).order_by(RefundRow.created_at, RefundRow.id)
    return list(session.scalars(asked))


def get_refund(session: Session, refund_id: str, *, lock: bool = False) -> RefundRow:
    """A refund. Raises NotFound("payments.unknown_refund")."""
    row = session.get(RefundRow, refund_id, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise NotFound("payments.unknown_refund", id=refund_id[:40])
    return row


def find_refund(session: Session, key: str) -> RefundRow | None:
    """The refund of this key."""
    return session.scalars(select(RefundRow).where(RefundRow.key == key)).one_or_none()


def find_refund_by_ref(session: Session, ref: str) -> RefundRow | None:
    """The refund a provider calls so."""
    return session.scalars(select(RefundRow).where(RefundRow.provider_ref == ref).limit(1)).one_or_none()


def refunds_to_pay(session: Session, most: int) -> list[tuple[RefundRow, PaymentRow]]:
    """The requests that the accountant has not paid yet, the longest waiting first, each with its payment."""
    asked = select(RefundRow, PaymentRow).join(PaymentRow, PaymentRow.id == RefundRow.payment)
    waiting = asked.where(RefundRow.state == str(RefundState.MANDATE))
    found = session.execute(waiting.order_by(RefundRow.created_at, RefundRow.id).limit(most))
    return [(refund, payment) for refund, payment in found]


def disputes_of(session: Session, payment_id: str) -> list[DisputeRow]:
    """The disputes of a payment, oldest first."""
    asked = select(DisputeRow).where(DisputeRow.payment == payment_id).order_by(DisputeRow.opened_at, DisputeRow.ref)
    return list(session.scalars(asked))


def open_disputes(session: Session, most: int) -> list[tuple[DisputeRow, PaymentRow]]:
    """The disputes that no bank has decided yet, the first to answer at the top, each with its payment."""
    asked = select(DisputeRow, PaymentRow).join(PaymentRow, PaymentRow.id == DisputeRow.payment)
    asked = asked.where(DisputeRow.state == str(DisputeState.OPEN))
    order = (DisputeRow.due_at.is_(None), DisputeRow.due_at, DisputeRow.opened_at, DisputeRow.ref)
    return [(dispute, payment) for dispute, payment in session.execute(asked.order_by(*order).limit(most))]


def open_quarantine(session: Session) -> list[QuarantineRow]:
    """What is set aside and not ended, oldest first."""
    asked = select(QuarantineRow).where(QuarantineRow.ended_at.is_(None)).order_by(QuarantineRow.id)
    return list(session.scalars(asked))


# ---------------------------------------------------------------- writing


def name(session: Session, provider: str, refs: Iterable[str], payment_id: str) -> None:
    """Remember that a provider calls a payment so, and so."""
    rows = [{"provider": provider, "ref": ref, "payment": payment_id} for ref in dict.fromkeys(refs)]
    insert_all_new(session, RefRow, rows, ["provider", "ref"])


def record_move(
    session: Session, row: PaymentRow, after: PaymentState, *, cause: str, why: object, now: datetime
) -> None:
    """Move a locked payment, and write the move."""
    if any(isinstance(each, MoveRow) for each in session.new):
        session.flush()
    with session.no_autoflush:  # the payment is written once, with this move
        n = session.scalar(select(func.count()).select_from(MoveRow).where(MoveRow.payment == row.id)) or 0
    before = row.state if n else None
    session.add(MoveRow(payment=row.id, n=n + 1, before=before, after=after, at=now, cause=cause, why=why))
    row.state, row.moved_at = after, now


def captured(row: PaymentRow) -> Money:
    """What was received."""
    return Money(row.captured_cents)

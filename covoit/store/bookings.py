"""Bookings and each of their changes of state."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from covoit.model.bookings import HOLDING, Booking, BookingState, Side
from covoit.model.journeys import LineLeg
from mobigo.base.errors import NotFound
from mobigo.base.money import Money
from mobigo.infra import outbox
from mobigo.infra.append_only import append_only
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Always, Days, describe

TOLD: Final = "covoit.booking_told"  # the effect: another operator is to be told a booking's status


class BookingRow(Base):
    """Seats of one passenger in one car. `id` is a UUID version 4, common to both operators when there are two."""

    __tablename__ = "covoit_booking"
    __table_args__ = (
        Index(None, "offer"),
        Index(None, "passenger", "pickup_at"),
        CheckConstraint("seats >= 1 AND seats <= 8", name="seats"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    offer: Mapped[str] = mapped_column(ForeignKey("covoit_offer.id", ondelete="CASCADE"))
    passenger: Mapped[str] = mapped_column(String(26))
    seats: Mapped[int]
    from_stop: Mapped[str] = mapped_column(String(60))
    to_stop: Mapped[str] = mapped_column(String(60))
    direction: Mapped[int]
    from_m: Mapped[int]
    to_m: Mapped[int]
    line: Mapped[str] = mapped_column(String(40))
    pickup_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(30))
    price_cents: Mapped[int]
    origin: Mapped[str] = mapped_column(String(12))  # booked, stop (boarding on demand), paper, api
    operator: Mapped[str | None] = mapped_column(String(200))  # the other operator's name, when it booked
    wire: Mapped[Any] = mapped_column(Json, nullable=True)  # what it sent, given back as it was
    journey: Mapped[str | None] = mapped_column(String(26))  # once it was proven
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BookingChangeRow(Base):
    """One change of state. It only grows."""

    __tablename__ = "covoit_booking_change"
    __table_args__ = (Index(None, "booking"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    booking: Mapped[str] = mapped_column(String(36))
    before: Mapped[str | None] = mapped_column(String(30))
    after: Mapped[str] = mapped_column(String(30))
    side: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


append_only(BookingChangeRow)
describe(
    BookingRow,
    purpose="keep a seat for a passenger, and tie the proofs of the ride to it",
    keep=Days(3 * 366, after="pickup_at"),
    personal={
        "passenger": "whose seat it is (random person id)",
        "wire": "what another operator sent about its user, given back to it as it was",
    },
    plain="id offer seats from_stop to_stop direction from_m to_m line pickup_at state price_cents origin operator "
    "journey created_at changed_at",
)
describe(
    BookingChangeRow,
    purpose="show how a booking came to its state",
    keep=Always("it only grows, and holds the random ids of bookings alone"),
    plain="id booking before after side at",
)


def booking_value(row: BookingRow) -> Booking:
    """The value of a row."""
    return Booking(
        row.id, row.offer, row.passenger, row.seats, row.from_stop, row.to_stop,
        LineLeg(row.line, row.direction, row.from_m, row.to_m), row.pickup_at, BookingState(row.state),
        Money(row.price_cents),
    )  # fmt: skip


def get_booking(session: Session, booking_id: str, *, lock: bool = False) -> BookingRow:
    """One booking. Raises NotFound("covoit.missing_booking")."""
    asked = select(BookingRow).where(BookingRow.id == booking_id)
    row = session.scalar(asked.with_for_update() if lock else asked)
    if row is None:
        raise NotFound("covoit.missing_booking")
    return row


def bookings_on(session: Session, offers: Sequence[str]) -> list[Booking]:
    """The bookings that hold seats on these runs, by pick-up."""
    asked = select(BookingRow).where(
        BookingRow.offer.in_(offers), BookingRow.state.in_([str(each) for each in HOLDING])
    )
    return [booking_value(row) for row in session.scalars(asked.order_by(BookingRow.pickup_at, BookingRow.id))]


def bookings_of(session: Session, passenger: str, since: datetime, limit: int = 50) -> list[Booking]:
    """A passenger's bookings whose pick-up is not before `since`, soonest first, cancelled ones included."""
    asked = select(BookingRow).where(BookingRow.passenger == passenger, BookingRow.pickup_at >= since)
    return [booking_value(row) for row in session.scalars(asked.order_by(BookingRow.pickup_at).limit(limit))]


def write_change(
    session: Session, row: BookingRow, after: BookingState, side: str, now: datetime, *, first: bool = False
) -> None:
    """The state of the row, and one line of its history. What another operator booked and did not change itself is
    told to it: the effect is written with the change."""
    change = new_id(now)
    session.add(
        BookingChangeRow(
            id=change, booking=row.id, before=None if first else row.state, after=str(after), side=side, at=now
        )
    )
    row.state = str(after)
    row.changed_at = now
    session.flush()
    if row.operator is not None and side != Side.PASSENGER:  # its passenger's own acts come from it
        outbox.emit(session, TOLD, {"booking": row.id, "status": str(after)}, key=change, now=now)


def history_of(session: Session, booking_id: str) -> list[BookingChangeRow]:
    """The changes of a booking, oldest first."""
    asked = select(BookingChangeRow).where(BookingChangeRow.booking == booking_id)
    return list(session.scalars(asked.order_by(BookingChangeRow.at, BookingChangeRow.id)))

"""Seats that regular lines and TER have for pupils: declared, from a day to a day; ended, never changed."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Always, describe


class LineSeatsRow(Base):
    """`seats` of every run of a line of the timetable (`feed`, `route`) are for pupils; `source`: who promised them."""

    __tablename__ = "scolaire_line_seats"
    __table_args__ = (CheckConstraint("seats > 0", name="seats"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    feed: Mapped[str] = mapped_column(String(64))
    route: Mapped[str] = mapped_column(String(400))
    name: Mapped[str] = mapped_column(String(200))
    seats: Mapped[int]
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(200))
    entered_by: Mapped[str] = mapped_column(String(26))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(26))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


describe(
    LineSeatsRow, purpose="carry pupils on the lines that run anyway, and no more than they have seats for",
    keep=Always("what a line promised explains the circuits of a year; no pupil is in it"),
    plain="id feed route name seats first_day last_day source entered_by entered_at ended_by ended_at",
)  # fmt: skip


def line_seats(session: Session, first_day: date | None = None, last_day: date | None = None) -> list[LineSeatsRow]:
    """The declarations that hold, by name; those that hold from the first to the last of these days."""
    asked = select(LineSeatsRow).where(LineSeatsRow.ended_at.is_(None))
    if first_day is not None and last_day is not None:
        asked = asked.where(LineSeatsRow.first_day <= first_day, LineSeatsRow.last_day >= last_day)
    return list(session.scalars(asked.order_by(LineSeatsRow.name, LineSeatsRow.id)))


def get_line_seats(session: Session, line: str) -> LineSeatsRow:
    """Raises NotFound("scolaire.unknown_line")."""
    row = session.get(LineSeatsRow, line)
    if row is None:
        raise NotFound("scolaire.unknown_line")
    return row

"""What a plan holds to, as the Region set it: rows with a first day and a source, never edited. Before the first one,
the example figures shipped with the product hold."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Always, describe


class FiguresRow(Base):
    """The figures that hold from a day on, until a row with a later first day, or one entered later for the same.

    `amplitude_min`, `rest_min`: of a driver's day; `half_day_min`: of a coach's half-day; `ride_max_min`: by stage."""

    __tablename__ = "scolaire_figures"
    __table_args__ = (CheckConstraint("amplitude_min + rest_min <= 1440", name="day"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    first_day: Mapped[date] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(300))
    amplitude_min: Mapped[int]
    rest_min: Mapped[int]
    half_day_min: Mapped[int]
    before_bell_min: Mapped[int]
    after_bell_min: Mapped[int]
    ride_max_min: Mapped[dict[str, Any]] = mapped_column(Json)
    entered_by: Mapped[str] = mapped_column(String(26))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)


append_only(FiguresRow)
describe(
    FiguresRow, purpose="draw circuits within what was decided",
    keep=Always("plans of past years rest on it; no person"),
    plain="id first_day source amplitude_min rest_min half_day_min before_bell_min after_bell_min ride_max_min "
    "entered_by entered_at",
)  # fmt: skip


def rows(session: Session) -> list[FiguresRow]:
    """Every row, by first day, then as they were entered."""
    return list(session.scalars(select(FiguresRow).order_by(FiguresRow.first_day, FiguresRow.id)))


def find_on(session: Session, day: date) -> FiguresRow | None:
    """The row that holds on a day; None before the first one."""
    asked = select(FiguresRow).where(FiguresRow.first_day <= day)
    return session.scalar(asked.order_by(FiguresRow.first_day.desc(), FiguresRow.id.desc()).limit(1))

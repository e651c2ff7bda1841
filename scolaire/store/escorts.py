"""Shuttles between the schools of an RPI (regroupement pédagogique intercommunal), and who accompanies their pupils.

An accompanist's name and telephone are told to those who run the service, and go a year after their last day."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.base.instants import paris_day
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Always, Days, describe

KEEP_DAYS = 365


class ShuttleRow(Base):
    """That a service is a shuttle of an RPI, from a day until it is ended."""

    __tablename__ = "scolaire_shuttle"

    plan: Mapped[str] = mapped_column(ForeignKey("scolaire_plan.id"), primary_key=True)
    service: Mapped[str] = mapped_column(String(80), primary_key=True)
    by: Mapped[str] = mapped_column(String(26))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class EscortRow(Base):
    """Who accompanies a service on these days. The one entered last for a day is the one who comes: a replacement for
    some days is a row more, and the one before comes back after it."""

    __tablename__ = "scolaire_escort"
    __table_args__ = (Index(None, "plan", "service", "last_day"), Index(None, "last_day"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    plan: Mapped[str] = mapped_column(ForeignKey("scolaire_plan.id"))
    service: Mapped[str] = mapped_column(String(80))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    name: Mapped[str] = mapped_column(String(100))
    phone: Mapped[str | None] = mapped_column(String(20))
    employer: Mapped[str] = mapped_column(String(120))
    made_by: Mapped[str] = mapped_column(String(26))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(26))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


describe(
    ShuttleRow, purpose="know which services are shuttles of an RPI", keep=Always("a public service; no person"),
    plain="plan service by at",
)  # fmt: skip
describe(
    EscortRow, purpose="know who accompanies the youngest pupils, and reach them",
    keep=Days(KEEP_DAYS, after="last_day", or_after="ended_at"),
    personal={"name": "who accompanies", "phone": "reaching them during the service", "employer": "whom to call"},
    plain="id plan service first_day last_day made_by made_at ended_by ended_at",
)  # fmt: skip


def shuttles(session: Session) -> set[tuple[str, str]]:
    """The services that are shuttles of an RPI."""
    return {(row.plan, row.service) for row in session.scalars(select(ShuttleRow))}


def get_escort(session: Session, escort: str) -> EscortRow:
    """Raises NotFound("scolaire.unknown_escort")."""
    row = session.get(EscortRow, escort)
    if row is None:
        raise NotFound("scolaire.unknown_escort")
    return row


def escorts_between(session: Session, first: date, last: date, plans: Collection[str] | None = None) -> list[EscortRow]:
    """Who accompanies on some of these days (both included), first entered first; whoever stopped did so the day
    before."""
    asked = select(EscortRow).where(EscortRow.first_day <= last, EscortRow.last_day >= first)
    if plans is not None:
        asked = asked.where(EscortRow.plan.in_(sorted(plans)))
    found = session.scalars(asked.order_by(EscortRow.id))
    return [row for row in found if row.ended_at is None or paris_day(row.ended_at) > max(first, row.first_day)]

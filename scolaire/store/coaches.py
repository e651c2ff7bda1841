"""Which coach a family looks for: the number on the driver's side of the planned one, and the second coach that doubles
a service for some days. A number only grows: another one is another row, and the last one holds."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Always, describe
from scolaire.rules.days import held_until


class CoachNumberRow(Base):
    """The number on the driver's side of the coach planned on a service; empty: it bears none any more."""

    __tablename__ = "scolaire_coach_number"
    __table_args__ = (Index(None, "plan", "service"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    plan: Mapped[str] = mapped_column(ForeignKey("scolaire_plan.id"))
    service: Mapped[str] = mapped_column(String(80))
    shown: Mapped[str] = mapped_column(String(20))
    by: Mapped[str] = mapped_column(String(26))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class AddedCoachRow(Base):
    """A second coach on a service for some days (doublage). `stops`: those whose pupils take it; empty: it passes at
    all, and pupils take either. `organisation`: another operator's (None: the lot's own). `agreed_by`: the agent who
    agreed that the contract pays it; nobody yet for one that an operator adds. `notice`: the alert that told the
    families."""

    __tablename__ = "scolaire_added_coach"
    __table_args__ = (
        CheckConstraint("seats >= 0 AND wheelchairs >= 0 AND seats + wheelchairs > 0", name="places"),
        Index(None, "plan", "service", "last_day"),
        Index(None, "last_day"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    plan: Mapped[str] = mapped_column(ForeignKey("scolaire_plan.id"))
    service: Mapped[str] = mapped_column(String(80))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    vehicle: Mapped[str] = mapped_column(String(40))
    seats: Mapped[int]
    wheelchairs: Mapped[int]
    shown: Mapped[str] = mapped_column(String(20), default="")
    organisation: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    stops: Mapped[list[str]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(String(200))
    notice: Mapped[str] = mapped_column(String(26), index=True)
    made_by: Mapped[str] = mapped_column(String(26))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    agreed_by: Mapped[str | None] = mapped_column(String(26))
    agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(26))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


_WHY = "what a public contract paid, and which coaches ran; no pupil and no stop of a pupil"
append_only(CoachNumberRow)
describe(
    CoachNumberRow, purpose="tell families by which number they know their coach", keep=Always(_WHY),
    plain="id plan service shown by at",
)  # fmt: skip
describe(
    AddedCoachRow, purpose="tell who drives in what, and what the contract pays", keep=Always(_WHY),
    plain="id plan service first_day last_day vehicle seats wheelchairs shown organisation stops reason notice made_by "
    "made_at agreed_by agreed_at ended_by ended_at",
)  # fmt: skip


def numbers(session: Session, plans: Collection[str]) -> dict[tuple[str, str], str]:
    """The numbers that hold, by (plan, service); a service whose coach bears none is left out."""
    asked = select(CoachNumberRow).where(CoachNumberRow.plan.in_(sorted(plans)))
    told = session.scalars(asked.order_by(CoachNumberRow.at, CoachNumberRow.id))
    found = {(row.plan, row.service): row.shown for row in told}
    return {key: shown for key, shown in found.items() if shown}


def get_added(session: Session, added: str) -> AddedCoachRow:
    """Raises NotFound("scolaire.unknown_added_coach")."""
    row = session.get(AddedCoachRow, added)
    if row is None:
        raise NotFound("scolaire.unknown_added_coach")
    return row


def added_between(session: Session, first: date, last: date) -> list[AddedCoachRow]:
    """The second coaches of some of these days (both included), first made first; one that was ended held until the day
    before."""
    asked = select(AddedCoachRow).where(AddedCoachRow.first_day <= last, AddedCoachRow.last_day >= first)
    return [row for row in session.scalars(asked.order_by(AddedCoachRow.id)) if held_until(row) >= first]


def added_of_notice(session: Session, notice: str) -> AddedCoachRow | None:
    """The second coach that an alert told of."""
    return session.scalar(select(AddedCoachRow).where(AddedCoachRow.notice == notice))


def latest_added(session: Session, limit: int = 50) -> list[AddedCoachRow]:
    """The last ones, newest first, those that were ended too."""
    return list(session.scalars(select(AddedCoachRow).order_by(AddedCoachRow.id.desc()).limit(limit)))

"""How many pupils were aboard a service on a day, and what replaced what was planned. A count only grows: a correction
is another row, by whoever makes it, and the last one counts."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Always, Days, describe
from scolaire.rules.days import held_until

KEEP_DAYS = 2 * 365


class CountRow(Base):
    """The most pupils aboard a service on a day. `registered` and `places` are those of the plan as it was entered.
    `number`: 1, then one more for each correction."""

    __tablename__ = "scolaire_count"
    __table_args__ = (
        UniqueConstraint("plan", "service", "day", "number"),
        CheckConstraint("aboard BETWEEN 0 AND 300", name="aboard"),
        Index(None, "day"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    plan: Mapped[str] = mapped_column(ForeignKey("scolaire_plan.id"))
    service: Mapped[str] = mapped_column(String(80))
    day: Mapped[date] = mapped_column(Date)
    number: Mapped[int]
    aboard: Mapped[int]
    registered: Mapped[int]
    places: Mapped[int]
    by: Mapped[str] = mapped_column(String(26))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SubstitutionRow(Base):
    """Another coach, or another operator, on a service for some days. `shown`: the number on the driver's side.
    `standing_ok`: why fewer seats than registered pupils are enough (who nobody counted standing). `notice`: the alert
    that told the families, which proves that they were written to."""

    __tablename__ = "scolaire_substitution"
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
    reason: Mapped[str] = mapped_column(String(200))
    standing_ok: Mapped[str] = mapped_column(String(300), default="")
    notice: Mapped[str] = mapped_column(String(26))
    made_by: Mapped[str] = mapped_column(String(26))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(26))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


append_only(CountRow)
describe(
    CountRow, purpose="see that everybody is seated, and which services pupils do not take",
    keep=Always("how public services were used, in numbers; no pupil"),
    plain="id plan service day number aboard registered places by at",
)  # fmt: skip
describe(
    SubstitutionRow, purpose="tell who drives in what, when it is not what was planned",
    keep=Days(KEEP_DAYS, after="last_day"),
    plain="id plan service first_day last_day vehicle seats wheelchairs shown organisation reason standing_ok notice "
    "made_by made_at ended_by ended_at",
)  # fmt: skip


def last_count(session: Session, plan: str, service: str, day: date) -> CountRow | None:
    """The count that holds of a service on a day."""
    asked = select(CountRow).where(CountRow.plan == plan, CountRow.service == service, CountRow.day == day)
    return session.scalar(asked.order_by(CountRow.number.desc()).limit(1))


def counts_between(session: Session, first: date, last: date, plans: Collection[str] | None = None) -> list[CountRow]:
    """The counts that hold of these days (both included), by plan, service and day."""
    latest = (
        select(CountRow.plan, CountRow.service, CountRow.day, func.max(CountRow.number).label("number"))
        .where(CountRow.day >= first, CountRow.day <= last)
        .group_by(CountRow.plan, CountRow.service, CountRow.day)
        .subquery()
    )
    asked = select(CountRow).join(
        latest,
        (CountRow.plan == latest.c.plan)
        & (CountRow.service == latest.c.service)
        & (CountRow.day == latest.c.day)
        & (CountRow.number == latest.c.number),
    )
    if plans is not None:
        asked = asked.where(CountRow.plan.in_(sorted(plans)))
    return list(session.scalars(asked.order_by(CountRow.plan, CountRow.service, CountRow.day)))


def any_count(session: Session, since: date) -> bool:
    """Whether anything was counted since a day."""
    return session.scalar(select(CountRow.id).where(CountRow.day >= since).limit(1)) is not None


def get_substitution(session: Session, substitution: str) -> SubstitutionRow:
    """Raises NotFound("scolaire.unknown_substitution")."""
    row = session.get(SubstitutionRow, substitution)
    if row is None:
        raise NotFound("scolaire.unknown_substitution")
    return row


def substitutions_between(session: Session, first: date, last: date) -> list[SubstitutionRow]:
    """Those that hold on some of these days (both included), first made first; one that was ended held until the day
    before."""
    asked = select(SubstitutionRow).where(SubstitutionRow.first_day <= last, SubstitutionRow.last_day >= first)
    return [row for row in session.scalars(asked.order_by(SubstitutionRow.id)) if held_until(row) >= first]


def latest_substitutions(session: Session, limit: int = 50) -> list[SubstitutionRow]:
    """The last ones, newest first, those that were ended too."""
    return list(session.scalars(select(SubstitutionRow).order_by(SubstitutionRow.id.desc()).limit(limit)))

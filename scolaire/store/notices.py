"""What happens on some days and was not planned: a service that does not run, a delay, snow. Families are told at once,
and read it on their page. A notice is never changed: it ends, and another follows."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Index, String, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Days, describe
from scolaire.rules.days import held_until

KEEP_DAYS = 2 * 365


class NoticeRow(Base):
    """`scope`: `all`, or one `departement`, `school` (UAI) or `service`, named by `about`. `told`: families written to;
    `unreached`: those without a telephone or an e-mail."""

    __tablename__ = "scolaire_notice"
    __table_args__ = (
        CheckConstraint("kind IN ('cancelled', 'delayed', 'replaced', 'added', 'other')", name="kind"),
        CheckConstraint("scope IN ('all', 'departement', 'school', 'service')", name="scope"),
        Index(None, "last_day"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    scope: Mapped[str] = mapped_column(String(12))
    about: Mapped[str] = mapped_column(String(80), default="")
    plan: Mapped[str | None] = mapped_column(String(26))  # of the service, where another plan may have one of that name
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    minutes: Mapped[int | None]
    words: Mapped[str] = mapped_column(String(300))
    told: Mapped[int] = mapped_column(default=0)
    unreached: Mapped[int] = mapped_column(default=0)
    made_by: Mapped[str] = mapped_column(String(26))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(26))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


describe(
    NoticeRow, purpose="tell families that a coach does not run, and prove that they were told",
    keep=Days(KEEP_DAYS, after="last_day"),
    plain="id kind scope about plan first_day last_day minutes words told unreached made_by made_at ended_by ended_at",
)  # fmt: skip


def get_notice(session: Session, notice: str) -> NoticeRow:
    """Raises NotFound("scolaire.unknown_notice")."""
    row = session.get(NoticeRow, notice)
    if row is None:
        raise NotFound("scolaire.unknown_notice")
    return row


def latest(session: Session, limit: int = 50) -> list[NoticeRow]:
    """The last notices, newest first."""
    return list(session.scalars(select(NoticeRow).order_by(NoticeRow.id.desc()).limit(limit)))


def cancelled_between(session: Session, first: date, last: date) -> list[NoticeRow]:
    """The notices that no coach runs on some of these days (both included), first made first."""
    asked = select(NoticeRow).where(
        NoticeRow.kind == "cancelled", NoticeRow.first_day <= last, NoticeRow.last_day >= first
    )
    return [row for row in session.scalars(asked.order_by(NoticeRow.id)) if held_until(row) >= row.first_day]


def holding(
    session: Session, day: date, *, departements: Collection[str], uai: str, services: Collection[tuple[str, str]]
) -> list[NoticeRow]:
    """The notices of a day about any of these, first made first. `services`: (plan, service)."""
    of = or_(
        NoticeRow.scope == "all",
        and_(NoticeRow.scope == "departement", NoticeRow.about.in_(sorted(departements))),
        and_(NoticeRow.scope == "school", NoticeRow.about == uai),
        and_(NoticeRow.scope == "service", NoticeRow.about.in_(sorted({name for _plan, name in services}))),
    )
    asked = select(NoticeRow).where(
        NoticeRow.first_day <= day, NoticeRow.last_day >= day, NoticeRow.ended_at.is_(None), of
    )
    rows = session.scalars(asked.order_by(NoticeRow.id))
    return [row for row in rows if row.plan is None or (row.plan, row.about) in services]

"""The operators' terms of assistance, as agents enter them: a draft, then a version that somebody else approved. An
approved version never changes; a later one of the same operator and kind takes its place from its first day."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import String, Text, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import Conflict, NotFound, Refused
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Always, describe
from mobigo.planner.export.names import bare
from mobigo.planner.rules.assistance import Days, Kind, Terms


class AssistanceTermsRow(Base):
    """Terms of one operator and kind. Without `approved_at`: a draft."""

    __tablename__ = "assistance_terms"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    operator: Mapped[str] = mapped_column(String(120))
    agencies: Mapped[list[Any]] = mapped_column(Json)
    phone: Mapped[str] = mapped_column(String(40))
    link: Mapped[str] = mapped_column(String(400))
    notice_h: Mapped[int]
    days: Mapped[str] = mapped_column(String(20))
    opens: Mapped[str] = mapped_column(String(5))
    closes: Mapped[str] = mapped_column(String(5))
    first_day: Mapped[date]
    last_day: Mapped[date | None]
    source: Mapped[str] = mapped_column(Text)
    drafted_by: Mapped[str] = mapped_column(String(26))
    drafted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[str | None] = mapped_column(String(26))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


describe(
    AssistanceTermsRow,
    purpose="tell travellers how to book assistance, by terms that two people entered and approved",
    keep=Always("what travellers were told must be explained later; it holds random subject ids only"),
    plain="id kind operator agencies phone link notice_h days opens closes first_day last_day source drafted_by "
    "drafted_at approved_by approved_at",
)


@dataclass(frozen=True, slots=True)
class Entered:
    """Terms with where they stand."""

    id: str
    terms: Terms
    agencies: tuple[str, ...]  # as they were written
    drafted_by: str
    approved_at: datetime | None


def draft(session: Session, terms: Terms, agencies: tuple[str, ...], actor: str, now: datetime) -> str:
    """Write a draft; its id."""
    row = AssistanceTermsRow(
        id=new_id(now), kind=str(terms.kind), operator=terms.operator, agencies=list(agencies), phone=terms.phone,
        link=terms.link, notice_h=terms.notice_h, days=str(terms.days), opens=f"{terms.opens:%H:%M}",
        closes=f"{terms.closes:%H:%M}", first_day=terms.first_day, last_day=terms.last_day, source=terms.source,
        drafted_by=actor, drafted_at=now, approved_by=None, approved_at=None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def get(session: Session, terms_id: str) -> Entered:
    """Raises NotFound("planner.no_such_terms")."""
    row = session.get(AssistanceTermsRow, terms_id)
    if row is None:
        raise NotFound("planner.no_such_terms")
    return _entered(row)


def approve(session: Session, terms_id: str, actor: str, now: datetime) -> None:
    """Put a draft in force from its first day. Raises NotFound("planner.no_such_terms"),
    Conflict("planner.terms_approved"), Refused("planner.terms_own_draft") for who wrote it."""
    row = session.get(AssistanceTermsRow, terms_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("planner.no_such_terms")
    if row.approved_at is not None:
        raise Conflict("planner.terms_approved")
    if row.drafted_by == actor:
        raise Refused("planner.terms_own_draft")
    row.approved_by, row.approved_at = actor, now
    session.flush()


def drop(session: Session, terms_id: str) -> None:
    """Give a draft up. Raises Conflict("planner.terms_approved") for what is in force, or was."""
    if get(session, terms_id).approved_at is not None:
        raise Conflict("planner.terms_approved")
    session.execute(delete(AssistanceTermsRow).where(AssistanceTermsRow.id == terms_id))


def list_all(session: Session) -> list[Entered]:
    """Drafts and versions, by operator, kind and first day, the newest first."""
    rows = session.scalars(
        select(AssistanceTermsRow).order_by(
            AssistanceTermsRow.operator, AssistanceTermsRow.kind, AssistanceTermsRow.first_day.desc(),
            AssistanceTermsRow.id.desc(),
        )
    )  # fmt: skip
    return [_entered(row) for row in rows]


def list_approved(session: Session) -> list[Terms]:
    """The versions in force, past or to come, those approved first, first."""
    asked = select(AssistanceTermsRow).where(AssistanceTermsRow.approved_at.is_not(None))
    return [_entered(row).terms for row in session.scalars(asked.order_by(AssistanceTermsRow.approved_at))]


def _entered(row: AssistanceTermsRow) -> Entered:
    terms = Terms(
        Kind(row.kind), row.operator, frozenset(bare(each) for each in row.agencies), row.phone, row.link,
        row.notice_h, Days(row.days), time.fromisoformat(row.opens), time.fromisoformat(row.closes), row.first_day,
        row.last_day, row.source,
    )  # fmt: skip
    return Entered(row.id, terms, tuple(row.agencies), row.drafted_by, row.approved_at)

"""The audit log: who did what to what, when. It only grows, and holds random subject ids, never a name."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy import Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.infra.append_only import append_only
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Always, describe


class AuditEntry(Base):
    """One act. `actor` is a subject id, or "system"; `detail` holds codes, ids and figures only."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "object_kind", "object_id"), Index(None, "actor"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(100))
    object_kind: Mapped[str] = mapped_column(String(50))
    object_id: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, object]] = mapped_column(Json)


append_only(AuditEntry)
describe(
    AuditEntry,
    purpose="prove who did what, to the person concerned, to auditors and to a judge",
    keep=Always("it is the proof; it holds random subject ids only, which mean nothing once the person is erased"),
    plain="id at actor action object_kind object_id detail",
)

SYSTEM = "system"


def record(
    session: Session,
    action: str,
    *,
    actor: str,
    object_kind: str,
    object_id: str,
    now: datetime,
    detail: Mapping[str, object] | None = None,
) -> str:
    """Write one act in the same transaction as the act itself; returns the entry's id."""
    entry = AuditEntry(
        id=new_id(now),
        at=now,
        actor=actor,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        detail=dict(detail or {}),
    )
    session.add(entry)
    return entry.id


def history(session: Session, object_kind: str, object_id: str) -> list[AuditEntry]:
    """What happened to one thing, oldest first."""
    asked = select(AuditEntry).where(AuditEntry.object_kind == object_kind, AuditEntry.object_id == object_id)
    return list(session.scalars(asked.order_by(AuditEntry.at, AuditEntry.id)))


def latest(
    session: Session, *, limit: int, before_id: str | None = None, actor: str | None = None
) -> Iterator[AuditEntry]:
    """The last acts, newest first, at most `limit`; page on with the id of the last one shown."""
    asked = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if before_id is not None:
        asked = asked.where(AuditEntry.id < before_id)
    if actor is not None:
        asked = asked.where(AuditEntry.actor == actor)
    return iter(session.scalars(asked))

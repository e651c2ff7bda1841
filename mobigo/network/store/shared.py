"""Systems of shared bicycles in use: where each is told, and the last documents, in the same row (as realtime has it):
who reads the row reads one state, whole."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, deferred, mapped_column

from mobigo.base.decisions import Decision
from mobigo.base.errors import NotFound
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Always, describe

BACK_OFF_MAX: Final = timedelta(hours=1)


class SharedSourceRow(Base):
    """The address of a system (or the name of the folder it was brought in), and its last documents."""

    __tablename__ = "shared_source"

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    url: Mapped[str] = mapped_column(String(500))
    every_s: Mapped[int | None]  # None: not looked at, files are brought
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    slow_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when what changes seldom was fetched
    failures: Mapped[int] = mapped_column(default=0)
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    data: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))


describe(
    SharedSourceRow,
    purpose="know where shared bicycles are, and as of when",
    keep=Always("one row a system, with its last state alone; it names no person"),
    plain="code url every_s next_at looked_at slow_at failures error sha256 data",
)


@dataclass(frozen=True, slots=True)
class SharedSource:
    """A system in use. `sha256`: of its last documents, empty for none."""

    code: str
    url: str
    every_s: int | None
    looked_at: datetime | None
    slow_at: datetime | None
    failures: int
    error: Decision | None
    sha256: str


def _source(row: SharedSourceRow) -> SharedSource:
    error = None if row.error is None else Decision(row.error["code"], **row.error["params"])
    return SharedSource(row.code, row.url, row.every_s, row.looked_at, row.slow_at, row.failures, error, row.sha256)


def put_source(session: Session, code: str, url: str, every_s: int | None, now: datetime) -> SharedSource:
    """The system of that code, made or given another address; due at once when it is looked at. Another address
    forgets what the one before said."""
    row = session.get(SharedSourceRow, code, with_for_update=True)
    if row is None or row.url != url:
        if row is None:
            row = SharedSourceRow(code=code)
            session.add(row)
        row.url, row.slow_at, row.sha256, row.data = url, None, "", None
    row.every_s, row.next_at, row.failures, row.error = every_s, None if every_s is None else now, 0, None
    session.flush()
    return _source(row)


def remove_source(session: Session, code: str) -> None:
    """Forget a system. Raises NotFound("shared.unknown")."""
    row = session.get(SharedSourceRow, code)
    if row is None:
        raise NotFound("shared.unknown", system=code)
    session.delete(row)


def list_sources(session: Session) -> list[SharedSource]:
    """Every system, by code."""
    return [_source(row) for row in session.scalars(select(SharedSourceRow).order_by(SharedSourceRow.code))]


def due(session: Session, now: datetime) -> list[SharedSource]:
    """The systems whose next look has come."""
    query = select(SharedSourceRow).where(SharedSourceRow.next_at <= now).order_by(SharedSourceRow.next_at)
    return [_source(row) for row in session.scalars(query)]


def keep(
    session: Session, code: str, data: bytes, sha256: str, now: datetime, every_s: int | None, slow_at: datetime | None
) -> bool:
    """Put documents in the place of the last ones, and the next look after `every_s`; whether they are others."""
    row = session.get_one(SharedSourceRow, code, with_for_update=True)
    changed = row.sha256 != sha256
    row.looked_at, row.failures, row.error, row.slow_at = now, 0, None, slow_at
    row.every_s = every_s
    row.next_at = None if every_s is None else now + timedelta(seconds=every_s)
    if changed:
        row.data, row.sha256 = data, sha256
    session.flush()
    return changed


def note_failure(session: Session, code: str, error: Decision, now: datetime) -> None:
    """The look failed: the next one waits twice as long each time, an hour at most. What was said before is kept, and
    grows old."""
    row = session.get_one(SharedSourceRow, code)
    row.looked_at, row.failures = now, row.failures + 1
    row.error = {"code": error.code, "params": {name: str(value) for name, value in error.params.items()}}
    if row.every_s is not None:
        row.next_at = now + min(timedelta(seconds=row.every_s) * 2 ** min(row.failures, 12), BACK_OFF_MAX)
    session.flush()


def documents(session: Session, code: str) -> bytes | None:
    """The last documents of a system."""
    return session.scalars(select(SharedSourceRow.data).where(SharedSourceRow.code == code)).one_or_none()

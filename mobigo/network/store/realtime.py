"""Where realtime comes from, and the last message of each source, in the same row: a process that reads the rows reads
one state, whole, and a crash leaves the one before or the one after.

Messages are a few hundred kilobytes and replaced every minute, so they lie in the database and not among the files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import LargeBinary, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, deferred, mapped_column

from mobigo.base.decisions import Decision
from mobigo.base.errors import NotFound
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime, insert_new
from mobigo.infra.privacy import Always, describe

BACK_OFF_MAX: Final = timedelta(hours=1)


class RealtimeSourceRow(Base):
    """An address (or a file's name) from which messages about a feed come, and the last one."""

    __tablename__ = "realtime_source"
    __table_args__ = (UniqueConstraint("feed", "url"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    feed: Mapped[str] = mapped_column(String(64))
    url: Mapped[str] = mapped_column(String(500))
    every_s: Mapped[int | None]  # None: not looked at, files are brought
    stale_s: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    etag: Mapped[str] = mapped_column(String(400), default="")
    last_modified: Mapped[str] = mapped_column(String(100), default="")
    failures: Mapped[int] = mapped_column(default=0)
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    sha256: Mapped[str | None] = mapped_column(String(64))
    message_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    data: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))


describe(
    RealtimeSourceRow,
    purpose="know where vehicles are late, and as of when",
    keep=Always("one row an address, with its last message alone; it names no person"),
    plain="id feed url every_s stale_s created_at next_at looked_at etag last_modified failures error sha256 "
    "message_at data",
)


@dataclass(frozen=True, slots=True)
class RealtimeSource:
    """An address of messages about a feed. `message_at`: as of when the last one is."""

    id: str
    feed: str
    url: str
    every_s: int | None
    stale_s: int
    next_at: datetime | None
    looked_at: datetime | None
    etag: str
    last_modified: str
    failures: int
    error: Decision | None
    sha256: str | None
    message_at: datetime | None

    def is_stale(self, now: datetime) -> bool:
        """Whether its last message is too old to be used, or dated later than now can be."""
        if self.message_at is None:
            return True
        return not -timedelta(seconds=self.stale_s) <= now - self.message_at <= timedelta(seconds=self.stale_s)


def _source(row: RealtimeSourceRow) -> RealtimeSource:
    error = None if row.error is None else Decision(row.error["code"], **row.error["params"])
    return RealtimeSource(
        row.id, row.feed, row.url, row.every_s, row.stale_s, row.next_at, row.looked_at, row.etag, row.last_modified,
        row.failures, error, row.sha256, row.message_at,
    )  # fmt: skip


def put_source(
    session: Session, feed: str, url: str, every_s: int | None, stale_s: int, now: datetime
) -> RealtimeSource:
    """The source of that feed and address, made or given another rhythm; due at once when it has one."""
    next_at = None if every_s is None else now
    values = {
        "id": new_id(now), "feed": feed, "url": url, "every_s": every_s, "stale_s": stale_s, "created_at": now,
        "next_at": next_at, "etag": "", "last_modified": "", "failures": 0,
    }  # fmt: skip
    insert_new(session, RealtimeSourceRow, values, ["feed", "url"])
    row = session.scalars(
        select(RealtimeSourceRow).where(RealtimeSourceRow.feed == feed, RealtimeSourceRow.url == url)
    ).one()
    row.every_s, row.stale_s, row.next_at = every_s, stale_s, next_at
    session.flush()
    return _source(row)


def remove_source(session: Session, source_id: str) -> RealtimeSource:
    """Forget a source and what it said. Raises NotFound."""
    row = session.get(RealtimeSourceRow, source_id)
    if row is None:
        raise NotFound("realtime.unknown_source", source=source_id)
    gone = _source(row)
    session.delete(row)
    return gone


def list_sources(session: Session) -> list[RealtimeSource]:
    """Every source, by feed and address."""
    rows = session.scalars(select(RealtimeSourceRow).order_by(RealtimeSourceRow.feed, RealtimeSourceRow.url))
    return [_source(row) for row in rows]


def due(session: Session, now: datetime) -> list[RealtimeSource]:
    """The sources whose next look has come."""
    query = select(RealtimeSourceRow).where(RealtimeSourceRow.next_at <= now).order_by(RealtimeSourceRow.next_at)
    return [_source(row) for row in session.scalars(query)]


def keep_message(
    session: Session, source_id: str, data: bytes, message_at: datetime, now: datetime, etag: str = "",
    last_modified: str = "",
) -> bool:  # fmt: skip
    """Put a message in the place of the last one; False when it is the same, or older."""
    row = session.get_one(RealtimeSourceRow, source_id, with_for_update=True)
    _looked(row, now)
    row.etag, row.last_modified = etag[:400], last_modified[:100]
    digest = sha256(data).hexdigest()
    if digest == row.sha256 or (row.message_at is not None and message_at < row.message_at):
        return False
    row.sha256, row.data, row.message_at = digest, data, message_at
    session.flush()
    return True


def note_unchanged(session: Session, source_id: str, now: datetime) -> None:
    """The address has nothing newer."""
    _looked(session.get_one(RealtimeSourceRow, source_id), now)
    session.flush()


def _looked(row: RealtimeSourceRow, now: datetime) -> None:
    row.looked_at, row.failures, row.error = now, 0, None
    if row.every_s is not None:
        row.next_at = now + timedelta(seconds=row.every_s)


def note_failure(session: Session, source_id: str, error: Decision, now: datetime) -> None:
    """The look failed: the next one waits twice as long each time, an hour at most."""
    row = session.get_one(RealtimeSourceRow, source_id)
    row.looked_at, row.failures = now, row.failures + 1
    row.error = {"code": error.code, "params": {name: str(value) for name, value in error.params.items()}}
    if row.every_s is not None:
        row.next_at = now + min(timedelta(seconds=row.every_s) * 2 ** min(row.failures, 12), BACK_OFF_MAX)
    session.flush()


def messages(session: Session, ids: Sequence[str]) -> dict[str, bytes]:
    """The last messages of those sources."""
    rows = session.execute(select(RealtimeSourceRow.id, RealtimeSourceRow.data).where(RealtimeSourceRow.id.in_(ids)))
    return {id_: data for id_, data in rows if data is not None}

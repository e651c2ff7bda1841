"""Where feeds come from: addresses looked at regularly, and the alerts they raise."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, NotFound
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime, insert_new
from mobigo.infra.privacy import Always, describe


class FeedSourceRow(Base):
    """An address from which a feed is fetched, and how its last look went."""

    __tablename__ = "network_feed_source"
    __table_args__ = (UniqueConstraint("feed"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    feed: Mapped[str] = mapped_column(String(64))
    url: Mapped[str] = mapped_column(Text)
    contact: Mapped[str] = mapped_column(String(320))
    licence: Mapped[str] = mapped_column(String(200))
    every_s: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    etag: Mapped[str] = mapped_column(String(400), default="")
    last_modified: Mapped[str] = mapped_column(String(100), default="")
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FeedAlertRow(Base):
    """Something people should know of a feed, told once: the same key is written once."""

    __tablename__ = "network_feed_alert"
    __table_args__ = (UniqueConstraint("key"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    key: Mapped[str] = mapped_column(String(200))
    feed: Mapped[str] = mapped_column(String(64), index=True)
    code: Mapped[str] = mapped_column(String(80))
    params: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


describe(
    FeedSourceRow,
    purpose="fetch feeds and know whom to write to about them",
    keep=Always("as long as the feed is fetched; the contact is the publisher's own published address"),
    personal={"contact": "writing to the publisher when their feed breaks or ends"},
    plain="id feed url licence every_s created_at next_at looked_at etag last_modified error failing_since",
)
describe(
    FeedAlertRow,
    purpose="tell once what went wrong with a feed",
    keep=Always("the history of a published feed; it names no person"),
    plain="id key feed code params at",
)


@dataclass(frozen=True, slots=True)
class Source:
    """An address from which a feed is fetched."""

    id: str
    feed: str
    url: str
    contact: str
    licence: str
    every_s: int
    next_at: datetime
    looked_at: datetime | None
    etag: str
    last_modified: str
    error: Decision | None
    failing_since: datetime | None


def source_of(row: FeedSourceRow) -> Source:
    """The value of a row."""
    error = None if row.error is None else Decision(row.error["code"], **row.error["params"])
    return Source(
        id=row.id,
        feed=row.feed,
        url=row.url,
        contact=row.contact,
        licence=row.licence,
        every_s=row.every_s,
        next_at=row.next_at,
        looked_at=row.looked_at,
        etag=row.etag,
        last_modified=row.last_modified,
        error=error,
        failing_since=row.failing_since,
    )


def add(session: Session, feed: str, url: str, contact: str, licence: str, every_s: int, now: datetime) -> Source:
    """Record a source, due at once. Raises Conflict when the feed has one."""
    values = {
        "id": new_id(now),
        "feed": feed,
        "url": url,
        "contact": contact,
        "licence": licence,
        "every_s": every_s,
        "created_at": now,
        "next_at": now,
        "etag": "",
        "last_modified": "",
    }
    if not insert_new(session, FeedSourceRow, values, ["feed"]):
        raise Conflict("network.source_exists", feed=feed)
    return get(session, str(values["id"]))


def get(session: Session, source_id: str) -> Source:
    """One source. Raises NotFound."""
    row = session.get(FeedSourceRow, source_id)
    if row is None:
        raise NotFound("network.unknown_source", source=source_id)
    return source_of(row)


def list_sources(session: Session) -> list[Source]:
    """Every source, by feed."""
    return [source_of(row) for row in session.scalars(select(FeedSourceRow).order_by(FeedSourceRow.feed))]


def due(session: Session, now: datetime) -> list[Source]:
    """The sources whose next look has come, the longest waiting first."""
    rows = session.scalars(select(FeedSourceRow).where(FeedSourceRow.next_at <= now).order_by(FeedSourceRow.next_at))
    return [source_of(row) for row in rows]


def note_success(session: Session, source: Source, etag: str, last_modified: str, now: datetime) -> None:
    """The look went well; the validators are those to send next time."""
    row = session.get_one(FeedSourceRow, source.id)
    row.looked_at, row.next_at = now, now + timedelta(seconds=row.every_s)
    row.etag, row.last_modified, row.error, row.failing_since = etag[:400], last_modified[:100], None, None
    session.flush()


def note_failure(session: Session, source: Source, error: Decision, now: datetime) -> datetime:
    """The look failed; tells since when they do."""
    row = session.get_one(FeedSourceRow, source.id)
    row.looked_at, row.next_at = now, now + timedelta(seconds=row.every_s)
    row.error = {"code": error.code, "params": {name: str(value) for name, value in error.params.items()}}
    row.failing_since = row.failing_since or now
    session.flush()
    return row.failing_since


def alert(session: Session, feed: str, decision: Decision, key: str, now: datetime) -> bool:
    """Record something to know of a feed; False when it was told before."""
    values = {
        "id": new_id(now),
        "key": key[:200],
        "feed": feed,
        "code": decision.code,
        "params": {name: str(value) for name, value in decision.params.items()},
        "at": now,
    }
    return insert_new(session, FeedAlertRow, values, ["key"])


def list_alerts(session: Session, feed: str | None = None) -> list[tuple[str, Decision, datetime]]:
    """The alerts, the newest first: feed, what, when."""
    query = select(FeedAlertRow).order_by(FeedAlertRow.at.desc(), FeedAlertRow.id.desc())
    if feed is not None:
        query = query.where(FeedAlertRow.feed == feed)
    return [(row.feed, Decision(row.code, **row.params), row.at) for row in session.scalars(query)]

"""The feeds we hold: their versions, the one in use, what validation said of each.

A version is known by the hash of its content. The received archive is a blob; the tables made from it (`lossless`)
can always be made again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, ForeignKey, String, UniqueConstraint, func, select, true, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime, insert_new
from mobigo.infra.grants import Organisation, within
from mobigo.infra.privacy import Always, With, describe
from mobigo.infra.roles import Identity, Permission
from mobigo.network.model.notices import Severity
from mobigo.network.model.report import Report, from_json, merged, to_json
from mobigo.network.rules.collect import Collector
from mobigo.network.rules.identity import Succession


class FeedRow(Base):
    """A feed, by the name that keeps its ids apart from others'. `version_id` is the version in use."""

    __tablename__ = "network_feed"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version_id: Mapped[str | None] = mapped_column(String(26))
    active: Mapped[bool] = mapped_column(default=True)  # whether it takes part in the network
    organisation: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"))  # whose it is; None: the region's


class FeedVersionRow(Base):
    """One content a feed has had, and the report on it."""

    __tablename__ = "network_feed_version"
    __table_args__ = (UniqueConstraint("feed", "content_hash"), UniqueConstraint("feed", "number"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    feed: Mapped[str] = mapped_column(ForeignKey("network_feed.name"))
    number: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))
    archive_sha256: Mapped[str] = mapped_column(String(64))
    archive_name: Mapped[str] = mapped_column(String(255))
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    refused: Mapped[bool]
    first_day: Mapped[date | None] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)
    rows: Mapped[dict[str, Any]] = mapped_column(Json)
    report: Mapped[list[Any]] = mapped_column(Json)


class NoticeCountRow(Base):
    """How many notices of a code a version has: the figures pages and statistics are made of."""

    __tablename__ = "network_notice_count"

    version_id: Mapped[str] = mapped_column(ForeignKey("network_feed_version.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str] = mapped_column(String(80), primary_key=True)
    severity: Mapped[str] = mapped_column(String(10))
    total: Mapped[int]


class ActivationRow(Base):
    """When a version came into use."""

    __tablename__ = "network_activation"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    feed: Mapped[str] = mapped_column(ForeignKey("network_feed.name"), index=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("network_feed_version.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


_PUBLISHED = "what operators publish about their service, with its history; it names no person"
describe(
    FeedRow,
    purpose="know the feeds, and whose each is",
    keep=Always(_PUBLISHED),
    plain="name created_at version_id active organisation",
)
describe(
    FeedVersionRow,
    purpose="know each version of a feed and what was found in it",
    keep=Always(_PUBLISHED),
    plain="id feed number content_hash archive_sha256 archive_name imported_at refused first_day last_day rows report",
)
describe(
    NoticeCountRow,
    purpose="count what validation found",
    keep=With("network_feed_version"),
    plain="version_id code severity total",
)
describe(ActivationRow, purpose="tell what served when", keep=Always(_PUBLISHED), plain="id feed version_id at")


@dataclass(frozen=True, slots=True)
class FeedVersion:
    """A version of a feed. `rows` counts the records of each table; `unchanged` says that this import brought nothing
    new."""

    id: str
    feed: str
    number: int
    content_hash: str
    archive_sha256: str
    archive_name: str
    imported_at: datetime
    refused: bool
    first_day: date | None
    last_day: date | None
    rows: Mapping[str, int]
    report: Report = field(repr=False)
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What an import found, before it is recorded."""

    feed: str
    content_hash: str
    archive_sha256: str
    archive_name: str
    first_day: date | None
    last_day: date | None
    rows: Mapping[str, int]
    report: Report


@dataclass(frozen=True, slots=True)
class FeedSummary:
    """A feed, its version in use, and the organisation whose it is (None: the region's)."""

    name: str
    active: bool
    version: FeedVersion | None
    organisation: str | None = None


def version_of(row: FeedVersionRow) -> FeedVersion:
    """The value of a row."""
    return FeedVersion(
        id=row.id,
        feed=row.feed,
        number=row.number,
        content_hash=row.content_hash,
        archive_sha256=row.archive_sha256,
        archive_name=row.archive_name,
        imported_at=row.imported_at,
        refused=row.refused,
        first_day=row.first_day,
        last_day=row.last_day,
        rows=dict(row.rows),
        report=from_json(row.report),
    )


def lock_feed(session: Session, name: str, now: datetime, organisation: str | None = None) -> FeedRow:
    """The feed's row, made if it is new (then of that organisation), held until the end of the transaction."""
    new = {"name": name, "created_at": now, "version_id": None, "active": True, "organisation": organisation}
    insert_new(session, FeedRow, new, ["name"])
    return session.scalars(select(FeedRow).where(FeedRow.name == name).with_for_update()).one()


def find_by_archive(session: Session, feed: str, archive_sha256: str) -> FeedVersion | None:
    """The latest version of the feed that came in this very archive."""
    row = session.scalars(
        select(FeedVersionRow)
        .where(FeedVersionRow.feed == feed, FeedVersionRow.archive_sha256 == archive_sha256)
        .order_by(FeedVersionRow.number.desc())
        .limit(1)
    ).first()
    return None if row is None else version_of(row)


def find_by_content(session: Session, feed: str, content_hash: str) -> FeedVersion | None:
    """The version of the feed with this content."""
    row = session.scalars(
        select(FeedVersionRow).where(FeedVersionRow.feed == feed, FeedVersionRow.content_hash == content_hash)
    ).first()
    return None if row is None else version_of(row)


def add_version(session: Session, new: NewVersion, now: datetime) -> FeedVersion:
    """Record a version of a feed whose row is held (`lock_feed`). It is not in use yet."""
    last = session.scalar(select(func.max(FeedVersionRow.number)).where(FeedVersionRow.feed == new.feed))
    row = FeedVersionRow(
        id=new_id(now),
        feed=new.feed,
        number=(last or 0) + 1,
        content_hash=new.content_hash,
        archive_sha256=new.archive_sha256,
        archive_name=new.archive_name[:255],
        imported_at=now,
        refused=bool(new.report.blocking),
        first_day=new.first_day,
        last_day=new.last_day,
        rows=dict(new.rows),
        report=to_json(new.report),
    )
    session.add(row)
    session.flush()
    totals: dict[str, tuple[Severity, int]] = {}
    for finding in new.report.findings:
        totals[finding.code] = finding.severity, totals.get(finding.code, (finding.severity, 0))[1] + finding.total
    for code, (severity, total) in totals.items():
        session.add(NoticeCountRow(version_id=row.id, code=code, severity=severity.value, total=total))
    session.flush()
    return version_of(row)


def activate(session: Session, version: FeedVersion, now: datetime) -> int:
    """Put a version in use, in this transaction; tells the how manieth activation of its feed this is, from 1."""
    session.execute(update(FeedRow).where(FeedRow.name == version.feed).values(version_id=version.id, active=True))
    session.add(ActivationRow(id=new_id(now), feed=version.feed, version_id=version.id, at=now))
    session.flush()
    count = session.scalar(select(func.count()).select_from(ActivationRow).where(ActivationRow.feed == version.feed))
    return count or 1


def note_places(session: Session, version: FeedVersion, changed: Succession) -> FeedVersion:
    """Add to the report of a version the places that split or merged when it came into use; the version as it then
    is."""
    found = Collector()
    for old, heirs in changed.splits:
        found.add("mobigo_place_split", "stops.txt", None, "stop_id", old, stops=", ".join(heirs))
    for old, into in changed.merges:
        found.add("mobigo_place_merged", "stops.txt", None, "stop_id", old, into=into)
    report = found.report()
    if not report.findings:
        return version
    row = session.get_one(FeedVersionRow, version.id)
    kept = [part for part in version.report.findings if not part.code.startswith("mobigo_place_")]
    whole = merged([Report(tuple(kept)), report])
    row.report = to_json(whole)
    for finding in report.findings:
        session.merge(
            NoticeCountRow(version_id=row.id, code=finding.code, severity=finding.severity.value, total=finding.total)
        )
    session.flush()
    return replace(version, report=whole)


def set_active(session: Session, name: str, active: bool) -> None:
    """Take a feed out of the network, or back in. Raises NotFound."""
    row = session.get(FeedRow, name)
    if row is None:
        raise NotFound("network.unknown_feed", feed=name)
    row.active = active
    session.flush()


def give_feed(session: Session, name: str, organisation: str | None) -> None:
    """Say whose a feed is; None: the region's. Raises NotFound for a feed or organisation that is not there."""
    row = session.get(FeedRow, name)
    if row is None:
        raise NotFound("network.unknown_feed", feed=name)
    if organisation is not None and session.get(Organisation, organisation) is None:
        raise NotFound("organisation.unknown")
    row.organisation = organisation
    session.flush()


def list_feeds(session: Session) -> list[FeedSummary]:
    """Every feed with its version in use, by name."""
    return _summaries(session, true())


def feeds_for(session: Session, identity: Identity, permission: Permission) -> list[FeedSummary]:
    """The feeds on which this person may use `permission`: all from everywhere, else their organisations' own."""
    return _summaries(session, within(FeedRow.organisation, identity, permission))


def _summaries(session: Session, which: ColumnElement[bool]) -> list[FeedSummary]:
    found = session.execute(
        select(FeedRow, FeedVersionRow)
        .join(FeedVersionRow, FeedVersionRow.id == FeedRow.version_id, isouter=True)
        .where(which)
        .order_by(FeedRow.name)
    )
    return [
        FeedSummary(feed.name, feed.active, None if version is None else version_of(version), feed.organisation)
        for feed, version in found
    ]


def active_versions(session: Session) -> list[FeedVersion]:
    """The version in use of each feed that takes part in the network, by name."""
    return [feed.version for feed in list_feeds(session) if feed.active and feed.version is not None]


def get_feed(session: Session, name: str) -> FeedSummary:
    """One feed. Raises NotFound."""
    found = next((feed for feed in list_feeds(session) if feed.name == name), None)
    if found is None:
        raise NotFound("network.unknown_feed", feed=name)
    return found


def list_versions(session: Session, feed: str) -> list[FeedVersion]:
    """Every version of a feed, the newest first."""
    rows = session.scalars(
        select(FeedVersionRow).where(FeedVersionRow.feed == feed).order_by(FeedVersionRow.number.desc())
    )
    return [version_of(row) for row in rows]

"""Importing a feed: read, validate, keep everything, then put it in use, in one transaction."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol
from zoneinfo import ZoneInfo

from mobigo.base.errors import InvalidInput, Refused
from mobigo.infra import clock
from mobigo.infra.db import reading, transaction
from mobigo.network.rules.identity import StopSeen
from mobigo.network.service.reports import explain
from mobigo.network.store import feeds, places
from mobigo.network.store.feeds import FeedVersion, NewVersion

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from mobigo.infra.blobs import Blobs
    from mobigo.infra.config import Config
    from mobigo.network.gateway.gtfs import FeedRead
    from mobigo.network.gateway.kit import DayStatistics
    from mobigo.network.model.feed import FeedTables
    from mobigo.network.model.report import Report

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
_STOP_ID_CHARS_MAX = 400  # a longer id gets no stable place
REFUSED_KEEP_DAYS = 90  # how long the archive of a refused version is kept
Progress = Callable[[int, int | None, str], None]


class Tools(Protocol):
    """What the functions of this room need: the services of the application, or a job's context."""

    @property
    def config(self) -> "Config": ...
    @property
    def engine(self) -> "Engine": ...
    @property
    def blobs(self) -> "Blobs": ...


def feed_name(path: Path) -> str:
    """A feed's name made of its file's: small letters, digits and hyphens."""
    stem = re.sub(r"[^a-z0-9]+", "-", path.name.lower().removesuffix(".zip")).strip("-")[:64]
    return stem or "gtfs"


def import_feed(
    tools: Tools,
    path: Path,
    name: str | None = None,
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
    archive_name: str | None = None,
) -> FeedVersion:
    """Import the feed at `path`, a zip or a folder, as the new version of the feed `name`, and put it in use.

    `archive_name` is the name to remember the archive by, where the path's own says nothing.

    A content already held is not held twice: the same version comes back, marked `unchanged` when it was in use
    already. The version that served goes on serving until the last moment, and stays when anything fails. Raises
    NotFound, InvalidInput or Refused as `gateway.gtfs.read`; Refused("network.feed_refused") when validation finds a
    blocking fault: that version is kept for its report, and is not put in use.
    """
    now = clock.now() if now is None else now
    name = feed_name(path) if name is None else name
    if not _NAME.fullmatch(name):
        raise InvalidInput("network.bad_feed_name", name=name)
    tell = progress or _silent
    archive_hash = _hash_of(path) if path.is_file() else None
    if archive_hash is not None:
        with reading(tools.engine) as session:
            known = feeds.find_by_archive(session, name, archive_hash)
        if known is not None:
            return _use_known(tools, known, now)
    from mobigo.network.gateway import gtfs
    from mobigo.network.model.report import merged
    from mobigo.network.rules.validation import examine
    from mobigo.network.store import lossless

    read = gtfs.read(path, progress=lambda done, total, file: tell(done, total, file))
    with reading(tools.engine) as session:
        known = feeds.find_by_content(session, name, read.content_hash)
    if known is not None:
        return _use_known(tools, known, now)
    tell(0, None, "validation")
    examined = examine(read.tables, _day(now, tools.config.zone), tools.config.zone)
    report = merged([read.report, examined.report])
    tell(0, None, "stockage")
    lossless.write(tools.config.home, read.content_hash, read.tables, read.headers)
    with transaction(tools.engine) as session:
        feeds.lock_feed(session, name, now)
        known = feeds.find_by_content(session, name, read.content_hash)
        if known is None:
            digest = _kept(tools, session, path, name, report, archive_name or path.name, now)
            new = NewVersion(
                feed=name,
                content_hash=read.content_hash,
                archive_sha256=digest,
                archive_name=archive_name or path.name,
                first_day=examined.first_day,
                last_day=examined.last_day,
                rows={table: frame.height for table, frame in read.tables.tables.items()},
                report=report,
            )
            version = feeds.add_version(session, new, now)
            if not version.refused:
                version = _put_in_use(session, version, read.tables, now)
    if known is not None:
        return _use_known(tools, known, now)
    _refuse_if_blocked(version)
    return version


def _kept(
    tools: Tools, session: "Session", path: Path, feed: str, report: "Report", archive_name: str, now: datetime
) -> str:
    """The hash under which the archive is kept: for good, or for some weeks where it is refused."""
    keep_days = REFUSED_KEEP_DAYS if report.blocking else None
    with _archive(path) as content:
        return tools.blobs.put(
            session, content, owner=f"feed:{feed}", purpose="gtfs", keep_days=keep_days, now=now, name=archive_name
        )


def _use_known(tools: Tools, version: FeedVersion, now: datetime) -> FeedVersion:
    """Put a version we hold back in use, unless it is."""
    _refuse_if_blocked(version)
    with reading(tools.engine) as session:
        feed = feeds.get_feed(session, version.feed)
    if feed.active and feed.version is not None and feed.version.id == version.id:
        return replace(version, unchanged=True)
    tables = read_tables_of(tools, version)
    with transaction(tools.engine) as session:
        feeds.lock_feed(session, version.feed, now)
        return _put_in_use(session, version, tables, now)


def _put_in_use(session: "Session", version: FeedVersion, tables: "FeedTables", now: datetime) -> FeedVersion:
    use = feeds.activate(session, version, now)
    changed = places.follow(session, version.feed, use, seen_stops(tables), now)
    return feeds.note_places(session, version, changed)


def _refuse_if_blocked(version: FeedVersion) -> None:
    if version.refused:
        faults = [explain(finding.examples[0]) for finding in version.report.blocking if finding.examples]
        raise Refused("network.feed_refused", feed=version.feed, faults=faults)


def read_tables_of(tools: Tools, version: FeedVersion) -> "FeedTables":
    """The exact tables of a version: from the cache, or made again from its archive. Raises NotFound when both are
    gone."""
    from mobigo.network.gateway import gtfs
    from mobigo.network.store import lossless

    tables = lossless.read(tools.config.home, version.content_hash)
    if tables is not None:
        return tables
    tools.blobs.open(version.archive_sha256).close()
    read: FeedRead = gtfs.read(tools.blobs.path(version.archive_sha256))
    lossless.write(tools.config.home, version.content_hash, read.tables, read.headers)
    return read.tables


def statistics_of(tools: Tools, version: FeedVersion, first_day: date) -> "tuple[DayStatistics, ...]":
    """What runs on each of the seven days from `first_day` on. Raises NotFound when nothing of the version is kept."""
    from mobigo.network.gateway.kit import week_statistics

    return week_statistics(read_tables_of(tools, version), first_day)


def seen_stops(tables: "FeedTables") -> list[StopSeen]:
    """The stops of a feed as `places.follow` looks at them; of two with one id, the first."""
    from mobigo.base.geo import Point

    if not tables.has("stops", "stop_id"):
        return []
    frame = tables["stops"]

    def column(name: str) -> list[str]:
        return frame[name].str.strip_chars().to_list() if name in frame.columns else [""] * frame.height

    seen: dict[str, StopSeen] = {}
    for stop_id, name, kind, lat, lon in zip(
        column("stop_id"),
        column("stop_name"),
        column("location_type"),
        column("stop_lat"),
        column("stop_lon"),
        strict=True,
    ):
        if not stop_id or len(stop_id) > _STOP_ID_CHARS_MAX or stop_id in seen:
            continue
        try:
            point = Point(float(lat), float(lon))
        except ValueError:
            point = None
        seen[stop_id] = StopSeen(stop_id, name, int(kind) if kind.isdecimal() and len(kind) < 4 else 0, point)
    return list(seen.values())


def _day(now: datetime, zone: str) -> date:
    return now.astimezone(ZoneInfo(zone)).date()


def _hash_of(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _archive(path: Path) -> BinaryIO:
    """What is kept of the received feed: the zip as it came, or a zip of the folder."""
    if path.is_file():
        return path.open("rb")
    from mobigo.network.export.archive import zip_bytes

    files: Mapping[str, bytes] = {
        file.relative_to(path).as_posix(): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()
    }
    return BytesIO(zip_bytes(files))


def _silent(done: int, total: int | None, text: str) -> None:
    """Nobody watches."""

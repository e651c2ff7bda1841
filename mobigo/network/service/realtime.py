"""Realtime: messages brought or fetched (GTFS Realtime, SIRI Lite), kept as the last word of their source."""

import tempfile
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput, MobigoError, NotFound
from mobigo.infra import clock
from mobigo.infra.db import reading, transaction
from mobigo.network.gateway.fetch import FetchLimits, check_url, fetch
from mobigo.network.service.importing import Tools
from mobigo.network.store import feeds, realtime
from mobigo.network.store.realtime import RealtimeSource

EVERY_S_MIN = 20
STALE_S = 600  # without a newer message for so long, a source is no longer believed


def add_realtime_source(
    tools: Tools, url: str, feed: str, *, every_s: int = 30, stale_s: int = STALE_S, now: datetime | None = None
) -> RealtimeSource:
    """Record where messages about a feed are to be fetched, due at once.

    Raises InvalidInput for an address we would not fetch or a rhythm too fast, NotFound for a feed we do not hold.
    """
    check_url(url)
    if every_s < EVERY_S_MIN:
        raise InvalidInput("network.source_too_often", every_s=every_s, least_s=EVERY_S_MIN)
    with transaction(tools.engine) as session:
        _known(session, feed)
        return realtime.put_source(session, feed, url, every_s, stale_s, now or clock.now())


def apply_file(
    tools: Tools, path: Path, feed: str, *, stale_s: int = STALE_S, now: datetime | None = None
) -> RealtimeSource:
    """Take a message from a file: the last word of the source of that name. The same file twice changes nothing.

    Raises InvalidInput when it is no message, NotFound for a feed we do not hold.
    """
    now = now or clock.now()
    data = path.read_bytes()
    at = _message_at(data, now)
    with transaction(tools.engine) as session:
        _known(session, feed)
        source = realtime.put_source(session, feed, path.name[:500], None, stale_s, now)
        realtime.keep_message(session, source.id, data, at, now)
        return next(each for each in realtime.list_sources(session) if each.id == source.id)


def poll_realtime(tools: Tools, *, now: datetime | None = None, limits: FetchLimits | None = None) -> int:
    """Look at every source that is due; how many had something new. What a source does never raises: it is noted."""
    now = now or clock.now()
    with reading(tools.engine) as session:
        waiting = realtime.due(session, now)
    return sum(_poll(tools, source, now, limits) for source in waiting)


def _poll(tools: Tools, source: RealtimeSource, now: datetime, limits: FetchLimits | None) -> bool:
    limits = limits or FetchLimits(20_000_000, 20.0, 10.0, private=tools.config.fetch_private)
    with tempfile.TemporaryDirectory(prefix="mobigo-realtime-") as folder:
        target = Path(folder) / "message.pb"
        try:
            got = fetch(source.url, target, etag=source.etag, last_modified=source.last_modified, limits=limits)
            data = target.read_bytes() if got.changed else b""
            at = _message_at(data, now) if got.changed else None
        except MobigoError as error:
            with transaction(tools.engine) as session:
                realtime.note_failure(session, source.id, error.decision, now)
            return False
    with transaction(tools.engine) as session:
        if at is None:
            realtime.note_unchanged(session, source.id, now)
            return False
        return realtime.keep_message(session, source.id, data, at, now, got.etag, got.last_modified)


def cancelled(trips: Iterable[tuple[str, date]], at: int) -> bytes:
    """A message as of `at` (seconds since 1970) that these trips do not run on these days; no more than that."""
    from google.transit import gtfs_realtime_pb2 as pb

    out = pb.FeedMessage()
    out.header.gtfs_realtime_version = "2.0"
    out.header.incrementality = pb.FeedHeader.FULL_DATASET
    out.header.timestamp = at
    for trip, day in trips:
        told = out.entity.add(id=f"cancelled:{trip}:{day}").trip_update.trip
        told.trip_id, told.start_date = trip, f"{day:%Y%m%d}"
        told.schedule_relationship = pb.TripDescriptor.CANCELED
    data: bytes = out.SerializeToString(deterministic=True)
    return data


def _message_at(data: bytes, now: datetime) -> datetime:
    """As of when a message is: what it says, or when it came."""
    from mobigo.network.gateway import gtfs_realtime, siri_read

    at = siri_read.read(data).at if siri_read.is_siri(data) else gtfs_realtime.read(data).at
    return datetime.fromtimestamp(at, UTC) if at else now


def _known(session: Session, feed: str) -> None:
    if feed not in {each.name for each in feeds.list_feeds(session)}:
        raise NotFound("network.unknown_feed", feed=feed)


def only_feed(tools: Tools) -> str:
    """The feed in use when there is one alone. Raises InvalidInput when it must be said."""
    with reading(tools.engine) as session:
        names = [version.feed for version in feeds.active_versions(session)]
    if len(names) != 1:
        raise InvalidInput("realtime.which_feed", feeds=", ".join(sorted(names)))
    return names[0]

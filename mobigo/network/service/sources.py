"""Feed sources: looked at by a job; what did not change is skipped, what is broken leaves the old version serving and
tells."""

import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, MobigoError
from mobigo.infra import clock, outbox
from mobigo.infra.db import reading, transaction
from mobigo.network.gateway.fetch import FetchLimits, check_url, fetch
from mobigo.network.service.importing import _NAME, Tools, import_feed
from mobigo.network.store import feeds, sources
from mobigo.network.store.sources import Source

EVERY_S_MIN = 300
WARN_DAYS = (30, 7)  # before the end of a feed


def add_source(
    tools: Tools,
    url: str,
    feed: str,
    *,
    contact: str = "",
    licence: str = "",
    every_s: int = 86_400,
    now: datetime | None = None,
) -> Source:
    """Record where a feed is to be fetched, due at once.

    Raises InvalidInput for an address we would not fetch, a bad name or rhythm; Conflict when the feed has a source.
    """
    check_url(url)
    if not _NAME.fullmatch(feed):
        raise InvalidInput("network.bad_feed_name", name=feed)
    if every_s < EVERY_S_MIN:
        raise InvalidInput("network.source_too_often", every_s=every_s, least_s=EVERY_S_MIN)
    with transaction(tools.engine) as session:
        return sources.add(session, feed, url, contact, licence, every_s, now or clock.now())


def poll_sources(tools: Tools, *, now: datetime | None = None, limits: FetchLimits | None = None) -> list[str]:
    """Look at every source that is due; the names of the feeds that have a new version."""
    now = clock.now() if now is None else now
    with reading(tools.engine) as session:
        waiting = sources.due(session, now)
    return [source.feed for source in waiting if poll_source(tools, source, now=now, limits=limits)]


def poll_source(
    tools: Tools, source: Source, *, now: datetime | None = None, limits: FetchLimits | None = None
) -> bool:
    """Look at one source; whether it brought a new version. Never raises for what the source does: that becomes an
    alert."""
    now = clock.now() if now is None else now
    limits = limits or FetchLimits(private=tools.config.fetch_private)
    with tempfile.TemporaryDirectory(prefix="mobigo-feed-", dir=_drafts(tools)) as folder:
        target = Path(folder) / f"{source.feed}.zip"
        try:
            got = fetch(source.url, target, etag=source.etag, last_modified=source.last_modified, limits=limits)
            version = import_feed(tools, target, source.feed, now=now) if got.changed else None
        except MobigoError as error:
            _tell_failure(tools, source, error.decision, now)
            return False
    with transaction(tools.engine) as session:
        sources.note_success(session, source, got.etag, got.last_modified, now)
    return version is not None and not version.unchanged


def _drafts(tools: Tools) -> Path:
    folder = tools.config.home / "cache" / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _tell_failure(tools: Tools, source: Source, error: Decision, now: datetime) -> None:
    """Once a breakdown: the next alert comes when the source worked in between, or fails for another reason."""
    with transaction(tools.engine) as session:
        since = sources.note_failure(session, source, error, now)
        decision = Decision("network.source_broken", feed=source.feed, reason=error)
        key = f"broken:{source.feed}:{since.isoformat()}:{error.code}"
        if sources.alert(session, source.feed, decision, key, now):
            _write_to(session, source.contact, decision, key, now)


def warn_of_expiry(tools: Tools, *, now: datetime | None = None) -> list[tuple[str, int]]:
    """Warn of the feeds in use that end soon: once at 30 days and once at 7; what was warned of now (feed, days
    left)."""
    now = clock.now() if now is None else now
    today = now.astimezone(ZoneInfo(tools.config.zone)).date()
    warned: list[tuple[str, int]] = []
    with transaction(tools.engine) as session:
        contacts = {source.feed: source.contact for source in sources.list_sources(session)}
        for version in feeds.active_versions(session):
            step = _warning_due(version.last_day, today)
            if step is None or version.last_day is None:
                continue
            left = (version.last_day - today) // timedelta(days=1)
            decision = Decision("network.feed_ends", feed=version.feed, last_day=version.last_day, days=left)
            key = f"ends:{version.feed}:{version.last_day.isoformat()}:{step}"
            if sources.alert(session, version.feed, decision, key, now):
                _write_to(session, contacts.get(version.feed, ""), decision, key, now)
                warned.append((version.feed, left))
    return warned


def _warning_due(last_day: date | None, today: date) -> int | None:
    """Which warning a feed that ends on `last_day` is due; None for none yet."""
    if last_day is None:
        return None
    left = (last_day - today).days
    return next((days for days in sorted(WARN_DAYS) if left <= days), None)


def _write_to(session: Session, contact: str, decision: Decision, key: str, now: datetime) -> None:
    from mobigo.infra.i18n import sentence

    if "@" not in contact:
        return
    subject = sentence(Decision("network.alert_subject", feed=decision.params["feed"]), "fr")
    message = outbox.Message("email", contact, subject, sentence(decision, "fr"))
    outbox.send(session, message, key=key[:200], now=now)

"""What /metrics says of the work behind the pages: jobs, what waits to be sent, payments left to a person, timetables
and messages that grow old, datasets that are not served, room on the disk, the last backup.

Read from the database when asked, once for all figures; none names a person. Without the database, `mobigo_database_up`
is 0 and the figures that need it are not there, so that an alert on one of them does not speak for the other. The
alerts that go with them are in docs/alerts.yml, and what to do in docs/guides/astreinte.md.
"""

import logging
import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from mobigo.base.errors import MobigoError
from mobigo.base.instants import paris_day
from mobigo.infra import clock, outbox
from mobigo.infra.db import reading
from mobigo.infra.disk import free_bytes
from mobigo.infra.jobs.desk import count_jobs
from mobigo.infra.jobs.tables import JobRow
from mobigo.infra.web import Services

DAY: Final = timedelta(days=1)
LAST_BACKUP: Final = "last-backup"  # in the home: touched by each backup
_log = logging.getLogger(__name__)


def install(registry: CollectorRegistry, services: Services) -> None:
    """Add the figures of this site to those of its requests."""
    registry.register(_Site(services))


class _Site(Collector):
    def __init__(self, services: Services) -> None:
        self.services = services

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: they are read when asked, not when the site starts."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every figure. Never raises: a figure that cannot be read is not there."""
        now = clock.now()
        yield _one(
            "mobigo_disk_free_bytes", "Room left where the home lies.", float(free_bytes(self.services.config.home))
        )
        yield _one(
            "mobigo_backup_age_seconds", "Since the last backup; infinite before the first.", self._backup_s(now)
        )
        found: list[GaugeMetricFamily] = []
        try:
            with reading(self.services.engine) as session:
                for figures in OF_THE_DATABASE:
                    found += figures(session, now)
            waiting = outbox.waiting(self.services.engine, now)
        except (SQLAlchemyError, MobigoError):
            _log.warning("the figures of the database cannot be read", exc_info=True)
            yield _one("mobigo_database_up", "Whether the database answers.", 0.0)
            return
        yield _one("mobigo_database_up", "Whether the database answers.", 1.0)
        yield from found
        yield _by("mobigo_outbox", "Messages and effects that wait, or were set aside.", "kind", waiting)

    def _backup_s(self, now: datetime) -> float:
        try:
            return now.timestamp() - (self.services.config.home / LAST_BACKUP).stat().st_mtime
        except FileNotFoundError:
            return math.inf


def _clocks(session: Session, now: datetime) -> list[GaugeMetricFamily]:
    from mobigo.infra.jobs.clocks import now_in

    apart_s = abs((now_in(session) - clock.now()).total_seconds())
    return [_one("mobigo_clock_apart_seconds", "How far this host's clock is from the database's.", apart_s)]


def _jobs(session: Session, now: datetime) -> list[GaugeMetricFamily]:
    queued = select(func.min(JobRow.due_at)).where(JobRow.state == "queued", JobRow.due_at <= now)
    oldest = session.scalar(queued)
    failed = select(func.count()).select_from(JobRow).where(JobRow.state == "failed", JobRow.ended_at > now - DAY)
    states = {state.value: count for state, count in count_jobs(session).items()}
    wait_s = 0.0 if oldest is None else (now - oldest).total_seconds()
    return [
        _by("mobigo_jobs", "Jobs by state.", "state", states),
        _one("mobigo_job_oldest_due_seconds", "How long the job that is due and waits longest has waited.", wait_s),
        _one("mobigo_jobs_failed_day", "Jobs that failed for good within a day.", float(session.scalar(failed) or 0)),
    ]


def _payments(session: Session, now: datetime) -> list[GaugeMetricFamily]:
    from billettique.service import quarantine, reconcile
    from billettique.store import notices

    left = {
        "unanswered": len(notices.set_aside(session)),
        "unexplained": len(reconcile.unexplained(session, now)) + len(quarantine.open_rows(session)),
    }
    return [_by("mobigo_payments_left", "Movements of money left to a person.", "kind", left)]


def _timetables(session: Session, now: datetime) -> list[GaugeMetricFamily]:
    from mobigo.network.store import feeds, realtime

    today = paris_day(now)
    left = {
        each.feed: (each.last_day - today).days for each in feeds.active_versions(session) if each.last_day is not None
    }
    ages: dict[str, float] = {}
    for source in realtime.list_sources(session):
        age_s = math.inf if source.message_at is None else (now - source.message_at).total_seconds()
        if source.every_s is not None:
            ages[source.feed] = max(age_s, ages.get(source.feed, 0.0))
    return [
        _by("mobigo_timetable_days_left", "Days until the timetable in use ends.", "feed", left),
        _by("mobigo_realtime_age_seconds", "Age of the oldest message of a feed looked at.", "feed", ages),
    ]


def _datasets(session: Session, now: datetime) -> list[GaugeMetricFamily]:
    from opendata.service.measuring import standings

    served = standings(session, now)
    share = {each.shown.code: each.share for each in served if each.share is not None}
    late = {each.shown.code: float(each.shown.late) for each in served if each.shown.version is not None}
    return [
        _by("mobigo_dataset_available_ratio", "Looks that found a dataset, over thirty days.", "dataset", share),
        _by("mobigo_dataset_late", "Whether a dataset is older than its period.", "dataset", late),
    ]


OF_THE_DATABASE: Final[tuple[Callable[[Session, datetime], list[GaugeMetricFamily]], ...]] = (
    _clocks,
    _jobs,
    _payments,
    _timetables,
    _datasets,
)


def _one(name: str, told: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, told, value=value)


def _by(name: str, told: str, label: str, values: "dict[str, float] | dict[str, int]") -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, told, labels=[label])
    for each, value in sorted(values.items()):
        family.add_metric([each], float(value))
    return family

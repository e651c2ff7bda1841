"""`mobigo doctor`: look at the installation and say, in sentences, what is well, what is not, and what to do.

Each check is a function that returns findings; none changes anything. A fault keeps the service from working or its
data from being safe (exit 3); a warning will one day.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from mobigo.app import schema
from mobigo.app.backup import MARKER
from mobigo.base.decisions import Decision
from mobigo.base.errors import MobigoError
from mobigo.base.instants import paris_day
from mobigo.infra import clock, config, console, keys, numba_cache, outbox
from mobigo.infra.blobs import Blobs
from mobigo.infra.config import Config
from mobigo.infra.db import open_engine, reading
from mobigo.infra.disk import free_bytes

LOW_DISK: Final = 5 << 30
NO_DISK: Final = 1 << 30
CLOCK_TOLERANCE: Final = timedelta(seconds=60)
LATE_JOB: Final = timedelta(minutes=10)
EXPIRY_WARNING: Final = timedelta(days=7)
BROKER_TIMEOUT_S: Final = 3
# This code was written then: a clock before it is wrong.
WRITTEN: Final = datetime(2026, 11, 1, tzinfo=UTC)


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: how it is, and the sentence that says so."""

    check: str
    level: Level
    says: Decision


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined."""

    config: Config
    engine: Engine
    now: datetime


def examine(patient: Patient) -> list[Finding]:
    """Every finding, in the order of the checks. A check that breaks is itself a fault, and the others still run."""
    found: list[Finding] = []
    for check in CHECKS:
        name = check.__name__.removeprefix("check_")
        try:
            found += check(patient)
        except MobigoError as error:
            found.append(Finding(name, Level.FAULT, error.decision))
        except (SQLAlchemyError, OSError) as broken:
            reason = str(getattr(broken, "orig", broken)).strip()
            found.append(Finding(name, Level.FAULT, Decision("doctor.check_failed", check=name, reason=reason)))
    return found


def check_python(_patient: Patient) -> list[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return [_ok("python", "doctor.python", found=found)]
    return [_fault("python", "doctor.other_python", found=found)]


def check_settings(patient: Patient) -> list[Finding]:
    found = [Finding("settings", Level.FAULT, fault) for fault in config.faults(patient.config)]
    found += [_warning("settings", "doctor.unknown_setting", setting=name) for name in config.unknown_variables()]
    return found or [_ok("settings", "doctor.settings", environment=patient.config.environment)]


def check_home(patient: Patient) -> list[Finding]:
    home = patient.config.home
    if not home.is_dir():
        return [_warning("home", "doctor.no_home", folder=str(home))]
    if not os.access(home, os.W_OK | os.X_OK):
        return [_fault("home", "doctor.home_not_writable", folder=str(home))]
    found = [_ok("home", "doctor.home", folder=str(home))]
    if (home / MARKER).exists():
        found.append(_fault("home", "doctor.restore_interrupted", folder=str(home)))
    return found


def check_disk(patient: Patient) -> list[Finding]:
    free = free_bytes(patient.config.home)
    free_gb = round(free / (1 << 30), 1)
    if free < NO_DISK:
        return [_fault("disk", "doctor.no_disk", free_gb=free_gb)]
    if free < LOW_DISK:
        return [_warning("disk", "doctor.low_disk", free_gb=free_gb)]
    return [_ok("disk", "doctor.disk", free_gb=free_gb)]


def check_secrets(patient: Patient) -> list[Finding]:
    if patient.config.secret_key is not None:
        return [_ok("secrets", "doctor.secret_given")]
    path = keys.secret_file(patient.config.home)
    if not path.exists():
        return [_ok("secrets", "doctor.secret_to_come")]
    keys.secret_key(patient.config)  # raises when it is cut or readable by others
    return [_ok("secrets", "doctor.secret_kept")]


def check_database(patient: Patient) -> list[Finding]:
    engine, kind = patient.engine, patient.engine.dialect.name
    if kind == "sqlite" and not Path(str(engine.url.database)).exists():
        return [_warning("database", "doctor.no_database")]
    try:
        found = schema.current(engine)
    except SQLAlchemyError as broken:
        reason = str(getattr(broken, "orig", broken)).strip()
        return [_fault("database", "database.unreachable", reason=reason)]
    if found != schema.head():
        known = found is None or found in schema.known_revisions()
        code = "database.not_migrated" if known else "database.newer"
        params = {"wanted": schema.head()} if known else {"known": schema.head()}
        return [_fault("database", code, found=found or "-", **params)]
    if differing := schema.differences(engine):
        return [_fault("database", "doctor.schema_differs", count=len(differing))]
    return [_ok("database", "doctor.database", kind=kind, revision=found)]


def check_clock(patient: Patient) -> list[Finding]:
    if not WRITTEN <= patient.now < WRITTEN + timedelta(days=365 * 50):
        return [_fault("clock", "doctor.clock_wrong", now=patient.now)]
    ZoneInfo(patient.config.zone)
    if patient.engine.dialect.name == "postgresql":
        with reading(patient.engine) as session:
            theirs = session.scalar(text("SELECT clock_timestamp()"))
        apart = abs(theirs - clock.now()) if isinstance(theirs, datetime) else timedelta(0)
        if apart > CLOCK_TOLERANCE:
            return [_fault("clock", "doctor.clocks_differ", seconds=int(apart.total_seconds()))]
    return [_ok("clock", "doctor.clock", now=patient.now)]


def check_broker(patient: Patient) -> list[Finding]:
    scheme = patient.config.broker_url.partition(":")[0]
    if scheme == "filesystem":
        folder = _nearest(patient.config.home / "broker")
        if not os.access(folder, os.W_OK | os.X_OK):
            return [_fault("broker", "doctor.home_not_writable", folder=str(folder))]
        return [_ok("broker", "doctor.broker", kind=scheme)]
    from kombu.connection import Connection
    from kombu.exceptions import OperationalError

    try:
        broker = Connection(patient.config.broker_url, connect_timeout=BROKER_TIMEOUT_S)  # type: ignore[no-untyped-call]  # kombu has no types
        with broker as connection:
            connection.ensure_connection(max_retries=1, timeout=BROKER_TIMEOUT_S)
    except (OperationalError, OSError) as unreachable:
        return [_fault("broker", "doctor.no_broker", kind=scheme, reason=str(unreachable).strip())]
    return [_ok("broker", "doctor.broker", kind=scheme)]


def check_jobs(patient: Patient) -> list[Finding]:
    from mobigo.infra.jobs.tables import JobRow

    if not _has_tables(patient):
        return []
    late = patient.now - LATE_JOB
    with reading(patient.engine) as session:
        waiting = select(func.count()).select_from(JobRow).where(JobRow.state == "queued", JobRow.due_at < late)
        count = session.scalar(waiting) or 0
    if count:
        return [_warning("jobs", "doctor.jobs_wait", count=count, minutes=int(LATE_JOB.total_seconds() // 60))]
    return [_ok("jobs", "doctor.jobs")]


def check_outbox(patient: Patient) -> list[Finding]:
    if not _has_tables(patient):
        return []
    waiting = outbox.waiting(patient.engine, patient.now)
    aside = waiting["effects_set_aside"] + waiting["messages_set_aside"]
    if aside:
        return [_warning("outbox", "doctor.outbox_set_aside", count=aside)]
    return [_ok("outbox", "doctor.outbox")]


def check_payments(patient: Patient) -> list[Finding]:
    """What payment providers' accounts leave to a person: the régisseur's page lists it."""
    if not _has_tables(patient):
        return []
    from billettique.service import quarantine, reconcile
    from billettique.store import notices

    with reading(patient.engine) as session:
        unanswered = len(notices.set_aside(session))
        unexplained = len(reconcile.unexplained(session, patient.now)) + len(quarantine.open_rows(session))
    if unanswered or unexplained:
        return [_warning("payments", "doctor.payments_left", unanswered=unanswered, unexplained=unexplained)]
    return [_ok("payments", "doctor.payments")]


def check_files(patient: Patient) -> list[Finding]:
    if not _has_tables(patient):
        return []
    with reading(patient.engine) as session:
        missing = Blobs(patient.config.home / "blobs").check(session, contents=False).missing
    if missing:
        return [_fault("files", "doctor.files_missing", count=len(missing), first=missing[0])]
    return [_ok("files", "doctor.files")]


def check_kernels(patient: Patient) -> list[Finding]:
    folder = patient.config.home / "cache" / "numba" / numba_cache.fingerprint()
    if any(folder.rglob("*.nbi")):
        return [_ok("kernels", "doctor.kernels")]
    return [_warning("kernels", "doctor.no_kernels")]


def check_network(patient: Patient) -> list[Finding]:
    from mobigo.network.store import compiled, networks

    if not _has_tables(patient):
        return []
    with reading(patient.engine) as session:
        pointer = networks.find_pointer(session)
        name = None if pointer is None else pointer.hash
    if name is None:
        return [_warning("network", "doctor.no_network")]
    folder = networks.root_of(patient.config.home) / name
    if not folder.is_dir():
        return [_fault("network", "doctor.network_missing", network=name[:12])]
    timetable = compiled.load(folder)
    today = paris_day(patient.now)
    if timetable.last_day < today:
        return [_fault("network", "doctor.network_expired", last_day=timetable.last_day)]
    if timetable.last_day < today + EXPIRY_WARNING:
        return [_warning("network", "doctor.network_expires", last_day=timetable.last_day)]
    return [_ok("network", "doctor.network", first_day=timetable.first_day, last_day=timetable.last_day)]


def check_map(patient: Patient) -> list[Finding]:
    from mobigo.planner.gateway.pmtiles import open_archive

    if patient.config.map_tiles is None:
        return [_ok("map", "doctor.no_map")]
    archive = open_archive(patient.config.map_tiles)
    os.close(archive.file)
    return [_ok("map", "doctor.map", file=patient.config.map_tiles.name, zoom=archive.zoom_max)]


def check_carpool_stops(patient: Patient) -> list[Finding]:
    from covoit.service.lines import current_lines
    from mobigo.app.carpool_places import joined
    from mobigo.network.store.networks import NetworkHolder

    if not _has_tables(patient):
        return []
    try:
        with NetworkHolder(patient.engine, patient.config.home).current() as live:
            found = joined(live, patient.config.home, current_lines(paris_day(patient.now)))
    except MobigoError:  # check_network says why
        return [_ok("carpool_stops", "doctor.carpool_stops_unknown")]
    alone = [f"{each.line.number} {each.stop.name}" for each in found if each.place is None]
    known = {"joined": len(found) - len(alone), "stops": len(found)}
    if alone:
        return [_warning("carpool_stops", "doctor.carpool_stops_alone", **known, alone=" ; ".join(alone))]
    return [_ok("carpool_stops", "doctor.carpool_stops", **known)]


CHECKS: Final[tuple[Callable[[Patient], list[Finding]], ...]] = (
    check_python,
    check_settings,
    check_home,
    check_disk,
    check_secrets,
    check_database,
    check_clock,
    check_broker,
    check_jobs,
    check_outbox,
    check_payments,
    check_files,
    check_kernels,
    check_network,
    check_carpool_stops,
    check_map,
)


def _ok(check: str, code: str, **params: object) -> Finding:
    return Finding(check, Level.OK, Decision(code, **params))


def _warning(check: str, code: str, **params: object) -> Finding:
    return Finding(check, Level.WARNING, Decision(code, **params))


def _fault(check: str, code: str, **params: object) -> Finding:
    return Finding(check, Level.FAULT, Decision(code, **params))


def _has_tables(patient: Patient) -> bool:
    """Whether the database can be asked; when not, `check_database` already says so."""
    if patient.engine.dialect.name == "sqlite" and not Path(str(patient.engine.url.database)).exists():
        return False
    try:
        return schema.current(patient.engine) == schema.head()
    except SQLAlchemyError:
        return False


def _nearest(folder: Path) -> Path:
    """The folder, or the first one above it that exists."""
    return folder if folder.exists() else _nearest(folder.parent)


MARKS: Final = {Level.OK: "✓", Level.WARNING: "!", Level.FAULT: "✗"}


@click.command(help="Examiner l'installation et dire quoi faire.")
@console.json_option
def doctor(as_json: bool) -> int:
    """Examines the configured instance; exit 3 when something is faulty."""
    settings = config.load_config()
    engine = open_engine(settings.database_url, make_folder=False)
    try:
        found = examine(Patient(settings, engine, clock.now()))
    finally:
        engine.dispose()
    faulty = any(finding.level is Level.FAULT for finding in found)
    document = {
        "ok": not faulty,
        "checks": [
            {
                "check": finding.check,
                "level": finding.level,
                "code": finding.says.code,
                "params": dict(finding.says.params),
                "message": console.sentence_of(finding.says),
            }
            for finding in found
        ],
    }
    lines = (f"{MARKS[finding.level]} {console.sentence_of(finding.says)}" for finding in found)
    console.emit(document, as_json, lambda: "\n".join(lines))
    return console.REFUSED if faulty else console.DONE

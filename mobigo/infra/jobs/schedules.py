"""What starts by itself: rows with a rhythm and the instant they are next due. No beat process: every worker looks.

Firing is one transaction that queues the job and moves the row to its next instant, under the row's lock and under a
key made of the instant: whatever the number of workers, and whichever dies half-way, each instant fires once or is
still due. After an absence it fires once, not once for each instant missed.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from mobigo.base.errors import MobigoError
from mobigo.infra import db
from mobigo.infra.jobs import desk, registry, rhythms
from mobigo.infra.jobs.tables import ScheduleRow, plain

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Schedule:
    """One schedule as its row says. `declared`: made by the code (`@job(every=…)`), not by a person."""

    name: str
    job: str
    params: Mapping[str, object]
    rhythm: str
    next_at: datetime
    last_at: datetime | None
    last_job_id: str | None
    declared: bool


def set_schedule(
    session: Session, name: str, job: str, params: Mapping[str, object], rhythm: str, now: datetime
) -> None:
    """Make or change the schedule `name`; a new rhythm counts from now. Raises InvalidInput("jobs.bad_rhythm"),
    InvalidInput("jobs.unknown_name")."""
    registry.find_kind(job)
    _write(session, name, job, params, rhythm, now, declared=False)


def remove_schedule(session: Session, name: str) -> bool:
    """Withdraw a schedule; whether there was one."""
    return db.changed(session, delete(ScheduleRow).where(ScheduleRow.name == name)) == 1


def list_schedules(session: Session) -> list[Schedule]:
    """Every schedule, by name."""
    return [_value(row) for row in session.scalars(select(ScheduleRow).order_by(ScheduleRow.name))]


def declare(engine: Engine, now: datetime) -> None:
    """Bring the rows of the schedules declared in code up to date: new ones made, changed ones changed, gone ones
    removed. Several workers may do so at the same time."""
    wanted = {each.name: each for each in registry.declared_schedules()}
    with db.reading(engine) as session:
        known = {row.name: row for row in list_schedules(session) if row.declared}
    for name, each in wanted.items():
        found = known.get(name)
        if found is None or (found.job, found.rhythm) != (each.job, each.rhythm):
            with db.transaction(engine) as session:
                _write(session, name, each.job, {}, each.rhythm, now, declared=True)
    for name in known.keys() - wanted.keys():
        with db.transaction(engine) as session:
            remove_schedule(session, name)


def fire_due(engine: Engine, now: datetime) -> list[str]:
    """Queue the job of each schedule that is due; their job ids.

    A schedule whose last job has not ended yet is moved on without a second one.
    """
    with db.reading(engine) as session:
        names = session.scalars(select(ScheduleRow.name).where(ScheduleRow.next_at <= now)).all()
    fired = []
    for name in names:
        try:
            with db.transaction(engine) as session:
                job_id = _fire(session, name, now)
        except MobigoError as refusal:
            _log.error("the schedule %s could not fire: %s", name, refusal)
            with db.transaction(engine) as session:
                _move_on(session, name, now)
        else:
            fired += [] if job_id is None else [job_id]
    return fired


def bring_back(engine: Engine, now: datetime) -> list[str]:
    """Bring back the schedules whose next instant lies further off than their rhythm allows: the clock was ahead when
    they last fired, and what runs every minute would not run until it gets there again. Their names."""
    with db.reading(engine) as session:
        later = session.scalars(select(ScheduleRow).where(ScheduleRow.next_at > now)).all()
        names = sorted(row.name for row in later if _is_too_far(row, now))
    for name in names:
        with db.transaction(engine) as session:
            row = session.get(ScheduleRow, name, with_for_update=True, populate_existing=True)
            if row is not None and _is_too_far(row, now):
                row.next_at = rhythms.read(row.rhythm).after(now)
    return names


def _is_too_far(row: ScheduleRow, now: datetime) -> bool:
    return row.next_at > rhythms.read(row.rhythm).after(now) + timedelta(seconds=1)


def _fire(session: Session, name: str, now: datetime) -> str | None:
    row = _due(session, name, now)
    if row is None:
        return None
    due_at, row.next_at = row.next_at, rhythms.read(row.rhythm).after(now)
    key = _key(row, due_at)
    last = None if row.last_job_id is None else desk.find_job(session, row.last_job_id)
    if last is not None and not last.ended:
        return None
    row.last_at = now
    row.last_job_id = desk.enqueue(session, row.job, row.params, None, now, key=key)
    return row.last_job_id


def _key(row: ScheduleRow, due_at: datetime) -> str:
    """Its instant; of one that has fired before, under a clock that was ahead, also what fired then."""
    key = f"{row.name} {due_at.isoformat()}"
    return key if row.last_at is None or row.last_at < due_at else f"{key} after {row.last_job_id}"


def _move_on(session: Session, name: str, now: datetime) -> None:
    row = _due(session, name, now)
    if row is not None:
        row.next_at = rhythms.read(row.rhythm).after(now)


def _due(session: Session, name: str, now: datetime) -> ScheduleRow | None:
    """The row under its lock, if it is still due once we hold it."""
    row = session.get(ScheduleRow, name, with_for_update=True, populate_existing=True)
    return row if row is not None and row.next_at <= now else None


def _write(
    session: Session, name: str, job: str, params: Mapping[str, object], rhythm: str, now: datetime, *, declared: bool
) -> None:
    values = {"job": job, "params": plain(params), "rhythm": rhythm, "declared": declared}
    next_at = rhythms.read(rhythm).after(now)
    new = {"name": name, "next_at": next_at, "last_at": None, "last_job_id": None, **values}
    if db.insert_new(session, ScheduleRow, new, ["name"]):
        return
    row = session.get(ScheduleRow, name, with_for_update=True, populate_existing=True)
    if row is None:
        raise RuntimeError(f"the schedule {name} went away while it was written")
    if row.rhythm != rhythm:
        row.next_at = next_at
    for column, value in values.items():
        setattr(row, column, value)
    session.flush()


def _value(row: ScheduleRow) -> Schedule:
    return Schedule(row.name, row.job, row.params, row.rhythm, row.next_at, row.last_at, row.last_job_id, row.declared)

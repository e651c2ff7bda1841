"""What packages and people ask of the jobs: enqueue, cancel, retry, find, list. All inside the caller's transaction.

A job exists when the caller's transaction commits, and only then; the wake-up that follows the commit merely makes a
worker look sooner (see `wakeups`), so losing it delays the job by a second or two and nothing else.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, NotFound
from mobigo.infra import clock
from mobigo.infra.db import on_commit
from mobigo.infra.jobs import registry, states, wakeups
from mobigo.infra.jobs.states import Job, State
from mobigo.infra.jobs.tables import JobRow, plain, to_job, write

PAGE: Final = 50


def enqueue(
    session: Session,
    name: str,
    params: Mapping[str, object],
    asked_by: str | None,
    now: datetime,
    key: str | None = None,
    due_at: datetime | None = None,
) -> str:
    """Queue the job `name` and return its id. `params` hold ids and plain values, never personal data.

    `asked_by` is an account id, None for the system. The same `key` for the same job name gives the job already
    queued, and Conflict("jobs.key_reused") when its params differ. `due_at` holds it back until then.
    Raises InvalidInput("jobs.unknown_name").
    """
    kind = registry.find_kind(name)
    kept = plain(params)
    if key is not None and (known := _find_by_key(session, name, key)) is not None:
        return _same(known, kept)
    job = Job(
        id=clock.new_id(now),
        name=name,
        params=kept,
        asked_by=asked_by,
        key=key,
        tries_max=kind.tries_max,
        backoff_s=kind.backoff_s,
        due_at=now if due_at is None else due_at,
        created_at=now,
    )
    row = JobRow()
    write(row, job)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        # Somebody else committed the same key between our look and our insert.
        other = None if key is None else _find_by_key(session, name, key)
        if other is None:
            raise
        return _same(other, kept)
    _wake_after_commit(session, job.id)
    return job.id


def cancel(session: Session, job_id: str, now: datetime) -> Job:
    """Cancel it: at once when it waits; when it runs its process is told to stop, then killed after a few seconds.

    Asking twice is asking once. Raises NotFound("jobs.unknown"), Conflict("jobs.already_ended", state).
    """
    return _changed(session, job_id, lambda job: states.cancel(job, now))


def retry(session: Session, job_id: str, now: datetime) -> Job:
    """Put a failed or cancelled job back in the queue, with all its tries.

    Raises NotFound("jobs.unknown"), Conflict("jobs.not_retryable", state).
    """
    job = _changed(session, job_id, lambda job: states.retry(job, now))
    _wake_after_commit(session, job_id)
    return job


def find_job(session: Session, job_id: str) -> Job | None:
    """The job of this id, None when there is none (or no longer: ended jobs are kept 90 days)."""
    row = session.get(JobRow, job_id, populate_existing=True)
    return None if row is None else to_job(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs to list; what is None does not filter. `before` is the last id of the page above."""

    states: Collection[State] | None = None
    name: str | None = None
    asked_by: str | None = None
    before: str | None = None
    limit: int = PAGE


def list_jobs(session: Session, wanted: JobFilter | None = None) -> list[Job]:
    """Jobs, newest first, one page. The next page: `replace(wanted, before=page[-1].id)`.

    A page for people shows `name` (catalogue entry `jobs.name.<name>`), `state`, progress (`progress_done` of
    `progress_total` when that is known, `progress_text`), `outcome` (a Decision: result, or reason of a failure; on a
    queued job, why its last try failed), `tries` of `tries_max`, and its buttons by `may_cancel` and `may_retry`.
    """
    wanted = JobFilter() if wanted is None else wanted
    query = select(JobRow).order_by(JobRow.id.desc()).limit(wanted.limit)
    if wanted.states is not None:
        query = query.where(JobRow.state.in_([state.value for state in wanted.states]))
    if wanted.name is not None:
        query = query.where(JobRow.name == wanted.name)
    if wanted.asked_by is not None:
        query = query.where(JobRow.asked_by == wanted.asked_by)
    if wanted.before is not None:
        query = query.where(JobRow.id < wanted.before)
    return [to_job(row) for row in session.scalars(query.execution_options(populate_existing=True))]


def count_jobs(session: Session) -> dict[State, int]:
    """How many jobs stand in each state, zero included."""
    counted = session.execute(select(JobRow.state, func.count()).group_by(JobRow.state))
    found = {state: count for state, count in counted}  # noqa: C416 - a Row unpacks, `dict` is not told so
    return {state: found.get(state.value, 0) for state in State}


def change(session: Session, job_id: str, step: Callable[[Job], Job | None]) -> Job | None:
    """Apply one step of `states` to a row under its lock; None when there is no such job or the step does not apply."""
    row = session.get(JobRow, job_id, with_for_update=True, populate_existing=True)
    after = None if row is None else step(to_job(row))
    if row is None or after is None:
        return None
    write(row, after)
    session.flush()
    return after


def _changed(session: Session, job_id: str, step: Callable[[Job], Job]) -> Job:
    after = change(session, job_id, step)
    if after is None:
        raise NotFound("jobs.unknown", id=job_id[:40])
    return after


def _find_by_key(session: Session, name: str, key: str) -> Job | None:
    row = session.scalars(select(JobRow).where(JobRow.name == name, JobRow.key == key)).one_or_none()
    return None if row is None else to_job(row)


def _same(known: Job, params: Mapping[str, object]) -> str:
    if dict(known.params) != dict(params):
        raise Conflict("jobs.key_reused", name=known.name)
    return known.id


def _wake_after_commit(session: Session, job_id: str) -> None:
    engine = session.get_bind().engine
    on_commit(session, lambda: wakeups.wake(engine, job_id))

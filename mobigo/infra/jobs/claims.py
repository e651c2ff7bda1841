"""What workers do to the table: take the next waiting job, and give up those whose holder is not heard of any more.

A worker with a free hand looks by itself every second: a job whose wake-up was lost waits that much longer, no more.

Both read first without a lock, so that an idle worker never waits for, nor delays, somebody else's writing.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session

from mobigo.infra import db
from mobigo.infra.jobs import desk, states, wakeups
from mobigo.infra.jobs.states import HELD, Job, State
from mobigo.infra.jobs.tables import JobRow, to_job, write

LOOK: Final = 20


def claim_next(engine: Engine, owner: str, now: datetime, lease: timedelta) -> Job | None:
    """Take the job that has been due for longest; None when none is. Two workers never take the same."""
    with db.reading(engine) as session:
        if session.scalars(_waiting(now).limit(1)).first() is None:
            return None
    with db.transaction(engine) as session:
        for row in session.scalars(_locked(_waiting(now))):
            taken = states.claim(to_job(row), owner, now, lease)
            if taken is not None:
                write(row, taken)
                return taken
    return None


def claim(engine: Engine, job_id: str, owner: str, now: datetime, lease: timedelta) -> Job | None:
    """Take this job; None when it is not waiting."""
    with db.transaction(engine) as session:
        return desk.change(session, job_id, lambda job: states.claim(job, owner, now, lease))


def expire_lost(engine: Engine, now: datetime, lease: timedelta | None = None) -> list[str]:
    """Give up the jobs whose lease has passed (or cannot be true, see `states.expire`): they wait again, or end. Their
    ids."""
    over = JobRow.lease_until <= now
    if lease is not None:
        over |= JobRow.lease_until > now + states.LEASES_MAX * lease
    expired = select(JobRow).where(JobRow.state.in_([state.value for state in HELD]), over)
    with db.reading(engine) as session:
        if session.scalars(expired.limit(1)).first() is None:
            return []
    given_up = []
    with db.transaction(engine) as session:
        for row in session.scalars(_locked(expired.order_by(JobRow.id))):
            after = states.expire(to_job(row), now, lease)
            if after is not None:
                write(row, after)
                given_up.append(row.id)
                _wake(session, engine, after)
    return given_up


def bring_back(engine: Engine, now: datetime) -> list[str]:
    """Bring back to now the waiting jobs that a clock ahead of its time has put off. Their ids."""
    retried_late = now + timedelta(seconds=states.BACKOFF_S_MAX) + states.AHEAD
    ahead = (JobRow.created_at > now + states.AHEAD) | ((JobRow.tries > 0) & (JobRow.due_at > retried_late))
    asked = select(JobRow).where(JobRow.state == State.QUEUED.value, JobRow.due_at > now, ahead)
    with db.reading(engine) as session:
        if session.scalars(asked.limit(1)).first() is None:
            return []
    brought = []
    with db.transaction(engine) as session:
        for row in session.scalars(_locked(asked.order_by(JobRow.id))):
            after = states.bring_back(to_job(row), now)
            if after is not None:
                write(row, after)
                brought.append(row.id)
                _wake(session, engine, after)
    return brought


def _wake(session: Session, engine: Engine, job: Job) -> None:
    if job.state is State.QUEUED:
        db.on_commit(session, lambda: wakeups.wake(engine, job.id))


def _waiting(now: datetime) -> Select[JobRow]:
    return (
        select(JobRow)
        .where(JobRow.state == State.QUEUED.value, JobRow.due_at <= now)
        .order_by(JobRow.due_at, JobRow.id)
    )


def _locked(query: Select[JobRow]) -> Select[JobRow]:
    return query.limit(LOOK).with_for_update(skip_locked=True)

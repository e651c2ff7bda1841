"""When the worker should look at what is due: a queued job, at most one for a given time or sooner."""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.infra.jobs import desk
from mobigo.infra.jobs.tables import JobRow

JOB: Final = "billettique.payments"


def wake(session: Session, due_at: datetime, now: datetime) -> bool:
    """Queue a round for `due_at`, in this transaction, unless one is queued for then or sooner."""
    queued = select(JobRow.id).where(JobRow.name == JOB, JobRow.state == "queued", JobRow.due_at <= due_at).limit(1)
    if session.scalar(queued) is not None:
        return False
    desk.enqueue(session, JOB, {}, None, now, due_at=due_at)
    return True

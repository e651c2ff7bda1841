"""The jobs of the infrastructure itself."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from mobigo.base.decisions import Decision
from mobigo.infra import clock, privacy
from mobigo.infra.jobs.registry import job

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from mobigo.infra.jobs.context import JobContext

STEADY_FOR: Final = timedelta(hours=12)
ABSENT: Final = timedelta(days=2)


@job("privacy.erase", every="daily 04:10")
def erase(context: "JobContext") -> Decision:
    """Erase, every night, what the privacy register says is over: unless the clock looks as if it had been set far
    ahead (see `is_steady`), for what is erased too early cannot be brought back."""
    with context.transaction() as session:
        if not is_steady(session, clock.now()):
            result = Decision("privacy.clock_jumped")
            context.finish(session, result)
            return result
        counts = privacy.erase_due(session, clock.now())
        result = Decision("privacy.erased", rows=sum(counts.values()))
        context.finish(session, result)
    return result


def is_steady(session: "Session", now: datetime) -> bool:
    """Whether the service has run for half a day by this clock, as far as the jobs that ended tell.

    False when the last of them ended more than two days ago, but for those of the last half a day: either the service
    stood still, or the clock was set. Both look the same, and half a day later the answer is yes.
    """
    from mobigo.infra.jobs.tables import JobRow

    def ended(before: datetime) -> "Select[datetime | None]":
        return select(func.max(JobRow.ended_at)).where(JobRow.ended_at <= before)

    last = session.scalar(ended(now - STEADY_FOR))
    return last is None or last > now - ABSENT

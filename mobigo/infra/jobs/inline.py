"""Run a job in this process: for the command line, where somebody waits for it, and for tests."""

from threading import Event

from sqlalchemy import Engine

from mobigo.base.errors import Conflict
from mobigo.infra import clock, db
from mobigo.infra.config import Config
from mobigo.infra.jobs import claims, clocks, desk
from mobigo.infra.jobs.context import JobContext, Pace, Report, execute, settle
from mobigo.infra.jobs.heart import Heart
from mobigo.infra.jobs.states import Job


def run_inline(engine: Engine, config: Config, job_id: str, report: Report | None = None) -> Job:
    """Claim the job, run one try of it here, return how it stands after. `report` is told the progress.

    It is held by a lease like any other, can be cancelled from elsewhere, and is not limited in memory.
    Raises Conflict("jobs.not_waiting") when it is not in the queue (another worker may have it).
    """
    pace = Pace()
    # Queued a moment ago by this clock, and held by the other: the later of the two.
    job = claims.claim(engine, job_id, "inline", max(clock.now(), clocks.now(engine)), pace.lease)
    if job is None:
        raise Conflict("jobs.not_waiting", id=job_id[:40])
    with Heart(engine, job, pace) as heart:
        stopping = _Stopping(heart)

        def tell(done: int, total: int | None, text: str) -> None:
            heart.report(done, total, text)
            if report is not None:
                report(done, total, text)

        context = JobContext(engine, config, job, stopping=stopping, report=tell, pace=pace)
        ending = execute(context, job)
        if not context.ended:
            settle(engine, job, ending, context.latest)
    with db.reading(engine) as session:
        after = desk.find_job(session, job_id)
    if after is None:
        raise Conflict("jobs.not_waiting", id=job_id[:40])
    return after


class _Stopping(Event):
    """Set as soon as the heart says that the job should stop, or is no longer ours."""

    def __init__(self, heart: Heart) -> None:
        super().__init__()
        self._heart = heart

    def is_set(self) -> bool:
        return self._heart.cancelling.is_set() or self._heart.lost.is_set()

"""What a job's function is given, and how its end is written: in the job's own process, or inline."""

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING, Final

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.errors import MobigoError, Upstream
from mobigo.infra import db
from mobigo.infra.config import Config
from mobigo.infra.disk import is_full
from mobigo.infra.jobs import clocks, desk, registry, states
from mobigo.infra.jobs.states import Job, Progress

if TYPE_CHECKING:
    from mobigo.infra.blobs import Blobs

_ENDED: Final = "mobigo_job_ended"
_log = logging.getLogger(__name__)

Report = Callable[[int, int | None, str], None]


class JobStopped(BaseException):
    """The job was asked to stop (cancelled, or handed back to the queue). Not an Exception: a job's own `except
    Exception` must not swallow it."""


class LeaseLost(BaseException):
    """Somebody else holds this job now: nothing this process says of it counts any more."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The rhythm of the machinery, in seconds."""

    lease_s: float = 30.0  # how long a silent holder keeps a job
    beat_s: float = 5.0  # how often a holder says it is alive, and writes the progress
    look_s: float = 1.0  # how often the table is looked at: cancellations, waiting jobs, schedules, lost leases
    finish_s: float = 5.0  # how long a worker that must leave lets its jobs finish
    grace_s: float = 5.0  # from asking a process to stop to killing it
    tick_s: float = 0.1  # how often a process is looked at: its end, its memory

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.lease_s)


class JobContext:
    """A job's view of the world: `config`, `engine`, `blobs`, its `job_id` and who asked (`asked_by`).

    `progress` and `cancelled` are for long work; `transaction` is where facts are written: it commits only while this
    process still holds the job, so a process that was given up for dead cannot write beside its successor.
    """

    def __init__(
        self, engine: Engine, config: Config, job: Job, *, stopping: Event, report: Report, pace: Pace | None = None
    ) -> None:
        self.engine = engine
        self.config = config
        self.job_id = job.id
        self.generation = job.generation
        self.asked_by = job.asked_by
        self.tries = job.tries
        self.ended = False
        self.latest: Progress | None = None
        self._stopping = stopping
        self._report = report
        self._lease = (pace or Pace()).lease

    @property
    def blobs(self) -> "Blobs":
        from mobigo.infra.blobs import Blobs

        return Blobs(self.config.home / "blobs")

    def progress(self, done: int, total: int | None = None, text: str = "") -> None:
        """Say how far the job is: `done` of `total` (None: unknown), and what it is doing (a catalogue msgid or a
        name, no personal data). Cheap. Raises JobStopped when the job should stop: let it pass."""
        if self._stopping.is_set():
            raise JobStopped
        self.latest = (done, total, text[:200])
        self._report(*self.latest)

    def cancelled(self) -> bool:
        """Whether the job was asked to stop. It has a few seconds; then its process is killed."""
        return self._stopping.is_set()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """`db.transaction`, refused at commit (LeaseLost, rolled back) when this process no longer holds the job."""
        with db.transaction(self.engine) as session:
            yield session
            now = clocks.now_in(session)
            if not session.info.get(_ENDED) and not desk.change(
                session, self.job_id, lambda job: states.beat(job, self.generation, now, self._lease)
            ):
                raise LeaseLost

    def finish(self, session: Session, result: Decision | None = None) -> None:
        """End the job in this transaction (one of `ctx.transaction`): its last effects and its end are one commit.

        Nothing may follow; the function returns. Raises LeaseLost.
        """
        now = clocks.now_in(session)

        def step(job: Job) -> Job | None:
            return states.finish(states.at(job, self.latest), self.generation, result, now)

        if not desk.change(session, self.job_id, step):
            raise LeaseLost
        session.info[_ENDED] = True
        db.on_commit(session, self._note_end)

    def _note_end(self) -> None:
        self.ended = True


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The function returned; `result` is what it returned."""

    result: Decision | None


@dataclass(frozen=True, slots=True)
class Failed:
    """The function raised; `retryable` when the cause may pass by itself."""

    error: Decision
    retryable: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """The function stopped as it was asked to."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Somebody else holds the job now."""


Ending = Succeeded | Failed | Stopped | Lost


def execute(context: JobContext, job: Job) -> Ending:
    """Run the function of a job in this process. Never raises what the function may raise."""
    try:
        return Succeeded(registry.find_kind(job.name).function(context, **job.params))
    except JobStopped:
        return Stopped()
    except LeaseLost:
        return Lost()
    except Upstream as error:
        return Failed(error.decision, retryable=True)
    except MobigoError as error:
        return Failed(error.decision, retryable=False)
    except MemoryError:
        return Failed(memory_limit(context.config, job), retryable=False)
    except (OperationalError, ConnectionError, TimeoutError) as error:
        _tell(job, error)
        return Failed(Decision("jobs.unavailable", kind=type(error).__name__), retryable=True)
    except OSError as error:
        _tell(job, error)
        if is_full(error):
            return Failed(Decision("jobs.disk_full"), retryable=True)
        return Failed(Decision("jobs.defect", kind=type(error).__name__), retryable=False)
    except Exception as error:
        _tell(job, error)
        return Failed(Decision("jobs.defect", kind=type(error).__name__), retryable=False)


def settle(engine: Engine, job: Job, ending: Ending, progress: Progress | None = None) -> Job | None:
    """Write the end of a try, reached at `progress`; None when this generation no longer holds the job, which is
    then left alone."""
    now = clocks.now(engine)

    def step(found: Job) -> Job | None:
        current = states.at(found, progress)
        match ending:
            case Succeeded(result):
                return states.finish(current, job.generation, result, now)
            case Failed(error, retryable):
                return states.fail(current, job.generation, error, retryable, now)
            case Stopped():
                return states.stop(current, job.generation, now)
            case Lost():
                return None

    with db.transaction(engine) as session:
        return desk.change(session, job.id, step)


def memory_mb_max(config: Config, job: Job) -> int:
    """How much memory (MiB) the process of this job may take."""
    own = registry.find_kind(job.name).memory_mb
    return config.job_memory_mb if own is None else own


def memory_limit(config: Config, job: Job) -> Decision:
    """The reason of a job that took more memory than it may."""
    return Decision("jobs.memory_limit", memory_mb=memory_mb_max(config, job))


def _tell(job: Job, error: Exception) -> None:
    """Where it happened, in the log; not the message, which may quote what people wrote."""
    lines = "".join(traceback.format_tb(error.__traceback__))
    _log.error("job %s (%s) failed: %s\n%s", job.id, job.name, type(error).__qualname__, lines)

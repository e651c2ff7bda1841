"""The life of a job, as pure functions over a frozen value: no clock, no database, no process.

    queued ──claim──▶ running ──finish──▶ done
      ▲  │              │ │ └──fail──────▶ failed
      │  └─cancel─▶ cancelled ◀─stop/fail/expire── cancelling ◀──cancel── running
      └──── fail (retryable), stop (handed back), expire, retry by hand

Whoever claims a job gets a generation (the fencing token): it grows at every claim, and whatever an older generation
says afterwards changes nothing. A step that does not apply returns None, or raises Conflict where a person asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict

BACKOFF_S_MAX: Final = 3_600.0
AHEAD: Final = timedelta(seconds=60)  # two clocks that agree may be that far apart
LEASES_MAX: Final = 10  # a lease that ends later than so many from now was given by a clock that was ahead


class State(StrEnum):
    """Where a job stands. QUEUED covers a first run, a retry that waits for its time, and a job handed back."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


# How far a job is: done, of how many (None: unknown), doing what.
Progress = tuple[int, int | None, str]

ENDED: Final = frozenset({State.DONE, State.FAILED, State.CANCELLED})
HELD: Final = frozenset({State.RUNNING, State.CANCELLING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job as its row says. `outcome` is the result of a done job, the reason of a failed or waiting one, as code
    and parameters. `asked_by` is an account id, None when a schedule or the system asked. Instants are UTC."""

    id: str
    name: str
    params: Mapping[str, object] = field(default_factory=dict)
    state: State = State.QUEUED
    asked_by: str | None = None
    key: str | None = None
    tries: int = 0
    tries_max: int = 1
    backoff_s: float = 30.0
    generation: int = 0
    due_at: datetime
    lease_owner: str | None = None
    lease_until: datetime | None = None
    progress_done: int = 0
    progress_total: int | None = None
    progress_text: str = ""
    outcome: Decision | None = None
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def may_cancel(self) -> bool:
        """Whether asking to cancel it means something now."""
        return self.state in (State.QUEUED, State.RUNNING)

    @property
    def may_retry(self) -> bool:
        """Whether a person may put it back in the queue."""
        return self.state in (State.FAILED, State.CANCELLED)


def held_by(job: Job, generation: int) -> bool:
    """Whether this generation still owns the job: the only one that may speak for it."""
    return job.state in HELD and job.generation == generation


def backoff(job: Job) -> timedelta:
    """How long to wait after the try just made: the job's back-off, doubled at each try, one hour at most."""
    doublings = min(max(job.tries - 1, 0), 20)
    return timedelta(seconds=min(job.backoff_s * 2**doublings, BACKOFF_S_MAX))


def claim(job: Job, owner: str, now: datetime, lease: timedelta) -> Job | None:
    """Taken by `owner` for one more try, under a new generation; None when it is not waiting or not yet due."""
    if job.state is not State.QUEUED or job.due_at > now:
        return None
    return replace(
        job,
        state=State.RUNNING,
        tries=job.tries + 1,
        generation=job.generation + 1,
        lease_owner=owner,
        lease_until=now + lease,
        progress_done=0,
        progress_total=None,
        progress_text="",
        started_at=now,
    )


def beat(job: Job, generation: int, now: datetime, lease: timedelta) -> Job | None:
    """Its holder is alive; None when another generation, or nobody, holds it now."""
    return replace(job, lease_until=now + lease) if held_by(job, generation) else None


def at(job: Job, progress: Progress | None) -> Job:
    """The same job, this far."""
    if progress is None:
        return job
    done, total, text = progress
    return replace(job, progress_done=done, progress_total=total, progress_text=text)


def finish(job: Job, generation: int, result: Decision | None, now: datetime) -> Job | None:
    """Done. A job that completed before it noticed that it was being cancelled is done: its effects are there."""
    return _end(job, State.DONE, result, now) if held_by(job, generation) else None


def fail(job: Job, generation: int, error: Decision, retryable: bool, now: datetime) -> Job | None:
    """The try failed: back in the queue after its back-off while tries remain and the failure may pass by itself."""
    if not held_by(job, generation):
        return None
    if job.state is State.CANCELLING:
        return _end(job, State.CANCELLED, error, now)
    if retryable and job.tries < job.tries_max:
        return replace(_wait(job, now + backoff(job)), outcome=error)
    return _end(job, State.FAILED, error, now)


def stop(job: Job, generation: int, now: datetime) -> Job | None:
    """Its process was stopped on purpose: cancelled if that was asked, else handed back, the try not counted."""
    if not held_by(job, generation):
        return None
    if job.state is State.CANCELLING:
        return _end(job, State.CANCELLED, Decision("jobs.cancelled"), now)
    return replace(_wait(job, now), tries=job.tries - 1)


def expire(job: Job, now: datetime, lease: timedelta | None = None) -> Job | None:
    """Its holder has not been heard of for a whole lease: it waits again, or ends when its tries are used up.
    None while the lease lasts. One far longer than `lease` was given by a clock that was set back since: its holder
    would have renewed it, and is gone."""
    if job.state not in HELD or job.lease_until is None:
        return None
    endless = lease is not None and job.lease_until > now + LEASES_MAX * lease
    if job.lease_until > now and not endless:
        return None
    if job.state is State.CANCELLING:
        return _end(job, State.CANCELLED, Decision("jobs.cancelled"), now)
    lost = Decision("jobs.worker_lost", tries=job.tries)
    if job.tries < job.tries_max:
        return replace(_wait(job, now), outcome=lost)
    return _end(job, State.FAILED, lost, now)


def bring_back(job: Job, now: datetime) -> Job | None:
    """A waiting job that a clock ahead of its time has put off, as the right clock would have written it; None when
    nothing is wrong with it. What was to wait since it was asked for still waits as long."""
    if job.state is not State.QUEUED:
        return None
    if job.created_at > now + AHEAD:
        return replace(job, created_at=now, due_at=now + max(job.due_at - job.created_at, timedelta(0)))
    if job.tries and job.due_at > now + timedelta(seconds=BACKOFF_S_MAX) + AHEAD:
        return replace(job, due_at=now)
    return None


def cancel(job: Job, now: datetime) -> Job:
    """Cancelled at once when it waits; asked to stop when it runs. Raises Conflict("jobs.already_ended")."""
    if job.ended:
        raise Conflict("jobs.already_ended", state=job.state.value)
    if job.state is State.QUEUED:
        return _end(job, State.CANCELLED, Decision("jobs.cancelled"), now)
    return replace(job, state=State.CANCELLING)


def retry(job: Job, now: datetime) -> Job:
    """Back in the queue with all its tries, because a person asked. Raises Conflict("jobs.not_retryable")."""
    if not job.may_retry:
        raise Conflict("jobs.not_retryable", state=job.state.value)
    return replace(_wait(job, now), tries=0, started_at=None, progress_done=0, progress_total=None, progress_text="")


def _wait(job: Job, due_at: datetime) -> Job:
    return replace(
        job, state=State.QUEUED, due_at=due_at, lease_owner=None, lease_until=None, outcome=None, ended_at=None
    )


def _end(job: Job, state: State, outcome: Decision | None, now: datetime) -> Job:
    return replace(job, state=state, outcome=outcome, lease_owner=None, lease_until=None, ended_at=now)

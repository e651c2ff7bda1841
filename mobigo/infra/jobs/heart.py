"""The heart of a running job: a thread that renews its lease, writes its progress, and notices that it should stop.

It is a thread of its own because on SQLite a beat may wait for a long writing transaction, and the process still has
to be watched meanwhile.
"""

import logging
from datetime import datetime
from threading import Event, Lock, Thread
from types import TracebackType

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from mobigo.infra import clock, db
from mobigo.infra.jobs import clocks, desk, states
from mobigo.infra.jobs.context import Pace
from mobigo.infra.jobs.states import Job, Progress, State

_log = logging.getLogger(__name__)


class Heart:
    """Beats from `with` to its end. `lost`: somebody else holds the job; `ended`: its end is written;
    `cancelling`: it should stop; `last_s`: when the last beat was written (monotonic seconds)."""

    def __init__(self, engine: Engine, job: Job, pace: Pace) -> None:
        self.lost = Event()
        self.ended = Event()
        self.cancelling = Event()
        self.last_s = clock.monotonic_s()
        self._engine = engine
        self._job = job
        self._pace = pace
        self._progress: Progress | None = None
        self._lock = Lock()
        self._leaving = Event()
        self._thread = Thread(target=self._run, name=f"heart-{job.id}", daemon=True)

    def __enter__(self) -> "Heart":
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        self._thread.join()

    def report(self, done: int, total: int | None, text: str) -> None:
        """Keep the progress for the next beat."""
        with self._lock:
            self._progress = (done, total, text)

    def _run(self) -> None:
        next_beat_s = clock.monotonic_s() + self._pace.beat_s
        while not self._leaving.wait(min(self._pace.look_s, self._pace.beat_s)) and not self.lost.is_set():
            try:
                if self._progress is not None or clock.monotonic_s() >= next_beat_s:
                    self._beat()
                    next_beat_s = clock.monotonic_s() + self._pace.beat_s
                else:
                    self._look()
            except SQLAlchemyError as failure:
                _log.warning("job %s: no beat (%s)", self._job.id, type(failure).__name__)

    def _beat(self) -> None:
        with self._lock:
            progress, self._progress = self._progress, None
        # The lease counts from before the transaction: waiting for a lock must not make it longer than we know.
        began_s, now = clock.monotonic_s(), clocks.now(self._engine)
        with db.transaction(self._engine) as session:
            after = desk.change(session, self._job.id, lambda job: self._step(job, now, progress))
        if after is None:
            self._look()
        else:
            self.last_s = began_s
            self._note(after)

    def _step(self, job: Job, now: datetime, progress: Progress | None) -> Job | None:
        return states.beat(states.at(job, progress), self._job.generation, now, self._pace.lease)

    def _look(self) -> None:
        with db.reading(self._engine) as session:
            job = desk.find_job(session, self._job.id)
        self._note(job)

    def _note(self, job: Job | None) -> None:
        mine = job is not None and job.generation == self._job.generation
        if job is not None and mine and job.ended:
            self.ended.set()
        elif job is None or not states.held_by(job, self._job.generation):
            self.lost.set()
        elif job.state is State.CANCELLING:
            self.cancelling.set()

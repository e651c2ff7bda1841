"""A worker without its broker: a few hands that run jobs, and a keeper that looks after the table.

The dispatcher takes a waiting job whenever a hand is free and a bell rings (a wake-up came) or a second has passed.
The keeper gives up lost leases, fires schedules, and mends what a clock that was set has left. Neither ends on a
failure of the database: they say so and go on.
"""

import logging
import os
import secrets
import socket
from collections.abc import Callable
from threading import Condition, Event, Thread
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from mobigo.infra import clock
from mobigo.infra.config import Config
from mobigo.infra.jobs import claims, clocks, registry, schedules, wakeups
from mobigo.infra.jobs.context import Pace
from mobigo.infra.jobs.states import Job
from mobigo.infra.jobs.supervisor import supervise

AFTER_FAILURE_S: Final = 2.0
MEND_EVERY_S: Final = 30.0
_log = logging.getLogger(__name__)


class Crew:
    """The hands of one worker process: `config.jobs_at_once` jobs at a time. `start`, `wake` at will, then `leave`."""

    def __init__(self, engine: Engine, config: Config, pace: Pace | None = None) -> None:
        self.owner = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._engine = engine
        self._config = config
        self._pace = Pace() if pace is None else pace
        self._clock = clocks.WorkerClock(engine, self._pace.lease_s)
        self._bell = Condition()
        self._rung = True  # a worker that starts looks at once
        self._busy: set[str] = set()
        self._hands: list[Thread] = []
        self._leaving = Event()
        self._threads = [
            Thread(target=self._go_on, args=(each,), name=name, daemon=True)
            for name, each in (("dispatcher", self._dispatch), ("keeper", self._keep))
        ]

    def start(self) -> None:
        """Begin to take jobs."""
        registry.kinds()  # imported here, once, and not by two threads at a time
        wakeups.connect(self._engine, self._config)
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """A job waits: look now."""
        with self._bell:
            self._rung = True
            self._bell.notify_all()

    def close(self) -> None:
        """Take nothing more; let the jobs finish for a few seconds, then hand back the others. Returns at once."""
        self._leaving.set()
        self.wake()

    def leave(self) -> None:
        """`close`, and wait until everything is written."""
        self.close()
        for thread in self._threads:
            thread.join()
        for hand in list(self._hands):
            hand.join()

    def _dispatch(self) -> None:
        with self._bell:
            self._bell.wait_for(lambda: self._rung, self._pace.look_s)
            self._rung = False
        while not self._leaving.is_set() and len(self._busy) < self._config.jobs_at_once:
            now = clocks.now(self._engine)
            job = (
                claims.claim_next(self._engine, self.owner, now, self._pace.lease) if self._clock.agrees(now) else None
            )
            if job is None:
                return
            with self._bell:
                self._busy.add(job.id)
            self._hands = [hand for hand in self._hands if hand.is_alive()]
            hand = Thread(target=self._run, args=(job,), name=f"hand-{job.id}", daemon=True)
            self._hands.append(hand)
            hand.start()

    def _run(self, job: Job) -> None:
        try:
            supervise(self._engine, self._config, job, self._pace, self._leaving)
        except Exception:
            # Its lease passes, and a keeper decides.
            _log.exception("job %s lost its supervisor", job.id)
        finally:
            with self._bell:
                self._busy.discard(job.id)
                self._rung = True
                self._bell.notify_all()

    def _keep(self) -> None:
        schedules.declare(self._engine, clocks.now(self._engine))
        mend_at_s = 0.0
        while not self._leaving.wait(self._pace.look_s):
            now, was_set = self._clock.look()
            if was_set or clock.monotonic_s() >= mend_at_s:
                claims.bring_back(self._engine, now)
                schedules.bring_back(self._engine, now)
                mend_at_s = clock.monotonic_s() + MEND_EVERY_S
            if self._clock.may_judge():
                claims.expire_lost(self._engine, now, self._pace.lease)
            schedules.fire_due(self._engine, now)

    def _go_on(self, work: Callable[[], None]) -> None:
        while not self._leaving.is_set():
            try:
                work()
            except SQLAlchemyError as failure:
                _log.warning("the database did not answer a worker (%s); trying again", type(failure).__name__)
                self._leaving.wait(AFTER_FAILURE_S)
            except Exception:
                _log.exception("a worker's look at the jobs failed; trying again")
                self._leaving.wait(AFTER_FAILURE_S)

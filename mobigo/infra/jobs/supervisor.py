"""Watches one job in its own process: starts it, keeps its lease, carries its progress, stops it, writes how it died.

The process writes its own end when it can; what is left for here is what it cannot say: killed, out of memory, asked
to stop.
"""

import contextlib
import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from mobigo.base.decisions import Decision
from mobigo.infra import clock
from mobigo.infra.config import Config
from mobigo.infra.jobs import registry
from mobigo.infra.jobs.context import Ending, Failed, Pace, Stopped, memory_limit, memory_mb_max, settle
from mobigo.infra.jobs.heart import Heart
from mobigo.infra.jobs.order import SETTLED, STOPPED, Order
from mobigo.infra.jobs.states import Job, Progress

MIB: Final = 1 << 20
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
SETTLE_TRIES: Final = 5
_log = logging.getLogger(__name__)


def supervise(engine: Engine, config: Config, job: Job, pace: Pace, leaving: Event) -> None:
    """Run a claimed job to the end of this try. When `leaving` is set the job has `pace.finish_s` to finish, then it
    is stopped and handed back to the queue."""
    with Heart(engine, job, pace) as heart, _Process(config, job, pace) as process:
        ending = _Watch(engine, config, job, pace, leaving, heart, process).run()
        if ending is not None and not heart.lost.is_set():
            _settle(engine, job, ending)


class _Watch:
    """One try, from its start to the death of its process."""

    def __init__(
        self, engine: Engine, config: Config, job: Job, pace: Pace, leaving: Event, heart: Heart, process: "_Process"
    ) -> None:
        self.config, self.job, self.pace = config, job, pace
        self.leaving, self.heart, self.process = leaving, heart, process
        self.memory_bytes_max = memory_mb_max(config, job) * MIB
        # On SQLite, a beat that cannot be written means that everybody else's writing waits too.
        self.lease_may_pass = engine.dialect.name == "sqlite"
        self.over_memory = False
        self.cut_off = False
        self.kill_at_s: float | None = None
        self.leave_at_s: float | None = None

    def run(self) -> Ending | None:
        """How this try ended, when that is for the supervisor to say; None when the process wrote it."""
        while not self.process.ended(self.pace.tick_s):
            for done, total, text in self.process.reports():
                self.heart.report(done, total, text)
            self._look()
        asked = self.kill_at_s is not None
        if self.over_memory:
            return Failed(memory_limit(self.config, self.job), retryable=False)
        if self.process.code == STOPPED or (asked and self.process.code != SETTLED):
            return Stopped()
        if self.process.code == SETTLED:
            return None
        code = self.process.code
        return Failed(_died(code, by_us=self.cut_off), retryable=True)

    def _look(self) -> None:
        now_s = clock.monotonic_s()
        healthy = self.lease_may_pass or now_s - self.heart.last_s < self.pace.lease_s
        if self.heart.lost.is_set() or not healthy:
            self.cut_off = True
            self.process.kill()
        elif self.process.memory_bytes() > self.memory_bytes_max:
            self.over_memory = True
            self.process.kill()
        else:
            self.process.encourage()
        if self.leaving.is_set() and self.leave_at_s is None:
            self.leave_at_s = now_s + self.pace.finish_s
        must_stop = (
            self.heart.cancelling.is_set()
            or self.heart.ended.is_set()
            or (self.leave_at_s is not None and now_s >= self.leave_at_s)
        )
        if must_stop and self.kill_at_s is None:
            self.kill_at_s = now_s + self.pace.grace_s
            self.process.terminate()
        if self.kill_at_s is not None and now_s >= self.kill_at_s:
            self.process.kill()


def _died(code: int, *, by_us: bool) -> Decision:
    """How a process died of which nobody asked it. A SIGKILL that is not ours is what a system without memory does."""
    if code == -signal.SIGKILL and not by_us:
        return Decision("jobs.process_killed")
    return Decision("jobs.process_died", signal=-code) if code < 0 else Decision("jobs.process_died", code=code)


class _Process:
    """The process of a job, seen from its supervisor."""

    def __init__(self, config: Config, job: Job, pace: Pace) -> None:
        incoming, outgoing = os.pipe()
        os.set_blocking(incoming, False)
        # On Linux the limit is watched; the kernel's own limit counts reserved memory too, so it stands further off.
        wall = 2 * memory_mb_max(config, job) * MIB + 1024 * MIB
        # Silent for longer than this, it ends before its lease can: the last beat was at most a beat and a look ago.
        silence_s = max(pace.lease_s - 3 * pace.beat_s, pace.lease_s / 3)
        told = replace(job, outcome=None)  # how its last try ended is of no use to the next
        known = registry.modules(), registry.installers()
        order = Order(config, told, *known, pace, silence_s, wall, os.getpid(), outgoing)
        self._popen = subprocess.Popen(  # our own interpreter and module
            # -P: what lies in the folder we were started from is not imported
            [sys.executable, "-P", "-m", "mobigo.infra.jobs.child"],
            stdin=subprocess.PIPE,
            stdout=2,  # what a library prints is no answer of the worker's
            pass_fds=(outgoing,),
            start_new_session=True,
        )
        os.close(outgoing)
        self._incoming = incoming
        self._rest = b""
        self._last_byte_s = 0.0
        assert self._popen.stdin is not None  # noqa: S101 - asked for above
        self._stdin = self._popen.stdin
        document = pickle.dumps(order)
        with contextlib.suppress(BrokenPipeError):
            self._stdin.write(len(document).to_bytes(4, "big") + document)
            self._stdin.flush()
        os.set_blocking(self._stdin.fileno(), False)

    def __enter__(self) -> "_Process":
        return self

    def __exit__(self, *_error: object) -> None:
        if self._popen.poll() is None:
            self.kill()
            self._popen.wait()
        with contextlib.suppress(OSError):
            self._stdin.close()
        os.close(self._incoming)

    @property
    def code(self) -> int:
        """Its exit code, or minus the signal that killed it."""
        return int(self._popen.returncode)

    def ended(self, wait_s: float) -> bool:
        """Whether it ended within this time."""
        try:
            self._popen.wait(wait_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def reports(self) -> list[Progress]:
        """What it said of its progress since the last call."""
        with contextlib.suppress(BlockingIOError):
            self._rest += os.read(self._incoming, 65_536)
        *lines, self._rest = self._rest.split(b"\n")
        return [(done, total, text) for done, total, text in map(json.loads, lines)]

    def memory_bytes(self) -> int:
        """Memory of its own (resident, without mapped files such as the compiled network); 0 where unknown."""
        try:
            resident, shared = Path(f"/proc/{self._popen.pid}/statm").read_bytes().split()[1:3]
        except (OSError, ValueError):
            return 0
        return (int(resident) - int(shared)) * PAGE_BYTES

    def encourage(self) -> None:
        """Tell it, twice a second, that somebody watches over it."""
        now_s = clock.monotonic_s()
        if now_s - self._last_byte_s >= 0.5:
            self._last_byte_s = now_s
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                os.write(self._stdin.fileno(), b".")

    def terminate(self) -> None:
        """Ask it to stop."""
        self._popen.terminate()

    def kill(self) -> None:
        """Kill it and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.kill()


def _settle(engine: Engine, job: Job, ending: Ending) -> None:
    for _ in range(SETTLE_TRIES):
        try:
            settle(engine, job, ending)
        except SQLAlchemyError as failure:
            _log.warning("job %s: its end could not be written yet (%s)", job.id, type(failure).__name__)
            time.sleep(1)
        else:
            return
    # The lease passes, and the sweep decides.

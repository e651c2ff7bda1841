"""The process of one job: `python -m mobigo.infra.jobs.child`, started fresh by a supervisor (never forked).

What it needs comes in on stdin, then one byte now and then while the supervisor is well; its progress goes out on a
pipe of its own. It ends with its supervisor: the kernel kills it when the supervisor dies (Linux), its own watch when
stdin closes or stays silent for most of a lease (a supervisor that hangs), so a job that is claimed again after its
lease never runs twice at a time.
"""

import contextlib
import ctypes
import json
import logging
import os
import pickle
import resource
import select
import signal
import sys
import time
from threading import Event, Lock, Thread
from typing import BinaryIO, Final

from sqlalchemy.exc import SQLAlchemyError

from mobigo.infra import db, numba_cache
from mobigo.infra.config import Config
from mobigo.infra.jobs import registry
from mobigo.infra.jobs.context import JobContext, Lost, Stopped, execute, settle
from mobigo.infra.jobs.order import LOST, SETTLED, STOPPED, UNSETTLED, Order

REPORT_EVERY_S: Final = 0.2
SETTLE_TRIES: Final = 5
_PR_SET_PDEATHSIG: Final = 1
_log = logging.getLogger(__name__)


def main() -> int:
    """Run the one job that was ordered; the exit code says how far it came (the row says the rest)."""
    order = _read_order(sys.stdin.buffer)
    die_with_parent(order.supervisor_pid, signal.SIGKILL)
    stopping = Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopping.set())
    Thread(target=_watch, args=(sys.stdin.fileno(), order.silence_s_max), name="watch", daemon=True).start()
    _limit_data(order.data_bytes_max)
    _open_log(order.config)
    numba_cache.use(order.config.home)
    registry.install(order.modules, order.installers)
    engine = db.open_engine(order.config.database_url)
    reports = Reports(order.reports_fd)
    context = JobContext(engine, order.config, order.job, stopping=stopping, report=reports.send, pace=order.pace)
    ending = execute(context, order.job)
    reports.flush()
    if context.ended:
        return SETTLED
    if isinstance(ending, Stopped):
        return STOPPED
    if isinstance(ending, Lost):
        return LOST
    for _ in range(SETTLE_TRIES):
        try:
            return LOST if settle(engine, order.job, ending, context.latest) is None else SETTLED
        except SQLAlchemyError as failure:
            _log.warning("job %s: its end could not be written yet (%s)", order.job.id, type(failure).__name__)
            time.sleep(1)
    return UNSETTLED


class Reports:
    """The progress on its way out: the latest report, five times a second at most, never blocking the job."""

    def __init__(self, fd: int) -> None:
        os.set_inheritable(fd, False)
        os.set_blocking(fd, False)
        self._fd = fd
        self._sent_s = 0.0
        self._kept: bytes | None = None
        self._lock = Lock()

    def send(self, done: int, total: int | None, text: str) -> None:
        """Send it now, or keep it until the next one or `flush`."""
        with self._lock:
            self._kept = json.dumps([int(done), None if total is None else int(total), text]).encode() + b"\n"
            if time.monotonic() - self._sent_s >= REPORT_EVERY_S:
                self._write()

    def flush(self) -> None:
        """Send what was kept."""
        with self._lock:
            self._write()

    def _write(self) -> None:
        if self._kept is None:
            return
        # A line is shorter than PIPE_BUF: written whole or, when the pipe is full, not at all.
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(self._fd, self._kept)
        self._kept, self._sent_s = None, time.monotonic()


def die_with_parent(parent_pid: int, number: signal.Signals) -> None:
    """Have the kernel send `number` to this process when the thread that started it ends (Linux; nothing elsewhere).
    Leaves at once when that has already happened."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number))
    if os.getppid() != parent_pid:
        os._exit(LOST)


def _read_order(stdin: BinaryIO) -> Order:
    length = int.from_bytes(stdin.read(4), "big")
    order = pickle.loads(stdin.read(length))  # noqa: S301 - written by our own supervisor on a private pipe
    if not isinstance(order, Order):
        raise TypeError("an order was expected on stdin")
    return order


def _watch(fd: int, silence_s_max: float) -> None:
    while select.select([fd], [], [], silence_s_max)[0] and os.read(fd, 4096):
        pass
    # The supervisor is gone or hangs. What this job started goes with it: its session is its own.
    os.killpg(0, signal.SIGKILL)


def _limit_data(size: int) -> None:
    """A wall far behind the watched limit, for a job that takes memory faster than it is looked at."""
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (size, resource.getrlimit(resource.RLIMIT_DATA)[1]))


class _LateLog(logging.Handler):
    """Configures the log at the first line: most jobs write none, and its libraries take a third of a short job."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self._config = config

    def emit(self, record: logging.LogRecord) -> None:
        from mobigo.infra import log

        root = logging.getLogger()
        root.removeHandler(self)
        log.configure(self._config)
        root.handle(record)


def _open_log(config: Config) -> None:
    logging.getLogger().addHandler(_LateLog(config))
    logging.getLogger().setLevel(config.log_level.upper())


def _leave(code: int) -> None:
    """End the process. A job that was stopped may have left a thread in the middle of a library's work: taking the
    interpreter down around it would abort, and leave a core file."""
    if code == STOPPED:
        logging.shutdown()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    _leave(main())

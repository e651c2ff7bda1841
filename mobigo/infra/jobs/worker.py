"""A worker process: a crew, and a Celery worker (pool solo) that does nothing but ring its bell.

The Celery worker never runs a job: its one task returns at once, so the broker's messages are acknowledged and its
heartbeats answered whatever the jobs do. A broker that is down, or loses messages, costs a second of waiting.
"""

import logging
import sys
import warnings
from threading import Thread

from mobigo.infra import db
from mobigo.infra.config import Config
from mobigo.infra.jobs import wakeups
from mobigo.infra.jobs.context import Pace
from mobigo.infra.jobs.crew import Crew

_log = logging.getLogger(__name__)


def run_worker(config: Config, pace: Pace | None = None) -> int:
    """Run until SIGTERM or SIGINT, then let go of the jobs in good order; the exit code of the process.

    To be called in the main thread, once, with the modules of jobs in use (`registry.use_modules`).
    """
    from celery import signals

    warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
    app = wakeups.celery_app(config)
    engine = db.open_engine(config.database_url)
    crew = Crew(engine, config, pace)

    @app.task(name=wakeups.TASK, ignore_result=True)  # type: ignore[untyped-decorator]  # celery is untyped
    def wake(job_id: str) -> None:
        _log.debug("woken for job %s", job_id)
        crew.wake()

    logging.getLogger("celery").setLevel(logging.WARNING)

    # Connecting anything to this signal keeps Celery from configuring the process's log.
    def keep_our_log(**_given: object) -> None:
        return None

    # Celery takes up to two seconds to notice the signal. A thread: a signal handler must not wait for a lock.
    def close_soon(**_given: object) -> None:
        Thread(target=crew.close, name="closing", daemon=True).start()

    signals.setup_logging.connect(keep_our_log)
    signals.worker_shutting_down.connect(close_soon)
    worker = app.Worker(
        hostname=f"mobigo@{crew.owner}",
        pool="solo",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        loglevel=config.log_level.upper(),
        stdout=sys.stderr,
    )
    crew.start()
    try:
        worker.start()
    finally:
        crew.leave()
        engine.dispose()
    return int(worker.exitcode or 0)

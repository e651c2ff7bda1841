"""A floor of real workers on one home, and independent witnesses: a trigger notes each end of a job, a unique table
each effect, a file lock each run."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from mobigo.infra import clock, db
from mobigo.infra.config import Config, as_environ
from mobigo.infra.jobs import Job, desk, registry, states, wakeups

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = "tests.integration.jobs.sample_jobs"
ENDED = "('done', 'failed', 'cancelled')"
WITNESSES = {
    "sqlite": f"""CREATE TRIGGER witness AFTER UPDATE OF state ON job
        WHEN NEW.state IN {ENDED} AND OLD.state NOT IN {ENDED}
        BEGIN INSERT INTO ending (job_id, state) VALUES (NEW.id, NEW.state); END""",
    "postgresql": f"""CREATE FUNCTION note_end() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.state IN {ENDED} AND OLD.state NOT IN {ENDED} THEN
                INSERT INTO ending (job_id, state) VALUES (NEW.id, NEW.state);
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER witness AFTER UPDATE OF state ON job FOR EACH ROW EXECUTE FUNCTION note_end()""",
}


class Floor:
    """Workers as processes, the jobs given to them, and what the witnesses saw."""

    def __init__(self, engine: Engine, config: Config) -> None:
        self.engine, self.config = engine, config
        self.workers: list[subprocess.Popen[bytes]] = []
        self.log = config.home / "workers.log"
        self.asked: dict[str, str] = {}

    def hire(self, count: int = 1, *arguments: str) -> None:
        """Start this many more workers."""
        for _ in range(count):
            with self.log.open("ab") as log:
                command = [sys.executable, "-m", "tests.integration.jobs.worker_main", *arguments]
                environ = {**os.environ, **as_environ(self.config)}
                self.workers.append(
                    subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log, start_new_session=True)
                )

    def ask(self, name: str, *, wake: bool = True, **params: object) -> str:
        """Queue a job; without `wake` its message counts as lost."""
        if not wake:
            wakeups.disconnect(self.engine)
        with db.transaction(self.engine) as session:
            job_id = desk.enqueue(session, name, params, None, clock.now())
        wakeups.connect(self.engine, self.config)
        self.asked[job_id] = name
        return job_id

    def cancel(self, job_id: str) -> None:
        with db.transaction(self.engine) as session:
            desk.cancel(session, job_id, clock.now())

    def job(self, job_id: str) -> Job:
        with db.reading(self.engine) as session:
            found = desk.find_job(session, job_id)
        assert found is not None
        return found

    def wait(self, what: Callable[[], bool], seconds: float = 180.0) -> None:
        """Until it is so; fails with the end of the workers' log."""
        limit = time.monotonic() + seconds
        while not what():
            if time.monotonic() > limit:
                raise AssertionError(self.log.read_text("utf-8")[-6_000:])
            time.sleep(0.2)

    def wait_ended(self, jobs: Collection[str] | None = None, seconds: float = 180.0) -> None:
        left = set(self.asked if jobs is None else jobs)

        def all_ended() -> bool:
            with db.reading(self.engine) as session:
                ended = desk.list_jobs(session, desk.JobFilter(states=states.ENDED, limit=1_000))
            return left <= {job.id for job in ended}

        self.wait(all_ended, seconds)

    def pid(self, job_id: str) -> int:
        """The process running this job now."""
        path = self.config.home / "pids" / f"{job_id}.{self.job(job_id).generation}"
        self.wait(lambda: path.exists() and path.read_text() != "")
        return int(path.read_text())

    def endings(self) -> list[tuple[str, str]]:
        with self.engine.connect() as connection:
            return [(row.job_id, row.state) for row in connection.execute(text("SELECT job_id, state FROM ending"))]

    def effects(self) -> list[str]:
        with self.engine.connect() as connection:
            return [row.job_id for row in connection.execute(text("SELECT job_id FROM effect WHERE generation > 0"))]

    def overlaps(self) -> list[str]:
        folder = self.config.home / "overlaps"
        return [path.name for path in folder.iterdir()] if folder.exists() else []

    def assert_each_ended_once(self) -> None:
        """Every job asked ended exactly once; its effect is there exactly if it is done; none ran twice at a time."""
        ended_as = {job_id: self.job(job_id).state.value for job_id in self.asked}
        assert sorted(self.endings()) == sorted(ended_as.items())
        assert sorted(self.effects()) == sorted(job_id for job_id, state in ended_as.items() if state == "done")
        assert self.overlaps() == []

    def dismiss(self) -> list[int]:
        """SIGTERM to all; their exit codes."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
        codes = [worker.wait(30) for worker in self.workers]
        self.workers.clear()
        return codes


@contextmanager
def floor_on(engine: Engine, config: Config) -> Iterator[Floor]:
    """A floor whose database `engine` (with all tables, empty) and broker are those of `config`."""
    registry.use_modules([SAMPLES])
    config.home.mkdir(parents=True, exist_ok=True)
    postgres = engine.dialect.name == "postgresql"
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE effect (job_id VARCHAR(30) PRIMARY KEY, generation INTEGER)"))
        connection.execute(text("CREATE TABLE ending (job_id VARCHAR(30), state VARCHAR(12))"))
        connection.exec_driver_sql(WITNESSES[engine.dialect.name])
    floor = Floor(engine, config)
    wakeups.connect(engine, config)
    try:
        yield floor
    finally:
        for worker in floor.workers:
            worker.kill()
            worker.wait()
        if postgres:
            with engine.begin() as connection:
                connection.execute(text("DROP TABLE effect, ending"))
                connection.execute(text("DROP FUNCTION note_end CASCADE"))


@contextmanager
def own_queue(config: Config) -> Iterator[None]:
    """Removes the queue of this configuration from its broker at the end."""
    yield
    if config.broker_url.startswith("filesystem"):
        return
    with wakeups.celery_app(config).connection_for_write() as connection, connection.channel() as channel:
        channel.queue_delete(config.jobs_queue)
        channel.exchange_delete(config.jobs_queue)

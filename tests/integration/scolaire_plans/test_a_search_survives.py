"""A search in a real worker: it says how far it is, goes on after its process is killed, and is stopped with the best
plan kept."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mobigo.infra import clock, jobs
from mobigo.infra.config import Config, as_environ
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.jobs import Job, State, registry, wakeups
from scolaire.service import optimising, plans
from scolaire.store import plans as store
from tests.school_plans_world import NOW, PLANNER, YEAR
from tests.school_world import sector

registry.use_modules(["scolaire.tasks"])
ROOT = Path(__file__).resolve().parents[3]
LARGE = sector(11, schools=8, stops=40, pupils=400)


@pytest.fixture
def running(config: Config, sqlite_template: Path) -> Iterator[tuple[Engine, subprocess.Popen[bytes]]]:
    """A database and a worker on it."""
    config = replace(config, jobs_at_once=1)
    config.home.mkdir(parents=True)
    shutil.copyfile(sqlite_template, config.home / "mobigo.sqlite")
    engine = open_engine(config.database_url)
    wakeups.connect(engine, config)
    command = [sys.executable, "-m", "tests.integration.scolaire_plans.search_worker"]
    with (config.home / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **as_environ(config)}, stdout=log, stderr=log, start_new_session=True
        )
    yield engine, worker
    worker.kill()
    worker.wait()
    engine.dispose()


def until(found: Callable[[], bool], seconds: float = 400.0) -> None:
    limit = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < limit, "it did not come to pass"
        time.sleep(0.1)


def process_of(worker: subprocess.Popen[bytes]) -> int | None:
    """The process of the job that this worker watches over."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = path.read_text().rpartition(")")
            command = (path.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if rest.split()[1] == str(worker.pid) and b"mobigo.infra.jobs.child" in command:
            return int(name.split()[0])
    return None


def test_a_search_goes_on_after_a_kill_and_keeps_its_best_when_stopped(
    running: tuple[Engine, subprocess.Popen[bytes]],
) -> None:
    engine, worker = running
    with transaction(engine) as session:
        plan = store.PlanRow(
            id="p" * 26, name="essai", year=YEAR, lot=None, schools=["x"], created_by=PLANNER, created_at=NOW
        )
        session.add(plan)
        session.flush()
        job_id = optimising.ask(
            session, plan.id, LARGE, mode="fresh", effort="long", by=PLANNER, now=clock.now(), reserve=2
        )

    def job() -> Job:
        with reading(engine) as session:
            found = jobs.find_job(session, job_id)
        assert found is not None
        return found

    def best() -> store.CandidateRow | None:
        with reading(engine) as session:
            return store.find_candidate(session, job_id)

    def has_plan() -> bool:
        found = best()
        return found is not None and found.plan_digest is not None

    until(has_plan)
    until(lambda: optimising.read_progress(job().progress_text)[2] != "")
    phase, half, buses, _ = optimising.read_progress(job().progress_text)
    assert phase
    assert half in ("", *LARGE.half_of)
    assert int(buses) > 0
    before = best()
    victim = process_of(worker)
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    until(lambda: job().tries == 2 and job().state is State.RUNNING and job().progress_done >= 1)
    after = best()
    assert before is not None
    assert after is not None
    assert before.kpis is not None
    assert after.kpis is not None
    assert (after.kpis["left"], after.kpis["buses"]) <= (before.kpis["left"], before.kpis["buses"])

    with transaction(engine) as session:
        jobs.cancel(session, job_id, clock.now())
    until(lambda: job().state is State.CANCELLED, seconds=60)
    with reading(engine) as session:
        (kept,) = store.versions(session, "p" * 26)
        assert (kept.origin, kept.faults, kept.job) == ("computed", 0, job_id)
        assert plans.check(session, plans.open_version(session, kept.id)) == []

"""`mobigo worker` as it is really started: configured by variables, wired like the web, ended with its parent."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mobigo.app import jobs_registry
from mobigo.app.serve import make_ready
from mobigo.app.worker import start_worker_process
from mobigo.base.decisions import Decision
from mobigo.infra import clock, db
from mobigo.infra.config import Config, as_environ, load_config
from mobigo.infra.jobs import enqueue, find_job, list_schedules, registry
from tests.integration.jobs.floor import ROOT

WAIT_S = 180


@pytest.fixture
def ready(config: Config) -> Config:
    jobs_registry.install()
    make_ready(config)
    return config


def is_gone(pid: int) -> bool:
    """Whether no such process runs; one that nobody collected yet has no command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() == b""
    except FileNotFoundError:
        return True


def wait_until_gone(pid: int) -> None:
    limit = time.monotonic() + WAIT_S
    while not is_gone(pid):
        assert time.monotonic() < limit, f"process {pid} still runs"
        time.sleep(0.1)


def test_a_configuration_survives_the_way_through_the_environment(config: Config) -> None:
    given = replace(config, jobs_at_once=7, secret_key="s" * 40, payments=("counter",), jobs_queue="other")
    assert load_config(as_environ(given)) == given
    assert load_config(as_environ(config)) == config


def test_the_command_does_the_jobs_of_the_product_and_leaves_when_told(ready: Config) -> None:
    engine = db.open_engine(ready.database_url)
    with db.transaction(engine) as session:
        job_id = enqueue(session, "privacy.erase", {}, None, clock.now())
    process = start_worker_process(ready)
    try:
        limit = time.monotonic() + WAIT_S
        while True:
            with db.reading(engine) as session:
                job = find_job(session, job_id)
            assert job is not None
            if job.ended:
                break
            assert time.monotonic() < limit, "the job was not done"
            time.sleep(0.2)
        assert job.outcome == Decision("privacy.erased", rows=0)
        with db.reading(engine) as session:
            assert {each.name for each in list_schedules(session)} >= {"privacy.erase", "blobs.sweep"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) == 0
    finally:
        process.kill()
        process.wait()
        engine.dispose()


def test_the_worker_ends_with_the_process_that_started_it(ready: Config) -> None:
    starter = (
        "import time; from mobigo.app.worker import start_worker_process; from mobigo.infra.config import load_config;"
        "print(start_worker_process(load_config()).pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", starter], env={**os.environ, **as_environ(ready)}, cwd=ROOT, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
        wait_until_gone(pid)


def test_each_job_knows_the_modules_and_the_wiring_of_its_worker(ready: Config) -> None:
    assert set(jobs_registry.MODULES) <= set(registry.modules())
    assert "mobigo.app.jobs_registry:install" in registry.installers()
    assert {kind.name for kind in registry.kinds()} >= {"privacy.erase", "outbox.deliver", "network.build"}

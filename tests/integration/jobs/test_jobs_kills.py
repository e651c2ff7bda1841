"""kill -9 of workers and of jobs' processes, at random, over mixed jobs: each job ends exactly once."""

import os
import random
import signal
import time
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mobigo.infra import clock, db
from mobigo.infra.config import Config
from mobigo.infra.jobs import list_schedules, set_schedule
from mobigo.infra.jobs.tables import ScheduleRow
from tests.integration.jobs.floor import Floor, floor_on, own_queue

postgres = pytest.mark.postgres
redis = pytest.mark.redis
rabbitmq = pytest.mark.rabbitmq
slow = pytest.mark.slow
FIRST = clock.now() - timedelta(days=1)


@pytest.mark.parametrize(
    ("engine", "broker", "kills"),
    [
        ("sqlite", "filesystem", 9),
        pytest.param("postgres", "redis", 6, marks=[postgres, redis]),
        pytest.param("sqlite", "filesystem", 50, marks=slow),
        pytest.param("postgres", "redis", 50, marks=[postgres, redis, slow]),
        pytest.param("postgres", "rabbitmq", 50, marks=[postgres, rabbitmq, slow]),
    ],
    indirect=["engine"],
)
def test_each_job_ends_exactly_once_whatever_is_killed(
    broker: str, kills: int, engine: Engine, database_config: Config, request: pytest.FixtureRequest
) -> None:
    config = replace(database_config, jobs_at_once=2, jobs_queue=f"test-{uuid.uuid4().hex[:12]}")
    if broker != "filesystem":
        config = replace(config, broker_url=request.getfixturevalue(f"{broker}_url"))
    chance = random.Random(kills)
    with floor_on(engine, config) as floor, own_queue(config):
        cancelled = _ask(floor, kills)
        with db.transaction(engine) as session:
            set_schedule(session, "sample.tick", "sample.tick", {}, "monthly 1 03:00", FIRST - timedelta(40))
            session.get_one(ScheduleRow, "sample.tick").next_at = FIRST
        floor.hire(3 if kills > 10 else 2)
        for _ in range(kills):
            _kill_one(floor, chance)
            time.sleep(chance.uniform(0.1, 0.6))
        for job_id in cancelled:
            floor.cancel(job_id)
        floor.wait_ended(seconds=180 + 10 * kills)
        with db.reading(engine) as session:
            (ticking,) = list_schedules(session)
        assert ticking.last_job_id is not None
        floor.asked[ticking.last_job_id] = "sample.tick"
        floor.wait_ended()
        states = {job_id: floor.job(job_id).state.value for job_id in floor.asked}
        expected = {"sample.refused": "failed", "sample.hog": "failed"}
        for job_id, name in floor.asked.items():
            assert states[job_id] == ("cancelled" if job_id in cancelled else expected.get(name, "done"))
        floor.assert_each_ended_once()
        floor.dismiss()


def _ask(floor: Floor, kills: int) -> list[str]:
    """Mixed jobs, more of them for more kills; those that are cancelled while the killing goes on, or after."""
    for turn in range(max(1, kills // 9)):
        for _ in range(2):
            floor.ask("sample.long", steps=30)
            floor.ask("sample.short", wake=turn % 2 == 0)
        floor.ask("sample.refused")
        floor.ask("sample.flaky", failures=1)
    floor.ask("sample.hog")
    return [floor.ask("sample.hung"), floor.ask("sample.long", steps=100_000)]


def _kill_one(floor: Floor, chance: random.Random) -> None:
    """kill -9 a worker (and hire another), or the process of a running job."""
    if chance.random() < 0.5:
        victim = chance.choice(floor.workers)
        victim.kill()
        victim.wait()
        floor.workers.remove(victim)
        floor.hire()
        return
    floor.wait(lambda: bool(_running(floor)))
    with suppress(ProcessLookupError, IndexError):
        os.kill(chance.choice(_running(floor)), signal.SIGKILL)


def _running(floor: Floor) -> list[int]:
    """The processes of jobs that run now."""
    found = []
    folder = floor.config.home / "pids"
    for path in sorted(folder.iterdir()) if folder.exists() else []:
        with suppress(OSError, ValueError):
            pid = int(path.read_text())
            if b"mobigo.infra.jobs.child" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found

"""One or two real workers: what each kind of job comes to, stopping, freezing, lost messages, the three brokers."""

import os
import signal
import sqlite3
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from mobigo.base.decisions import Decision
from mobigo.infra import db
from mobigo.infra.config import Config
from tests.integration.jobs.floor import Floor, floor_on, own_queue


@pytest.fixture
def floor(engine: Engine, database_config: Config) -> Iterator[Floor]:
    with floor_on(engine, replace(database_config, jobs_at_once=4)) as made:
        yield made


@pytest.fixture
def sqlite_config(config: Config, sqlite_template: os.PathLike[str]) -> Config:
    config.home.mkdir(parents=True)
    path = config.home / "mobigo.sqlite"
    with open(sqlite_template, "rb") as template:  # noqa: PTH123 - any path-like
        path.write_bytes(template.read())
    return replace(config, jobs_at_once=4)


@pytest.fixture
def sqlite_floor(sqlite_config: Config) -> Iterator[Floor]:
    engine = db.open_engine(sqlite_config.database_url)
    with floor_on(engine, sqlite_config) as made:
        yield made
    engine.dispose()


def test_every_temper_of_job_comes_to_its_end(floor: Floor) -> None:
    floor.hire(1, "lease_s=30")
    hung = floor.ask("sample.hung")
    short = floor.ask("sample.short")
    long = floor.ask("sample.long", steps=10)
    refused = floor.ask("sample.refused")
    defect = floor.ask("sample.defect")
    flaky = floor.ask("sample.flaky", failures=1)
    hopeless = floor.ask("sample.hopeless")
    hog = floor.ask("sample.hog")
    gulp = floor.ask("sample.gulp")
    dies_once = floor.ask("sample.dies", until=1)
    dies_always = floor.ask("sample.dies", until=9)
    floor.wait(lambda: floor.job(hung).progress_text == "hung")
    child = floor.pid(hung)
    floor.cancel(hung)
    floor.wait_ended()
    came_to = {job_id: (floor.job(job_id).state.value, floor.job(job_id).outcome) for job_id in floor.asked}
    assert came_to == {
        short: ("done", Decision("sample.done", tries=1)),
        long: ("done", Decision("sample.done", tries=1)),
        refused: ("failed", Decision("sample.refused", why="rule")),
        defect: ("failed", Decision("jobs.defect", kind="ValueError")),
        flaky: ("done", Decision("sample.done", tries=2)),
        hopeless: ("failed", Decision("sample.down")),
        hog: ("failed", Decision("jobs.memory_limit", memory_mb=200)),
        gulp: ("failed", Decision("jobs.memory_limit", memory_mb=200)),
        dies_once: ("done", Decision("sample.done", tries=2)),
        dies_always: ("failed", Decision("jobs.process_killed")),
        hung: ("cancelled", Decision("jobs.cancelled")),
    }
    assert floor.job(long).progress_done == floor.job(long).progress_total == 10
    assert floor.job(hopeless).tries == 2
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    floor.assert_each_ended_once()
    assert floor.dismiss() == [0]
    assert "Jeanne" not in floor.log.read_text("utf-8")


def test_a_job_keeps_its_lease_while_it_holds_the_only_writing_transaction(sqlite_floor: Floor) -> None:
    floor = sqlite_floor
    floor.hire()
    job_id = floor.ask("sample.sleeps_on_its_lease")
    floor.wait_ended()
    assert floor.job(job_id).outcome == Decision("sample.done", tries=1)
    floor.assert_each_ended_once()


def test_a_worker_told_to_leave_hands_its_job_back_and_another_does_it(sqlite_floor: Floor) -> None:
    floor = sqlite_floor
    floor.hire()
    job_id = floor.ask("sample.long", steps=60)
    floor.wait(lambda: floor.job(job_id).progress_done > 0)
    assert floor.dismiss() == [0]
    handed_back = floor.job(job_id)
    assert (handed_back.state.value, handed_back.tries, handed_back.lease_owner) == ("queued", 0, None)
    floor.hire()
    floor.wait_ended()
    floor.assert_each_ended_once()
    assert floor.job(job_id).outcome == Decision("sample.done", tries=1)


def freeze_between_writes(floor: Floor, worker: "subprocess.Popen[bytes]") -> None:
    """SIGSTOP; frozen in the middle of a write it would hold SQLite's one lock, and everybody would wait for it."""
    path = str(floor.engine.url.database)
    for _ in range(100):
        worker.send_signal(signal.SIGSTOP)
        try:
            with closing(sqlite3.connect(path, timeout=0.5, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                other.execute("ROLLBACK")
        except sqlite3.OperationalError:
            worker.send_signal(signal.SIGCONT)
        else:
            return
    raise AssertionError("it was always writing")


def test_a_frozen_worker_loses_its_job_before_another_takes_it(sqlite_floor: Floor) -> None:
    floor = sqlite_floor
    floor.hire()
    job_id = floor.ask("sample.long", steps=60)
    floor.wait(lambda: floor.job(job_id).progress_done > 0)
    frozen, child = floor.workers[0], floor.pid(job_id)
    freeze_between_writes(floor, frozen)
    floor.hire()
    floor.wait(lambda: floor.job(job_id).generation >= 2)
    # Its process ended by itself, although nobody was there to collect it: a zombie has no command line.
    with open(f"/proc/{child}/cmdline", "rb") as command:  # noqa: PTH123 - not a file of ours
        assert command.read() == b""
    frozen.send_signal(signal.SIGCONT)
    floor.wait_ended()
    floor.assert_each_ended_once()
    assert floor.dismiss() == [0, 0]


def test_a_job_whose_message_was_lost_is_found(sqlite_floor: Floor) -> None:
    floor = sqlite_floor
    early = floor.ask("sample.short", wake=False)
    floor.hire()
    floor.wait_ended([early])
    late = floor.ask("sample.short", wake=False)
    floor.wait_ended([late])
    floor.assert_each_ended_once()


@pytest.mark.parametrize(
    "broker",
    [
        "filesystem",
        pytest.param("redis", marks=pytest.mark.redis),
        pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
    ],
)
def test_a_wake_up_reaches_a_worker_that_seldom_looks(
    broker: str, sqlite_config: Config, request: pytest.FixtureRequest
) -> None:
    config = replace(sqlite_config, jobs_queue=f"test-{uuid.uuid4().hex[:12]}")
    if broker != "filesystem":
        config = replace(config, broker_url=request.getfixturevalue(f"{broker}_url"))
    engine = db.open_engine(config.database_url)
    with floor_on(engine, config) as floor, own_queue(config):
        floor.hire(1, "look_s=120", "lease_s=30")
        first = floor.ask("sample.short")
        floor.wait_ended([first])
        second = floor.ask("sample.short")
        floor.wait_ended([second], 100)
        floor.assert_each_ended_once()
        assert floor.dismiss() == [0]
        assert [path.name for path in config.home.rglob("*.msg*")] == []
    engine.dispose()


def test_a_worker_without_its_broker_does_the_jobs_and_still_leaves_when_told(sqlite_config: Config) -> None:
    config = replace(sqlite_config, broker_url="redis://127.0.0.1:9/0")
    engine = db.open_engine(config.database_url)
    with floor_on(engine, config) as floor:
        floor.hire()
        job_id = floor.ask("sample.short")
        floor.wait_ended([job_id])
        floor.assert_each_ended_once()
        assert floor.dismiss() == [0]
    engine.dispose()

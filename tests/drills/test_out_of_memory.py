"""A machine runs out of memory: its kernel kills the process of a job, a whole worker, a web process.

Claimed: the job runs once more, elsewhere, and ends once; its page says what happened; a web process that is killed is
replaced, and nothing acknowledged is lost."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from mobigo.base.decisions import Decision
from mobigo.infra.config import Config
from mobigo.infra.db import open_engine
from tests.conftest import postgres_database
from tests.covoit_registry_world import operator_in
from tests.drills.test_clock_jump import wait
from tests.drills.test_worst_night import kept
from tests.integration.jobs.floor import Floor, floor_on
from tests.night import CUT, Declaring, report, served
from tests.refused import refused

WORKER_MB = 400


@contextmanager
def little_memory(megabytes: int) -> Iterator[Path]:
    """A control group with that much memory, swap counted; where none can be made, the drill cannot be played."""
    first, name = Path("/sys/fs/cgroup"), f"mobigo-drill-{os.getpid()}"
    one = (first / "memory").is_dir()  # version 1, or one hierarchy for everything
    group = first / "memory" / name if one else first / name
    try:
        group.mkdir()
        (group / ("memory.limit_in_bytes" if one else "memory.max")).write_text(str(megabytes << 20))
    except OSError as error:
        with suppress(OSError):
            group.rmdir()
        refused("no control group can be made here", error)
    with suppress(OSError):  # a machine without swap has no such file
        (group / ("memory.memsw.limit_in_bytes" if one else "memory.swap.max")).write_text(
            str(megabytes << 20) if one else "0"
        )
    try:
        yield group
    finally:
        for _ in range(100):
            try:
                group.rmdir()
                break
            except OSError:
                time.sleep(0.1)


@pytest.fixture
def floor(config: Config, postgres_template: str) -> Iterator[Floor]:
    with postgres_database(postgres_template) as url:
        engine = open_engine(url)
        with floor_on(engine, replace(config, database_url=url)) as made:
            yield made
        engine.dispose()


@pytest.mark.postgres
def test_the_kernel_kills_a_job_for_memory_and_it_is_done_elsewhere(floor: Floor) -> None:
    with little_memory(WORKER_MB) as group:
        floor.hire(1, "lease_s=30")
        (group / "cgroup.procs").write_text(str(floor.workers[0].pid))
        greedy = floor.ask("sample.greedy")
        wait(lambda: floor.job(greedy).outcome == Decision("jobs.process_killed") or floor.job(greedy).ended)
        floor.hire(1, "lease_s=30")  # another host
        short = floor.ask("sample.short")
        floor.wait_ended()
        assert [floor.job(each).outcome for each in (greedy, short)] == [
            Decision("sample.done", tries=2), Decision("sample.done", tries=1),
        ]  # fmt: skip
        assert floor.workers[0].poll() is None  # the worker itself goes on
        floor.assert_each_ended_once()
        assert floor.dismiss() == [0, 0]
    print("\ndrill memory, a job: killed by the kernel at its first try, done once at its second")


@pytest.mark.postgres
def test_a_whole_worker_is_killed_and_its_job_is_done_by_another(floor: Floor) -> None:
    floor.hire()
    job_id = floor.ask("sample.long", steps=40)
    wait(lambda: floor.job(job_id).progress_done > 3)
    floor.workers[0].kill()
    floor.workers.pop(0).wait()
    floor.hire()
    floor.wait_ended()
    assert (floor.job(job_id).state.value, floor.job(job_id).tries > 1) == ("done", True)
    floor.assert_each_ended_once()
    print("\ndrill memory, a worker: killed in the middle of a job, which another did once")


def test_a_web_process_is_killed_for_memory_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    home = tmp_path / "home"
    url = f"sqlite:///{home / 'mobigo.sqlite'}"
    with served(home, url) as site, little_memory(1) as group:
        engine = open_engine(url)
        operator = operator_in(engine, "Opérateur d’une machine sans mémoire")
        with Declaring(site.url, operator) as client:
            client.wait_for(8)
            starved = site.web_processes()[0]
            (group / "cgroup.procs").write_text(str(starved))  # what it has stays; it gets one megabyte more
            wait(lambda: starved not in site.web_processes(), 180)
            wait(lambda: len(site.web_processes()) == 2, 180)
            client.wait_for(8)
        assert set(client.answers) <= {"201", "409", "503", *CUT}
        found = kept(engine, operator)
        assert sorted(client.acknowledged) == found == sorted(set(found))
        report("memory, web: one process killed by the kernel", client, found)
        engine.dispose()

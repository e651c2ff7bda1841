"""A clock is set, by an hour or by two days, forward and back: of the whole machine, or of one host of several.

Claimed: who declares is answered and nothing acknowledged is lost; a job that runs ends once, at its first try; what
runs by itself goes on when the clock is right again; nothing personal is erased on the word of a clock that leapt; the
ledger's chain stays whole; a host whose clock is not the database's takes no job until it is."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from mobigo.app import jobs_registry
from mobigo.base.decisions import Decision
from mobigo.infra import clock
from mobigo.infra.config import Config
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.jobs import enqueue, list_schedules
from mobigo.infra.jobs.rhythms import read
from mobigo.infra.jobs.tables import JobRow, to_job
from mobigo.ledger import service
from tests.conftest import postgres_database
from tests.covoit_registry_world import operator_in
from tests.drills.test_worst_night import kept
from tests.integration.jobs.floor import Floor, floor_on
from tests.integration.ledger.books import BUDGET, move, nets, open_book
from tests.moved_clock import MovedClock
from tests.night import Declaring, report, served

HOUR_S, DAYS_S = 3_600.0, 2.5 * 86_400


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    """The clock of every process started from here on; this process keeps the true one."""
    made = MovedClock(tmp_path / "clock")
    for name, value in made.environ().items():
        monkeypatch.setenv(name, value)
    made.set(0)
    return made


def wait(what: Callable[[], object], limit_s: float = 120.0) -> None:
    until = time.monotonic() + limit_s
    while not what():
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.1)


def test_who_declares_is_answered_while_the_clock_leaps(tmp_path: Path, moved: MovedClock) -> None:
    home = tmp_path / "home"
    url = f"sqlite:///{home / 'mobigo.sqlite'}"
    with served(home, url) as site:
        engine = open_engine(url)
        operator = operator_in(engine, "Opérateur d’une heure qui saute")
        with Declaring(site.url, operator) as client:
            for seconds in (0.0, HOUR_S, -HOUR_S, 0.0):
                moved.set(seconds)
                client.wait_for(8)
        assert set(client.answers) <= {"201", "409"}
        assert sorted(client.acknowledged) == kept(engine, operator)
        report("clock, web: ±1 h under load", client, kept(engine, operator))
        engine.dispose()


@pytest.fixture
def machine(config: Config, sqlite_template: Path) -> Iterator[Floor]:
    """A worker's floor on the database of its own machine, whose clock is the only one."""
    config.home.mkdir(parents=True)
    (config.home / "mobigo.sqlite").write_bytes(sqlite_template.read_bytes())
    engine = open_engine(config.database_url)
    with floor_on(engine, replace(config, jobs_at_once=2)) as floor:
        yield floor
    engine.dispose()


def test_a_job_that_runs_while_the_clock_leaps_ends_once_at_its_first_try(machine: Floor, moved: MovedClock) -> None:
    machine.hire(1, "lease_s=30")  # a busy machine is not what is tried here
    running = [machine.ask("sample.long", steps=120) for _ in range(2)]
    for seconds in (HOUR_S, 0.0):
        further = [machine.job(job_id).progress_done + 5 for job_id in running]
        wait(lambda least=further: [machine.job(job_id).progress_done for job_id in running] > least)
        moved.set(seconds)
    machine.wait_ended()
    machine.assert_each_ended_once()
    assert [machine.job(job_id).outcome for job_id in running] == [Decision("sample.done", tries=1)] * 2
    assert "the clock was set by +3600 s" in machine.log.read_text("utf-8")
    print("\ndrill clock, jobs: 2 asked, 2 ended once at their first try across +1 h and back")


@pytest.mark.postgres
def test_a_host_whose_clock_is_wrong_takes_no_job_until_it_is_right(
    config: Config, postgres_template: str, moved: MovedClock
) -> None:
    with postgres_database(postgres_template) as url:
        engine = open_engine(url)
        with floor_on(engine, replace(config, database_url=url)) as floor:
            moved.set(HOUR_S)
            floor.hire()
            job_id = floor.ask("sample.short")
            wait(lambda: "it takes no job" in floor.log.read_text("utf-8"))
            assert (floor.job(job_id).state.value, floor.job(job_id).tries) == ("queued", 0)
            moved.set(0)
            floor.wait_ended()
            assert floor.job(job_id).outcome == Decision("sample.done", tries=1)
        engine.dispose()
    print("\ndrill clock, one host wrong: 1 job waited, and was done once the clock was right")


def test_the_chain_of_the_ledger_stays_whole_whatever_the_clock_says(engine: Engine) -> None:
    now = clock.now()
    leaps = [timedelta(0), timedelta(days=400), timedelta(hours=-1), timedelta(0), timedelta(days=-3)]
    open_book(engine, budget_cents=1_000)
    for turn, leap in enumerate(leaps):
        with transaction(engine) as session:
            service.post(session, [move(f"t{turn}", 10, at=now + leap)], now=now + leap)
    verdict = service.verify(engine)
    with reading(engine) as session:
        assert nets(session, BUDGET) == [-1_000 + 10 * len(leaps)] or nets(session, BUDGET) == [1_000 - 10 * len(leaps)]
    assert (verdict.fault, verdict.lines) == (None, len(leaps) + 1)


@pytest.mark.slow  # every daily job of the product is due at once
def test_two_days_ahead_and_back_nothing_is_erased_and_everything_goes_on(tmp_path: Path, moved: MovedClock) -> None:
    jobs_registry.install()
    home = tmp_path / "home"
    url = f"sqlite:///{home / 'mobigo.sqlite'}"
    with served(home, url, worker=True) as site:
        engine = open_engine(url)
        with transaction(engine) as session:
            enqueue(session, "privacy.erase", {}, None, clock.now(), key="before")
        wait(lambda: _erasures(engine).get("before"))
        moved.set(DAYS_S)
        wait(lambda: len(_erasures(engine)) == 2, 300)
        moved.set(0)
        wait(lambda: _nothing_is_put_off(engine))
        with transaction(engine) as session:
            enqueue(session, "privacy.erase", {}, None, clock.now(), key="after")
        wait(lambda: _erasures(engine).get("after"), 300)
        found = _erasures(engine)
        assert found.pop("before") == found.pop("after") == "privacy.erased"
        assert list(found.values()) == ["privacy.clock_jumped"]
        with reading(engine) as session:
            outcomes = session.scalars(select(JobRow.outcome_code).where(JobRow.state == "failed")).all()
        assert "jobs.worker_lost" not in outcomes
        os.kill(site.pid, 0)
        engine.dispose()
    print("\ndrill clock, whole service: 2.5 days ahead and back, no erasure, every schedule and job brought back")


def _erasures(engine: Engine) -> dict[str, str]:
    """What each erasure that ended said, by its key."""
    asked = select(JobRow).where(JobRow.name == "privacy.erase", JobRow.state == "done")
    with reading(engine) as session:
        found = [to_job(row) for row in session.scalars(asked)]
    return {str(job.key): job.outcome.code for job in found if job.outcome is not None}


def _nothing_is_put_off(engine: Engine) -> bool:
    now = clock.now()
    slack = timedelta(seconds=90)
    with reading(engine) as session:
        schedules = list_schedules(session)
        ahead = session.scalars(select(JobRow.id).where(JobRow.state == "queued", JobRow.created_at > now + slack))
        return all(each.next_at <= read(each.rhythm).after(now) + slack for each in schedules) and not ahead.all()

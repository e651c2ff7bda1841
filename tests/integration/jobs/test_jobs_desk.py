"""What is asked of the jobs table, on both databases: enqueue, keys, cancel, retry, list, claims, fencing, inline."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.infra import clock, db, privacy
from mobigo.infra.config import Config
from mobigo.infra.jobs import (
    Job,
    JobFilter,
    State,
    cancel,
    count_jobs,
    desk,
    enqueue,
    find_job,
    list_jobs,
    registry,
    retry,
    run_inline,
    states,
    wakeups,
)
from mobigo.infra.jobs.claims import claim, claim_next, expire_lost
from tests.integration.jobs.floor import SAMPLES, Floor, floor_on

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
LEASE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def known_jobs() -> None:
    registry.use_modules([SAMPLES])


@pytest.fixture
def floor(engine: Engine, database_config: Config) -> Iterator[Floor]:
    with floor_on(engine, database_config) as made:
        yield made


def ask(engine: Engine, name: str = "sample.short", now: datetime = NOW, **more: object) -> str:
    with db.transaction(engine) as session:
        return enqueue(session, name, {}, None, now, **more)  # type: ignore[arg-type]  # a test's shorthand


def look(engine: Engine, job_id: str) -> Job:
    with db.reading(engine) as session:
        job = find_job(session, job_id)
    assert job is not None
    return job


def test_a_job_is_there_when_the_transaction_commits_and_only_then(engine: Engine) -> None:
    def enqueue_and_fail() -> None:
        with db.transaction(engine) as session:
            enqueue(session, "sample.short", {}, None, NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        enqueue_and_fail()
    with db.reading(engine) as session:
        assert list_jobs(session) == []
    with db.transaction(engine) as session:
        job_id = enqueue(session, "sample.long", {"steps": 3}, "0" * 26, NOW)
    assert look(engine, job_id) == Job(
        id=job_id, name="sample.long", params={"steps": 3}, asked_by="0" * 26, tries_max=200, backoff_s=0.1,
        due_at=NOW, created_at=NOW,
    )  # fmt: skip


def test_an_unknown_job_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidInput) as refused, db.transaction(engine) as session:
        enqueue(session, "sample.nothing", {}, None, NOW)
    assert refused.value.decision == Decision("jobs.unknown_name", name="sample.nothing")


def test_the_same_key_is_the_same_job_and_another_body_a_conflict(engine: Engine) -> None:
    with db.transaction(engine) as session:
        first = enqueue(session, "sample.long", {"steps": 3}, None, NOW, key="k")
        assert enqueue(session, "sample.long", {"steps": 3}, None, NOW + SECOND, key="k") == first
        assert enqueue(session, "sample.short", {}, None, NOW, key="k") != first
        with pytest.raises(Conflict) as refused:
            enqueue(session, "sample.long", {"steps": 4}, None, NOW, key="k")
    assert refused.value.decision.code == "jobs.key_reused"


def test_the_same_key_at_the_same_time_makes_one_job(engine: Engine) -> None:
    with ThreadPoolExecutor(6) as pool:
        ids = set(pool.map(lambda _: ask(engine, key="k"), range(12)))
    assert len(ids) == 1
    with db.reading(engine) as session:
        assert len(list_jobs(session)) == 1


def test_the_job_due_for_longest_is_taken_and_none_before_its_time(engine: Engine) -> None:
    later = ask(engine, due_at=NOW + 60 * SECOND)
    second = ask(engine, now=NOW - SECOND)
    first = ask(engine, now=NOW - 2 * SECOND)
    taken = [claim_next(engine, "a", NOW, LEASE) for _ in range(3)]
    assert [None if job is None else job.id for job in taken] == [first, second, None]
    assert claim(engine, later, "a", NOW + 59 * SECOND, LEASE) is None
    assert claim(engine, later, "a", NOW + 60 * SECOND, LEASE) is not None


def test_workers_that_claim_at_once_share_the_jobs_and_take_none_twice(engine: Engine) -> None:
    asked = {ask(engine) for _ in range(30)}

    def work(worker: int) -> list[str]:
        taken = []
        while (job := claim_next(engine, str(worker), NOW, LEASE)) is not None:
            taken.append(job.id)
        return taken

    with ThreadPoolExecutor(6) as pool:
        taken = [job_id for mine in pool.map(work, range(6)) for job_id in mine]
    # A worker may find every row locked by others and stop early; the next look takes what is left.
    taken += work(9)
    assert sorted(taken) == sorted(asked)


def test_a_lease_that_passed_gives_the_job_to_another_and_its_old_holder_no_say(engine: Engine) -> None:
    job_id = ask(engine)
    old = claim(engine, job_id, "a", NOW, LEASE)
    assert expire_lost(engine, NOW + LEASE - SECOND) == []
    assert expire_lost(engine, NOW + LEASE) == [job_id]
    assert look(engine, job_id).outcome == Decision("jobs.worker_lost", tries=1)
    new = claim(engine, job_id, "b", NOW + LEASE, LEASE)
    assert old is not None
    assert new is not None
    with db.transaction(engine) as session:
        assert desk.change(session, job_id, lambda job: states.finish(job, old.generation, None, NOW)) is None
        assert desk.change(session, job_id, lambda job: states.beat(job, old.generation, NOW, LEASE)) is None
        assert desk.change(session, job_id, lambda job: states.finish(job, new.generation, None, NOW)) is not None
    assert look(engine, job_id).state is State.DONE


def test_cancelling_and_retrying_by_hand(engine: Engine) -> None:
    job_id = ask(engine)
    with db.transaction(engine) as session:
        assert cancel(session, job_id, NOW).state is State.CANCELLED
        with pytest.raises(Conflict):
            cancel(session, job_id, NOW)
        assert retry(session, job_id, NOW).may_cancel
        with pytest.raises(Conflict):
            retry(session, job_id, NOW)
        with pytest.raises(NotFound):
            cancel(session, "nothing", NOW)
        with pytest.raises(NotFound):
            retry(session, "nothing", NOW)


def test_jobs_are_listed_newest_first_by_pages_and_filters(engine: Engine) -> None:
    ids = [ask(engine, now=NOW + turn * SECOND) for turn in range(5)]
    flaky = ask(engine, "sample.flaky", now=NOW + 9 * SECOND)
    claim(engine, ids[2], "a", NOW + 60 * SECOND, LEASE)
    with db.reading(engine) as session:
        assert [job.id for job in list_jobs(session)] == [flaky, *reversed(ids)]
        page = JobFilter(limit=2)
        assert [job.id for job in list_jobs(session, page)] == [flaky, ids[4]]
        assert [job.id for job in list_jobs(session, replace(page, before=ids[4]))] == [ids[3], ids[2]]
        assert [job.id for job in list_jobs(session, JobFilter(name="sample.flaky"))] == [flaky]
        assert [job.id for job in list_jobs(session, JobFilter(states=[State.RUNNING, State.DONE]))] == [ids[2]]
        assert list_jobs(session, JobFilter(asked_by="0" * 26)) == []
        assert count_jobs(session) == {state: {"queued": 5, "running": 1}.get(state.value, 0) for state in State}


def test_ended_jobs_are_kept_ninety_days_and_others_for_ever(engine: Engine) -> None:
    old, waiting = ask(engine), ask(engine)
    with db.transaction(engine) as session:
        cancel(session, old, NOW)
    with db.transaction(engine) as session:
        assert privacy.erase_due(session, NOW + timedelta(days=90) - SECOND)["job"] == 0
        assert privacy.erase_due(session, NOW + timedelta(days=90))["job"] == 1
        assert find_job(session, old) is None
        assert find_job(session, waiting) is not None


def test_a_broker_out_of_reach_loses_no_job(engine: Engine, config: Config) -> None:
    wakeups.connect(engine, replace(config, broker_url="redis://127.0.0.1:9/0"))
    job_id = ask(engine)
    assert look(engine, job_id).state is State.QUEUED


@pytest.mark.parametrize(
    ("name", "params", "state", "outcome"),
    [
        ("sample.short", {}, State.DONE, Decision("sample.done", tries=1)),
        ("sample.long", {"steps": 2}, State.DONE, Decision("sample.done", tries=1)),
        ("sample.refused", {}, State.FAILED, Decision("sample.refused", why="rule")),
        ("sample.defect", {}, State.FAILED, Decision("jobs.defect", kind="ValueError")),
        ("sample.flaky", {"failures": 1}, State.QUEUED, Decision("sample.down")),
        ("sample.short", {"other": 1}, State.FAILED, Decision("jobs.defect", kind="TypeError")),
    ],
)
def test_a_job_run_inline_ends_as_it_would_in_a_worker(
    floor: Floor, name: str, params: dict[str, object], state: State, outcome: Decision
) -> None:
    job_id = floor.ask(name, wake=False, **params)
    told: list[tuple[int, int | None, str]] = []
    after = run_inline(floor.engine, floor.config, job_id, lambda *progress: told.append(progress))
    assert (after.state, after.outcome) == (state, outcome)
    assert told == ([(0, 2, "step"), (1, 2, "step"), (2, 2, "step")] if name == "sample.long" else [])
    if state is not State.QUEUED:
        floor.assert_each_ended_once()


def test_a_job_that_is_not_waiting_is_not_run_inline(floor: Floor) -> None:
    job_id = floor.ask("sample.short", wake=False)
    claim(floor.engine, job_id, "a", clock.now(), LEASE)
    with pytest.raises(Conflict):
        run_inline(floor.engine, floor.config, job_id)


def test_a_process_given_up_for_dead_cannot_write_beside_its_successor(floor: Floor) -> None:
    job_id = floor.ask("sample.steals_from_itself", wake=False)
    after = run_inline(floor.engine, floor.config, job_id)
    assert (after.state, after.generation) == (State.RUNNING, 2)
    with floor.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM effect")).scalar() == 0

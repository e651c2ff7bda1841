"""Schedules on both databases: each due instant fires once, whoever looks and however many."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from mobigo.base.errors import InvalidInput
from mobigo.infra import db
from mobigo.infra.jobs import Schedule, cancel, list_jobs, list_schedules, registry, remove_schedule, set_schedule
from mobigo.infra.jobs.schedules import declare, fire_due
from tests.integration.jobs.floor import SAMPLES

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def known_jobs() -> None:
    registry.use_modules([SAMPLES])


def put(engine: Engine, rhythm: str = "every 10 min", job: str = "sample.short", name: str = "feeds") -> None:
    with db.transaction(engine) as session:
        set_schedule(session, name, job, {}, rhythm, NOW)


def only(engine: Engine) -> Schedule:
    with db.reading(engine) as session:
        (found,) = list_schedules(session)
    return found


def end_all(engine: Engine, now: datetime) -> None:
    with db.transaction(engine) as session:
        for job in list_jobs(session):
            if not job.ended:
                cancel(session, job.id, now)


def test_a_schedule_fires_from_the_instant_it_is_due_and_once(engine: Engine) -> None:
    put(engine)
    assert fire_due(engine, NOW + 10 * MINUTE - timedelta(seconds=1)) == []
    (job_id,) = fire_due(engine, NOW + 10 * MINUTE)
    assert fire_due(engine, NOW + 10 * MINUTE) == []
    assert (only(engine).last_job_id, only(engine).next_at) == (job_id, NOW + 20 * MINUTE)


def test_three_workers_that_look_at_the_same_instant_fire_once(engine: Engine) -> None:
    put(engine)
    for turn in range(1, 9):
        now = NOW + 10 * turn * MINUTE
        with ThreadPoolExecutor(3) as pool:
            fired = [job_id for found in pool.map(lambda _: fire_due(engine, now), range(3)) for job_id in found]  # noqa: B023 - called at once
        assert len(fired) == 1
        end_all(engine, now)
    with db.reading(engine) as session:
        assert len(list_jobs(session)) == 8


def test_after_an_absence_it_fires_once_and_then_at_its_own_hours(engine: Engine) -> None:
    put(engine, "daily 03:15")
    assert len(fire_due(engine, NOW + timedelta(days=5))) == 1
    assert only(engine).next_at == datetime(2026, 11, 30, 2, 15, tzinfo=UTC)


def test_a_schedule_does_not_fire_while_its_last_job_goes_on(engine: Engine) -> None:
    put(engine)
    assert len(fire_due(engine, NOW + 10 * MINUTE)) == 1
    assert fire_due(engine, NOW + 20 * MINUTE) == []
    assert only(engine).next_at == NOW + 30 * MINUTE
    end_all(engine, NOW)
    assert len(fire_due(engine, NOW + 30 * MINUTE)) == 1


def test_changing_the_rhythm_counts_from_now_and_changing_the_rest_does_not(engine: Engine) -> None:
    put(engine)
    put(engine, job="sample.defect")
    assert (only(engine).job, only(engine).next_at) == ("sample.defect", NOW + 10 * MINUTE)
    put(engine, "every 1 h")
    assert (only(engine).job, only(engine).next_at) == ("sample.short", NOW + 60 * MINUTE)


def test_a_bad_rhythm_or_job_is_refused_and_nothing_kept(engine: Engine) -> None:
    with pytest.raises(InvalidInput):
        put(engine, "sometimes")
    with pytest.raises(InvalidInput):
        put(engine, job="sample.nothing")
    with db.transaction(engine) as session:
        assert list_schedules(session) == []
        assert not remove_schedule(session, "feeds")


def test_the_schedules_of_the_code_follow_the_code(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    put(engine)
    for wanted in (
        [registry.DeclaredSchedule("sample.tick", "sample.tick", "daily 03:15")],
        [registry.DeclaredSchedule("sample.tick", "sample.tick", "daily 04:15")],
        [],
    ):
        monkeypatch.setattr(registry, "declared_schedules", lambda wanted=wanted: tuple(wanted))
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda _: declare(engine, NOW), range(3)))
        with db.reading(engine) as session:
            rows = [(row.name, row.rhythm) for row in list_schedules(session)]
        assert rows == [("feeds", "every 10 min"), *((each.name, each.rhythm) for each in wanted)]


def test_a_schedule_whose_job_is_gone_does_not_stop_the_others(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    put(engine, job="sample.tick", name="a")
    put(engine, name="b")
    known = dict(registry._known)
    del known["sample.tick"]
    monkeypatch.setattr(registry, "_known", known)
    assert len(fire_due(engine, NOW + 10 * MINUTE)) == 1
    assert fire_due(engine, NOW + 10 * MINUTE) == []

"""What a clock that was ahead, and is right again, left in the tables: jobs, schedules, messages, sessions, and what
must not be erased because of it. On both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update

from mobigo.infra import accounts, clock, db, sessions
from mobigo.infra.jobs import claims, clocks, enqueue, find_job, list_jobs, list_schedules, registry, set_schedule
from mobigo.infra.jobs.schedules import bring_back, fire_due
from mobigo.infra.jobs.tables import JobRow
from mobigo.infra.jobs.tasks import ABSENT, STEADY_FOR, is_steady
from mobigo.infra.outbox import Message, MessageRow, deliver_messages, send
from mobigo.infra.outbox import bring_back as bring_messages_back
from tests.integration.jobs.floor import SAMPLES

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
LEASE = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def known_jobs() -> None:
    registry.use_modules([SAMPLES])


def end_all(engine: Engine, at: datetime) -> None:
    with db.transaction(engine) as session:
        session.execute(update(JobRow).values(state="done", ended_at=at))


def test_a_job_asked_for_by_a_clock_a_day_ahead_runs_today(engine: Engine) -> None:
    with db.transaction(engine) as session:
        job_id = enqueue(session, "sample.short", {}, None, NOW + DAY)
        later = enqueue(session, "sample.short", {}, None, NOW, due_at=NOW + DAY)
    assert claims.claim_next(engine, "a", NOW, LEASE) is None
    assert claims.bring_back(engine, NOW) == [job_id]
    assert claims.bring_back(engine, NOW) == []
    taken = claims.claim_next(engine, "a", NOW, LEASE)
    assert taken is not None
    assert taken.id == job_id
    with db.reading(engine) as session:
        kept = find_job(session, later)
    assert kept is not None
    assert kept.due_at == NOW + DAY


def test_the_lease_of_one_who_died_while_the_clock_was_ahead_ends(engine: Engine) -> None:
    with db.transaction(engine) as session:
        job_id = enqueue(session, "sample.short", {}, None, NOW)
    assert claims.claim_next(engine, "a", NOW + DAY, LEASE) is not None
    assert claims.expire_lost(engine, NOW) == []  # judged by its end alone it would last a day
    assert claims.expire_lost(engine, NOW, LEASE) == [job_id]


def test_what_runs_every_minute_goes_on_when_the_clock_is_right_again(engine: Engine) -> None:
    with db.transaction(engine) as session:
        set_schedule(session, "often", "sample.short", {}, "every 10 min", NOW)
        set_schedule(session, "nightly", "sample.short", {}, "daily 03:15", NOW)
    tonight = datetime(2026, 11, 25, 2, 15, tzinfo=UTC)
    assert bring_back(engine, NOW) == []
    first = set(fire_due(engine, NOW + 2 * DAY))  # the clock leaps
    assert len(first) == 2
    end_all(engine, NOW)
    assert fire_due(engine, NOW + MINUTE) == []
    assert bring_back(engine, NOW + MINUTE) == ["nightly", "often"]  # and is set right
    assert bring_back(engine, NOW + MINUTE) == []
    with db.reading(engine) as session:
        due = {each.name: each.next_at for each in list_schedules(session)}
    assert due == {"often": NOW + 11 * MINUTE, "nightly": tonight}
    second = fire_due(engine, tonight)  # an instant that a clock ahead had passed fires all the same
    assert len(second) == 2
    assert not first & set(second)
    assert fire_due(engine, tonight) == []


def test_the_same_instant_fires_again_after_the_clock_went_back_over_it(engine: Engine) -> None:
    with db.transaction(engine) as session:
        set_schedule(session, "nightly", "sample.short", {}, "daily 03:15", NOW)
    tonight = datetime(2026, 11, 25, 2, 15, tzinfo=UTC)
    fire_due(engine, tonight + SECOND)
    end_all(engine, NOW)
    bring_back(engine, NOW)
    assert len(fire_due(engine, tonight + SECOND)) == 1
    with db.reading(engine) as session:
        assert len({job.key for job in list_jobs(session)}) == 2


def test_a_message_written_by_a_clock_a_day_ahead_leaves_today_once(engine: Engine) -> None:
    left: list[str] = []

    class Gateway:
        def send(self, message_id: str, message: Message, now: datetime) -> None:
            left.append(message.subject)

    with db.transaction(engine) as session:
        for subject, written in (("today", NOW), ("ahead", NOW + DAY), ("nearly", NOW + MINUTE)):
            send(session, Message("email", "zoe@exemple.fr", subject, "…"), key=subject, now=written)
    assert bring_messages_back(engine, NOW) == 1
    assert bring_messages_back(engine, NOW) == 0
    deliver_messages(engine, {"email": Gateway()}, lambda: NOW)
    assert sorted(left) == ["ahead", "today"]
    with db.reading(engine) as session:
        due = session.scalars(select(MessageRow.due_at).where(MessageRow.key == "nearly")).one()
    assert due == NOW + MINUTE  # a minute is what two clocks that agree may differ by


def test_a_session_used_while_the_clock_was_ahead_lasts_no_longer_for_that(engine: Engine) -> None:
    with db.transaction(engine) as session:
        subject = accounts.create(session, NOW)
        token = sessions.open_session(session, subject, NOW)
    assert sessions.identify(engine, token, NOW + DAY) is not None
    assert sessions.identify(engine, token, NOW + MINUTE) is not None
    with db.reading(engine) as session:
        (row,) = sessions.list_sessions(session, subject)
    assert row.seen_at == NOW + MINUTE


@pytest.mark.parametrize(
    ("ended_before", "steady"),
    [
        ([], True),  # a service that has never run has nothing old
        ([MINUTE], True),  # its first half day
        ([STEADY_FOR], True),
        ([ABSENT - SECOND], True),
        ([ABSENT], False),  # two days without one job: stood still, or was set ahead
        ([ABSENT, MINUTE], False),  # what ran since the leap proves nothing yet
        ([ABSENT, STEADY_FOR], True),  # half a day later it does
    ],
)
def test_nothing_is_erased_on_the_word_of_a_clock_that_has_just_leapt(
    engine: Engine, ended_before: list[timedelta], steady: bool
) -> None:
    with db.transaction(engine) as session:
        for before in ended_before:
            job_id = enqueue(session, "sample.short", {}, None, NOW - before)
            session.execute(update(JobRow).where(JobRow.id == job_id).values(state="done", ended_at=NOW - before))
    with db.transaction(engine) as session:
        assert is_steady(session, NOW) is steady


def test_workers_share_the_clock_of_the_database(engine: Engine) -> None:
    assert abs(clocks.now(engine) - clock.now()) < MINUTE
    worker = clocks.WorkerClock(engine, 30.0)
    assert worker.agrees(clock.now())
    assert not worker.agrees(clock.now() + timedelta(seconds=90))
    assert worker.agrees(clock.now() - timedelta(seconds=50))

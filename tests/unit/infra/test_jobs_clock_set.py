"""A clock that was set: noticed by how far it went beside how long that took, and what it left is brought back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mobigo.infra.jobs import states
from mobigo.infra.jobs.clocks import Steps
from mobigo.infra.jobs.states import Job, State

T0 = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
LEASE = timedelta(seconds=30)
WAITING = Job(id="0" * 26, name="sample.short", tries_max=3, due_at=T0, created_at=T0)
RUNNING = replace(WAITING, state=State.RUNNING, tries=1, generation=1, lease_owner="a", lease_until=T0 + LEASE)


@pytest.mark.parametrize(
    ("went", "took_s", "moved_s"),
    [
        (SECOND, 1.0, 0.0),
        (2.9 * SECOND, 1.0, 0.0),  # a busy machine between two readings
        (3 * SECOND, 1.0, 2.0),
        (DAY, 1.0, 86_399.0),
        (-1 * SECOND, 1.0, -2.0),
        (-DAY, 1.0, -86_401.0),
        (60 * SECOND, 60.0, 0.0),  # nobody looked for a minute
    ],
)
def test_a_clock_that_was_set_is_told_from_one_that_went_on(went: timedelta, took_s: float, moved_s: float) -> None:
    steps = Steps()
    assert steps.seen(T0, 100.0) == 0.0
    assert steps.seen(T0 + went, 100.0 + took_s) == pytest.approx(moved_s)
    assert steps.seen(T0 + went + SECOND, 101.0 + took_s) == 0.0  # told once


def test_a_lease_no_clock_of_today_can_have_given_is_over() -> None:
    longest = states.LEASES_MAX * LEASE
    kept = replace(RUNNING, lease_until=T0 + longest)
    endless = replace(RUNNING, lease_until=T0 + longest + SECOND)
    assert states.expire(kept, T0, LEASE) is None
    given_up = states.expire(endless, T0, LEASE)
    assert given_up is not None
    assert (given_up.state, given_up.due_at) == (State.QUEUED, T0)
    assert states.expire(endless, T0) is None  # who does not say how long leases are judges by their end alone


@pytest.mark.parametrize(
    ("job", "after"),
    [
        (replace(WAITING, created_at=T0 + 60 * SECOND, due_at=T0 + 60 * SECOND), None),  # two clocks that agree
        (replace(WAITING, created_at=T0 + DAY, due_at=T0 + DAY), replace(WAITING)),
        (  # what was to wait two minutes still does
            replace(WAITING, created_at=T0 + DAY, due_at=T0 + DAY + 120 * SECOND),
            replace(WAITING, due_at=T0 + 120 * SECOND),
        ),
        (replace(WAITING, due_at=T0 + DAY), None),  # asked for now, for tomorrow
        (replace(WAITING, tries=1, due_at=T0 + 3_660 * SECOND), None),
        (replace(WAITING, tries=1, due_at=T0 + 3_661 * SECOND), replace(WAITING, tries=1)),  # no wait is that long
        (replace(RUNNING, created_at=T0 + DAY), None),
    ],
)
def test_a_waiting_job_put_off_by_a_clock_ahead_is_brought_back(job: Job, after: Job | None) -> None:
    assert states.bring_back(job, T0) == after

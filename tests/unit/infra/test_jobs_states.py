"""The life of a job: each step on both sides of its edge, then laws on any history, against a naive model."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict
from mobigo.infra.jobs import states
from mobigo.infra.jobs.states import Job, State

T0 = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=30)
WAITING = Job(id="0" * 26, name="sample.short", tries_max=3, backoff_s=10, due_at=T0, created_at=T0)
RUNNING = replace(
    WAITING, state=State.RUNNING, tries=1, generation=1, lease_owner="a", lease_until=T0 + LEASE, started_at=T0
)
CANCELLING = replace(RUNNING, state=State.CANCELLING)
DOWN = Decision("sample.down")


def ended(state: State, outcome: Decision | None = None) -> Job:
    return replace(RUNNING, state=state, outcome=outcome, lease_owner=None, lease_until=None, ended_at=T0)


def test_a_waiting_job_is_claimed_from_the_instant_it_is_due() -> None:
    assert states.claim(WAITING, "a", T0 - SECOND, LEASE) is None
    assert states.claim(WAITING, "a", T0, LEASE) == RUNNING


@pytest.mark.parametrize("job", [RUNNING, CANCELLING, ended(State.DONE), ended(State.FAILED), ended(State.CANCELLED)])
def test_only_a_waiting_job_is_claimed(job: Job) -> None:
    assert states.claim(job, "b", T0 + 10 * LEASE, LEASE) is None


@pytest.mark.parametrize(
    ("job", "generation"),
    [(WAITING, 0), (RUNNING, 0), (RUNNING, 2), (CANCELLING, 0), (ended(State.DONE), 1), (ended(State.CANCELLED), 1)],
)
def test_whoever_does_not_hold_a_job_changes_nothing(job: Job, generation: int) -> None:
    assert states.beat(job, generation, T0, LEASE) is None
    assert states.finish(job, generation, None, T0) is None
    assert states.fail(job, generation, DOWN, True, T0) is None
    assert states.stop(job, generation, T0) is None


@pytest.mark.parametrize(
    ("tries", "wait_s"),
    [(1, 10), (2, 20), (3, 40), (9, 2_560), (10, 3_600), (60, 3_600)],
)
def test_a_failure_that_may_pass_waits_twice_as_long_each_time(tries: int, wait_s: int) -> None:
    failed = states.fail(replace(RUNNING, tries=tries, tries_max=99), 1, DOWN, True, T0)
    assert failed is not None
    assert (failed.state, failed.due_at, failed.outcome) == (State.QUEUED, T0 + wait_s * SECOND, DOWN)


@pytest.mark.parametrize(
    ("job", "retryable", "state"),
    [
        (RUNNING, True, State.QUEUED),
        (RUNNING, False, State.FAILED),
        (replace(RUNNING, tries=2), True, State.QUEUED),
        (replace(RUNNING, tries=3), True, State.FAILED),
        (CANCELLING, True, State.CANCELLED),
        (CANCELLING, False, State.CANCELLED),
    ],
)
def test_a_failed_try_waits_fails_or_cancels(job: Job, retryable: bool, state: State) -> None:
    after = states.fail(job, 1, DOWN, retryable, T0)
    assert after is not None
    assert (after.state, after.outcome, after.lease_owner) == (state, DOWN, None)


@pytest.mark.parametrize(
    ("job", "elapsed", "state"),
    [
        (RUNNING, LEASE - SECOND, None),
        (RUNNING, LEASE, State.QUEUED),
        (replace(RUNNING, tries=3), LEASE, State.FAILED),
        (CANCELLING, LEASE - SECOND, None),
        (CANCELLING, LEASE, State.CANCELLED),
        (WAITING, 10 * LEASE, None),
        (ended(State.DONE), 10 * LEASE, None),
    ],
)
def test_a_silent_holder_loses_the_job_when_its_lease_has_passed(
    job: Job, elapsed: timedelta, state: State | None
) -> None:
    after = states.expire(job, T0 + elapsed)
    assert (None if after is None else after.state) == state


def test_a_job_handed_back_does_not_count_the_try() -> None:
    back = states.stop(replace(RUNNING, tries=3), 1, T0)
    assert back is not None
    assert (back.state, back.tries, back.due_at) == (State.QUEUED, 2, T0)


def test_a_job_that_finished_while_it_was_being_cancelled_is_done() -> None:
    after = states.finish(CANCELLING, 1, Decision("sample.done"), T0)
    assert after is not None
    assert after.state is State.DONE


@pytest.mark.parametrize(
    ("job", "state"),
    [(WAITING, State.CANCELLED), (RUNNING, State.CANCELLING), (CANCELLING, State.CANCELLING)],
)
def test_cancelling_ends_what_waits_and_asks_what_runs(job: Job, state: State) -> None:
    assert states.cancel(job, T0).state is state


@pytest.mark.parametrize("state", [State.DONE, State.FAILED, State.CANCELLED])
def test_what_has_ended_cannot_be_cancelled(state: State) -> None:
    with pytest.raises(Conflict) as refused:
        states.cancel(ended(state), T0)
    assert refused.value.decision == Decision("jobs.already_ended", state=state.value)


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_what_failed_or_was_cancelled_can_be_retried_with_all_its_tries(state: State) -> None:
    again = states.retry(ended(state, DOWN), T0 + SECOND)
    assert (again.state, again.tries, again.outcome, again.ended_at) == (State.QUEUED, 0, None, None)
    assert again.generation == 1


@pytest.mark.parametrize("job", [WAITING, RUNNING, CANCELLING, ended(State.DONE)])
def test_nothing_else_can_be_retried(job: Job) -> None:
    with pytest.raises(Conflict):
        states.retry(job, T0)


WORKERS = st.integers(0, 2)


class Histories(RuleBasedStateMachine):
    """One job, three workers that may fall silent, people who cancel and retry. The naive model: what each worker
    remembers of its last claim, who truly holds the job and until when, how many effects were written."""

    def __init__(self) -> None:
        super().__init__()
        self.now = T0
        self.job = WAITING
        self.believes: dict[int, int] = {}
        self.holder: int | None = None
        self.held_until = T0
        self.effects = 0
        self.endings = 0
        self.reopened = 0
        self.top_generation = 0

    def take(self, after: Job | None) -> bool:
        if after is None:
            return False
        self.endings += after.ended and not self.job.ended
        self.reopened += self.job.ended and not after.ended
        self.job = after
        return True

    @initialize(tries_max=st.integers(1, 4), backoff_s=st.sampled_from([0.0, 5.0]))
    def begin(self, tries_max: int, backoff_s: float) -> None:
        self.job = replace(WAITING, tries_max=tries_max, backoff_s=backoff_s)

    @rule(seconds=st.integers(0, 40))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @rule(worker=WORKERS)
    def claim(self, worker: int) -> None:
        free = self.job.state is State.QUEUED
        if self.take(states.claim(self.job, str(worker), self.now, LEASE)):
            assert free
            self.believes[worker] = self.job.generation
            self.holder, self.held_until = worker, self.now + LEASE

    def let_go(self, worker: int) -> tuple[bool, int]:
        """The worker says its last word: whether it still holds the job, and the generation it remembers."""
        held = self.holder == worker
        if held:
            self.holder = None
        return held, self.believes.get(worker, -1)

    @rule(worker=WORKERS)
    def beat(self, worker: int) -> None:
        held = self.holder == worker
        assert self.take(states.beat(self.job, self.believes.get(worker, -1), self.now, LEASE)) == held
        if held:
            self.held_until = self.now + LEASE

    @rule(worker=WORKERS)
    def finish(self, worker: int) -> None:
        held, generation = self.let_go(worker)
        assert self.take(states.finish(self.job, generation, None, self.now)) == held
        self.effects += held

    @rule(worker=WORKERS, retryable=st.booleans())
    def fail(self, worker: int, retryable: bool) -> None:
        held, generation = self.let_go(worker)
        assert self.take(states.fail(self.job, generation, DOWN, retryable, self.now)) == held

    @rule(worker=WORKERS)
    def stop(self, worker: int) -> None:
        held, generation = self.let_go(worker)
        assert self.take(states.stop(self.job, generation, self.now)) == held

    @rule()
    def sweep(self) -> None:
        silent = self.holder is not None and self.now >= self.held_until
        assert self.take(states.expire(self.job, self.now)) == silent
        if silent:
            self.holder = None

    @rule()
    def someone_cancels(self) -> None:
        if not self.job.ended:
            self.take(states.cancel(self.job, self.now))

    @rule()
    def someone_retries(self) -> None:
        if self.job.may_retry:
            self.take(states.retry(self.job, self.now))

    @invariant()
    def a_done_job_has_exactly_one_effect(self) -> None:
        assert self.effects == (self.job.state is State.DONE)

    @invariant()
    def it_ends_once_each_time_it_was_opened(self) -> None:
        assert self.endings - self.reopened == self.job.ended
        assert (self.job.ended_at is not None) == self.job.ended

    @invariant()
    def it_is_held_by_exactly_whom_the_model_says(self) -> None:
        assert self.job.lease_owner == (None if self.holder is None else str(self.holder))
        held = self.job.state in states.HELD
        assert (self.job.lease_owner is not None) == (self.job.lease_until is not None) == held

    @invariant()
    def tries_stay_within_their_number_and_generations_only_grow(self) -> None:
        assert 0 <= self.job.tries <= self.job.tries_max
        assert self.job.generation >= self.top_generation
        self.top_generation = self.job.generation

    def teardown(self) -> None:
        """Whatever happened, it comes to an end once a patient worker is left alone with it."""
        for _ in range(10):
            self.now += timedelta(hours=2)
            self.sweep()
            if self.job.ended:
                break
            self.claim(0)
            self.finish(0)
        assert self.job.ended
        self.a_done_job_has_exactly_one_effect()


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=150, stateful_step_count=40)

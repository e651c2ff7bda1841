"""Where we stand with a dispute, on both sides of its last instant."""

from datetime import UTC, datetime, timedelta

import pytest

from billettique.rules.disputes import MAY_ANSWER, SOON, Step, is_soon, step_of

DUE = datetime(2026, 12, 3, 22, 59, 59, tzinfo=UTC)
BEFORE, AFTER = DUE, DUE + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("sent", "conceded", "due", "known", "now", "step"),
    [
        (None, None, DUE, True, BEFORE, Step.LEAVING),
        (None, None, DUE, False, BEFORE, Step.TO_DECIDE),
        (None, None, DUE, True, AFTER, Step.TOO_LATE),
        (None, None, DUE, False, AFTER, Step.TOO_LATE),
        (None, None, None, False, AFTER, Step.TO_DECIDE),  # the provider says no day: we may always try
        (BEFORE, None, DUE, True, AFTER, Step.ANSWERED),
        (None, BEFORE, DUE, True, AFTER, Step.CONCEDED),
        (BEFORE, BEFORE, DUE, False, BEFORE, Step.ANSWERED),  # what left is with the bank
    ],
)
def test_a_dispute_waits_for_us_until_its_last_instant(sent, conceded, due, known, now, step):
    assert step_of(sent_at=sent, conceded_at=conceded, due_at=due, known=known, now=now) is step


def test_only_what_waits_for_us_may_be_answered():
    assert {Step.TO_DECIDE, Step.LEAVING} == MAY_ANSWER


@pytest.mark.parametrize(("before", "soon"), [(SOON + timedelta(seconds=1), False), (SOON, True), (-SOON, True)])
def test_three_days_before_it_presses(before, soon):
    assert is_soon(DUE, DUE - before) is soon


def test_without_a_day_nothing_presses():
    assert not is_soon(None, DUE)

"""What is left to do about a dispute that no bank has decided yet. Pure: the instant is an argument."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

SOON: Final = timedelta(days=3)


class Step(StrEnum):
    """Where we stand with a dispute. The first two wait for us."""

    TO_DECIDE = "to_decide"  # nothing shows a use: a person answers, or lets it go
    LEAVING = "leaving"  # what we know leaves by itself
    ANSWERED = "answered"  # the bank decides
    CONCEDED = "conceded"  # we chose not to answer: the bank decides
    TOO_LATE = "too_late"  # nobody answered in time: the bank decides without us


MAY_ANSWER: Final = frozenset({Step.TO_DECIDE, Step.LEAVING})


def step_of(
    *, sent_at: datetime | None, conceded_at: datetime | None, due_at: datetime | None, known: bool, now: datetime
) -> Step:
    """Where we stand; `known`: whether something shows that what was paid for was used, or owed."""
    if sent_at is not None:
        return Step.ANSWERED
    if conceded_at is not None:
        return Step.CONCEDED
    if due_at is not None and now > due_at:
        return Step.TOO_LATE
    return Step.LEAVING if known else Step.TO_DECIDE


def is_soon(due_at: datetime | None, now: datetime) -> bool:
    """Whether the last day to answer is near."""
    return due_at is not None and due_at - now <= SOON

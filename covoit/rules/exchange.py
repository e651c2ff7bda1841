"""What to tell the national registry of our own journeys, and where its books and ours differ. Decided here, done
elsewhere.

The Region's application is itself an operator there. What is to be told follows from the facts alone (a journey, what
was told of it): nothing has to be remembered at the moment a journey is proven, so nothing can be forgotten.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from covoit.model.journeys import Journey, JourneyState

SENT_WITHIN: Final = timedelta(hours=24)  # of the start; later the registry refuses
POLL_AFTER_END: Final = timedelta(hours=48)
POLL_AGAIN: Final = timedelta(hours=6)
# After this the registry no longer lists the journey, and a status that never came will not come.
POLL_GIVES_UP: Final = timedelta(days=30)
FINAL: Final = frozenset(
    {"ok", "canceled", "terms_violation_error", "fraud_error", "anomaly_error", "acquisition_error",
     "validation_error", "normalization_error"}
)  # fmt: skip


class Act(StrEnum):
    """What to do about a journey; the four last are only written down."""

    CREATE = "create"
    PATCH = "patch"
    CANCEL = "cancel"
    EXPIRED = "expired"  # proven too late for the registry; it is paid by us all the same
    INCOMPLETE = "incomplete"  # a person without a key or number, or the positions are gone
    NOTHING = "nothing"


# What was told of a journey, by the word kept.
THERE: Final = frozenset({"sent", "refused", "invalid"})


def act_on(journey: Journey, told: str | None, *, complete: bool, now: datetime) -> Act:
    """What to do about a journey of which the registry knows nothing (`told` None), or an older revision."""
    if journey.state is JourneyState.CANCELLED:
        return Act.CANCEL if told in THERE else Act.NOTHING
    if not complete:
        return Act.INCOMPLETE
    if told in THERE:
        return Act.PATCH
    return Act.CREATE if now - journey.started_at <= SENT_WITHIN else Act.EXPIRED


def poll_again(status: str, ended_at: datetime, now: datetime) -> timedelta | None:
    """When to ask for the status again; None when it is final, or will not come."""
    if status in FINAL and now >= ended_at + POLL_AFTER_END:
        return None
    if now >= ended_at + POLL_GIVES_UP:
        return None
    return POLL_AGAIN


@dataclass(frozen=True, slots=True)
class Difference:
    """A journey that the two books do not tell alike: "absent" where one of them does not hold it."""

    journey: str
    ours: str
    theirs: str


def differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[Difference]:
    """Where the books differ, by journey. What we did not send and they do not hold is no difference."""
    return [
        Difference(name, ours.get(name, "absent"), theirs.get(name, "absent"))
        for name in sorted({*ours, *theirs})
        if ours.get(name, "absent") != theirs.get(name, "absent")
    ]

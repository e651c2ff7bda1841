"""The statuses of a journey: three checks that end apart, one public word, and the moment after which it is final.

Source: carpool rules §1.3 (RPC). Checks are asynchronous; 48 h after the trip's end the status no longer changes, and a
journey whose checks never ended (the checker was down) is then taken as good.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from covoit.model.journeys import JourneyState

FREEZE_AFTER_END: Final = timedelta(hours=48)
CHECKED_WITHIN: Final = timedelta(hours=24)


class Acquisition(StrEnum):
    """How far the journey itself has come."""

    RECEIVED = "received"
    UPDATED = "updated"
    PROCESSED = "processed"
    FAILED = "failed"
    CANCELLED = "canceled"
    TERMS_VIOLATION = "terms_violation_error"


class Check(StrEnum):
    """How far one asynchronous check has come."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"


def public_status(acquisition: Acquisition, fraud: Check, anomaly: Check) -> str:
    """The one word operators read, in the registry's order of priority: cancelled, terms, acquisition failure, ok,
    fraud, anomaly, pending."""
    if acquisition is Acquisition.CANCELLED:
        return JourneyState.CANCELLED.value
    if acquisition is Acquisition.TERMS_VIOLATION:
        return JourneyState.TERMS_VIOLATION.value
    if acquisition is Acquisition.FAILED:
        return "acquisition_error"
    if acquisition is Acquisition.PROCESSED and fraud is Check.PASSED and anomaly is Check.PASSED:
        return JourneyState.OK.value
    if fraud is Check.FAILED:
        return JourneyState.FRAUD.value
    if anomaly is Check.FAILED:
        return JourneyState.ANOMALY.value
    return JourneyState.PENDING.value


def freezes_at(ended_at: datetime, changed_at: datetime) -> datetime:
    """When the status becomes final: 48 h after the end of the trip; or 24 h after it was received or changed, when
    that is later (a paper claim, a phone that syncs days afterwards), so that no journey escapes its checks by being
    late. A journey received in time, that is within 24 h of its start, always freezes 48 h after its end."""
    return max(ended_at + FREEZE_AFTER_END, changed_at + CHECKED_WITHIN)


def frozen(fraud: Check, anomaly: Check) -> tuple[Check, Check]:
    """Both checks once the time is up: what was found stays, what never ended is taken as passed."""
    return (
        Check.PASSED if fraud is Check.PENDING else fraud,
        Check.PASSED if anomaly is Check.PENDING else anomaly,
    )


def checks_of(state: JourneyState) -> tuple[Acquisition, Check, Check]:
    """The three checks of a journey whose public word is already known."""
    match state:
        case JourneyState.PENDING:
            return Acquisition.RECEIVED, Check.PENDING, Check.PENDING
        case JourneyState.OK:
            return Acquisition.PROCESSED, Check.PASSED, Check.PASSED
        case JourneyState.CANCELLED:
            return Acquisition.CANCELLED, Check.PENDING, Check.PENDING
        case JourneyState.TERMS_VIOLATION:
            return Acquisition.TERMS_VIOLATION, Check.PENDING, Check.PENDING
        case JourneyState.ANOMALY:
            return Acquisition.PROCESSED, Check.PASSED, Check.FAILED
        case JourneyState.FRAUD:
            return Acquisition.PROCESSED, Check.FAILED, Check.PASSED

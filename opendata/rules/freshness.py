"""How fresh and how available a dataset is: what is measured, and the three scores of the national access point.

The scores follow the national access point's own reckoning, so that the region sees the State's figure:
availability over a day ≥ 99.5 % → 1, ≥ 97.5 % → 0.75, ≥ 95 % → 0.5, else 0; freshness 0 once the timetable has ended;
compliance 0 as soon as one judge finds an error. A day's score is smoothed with the one before (a factor of the kind),
which counts only while it is less than seven days old.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from opendata.model.checks import Check, Verdict
from opendata.model.datasets import Period

SMOOTHING: Final = {"compliance": 0.95, "freshness": 0.9, "availability": 0.9}
FORGOTTEN_AFTER: Final = timedelta(days=7)
WARN_DAYS: Final = (30, 7)  # before a timetable ends


def is_late(period: Period, seen_at: datetime, now: datetime) -> bool:
    """Whether the facts were last looked at longer ago than the dataset promises."""
    return now - seen_at > period.stale_after


def days_left(last_day: date | None, today: date) -> int | None:
    """How many days the timetable still covers: 0 on its last day, negative once it has ended; None: it does not
    end."""
    return None if last_day is None else (last_day - today).days


def warning_due(last_day: date | None, today: date) -> int | None:
    """Which warning is due before the end: 30, or 7; None for none yet, or once it has ended."""
    left = days_left(last_day, today)
    if left is None or left < 0:
        return None
    return next((days for days in sorted(WARN_DAYS) if left <= days), None)


def availability_score(good: int, probes: int) -> float | None:
    """The day's score of availability; None when nothing was measured."""
    if probes == 0:
        return None
    share = good / probes
    return next((score for least, score in ((0.995, 1.0), (0.975, 0.75), (0.95, 0.5)) if share >= least), 0.0)


def freshness_score(last_day: date | None, first_day: date | None, today: date) -> float | None:
    """The day's score of a timetable's freshness; None for what has no last day, or is still to come."""
    if last_day is None or (first_day is not None and first_day > today):
        return None
    return 0.0 if last_day < today else 1.0


def compliance_score(checks: Iterable[Check]) -> float | None:
    """The day's score of compliance; None when no judge has spoken."""
    spoken = [check for check in checks if check.verdict is not Verdict.NOT_RUN]
    if not spoken:
        return None
    return 0.0 if any(check.verdict is Verdict.FAILED for check in spoken) else 1.0


def smoothed(kind: str, today_score: float, before: float | None, before_day: date | None, today: date) -> float:
    """The score shown: today's, weighed with the one before while that is young enough."""
    if before is None or before_day is None or today - before_day >= FORGOTTEN_AFTER:
        return today_score
    factor = SMOOTHING[kind]
    return factor * before + (1 - factor) * today_score

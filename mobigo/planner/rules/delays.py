"""Whether a delay can be certified, from what was noted when it happened. What was not observed is not certified."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mobigo.base.decisions import Decision

LATE_S_MIN: Final = 300  # as carriers do: under five minutes a train or a coach is on time
KNOWN_BEFORE: Final = timedelta(minutes=10)  # a word older than that before the arrival was a forecast
KEPT_DAYS: Final = 60


@dataclass(frozen=True, slots=True)
class Arrival:
    """A vehicle at the stop where one gets off: planned, and as last heard (`late_s` as of `heard_at`; None where
    nothing was); `cancelled_at` is when it was said not to run."""

    planned_at: datetime
    late_s: int | None = None
    heard_at: datetime | None = None
    cancelled_at: datetime | None = None

    @property
    def observed_at(self) -> datetime | None:
        """When it arrived, as far as it was heard."""
        return None if self.late_s is None else self.planned_at + timedelta(seconds=self.late_s)

    @property
    def is_observed(self) -> bool:
        """Whether what was heard is of the arrival, not a forecast made long before it."""
        at = self.observed_at
        return at is not None and self.heard_at is not None and at - self.heard_at <= KNOWN_BEFORE

    @property
    def is_late(self) -> bool:
        """Whether the delay is one that is certified."""
        return self.is_observed and self.late_s is not None and self.late_s >= LATE_S_MIN


def refusal(arrivals: Sequence[Arrival], now: datetime) -> Decision | None:
    """Why nothing can be certified of these vehicles; None when one of them was cancelled, or late."""
    if any(each.cancelled_at is not None or (each.is_late and _is_past(each, now)) for each in arrivals):
        return None
    if all(each.planned_at > now for each in arrivals):
        return Decision("planner.delay_not_yet")
    if max(each.planned_at for each in arrivals) < now - timedelta(days=KEPT_DAYS):
        return Decision("planner.delay_too_old", days=KEPT_DAYS)
    if any(each.late_s is not None and not _is_past(each, now) for each in arrivals):
        return Decision("planner.delay_not_yet")
    if all(each.late_s is None for each in arrivals):
        return Decision("planner.delay_unknown")
    if not any(each.is_observed for each in arrivals):
        return Decision("planner.delay_forecast_only")
    if all(each.is_observed for each in arrivals):
        return Decision("planner.delay_small", minutes=LATE_S_MIN // 60)
    return Decision("planner.delay_partly_unknown", minutes=LATE_S_MIN // 60)


def _is_past(arrival: Arrival, now: datetime) -> bool:
    return arrival.observed_at is not None and arrival.observed_at <= now

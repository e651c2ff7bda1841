"""A delay is certified when it was observed, of five minutes at least; everything else is refused with its reason."""

from datetime import UTC, datetime, timedelta

import pytest

from mobigo.planner.rules.delays import Arrival, refusal

PLANNED = datetime(2025, 3, 18, 8, tzinfo=UTC)
NOW = PLANNED + timedelta(hours=5)


def arrival(late_s: int | None, heard_before_s: int = 60, *, cancelled: bool = False) -> Arrival:
    """An arrival planned at 8 h, heard of so long before it happened."""
    if late_s is None:
        return Arrival(PLANNED, cancelled_at=PLANNED if cancelled else None)
    return Arrival(PLANNED, late_s, PLANNED + timedelta(seconds=late_s - heard_before_s))


@pytest.mark.parametrize(
    ("arrivals", "now", "code"),
    [
        ([arrival(300)], NOW, None),
        ([arrival(299)], NOW, "planner.delay_small"),
        ([arrival(0)], NOW, "planner.delay_small"),
        ([arrival(-60)], NOW, "planner.delay_small"),
        ([arrival(3_600, 600)], NOW, None),
        ([arrival(3_600, 601)], NOW, "planner.delay_forecast_only"),
        ([arrival(None)], NOW, "planner.delay_unknown"),
        ([arrival(None, cancelled=True)], NOW, None),
        ([arrival(300), arrival(None)], NOW, None),
        ([arrival(0), arrival(None)], NOW, "planner.delay_partly_unknown"),
        ([arrival(0), arrival(0)], NOW, "planner.delay_small"),
        ([arrival(300)], PLANNED - timedelta(seconds=1), "planner.delay_not_yet"),
        ([arrival(300)], PLANNED + timedelta(seconds=299), "planner.delay_not_yet"),  # late, and not there yet
        ([arrival(300)], PLANNED + timedelta(seconds=300), None),
        ([arrival(None)], PLANNED + timedelta(days=60), "planner.delay_unknown"),
        ([arrival(None)], PLANNED + timedelta(days=60, seconds=1), "planner.delay_too_old"),
    ],
)
def test_what_is_certified_and_what_is_not(arrivals: list[Arrival], now: datetime, code: str | None) -> None:
    found = refusal(arrivals, now)
    assert (None if found is None else found.code) == code

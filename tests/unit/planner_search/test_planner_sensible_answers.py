"""What is left out of an answer although nothing beats it: hours of waiting that nobody would choose."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from mobigo.planner.model import Journey, Ride, Visit, Walk
from mobigo.planner.rules.choice import sensible

SEVEN = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)


def journey(minutes: int, vehicles: int = 1, at: datetime = SEVEN) -> Journey:
    """So many vehicles, leaving at seven, there so many minutes later."""
    until = at + timedelta(minutes=minutes)
    ride = Ride(((0, 0),), date(2026, 11, 26), (Visit(0, at, at), Visit(1, until, until)))
    legs: tuple[Ride | Walk, ...] = (ride,) * vehicles or (Walk(None, None, at, until, 100),)
    return Journey(legs, at, until)


@pytest.mark.parametrize(
    ("minutes", "kept"),
    [(240, True), (241, False)],  # beside one of an hour: twice as long and two hours more
)
def test_a_journey_that_lasts_too_long_beside_another_is_left_out(minutes: int, kept: bool) -> None:
    quick, slow = journey(60), journey(minutes)
    assert sensible([quick, slow]).kept == ([quick, slow] if kept else [quick])


def test_the_one_with_fewer_vehicles_stays_however_long() -> None:
    quick, direct = journey(60, vehicles=2), journey(600, vehicles=1)
    assert sensible([quick, direct]).kept == [quick, direct]


def test_a_walk_that_wins_leaves_out_the_detour() -> None:
    on_foot, detour = journey(20, vehicles=0), journey(161)
    assert sensible([on_foot, detour]).kept == [on_foot]
    assert sensible([on_foot, replace(detour, arrive_at=SEVEN + timedelta(minutes=160))]).kept != [on_foot]


def test_alone_it_stays() -> None:
    assert sensible([journey(1_000)]).kept == [journey(1_000)]
    assert sensible([]).kept == []

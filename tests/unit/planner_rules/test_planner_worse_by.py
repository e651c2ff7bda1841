"""By how much one journey is worse than another, in each thing it is judged by."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from mobigo.base.money import Money
from mobigo.planner.model import Journey, Price, Ride, Visit, Walk
from mobigo.planner.rules.trace import WINDOW, Candidate, Effort, Gap, effort_of, worse_by

SEVEN = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)


def candidate(leaves: int, arrives: int, vehicles: int = 1, walk_m: int = 0, cents: int | None = None) -> Candidate:
    """Minutes after seven; what is walked is walked first."""
    since, until = (SEVEN + timedelta(minutes=each) for each in (leaves, arrives))
    ride = Ride(((0, 0),), date(2026, 11, 26), (Visit(0, since, since), Visit(1, until, until)))
    journey = Journey((Walk(None, 0, since, since, walk_m), *(ride,) * vehicles), since, until)
    return Candidate(1, journey, WINDOW, Price(None if cents is None else Money(cents)))


BASE = candidate(10, 60, 1, 500, 300)


@pytest.mark.parametrize(
    ("one", "gaps"),
    [
        (BASE, []),
        (candidate(9, 60, 1, 500, 300), [Gap("depart", 60), Gap("lasts", 60)]),
        (candidate(11, 60, 1, 500, 300), []),
        (candidate(10, 61, 1, 500, 300), [Gap("arrive", 60), Gap("lasts", 60)]),
        (candidate(10, 60, 2, 500, 300), [Gap("vehicles", 1)]),
        (candidate(10, 60, 1, 501, 300), [Gap("walk", 1)]),
        (candidate(10, 60, 1, 500, 301), [Gap("price", 1)]),
        (candidate(10, 60, 1, 500, 299), []),
        (candidate(10, 60, 1, 500, None), []),  # unknown is neither dearer nor cheaper
    ],
)
def test_only_what_is_worse_is_said_and_by_how_much(one: Candidate, gaps: list[Gap]) -> None:
    assert worse_by(one, BASE) == gaps


def test_on_foot_there_is_nothing_to_pay_and_an_unknown_price_is_none() -> None:
    on_foot = replace(BASE, journey=replace(BASE.journey, legs=BASE.journey.legs[:1]), price=None)
    assert on_foot.cents == 0
    assert replace(BASE, price=None).cents is None
    assert replace(BASE, price=Price(Money(0))).cents == 0


def test_searches_of_a_kind_are_counted_together() -> None:
    some = [Effort("one", 1, 2, 10, 3), Effort("price", 1, 3, 5, 1), Effort("one", 1, 4, 20, 0)]
    assert effort_of(some, "one") == Effort("one", 2, 4, 30, 3)
    assert effort_of(some, "window") is None

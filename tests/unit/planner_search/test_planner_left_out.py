"""By which rule a journey is left out, and because of which other."""

from datetime import UTC, date, datetime, timedelta

import pytest

from mobigo.base.money import Money
from mobigo.planner.model import Journey, Price, Ride, Visit, Walk
from mobigo.planner.rules.choice import WALK_M_LESS, sensible, useful, with_worthwhile
from mobigo.planner.rules.dropped import Dropped, Rule

SEVEN = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)


def journey(leaves: int, arrives: int, vehicles: int = 1, walk_m: int = 0) -> Journey:
    """Minutes after seven; what is walked is walked first."""
    since, until = (SEVEN + timedelta(minutes=each) for each in (leaves, arrives))
    ride = Ride(((0, 0),), date(2026, 11, 26), (Visit(0, since, since), Visit(1, until, until)))
    return Journey((Walk(None, 0, since, since, walk_m), *(ride,) * vehicles), since, until)


GOOD = journey(10, 60, 1, 500)


@pytest.mark.parametrize(
    ("other", "rule"),
    [
        (journey(9, 60, 1, 0), Rule.BEATEN),  # whatever it walks: this rule looks at hours and vehicles
        (journey(10, 61), Rule.BEATEN),
        (journey(10, 60, 2), Rule.BEATEN),
        (journey(10, 60, 1, 501), Rule.TWIN),
        (journey(11, 61), None),
        (journey(9, 59), None),
        (journey(10, 61, 0), None),
    ],
)
def test_what_is_beaten_by_hours_or_vehicles_names_who_beats_it(other: Journey, rule: Rule | None) -> None:
    kept, dropped = useful([other, GOOD])
    assert dropped == ([] if rule is None else [Dropped(other, rule, (GOOD,))])
    assert len(kept) + len(dropped) == 2


def test_who_beats_is_one_that_is_kept() -> None:
    worse, worst = journey(9, 60), journey(8, 61)
    assert useful([worst, worse, GOOD]).dropped == [  # in a fixed order
        Dropped(worst, Rule.BEATEN, (GOOD,)), Dropped(worse, Rule.BEATEN, (GOOD,)),
    ]  # fmt: skip


def test_one_too_long_names_the_quicker() -> None:
    night = journey(0, 50 * 2 + 121)
    assert sensible([GOOD, night]).dropped == [Dropped(night, Rule.TOO_LONG, (GOOD,))]


@pytest.mark.parametrize(
    ("beside", "cents", "expected"),
    [
        (journey(10, 70, 1, 500), 399, []),
        (journey(10, 70, 1, 500), 400, [(Rule.NOT_WORTH, 0)]),
        (journey(10, 70, 1, 500 - WALK_M_LESS), 400, []),
        (journey(10, 70, 1, 501 - WALK_M_LESS), 400, [(Rule.NOT_WORTH, 0)]),
        (journey(10, 50 * 2 + 10 + 121, 1, 500), 100, [(Rule.TOO_LONG, 0)]),
    ],
)
def test_one_beside_is_left_out_by_the_prices_shown(
    beside: Journey, cents: int, expected: list[tuple[Rule, int]]
) -> None:
    found = with_worthwhile([GOOD], [beside], [Price(Money(400)), Price(Money(cents))], arrive_by=False)
    assert [(each.rule, [GOOD].index(each.by[0])) for each in found.dropped] == expected
    assert len(found.journeys) + len(found.dropped) == 2


def test_of_two_beside_the_one_as_good_names_the_other() -> None:
    one, other = journey(10, 70, 1, 500), journey(9, 71, 1, 600)
    prices = [Price(Money(400)), Price(Money(300)), Price(Money(300))]
    found = with_worthwhile([GOOD], [other, one], prices, arrive_by=False)
    assert found.dropped == [Dropped(other, Rule.AS_GOOD, (one,))]
    cheaper = with_worthwhile([GOOD], [other, one], [prices[0], Price(Money(299)), prices[2]], arrive_by=False)
    assert cheaper.dropped == []  # it costs a cent less: that is something

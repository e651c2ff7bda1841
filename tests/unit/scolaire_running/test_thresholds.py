"""Too many aboard, too few, too young to be alone: both sides of every edge of the dated thresholds."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.errors import NotFound
from scolaire.gateway.running import run_rules_on
from scolaire.model.running import Counted, RunRules
from scolaire.rules.running import no_shows, overloads, places_of, youngest

TODAY = date(2026, 12, 1)
RULES = RunRules("essai", date(2025, 9, 1), "essai", 5, 3, 20, 60, 31, 6)
KEY = ("plan", "C1")


def counted(*aboard: int, registered: int = 20, places: int = 33) -> tuple[Counted, ...]:
    """Counts of the days until today, one a day."""
    first = TODAY - timedelta(days=len(aboard) - 1)
    return tuple(Counted(first + timedelta(days=n), each, registered, places) for n, each in enumerate(aboard))


@pytest.mark.parametrize(
    ("seats", "wheelchairs", "rolling", "expected"),
    [(33, 0, 0, 33), (33, 2, 0, 33), (33, 2, 1, 34), (33, 2, 3, 35)],
)
def test_a_wheelchair_place_seats_nobody_else(seats: int, wheelchairs: int, rolling: int, expected: int) -> None:
    assert places_of(seats, wheelchairs, rolling) == expected


@pytest.mark.parametrize(("aboard", "standing"), [((33,), None), ((34,), 1), ((34, 40, 33), 7), ((0,), None)])
def test_one_more_than_the_places_is_an_overload(aboard: tuple[int, ...], standing: int | None) -> None:
    found = overloads({KEY: counted(*aboard)}, RULES, TODAY)
    assert [each.standing for each in found] == ([] if standing is None else [standing])


def test_the_worst_comes_first_and_says_its_worst_day() -> None:
    found = overloads({("a", "1"): counted(34, 36), ("b", "2"): counted(39, 33)}, RULES, TODAY)
    assert [(each.key, each.days, each.standing, each.worst.day) for each in found] == [
        (("b", "2"), 1, 6, TODAY - timedelta(days=1)),
        (("a", "1"), 2, 3, TODAY),
    ]


@pytest.mark.parametrize(("days_ago", "seen"), [(59, True), (60, False), (0, True), (-1, False)])
def test_old_counts_and_counts_of_tomorrow_are_not_looked_at(days_ago: int, seen: bool) -> None:
    day = TODAY - timedelta(days=days_ago)
    assert bool(overloads({KEY: (Counted(day, 99, 20, 33),)}, RULES, TODAY)) is seen


@pytest.mark.parametrize(
    ("aboard", "registered", "missing"),
    [
        ((16,) * 4, 20, None),  # four days: one too few
        ((16,) * 5, 20, 4),  # 4 of 20 are 20 %
        ((16, 16, 17, 16, 16), 20, None),  # the best day leaves three, which are 15 %
        ((17,) * 5, 20, None),
        ((8,) * 5, 10, None),  # two are 20 %, and fewer than three
        ((7,) * 5, 10, 3),
        ((20, 12, 12, 12, 12, 12), 20, 8),  # a good day before the last five counts no more
        ((0,) * 5, 3, 3),
        ((0,) * 5, 0, None),  # nobody is registered
    ],
)
def test_even_the_best_of_the_last_days_left_many_at_home(
    aboard: tuple[int, ...], registered: int, missing: int | None
) -> None:
    found = no_shows({KEY: counted(*aboard, registered=registered)}, RULES, TODAY)
    assert [each.missing for each in found] == ([] if missing is None else [missing])


@given(st.lists(st.integers(0, 40), min_size=5, max_size=12), st.integers(0, 11))
def test_one_more_aboard_never_makes_a_no_show(aboard: list[int], at: int) -> None:
    more = [each + (n == at) for n, each in enumerate(aboard)]
    before = no_shows({KEY: counted(*aboard)}, RULES, TODAY)
    assert len(no_shows({KEY: counted(*more)}, RULES, TODAY)) <= len(before)


@pytest.mark.parametrize(
    ("born", "day", "young"),
    [
        (date(2020, 12, 1), TODAY, 0),  # six on that very day
        (date(2020, 12, 2), TODAY, 1),
        (date(2020, 12, 2), TODAY + timedelta(days=1), 0),
        (date(2020, 2, 29), date(2026, 2, 28), 1),  # born on a leap day: six on the first of March
        (date(2020, 2, 29), date(2026, 3, 1), 0),
    ],
)
def test_the_age_is_that_of_the_day(born: date, day: date, young: int) -> None:
    assert youngest([born, date(2010, 1, 1)], RULES, day) == young


def test_the_thresholds_are_dated_and_say_their_source() -> None:
    rules = run_rules_on(date(2025, 9, 1))
    assert (rules.accompanied_under_years, rules.no_show_days) == (6, 5)
    assert rules.source
    assert replace(rules, code="") != rules
    with pytest.raises(NotFound) as missing:
        run_rules_on(date(2025, 8, 31))
    assert missing.value.decision.code == "scolaire.no_run_rules"

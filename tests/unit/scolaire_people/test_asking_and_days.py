"""What a form has to say, who lives where on a day, which days have school: tables on both sides of each edge."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.geo import Point
from mobigo.base.periods import Period
from scolaire.model.people import Stay, Weeks, mask_of, weekdays_of
from scolaire.model.rights import Method, Outcome
from scolaire.model.schools import Bell, Days, SchoolYear, Way
from scolaire.rules import deciding, measuring
from scolaire.rules.asking import clean_name, clean_phone, current_year, folded, is_uai, overlap
from scolaire.rules.days import bells_on, home_on, is_school_day, next_school_day, school_days
from scolaire.rules.documents import BYTES_MAX, media_of

TERM = Period(date(2026, 9, 1), None)
HOLIDAYS = Days("A", Period(date(2026, 10, 17), date(2026, 11, 1)), open=False, words="Toussaint")
BRIDGE = Days("A", Period(date(2026, 10, 20), date(2026, 10, 20)), open=True, words="Rattrapage")
OWN = Days("A", Period(date(2026, 9, 14), date(2026, 9, 14)), open=False, words="Portes ouvertes", uai="0210054V")


@pytest.mark.parametrize(
    ("day", "uai", "open_"),
    [
        ("2026-10-16", None, True),
        ("2026-10-17", None, False),
        ("2026-11-01", None, False),
        ("2026-11-02", None, True),
        ("2026-10-20", None, True),  # the shorter period counts more
        ("2026-10-24", None, False),
        ("2026-09-12", None, False),  # a Saturday
        ("2026-09-14", None, True),
        ("2026-09-14", "0210054V", False),  # its own day counts more than its zone
    ],
)
def test_days_of_school(day: str, uai: str | None, open_: bool) -> None:
    told = [HOLIDAYS, BRIDGE] + ([OWN] if uai else [])
    assert is_school_day(date.fromisoformat(day), told, (), uai) is open_


def test_a_school_is_open_when_its_bells_ring() -> None:
    saturday = [Bell("x", each, Way.IN, 8 * 3600, TERM) for each in (0, 1, 3, 4, 5)]
    assert [is_school_day(date(2026, 9, 7) + timedelta(days=n), [], saturday) for n in range(7)] == [
        True, True, False, True, True, True, False,
    ]  # fmt: skip
    assert next_school_day(date(2026, 10, 17), [HOLIDAYS]) == date(2026, 11, 2)
    assert next_school_day(date(2026, 10, 17), [HOLIDAYS], within=10) is None
    # 365 days from 1 September 2026 to 31 August 2027, of which 261 are Mondays to Fridays
    assert len(school_days(SchoolYear(2026), [])) == 261
    assert bells_on([*saturday, Bell("x", 0, Way.OUT, 0, TERM)], date(2026, 9, 7)) == ([8 * 3600], [0])


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (Stay("a", Weeks.EVEN), Stay("b", Weeks.ODD), False),
        (Stay("a", Weeks.EVEN), Stay("b", Weeks.EVEN), True),
        (Stay("a", Weeks.ALL), Stay("b", Weeks.ODD), True),
        (Stay("a", Weeks.ALL, frozenset({0, 1})), Stay("b", Weeks.ALL, frozenset({2, 3})), False),
        (Stay("a", Weeks.EVEN, frozenset({0, 1, 2})), Stay("b", Weeks.ALL, frozenset({2, 3})), True),
    ],
)
def test_two_homes_share_no_day(one: Stay, other: Stay, both: bool) -> None:
    assert overlap(one, other) is overlap(other, one) is both


@given(st.dates(date(2024, 1, 1), date(2030, 12, 31)))
def test_in_alternate_weeks_a_child_is_in_one_home_each_day(day: date) -> None:
    """The 53rd week of a year and the first of the next are both odd: the same home twice, and never none."""
    stays = [Stay("a", Weeks.EVEN, frozenset(range(7))), Stay("b", Weeks.ODD, frozenset(range(7)))]
    assert [stay.home for stay in stays if stay.holds(day)] == [home_on(stays, day)]


@given(st.sets(st.integers(0, 6)))
def test_weekdays_go_into_a_mask_and_back(days: set[int]) -> None:
    assert weekdays_of(mask_of(days)) == days


@pytest.mark.parametrize(
    ("name", "kept"), [("  Marie  Ève ", "Marie Ève"), ("O’Neil-d'Arc", "O’Neil-d'Arc"), ("Łukasz", "Łukasz")]
)
def test_names_are_kept_as_people_write_them(name: str, kept: str) -> None:
    assert clean_name(name, "first_name") == kept


@pytest.mark.parametrize("name", ["", " ", "-", "x" * 101, "Léa2", "<b>", "a@b", "a\u202eb"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        clean_name(name, "first_name")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("06 39 98 00 01", "+33639980001"),
        ("0033 6 39 98 00 01", "+33639980001"),
        ("+33 (0)6.39.98.00.01", "+33639980001"),
        ("+41 44 668 18 00", "+41446681800"),
        ("06 39 98 00", None),
        ("00", None),
        ("appelez-moi", None),
    ],
)
def test_telephones(text: str, number: str | None) -> None:
    if number is None:
        with pytest.raises(InvalidInput):
            clean_phone(text)
    else:
        assert clean_phone(text) == number


def test_names_are_found_whatever_their_accents() -> None:
    assert folded("L'Hérault-D’Œuvre  du Lac") == "l herault d oeuvre du lac"


@pytest.mark.parametrize(
    ("uai", "right"),
    [("0940176F", True), ("0940176G", False), ("0940176f", False), ("940176F", False), ("09401760", False)],
)
def test_the_letter_of_a_school_number_checks_it(uai: str, right: bool) -> None:
    assert is_uai(uai) is right


def test_a_school_year_begins_on_the_first_of_september() -> None:
    assert (current_year(date(2026, 8, 31)), current_year(date(2026, 9, 1))) == (2025, 2026)


# ---------------------------------------------------------------- lengths


def test_a_commune_far_away_is_enough_and_one_near_says_nothing() -> None:
    """0.2° of latitude is 22 239 m: less 10 km, 12 239 m at least. 0.08° is 8 896 m: nothing is sure."""
    far = measuring.from_commune(Point(47.0, 4.0), Point(47.2, 4.0))
    assert (far.distance_m, far.at_least(12_000), far.at_least(13_000)) == (28_911, True, None)
    near = measuring.from_commune(Point(47.0, 4.0), Point(47.08, 4.0))
    assert (near.margin_pct, near.at_least(1), near.at_least(100_000)) == (100, None, False)


@given(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
def test_an_estimate_never_promises_more_than_the_straight_line(lat: float, lon: float) -> None:
    a, b = Point(47.0, 4.0), Point(47.0 + lat, 4.0 + lon)
    way = measuring.CrowFlies().way(a, b)
    assert way is not None
    assert way.method is Method.ESTIMATE
    straight_m = way.distance_m / measuring.DETOUR
    assert way.at_least(int(straight_m) + 2) is not True


# ---------------------------------------------------------------- decisions


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        (date(2026, 6, 15), 2, date(2026, 8, 15)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2026, 10, 31), 4, date(2027, 2, 28)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
    ],
)
def test_months_after_a_day(day: date, months: int, after: date) -> None:
    assert deciding.months_after(day, months) == after


@pytest.mark.parametrize(
    ("today", "outcome", "changed", "refused"),
    [
        (date(2026, 10, 15), Outcome.REFUSED, False, False),
        (date(2026, 10, 16), Outcome.REFUSED, False, True),
        (date(2026, 10, 16), Outcome.PAYING, False, True),
        (date(2026, 10, 16), Outcome.REFUSED, True, False),
        (date(2026, 10, 16), Outcome.ENTITLED, False, False),
    ],
)
def test_a_right_is_taken_back_within_four_months(today: date, outcome: Outcome, changed: bool, refused: bool) -> None:
    def check() -> None:
        deciding.check(
            outcome, Outcome.ENTITLED, words="motif", name="A", capacity="B",
            last=(Outcome.ENTITLED, date(2026, 6, 15)), today=today, facts_changed=changed,
        )  # fmt: skip

    if refused:
        with pytest.raises(Refused):
            check()
    else:
        check()


@pytest.mark.parametrize(("size", "kept"), [(BYTES_MAX, True), (BYTES_MAX + 1, False)])
def test_a_document_is_not_too_large(size: int, kept: bool) -> None:
    content = b"%PDF-" + b" " * (size - 5)
    if kept:
        assert media_of(content) == "application/pdf"
    else:
        with pytest.raises(InvalidInput):
            media_of(content)

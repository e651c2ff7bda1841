"""How assistance is booked when nothing is step-free: until when, at the moment asked; too late; or whom to ask."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.errors import InvalidInput
from mobigo.planner.gateway.assistance import load_terms
from mobigo.planner.rules.assistance import Days, Kind, Operator, Terms, assistance, book_by

PARIS = ZoneInfo("Europe/Paris")
TERMS = Terms(
    Kind.ASSISTANCE, "Trains", frozenset({"ter"}), "03 53 01 00 10", "https://a.example", 24, Days.EVERY_DAY, time(8),
    time(20), date(2026, 1, 1), None, "essai",
)  # fmt: skip
TER = Operator("TER", "ter")
TUESDAY = datetime(2026, 11, 24, 14, 30, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("terms", "departs_at", "until"),
    [
        (TERMS, TUESDAY, datetime(2026, 11, 23, 14, 30, tzinfo=PARIS)),  # the office is open then
        (TERMS, TUESDAY.replace(hour=20, minute=0), datetime(2026, 11, 23, 20, 0, tzinfo=PARIS)),
        (TERMS, TUESDAY.replace(hour=22), datetime(2026, 11, 23, 20, 0, tzinfo=PARIS)),  # it closed before
        (TERMS, TUESDAY.replace(hour=8, minute=0), datetime(2026, 11, 23, 8, 0, tzinfo=PARIS)),
        (TERMS, TUESDAY.replace(hour=7, minute=59), datetime(2026, 11, 22, 20, 0, tzinfo=PARIS)),  # the eve
        (  # Monday's office, 48 h before a Tuesday, is Friday's
            replace(TERMS, notice_h=48, days=Days.WEEKDAYS), TUESDAY, datetime(2026, 11, 20, 20, 0, tzinfo=PARIS),
        ),
        (
            replace(TERMS, notice_h=48, days=Days.MONDAY_TO_SATURDAY), TUESDAY,
            datetime(2026, 11, 21, 20, 0, tzinfo=PARIS),
        ),
        (replace(TERMS, notice_h=0), TUESDAY, TUESDAY),
        (  # the night when clocks go back has 25 hours: 24 h before 14:30 is 15:30 by the clock of the eve
            TERMS, datetime(2026, 10, 25, 14, 30, tzinfo=PARIS), datetime(2026, 10, 24, 15, 30, tzinfo=PARIS),
        ),
    ],
)  # fmt: skip
def test_one_books_before_the_notice_while_the_office_is_open(
    terms: Terms, departs_at: datetime, until: datetime
) -> None:
    assert book_by(terms, departs_at, PARIS) == until


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(-1, "planner.assistance_book"), (0, "planner.assistance_book"), (1, "planner.assistance_too_late")],
)
def test_the_cut_off_is_applied_at_the_moment_asked(seconds: int, code: str) -> None:
    now = datetime(2026, 11, 23, 14, 30, tzinfo=PARIS) + timedelta(seconds=seconds)
    (said,) = assistance([TERMS], [TER], TUESDAY, now, PARIS)
    assert said.code == code
    assert said.params["phone"] == TERMS.phone


@pytest.mark.parametrize(
    ("day", "holds"),
    [(date(2025, 12, 31), False), (date(2026, 1, 1), True), (date(2026, 6, 30), True), (date(2026, 7, 1), False)],
)
def test_terms_hold_on_their_days_and_no_other(day: date, holds: bool) -> None:
    dated = replace(TERMS, last_day=date(2026, 6, 30))
    departs_at = datetime.combine(day, time(12), PARIS)
    (said,) = assistance([dated], [TER], departs_at, departs_at - timedelta(days=10), PARIS)
    assert (said.code == "planner.assistance_book") is holds


def test_without_terms_it_says_whom_to_ask_and_makes_nothing_up() -> None:
    phoned = Operator("Ville", "ville", "03 53 01 00 30")
    unknown = Operator("Autre", "autre")
    said = list(assistance([TERMS], [phoned, unknown], TUESDAY, TUESDAY, PARIS))
    assert [each.code for each in said] == ["planner.assistance_ask", "planner.assistance_unknown"]
    assert said[0].params["phone"] == "03 53 01 00 30"


@given(
    st.integers(0, 730 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.integers(0, 336),
    st.sampled_from(Days),
)
def test_the_last_instant_to_book_is_open_and_early_enough(at: datetime, notice_h: int, days: Days) -> None:
    terms = replace(TERMS, notice_h=notice_h, days=days)
    until = book_by(terms, at, PARIS)
    assert until is not None
    assert until.astimezone(UTC) <= at - timedelta(hours=notice_h)
    local = until.astimezone(PARIS)
    assert days.opens(local.date())
    assert terms.opens <= local.time() <= terms.closes


GOOD = """first_day = 2026-01-01
source = "essai"
[[terms]]
kind = "substitution"
operator = "Cars"
agencies = ["Cars (démonstration)"]
phone = "03 53 01 00 20"
notice_h = 48
days = "weekdays"
opens = 08:00:00
closes = 18:00:00
"""


def load(home: Path, text: str) -> tuple[Terms, ...]:
    (home / "assistance").mkdir()
    (home / "assistance" / "cars.toml").write_text(text, encoding="utf-8")
    return load_terms(home)


def test_terms_are_read_as_somebody_entered_them(tmp_path: Path) -> None:
    (read,) = load(tmp_path, GOOD)
    assert (read.kind, read.agencies, read.notice_h, read.days) == (
        Kind.SUBSTITUTION, frozenset({"cars"}), 48, Days.WEEKDAYS,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("notice_h = -1", "notice_h = 48"),
        ("notice_h = 1.5", "notice_h = 48"),
        ('kind = "helicopter"', 'kind = "substitution"'),
        ('days = "sundays"', 'days = "weekdays"'),
        ("closes = 08:00:00", "closes = 18:00:00"),
        ('link = "javascript:alert(1)"', 'phone = "03 53 01 00 20"'),
        ("", "notice_h = 48"),
    ],
)
def test_terms_that_cannot_be_read_are_refused_by_their_file(tmp_path: Path, wrong: str, right: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        load(tmp_path, GOOD.replace(right, wrong if "link" not in wrong else f"{right}\n{wrong}"))
    assert refused.value.decision.code == "planner.bad_assistance_file"
    assert refused.value.decision.params["file"] == "cars.toml"

"""Opening hours as OpenStreetMap writes them: both sides of every edge, and what is not understood is not guessed."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mobigo.network.rules.opening import opening, stay_min

PARIS = ZoneInfo("Europe/Paris")


def at(day: str, clock: str) -> datetime:
    """That day of the week of 23 November 2026, a Monday."""
    hour, minute = map(int, clock.split(":"))
    number = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su").index(day)
    return datetime(2026, 11, 23, hour, minute, tzinfo=PARIS) + timedelta(days=number)


@pytest.mark.parametrize(
    ("text", "day", "clock", "is_open"),
    [
        ("24/7", "Su", "03:00", True),
        ("Mo-Fr 06:00-20:00", "Mo", "05:59", False),
        ("Mo-Fr 06:00-20:00", "Mo", "06:00", True),
        ("Mo-Fr 06:00-20:00", "Fr", "19:59", True),
        ("Mo-Fr 06:00-20:00", "Fr", "20:00", False),
        ("Mo-Fr 06:00-20:00", "Sa", "12:00", False),
        ("06:00-20:00", "Su", "12:00", True),
        ("00:00-24:00", "Su", "23:59", True),
        ("Mo-Fr 06:00-12:00,14:00-20:00", "Tu", "12:00", False),
        ("Mo-Fr 06:00-12:00,14:00-20:00", "Tu", "14:00", True),
        ("Mo-Sa 06:00-22:00; Sa 08:00-12:00", "Sa", "07:59", False),  # the later rule holds for its days
        ("Mo-Sa 06:00-22:00; Sa 08:00-12:00", "Sa", "08:00", True),
        ("Mo-Su 06:00-22:00; We off", "We", "12:00", False),
        ("Mo-Su 06:00-22:00; We closed", "Th", "12:00", True),
        ("Mo,We,Fr 08:00-18:00", "We", "08:00", True),
        ("Mo,We,Fr 08:00-18:00", "Tu", "08:00", False),
        ("Fr-Mo 08:00-18:00", "Su", "10:00", True),  # around the end of the week
        ("Fr-Mo 08:00-18:00", "Tu", "10:00", False),
        ("Fr 20:00-02:00", "Sa", "01:59", True),  # past midnight
        ("Fr 20:00-02:00", "Sa", "02:00", False),
        ("Fr 20:00-02:00", "Fr", "01:00", False),
        ("Su 20:00-26:00", "Mo", "01:00", True),
        ("Mo-Fr 06:00-20:00; PH off", "Mo", "12:00", True),
        ("Mo-Fr,PH 06:00-20:00", "Mo", "12:00", True),
    ],
)
def test_it_is_open_at_these_hours_alone(text: str, day: str, clock: str, is_open: bool) -> None:
    found = opening(text)
    assert found is not None
    assert found.is_open(at(day, clock)) is is_open
    assert found.has_holidays is ("PH" in text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "sunrise-sunset", "Mo-Fr", "Mo-Fr 6:00-20:00", "Mo-Fr 06:00-20:60", "Mo-Fr 24:00-25:00", "06:00-06:00",
     "Mo-Fr 06:00+", "Jan-Mar 08:00-18:00", "Mo[1] 08:00-18:00", "Mo-We-Fr 08:00-18:00", "PH off",
     "week 1-10 Mo 08:00-18:00",
     "Mo-Fr 06:00-20:00 \"sur appel\"", "Mo-Fr 06:00-20:00; Sa", "lu-ve 06:00-20:00", "Mo-Fr 06:00-20:00 || off",
     "24/7;" + " " * 300],
)  # fmt: skip
def test_what_is_not_wholly_understood_is_not_understood(text: str) -> None:
    assert opening(text) is None


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("Mo-Fr 06:00-20:00", ("Mo", "06:00"), ("Mo", "20:00")),
        ("Mo-Fr 06:00-20:00", ("Fr", "20:00"), ("Mo", "06:00")),
        ("Fr 20:00-02:00", ("Fr", "21:00"), ("Sa", "02:00")),
        ("Fr 20:00-24:00; Sa 00:00-12:00", ("Fr", "21:00"), ("Sa", "12:00")),  # midnight between is no change
    ],
)
def test_the_next_change_is_that_of_the_clock_there(text: str, since: tuple[str, str], until: tuple[str, str]) -> None:
    found = opening(text)
    assert found is not None
    change = found.next_change(at(*since))
    assert change is not None
    wanted = at(*until)
    assert change == wanted or change == wanted + timedelta(days=7)


def test_what_never_closes_has_no_change() -> None:
    found = opening("24/7")
    assert found is not None
    assert found.week == (((0, 1440),),) * 7
    assert found.next_change(at("Mo", "06:00")) is None


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("4 h", 240), ("4h", 240), ("2 hours", 120), ("90 min", 90), ("30 minutes", 30), ("1 day", 1440), ("0 h", None),
     ("no", None), ("unlimited", None), ("", None), ("1.5 h", None), ("4", None), ("2 h @ Mo-Fr", None)],
)  # fmt: skip
def test_the_longest_stay(text: str, minutes: int | None) -> None:
    assert stay_min(text) == minutes

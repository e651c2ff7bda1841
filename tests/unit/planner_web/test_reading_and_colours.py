"""What people type as hours, days and positions; and line colours made readable."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.planner.rules.colours import CONTRAST_LEAST, contrast, readable
from mobigo.planner.web.asked import position, read_day, read_time
from mobigo.planner.web.lines import days_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0:00", (0, 0)), ("00:00", (0, 0)), ("23:59", (23, 59)), ("24:00", None), ("8:60", None), ("8 h 05", (8, 5)),
        ("8\u00a0h\u00a005", (8, 5)), ("8h", (8, 0)), ("8", (8, 0)), ("0805", (8, 5)), ("805", (8, 5)),
        ("8.05", (8, 5)),
        ("", None), ("midi", None), ("8:5", None), ("-1:00", None), ("٨:٠٥", None),
    ],
)  # fmt: skip
def test_an_hour_is_read_as_people_write_it(text: str, expected: tuple[int, int] | None) -> None:
    assert read_time(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24", date(2026, 11, 24)), ("24/11/2026", date(2026, 11, 24)), ("1/2/2026", date(2026, 2, 1)),
        ("2026-02-29", None), ("2028-02-29", date(2028, 2, 29)), ("1980-01-01", date(1980, 1, 1)), ("1979-12-31", None),
        ("2099-12-31", date(2099, 12, 31)), ("2100-01-01", None), ("", None), ("24/11/26", None), ("11-24", None),
    ],
)  # fmt: skip
def test_a_day_is_read_or_refused(text: str, expected: date | None) -> None:
    assert read_day(text) == expected


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_and_never_breaks(text: str) -> None:
    read_day(text)
    read_time(text)
    position(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [("47.32, 5.04", True), ("47.32,5.04", True), ("-90,180", True), ("90.1,0", False), ("47,181", False),
     ("47", False),
     ("nan,nan", False), ("4 7,5", False)],
)  # fmt: skip
def test_a_position_is_read_inside_the_globe_only(text: str, found: bool) -> None:
    assert (position(text) is not None) == found


@pytest.mark.parametrize(
    ("colour", "text", "expected"),
    [
        ("FFFFFF", "", ("ffffff", "1e1a17")),
        ("000000", "", ("000000", "ffffff")),
        ("1d4e89", "FFFFFF", ("1d4e89", "ffffff")),
        ("f2b705", "ffffff", ("f2b705", "1e1a17")),  # white on mustard cannot be read
        ("", "", ("5b5149", "ffffff")),
        ("red", "", ("5b5149", "ffffff")),
        ("#1D4E89", "#ffffff", ("1d4e89", "ffffff")),
    ],
)
def test_a_line_keeps_its_colour_when_its_text_can_be_read(colour: str, text: str, expected: tuple[str, str]) -> None:
    assert readable(colour, text) == expected


@given(st.from_regex(r"[0-9a-fA-F]{6}", fullmatch=True), st.from_regex(r"([0-9a-fA-F]{6})?", fullmatch=True))
def test_every_line_can_be_read(colour: str, text: str) -> None:
    assert contrast(*readable(colour, text)) >= CONTRAST_LEAST


@pytest.mark.parametrize(
    ("weekdays", "known", "expected"),
    [
        (range(7), 28, ""),
        (range(5), 20, "Du lundi au vendredi."),
        ([2], 4, "Le mercredi seulement."),
        ([0, 2], 8, "Les lundi et mercredi."),
        ([5, 6], 8, "Les samedi et dimanche."),
        ([2], 3, "Circule 3 jours seulement en ce moment."),
        ([2], 1, "Circule 1 jour seulement en ce moment."),
    ],
)
def test_the_days_of_a_trip_are_said_shortly(weekdays: list[int], known: int, expected: str) -> None:
    assert days_words(frozenset(weekdays), known) == expected

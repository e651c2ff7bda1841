"""A complaint names a trip so that a letter can say it and a page can find it again."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covoit.rules import claims as rules
from mobigo.base.decisions import Decision
from mobigo.infra.clock import new_id
from mobigo.infra.i18n import sentence

AT = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
INSTANTS = st.datetimes(datetime(2020, 9, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds of UTC


@given(INSTANTS, INSTANTS)
def test_a_trip_named_is_found_again(started_at: datetime, written_at: datetime) -> None:
    award = new_id(written_at)
    named = rules.object_of_trip(award, started_at)
    assert rules.award_of_object(named) == award
    assert rules.month_of_object(named) is None
    assert len(named) <= 200


@pytest.mark.parametrize(
    ("object_id", "fr", "en"),
    [
        (rules.object_of_trip("0" * 26, AT), "votre trajet du mardi 24 novembre 2026, 17 h 30", "your trip of"),
        ("2026-10", "votre relevé 2026-10", "your statement 2026-10"),
        ("-", "vos aides au covoiturage", "your carpool aid"),
    ],
)
def test_it_is_said_in_both_languages(object_id: str, fr: str, en: str) -> None:
    about = rules.about(object_id)
    assert isinstance(about, Decision)
    assert sentence(about, "fr").replace("\N{NO-BREAK SPACE}", " ") == fr
    assert sentence(about, "en").startswith(en)


@pytest.mark.parametrize(
    "object_id",
    [
        "feuille F-7",
        "2026-11-24 17:30 ()",
        "2026-11-24 17:30 (" + "a" * 26 + ")",
        "2026-10\n",
        "٢٠٢٦-١٠",
        "",
        "--",
        "2026-13",
        "2026-00",
        "0000-01",
        "9999-12",
    ],
)
def test_anything_else_is_said_as_it_was_written(object_id: str) -> None:
    assert rules.about(object_id) == object_id
    assert rules.award_of_object(object_id) is None
    assert rules.month_of_object(object_id) is None


def test_what_looks_like_ours_and_is_no_day_is_said_as_it_was_written() -> None:
    written = f"2026-99-24 17:30 ({'0' * 26})"
    assert rules.about(written) == written

"""What the driver's pages say of values: every stage and kind has its words, caps are said where there are some."""

from datetime import UTC, date, datetime

import pytest

from covoit.model.claims import Kind, Room
from covoit.model.journeys import LineLeg
from covoit.model.payments import Stage
from covoit.web.driver import words
from mobigo.base.money import Money
from mobigo.infra.i18n import use_language

AT = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
DAY = date(2026, 11, 24)


def said(texts: list[str]) -> str:
    return " ".join(" ".join(texts).split())


@pytest.mark.parametrize(
    ("month", "today", "trips", "expected"),
    [
        (None, None, None, ""),
        (Money(0), None, None, "Plafond du mois : il vous reste 0,00 €."),
        (None, Money(2_000), None, "Plafond du jour : il vous reste 20,00 €."),
        (None, None, 0, "Aujourd’hui, encore 0 trajet payé."),
        (None, None, 1, "Aujourd’hui, encore 1 trajet payé."),
        (None, None, 2, "Aujourd’hui, encore 2 trajets payés."),
    ],
)
def test_what_caps_leave(month: Money | None, today: Money | None, trips: int | None, expected: str) -> None:
    assert said(words.room(Room(DAY, "essai", month, today, trips, Money(0), 2))) == expected


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_stage_of_a_request_and_every_kind_of_case_has_its_words(language: str) -> None:
    with use_language(language):
        asked = (Stage.CLAIMED, Stage.MANDATED, Stage.SENT, Stage.PAID, Stage.RETURNED, Stage.REISSUED, Stage.REVERSED)
        assert len({words.stage(each).words for each in asked}) == len(asked)
        assert len({words.kind(each) for each in Kind}) == len(Kind)


@pytest.mark.parametrize(
    ("month", "fr", "en"),
    [("2026-01", "janvier 2026", "January 2026"), ("2026-08", "août 2026", "August 2026"), (DAY, "novembre 2026", "")],
)
def test_months_by_their_name(month: str | date, fr: str, en: str) -> None:
    assert said([words.month_name(month)]) == fr
    with use_language("en"):
        assert said([words.month_name(month)]) == en or not en


@pytest.mark.parametrize(
    ("leg", "expected"),
    [
        (LineLeg("saulieu-chatillon", 0, 0, 80_000), "Saulieu, place Monge → Châtillon-sur-Seine, centre"),
        (LineLeg("saulieu-chatillon", 1, 0, 80_000), "Châtillon-sur-Seine, centre → Saulieu, place Monge"),
        (LineLeg("saulieu-chatillon", 0, 1, 80_000), ""),  # nobody stops there
        (LineLeg("no-such-line", 0, 0, 80_000), ""),
        (None, ""),
    ],
)
def test_a_leg_by_the_stops_at_its_ends(leg: LineLeg | None, expected: str) -> None:
    assert words.way(leg, AT) == expected


@pytest.mark.parametrize(
    ("code", "part"), [("AC04", "fermé"), ("AC01", "titulaire"), ("XX99", "XX99"), (None, ""), ("", "")]
)
def test_why_a_bank_gave_back(code: str | None, part: str) -> None:
    assert part in words.bank_reason(code)
    assert bool(words.bank_reason(code)) is bool(code)

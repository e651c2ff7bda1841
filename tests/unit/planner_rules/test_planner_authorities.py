"""Whom a traveller is sent to when no journey can be offered."""

from datetime import date

import pytest

from mobigo.base.periods import Period
from mobigo.infra.competence import Authority, Rule, Service, Table
from mobigo.planner.rules.authorities import End, who_answers

DAY = date(2026, 3, 17)
REGION = Authority("region", "Région", "region", "https://region.example", "03 53 01 20 00", date(2026, 1, 1))
TOWN = Authority("town", "Ville", "urban", "https://ville.example", "03 53 01 21 00", date(2026, 1, 1))
OTHER = Authority("other", "Autre", "syndicate", "https://autre.example", "03 53 01 22 00")
SINCE = Period(date(2026, 1, 1), None)
EVERY = frozenset({Service.COACH, Service.TOWN})
TABLE = Table(
    {each.code: each for each in (REGION, TOWN, OTHER)},
    (
        Rule("region", EVERY, SINCE, "…", departements=frozenset({"21"})),
        Rule("town", frozenset({Service.TOWN}), SINCE, "…", communes=frozenset({"21231", "21166"})),
        Rule("other", EVERY, SINCE, "…", departements=frozenset({"90"})),
    ),
)
VILLAGE, CITY, SUBURB = End("v", "21584", "Village"), End("c", "21231", "Ville"), End("s", "21166", "Banlieue")
BELFORT, ABROAD, UNKNOWN = End("b", "90010", "Belfort"), End("p", "75056", "Paris"), End("nulle part")


@pytest.mark.parametrize(
    ("origin", "destination", "expected"),
    [
        (CITY, SUBURB, [("planner.ask_authority", "Ville")]),  # within one town network
        (VILLAGE, VILLAGE, [("planner.ask_authority", "Région")]),
        (VILLAGE, CITY, [("planner.ask_authority", "Région"), ("planner.ask_authority", "Ville")]),
        (CITY, VILLAGE, [("planner.ask_authority", "Région")]),
        (CITY, BELFORT, [("planner.ask_authority", "Région"), ("planner.ask_authority", "Autre")]),
        (VILLAGE, ABROAD, [("planner.outside_competence", "Paris"), ("planner.ask_authority", "Région")]),
        (UNKNOWN, CITY, [("planner.outside_competence", "nulle part"), ("planner.ask_authority", "Région"),
                         ("planner.ask_authority", "Ville")]),
        (UNKNOWN, ABROAD, [("planner.outside_competence", "nulle part"), ("planner.outside_competence", "Paris")]),
    ],
)  # fmt: skip
def test_who_answers_between_two_communes(origin: End, destination: End, expected: list[tuple[str, str]]) -> None:
    told = who_answers(TABLE, origin, destination, DAY, production=False)
    assert [(each.code, each.params.get("authority", each.params.get("name"))) for each in told] == expected


@pytest.mark.parametrize(
    ("day", "count"),
    [(date(2025, 12, 31), 0), (date(2026, 1, 1), 1)],  # the table begins
)
def test_the_table_is_dated(day: date, count: int) -> None:
    told = who_answers(TABLE, VILLAGE, VILLAGE, day, production=False)
    assert [each.code for each in told] == ["planner.ask_authority"] * count


def test_in_production_a_number_nobody_checked_is_not_shown() -> None:
    (told,) = who_answers(TABLE, BELFORT, BELFORT, DAY, production=True)
    assert (told.code, dict(told.params)) == ("planner.authority", {"authority": "Autre", "commune": "Belfort"})
    (checked,) = who_answers(TABLE, CITY, SUBURB, DAY, production=True)
    assert checked.params["phone"] == "03 53 01 21 00"

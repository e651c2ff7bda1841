"""Territories by a dated table, countries, adults: what a campaign may ask of a place and of a passenger."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from covoit.gateway.campaigns import campaign_from, campaigns, load_campaign
from covoit.gateway.territories import TABLE, read_territories
from covoit.model.campaign import Campaign, Zone
from covoit.rules import campaign as rules
from covoit.rules.zones import contains
from mobigo.base.errors import InvalidInput
from mobigo.base.money import Money
from tests.covoit_world import journey, trip

FIXTURE = Path(__file__).parents[3] / "fixtures" / "territoires"
TERRITORIES = read_territories(FIXTURE)
DAY = date(2026, 11, 23)


def campaign(**differs: Any) -> Campaign:
    document = {
        "code": "essai", "first_day": date(2026, 1, 1), "title": {"fr": "x", "en": "x"}, "text": {"fr": "", "en": ""},
        "source": "essai", "unit": "journey", "proof_class_min": "C", "lengths": {"from_m": 2_000}, "examples": [],
        "parts": [{"id": "base", "kind": "flat", "cents": 150}],
    }  # fmt: skip
    return campaign_from({**document, **differs}, TERRITORIES)


def zone(**territories: Any) -> Zone:
    return campaign(zones={"z": territories}).zones["z"]


@pytest.mark.parametrize(
    ("territory", "insee", "day", "expected"),
    [
        ({"epci": ["242100410"]}, "21231", DAY, True),  # Dijon
        ({"epci": ["242100410"]}, "21166", DAY, True),  # Chenôve
        ({"epci": ["242100410"]}, "21540", DAY, False),  # a commune that the table does not give
        ({"epci": ["242100410"]}, "21231", date(2016, 12, 31), False),  # the day before
        ({"epci": ["242100410"]}, "21231", date(2017, 1, 1), True),
        ({"epci": ["242100410"]}, "25056", DAY, False),  # of the other
        ({"epci": ["242100410", "242500361"]}, "25056", DAY, True),
        ({"aom": ["242100410"]}, "21166", DAY, False),  # an AOM and an EPCI of one code are two things
        ({"aom": ["232100013"]}, "39300", date(2026, 6, 30), True),  # left on that evening
        ({"aom": ["232100013"]}, "39300", date(2026, 7, 1), False),
        ({"aom": ["232100013"]}, "39300", date(2026, 8, 31), False),
        ({"aom": ["232100013"]}, "39300", date(2026, 9, 1), True),  # came back
        ({"region": ["27"]}, "90010", DAY, True),  # by its département
        ({"region": ["27"]}, "52121", DAY, False),
        ({"region": ["27"]}, "21231", date(2015, 12, 31), False),
        ({"region": ["27"]}, None, DAY, False),  # nobody knows where
        ({"reseau": ["divia"]}, "21166", DAY, True),
        ({"reseau": ["divia"]}, "21617", DAY, False),
        ({"countries": ["99100"]}, "21231", DAY, True),
        ({"countries": ["99100"]}, "2A004", DAY, True),
        ({"countries": ["99100"]}, "99140", DAY, False),
        ({"countries": ["99140"]}, "99140", DAY, True),  # Switzerland
        ({"countries": ["99140"]}, "21231", DAY, False),
        ({"departements": ["99"]}, "99140", DAY, False),  # a country is no département
        ({"communes": ["21540"], "region": ["27"]}, "52121", DAY, False),
        ({"communes": ["52121"], "region": ["27"]}, "52121", DAY, True),  # in any of them
    ],
)
def test_a_place_is_in_a_territory_on_the_days_of_the_table(
    territory: Mapping[str, Any], insee: str | None, day: date, expected: bool
) -> None:
    assert contains(zone(**territory), day, None, insee) is expected


@pytest.mark.parametrize(
    "territory",
    [{"epci": ["200000000"]}, {"aom": ["27"]}, {"reseau": ["mobigo"]}, {"countries": ["FR"]}, {"countries": [99100]}],
)
def test_a_territory_that_nobody_described_is_refused(territory: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\?"):
        zone(**territory)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["kind,code"], "1: "),
        (["kind,code,member,first_day,last_day", "epci,1,21231,2026-01-01"], "2: "),
        (["kind,code,member,first_day,last_day", "epci,1,21231,01/01/2026,"], "2: "),
        (["kind,code,member,first_day,last_day", "canton,1,21231,2026-01-01,"], "2: "),
        (["kind,code,member,first_day,last_day", "epci,,21231,2026-01-01,"], "2: "),
        (["kind,code,member,first_day,last_day", "epci,1,2123,2026-01-01,"], "2: "),
        (["kind,code,member,first_day,last_day", "epci,1,21231,2026-02-01,2026-01-31"], "2: "),
        (["kind,code,member,first_day,last_day", "epci,1,21231,2026-01-01,", "epci,1,21231,2027-01-01,"], "3: "),
        (["kind,code,member,first_day,last_day", "epci,1,21231,2026-01-01,2026-06-30", "",
          "epci,1,21231,2026-06-30,"], "4: "),
    ],
)  # fmt: skip
def test_a_bad_table_is_refused_whole_and_its_line_named(tmp_path: Path, lines: list[str], said: str) -> None:
    (tmp_path / TABLE).write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        read_territories(tmp_path)
    assert str(refused.value.decision.params["reason"]).startswith(said)
    assert refused.value.decision.params["file"] == TABLE


CAMPAIGN_FILE = """
code = "dijon"
first_day = 2026-01-01
source = "essai"
unit = "journey"
proof_class_min = "C"
lengths = { from_m = 2_000 }
examples = []
[title]
fr = "x"
en = "x"
[text]
fr = ""
en = ""
[zones.metropole]
epci = ["242100410"]
[[where]]
zone = "metropole"
ends = "both"
[[parts]]
id = "base"
kind = "flat"
cents = 150
"""


def test_the_table_of_a_home_is_read_and_read_again_when_it_changes(tmp_path: Path) -> None:
    folder = tmp_path / "campaigns"
    folder.mkdir()
    (folder / "dijon.toml").write_text(CAMPAIGN_FILE, encoding="utf-8")
    with pytest.raises(InvalidInput):  # no table: nobody knows what the EPCI holds
        campaigns(tmp_path)
    shutil.copyfile(FIXTURE / TABLE, folder / TABLE)
    one = load_campaign("dijon", tmp_path)

    def cents(start: str, end: str) -> int:
        ride = trip(journey(None, 10_000, start_insee=start, end_insee=end))
        return sum(each.amount.cents for each in rules.price(ride, load_campaign("dijon", tmp_path), rank_of_day=1))

    assert (cents("21231", "21166"), cents("21231", "21540")) == (150, 0)
    with (folder / TABLE).open("a", encoding="utf-8") as file:
        file.write("epci,242100410,21540,2026-01-01,\n")
    assert cents("21231", "21540") == 150
    assert load_campaign("dijon", tmp_path).hash == one.hash  # the table is dated apart: the campaign did not change


@pytest.mark.parametrize(("over_18", "cents"), [(True, 150), (False, 0), (None, 0)])
def test_who_is_not_known_to_be_an_adult_is_not_one(over_18: bool | None, cents: int) -> None:
    adults = campaign(adults_only=True)
    ride = trip(journey(None, 10_000, passenger_over_18=over_18))
    (priced,) = rules.price(ride, adults, rank_of_day=1)
    assert priced.amount.cents == cents
    assert [each.code for each in priced.refused.values()] == ([] if cents else ["covoit.not_adult"])
    assert [each.amount.cents for each in rules.recompute(priced.inputs, adults)] == [cents]
    assert rules.price(ride, campaign(), rank_of_day=1)[0].amount.cents == 150  # who does not ask pays for all
    with pytest.raises(TypeError):
        campaign(adults_only=1)


def test_a_passengers_cap_asks_for_amounts_by_journey() -> None:
    capped = {"caps": [{"of": "passenger", "per": "day", "measure": "trips", "limit": 2}]}
    assert campaign(**capped).caps
    with pytest.raises(ValueError, match="passengers"):
        campaign(unit="vehicle_trip", **capped)


def test_what_the_driver_gets_otherwise_counts_under_the_legal_ceiling() -> None:
    rich = campaign(parts=[{"id": "base", "kind": "flat", "cents": 5_000}])
    ride = trip(journey(None, 20_000))  # 20 km × 0.529 € = 10.58 €
    for given, cents in ((0, 1_058), (300, 758), (1_057, 1), (1_058, 0), (2_000, 0)):
        (priced,) = rules.price(ride, rich, rank_of_day=1, given=Money(given))
        assert priced.amount.cents == cents
        assert rules.recompute(priced.inputs, rich)[0] == priced
    one = replace(ride.journeys[0], distance_m=14_999)
    short = replace(ride, journeys=(one,))  # the first short trips of a day are above their costs by right
    assert rules.price(short, rich, rank_of_day=2, given=Money(2_000))[0].amount.cents == 5_000
    assert rules.price(short, rich, rank_of_day=3, given=Money(2_000))[0].amount.cents == 0

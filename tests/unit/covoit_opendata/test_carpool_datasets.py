"""The tables carpool offers for publication: every column filled, nothing in them that the policy says may never be."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from covoit.export import opendata
from covoit.export.opendata import Commune, GrantToCompany, TripFacts, grant_rows, line_rows, subsidy_rows, trip_rows
from covoit.model.journeys import Journey, LineLeg, ProofClass
from covoit.model.pricing import PricedTrip
from mobigo.base.geo import Point
from mobigo.base.money import Money

SAULIEU = Commune("21584", "Saulieu", "21", "Saulieu-Morvan")
CHATILLON = Commune("21154", "Châtillon-sur-Seine", "21")
COMMUNES = {each.insee: each for each in (SAULIEU, CHATILLON)}
STARTED = datetime(2026, 11, 24, 5, 40, 10, tzinfo=UTC)  # 6:40:10 in France
JOURNEY = Journey(
    "j1", "mobigo", "oj1", "ot1", ProofClass.C, "driver-1", "passenger-1", 1, STARTED, STARTED + timedelta(minutes=72),
    80_000, STARTED, leg=LineLeg("saulieu-chatillon", 0, 0, 80_000), start_insee="21584", end_insee="21154",
)  # fmt: skip
FACTS = TripFacts(JOURNEY, Point(47.28112, 4.22934), Point(47.86004, 4.57398), subsidised=True)
PRICED = PricedTrip(
    "mobigo", "ot1", "driver-1", STARTED, date(2026, 11, 24), "saulieu-chatillon", "BFC-from-first", "h", 80_000, 1,
    Money(900), Money(900), counted=("j1",), fare=Money(150),
)  # fmt: skip


def test_a_trip_has_the_27_columns_of_the_registry() -> None:
    (row,) = trip_rows([FACTS], COMMUNES, b"salt")
    named = dict(zip([column.name for column in opendata.TRIP_COLUMNS], row, strict=True))
    assert len(named) == 27
    assert named["journey_start_datetime"] == "2026-11-24T06:40:10+01:00"
    assert (named["journey_end_date"], named["journey_end_time"]) == ("2026-11-24", "07:52:10")
    assert (named["journey_start_town"], named["journey_end_insee"]) == ("Saulieu", "21154")
    assert (named["journey_distance"], named["journey_duration"], named["has_incentive"]) == (80_000, 72, "OUI")


def test_the_end_is_the_end() -> None:
    """The registry's exporter once filled the end with the start: end less start is the duration."""
    (row,) = trip_rows([FACTS], COMMUNES, b"salt")
    named = dict(zip([column.name for column in opendata.TRIP_COLUMNS], row, strict=True))
    start, end = (datetime.fromisoformat(str(named[f"journey_{which}_datetime"])) for which in ("start", "end"))
    assert (end - start).total_seconds() / 60 == named["journey_duration"]


def test_nobody_can_be_named_from_a_row() -> None:
    (row,) = trip_rows([FACTS], COMMUNES, b"salt")
    text = repr(row)
    for secret in ("driver-1", "passenger-1", "oj1", "ot1", "mobigo", "900", "150"):
        assert secret not in text


def test_passengers_of_one_car_share_its_name_and_an_operator_cannot_make_it_again() -> None:
    other = replace(FACTS, journey=replace(JOURNEY, id="j2", operator_journey_id="oj2", passenger="passenger-2"))
    first, second = trip_rows([FACTS, other], COMMUNES, b"salt")
    assert first[1] == second[1]
    assert first[0] != second[0]
    assert {row[1] for row in trip_rows([FACTS], COMMUNES, b"other")} != {first[1]}
    assert re.fullmatch("[0-9a-f]{64}", str(first[0]))


def test_a_journey_without_its_commune_is_not_offered() -> None:
    with pytest.raises(KeyError):
        trip_rows([replace(FACTS, journey=replace(JOURNEY, start_insee=None))], COMMUNES, b"salt")
    with pytest.raises(KeyError):
        trip_rows([FACTS], {"21584": SAULIEU}, b"salt")


def test_rows_come_in_one_order_whatever_the_order_of_facts() -> None:
    facts = [
        replace(
            FACTS, journey=replace(JOURNEY, operator_journey_id=f"o{n}", started_at=STARTED + timedelta(hours=n % 3))
        )
        for n in range(9)
    ]
    assert trip_rows(facts, COMMUNES, b"s") == trip_rows(facts[::-1], COMMUNES, b"s")


def test_a_line_by_month_adds_up() -> None:
    second = replace(
        JOURNEY, id="j2", passenger="passenger-2", seats=2, leg=LineLeg("saulieu-chatillon", 0, 20_000, 80_000)
    )
    back = replace(JOURNEY, id="j3", leg=LineLeg("saulieu-chatillon", 1, 0, 80_000))
    rows = line_rows(
        [
            (replace(PRICED, amount=Money(1100), fare=Money(450)), (JOURNEY, second)),
            (replace(PRICED, operator_trip_id="ot2"), (back,)),
            (replace(PRICED, operator_trip_id="ot3", line=None), (replace(JOURNEY, leg=None),)),
        ]
    )
    assert rows == [
        # month, line, direction, vehicle trips, journeys, drivers, passengers, km (80 + 2 × 60), subsidy, fares
        ("2026-11", "saulieu-chatillon", 0, 1, 2, 1, 2, 200.0, 11.0, 4.5),
        ("2026-11", "saulieu-chatillon", 1, 1, 1, 1, 1, 80.0, 9.0, 1.5),
    ]


def test_subsidies_by_month_and_scale_leave_out_what_got_nothing() -> None:
    other = replace(PRICED, scale_code="BFC-2020-from-second", amount=Money(800), passengers=2)
    none = replace(PRICED, amount=Money(0))
    assert subsidy_rows([PRICED, PRICED, other, none]) == [
        ("2026-11", "BFC-2020-from-second", 1, 2, 80.0, 8.0),
        ("2026-11", "BFC-from-first", 2, 2, 160.0, 18.0),
    ]


def test_subsidies_to_companies_need_the_number_of_a_company() -> None:
    grant = GrantToCompany(
        "Opérateur de covoiturage", "73282932000074", date(2026, 1, 5), "CP-2026-1", "Lignes de covoiturage",
        Money(1_234_56), date(2026, 1, 1), date(2026, 12, 31),
    )  # fmt: skip
    (row,) = grant_rows([grant], giver="Région", giver_siret="20005372600010")
    assert len(row) == len(opendata.GRANT_COLUMNS) == 14
    assert row[7] == 1234.56
    with pytest.raises(ValueError, match="legal person"):
        grant_rows([replace(grant, siret="12345678901234")], giver="Région", giver_siret="20005372600010")


def test_every_dataset_says_what_is_owed_to_people() -> None:
    offered = opendata.datasets(
        [FACTS], [(PRICED, (JOURNEY,))], [], COMMUNES, salt=b"s", giver="Région", giver_siret="20005372600010"
    )
    for dataset in offered:
        assert all(len(row) == len(dataset.names) for row in dataset.rows())
        for group in dataset.privacy.groups if dataset.privacy else ():
            assert set(group) <= set(dataset.names)
    policies = {dataset.code: dataset.privacy for dataset in offered}
    trips = policies["covoit-trajets"]
    assert trips is not None
    assert trips.k == 6
    assert ("journey_start_insee", "journey_end_insee") in trips.groups

"""An operator's call for funds paid to its company: once, to the cent, never beside the driver; published as a subsidy
to a legal person."""

import csv
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine

from covoit.gateway.conventions import conventions
from covoit.model.journeys import VehicleTrip
from covoit.service import awards, calls, closing, verification
from covoit.store import calls as call_store
from mobigo.app import open_grants
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.money import Money
from mobigo.base.periods import Period
from mobigo.infra.db import reading, transaction
from tests.covoit_money_world import CLOSING, NOW, claim, driver, fund, home_with, net, record
from tests.covoit_world import journey
from tests.integration.covoit_money.test_money_trust import AT

CONVENTION = """
[[convention]]
operator = "blue"
name = "Opérateur Bleu SAS"
siret = "{siret}"
reference = "CP-2026-1"
date = 2026-01-05
purpose = "Covoiturage du quotidien"
first_day = {first}
{last}
"""
GOOD = "73282932000074"
PAID = {"reference": "M-2026-77", "paid_on": date(2026, 12, 10), "by": "agent", "now": CLOSING}


def agreed(home: Path, siret: str = GOOD, first: str = "2026-01-01", last: str = "", more: str = "") -> Path:
    text = CONVENTION.format(siret=siret, first=first, last=last)
    (home / "conventions.toml").write_text(text + more, encoding="utf-8")
    return home


def run(who: str, name: str, metres: int = 20_000) -> VehicleTrip:
    """A trip declared by an operator: 20 km and a passenger, 3.00 €."""
    one = journey(
        None, metres, operator="blue", operator_journey_id=name, operator_trip_id=name, id=name, driver=who,
        passenger=f"p-{name}", started_at=AT, received_at=AT,
    )  # fmt: skip
    return VehicleTrip("blue", name, who, (one,))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return agreed(home_with(tmp_path / "home"))


@pytest.fixture
def closed(engine: Engine, home: Path) -> tuple[str, str]:
    """Two drivers of the operator: 3.00 and 1.01 € for Anne, 3.00 € for Bruno; the month is closed."""
    fund(engine, 100_000, home)
    anne, bruno = driver(engine, "anne"), driver(engine, "bruno")
    record(engine, [run(anne, "b1"), run(anne, "b2", 2_050), run(bruno, "b3")])
    awards.award_ready(engine, NOW, home=home)
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    return anne, bruno


def settle(engine: Engine, home: Path, operator: str = "blue", **differs: Any) -> call_store.CallRow:
    with transaction(engine) as session:
        row = calls.settle(session, operator, differs.pop("month", "2026-11"), home=home, **{**PAID, **differs})
        session.expunge(row)
        return row


def test_a_call_is_paid_once_and_to_the_cent(engine: Engine, home: Path, closed: tuple[str, str]) -> None:
    anne, bruno = closed
    row = settle(engine, home)
    assert (row.cents, row.drivers, row.left_out) == (300 + 121 + 300, 2, 0)  # 2,050 m: 20.5 → 21 cents, and 1 €
    assert (net(engine, f"covoit:payable:{anne}"), net(engine, f"covoit:payable:{bruno}")) == (0, 0)
    assert net(engine, "covoit:paid_operator:blue") == 721
    assert settle(engine, home).cents == 721  # said again: nothing more
    assert net(engine, "covoit:paid_operator:blue") == 721
    with pytest.raises(Conflict):
        settle(engine, home, reference="M-2026-78")
    with pytest.raises(Refused, match="claim_nothing"):
        claim(engine, anne)  # the driver has it from the operator
    assert verification.verify(engine, home=home).ok


def test_a_driver_who_asked_directly_is_left_out_and_told_of(
    engine: Engine, home: Path, closed: tuple[str, str]
) -> None:
    anne, bruno = closed
    claim(engine, anne)
    row = settle(engine, home)
    assert (row.cents, row.drivers, row.left_out, row.left_out_cents) == (300, 1, 1, 421)
    assert (net(engine, f"covoit:payable:{anne}"), net(engine, f"covoit:payable:{bruno}")) == (421, 0)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"month": "2026-12"}, "covoit.month_open"),
        ({"operator": "mobigo"}, "covoit.call_of_ours"),
        ({"operator": "green"}, "covoit.no_convention"),
        ({"campaign": "plus"}, "covoit.call_empty"),
        ({"reference": " "}, "covoit.bad_reference"),
        ({"month": "2026-13"}, "covoit.bad_month"),
    ],
)
def test_what_may_not_be_paid_is_refused(
    engine: Engine, home: Path, closed: tuple[str, str], asked: dict[str, Any], code: str
) -> None:
    with pytest.raises((Refused, InvalidInput)) as refused:
        settle(engine, home, **asked)
    assert refused.value.decision.code == code
    assert net(engine, "covoit:paid_operator:blue") == 0
    assert len(closed) == 2


@pytest.mark.parametrize(
    ("first", "last", "good"),
    [
        ("2026-11-01", "last_day = 2026-11-30", True),
        ("2026-11-02", "", False),  # the whole month, or nothing
        ("2026-01-01", "last_day = 2026-11-29", False),
    ],
)
def test_the_agreement_covers_the_whole_month(
    engine: Engine, home: Path, closed: tuple[str, str], first: str, last: str, good: bool
) -> None:
    agreed(home, first=first, last=last)
    assert len(closed) == 2
    if good:
        assert settle(engine, home).cents == 721
    else:
        with pytest.raises(Refused, match="no_convention"):
            settle(engine, home)


@pytest.mark.parametrize(
    "text",
    [
        CONVENTION.format(siret="73282932000075", first="2026-01-01", last=""),  # a wrong key
        CONVENTION.format(siret="732829320", first="2026-01-01", last=""),  # a SIREN
        CONVENTION.format(siret="", first="2026-01-01", last=""),  # a person has none
        CONVENTION.format(siret=GOOD, first="2026-01-01", last="last_day = 2025-12-31"),
        CONVENTION.format(siret=GOOD, first="2026-01-01", last="iban = 'x'"),
        CONVENTION.format(siret=GOOD, first="2026-01-01", last="") * 2,
        "[[convention]]\n",
        "convention = 3\n",
        "[[convention",
    ],
)
def test_a_bad_file_of_agreements_is_refused_whole(tmp_path: Path, text: str) -> None:
    (tmp_path / "conventions.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match="bad_conventions_file"):
        conventions(tmp_path)
    assert conventions(tmp_path / "elsewhere") == ()


def test_what_was_paid_is_published_and_no_driver_is_in_it(
    engine: Engine, home: Path, closed: tuple[str, str], tmp_path: Path
) -> None:
    services: Any = SimpleNamespace(config=SimpleNamespace(home=home), engine=engine)
    (offer,) = open_grants.offers(services)
    assert offer.produce(NOW, tmp_path) == []  # nothing was paid
    settle(engine, home)
    (edition,) = offer.produce(datetime(2026, 12, 31, tzinfo=UTC), tmp_path)
    text = edition.files[0].content.decode("utf-8-sig")
    (row,) = csv.DictReader(StringIO(text), delimiter=";" if ";" in text.splitlines()[0] else ",")
    assert (row["nomBeneficiaire"], row["idBeneficiaire"], row["montant"]) == ("Opérateur Bleu SAS", GOOD, "7.21")
    assert (row["dateConvention"], row["referenceDecision"]) == ("2026-01-05", "CP-2026-1")
    assert row["datesPeriodeVersement"] == "2026-12-10/2026-12-10"
    for person in (*closed, "Anne", "Bruno", "Essai"):
        assert person not in text
    with reading(engine) as session:
        november = Period(date(2026, 11, 1), date(2026, 11, 30))
        assert calls.grants(session, november) == []
        (one,) = calls.grants(session, Period(date(2026, 12, 1), date(2026, 12, 31)))
    assert (one.amount, one.siret) == (Money(721), GOOD)

"""A version of a tariff from its draft to the day it applies: who may do what, what never changes, what is refused."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from billettique.gateway.fares import document_of_text, tariff_on
from billettique.model.fares import Leg
from billettique.model.tariffs import Ask, Rider
from billettique.service import quoting, simulating, tariffs
from billettique.store import tariffs as store
from mobigo.base.errors import Conflict, InvalidInput, MobigoError
from mobigo.base.money import Money
from mobigo.infra import audit
from mobigo.infra.db import reading, transaction

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
TODAY, FIRST = date(2026, 11, 26), date(2027, 1, 1)
EDITOR, APPROVER = "editor", "approver"


@pytest.fixture
def home(tmp_path: Path, engine: Engine) -> Path:
    folder = tmp_path / "home"
    store.connect(folder, engine)
    return folder


def begun(engine: Engine, home: Path, code: str = "car-unite-2027") -> str:
    with transaction(engine) as session:
        return tariffs.begin(session, home, "car-unite-2020", code, FIRST, EDITOR, NOW)


def changed(engine: Engine, home: Path, draft: str, cents: int, *, edition: int = 1, by: str = EDITOR) -> None:
    with transaction(engine) as session:
        row = tariffs.get_draft(session, draft)
        document = tariffs.changed_amounts(document_of_text(row.document, "draft"), {"product.0.cents": cents})
        tariffs.change(session, home, draft, edition, document, by, NOW)


def approved(
    engine: Engine, home: Path, draft: str, *, edition: int = 2, by: str = APPROVER, act: str = "26CP.300",
    act_day: date = TODAY, today: date = TODAY,
) -> str:  # fmt: skip
    with transaction(engine) as session:
        return tariffs.approve(session, home, draft, edition, act, act_day, by, NOW, today)


def price(home: Path, day: date) -> Money | None:
    at = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    leg = Leg("car", "a", "b", at, at + timedelta(minutes=30))
    return quoting.quote(Ask(((leg,),), (Rider("adulte"),)), home).quote.total


def test_a_price_approved_by_a_second_person_applies_from_its_first_day(engine: Engine, home: Path) -> None:
    draft = begun(engine, home)
    changed(engine, home, draft, 180)
    assert price(home, FIRST) == Money(150), "a draft changes no price"
    assert approved(engine, home, draft) == "car-unite-2027"
    assert price(home, date(2026, 12, 31)) == Money(150)
    assert price(home, FIRST) == Money(180)
    [listed] = [each for each in tariffs.listed(home, TODAY) if each.version.code == "car-unite-2027"]
    assert (listed.state, listed.act_number, listed.act_day) == ("to_come", "26CP.300", TODAY)
    assert [each.code for each in tariff_on(FIRST, home).versions if each.tariff == "car"] == ["car-unite-2027"]
    with reading(engine) as session:
        said = [entry.action for entry in audit.history(session, "fare_version", "car-unite-2027")]
    assert said == ["billettique.fare_approved"]


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"by": EDITOR}, "billettique.fare_own_draft"),
        ({"by": "colleague"}, "billettique.fare_own_draft"),
        ({"edition": 2}, "billettique.draft_changed"),
        ({"act": "  "}, "billettique.act_needed"),
        ({"act_day": TODAY + timedelta(days=1)}, "billettique.act_needed"),
        ({"today": FIRST}, "billettique.fare_past"),
    ],
)
def test_what_nobody_may_approve(engine: Engine, home: Path, how: dict[str, Any], code: str) -> None:
    draft = begun(engine, home)
    changed(engine, home, draft, 180)
    changed(engine, home, draft, 190, edition=2, by="colleague")
    with pytest.raises(MobigoError) as refused:
        approved(engine, home, draft, **({"edition": 3} | how))
    assert refused.value.decision.code == code
    assert price(home, FIRST) == Money(150)


def test_two_people_who_change_one_draft_do_not_undo_each_other(engine: Engine, home: Path) -> None:
    draft = begun(engine, home)
    changed(engine, home, draft, 180)
    with pytest.raises(Conflict):
        changed(engine, home, draft, 170, edition=1, by="colleague")


@pytest.mark.parametrize(
    ("name", "value"),
    [("product.0.cents", -1), ("product.9.cents", 100), ("product.0.name", 5), ("product.0.cents", 10**9),
     ("discount.0.pct", 50)],
)  # fmt: skip
def test_amounts_that_make_no_sense_are_refused(name: str, value: int) -> None:
    document = {"product": [{"id": "a", "name": "A", "cents": 100}]}
    with pytest.raises(InvalidInput):
        tariffs.changed_amounts(document, {name: value})


def test_a_code_names_one_text_for_ever(engine: Engine, home: Path) -> None:
    with pytest.raises(Conflict):
        begun(engine, home, "ter-2017")
    draft = begun(engine, home)
    approved(engine, home, draft, edition=1)
    with pytest.raises(Conflict):
        begun(engine, home)


def test_the_database_refuses_to_change_an_approved_version(engine: Engine, home: Path) -> None:
    approved(engine, home, begun(engine, home), edition=1)
    for statement in ("UPDATE billettique_fare_version SET document = ''", "DELETE FROM billettique_fare_version"):
        with pytest.raises(DBAPIError), engine.begin() as connection:
            connection.execute(text(statement))


def test_a_version_to_be_confirmed_is_approved_as_it_is_and_then_applies(engine: Engine, home: Path) -> None:
    day = date(2026, 12, 1)
    assert price(home, day) == Money(150)
    version = tariffs.named(home, "car-unite-2026")
    with transaction(engine) as session:
        draft = tariffs.begin_from_file(session, home, tariffs.gateway.document_of(version, home), EDITOR, NOW)
    approved(engine, home, draft, edition=1)
    assert price(home, day) == Money(200)


def test_a_version_is_tried_on_usual_journeys(engine: Engine, home: Path) -> None:
    draft = begun(engine, home)
    changed(engine, home, draft, 180)
    with reading(engine) as session:
        version = tariffs.gateway.version_of_text(tariffs.get_draft(session, draft).document, "draft")
    rows = {each.name: (each.before, each.after) for each in simulating.tried(home, version)}
    assert rows["Un trajet en car"] == (Money(150), Money(180))
    assert rows["Train de 180 km"] == (Money(3_000), Money(3_000))
    assert rows["Cinq allers et retours en car dans la semaine"] == (Money(1_500), Money(1_800))


def test_a_draft_given_up_is_a_draft_no_more(engine: Engine, home: Path) -> None:
    draft = begun(engine, home)
    with transaction(engine) as session:
        tariffs.give_up(session, draft, EDITOR, NOW)
    with pytest.raises(MobigoError):
        approved(engine, home, draft, edition=1)
    assert price(home, FIRST) == Money(150)

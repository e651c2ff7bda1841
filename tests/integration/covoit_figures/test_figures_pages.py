"""The month by line and the simulation, as pages: figures that add up, forms that say what they cannot read."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from covoit.service import awards
from covoit.service.month_export import month_export
from covoit.store import lines as line_store
from covoit.store.figures import line_sums
from covoit.web import figures as views
from mobigo.app import create_app
from mobigo.app.demo import registry_month
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Grant, Role
from tests.covoit_money_world import cancel, fund, home_with, record, ride

NOW = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
AT = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return home_with(tmp_path / "home")


@pytest.fixture
def app(engine: Engine, database_config: Config, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    monkeypatch.setattr(views, "now", lambda: NOW)
    made = create_app(replace(database_config, home=home, environment="development", base_url="http://localhost"))
    yield made
    made.extensions["mobigo"].engine.dispose()


@pytest.fixture
def reader(app: Flask, engine: Engine) -> FlaskClient:
    """Somebody of the region who reads figures."""
    with transaction(engine) as session:
        subject = accounts.create(session, NOW, email="odile@example.org", name="Odile", password_hash=None)
        grants.give(session, subject, Grant(Role.ORDONNATEUR), NOW, by=None)
        token = sessions.open_session(session, subject, datetime.now(UTC), None, None)
    client = app.test_client()
    client.set_cookie("mobigo", token)
    client.environ_base |= {"HTTP_ACCEPT_LANGUAGE": "fr"}
    return client


@pytest.fixture
def november(engine: Engine, home: Path) -> None:
    """Two runs of Baume–Avoudrey (33 km), one of Ancy–Dijon (110 km), one taxi; one run withdrawn."""
    fund(engine, 1_000_000, home)
    withdrawn = ride(at=AT + timedelta(hours=3), trip_id="d")
    record(
        engine,
        [
            ride(at=AT, trip_id="a", passengers=2),
            ride("other", at=AT, trip_id="b"),
            ride(at=AT + timedelta(hours=9), trip_id="c", metres=110_000),
            withdrawn,
        ],
    )
    awards.award_ready(engine, NOW, home=home)
    cancel(engine, withdrawn.journeys[0])
    awards.award_ready(engine, NOW, home=home)
    with transaction(engine) as session:
        wait = line_store.add_waiting(
            session, line="ancy-dijon", direction=0, stop="x", to_stop="y", passenger=None, seats=1, now=AT
        )
        session.add(
            line_store.GuaranteeRow(
                id="g" * 26, waiting=wait.id, line="ancy-dijon", direction=0, stop="x", to_stop="y", passenger=None,
                rule="r", kind="taxi", opened_at=AT, cost_cents=7_400,
            )
        )  # fmt: skip


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.usefixtures("november")
def test_lines_add_up_to_the_cent(engine: Engine) -> None:
    with reading(engine) as session:
        sums = {each.line: each for each in line_sums(session, AT.date(), AT.date())}
    baume, ancy = sums["baume-avoudrey"], sums["ancy-dijon"]
    # 330 + 200 and 330 + 100; 3 passengers; the run withdrawn is no more
    assert (baume.trips, baume.passengers, baume.drivers) == (2, 3, 2)
    assert (baume.subsidy.cents, baume.fares.cents, baume.net_cost.cents) == (960, 450, 510)
    # 1100 + 100, a taxi at 74 €
    assert (ancy.subsidy.cents, ancy.guarantee.cents, ancy.net_cost.cents) == (1_200, 7_400, 1_200 + 7_400 - 150)


@pytest.mark.usefixtures("november")
def test_the_month_is_shown_by_line_with_its_total(reader: FlaskClient) -> None:
    page = reader.get("/covoiturage/chiffres")
    assert page.status_code == 200
    said = words(page.get_data(as_text=True))
    assert "Covoiturage, novembre\xa02026" in page.get_data(as_text=True)
    assert "Baume-les-Dames – Avoudrey 2 3 66 9,60 € 0,00 € 4,50 € 5,10 € 1,70 €" in said
    assert "Ensemble 3 4 176 21,60 € 74,00 € 6,00 € 89,60 € 22,40 €" in said


@pytest.mark.usefixtures("november")
def test_the_spreadsheet_holds_the_same_figures(reader: FlaskClient) -> None:
    answer = reader.get("/covoiturage/chiffres.csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig")), delimiter=";"))
    assert [(row["mois"], row["ligne"], row["aides_eur"], row["cout_net_eur"]) for row in rows] == [
        ("2026-11", "Ancy-le-Franc – Dijon", "12.00", "84.50"),
        ("2026-11", "Baume-les-Dames – Avoudrey", "9.60", "5.10"),
    ]


def test_before_the_first_award_the_page_says_what_will_come(reader: FlaskClient) -> None:
    page = reader.get("/covoiturage/chiffres")
    assert page.status_code == 200
    assert "Aucun voyage n’a encore d’aide" in page.get_data(as_text=True)


@pytest.mark.parametrize(("month", "status"), [("2026-11", 200), ("2020-01", 200), ("2026-13", 422), ("x" * 500, 422)])
@pytest.mark.usefixtures("november")
def test_a_month_is_asked_by_its_number(reader: FlaskClient, month: str, status: int) -> None:
    assert reader.get("/covoiturage/chiffres", query_string={"mois": month}).status_code == status


@pytest.mark.usefixtures("november")
def test_ten_cents_more_a_kilometre_is_told_line_by_line(reader: FlaskClient) -> None:
    page = reader.get("/covoiturage/simulation", query_string={"rate": "0,20"}).get_data(as_text=True)
    # 176 km at ten cents more; nobody loses; two drivers gain
    assert "17,60\xa0€ de plus" in page
    assert re.search(r"<b>2</b> conducteurs gagnent 17,60\xa0€", page)
    assert "6,60\xa0€" in page  # Baume: 66 km
    assert "11,00\xa0€" in page  # Ancy: 110 km


@pytest.mark.usefixtures("november")
def test_the_scale_in_force_changes_nothing(reader: FlaskClient) -> None:
    page = reader.get("/covoiturage/simulation").get_data(as_text=True)
    assert "Même coût\u202f: 21,60\xa0€" in page


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"rate": "beaucoup"}, "rate"),
        ({"rate": "0,51"}, "rate"),
        ({"rate": "0,105"}, "rate"),  # a tenth of a cent is no cent
        ({"bonus": "-1"}, "bonus"),
        ({"bonus": "NaN"}, "bonus"),
        ({"bonus": "1e999"}, "bonus"),
        ({"du": "hier"}, "du"),
        ({"du": "2026-11-20", "au": "2026-11-19"}, "au"),
        ({"du": "2020-01-01"}, "au"),
    ],
)
@pytest.mark.usefixtures("november")
def test_what_cannot_be_read_is_said_beside_its_field(reader: FlaskClient, asked: dict[str, str], field: str) -> None:
    page = reader.get("/covoiturage/simulation", query_string=asked)
    assert page.status_code == 422
    assert f'id="f-{field}-error"' in page.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/covoiturage/chiffres/mois.svg", "/covoiturage/simulation/montants.svg?rate=0,12"])
@pytest.mark.usefixtures("november")
def test_charts_are_images_that_stay_the_same(reader: FlaskClient, path: str) -> None:
    first, second = (reader.get(path) for _ in range(2))
    assert first.mimetype == "image/svg+xml"
    assert first.data == second.data
    assert b"<script" not in first.data
    joined = "&" if "?" in path else "?"
    assert reader.get(f"{path}{joined}fond=sombre").data != first.data


def test_the_registry_s_months_can_be_simulated_on(reader: FlaskClient, home: Path) -> None:
    path = registry_month.write(home, date(2026, 11, 26))
    page = reader.get("/covoiturage/simulation", query_string={"voyages": path.name, "rate": "0,12"})
    assert page.status_code == 200
    assert "12\u202f000 voyages du registre national" in page.get_data(as_text=True)


@pytest.mark.parametrize("name", ["../../mobigo.sqlite", "absent.csv", "/etc/passwd"])
def test_no_other_file_can_be_asked_for(reader: FlaskClient, name: str) -> None:
    assert reader.get("/covoiturage/simulation", query_string={"voyages": name}).status_code == 404


@pytest.mark.usefixtures("november")
def test_a_month_s_tables_add_up_and_say_what_they_leave_out(engine: Engine) -> None:
    with reading(engine) as session:
        made = month_export(session, "2026-11", salt=b"s", giver="Région", giver_siret="20005372600010")
    tables = {dataset.code: list(dataset.rows()) for dataset in made.datasets}
    # the journeys of this world end between the stops of their lines, and no position was kept: told, not hidden
    assert made.left_out == 4
    assert tables["covoit-trajets"] == []
    assert [row[-2:] for row in tables["covoit-lignes-mois"]] == [(12.0, 1.5), (9.6, 4.5)]
    assert tables["covoit-aides"] == [("2026-11", "essai", 3, 4, 176.0, 21.6)]

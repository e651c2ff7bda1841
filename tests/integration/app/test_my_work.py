"""The page an agent's day begins on, on the demonstration: to each what waits for them and what they may open, nothing
of what is others'."""

import csv
import html
import io
import os
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from billettique.service import usage
from mobigo.app.demo.people import PEOPLE
from mobigo.app.factory import create_app
from mobigo.app.web.home import ROLES
from mobigo.app.web.work.boards import BOARDS
from mobigo.base.instants import paris_day
from mobigo.infra import accounts, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Role
from mobigo.infra.web import services
from mobigo.planner.gateway.territory import load_territory
from tests.demo_home import Demo

GROUP = re.compile(r'<h2 id="group-\d+">(.*?)</h2>')
CARD = re.compile(r'<h3 class="card-title">(?:<a href="(.*?)">)?(.*?)</')
As = Callable[[Role], FlaskClient]


@pytest.fixture(scope="module")
def signed_in(demo_template: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[As]:
    home: Path = demo_template.copy(tmp_path_factory.mktemp("work") / "home")
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MOBIGO_")}
    app = create_app(load_config({**ours, "MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}))

    def client(role: Role) -> FlaskClient:
        with app.app_context(), transaction(services().engine) as session:
            subject = accounts.find_by_email(session, next(each.email for each in PEOPLE if each.role is role))
            assert subject is not None
            token = sessions.open_session(session, subject, now(), None, None)
        one: FlaskClient = app.test_client()
        one.set_cookie("mobigo", token)
        return one

    yield client
    with app.app_context():
        services().engine.dispose()


def test_each_role_of_the_demonstration_begins_its_day_with_one_button(signed_in: As) -> None:
    app = signed_in(Role.TRAVELLER).application
    opened = {}
    for role in [*ROLES, Role.ADMINISTRATOR]:
        client = app.test_client()
        page = client.get("/demonstration").text
        token = re.search(r'name="csrf_token" value="(.*?)"', page)
        assert token is not None
        assert (f'action="/demonstration/entrer/{role}"' in page) is (role in ROLES)
        answer = client.post(
            f"/demonstration/entrer/{role}", data={"csrf_token": token[1]}, follow_redirects=True,
            headers={"Accept": "text/html"},
        )  # fmt: skip
        opened[role] = answer.status_code
    assert opened == dict.fromkeys(ROLES, 200) | {Role.ADMINISTRATOR: 404}  # who signs in, like everywhere else


def test_the_carrier_of_the_demonstration_has_runs_to_drive(signed_in: As) -> None:
    page = signed_in(Role.OPERATOR).get("/conduire/courses").text
    assert "/conduire/courses/suivie?course=cars" in page


def found(client: FlaskClient, words: str) -> tuple[set[str], list[tuple[str, str]]]:
    """The kinds found, and (address, name) of each thing."""
    answer = client.get("/travail", query_string={"q": words})
    assert answer.status_code == 200
    cards = [(html.unescape(href), html.unescape(name)) for href, name in CARD.findall(answer.text)]
    return {html.unescape(each) for each in GROUP.findall(answer.text)}, cards


def test_what_waits_leads_to_where_it_is_dealt_with(signed_in: As) -> None:
    manager = signed_in(Role.SCHOOL_MANAGER)
    answer = manager.get("/travail")
    cards = [(html.unescape(href), html.unescape(name)) for href, name in CARD.findall(answer.text)]
    (href,) = [href for href, name in cards if re.fullmatch(r"\d+ demandes? de transport scolaire à décider", name)]
    assert manager.get(href).status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert not any("covoiturage" in name for _href, name in cards)
    assert 'href="/travail" aria-current="page"' in answer.text


@pytest.mark.parametrize(
    ("role", "words", "kinds"),
    [
        (Role.SCHOOL_MANAGER, "Famille", {"Transport scolaire"}),
        (Role.CARPOOL_MANAGER, "Conrad", {"Conducteurs et passagers"}),
        (Role.CARPOOL_MANAGER, "Famille", set()),  # not theirs to see
        (Role.INSPECTOR, "Conrad", set()),
        (Role.COUNTER_AGENT, "Conrad", {"Conducteurs et passagers"}),
        (Role.ADMINISTRATOR, "conducteur", {"Comptes"}),
        (Role.INSPECTOR, "Saulieu", {"Arrêts", "Lignes"}),
        (Role.PUBLISHER, "Dijon", {"Arrêts"}),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_each_finds_what_they_may_open(signed_in: As, role: Role, words: str, kinds: set[str]) -> None:
    client = signed_in(role)
    groups, cards = found(client, words)
    assert groups >= kinds
    assert kinds or not groups & {"Conducteurs et passagers", "Transport scolaire", "Comptes", "Acheteurs et commandes"}
    assert {client.get(href).status_code for href, _name in cards if href} <= {200}


@pytest.mark.parametrize(
    "words",
    ["", "ab", "%%%", "___", "'; drop table account; --", "<script>alert(1)</script>", "\x00" * 10, "é" * 5_000],
)
def test_any_text_is_answered(signed_in: As, words: str) -> None:
    answer = signed_in(Role.ADMINISTRATOR).get("/travail", query_string={"q": words})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_who_has_no_work_here_is_told_so(signed_in: As) -> None:
    for role in (Role.TRAVELLER, Role.DRIVER, Role.FAMILY):
        client = signed_in(role)
        answer = client.get("/travail", headers={"Accept": "text/html"})
        assert answer.status_code == 403
        assert "Cette page est celle des agents" in answer.text
        assert "/travail" not in client.get("/aide").text


FIGURES = {
    Role.FINANCE_AGENT: {"frequentation", "recettes", "covoitureurs", "aides-covoiturage"},
    Role.SCHOOL_PLANNER: {"scolaire", "scolaire-couts", "scolaire-co2"},
    Role.ADMINISTRATOR: {each for each in BOARDS if not each.startswith("scolaire")},
    Role.COUNTER_AGENT: {"demandes", "demandes-delais"},
    Role.TRAVELLER: set(),
}


@pytest.mark.parametrize("role", FIGURES)
def test_the_dashboard_shows_what_a_role_may_read_and_no_more(signed_in: As, role: Role) -> None:
    client = signed_in(role)
    page = client.get("/travail/chiffres")
    assert page.status_code == (200 if FIGURES[role] else 403)
    assert set(re.findall(r'id="board-(.*?)"', page.text)) == FIGURES[role] & set(BOARDS)
    for code in BOARDS:
        expected = 200 if code in FIGURES[role] else 404
        assert client.get(f"/travail/chiffres/{code}.csv").status_code == expected, code
        assert client.get(f"/travail/chiffres/{code}.svg").status_code == expected, code
    assert client.get("/travail/chiffres/autre.csv").status_code == 404


def test_a_chart_its_table_and_its_file_say_the_same(signed_in: As) -> None:
    client = signed_in(Role.FINANCE_AGENT)
    page = html.unescape(client.get("/travail/chiffres").text).replace("\u202f", "").replace("\xa0", " ")
    said = client.get("/travail/chiffres/aides-covoiturage.csv")
    rows = list(csv.reader(io.StringIO(said.data.decode("utf-8-sig"))))
    assert rows[0] == ["Mois", "Aides", "Recettes"]
    assert len(rows) > 2
    for month, *amounts in rows[1:]:
        assert f'<th scope="row">{month}</th>'.replace("\xa0", " ") in page
        for amount in amounts:
            assert f'<td class="figure">{french(amount)}</td>' in page, (month, amount)
    detail = client.get("/covoiturage/chiffres.csv").data.decode("utf-8-sig")
    paid = list(csv.DictReader(io.StringIO(detail), delimiter=";" if ";" in detail else ","))
    column = next(name for name in paid[0] if "aide" in name.lower() or "subsid" in name.lower())
    whole = sum(Decimal(row[column].replace(",", ".") or 0) for row in paid)
    assert sum(Decimal(row[1]) for row in rows[1:]) == whole


def test_revenue_by_month_is_that_of_the_products(signed_in: As) -> None:
    app = signed_in(Role.FINANCE_AGENT).application
    with app.app_context(), reading(services().engine) as session:
        today = paris_day(now())
        first = today.replace(year=today.year - 1, month=1, day=1)
        by_month = usage.revenue_by_month(session, first, today)
        by_product = usage.earned_by_product(session, first, today)
    assert by_month
    assert sum(amount.cents for amount in by_month.values()) == sum(amount.cents for amount in by_product.values())


def french(amount: str) -> str:
    return amount.rstrip("0").rstrip(".").replace(".", ",") if "." in amount else amount


def test_the_dashboard_of_a_site_without_a_network_says_so(app: APIFlask) -> None:
    with app.app_context(), app.test_request_context(), reading(services().engine) as session:
        board = BOARDS["accessibilite"][1](services(), session, now())
        served = BOARDS["territoire-desservi"][1](services(), session, now())
    assert board.rows == ()
    assert served.nothing


def test_each_inhabitant_is_in_one_class_of_departures(signed_in: As) -> None:
    app = signed_in(Role.ADMINISTRATOR).application
    with app.app_context(), app.test_request_context(), reading(services().engine) as session:
        served = BOARDS["territoire-desservi"][1](services(), session, now())
        everybody = sum(each.population for each in load_territory(services().config.home).communes)
    assert [row[0] for row in served.rows] == ["Aucun", "1 à 4", "5 à 9", "10 à 19", "20 et plus"]
    assert sum(row[2] for row in served.rows) == everybody > 0
    assert sum(row[2] > 0 for row in served.rows) > 1  # towns and villages are not served alike

"""The counter by its pages, without scripts: open, sell, find, give back, count, close, pay over, receive."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from billettique.service import payment_refunds, payments
from mobigo.app import create_app
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import EXTENSION, Services

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
FIELD = re.compile(r'name="(key|amount)" value="([^"]*)"')


class Person:
    """Somebody signed in, with a browser."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.page: TestResponse | None = None

    def get(self, path: str) -> TestResponse:
        self.page = self.client.get(path, headers={"Accept": "text/html"}, follow_redirects=True)
        return self.page

    def send(self, path: str, **fields: object) -> TestResponse:
        assert self.page is not None
        token = TOKEN.search(self.page.text)
        assert token is not None, self.page.text
        kept = dict(FIELD.findall(self.page.text))
        given = {"csrf_token": token[1], **kept, **fields}
        self.page = self.client.post(path, data=given, headers={"Accept": "text/html"}, follow_redirects=True)
        return self.page


@pytest.fixture
def people(database_config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[Role, Person]]:
    for module in (payments, payment_refunds):
        monkeypatch.setattr(module, "wake", lambda *_given: False)
    app = create_app(replace(database_config, payments=("counter", "sim"), environment="development"))
    services: Services = app.extensions[EXTENSION]
    found = {}
    with transaction(services.engine) as session:
        for role in (Role.COUNTER_AGENT, Role.REGISSEUR, Role.COMPTABLE_PUBLIC, Role.INSPECTOR):
            subject = accounts.create(
                session, now(), email=f"{role}@example.org", name=f"{role}", password_hash=None, language="fr"
            )
            grants.give(session, subject, Grant(role), now(), by=None)
            client = app.test_client()
            token = sessions.open_session(session, subject, now(), None, None)
            client.set_cookie("mobigo", token)
            found[role] = Person(client)
    yield found
    services.engine.dispose()


def test_a_day_at_the_counter(people: dict[Role, Person]) -> None:
    agent, regisseur = people[Role.COUNTER_AGENT], people[Role.REGISSEUR]
    agent.get("/guichet")
    assert "Vendre" in agent.send("/guichet/ouvrir", place="guichets:dijon-ville", opening="100").text
    agent.get("/guichet/vendre")
    sold = agent.send("/guichet/vendre", **{"t-car-unite-adulte": "2", "means": "cash", "given": "5"})
    assert "À rendre" in sold.text
    assert re.search(r"Vendu pour 3,00\s€", sold.text)
    assert re.search(r"2,00\s€", sold.text)

    reference = re.search(r"<h1>Commande ([A-Z0-9 \u202f]+)<", sold.text)
    assert reference is not None
    order_path = sold.request.path
    found = agent.get(f"/guichet/chercher?q={re.sub(r'[^A-Z0-9]', '', reference[1])}")
    assert order_path in found.text

    page = agent.get(order_path)
    item = re.search(r"/rendre/([0-9A-Z]{26})", page.text)
    assert item is not None
    back = agent.send(f"{order_path}/rendre/{item[1]}")
    assert "en espèces" in back.text

    agent.get("/guichet/cloturer")
    assert "10150" not in agent.page.text  # type: ignore[union-attr]  # a blind count
    refused = agent.send("/guichet/cloturer", **{"p-10000": "1"})
    assert refused.status_code == 422
    assert "n’est pas juste" in refused.text
    closed = agent.send("/guichet/cloturer", **{"p-10000": "1", "p-100": "1", "p-50": "1"})
    assert "Le compte est juste" in closed.text
    report = agent.client.get(closed.request.path + ".pdf")
    assert report.data.startswith(b"%PDF")

    page = regisseur.get("/guichet/regie")
    assert "3,00" in page.text
    assert "Versement" in regisseur.send("/guichet/regie/guichets/verser", cash="3,00").text
    assert regisseur.client.get("/guichet/regie/guichets/etat.pdf").data.startswith(b"%PDF")
    for month in ("9999-12", "2026-13", "2026-W1", "x"):
        for path in ("/guichet/regie/guichets/etat.pdf", "/titres/compensation", "/titres/chiffres"):
            assert regisseur.client.get(path, query_string={"mois": month}).status_code == 422, (path, month)

    accountant = people[Role.COMPTABLE_PUBLIC]
    page = accountant.get("/guichet/comptable")
    deposit = re.search(r"/guichet/comptable/([0-9A-Z]{26})/recevoir", page.text)
    assert deposit is not None
    assert "reçu" in accountant.send(f"/guichet/comptable/{deposit[1]}/recevoir").text
    assert accountant.client.get(f"/guichet/versements/{deposit[1]}.pdf").data.startswith(b"%PDF")
    accountant.get("/guichet/comptable")
    assert "reconstituée" in accountant.send("/guichet/regie/guichets/avance").text


def test_what_no_card_takes_back_waits_for_the_accountant_who_pays_it_once(people: dict[Role, Person]) -> None:
    agent, accountant = people[Role.COUNTER_AGENT], people[Role.COMPTABLE_PUBLIC]
    agent.get("/guichet")
    agent.send("/guichet/ouvrir", place="guichets:dijon-ville", opening="100")
    agent.get("/guichet/vendre")
    sold = agent.send("/guichet/vendre", **{"t-car-unite-adulte": "1", "means": "terminal", "number": "A1B2"})
    agent.get(sold.request.path)
    item = re.search(r"/rendre/([0-9A-Z]{26})", agent.page.text)  # type: ignore[union-attr]
    assert item is not None
    assert "transmise au comptable" in agent.send(f"{sold.request.path}/rendre/{item[1]}").text

    page = accountant.get("/guichet/comptable")
    waiting = re.search(r"/guichet/comptable/remboursements/([0-9A-Z]{26})/payer", page.text)
    assert waiting is not None
    agent.get("/guichet/vendre")
    assert agent.send(waiting[0]).status_code == 403
    accountant.get("/guichet/comptable")
    assert accountant.send(waiting[0].replace(waiting[1], "0" * 26)).status_code == 404
    accountant.get("/guichet/comptable")
    assert "noté comme payé" in accountant.send(waiting[0]).text
    assert "Aucun remboursement à payer" in accountant.get("/guichet/comptable").text


def test_a_form_that_is_wrong_says_so_and_keeps_what_was_typed(people: dict[Role, Person]) -> None:
    agent = people[Role.COUNTER_AGENT]
    agent.get("/guichet")
    assert agent.send("/guichet/ouvrir", place="guichets:dijon-ville", opening="cent").status_code == 422
    agent.send("/guichet/ouvrir", place="guichets:dijon-ville", opening="0")
    agent.get("/guichet/vendre")
    refused = agent.send("/guichet/vendre", **{"t-car-unite-adulte": "1", "means": "cheque", "number": "12"})
    assert refused.status_code == 422
    assert 'value="12"' in refused.text
    assert agent.send("/guichet/vendre", means="cash").status_code in (403, 409, 422)


def test_training_is_told_and_leaves_nothing(people: dict[Role, Person]) -> None:
    agent = people[Role.COUNTER_AGENT]
    agent.get("/guichet")
    agent.send("/guichet/ouvrir", place="guichets:dijon-ville", opening="0", training="1")
    agent.get("/guichet/vendre")
    sold = agent.send("/guichet/vendre", **{"t-car-unite-adulte": "1", "means": "cash"})
    assert "Rien n’est enregistré" in sold.text
    assert "0 opération" in agent.get("/guichet").text


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        (Role.INSPECTOR, "/guichet", 403),
        (Role.COUNTER_AGENT, "/guichet/regie", 403),
        (Role.REGISSEUR, "/guichet/comptable", 403),
        (Role.COMPTABLE_PUBLIC, "/guichet", 403),
    ],
)
def test_each_door_is_for_its_own(people: dict[Role, Person], role: Role, path: str, status: int) -> None:
    assert people[role].get(path).status_code == status


def test_a_till_is_read_by_its_agent_and_by_who_runs_the_regie(people: dict[Role, Person]) -> None:
    agent, regisseur = people[Role.COUNTER_AGENT], people[Role.REGISSEUR]
    regisseur.get("/guichet")
    regisseur.send("/guichet/ouvrir", place="guichets:dijon-ville", opening="0")
    path = re.search(r"/guichet/caisses/[0-9A-Z]{26}", regisseur.get("/guichet").text)
    assert path is not None
    assert agent.get(path[0]).status_code == 403
    assert regisseur.get(path[0]).status_code == 200


def test_the_clearing_of_a_month_is_read_by_those_who_decide(people: dict[Role, Person]) -> None:
    agent, accountant = people[Role.COUNTER_AGENT], people[Role.COMPTABLE_PUBLIC]
    agent.get("/guichet")
    agent.send("/guichet/ouvrir", place="guichets:dijon-ville", opening="0")
    agent.get("/guichet/vendre")
    agent.send("/guichet/vendre", **{"t-car-unite-adulte": "1", "means": "cash"})
    page = accountant.get("/titres/compensation")
    assert "Région Bourgogne-Franche-Comté" in page.text
    assert "1,36" in page.text
    assert accountant.get("/titres/compensation?mois=jamais").status_code == 422
    assert accountant.client.get("/titres/compensation.csv").text.startswith("party,number")
    assert agent.get("/titres/compensation").status_code == 403

"""A guest buys through the pages, without scripts and without an account, and gives the ticket back."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select
from werkzeug.test import TestResponse

from billettique.gateway.psp import Providers
from billettique.service import baskets, payment_refunds, payments
from billettique.store.orders import ItemRow
from billettique.store.subscriptions import SubscriptionRow
from mobigo.app import create_app
from mobigo.app.joins import make_seats
from mobigo.infra import clock
from mobigo.infra.clock import new_id
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.web import EXTENSION, Services

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Guest:
    """Somebody with a browser that keeps cookies, and no account."""

    def __init__(self, client: FlaskClient, services: Services) -> None:
        self.client = client
        self.services = services
        self.page: TestResponse | None = None

    def get(self, path: str) -> TestResponse:
        self.page = self.client.get(path, headers={"Accept": "text/html"})
        return self.page

    def send(self, path: str, **fields: object) -> TestResponse:
        assert self.page is not None
        token = TOKEN.search(self.page.text)
        assert token is not None, self.page.text
        fields = {"csrf_token": token[1], **fields}
        return self.client.post(path, data=fields, headers={"Accept": "text/html"})

    def field(self, name: str) -> str:
        assert self.page is not None
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page.text)
        assert found is not None, name
        return found[1]


@pytest.fixture
def guest(database_config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guest]:
    for module in (payments, payment_refunds):
        monkeypatch.setattr(module, "wake", lambda *_given: False)
    app = create_app(replace(database_config, payments=("sim",), environment="development"))
    services: Services = app.extensions[EXTENSION]
    services._parts[Providers] = Providers(services.config, clock.now)
    yield Guest(app.test_client(), services)
    services.engine.dispose()


def buy(guest: Guest, **fields: object) -> str:
    """The page of the order, paid and served."""
    guest.get("/achats")
    added = guest.send("/achats/ajouter", kind="ticket", product="car-unite", **{"n-adulte": "1"})
    assert added.status_code == 303, added.text
    page = guest.get("/achats/panier")
    assert "1,50" in page.text
    why = page.text.partition("Pourquoi ce prix")[2].partition("</details>")[0]
    assert re.search(r"<li>Billet de car à l’unité\s: 1,50\s€</li>", why), why
    assert re.search(r"1er\saoût 2026", page.text)  # a dearer price waits to be confirmed, from a day that people read
    guest.get("/achats/payer")
    placed = guest.send("/achats/payer", version=guest.field("version"), way="sim:card", **fields)
    assert placed.status_code == 303, placed.text
    return placed.headers["Location"]


def session_of(guest: Guest, location: str) -> str:
    return location.rstrip("/").split("/")[-1].split("?")[0]


def paid(guest: Guest) -> str:
    """The page of the order, once the bank said yes."""
    location = buy(guest)
    sim = guest.services.part(Providers, lambda _services: Providers(guest.services.config)).get("sim")
    sim.bank.pay(session_of(guest, location), "pm_card_visa")  # type: ignore[attr-defined]
    with guest.services.engine.connect() as connection:
        url = connection.exec_driver_sql("SELECT return_url FROM billettique_payment").scalar_one()
    landed = guest.get(url.removeprefix(guest.services.config.base_url).split("?")[0])
    assert landed.status_code == 303
    return landed.headers["Location"]


def test_a_guest_buys_a_coach_ticket_and_gives_it_back(guest: Guest) -> None:
    order = paid(guest)
    page = guest.get(order)
    assert "Vos titres sont prêts" in page.text
    assert page.headers["Cache-Control"] == "private, no-store"

    item = re.search(r"/rembourser/(\w+)", page.text)
    assert item is not None
    asked = guest.get(f"{order}/rembourser/{item[1]}")
    assert "1,50" in asked.text
    done = guest.send(f"{order}/rembourser/{item[1]}", amount=guest.field("amount"))
    assert done.status_code == 303
    assert "remboursement demandé" in guest.get(order).text


def test_the_paper_for_an_employer_says_who_which_pass_how_much_and_what_is_paid_back(guest: Guest) -> None:
    order = paid(guest)
    with reading(guest.services.engine) as session:
        item = session.scalars(select(ItemRow)).one()
    paper = f"{order}/attestation/{item.id}.pdf"
    refused = guest.get(paper)
    assert (refused.status_code, "abonnements" in refused.text) == (403, True)
    with transaction(guest.services.engine) as session:  # the one monthly pass we know is not sold (see the tariff)
        item = session.scalars(select(ItemRow)).one()
        item.kind, item.name = "pass", "Pass’OK"
        item.first_at, item.last_at = datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 11, 30, 4, tzinfo=UTC)
    nobody = guest.get(paper)
    assert (nobody.status_code, "nom" in nobody.text) == (403, True)
    with transaction(guest.services.engine) as session:
        session.scalars(select(ItemRow)).one().holder = "Anne DUPRÉ"
    made = guest.get(paper)
    assert (made.status_code, made.headers["Cache-Control"]) == (200, "private, no-store")
    said = " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(made.data)).pages).split())
    days, shares = "1er novembre 2026 au 30 novembre 2026", "50 % du prix, 75 % pour un agent public"
    for words in ("Anne DUPRÉ", "Pass’OK", days, "1,50 €", shares):
        assert words in said
    assert "rien n’a été payé" in said  # a simulation is never taken for a purchase
    assert guest.get(paper.replace(item.id, "0" * 26)).status_code == 404


def test_another_secret_opens_nothing(guest: Guest) -> None:
    buy(guest)
    with guest.services.engine.connect() as connection:
        order = connection.exec_driver_sql("SELECT id FROM billettique_order").scalar_one()
    assert guest.get(f"/achats/commandes/{order}/{'a' * 26}").status_code == 404


def test_a_form_that_asks_for_nobody_says_so(guest: Guest) -> None:
    guest.get("/achats")
    answer = guest.send("/achats/ajouter", kind="ticket", product="car-unite", **{"n-adulte": "0"})
    assert answer.status_code == 422
    assert "Rien n’est ajouté" in answer.text


def test_an_old_version_of_the_basket_is_a_conflict(guest: Guest) -> None:
    guest.get("/achats")
    guest.send("/achats/ajouter", kind="ticket", product="car-unite", **{"n-adulte": "1"})
    guest.get("/achats/payer")
    seen = guest.field("version")
    guest.get("/achats")
    guest.send("/achats/ajouter", kind="ticket", product="car-unite", **{"n-adulte": "1"})
    guest.get("/achats/payer")
    assert guest.send("/achats/payer", version=seen, way="sim:card").status_code == 409


def test_the_buy_page_shows_what_is_not_sold_and_why(guest: Guest) -> None:
    page = guest.get("/achats").text
    assert "car-unite" in page
    assert "Pass’OK" in page
    assert make_seats(guest.services) is not None


def test_the_link_of_one_order_does_not_end_the_pass_of_another(guest: Guest) -> None:
    buy(guest)
    guest.client.delete_cookie("mobigo-panier")
    buy(guest)
    at = clock.now()
    with transaction(guest.services.engine) as session:
        mine, theirs = session.scalars(select(ItemRow).order_by(ItemRow.id))
        session.add(
            SubscriptionRow(
                id=new_id(at), order_id=theirs.order_id, item=theirs.id, product="pass", rider="adulte", means="none",
                language="fr", state="active", next_day=date(2026, 12, 1), created_at=at, changed_at=at,
            )
        )  # fmt: skip

    def ended(order: str) -> tuple[int, str]:
        path = f"/achats/commandes/{order}/{baskets.secret_of(guest.services.config, order)}/arreter/{theirs.id}"
        status = guest.send(path).status_code
        with reading(guest.services.engine) as session:
            return status, session.scalars(select(SubscriptionRow.state)).one()

    back = f"/achats/commandes/{mine.order_id}/{baskets.secret_of(guest.services.config, mine.order_id)}"
    assert guest.client.get(f"{back}/continuer/{theirs.id}/retour").status_code == 404
    guest.get("/achats")
    assert ended(mine.order_id) == (404, "active")
    assert ended(theirs.order_id) == (303, "ended")

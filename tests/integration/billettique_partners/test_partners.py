"""Partners sell by API: their own orders alone, the version they saw, the quota they have; the buyer pays us."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, func, select
from werkzeug.test import TestResponse

from billettique.api import partners as api
from billettique.gateway.psp import Providers
from billettique.gateway.psp.sim import Sim
from billettique.rules.fares import operating_day
from billettique.service import fulfilment, payment_refunds, payments, shelf
from billettique.store import orders as store
from billettique.store.partners import PartnerOrderRow
from mobigo.app import create_app
from mobigo.infra import accounts, apikeys, clock, grants
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Grant, Identity, Permission, Role
from mobigo.infra.web import EXTENSION, Services

BASE = "/api/v1/billettique/partner"
COACH = {"product": "car-unite", "riders": ["adulte"]}


@dataclass
class Partner:
    """A partner's program, with its key."""

    client: FlaskClient
    headers: dict[str, str]
    owner: tuple[str, Grant]
    sent: int = 0

    def get(self, path: str) -> TestResponse:
        return self.client.get(BASE + path, headers=self.headers)

    def post(self, path: str, key: str | None = None, **body: Any) -> TestResponse:
        self.sent += 1
        headers = {**self.headers, "Idempotency-Key": key or f"key-{self.sent}"}
        return self.client.post(BASE + path, json=body, headers=headers)

    def delete(self, path: str, version: int) -> TestResponse:
        return self.client.delete(f"{BASE}{path}?version={version}", headers=self.headers)

    def order(self, *items: dict[str, Any]) -> dict[str, Any]:
        answer = self.post("/orders", items=list(items) or [COACH])
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.get_json()
        return made


@dataclass
class World:
    """The product, and who sells through it."""

    services: Services
    providers: Providers
    app: Any

    @property
    def engine(self) -> Engine:
        return self.services.engine

    def partner(self, name: str, *, role: Role = Role.API_PARTNER, organisation: bool = True) -> Partner:
        at = clock.now()
        with transaction(self.engine) as session:
            subject = accounts.create(session, at, email=f"{name}@example.org", name=name)
            where = grants.create_organisation(session, name, at).id if organisation else None
            given = Grant(role, where)
            grants.give(session, subject, given, at, by=None)
            scope = Permission.SALES_PARTNER if role is Role.API_PARTNER else Permission.TICKETS_VALIDATE
            _row, text = apikeys.make(session, Identity(subject, (given,)), "vente", [scope], 30, at, where)
        return Partner(self.app.test_client(), {"Authorization": f"Bearer {text}"}, (subject, given))

    def another_key(self, of: Partner) -> Partner:
        """Another key of the same organisation, made by somebody else there."""
        at = clock.now()
        given = of.owner[1]
        with transaction(self.engine) as session:
            subject = accounts.create(session, at, email="other@example.org", name="other")
            grants.give(session, subject, given, at, by=None)
            _row, text = apikeys.make(
                session, Identity(subject, (given,)), "vente", [Permission.SALES_PARTNER], 30, at, given.organisation
            )
        return Partner(self.app.test_client(), {"Authorization": f"Bearer {text}"}, (subject, given))

    def pay(self, order_id: str) -> None:
        """The buyer pays on the provider's page; the order is served."""
        with reading(self.engine) as session:
            payment = store.payments_of(session, order_id)[-1].payment
        seen = payments.call(self.services, payment, clock.now())
        sim = self.providers.get("sim")
        assert isinstance(sim, Sim)
        sim.bank.pay(seen.provider_ref, "pm_card_visa")
        payments.refresh(self.services, payment, clock.now())
        with transaction(self.engine) as session:
            fulfilment.fulfil(session, self.services, order_id, clock.now())


@pytest.fixture
def world(database_config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for module in (payments, payment_refunds):
        monkeypatch.setattr(module, "wake", lambda *_given: False)
    app = create_app(
        replace(database_config, payments=("sim",), environment="development", base_url="http://localhost")
    )
    services: Services = app.extensions[EXTENSION]
    providers = Providers(services.config, clock.now)
    services._parts[Providers] = providers
    yield World(services, providers, app)
    services.engine.dispose()


def test_a_partner_sells_and_the_buyer_pays_us(world: World) -> None:
    partner = world.partner("velo-et-car")
    shelf = partner.get("/shelf").get_json()
    assert {"product": "car-unite", "name": "Billet de car à l’unité", "price_cents": 150} in shelf["tickets"]
    assert shelf["ways"] == ["sim:card", "sim:sepa_debit"]
    order = partner.order({"product": "car-unite", "riders": ["adulte", "jeune"]})
    assert (order["state"], order["total_cents"], order["page"]) == ("open", 300, None)

    done = partner.post(f"/orders/{order['id']}/confirm", version=order["version"])
    assert done.status_code == 200, done.text
    waiting = done.get_json()
    assert waiting["state"] == "waiting"
    page = waiting["page"].removeprefix("http://localhost")
    buyer = world.app.test_client()
    assert "Il reste à payer" in buyer.get(page, headers={"Accept": "text/html"}).text
    world.pay(order["id"])
    polled = partner.get(f"/orders/{order['id']}").get_json()
    assert polled["state"] == "served"
    assert {each["state"] for each in polled["items"]} == {"FULFILLED"}
    with reading(world.engine) as session:
        kept = store.get_order(session, order["id"])
        assert (kept.channel, kept.subject, kept.email) == ("partner", None, None)


def test_a_partner_sees_its_own_orders_and_no_other(world: World) -> None:
    mine, other = world.partner("un"), world.partner("deux")
    order = mine.order()
    path, item, version = f"/orders/{order['id']}", order["items"][0]["id"], order["version"]
    for refused in (
        other.get(path),
        other.post(f"{path}/items", **COACH, version=version),
        other.delete(f"{path}/items/{item}", version),
        other.post(f"{path}/confirm", version=version),
    ):
        assert (refused.status_code, refused.get_json()["code"]) == (404, "billettique.no_order")
    assert mine.get(path).get_json() == order


def test_an_order_of_the_site_is_no_partners(world: World) -> None:
    partner = world.partner("un")
    order = partner.order()
    with transaction(world.engine) as session:
        session.execute(delete(PartnerOrderRow))
    assert partner.get(f"/orders/{order['id']}").status_code == 404


def test_the_keys_of_one_organisation_share_its_orders(world: World) -> None:
    first = world.partner("un")
    order = first.order()
    second = world.another_key(first)
    assert second.get(f"/orders/{order['id']}").status_code == 200


def test_one_who_saw_another_version_is_told_so(world: World) -> None:
    partner = world.partner("un")
    order = partner.order()
    path, seen = f"/orders/{order['id']}", order["version"]
    added = partner.post(f"{path}/items", **COACH, version=seen).get_json()
    assert (added["total_cents"], added["version"] > seen) == (300, True)
    for late in (
        partner.post(f"{path}/items", **COACH, version=seen),
        partner.delete(f"{path}/items/{order['items'][0]['id']}", seen),
        partner.post(f"{path}/confirm", version=seen),
    ):
        assert (late.status_code, late.get_json()["code"]) == (409, "billettique.order_changed")
    removed = partner.delete(f"{path}/items/{order['items'][0]['id']}", added["version"]).get_json()
    assert [each["id"] for each in removed["items"]] == [added["items"][1]["id"]]
    confirmed = partner.post(f"{path}/confirm", version=removed["version"]).get_json()
    after = partner.post(f"{path}/items", **COACH, version=confirmed["version"])
    assert (after.status_code, after.get_json()["code"]) == (409, "billettique.order_placed")


def test_of_two_at_once_one_is_late(world: World) -> None:
    partner = world.partner("un")
    order = partner.order()
    path, start, found = f"/orders/{order['id']}/items", threading.Barrier(2), []

    def add(key: str) -> None:
        client = replace(partner, client=world.app.test_client())
        start.wait()
        found.append(client.post(path, key, **COACH, version=order["version"]).status_code)

    racing = [threading.Thread(target=add, args=(key,)) for key in ("left", "right")]
    for each in racing:
        each.start()
    for each in racing:
        each.join()
    assert sorted(found) == [200, 409]
    assert partner.get(f"/orders/{order['id']}").get_json()["total_cents"] == 300


def test_a_request_sent_twice_is_done_once_and_answered_the_same(world: World) -> None:
    partner = world.partner("un")
    first = partner.post("/orders", "k", items=[COACH])
    again = partner.post("/orders", "k", items=[COACH])
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    other = partner.post("/orders", "k", items=[{**COACH, "riders": ["jeune"]}])
    assert (other.status_code, other.get_json()["code"]) == (409, "idempotency.other_request")
    assert world.partner("deux").post("/orders", "k", items=[COACH]).get_json()["id"] != first.get_json()["id"]
    order = first.get_json()
    once = partner.post(f"/orders/{order['id']}/confirm", "c", version=order["version"])
    assert partner.post(f"/orders/{order['id']}/confirm", "c", version=order["version"]).get_json() == once.get_json()
    with reading(world.engine) as session:
        assert len(store.payments_of(session, order["id"])) == 1


def test_a_refused_order_leaves_nothing_and_its_key_free(world: World) -> None:
    partner = world.partner("un")
    refused = partner.post("/orders", "k", items=[COACH, {"product": "lune", "riders": ["adulte"]}])
    assert (refused.status_code, refused.get_json()["code"]) == (404, "billettique.not_on_sale")
    with reading(world.engine) as session:
        assert session.scalar(select(func.count()).select_from(store.OrderRow)) == 0
    assert partner.post("/orders", "k", items=[COACH]).status_code == 201


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"items": []}, "api.bad_parameters"),
        ({"items": [{**COACH, "holder": "Marie"}]}, "api.bad_parameters"),
        ({"items": [{**COACH, "riders": []}]}, "api.bad_parameters"),
        ({"items": [{**COACH, "riders": ["martien"]}]}, "billettique.bad_riders"),
        ({"items": [{**COACH, "first_day": "2026-02-30"}]}, "billettique.bad_first_day"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(world: World, body: dict[str, Any], code: str) -> None:
    answer = world.partner("un").post("/orders", **body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, code)
    assert answer.content_type == "application/problem+json"


def test_what_needs_a_proof_is_sold_by_an_agent_alone(world: World) -> None:
    partner = world.partner("un")
    on_all = shelf.on_sale(operating_day(clock.now()), world.services.config.home, "partner").covers
    proven = [each for each in on_all if each.proof is not None]
    offered = {each["product"] for each in partner.get("/shelf").get_json()["covers"]}
    assert offered == {each.id for each in on_all if each.proof is None}
    for each in proven:
        answer = partner.post("/orders", items=[{"product": each.id, "riders": ["adulte"]}])
        assert (answer.status_code, answer.get_json()["code"]) == (403, "billettique.proof_at_counter")


def test_more_than_the_quota_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "WRITES", "2 per hour")
    partner, other = world.partner("un"), world.partner("deux")
    assert [partner.post("/orders", items=[COACH]).status_code for _n in range(3)] == [201, 201, 429]
    refused = partner.post("/orders", items=[COACH])
    assert int(refused.headers["Retry-After"]) > 0
    assert other.post("/orders", items=[COACH]).status_code == 201
    assert partner.get("/shelf").status_code == 200


def test_the_door_is_for_partners(world: World) -> None:
    assert world.app.test_client().get(f"{BASE}/shelf").status_code == 401
    assert world.partner("cars", role=Role.OPERATOR).get("/shelf").status_code == 403
    bare = world.partner("un")
    assert bare.client.post(f"{BASE}/orders", json={"items": [COACH]}, headers=bare.headers).status_code == 422

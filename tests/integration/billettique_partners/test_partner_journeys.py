"""Partners sell journeys: found by the planner, priced for a party as on our own pages, put into orders by their token.

A coach runs A B every hour; a train C D (22 km at most: one band) and E F (of 30 to 40 km: two bands); a bus of no
network of ours I J.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from billettique.api import partners as api
from billettique.gateway.psp import Providers
from billettique.model.fares import Leg
from billettique.model.sales import NamedLeg
from billettique.service import journeys, payment_refunds, payments, shelf
from billettique.store import orders as store
from mobigo.app import create_app
from mobigo.base.instants import PARIS, paris_day
from mobigo.infra import clock
from mobigo.infra.config import Config
from mobigo.infra.db import reading
from mobigo.infra.web import EXTENSION, Services
from mobigo.network.model.live import LiveNetwork
from tests.builders import feed, trip
from tests.integration.billettique_partners.test_partners import Partner, World
from tests.planner_adaptor import compiled

DAY = paris_day(clock.now()) + timedelta(days=1)
EIGHT = datetime.combine(DAY, time(8), PARIS)
TRIPS = [
    trip("coach", "A 8:30 B 9:00", route="coach"),
    trip("coach-later", "A 9:30 B 10:00", route="coach"),
    trip("short", "C 8:30 D 9:00", route="train"),
    trip("long", "E 8:30 F 9:00", route="train"),
    trip("bus", "I 8:30 J 9:00", route="bus"),
]
ROUTES = [
    {"route_id": "coach", "route_type": "3", "agency_id": "cars"},
    {"route_id": "train", "route_type": "2", "agency_id": "ter"},
    {"route_id": "bus", "route_type": "3", "agency_id": "city"},
]
NORTH = {"A": 0, "B": 20, "C": 40, "D": 60, "E": 80, "F": 110, "I": 130, "J": 150}  # kilometres
AGENCIES = (
    "agency_id,agency_name,agency_url,agency_timezone\n"
    "cars,Cars Mobigo,https://a.example,Europe/Paris\nter,TER Mobigo,https://a.example,Europe/Paris\n"
    "city,Réseau de ville,https://a.example,Europe/Paris\n"
)


class OneNetwork:
    """A holder that always serves the same network."""

    def __init__(self, live: LiveNetwork) -> None:
        self.live = live

    @contextmanager
    def current(self) -> Iterator[LiveNetwork]:
        yield self.live


@pytest.fixture(scope="module")
def network() -> OneNetwork:
    stops = [
        {"stop_id": name, "stop_name": f"Gare de {name}", "stop_lat": f"{46.5 + km / 111.2:.5f}", "stop_lon": "5.0000"}
        for name, km in NORTH.items()
    ]
    files = feed(TRIPS, stops=stops, routes=ROUTES, services={"daily": [DAY, DAY + timedelta(days=1)]})
    files["agency.txt"] = AGENCIES
    return OneNetwork(LiveNetwork(compiled(files, "f"), "hash"))


@pytest.fixture
def selling(database_config: Config, network: OneNetwork, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for module in (payments, payment_refunds):
        monkeypatch.setattr(module, "wake", lambda *_given: False)
    app = create_app(
        replace(database_config, payments=("sim",), environment="development", base_url="http://localhost")
    )
    services: Services = app.extensions[EXTENSION]
    vars(services)["networks"] = network
    providers = Providers(services.config, clock.now)
    services._parts[Providers] = providers
    yield World(services, providers, app)
    services.engine.dispose()


def found(partner: Partner, a: str, b: str, **more: str) -> list[dict[str, Any]]:
    query = {"from": f"f:{a}", "to": f"f:{b}", "at": EIGHT.isoformat(), **more}
    answer = partner.client.get("/api/v1/billettique/partner/journeys", query_string=query, headers=partner.headers)
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.get_json()["journeys"]
    return listed


def test_a_partner_finds_a_journey_sells_it_and_the_buyer_pays_us(selling: World) -> None:
    partner = selling.partner("velo-et-car")
    coach, later = found(partner, "A", "B", riders="adulte,jeune")
    assert (coach["price_cents"], coach["why"], later["price_cents"]) == (300, [], 300)
    assert [(each["product"], each["riders"]) for each in coach["offers"]] == [
        ("car-unite", ["adulte"]), ("car-unite", ["jeune"])
    ]  # fmt: skip
    (ride,) = coach["rides"]
    assert (ride["from"], ride["to"]) == ("Gare de A", "Gare de B")
    assert datetime.fromisoformat(ride["departs_at"]) == EIGHT + timedelta(minutes=30)

    item = {"journey": coach["journey"], "riders": ["adulte", "jeune"], "price_cents": 300}
    order = partner.order(item)
    assert (order["state"], order["total_cents"], len(order["items"])) == ("open", 300, 2)
    late = partner.post(f"/orders/{order['id']}/items", **item, version=order["version"] + 1)
    assert (late.status_code, late.get_json()["code"]) == (409, "billettique.order_changed")
    more = partner.post(f"/orders/{order['id']}/items", **item, version=order["version"]).get_json()
    one_less = partner.delete(f"/orders/{order['id']}/items/{more['items'][3]['id']}", more["version"]).get_json()
    assert one_less["total_cents"] == 300  # what was quoted together goes together

    done = partner.post(f"/orders/{order['id']}/confirm", version=one_less["version"])
    assert done.get_json()["state"] == "waiting"
    selling.pay(order["id"])
    assert partner.get(f"/orders/{order['id']}").get_json()["state"] == "served"
    with reading(selling.engine) as session:
        kept = store.items_of(session, order["id"])[0]
        assert [leg["from_name"] for leg in kept.promised["legs"]] == ["Gare de A"]
        assert kept.promised["area"]["words"] == "Cars Mobigo"


def test_the_price_is_that_of_our_own_pages(selling: World) -> None:
    partner, home = selling.partner("un"), selling.services.config.home
    (train,) = found(partner, "C", "D", riders="adulte,adulte,jeune")
    legs = journeys.read_token(selling.services.config, train["journey"])
    riders = ("adulte", "adulte", "jeune")
    ours = shelf.total(shelf.journey(legs, riders, home, "online", clock.now())).cents
    assert train["price_cents"] == ours
    assert sum(each["price_cents"] for each in train["offers"]) == ours
    (arriving,) = found(partner, "C", "D", by="arrival", at=(EIGHT + timedelta(hours=2)).isoformat())
    assert arriving["rides"] == train["rides"]


def test_what_has_no_certain_price_is_shown_and_not_sold(selling: World) -> None:
    partner = selling.partner("un")
    for a, b in (("E", "F"), ("I", "J")):  # of two bands; of no network
        (unknown,) = found(partner, a, b)
        assert (unknown["journey"], unknown["price_cents"], unknown["offers"]) == (None, None, [])
        assert unknown["why"]
    start = clock.now() + timedelta(hours=1)
    leg = Leg("ter", "e", "f", start, start + timedelta(minutes=30), 30_000)
    token = journeys.write_token(selling.services.config, [NamedLeg(leg, "E", "F")])
    refused = partner.post("/orders", items=[{"journey": token, "riders": ["adulte"]}])
    assert (refused.status_code, refused.get_json()["code"]) == (403, "billettique.price_by_unknown_km")
    near = journeys.write_token(selling.services.config, [NamedLeg(replace(leg, distance_m=25_000), "E", "F")])
    assert partner.post("/orders", items=[{"journey": near, "riders": ["adulte"]}]).status_code == 201


def test_a_journey_is_sold_as_it_was_found_at_the_price_that_was_told(selling: World) -> None:
    partner = selling.partner("un")
    coach = found(partner, "A", "B")[0]
    item = {"journey": coach["journey"], "riders": ["adulte"]}
    for wrong, code in (
        ({**item, "price_cents": 149}, (409, "billettique.price_not_as_told")),
        ({**item, "journey": coach["journey"][:-2] + "xx"}, (422, "billettique.bad_journey")),
        ({**item, "product": "car-unite"}, (422, "api.bad_parameters")),
        ({"riders": ["adulte"]}, (422, "api.bad_parameters")),
        ({**item, "riders": ["martien"]}, (422, "billettique.bad_riders")),
        ({**item, "price_cents": -1}, (422, "api.bad_parameters")),
    ):
        answer = partner.post("/orders", items=[wrong])
        assert (answer.status_code, answer.get_json()["code"]) == code, wrong
    gone = Leg("car", "a", "b", clock.now() - timedelta(hours=2), clock.now() - timedelta(hours=1))
    past = journeys.write_token(selling.services.config, [NamedLeg(gone, "A", "B")])
    refused = partner.post("/orders", items=[{"journey": past, "riders": ["adulte"]}])
    assert (refused.status_code, refused.get_json()["code"]) == (403, "billettique.journey_past")
    assert partner.order({**item, "price_cents": 150})["total_cents"] == 150


def test_a_question_that_cannot_be_read_is_refused_by_name(selling: World, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = selling.partner("un")

    def ask(query: str) -> tuple[int, Any]:
        answer = partner.client.get(f"/api/v1/billettique/partner/journeys?{query}", headers=partner.headers)
        return answer.status_code, answer.get_json()

    for query, status in (
        ("from=f:A", 422), ("from=f:A&to=f:B&at=2026-11-26T08:00:00", 422), ("from=f:A&to=f:B&at=demain", 422),
        ("from=f:A&from=f:C&to=f:B", 422), ("from=f:A&to=f:B&by=luck", 422), ("from=f:A&to=f:B&holder=Marie", 422),
        ("from=f:A&to=f:B&riders=martien", 422), ("from=zzzz&to=f:B", 404),
    ):  # fmt: skip
        assert ask(query)[0] == status, query
    status, said = ask("from=f:A&to=f:B&at=9990-01-01T00:00:00Z")
    assert (status, said["journeys"], bool(said["remarks"])) == (200, [], True)
    monkeypatch.setattr(api, "SEARCHES", "1 per hour")
    assert [ask("from=f:A&to=f:B")[0] for _ in range(2)] == [200, 429]
    assert partner.get("/shelf").status_code == 200
    assert selling.app.test_client().get("/api/v1/billettique/partner/journeys?from=f:A&to=f:B").status_code == 401

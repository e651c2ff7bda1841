"""What the planner is told of prices: known, unknown and why, never zero for unknown; and which offers apply.

Stops lie about 11 km apart (0.1 degree of latitude); the tariff of trains of 2017 has its first edge at 36 km.
"""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from billettique.model.promotions import OfferKind, Promotion
from billettique.service import promotions
from billettique.service.journeys import read_token
from billettique.store import tariffs as fare_versions
from mobigo.app.journey_prices import JourneyPrices
from mobigo.base.instants import PARIS
from mobigo.base.money import Money
from mobigo.base.periods import Period
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.web import Services
from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.model.live import LiveNetwork
from mobigo.planner import service
from mobigo.planner.model import Endpoint, Journey, Price, Query, Walk
from mobigo.planner.web.shown import shown_price
from tests.builders import DAY, feed, tables, trip

TRIPS = [
    trip("coach", "A 8:00 B 9:00", route="coach"),
    trip("train-22-km", "A 9:00 B 9:10 C 9:20", route="train"),
    trip("train-33-km", "D 10:00 E 10:10 F 10:20 G 10:30", route="train"),
    trip("train-to-lyon", "H 11:00 Lyon 12:00", route="train"),
    trip("unknown", "I 8:00 J 9:00", route="city"),
    trip("then-coach", "C 9:40 K 10:40", route="coach"),
]
ROUTES = [
    {"route_id": "coach", "route_type": "3", "agency_id": "cars"},
    {"route_id": "train", "route_type": "2", "agency_id": "ter"},
    {"route_id": "city", "route_type": "3", "agency_id": "city"},
]
PLACES = {"A": 0, "B": 1, "C": 2, "D": 4, "E": 5, "F": 6, "G": 7, "H": 9, "I": 11, "J": 12, "K": 14}
AGENCIES = (
    "agency_id,agency_name,agency_url,agency_timezone\n"
    "cars,Cars Mobigo,https://a.example,Europe/Paris\nter,TER Mobigo,https://a.example,Europe/Paris\n"
    "city,Réseau de ville,https://a.example,Europe/Paris\n"
)


@pytest.fixture(scope="module")
def network() -> LiveNetwork:
    stops = [
        {"stop_id": name, "stop_name": f"Gare de {name}", "stop_lat": f"{46.9 + 0.1 * n:.4f}", "stop_lon": "5.0000"}
        for name, n in PLACES.items()
    ] + [{"stop_id": "Lyon", "stop_name": "Lyon Part-Dieu", "stop_lat": "45.7600", "stop_lon": "4.8600"}]
    files = feed(TRIPS, stops=stops, routes=ROUTES, services={"daily": [DAY, DAY + timedelta(days=1)]})
    files["agency.txt"] = AGENCIES
    return LiveNetwork(compile_feeds([CompileInput("f", tables(files))], "Europe/Paris", "hash"), "hash")


@pytest.fixture
def services(config: Config, sqlite_template: Path) -> Iterator[Services]:
    config.home.mkdir(parents=True)
    shutil.copyfile(sqlite_template, config.home / "mobigo.sqlite")
    made = Services(config)
    yield made
    made.engine.dispose()


def price(network: LiveNetwork, services: Services, a: str, b: str, hour: int) -> Price:
    """The price of the one journey between two stops that leaves at an hour."""
    rows = list(network.timetable.stop_id)
    at = datetime(DAY.year, DAY.month, DAY.day, hour, tzinfo=PARIS)
    ends = [Endpoint(each, stops=(rows.index(each),)) for each in (a, b)]
    answer = service.plan(network, Query(ends[0], ends[1], at), fares=JourneyPrices(services))
    assert len(answer.journeys) == len(answer.prices) == 1
    found = answer.prices[0]
    assert found is not None
    return found


def test_a_coach_has_its_price_with_the_names_of_its_stops(network: LiveNetwork, services: Services) -> None:
    found = price(network, services, "A", "B", 8)
    assert found.total == Money(150)
    [line] = found.lines
    assert (line.reason.params["from_stop"], line.reason.params["to_stop"]) == ("Gare de A", "Gare de B")
    assert found.buy.startswith("/achats/trajet/")
    [leg] = read_token(services.config, found.buy.rpartition("/")[2])
    assert (leg.leg.network, leg.to_name) == ("car", "Gare de B")


def test_a_train_has_a_price_only_where_every_possible_distance_gives_it(
    network: LiveNetwork, services: Services
) -> None:
    found = price(network, services, "A", "C", 9)  # 22 km as the crow flies, 30 at most: the first band
    assert found.total == Money(500)
    assert "billettique.km_estimated" in [each.code for each in found.notes]
    found = price(network, services, "D", "G", 10)  # 33 km as the crow flies, 45 at most: one band or the next
    assert found.total is None
    [why] = found.why_unknown
    assert (why.code, why.params["least"], why.params["most"]) == (
        "billettique.price_by_unknown_km", Money(500), Money(1_000),
    )  # fmt: skip
    assert not found.buy, "what has no price is not sold"
    assert found.between == (Money(500), Money(1_000))
    shown = shown_price(found)
    assert shown is not None
    assert (shown.text, shown.is_known) == ("entre 5,00\xa0€ et 10,00\xa0€", False)


def test_beyond_the_region_and_on_other_networks_the_price_is_unknown(network: LiveNetwork, services: Services) -> None:
    for a, b, hour in (("H", "Lyon", 11), ("I", "J", 8)):
        found = price(network, services, a, b, hour)
        assert found.total is None
        assert found.why_unknown
        assert not found.lines


def test_a_train_then_a_coach_are_paid_both(network: LiveNetwork, services: Services) -> None:
    found = price(network, services, "A", "K", 9)
    assert found.total == Money(650)
    assert [line.amount for line in found.lines] == [Money(500), Money(150)]


def test_what_is_walked_has_no_price(network: LiveNetwork, services: Services) -> None:
    at = datetime(DAY.year, DAY.month, DAY.day, 8, tzinfo=PARIS)
    walk = Journey((Walk(None, None, at, at, 300),), at, at)
    assert JourneyPrices(services).prices(network, [walk]) == [None]


@pytest.mark.parametrize(
    ("day", "budget", "applies"), [(DAY, 150, True), (DAY, 149, False), (date(2025, 3, 17), 150, False)]
)
def test_an_offer_that_applies_is_shown_beside_the_price(
    network: LiveNetwork, services: Services, day: date, budget: int, applies: bool
) -> None:
    offer = Promotion(
        "", "Journée du car", OfferKind.FREE_DAY, Period(day, day), Money(budget), pct=100,
        networks=frozenset({"car"}), source="essai",
    )  # fmt: skip
    now = datetime(2025, 1, 1, tzinfo=PARIS)
    with transaction(services.engine) as session:
        promotions.approve(session, promotions.draft(session, offer, "editor", now), "25CP.1", "approver", now)
        hidden = replace(offer, name="Avec un code", code="ABC")
        promotions.approve(session, promotions.draft(session, hidden, "editor", now), "25CP.2", "approver", now)
    found = price(network, services, "A", "B", 8)
    assert found.total == Money(150), "the price stays what it is: the offer is used when one buys"
    assert [(each.code, each.params["amount"]) for each in found.offers] == (
        [("billettique.offer_applies", Money(0))] if applies else []
    )


def test_a_database_that_does_not_answer_takes_the_price_away_and_not_the_journey(
    network: LiveNetwork, config: Config
) -> None:
    config.home.mkdir(parents=True)
    empty = Services(config)
    fare_versions.connect(config.home, empty.engine)  # no table in it
    found = price(network, empty, "A", "B", 8)
    empty.engine.dispose()
    assert found.total is None
    assert [each.code for each in found.why_unknown] == ["billettique.fares_unreachable"]

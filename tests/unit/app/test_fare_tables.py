"""The tariff as the search reads it: what it says of a leg is what `billettique` says, and a later, cheaper journey is
found through it. Stops lie about 11 km apart (0.1 degree of latitude)."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from mobigo.app.journey_prices import JourneyPrices
from mobigo.app.warming import warm
from mobigo.base.geo import Point
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.money import Money
from mobigo.infra.config import Config
from mobigo.infra.web import Services
from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.model.live import LiveNetwork
from mobigo.planner import service
from mobigo.planner.engine.criteria import Slack
from mobigo.planner.engine.journeys import journey_of
from mobigo.planner.engine.weighed import weighed
from mobigo.planner.model import Answer, Endpoint, Limits, Query
from mobigo.planner.rules.fare_table import UNKNOWN, FareTable
from mobigo.planner.service.moving import searcher_of
from tests.builders import DAY, feed, tables, trip

TRIPS = [
    trip("train", "A 8:00 B 8:10 C 8:20 D 8:30", route="train"),
    trip("train-on", "D 8:40 E 8:50 F 9:00", route="train"),
    trip("train-late", "D 9:40 E 9:50 F 10:00", route="train"),
    trip("coach", "A 7:55 C 8:35 D 9:05", route="coach"),
    trip("coach-on", "D 9:10 F 9:50", route="coach"),
    trip("belfort", "F 9:10 G 9:20", route="optymo"),
    trip("montbeliard", "G 9:25 H 9:40", route="evolity"),
    trip("unknown", "A 7:50 C 8:15", route="city"),
    trip("slow-coach", "F 9:05 H 11:30", route="coach"),
    trip("to-town", "K 12:00 L 12:30", route="coach"),
    trip("in-town", "L 12:40 M 12:52", route="optymo"),
]
ROUTES = [
    {"route_id": "coach", "route_type": "3", "agency_id": "cars"},
    {"route_id": "train", "route_type": "2", "agency_id": "ter"},
    {"route_id": "city", "route_type": "3", "agency_id": "city"},
    {"route_id": "optymo", "route_type": "3", "agency_id": "optymo"},
    {"route_id": "evolity", "route_type": "3", "agency_id": "evolity"},
]
AGENCIES = "agency_id,agency_name,agency_url,agency_timezone\n" + "".join(
    f"{id_},{name},https://a.example,Europe/Paris\n"
    for id_, name in (
        ("cars", "Cars Mobigo"), ("ter", "TER Mobigo"), ("city", "Réseau de ville"), ("optymo", "Optymo"),
        ("evolity", "Evolity"),
    )
)  # fmt: skip


@pytest.fixture(scope="module")
def network() -> LiveNetwork:
    stops = [
        {"stop_id": name, "stop_name": f"Gare de {name}", "stop_lat": f"{46.9 + 0.1 * n:.4f}", "stop_lon": "5.0000"}
        for n, name in enumerate("ABCDEFGHKL")
    ]
    last = 46.9 + 0.1 * 9
    stops.append({"stop_id": "M", "stop_name": "M", "stop_lat": f"{last + 0.0072:.4f}", "stop_lon": "5.0000"})  # 800 m
    files = feed(TRIPS, stops=stops, routes=ROUTES, services={"daily": [DAY, DAY + timedelta(days=1)]})
    files["agency.txt"] = AGENCIES
    return LiveNetwork(compile_feeds([CompileInput("f", tables(files))], "Europe/Paris", "hash"), "hash")


@pytest.fixture
def prices(config: Config, sqlite_template: Path) -> Iterator[JourneyPrices]:
    config.home.mkdir(parents=True)
    shutil.copyfile(sqlite_template, config.home / "mobigo.sqlite")
    services = Services(config)
    yield JourneyPrices(services)
    services.engine.dispose()


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(DAY.year, DAY.month, DAY.day, hour, minute, tzinfo=PARIS)


def asked(network: LiveNetwork, a: str, b: str, **more: object) -> Query:
    rows = list(network.timetable.stop_id)
    return Query(*(Endpoint(each, stops=(rows.index(each),)) for each in (a, b)), at(7, 30), **more)  # type: ignore[arg-type]


def table(network: LiveNetwork, prices: JourneyPrices) -> FareTable:
    found = prices.table(network, DAY)
    assert found is not None
    return found


def test_what_the_table_says_of_a_journey_is_what_the_tariff_says(network: LiveNetwork, prices: JourneyPrices) -> None:
    """Every journey of the widest search between every two stops: trains joined, coaches, one ticket for two towns."""
    searcher, fares = searcher_of(network), table(network, prices)
    compared = 0
    for a in "ABCDEFG":
        for b in "BCDEFGH":
            rows = list(network.timetable.stop_id)
            if a >= b:
                continue
            ends = searcher.linked([rows.index(a)], True), searcher.linked([rows.index(b)], False)
            found = weighed(searcher, fares, *ends, int(at(7, 30).timestamp()), slack=Slack(86_400, 8, 86_400))
            journeys = [journey_of(network.timetable, each.itinerary, *ends) for each in found]
            for each, price in zip(found, prices.prices(network, journeys), strict=True):
                assert price is not None
                told = None if price.total is None else price.total.cents
                if each.least_cents == each.most_cents:
                    assert each.most_cents == told
                else:  # the tariff does not say which of the two it is
                    assert told is None
                compared += 1
    assert compared > 40


def test_the_table_of_equal_tariffs_is_made_once(network: LiveNetwork, prices: JourneyPrices) -> None:
    assert prices.table(network, DAY) is prices.table(network, DAY + timedelta(days=1))


def test_a_line_of_no_network_has_no_price(network: LiveNetwork, prices: JourneyPrices) -> None:
    fares, timetable = table(network, prices), network.timetable
    trips = {str(timetable.trip_id[trip]): run for run, trip in enumerate(timetable.run_trip.tolist())}
    assert fares.run_network[trips["unknown"]] == UNKNOWN
    assert (np.delete(fares.run_network, trips["unknown"]) != UNKNOWN).all()


def answer(network: LiveNetwork, prices: JourneyPrices, query: Query) -> Answer:
    return service.plan(network, query, fares=prices, tables=prices)


def told(found: Answer) -> list[tuple[str, str, Money | None]]:
    return [
        (
            f"{journey.depart_at.astimezone(PARIS):%H:%M}", f"{journey.arrive_at.astimezone(PARIS):%H:%M}",
            None if price is None else price.total,
        )
        for journey, price in zip(found.journeys, found.prices, strict=True)
    ]  # fmt: skip


def test_a_coach_that_leaves_before_the_train_and_is_there_after_it_is_shown_for_its_price(
    network: LiveNetwork, prices: JourneyPrices
) -> None:
    query = asked(network, "A", "C", window_s=7200)
    without = service.plan(network, query, fares=prices)
    assert told(without) == [("07:50", "08:15", None), ("08:00", "08:20", Money(500))]
    found = answer(network, prices, query)
    assert told(found) == [("07:50", "08:15", None), ("07:55", "08:35", Money(150)), ("08:00", "08:20", Money(500))]
    said = found.journeys[1].why[0]
    assert (said.code, said.params["spared"], said.params["minutes"]) == (
        "planner.why_cheaper_but_longer", Money(350), 20,
    )  # fmt: skip


def test_arriving_by_an_hour_the_cheaper_one_is_found_too(network: LiveNetwork, prices: JourneyPrices) -> None:
    query = asked(network, "A", "C")
    by = Query(query.origin, query.destination, at(8, 55), arrive_by=True, window_s=3600)
    assert ("07:55", "08:35", Money(150)) in told(answer(network, prices, by))


def test_the_limits_of_a_traveller_hold_for_the_cheaper_one(network: LiveNetwork, prices: JourneyPrices) -> None:
    trains = asked(network, "A", "C", window_s=7200, limits=Limits(route_types=frozenset({2})))
    assert told(answer(network, prices, trains)) == [("08:00", "08:20", Money(500))]


def test_the_day_of_a_tariff_begins_at_four() -> None:
    early = at(3, 59)
    assert paris_day(early - service.OPERATING_DAY_BEGINS) == DAY - timedelta(days=1)
    assert paris_day(at(4) - service.OPERATING_DAY_BEGINS) == DAY


def test_stadtnavi_846_the_bus_that_goes_along_a_long_walk_is_shown(
    network: LiveNetwork, prices: JourneyPrices
) -> None:
    """Walking the last 800 m (1.3 × the crow's flight) is there first; the bus is there later, after a change."""
    rows, timetable = list(network.timetable.stop_id), network.timetable
    stop = rows.index("M")
    door = Point(float(timetable.stop_lat[stop]), float(timetable.stop_lon[stop]))
    query = Query(Endpoint("K", stops=(rows.index("K"),)), Endpoint("M", door), at(11, 30), window_s=3600)
    (on_foot,) = service.plan(network, query, fares=prices).journeys
    assert on_foot.walk_m > 1_000
    found = answer(network, prices, query).journeys
    assert [len(each.rides) for each in found] == [1, 2]
    assert found[1].walk_m == 0
    assert found[1].why[0].code == "planner.why_least_walking"


def test_a_network_that_was_warmed_has_what_its_first_query_derives(
    network: LiveNetwork, prices: JourneyPrices, config: Config
) -> None:
    fresh = LiveNetwork(network.timetable, "hash")
    services = Services(config, make_fares=lambda _services: prices)
    warm(services, fresh)
    assert {"planner.searcher", "planner.boards"} <= fresh.caches.keys()
    assert any(name.startswith("fares.networks") for name in fresh.caches)

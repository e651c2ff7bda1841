"""Public reports about other planners that need car parks, bicycles along streets, carpool (docs/public-issues.md)."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.engine.streets.build import build
from mobigo.network.engine.streets.routes import Streets
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.parks import CarPark, ToldParks
from mobigo.network.rules.parks import park_of_tags
from mobigo.planner.model import By, CarpoolAtPlace, CarpoolHop, CarpoolWay, Endpoint, Journey, Limits, Own, Query, Walk
from mobigo.planner.rules.parks import Parking, parking
from mobigo.planner.service import plan
from tests.builders import feed, tables, trip
from tests.streets_drawn import Corner, at, drawn

NOW = datetime(2025, 3, 18, 7, 30, tzinfo=ZoneInfo("Europe/Paris"))
STOPS: dict[str, Corner] = {"A": (30, 0), "Z": (120, 0)}
STREET = [([(0, 0), (28, 0), (30, 0), (33, 0), (120, 0)], {"highway": "residential"})]


def network_of(stops: Mapping[str, Corner]) -> LiveNetwork:
    """A bus from A to Z at eight, along one street of twelve kilometres."""
    rows = [
        {"stop_id": name, "stop_lat": f"{at(corner).lat:.7f}", "stop_lon": f"{at(corner).lon:.7f}"}
        for name, corner in stops.items()
    ]
    timetable = compile_feeds(
        [CompileInput("f", tables(feed([trip("out", "A 08:00 Z 08:20")], stops=rows)))], "Europe/Paris", "hash"
    )
    return LiveNetwork(timetable, "hash", build(drawn(STREET)))


@pytest.fixture(scope="module")
def network() -> LiveNetwork:
    return network_of(STOPS)


def told(*parks: CarPark, wheelchair: bool = False) -> Parking:
    source = ToldParks("d", "p.csv", parks, {}, 900, "Ville", "https://x.example/")
    return parking([source], NOW, NOW, wheelchair=wheelchair, kept="")


def asked(corner: Corner, by: By = By.CAR, *, wheelchair: bool = False) -> Query:
    return Query(
        Endpoint("porte", at(corner)), Endpoint("loin", at((120, 0))), NOW, window_s=2 * 3600, own=Own(by),
        limits=Limits(wheelchair=wheelchair),
    )  # fmt: skip


def ridden(query: Query, parks: Parking | None, network: LiveNetwork) -> list[Journey]:
    return [each for each in plan(network, query, parking=parks).journeys if each.rides]


def driven(journeys: list[Journey]) -> list[Walk]:
    return [leg for each in journeys for leg in each.legs if isinstance(leg, Walk) and leg.by is By.CAR]


def test_otp_3021_nobody_takes_the_car_where_the_stop_is_at_the_door(network: LiveNetwork) -> None:
    """There, park and ride is offered without sense: past the stop and back, or where one walks as soon."""
    beyond = CarPark("x", "Stade", at((33, 0)))
    journeys = ridden(asked((29, 0)), told(beyond), network)
    assert journeys
    assert driven(journeys) == []


def test_motis_699_a_car_park_beside_the_street_is_joined_to_it(network: LiveNetwork) -> None:
    """There, a car park drawn as an area, off every way, cannot be driven to."""
    aside = CarPark("n", "Gare", at((28, 0.5)))  # fifty metres from the street
    legs = driven(ridden(asked((0, 0)), told(aside), network))
    assert [leg.to_spot.name for leg in legs if leg.to_spot is not None] == ["Gare"] * len(legs)
    assert legs
    assert all(2_800 <= leg.distance_m <= 2_900 for leg in legs)


def test_motis_739_a_car_park_that_no_street_reaches_takes_nobody_there(network: LiveNetwork) -> None:
    """It is told of as any other, two kilometres from the only street: the next one is used, none is an error."""
    nowhere, near = CarPark("f", "Champ", at((28, 20))), CarPark("n", "Gare", at((28, 0)))
    legs = driven(ridden(asked((0, 0)), told(nowhere, near), network))
    assert {leg.to_spot.name for leg in legs if leg.to_spot is not None} == {"Gare"}
    assert driven(ridden(asked((0, 0)), told(nowhere), network)) == []


def test_otp_6228_places_for_disabled_people_that_are_not_counted_are_places(network: LiveNetwork) -> None:
    """There, `capacity:disabled=yes` is no number, and the car park is gone with it."""
    tags = {"amenity": "parking", "name": "Gare", "capacity": "100", "capacity:disabled": "yes"}
    park = park_of_tags("w1", Point(*(getattr(at((28, 0)), name) for name in ("lat", "lon"))), tags)
    assert park is not None
    assert (park.capacity, park.disabled) == (100, None)
    legs = driven(ridden(asked((0, 0)), told(park), network))
    assert {leg.to_spot.name for leg in legs if leg.to_spot is not None} == {"Gare"}


def test_otp_6781_many_stops_in_reach_of_a_bicycle_are_one_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """There, each stop within reach is searched for: here the streets are searched once from each end of the way."""
    searched: list[object] = []
    searching = Streets.around

    def around(self: Streets, *given: object, **named: object) -> object:
        searched.append(given)
        return searching(self, *given, **named)  # type: ignore[arg-type]  # as it was asked

    monkeypatch.setattr(Streets, "around", around)
    counts = {}
    for many in (4, 200):
        world = network_of({"A": (30, 0), "Z": (120, 0)} | {f"S{n}": (1 + n * 0.25, 0) for n in range(many)})
        searched.clear()
        assert plan(world, asked((0, 0), By.BIKE)).journeys
        counts[many] = len(searched)
    assert counts[200] == counts[4] <= 8


class NoLine:
    """Carpool lines, none of which serves the way asked."""

    def ways(self, *_ends: object, **_asked: object) -> list[CarpoolWay]:
        return []

    def hops(self, *_door: object, **_asked: object) -> list[CarpoolHop]:
        return []

    def why_none(self, *_ends: object, **_asked: object) -> Decision:
        return Decision("carpool.no_line")

    def at_place(self, _place: str) -> list[CarpoolAtPlace]:
        return []


def test_stadtnavi_726_where_no_carpool_is_shown_the_answer_says_why(network: LiveNetwork) -> None:
    answer = plan(network, asked((0, 0)), carpool=NoLine())
    assert (answer.carpool, answer.no_carpool) == ((), Decision("carpool.no_line"))
    assert plan(network, asked((0, 0))).no_carpool is None  # there are no lines: nothing to say

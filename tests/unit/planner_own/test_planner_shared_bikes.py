"""Shared bicycles in journeys: on foot to a station, by bicycle to another, on foot to the stop. One long street, a
metre of it a metre: by bicycle 3 km are 12 minutes, and a minute and a half to take one and bring it back.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.engine.streets.build import build
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.shared import LooseBike, SharedSystem, Station, Told
from mobigo.planner.model import By, Endpoint, Journey, Own, Query, Walk
from mobigo.planner.rules.shared import Stands, stands
from mobigo.planner.service import plan
from tests.builders import feed, tables, trip
from tests.streets_drawn import Corner, at, drawn

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2025, 3, 18, 7, 0, tzinfo=PARIS)
# hundreds of metres along the street: the door is at 0, the stop A at 32, Z at 120, where another door is
STOPS = {"A": (32, 0), "Z": (120, 0)}
STREET = [([(0, 0), (1, 0), (31, 0), (32, 0), (120, 0), (160, 0)], {"highway": "residential", "name": "route"})]
NEAR, FAR = (
    Station("n", "Porte", at((1, 0)), 10, 3, 2, True, True),
    Station("f", "Gare", at((31, 0)), 10, 0, 4, True, True),
)
SYSTEM = SharedSystem("Vélos", NOW.astimezone(UTC), 60, licence="ODbL-1.0", stations=(NEAR, FAR))


@pytest.fixture(scope="module", params=["streets", "crow"])
def network(request: pytest.FixtureRequest) -> LiveNetwork:
    rows = [
        {"stop_id": name, "stop_lat": f"{at(corner).lat:.7f}", "stop_lon": f"{at(corner).lon:.7f}"}
        for name, corner in STOPS.items()
    ]
    trips = [trip("out", "A 08:00 Z 08:20"), trip("back", "Z 17:00 A 17:20")]
    timetable = compile_feeds([CompileInput("f", tables(feed(trips, stops=rows)))], "Europe/Paris", "hash")
    return LiveNetwork(timetable, "hash", build(drawn(STREET)) if request.param == "streets" else None)


def door(corner: Corner) -> Endpoint:
    return Endpoint("porte", at(corner))


def known(system: SharedSystem = SYSTEM, when: datetime = NOW, now: datetime = NOW) -> Stands:
    return stands([Told("v", "", system, system.is_stale(now, 600))], when, now)


OUT = Query(door((0, 0)), door((120, 0)), NOW, window_s=2 * 3600, own=Own(By.SHARED))


def ways(journeys: tuple[Journey, ...]) -> list[list[str]]:
    return [
        [
            f"{leg.by} {leg.from_spot.name if leg.from_spot else '.'} {leg.to_spot.name if leg.to_spot else '.'}"
            if isinstance(leg, Walk)
            else "ride"
            for leg in journey.legs
            if not isinstance(leg, Walk) or leg.distance_m > 1  # between a stop and the door that stands there
        ]
        for journey in journeys
    ]


def test_one_walks_to_a_station_rides_to_another_and_walks_to_the_stop(network: LiveNetwork) -> None:
    [journey] = plan(network, OUT, shared=known()).journeys
    assert ways((journey,)) == [["walk . Porte", "shared_bike Porte Gare", "walk Gare .", "ride"]]
    assert all(a.arrive_at <= b.depart_at for a, b in pairwise(journey.legs))
    assert journey.legs[2].arrive_at == datetime(2025, 3, 18, 8, 0, tzinfo=PARIS)
    if network.streets is not None:
        ride = journey.legs[1]
        assert isinstance(ride, Walk)
        assert (ride.distance_m, ride.arrive_at - ride.depart_at) == (3000, timedelta(minutes=13, seconds=30))
        assert [leg.path != () for leg in journey.legs[:3] if isinstance(leg, Walk)] == [True, True, True]
        assert journey.walk_m == 200
        assert journey.own_m == 3000


def test_at_the_other_end_one_takes_a_bicycle_too(network: LiveNetwork) -> None:
    back = Query(door((120, 0)), door((0, 0)), NOW.replace(hour=16, minute=50), window_s=3600, own=Own(By.SHARED))
    full = replace(SYSTEM, stations=(NEAR, replace(FAR, bikes=1)), at=back.at.astimezone(UTC))
    [journey] = plan(network, back, shared=known(full, back.at, back.at)).journeys
    assert ways((journey,)) == [["ride", "walk . Gare", "shared_bike Gare Porte", "walk Porte ."]]


@pytest.mark.parametrize(
    ("near", "far", "offered"),
    [
        ({}, {}, True),
        ({"bikes": 0}, {}, False), ({"bikes": 1}, {}, True), ({"bikes": None}, {}, False),
        ({"rents": False}, {}, False),
        ({}, {"docks": 0}, False), ({}, {"docks": 1}, True), ({}, {"docks": None}, False),
        ({}, {"takes_back": False}, False),
    ],
)  # fmt: skip
def test_a_bicycle_must_be_there_and_a_dock_be_free(
    network: LiveNetwork, near: dict[str, object], far: dict[str, object], offered: bool
) -> None:
    system = replace(SYSTEM, stations=(replace(NEAR, **near), replace(FAR, **far)))  # type: ignore[arg-type]  # fields
    found = plan(network, OUT, shared=known(system)).journeys
    assert any(leg.by is By.SHARED for each in found for leg in each.legs if isinstance(leg, Walk)) is offered


def test_from_door_to_door_without_a_vehicle(network: LiveNetwork) -> None:
    near_by = replace(OUT, destination=door((32, 0)))
    found = [each for each in plan(network, near_by, shared=known()).journeys if not each.rides]
    assert ["walk . Porte", "shared_bike Porte Gare", "walk Gare ."] in ways(tuple(found))
    lasts = min(each.arrive_at - each.depart_at for each in found)
    assert timedelta(minutes=13, seconds=30) < lasts < timedelta(minutes=21)


def test_a_bicycle_of_one_system_is_not_left_at_another(network: LiveNetwork) -> None:
    two = [
        Told("a", "", replace(SYSTEM, stations=(NEAR,)), False),
        Told("b", "", replace(SYSTEM, stations=(FAR,)), False),
    ]
    assert plan(network, OUT, shared=stands(two, NOW, NOW)).journeys == ()


def test_a_loose_bicycle_is_taken_where_it_stands_and_brought_to_a_station(network: LiveNetwork) -> None:
    loose = replace(SYSTEM, stations=(replace(NEAR, bikes=0), FAR), loose=(LooseBike("x", at((2, 0))),))
    [journey] = plan(network, OUT, shared=known(loose)).journeys
    assert ways((journey,)) == [["walk . Vélos", "shared_bike Vélos Gare", "walk Gare .", "ride"]]


ANYWHERE = replace(
    SYSTEM, stations=(), loose=(LooseBike("x", at((2, 0))), LooseBike("y", at((121, 0)))), left_anywhere=True
)


def test_a_bicycle_that_may_be_left_anywhere_is_left_at_the_stop(network: LiveNetwork) -> None:
    [journey] = plan(network, OUT, shared=known(ANYWHERE)).journeys
    assert ways((journey,)) == [["walk . Vélos", "shared_bike Vélos Vélos", "ride"]]
    ride = journey.legs[1]
    assert isinstance(ride, Walk)
    assert ride.to_spot is not None
    assert ride.to_spot.note is not None
    assert ride.to_spot.note.code == "planner.shared_leave_loose"
    assert ride.arrive_at <= journey.rides[0].depart_at
    zoned = replace(ANYWHERE, left_anywhere=False)  # zones are told, and not read: nobody is told to leave it there
    assert plan(network, OUT, shared=known(zoned)).journeys == ()


def test_and_at_the_door(network: LiveNetwork) -> None:
    to = replace(OUT, destination=door((160, 0)))
    [journey] = plan(network, to, shared=known(ANYWHERE)).journeys
    assert ways((journey,)) == [
        ["walk . Vélos", "shared_bike Vélos Vélos", "ride", "walk . Vélos", "shared_bike Vélos Vélos"]
    ]
    near_by = replace(OUT, destination=door((32, 0)))
    whole = [each for each in plan(network, near_by, shared=known(ANYWHERE)).journeys if not each.rides]
    assert ["walk . Vélos", "shared_bike Vélos Vélos"] in ways(tuple(whole))


@pytest.mark.parametrize(
    ("when", "code", "taken"),
    [(timedelta(minutes=30), "planner.shared_as_of", ["Porte"]),
     (timedelta(minutes=31), "planner.shared_later", ["Porte", "Gare"])],
)  # fmt: skip
def test_a_count_is_worth_something_for_half_an_hour(when: timedelta, code: str, taken: list[str]) -> None:
    known_then = known(when=NOW + when)
    assert [each.code for each in known_then.said] == [code, "planner.shared_licence"]
    assert [spot.name for _, spot in known_then.take] == taken


def test_a_state_too_old_is_told_and_not_believed(network: LiveNetwork) -> None:
    old = known(replace(SYSTEM, at=NOW.astimezone(UTC) - timedelta(seconds=601)))
    assert ([each.code for each in old.said], old.take, old.leave) == (["planner.shared_stale"], (), ())
    assert plan(network, OUT, shared=old).journeys == ()


def test_without_any_system_that_is_said() -> None:
    assert [each.code for each in stands([], NOW, NOW).said] == ["planner.shared_none"]


def test_where_nobody_tells_of_stations_one_walks(network: LiveNetwork) -> None:
    near_by = replace(OUT, destination=door((15, 0)))
    assert ways(plan(network, near_by).journeys) == [["walk . ."]]

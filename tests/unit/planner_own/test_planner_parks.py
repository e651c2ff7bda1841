"""Park and ride: the car is left at a car park open to everybody that is not full, and is there on the way back. One
long street, a metre of it a metre; the door is at 0, the stop A at 3 km, Z at 12 km.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.engine.streets.build import build
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.parks import CarPark, Occupancy, ToldParks
from mobigo.planner.model import By, Endpoint, Journey, Limits, Own, Query, Walk
from mobigo.planner.rules.parks import Parking, parking
from mobigo.planner.service import plan
from tests.builders import feed, tables, trip
from tests.streets_drawn import Corner, at, drawn

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2025, 3, 18, 7, 30, tzinfo=PARIS)
STOPS = {"A": (30, 0), "Z": (120, 0)}
STREET = [([(0, 0), (28, 0), (30, 0), (33, 0), (120, 0)], {"highway": "residential", "name": "route de Semur"})]
NEAR = CarPark("n", "Gare", at((28, 0)), capacity=100, disabled=2, is_free=True)
NEXT = CarPark("x", "Stade", at((33, 0)), capacity=None, day_cents=250, is_free=False)
FAR = CarPark("f", "Loin", at((20, 0)))


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


OUT = Query(door((0, 0)), door((120, 0)), NOW, window_s=2 * 3600, own=Own(By.CAR))


def told(*parks: CarPark, free: dict[str, int] | None = None, age_s: int = 0, shut: tuple[str, ...] = ()) -> ToldParks:
    seen = NOW.astimezone(UTC) - timedelta(seconds=age_s)
    occupancy = {name: Occupancy(count, seen, name not in shut) for name, count in (free or {}).items()}
    return ToldParks("d", "p.csv", parks, occupancy, 900, "Dijon métropole (Licence Ouverte)", "https://x.example/")


def known(*sources: ToldParks, when: datetime = NOW, wheelchair: bool = False, kept: str = "") -> Parking:
    return parking(sources, when, NOW, wheelchair=wheelchair, kept=kept)


def left_at(journeys: tuple[Journey, ...]) -> set[str]:
    return {
        leg.to_spot.name
        for journey in journeys
        for leg in journey.legs
        if isinstance(leg, Walk) and leg.by is By.CAR and leg.to_spot is not None
    }


def test_one_drives_to_the_car_park_and_walks_to_the_stop(network: LiveNetwork) -> None:
    journey = next(each for each in plan(network, OUT, parking=known(told(NEAR))).journeys if each.rides)
    car, foot, _ride = journey.legs[:3]
    assert isinstance(car, Walk)
    assert isinstance(foot, Walk)
    assert (car.by, foot.by) == (By.CAR, By.WALK)
    assert car.to_spot == foot.from_spot
    assert car.to_spot is not None
    assert (car.to_spot.name, car.to_spot.id) == ("Gare", "d/n")
    assert all(a.arrive_at <= b.depart_at for a, b in pairwise(journey.legs))
    assert foot.arrive_at == datetime(2025, 3, 18, 8, 0, tzinfo=PARIS)
    if network.streets is not None:
        driven_s = round(2800 / (50 / 3.6 * 0.8))
        assert (car.distance_m, car.arrive_at - car.depart_at) == (2800, timedelta(seconds=driven_s + 180))
        assert (foot.distance_m, foot.arrive_at - foot.depart_at) == (200, timedelta(seconds=167))  # 1.2 m/s
        assert car.path[-1].lon == pytest.approx(at((28, 0)).lon, abs=1e-6)
        assert foot.path
    assert journey.walk_m - foot.distance_m in (0, 1)  # and, as the crow flies, a metre from the last stop


@pytest.mark.parametrize(
    ("free", "age_s", "used", "note"),
    [
        ({"n": 40}, 0, "Gare", "planner.park_free"),
        ({"n": 6}, 0, "Gare", "planner.park_free"),
        ({"n": 5}, 0, "Gare", "planner.park_almost_full"),  # a twentieth of 100
        ({"n": 1}, 0, "Gare", "planner.park_almost_full"),
        ({"n": 0}, 0, "Stade", "planner.park_unknown"),  # full: the next one
        ({"n": 0}, 900, "Stade", "planner.park_unknown"),
        ({"n": 0}, 901, "Gare", "planner.park_unknown"),  # too old to be believed: unknown, not full
        ({}, 0, "Gare", "planner.park_unknown"),
        ({"n": 0, "x": 0}, 0, None, None),
    ],
)
def test_a_full_car_park_is_not_proposed_and_the_next_one_is(
    network: LiveNetwork, free: dict[str, int], age_s: int, used: str | None, note: str | None
) -> None:
    found = known(told(NEAR, NEXT, free=free, age_s=age_s))
    answer = plan(network, OUT, parking=found)
    assert left_at(answer.journeys) == ({used} if used else set())
    if used:
        notes = [
            leg.to_spot.note.code
            for each in answer.journeys
            for leg in each.legs
            if isinstance(leg, Walk) and leg.by is By.CAR and leg.to_spot is not None and leg.to_spot.note is not None
        ]
        assert set(notes) == {note}
    full = [each.params["parks"] for each in answer.remarks if each.code == "planner.parks_full"]
    assert bool(full) == bool(found.full)
    assert ("planner.parks_none_near" in [each.code for each in answer.remarks]) is (used is None)


@pytest.mark.parametrize(
    ("park", "wheelchair", "used"),
    [
        (replace(NEAR, is_public=False), False, False),  # for subscribers
        (FAR, False, False),  # a kilometre from the stop
        (NEAR, True, True), (replace(NEAR, disabled=0), True, False), (replace(NEAR, disabled=None), True, True),
        (replace(NEAR, disabled=0), False, True),
    ],
)  # fmt: skip
def test_who_may_leave_a_car_there(network: LiveNetwork, park: CarPark, wheelchair: bool, used: bool) -> None:
    answer = plan(network, OUT, parking=known(told(park), wheelchair=wheelchair))
    assert bool(left_at(answer.journeys)) is used


def test_a_shut_one_is_not_proposed(network: LiveNetwork) -> None:
    assert left_at(plan(network, OUT, parking=known(told(NEAR, free={"n": 40}, shut=("n",)))).journeys) == set()


@pytest.mark.parametrize(("in_min", "code"), [(60, "planner.park_almost_full"), (61, "planner.park_later")])
def test_free_places_are_worth_something_for_an_hour(in_min: int, code: str) -> None:
    found = known(told(NEAR, free={"n": 1}), when=NOW + timedelta(minutes=in_min))
    assert [spot.note.code for spot in found.spots if spot.note] == [code]


@pytest.mark.parametrize("free", [0, 40])
def test_what_is_full_now_may_not_be_tomorrow(free: int) -> None:
    found = known(told(NEAR, free={"n": free}), when=NOW + timedelta(days=1))
    assert ([spot.name for spot in found.spots], found.full) == (["Gare"], ())


@pytest.mark.parametrize(
    ("park", "codes"),
    [
        (NEAR, ["planner.park_no_charge", "planner.park_disabled"]),
        (NEXT, ["planner.park_day_price"]),
        (replace(NEXT, day_cents=None), ["planner.park_paid"]),
        (FAR, ["planner.park_price_unknown"]),
    ],
)
def test_the_price_and_the_places_for_disabled_people_are_said(park: CarPark, codes: list[str]) -> None:
    assert [each.code for each in known(told(park)).spots[0].facts] == codes


@pytest.mark.parametrize("state", ["full", "shut", "for subscribers"])
def test_on_the_way_back_the_car_is_where_it_was_left(network: LiveNetwork, state: str) -> None:
    left = list(network.timetable.stop_id).index("A")
    back = Query(
        door((120, 0)), door((0, 0)), NOW.replace(hour=16), window_s=2 * 3600, own=Own(By.CAR, (left,), "d/x")
    )  # fmt: skip
    here = {"full": told(NEAR, NEXT, free={"x": 0}), "shut": told(NEAR, NEXT, free={"x": 3}, shut=("x",)),
            "for subscribers": told(NEAR, replace(NEXT, is_public=False))}[state]  # fmt: skip
    found = plan(network, back, parking=known(here, when=back.at, kept="d/x"))
    [journey] = found.journeys
    foot, car = journey.legs[-2:]
    assert isinstance(car, Walk)
    assert isinstance(foot, Walk)
    assert (foot.by, car.by) == (By.WALK, By.CAR)
    assert car.from_spot is not None
    assert car.from_spot.name == "Stade"  # not Gare, though it is nearer to the door
    assert foot.to_spot == car.from_spot


def test_a_car_park_that_is_no_more_is_told() -> None:
    found = known(told(NEAR), kept="d/gone")
    assert (found.spots, [each.code for each in found.said]) == ((), ["planner.park_gone"])


def test_where_none_is_known_the_car_is_left_at_the_stop_and_that_is_said(network: LiveNetwork) -> None:
    answer = plan(network, OUT)
    assert "planner.own_car_parks_unknown" in [each.code for each in answer.remarks]
    with_parks = plan(network, OUT, parking=known(told(NEAR)))
    assert "planner.own_car_parks_unknown" not in [each.code for each in with_parks.remarks]


def test_whose_the_car_parks_are_is_said() -> None:
    assert [each.params["credit"] for each in known(told(NEAR), told(NEXT)).said] == [
        "Dijon métropole (Licence Ouverte)"
    ]


def test_the_bicycle_asks_for_no_car_park(network: LiveNetwork) -> None:
    bike = replace(OUT, own=Own(By.BIKE), limits=Limits())
    assert plan(network, bike, parking=known(told(NEAR))).journeys == plan(network, bike).journeys

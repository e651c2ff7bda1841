"""A vehicle of one's own for one end of a journey: to the stop and left there, back from where it stands, or somebody's
car. One long street, a metre of it a metre: by bicycle 3 km are 12 minutes (15 km/h) and one to lock it.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from mobigo.base.errors import InvalidInput
from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.engine.streets.build import build
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.export.ical import journey_calendar
from mobigo.planner.model import By, Endpoint, Journey, Limits, Own, Pace, Query, Walk
from mobigo.planner.service import plan
from tests.builders import feed, tables, trip
from tests.streets_drawn import Corner, at, drawn

PARIS = ZoneInfo("Europe/Paris")
MORNING = datetime(2025, 3, 18, 7, 0, tzinfo=PARIS)
EVENING = MORNING.replace(hour=16)
# hundreds of metres along the street: the door is at 0, A at 3 km, B at 3.3 km, Z at 12 km, N 600 m from the door
STOPS = {"A": (30, 0), "B": (33, 0), "N": (6, 0), "Z": (120, 0)}
TRIPS = [
    trip("out", "A 08:00 Z 08:20"),
    trip("near", "N 08:30 Z 08:50"),
    trip("back", "Z 17:00 B 17:18 A 17:20"),
]
STREET = [([(0, 0), (30, 0), (33, 0), (120, 0)], {"highway": "residential", "name": "route de Semur"})]


@pytest.fixture(scope="module")
def network() -> LiveNetwork:
    rows = [
        {"stop_id": name, "stop_lat": f"{at(corner).lat:.7f}", "stop_lon": f"{at(corner).lon:.7f}"}
        for name, corner in STOPS.items()
    ]
    timetable = compile_feeds([CompileInput("f", tables(feed(TRIPS, stops=rows)))], "Europe/Paris", "hash")
    return LiveNetwork(timetable, "hash", build(drawn(STREET)))


def door(corner: Corner) -> Endpoint:
    return Endpoint("porte", at(corner))


OUT = Query(door((0, 0)), door((120, 0)), MORNING, window_s=2 * 3600, own=Own(By.BIKE))


def legs(network: LiveNetwork, journey: Journey) -> list[tuple[str, str, int]]:
    """(how, "07:47-08:00", metres; 0 on board)."""
    return [
        (
            leg.by.value if isinstance(leg, Walk) else "ride",
            f"{leg.depart_at.astimezone(PARIS):%H:%M}-{leg.arrive_at.astimezone(PARIS):%H:%M}",
            leg.distance_m if isinstance(leg, Walk) else 0,
        )
        for leg in journey.legs
    ]


def ridden(network: LiveNetwork, query: Query) -> list[list[tuple[str, str, int]]]:
    return [legs(network, journey) for journey in plan(network, query).journeys if journey.rides]


def test_the_bicycle_goes_to_the_stop_and_stays_there(network: LiveNetwork) -> None:
    first = ridden(network, OUT)[0]
    assert first == [("bike", "07:47-08:00", 3000), ("ride", "08:00-08:20", 0)]
    assert plan(network, OUT).journeys[0].walk_m == 0


def test_its_way_is_drawn_and_told_street_by_street(network: LiveNetwork) -> None:
    journey = next(each for each in plan(network, OUT).journeys if each.rides)
    leg = journey.legs[0]
    assert isinstance(leg, Walk)
    assert (leg.path[0], leg.path[-1].lon) == (at((0, 0)), pytest.approx(at((30, 0)).lon, abs=1e-6))
    assert leg.directions[0].what.params["name"] == "route de Semur"


def test_all_the_way_by_bicycle_is_shown_beside(network: LiveNetwork) -> None:
    whole = [each for each in plan(network, OUT).journeys if not each.rides]
    assert [(each.own_m, each.arrive_at - each.depart_at) for each in whole] == [(12_000, timedelta(minutes=49))]


def test_on_the_way_back_it_is_where_it_was_left(network: LiveNetwork) -> None:
    left = list(network.timetable.stop_id).index("A")
    back = Query(door((120, 0)), door((0, 0)), EVENING, window_s=2 * 3600, own=Own(By.BIKE, (left,)))
    assert ridden(network, back) == [[("ride", "17:00-17:20", 0), ("bike", "17:20-17:33", 3000)]]  # not from B
    assert all(journey.rides for journey in plan(network, back).journeys)  # it is not at the door


ABOARD = replace(OUT, destination=door((90, 0)), own=Own(By.ABOARD))


@pytest.fixture(scope="module")
def taking(network: LiveNetwork) -> LiveNetwork:
    """The same, where the trip out of A takes bicycles; nobody says so of that of N."""
    said = np.array([name == "out" for name in network.timetable.trip_id], np.int8)
    return LiveNetwork(replace(network.timetable, trip_bikes=said), "other", network.streets)


def test_a_bicycle_taken_on_board_goes_on_at_the_other_end(network: LiveNetwork, taking: LiveNetwork) -> None:
    assert ridden(taking, ABOARD) == [
        [("bike_aboard", "07:47-08:00", 3000), ("ride", "08:00-08:20", 0), ("bike_aboard", "08:20-08:33", 3000)]
    ]
    assert [each.code for each in plan(taking, ABOARD).remarks] == ["planner.own_bikes_told"]
    assert ridden(network, ABOARD) == []
    assert "planner.own_bikes_unknown" in [each.code for each in plan(network, ABOARD).remarks]
    with pytest.raises(InvalidInput, match=r"planner\.own_goes_along"):
        plan(taking, replace(ABOARD, own=Own(By.ABOARD, (0,))))
    with pytest.raises(InvalidInput, match=r"planner\.own_with_wheelchair"):
        plan(taking, replace(ABOARD, limits=Limits(wheelchair=True)))


@pytest.mark.parametrize(("said", "goes"), [(0, False), (1, True), (2, False)])
def test_only_what_says_that_it_takes_bicycles_is_ridden(network: LiveNetwork, said: int, goes: bool) -> None:
    told = np.full(len(network.timetable.trip_bikes), said, np.int8)
    live = LiveNetwork(replace(network.timetable, trip_bikes=told), f"told {said}", network.streets)
    assert bool(ridden(live, ABOARD)) is goes


def test_nobody_drives_a_few_hundred_metres_to_a_train(network: LiveNetwork) -> None:
    """600 m to N are walked, not driven: stadtnavi #585 proposed 100 m by car."""
    driven = replace(OUT, own=Own(By.CAR), limits=Limits(walk_m_max=1_000))
    for journey in ridden(network, driven):
        assert [metres for how, _, metres in journey if how == "car" and metres < 1_000] == []
    assert ["walk", "ride"] in [[how for how, _, _ in journey] for journey in ridden(network, driven)]


def test_driving_is_a_way_to_a_stop_not_the_journey(network: LiveNetwork) -> None:
    """From 4 km beyond A no more than half of the way is driven: A and B are behind, nothing is in reach."""
    ends = replace(OUT, origin=door((50, 0)), destination=door((80, 0)), own=Own(By.DROPPED))
    assert ridden(network, ends) == []


@pytest.mark.parametrize(
    ("by", "stays_min"), [(By.CAR, 3), (By.DROPPED, 1)], ids=["left at the stop", "somebody drives away"]
)
def test_a_car_left_takes_longer_than_one_that_drives_on(network: LiveNetwork, by: By, stays_min: int) -> None:
    [leg] = [each for each in ridden(network, replace(OUT, own=Own(by)))[0] if each[0] == by.value]
    driven_s = round(3000 / (50 / 3.6 * 0.8))  # at the limit of a town, of which four fifths are driven
    before_s = driven_s + 60 * stays_min
    leaves = MORNING.replace(hour=8) - timedelta(seconds=before_s)
    assert leg[1][:5] == f"{leaves:%H:%M}"


def test_somebody_comes_for_one_at_the_end(network: LiveNetwork) -> None:
    back = Query(door((120, 0)), door((0, 0)), EVENING, window_s=2 * 3600, own=Own(By.FETCHED))
    first = ridden(network, back)[0]
    assert [how for how, _, _ in first] == ["ride", "fetched"]


def test_who_walks_slowly_leaves_sooner(network: LiveNetwork) -> None:
    leaves = {}
    for pace in Pace:
        walking = replace(OUT, origin=door((20, 0)), own=None, limits=Limits(pace=pace))
        [(how, when, metres), _] = next(each for each in ridden(network, walking) if each[1][1] == "08:00-08:20")
        leaves[pace] = when[:5]
        assert (how, metres) == ("walk", 1000)
    # 1,000 m at 1.2, 1.0 and 0.8 m/s: 13 min 54, 16 min 40, 20 min 50
    assert leaves == {Pace.USUAL: "07:46", Pace.STROLLER: "07:43", Pace.SLOW: "07:39"}


@pytest.mark.parametrize(
    ("own", "limits", "code"),
    [
        (Own(By.BIKE), Limits(wheelchair=True), "planner.own_with_wheelchair"),
        (Own(By.DROPPED, (0,)), Limits(), "planner.own_left_by_nobody"),
        (Own(By.WALK), Limits(), "planner.own_is_a_vehicle"),
    ],
    ids=["bicycle and wheelchair", "nobody leaves it", "no vehicle"],
)
def test_what_makes_no_sense_is_refused(network: LiveNetwork, own: Own, limits: Limits, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        plan(network, replace(OUT, own=own, limits=limits))
    assert refused.value.decision.code == code


def test_where_streets_are_unknown_it_is_said(network: LiveNetwork) -> None:
    answer = plan(LiveNetwork(network.timetable, "bare"), OUT)
    assert "planner.own_as_the_crow_flies" in [each.code for each in answer.remarks]
    leg = next(journey.legs[0] for journey in answer.journeys if journey.rides)
    assert isinstance(leg, Walk)
    assert (leg.by, leg.distance_m, leg.path) == (By.BIKE, pytest.approx(3900, abs=2), ())  # 1.3 times 3 km


def test_nothing_is_known_of_car_parks_and_that_is_said(network: LiveNetwork) -> None:
    codes = [[each.code for each in plan(network, replace(OUT, own=Own(by))).remarks] for by in (By.CAR, By.BIKE)]
    assert codes == [["planner.own_car_parks_unknown"], []]


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (By.BIKE, "7 h 47 à vélo jusqu’à A"),
        (By.CAR, " en voiture jusqu’à A"),
        (None, " à pied jusqu’à "),
    ],
)
def test_a_calendar_says_how_one_goes_to_the_stop(network: LiveNetwork, by: By | None, said: str) -> None:
    near = replace(OUT, origin=door((5, 0)), own=None)
    query = near if by is None else replace(OUT, own=Own(by))
    journey = next(each for each in plan(network, query).journeys if each.rides)
    file = journey_calendar(network, journey, query.origin, query.destination, MORNING, "https://m.example/")
    text = (
        file.decode().replace("\r\n ", "").replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    )
    assert said in text
    assert by is None or "à pied" not in text.partition(" vers ")[0]

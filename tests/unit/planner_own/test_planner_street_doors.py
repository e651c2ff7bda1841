"""A station between two streets that meet a kilometre away: its stop is nearest to the north street, and one enters
from the south. A hundred metres a unit; the train T and the bus B leave the same spot."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from mobigo.base.geo import distance_m
from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.engine.streets.build import build
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.model import Endpoint, Journey, Limits, Query, Walk
from mobigo.planner.service import plan
from tests.builders import feed, tables, trip
from tests.streets_drawn import Corner, at, drawn

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2025, 3, 18, 7, 10, tzinfo=PARIS)
STATION: Corner = (10, 0.8)
NORTH, SOUTH = (10, 1), (10, -1)
STREETS = [
    ([(0, 1), NORTH, (20, 1)], {"highway": "residential", "name": "rue du Nord"}),
    ([(0, -1), SOUTH, (13, -1), (20, -1)], {"highway": "residential", "name": "rue du Sud"}),
    ([(20, 1), (20, -1)], {"highway": "residential", "name": "passage"}),
]  # fmt: skip
ENTRANCE = {"railway": "train_station_entrance", "name": "Hall sud"}


def network(entrances: dict[Corner, dict[str, str]], *, rail: str = "2", also: tuple[str, ...] = ()) -> LiveNetwork:
    where: dict[str, Corner] = {"G": STATION, "B": STATION, "far": (200, 0)}
    rows = [
        {"stop_id": name, "stop_name": "Gare" if name == "G" else name, "stop_lat": f"{at(corner).lat:.7f}",
         "stop_lon": f"{at(corner).lon:.7f}"}
        for name, corner in where.items()
    ]  # fmt: skip
    routes = [{"route_id": "T", "route_type": rail}, {"route_id": "U", "route_type": "3"}]
    trips = [trip("train", "G 08:00 far 08:20", route="T"), trip("bus", "B 08:05 far 08:50", route="U")]
    feeds = [CompileInput("f", tables(feed(trips, stops=rows, routes=routes)))]
    for name in also:  # the same train station in another feed, fifty metres away
        moved = [
            dict(row) | {"stop_lat": f"{at((10, 0.3)).lat:.7f}"} if row["stop_id"] == "G" else dict(row) for row in rows
        ]
        feeds.append(CompileInput(name, tables(feed([trips[0]], stops=moved, routes=routes))))
    return LiveNetwork(compile_feeds(feeds, "Europe/Paris", "hash"), "hash", build(drawn(STREETS, entrances)))


def journeys(live: LiveNetwork, door: Corner, *, wheelchair: bool = False, walk_m: int = 1_500) -> list[Journey]:
    end = live.timetable.stop_id.index("far")
    asked = Query(
        Endpoint("porte", at(door)), Endpoint("loin", stops=(end,)), NOW, window_s=3600,
        limits=Limits(wheelchair=wheelchair, walk_m_max=walk_m),
    )  # fmt: skip
    return [each for each in plan(live, asked).journeys if each.rides]


def walked_m(found: list[Journey], live: LiveNetwork, stop: str) -> int | None:
    """Metres on foot to that stop; None where no journey leaves from it."""
    for each in found:
        if live.timetable.stop_id[each.rides[0].visits[0].stop] == stop:
            first = each.legs[0]
            assert isinstance(first, Walk)
            return first.distance_m
    return None


ROUND = 1_000 + 200 + 1_000  # metres from one street to the other


@pytest.mark.parametrize(
    ("entrances", "south", "north"),
    [
        ({}, None, 20),  # as before: from the street that passes nearest
        ({SOUTH: ENTRANCE}, 234, None),  # 180 m from the entrance as the crow flies, times 1.3; round is too far
        ({SOUTH: {**ENTRANCE, "access": "private"}}, None, 20),
        ({SOUTH: {**ENTRANCE, "railway": "subway_entrance"}}, None, 20),  # of another kind of station
        ({SOUTH: ENTRANCE, NORTH: ENTRANCE}, 234, 26),
        ({(13, -1): ENTRANCE}, None, 20),  # 350 m away: of no station known
    ],
)
def test_one_enters_a_station_where_the_map_says(
    entrances: dict[Corner, dict[str, str]], south: int | None, north: int | None
) -> None:
    live = network(entrances)
    for door, metres in ((SOUTH, south), (NORTH, north)):
        found = walked_m(journeys(live, door), live, "G")
        assert found == (None if metres is None else pytest.approx(metres, abs=3))
        assert walked_m(journeys(live, door), live, "B") == (None if door == SOUTH else pytest.approx(20, abs=3))


def test_round_by_the_other_street_is_a_way_for_who_accepts_it() -> None:
    live = network({SOUTH: ENTRANCE})
    assert walked_m(journeys(live, NORTH, walk_m=3_000), live, "G") == pytest.approx(ROUND + 234, abs=5)


def test_an_entrance_that_is_not_for_wheelchairs_is_none_for_them() -> None:
    shut, unknown = network({SOUTH: {**ENTRANCE, "wheelchair": "no"}}), network({SOUTH: ENTRANCE})
    assert walked_m(journeys(shut, SOUTH), shut, "G") == pytest.approx(234, abs=3)
    assert walked_m(journeys(shut, SOUTH, wheelchair=True), shut, "G") is None
    assert walked_m(journeys(shut, NORTH, wheelchair=True), shut, "G") is None
    assert unknown.timetable.stop_wheelchair.tolist().count(2) == 0


def test_a_metro_has_entrances_of_its_own_kind() -> None:
    live = network({SOUTH: {**ENTRANCE, "railway": "subway_entrance"}}, rail="1")
    assert walked_m(journeys(live, SOUTH), live, "G") == pytest.approx(234, abs=3)


def test_the_same_station_in_another_feed_is_entered_there_too() -> None:
    live = network({SOUTH: ENTRANCE}, also=("other",))
    rows = [row for row, name in enumerate(live.timetable.stop_id) if name == "G"]
    assert len(rows) == 2
    found = {each.rides[0].visits[0].stop for each in journeys(live, NORTH)}
    assert not found & set(rows)


def test_the_way_is_drawn_by_the_entrance_and_it_is_named() -> None:
    live = network({SOUTH: ENTRANCE})
    first = next(each for each in journeys(live, (8, -1)) if walked_m([each], live, "G")).legs[0]
    assert isinstance(first, Walk)
    assert min(distance_m(point, at(SOUTH)) for point in first.path) < 1
    said = [each.what for each in first.directions]
    assert [each.code for each in said] == ["streets.set_off_east", "pathways.enter"]
    assert said[-1].params["name"] == "Hall sud"
    unnamed = network({SOUTH: {"railway": "train_station_entrance"}})
    first = next(each for each in journeys(unnamed, (8, -1)) if walked_m([each], unnamed, "G")).legs[0]
    assert isinstance(first, Walk)
    assert first.directions[-1].what.params["name"] == "Gare"

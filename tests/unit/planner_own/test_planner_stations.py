"""From a door to a train by the entrances of its station and its pathways, and back; on streets and as the crow flies;
on foot and rolling. One station, 1 km along a street from the door, a second line one level below the first.

    hundreds of metres along the street:  door 0 · entrance A (stairs) 9 · station 10 · entrance B (lift) 12
"""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mobigo.infra.i18n import sentence, use_language
from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.engine.realtime.matching import FeedIndex, match
from mobigo.network.engine.realtime.overlay import overlaid
from mobigo.network.engine.streets.build import build
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.today import Today
from mobigo.planner.export.journeys import answer_json
from mobigo.planner.model import By, Endpoint, Journey, Limits, Own, Pace, Query, Ride, Walk
from mobigo.planner.service import plan
from mobigo.planner.service.reached import areas
from mobigo.planner.web.shown import shown_journey
from tests.builders import csv_text, feed, tables, trip
from tests.streets_drawn import Corner, at, drawn

PARIS = ZoneInfo("Europe/Paris")
MORNING = datetime(2025, 3, 18, 7, 0, tzinfo=PARIS)
WHERE: dict[str, Corner] = {"A": (9, 0), "S": (10, 0), "B": (12, 0), "Z": (300, 0), "Y": (300, 20)}
STREET = [
    ([(0, 0), (9, 0), (12, 0), (20, 0), (300, 0), (300, 20)], {"highway": "residential", "name": "rue de la Gare"}),
    ([(9, 0), (9, -2)], {"highway": "residential", "name": "impasse"}),
]


def place(stop_id: str, corner: Corner, **columns: object) -> dict[str, object]:
    point = at(corner)
    return {"stop_id": stop_id, "stop_lat": f"{point.lat:.7f}", "stop_lon": f"{point.lon:.7f}", **columns}


STOPS = [
    place("S", WHERE["S"], location_type=1, stop_name="Gare", wheelchair_boarding=1),
    place("P1", WHERE["S"], parent_station="S", level_id="L-1", stop_name="Gare, quai 1"),
    place("P2", WHERE["S"], parent_station="S", level_id="L-2", stop_name="Gare, quai 2"),
    place("A", WHERE["A"], location_type=2, parent_station="S", stop_name="place d’Armes", level_id="L0",
          wheelchair_boarding=2),
    place("B", WHERE["B"], location_type=2, parent_station="S", stop_name="square Darcy", level_id="L0"),
    place("H", WHERE["S"], location_type=3, parent_station="S", level_id="L-1"),
    place("Z", WHERE["Z"], wheelchair_boarding=1),
    place("Y", WHERE["Y"], wheelchair_boarding=1),
]  # fmt: skip
LEVELS = [
    {"level_id": "L0", "level_index": 0, "level_name": "Rue"},
    {"level_id": "L-1", "level_index": -1, "level_name": "Salle des échanges"},
    {"level_id": "L-2", "level_index": -2, "level_name": "Quai du bas"},
]
PATHWAYS = [
    {"from_stop_id": "A", "to_stop_id": "H", "pathway_mode": 2, "is_bidirectional": 1, "traversal_time": 60,
     "stair_count": -43, "signposted_as": "Trains", "reversed_signposted_as": "Sortie"},
    {"from_stop_id": "B", "to_stop_id": "H", "pathway_mode": 5, "is_bidirectional": 1, "traversal_time": 90},
    {"from_stop_id": "H", "to_stop_id": "P1", "pathway_mode": 6, "is_bidirectional": 0, "traversal_time": 6},
    {"from_stop_id": "P1", "to_stop_id": "H", "pathway_mode": 7, "is_bidirectional": 0, "traversal_time": 6},
    {"from_stop_id": "P1", "to_stop_id": "P2", "pathway_mode": 4, "is_bidirectional": 0, "traversal_time": 30},
    {"from_stop_id": "P1", "to_stop_id": "P2", "pathway_mode": 5, "is_bidirectional": 1, "traversal_time": 120},
]  # fmt: skip
ROLLS = {"wheelchair_accessible": "1"}
TRIPS = [
    trip("up", "P1 08:00 Z 08:20", **ROLLS),
    trip("in", "Z 09:00 P1 09:20", **ROLLS),
    trip("soon", "P2 09:20:30 Y 09:40", **ROLLS),
    trip("later", "P2 09:22 Y 09:42", **ROLLS),
]


def network(*, streets: bool, pathways: list[dict[str, object]] | None = None) -> LiveNetwork:
    rows = [{"pathway_id": f"w{n}", **row} for n, row in enumerate(PATHWAYS if pathways is None else pathways)]
    files = feed(TRIPS, stops=STOPS) | {"levels.txt": csv_text(LEVELS)}
    files |= {"pathways.txt": csv_text(rows)} if rows else {}
    timetable = compile_feeds([CompileInput("f", tables(files))], "Europe/Paris", "hash")
    return LiveNetwork(timetable, "hash", build(drawn(STREET)) if streets else None)


@pytest.fixture(scope="module", params=[False, True], ids=["as the crow flies", "on streets"])
def station(request: pytest.FixtureRequest) -> LiveNetwork:
    return network(streets=request.param)


def door(east: float, north: float = 0) -> Endpoint:
    return Endpoint("porte", at((east, north)))


OUT = Query(door(0), door(300), MORNING, window_s=2 * 3600)
BACK = Query(door(300), door(0), MORNING.replace(hour=8, minute=50), window_s=3600)
ACROSS = Query(door(300), door(300, 20), MORNING.replace(hour=8, minute=50), window_s=3600)


def ridden(live: LiveNetwork, query: Query) -> Journey:
    return next(each for each in plan(live, query).journeys if each.rides)


def walk(live: LiveNetwork, query: Query, leg: int) -> Walk:
    found = ridden(live, query).legs[leg]
    assert isinstance(found, Walk)
    return found


def seconds(leg: Walk) -> int:
    return int((leg.arrive_at - leg.depart_at).total_seconds())


def said(leg: Walk) -> list[tuple[str, int]]:
    return [(sentence(each.what, "fr").replace("\u202f", " "), each.length_m) for each in leg.directions]


def on_street(live: LiveNetwork, metres: int) -> tuple[int, int]:
    """(metres, seconds) of that way along the street; as the crow flies 1.3 times as far."""
    far = metres if live.streets is not None else metres * 13 // 10
    return far, -(-far * 10 // 12)


def test_one_enters_by_the_best_entrance_and_goes_on_by_the_pathways(station: LiveNetwork) -> None:
    leg = walk(station, OUT, 0)
    far, street_s = on_street(station, 900)
    assert seconds(leg) == pytest.approx(street_s + 60 + 6, abs=2)  # by A: the stairs, then the gates
    assert leg.distance_m == pytest.approx(far + 72 + 8, abs=2)  # 60 s and 6 s at 1.2 m/s


def test_one_leaves_by_it_too(station: LiveNetwork) -> None:
    leg = walk(station, BACK, -1)
    assert seconds(leg) == pytest.approx(on_street(station, 900)[1] + 60 + 6, abs=2)


def test_a_wheelchair_takes_the_lift_at_the_far_entrance(station: LiveNetwork) -> None:
    leg = walk(station, replace(OUT, limits=Limits(wheelchair=True)), 0)
    speed = 0.9 if station.streets is not None else 1.2
    far = on_street(station, 1200)[0]
    assert seconds(leg) == pytest.approx(far / speed + 90 + 8, abs=3)  # the gates at 0.9 m/s
    assert not any("escalier" in text for text, _metres in said(leg))
    assert ("Prenez l’ascenseur vers « Salle des échanges »", 0) in said(leg)


def test_without_a_lift_a_wheelchair_does_not_get_there(station: LiveNetwork) -> None:
    stairs_alone = network(streets=station.streets is not None, pathways=[PATHWAYS[0], *PATHWAYS[2:]])
    answer = plan(stairs_alone, replace(OUT, limits=Limits(wheelchair=True)))
    assert not any(journey.rides for journey in answer.journeys)
    assert ridden(stairs_alone, OUT).rides


@pytest.mark.parametrize(("limits", "inside_s"), [
    (Limits(pace=Pace.SLOW), 113 + 9),  # stairs: 60 s × 1.5 × 1.25 = 112.5
    (Limits(pace=Pace.STROLLER), 180 + 8),
])  # fmt: skip
def test_each_walks_at_their_own_pace(station: LiveNetwork, limits: Limits, inside_s: int) -> None:
    speed = {Pace.SLOW: 0.8, Pace.STROLLER: 1.0}[limits.pace]
    leg = walk(station, replace(OUT, limits=limits), 0)
    by_lift_s = 300 * (1 if station.streets is not None else 1.3) / speed + 90 - inside_s + 8
    assert by_lift_s > 0  # the nearer entrance stays the best
    assert seconds(leg) == pytest.approx(on_street(station, 900)[0] / speed + inside_s, abs=2)


def test_it_is_told_in_both_languages(station: LiveNetwork) -> None:
    french = [text for text, _metres in said(walk(station, OUT, 0))]
    inside = ["Suivez « Trains »", "Descendez l’escalier (43 marches)", "Passez les portillons"]
    if station.streets is None:
        assert french == ["Allez jusqu’à l’entrée « place d’Armes »", *inside]
    else:
        assert french[1:] == ["Entrez par « place d’Armes »", *inside]
        assert "rue de la Gare" in french[0]
    english = [sentence(each.what, "en") for each in walk(station, BACK, -1).directions]
    assert english[:4] == [
        "Go through the exit gates", "Follow “Sortie”", "Go up the stairs (43 steps)", "Leave by “place d’Armes”",
    ]  # fmt: skip


def test_a_change_below_lasts_what_its_escalator_takes(station: LiveNetwork) -> None:
    journey = ridden(station, ACROSS)
    change = next(leg for leg in journey.legs[1:-1] if isinstance(leg, Walk))
    assert (seconds(change), said(change)) == (30, [("Descendez par l’escalier mécanique", 0)])
    assert [ride.depart_at.astimezone(PARIS).strftime("%H:%M:%S") for ride in journey.rides] == ["09:00:00", "09:20:30"]


def test_a_wheelchair_changes_by_the_lift_and_takes_the_next_train(station: LiveNetwork) -> None:
    journey = ridden(station, replace(ACROSS, limits=Limits(wheelchair=True)))
    change = next(leg for leg in journey.legs[1:-1] if isinstance(leg, Walk))
    assert (seconds(change), said(change)) == (120, [("Prenez l’ascenseur vers « Quai du bas »", 0)])
    assert journey.rides[1].depart_at.astimezone(PARIS).strftime("%H:%M:%S") == "09:22:00"


def test_the_page_and_the_api_tell_it_and_credit_the_streets_where_there_are_some(station: LiveNetwork) -> None:
    answer = plan(station, ACROSS)
    journey = next(each for each in answer.journeys if each.rides)
    change = next(
        n for n, leg in enumerate(journey.legs) if isinstance(leg, Walk) and None not in (leg.from_stop, leg.to_stop)
    )
    with use_language("fr"):
        legs = shown_journey(station, journey, ACROSS.origin, ACROSS.destination, PARIS).legs
        given = answer_json(station, replace(answer, journeys=(journey,)))["journeys"][0]["legs"]
    assert [(text, metres) for text, metres in legs[change].directions] == [("Descendez par l’escalier mécanique", 0)]
    assert not legs[change].along_streets  # the change is the station's alone
    assert [step["text"] for step in given[change]["directions"]] == ["Descendez par l’escalier mécanique"]
    with use_language("fr"):
        out = shown_journey(station, ridden(station, OUT), OUT.origin, OUT.destination, PARIS).legs[0]
    assert out.along_streets is (station.streets is not None)
    assert (out.directions[-1][0], out.directions[-1][1]) == ("Passez les portillons", 8)


def test_its_line_passes_by_the_entrance(station: LiveNetwork) -> None:
    path = walk(station, OUT, 0).path
    entrance, end = at(WHERE["A"]), at(WHERE["S"])
    assert any(abs(each.lat - entrance.lat) + abs(each.lon - entrance.lon) < 1e-5 for each in path)
    assert (path[-1].lat, path[-1].lon) == pytest.approx((end.lat, end.lon), abs=1e-6)


def test_a_bicycle_is_left_at_the_entrance(station: LiveNetwork) -> None:
    leg = walk(station, replace(OUT, own=Own(By.BIKE)), 0)
    ridden_s = on_street(station, 900)[0] / (15 / 3.6)
    assert (leg.by, seconds(leg)) == (By.BIKE, pytest.approx(ridden_s + 60 + 6 + 60, abs=3))  # and locked
    assert any("place d’Armes" in text for text, _metres in said(leg))


def test_who_walks_little_does_not_walk_more_inside(station: LiveNetwork) -> None:
    """The metres of the pathways count in what one accepts to walk."""
    whole = walk(station, OUT, 0).distance_m
    for walk_m_max, rides in ((whole, True), (whole - 1, False)):
        limited = replace(OUT, limits=Limits(walk_m_max=walk_m_max))
        assert any(journey.rides for journey in plan(station, limited).journeys) is rides


def test_areas_begin_at_the_entrances(station: LiveNetwork) -> None:
    at_z = MORNING.replace(hour=8, minute=55)
    reached = areas(station, Endpoint("Z", at((300, 0))), at_z, [3600], walk_m_max=1_000).grid
    by_a = reached.at(at((9, 0.2)).lat, at((9, 0)).lon)
    assert by_a is not None
    assert 25 * 60 + 66 <= by_a <= 25 * 60 + 66 + 90  # on the platform at 9:20, out 66 s later; a cell is 50 or 100 m


def test_a_day_in_realtime_keeps_the_pathways(station: LiveNetwork) -> None:
    from google.transit import gtfs_realtime_pb2 as pb

    from mobigo.network.gateway.gtfs_realtime import read

    message = pb.FeedMessage()
    message.header.gtfs_realtime_version = "2.0"
    message.header.timestamp = int(MORNING.timestamp())
    entity = message.entity.add(id="1")
    entity.trip_update.trip.trip_id = "in"
    entity.trip_update.trip.start_date = "20250318"
    entity.trip_update.stop_time_update.add(stop_sequence=1).arrival.delay = 60  # at 9:21, 30 s below: 9:22 is caught
    found = match(FeedIndex(station.timetable, 0), [read(message.SerializeToString())])
    overlay = overlaid(station.timetable, found.changes)
    today = LiveNetwork(overlay.timetable, "hash", station.streets, Today(overlay=overlay), station)
    journey = ridden(today, ACROSS)
    assert [ride.depart_at.astimezone(PARIS).strftime("%H:%M:%S") for ride in journey.rides] == ["09:00:00", "09:22:00"]
    change = next(leg for leg in journey.legs[1:-1] if isinstance(leg, Walk))
    assert seconds(change) == 30
    rolling = plan(today, replace(ACROSS, limits=Limits(wheelchair=True))).journeys
    assert not any(len(each.rides) == 2 for each in rolling)  # 120 s by the lift: too late


def test_a_station_without_pathways_is_as_it_was(station: LiveNetwork) -> None:
    plain = network(streets=station.streets is not None, pathways=[])
    leg = walk(plain, OUT, 0)
    far, street_s = on_street(plain, 1000)
    assert (seconds(leg), leg.distance_m) == (pytest.approx(street_s, abs=2), pytest.approx(far, abs=2))
    assert not plain.timetable.within_s.size
    assert isinstance(ridden(plain, OUT).legs[1], Ride)
    assert ridden(plain, OUT).arrive_at - MORNING < timedelta(hours=2)

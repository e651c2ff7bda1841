"""How long a change takes: precedence of rules, types, stations, copies of stops, near stops."""

import numpy as np
import pytest

from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.engine.transfers import TransferRule, WalkRules, near_links
from mobigo.network.model.timetable import NEVER_S, Timetable
from tests.builders import feed, tables, transfer, trip

NEAR = [  # A and B 222 m apart, P a station above both, C far away
    {"stop_id": "A", "stop_lat": "46.000", "stop_lon": "4.0", "parent_station": "P"},
    {"stop_id": "B", "stop_lat": "46.002", "stop_lon": "4.0", "parent_station": "P"},
    {"stop_id": "C", "stop_lat": "47.000", "stop_lon": "4.0", "parent_station": ""},
    {"stop_id": "P", "stop_lat": "46.001", "stop_lon": "4.0", "location_type": "1"},
]
WALK_S = 241  # 222.39 m × 1.3 ÷ 1.2 m/s, rounded up
TRIPS = [
    trip("in", "C 8:00 A 9:00", route="R1"),
    trip("out", "B 10:00 C 11:00", route="R2"),
    trip("on", "A 10:00 C 11:00"),
]


def compiled(*transfers: dict[str, object], walk: WalkRules | None = None) -> Timetable:
    files = feed(TRIPS, stops=NEAR, transfers=transfers)
    return compile_feeds([CompileInput("feed", tables(files))], "Europe/Paris", "hash", walk)


def seconds(timetable: Timetable, from_node: int, to_node: int) -> int | None:
    if from_node == to_node:
        change_s = int(timetable.node_change_s[from_node])
        return None if change_s == NEVER_S else change_s
    at = slice(int(timetable.foot_start[from_node]), int(timetable.foot_start[from_node + 1]))
    found = [
        s for n, s in zip(timetable.foot_node[at].tolist(), timetable.foot_s[at].tolist(), strict=True) if n == to_node
    ]
    return found[0] if found else None


def stop(timetable: Timetable, stop_id: str) -> int:
    return list(timetable.stop_id).index(stop_id)


def change_s(timetable: Timetable, a: str, b: str) -> int | None:
    return seconds(timetable, stop(timetable, a), stop(timetable, b))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ((), WALK_S + 120),
        ((transfer("A", "B", 0),), WALK_S + 120),
        ((transfer("A", "B", 1),), WALK_S),  # the next vehicle waits
        ((transfer("A", "B", 2, 400),), 400),
        ((transfer("A", "B", 2, 0),), 0),  # nothing is a time too
        ((transfer("A", "B", 2),), WALK_S + 120),  # no time given: the usual
        ((transfer("A", "B", 3),), None),
        ((transfer("P", "P", 2, 300),), 300),  # a station's rule holds between its stops
        ((transfer("P", "P", 2, 300), transfer("A", "B", 2, 200)), 200),  # the stops' own wins
        ((transfer("P", "P", 3), transfer("A", "B", 2, 200)), 200),
        ((transfer("A", "B", 2, 200), transfer("A", "B", 2, 500)), 500),  # of two the more cautious
        ((transfer("A", "B", 2, 200), transfer("A", "B", 3)), None),
        ((transfer("A", "NOWHERE", 2, 5),), WALK_S + 120),
    ],
)
def test_between_two_near_stops(rule, expected):
    assert change_s(compiled(*rule), "A", "B") == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ((), 120),
        ((transfer("A", "A", 1),), 0),
        ((transfer("A", "A", 2, 30),), 30),
        ((transfer("A", "A", 3),), None),
        ((transfer("P", "P", 2, 300),), 300),
    ],
)
def test_at_one_stop(rule, expected):
    assert change_s(compiled(*rule), "A", "A") == expected


def test_far_stops_are_linked_by_a_rule_alone():
    assert change_s(compiled(), "A", "C") is None
    assert change_s(compiled(transfer("A", "C", 2, 900)), "A", "C") == 900


def test_a_rule_for_a_trip_leaves_everybody_else_alone():
    timetable = compiled(transfer("A", "A", 2, 10, from_trip_id="in"))
    a = stop(timetable, "A")
    copies = [
        node for node in range(len(timetable.stop_id), len(timetable.node_stop)) if timetable.node_stop[node] == a
    ]
    assert len(copies) == 1  # where the trip "in" calls
    assert seconds(timetable, copies[0], a) == 10
    assert seconds(timetable, a, a) == 120


@pytest.mark.parametrize(
    ("scope", "specificity"),
    [
        ({}, 0),
        ({"from_route": 1}, 1),
        ({"to_route": 1}, 1),
        ({"from_route": 1, "to_route": 1}, 2),
        ({"from_trip": 1}, 3),
        ({"from_trip": 1, "from_route": 1}, 3),  # the trip makes its route mute
        ({"from_trip": 1, "to_route": 1}, 4),
        ({"from_route": 1, "to_trip": 1}, 4),
        ({"from_trip": 1, "to_trip": 1}, 5),
    ],
)
def test_specificity_ranks_as_the_reference_says(scope, specificity):
    assert TransferRule(0, 0, 0, -1, **scope).specificity == specificity


@pytest.mark.parametrize(("metres", "linked"), [(399.0, True), (401.0, False)])
def test_stops_are_near_up_to_the_limit(metres, linked):
    lat = np.array([46.0, 46.0 + metres / 111_195])
    found = near_links(lat, np.array([4.0, 4.0]), np.array([0, 1], np.int32), WalkRules(link_m_max=400))
    assert len(found[0]) == (2 if linked else 0)


def test_near_links_are_those_a_plain_comparison_finds():
    chance = np.random.default_rng(5)
    lat, lon = 46 + chance.random(300) * 0.05, 4 + chance.random(300) * 0.07
    rules = WalkRules(link_m_max=500, links_per_stop_max=1000)
    a, b = near_links(lat, lon, np.arange(300, dtype=np.int32), rules)
    dy = (lat[:, None] - lat) * 111_195
    dx = (lon[:, None] - lon) * 111_195 * np.cos(np.radians((lat[:, None] + lat) / 2))
    expected = {(i, j) for i, j in zip(*np.nonzero(np.hypot(dx, dy) <= 500), strict=True) if i != j}
    assert set(zip(a.tolist(), b.tolist(), strict=True)) == expected


def test_stops_without_a_place_are_near_nothing():
    lat, lon = np.array([0.0, 0.0, np.nan, np.nan]), np.array([0.0, 0.0, 4.0, 4.0])
    assert len(near_links(lat, lon, np.arange(4, dtype=np.int32), WalkRules())[0]) == 0


def test_a_thousand_stops_at_one_place_do_not_make_a_million_links():
    lat, lon = np.full(1000, 46.0), np.full(1000, 4.0)
    assert len(near_links(lat, lon, np.arange(1000, dtype=np.int32), WalkRules())[0]) == 64_000

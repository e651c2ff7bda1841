"""Stations from the inside: what each pathway takes, and what becomes of the changes and the entrances. Random stations
are compared with an oracle that reads the rows alone."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from mobigo.network.engine.pathways import Inside
from mobigo.network.model.pathways import MOVERS, PathwayMode, Stations
from mobigo.network.model.streets import SLOW_WALKER, STROLLER, WALKER, WHEELCHAIR
from mobigo.network.model.timetable import NEVER_S, Timetable
from mobigo.network.rules.pathways import Pathway, is_step_free, takes_s, walked_m
from mobigo.network.store.compiled import load, save
from mobigo.planner.engine.indoors import Indoors
from mobigo.planner.engine.paced import paced
from tests.builders import csv_text, feed, transfer, trip
from tests.oracles.pathways import least_seconds
from tests.planner_adaptor import compiled

M = PathwayMode
WALKWAY, STAIRS, BELT = Pathway(M.WALKWAY), Pathway(M.STAIRS), Pathway(M.MOVING_SIDEWALK)
ESCALATOR, LIFT, GATE = Pathway(M.ESCALATOR), Pathway(M.LIFT), Pathway(M.FARE_GATE)


@pytest.mark.parametrize(
    ("pathway", "walk", "slow", "stroller", "wheels"),
    [
        (replace(WALKWAY, time_s=60, length_m=500), 60, 90, 72, 80),  # the time told: a usual walker's
        (replace(WALKWAY, time_s=3), 3, 5, 4, 4),  # 4.5, 3.6 and 4.0: rounded up
        (replace(WALKWAY, length_m=36), 30, 45, 36, 40),
        (replace(WALKWAY, length_m=0), 0, 0, 0, 0),
        (replace(WALKWAY, straight_m=36), 30, 45, 36, 40),
        (WALKWAY, 9, 13, 10, 12),  # 10 m
        (replace(STAIRS, time_s=40), 40, 75, 120, None),  # × 1.2/0.8 × 2.0/1.6; × 1.2/1.0 × 4.0/1.6
        (replace(STAIRS, length_m=12), 16, 30, 48, None),  # 10 s × 1.6
        (replace(STAIRS, steps=40), 18, 33, 53, None),  # 13.2 m
        (replace(STAIRS, steps=-40), 18, 33, 53, None),
        (STAIRS, 11, 20, 32, None),  # a storey, 8 m
        (replace(STAIRS, levels=-3.0), 32, 60, 96, None),
        (replace(STAIRS, levels=0.5, straight_m=30), 40, 75, 120, None),
        (replace(BELT, time_s=50), 50, 50, 50, 50),  # it carries
        (replace(BELT, length_m=36), 30, 45, 36, 40),
        (replace(ESCALATOR, time_s=50), 50, 50, 50, None),
        (replace(ESCALATOR, length_m=10), 20, 20, 20, None),  # 0.5 m/s
        (ESCALATOR, 16, 16, 16, None),
        (replace(LIFT, time_s=180), 180, 180, 180, 180),
        (LIFT, 55, 55, 55, 70),  # the wait of each, and a level
        (replace(LIFT, levels=-3.0, length_m=2), 75, 75, 75, 90),
        (replace(LIFT, levels=0.5), 55, 55, 55, 70),
        (replace(GATE, time_s=6), 6, 9, 8, 8),
        (GATE, 3, 5, 4, 4),
        (replace(GATE, length_m=6), 5, 8, 6, 7),
        (Pathway(M.EXIT_GATE), 3, 5, 4, 4),
    ],
)  # fmt: skip
def test_what_each_pathway_takes_each_walker(pathway, walk, slow, stroller, wheels):
    assert [takes_s(pathway, mover) for mover in (WALKER, SLOW_WALKER, STROLLER, WHEELCHAIR)] == [
        walk, slow, stroller, wheels,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pathway", "passes"),
    [
        (replace(GATE, width_m=0.79), False),
        (replace(GATE, width_m=0.80), True),
        (replace(LIFT, width_m=0.79), False),
        (replace(WALKWAY, slope=0.06), True),
        (replace(WALKWAY, slope=0.061), False),
        (replace(WALKWAY, slope=-0.061), False),
        (replace(WALKWAY, slope=0.10, length_m=2.0), True),
        (replace(WALKWAY, slope=0.10, length_m=2.1), False),
        (replace(WALKWAY, slope=0.101, length_m=2.0), False),
        (replace(STAIRS, width_m=3.0), False),
        (ESCALATOR, False),
        (BELT, True),
        (LIFT, True),
        (GATE, True),
        (Pathway(M.EXIT_GATE), True),
    ],
)
def test_where_a_wheelchair_passes(pathway, passes):
    assert is_step_free(pathway) is passes
    assert (takes_s(pathway, WHEELCHAIR) is not None) is passes


@pytest.mark.parametrize(
    ("pathway", "metres"),
    [
        (replace(WALKWAY, length_m=29.2), 30),
        (replace(WALKWAY, length_m=25, time_s=10), 25),
        (replace(WALKWAY, length_m=25.1, time_s=10), 12),  # faster than 2.5 m/s: not in metres
        (replace(WALKWAY, time_s=10), 12),
        (replace(STAIRS, steps=40), 14),
        (WALKWAY, 10),
        (GATE, 4),
        (replace(LIFT, length_m=30), 0),
        (replace(ESCALATOR, length_m=30), 0),
        (replace(BELT, length_m=30), 0),
    ],
)
def test_the_metres_on_foot(pathway, metres):
    assert walked_m(pathway) == metres


# --- a station on paper: two platforms, a hall between them, two entrances

STOPS = [
    {"stop_id": "S", "stop_name": "Gare", "location_type": 1, "stop_lat": "47.0", "stop_lon": "4.0"},
    {"stop_id": "P1", "parent_station": "S", "stop_lat": "47.0", "stop_lon": "4.0"},
    {"stop_id": "P2", "parent_station": "S", "stop_lat": "47.0003", "stop_lon": "4.0"},
    {"stop_id": "E1", "parent_station": "S", "location_type": 2, "stop_lat": "47.001", "stop_lon": "4.0"},
    {"stop_id": "H", "parent_station": "S", "location_type": 3},
    {"stop_id": "X", "stop_lat": "47.002", "stop_lon": "4.0"},  # a bus stop, 111 m north of the entrance
]


def way(a: str, b: str, mode: int = 1, both: int = 1, **columns: object) -> dict[str, object]:
    return {"from_stop_id": a, "to_stop_id": b, "pathway_mode": mode, "is_bidirectional": both, **columns}


PATHWAYS = [way("P1", "H", 2, 1, stair_count=30), way("H", "P2", 1, 1, traversal_time=50),
            way("E1", "H", 5, 1, traversal_time=80)]  # fmt: skip


def station(
    pathways: list[dict[str, object]], stops: list[dict[str, object]] | None = None, **others: object
) -> Timetable:
    """A train calls at P1 and at P2, a bus at X; they go to Z, far away."""
    rows = [{"pathway_id": f"w{n}", **row} for n, row in enumerate(pathways)]
    files = feed(
        [*(trip(name, f"{stop} 8:00 Z 9:00") for name, stop in zip("abc", ("P1", "P2", "X"), strict=True)),
         trip("d", "Z 7:00 P1 7:50")],
        stops=[*(STOPS if stops is None else stops), {"stop_id": "Z", "stop_lat": "47.9", "stop_lon": "4.0"}],
        **others,
    )  # fmt: skip
    return compiled(files | ({"pathways.txt": csv_text(rows)} if rows else {}))


def link(timetable: Timetable, a: str, b: str) -> int | None:
    """Seconds of the link between two stops; None for none."""
    ids = list(timetable.stop_id)
    x, y = ids.index(a), ids.index(b)
    at = slice(timetable.foot_start[x], timetable.foot_start[x + 1])
    found = dict(zip(timetable.foot_node[at].tolist(), timetable.foot_s[at].tolist(), strict=True))
    return found.get(y)


def test_a_change_takes_what_the_pathways_take_and_nothing_more():
    timetable = station(PATHWAYS)
    assert link(timetable, "P1", "P2") == 14 + 50  # 30 steps of 33 cm at 1.2 m/s × 1.6
    assert link(station([]), "P1", "P2") == 120 + 37  # as the crow flies, and the time of a change


def test_pathways_that_lead_nowhere_are_believed_unless_a_transfer_tells():
    cut = [PATHWAYS[0], PATHWAYS[2]]
    assert link(station(cut), "P1", "P2") is None
    told = station(cut, transfers=[transfer("P1", "P2", 2, 300)])
    assert (link(told, "P1", "P2"), link(told, "P2", "P1")) == (300, None)


@pytest.mark.parametrize(("kind", "least_s", "expected"), [
    (2, 63, 64), (2, 65, 65), (0, None, 64), (1, None, 64), (3, None, None), (2, None, 64),
])  # fmt: skip
def test_a_least_time_holds_where_it_is_longer(kind, least_s, expected):
    rule = transfer("P1", "P2", kind, least_s)
    assert link(station(PATHWAYS, transfers=[rule]), "P1", "P2") == expected
    of_station = transfer("S", "S", kind, least_s)
    assert link(station(PATHWAYS, transfers=[of_station]), "P1", "P2") == expected


def test_a_least_time_for_one_trip_holds_too():
    rules = [transfer("P1", "P2", 2, 500, from_trip_id="d"), transfer("P1", "P2", 2, 10, to_trip_id="b")]
    timetable = station(PATHWAYS, transfers=rules)
    platforms = [timetable.stop_id[stop] != "X" for stop in timetable.node_stop.tolist()]
    pairs = zip(timetable.within_from.tolist(), timetable.within_to.tolist(), strict=True)
    inside = [platforms[a] and platforms[b] for a, b in pairs]
    assert set(timetable.within_s[0][inside].tolist()) == {64, 500}


def test_what_runs_one_way_is_taken_one_way():
    one_way = station([way("P1", "H", 4, 0, traversal_time=20), way("H", "P2", 7, 1, traversal_time=5), PATHWAYS[2]])
    assert (link(one_way, "P1", "P2"), link(one_way, "P2", "P1")) == (25, None)  # an exit gate is never two-way


def test_a_bus_on_the_street_is_reached_by_the_entrance():
    timetable = station(PATHWAYS)
    street_s = 121  # 111.2 m × 1.3 / 1.2 m/s
    assert link(timetable, "P2", "X") == 50 + 80 + street_s + 120
    assert link(timetable, "X", "P1") == street_s + 120 + 80 + 14


@pytest.mark.parametrize("access", ["0", "", "1"])
def test_a_platform_of_a_described_station_has_no_other_door(access):
    stops = [dict(row) for row in STOPS]
    stops[2]["stop_access"] = access
    timetable = station(PATHWAYS[:1] + PATHWAYS[2:], stops)  # nothing leads to P2
    assert (link(timetable, "P2", "X") is not None) is (access == "1")
    enclosed = {timetable.stop_id[row] for row in timetable.enclosed_stop.tolist()}
    assert enclosed == {"P1"} | ({"P2"} if access != "1" else set())


def test_without_an_entrance_in_the_pathways_a_platform_is_where_it_is():
    timetable = station(PATHWAYS[:2])
    assert link(timetable, "P1", "P2") == 64
    assert link(timetable, "P1", "X") == 120 + 241  # 222.4 m × 1.3 / 1.2
    assert not len(timetable.enclosed_stop)


def test_a_boarding_area_is_its_platform():
    stops = [*STOPS, {"stop_id": "P1a", "parent_station": "P1", "location_type": 4}]
    moved = [way("P1a", "H", 1, 1, traversal_time=7), *PATHWAYS[1:]]
    assert link(station(moved, stops), "P1", "P2") == 57


@pytest.mark.parametrize("faulty", [
    way("P1", "P2", 0, 1), way("P1", "P2", 8, 1), way("P1", "?", 1, 1), way("P1", "P1", 1, 1), way("S", "P2", 1, 1),
])  # fmt: skip
def test_a_row_that_cannot_be_used_is_left_out(faulty):
    timetable = station([*PATHWAYS, faulty])
    assert len(timetable.pathway_from) == 3
    assert link(timetable, "P1", "P2") == 64


def test_a_wheelchair_changes_by_what_it_can_pass():
    by_stairs = station(PATHWAYS)
    assert link(paced(by_stairs, 1.2, WHEELCHAIR), "P1", "P2") is None
    by_lift = station([*PATHWAYS, way("P1", "H", 5, 1, traversal_time=100)])
    assert link(by_lift, "P1", "P2") == 64
    assert link(paced(by_lift, 1.2, WHEELCHAIR), "P1", "P2") == 100 + 67  # 50 s at 0.9 m/s
    assert link(paced(by_lift, 0.8, SLOW_WALKER), "P1", "P2") == 25 + 75
    street_s, slow_street_s = 121, 182  # 145 m at 1.2 and at 0.8 m/s, with the time of a change on top
    assert link(by_lift, "P2", "X") == 50 + 80 + street_s + 120
    assert link(paced(by_lift, 0.8, SLOW_WALKER), "P2", "X") == 75 + 80 + slow_street_s + 120


def test_the_order_of_the_rows_changes_nothing():
    one, other = station(PATHWAYS), station([{**row, "pathway_id": f"w{n}"} for n, row in enumerate(PATHWAYS)][::-1])
    assert [len(one.pathway_from), one.within_s.tolist()] == [len(other.pathway_from), other.within_s.tolist()]


def test_what_is_read_from_the_disk_is_what_was_compiled(tmp_path):
    timetable = station(PATHWAYS)
    again = load(save(timetable, tmp_path))
    for name, column in Stations.of(timetable).columns().items():
        kept = getattr(again, name)
        assert str(list(kept)) == str(list(column)), name
    assert again.within_s.tolist() == timetable.within_s.tolist()
    assert link(paced(again, 1.2, WHEELCHAIR), "P1", "P2") is None


# --- random stations against the oracle


def random_station(seed: int) -> tuple[list[dict[str, object]], list[dict[str, object]], dict[str, float]]:
    """Stops, pathways and the levels of places: one way or both, loops, islands, twice the same pair, every mode."""
    chance = random.Random(seed)
    platforms, entrances = (
        [f"P{n}" for n in range(chance.randint(2, 4))],
        [f"E{n}" for n in range(chance.randint(1, 3))],
    )
    nodes = [f"N{n}" for n in range(chance.randint(0, 6))]
    levels = {place: float(chance.choice([-2, -1, 0, 1.5])) for place in (*platforms, *nodes) if chance.random() < 0.6}
    stops: list[dict[str, object]] = [{"stop_id": "S", "location_type": 1, "stop_lat": "47.0", "stop_lon": "4.0"}]
    for kind, places in ((0, platforms), (2, entrances), (3, nodes)):
        for place in places:
            row: dict[str, object] = {"stop_id": place, "parent_station": "S", "location_type": kind}
            row["level_id"] = f"L{levels[place]}" if place in levels else ""
            row["wheelchair_boarding"] = chance.choice(["", "1", "2"]) if kind == 2 else ""
            if kind == 2:
                row |= {"stop_lat": f"{47 + chance.random() / 500:.6f}", "stop_lon": "4.0"}
            else:
                row |= {"stop_lat": "", "stop_lon": ""}  # no distance between ends to fall back on
            stops.append(row)
    pathways: list[dict[str, object]] = []
    places = [*platforms, *entrances, *nodes]
    for _ in range(chance.randint(len(places) - 1, 2 * len(places))):
        a, b = chance.sample(places, 2)
        row = way(a, b, chance.randint(1, 7), chance.randint(0, 1))
        for column, values in (
            ("traversal_time", range(1, 200)), ("length", (0, 1.5, 7.25, 40)), ("stair_count", (-40, -1, 3, 25)),
            ("max_slope", (-0.08, 0.05, 0.09)), ("min_width", (0.6, 0.8, 1.4)),
        ):  # fmt: skip
            row[column] = chance.choice(values) if chance.random() < 0.4 else ""
        if a in entrances and b in entrances:
            row["length"] = 40  # the two that have positions
        pathways.append(row)
    return stops, pathways, levels


def compiled_station(seed: int) -> tuple[Timetable, list[dict[str, object]], list[dict[str, object]], dict[str, float]]:
    stops, pathways, levels = random_station(seed)
    platforms = [str(row["stop_id"]) for row in stops if row["location_type"] == 0]
    files = feed(
        [trip(f"t{place}", f"{place} 8:00 Z 9:00") for place in platforms],
        stops=[*stops, {"stop_id": "Z", "stop_lat": "47.9", "stop_lon": "4.0"}],
    )
    files["pathways.txt"] = csv_text([{"pathway_id": n, **row} for n, row in enumerate(pathways)])
    files["levels.txt"] = csv_text(
        [{"level_id": f"L{level}", "level_index": level} for level in (-2.0, -1.0, 0.0, 1.5)]
    )
    return compiled(files), stops, pathways, levels


@pytest.mark.parametrize("seed", range(40))
def test_changes_and_entrances_are_what_the_rows_say(seed):
    timetable, stops, pathways, levels = compiled_station(seed)
    ids = list(timetable.stop_id)
    platforms = [str(row["stop_id"]) for row in stops if row["location_type"] == 0]
    entrances = [str(row["stop_id"]) for row in stops if row["location_type"] == 2]
    touched = {str(row[end]) for row in pathways for end in ("from_stop_id", "to_stop_id")}
    no_wheels = frozenset(str(row["stop_id"]) for row in stops if row.get("wheelchair_boarding") == "2")
    enclosed = {ids[row] for row in timetable.enclosed_stop.tolist()}
    assert enclosed == (set(platforms) if touched & set(entrances) else set())
    for mover in MOVERS:
        own = timetable if mover is WALKER else paced(timetable, 1.2, mover)
        barred = no_wheels if mover is WHEELCHAIR else frozenset[str]()
        for a in platforms:
            truth = least_seconds(pathways, [a], mover.name, barred, levels)
            for b in platforms:
                if a != b:
                    assert link(own, a, b) == truth.get(b), (mover.name, a, b)
        indoors = Indoors(timetable, mover)
        doors = {indoors.stations.inside_id[door.place].removeprefix("feed:"): door for door in indoors.doors}
        for entrance in entrances:
            truth = least_seconds(pathways, [entrance], mover.name, barred, levels)
            enters = doors[entrance].enters if entrance in doors else {}
            assert {ids[row]: cost[0] for row, cost in enters.items()} == {
                place: truth[place] for place in platforms if place in truth and place in enclosed
            }
            leaves = doors[entrance].leaves if entrance in doors else {}
            for place in platforms:
                away = least_seconds(pathways, [place], mover.name, barred, levels).get(entrance)
                told = leaves.get(ids.index(place))
                assert (None if told is None else told[0]) == away


@pytest.mark.parametrize("seed", range(12))
def test_the_way_in_hops_lasts_what_is_said_and_is_joined(seed):
    timetable, *_ = compiled_station(seed)
    for mover in MOVERS:
        inside = Inside(Stations.of(timetable), mover)
        for a, starts in inside.places.items():
            for b, ends in inside.places.items():
                cost, hops = inside.between_stops(a, b), inside.way(starts, ends)
                assert (cost is None) is (hops is None)
                if cost is not None and hops is not None:
                    assert (sum(hop.time_s for hop in hops), sum(hop.length_m for hop in hops)) == cost
                    assert all(one.end == other.start for one, other in pairwise(hops))


def test_no_way_for_somebody_slower_is_quicker():
    for seed in range(12):
        timetable, *_ = compiled_station(seed)
        usual, *others = timetable.within_s.tolist()
        for slower in others:
            assert all(a <= b <= NEVER_S for a, b in zip(usual, slower, strict=True))

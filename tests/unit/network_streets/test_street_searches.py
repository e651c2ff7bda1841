"""Searches on drawn streets: times by hand on a grid of 100 m, and a plain Dijkstra over the points of the ways."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point, distance_m
from mobigo.network.engine.streets.build import build, merged
from mobigo.network.engine.streets.drive import Driving
from mobigo.network.engine.streets.routes import Streets, Way
from mobigo.network.engine.streets.turns import steps_of
from mobigo.network.model import streets as bits
from mobigo.network.model.streets import (
    BARS_CAR,
    BICYCLE,
    CAR,
    MOVERS,
    WALKER,
    WHEELCHAIR,
    Mode,
    Mover,
    RawStreets,
)
from tests.streets_drawn import Corner, DrawnWay, at, drawn

STREET = {"highway": "residential"}
WALK_M_S = 1.2


def streets(ways: Sequence[DrawnWay], nodes: Mapping[Corner, Mapping[str, str]] | None = None) -> Streets:
    return Streets(build(drawn(ways, nodes)))


def seconds(where: Streets, a: Corner, b: Corner, mover: Mover = WALKER, against: bool = False) -> int | None:
    """The time from a to b, asked in both ways there are: they must agree."""
    target = where.snap(mover, np.array([at(b).lat]), np.array([at(b).lon]))
    times = where.times(mover, at(a), target, against=against)
    way = where.ways(mover, at(a), [at(b)], against=against)[0]
    told = None if times is None or times.time_s[0] < 0 else int(times.time_s[0])
    assert told == (None if way is None else way.time_s)
    return told


def way_of(where: Streets, a: Corner, b: Corner, mover: Mover = WALKER) -> Way:
    found = where.way(mover, at(a), at(b))
    assert found is not None
    return found


GRID = [([(x, n) for x in range(5)], STREET) for n in range(5)] + [
    ([(n, y) for y in range(5)], STREET) for n in range(5)
]


def test_a_grid_is_walked_by_its_streets() -> None:
    where = streets(GRID)
    assert where.graph.junction_count == 25
    assert len(where.graph.stretch_cm) == 40
    assert seconds(where, (0, 0), (4, 4)) == pytest.approx(800 / WALK_M_S, abs=2)
    assert seconds(where, (0.5, 0), (2, 1.5)) == pytest.approx(300 / WALK_M_S, abs=2)


def test_both_ends_on_one_street() -> None:
    where = streets(GRID)
    assert seconds(where, (1.2, 3), (1.7, 3)) == pytest.approx(50 / WALK_M_S, abs=2)
    assert seconds(where, (1.7, 3), (1.2, 3)) == pytest.approx(50 / WALK_M_S, abs=2)
    assert seconds(where, (1.7, 3), (1.7, 3)) == 0


def test_from_a_door_to_its_street_is_counted() -> None:
    where = streets(GRID)
    assert seconds(where, (1.5, 0.2), (2.5, 0)) == pytest.approx(120 / WALK_M_S, abs=2)


def test_a_one_way_street_is_driven_one_way() -> None:
    ways = [([(0, 0), (4, 0)], {"highway": "residential", "oneway": "yes"}), ([(0, 0), (0, 1), (4, 1), (4, 0)], STREET)]
    where = streets(ways)
    ahead, back = seconds(where, (1, 0), (3, 0), CAR), seconds(where, (3, 0), (1, 0), CAR)
    assert ahead is not None
    assert back is not None
    assert back == pytest.approx(4 * ahead, rel=0.1)  # round by the other street: 100 + 600 + 100 against 200 m
    assert seconds(where, (3, 0), (1, 0), CAR, against=True) == ahead  # from (1, 0) to (3, 0), told from its end
    assert seconds(where, (3, 0), (1, 0)) == seconds(where, (1, 0), (3, 0))  # on foot


def test_nobody_goes_through_what_bars_them() -> None:
    ways = [([(0, 0), (2, 0), (4, 0)], STREET), ([(0, 0), (0, 2), (4, 2), (4, 0)], STREET)]
    where = streets(ways, {(2, 0): {"barrier": "bollard"}})
    assert seconds(where, (1, 0), (3, 0)) == pytest.approx(200 / WALK_M_S, abs=2)
    round_ = seconds(where, (1, 0), (3, 0), CAR)
    assert round_ == pytest.approx(1000 / (50 / 3.6 * 0.8), rel=0.02)
    up_to_it = seconds(where, (0, 0), (1.9, 0), CAR)
    assert up_to_it == pytest.approx(190 / (50 / 3.6 * 0.8), abs=1.5)
    assert int(where.graph.junction_bars.max()) == BARS_CAR


def test_a_lift_at_a_point_of_the_way_takes_its_time_and_is_said() -> None:
    ways = [([(0, 0), (3, 0)], {**STREET, "name": "Rue Basse"}), ([(3, 0), (6, 0)], {**STREET, "name": "Rue Haute"})]
    plain, where = streets(ways), streets(ways, {(3, 0): {"highway": "elevator"}})
    for mover in (WALKER, WHEELCHAIR):
        before = seconds(plain, (0, 0), (6, 0), mover)
        assert before is not None
        assert seconds(where, (0, 0), (6, 0), mover) == pytest.approx(before + mover.lift_s, abs=1)
        assert seconds(where, (6, 0), (0, 0), mover) == pytest.approx(before + mover.lift_s, abs=1)
    assert [step.what.code for step in steps_of(where.graph, way_of(where, (0, 0), (6, 0)))] == [
        "streets.set_off_east", "streets.lift", "streets.arrive",
    ]  # fmt: skip
    broken = streets(ways, {(3, 0): {"highway": "elevator", "wheelchair": "no"}})
    assert seconds(broken, (0, 0), (6, 0), WHEELCHAIR) is None
    assert seconds(broken, (0, 0), (6, 0)) == seconds(where, (0, 0), (6, 0))


def test_entrances_of_stations_are_kept_once_with_what_is_said_of_them() -> None:
    ways = [([(0, 0), (2, 0), (4, 0)], STREET)]
    nodes = {
        (2, 0): {"railway": "subway_entrance", "name": "Place", "wheelchair": "no"},
        (4, 0): {"railway": "train_station_entrance"},
        (0, 0): {"railway": "subway_entrance", "access": "private"},
    }
    raw = drawn(ways, nodes)
    graph = build(merged([raw, raw]))
    told = [*zip(graph.entrance_kind.tolist(), graph.entrance_wheelchair.tolist(), graph.entrance_name, strict=True)]
    assert told == [(bits.OF_SUBWAY, 2, "Place"), (bits.OF_TRAIN, 0, "")]
    assert graph.entrance_lat.tolist() == pytest.approx([at((2, 0)).lat, at((4, 0)).lat], abs=1e-6)
    assert graph.entrance_lon.tolist() == pytest.approx([at((2, 0)).lon, at((4, 0)).lon], abs=1e-6)
    assert graph.hash != build(drawn(ways)).hash


def test_steps_stop_wheels_and_slow_walkers() -> None:
    ways = [([(0, 0), (1, 0)], STREET), ([(1, 0), (2, 0)], {"highway": "steps"}), ([(2, 0), (3, 0)], STREET),
            ([(1, 0), (1, 2), (2, 2), (2, 0)], STREET)]  # fmt: skip
    where = streets(ways)
    assert seconds(where, (0, 0), (3, 0)) == pytest.approx((200 + 160) / WALK_M_S, abs=2)
    assert seconds(where, (0, 0), (3, 0), WHEELCHAIR) == pytest.approx(700 / 0.9, abs=2)
    with_ramp = [*ways[:1], (ways[1][0], {"highway": "steps", "ramp:wheelchair": "yes"}), *ways[2:]]
    assert seconds(streets(with_ramp), (0, 0), (3, 0), WHEELCHAIR) == pytest.approx(300 / 0.9, abs=2)


def test_calm_streets_are_preferred_by_bicycle_not_faster() -> None:
    main = ([(0, 0), (5, 0)], {"highway": "primary"})
    lane = ([(0, 0), (0, 1), (5, 1), (5, 0)], {"highway": "cycleway"})
    way = way_of(streets([main, lane]), (0, 0), (5, 0), BICYCLE)
    assert way.length_m == pytest.approx(700, abs=3)
    assert way.time_s == pytest.approx(700 / BICYCLE.speed_m_s, abs=2)
    longer = ([(0, 0), (0, 3), (5, 3), (5, 0)], {"highway": "cycleway"})
    assert way_of(streets([main, longer]), (0, 0), (5, 0), BICYCLE).length_m == pytest.approx(500, abs=3)


def test_an_island_is_not_where_one_starts() -> None:
    island = ([(1, 0.3), (2, 0.3)], STREET)  # 100 m joined to nothing, nearer than the street
    where = streets([*GRID, island])
    assert seconds(where, (1.5, 0.28), (3, 0)) == pytest.approx((28 + 150) / WALK_M_S, abs=2)


def test_who_stands_at_a_crossing_leaves_by_any_street() -> None:
    towards = ([(1, 0), (0, 0)], {"highway": "residential", "oneway": "yes"})  # nearest first, and against us
    where = streets([towards, ([(0, 0), (0, 3), (0, 6)], STREET)])
    assert seconds(where, (0, 0), (0, 3), CAR) == pytest.approx(300 / (50 / 3.6 * 0.8), abs=1.5)
    assert seconds(where, (0, 0), (1, 0), CAR) is None


def test_far_from_any_street_is_nowhere() -> None:
    where = streets(GRID)
    assert seconds(where, (2, 4), (2, 7.9)) is not None
    assert seconds(where, (2, 4), (2, 8.1)) is None
    assert seconds(where, (2, 8.1), (2, 4)) is None


def test_limits_are_kept() -> None:
    where = streets(GRID)
    target = where.snap(WALKER, np.array([at((4, 0)).lat]), np.array([at((4, 0)).lon]))
    for limits, reached in (
        ({"length_m_max": 401.0}, True),
        ({"length_m_max": 399.0}, False),
        ({"time_s_max": 335.0}, True),
        ({"time_s_max": 332.0}, False),
    ):
        times = where.times(WALKER, at((0, 0)), target, **limits)
        assert times is not None
        assert bool(times.time_s[0] >= 0) is reached, limits
        assert (where.way(WALKER, at((0, 0)), at((4, 0)), **limits) is not None) is reached, limits


def test_a_loop_is_left_by_its_nearer_end() -> None:
    loop = ([(2, 0), (2, 1), (3, 1), (3, 0), (2, 0)], STREET)
    where = streets([([(0, 0), (2, 0)], STREET), loop, ([(0, 0), (0, 4)], STREET)])
    assert seconds(where, (2, 0.5), (0, 0)) == pytest.approx(250 / WALK_M_S, abs=2)
    assert seconds(where, (2.5, 0), (0, 0)) == pytest.approx(250 / WALK_M_S, abs=2)
    assert seconds(where, (0, 0), (2.5, 0)) == pytest.approx(250 / WALK_M_S, abs=2)
    drawn_way = way_of(where, (2.5, 0), (0, 0))
    assert [round(abs(part.to_cm - part.from_cm) / 100) for part in drawn_way.parts] == [50, 200]


def test_the_line_drawn_goes_from_door_to_door() -> None:
    way = way_of(streets(GRID), (0.5, 0.1), (2, 1.5))
    assert (way.line[0], way.line[-1]) == (at((0.5, 0.1)), at((2, 1.5)))
    assert way.length_m == pytest.approx(10 + 150 + 150, abs=2)


def test_the_way_in_words() -> None:
    named = [
        ([(0, 0), (1, 0), (2, 0)], {"highway": "residential", "name": "rue du Lavoir"}),
        ([(2, 0), (2, 1)], {"highway": "residential", "name": "rue Haute"}),
        ([(2, 1), (2, 2)], {"highway": "steps"}),
        ([(2, 2), (1, 2), (0, 2)], {"highway": "residential", "name": "place du Marché"}),
        ([(1, 0), (1, -4)], STREET),
    ]
    where = streets(named)
    way = way_of(where, (0, 0), (0, 2))
    assert [(step.what, step.length_m) for step in steps_of(where.graph, way)] == [
        (Decision("streets.set_off_east", name="rue du Lavoir"), 200),
        (Decision("streets.turn_left", name="rue Haute"), 100),
        (Decision("streets.steps", name=Decision("streets.way_without_name")), 100),
        (Decision("streets.turn_left", name="place du Marché"), 200),
        (Decision("streets.arrive"), 0),
    ]


def test_extracts_that_share_a_border_are_joined_once() -> None:
    west = [([(0, 0), (1, 0), (2, 0)], STREET), ([(0, 0), (0, 5)], STREET)]
    both = drawn([*west, ([(2, 0), (3, 0), (4, 0)], STREET)])
    # the border way is whole in both files; the other ways are in one each
    split = merged([_only(both, {1, 2}), _only(both, {1, 3})])
    for a, b in (((0, 0), (4, 0)), ((0, 4), (3, 0))):
        assert seconds(Streets(build(split)), a, b) == seconds(Streets(build(both)), a, b)
    assert sorted(split.way_id.tolist()) == [1, 2, 3]


def test_the_longer_piece_of_a_cut_way_is_kept() -> None:
    whole, cut = drawn([([(0, 0), (1, 0), (2, 0)], STREET)]), drawn([([(0, 0), (1, 0)], STREET)])
    for order in ([whole, cut], [cut, whole]):
        assert len(merged(order).node_id) == 3


def _only(raw: RawStreets, ways: set[int]) -> RawStreets:
    keep = np.isin(raw.way_id, list(ways))
    points = np.repeat(keep, np.diff(raw.way_start))
    return replace(
        raw,
        way_id=raw.way_id[keep],
        way_pass=raw.way_pass[keep],
        way_speed_kmh=raw.way_speed_kmh[keep],
        way_name=raw.way_name[keep],
        way_start=np.concatenate([[0], np.cumsum(np.diff(raw.way_start)[keep])]).astype(np.int64),
        node_id=raw.node_id[points],
        node_lat=raw.node_lat[points],
        node_lon=raw.node_lon[points],
    )


KINDS = [
    {"highway": "residential"}, {"highway": "residential", "oneway": "yes"}, {"highway": "footway"},
    {"highway": "steps"}, {"highway": "primary", "oneway": "-1"}, {"highway": "cycleway"},
    {"highway": "path", "surface": "gravel"},
]  # fmt: skip


def _uneven(x: int, y: int) -> Corner:
    """No three corners in line: a way passes by no corner that it does not name."""
    return x + 0.031 * x * y + 0.019 * y * y, y + 0.023 * x * x


CORNERS = st.builds(_uneven, st.integers(0, 5), st.integers(0, 5))
BARRIERS = st.sampled_from([{"barrier": "bollard"}, {"kerb": "raised"}, {"barrier": "gate", "access": "private"}])


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[DrawnWay], dict[Corner, dict[str, str]]]:
    """A few winding ways on the grid of corners, and things that bar some of them."""
    lines = draw(st.lists(st.lists(CORNERS, min_size=2, max_size=6), min_size=3, max_size=8))
    ways: list[DrawnWay] = []
    for line in lines:
        winding = [corner for n, corner in enumerate(line) if n == 0 or corner != line[n - 1]]
        if len(winding) > 1:
            ways.append((winding, draw(st.sampled_from(KINDS))))
    ways.append(([_uneven(0, 0), _uneven(5, 0), _uneven(5, 5)], STREET))  # no island
    used = sorted({corner for line, _tags in ways for corner in line})
    return ways, draw(st.dictionaries(st.sampled_from(used), BARRIERS, max_size=3))


@settings(max_examples=120, deadline=None)
@given(networks(), st.sampled_from(sorted(MOVERS)), st.randoms(use_true_random=False))
def test_times_are_those_of_a_plain_dijkstra_over_the_points(network, name, random) -> None:  # type: ignore[no-untyped-def]
    ways, nodes = network
    raw, mover = drawn(ways, nodes), MOVERS[name]
    where = Streets(build(raw))
    corners = sorted({corner for line, _tags in ways for corner in line})
    start = random.choice(corners)
    targets = where.snap(mover, np.array([at(c).lat for c in corners]), np.array([at(c).lon for c in corners]))
    for against in (False, True):
        times = where.times(mover, at(start), targets, time_s_max=20_000, length_m_max=20_000, against=against)
        usable = where.snap(mover, np.array([at(start).lat]), np.array([at(start).lon])).off_cm
        if times is None or usable[0] > 1 or mover.calm_cost != 1.0 or start in nodes:
            continue  # not on a street of theirs; at a barrier, on which side is not said; tastes have their own test
        plain = _plain_dijkstra(raw, mover, start, ways, against)
        for corner, time_s, off in zip(corners, times.time_s.tolist(), targets.off_cm.tolist(), strict=True):
            if off <= 1 and corner not in nodes:
                expected = plain.get(corner)
                assert (time_s < 0) == (expected is None), (start, corner)
                assert expected is None or abs(time_s - expected) <= 2, (start, corner, time_s, expected)


def _plain_dijkstra(
    raw: RawStreets, mover: Mover, start: Corner, ways: Sequence[DrawnWay], against: bool
) -> dict[Corner, float]:
    """Seconds to each corner: pieces straight from the ways, float seconds, no junction and no stretch."""
    place = {}
    for line, _tags in ways:
        for corner in line:
            place[(round(at(corner).lat * 1e7), round(at(corner).lon * 1e7))] = corner
    here = [place[(int(y), int(x))] for y, x in zip(raw.node_lat, raw.node_lon, strict=True)]
    barred = {
        here[k]
        for node, bars in zip(raw.barred_node.tolist(), raw.barred.tolist(), strict=True)
        for k in np.flatnonzero(raw.node_id == node)[:1].tolist()
        if bars & (mover.mode.bars | (bits.BARS_WHEELS if mover.wheels else 0))
    }
    edges: dict[Corner, list[tuple[Corner, float]]] = {}
    for way in range(len(raw.way_id)):
        passed, limit = int(raw.way_pass[way]), int(raw.way_speed_kmh[way])
        if not passed & (mover.mode.ahead | mover.mode.back):
            continue
        if (passed & bits.STEPS and mover.steps is None) or (passed & bits.NO_WHEELS and mover.wheels):
            continue
        speed = mover.speed_m_s if mover.mode is not Mode.CAR else min(mover.speed_m_s, limit / 3.6 * 0.8)
        slower = (mover.steps if passed & bits.STEPS else 1.0) or 1.0
        slower *= (mover.rough if passed & bits.ROUGH else 1.0) or 1.0
        points = here[int(raw.way_start[way]) : int(raw.way_start[way + 1])]
        for a, b in pairwise(points):
            spent = distance_m(at(a), at(b)) / speed * slower if a != b else 0.0
            for u, v, along in ((a, b, True), (b, a, False)):
                if passed & (mover.mode.ahead if along != against else mover.mode.back):
                    edges.setdefault(u, []).append((v, spent))
    best: dict[Corner, float] = {start: 0.0}
    heap = [(0.0, start)]
    while heap:
        cost, u = heapq.heappop(heap)
        if cost > best[u] or u in barred:
            continue
        for v, spent in edges.get(u, []):
            if cost + spent < best.get(v, 1e18):
                best[v] = cost + spent
                heapq.heappush(heap, (cost + spent, v))
    return best


@settings(max_examples=60, deadline=None)
@given(networks(), st.randoms(use_true_random=False))
def test_the_driving_matrix_is_what_searches_tell(network, random) -> None:  # type: ignore[no-untyped-def]
    ways, nodes = network
    where = Streets(build(drawn(ways, nodes)))
    points = [at((random.uniform(-1, 6), random.uniform(-1, 6))) for _ in range(8)]
    matrix = Driving(where).matrix(points, points)
    targets = where.snap(CAR, np.array([p.lat for p in points]), np.array([p.lon for p in points]))
    for row, start in enumerate(points):
        times = where.times(CAR, start, targets, time_s_max=100_000, length_m_max=100_000)
        assert matrix[row].tolist() == ([-1] * 8 if times is None else times.time_s.tolist())


def test_no_origins_and_no_destinations() -> None:
    driving = Driving(streets(GRID))
    assert driving.matrix([], [at((0, 0))]).shape == (0, 1)
    assert driving.matrix([at((0, 0))], []).shape == (1, 0)
    assert driving.matrix([Point(10, 10)], [at((0, 0))]).tolist() == [[-1]]

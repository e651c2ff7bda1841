"""Real extracts: every cost equal to scipy's Dijkstra over the same edges, ways and matrices equal to what is told."""

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from mobigo.base.geo import Point
from mobigo.network.engine.streets.build import build
from mobigo.network.engine.streets.drive import Driving
from mobigo.network.engine.streets.nearest import Snaps
from mobigo.network.engine.streets.routes import Streets, off_ms
from mobigo.network.engine.streets.spread import NOT_REACHED, Seeds, make_spread, spread_from
from mobigo.network.gateway.osm import read_streets
from mobigo.network.model.streets import BICYCLE, CAR, WALKER, WHEELCHAIR, Mover

pytestmark = pytest.mark.realdata
FILES = {"andorra.osm.pbf": 1_601, "helsinki-centre.osm.pbf": 2_596, "poa_osm.pbf": 14_824}
MOVING = [WALKER, WHEELCHAIR, BICYCLE, CAR]


@pytest.fixture(scope="module", params=sorted(FILES))
def streets(request: pytest.FixtureRequest, realdata: Path) -> Streets:
    raw = read_streets(realdata / "osm" / request.param)
    assert len(set(raw.way_id.tolist())) == FILES[request.param]
    return Streets(build(raw))


@pytest.mark.parametrize("mover", MOVING, ids=lambda mover: mover.name)
def test_efforts_are_scipys(streets: Streets, mover: Mover) -> None:
    graph, costs, random = streets.graph, streets.costs(mover), np.random.default_rng(7)
    count = graph.junction_count
    leaves = np.repeat(np.arange(count), np.diff(graph.edge_start))
    effort = costs.effort_ms[graph.edge_id]
    open_ = (effort >= 0) & ~costs.barred[leaves]
    rows, columns, values = leaves[open_], graph.edge_to[open_], effort[open_].astype(np.float64)
    order = np.lexsort((values, columns, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    first = np.ones(len(rows), bool)  # of parallel streets, the best
    first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    values[values == 0] = 1e-6  # scipy drops zeros
    matrix = csr_matrix((values[first], (rows[first], columns[first])), shape=(count, count))
    starts = random.integers(0, count, 25)
    expected = dijkstra(matrix, indices=starts)
    into = make_spread(graph)
    for start, row in zip(starts.tolist(), expected, strict=True):
        zero = np.zeros(1, np.int32)
        found = spread_from(graph, costs, Seeds(np.array([start], np.int32), zero, zero, zero), into).effort_ms
        assert np.array_equal(np.where(found == NOT_REACHED, -1, found), np.where(np.isinf(row), -1, np.rint(row)))


@pytest.mark.parametrize("mover", MOVING, ids=lambda mover: mover.name)
def test_each_way_lasts_what_is_told_and_its_line_is_as_long(streets: Streets, mover: Mover) -> None:
    points = _points(streets, 30)
    targets = _snaps(streets, mover, points)
    for start in points[:6]:
        for against in (False, True):
            times = streets.times(mover, start, targets, against=against)
            if times is None:
                continue
            ways = streets.ways(mover, start, points, against=against)
            for way, time_s, length_m in zip(ways, times.time_s.tolist(), times.length_m.tolist(), strict=True):
                assert (time_s, length_m) == ((-1, -1) if way is None else (way.time_s, way.length_m))


def test_the_driving_matrix_is_what_searches_tell(streets: Streets) -> None:
    points = _points(streets, 40)
    matrix = Driving(streets).matrix(points, points)
    targets = _snaps(streets, CAR, points)
    for row, start in enumerate(points):
        times = streets.times(CAR, start, targets, time_s_max=50_000, length_m_max=5_000_000)
        assert matrix[row].tolist() == ([-1] * len(points) if times is None else times.time_s.tolist())


def test_the_same_file_gives_the_same_graph(realdata: Path) -> None:
    hashes = {build(read_streets(realdata / "osm" / "andorra.osm.pbf")).hash for _ in range(2)}
    assert len(hashes) == 1


def test_a_door_is_as_far_from_its_street_as_drawn(streets: Streets) -> None:
    """Nearest by the grid of cells is nearest of all, tried piece by piece."""
    graph = streets.graph
    points = _points(streets, 40)
    snaps = _snaps(streets, WALKER, points)
    usable = (streets.costs(WALKER).effort_ms.reshape(-1, 2) >= 0).any(axis=1)
    usable &= (graph.stretch_pass & WALKER.mode.apart) == 0
    piece = np.flatnonzero(graph.piece_stretch >= 0)
    piece = piece[usable[graph.piece_stretch[piece]]]
    for point, off_cm, spent in zip(points, snaps.off_cm.tolist(), off_ms(snaps).tolist(), strict=True):
        scale = 6_371_008.8 * np.pi / 180
        east = scale * np.cos(np.radians(point.lat))
        ay = (graph.point_lat[piece] / 1e7 - point.lat) * scale
        ax = (graph.point_lon[piece] / 1e7 - point.lon) * east
        dy = (graph.point_lat[piece + 1] / 1e7 - point.lat) * scale - ay
        dx = (graph.point_lon[piece + 1] / 1e7 - point.lon) * east - ax
        along = np.clip(-(ay * dy + ax * dx) / np.maximum(dy * dy + dx * dx, 1e-12), 0, 1)
        nearest_m = float(np.hypot(ay + along * dy, ax + along * dx).min())
        if nearest_m < 399:
            assert off_cm == pytest.approx(nearest_m * 100, abs=2)
            assert spent == round(off_cm * 10 / 1.2)


def _points(streets: Streets, count: int) -> list[Point]:
    """Doors beside streets, some of them far from any."""
    graph, random = streets.graph, np.random.default_rng(11)
    at = random.integers(0, graph.junction_count, count)
    lat = graph.junction_lat[at] + random.normal(0, 0.0008, count)
    lon = graph.junction_lon[at] + random.normal(0, 0.0008, count)
    return [Point(float(y), float(x)) for y, x in zip(lat, lon, strict=True)]


def _snaps(streets: Streets, mover: Mover, points: list[Point]) -> Snaps:
    return streets.snap(mover, np.array([p.lat for p in points]), np.array([p.lon for p in points]))

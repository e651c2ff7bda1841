"""Areas reached: what is painted around stops and along streets, and the polygons of it."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from mobigo.network.engine.streets.build import build
from mobigo.network.engine.streets.routes import Streets
from mobigo.network.model.streets import WALKER
from mobigo.planner.engine.areas import CELL_M, NEVER_S, STREET_CELL_M, Grid, area, flown, outline, walked
from tests.streets_drawn import at, drawn

cells = st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=1, max_size=7)


@settings(max_examples=80, deadline=None)
@given(cells)
def test_the_outline_is_the_union_of_its_cells(drawn_cells: list[list[bool]]) -> None:
    inside = np.array(drawn_cells)
    grid = Grid(np.where(inside, 600, NEVER_S).astype(np.int32), 10.0, 20.0, 1.0, 2.0)
    boxes = [
        shapely.box(20.0 + 2 * x, 10.0 + y, 22.0 + 2 * x, 11.0 + y) for y, x in zip(*np.nonzero(inside), strict=True)
    ]
    found = outline(grid, 600)
    assert found.is_valid
    assert found.symmetric_difference(shapely.union_all(boxes)).area == pytest.approx(0, abs=1e-9)
    assert outline(grid, 599).is_empty


def test_a_straightened_border_moves_by_less_than_a_cell() -> None:
    y, x = np.mgrid[0:60, 0:60]
    grid = Grid(np.where((y - 30) ** 2 + (x - 30) ** 2 < 400, 60, NEVER_S).astype(np.int32), 0.0, 0.0, 0.001, 0.001)
    smooth, exact = area(grid, 60), outline(grid, 60)
    assert len(smooth.exterior.coords) < 0.6 * len(exact.exterior.coords)
    assert smooth.boundary.hausdorff_distance(exact.boundary) < 0.001


def test_around_a_stop_one_walks_on_for_what_is_left() -> None:
    """At the stop after 30 minutes, 10 more: 600 s at 1.2 m/s are 720 m, 553 m as the crow flies."""
    stop = at((0, 0))
    grid = flown(np.array([stop.lat]), np.array([stop.lon]), np.array([1800], np.int32), 2400, 2_000)
    near, far = at((4, 0)), at((7, 0))
    reached = grid.at(near.lat, near.lon)
    assert reached == pytest.approx(1800 + 400 * 1.3 / 1.2, abs=CELL_M)
    assert (grid.at(far.lat, far.lon), grid.at(stop.lat, stop.lon)) == (None, 1800)


def test_nobody_walks_farther_than_asked() -> None:
    stop = at((0, 0))
    grid = flown(np.array([stop.lat]), np.array([stop.lon]), np.array([0], np.int32), 3600, 500)
    assert grid.at(at((3, 0)).lat, at((3, 0)).lon) is not None  # 390 m on foot
    assert grid.at(at((6, 0)).lat, at((6, 0)).lon) is None


def test_along_the_streets_the_river_is_not_crossed() -> None:
    """A street goes 1 km east; 300 m north of it is another one, joined nowhere near."""
    ways = [
        ([(0, 0), (10, 0)], {"highway": "residential"}),
        ([(0, 3), (10, 3)], {"highway": "residential"}),
        ([(10, 0), (10, -2)], {"highway": "residential"}),
    ]
    streets = Streets(build(drawn(ways)))
    door = at((0, 0))
    lat, lon, time_s = np.array([door.lat]), np.array([door.lon]), np.zeros(1, np.int32)
    grid = walked(streets, streets.snap(WALKER, lat, lon), lat, lon, time_s, 1800, 1_500)

    def seconds(east: float, north: float) -> int | None:
        return grid.at(at((east, north)).lat, at((east, north)).lon)

    assert seconds(5, 0) == pytest.approx(500 / 1.2, abs=STREET_CELL_M)
    assert seconds(10, -1) == pytest.approx(1100 / 1.2, abs=STREET_CELL_M)
    assert seconds(5, 3) is None
    assert seconds(5, 1.5) is None
    assert seconds(5, 0.5) is not None  # beside the street


def test_what_is_reached_sooner_lies_in_what_is_reached_later() -> None:
    stop = at((0, 0))
    grid = flown(np.array([stop.lat]), np.array([stop.lon]), np.array([0], np.int32), 3600, 3_000)
    areas = [outline(grid, minutes * 60) for minutes in (10, 20, 30)]
    assert [a.within(b) for a, b in pairwise(areas)] == [True, True]

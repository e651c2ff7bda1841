"""Lines drawn with fewer points: what is left out is not missed."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.planner.engine.simplified import simplified

points = st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=1, max_size=40)


def kept_of(line: list[tuple[int, int]], tolerance: float) -> list[int]:
    x, y = np.array([p[0] for p in line], float), np.array([p[1] for p in line], float)
    return [int(k) for k in np.flatnonzero(simplified(x, y, tolerance))]


@pytest.mark.parametrize(
    ("line", "tolerance", "kept"),
    [
        ([(0, 0)], 1, [0]),
        ([(0, 0), (9, 9)], 1, [0, 1]),
        ([(0, 0), (5, 0), (9, 0)], 1, [0, 2]),  # on the line
        ([(0, 0), (5, 1), (9, 0)], 1, [0, 2]),  # as far as is accepted
        ([(0, 0), (5, 2), (9, 0)], 1, [0, 1, 2]),
        ([(0, 0), (5, 5), (0, 0)], 1, [0, 1, 2]),  # there and back: no line between two equal ends
        ([(0, 0), (3, 3), (6, 0), (9, 3), (12, 0)], 1, [0, 1, 2, 3, 4]),
    ],
)
def test_a_vertex_is_kept_when_it_is_missed(line, tolerance, kept):
    assert kept_of(line, tolerance) == kept


def away(p, a, b) -> float:
    """From p to the line through a and b; to a when they are the same point."""
    (px, py), (ax, ay), (bx, by) = p, a, b
    length = float(np.hypot(bx - ax, by - ay))
    return abs((px - ax) * (by - ay) - (py - ay) * (bx - ax)) / length if length else float(np.hypot(px - ax, py - ay))


@given(points, st.sampled_from([0.5, 3, 20]))
def test_what_is_left_out_is_near_the_line_that_is_kept(line, tolerance):
    kept = kept_of(line, tolerance)
    assert {0, len(line) - 1} <= set(kept)
    for a, b in pairwise(kept):
        assert all(away(line[k], line[a], line[b]) <= tolerance for k in range(a + 1, b))


@given(points, st.sampled_from([0.5, 3, 20]))
def test_it_is_the_textbook_recursion(line, tolerance):
    def kept(a: int, b: int) -> set[int]:
        between = [(away(line[k], line[a], line[b]), -k) for k in range(a + 1, b)]
        furthest, k = max(between, default=(0.0, 0))
        return {a, b} if furthest <= tolerance else kept(a, -k) | kept(-k, b)

    assert kept_of(line, tolerance) == sorted(kept(0, len(line) - 1))

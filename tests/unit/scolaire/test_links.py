"""Links told with few: a bus goes from an arrival to a group exactly where there is time, by links, waits and stays."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scolaire.engine.links import network


def groups(draw: random.Random, count: int, arrivals: list[int]) -> np.ndarray:
    """Random groups: of each school they may follow the first few arrivals, often as many as another group."""
    most = [arrivals.count(school) for school in range(max(arrivals, default=-1) + 1)]
    firsts = [[draw.randint(0, each) for each in most] for _ in range(3)]
    chosen = [[draw.choice(firsts)[n] for n in range(len(most))] for _ in range(count)]
    rows = [[at < some[school] for school in range(len(most)) for at in range(most[school])] for some in chosen]
    return np.array(rows, dtype=np.bool_).reshape(count, len(arrivals))


@given(st.integers(0, 10**6), st.integers(0, 12), st.lists(st.integers(1, 4), max_size=5))
def test_who_is_in_time_gets_there_and_nobody_else(seed: int, count: int, sizes: list[int]) -> None:
    arrivals = [school for school, size in enumerate(sizes) for _ in range(size)]
    in_time = groups(random.Random(seed), count, arrivals)
    found = network(in_time, arrivals)
    for arrival in range(len(arrivals)):
        at = {arrival}
        for earlier, later in found.stays:  # in order, so that one pass is enough
            at |= {later} if earlier in at else set()
        reached = {group for here, group in found.links if here in at}
        for _ in range(count):
            reached |= {larger for group, larger in found.waits if group in reached}
        assert reached == set(np.flatnonzero(in_time[:, arrival]).tolist())


@pytest.mark.parametrize("instants", [1, 4])
def test_more_instants_of_a_window_hardly_need_more_links(instants: int) -> None:
    """Ten schools; groups that begin later may follow one arrival more: a link each, not ten times `instants`."""
    arrivals = [school for school in range(10) for _ in range(instants)]
    in_time = np.tri(len(arrivals), dtype=np.bool_)
    assert len(network(in_time, arrivals).links) == len(arrivals)

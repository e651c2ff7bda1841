"""The smallest fleet, against every way of chaining tried by hand, and against the published fleets."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scolaire.engine.fleet import Span, chains, followers
from scolaire.engine.solve import spans_of
from scolaire.model.plan import Block, Plan
from scolaire.rules.checker import faults
from tests.school_instances import Park, latest

TRAVEL = np.abs(np.subtract.outer(np.arange(5), np.arange(5))).astype(np.int32)
SPANS = st.builds(
    lambda first, begins, last, lasts: Span(first, begins, last, begins + lasts),
    st.integers(0, 4), st.integers(0, 30), st.integers(0, 4), st.integers(0, 10),
)  # fmt: skip


def fewest(able: np.ndarray) -> int:
    """Circuits less the largest set of links in which none has two followers or two before it, trying all."""
    links = [(int(i), int(j)) for i, j in np.argwhere(able)]
    count = able.shape[0]
    for size in range(min(len(links), count), 0, -1):
        for some in itertools.combinations(links, size):
            if len({i for i, _ in some}) == len({j for _, j in some}) == size:
                return count - size
    return count


@given(st.lists(SPANS, max_size=4))
def test_chains_are_a_smallest_fleet_and_can_be_driven(spans: list[Span]) -> None:
    found = chains(spans, TRAVEL)
    assert sorted(itertools.chain(*found)) == list(range(len(spans)))
    if not spans:
        return
    able = followers(spans, TRAVEL)
    assert len(found) == fewest(able)
    assert all(able[i, j] for chain in found for i, j in itertools.pairwise(chain))


def test_a_bus_is_in_time_to_the_millisecond() -> None:
    spans = [Span(0, 0, 2, 10), Span(4, 12, 4, 20)]
    assert len(chains(spans, TRAVEL)) == 1
    assert len(chains([spans[0], spans[1]._replace(begins_ms=11)], TRAVEL)) == 2


@pytest.mark.realdata
@pytest.mark.parametrize("cap_s", [2_700, 5_400])
def test_chaining_the_published_circuits_gives_the_published_fleets(realdata: Path, cap_s: int) -> None:
    """Park's RSRB01-04 and CSCB01-08: twelve of twelve for each cap, and the checker finds nothing to say."""
    park = Park(realdata / "sbrp" / "park-2012.zip")
    names = park.names()
    assert len(names) == 12
    for name in names:
        problem = park.problem(name, cap_s)
        circuits = [
            latest(problem, school, stops, f"t{n}")
            for n, (school, stops) in enumerate(park.published_circuits(name, cap_s))
        ]
        found = chains(spans_of(circuits, problem), problem.travel.ms)
        blocks = (Block(f"b{n}", "bus", "depot", tuple(circuits[i].id for i in chain)) for n, chain in enumerate(found))
        assert faults(Plan(tuple(circuits), tuple(blocks)), problem) == []
        assert len(found) == park.published_count(name, cap_s, "Chen"), name

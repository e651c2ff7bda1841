"""The fewest buses that drive given circuits: an exact maximum matching of each with the one after it on its bus.

A circuit may follow another when its bus gets there: end of the first, its doors, the empty drive, no later than the
first stop of the second. Fleet = circuits less matched pairs: a circuit begins before the one that follows it (of two
that begin together, the first in the list), so the relation has no cycle.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import max_flow


class Span(NamedTuple):
    """When and where a circuit begins (its first doors open) and is over (its last doors are closed)."""

    first_node: int
    begins_ms: int
    last_node: int
    free_ms: int


def followers(spans: Sequence[Span], travel_ms: NDArray[np.int32]) -> NDArray[np.bool_]:
    """`[i, j]`: whether the bus of circuit i may drive circuit j next."""
    first, begins, last, free = (np.array(column, dtype=np.int64) for column in zip(*spans, strict=True))
    in_time: NDArray[np.bool_] = free[:, None] + travel_ms[np.ix_(last, first)] <= begins[None, :]
    order = np.arange(len(spans))
    sooner = (begins[:, None] < begins[None, :]) | ((begins[:, None] == begins[None, :]) & (order[:, None] < order))
    able: NDArray[np.bool_] = in_time & sooner
    return able


def chains(
    spans: Sequence[Span], travel_ms: NDArray[np.int32], together: NDArray[np.bool_] | None = None
) -> list[list[int]]:
    """The blocks of the smallest fleet: positions in the order of driving; sorted by their first circuit. `together`:
    by pair, whether one bus may drive both."""
    if not spans:
        return []
    count = len(spans)
    able = followers(spans, travel_ms)
    if together is not None:
        able &= together
    tails, heads = np.nonzero(able)
    flow = max_flow.SimpleMaxFlow()
    source, sink = 2 * count, 2 * count + 1
    every = np.arange(count)
    start = np.concatenate([np.full(count, source), tails, every + count])
    end = np.concatenate([every, heads + count, np.full(count, sink)])
    arcs = flow.add_arcs_with_capacity(start, end, np.ones(len(start), dtype=np.int64))
    flow.solve(source, sink)
    used = flow.flows(arcs[count : count + len(tails)]) > 0
    after = dict(zip(tails[used].tolist(), heads[used].tolist(), strict=True))
    return strung(count, after)


def strung(count: int, after: Mapping[int, int]) -> list[list[int]]:
    """`count` circuits as chains, by which follows which; sorted by their first."""
    found = []
    for first in sorted({*range(count)} - {*after.values()}):
        chain = [first]
        while chain[-1] in after:
            chain.append(after[chain[-1]])
        found.append(chain)
    return found

"""What a bus may do after what, told with few links.

A group of circuits may follow the arrivals from which there is time enough to reach their first stop. Told one by one,
that is a link for each pair. But whoever is in time at a school is in time for whatever follows a later arrival there
(the bus stays), and whoever could begin one circuit can begin every circuit that more arrivals may precede (the bus
waits). So a group is linked only with what the largest group it contains is not linked with: the ways through are the
same, and a programme over many hours stays small.

Source: time-space networks for the chaining of vehicles, Kliewer, Mellouli and Suhl, EJOR 175 (2006).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
LOOKED_AT = 200  # smaller groups among which the largest contained one is looked for


@dataclass(frozen=True, slots=True)
class Network:
    """Pairs of positions. `links`: from an arrival to a group; `waits`: from a group to a larger one; `stays`: from an
    arrival to the next at the same school."""

    links: tuple[tuple[int, int], ...]
    waits: tuple[tuple[int, int], ...]
    stays: tuple[tuple[int, int], ...]


def network(in_time: Bools, school_of: Sequence[int]) -> Network:
    """`in_time`: by group and arrival, whether the group may follow; the arrivals of a school stand together, the
    earliest first, and who is in time after one is in time after those before it."""
    schools = np.asarray(school_of, dtype=np.int64)
    starts = np.flatnonzero(np.diff(schools, prepend=-1))
    many = _by_school(in_time, starts)
    order = np.argsort(many.sum(axis=1), kind="stable")
    many = many[order]
    links, waits = [], []
    for at, group in enumerate(order.tolist()):
        from_ = max(0, at - LOOKED_AT)
        others, fresh = many[from_:at], many[at] > 0
        inside = np.flatnonzero((others <= many[at]).all(axis=1))
        if len(inside):
            largest = int(inside[np.argmax((others[inside] == many[at]).sum(axis=1))])
            waits.append((int(order[from_ + largest]), group))
            fresh = many[at] > others[largest]
        links += [(int(starts[n] + many[at, n] - 1), group) for n in np.flatnonzero(fresh).tolist()]
    stays = [(int(at) - 1, int(at)) for at in np.flatnonzero(np.diff(schools, prepend=-1) == 0)]
    return Network(tuple(links), tuple(waits), tuple(stays))


def _by_school(in_time: Bools, starts: NDArray[np.int64]) -> NDArray[np.int16]:
    """How many arrivals of each school a group may follow: the first so many."""
    if not len(starts) or not len(in_time):
        return np.zeros((len(in_time), len(starts)), np.int16)
    many: NDArray[np.int16] = np.add.reduceat(in_time.astype(np.int16), starts, axis=1)
    return many

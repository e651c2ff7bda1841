"""Compiled: closed tours from the school (node 0) through a few stops, made shorter by turning and moving parts."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Costs = NDArray[np.float64]
LEAST = 1e-9
LONGEST_PART = 3


@njit(cache=True, nogil=True)
def tour_cost(order: Ints, size: int, costs: Costs) -> float:
    """From the school through `order[:size]` and back."""
    if size == 0:
        return 0.0
    total = costs[0, order[0]] + costs[order[size - 1], 0]
    for i in range(size - 1):
        total += costs[order[i], order[i + 1]]
    return float(total)


@njit(cache=True, nogil=True)
def best_place(order: Ints, size: int, stop: int, costs: Costs) -> tuple[float, int]:
    """The least it costs to go by one more stop, and where in the tour."""
    least, place = np.inf, 0
    for i in range(size + 1):
        a = order[i - 1] if i > 0 else 0
        b = order[i] if i < size else 0
        more = costs[a, stop] + costs[stop, b] - costs[a, b]
        if more < least:
            least, place = more, i
    return least, place


@njit(cache=True, nogil=True)
def place_of(order: Ints, stop: int) -> int:
    i = 0
    while order[i] != stop:
        i += 1
    return i


@njit(cache=True, nogil=True)
def saving(order: Ints, size: int, stop: int, costs: Costs) -> float:
    """What it saves to go by this stop no more."""
    i = place_of(order, stop)
    a = order[i - 1] if i > 0 else 0
    b = order[i + 1] if i < size - 1 else 0
    return float(costs[a, stop] + costs[stop, b] - costs[a, b])


@njit(cache=True, nogil=True)
def shorten(order: Ints, size: int, costs: Costs) -> None:
    """Turn parts around and move parts of up to three stops while that makes the tour shorter. Costs may differ by
    direction."""
    better = size > 1
    while better:
        better = _turned(order, size, costs)
        for length in range(1, LONGEST_PART + 1):
            for i in range(size - length + 1):
                better |= _moved(order, size, costs, i, length)


@njit(cache=True, nogil=True)
def _turned(order: Ints, size: int, costs: Costs) -> bool:
    better = False
    for i in range(size - 1):
        for j in range(i + 1, size):
            a = order[i - 1] if i > 0 else 0
            b = order[j + 1] if j < size - 1 else 0
            gain = costs[a, order[i]] + costs[order[j], b] - costs[a, order[j]] - costs[order[i], b]
            for k in range(i, j):
                gain += costs[order[k], order[k + 1]] - costs[order[k + 1], order[k]]
            if gain > LEAST:
                order[i : j + 1] = order[i : j + 1][::-1].copy()
                better = True
    return better


@njit(cache=True, nogil=True)
def _moved(order: Ints, size: int, costs: Costs, i: int, length: int) -> bool:
    """Move the part of `length` stops at `i` to where it costs least, if that is elsewhere."""
    a = order[i - 1] if i > 0 else 0
    b = order[i + length] if i + length < size else 0
    head, tail = order[i], order[i + length - 1]
    gain = costs[a, head] + costs[tail, b] - costs[a, b]
    most, after = LEAST, -2
    for k in range(-1, size):
        if i - 1 <= k < i + length:
            continue
        u = order[k] if k >= 0 else 0
        v = order[k + 1] if k + 1 < size else 0
        better = gain - (costs[u, head] + costs[tail, v] - costs[u, v])
        if better > most:
            most, after = better, k
    if after == -2:
        return False
    part = order[i : i + length].copy()
    if after < i:
        order[after + 1 + length : i + length] = order[after + 1 : i].copy()
        order[after + 1 : after + 1 + length] = part
    else:
        order[i : after + 1 - length] = order[i + length : after + 1].copy()
        order[after + 1 - length : after + 1] = part
    return True

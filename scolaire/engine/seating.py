"""Compiled: pupils seated on tours, one after the other, moving others where that makes room (augmenting paths).

A tour is a place with so many seats; a pupil may sit on any tour that serves a stop within reach. When all of these
are full, somebody seated there may be able to walk to a stop of another tour, and so on: a breadth-first search over
tours finds the shortest such exchange, or proves that there is none.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
NONE = -1


class Reach(NamedTuple):
    """Pupils and stops within reach of each other, as two lists of lists: those of `i` stand from `at[i]` to
    `at[i + 1]`."""

    stops_at: Ints  # by pupil
    stops: Ints
    pupils_at: Ints  # by stop
    pupils: Ints


class State(NamedTuple):
    """Tours and who sits where. `order[t, :size[t]]`: the stops of tour t. The pupils of a tour are a linked list:
    `first[t]`, then `after`, with `before` to go back."""

    order: Ints
    size: Ints
    load: Ints
    tour_of: Ints  # by stop; NONE when it is closed
    stop_of: Ints  # by pupil; NONE when nowhere
    first: Ints
    after: Ints
    before: Ints


class Paths(NamedTuple):
    """Working memory of the search: whether a tour was reached, which pupil would move there, and to which stop."""

    reached: Ints
    mover: Ints
    stop: Ints
    queue: Ints


def new_state(stops: int, pupils: int, tours: int) -> State:
    """Every stop closed, nobody seated."""
    return State(
        np.zeros((tours, stops + 1), np.int64), np.zeros(tours, np.int64), np.zeros(tours, np.int64),
        np.full(stops + 1, NONE, np.int64), np.full(pupils, NONE, np.int64), np.full(tours, NONE, np.int64),
        np.full(pupils, NONE, np.int64), np.full(pupils, NONE, np.int64),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def sit(state: State, pupil: int, stop: int) -> None:
    """The pupil, seated nowhere, takes a seat at a stop that is served."""
    tour = state.tour_of[stop]
    state.stop_of[pupil] = stop
    state.load[tour] += 1
    next_one = state.first[tour]
    state.first[tour] = pupil
    state.after[pupil] = next_one
    state.before[pupil] = NONE
    if next_one != NONE:
        state.before[next_one] = pupil


@njit(cache=True, nogil=True)
def rise(state: State, pupil: int) -> None:
    """The pupil gives up the seat."""
    tour = state.tour_of[state.stop_of[pupil]]
    state.stop_of[pupil] = NONE
    state.load[tour] -= 1
    left, right = state.before[pupil], state.after[pupil]
    if left == NONE:
        state.first[tour] = right
    else:
        state.after[left] = right
    if right != NONE:
        state.before[right] = left
    state.after[pupil] = NONE
    state.before[pupil] = NONE


@njit(cache=True, nogil=True)
def _reach_from(state: State, reach: Reach, paths: Paths, pupil: int, seats: int, closed: int, count: int) -> int:
    """Queue the tours this pupil could sit on (`count` are queued already). The first with a free seat is given back
    as -2 - tour, otherwise the new count."""
    for i in range(reach.stops_at[pupil], reach.stops_at[pupil + 1]):
        stop = reach.stops[i]
        tour = state.tour_of[stop]
        if tour == NONE or stop == closed or paths.reached[tour]:
            continue
        paths.reached[tour] = 1
        paths.mover[tour] = pupil
        paths.stop[tour] = stop
        if state.load[tour] < seats:
            return -2 - int(tour)
        paths.queue[count] = tour
        count += 1
    return count


@njit(cache=True, nogil=True)
def seat(state: State, reach: Reach, paths: Paths, pupil: int, seats: int, closed: int) -> bool:
    """Seat a pupil who sits nowhere, on no tour by the stop `closed`, moving others where needed; whether it went."""
    paths.reached[:] = 0
    count = _reach_from(state, reach, paths, pupil, seats, closed, 0)
    head = 0
    while count >= 0 and head < count:
        sitting = state.first[paths.queue[head]]
        head += 1
        while sitting != NONE and count >= 0:
            count = _reach_from(state, reach, paths, sitting, seats, closed, count)
            sitting = state.after[sitting]
    if count >= 0:
        return False
    tour = -2 - count
    while True:  # from the free seat back to the pupil
        mover, stop = paths.mover[tour], paths.stop[tour]
        if mover == pupil:
            sit(state, pupil, stop)
            return True
        left = state.tour_of[state.stop_of[mover]]
        rise(state, mover)
        sit(state, mover, stop)
        tour = left

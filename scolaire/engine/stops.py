"""Stops chosen, pupils assigned, tours drawn: one search that does the three at once.

Ruin and recreate under simulated annealing. A few neighbouring stops (or a whole tour) are closed and their pupils get
up; then, as long as somebody stands, the stop that costs least for each pupil it would seat is opened; then stops that
nobody needs any more are closed, the dearest first. Who can sit where is exact at every moment (`seating`), so a plan
is never infeasible and repaired, only dearer. Deterministic for a seed.

Sources: the problem, and why choosing stops first and touring them afterwards costs 23 % more: Schittekat et al., EJOR
229 (2013); ruin and recreate: Schrimpf et al., J. Comput. Phys. 159 (2000), Christiaens and Vanden Berghe, Transp. Sci.
54 (2020).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from scolaire.engine.going import Going, always
from scolaire.engine.seating import NONE, Ints, Paths, Reach, State, new_state, rise, seat, sit
from scolaire.engine.tours import Costs, best_place, place_of, saving, shorten, tour_cost
from scolaire.model.stops import StopPlan, StopProblem
from scolaire.rules.stops import stop_faults
from scolaire.rules.stops import tour_cost as checked_cost

MOST_CLOSED = 10  # stops closed at a time
WHOLE_TOUR = 0.15  # how often a whole tour is given up
KEPT_OPEN = 0.15  # how often a neighbour is spared
BARRED = 0.3  # how often a closed stop may not open again in the same turn
SHARE = 0.8  # cost for each pupil to this power: two stops of 20 are dearer than one of 40
BLUR = 0.2  # how blurred the eye is that compares costs
WARM, COLD = 0.05, 0.0005  # of the mean cost from the school to a stop
SPARE_TOURS = 6
DEAREST = 12  # stops that are tried to be closed, at most, in one pass
PASSES = 3
SLICE = 100  # turns between two looks at whether to go on


@dataclass(frozen=True, slots=True)
class StopLimits:
    """Turns of the search. Some 2,000 to 100,000 a second, by the size of the school."""

    iterations: int = 20_000


KEPT, BEST, HEAT = 0, 1, 2


class Tried(NamedTuple):
    """The plan being changed, the one to go back to, the best one."""

    now: State
    kept: State
    best: State


def choose_stops(problem: StopProblem, limits: StopLimits, seed: int, going: Going = always) -> StopPlan | None:
    """The cheapest plan found; None when none was, which is when the pupils that may only use one stop are more than a
    bus has seats. Pupils who have no stop within reach are left (stop 0). `going`: ends the search by saying no, once
    there is a plan."""
    able = [pupil for pupil, stops in enumerate(problem.reach) if stops]
    if not able:
        return StopPlan((), (0,) * len(problem.reach), 0.0)
    reach = _reach([sorted(set(problem.reach[pupil])) for pupil in able], len(problem.costs))
    costs = np.ascontiguousarray(problem.costs, dtype=np.float64)
    near = np.ascontiguousarray(np.argsort(costs[:, 1:], axis=1, kind="stable") + 1)
    most = -(-len(able) // problem.seats) + SPARE_TOURS
    best = new_state(len(costs) - 1, len(able), most)
    scale = float(costs[0, 1:].mean()) or 1.0
    now, kept = (_empty(len(costs) - 1, len(able), most) for _ in range(2))
    cooling = (COLD / WARM) ** (1.0 / max(1, limits.iterations))
    stand = np.array([np.inf, np.inf, scale * WARM])
    _seed(seed)
    done = 0
    while done < limits.iterations and (going() or not np.isfinite(stand[BEST])):
        turns = min(SLICE, limits.iterations - done)
        _search(costs, near, reach, Tried(now, kept, best), problem.seats, turns, stand, cooling)
        done += turns
    if not np.isfinite(stand[BEST]):
        return None
    stop_of = [0] * len(problem.reach)
    for pupil, stop in zip(able, best.stop_of.tolist(), strict=True):
        stop_of[pupil] = stop
    waited = set(stop_of)  # a stop on the way to another may have been left by all its pupils: it is not served
    tours = [order[:size].tolist() for order, size in zip(best.order, best.size.tolist(), strict=True)]
    drawn = tuple(tuple(stop for stop in tour if stop in waited) for tour in tours if waited.intersection(tour))
    plan = StopPlan(drawn, tuple(stop_of), sum(checked_cost(tour, problem) for tour in drawn))
    broken = stop_faults(plan, problem)
    if broken:
        raise AssertionError(f"the search made a plan that its checker refuses: {broken[0]}")
    return plan


def _reach(reach: list[list[int]], nodes: int) -> Reach:
    by_stop: list[list[int]] = [[] for _ in range(nodes)]
    for pupil, stops in enumerate(reach):
        for stop in stops:
            by_stop[stop].append(pupil)

    def lists(of: list[list[int]]) -> tuple[Ints, Ints]:
        return np.cumsum([0, *map(len, of)], dtype=np.int64), np.array([i for each in of for i in each], dtype=np.int64)

    return Reach(*lists(reach), *lists(by_stop))


@njit(cache=True, nogil=True)
def _seed(seed: int) -> None:
    np.random.seed(seed)


@njit(cache=True, nogil=True)
def _search(
    costs: Costs, near: Ints, reach: Reach, tried: Tried, seats: int, turns: int, stand: Costs, cooling: float
) -> None:
    """Some turns more; `stand` (cost of what is kept, of the best, heat) says where the search is."""
    now, kept, best = tried
    stops, pupils, tours = costs.shape[0] - 1, best.stop_of.shape[0], best.size.shape[0]
    paths = _paths(tours)
    standing, barred = np.empty(pupils, np.int64), np.zeros(stops + 1, np.int64)
    touched = np.zeros(tours, np.int64)
    kept_cost, best_cost, heat = stand
    for _ in range(turns):
        heat *= cooling
        touched[:] = 0
        barred[:] = 0
        if np.isinf(kept_cost):
            count = pupils
            standing[:] = np.arange(pupils)
        else:
            count = _ruin(now, near, reach, standing, barred, touched)
        cost = np.inf
        if _recreate(now, costs, reach, paths, standing, count, barred, touched, seats):
            _prune(now, costs, reach, paths, touched, seats)
            cost = 0.0
            for tour in range(tours):
                if touched[tour]:
                    shorten(now.order[tour], now.size[tour], costs)
                cost += tour_cost(now.order[tour], now.size[tour], costs)
        if cost < kept_cost - heat * np.log(1.0 - np.random.random()):
            kept_cost = cost
            _copy(now, kept)
            if cost < best_cost - 1e-9:
                best_cost = cost
                _copy(now, best)
        else:
            _copy(kept, now)
    stand[KEPT], stand[BEST], stand[HEAT] = kept_cost, best_cost, heat


@njit(cache=True, nogil=True)
def _empty(stops: int, pupils: int, tours: int) -> State:
    return State(
        np.zeros((tours, stops + 1), np.int64), np.zeros(tours, np.int64), np.zeros(tours, np.int64),
        np.full(stops + 1, NONE, np.int64), np.full(pupils, NONE, np.int64), np.full(tours, NONE, np.int64),
        np.full(pupils, NONE, np.int64), np.full(pupils, NONE, np.int64),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _paths(tours: int) -> Paths:
    return Paths(
        np.zeros(tours, np.int64), np.zeros(tours, np.int64), np.zeros(tours, np.int64), np.zeros(tours, np.int64)
    )


@njit(cache=True, nogil=True)
def _copy(source: State, target: State) -> None:
    for tour in range(source.size.shape[0]):
        for i in range(source.size[tour]):
            target.order[tour, i] = source.order[tour, i]
    target.size[:] = source.size
    target.load[:] = source.load
    target.tour_of[:] = source.tour_of
    target.stop_of[:] = source.stop_of
    target.first[:] = source.first
    target.after[:] = source.after
    target.before[:] = source.before


@njit(cache=True, nogil=True)
def _close(state: State, reach: Reach, stop: int, standing: Ints, count: int) -> int:
    """The stop is served no more; its pupils stand. How many stand now."""
    for i in range(reach.pupils_at[stop], reach.pupils_at[stop + 1]):
        pupil = reach.pupils[i]
        if state.stop_of[pupil] == stop:
            rise(state, pupil)
            standing[count] = pupil
            count += 1
    _cut(state, stop)
    return count


@njit(cache=True, nogil=True)
def _cut(state: State, stop: int) -> None:
    tour = state.tour_of[stop]
    order, size = state.order[tour], state.size[tour]
    for i in range(place_of(order, stop), size - 1):
        order[i] = order[i + 1]
    state.size[tour] = size - 1
    state.tour_of[stop] = NONE


@njit(cache=True, nogil=True)
def _open(state: State, stop: int, tour: int, place: int) -> None:
    order, size = state.order[tour], state.size[tour]
    for i in range(size, place, -1):
        order[i] = order[i - 1]
    order[place] = stop
    state.size[tour] = size + 1
    state.tour_of[stop] = tour


@njit(cache=True, nogil=True)
def _ruin(state: State, near: Ints, reach: Reach, standing: Ints, barred: Ints, touched: Ints) -> int:
    """Close some stops around one, or the whole tour of one. How many pupils stand."""
    stops = near.shape[1]
    served = np.nonzero(state.tour_of >= 0)[0]
    centre = served[int(np.random.random() * served.shape[0])]
    closing, chosen = np.empty(stops, np.int64), 0
    if np.random.random() < WHOLE_TOUR:
        tour = state.tour_of[centre]
        chosen = state.size[tour]
        closing[:chosen] = state.order[tour, :chosen]
    else:
        wanted = 1 + int(np.random.random() * min(MOST_CLOSED, served.shape[0]))
        for i in range(stops):
            if state.tour_of[near[centre, i]] != NONE and np.random.random() >= KEPT_OPEN:
                closing[chosen] = near[centre, i]
                chosen += 1
                if chosen == wanted:
                    break
    count = 0
    for stop in closing[:chosen]:
        touched[state.tour_of[stop]] = 1
        count = _close(state, reach, stop, standing, count)
        barred[stop] = np.random.random() < BARRED
    return count


@njit(cache=True, nogil=True)
def _recreate(
    state: State, costs: Costs, reach: Reach, paths: Paths, standing: Ints, count: int, barred: Ints, touched: Ints,
    seats: int,
) -> bool:  # fmt: skip
    """Open stops until everybody sits; whether that went."""
    tries = 0
    while True:
        left = 0
        for i in range(count):
            pupil = standing[i]
            if not seat(state, reach, paths, pupil, seats, NONE):
                standing[left] = pupil
                left += 1
        count = left
        if count == 0:
            return True
        stop, tour, place = _cheapest(state, costs, reach, standing, count, barred, seats)
        if stop == NONE:
            if barred.any():
                barred[:] = 0
                continue
            # Every stop within reach is served by a full tour: one of them gets a bus of its own.
            tries += 1
            pupil = standing[int(np.random.random() * count)]
            first, last = reach.stops_at[pupil], reach.stops_at[pupil + 1]
            stop, tour, place = reach.stops[first + int(np.random.random() * (last - first))], _unused(state), 0
            if tour == NONE or tries > 4 * costs.shape[0]:
                return False
            touched[state.tour_of[stop]] = 1
            count = _close(state, reach, stop, standing, count)
        _open(state, stop, tour, place)
        touched[tour] = 1


@njit(cache=True, nogil=True)
def _unused(state: State) -> int:
    for tour in range(state.size.shape[0]):
        if state.size[tour] == 0:
            return tour
    return NONE


@njit(cache=True, nogil=True)
def _cheapest(
    state: State, costs: Costs, reach: Reach, standing: Ints, count: int, barred: Ints, seats: int
) -> tuple[int, int, int]:
    """The closed stop to open, on which tour and where: the least cost for each pupil it seats, as a blurred eye sees
    it. NONE when no closed stop within reach has a seat to offer."""
    wanting = np.zeros(costs.shape[0], np.int64)
    for i in range(count):
        for j in range(reach.stops_at[standing[i]], reach.stops_at[standing[i] + 1]):
            wanting[reach.stops[j]] += 1
    unused = _unused(state)
    least, found, on, at = np.inf, NONE, NONE, 0
    for stop in range(1, costs.shape[0]):
        if wanting[stop] == 0 or barred[stop] or state.tour_of[stop] != NONE:
            continue
        for tour in range(state.size.shape[0]):
            free = seats - state.load[tour]
            if free == 0 or (state.size[tour] == 0 and tour != unused):
                continue
            more, place = best_place(state.order[tour], state.size[tour], stop, costs)
            seated = min(wanting[stop], free)
            seen = (max(more, 0.0) + 1e-3) / seated**SHARE * (1.0 + BLUR * (2.0 * np.random.random() - 1.0))
            if seen < least:
                least, found, on, at = seen, stop, tour, place
    return found, on, at


@njit(cache=True, nogil=True)
def _prune(state: State, costs: Costs, reach: Reach, paths: Paths, touched: Ints, seats: int) -> None:
    """Close stops whose pupils can all sit elsewhere, the dearest first."""
    for tour in range(touched.shape[0]):
        if touched[tour]:
            shorten(state.order[tour], state.size[tour], costs)
    for _ in range(PASSES):
        served = np.nonzero(state.tour_of >= 0)[0]
        savings = np.empty(served.shape[0], np.float64)
        for i in range(served.shape[0]):
            tour = state.tour_of[served[i]]
            savings[i] = saving(state.order[tour], state.size[tour], served[i], costs)
        again = False
        for i in np.argsort(-savings)[:DEAREST]:
            tour = state.tour_of[served[i]]
            if savings[i] > 0.0 and _empties(state, reach, paths, served[i], seats):
                _cut(state, served[i])
                shorten(state.order[tour], state.size[tour], costs)
                touched[tour] = 1
                again = True
        if not again:
            return


@njit(cache=True, nogil=True)
def _empties(state: State, reach: Reach, paths: Paths, stop: int, seats: int) -> bool:
    """Move the pupils of a stop elsewhere; False when somebody has to stay (others may have moved: nobody stands)."""
    for i in range(reach.pupils_at[stop], reach.pupils_at[stop + 1]):
        pupil = reach.pupils[i]
        if state.stop_of[pupil] != stop:
            continue
        rise(state, pupil)
        if not seat(state, reach, paths, pupil, seats, stop):
            sit(state, pupil, stop)
            return False
    return True

"""What lies ahead at the least: how soon, and with how many vehicles, the target can be reached from everywhere.

One backward look over a timetable in which nothing is waited for. Whoever cannot better what is known, even so, need
not be followed any further. With more than `LOOKED` vehicles, the shortest way of all says it (`bounds`): few journeys
take as many, and each number looked at costs as much as the one before.
"""

from typing import NamedTuple

import numba
import numpy as np

from mobigo.network.model.timetable import I32
from mobigo.planner.engine.raptor import INF

LOOKED = 5  # of eight vehicles at most; on all of France 5 and 4 are quicker than any other number


class Ahead(NamedTuple):
    """What lies between a node and the target at the least, [node, vehicles]: seconds with that many vehicles more,
    or fewer."""

    arrived: I32  # once off a vehicle there
    ready: I32  # ready to board there


def make_ahead(nodes: int, rounds: int) -> Ahead:
    """Working memory for a view of that size."""
    shape = (nodes, rounds + 1)
    return Ahead(np.empty(shape, np.int32), np.empty(shape, np.int32))


@numba.njit(cache=True, nogil=True)
def least_hops(g):  # type: ignore[no-untyped-def]  # kernel
    """For each position of each pattern the least seconds of the hop to the next, and of the stay, over the view's
    occurrences."""
    cells = len(g.pattern_node)
    hop, stay = np.full(cells, INF, np.int32), np.full(cells, INF, np.int32)
    for pattern in range(len(g.pattern_start) - 1):
        at, end = g.pattern_start[pattern], g.pattern_start[pattern + 1]
        before = np.int32(-1)
        for occurrence in range(g.occurrence_start[pattern], g.occurrence_start[pattern + 1]):
            row = g.occurrence_row[occurrence]
            if row == before:
                continue
            before = row
            for i in range(end - at):
                stay[at + i] = min(stay[at + i], g.depart_s[row + i] - g.arrive_s[row + i])
                if i + 1 < end - at:
                    hop[at + i] = min(hop[at + i], g.arrive_s[row + i + 1] - g.depart_s[row + i])
    return hop, stay


@numba.njit(cache=True, nogil=True)
def look_ahead(g, hop, stay, target, egress_s, least_s, rounds, duration_s_max, ahead):  # type: ignore[no-untyped-def]  # kernel
    """Fill `ahead`: RAPTOR backward from the target over a timetable in which every hop is as fast as its fastest and
    nothing is waited for. `least_s` [node]: no way to the target is shorter."""
    nodes = len(g.change_s)
    arrived, ready = np.full(nodes, INF, np.int32), np.full(nodes, INF, np.int32)
    last_position = np.full(len(g.pattern_start) - 1, np.int32(-1), np.int32)
    queue = np.empty(len(g.pattern_start) - 1, np.int32)
    near, boarded = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    is_near, is_boarded = np.zeros(nodes, np.bool_), np.zeros(nodes, np.bool_)
    count = 0
    for i in range(len(target)):
        arrived[target[i]] = min(arrived[target[i]], egress_s[target[i]])
        if not is_near[target[i]]:
            is_near[target[i]] = True
            near[count] = target[i]
            count += 1
    ahead.arrived[:, 0] = arrived
    ahead.ready[:, 0] = INF
    for m in range(1, min(rounds, LOOKED) + 1):
        queued = 0
        for i in range(count):
            node = near[i]
            is_near[node] = False
            for e in range(g.left_start[node], g.left_start[node + 1]):
                pattern = g.left_pattern[e]
                if last_position[pattern] < 0:
                    queue[queued] = pattern
                    queued += 1
                last_position[pattern] = max(last_position[pattern], g.left_position[e])
        found = 0
        for q in range(queued):
            pattern = queue[q]
            at = g.pattern_start[pattern]
            left = INF
            for i in range(last_position[pattern], -1, -1):
                node = g.pattern_node[at + i]
                if left < INF:
                    left += hop[at + i]
                    if g.can_board[at + i] and left < ready[node] and left <= duration_s_max:
                        ready[node] = left
                        if not is_boarded[node]:
                            is_boarded[node] = True
                            boarded[found] = node
                            found += 1
                    left += stay[at + i]
                if g.can_alight[at + i]:
                    left = min(left, ahead.arrived[node, m - 1])
            last_position[pattern] = -1
        count = 0
        for i in range(found):
            node = boarded[i]
            is_boarded[node] = False
            here = ready[node] + g.change_s[node]
            if here < arrived[node]:
                arrived[node] = here
                if not is_near[node]:
                    is_near[node] = True
                    near[count] = node
                    count += 1
            for e in range(g.from_start[node], g.from_start[node + 1]):
                other = g.from_node[e]
                here = ready[node] + g.from_s[e]
                if here < arrived[other]:
                    arrived[other] = here
                    if not is_near[other]:
                        is_near[other] = True
                        near[count] = other
                        count += 1
        ahead.arrived[:, m] = arrived
        ahead.ready[:, m] = ready
    for node in range(nodes if rounds > LOOKED else 0):
        ahead.arrived[node, LOOKED + 1 :] = least_s[node]
        ahead.ready[node, LOOKED + 1 :] = least_s[node]


@numba.njit(cache=True, nogil=True, inline="always")
def worth(target_s, ahead_s, node, t, k, rounds):  # type: ignore[no-untyped-def]  # kernel
    """Whether a better arrival can still come of being at a node at `t` with k vehicles taken. `ahead_s` [node,
    vehicles]."""
    m = rounds - k
    worth = False
    if t + ahead_s[node, m] < target_s[k]:  # else not even the fastest way with the most vehicles is
        while m >= 0 and ahead_s[node, m] < INF and not worth:
            worth = t + ahead_s[node, m] < target_s[k + m]
            m -= 1
    return worth

"""How late one may still be at every node, with so many vehicles taken, to be in time: RAPTOR backward.

The second step of restricted Pareto sets (Delling, Dibbelt, Pajor: Fast and Exact Public Transit Routing with
Restricted Pareto Sets, ALENEX 2019): journeys worth weighing by more criteria end within a slack of those that arrive
first, and whoever is later than `latest` at a node cannot be on one of them.
"""

import numba
import numpy as np

from mobigo.planner.engine.raptor import INF

NEVER = np.int32(-INF)


@numba.njit(cache=True, nogil=True)
def latest(g, target, egress_s, deadline_s, start_s, since_s, arrived, ready):  # type: ignore[no-untyped-def]  # kernel
    """Fill `arrived` and `ready` [vehicles, node]: the latest instants to be off a vehicle there, and to board the
    next, with that many taken; NEVER where it is too late.

    `deadline_s` [vehicles]: the latest arrival with that many in all, never later with more. `since_s` [node]: no
    shorter way leads there from the start.
    """
    rounds, nodes = len(deadline_s) - 1, len(g.change_s)
    pattern_start, pattern_node, occurrence_start = g.pattern_start, g.pattern_node, g.occurrence_start
    can_board, can_alight, arrive_s, depart_s = g.can_board, g.can_alight, g.arrive_s, g.depart_s
    occurrence_s, occurrence_row = g.occurrence_s, g.occurrence_row
    left_start, left_pattern, left_position = g.left_start, g.left_pattern, g.left_position
    from_start, from_node, from_s, change_s = g.from_start, g.from_node, g.from_s, g.change_s
    last_position = np.full(len(pattern_start) - 1, np.int32(-1), np.int32)
    queue = np.empty(len(pattern_start) - 1, np.int32)
    near, boarded = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    is_near, is_boarded = np.zeros(nodes, np.bool_), np.zeros(nodes, np.bool_)
    arrived[rounds, :] = NEVER
    ready[rounds, :] = NEVER
    count = _at_target(target, egress_s, deadline_s[rounds], arrived[rounds], near, is_near, 0)
    for k in range(rounds - 1, -1, -1):
        arrived[k, :] = arrived[k + 1]
        ready[k, :] = ready[k + 1]
        before, now = arrived[k + 1], ready[k]
        queued = 0
        for i in range(count):
            node = near[i]
            is_near[node] = False
            for e in range(left_start[node], left_start[node + 1]):
                pattern = left_pattern[e]
                if last_position[pattern] < 0:
                    queue[queued] = pattern
                    queued += 1
                last_position[pattern] = max(last_position[pattern], left_position[e])
        found = 0
        for q in range(queued):
            pattern = queue[q]
            at = pattern_start[pattern]
            first, end = occurrence_start[pattern], occurrence_start[pattern + 1]
            aboard = first - 1  # the latest occurrence from which one is in time
            for i in range(last_position[pattern], -1, -1):
                node = pattern_node[at + i]
                if aboard >= first and can_board[at + i]:
                    departs = occurrence_s[aboard] + depart_s[occurrence_row[aboard] + i]
                    if departs > now[node] and departs - start_s >= since_s[node]:
                        now[node] = departs
                        if not is_boarded[node]:
                            is_boarded[node] = True
                            boarded[found] = node
                            found += 1
                if i and can_alight[at + i] and before[node] > NEVER:
                    by = before[node]
                    low, high = aboard + 1, end
                    while low < high:
                        middle = (low + high) >> 1
                        if occurrence_s[middle] + arrive_s[occurrence_row[middle] + i] <= by:
                            low = middle + 1
                        else:
                            high = middle
                    aboard = low - 1
            last_position[pattern] = -1
        count = 0
        for i in range(found):
            node = boarded[i]
            is_boarded[node] = False
            departs = now[node]
            for e in range(from_start[node] - 1, from_start[node + 1]):
                other, seconds = node, change_s[node]
                if e >= from_start[node]:
                    other, seconds = from_node[e], from_s[e]
                if seconds < INF and departs - seconds > arrived[k, other]:
                    arrived[k, other] = departs - seconds
                    if not is_near[other]:
                        is_near[other] = True
                        near[count] = other
                        count += 1
        if k:
            count = _at_target(target, egress_s, deadline_s[k], arrived[k], near, is_near, count)


@numba.njit(cache=True, nogil=True)
def _at_target(target, egress_s, deadline_s, arrived, near, is_near, count):  # type: ignore[no-untyped-def]  # kernel
    """Being in time at the target itself. Returns how many nodes are new in `near`."""
    for i in range(len(target)):
        node = target[i]
        by = deadline_s - egress_s[i]
        if deadline_s > NEVER and by > arrived[node]:
            arrived[node] = by
            if not is_near[node]:
                is_near[node] = True
                near[count] = node
                count += 1
    return count

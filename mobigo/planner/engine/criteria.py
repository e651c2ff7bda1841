"""Every journey worth taking by arrival, vehicles, metres on foot and price: McRAPTOR, held to a restricted set.

After Delling, Dibbelt and Pajor (ALENEX 2019): with k vehicles in all, a journey arrives at most `Slack.arrive_s` after
the earliest of k vehicles or fewer, and at most `Slack.late_s` after the earliest of all; it has at most `Slack.rides`
vehicles more than the two-criteria front. Among those that do, the set is exact: no other is as good by all four, the
least and the most that the price can be taken each by itself. What is beaten by none is kept once; of equals, the one
found first. That holds with `Slack.waits`, and without it for tariffs whose transfers have no limit of time. Where they
have one, without it: nobody lets a vehicle of a network go by for a later one of the same calls, so that a ticket is
good for longer; and of two labels of one price the earlier beats the later, however long their tickets are still good.
"""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from mobigo.network.model.timetable import I32
from mobigo.planner.engine import labels as one
from mobigo.planner.engine import tariffs
from mobigo.planner.engine.labels import ALIGHT, BOARD, COLUMNS, DEAD, NODE, NONE, PARENT, PATTERN, RIDES, TIME, WALK
from mobigo.planner.engine.raptor import INF, first_occurrence
from mobigo.planner.rules.fare_table import MIXED

SOURCE = np.int32(-1)
FULL = -1  # there was no room for all labels


class Slack(NamedTuple):
    """How much later, and with how many vehicles more than the quickest, a journey may be for its price or its
    walking; and whether one waits for a ticket's sake."""

    arrive_s: int = 3600
    rides: int = 1
    late_s: int = 7200
    waits: bool = False


class Ridden(NamedTuple):
    """What a view says of fares."""

    network: I32  # [occurrence]; MIXED where its trips differ
    alone: NDArray[np.bool_]  # [pattern] whether its occurrences are all of one network
    run: I32  # [occurrence]
    cell: I32  # [pattern] its first cell in the timetable
    offset: I32  # [pattern] the position of that cell in the timetable's pattern
    trip_start: I32  # [run]
    trip_first: I32
    foot_m: I32
    stop: I32  # [node]
    part: I32  # [pattern] the part of the network where its tickets have transfers; `parts` where they have none
    parts: I32  # [1] how many parts


class Room(NamedTuple):
    """Working memory of one thread."""

    pool: I32  # [label, column]
    following: I32  # [label] the next in the bag of its node
    newer: I32  # [label] the next of this round at its node
    ends: I32  # [journey, column] a label, arrival, metres, least and most price, vehicles
    used: I32  # [1] how many labels the last search made


def make_room(labels: int) -> Room:
    return Room(
        np.empty((labels, COLUMNS), np.int32), np.empty(labels, np.int32), np.empty(labels, np.int32),
        np.empty((max(64, labels // 8), 6), np.int32), np.zeros(1, np.int32),
    )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def search(g, f, r, room, source, ready_s, source_m, egress_s, egress_m, by_off, by_on, ahead_s, waits):  # type: ignore[no-untyped-def]  # kernel
    """Fill `room.ends` from the source nodes to those with `egress_s` below INF; how many journeys, or FULL.

    `by_off`, `by_on` [vehicles, node] are `latest`'s; `ahead_s` [node] is a lower bound of the way to the target.
    """
    nodes, patterns = len(g.change_s), len(g.pattern_start) - 1
    rounds = len(by_off) - 1
    off_heads, on_heads = np.full(nodes, NONE, np.int32), np.full(nodes, NONE, np.int32)
    new_heads = np.full(nodes, NONE, np.int32)
    marked, reached = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    first_position = np.full(patterns, INF, np.int32)
    queue = np.empty(patterns, np.int32)
    heads = (off_heads, on_heads, new_heads)
    row = np.zeros(COLUMNS, np.int32)
    cap = f.cap_cents[0]
    lenient_s = np.int32(0) if waits else INF // 2
    fresh_s = tariffs.fresh_since(f, g, r, by_off[0], by_on[0])
    used, ended, marks = 0, 0, 0
    for i in range(len(source)):
        node = source[i]
        if ready_s[i] > by_on[0, node]:
            continue
        one.forgets(row)
        row[one.CLOSED], row[one.CLOSED_MOST] = 0, 0
        row[TIME], row[WALK], row[PARENT], row[NODE], row[RIDES], row[DEAD] = (
            ready_s[i],
            source_m[i],
            SOURCE,
            node,
            0,
            0,
        )
        used, marks = _on(f, room, heads, row, used, marks, marked, cap, lenient_s)
        if used == FULL:
            return FULL
    for k in range(1, rounds + 1):
        queued = _queue(g, marked, marks, first_position, queue)
        if queued == 0:
            break
        used, ended, found = _ride(
            g, f, r, room, heads, queue, queued, first_position, k, egress_s, egress_m, by_off[k], by_on[k - 1],
            ahead_s, fresh_s, waits, used, ended, reached,
        )  # fmt: skip
        if used == FULL:
            return FULL
        for i in range(marks):
            new_heads[marked[i]] = NONE
        marks = 0
        if k == rounds:
            break
        used, marks = _walk(g, f, r, room, heads, reached, found, k, by_on[k], lenient_s, used, marked)
        if used == FULL:
            return FULL
    room.used[0] = used
    kept = 0
    for i in range(ended):
        if room.ends[i, 0] >= 0:
            room.ends[kept] = room.ends[i]
            kept += 1
    return kept


@numba.njit(cache=True, nogil=True)
def _on(f, room, heads, row, used, marks, marked, cap, lenient_s):  # type: ignore[no-untyped-def]  # kernel
    """A label ready to board, unless another is as good. Returns (labels, marked nodes)."""
    pool, following, newer = room.pool, room.following, room.newer
    _off_heads, on_heads, new_heads = heads
    node = row[NODE]
    if one.is_beaten(pool, on_heads[node], following, row, f.capped, cap, lenient_s):
        return used, marks
    if used == len(pool):
        return FULL, marks
    pool[used] = row
    one.enters(pool, on_heads, node, following, used, f.capped, cap, lenient_s)
    if new_heads[node] < 0:
        marked[marks] = node
        marks += 1
    newer[used] = new_heads[node]
    new_heads[node] = used
    return used + 1, marks


@numba.njit(cache=True, nogil=True)
def _queue(g, marked, marks, first_position, queue):  # type: ignore[no-untyped-def]  # kernel
    node_start, node_pattern, node_position = g.node_start, g.node_pattern, g.node_position
    queued = 0
    for i in range(marks):
        node = marked[i]
        for e in range(node_start[node], node_start[node + 1]):
            pattern, position = node_pattern[e], node_position[e]
            if first_position[pattern] == INF:
                queue[queued] = pattern
                queued += 1
                first_position[pattern] = position
            else:
                first_position[pattern] = min(first_position[pattern], position)
    return queued


@numba.njit(cache=True, nogil=True)
def _ride(  # type: ignore[no-untyped-def]  # kernel
    g, f, r, room, heads, queue, queued, first_position, k, egress_s, egress_m, by_off, by_on, ahead_s, fresh_s, waits,
    used, ended, reached,
):  # fmt: skip
    """Ride each queued pattern with every label that may board it. Returns (labels, journeys, nodes reached)."""
    pool, newer, ends = room.pool, room.newer, room.ends
    off_heads, _on_heads, new_heads = heads
    pattern_start, pattern_node, occurrence_start = g.pattern_start, g.pattern_node, g.occurrence_start
    can_board, can_alight, arrive_s, depart_s = g.can_board, g.can_alight, g.arrive_s, g.depart_s
    occurrence_s, occurrence_row = g.occurrence_s, g.occurrence_row
    networks, cells, cell_m = r.network, r.cell, f.cell_m
    cap, lenient_s = f.cap_cents[0], np.int32(0) if waits else INF // 2
    aboard = np.empty((64, COLUMNS), np.int32)  # what one has on board, as `tariffs.boards` left it
    row, out = np.empty(COLUMNS, np.int32), np.empty((2, COLUMNS), np.int32)
    is_reached = np.zeros(len(g.change_s), np.bool_)
    found = 0
    for q in range(queued):
        pattern = queue[q]
        at, cell, fresh = pattern_start[pattern], cells[pattern], fresh_s[r.part[pattern]]
        last = pattern_start[pattern + 1] - at - 1
        first, end = occurrence_start[pattern], occurrence_start[pattern + 1]
        position = first_position[pattern]
        first_position[pattern] = INF
        count = 0
        for i in range(position, last + 1):
            node = pattern_node[at + i]
            if can_alight[at + i]:
                for b in range(count):
                    occurrence = aboard[b, one.OCCURRENCE]
                    t = occurrence_s[occurrence] + arrive_s[occurrence_row[occurrence] + i]
                    if t > by_off[node]:
                        continue
                    boarded = aboard[b, BOARD]
                    row[:] = aboard[b]
                    network = networks[occurrence]
                    if network == MIXED:
                        # a trip that begins where one gets off is ridden when its first stop is another
                        until = i + (r.stop[node] != r.stop[pattern_node[at + i - 1]])
                        offset = r.offset[pattern]
                        network = _of_trips(f, r, r.run[occurrence], offset + boarded, offset + until)
                        tariffs.boards(f, row, network, pattern_node[at + boarded])
                    metres = row[one.METRES] + np.int32(cell_m[cell + i] - cell_m[cell + boarded])
                    left = occurrence_s[occurrence] + depart_s[occurrence_row[occurrence] + boarded]
                    zone, to_zone = row[one.ZONE], NONE
                    if network >= 0 and f.pair_network[0] == network:
                        zone = zone if f.joins[network] else f.paired[pattern_node[at + boarded]]
                        to_zone = f.paired[node]
                    if network >= 0 and f.outside[network, node]:
                        one.forgets(row)
                    ways = tariffs.rides(f, row, network, zone, to_zone, metres, left, t, fresh, out)
                    for way in range(ways):
                        new = out[way]
                        new[TIME], new[NODE], new[RIDES], new[ALIGHT], new[DEAD] = t, node, k, i, 0
                        if _is_hopeless(ends, ended, new, ahead_s[node], cap):
                            continue
                        if one.is_beaten(pool, off_heads[node], room.following, new, f.capped, cap, lenient_s):
                            continue
                        if used == len(pool) or ended == len(ends):
                            return FULL, ended, found
                        pool[used] = new
                        one.enters(pool, off_heads, node, room.following, used, f.capped, cap, lenient_s)
                        if not is_reached[node]:
                            is_reached[node] = True
                            reached[found] = node
                            found += 1
                        if egress_s[node] < INF:
                            ended = _ends(f, ends, ended, new, used, egress_s[node], egress_m[node], k, cap)
                        used += 1
            if i == last or not can_board[at + i]:
                continue
            label = new_heads[node]
            while label >= 0:
                if pool[label, DEAD] == 0:
                    ready = pool[label, TIME]
                    occurrence = first_occurrence(occurrence_s, occurrence_row, depart_s, first, end, i, ready)
                    taken = np.int64(0)  # networks boarded already, a bit each
                    while occurrence < end:
                        departs = occurrence_s[occurrence] + depart_s[occurrence_row[occurrence] + i]
                        if departs > by_on[node]:
                            break
                        network = networks[occurrence]
                        timed = network == MIXED or (
                            waits and departs < fresh and network >= 0 and tariffs.is_timed(f, f.group[network])
                        )
                        bit = np.int64(1) << np.int64(network + 1) if network >= -1 else np.int64(0)
                        if timed or not taken & bit:
                            taken |= bit
                            row[:] = pool[label]
                            row[PARENT], row[one.OCCURRENCE], row[BOARD], row[PATTERN] = label, occurrence, i, pattern
                            row[one.LEFT] = departs
                            if network != MIXED:
                                tariffs.boards(f, row, network, node)
                            if not _is_aboard(
                                f, aboard, count, row, networks, network, fresh, cell_m, cell, cap, lenient_s
                            ):
                                if count == len(aboard):
                                    wider = np.empty((2 * count, COLUMNS), np.int32)
                                    wider[:count] = aboard
                                    aboard = wider
                                aboard[count] = row
                                count += 1
                        if r.alone[pattern] and not timed:
                            break
                        occurrence += 1
                label = newer[label]
    return used, ended, found


@numba.njit(cache=True, nogil=True)
def _is_aboard(f, aboard, count, row, networks, network, fresh_s, cell_m, cell, cap, lenient_s):  # type: ignore[no-untyped-def]  # kernel
    """Whether somebody on board the same vehicle, or one before it of the same network, is as well off from here on."""
    if network == MIXED:
        return False
    by_pair = network >= 0 and f.pair_network[0] == network and not f.joins[network]
    by_metres = network >= 0 and f.flat_cents[network] < 0
    is_timed = network >= 0 and tariffs.is_timed(f, f.group[network])
    for b in range(count):
        other = aboard[b]
        occurrence = other[one.OCCURRENCE]
        if networks[occurrence] != network or other[WALK] > row[WALK]:
            continue
        if occurrence > row[one.OCCURRENCE]:
            continue
        same = occurrence == row[one.OCCURRENCE] and other[BOARD] == row[BOARD]
        if is_timed and not same and lenient_s == 0 and other[one.LEFT] < fresh_s:
            continue  # the one who boards later holds a ticket that is good for longer
        if (by_pair or (by_metres and not f.joins[network])) and other[BOARD] != row[BOARD]:
            continue
        ridden = np.int32(cell_m[cell + row[BOARD]] - cell_m[cell + other[BOARD]])
        if (
            by_metres
            and f.joins[network]
            and other[one.METRES] + ridden + 1 > row[one.METRES]
            and other[BOARD] != row[BOARD]
        ):
            continue  # whole metres are cut at each ride: one of them is kept in hand
        if one.pays_no_more(other, row, f.capped, cap, lenient_s):
            return True
    return False


@numba.njit(cache=True, nogil=True)
def _of_trips(f, r, run, boarded, left):  # type: ignore[no-untyped-def]  # kernel
    """The network of the trips ridden between two positions of a joined run; NONE where they differ."""
    network, begun = MIXED, False
    for at in range(r.trip_start[run], r.trip_start[run + 1]):
        until = r.trip_first[at + 1] if at + 1 < r.trip_start[run + 1] else INF
        if r.trip_first[at] >= left or until <= boarded:
            continue
        own = f.trip_network[at]
        if not begun:
            network, begun = own, True
        elif own != network:
            return NONE
    return network if begun else NONE


@numba.njit(cache=True, nogil=True)
def _is_hopeless(ends, ended, row, ahead_s, cap):  # type: ignore[no-untyped-def]  # kernel
    """Whether a journey known already is as good as whatever may still come of a label."""
    least, most = one.least_at_end(row, cap, 0), one.least_at_end(row, cap, 1)
    for i in range(ended):
        if (
            ends[i, 0] >= 0
            and ends[i, 1] <= row[TIME] + ahead_s
            and ends[i, 2] <= row[WALK]
            and ends[i, 3] <= least
            and ends[i, 4] <= most
        ):
            return True
    return False


@numba.njit(cache=True, nogil=True)
def _ends(f, ends, ended, row, label, egress_s, egress_m, k, cap):  # type: ignore[no-untyped-def]  # kernel
    """A journey that ends with `label`, unless another is as good. Returns how many there are."""
    arrives, walked = row[TIME] + egress_s, row[WALK] + egress_m
    least, most = one.price(row, f.capped, cap, 0), one.price(row, f.capped, cap, 1)
    if most >= one.NO_PRICE:
        least = one.NO_PRICE
    for i in range(ended):
        known = ends[i]
        if known[0] >= 0 and (known[1] <= arrives and known[2] <= walked and known[3] <= least and known[4] <= most):
            return ended
    for i in range(ended):
        known = ends[i]
        if known[5] == k and known[1] >= arrives and known[2] >= walked and known[3] >= least and known[4] >= most:
            known[0] = NONE
    ends[ended, 0], ends[ended, 1], ends[ended, 2] = label, arrives, walked
    ends[ended, 3], ends[ended, 4], ends[ended, 5] = least, most, k
    return ended + 1


@numba.njit(cache=True, nogil=True)
def _walk(g, f, r, room, heads, reached, found, k, by_on, lenient_s, used, marked):  # type: ignore[no-untyped-def]  # kernel
    """From each node reached: change there, or walk to another. Returns (labels, marked nodes)."""
    pool, following = room.pool, room.following
    off_heads, _on_heads, _new_heads = heads
    foot_start, foot_node, foot_s, foot_m, change_s = g.foot_start, g.foot_node, g.foot_s, r.foot_m, g.change_s
    row, cap, marks = np.empty(COLUMNS, np.int32), f.cap_cents[0], 0
    for i in range(found):
        node = reached[i]
        label = off_heads[node]
        while label >= 0:
            if pool[label, RIDES] == k and pool[label, DEAD] == 0:
                for e in range(foot_start[node] - 1, foot_start[node + 1]):
                    other, seconds, metres = node, change_s[node], np.int32(0)
                    if e >= foot_start[node]:
                        other, seconds, metres = foot_node[e], foot_s[e], foot_m[e]
                    if seconds >= INF or pool[label, TIME] + seconds > by_on[other]:
                        continue
                    row[:] = pool[label]
                    row[TIME] += seconds
                    row[WALK] += metres
                    row[NODE], row[PARENT] = other, label
                    if f.station[other] != f.station[node]:
                        one.closes(row, f.capped)
                    used, marks = _on(f, room, heads, row, used, marks, marked, cap, lenient_s)
                    if used == FULL:
                        return FULL, marks
            label = following[label]
    return used, marks


@numba.njit(cache=True, nogil=True)
def trace(g, room, label, out):  # type: ignore[no-untyped-def]  # kernel
    """The rides of a label into `out` [ride, `raptor.RIDE_COLUMNS`], as `raptor.trace` does; how many."""
    pool = room.pool
    count = k = pool[label, RIDES]
    while k > 0:
        k -= 1
        pattern, occurrence = pool[label, PATTERN], pool[label, one.OCCURRENCE]
        a, b = pool[label, BOARD], pool[label, ALIGHT]
        start_s, line = g.occurrence_s[occurrence], g.occurrence_row[occurrence]
        at = g.pattern_start[pattern]
        out[k, 0], out[k, 1], out[k, 2], out[k, 3] = pattern, occurrence, a, b
        out[k, 4], out[k, 5] = start_s + g.depart_s[line + a], start_s + g.arrive_s[line + b]
        out[k, 6], out[k, 7] = g.pattern_node[at + a], g.pattern_node[at + b]
        label = pool[pool[label, PARENT], PARENT]
    return count

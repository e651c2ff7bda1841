"""What a leg costs, and what it leaves in hand: a `FareTable` applied to labels of the search."""

import numba
import numpy as np

from mobigo.planner.engine.labels import (
    CAPPED,
    CAPPED_MOST,
    CLOSED,
    CLOSED_MOST,
    COUNT,
    GROUP,
    LEG_ARRIVE,
    LEG_DEPART,
    METRES,
    NETWORK,
    NO_PRICE,
    NONE,
    OPEN,
    OPEN_MOST,
    RUN_ARRIVE,
    RUN_DEPART,
    ZONE,
    closes,
    forgets,
    plus,
)
from mobigo.planner.engine.raptor import INF


@numba.njit(cache=True, nogil=True)
def banded(f, network, metres):  # type: ignore[no-untyped-def]  # kernel
    """The price of the first band that the metres do not pass; unknown beyond the last."""
    for band in range(f.band_start[network], f.band_start[network + 1]):
        if metres < f.band_until_m[band]:
            return f.band_cents[band] if f.band_cents[band] >= 0 else NO_PRICE
    return NO_PRICE


@numba.njit(cache=True, nogil=True)
def leg_price(f, network, zone, to_zone, metres):  # type: ignore[no-untyped-def]  # kernel
    """(least, most) of an effective leg between two rows of the table of pairs (NONE: not in it)."""
    if zone >= 0 and to_zone >= 0 and f.pair_network[0] == network:
        cents = f.pair_cents[zone, to_zone]
        if cents >= -1:
            known = cents if cents >= 0 else NO_PRICE
            return known, known
    if f.flat_cents[network] >= 0:
        return f.flat_cents[network], f.flat_cents[network]
    return banded(f, network, metres), banded(f, network, np.int64(metres * f.winding[network]))


@numba.njit(cache=True, nogil=True)
def boards(f, row, network, node):  # type: ignore[no-untyped-def]  # kernel
    """Get on a vehicle of a network (NONE: unknown), label `row` being what one had before, in place: a leg still open
    goes on, or is paid."""
    if network >= 0 and row[NETWORK] == network and f.joins[network] and not f.outside[network, node]:
        return
    closes(row, f.capped)
    if network < 0 or f.outside[network, node]:
        forgets(row)
    elif f.joins[network]:
        row[NETWORK], row[METRES] = network, 0
        row[ZONE] = f.paired[node] if f.pair_network[0] == network else NONE


@numba.njit(cache=True, nogil=True)
def transfer(f, row, network, depart_s, arrive_s):  # type: ignore[no-untyped-def]  # kernel
    """(cents, count) of the transfer from the leg before; (NONE, 0) where there is none, or no more."""
    group = f.group[network]
    if row[GROUP] < 0 or group < 0:
        return NONE, np.int32(0)
    before = row[GROUP]
    cents, most, limit_s = (
        f.transfer_cents[before, group], f.transfer_count[before, group], f.transfer_s[before, group],
    )  # fmt: skip
    same = before == group
    count = np.int32(row[COUNT] + 1 if same else 1)
    if cents < 0 or (same and most >= 0 and count > most):
        return NONE, np.int32(0)
    if limit_s >= 0:
        from_s = row[RUN_DEPART] if same else row[LEG_DEPART]
        if f.transfer_from_arrival[before, group]:
            from_s = row[RUN_ARRIVE] if same else row[LEG_ARRIVE]
        to_s = arrive_s if f.transfer_to_arrival[before, group] else depart_s
        if to_s - from_s > limit_s:
            return NONE, np.int32(0)
    return cents, count if same else np.int32(0)


@numba.njit(cache=True, nogil=True)
def rides(f, row, network, zone, to_zone, metres, depart_s, arrive_s, fresh_s, out):  # type: ignore[no-untyped-def]  # kernel
    """Off a vehicle: what one has then, into the rows of `out` (the first by paying, the second by a transfer); how
    many. `row` is as `boards` left it; `fresh_s`: see `fresh_since`."""
    out[0, :] = row
    if network < 0 or row[CLOSED_MOST] >= NO_PRICE:
        return 1
    least, most = leg_price(f, network, zone, to_zone, metres)
    column = CAPPED if f.capped[network] else CLOSED
    if f.joins[network]:
        out[0, OPEN], out[0, OPEN_MOST], out[0, METRES] = least, most, metres
        out[0, GROUP], out[0, COUNT] = NONE, 0
        out[0, RUN_DEPART], out[0, RUN_ARRIVE], out[0, LEG_DEPART], out[0, LEG_ARRIVE] = 0, 0, 0, 0
        if f.flat_cents[network] >= 0:
            out[0, METRES] = 0
        return 1
    _holds(f, out[0], f.group[network], np.int32(0), depart_s, arrive_s, depart_s, arrive_s, fresh_s)
    out[0, column] = plus(out[0, column], least)
    out[0, column + 1] = plus(out[0, column + 1], most)
    if out[0, CLOSED_MOST] >= NO_PRICE or out[0, CAPPED_MOST] >= NO_PRICE:
        forgets(out[0])
    cents, count = transfer(f, row, network, depart_s, arrive_s)
    if cents < 0:
        return 1
    out[1, :] = row
    same = row[GROUP] == f.group[network]
    run_s = (row[RUN_DEPART], row[RUN_ARRIVE]) if same else (depart_s, arrive_s)
    _holds(f, out[1], f.group[network], count, run_s[0], run_s[1], depart_s, arrive_s, fresh_s)
    out[1, column] = plus(out[1, column], cents)
    out[1, column + 1] = plus(out[1, column + 1], cents)
    return 2


@numba.njit(cache=True, nogil=True)
def _holds(f, row, group, count, run_depart_s, run_arrive_s, depart_s, arrive_s, fresh_s):  # type: ignore[no-untyped-def]  # kernel
    """The transfer in hand after a leg; its instants only where some limit of time could ask for them, its count where
    some limit could."""
    row[GROUP] = NONE
    row[COUNT], row[RUN_DEPART], row[RUN_ARRIVE], row[LEG_DEPART], row[LEG_ARRIVE] = 0, 0, 0, 0, 0
    if group < 0:
        return
    leads = False
    for to in range(f.transfer_cents.shape[1]):
        leads = leads or f.transfer_cents[group, to] >= 0
    if not leads:
        return
    row[GROUP] = group
    if f.transfer_count[group, group] >= 0:
        row[COUNT] = count
    if is_timed(f, group):
        row[RUN_DEPART], row[RUN_ARRIVE] = min(run_depart_s, fresh_s), min(run_arrive_s, fresh_s)
        row[LEG_DEPART], row[LEG_ARRIVE] = min(depart_s, fresh_s), min(arrive_s, fresh_s)


@numba.njit(cache=True, nogil=True)
def fresh_since(f, g, r, by_off, by_on):  # type: ignore[no-untyped-def]  # kernel
    """[part] from which instant on a ticket with transfers is as good as one bought later: wherever one may still be in
    time, in that part of the network, no limit of time is reached. Labels keep no later instant than that."""
    fresh_s = np.full(r.parts[0] + 1, -INF, np.int32)
    shortest = INF
    for a in range(f.transfer_s.shape[0]):
        for b in range(f.transfer_s.shape[1]):
            if f.transfer_cents[a, b] >= 0 and f.transfer_s[a, b] >= 0:
                shortest = min(shortest, f.transfer_s[a, b])
    if shortest == INF:
        return fresh_s
    for pattern in range(len(g.pattern_start) - 1):
        part = r.part[pattern]
        if part < r.parts[0]:
            for cell in range(g.pattern_start[pattern], g.pattern_start[pattern + 1]):
                node = g.pattern_node[cell]
                fresh_s[part] = max(fresh_s[part], by_off[node] - shortest, by_on[node] - shortest)
    return fresh_s


@numba.njit(cache=True, nogil=True)
def parts_of(g, grouped):  # type: ignore[no-untyped-def]  # kernel
    """(part of each pattern, how many) of the patterns whose tickets have transfers: those that one can change between
    without riding another. The number of parts stands for the patterns of none."""
    nodes, patterns = len(g.change_s), len(g.pattern_start) - 1
    root, served = np.arange(nodes), np.zeros(nodes, np.bool_)
    for pattern in range(patterns):
        if grouped[pattern]:
            first = _root(root, g.pattern_node[g.pattern_start[pattern]])
            for cell in range(g.pattern_start[pattern], g.pattern_start[pattern + 1]):
                served[g.pattern_node[cell]] = True
                root[_root(root, g.pattern_node[cell])] = first
    for node in range(nodes):
        if served[node]:
            for e in range(g.foot_start[node], g.foot_start[node + 1]):
                if served[g.foot_node[e]]:
                    root[_root(root, g.foot_node[e])] = _root(root, node)
    number, parts = np.full(nodes, -1), 0
    part = np.full(patterns, -1, np.int32)
    for pattern in range(patterns):
        if grouped[pattern]:
            own = _root(root, g.pattern_node[g.pattern_start[pattern]])
            if number[own] < 0:
                number[own] = parts
                parts += 1
            part[pattern] = number[own]
    for pattern in range(patterns):
        if part[pattern] < 0:
            part[pattern] = parts
    return part, parts


@numba.njit(cache=True, nogil=True)
def _root(root, node):  # type: ignore[no-untyped-def]  # kernel
    while root[node] != node:
        root[node] = root[root[node]]
        node = root[node]
    return node


@numba.njit(cache=True, nogil=True)
def is_timed(f, group):  # type: ignore[no-untyped-def]  # kernel
    """Whether a transfer from a leg of a group has a limit of time: then leaving later may be worth it."""
    if group < 0:
        return False
    for to in range(f.transfer_cents.shape[1]):
        if f.transfer_cents[group, to] >= 0 and f.transfer_s[group, to] >= 0:
            return True
    return False

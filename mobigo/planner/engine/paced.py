"""Changes at a person's own pace: the walks of a timetable for who is slower than most, or rolls."""

from dataclasses import replace

import numpy as np

from mobigo.network.model.pathways import MOVERS
from mobigo.network.model.streets import Mover
from mobigo.network.model.timetable import I32, NEVER_S, Timetable
from mobigo.planner.engine.reach import SPEED_M_S


def paced(timetable: Timetable, speed_m_s: float, mover: Mover | None = None) -> Timetable:
    """The timetable with each walk between two stops made longer by what its metres take at that speed beyond the
    usual one. A change at one stop keeps its time: nobody knows its metres. What pathways decide is what they take
    `mover`, and no walk where that walker cannot pass; `within_*` then tell of that walker alone."""
    longer_s = np.ceil(timetable.foot_m / speed_m_s) - np.ceil(timetable.foot_m / SPEED_M_S)
    foot_s = timetable.foot_s + np.maximum(longer_s, 0).astype(np.int32)
    foot_node, foot_m = timetable.foot_node, timetable.foot_m
    count = len(timetable.foot_start) - 1
    leaves = np.repeat(np.arange(count, dtype=np.int32), np.diff(timetable.foot_start))
    if mover is None or not len(timetable.within_from):
        order = np.lexsort((foot_node, foot_s, leaves))  # the shortest first, as searches expect
        return replace(timetable, foot_s=foot_s[order], foot_node=foot_node[order], foot_m=foot_m[order])
    row = [each.name for each in MOVERS].index(mover.name)
    at = within_rows(timetable, leaves, foot_node)
    told = at >= 0
    foot_s[told] = timetable.within_s[row, at[told]]
    foot_m = np.where(told, timetable.within_m[row, np.maximum(at, 0)], foot_m).astype(np.int32)
    order = np.lexsort((foot_node, foot_s, leaves))
    order = order[foot_s[order] < NEVER_S]
    foot_start = np.zeros(count + 1, np.int32)
    np.cumsum(np.bincount(leaves[order], minlength=count), out=foot_start[1:])
    return replace(
        timetable, foot_start=foot_start, foot_s=foot_s[order], foot_node=foot_node[order], foot_m=foot_m[order],
        within_s=timetable.within_s[[row]], within_walk_s=timetable.within_walk_s[[row]],
        within_m=timetable.within_m[[row]],
    )  # fmt: skip


def within_rows(timetable: Timetable, a: I32, b: I32) -> I32:
    """For each walk from node `a` to node `b` its row of `within_*`; -1 where pathways have no part in it."""
    count = len(timetable.node_stop)
    known = timetable.within_from.astype(np.int64) * count + timetable.within_to
    wanted = a.astype(np.int64) * count + b
    if not len(known):
        return np.full(len(wanted), -1, np.int32)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[at] == wanted, at, -1).astype(np.int32)

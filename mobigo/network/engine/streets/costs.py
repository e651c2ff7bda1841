"""Who one is to what each edge costs."""

import numpy as np
from numpy.typing import NDArray

from mobigo.network.model import streets as bits
from mobigo.network.model.streets import EdgeCosts, Mode, Mover, StreetGraph
from mobigo.network.model.timetable import F64, I32

Mask = NDArray[np.bool_]

CAR_SHARE = 0.8  # of the limit: what driving in fact makes of it, junctions included


def edge_costs(graph: StreetGraph, mover: Mover, against: bool = False) -> EdgeCosts:
    """The costs of every edge for `mover`. `against`: of coming along the edge from its end, which a search from the
    destination needs."""
    passed = graph.stretch_pass
    speed = np.full(len(passed), mover.speed_m_s)
    if mover.mode is Mode.CAR:
        speed = np.minimum(mover.speed_m_s, np.maximum(graph.stretch_speed_kmh, 5) / 3.6 * CAR_SHARE)
    factor = np.ones(len(passed))
    closed = (passed & bits.NO_WHEELS) != 0 if mover.wheels else np.zeros(len(passed), bool)
    for bit, times in ((bits.STEPS, mover.steps), (bits.ROUGH, mover.rough)):
        has = (passed & bit) != 0
        if times is None:
            closed |= has
        else:
            factor[has] *= times
    lifts = ((passed & bits.LIFT) != 0) + _lifts_at_ends(graph)
    time_ms = graph.stretch_cm * 10.0 / speed * factor + lifts * (mover.lift_s * 1000)
    effort = time_ms * _taste(passed, mover)
    ahead, back = (passed & mover.mode.ahead) != 0, (passed & mover.mode.back) != 0
    if against:
        ahead, back = back, ahead
    open_ = np.column_stack([ahead & ~closed, back & ~closed]).ravel()
    return EdgeCosts(_ms(effort, open_), _ms(time_ms, open_), _barred(graph, mover))


def _lifts_at_ends(graph: StreetGraph) -> F64:
    """Half a lift for each end of a stretch that is one: who goes through it goes along two stretches."""
    here = (graph.junction_bars & bits.LIFT_HERE) != 0
    halves: F64 = (here[graph.stretch_from].astype(np.float64) + here[graph.stretch_to]) / 2
    return halves


def _taste(passed: I32, mover: Mover) -> F64:
    taste = np.ones(len(passed))
    taste[(passed & bits.CALM) != 0] = mover.calm_cost
    taste[(passed & bits.BUSY) != 0] = mover.busy_cost
    return taste


def _barred(graph: StreetGraph, mover: Mover) -> Mask:
    """Junctions one cannot go through. One who begins there has not gone through."""
    wanted = mover.mode.bars | (bits.BARS_WHEELS if mover.wheels else 0)
    barred: Mask = (graph.junction_bars & wanted) != 0
    return barred


def _ms(cost: F64, open_: Mask) -> I32:
    whole = np.minimum(np.rint(cost), 2**30).astype(np.int32)
    return np.where(open_, np.repeat(whole, 2), np.int32(-1))

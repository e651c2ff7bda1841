"""Changes at a person's own pace: the walks of a timetable for who is slower than most."""

from dataclasses import replace

import numpy as np

from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine.reach import SPEED_M_S


def paced(timetable: Timetable, speed_m_s: float) -> Timetable:
    """The timetable with each walk between two stops made longer by what its metres take at that speed beyond the
    usual one. A change at one stop keeps its time: nobody knows its metres."""
    longer_s = np.ceil(timetable.foot_m / speed_m_s) - np.ceil(timetable.foot_m / SPEED_M_S)
    foot_s = timetable.foot_s + np.maximum(longer_s, 0).astype(np.int32)
    leaves = np.repeat(np.arange(len(timetable.foot_start) - 1), np.diff(timetable.foot_start))
    order = np.lexsort((timetable.foot_node, foot_s, leaves))  # the shortest first, as searches expect
    return replace(
        timetable, foot_s=foot_s[order], foot_node=timetable.foot_node[order], foot_m=timetable.foot_m[order]
    )

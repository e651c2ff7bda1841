"""From one place to many at once: the seconds to each of many ends, for one departure or several."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mobigo.network.model.timetable import I32, I64, NEVER_S
from mobigo.planner.engine.search import Searcher
from mobigo.planner.model import Reach


@dataclass(frozen=True, slots=True)
class Ends:
    """Many ends, each with the nodes it is reached from: rows `start[e]:start[e + 1]`, at least one (`NEVER_S`)."""

    start: I64
    node: I32
    time_s: I32

    @property
    def count(self) -> int:
        """How many ends."""
        return len(self.start) - 1


def ends_of(reaches: Sequence[Reach]) -> Ends:
    """The ends reached so, in their order."""
    nodes: list[I32] = []
    times: list[I32] = []
    start = np.zeros(len(reaches) + 1, np.int64)
    for n, reach in enumerate(reaches):
        known = len(reach.node) > 0
        nodes.append(reach.node if known else np.zeros(1, np.int32))
        times.append(reach.time_s if known else np.full(1, NEVER_S, np.int32))
        start[n + 1] = start[n] + len(nodes[-1])
    if not reaches:
        return Ends(start, np.zeros(0, np.int32), np.zeros(0, np.int32))
    return Ends(start, np.concatenate(nodes), np.concatenate(times))


def seconds_to(
    searcher: Searcher, origin: Reach, ends: Ends, walked_s: I32, at_s: int, rounds: int, duration_s_max: int
) -> I32:
    """Seconds after `at_s` at which each end is reached, by vehicles or by walking all the way (`walked_s`); `NEVER_S`
    where it is not within `duration_s_max`."""
    if not ends.count:
        return np.zeros(0, np.int32)
    ridden = np.full(ends.count, NEVER_S, np.int64)
    if len(origin.node):
        there = searcher.ridden_to_all(origin, at_s, rounds, duration_s_max)[ends.node].astype(np.int64) + ends.time_s
        ridden = np.minimum.reduceat(there, ends.start[:-1])
    soonest = np.minimum(ridden, walked_s.astype(np.int64))
    return np.where(soonest <= duration_s_max, soonest, NEVER_S).astype(np.int32)


def best_and_median(by_departure: Sequence[I32]) -> tuple[I32, I32]:
    """(least, median) over the departures of one place, of each end. The median is that of all departures, those that
    lead nowhere counting as never; of an even number of them the later of the two in the middle."""
    stacked = np.sort(np.stack(by_departure), axis=0)
    return stacked[0], stacked[len(stacked) // 2]

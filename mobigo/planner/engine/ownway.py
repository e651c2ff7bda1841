"""The stops one gets to by a vehicle of one's own, beside those one walks to."""

import numpy as np
from numpy.typing import NDArray

from mobigo.planner.model import By, Reach


def with_own(walking: Reach, reached: Reach, by: By, least_m: int, stow_s: int) -> Reach:
    """By vehicle to each stop `least_m` away or farther, on foot to each that can be walked to; where both are
    possible, whichever is there sooner. Leaving (fetching) the vehicle takes `stow_s`."""
    far = reached.walk_m >= least_m
    node = np.concatenate([walking.node, reached.node[far]])
    time_s = np.concatenate([walking.time_s, reached.time_s[far] + np.int32(stow_s)])
    metres = np.concatenate([walking.walk_m, reached.walk_m[far]])
    own = np.concatenate([np.zeros(len(walking.node), np.bool_), np.ones(int(far.sum()), np.bool_)])
    order = np.lexsort((own, time_s, node))
    first = order[np.concatenate([[True], np.diff(node[order]) != 0])] if len(order) else order
    return Reach(node[first], time_s[first], metres[first], walking.paced, own[first], by)


def only_at(reached: Reach, nodes: NDArray[np.bool_], by: By, stow_s: int) -> Reach:
    """By vehicle from those nodes alone: it stands there."""
    here = nodes[reached.node]
    return Reach(
        reached.node[here], reached.time_s[here] + np.int32(stow_s), reached.walk_m[here], reached.paced,
        np.ones(int(here.sum()), np.bool_), by,
    )  # fmt: skip

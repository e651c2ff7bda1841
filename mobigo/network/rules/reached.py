"""Within a station that has pathways, every place where one waits can be reached from an entrance, and left by one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from mobigo.network.rules.places import ENTRANCE, NODE, STATION, STOP, location_types
from mobigo.network.rules.view import View

_AREA = 4
_DEPTH_MAX = 3  # boarding area, platform, station


def check(view: View) -> None:
    """Every rule of this file. A station without any pathway tells nothing of how one walks in it."""
    if not (view.height("pathways") and view.height("stops") and view.has("pathways", "from_stop_id", "to_stop_id")):
        return
    types = location_types(view)
    parents = view.match("stops", "parent_station", "stops", "stop_id")
    station = _stations(types, parents)
    ways: dict[int, set[int]] = defaultdict(set)
    back: dict[int, set[int]] = defaultdict(set)
    both = view.column("pathways", "is_bidirectional").whole == 1
    ends = [view.match("pathways", name, "stops", "stop_id").tolist() for name in ("from_stop_id", "to_stop_id")]
    described: set[int] = set()
    for one, other, is_both in zip(*ends, both.tolist(), strict=True):
        described |= {int(station[end]) for end in (one, other) if end >= 0}
        if one >= 0 and other >= 0:
            ways[one].add(other)
            back[other].add(one)
            if is_both:
                ways[other].add(one)
                back[one].add(other)
    entrances = np.flatnonzero(types == ENTRANCE).tolist()
    reached, left = _spread(entrances, ways), _spread(entrances, back)
    divided = set(parents[types == _AREA].tolist())
    asked = np.flatnonzero(np.isin(types, (NODE, _AREA)) | (types == STOP)).tolist()
    cut_off = [
        row
        for row in asked
        if station[row] in described - {-1} and row not in divided and not (row in reached and row in left)
    ]
    view.tell("pathway_unreachable_location", "stops", np.array(cut_off, np.int64), "stop_id", with_=("stop_name",))


def _stations(types: NDArray[np.int64], parents: NDArray[np.int32]) -> NDArray[np.int64]:
    """The station of each place; -1 for those in none."""
    above = np.arange(len(types))
    for _ in range(_DEPTH_MAX):
        above = np.where((above >= 0) & (types[np.maximum(above, 0)] != STATION), parents[np.maximum(above, 0)], above)
    return np.where((above >= 0) & (types[np.maximum(above, 0)] == STATION), above, -1)


def _spread(starts: Iterable[int], ways: Mapping[int, Iterable[int]]) -> set[int]:
    """All that can be walked to from these places, themselves included."""
    seen, waiting = set(starts), list(starts)
    while waiting:
        for there in ways.get(waiting.pop(), ()):
            if there not in seen:
                seen.add(there)
                waiting.append(there)
    return seen

"""Walks between stops where stations are described: through their pathways, out of and into them by their entrances.

Between two platforms of a described station: by its pathways alone, in what these take and nothing more: the feed tells
the way. To anywhere else: by pathways to an entrance, along the street as between any two stops (with the time a change
takes, for nobody told the way), and by pathways from an entrance. What transfers.txt tells is a least time where
pathways lead there, and is believed where none does.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from mobigo.network.engine.pathways import Cost, Inside
from mobigo.network.engine.transfers import Links, StreetWays, Walked, WalkRules, near_links
from mobigo.network.model.pathways import ENTRANCE, MOVERS, PLATFORM, Stations
from mobigo.network.model.streets import WALKER, Mover
from mobigo.network.model.timetable import F64, I8, I32, NEVER_S, NONE

Street = tuple[int, int, int, int]  # from a point to a point: entrance or -1 at each end; seconds, metres


class StationWalks:
    """The walks that described stations decide, among the stops `called` at."""

    def __init__(
        self, stations: Stations, lat: F64, lon: F64, stop_type: I8, parent: I32, called: I32, walk: WalkRules
    ) -> None:
        self._stations, self._lat, self._lon = stations, lat, lon
        self._root = np.where(parent >= 0, parent, np.arange(len(parent)))
        described = [station for station in np.unique(stations.inside_station).tolist() if station != NONE]
        self._described = np.isin(self._root, described)
        self._enclosed = np.zeros(len(lat), np.bool_)
        self._enclosed[stations.enclosed_stop] = True
        entered = np.unique(self._root[stations.enclosed_stop])
        self._entered = np.isin(self._root, entered)
        self._walk = walk if walk.streets is None else replace(walk, streets=_Remembered(walk.streets))
        self._called = called
        within = called[self._described[called] & (stop_type[called] == PLATFORM)]
        self._of_station: dict[int, list[int]] = defaultdict(list)
        for stop in within.tolist():
            self._of_station[int(self._root[stop])].append(stop)
        self._plain: set[tuple[int, int]] = set()
        self._streets: dict[tuple[int, int], list[Street]] = defaultdict(list)
        self._by_streets()
        self._rules = {mover.name: _ByPathways(self, Inside(stations, mover)) for mover in MOVERS}

    def near(self) -> tuple[I32, I32]:
        """The ordered pairs of stops between which one may walk."""
        pairs = self._plain | set(self._streets)
        for stops in self._of_station.values():
            pairs |= {(a, b) for a in stops for b in stops if a != b}
        columns = np.array(sorted(pairs), np.int32).reshape(-1, 2)
        return np.ascontiguousarray(columns[:, 0]), np.ascontiguousarray(columns[:, 1])

    def rules(self, mover: Mover) -> WalkRules:
        """How that walker gets from stop to stop."""
        return replace(self._walk, inside=self._rules[mover.name])

    def decided(self, a: I32, b: I32) -> NDArray[np.bool_]:
        """Whether pathways have their say between stops `a` and `b`."""
        same = (self._root[a] == self._root[b]) & self._described[a]
        out: NDArray[np.bool_] = (self._enclosed[a] | self._enclosed[b] | same) & (a != b)
        return out

    def columns(self, by_mover: Sequence[Links]) -> dict[str, np.ndarray]:
        """The `within_*` columns, from the links of each of `MOVERS`."""
        usual = by_mover[0]
        rows = np.flatnonzero(self.decided(usual.node_stop[usual.from_node], usual.node_stop[usual.to_node]))
        rows = rows[np.lexsort((usual.to_node[rows], usual.from_node[rows]))]
        pairs = list(zip(usual.from_node[rows].tolist(), usual.to_node[rows].tolist(), strict=True))
        shape = (len(MOVERS), len(pairs))
        change_s, walk_s, metres = np.full(shape, NEVER_S), np.full(shape, NONE), np.zeros(shape, np.int64)
        for row, (mover, links) in enumerate(zip(MOVERS, by_mover, strict=True)):
            own = {
                (a, b): (s, m)
                for a, b, s, m in zip(
                    links.from_node.tolist(), links.to_node.tolist(), links.duration_s.tolist(),
                    links.distance_m.tolist(), strict=True,
                )
            }  # fmt: skip
            for at, pair in enumerate(pairs):
                if pair in own:
                    change_s[row, at], metres[row, at] = own[pair]
                    stops = int(usual.node_stop[pair[0]]), int(usual.node_stop[pair[1]])
                    told = self._rules[mover.name].cost(*stops)
                    walk_s[row, at] = NONE if told is None else told[0][0]
        columns = np.array(pairs, np.int32).reshape(-1, 2)
        return {
            "within_from": np.ascontiguousarray(columns[:, 0]), "within_to": np.ascontiguousarray(columns[:, 1]),
            "within_s": change_s.astype(np.int32), "within_walk_s": walk_s.astype(np.int32),
            "within_m": metres.astype(np.int32),
        }  # fmt: skip

    def by_street(self, a: int, b: int) -> list[Street] | None:
        """The walks outside from one stop's door (itself, or an entrance of its station) to the other's; None where
        both stand on the street."""
        if not (self._enclosed[a] or self._enclosed[b]):
            return None
        return self._streets.get((a, b), [])

    def same_station(self, a: int, b: int) -> bool:
        """Whether both are of one described station."""
        return bool(self._root[a] == self._root[b] and self._described[a])

    def also_outside(self, a: int, b: int) -> bool:
        """Of two of one station: whether one of them is also got to from the street."""
        return bool(self._entered[a] and not (self._enclosed[a] and self._enclosed[b]))

    def _by_streets(self) -> None:
        """The pairs of stops near one another on the street, by themselves or by an entrance."""
        count, s = len(self._lat), self._stations
        doors = np.flatnonzero((s.inside_type == ENTRANCE) & np.isin(s.inside_station, self._root[s.enclosed_stop]))
        lat, lon = np.concatenate([self._lat, s.inside_lat]), np.concatenate([self._lon, s.inside_lon])
        points = np.concatenate([self._called[~self._enclosed[self._called]], count + doors]).astype(np.int32)
        p, q = near_links(lat, lon, points, self._walk)
        at_door = (p >= count) | (q >= count)
        self._plain = set(zip(p[~at_door].tolist(), q[~at_door].tolist(), strict=True))
        p, q = p[at_door], q[at_door]
        walked = self._walk.walks(lat, lon, p, q)
        rows = zip(p.tolist(), q.tolist(), *(column.tolist() for column in walked[:3]), strict=True)
        for a, b, metres, seconds, there in rows:
            if not there:
                continue
            doors_of = a - count if a >= count else NONE, b - count if b >= count else NONE
            for x in self._behind(a, count):
                for y in self._behind(b, count):
                    if x != y and not (self.same_station(x, y) and not self.also_outside(x, y)):
                        self._streets[x, y].append((*doors_of, seconds, metres))

    def _behind(self, point: int, count: int) -> list[int]:
        """The stops one gets to from a point of the street."""
        if point < count:
            return [point]
        station = int(self._stations.inside_station[point - count])
        return [stop for stop in self._of_station[station] if self._enclosed[stop]]


class _ByPathways:
    """`transfers.Amends` for one kind of walker."""

    def __init__(self, walks: StationWalks, inside: Inside) -> None:
        self._walks, self._inside = walks, inside
        self._spread: dict[tuple[int, bool], dict[int, Cost]] = {}
        self._known: dict[tuple[int, int], tuple[Cost, bool] | None] = {}

    def amend(self, a: I32, b: I32, walked: Walked) -> Walked:
        """The walks, those that pathways decide in the place of those as between any stops."""
        rows = np.flatnonzero(self._walks.decided(a, b))
        if not len(rows):
            return walked
        out = Walked(
            walked.metres.copy(), walked.seconds.copy(), walked.there.copy(), walked.extra_s.copy(), walked.told.copy()
        )  # fmt: skip
        for row in rows.tolist():
            x, y = int(a[row]), int(b[row])
            found = self.cost(x, y)
            if found is not None:
                (out.seconds[row], out.metres[row]), out.told[row] = found
                out.there[row] = True
                if out.told[row]:
                    out.extra_s[row] = 0
            elif not self._on_street(x, y):
                out.there[row] = False
        return out

    def cost(self, a: int, b: int) -> tuple[Cost, bool] | None:
        """(seconds, metres) from a platform to a stop, and whether pathways tell the whole way; None where they lead
        nowhere."""
        if (a, b) not in self._known:
            self._known[a, b] = self._cost(a, b)
        return self._known[a, b]

    def _cost(self, a: int, b: int) -> tuple[Cost, bool] | None:
        if self._walks.same_station(a, b):
            through = self._inside.between_stops(a, b)
            if through is not None:
                return through, True
            if not self._walks.also_outside(a, b):
                return None
        best: Cost | None = None
        for out_by, in_by, seconds, metres in self._walks.by_street(a, b) or ():
            leaves, enters = self._to_door(a, out_by), self._from_door(in_by, b)
            if leaves is not None and enters is not None:
                outside_s = seconds + self._longer_s(metres)
                whole = leaves[0] + outside_s + enters[0], leaves[1] + metres + enters[1]
                best = whole if best is None or whole < best else best
        return None if best is None else (best, False)

    def _on_street(self, a: int, b: int) -> bool:
        """Whether both are got to from the street: one walks between them as between any stops."""
        walks = self._walks
        return walks.by_street(a, b) is None and (not walks.same_station(a, b) or walks.also_outside(a, b))

    def _longer_s(self, metres: int) -> int:
        """What these metres of the street take beyond a usual walker; a wheelchair goes along them as everybody does,
        as between any two stops."""
        if self._inside.mover.wheels:
            return 0
        return ceil(metres / self._inside.mover.speed_m_s) - ceil(metres / WALKER.speed_m_s)

    def _to_door(self, stop: int, door: int) -> Cost | None:
        return (0, 0) if door == NONE else self._at(stop, door, against=True)

    def _from_door(self, door: int, stop: int) -> Cost | None:
        return (0, 0) if door == NONE else self._at(stop, door, against=False)

    def _at(self, stop: int, door: int, against: bool) -> Cost | None:
        key = door, against
        if key not in self._spread:
            self._spread[key] = self._inside.spread([door], against)
        reached = self._spread[key]
        return min((reached[place] for place in self._inside.places.get(stop, ()) if place in reached), default=None)


class _Remembered:
    """`StreetWays` that is asked once for the same walks: they are those of every walker."""

    def __init__(self, streets: StreetWays) -> None:
        self._streets = streets
        self._told: dict[tuple[bytes, bytes], tuple[F64, I32]] = {}

    def between(self, lat: F64, lon: F64, a: I32, b: I32) -> tuple[F64, I32]:
        key = a.tobytes(), b.tobytes()
        if key not in self._told:
            self._told[key] = self._streets.between(lat, lon, a, b)
        return self._told[key]

"""Changes: the time to change at a stop, walks to other stops, and copies of stops for transfers that only some trips
may make.

Order of precedence, most specific first (GTFS Schedule reference, transfers.txt, "Linked trips" and specificity
ranking): both trips, a trip and a route, one trip, both routes, one route, the stops alone; a rule for a stop before
one for its station; of two equal rules the more cautious, so that no order of rows matters. Where no rule speaks: the
change time at a stop, and a walk to the stops near by, along the streets where they are known.

A search that knows only stops cannot tell who changes there. So where a rule is for some trips, those trips call at a
copy of the stop (a *node*), and what they may do becomes plain walks between nodes. The search stays the published one.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numba
import numpy as np
from numpy.typing import NDArray

from mobigo.network.model.timetable import F64, I8, I32, I64, NEVER_S, NONE

METRES_A_DEGREE = 111_195.0


class StreetWays(Protocol):
    """Walks along the streets between stops."""

    def between(self, lat: F64, lon: F64, a: I32, b: I32) -> tuple[F64, I32]:
        """(metres, whole seconds) from each stop of `a` to that of `b`, in the same row, placed by `lat` and `lon`; NaN
        metres where no street is known at one end, infinite where the streets do not lead there."""


class Walked(NamedTuple):
    """Walks between stops, row by row: metres and seconds, rounded up; whether there is such a way; what a change by it
    takes besides; whether pathways tell all of it (then what a feed gives as its time is the least of it)."""

    metres: I32
    seconds: I32
    there: NDArray[np.bool_]
    extra_s: I32
    told: NDArray[np.bool_]


class Amends(Protocol):
    """Where something tells more of a walk than where its ends are: the pathways of stations."""

    def amend(self, a: I32, b: I32, walked: Walked) -> Walked:
        """The walks from stops `a` to stops `b`, as that tells them."""


@dataclass(frozen=True)
class WalkRules:
    """How far and how fast people walk between stops, and the time a change takes. `streets`: along them, instead of
    as the crow flies times `detour`."""

    change_s: int = 120
    link_m_max: int = 400  # as the crow flies, between two stops
    detour: float = 1.3
    speed_m_s: float = 1.2
    links_per_stop_max: int = 64
    streets: StreetWays | None = None
    inside: Amends | None = None

    def walks(self, lat: F64, lon: F64, a: I32, b: I32) -> Walked:
        """The walks from stops `a` to stops `b`. Where there is none, what the crow flies: a transfer that a feed gives
        is believed."""
        crow = crow_m(lat, lon, a, b)
        metres, seconds = crow * self.detour, np.ceil(crow * self.detour / self.speed_m_s).astype(np.int32)
        there = np.ones(len(a), np.bool_)
        if self.streets is not None:
            along_m, along_s = self.streets.between(lat, lon, a, b)
            there = ~np.isinf(along_m)
            told = np.isfinite(along_m)
            metres, seconds = np.where(told, along_m, metres), np.where(told, along_s, seconds).astype(np.int32)
        walked = Walked(
            np.ceil(metres).astype(np.int32), seconds, there, np.full(len(a), self.change_s, np.int32),
            np.zeros(len(a), np.bool_),
        )  # fmt: skip
        return walked if self.inside is None else self.inside.amend(a, b, walked)


@dataclass(frozen=True)
class TransferRule:
    """One row of transfers.txt of types 0 to 3, read: rows of stops, trips and routes, -1 where it names none."""

    from_stop: int
    to_stop: int
    kind: int
    min_s: int  # -1 when blank
    from_trip: int = NONE
    to_trip: int = NONE
    from_route: int = NONE
    to_route: int = NONE

    @property
    def scoped(self) -> bool:
        return max(self.from_trip, self.to_trip, self.from_route, self.to_route) > NONE

    @property
    def specificity(self) -> int:
        """The reference's ranking, 5 the most specific."""
        trips = (self.from_trip > NONE) + (self.to_trip > NONE)
        routes = (self.from_trip == NONE and self.from_route > NONE) + (self.to_trip == NONE and self.to_route > NONE)
        return {(2, 0): 5, (1, 1): 4, (1, 0): 3, (0, 2): 2, (0, 1): 1}.get((trips, routes), 0)


@dataclass(frozen=True)
class Links:
    """Walks between different nodes, and the time to change at each node."""

    from_node: I32
    to_node: I32
    duration_s: I32
    distance_m: I32
    change_s: I32
    node_stop: I32


def crow_m(lat: F64, lon: F64, a: I32, b: I32) -> F64:
    """Distance between stops near one another (flat earth: within 0.1 % under 10 km); 0 where a position is unknown."""
    dy = (lat[b] - lat[a]) * METRES_A_DEGREE
    dx = (lon[b] - lon[a]) * METRES_A_DEGREE * np.cos(np.radians((lat[a] + lat[b]) / 2))
    return np.nan_to_num(np.hypot(dx, dy))


def near_links(lat: F64, lon: F64, stops: I32, rules: WalkRules) -> tuple[I32, I32]:
    """Ordered pairs of different stops among `stops` nearer than the limit; each stop keeps its nearest ones."""
    known = stops[np.isfinite(lat[stops]) & np.isfinite(lon[stops]) & ((lat[stops] != 0) | (lon[stops] != 0))]
    if rules.link_m_max <= 0 or len(known) < 2:
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    cell = rules.link_m_max / METRES_A_DEGREE
    row = np.floor(lat[known] / cell).astype(np.int64)
    order = np.lexsort((known, lon[known], row))
    found: tuple[I32, I32] = _near(
        known[order], row[order], lat, lon, float(rules.link_m_max), rules.links_per_stop_max
    )
    return found


@numba.njit(cache=True, nogil=True)
def _near(stops, rows, lat, lon, limit_m, most):  # type: ignore[no-untyped-def]  # kernel
    """Neighbours by scanning the three rows of latitude around each stop, sorted west to east."""
    count = len(stops)
    out_a, out_b = numba.typed.List.empty_list(numba.int32), numba.typed.List.empty_list(numba.int32)
    found_d, found_b = np.empty(count), np.empty(count, np.int32)
    for i in range(count):
        a = stops[i]
        found = 0
        for row in range(rows[i] - 1, rows[i] + 2):
            low, high = np.searchsorted(rows, row), np.searchsorted(rows, row + 1)
            if low == high:
                continue
            reach = limit_m / (111_195.0 * max(0.01, np.cos(np.radians(min(89.9, abs(lat[a]) + 0.02))))) * 1.01
            j = _first_east(stops, lon, low, high, lon[a] - reach)
            while j < high and lon[stops[j]] <= lon[a] + reach:
                b = stops[j]
                j += 1
                if b == a:
                    continue
                dy = (lat[b] - lat[a]) * 111_195.0
                dx = (lon[b] - lon[a]) * 111_195.0 * np.cos(np.radians((lat[a] + lat[b]) / 2))
                d = np.sqrt(dx * dx + dy * dy)
                if d <= limit_m:
                    found_d[found], found_b[found] = d, b
                    found += 1
        keep = np.argsort(found_d[:found], kind="mergesort")
        for k in range(min(found, most)):
            out_a.append(np.int32(a))
            out_b.append(found_b[keep[k]])
    result_a, result_b = np.empty(len(out_a), np.int32), np.empty(len(out_a), np.int32)
    for i in range(len(out_a)):
        result_a[i], result_b[i] = out_a[i], out_b[i]
    return result_a, result_b


@numba.njit(cache=True, nogil=True)
def _first_east(stops, lon, low, high, west):  # type: ignore[no-untyped-def]  # kernel
    """The first of `stops[low:high]`, sorted west to east, that is not west of `west`."""
    a, b = low, high
    while a < b:
        middle = (a + b) // 2
        if lon[stops[middle]] < west:
            a = middle + 1
        else:
            b = middle
    return a


def stop_level(
    lat: F64,
    lon: F64,
    stop_type: I8,
    stop_parent: I32,
    rules: Sequence[TransferRule],
    near: tuple[I32, I32],
    walk: WalkRules,
) -> tuple[I32, I32, I32, I32, I32]:
    """(from, to, seconds, metres) of the walks between different stops, and the change time of each stop, scoped
    rules aside."""
    plain = _expand([rule for rule in rules if not rule.scoped], stop_type, stop_parent)
    count = len(lat)
    a = np.concatenate([near[0], plain[:, 0].astype(np.int32)])
    b = np.concatenate([near[1], plain[:, 1].astype(np.int32)])
    walked = walk.walks(lat, lon, a, b)
    rank = np.concatenate([np.full(len(near[0]), 2), plain[:, 4]])
    kind = np.concatenate([np.zeros(len(near[0]), np.int64), plain[:, 2]])
    given = np.concatenate([np.full(len(near[0]), NONE), plain[:, 3]])
    seconds = durations(kind, given, a == b, walked, walk.change_s)
    seconds[(rank == 2) & ~walked.there] = NEVER_S  # near as the crow flies alone
    key = a.astype(np.int64) * count + b
    order = np.lexsort((-seconds, rank, key))
    first = order[np.flatnonzero(np.diff(key[order], prepend=-1))]
    change_s = np.full(count, walk.change_s, np.int32)
    same = first[a[first] == b[first]]
    change_s[a[same]] = seconds[same]
    other = first[(a[first] != b[first]) & (seconds[first] < NEVER_S)]
    return a[other], b[other], seconds[other], walked.metres[other], change_s


def durations(kind: I64, given_s: I64, same: np.ndarray, walked: Walked, change_s: int) -> I32:
    """Seconds from getting off to being able to board, by transfer type: 0 the usual, 1 the next vehicle waits, 2 as
    given and no less than pathways take, 3 never."""
    usual = np.where(same, change_s, walked.seconds + walked.extra_s)
    waits = np.where(same, 0, walked.seconds)
    given = np.where(walked.told & ~same, np.maximum(given_s, walked.seconds), given_s)
    out = np.select(
        [kind == 1, (kind == 2) & (given_s >= 0), kind == 3], [waits, given, np.full(len(kind), NEVER_S)], usual
    )
    return np.asarray(out, np.int32)


def _expand(rules: Sequence[TransferRule], stop_type: I8, stop_parent: I32) -> I64:
    """[rows, (from, to, type, min_s, rank)]: rules of stations made rules of their stops; rank 0 names both stops, 1
    a station."""
    if not rules:
        return np.zeros((0, 5), np.int64)
    children = _children(stop_type, stop_parent)
    rows: list[tuple[int, int, int, int, int]] = []
    for rule in rules:
        froms, tos = _stops_of(rule.from_stop, children), _stops_of(rule.to_stop, children)
        rank = int(rule.from_stop in children or rule.to_stop in children)
        rows.extend((a, b, rule.kind, rule.min_s, rank) for a in froms for b in tos)
    return np.array(rows, np.int64).reshape(-1, 5)


def _children(stop_type: I8, stop_parent: I32) -> dict[int, list[int]]:
    children: dict[int, list[int]] = defaultdict(list)
    for stop in np.flatnonzero((stop_parent >= 0) & (stop_type == 0)):
        children[int(stop_parent[stop])].append(int(stop))
    return children


def _stops_of(stop: int, children: dict[int, list[int]]) -> list[int]:
    """A station's own row serves too: some feeds let trips call at it."""
    return [*children[stop], stop] if stop in children else [stop]


@dataclass(frozen=True)
class Scopes:
    """Which trips call at a copy of a stop: `node_of[(stop, trip scope, route scope)]`."""

    trips: dict[int, frozenset[int]]  # stop → trips that a rule names there
    routes: dict[int, frozenset[int]]
    node_of: dict[tuple[int, int, int], int]

    def node(self, stop: int, trip: int, route: int) -> int:
        """The node at which that trip of that route calls at `stop`, made when first asked for."""
        scope = self.scope(stop, trip, route)
        return stop if scope == (NONE, NONE) else self.node_of.setdefault((stop, *scope), NONE)

    def scope(self, stop: int, trip: int, route: int) -> tuple[int, int]:
        return (
            trip if trip in self.trips.get(stop, ()) else NONE,
            route if route in self.routes.get(stop, ()) else NONE,
        )


def read_scopes(
    rules: Sequence[TransferRule], stop_type: I8, stop_parent: I32
) -> tuple[Scopes, dict[tuple[int, int], list[tuple[int, TransferRule]]]]:
    """The stops where some trips are kept apart, and the scoped rules of each pair of stops with their rank."""
    children = _children(stop_type, stop_parent)
    trips: dict[int, set[int]] = defaultdict(set)
    routes: dict[int, set[int]] = defaultdict(set)
    by_pair: dict[tuple[int, int], list[tuple[int, TransferRule]]] = defaultdict(list)
    for rule in rules:
        if not rule.scoped:
            continue
        rank = int(rule.from_stop in children or rule.to_stop in children)
        for a in _stops_of(rule.from_stop, children):
            for b in _stops_of(rule.to_stop, children):
                by_pair[a, b].append((rank, rule))
            if rule.from_trip > NONE:
                trips[a].add(rule.from_trip)
            elif rule.from_route > NONE:
                routes[a].add(rule.from_route)
        for b in _stops_of(rule.to_stop, children):
            if rule.to_trip > NONE:
                trips[b].add(rule.to_trip)
            elif rule.to_route > NONE:
                routes[b].add(rule.to_route)
    frozen = Scopes({s: frozenset(t) for s, t in trips.items()}, {s: frozenset(r) for s, r in routes.items()}, {})
    return frozen, by_pair


def split_links(
    plain: tuple[I32, I32, I32, I32, I32],
    scopes: Scopes,
    by_pair: dict[tuple[int, int], list[tuple[int, TransferRule]]],
    lat: F64,
    lon: F64,
    walk: WalkRules,
) -> Links:
    """The links of all nodes: the stops', copied to the nodes kept apart, with the scoped rules in their place."""
    a, b, seconds, metres, change_s = plain
    stop_count = len(lat)
    copies: dict[int, list[tuple[int, int, int]]] = defaultdict(list)  # stop → (node, trip scope, route scope)
    node_stop = list(range(stop_count))
    for number, (stop, trip, route) in enumerate(sorted(scopes.node_of)):
        node = stop_count + number
        copies[stop].append((node, trip, route))
        node_stop.append(stop)
    if not by_pair:
        return Links(a, b, seconds, metres, change_s, np.array(node_stop, np.int32))
    special = np.zeros(stop_count, np.bool_)
    special[[stop for pair in by_pair for stop in pair]] = True
    special[list(copies)] = True
    touched = special[a] | special[b]
    base = {
        (int(x), int(y)): (int(s), int(m))
        for x, y, s, m in zip(a[touched], b[touched], seconds[touched], metres[touched], strict=True)
    }
    out = [
        (x, y, s, m) for x, y, s, m in zip(a[~touched], b[~touched], seconds[~touched], metres[~touched], strict=True)
    ]
    node_change = np.concatenate([change_s, np.full(len(node_stop) - stop_count, NEVER_S, np.int32)])
    pairs = set(base) | set(by_pair) | {(stop, stop) for stop in copies}
    for x, y in sorted(pairs):
        walked = walk.walks(lat, lon, np.array([x], np.int32), np.array([y], np.int32))
        pair_m = int(walked.metres[0])
        default = (int(change_s[x]), 0) if x == y else base.get((x, y), (NEVER_S, pair_m))
        for from_node, from_trip, from_route in [(x, NONE, NONE), *copies.get(x, ())]:
            for to_node, to_trip, to_route in [(y, NONE, NONE), *copies.get(y, ())]:
                rule = _best_rule(
                    by_pair.get((x, y), ()), from_trip, from_route, to_trip, to_route, x == y, walked, walk
                )
                duration = default[0] if rule is None else rule
                if from_node == to_node:
                    node_change[from_node] = duration
                elif duration < NEVER_S:
                    out.append((from_node, to_node, duration, default[1] if rule is None else pair_m if x != y else 0))
    columns = np.array(out, np.int32).reshape(-1, 4)
    return Links(
        np.ascontiguousarray(columns[:, 0]),
        np.ascontiguousarray(columns[:, 1]),
        np.ascontiguousarray(columns[:, 2]),
        np.ascontiguousarray(columns[:, 3]),
        node_change,
        np.array(node_stop, np.int32),
    )


def _best_rule(
    rules: Sequence[tuple[int, TransferRule]],
    from_trip: int,
    from_route: int,
    to_trip: int,
    to_route: int,
    same: bool,
    walked: Walked,
    walk: WalkRules,
) -> int | None:
    """Seconds by the most specific rule that applies; None when none does."""
    best: tuple[int, int, int] | None = None
    for rank, rule in rules:
        applies = (
            rule.from_trip in (NONE, from_trip)
            and rule.to_trip in (NONE, to_trip)
            and (rule.from_trip > NONE or rule.from_route in (NONE, from_route))
            and (rule.to_trip > NONE or rule.to_route in (NONE, to_route))
        )
        if applies:
            seconds = int(
                durations(np.array([rule.kind]), np.array([rule.min_s]), np.array([same]), walked, walk.change_s)[0]
            )
            candidate = (rule.specificity, -rank, seconds)
            best = candidate if best is None or candidate > best else best
    return None if best is None else best[2]

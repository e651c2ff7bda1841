"""Queries in, itineraries out: the kernels' numbers turned into rides of the timetable, in either direction.

A `Searcher` belongs to one timetable. Views are made once per span of days and kept for the spans asked last; each
thread has working memory of its own, so that searches run side by side (the kernels release the interpreter).
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from mobigo.base.servicetime import DAY_S, service_day_start
from mobigo.network.model.timetable import I32, I64, U64, Timetable
from mobigo.planner.engine import range as ranges
from mobigo.planner.engine import raptor
from mobigo.planner.engine.ahead import Ahead, least_hops, look_ahead, make_ahead
from mobigo.planner.engine.days import WORD, possible_days, ridden_days
from mobigo.planner.engine.found import Itinerary, RideFound
from mobigo.planner.engine.raptor import INF
from mobigo.planner.engine.via import Via, doubled
from mobigo.planner.engine.views import View, Ways, build_view, build_ways, days_active
from mobigo.planner.engine.watch import Watch
from mobigo.planner.model import Reach
from mobigo.planner.rules.trace import Effort

VIEWS_KEPT = 24  # two or three megabytes each for a large region
WAYS_KEPT = 6
RIDDEN_KEPT = 16
SEEN_KEPT = 512
LEAST_KEPT = 6

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Accepts:
    """What the search may use. `key` names the filter for the cache of views. `stretches` [n, 3] are the parts of
    joined runs that may be ridden where the whole may not: run, first and last position. `via`: the place to go by."""

    key: object = None
    run_ok: np.ndarray | None = None
    node_ok: np.ndarray | None = None
    change_s_extra: int = 0
    stretches: I32 | None = None
    via: Via | None = None


EVERYTHING = Accepts()


class Searcher:
    """Searches over one timetable. Safe to share between threads."""

    def __init__(self, timetable: Timetable) -> None:
        self.timetable = timetable
        self.zone = ZoneInfo(timetable.zone)
        self._views: OrderedDict[object, View] = OrderedDict()
        self._ways: OrderedDict[object, Ways] = OrderedDict()
        self._ridden: OrderedDict[object, U64] = OrderedDict()
        self._seen: OrderedDict[object, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._memory = threading.local()

    def view(
        self, first_s: int, last_s: int, backward: bool, accepts: Accepts = EVERYTHING, weekly: bool = False
    ) -> View:
        """The view that holds every run under way between two instants. A service day may begin an hour before its
        midnight, or after it. `weekly`: the same view for as long a span from any day of a week."""
        first = self._day(first_s - 3600) - timedelta(days=self.timetable.back_days)
        last = self._day(last_s + 3600)
        if weekly:
            monday = first - timedelta(days=first.weekday())
            first, last = monday, monday + timedelta(days=6) + (last - first)
        return self._view((first, last), backward, accepts)

    def _view(self, days: tuple[date, date], backward: bool, accepts: Accepts) -> View:
        """The view of those service days; by way of a place, made of the one that goes anywhere."""
        via = accepts.via
        key = (days, backward, accepts.key, accepts.change_s_extra, via)

        def make() -> View:
            if via is not None:
                return doubled(self._view(days, backward, replace(accepts, via=None)), via)
            return build_view(self.timetable, self._ways_of(backward, accepts), *days)

        return _kept(self._views, self._lock, key, VIEWS_KEPT, make)

    def _ways_of(self, backward: bool, accepts: Accepts) -> Ways:
        """What all views of that direction and filter share."""
        key = (backward, accepts.key, accepts.change_s_extra)
        return _kept(
            self._ways, self._lock, key, WAYS_KEPT,
            lambda: build_ways(
                self.timetable, backward, accepts.run_ok, accepts.node_ok, accepts.change_s_extra, accepts.stretches
            ),
        )  # fmt: skip

    def days(
        self, origin: Reach, destination: Reach, first: date, count: int, rounds: int, duration_s_max: int,
        accepts: Accepts = EVERYTHING,
    ) -> list[date]:  # fmt: skip
        """Of `count` days from `first` on, those on which one may leave for the journey: perhaps more than there are,
        surely none less."""
        if count <= 0 or not len(origin.node) or not len(destination.node):
            return []
        ways = self._ways_of(False, accepts)
        ridden = _kept(
            self._ridden, self._lock, (first, count, duration_s_max, accepts.key), RIDDEN_KEPT,
            lambda: ridden_days(self.timetable, ways, first, count, duration_s_max),
        )  # fmt: skip
        bits = possible_days(ways, ridden, origin.node, destination.node, rounds)
        return [first + timedelta(days=n) for n in range(count) if int(bits[n // WORD]) >> n % WORD & 1]

    def sees(self, day: date, duration_s_max: int) -> bytes:
        """What a search of that calendar day sees of the calendar: days of equal bytes have equal timetables."""

        def make() -> bytes:
            ahead = 3 + duration_s_max // DAY_S
            span = [day + timedelta(days=offset) for offset in range(-self.timetable.back_days - 1, ahead)]
            start = service_day_start(day, self.zone)
            begins = [int((service_day_start(other, self.zone) - start).total_seconds()) for other in span]
            active = np.packbits(days_active(self.timetable, span))
            return sha256(active.tobytes() + repr(begins).encode()).digest()

        return _kept(self._seen, self._lock, (day, duration_s_max), SEEN_KEPT, make)

    def _layered(self, accepts: Accepts, source: Reach, target: Reach) -> tuple[Reach, Reach]:
        """The ends of a search, in the doubled view when it goes by way of a place."""
        via, count = accepts.via, len(self.timetable.node_stop)
        return (source, target) if via is None else (via.begun(source, count), via.ended(target, count))

    def one(
        self, origin: Reach, destination: Reach, at_s: int, backward: bool = False, rounds: int = 8,
        duration_s_max: int = 86_400,
        accepts: Accepts = EVERYTHING, watch: Watch | None = None,
    ) -> list[Itinerary]:  # fmt: skip
        """Earliest arrival for each number of vehicles, leaving at `at_s`; backward: latest departure, arriving by
        `at_s`."""
        if not len(origin.node) or not len(destination.node):
            return []
        view = (
            self.view(at_s - duration_s_max, at_s, True, accepts)
            if backward
            else self.view(at_s, at_s + duration_s_max, False, accepts)
        )
        ends = (destination, origin) if backward else (origin, destination)
        source, target = self._layered(accepts, *ends)
        memory = self._for(view, rounds)
        start_s = np.int32(_turn(at_s - view.origin_epoch_s, backward))
        self._aim(view, memory, target)
        try:
            done = raptor.search(
                view.graph,
                memory.labels,
                source.node,
                source.time_s + start_s,
                memory.egress_s,
                rounds,
                start_s + np.int32(duration_s_max),
            )
            raptor.trace_all(view.graph, memory.labels, done, memory.rides)
            found, at = [], 0
            for k in range(1, done + 1):
                if memory.labels.target_node[k] >= 0:
                    reach = int(memory.labels.target_s[k])
                    found.append(self.itinerary(view, int(start_s), reach, memory.rides[at : at + k]))
                    at += k
            if watch is not None:
                reached = [int((memory.labels.arrive[k] < INF).sum()) for k in range(1, done + 1)]
                watch.efforts.append(Effort("one", 1, done, sum(reached), len(found)))
            return found
        finally:
            memory.egress_s[target.node] = INF

    def window(
        self, origin: Reach, destination: Reach, from_s: int, to_s: int, backward: bool = False, rounds: int = 8,
        duration_s_max: int = 86_400,
        accepts: Accepts = EVERYTHING, arrive_s_max: int | None = None, enough_s: int | None = None,
        weekly: bool = False, watch: Watch | None = None,
    ) -> list[Itinerary]:  # fmt: skip
        """Every Pareto itinerary over (departure, arrival, vehicles) that leaves the door between `from_s` and
        `to_s`; backward: that arrives between them. In order of departure (backward: of arrival, latest first).

        Of those that leave before `enough_s`, only the last departure that brings any (backward: of those that arrive
        after it, only the first arrival). `weekly` says which view to search (`view`).
        """
        if not len(origin.node) or not len(destination.node):
            return []
        span = (from_s - duration_s_max, to_s) if backward else (from_s, to_s + duration_s_max)
        view = self.view(*span, backward, accepts, weekly)
        ends = (destination, origin) if backward else (origin, destination)
        source, target = self._layered(accepts, *ends)
        memory = self._for(view, rounds)
        low, high = sorted((_turn(from_s - view.origin_epoch_s, backward), _turn(to_s - view.origin_epoch_s, backward)))
        latest = int(INF) - 1 if arrive_s_max is None else _turn(arrive_s_max - view.origin_epoch_s, backward)
        enough = low if enough_s is None else _turn(enough_s - view.origin_epoch_s, backward)
        self._aim(view, memory, target)
        try:
            ahead = memory.ahead(rounds)
            aim = (rounds, duration_s_max, target.node.tobytes(), target.time_s.tobytes())
            if memory.looked is None or memory.looked[0] is not view or memory.looked[1] != aim:
                hop, stay = self._hops(view)
                look_ahead(
                    view.graph, hop, stay, target.node, memory.egress_s, memory.labels.bound, rounds,
                    np.int32(duration_s_max), ahead,
                )  # fmt: skip
                memory.looked = (view, aim)
            events = ranges.departures(view.graph, source.node, source.time_s, np.int32(low), np.int32(high))
            room = 512
            while True:
                found, rides = np.empty((room, 4), np.int32), np.empty((room * 4, raptor.RIDE_COLUMNS), np.int32)
                count = ranges.search_range(
                    view.graph, memory.labels, memory.kept(rounds), ahead, source.node, source.time_s,
                    memory.egress_s, events, np.int32(high + 1), np.int32(enough), rounds,
                    np.int32(duration_s_max), np.int32(latest), found, rides,
                )  # fmt: skip
                if count >= 0:
                    break
                memory.labels.first_position[:] = INF
                room *= 4
            if watch is not None:
                watch.efforts.append(_effort(memory.kept(rounds), len(np.unique(events[:, 0])), count))
            return [
                self.itinerary(view, int(leave), int(reach), rides[at : at + k])
                for leave, reach, k, at in found[:count][::-1]
            ]
        finally:
            memory.egress_s[target.node] = INF

    def leaving(
        self, origin: Reach, destination: Reach, from_s: int, to_s: int, rounds: int, duration_s_max: int,
        accepts: Accepts = EVERYTHING,
    ) -> list[Itinerary]:  # fmt: skip
        """The itineraries of `window`, in no order, searched from the end that fewer vehicles pass."""
        last_s = to_s + duration_s_max
        passing = []
        for ends, until_s, backward in (((origin, destination), to_s, False), ((destination, origin), last_s, True)):
            view = self.view(from_s - duration_s_max * backward, last_s, backward, accepts, weekly=True)
            source, _ = self._layered(accepts, *ends)
            low, high = sorted(_turn(at_s - view.origin_epoch_s, backward) for at_s in (from_s, until_s))
            passing.append(
                len(ranges.departures(view.graph, source.node, source.time_s, np.int32(low), np.int32(high)))
            )
        if passing[0] <= passing[1]:
            return self.window(origin, destination, from_s, to_s, False, rounds, duration_s_max, accepts, weekly=True)
        found = self.window(
            origin, destination, from_s, last_s, True, rounds, duration_s_max, accepts, from_s, weekly=True
        )
        return [itinerary for itinerary in found if itinerary.depart_s <= to_s]

    def all_from(
        self, origin: Reach, at_s: int, rounds: int = 8, duration_s_max: int = 86_400, accepts: Accepts = EVERYTHING
    ) -> tuple[I64, I32]:
        """Earliest arrival (seconds since 1970, -1 where none) and vehicles taken, at every node; walks count as the
        links say."""
        view = self.view(at_s, at_s + duration_s_max, False, accepts)
        memory = self._for(view, rounds)
        w = memory.labels
        w.bound[:] = 0
        start_s = np.int32(at_s - view.origin_epoch_s)
        done = raptor.search(
            view.graph,
            w,
            origin.node,
            origin.time_s + start_s,
            memory.egress_s,
            rounds,
            start_s + np.int32(duration_s_max),
        )
        arrive, vehicles = raptor.best_of_all(
            view.graph, w, done, origin.node, origin.time_s + start_s, start_s + np.int32(duration_s_max)
        )
        reached = arrive < INF
        return np.where(reached, arrive.astype(np.int64) + view.origin_epoch_s, -1), np.where(
            reached, vehicles, -1
        ).astype(np.int32)

    def ridden_to_all(
        self, ends: Reach, at_s: int, rounds: int, duration_s_max: int, backward: bool = False,
        accepts: Accepts = EVERYTHING,
    ) -> I32:  # fmt: skip
        """Seconds after `at_s` at which a vehicle sets one down at every node, the soonest; `NEVER_S` where none does
        within `duration_s_max`. Walks after the last vehicle are not in it: to a door, its own `Reach` is added.
        Backward: seconds before `at_s` at which one boards at every node, the latest, to be at `ends` by then."""
        span = (at_s - duration_s_max, at_s) if backward else (at_s, at_s + duration_s_max)
        view = self.view(*span, backward, accepts)
        memory = self._for(view, rounds)
        w = memory.labels
        w.bound[:] = 0
        start_s = np.int32(_turn(at_s - view.origin_epoch_s, backward))
        done = raptor.search(
            view.graph, w, ends.node, ends.time_s + start_s, memory.egress_s, rounds,
            start_s + np.int32(duration_s_max),
        )  # fmt: skip
        if not done:
            return np.full(w.arrive.shape[1], INF, np.int32)
        soonest = w.arrive[1 : done + 1].min(axis=0)
        return np.where(soonest < INF, soonest - start_s, INF).astype(np.int32)

    def linked(self, stops: Sequence[int], leaving: bool) -> Reach:
        """The nodes of `stops` and those one link away, with the seconds of the link: leaving them, or reaching
        them."""
        t = self.timetable
        best: dict[int, tuple[int, int]] = {}
        nodes = np.flatnonzero(np.isin(t.node_stop, list(stops))).tolist()
        for node in nodes:
            best[node] = (0, 0)
        for node in nodes:
            if leaving:
                at = slice(t.foot_start[node], t.foot_start[node + 1])
                rows = zip(t.foot_node[at].tolist(), t.foot_s[at].tolist(), t.foot_m[at].tolist(), strict=True)
            else:
                incoming = np.flatnonzero(t.foot_node == node)
                sources = np.searchsorted(t.foot_start, incoming, side="right") - 1
                rows = zip(sources.tolist(), t.foot_s[incoming].tolist(), t.foot_m[incoming].tolist(), strict=True)
            for other, seconds, metres in rows:
                if other not in best or (seconds, metres) < best[other]:
                    best[other] = (seconds, metres)
        ordered = sorted(best)
        columns = np.array([(node, *best[node]) for node in ordered], np.int32).reshape(-1, 3)
        node_row, time_row, walk_row = (np.ascontiguousarray(columns[:, i]) for i in range(3))
        return Reach(node_row, time_row, walk_row)

    def _day(self, epoch_s: int) -> date:
        return datetime.fromtimestamp(epoch_s, UTC).astimezone(self.zone).date()

    def _hops(self, view: View) -> tuple[I32, I32]:
        """The least hops of a view, made at its first range search."""
        if "hops" not in view.derived:
            view.derived["hops"] = least_hops(view.graph)
        hops: tuple[I32, I32] = view.derived["hops"]
        return hops

    def _for(self, view: View, rounds: int, fresh: bool = False) -> "_Memory":
        patterns = len(view.graph.pattern_start) - 1
        nodes = len(view.graph.change_s)
        name = "own" if nodes == len(self.timetable.node_stop) else "doubled"
        memory: _Memory | None = getattr(self._memory, name, None)
        if fresh or memory is None or memory.patterns < patterns or memory.rounds < rounds:
            memory = _Memory(nodes, max(patterns, memory.patterns if memory else 0), max(rounds, 8))
            setattr(self._memory, name, memory)
        return memory

    def _aim(self, view: View, memory: "_Memory", target: Reach) -> None:
        """Set the target, and what is known beforehand of the way to it from everywhere."""
        np.minimum.at(memory.egress_s, target.node, target.time_s)
        memory.labels.bound[:] = self.least_s(view, target)

    def least_s(self, view: View, ends: Reach, leaving: bool = False) -> I32:
        """[node] No way to `ends` is shorter (`leaving`: none from them). A question asks of the same ends many times:
        each thread keeps the last few."""
        to_s, from_s = view.graph.lb_to_s, view.graph.lb_from_s
        if leaving:
            to_s, from_s = from_s, to_s
        known: OrderedDict[object, tuple[I32, I32]] | None = getattr(self._memory, "least", None)
        if known is None:
            known = self._memory.least = OrderedDict()
        key = (id(to_s), ends.node.tobytes(), ends.time_s.tobytes())
        if key in known and known[key][0] is to_s:
            known.move_to_end(key)
            return known[key][1]
        least_s = np.empty(to_s.shape[1], np.int32)
        raptor.lower_bounds(to_s, from_s, ends.node, ends.time_s, least_s)
        known[key] = (to_s, least_s)
        while len(known) > LEAST_KEPT:
            known.popitem(last=False)
        return least_s

    def itinerary(self, view: View, leave: int, reach: int, rows: I32) -> Itinerary:
        """The rides of a kernel's rows (`raptor.RIDE_COLUMNS`), between two instants of the view."""
        base, first_day, ends = view.origin_epoch_s, view.first_day.toordinal(), view.graph.pattern_start
        rides, count = [], len(self.timetable.node_stop)
        for pattern, occurrence, a, b, departs, arrives, from_node, to_node in rows.tolist():
            first = int(view.first_position[pattern])
            if view.backward:
                first += int(ends[pattern + 1]) - int(ends[pattern]) - 1
                a, b, departs, arrives, from_node, to_node = -b, -a, -arrives, -departs, to_node, from_node
            day = date.fromordinal(first_day + int(view.occurrence_day[occurrence]))
            run, own = int(view.occurrence_run[occurrence]), int(view.pattern[pattern])
            rides.append(
                RideFound(
                    own, run, day, a + first, b + first, base + departs, base + arrives,
                    from_node % count, to_node % count,  # a doubled view numbers its nodes twice
                )
            )  # fmt: skip
        if view.backward:
            return Itinerary(base - reach, base - leave, tuple(reversed(rides)))
        return Itinerary(base + leave, base + reach, tuple(rides))


class _Memory:
    """Working memory of one thread. `egress_s` is INF everywhere between searches."""

    def __init__(self, nodes: int, patterns: int, rounds: int) -> None:
        self.patterns, self.rounds = patterns, rounds
        self.labels = raptor.make_labels(nodes, patterns, rounds)
        self.egress_s = np.full(nodes, INF, np.int32)
        self.rides = np.empty((rounds * (rounds + 1), raptor.RIDE_COLUMNS), np.int32)
        self._nodes = nodes
        self._kept: ranges.Kept | None = None
        self._ahead: Ahead | None = None
        self.looked: tuple[View, object] | None = None  # what `ahead` was filled for last

    def kept(self, rounds: int) -> ranges.Kept:
        if self._kept is None or len(self._kept.arrive) != rounds + 1:
            self._kept = ranges.make_kept(self._nodes, rounds)
        return self._kept

    def ahead(self, rounds: int) -> Ahead:
        if self._ahead is None or self._ahead.arrived.shape[1] != rounds + 1:
            self._ahead = make_ahead(self._nodes, rounds)
        return self._ahead


def _kept(
    cache: OrderedDict[object, Made], lock: threading.Lock, key: object, most: int, make: Callable[[], Made]
) -> Made:
    """What `make` made for `key`, kept while it is among the `most` asked last. Two threads may make the same at once:
    the one is as good as the other."""
    with lock:
        if key in cache:
            cache.move_to_end(key)
            return cache[key]
    made = make()
    with lock:
        cache[key] = made
        while len(cache) > most:
            cache.popitem(last=False)
    return made


def _effort(kept: ranges.Kept, departures: int, count: int) -> Effort:
    """What a range search left behind: the rounds that brought one anywhere sooner, and the arrivals known at its end
    (a stop with so many vehicles, where fewer do not do as well)."""
    sooner = [int((kept.arrive[k] < kept.arrive[k - 1]).sum()) for k in range(1, len(kept.arrive))]
    return Effort("window", departures, sum(1 for each in sooner if each), sum(sooner), count)


def _turn(time_s: int, backward: bool) -> int:
    return -time_s if backward else time_s

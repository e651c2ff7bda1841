"""An exhaustive search over the time-expanded graph of a tiny feed: every call of every run of every day around is a
node.

It finds, for people who leave at an instant, the Pareto front (arrival, vehicles); for people who must arrive by an
instant, (departure, vehicles); for a window of departures, (departure, arrival, vehicles). It knows nothing of
rounds, patterns or pruning: since each node has its time, the fewest vehicles with which it is reached is all there
is to know, and a breadth-first search finds that.

The rules of the feed are those numbered in `tests.oracles.spec`. The search adds:

13. The first ride is boarded at or after `at` plus the access seconds of the stop, without change time; the last
    arrival adds the egress seconds of the stop. Walks at both ends are only those of these two sets.
14. Each change adds `extra_change_s`, whether at one stop or by a walk.
    Who stays seated over a change of service day does so once (rule 6).
15. A journey lasts at most `duration_s_max`, from the instant asked; it uses at most `vehicles_max` vehicles; a run
    joined in-seat counts one.
16. Of two journeys one beats the other if it is as good by every measure and better by one. A stop in both sets makes
    a journey of no vehicle. In a profile, a departure is the instant at
    which the door must be left for the first vehicle taken; walking all the way is left out, but beats rides that are
    no faster; a journey of the window may be beaten by one that leaves after it.
17. By way of a place (`via`, its stops): without a stay, the vehicle calls at one of them while one is on board,
    whether one gets on or off there or not, or one boards or leaves a vehicle there. With a stay, one leaves a vehicle
    at one of them and boards the next at one of them, no sooner than the change takes and than the stay lasts.
18. Of the places where two fixed vehicles can be changed between, the way with the fewest metres on foot is the best;
    metres are the crow's flight × 1.3, rounded up, 0 at one stop.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from tests.oracles.spec import Trip, World, crow_m

DAYS_BACK = 3  # a run of that many service days before may still be under way


@dataclass(frozen=True)
class Ask:
    """Stops with seconds to reach them, stops with seconds from them to the end, and the limits."""

    access: Mapping[str, int]
    egress: Mapping[str, int]
    vehicles_max: int = 8
    extra_change_s: int = 0
    duration_s_max: int = 24 * 3600
    wheelchair: bool = False
    via: Collection[str] | None = None
    via_stay_s: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """A call of a run, in seconds since 1970. `run` is (service day, shift of a frequency)."""

    trip: Trip
    day: date
    shift_s: int
    position: int
    stop: str
    arrive: int
    depart: int
    may_board: bool
    may_alight: bool


Front = list[tuple[int, int]]
State = tuple[int, bool]  # a node, and whether one has been by way of `via`


class Expanded:
    """The time-expanded graph of a feed between two instants."""

    def __init__(self, world: World, first: int, last: int) -> None:
        self.world = world
        self.nodes: list[Node] = []
        self.next: list[list[int]] = []
        self.seated_after: dict[int, list[int]] = defaultdict(list)  # arrived at the one, on board at the other
        self.seated_before: dict[int, list[int]] = defaultdict(list)
        start: dict[tuple[str, date, int], int] = {}
        self._calls: dict[tuple[str, date, int], range] = {}
        day = datetime.fromtimestamp(first, UTC).date() - timedelta(days=DAYS_BACK)
        while self.world.day_start(day) <= last:
            for trip in world.trips.values():
                if world.runs_on(trip, day):
                    for shift_s, _ in world.shifts(trip):
                        start[trip.trip_id, day, shift_s] = len(self.nodes)
                        self._add_run(trip, day, shift_s)
                        calls = range(start[trip.trip_id, day, shift_s], len(self.nodes))
                        self._calls[trip.trip_id, day, shift_s] = calls
            day += timedelta(days=1)
        for (trip_id, on, shift_s), node in start.items():
            trip = world.trips[trip_id]
            end = node + len(trip.calls) - 1
            if shift_s == 0:
                for other, other_on in world.continues_as(trip, on):
                    begin = start.get((other.trip_id, other_on, 0))
                    if begin is None:
                        continue  # beyond the days of this graph
                    if self.nodes[end].stop == self.nodes[begin].stop:
                        self.seated_after[end].append(begin)
                        self.seated_before[begin].append(end)
                    else:
                        self.next[end].append(begin)
        self.previous: list[list[int]] = [[] for _ in self.nodes]
        self.at_stop: dict[str, list[int]] = defaultdict(list)
        for number, follow in enumerate(self.next):
            self.at_stop[self.nodes[number].stop].append(number)
            for after in follow:
                self.previous[after].append(number)
        self._transfers: dict[tuple[str, str, str, str], int | None] = {}
        self._boardable: dict[tuple[str, bool], list[int]] = {}
        self._alightable: dict[tuple[str, bool], list[int]] = {}
        self._sources: dict[str, list[str]] = defaultdict(list)
        for source in self.at_stop:
            for target in world.targets(source):
                self._sources[target].append(source)

    def _add_run(self, trip: Trip, day: date, shift_s: int) -> None:
        base = self.world.day_start(day) + shift_s
        for position, call in enumerate(trip.calls):
            if call.guessed:
                raise ValueError(f"trip {trip.trip_id} has blank times: not searched exactly")
            last = position == len(trip.calls) - 1
            self.next.append([] if last else [len(self.nodes) + 1])
            self.nodes.append(
                Node(
                    trip, day, shift_s, position, call.stop, base + call.arrive_s, base + call.depart_s,
                    call.may_board, call.may_alight,
                )
            )  # fmt: skip

    def _usable(self, node: Node, ask: Ask) -> bool:
        return not ask.wheelchair or node.trip.wheelchair

    def _door(self, node: Node, ask: Ask) -> bool:
        return not ask.wheelchair or self.world.wheelchair_stop(node.stop)

    def _passes(self, node: Node, ask: Ask) -> bool:
        """Whether being at that call is being by way of the place."""
        return ask.via is None or (ask.via_stay_s == 0 and node.stop in ask.via)

    def _changes(self, m: State, n: int, ask: Ask) -> Iterator[bool]:
        """Whether who gets off at m has been by way of the place once on board at n; nothing if they miss it."""
        a, b = self.nodes[m[0]], self.nodes[n]
        change_s = self._transfer_s(a.stop, a.trip, b.stop, b.trip)
        if change_s is None:
            return
        change_s += ask.extra_change_s
        if a.arrive + change_s <= b.depart:
            yield m[1] or self._passes(b, ask)
        stays = ask.via is not None and ask.via_stay_s > 0 and a.stop in ask.via and b.stop in ask.via
        if stays and not m[1] and a.arrive + max(change_s, ask.via_stay_s) <= b.depart:
            yield True

    def _transfer_s(self, stop: str, trip: Trip, to_stop: str, to_trip: Trip) -> int | None:
        """What the world says, kept: many runs of a trip ask the same."""
        asked = stop, trip.trip_id, to_stop, to_trip.trip_id
        if asked not in self._transfers:
            self._transfers[asked] = self.world.transfer_s(stop, trip, to_stop, to_trip)
        return self._transfers[asked]

    def _ridden(self, origin: State, ask: Ask, seen: set[tuple[int, bool, bool]]) -> Iterator[State]:
        """Where one gets on board from `origin`, but for what was `seen`."""
        stack = [(*origin, False)]
        while stack:
            node, passed, crossed = stack.pop()
            for m in self.next[node]:
                over = crossed or self.nodes[m].day != self.nodes[node].day
                by = passed or self._passes(self.nodes[m], ask)
                if not self._usable(self.nodes[m], ask) or (m, by, over) in seen:
                    continue
                if crossed and self.nodes[m].day != self.nodes[node].day:
                    continue
                seen.add((m, by, over))
                yield m, by
                stack.append((m, by, over))
                for begin in self.seated_after[m]:
                    later = self.nodes[begin].day != self.nodes[m].day
                    if not (over and later):
                        stack.append((begin, by, over or later))

    # --- leaving at

    def forward(self, ask: Ask, at: int, *, sharp: bool = False) -> tuple[Front, dict[State, tuple[int, State | None]]]:
        """The front (arrival, vehicles) by vehicles, and for each state alighted in (vehicles, state boarded in).

        `sharp`: the first vehicle leaves at once, without waiting.
        """
        boarded: dict[State, tuple[int, State | None]] = {}  # left by vehicle → (vehicles, alighted from before)
        arrived: dict[State, tuple[int, State | None]] = {}  # arrived at by vehicle → (vehicles, boarded at)
        seen: set[tuple[int, bool, bool]] = set()
        best: dict[int, int] = {}
        latest = at + ask.duration_s_max
        for stop in ask.access.keys() & ask.egress.keys():
            arrival = at + ask.access[stop] + ask.egress[stop]
            best[0] = min(best.get(0, latest + 1), arrival)
        frontier: dict[State, State | None] = {}
        for stop, seconds in ask.access.items():
            for n in self._boards_at(stop, ask):
                wait = self.nodes[n].depart - at - seconds
                if wait == 0 if sharp else 0 <= wait <= ask.duration_s_max:
                    frontier[n, self._passes(self.nodes[n], ask)] = None
        for vehicles in range(1, ask.vehicles_max + 1):
            reached: list[State] = []
            for origin, alighted in frontier.items():
                if origin in boarded:
                    continue
                boarded[origin] = vehicles, alighted
                for state in self._ridden(origin, ask, seen):
                    if state not in arrived:
                        arrived[state] = vehicles, origin
                        reached.append(state)
            frontier = {}
            for state in reached:
                node = self.nodes[state[0]]
                if not node.may_alight or not self._door(node, ask):
                    continue
                if node.stop in ask.egress and state[1]:
                    arrival = node.arrive + ask.egress[node.stop]
                    best[vehicles] = min(best.get(vehicles, latest + 1), arrival)
                for stop in self.world.targets(node.stop):
                    for n in self._boards_at(stop, ask):
                        if self.nodes[n].depart < node.arrive:
                            continue  # no change takes less than no time
                        for by in self._changes(state, n, ask):
                            if (n, by) not in boarded:
                                frontier.setdefault((n, by), state)
        front: Front = []
        for vehicles, arrival in sorted(best.items()):
            if arrival <= latest and (not front or arrival < front[-1][0]):
                front.append((arrival, vehicles))
        self._boarded = boarded
        return front, arrived

    def _boards_at(self, stop: str, ask: Ask) -> list[int]:
        """The calls at that stop where one may board."""
        asked = stop, ask.wheelchair
        if asked not in self._boardable:
            self._boardable[asked] = [n for n in self.at_stop.get(stop, ()) if self._can_board(n, ask)]
        return self._boardable[asked]

    def _alights_at(self, stop: str, ask: Ask) -> list[int]:
        """The calls at that stop where one may alight."""
        asked = stop, ask.wheelchair
        if asked not in self._alightable:
            self._alightable[asked] = [m for m in self.at_stop.get(stop, ()) if self._can_alight(m, ask)]
        return self._alightable[asked]

    def _can_board(self, n: int, ask: Ask) -> bool:
        node = self.nodes[n]
        return bool(self.next[n]) and node.may_board and self._usable(node, ask) and self._door(node, ask)

    def witness(self, ask: Ask, at: int) -> list[str]:
        """One journey for each point of the front, in words; for whoever must explain a difference."""
        front, arrived = self.forward(ask, at)
        lines = []
        for arrival, vehicles in front:
            ends = [
                m for m, (count, _) in arrived.items()
                if count == vehicles and m[1] and self.nodes[m[0]].stop in ask.egress and self.nodes[m[0]].may_alight
                and self.nodes[m[0]].arrive + ask.egress[self.nodes[m[0]].stop] == arrival
            ]  # fmt: skip
            legs: list[str] = []
            m: State | None = ends[0] if ends else None
            while m is not None:
                origin = arrived[m][1]
                assert origin is not None
                a, b = self.nodes[origin[0]], self.nodes[m[0]]
                through = "" if a.trip is b.trip else f"→{b.trip.trip_id}"
                legs.append(
                    f"{a.trip.trip_id}{through} [{a.day} {a.shift_s:+d}] {a.stop}#{a.position} "
                    f"{self._clock(a.depart)} – {b.stop}#{b.position} {self._clock(b.arrive)}"
                )
                m = self._boarded[origin][1]
            lines.append(f"{self._clock(arrival)} with {vehicles}: " + "; ".join(reversed(legs)))
        return lines

    def _clock(self, instant: int) -> str:
        return datetime.fromtimestamp(instant, self.world.zone).strftime("%d %H:%M:%S")

    # --- arriving by

    def backward(self, ask: Ask, by: int) -> Front:
        """The front (departure, vehicles), in order of vehicles."""
        earliest = by - ask.duration_s_max
        best: dict[int, int] = {}
        for stop in ask.access.keys() & ask.egress.keys():
            best[0] = max(best.get(0, earliest - 1), by - ask.access[stop] - ask.egress[stop])
        left: set[State] = set()  # must be arrived in
        taken: set[State] = set()  # may be boarded in
        seen: set[tuple[int, bool, bool]] = set()
        frontier = {
            (m, self._passes(self.nodes[m], ask))
            for stop, seconds in ask.egress.items()
            for m in self._alights_at(stop, ask)
            if earliest <= self.nodes[m].arrive + seconds <= by
        }
        for vehicles in range(1, ask.vehicles_max + 1):
            reached: list[State] = []
            for end in frontier - left:
                left.add(end)
                for state in self._ridden_back(end, ask, seen):
                    if state not in taken:
                        taken.add(state)
                        reached.append(state)
            frontier = set()
            for n, passed in reached:
                node = self.nodes[n]
                if not self._can_board(n, ask):
                    continue
                if node.stop in ask.access and passed:
                    best[vehicles] = max(best.get(vehicles, earliest - 1), node.depart - ask.access[node.stop])
                for stop in self._sources[node.stop]:
                    for m in self._alights_at(stop, ask):
                        if self.nodes[m].arrive <= node.depart:  # no change takes less than no time
                            frontier.update((m, been) for been in self._changes_back(m, (n, passed), ask))
            frontier -= left
        front: Front = []
        for vehicles, departure in sorted(best.items()):
            if departure >= earliest and (not front or departure > front[-1][0]):
                front.append((departure, vehicles))
        return front

    def _changes_back(self, m: int, n: State, ask: Ask) -> Iterator[bool]:
        """As `_changes`, seen from the end."""
        a = self.nodes[m]
        for by in self._changes((m, n[1]), n[0], ask):
            yield n[1] or self._passes(a, ask) or (by and ask.via_stay_s > 0)

    def _ridden_back(self, end: State, ask: Ask, seen: set[tuple[int, bool, bool]]) -> Iterator[State]:
        """As `_ridden`, seen from where one gets off."""
        stack = [(*end, False)]
        while stack:
            node, passed, crossed = stack.pop()
            for n in self.previous[node]:
                over = crossed or self.nodes[n].day != self.nodes[node].day
                by = passed or self._passes(self.nodes[n], ask)
                if not self._usable(self.nodes[n], ask) or (n, by, over) in seen:
                    continue
                if crossed and self.nodes[n].day != self.nodes[node].day:
                    continue
                seen.add((n, by, over))
                yield n, by
                stack.append((n, by, over))
                for before in self.seated_before[n]:
                    earlier = self.nodes[before].day != self.nodes[n].day
                    if not (over and earlier):
                        stack.append((before, by, over or earlier))

    def _can_alight(self, m: int, ask: Ask) -> bool:
        node = self.nodes[m]
        return bool(self.previous[m]) and node.may_alight and self._usable(node, ask) and self._door(node, ask)

    # --- all departures of a window

    def profile(self, ask: Ask, at: int, window_s: int) -> list[tuple[int, int, int]]:
        """The front (departure, arrival, vehicles) of the departures from `at` to `at + window_s`, in order."""
        departures = {
            self.nodes[n].depart - seconds for stop, seconds in ask.access.items() for n in self._boards_at(stop, ask)
        }
        found = [
            (departure, arrival, vehicles)
            for departure in departures
            if at <= departure <= at + window_s
            for arrival, vehicles in self.forward(ask, departure, sharp=True)[0]
            if vehicles
        ]
        after = at + window_s + 1
        later = [(after, arrival, vehicles) for arrival, vehicles in self.forward(ask, after)[0]]
        kept = [one for one in set(found) if not any(_beats(other, one) for other in (*found, *later))]
        return sorted(kept, key=lambda journey: (journey[0], journey[2], journey[1]))

    # --- where to change

    def least_metres(
        self, ask: Ask, vehicles: Sequence[Sequence[tuple[str, date, int]]], leave: int, arrive: int
    ) -> int | None:
        """The fewest metres on foot between these vehicles, leaving the door no sooner and arriving no later; None
        when that cannot be. A vehicle is its trips: (trip, service day, shift of a frequency)."""
        rides = [[n for trip in vehicle for n in self._calls[trip]] for vehicle in vehicles]
        boards: dict[State, int] = {
            (n, self._passes(self.nodes[n], ask)): 0
            for n in rides[0]
            if self._can_board(n, ask)
            and self.nodes[n].stop in ask.access
            and self.nodes[n].depart - ask.access[self.nodes[n].stop] >= leave
        }
        for ride, following in pairwise(rides):
            alights = self._alighted(ride, boards, ask)
            boards = {}
            for m, metres in alights.items():
                for n in following:
                    if self._can_board(n, ask):
                        more = metres + self._walk_m(self.nodes[m[0]].stop, self.nodes[n].stop)
                        for by in self._changes(m, n, ask):
                            boards[n, by] = min(more, boards.get((n, by), more))
        return min(
            (
                metres
                for (m, passed), metres in self._alighted(rides[-1], boards, ask).items()
                if passed
                and self.nodes[m].stop in ask.egress
                and self.nodes[m].arrive + ask.egress[self.nodes[m].stop] <= arrive
            ),
            default=None,
        )

    def _alighted(self, ride: Sequence[int], boards: Mapping[State, int], ask: Ask) -> dict[State, int]:
        """Where one may get off a vehicle boarded at `boards`, with the metres walked before."""
        out: dict[State, int] = {}
        for (n, passed), metres in boards.items():
            by = passed
            for before, m in pairwise(ride[ride.index(n) :]):
                node = self.nodes[m]
                by = by or self._passes(node, ask)
                one_call = node.position == 0 and node.stop == self.nodes[before].stop
                if self._can_alight(m, ask) and not one_call:
                    out[m, by] = min(metres, out.get((m, by), metres))
        return out

    def _walk_m(self, a: str, b: str) -> int:
        if a == b:
            return 0
        return math.ceil(crow_m(self.world.position(a), self.world.position(b)) * self.world.rules.detour)


def _beats(a: tuple[int, int, int], b: tuple[int, int, int]) -> bool:
    """Whether journey a (departure, arrival, vehicles) is as good as b by every measure, and better by one."""
    return a != b and a[0] >= b[0] and a[1] <= b[1] and a[2] <= b[2]

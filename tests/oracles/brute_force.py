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
15. A journey lasts at most `duration_s_max`, from the instant asked; it uses at most `vehicles_max` vehicles; a run
    joined in-seat counts one.
16. Of two journeys one beats the other if it is as good by every measure and better by one. A stop in both sets makes
    a journey of no vehicle. In a profile, a departure is the instant at
    which the door must be left for the first vehicle taken; walking all the way is left out, but beats rides that are
    no faster; a journey of the window may be beaten by one that leaves after it.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tests.oracles.spec import Trip, World

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


class Expanded:
    """The time-expanded graph of a feed between two instants."""

    def __init__(self, world: World, first: int, last: int) -> None:
        self.world = world
        self.nodes: list[Node] = []
        self.next: list[list[int]] = []
        self.seated_after: dict[int, list[int]] = defaultdict(list)  # arrived at the one, on board at the other
        self.seated_before: dict[int, list[int]] = defaultdict(list)
        start: dict[tuple[str, date, int], int] = {}
        day = datetime.fromtimestamp(first, UTC).date() - timedelta(days=DAYS_BACK)
        while self.world.day_start(day) <= last:
            for trip in world.trips.values():
                if world.runs_on(trip, day):
                    for shift_s, _ in world.shifts(trip):
                        start[trip.trip_id, day, shift_s] = len(self.nodes)
                        self._add_run(trip, day, shift_s)
            day += timedelta(days=1)
        for (trip_id, on, shift_s), node in start.items():
            trip = world.trips[trip_id]
            end = node + len(trip.calls) - 1
            if shift_s == 0:
                for other in world.continues_as(trip, on):
                    begin = start[other.trip_id, on, 0]
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

    def _in_time(self, m: int, change_s: int, n: int, ask: Ask) -> bool:
        """Whether who gets off at m can board at n."""
        return self.nodes[m].arrive + change_s + ask.extra_change_s <= self.nodes[n].depart

    # --- leaving at

    def forward(self, ask: Ask, at: int, *, sharp: bool = False) -> tuple[Front, dict[int, tuple[int, int | None]]]:
        """The front (arrival, vehicles) by vehicles, and for each node alighted at (vehicles, node boarded at).

        `sharp`: the first vehicle leaves at once, without waiting.
        """
        boarded: dict[int, tuple[int, int | None]] = {}  # node left by vehicle → (vehicles, node alighted from before)
        arrived: dict[int, tuple[int, int | None]] = {}  # node arrived at by vehicle → (vehicles, node boarded at)
        best: dict[int, int] = {}
        latest = at + ask.duration_s_max
        for stop in ask.access.keys() & ask.egress.keys():
            arrival = at + ask.access[stop] + ask.egress[stop]
            best[0] = min(best.get(0, latest + 1), arrival)
        frontier: dict[int, int | None] = {}
        for stop, seconds in ask.access.items():
            for n in self.at_stop.get(stop, ()):
                wait = self.nodes[n].depart - at - seconds
                if self._can_board(n, ask) and (wait == 0 if sharp else 0 <= wait <= ask.duration_s_max):
                    frontier[n] = None
        for vehicles in range(1, ask.vehicles_max + 1):
            reached: list[int] = []
            for origin, alighted in frontier.items():
                if origin in boarded:
                    continue
                boarded[origin] = vehicles, alighted
                stack = [origin]
                while stack:
                    for m in self.next[stack.pop()]:
                        if m not in arrived and self._usable(self.nodes[m], ask):
                            arrived[m] = vehicles, origin
                            reached.append(m)
                            stack.append(m)
                            stack.extend(self.seated_after[m])
            frontier = {}
            for m in reached:
                node = self.nodes[m]
                if not node.may_alight or not self._door(node, ask):
                    continue
                if node.stop in ask.egress:
                    arrival = node.arrive + ask.egress[node.stop]
                    best[vehicles] = min(best.get(vehicles, latest + 1), arrival)
                for stop in self.world.targets(node.stop):
                    for n in self.at_stop.get(stop, ()):
                        if n not in boarded and n not in frontier and self._can_board(n, ask):
                            change_s = self.world.transfer_s(node.stop, node.trip, stop, self.nodes[n].trip)
                            if change_s is not None and self._in_time(m, change_s, n, ask):
                                frontier[n] = m
        front: Front = []
        for vehicles, arrival in sorted(best.items()):
            if arrival <= latest and (not front or arrival < front[-1][0]):
                front.append((arrival, vehicles))
        self._boarded = boarded
        return front, arrived

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
                if count == vehicles and self.nodes[m].stop in ask.egress and self.nodes[m].may_alight
                and self.nodes[m].arrive + ask.egress[self.nodes[m].stop] == arrival
            ]  # fmt: skip
            legs: list[str] = []
            m: int | None = ends[0] if ends else None
            while m is not None:
                origin = arrived[m][1]
                assert origin is not None
                a, b = self.nodes[origin], self.nodes[m]
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
        left: set[int] = set()  # nodes that must be arrived at
        taken: set[int] = set()  # nodes that may be boarded
        frontier = {
            m
            for stop, seconds in ask.egress.items()
            for m in self.at_stop.get(stop, ())
            if self._can_alight(m, ask) and earliest <= self.nodes[m].arrive + seconds <= by
        }
        for vehicles in range(1, ask.vehicles_max + 1):
            reached: list[int] = []
            for end in frontier - left:
                left.add(end)
                stack = [end]
                while stack:
                    for n in self.previous[stack.pop()]:
                        if n not in taken and self._usable(self.nodes[n], ask):
                            taken.add(n)
                            reached.append(n)
                            stack.append(n)
                            stack.extend(self.seated_before[n])
            frontier = set()
            for n in reached:
                node = self.nodes[n]
                if not self._can_board(n, ask):
                    continue
                if node.stop in ask.access:
                    best[vehicles] = max(best.get(vehicles, earliest - 1), node.depart - ask.access[node.stop])
                for stop in self._sources[node.stop]:
                    for m in self.at_stop.get(stop, ()):
                        if m not in left and m not in frontier and self._can_alight(m, ask):
                            seconds = self.world.transfer_s(stop, self.nodes[m].trip, node.stop, node.trip)
                            if (
                                seconds is not None
                                and self.nodes[m].arrive + seconds + ask.extra_change_s <= node.depart
                            ):
                                frontier.add(m)
        front: Front = []
        for vehicles, departure in sorted(best.items()):
            if departure >= earliest and (not front or departure > front[-1][0]):
                front.append((departure, vehicles))
        return front

    def _can_alight(self, m: int, ask: Ask) -> bool:
        node = self.nodes[m]
        return bool(self.previous[m]) and node.may_alight and self._usable(node, ask) and self._door(node, ask)

    # --- all departures of a window

    def profile(self, ask: Ask, at: int, window_s: int) -> list[tuple[int, int, int]]:
        """The front (departure, arrival, vehicles) of the departures from `at` to `at + window_s`, in order."""
        departures = {
            self.nodes[n].depart - seconds
            for stop, seconds in ask.access.items()
            for n in self.at_stop.get(stop, ())
            if self._can_board(n, ask)
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


def _beats(a: tuple[int, int, int], b: tuple[int, int, int]) -> bool:
    """Whether journey a (departure, arrival, vehicles) is as good as b by every measure, and better by one."""
    return a != b and a[0] >= b[0] and a[1] <= b[1] and a[2] <= b[2]

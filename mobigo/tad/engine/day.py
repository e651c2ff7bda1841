"""A day of a service in flat lists: what insertion and improvement work on.

Node 2r is where request r gets in, 2r + 1 where it gets out; times are service times. A round is a list of nodes, and
its times are the least that keep every promise: each vehicle goes at once and waits where it is early.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from mobigo.base.geo import Point
from mobigo.tad.model.rounds import Problem, Request, Rounds, Visit

NEVER = 1 << 40


class Day:
    """The nodes of a problem, their bounds, and the road between them (each leg asked once)."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.board_s = problem.board_s
        self.now_s = problem.now_s
        self.cars = problem.vehicles
        self.names: list[str] = []
        self.index: dict[str, int] = {}
        self.seats: list[int] = []
        self.wheelchairs: list[int] = []
        self.earliest: list[int] = []  # by node
        self.latest: list[int] = []
        self.ride: list[int] = []  # by request
        self._place: list[int] = []  # by node, then by car (its base): the position's number
        self._points: list[Point] = []
        self._numbers: dict[Point, int] = {}
        self._time: dict[int, int] = {}
        self._length: dict[int, int] = {}
        self.bases = [self._number(car.base) for car in self.cars]
        for request in problem.requests.values():
            self.add(request)

    def add(self, request: Request) -> int:
        """One request more; its number."""
        r = self.index[request.id] = len(self.names)
        promise = request.promise
        self.names.append(request.id)
        self.seats.append(request.seats)
        self.wheelchairs.append(request.wheelchairs)
        self.earliest += [promise.earliest_s, promise.earliest_s]
        self.latest += [promise.latest_s, promise.arrive_by_s]
        self.ride.append(promise.ride_s_max)
        self._place += [self._number(request.origin), self._number(request.destination)]
        return r

    def _number(self, point: Point) -> int:
        if point not in self._numbers:
            self._numbers[point] = len(self._points)
            self._points.append(point)
        return self._numbers[point]

    def place(self, car: int, node: int) -> int:
        """The position of a node; of the car's base for node -1."""
        return self.bases[car] if node < 0 else self._place[node]

    def leg_s(self, a: int, b: int) -> int:
        """Seconds between two positions."""
        key = a << 20 | b
        found = self._time.get(key)
        if found is None:
            found = self._time[key] = self.problem.travel.time_s(self._points[a], self._points[b])
        return found

    def leg_m(self, a: int, b: int) -> int:
        """Metres between two positions."""
        key = a << 20 | b
        found = self._length.get(key)
        if found is None:
            found = self._length[key] = self.problem.travel.distance_m(self._points[a], self._points[b])
        return found

    # ------------------------------------------------------------ rounds

    def times(self, car: int, nodes: Sequence[int], frozen: Sequence[int] = ()) -> list[int] | None:
        """The least times that keep every promise of a round; None when none do. `frozen`: the times of its first
        nodes, which do not move.

        Times only rise: a ride too long makes its pick-up later, until all hold or one is past its bound.
        """
        least = [self.earliest[node] for node in nodes]
        least[: len(frozen)] = frozen
        at: list[int] = [0] * len(nodes)
        where = {node: position for position, node in enumerate(nodes)}
        places = [self._place[node] for node in nodes]
        while True:
            free, here = -NEVER, self.bases[car]
            if self.now_s is not None and not frozen:
                free = self.now_s
            for i, node in enumerate(nodes):
                there = places[i]
                reached = free + self.leg_s(here, there)
                if i < len(frozen):
                    reached = frozen[i]
                elif least[i] > reached:
                    reached = least[i]
                if reached > self.latest[node] and i >= len(frozen):
                    return None
                at[i] = reached
                free, here = reached + self.board_s, there
                if i + 1 == len(frozen) and self.now_s is not None:
                    free = max(free, self.now_s)
            risen = False
            for i, node in enumerate(nodes):
                if node & 1:
                    start = where[node - 1]
                    over = at[i] - at[start] - self.board_s - self.ride[node >> 1]
                    if over > 0 and i >= len(frozen):
                        if start < len(frozen) or at[start] + over > self.latest[node - 1]:
                            return None
                        least[start] = at[start] + over
                        risen = True
            if not risen:
                return at

    def slack(self, car: int, nodes: Sequence[int]) -> list[int]:
        """The latest time of each node that leaves those after it in time (rides aside): what insertion prunes by."""
        latest = [0] * len(nodes)
        bound = NEVER
        after = -1
        for i in range(len(nodes) - 1, -1, -1):
            node = nodes[i]
            if after >= 0:
                bound -= self.board_s + self.leg_s(self._place[node], self._place[after])
            bound = min(bound, self.latest[node])
            latest[i] = bound
            after = node
        return latest

    def frozen(self, car: int, nodes: Sequence[int], at: Sequence[int]) -> int:
        """How many of the first visits do not move any more: those made, and the one the vehicle is on its way to."""
        if self.now_s is None or not nodes:
            return 0
        if at[0] - self.leg_s(self.bases[car], self._place[nodes[0]]) > self.now_s:
            return 0
        return 1 + sum(1 for reached in at[:-1] if reached + self.board_s <= self.now_s)

    def metres(self, car: int, nodes: Sequence[int]) -> int:
        """What a round drives, base to base."""
        here, total = self.bases[car], 0
        for node in nodes:
            total += self.leg_m(here, self._place[node])
            here = self._place[node]
        return total + self.leg_m(here, self.bases[car]) if nodes else 0


class Plan:
    """The rounds being worked on: nodes and times by car."""

    def __init__(self, day: Day, nodes: list[list[int]], at: list[list[int]]) -> None:
        self.day, self.nodes, self.at = day, nodes, at
        self.slack = [day.slack(car, each) for car, each in enumerate(nodes)]
        self.fixed = [day.frozen(car, each, at[car]) for car, each in enumerate(nodes)]
        self.metres = [day.metres(car, each) for car, each in enumerate(nodes)]

    @classmethod
    def of(cls, day: Day, rounds: Rounds) -> "Plan":
        """The rounds as they were kept."""
        nodes = [
            [2 * day.index[visit.request] + (not visit.pickup) for visit in rounds.get(car.id, ())] for car in day.cars
        ]
        return cls(day, nodes, [[visit.at_s for visit in rounds.get(car.id, ())] for car in day.cars])

    def rounds(self) -> dict[str, tuple[Visit, ...]]:
        """The rounds as values."""
        return {
            car.id: tuple(
                Visit(self.day.names[node >> 1], not node & 1, at)
                for node, at in zip(self.nodes[number], self.at[number], strict=True)
            )
            for number, car in enumerate(self.day.cars)
        }

    def total_m(self) -> int:
        """What all the vehicles drive."""
        return sum(self.metres)

    def put(self, car: int, nodes: list[int], at: list[int]) -> None:
        """Another round for a car; its first visits that do not move stay so many."""
        self.nodes[car], self.at[car] = nodes, at
        self.slack[car] = self.day.slack(car, nodes)
        self.metres[car] = self.day.metres(car, nodes)

    def saved(self) -> list[tuple[list[int], list[int], list[int], int]]:
        """What `restore` needs."""
        return list(zip(self.nodes, self.at, self.slack, self.metres, strict=True))

    def restore(self, saved: list[tuple[list[int], list[int], list[int], int]]) -> None:
        """Back to what was saved."""
        for car, (nodes, at, slack, metres) in enumerate(saved):
            self.nodes[car], self.at[car], self.slack[car], self.metres[car] = nodes, at, slack, metres

    def movable(self) -> list[int]:
        """The requests whose two visits may both still move."""
        return [
            node >> 1
            for car, nodes in enumerate(self.nodes)
            for position, node in enumerate(nodes)
            if not node & 1 and position >= self.fixed[car]
        ]

    def take_out(self, requests: Iterable[int]) -> bool:
        """Remove requests; whether what is left can still be driven (it can, where the road obeys the triangle)."""
        gone = set(requests)
        for car, nodes in enumerate(self.nodes):
            left = [node for node in nodes if node >> 1 not in gone]
            if len(left) == len(nodes):
                continue
            fixed = self.at[car][: self.fixed[car]]
            at = self.day.times(car, left, fixed)
            if at is None:
                return False
            self.put(car, left, at)
        return True

    def insert(self, r: int, only: int | None = None) -> bool:
        """Put a request where it adds the fewest metres; False when no vehicle can take it with every promise kept."""
        found = []
        for car in range(len(self.nodes)) if only is None else (only,):
            found += self._places_for(r, car)
        for _metres, car, p, q in sorted(found):
            nodes = self.nodes[car]
            tried = [*nodes[:p], 2 * r, *nodes[p:q], 2 * r + 1, *nodes[q:]]
            at = self.day.times(car, tried, self.at[car][: self.fixed[car]])
            if at is not None:
                self.put(car, tried, at)
                return True
        return False

    def _places_for(self, r: int, car: int) -> list[tuple[int, int, int, int]]:
        """(metres more, car, before which visit one gets in, before which one gets out) that bounds do not exclude."""
        day, nodes, at, slack = self.day, self.nodes[car], self.at[car], self.slack[car]
        model, board = day.cars[car], day.board_s
        seats, chairs = day.seats[r], day.wheelchairs[r]
        if seats > model.seats or chairs > model.wheelchairs:
            return []
        room_s, room_c = model.seats - seats, model.wheelchairs - chairs
        place, leg_s, leg_m = day._place, day.leg_s, day.leg_m
        o, d = place[2 * r], place[2 * r + 1]
        earliest, latest, by = day.earliest[2 * r], day.latest[2 * r], day.latest[2 * r + 1]
        ride, direct_m, direct_s = day.ride[r], leg_m(o, d), leg_s(o, d)
        base, n = day.bases[car], len(nodes)
        # Loads before each visit.
        loads: list[tuple[int, int]] = [(0, 0)]
        s = c = 0
        for node in nodes:
            sign = -1 if node & 1 else 1
            s, c = s + sign * day.seats[node >> 1], c + sign * day.wheelchairs[node >> 1]
            loads.append((s, c))
        found = []
        # What a visit's slack puts before the earliest pick-up comes before it anyway.
        first = max(self.fixed[car], bisect_right(slack, earliest - 1) if n else 0)
        for p in range(first, n + 1):
            if loads[p][0] > room_s or loads[p][1] > room_c:
                continue
            here = place[nodes[p - 1]] if p else base
            free = at[p - 1] + board if p else -NEVER
            if day.now_s is not None and p == self.fixed[car]:
                free = max(free, day.now_s)
            picked = max(earliest, free + leg_s(here, o))
            if picked > latest:
                break
            there = place[nodes[p]] if p < n else base
            into_m = leg_m(here, o) - leg_m(here, there)
            # Got out at once: here → o → d → there.
            down = picked + board + direct_s
            if down <= by and (p == n or down + board + leg_s(d, there) <= slack[p]):
                found.append((into_m + direct_m + leg_m(d, there), car, p, p))
            if p == n or picked + board + leg_s(o, there) > slack[p]:
                continue
            added = into_m + leg_m(o, there)
            clock = max(at[p], picked + board + leg_s(o, there))
            for q in range(p + 1, n + 1):
                if loads[q][0] > room_s or loads[q][1] > room_c:
                    break
                before = place[nodes[q - 1]]
                down = clock + board + leg_s(before, d)
                # The pick-up may wait up to its bound, so that the ride is short enough.
                if down > by or down - board - ride > latest:
                    break
                after = place[nodes[q]] if q < n else base
                if q == n or down + board + leg_s(d, after) <= slack[q]:
                    found.append((added + leg_m(before, d) + leg_m(d, after) - leg_m(before, after), car, p, q))
                if q < n:
                    clock = max(at[q], clock + board + leg_s(before, after))
                    if clock > slack[q]:
                        break
        return found

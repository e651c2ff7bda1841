"""Small drawn worlds in which a carpool line and a timetable may be taken one after the other."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from math import ceil

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point, distance_m
from mobigo.base.money import Money
from mobigo.planner.model import CarpoolAtPlace, CarpoolHop, CarpoolWay
from tests.builders import BuiltTrip, feed, trip

DAY = date(2026, 11, 25)
MIDNIGHT = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)  # of Paris


def at(clock: str) -> datetime:
    """An instant of the day, by the clock of Paris."""
    hours, minutes = (int(part) for part in clock.split(":"))
    return MIDNIGHT + timedelta(hours=hours, minutes=minutes)


def walk_s(metres: float) -> int:
    """On foot, as the planner counts without streets."""
    return ceil(metres * 1.3 / 1.2)


@dataclass(frozen=True)
class DrawnLine:
    """A carpool line with one wait at every hour: 1 km a minute, drivers from `since` to `until` (excluded)."""

    stops: Sequence[Point]
    since: datetime
    until: datetime
    mean: timedelta = timedelta(minutes=10)
    most: timedelta = timedelta(minutes=20)
    name: str = "Ligne"

    def ride(self, a: int, b: int) -> timedelta:
        """How long it takes from stop to stop."""
        return timedelta(minutes=max(1, round(distance_m(self.stops[a], self.stops[b]) / 1000)))

    def nearest(self, door: Point) -> int:
        """The stop nearest to a door."""
        return min(range(len(self.stops)), key=lambda n: distance_m(self.stops[n], door))

    def way(
        self, a: int, b: int, walks: tuple[float, float], at: datetime, arrive_by: bool, sure: bool
    ) -> CarpoolWay | None:
        """As `CarpoolHop.way`."""
        wait, ride = self.most if sure else self.mean, self.ride(a, b)
        to, back = (timedelta(seconds=walk_s(metres)) for metres in walks)
        if arrive_by:
            begin = min(at - back - ride - wait, self.until - timedelta(minutes=1))
        else:
            begin = max(at + to, self.since)
        if not self.since <= begin < self.until:
            return None
        return CarpoolWay(
            self.name, "/l", f"L{a}", self.stops[a], f"L{b}", self.stops[b], begin - to, begin + wait + ride + back,
            self.since, self.until, ceil(walks[0] * 1.3), ceil(walks[1] * 1.3), int(ride.total_seconds()), 10_000,
            int(wait.total_seconds()), Money(150), Decision("carpool.wait_unknown"),
        )  # fmt: skip


@dataclass(frozen=True)
class DrawnLines:
    """Lines as the planner asks them; none goes from door to door unless `direct`."""

    lines: Sequence[DrawnLine]
    direct: Sequence[CarpoolWay] = ()

    def ways(
        self, origin: Point, destination: Point, at: datetime, *, arrive_by: bool, window_s: int, walk_m_max: int
    ) -> Sequence[CarpoolWay]:
        return list(self.direct)

    def hops(self, door: Point, day: date, *, leaving: bool, walk_m_max: int) -> Sequence[CarpoolHop]:
        found = []
        for line in self.lines:
            near = line.nearest(door)
            metres = distance_m(line.stops[near], door)
            if metres * 1.3 > walk_m_max:
                continue
            for other in range(len(line.stops)):
                if other != near:
                    ends, walks = ((near, other), (metres, 0.0)) if leaving else ((other, near), (0.0, metres))
                    found.append(_hop(line, other, ends, walks))
        return found

    def why_none(self, origin: Point, destination: Point, at: datetime, *, walk_m_max: int) -> Decision | None:
        return None

    def at_place(self, place: str) -> Sequence[CarpoolAtPlace]:
        return []


def _hop(line: DrawnLine, hub: int, ends: tuple[int, int], walks: tuple[float, float]) -> CarpoolHop:
    return CarpoolHop(
        line.name, f"L{hub}", line.stops[hub], lambda at, by, sure: line.way(*ends, walks, at, by, sure)
    )  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """A world: its feed, its lines, the two doors."""

    files: dict[str, str]
    stops: dict[str, Point]
    line: DrawnLine
    near: Point  # a door beside a stop of the line
    far: Point  # a door beside a stop of the network alone

    def with_line(self, **changes: object) -> "Drawn":
        """The same with another line."""
        return replace(self, line=replace(self.line, **changes))  # type: ignore[arg-type]


def _beside(chance: random.Random, point: Point, far: float = 0.01) -> Point:
    return Point(point.lat + chance.uniform(0.0005, far), point.lon + chance.uniform(-far, far))


def drawn(seed: int) -> Drawn:
    """A line of four stops, a stop of the network beside each or most, and vehicles between those and elsewhere, both
    ways, in no order."""
    chance = random.Random(seed)
    along = [Point(47.0, 4.0 + 0.12 * n) for n in range(4)]
    stops = {f"B{n}": _beside(chance, point) for n, point in enumerate(along) if n == 0 or chance.random() < 0.85}
    far = Point(47.0 + chance.uniform(0.1, 0.4), 4.0 + chance.uniform(-0.1, 0.6))
    stops |= {"Z": _beside(chance, far), "M": Point(47.15, 4.2), "N": Point(47.1, 4.35)}
    trips: list[BuiltTrip] = []
    for number in range(chance.randint(4, 14)):
        names = chance.sample(sorted(stops), chance.randint(2, min(4, len(stops))))
        clock, calls = 60 * 5 + chance.randint(0, 6 * 60), []
        for name in names:
            calls.append(f"{name} {clock // 60}:{clock % 60:02d}")
            clock += chance.randint(5, 45)
        trips.append(trip(f"t{number}", " ".join(calls), route=f"r{number}", service="daily"))
    rows = [
        {"stop_id": name, "stop_name": name, "stop_lat": f"{point.lat:.6f}", "stop_lon": f"{point.lon:.6f}"}
        for name, point in stops.items()
    ]
    since = 60 * chance.choice([5, 6, 7])
    line = DrawnLine(
        along, MIDNIGHT + timedelta(minutes=since), MIDNIGHT + timedelta(minutes=since + chance.choice([60, 150, 240])),
        timedelta(minutes=chance.choice([3, 10])), timedelta(minutes=chance.choice([10, 25])),
    )  # fmt: skip
    rounded = {name: Point(round(point.lat, 6), round(point.lon, 6)) for name, point in stops.items()}
    return Drawn(
        feed(trips, stops=rows, services={"daily": [DAY]}), rounded, line, _beside(chance, along[0], 0.005), far
    )

"""Between a door and the stops along the streets; as the crow flies where no street is known."""

from collections.abc import Sequence
from math import ceil

import numpy as np

from mobigo.base.geo import Point
from mobigo.network.engine.streets.nearest import Snaps
from mobigo.network.engine.streets.routes import Streets, Way
from mobigo.network.engine.streets.turns import steps_of
from mobigo.network.model.streets import WALKER, WHEELCHAIR, Mover
from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine.reach import DETOUR, CrowFlight, near, nodes_of
from mobigo.planner.model import Direction, Reach, WalkedWay

_SLOWEST = 2.5  # a way takes at most that many times what its metres take on flat ground, of those worth walking


class StreetStops:
    """Where the stops of a timetable are on the streets, made once for each kind of walker."""

    def __init__(self, streets: Streets, timetable: Timetable) -> None:
        self.streets, self.timetable = streets, timetable
        self._snaps: dict[str, Snaps] = {}

    def snaps(self, mover: Mover) -> Snaps:
        """One row a stop."""
        if mover.name not in self._snaps:
            self._snaps[mover.name] = self.streets.snap(mover, self.timetable.stop_lat, self.timetable.stop_lon)
        return self._snaps[mover.name]


class OnStreets:
    """`AccessEgress` along the streets, for one walker. A stop or a door that no street comes near is reached as the
    crow flies."""

    def __init__(self, stops: StreetStops, wheelchair: bool = False) -> None:
        self._stops, self._streets = stops, stops.streets
        self._mover = WHEELCHAIR if wheelchair else WALKER
        self._crow = CrowFlight()

    def reach(self, timetable: Timetable, point: Point, walk_m_max: int, leaving: bool) -> Reach:
        """The nodes of the stops whose walk is `walk_m_max` or shorter."""
        rows, straight_m = near(timetable, point, walk_m_max)
        flown_m = straight_m * DETOUR
        snaps = Snaps(*(column[rows] for column in self._stops.snaps(self._mover)))
        times = self._streets.times(
            self._mover, point, snaps, time_s_max=self._time_s(walk_m_max), length_m_max=walk_m_max, against=not leaving
        )
        if times is None:
            return self._crow.reach(timetable, point, walk_m_max, leaving)
        flown = (snaps.stretch < 0) & (flown_m <= walk_m_max)
        metres = np.where(flown, np.ceil(flown_m), times.length_m)
        seconds = np.where(flown, np.ceil(flown_m / self._mover.speed_m_s), times.time_s)
        kept = metres >= 0
        return nodes_of(timetable, rows[kept], seconds[kept], metres[kept], paced=False)

    def direct(self, a: Point, b: Point, walk_m_max: int) -> tuple[int, int] | None:
        """(seconds, metres) from a to b on foot; None beyond `walk_m_max`, or where the streets lead nowhere near."""
        way = self._way(a, b, walk_m_max)
        if way is not None:
            return way.time_s, way.length_m
        return None if self._known(a, b) else self._crow.direct(a, b, walk_m_max)

    def ways(self, point: Point, others: Sequence[Point], walk_m_max: int, leaving: bool) -> list[WalkedWay]:
        """The ways from `point` to each of the others (`leaving`), or from each to it, with their instructions."""
        ways = self._streets.ways(
            self._mover, point, list(others), time_s_max=self._time_s(walk_m_max), length_m_max=walk_m_max,
            against=not leaving,
        )  # fmt: skip
        return [WalkedWay() if way is None else self._walked(way) for way in ways]

    def _walked(self, way: Way) -> WalkedWay:
        steps = steps_of(self._streets.graph, way)
        return WalkedWay(way.line, tuple(Direction(step.what, step.length_m) for step in steps))

    def _way(self, a: Point, b: Point, walk_m_max: int) -> Way | None:
        return self._streets.way(self._mover, a, b, time_s_max=self._time_s(walk_m_max), length_m_max=float(walk_m_max))

    def _known(self, a: Point, b: Point) -> bool:
        snaps = self._streets.snap(self._mover, np.array([a.lat, b.lat]), np.array([a.lon, b.lon]))
        return bool((snaps.stretch >= 0).all())

    def _time_s(self, walk_m_max: int) -> float:
        return ceil(walk_m_max / self._mover.speed_m_s * _SLOWEST)

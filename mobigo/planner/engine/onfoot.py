"""Between a door and the stops along the streets, on foot or by a vehicle of one's own; as the crow flies where no
street is known."""

from collections.abc import Sequence
from math import ceil

import numpy as np

from mobigo.base.geo import Point
from mobigo.network.engine.streets.nearest import Snaps
from mobigo.network.engine.streets.routes import Around, Streets, Way
from mobigo.network.engine.streets.turns import steps_of
from mobigo.network.model.streets import WALKER, Mode, Mover
from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine.reach import DETOUR, CrowFlight, crow_speed_m_s, near, nodes_of
from mobigo.planner.model import Direction, Reach, WalkedWay

_SLOWEST = 2.5  # a way takes at most that many times what its metres take on flat ground, of those worth walking
_DRIVEN_S_MAX = 3600.0  # by car the metres say little: streets are slow or fast


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
    """`AccessEgress` along the streets, for one mover and one question: each end is searched from once. A stop or a
    door that no street comes near is reached as the crow flies."""

    def __init__(self, stops: StreetStops, mover: Mover = WALKER) -> None:
        self._stops, self._streets = stops, stops.streets
        self._mover = mover
        self._crow = CrowFlight(crow_speed_m_s(mover))
        self._searched: dict[tuple[Point, int, bool], Around] = {}

    def reach(self, timetable: Timetable, point: Point, walk_m_max: int, leaving: bool) -> Reach:
        """The nodes of the stops whose walk is `walk_m_max` or shorter."""
        here = self._around(point, walk_m_max, leaving)
        if not here.is_known:
            return self._crow.reach(timetable, point, walk_m_max, leaving)
        rows, straight_m = near(timetable, point, walk_m_max)
        flown_m = straight_m * DETOUR
        snaps = Snaps(*(column[rows] for column in self._stops.snaps(self._mover)))
        times = here.times(snaps)
        flown = (snaps.stretch < 0) & (flown_m <= walk_m_max)
        metres = np.where(flown, np.ceil(flown_m), times.length_m)
        seconds = np.where(flown, np.ceil(flown_m / crow_speed_m_s(self._mover)), times.time_s)
        kept = metres >= 0
        return nodes_of(timetable, rows[kept], seconds[kept], metres[kept], paced=False)

    def direct(self, a: Point, b: Point, walk_m_max: int) -> tuple[int, int] | None:
        """(seconds, metres) from a to b on foot; None beyond `walk_m_max`, or where the streets lead nowhere near."""
        here = self._around(a, walk_m_max, leaving=True)
        end = self._streets.snap_points(self._mover, [b])
        if not here.is_known or end.stretch[0] < 0:
            return self._crow.direct(a, b, walk_m_max)
        times = here.times(end)
        return (int(times.time_s[0]), int(times.length_m[0])) if times.time_s[0] >= 0 else None

    def to_points(
        self, point: Point, others: Sequence[Point], m_max: int, leaving: bool
    ) -> list[tuple[int, int] | None]:
        """(seconds, metres) from `point` to each of the others (not `leaving`: from each to it); None beyond `m_max`.
        As the crow flies where no street is near an end."""
        here = self._around(point, m_max, leaving)
        if not here.is_known or not others:
            return self._crow.to_points(point, others, m_max, leaving)
        snaps = self._streets.snap_points(self._mover, others)
        times = here.times(snaps)
        rows = zip(others, snaps.stretch.tolist(), times.time_s.tolist(), times.length_m.tolist(), strict=True)
        return [
            self._crow.direct(point, other, m_max) if stretch < 0 else (seconds, metres) if seconds >= 0 else None
            for other, stretch, seconds, metres in rows
        ]

    def ways(self, point: Point, others: Sequence[Point], walk_m_max: int, leaving: bool) -> list[WalkedWay]:
        """The ways from `point` to each of the others (`leaving`), or from each to it, with their instructions."""
        ways = self._around(point, walk_m_max, leaving).ways(others)
        return [WalkedWay() if way is None else self._walked(way) for way in ways]

    def _walked(self, way: Way) -> WalkedWay:
        steps = steps_of(self._streets.graph, way)
        return WalkedWay(way.line, tuple(Direction(step.what, step.length_m) for step in steps))

    def _around(self, point: Point, walk_m_max: int, leaving: bool) -> Around:
        key = point, walk_m_max, leaving
        if key not in self._searched:
            slowest_s = ceil(walk_m_max / self._mover.speed_m_s * _SLOWEST)
            self._searched[key] = self._streets.around(
                self._mover, point, time_s_max=_DRIVEN_S_MAX if self._mover.mode is Mode.CAR else slowest_s,
                length_m_max=float(walk_m_max), against=not leaving,
            )  # fmt: skip
        return self._searched[key]

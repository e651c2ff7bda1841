"""From many places to many: a matrix of travel times, a row at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point, distance_m
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import I32, NEVER_S
from mobigo.planner.engine.doors import position_of
from mobigo.planner.engine.everywhere import Ends, best_and_median, ends_of, seconds_to
from mobigo.planner.model import Endpoint
from mobigo.planner.service.moving import VEHICLES_MAX, access_of, reach_of, searcher_of

CELLS_MAX = 4_000_000  # origins × destinations
SEARCHES_MAX = 100_000  # origins × departures
DEPARTURES_MAX = 49
DURATION_S_MAX = 6 * 3600


@dataclass(frozen=True, slots=True)
class Window:
    """The departures looked at: the first, and every `step_min` until `last`, at both of which one may leave."""

    first: datetime
    last: datetime
    step_min: int = 10

    @property
    def departures(self) -> list[datetime]:
        """Each of them."""
        count = int((self.last - self.first) / timedelta(minutes=self.step_min)) + 1
        return [self.first + timedelta(minutes=n * self.step_min) for n in range(max(count, 0))]


def check_size(origins: int, destinations: int, window: Window) -> None:
    """Raises InvalidInput for what is too large to be worked out, saying what may be, and for an empty question."""
    if not origins or not destinations:
        raise InvalidInput("planner.matrix_empty")
    if window.first.tzinfo is None or window.last < window.first or window.step_min < 1:
        raise InvalidInput("planner.matrix_bad_window")
    departures = int((window.last - window.first) / timedelta(minutes=window.step_min)) + 1
    if departures > DEPARTURES_MAX:
        raise InvalidInput("planner.matrix_too_many_departures", count=departures, most=DEPARTURES_MAX)
    if origins * destinations > CELLS_MAX:
        raise InvalidInput("planner.matrix_too_large", count=origins * destinations, most=CELLS_MAX)
    if origins * departures > SEARCHES_MAX:
        raise InvalidInput("planner.matrix_too_long", count=origins * departures, most=SEARCHES_MAX)


class Destinations:
    """The destinations of a network, made ready once for many origins."""

    def __init__(self, network: LiveNetwork, places: Sequence[Endpoint], walk_m_max: int = 2_000) -> None:
        self._network, self._walk_m_max = network, walk_m_max
        self._searcher = searcher_of(network)
        self.points: list[Point | None] = [position_of(network.timetable, each) for each in places]
        self._ends: Ends = ends_of(
            [reach_of(self._searcher, each, walk_m_max, access_of(network), leaving=False) for each in places]
        )
        known = [(np.nan, np.nan) if at is None else (at.lat, at.lon) for at in self.points]
        self._lat, self._lon = (np.array(column, np.float64) for column in zip(*known, strict=True))

    def seconds_from(self, origin: Endpoint, departures: Sequence[datetime], duration_s_max: int) -> list[I32]:
        """For each departure the seconds to each destination, `NEVER_S` beyond `duration_s_max`: what `plan` says of
        the first arrival, waiting at the door included."""
        access = access_of(self._network)
        reach = reach_of(self._searcher, origin, self._walk_m_max, access, leaving=True)
        walked_s = np.full(len(self.points), NEVER_S, np.int32)
        here = position_of(self._network.timetable, origin)
        if here is not None:
            near = self._near(here)
            points = [self.points[row] for row in near]
            found = access.to_points(here, [at for at in points if at is not None], self._walk_m_max, leaving=True)
            for row, way in zip(near, found, strict=True):
                if way is not None:
                    walked_s[row] = way[0]
        return [
            seconds_to(self._searcher, reach, self._ends, walked_s, int(at.timestamp()), VEHICLES_MAX, duration_s_max)
            for at in departures
        ]

    def _near(self, here: Point) -> list[int]:
        """The destinations that may be within a walk."""
        margin = self._walk_m_max / 110_000
        with np.errstate(invalid="ignore"):
            rows = np.flatnonzero(np.abs(self._lat - here.lat) <= margin)
        return [
            row
            for row in rows.tolist()
            if distance_m(here, Point(float(self._lat[row]), float(self._lon[row]))) <= self._walk_m_max
        ]


def matrix(
    network: LiveNetwork,
    origins: Sequence[Endpoint],
    destinations: Sequence[Endpoint],
    window: Window,
    walk_m_max: int = 2_000,
    duration_s_max: int = DURATION_S_MAX,
) -> Iterator[tuple[I32, I32]]:
    """For each origin, in order, the (least, median) seconds to each destination over the departures of `window`;
    `NEVER_S` where it is not reached. Raises InvalidInput for what is too large, before anything is worked out."""
    check_size(len(origins), len(destinations), window)
    ready = Destinations(network, destinations, walk_m_max)
    departures = window.departures
    for origin in origins:
        yield best_and_median(ready.seconds_from(origin, departures, duration_s_max))

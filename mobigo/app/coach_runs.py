"""The coaches of the timetable, as carpool's fraud checks ask them: does a coach run like this journey?

`covoit.model.fraud.Coaches` declares the question; the compiled network answers it. A coach runs so when it leaves a
stop within 150 m of where the journey started, at most 3 minutes before or after, and sets down, later on the same run,
within 150 m of where it ended, at most 4 minutes before or after.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from mobigo.base.geo import Point, distance_m
from mobigo.base.servicetime import instant_of

if TYPE_CHECKING:
    from covoit.model.fraud import Sighting
    from mobigo.infra.web import Networks
    from mobigo.network.engine.boards import BoardIndex, Departure
    from mobigo.network.model.live import LiveNetwork
    from mobigo.network.model.timetable import Timetable

NEAR_M: Final = 150
LEAVES_GAP: Final = timedelta(minutes=3)
ARRIVES_GAP: Final = timedelta(minutes=4)
CELL_DEGREES: Final = 0.01  # a square of about a kilometre: the stops around a point are in it or in its neighbours
NO_DROP_OFF: Final = 1


@dataclass(frozen=True, slots=True)
class Around:
    """The stops of a timetable by square, to find those around a point without looking at each."""

    timetable: "Timetable"
    cells: dict[tuple[int, int], list[int]]

    def stops(self, point: Point) -> list[int]:
        """The stops within `NEAR_M` of a point."""
        row, column = _cell(point.lat), _cell(point.lon)
        table = self.timetable
        return [
            stop
            for i in (row - 1, row, row + 1)
            for j in (column - 1, column, column + 1)
            for stop in self.cells.get((i, j), ())
            if distance_m(point, Point(float(table.stop_lat[stop]), float(table.stop_lon[stop]))) <= NEAR_M
        ]


def _cell(degrees: float) -> int:
    return int(degrees // CELL_DEGREES)


def around(timetable: "Timetable") -> Around:
    """The squares of a timetable's stops."""
    cells: dict[tuple[int, int], list[int]] = defaultdict(list)
    for stop in range(len(timetable.stop_id)):
        cells[_cell(float(timetable.stop_lat[stop])), _cell(float(timetable.stop_lon[stop]))].append(stop)
    return Around(timetable, dict(cells))


class CoachRuns:
    """The coaches of one compiled network. Its days are those of the timetable: outside them no coach runs."""

    def __init__(self, live: "LiveNetwork") -> None:
        from mobigo.network.engine.boards import build_boards

        self._timetable = live.timetable
        self._zone = ZoneInfo(live.timetable.zone)
        # under the name the planner keeps its own boards
        self._boards: BoardIndex = live.derived("planner.boards", build_boards)
        self._around: Around = live.derived("app.stops_around", around)

    def runs_like(self, sighting: "Sighting") -> bool:
        """Whether a coach leaves that stop at that minute and reaches that other stop at that other minute."""
        starts, ends = self._around.stops(sighting.start), self._around.stops(sighting.end)
        if not starts or not ends:
            return False
        leaving = self._leaving(starts, sighting.started_at)
        return any(self._arrives(departure, set(ends), sighting.ended_at) for departure in leaving)

    def _leaving(self, stops: Collection[int], at: datetime) -> "list[Departure]":
        from mobigo.network.engine.boards import departures

        after = at + LEAVES_GAP + timedelta(microseconds=1)  # the last minute counts
        return departures(self._boards, stops, at - LEAVES_GAP, after)

    def _arrives(self, departure: "Departure", ends: set[int], at: datetime) -> bool:
        table = self._timetable
        first = int(table.trip_visit_start[departure.trip]) + departure.position + 1
        for visit in range(first, int(table.trip_visit_start[departure.trip + 1])):
            if int(table.visit_stop[visit]) not in ends or _no_drop_off(table, visit):
                continue
            arrives_s = int(table.visit_arrive_s[visit]) + departure.shift_s
            if abs(instant_of(departure.service_day, arrives_s, self._zone) - at) <= ARRIVES_GAP:
                return True
        return False


def _no_drop_off(table: "Timetable", visit: int) -> bool:
    from mobigo.network.model.timetable import DROP_OFF_SHIFT, TYPE_MASK

    return int(table.visit_flags[visit]) >> DROP_OFF_SHIFT & TYPE_MASK == NO_DROP_OFF


@contextmanager
def coaches(networks: "Networks") -> "Iterator[CoachRuns | None]":
    """The coaches of the network being served, pinned while they are asked; None where no network was compiled."""
    from mobigo.base.errors import NotFound, Refused

    with ExitStack() as stack:
        live: Any = None
        try:
            live = stack.enter_context(networks.current())
        except (NotFound, Refused):
            live = None
        yield None if live is None else CoachRuns(live)

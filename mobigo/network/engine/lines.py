"""The timetable of a line on one day: stops down, trips across, one table a direction. Pure.

Trips of one line rarely serve the same stops. The rows are a common supersequence of what the trips serve, built from
the most frequent pattern outwards; the columns are ordered by when each trip would pass a common point.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import SequenceMatcher
from itertools import pairwise
from statistics import median

import numpy as np

from mobigo.network.engine.boards import BoardIndex, days_of
from mobigo.network.model.timetable import DROP_OFF_SHIFT, NOT_AVAILABLE, PICKUP_SHIFT, TYPE_MASK, Timetable

COLUMNS_MAX = 400  # a direction with more trips a day is cut, and says so


@dataclass(frozen=True, slots=True)
class Cell:
    """A trip at a stop: service seconds of arrival and departure, and the GTFS rules for boarding and alighting."""

    arrive_s: int
    depart_s: int
    pickup: int
    drop_off: int
    stop: int  # the very stop or platform


@dataclass(frozen=True, slots=True)
class Column:
    """A trip of the day. `cells` has one entry a row, None where it does not stop. `weekdays`: when it usually runs."""

    trip: int
    shift_s: int
    by_frequency: bool
    weekdays: frozenset[int]  # Monday 0, over the four weeks around the day
    days_known: int  # how many days of those weeks
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Direction:
    """One way of a line. `rows` are stations where stops have one, else stops; `headsigns` the most frequent first."""

    number: int
    headsigns: tuple[str, ...]
    rows: tuple[int, ...]
    columns: tuple[Column, ...]
    left_out: int = 0


def station_of(timetable: Timetable, stop: int) -> int:
    """The station a stop belongs to, or itself."""
    parent = int(timetable.stop_parent[stop])
    return parent if parent >= 0 else stop


def line_on(index: BoardIndex, routes: Sequence[int], day: date) -> list[Direction]:
    """The directions of a line (one route, or several that people call one line) on the service day `day`."""
    timetable = index.timetable
    trips = [
        trip for trip in trips_of_line(timetable, routes) if timetable.runs_on(int(timetable.trip_days[trip]), day)
    ]
    return directions_of(index, trips, day)


def directions_of(index: BoardIndex, trips: Sequence[int], day: date) -> list[Direction]:
    """The directions of those trips, whatever the days on which they run; usual days are those around `day`."""
    timetable = index.timetable
    trips = [trip for trip in trips if index.trip_start[trip + 1] > index.trip_start[trip]]
    by_way: dict[int, list[int]] = defaultdict(list)
    for trip, way in zip(trips, _ways(timetable, trips), strict=True):
        by_way[way].append(trip)
    return [_direction(index, way, by_way[way], day) for way in sorted(by_way)]


def trips_of_line(timetable: Timetable, routes: Sequence[int]) -> list[int]:
    """Every trip of those routes, in the timetable's order."""
    return [int(trip) for trip in np.flatnonzero(np.isin(timetable.trip_route, np.asarray(routes, np.int32)))]


def line_days(timetable: Timetable, routes: Sequence[int]) -> list[date]:
    """The service days on which any trip of the line runs, in order."""
    rows = np.unique(timetable.trip_days[trips_of_line(timetable, routes)])
    return [timetable.first_day + timedelta(days=int(bit)) for bit in np.flatnonzero(days_of(timetable, rows))]


def calls_of(timetable: Timetable, trip: int) -> list[int]:
    """The stations (or stops) a trip serves, in order."""
    rows = range(int(timetable.trip_visit_start[trip]), int(timetable.trip_visit_start[trip + 1]))
    return [station_of(timetable, int(timetable.visit_stop[row])) for row in rows]


def _ways(timetable: Timetable, trips: Sequence[int]) -> list[int]:
    """0 or 1 for each trip: the feed's direction, or, where it has none, whether it runs with the most frequent
    pattern or against it."""
    if all(timetable.trip_direction[trip] >= 0 for trip in trips):
        return [int(timetable.trip_direction[trip]) for trip in trips]
    calls = {trip: calls_of(timetable, trip) for trip in trips}
    reference = _most_frequent(list(calls.values()))
    place = {stop: i for i, stop in reversed(list(enumerate(reference)))}
    out = []
    for trip in trips:
        at = [place[stop] for stop in calls[trip] if stop in place]
        against = sum(1 if later < earlier else -1 for earlier, later in pairwise(at))
        out.append(1 if against > 0 else 0)
    return out


def _most_frequent(patterns: Sequence[Sequence[int]]) -> tuple[int, ...]:
    counted = Counter(tuple(pattern) for pattern in patterns)
    return min(counted, key=lambda p: (-counted[p], -len(p), p)) if counted else ()


def merged_rows(patterns: Sequence[Sequence[int]]) -> list[int]:
    """A sequence that holds every pattern in its order; the most frequent pattern keeps its own order unbroken."""
    counted = Counter(tuple(pattern) for pattern in patterns)
    rows: list[int] = []
    for pattern in sorted(counted, key=lambda p: (-counted[p], -len(p), p)):
        rows = _merge(rows, list(pattern))
    return rows


def _merge(rows: list[int], pattern: list[int]) -> list[int]:
    """`rows` with what `pattern` adds put at its place: a common supersequence of both."""
    if not rows:
        return pattern
    out: list[int] = []
    for what, a, b, c, d in SequenceMatcher(None, rows, pattern, autojunk=False).get_opcodes():
        if what == "equal":
            out += rows[a:b]
        else:  # what only the table has, then what only this pattern has
            out += rows[a:b] + pattern[c:d]
    return out


def placed(rows: Sequence[int], pattern: Sequence[int]) -> list[int]:
    """For each stop of `pattern` its row: the last rows that still leave room for those after it, first come first.

    Raises ValueError when `rows` does not hold the pattern in its order.
    """
    out: list[int] = []
    at = 0
    for stop in pattern:
        while at < len(rows) and rows[at] != stop:
            at += 1
        if at == len(rows):
            raise ValueError("the rows do not hold this pattern")
        out.append(at)
        at += 1
    return out


def _direction(index: BoardIndex, way: int, trips: list[int], day: date) -> Direction:
    timetable = index.timetable
    rows = merged_rows([calls_of(timetable, trip) for trip in trips])
    columns = []
    for trip in trips:
        at = placed(rows, calls_of(timetable, trip))
        weekdays, known = _usual_days(timetable, int(timetable.trip_days[trip]), day)
        for shift_s, by_frequency in index.shifts(trip):
            cells: list[Cell | None] = [None] * len(rows)
            for row, visit in zip(at, range(int(timetable.trip_visit_start[trip]), 2**62), strict=False):
                flags = int(timetable.visit_flags[visit])
                cells[row] = Cell(
                    int(timetable.visit_arrive_s[visit]) + shift_s,
                    int(timetable.visit_depart_s[visit]) + shift_s,
                    flags >> PICKUP_SHIFT & TYPE_MASK,
                    flags >> DROP_OFF_SHIFT & TYPE_MASK,
                    int(timetable.visit_stop[visit]),
                )
            columns.append(Column(trip, shift_s, by_frequency, weekdays, known, tuple(cells)))
    ordered = _in_order(columns)
    headsigns = Counter(_headsign(timetable, trip) for trip in trips)
    names = sorted((name for name in headsigns if name), key=lambda name: (-headsigns[name], name))
    shown = ordered[:COLUMNS_MAX]
    return Direction(way, tuple(names), tuple(rows), tuple(shown), len(ordered) - len(shown))


def _headsign(timetable: Timetable, trip: int) -> str:
    """The trip's headsign, or the name of its last stop."""
    if timetable.trip_headsign[trip]:
        return str(timetable.trip_headsign[trip])
    return str(timetable.stop_name[int(timetable.visit_stop[int(timetable.trip_visit_start[trip + 1]) - 1])])


def _usual_days(timetable: Timetable, row: int, day: date) -> tuple[frozenset[int], int]:
    """The weekdays of a set of days, and how many days, over the four weeks around `day`."""
    around = [day + timedelta(days=shift) for shift in range(-14, 14)]
    runs = [each for each in around if timetable.runs_on(row, each)]
    return frozenset(each.weekday() for each in runs), len(runs)


def _in_order(columns: list[Column]) -> list[Column]:
    """Columns by when each would pass the first row, by the usual travel times between rows; then by trip."""
    if not columns:
        return []
    profile = _usual_times(columns)

    def passes_at(column: Column) -> tuple[float, int, int]:
        offsets = [cell.depart_s - profile[i] for i, cell in enumerate(column.cells) if cell is not None]
        return median(offsets), column.trip, column.shift_s

    return sorted(columns, key=passes_at)


def _usual_times(columns: list[Column]) -> list[float]:
    """For each row the usual seconds from the first row, from trip to trip over the rows they share."""
    profile: list[float] = []
    for row in range(len(columns[0].cells)):
        steps = []
        for column in columns:
            here = column.cells[row]
            before = next((i for i in range(row - 1, -1, -1) if column.cells[i] is not None), None)
            if here is not None and before is not None:
                earlier = column.cells[before]
                steps.append(profile[before] + here.depart_s - (earlier.depart_s if earlier else 0))
        profile.append(float(median(steps)) if steps else (profile[-1] if profile else 0.0))
    return profile


def sets_down_only(cell: Cell) -> bool:
    """Whether one may alight there but not board."""
    return cell.pickup == NOT_AVAILABLE


def picks_up_only(cell: Cell) -> bool:
    """Whether one may board there but not alight."""
    return cell.drop_off == NOT_AVAILABLE

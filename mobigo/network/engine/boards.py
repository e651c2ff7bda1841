"""What leaves a stop, and when: departure boards over the compiled timetable. Pure: the instant asked is an argument.

A board of a calendar day holds what leaves between the two midnights of that day in the network's zone: the trips of
the day before that run past midnight are in, those of the day itself after midnight are on the next day's board.
Trips that only set down at a stop, and last stops, are no departures.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from mobigo.base.servicetime import DAY_S, service_day_start
from mobigo.network.model.timetable import I32, I64, NOT_AVAILABLE, PICKUP_SHIFT, TYPE_MASK, U8, Timetable


@dataclass(frozen=True, slots=True)
class Departure:
    """A vehicle leaving a stop. `position` counts the visits of the trip from 0; `shift_s` is added to its times."""

    depart_at: datetime  # UTC
    stop: int
    trip: int
    position: int
    service_day: date
    shift_s: int = 0
    by_frequency: bool = False
    pickup: int = 0  # GTFS pickup_type: 0 regular, 2 phone the agency, 3 arrange with the driver


@dataclass(frozen=True, eq=False)
class BoardIndex:
    """The visits where one may board, by stop; for each trip when it runs (once, or at each start of a frequency)."""

    timetable: Timetable
    stop_start: I64
    visit: I64  # rows of `visit_*`, by stop, then by time
    trip_start: I32  # CSR over trips into the three below
    shift_s: I32
    frequency: U8
    trip_order: I32
    back_days: int

    def shifts(self, trip: int) -> list[tuple[int, bool]]:
        """(seconds to add to the trip's times, whether it stands for a frequency) of each of its runs."""
        rows = slice(int(self.trip_start[trip]), int(self.trip_start[trip + 1]))
        return [(int(s), bool(f)) for s, f in zip(self.shift_s[rows], self.frequency[rows], strict=True)]

    def visits_at(self, stops: Collection[int]) -> I64:
        """The boardable visits at those stops."""
        parts = [self.visit[self.stop_start[stop] : self.stop_start[stop + 1]] for stop in sorted(set(stops))]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def trips_of(self, visits: I64) -> I64:
        """The trip of each visit."""
        return np.searchsorted(self.timetable.trip_visit_start, visits, side="right") - 1


def build_boards(timetable: Timetable) -> BoardIndex:
    """The index of a timetable; a fraction of a second for a million visits."""
    count = len(timetable.visit_stop)
    pickup = (timetable.visit_flags >> PICKUP_SHIFT) & TYPE_MASK
    boardable = pickup != NOT_AVAILABLE
    lasts = timetable.trip_visit_start[1:] - 1
    boardable[lasts[np.diff(timetable.trip_visit_start) > 0]] = False
    trip_start, shift_s, frequency, order = _runs_by_trip(timetable)
    runs = np.diff(trip_start)
    boardable &= np.repeat(runs > 0, np.diff(timetable.trip_visit_start))
    visits = np.flatnonzero(boardable)
    by_stop = visits[np.lexsort((timetable.visit_depart_s[visits], timetable.visit_stop[visits]))]
    stop_start = np.zeros(len(timetable.stop_id) + 1, np.int64)
    np.cumsum(np.bincount(timetable.visit_stop[visits], minlength=len(timetable.stop_id)), out=stop_start[1:])
    latest = int(timetable.visit_depart_s.max()) + int(shift_s.max(initial=0)) if count else 0
    # one day more than the times say: noon minus 12 h is an hour off midnight when the clocks change
    back_days = latest // DAY_S + 1
    return BoardIndex(timetable, stop_start, by_stop.astype(np.int64), trip_start, shift_s, frequency, order, back_days)


def _runs_by_trip(timetable: Timetable) -> tuple[I32, I32, U8, I32]:
    """For each trip its distinct (shift, by frequency), in order of shift; and the run each was seen in."""
    trip_count = len(timetable.trip_id)
    per_run = np.diff(timetable.run_trip_start)
    run = np.repeat(np.arange(len(per_run)), per_run)
    trip = timetable.run_trip
    at = timetable.run_times[run] + timetable.run_trip_first
    leaves = timetable.run_start_s[run] + timetable.times_depart_s[at]
    planned = timetable.visit_depart_s[timetable.trip_visit_start[trip]] if len(trip) else np.zeros(0, np.int32)
    # a trip joined to one before keeps its own times, even those of the next service day
    shift = np.where(timetable.run_trip_first > 0, 0, leaves - planned).astype(np.int32)
    frequency = timetable.run_frequency[run]
    order = np.lexsort((run, frequency, shift, trip))
    trip, shift, frequency, run = trip[order], shift[order], frequency[order], run[order]
    if len(trip):
        fresh = np.r_[True, (np.diff(trip) != 0) | (np.diff(shift) != 0)]
        trip, shift, frequency, run = trip[fresh], shift[fresh], frequency[fresh], run[fresh]
    start = np.zeros(trip_count + 1, np.int32)
    np.cumsum(np.bincount(trip, minlength=trip_count), out=start[1:])
    return start, shift, frequency.astype(np.uint8), run.astype(np.int32)


def departures(
    index: BoardIndex, stops: Collection[int], since: datetime, until: datetime, limit: int | None = None
) -> list[Departure]:
    """What leaves `stops` at or after `since` and before `until` (aware), in order of time, then of line and trip."""
    timetable = index.timetable
    zone = ZoneInfo(timetable.zone)
    visits = index.visits_at(stops)
    if not visits.size or until <= since:
        return []
    trips = index.trips_of(visits)
    runs = np.diff(index.trip_start)[trips]
    rows = np.repeat(np.arange(visits.size), runs)
    # the k-th run of each trip: position inside its group, from the group's start
    offset = np.arange(rows.size) - np.repeat(np.cumsum(runs) - runs, runs)
    entry = index.trip_start[trips[rows]] + offset
    leaves = timetable.visit_depart_s[visits[rows]].astype(np.int64) + index.shift_s[entry]
    day_rows = timetable.trip_days[trips[rows]]
    low, high = since.timestamp(), until.timestamp()
    day = since.astimezone(zone).date() - timedelta(days=index.back_days)
    last = until.astimezone(zone).date() + timedelta(days=1)
    found: list[tuple[float, int, int, int]] = []  # (epoch, row, day ordinal, entry)
    while day <= last:
        bit = day.toordinal() - timetable.first_day_ordinal
        if 0 <= bit < timetable.day_count:
            start = service_day_start(day, zone).timestamp()
            at = leaves + start
            runs_that_day = (timetable.days[day_rows, bit >> 6] >> np.uint64(bit & 63)) & np.uint64(1) != 0
            for row in np.flatnonzero(runs_that_day & (at >= low) & (at < high)).tolist():
                found.append((float(at[row]), row, day.toordinal(), int(entry[row])))
        day += timedelta(days=1)
    found.sort(key=lambda f: (f[0], int(timetable.trip_route[trips[rows[f[1]]]]), int(visits[rows[f[1]]]), f[2]))
    return [
        _departure(index, int(visits[rows[row]]), int(trips[rows[row]]), day_ordinal, at, run)
        for at, row, day_ordinal, run in found[:limit]
    ]


def _departure(index: BoardIndex, visit: int, trip: int, day_ordinal: int, epoch_s: float, entry: int) -> Departure:
    timetable = index.timetable
    return Departure(
        depart_at=datetime.fromtimestamp(epoch_s, UTC),
        stop=int(timetable.visit_stop[visit]),
        trip=trip,
        position=visit - int(timetable.trip_visit_start[trip]),
        service_day=date.fromordinal(day_ordinal),
        shift_s=int(index.shift_s[entry]),
        by_frequency=bool(index.frequency[entry]),
        pickup=int(timetable.visit_flags[visit] >> PICKUP_SHIFT & TYPE_MASK),
    )


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which the calendar day begins there."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def board_of_day(index: BoardIndex, stops: Collection[int], day: date) -> list[Departure]:
    """What leaves `stops` between the two midnights of the calendar day `day`."""
    zone = ZoneInfo(index.timetable.zone)
    return departures(index, stops, local_midnight(day, zone), local_midnight(day + timedelta(days=1), zone))


def next_departures(
    index: BoardIndex, stops: Collection[int], since: datetime, limit: int, days_max: int = 7
) -> list[Departure]:
    """The first `limit` departures from `since` on, looked for day by day over `days_max` calendar days."""
    zone = ZoneInfo(index.timetable.zone)
    out: list[Departure] = []
    day = since.astimezone(zone).date()
    start = since
    for _ in range(days_max):
        day += timedelta(days=1)
        end = local_midnight(day, zone)
        out += departures(index, stops, start, end, limit - len(out))
        if len(out) >= limit:
            break
        start = end
    return out


def days_served(index: BoardIndex, stops: Collection[int]) -> NDArray[np.bool_]:
    """For each service day of the timetable, whether anything boardable calls at `stops`."""
    visits = index.visits_at(stops)
    return days_of(index.timetable, np.unique(index.timetable.trip_days[index.trips_of(visits)]))


def days_of(timetable: Timetable, rows: Sequence[int] | NDArray[np.int32]) -> NDArray[np.bool_]:
    """For each service day of the timetable, whether one of those day sets holds it."""
    if not len(rows):
        return np.zeros(timetable.day_count, bool)
    union = np.bitwise_or.reduce(timetable.days[np.asarray(rows)], axis=0)
    bits = np.unpackbits(union.astype("<u8").view(np.uint8), bitorder="little")
    return bits[: timetable.day_count].astype(bool)


def next_day_served(index: BoardIndex, stops: Collection[int], after: date) -> date | None:
    """The first service day after `after` on which anything boardable calls at `stops`; None when none is known."""
    served = np.flatnonzero(days_served(index, stops)) + index.timetable.first_day_ordinal
    later = served[served > after.toordinal()]
    return date.fromordinal(int(later[0])) if later.size else None


def routes_at(index: BoardIndex, stops: Collection[int]) -> list[int]:
    """The routes that can be boarded at `stops`, in the timetable's order."""
    trips = np.unique(index.trips_of(index.visits_at(stops)))
    return [int(route) for route in np.unique(index.timetable.trip_route[trips])]

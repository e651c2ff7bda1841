"""A journey being followed, beside the day as it runs: hours expected, whether each vehicle can still be taken, and
where the journey breaks. Pure: the network is that of today, the instant asked is an argument.

Trips are looked for by the feed's own ids, so that the journey outlives the versions of the timetable.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from mobigo.base.servicetime import service_day_start
from mobigo.network.engine.boards import days_of
from mobigo.network.engine.realtime.matching import departures_by_headway
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import NONE, Timetable
from mobigo.network.model.today import EXPECTED, SKIPPED, Overlay
from mobigo.planner.rules.followed import FollowedRide, FollowedTrip

TIGHT_S: Final = 120  # less than that to change is told


class Running(StrEnum):
    """How a vehicle of the journey runs."""

    RUNS = "runs"
    CANCELLED = "cancelled"
    PASSES_BOARD = "passes_board"  # it does not stop where one gets on
    PASSES_ALIGHT = "passes_alight"  # nor where one gets off
    UNKNOWN = "unknown"  # the timetable holds it no more


class Breach(StrEnum):
    """Why the journey cannot be made as chosen."""

    NOT_RUN = "not_run"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Call:
    """A vehicle at a stop. `expected_at` is None where nothing is known of the day; `stop` (a row) is where it calls
    today, `planned_stop` where that is another platform."""

    stop: int
    planned_at: datetime
    expected_at: datetime | None = None
    planned_stop: int | None = None

    @property
    def at(self) -> datetime:
        """The best that is known."""
        return self.planned_at if self.expected_at is None else self.expected_at

    @property
    def late_s(self) -> int:
        """Seconds behind the timetable; 0 where nothing is known."""
        return int((self.at - self.planned_at).total_seconds())


@dataclass(frozen=True, slots=True)
class RideNow:
    """A vehicle of the journey as it runs. `trip` is a row of the timetable of today, NONE where it is unknown;
    `margin_s`: what is left to change to it, None for the first."""

    asked: FollowedRide
    running: Running
    trip: int
    board: Call | None
    alight: Call | None
    margin_s: int | None = None


@dataclass(frozen=True, slots=True)
class TripNow:
    """The journey as it runs. `broken`: the first ride that cannot be taken, and why."""

    asked: FollowedTrip
    rides: tuple[RideNow, ...]
    broken: int | None = None
    breach: Breach | None = None

    @property
    def arrive_at(self) -> datetime | None:
        """When one is there, if nothing breaks."""
        last = self.rides[-1].alight
        return None if last is None or self.broken is not None else last.at + timedelta(seconds=self.asked.walk_s)

    @property
    def leave_at(self) -> datetime | None:
        """When to leave the door."""
        first = self.rides[0]
        return None if first.board is None else first.board.at - timedelta(seconds=first.asked.walk_s)

    def next_ride(self, now: datetime) -> int | None:
        """The vehicle one waits for, or is in; None when the last one has arrived, or nothing of it is known."""
        for n, ride in enumerate(self.rides):
            if ride.alight is None or now < ride.alight.at:
                return n
        return None

    @property
    def missed_at(self) -> datetime | None:
        """When the vehicle left that the traveller says they missed; None where it is the hours that say so."""
        ride = None if self.broken is None or self.breach is not Breach.MISSED else self.rides[self.broken]
        told = ride is not None and (ride.margin_s is None or ride.margin_s >= 0)
        return ride.board.at if told and ride is not None and ride.board is not None else None

    def stranded(self) -> tuple[int | None, datetime | None]:
        """Where one stands when the journey breaks: the stop where the vehicle before is left, and when; the first stop
        for who says that they missed the first vehicle; (None, None) at the door."""
        first = self.rides[0].board
        if self.broken == 0 and self.breach is Breach.MISSED and first is not None:
            return first.stop, first.at
        before = None if not self.broken else self.rides[self.broken - 1].alight
        return (None, None) if before is None else (before.stop, before.at)


def trip_now(live: LiveNetwork, asked: FollowedTrip) -> TripNow:
    """The journey beside what is known of the day."""
    rides: list[RideNow] = []
    broken: int | None = None
    breach: Breach | None = None
    for n, each in enumerate(asked.rides):
        ride = _ride(live, each)
        before = rides[-1].alight if rides else None
        if before is not None and ride.board is not None:
            margin_s = int((ride.board.at - before.at).total_seconds()) - each.walk_s
            ride = replace(ride, margin_s=margin_s)
        rides.append(ride)
        if broken is None and ride.running is not Running.RUNS:
            broken, breach = n, Breach.NOT_RUN
        elif broken is None and ride.margin_s is not None and ride.margin_s < 0:
            broken, breach = n, Breach.MISSED
    return TripNow(asked, tuple(rides), broken, breach)


def _ride(live: LiveNetwork, asked: FollowedRide) -> RideNow:
    rows = _trip_rows(live)
    trip, last = rows.get(asked.trip), rows.get(asked.last_trip)
    if trip is None or last is None:
        return RideNow(asked, Running.UNKNOWN, NONE, None, None)
    board = _found(live, trip, asked.board, asked.depart_s, [asked.day], leaving=True)
    days = [asked.day] if last == trip else [asked.day + timedelta(days=n) for n in (-1, 0, 1, 2)]
    alight = _found(live, last, asked.alight, asked.arrive_s, days, leaving=False)
    if board is None or alight is None or alight.call.planned_at < board.call.planned_at:
        return RideNow(asked, Running.UNKNOWN, NONE, None, None)
    running = Running.RUNS
    if board.is_cancelled or alight.is_cancelled:
        running = Running.CANCELLED
    elif board.is_skipped:
        running = Running.PASSES_BOARD
    elif alight.is_skipped:
        running = Running.PASSES_ALIGHT
    return RideNow(asked, running, board.trip, board.call, alight.call)


@dataclass(frozen=True, slots=True)
class _Found:
    """A call of the journey, in the rows of today."""

    trip: int
    call: Call
    is_cancelled: bool = False
    is_skipped: bool = False


def _found(
    live: LiveNetwork, trip: int, stop_id: str, at_s: int, days: Sequence[date], *, leaving: bool
) -> _Found | None:
    """The call of a trip at a stop nearest to an instant; None where the timetable has none on those days."""
    overlay = None if live.today is None else live.today.overlay
    planned = live.timetable if overlay is None else overlay.planned
    if overlay is not None and trip >= len(planned.trip_route):
        return _added(overlay.timetable, trip, stop_id, leaving=leaving)
    placed = _placed(live, planned, trip, stop_id, at_s, days, leaving=leaving)
    if placed is None:
        return None
    stop = int(planned.visit_stop[int(planned.trip_visit_start[trip]) + placed.position])
    call = Call(stop, datetime.fromtimestamp(placed.planned_s, UTC))
    if overlay is None:
        return _Found(trip, call)
    return _today(overlay, trip, placed.day, placed.shift_s, placed.position, call, leaving=leaving)


@dataclass(frozen=True, slots=True)
class Placed:
    """A call in the planned timetable: a trip (a row) on a service day, with what a headway adds to its hours, and the
    position in the trip."""

    trip: int
    day: date
    shift_s: int
    position: int
    planned_s: int


def alighting(live: LiveNetwork, asked: FollowedRide) -> Placed | None:
    """Where one gets off, in the planned timetable; None for a trip joined in-seat, or that is not in it."""
    planned = live.timetable if live.planned is None else live.planned.timetable
    trip = _trip_rows(live).get(asked.trip)
    if trip is None or asked.trip != asked.last_trip or trip >= len(planned.trip_route):
        return None
    return _placed(live, planned, trip, asked.alight, asked.arrive_s, [asked.day], leaving=False)


def _placed(
    live: LiveNetwork, planned: Timetable, trip: int, stop_id: str, at_s: int, days: Sequence[date], *, leaving: bool
) -> Placed | None:
    """The planned call of a trip at a stop nearest to an instant; None where it has none on those days."""
    first, last = int(planned.trip_visit_start[trip]), int(planned.trip_visit_start[trip + 1])
    times = planned.visit_depart_s if leaving else planned.visit_arrive_s
    positions = [n for n in range(last - first) if _stop_id(planned, int(planned.visit_stop[first + n])) == stop_id]
    zone, leaves_s = ZoneInfo(planned.zone), int(planned.visit_depart_s[first])
    starts = live.derived("planner.headways", departures_by_headway, lasting=True).get(trip)
    shifts = [0] if starts is None else [start_s - leaves_s for start_s in starts]
    calls = [
        Placed(
            trip, day, shift_s, n, int(service_day_start(day, zone).timestamp()) + int(times[first + n]) + shift_s
        )
        for day in days
        if planned.runs_on(int(planned.trip_days[trip]), day)
        for shift_s in shifts
        for n in positions
    ]  # fmt: skip
    return min(calls, key=lambda each: (abs(each.planned_s - at_s), each.planned_s), default=None)


def _today(overlay: Overlay, trip: int, day: date, shift_s: int, position: int, call: Call, *, leaving: bool) -> _Found:
    """The same call as it is today."""
    table, planned_count = overlay.timetable, len(overlay.planned.trip_route)
    zero_s = int(service_day_start(day, ZoneInfo(table.zone)).timestamp())
    same = (overlay.planned_trip == trip) & (overlay.planned_shift_s == shift_s) & (overlay.day_start_s == zero_s)
    rows = np.flatnonzero(same)
    if not len(rows):
        runs = table.runs_on(int(table.trip_days[trip]), day)
        return _Found(trip, call, is_cancelled=not runs)
    row = planned_count + int(rows[0])
    first, last = int(table.trip_visit_start[row]), int(table.trip_visit_start[row + 1])
    if not overlay.aligned[rows[0]]:
        stops = table.visit_stop[first:last].tolist()
        if call.stop not in stops:
            return _Found(row, call, is_skipped=True)
        position = stops.index(call.stop)
    word = overlay.word_of(row, position)
    if word == SKIPPED:
        return _Found(row, call, is_skipped=True)
    if word != EXPECTED:
        return _Found(row, call)
    times = table.visit_depart_s if leaving else table.visit_arrive_s
    stop = int(table.visit_stop[first + position])
    expected = datetime.fromtimestamp(zero_s + int(times[first + position]), UTC)
    moved = call.stop if call.stop != stop else None
    return _Found(row, replace(call, stop=stop, expected_at=expected, planned_stop=moved))


def _added(table: Timetable, row: int, stop_id: str, *, leaving: bool) -> _Found | None:
    """The call of a trip that is not planned: it runs on one day, and its hours are those expected."""
    first, last = int(table.trip_visit_start[row]), int(table.trip_visit_start[row + 1])
    bits = np.flatnonzero(days_of(table, [int(table.trip_days[row])]))
    for visit in range(first, last):
        if len(bits) and _stop_id(table, int(table.visit_stop[visit])) == stop_id:
            zero = service_day_start(table.first_day + timedelta(days=int(bits[0])), ZoneInfo(table.zone))
            at_s = int((table.visit_depart_s if leaving else table.visit_arrive_s)[visit])
            at = zero + timedelta(seconds=at_s)
            return _Found(row, Call(int(table.visit_stop[visit]), at, at))
    return None


def _stop_id(table: Timetable, stop: int) -> str:
    return f"{table.feed_name[int(table.stop_feed[stop])]}:{table.stop_id[stop]}"


def _trip_rows(live: LiveNetwork) -> dict[str, int]:
    """The row of each trip by its `feed:trip_id`, and of those added today; made once."""

    def made(table: Timetable) -> dict[str, int]:
        feeds = list(table.feed_name)
        out: dict[str, int] = {}
        for row, (feed, trip) in enumerate(zip(table.trip_feed.tolist(), table.trip_id, strict=True)):
            out.setdefault(f"{feeds[feed]}:{trip}", row)
        return out

    if live.planned is None or live.today is None or live.today.overlay is None:
        return live.derived("planner.trip_rows", made, lasting=True)

    def added(table: Timetable) -> dict[str, int]:
        overlay = live.today.overlay if live.today is not None else None
        out = dict(live.planned.derived("planner.trip_rows", made)) if live.planned is not None else {}
        planned_count = len(overlay.planned.trip_route) if overlay is not None else 0
        for row in range(planned_count, len(table.trip_route)):
            if overlay is not None and overlay.planned_trip_of(row) == NONE:
                out.setdefault(f"{table.feed_name[int(table.trip_feed[row])]}:{table.trip_id[row]}", row)
        return out

    return live.derived("planner.trip_rows_today", added)

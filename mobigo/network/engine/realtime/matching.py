"""Which trip of which day a message speaks of, and what that vehicle will do.

Nothing is guessed: an update that names no trip of the feed, none that runs that day, a call the trip does not make or
times that contradict one another is told and not used, whole. A call named by its number and its stop, where these
disagree, is the one at that stop, if the trip calls there once: publishers renumber, they do not rename. Two updates
of one vehicle that differ are told and not used, unless one is dated later.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from mobigo.base.decisions import Decision
from mobigo.base.errors import Refused
from mobigo.base.servicetime import format_service_time, service_day_start
from mobigo.network.model.realtime import CallKind, CallUpdate, Message, TripKind, TripUpdate
from mobigo.network.model.timetable import NONE, Timetable
from mobigo.network.rules.propagation import Course, Placed, Word, propagated

FAR_S = 12 * 3600  # a trip without its day is not one so far from the message's hour

Key = tuple[int, date, int | None]


@dataclass(frozen=True, slots=True)
class Change:
    """What a trip does on a day. `start_s`: which departure of a trip by headway. `course` is None where it does not
    run; `aligned` when its calls are the planned ones in order."""

    trip: int  # row; NONE for one that is not planned
    day: date
    start_s: int | None
    kind: TripKind
    course: Course | None
    trip_id: str
    route: int
    direction: int
    headsign: str = ""
    like: int = NONE  # a duplicate: the trip it is like
    aligned: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What became of one message: how many trips it speaks of, how many are used, and why the others are not."""

    trip_count: int
    used_count: int
    told: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Matched:
    """The changes of a feed, and what became of each message."""

    changes: tuple[Change, ...]
    parts: tuple[Part, ...]

    @property
    def told(self) -> tuple[Decision, ...]:
        """All that was said but not used."""
        return tuple(each for part in self.parts for each in part.told)

    @property
    def trip_count(self) -> int:
        """Of how many trips anything is said."""
        return sum(part.trip_count for part in self.parts)

    @property
    def used_count(self) -> int:
        """How many of them are used."""
        return sum(part.used_count for part in self.parts)


class _No(Refused):
    """Why an update is not used."""


class FeedIndex:
    """The ids of one feed of a timetable."""

    def __init__(self, timetable: Timetable, feed: int) -> None:
        self.timetable = timetable
        self.zone = ZoneInfo(timetable.zone)
        self.trips = _by_id(timetable.trip_id, timetable.trip_feed, feed)
        self.routes = _by_id(timetable.route_id, timetable.route_feed, feed)
        self.stops = _by_id(timetable.stop_id, timetable.stop_feed, feed)
        self.agencies = _by_id(timetable.agency_id, timetable.agency_feed, feed)
        self._starts: dict[date, int] = {}

    def day_start_s(self, day: date) -> int:
        """When the service day begins, in seconds since 1970."""
        if day not in self._starts:
            self._starts[day] = int(service_day_start(day, self.zone).timestamp())
        return self._starts[day]

    @cached_property
    def headways(self) -> Mapping[int, list[int]]:
        """The departures of each trip that runs by headway: service seconds of its first call."""
        return departures_by_headway(self.timetable)

    def planned(self, trip: int, shift_s: int = 0) -> Course:
        """The calls of a trip as timetabled."""
        t = self.timetable
        at = slice(int(t.trip_visit_start[trip]), int(t.trip_visit_start[trip + 1]))
        stops = tuple(t.visit_stop[at].tolist())
        arrive, depart = t.visit_arrive_s[at].tolist(), t.visit_depart_s[at].tolist()
        if shift_s:
            arrive, depart = [s + shift_s for s in arrive], [s + shift_s for s in depart]
        return Course(stops, tuple(arrive), tuple(depart), (Word.NONE,) * len(stops))


def departures_by_headway(timetable: Timetable) -> dict[int, list[int]]:
    """For each trip driven by headway its departures, in service seconds."""
    t = timetable
    single = np.flatnonzero(np.diff(t.run_trip_start) == 1)
    trip = t.run_trip[t.run_trip_start[single]]
    own_s = t.visit_depart_s[t.trip_visit_start[trip]] if len(trip) else np.zeros(0, np.int32)
    odd = (t.run_start_s[single] != own_s) | (t.run_frequency[single] != 0)
    by_headway = np.isin(trip, np.unique(trip[odd]))
    out: dict[int, set[int]] = {}
    for row, start_s in zip(trip[by_headway].tolist(), t.run_start_s[single][by_headway].tolist(), strict=True):
        out.setdefault(row, set()).add(start_s)
    return {row: sorted(starts) for row, starts in out.items()}


def match(index: FeedIndex, messages: Sequence[Message]) -> Matched:
    """What the messages of one feed change of its trips. The order of messages and of their entities does not
    matter."""
    told = [list(message.told) for message in messages]
    used = [0] * len(messages)
    found: dict[Key | str, list[tuple[int, TripUpdate, Change]]] = {}
    for number, message in enumerate(messages):
        for update in message.trips:
            try:
                change = _change(index, update, message.at)
            except _No as reason:
                told[number].append(_unused(update.trip_id, reason.decision))
                continue
            key: Key | str = change.trip_id if change.trip == NONE else (change.trip, change.day, change.start_s)
            found.setdefault(key, []).append((number, update, change))
    changes: list[Change] = []
    for several in found.values():
        last = max(update.at or 0 for _, update, _ in several)
        latest = [(number, change) for number, update, change in several if (update.at or 0) == last]
        number, change = latest[0]
        if any(other != change for _, other in latest):
            told[number].append(_unused(change.trip_id, Decision("realtime.said_twice")))
            continue
        changes.append(change)
        used[number] += 1
    changes.sort(key=lambda each: (each.trip_id, each.day, each.start_s or 0))
    parts = [
        Part(len(message.trips), count, tuple(sorted(own, key=lambda each: (each.code, repr(each)))))
        for message, count, own in zip(messages, used, told, strict=True)
    ]
    return Matched(tuple(changes), tuple(parts))


def _unused(trip_id: str, reason: Decision) -> Decision:
    return Decision("realtime.not_used", trip=trip_id or "?", reason=reason)


def _change(index: FeedIndex, update: TripUpdate, at: int) -> Change:
    t = index.timetable
    if not update.trip_id:
        raise _No("realtime.trip_unnamed", route=update.route_id or "?")
    trip = index.trips.get(update.trip_id, NONE)
    if update.kind is TripKind.ADDED and trip == NONE:
        return _added(index, update)
    if trip == NONE:
        raise _No("realtime.trip_unknown")
    if update.kind is TripKind.ADDED:
        raise _No("realtime.added_is_planned")
    if update.kind is TripKind.DUPLICATED:
        return _duplicate(index, update, trip)
    starts = index.headways.get(trip)
    first, end = int(t.trip_visit_start[trip]), int(t.trip_visit_start[trip + 1])
    own_s = int(t.visit_depart_s[first]) if end > first else 0
    if starts is not None:
        if update.start_s is None:
            raise _No("realtime.start_time_missing")
        if update.start_s not in starts:
            raise _No("realtime.start_time_unknown", start=format_service_time(update.start_s))
    elif update.start_s is not None and update.start_s != own_s:
        raise _No("realtime.start_time_other", start=format_service_time(update.start_s))
    start_s = update.start_s if starts is not None else None
    shift_s = 0 if start_s is None else start_s - own_s
    planned = index.planned(trip, shift_s)
    day = _day(index, update, trip, planned, at)
    change = Change(
        trip, day, start_s, update.kind, None, update.trip_id, int(t.trip_route[trip]), int(t.trip_direction[trip])
    )
    if update.kind in (TripKind.CANCELLED, TripKind.DELETED):
        return change
    if update.kind is TripKind.REPLACED:
        return replace(change, course=_told_course(index, update, index.day_start_s(day)), headsign=update.headsign)
    course = propagated(planned, _placed(index, update.calls, trip, planned, index.day_start_s(day)), update.delay_s)
    if course is None:
        raise _No("realtime.times_backwards")
    return replace(change, course=course, aligned=True)


def _day(index: FeedIndex, update: TripUpdate, trip: int, planned: Course, at: int) -> date:
    """The service day spoken of: the one given; without one, the day on which the trip runs that is nearest."""
    t = index.timetable
    if update.start_day is not None:
        if not t.runs_on(int(t.trip_days[trip]), update.start_day):
            raise _No("realtime.trip_not_that_day", day=update.start_day)
        return update.start_day
    instant = update.at or at
    if not instant or not planned.stop:
        raise _No("realtime.day_unknown")
    here = datetime.fromtimestamp(instant, UTC).astimezone(index.zone).date()
    best: tuple[int, date] | None = None
    for offset in range(-t.back_days - 1, 2):
        day = here + timedelta(days=offset)
        if t.runs_on(int(t.trip_days[trip]), day):
            zero = index.day_start_s(day)
            away_s = max(zero + planned.depart_s[0] - instant, instant - zero - planned.arrive_s[-1], 0)
            if best is None or away_s < best[0]:
                best = away_s, day
    if best is None or best[0] > FAR_S:
        raise _No("realtime.trip_not_that_day", day=here)
    return best[1]


def _placed(index: FeedIndex, calls: Sequence[CallUpdate], trip: int, planned: Course, zero_s: int) -> list[Placed]:
    """Each call at its position in the trip."""
    t = index.timetable
    first = int(t.trip_visit_start[trip])
    sequences = t.visit_sequence[first : int(t.trip_visit_start[trip + 1])].tolist()
    out: list[Placed] = []
    before = -1
    for call in calls:
        stop = index.stops.get(call.stop_id, NONE) if call.stop_id else NONE
        if call.stop_id and stop == NONE:
            raise _No("realtime.stop_unknown", stop=call.stop_id)
        moved = NONE
        if call.sequence is not None:
            position = sequences.index(call.sequence) if call.sequence in sequences else NONE
            if position == NONE and stop == NONE:
                raise _No("realtime.call_unknown", stop=call.sequence)
            if position == NONE or stop not in (NONE, planned.stop[position]):
                if planned.stop.count(stop) == 1:  # another numbering than the timetable's: the stop says where
                    position = planned.stop.index(stop)
                elif position != NONE and _same_station(t, stop, planned.stop[position]):
                    moved = stop
                else:
                    raise _No("realtime.stop_not_there", stop=call.stop_id)
        elif stop != NONE:
            later = [at for at in range(before + 1, len(planned.stop)) if planned.stop[at] == stop]
            if not later:
                raise _No("realtime.stop_not_there", stop=call.stop_id)
            position = later[0]
        else:
            raise _No("realtime.call_unnamed")
        if position <= before:
            raise _No("realtime.calls_disordered", stop=call.stop_id or call.sequence)
        if call.platform:
            moved = index.stops.get(call.platform, NONE)
            if moved == NONE:
                raise _No("realtime.stop_unknown", stop=call.platform)
        before = position
        arrive, depart = call.arrive, call.depart
        out.append(
            Placed(
                position,
                call.kind,
                None if arrive is None or arrive.at is None else arrive.at - zero_s,
                None if depart is None or depart.at is None else depart.at - zero_s,
                None if arrive is None else arrive.delay_s,
                None if depart is None else depart.delay_s,
                None if moved == NONE else moved,
            )
        )
    return out


def _same_station(t: Timetable, a: int, b: int) -> bool:
    return int(t.stop_parent[a]) != NONE and t.stop_parent[a] == t.stop_parent[b]


def _added(index: FeedIndex, update: TripUpdate) -> Change:
    t = index.timetable
    route = index.routes.get(update.route_id, NONE)
    if route == NONE:
        raise _No("realtime.route_unknown", route=update.route_id or "?")
    firsts = [m.at for call in update.calls for m in (call.arrive, call.depart) if m is not None and m.at is not None]
    if update.start_day is None and not firsts:
        raise _No("realtime.added_without_times")
    day = update.start_day or datetime.fromtimestamp(min(firsts), UTC).astimezone(index.zone).date()
    if not t.first_day <= day <= t.last_day:
        raise _No("realtime.trip_not_that_day", day=day)
    course = _told_course(index, update, index.day_start_s(day))
    direction = -1 if update.direction is None else update.direction
    return Change(NONE, day, None, TripKind.ADDED, course, update.trip_id, route, direction, update.headsign)


def _told_course(index: FeedIndex, update: TripUpdate, zero_s: int) -> Course:
    """The calls of a trip that has none planned: all of them told, with their instants."""
    stops, arrive_s, depart_s = [], [], []
    for call in update.calls:
        if call.kind is CallKind.SKIPPED:
            continue
        stop = index.stops.get(call.platform or call.stop_id, NONE)
        if stop == NONE:
            raise _No("realtime.stop_unknown", stop=call.platform or call.stop_id or "?")
        arrive, depart = call.arrive or call.depart, call.depart or call.arrive
        if arrive is None or depart is None or arrive.at is None or depart.at is None:
            raise _No("realtime.added_without_times")
        stops.append(stop)
        arrive_s.append(arrive.at - zero_s)
        depart_s.append(depart.at - zero_s)
    times = [s for pair in zip(arrive_s, depart_s, strict=True) for s in pair]
    if len(stops) < 2:
        raise _No("realtime.added_without_times")
    if any(a > b for a, b in pairwise(times)):
        raise _No("realtime.times_backwards")
    return Course(tuple(stops), tuple(arrive_s), tuple(depart_s), (Word.EXPECTED,) * len(stops))


def _duplicate(index: FeedIndex, update: TripUpdate, trip: int) -> Change:
    t = index.timetable
    day, start_s = update.new_start_day, update.new_start_s
    if not update.new_trip_id or day is None or start_s is None or update.new_trip_id in index.trips:
        raise _No("realtime.duplicate_incomplete")
    if not t.first_day <= day <= t.last_day:
        raise _No("realtime.trip_not_that_day", day=day)
    own = index.planned(trip)
    planned = index.planned(trip, start_s - own.depart_s[0])
    course = propagated(planned, _placed(index, update.calls, trip, planned, index.day_start_s(day)), update.delay_s)
    if course is None:
        raise _No("realtime.times_backwards")
    return Change(
        NONE, day, None, TripKind.DUPLICATED, course, update.new_trip_id, int(t.trip_route[trip]),
        int(t.trip_direction[trip]), update.headsign, like=trip,
    )  # fmt: skip


def _by_id(ids: Iterable[str], feeds: np.ndarray, feed: int) -> dict[str, int]:
    return {id_: row for row, (id_, own) in enumerate(zip(ids, feeds.tolist(), strict=True)) if own == feed}

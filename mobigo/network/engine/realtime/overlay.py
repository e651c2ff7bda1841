"""The timetable of today: the planned one, less the trips that run otherwise on the days they do, and these after it.

Copy on write: columns that nothing changes are those of the planned timetable, mapped as they are. The rows of a trip
and of its runs stay where they are and lose a day; what it does that day are new rows behind. The same searches, boards
and pages read both.

A vehicle that goes on as its next trip (in-seat) does so today when that trip does not leave before the vehicle is
there; a trip that is cancelled parts those before it from those after. A trip at another platform, or one that is not
planned, changes by the plain rules of its stops: rules for one trip or line alone (transfers.txt) name planned stops.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from zoneinfo import ZoneInfo

import numpy as np

from mobigo.base.servicetime import DAY_S, service_day_start
from mobigo.network.engine import bounds, patterns
from mobigo.network.engine.compile import patterns_of_nodes
from mobigo.network.engine.realtime.arrays import Days, joined, like_rows, numbered, with_texts
from mobigo.network.engine.realtime.matching import Change, departures_by_headway
from mobigo.network.model.realtime import TripKind
from mobigo.network.model.timetable import (
    DROP_OFF_SHIFT,
    I32,
    NONE,
    NOT_AVAILABLE,
    PICKUP_SHIFT,
    TYPE_MASK,
    Timetable,
)
from mobigo.network.model.today import SKIPPED, Overlay, Unserved
from mobigo.network.rules.propagation import Course, Word

_NOBODY = NOT_AVAILABLE << PICKUP_SHIFT | NOT_AVAILABLE << DROP_OFF_SHIFT
_NO_PICKUP, _NO_DROP_OFF = NOT_AVAILABLE << PICKUP_SHIFT, NOT_AVAILABLE << DROP_OFF_SHIFT


@dataclass(slots=True)
class _Piece:
    """A trip on a day, as part of what a vehicle drives; seconds of its own service day."""

    trip: int
    day: int
    node: list[int]
    stop: list[int]
    flags: list[int]
    arrive_s: list[int]
    depart_s: list[int]


@dataclass
class _New:
    """The rows behind those planned."""

    trip_like: list[int] = field(default_factory=list)  # the row whose columns it takes
    planned_trip: list[int] = field(default_factory=list)
    planned_shift_s: list[int] = field(default_factory=list)
    aligned: list[bool] = field(default_factory=list)
    trip_id: list[str] = field(default_factory=list)
    headsign: list[str] = field(default_factory=list)
    route: list[int] = field(default_factory=list)
    direction: list[int] = field(default_factory=list)
    day: list[int] = field(default_factory=list)
    visit_count: list[int] = field(default_factory=list)
    visit_like: list[int] = field(default_factory=list)  # NONE: no planned visit
    stop: list[int] = field(default_factory=list)
    arrive_s: list[int] = field(default_factory=list)
    depart_s: list[int] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    word: list[int] = field(default_factory=list)


def overlaid(base: Timetable, changes: Sequence[Change]) -> Overlay:
    """The timetable in which `changes` are so. Pure; the same changes give the same arrays."""
    return _Builder(base, changes).built()


class _Builder:
    """One overlay being made."""

    def __init__(self, base: Timetable, changes: Sequence[Change]) -> None:
        self.base, self.zone = base, ZoneInfo(base.zone)
        self.changes = changes
        self.of: dict[tuple[int, int, int | None], Change] = {
            (each.trip, each.day.toordinal(), each.start_s): each for each in changes if each.trip != NONE
        }
        self.new = _New()
        self.made: dict[tuple[int, int, int | None], int] = {}
        self.runs: list[tuple[list[_Piece], int]] = []  # pieces, whether by headway
        self.unserved: list[Unserved] = []
        self.headways = departures_by_headway(base)
        self._starts: dict[int, int] = {}

    def built(self) -> Overlay:
        affected = self._affected()
        for run, day in affected:
            self._redrive(run, day)
        for change in self.changes:
            if change.trip == NONE:
                self._drive_new(change)
        return self._assembled(affected)

    # --- which runs are concerned

    def _affected(self) -> list[tuple[int, int]]:
        """The runs that drive a changed trip, each with its own service day."""
        t = self.base
        wanted = np.unique(np.array(sorted({trip for trip, _, _ in self.of}), np.int32))
        days: dict[int, set[int]] = {}
        for trip, day, _ in self.of:
            days.setdefault(trip, set()).add(day)
        entries = np.flatnonzero(np.isin(t.run_trip, wanted))
        runs = np.searchsorted(t.run_trip_start, entries, side="right") - 1
        leaves = t.run_start_s[runs] + t.times_depart_s[t.run_times[runs] + t.run_trip_first[entries]]
        planned = t.visit_depart_s[t.trip_visit_start[t.run_trip[entries]]] if len(entries) else leaves
        later = np.where(t.run_trip_first[entries] > 0, np.rint((leaves - planned) / DAY_S), 0).astype(np.int64)
        found = set()
        for run, trip, after in zip(runs.tolist(), t.run_trip[entries].tolist(), later.tolist(), strict=True):
            for day in days[trip]:
                if self._runs(int(t.run_days[run]), day - after):
                    found.add((run, day - after))
        return sorted(found)

    def _runs(self, row: int, day: int) -> bool:
        bit = day - self.base.first_day_ordinal
        return 0 <= bit < self.base.day_count and bool(int(self.base.days[row, bit >> 6]) >> (bit & 63) & 1)

    # --- what they drive today

    def _redrive(self, run: int, day: int) -> None:
        t = self.base
        rows = slice(int(t.run_trip_start[run]), int(t.run_trip_start[run + 1]))
        trips, firsts = t.run_trip[rows].tolist(), t.run_trip_first[rows].tolist()
        pattern = int(np.searchsorted(t.pattern_run_start, run, side="right")) - 1
        cell, row = int(t.pattern_node_start[pattern]), int(t.run_times[run])
        frequency = int(t.run_frequency[run])
        segment: list[_Piece] = []
        for trip, first in zip(trips, firsts, strict=True):
            own_day = day
            if first:
                leaves_s = int(t.run_start_s[run]) + int(t.times_depart_s[row + first])
                own_day += round((leaves_s - int(t.visit_depart_s[int(t.trip_visit_start[trip])])) / DAY_S)
            start_s = int(t.run_start_s[run]) if trip in self.headways else None
            count = int(t.trip_visit_start[trip + 1]) - int(t.trip_visit_start[trip])
            nodes = t.pattern_node[cell + first : cell + first + count].tolist()
            piece = self._piece(trip, own_day, start_s, nodes, frequency)
            if piece is None or (segment and not self._goes_on(segment[-1], piece)):
                self._close(segment, frequency)
                segment = []
            if piece is not None:
                segment.append(piece)
        self._close(segment, frequency)

    def _piece(self, trip: int, day: int, start_s: int | None, nodes: list[int], frequency: int) -> _Piece | None:
        """The trip that day, with a row of its own when something is said of it or it runs by headway."""
        t = self.base
        change = self.of.get((trip, day, start_s))
        at = slice(int(t.trip_visit_start[trip]), int(t.trip_visit_start[trip + 1]))
        stops, flags = t.visit_stop[at].tolist(), t.visit_flags[at].tolist()
        arrive, depart = t.visit_arrive_s[at].tolist(), t.visit_depart_s[at].tolist()
        shift_s = 0 if start_s is None else start_s - depart[0]
        if change is None and start_s is None:
            return _Piece(trip, day, nodes, stops, flags, arrive, depart)
        if shift_s:
            arrive, depart = [s + shift_s for s in arrive], [s + shift_s for s in depart]
        if change is not None and change.course is None:
            if change.kind is TripKind.CANCELLED:
                self._leave_out(trip, day, shift_s, frequency, range(len(stops)), is_cancelled=True)
            return None
        course = (
            Course(tuple(stops), tuple(arrive), tuple(depart), (Word.NONE,) * len(stops))
            if change is None or change.course is None
            else change.course
        )
        key = (trip, day, start_s)
        aligned = change is None or change.aligned
        if aligned:
            nodes = [own if stop == was else stop for own, stop, was in zip(nodes, course.stop, stops, strict=True)]
            flags = [
                _NOBODY if word == SKIPPED else own for own, word in zip(flags, course.word, strict=True)
            ]  # fmt: skip
        else:
            kept = set(course.stop)
            if key not in self.made:
                gone = [n for n, stop in enumerate(stops) if stop not in kept]
                self._leave_out(trip, day, shift_s, frequency, gone)
            nodes, flags = list(course.stop), [0] * len(course.stop)
        if key not in self.made:
            if aligned:
                skipped = [n for n, word in enumerate(course.word) if word == SKIPPED]
                self._leave_out(trip, day, shift_s, frequency, skipped)
            self.made[key] = self._row(trip, trip, day, shift_s, course, flags, aligned, at.start, change)
        return _Piece(
            self.made[key], day, nodes, list(course.stop), flags, list(course.arrive_s), list(course.depart_s)
        )

    def _row(
        self, like: int, planned: int, day: int, shift_s: int, course: Course, flags: list[int], aligned: bool,
        first_visit: int, change: Change | None,
    ) -> int:  # fmt: skip
        """A new row of trips; returns its number in the whole."""
        new, t = self.new, self.base
        new.trip_like.append(like)
        new.planned_trip.append(planned)
        new.planned_shift_s.append(shift_s)
        new.aligned.append(aligned)
        new.trip_id.append(t.trip_id[like] if change is None else change.trip_id)
        told = change.headsign if change is not None else ""
        new.headsign.append(told or (t.trip_headsign[like] if like >= 0 else ""))
        new.route.append(int(t.trip_route[like]) if change is None else change.route)
        new.direction.append(int(t.trip_direction[like]) if change is None else change.direction)
        new.day.append(day)
        new.visit_count.append(len(course.stop))
        new.visit_like.extend(range(first_visit, first_visit + len(course.stop)) if aligned else [NONE] * len(flags))
        new.stop.extend(course.stop)
        new.arrive_s.extend(course.arrive_s)
        new.depart_s.extend(course.depart_s)
        new.flags.extend(flags)
        new.word.extend(int(word) for word in course.word)
        return len(t.trip_route) + len(new.day) - 1

    def _drive_new(self, change: Change) -> None:
        """A trip that is not planned."""
        course, t = change.course, self.base
        assert course is not None  # noqa: S101  # `matching` gives one to every trip that runs
        day = change.day.toordinal()
        flags, like = [0] * len(course.stop), change.like
        if like != NONE:
            at = slice(int(t.trip_visit_start[like]), int(t.trip_visit_start[like + 1]))
            own = t.visit_flags[at].tolist()
            flags = [_NOBODY if word == SKIPPED else each for each, word in zip(own, course.word, strict=True)]
        row = self._row(like, NONE, day, 0, course, flags, False, 0, change)
        stops, arrive, depart = list(course.stop), list(course.arrive_s), list(course.depart_s)
        self._close([_Piece(row, day, stops, stops, flags, arrive, depart)], 0)

    def _leave_out(
        self, trip: int, day: int, shift_s: int, frequency: int, positions: Iterable[int], *, is_cancelled: bool = False
    ) -> None:
        """Note the planned calls where nobody gets on today."""
        t = self.base
        first, last = int(t.trip_visit_start[trip]), int(t.trip_visit_start[trip + 1]) - 1
        zero = self._start_s(day) + shift_s
        for position in positions:
            visit = first + position
            if visit < last and t.visit_flags[visit] >> PICKUP_SHIFT & TYPE_MASK != NOT_AVAILABLE:
                self.unserved.append(
                    Unserved(
                        trip, position, int(t.visit_stop[visit]), date.fromordinal(day),
                        zero + int(t.visit_depart_s[visit]), shift_s, bool(frequency), is_cancelled,
                    )
                )  # fmt: skip

    def _start_s(self, day: int) -> int:
        if day not in self._starts:
            self._starts[day] = int(service_day_start(date.fromordinal(day), self.zone).timestamp())
        return self._starts[day]

    def _goes_on(self, before: _Piece, after: _Piece) -> bool:
        shift_s = self._start_s(after.day) - self._start_s(before.day)
        return after.depart_s[0] + shift_s >= before.arrive_s[-1]

    def _close(self, segment: list[_Piece], frequency: int) -> None:
        if segment:
            self.runs.append((segment, frequency))

    # --- the arrays

    def _assembled(self, affected: Sequence[tuple[int, int]]) -> Overlay:
        t, new = self.base, self.new
        days = Days(t)
        run_days, trip_days = t.run_days, t.trip_days
        by_run: dict[int, list[int]] = {}
        for run, day in affected:
            by_run.setdefault(run, []).append(day)
        if by_run:
            run_days = run_days.copy()
            for run, gone in by_run.items():
                run_days[run] = days.without(int(t.run_days[run]), gone)
        by_trip: dict[int, list[int]] = {}
        for trip, day, _ in self.of:
            by_trip.setdefault(trip, []).append(day)
        if by_trip:
            trip_days = trip_days.copy()
            for trip, gone in by_trip.items():
                trip_days[trip] = days.without(int(t.trip_days[trip]), gone)
        runs = _unique(self.runs)
        sequences, starts, lists = self._sequences(runs)
        grouped = patterns.group(sequences, starts)
        order = grouped.order
        cells, times = len(t.pattern_node), len(t.times_arrive_s)
        counts = np.array([len(lists[run]) for run in order.tolist()], np.int32)
        ordered = [row for run in order.tolist() for row in lists[run]]
        node_start = joined(t.pattern_node_start, grouped.node_start[1:] + cells)
        node = joined(t.pattern_node, grouped.node)
        node_pattern_start, node_pattern, node_position = patterns_of_nodes(node_start, node, len(t.node_stop))
        own_days = np.array([days.only(pieces[0].day) for pieces, _ in runs], np.int32)
        visit_like = np.array(new.visit_like, np.int64)
        like = np.array(new.trip_like, np.int64)
        lasts = starts[order] + (
            grouped.arrive_s[grouped.times_at[order] + _lengths(grouped) - 1] if len(order) else np.zeros(0, np.int32)
        )
        more = bounds.rides(
            grouped.node_start, grouped.node, grouped.run_start, grouped.times_at[order], grouped.arrive_s,
            grouped.depart_s,
        )  # fmt: skip
        to_s, from_s = bounds.lowered(t.lb_to_s, t.lb_from_s, more, partial(_edges, t))
        column = partial(like_rows, like=like)
        today = replace(
            t,
            back_days=max(t.back_days, int(lasts.max(initial=0)) // DAY_S),
            days=days.table(),
            trip_feed=joined(t.trip_feed, t.route_feed[np.array(new.route, np.int64)] if new.route else []),
            trip_id=with_texts(t.trip_id, new.trip_id),
            trip_route=joined(t.trip_route, new.route),
            trip_headsign=with_texts(t.trip_headsign, new.headsign),
            trip_short_name=with_texts(
                t.trip_short_name, [t.trip_short_name[row] if row >= 0 else "" for row in new.trip_like]
            ),
            trip_direction=joined(t.trip_direction, new.direction),
            trip_wheelchair=column(t.trip_wheelchair, default=0),
            trip_bikes=column(t.trip_bikes, default=0),
            trip_shape=column(t.trip_shape, default=NONE),
            trip_days=joined(trip_days, [days.only(day) for day in new.day]),
            trip_visit_start=joined(t.trip_visit_start, np.cumsum(new.visit_count) + len(t.visit_stop)),
            visit_stop=joined(t.visit_stop, new.stop),
            visit_sequence=joined(t.visit_sequence, numbered(new.visit_count)),
            visit_arrive_s=joined(t.visit_arrive_s, new.arrive_s),
            visit_depart_s=joined(t.visit_depart_s, new.depart_s),
            visit_flags=joined(t.visit_flags, new.flags),
            visit_headsign=like_rows(t.visit_headsign, like=visit_like, default=NONE),
            pattern_node_start=node_start,
            pattern_node=node,
            pattern_flags=joined(t.pattern_flags, grouped.flags),
            pattern_run_start=joined(t.pattern_run_start, grouped.run_start[1:] + len(t.run_start_s)),
            run_start_s=joined(t.run_start_s, starts[order]),
            run_times=joined(t.run_times, grouped.times_at[order] + times),
            run_days=joined(run_days, own_days[order]),
            run_trip_start=joined(t.run_trip_start, np.cumsum(counts) + len(t.run_trip)),
            run_trip=joined(t.run_trip, [trip for trip, _ in ordered]),
            run_trip_first=joined(t.run_trip_first, [first for _, first in ordered]),
            run_frequency=joined(t.run_frequency, [runs[run][1] for run in order.tolist()]),
            times_arrive_s=joined(t.times_arrive_s, grouped.arrive_s),
            times_depart_s=joined(t.times_depart_s, grouped.depart_s),
            node_pattern_start=node_pattern_start,
            node_pattern=node_pattern,
            node_pattern_position=node_position,
            lb_to_s=to_s,
            lb_from_s=from_s,
        )
        return Overlay(
            planned=t,
            timetable=today,
            planned_trip=np.array(new.planned_trip, np.int32),
            planned_shift_s=np.array(new.planned_shift_s, np.int32),
            day_start_s=np.array([self._start_s(day) for day in new.day], np.int64),
            aligned=np.array(new.aligned, np.bool_),
            word=np.array(new.word, np.uint8),
            unserved=tuple(sorted(self.unserved, key=lambda each: (each.depart_s, each.trip, each.position))),
        )

    def _sequences(
        self, runs: Sequence[tuple[list[_Piece], int]]
    ) -> tuple[patterns.Sequences, I32, list[list[tuple[int, int]]]]:
        """What each run does at its visits, when it starts, and its trips with the position where each begins."""
        start, node, flags, arrive, depart = [0], [], [], [], []  # type: ignore[var-annotated]  # numbers
        starts, lists = [], []
        for pieces, _ in runs:
            zero_s, lead_s = self._start_s(pieces[0].day), pieces[0].depart_s[0]
            trips, first, previous = [], len(node), pieces[0]
            for piece in pieces:
                shift_s = self._start_s(piece.day) - zero_s - lead_s
                at = len(node)
                trips.append((piece.trip, at - first))
                node += piece.node
                flags += piece.flags
                arrive += [s + shift_s for s in piece.arrive_s]
                depart += [s + shift_s for s in piece.depart_s]
                if at > first:  # as `compile` joins trips
                    end = at - 1
                    depart[end] = arrive[end]
                    arrive[at] = max(arrive[at], arrive[end])
                    if previous.stop[-1] == piece.stop[0]:
                        flags[end] = flags[end] & ~(TYPE_MASK << PICKUP_SHIFT) | _NO_PICKUP
                        flags[at] = flags[at] & ~(TYPE_MASK << DROP_OFF_SHIFT) | _NO_DROP_OFF
                previous = piece
            start.append(len(node))
            starts.append(lead_s)
            lists.append(trips)
        sequences = patterns.Sequences(
            np.array(start, np.int64), np.array(node, np.int32), np.array(flags, np.uint8),
            np.array(arrive, np.int32), np.array(depart, np.int32),
        )  # fmt: skip
        return sequences, np.array(starts, np.int32), lists


def _edges(t: Timetable) -> tuple[I32, I32, I32]:
    """Every ride and walk of a timetable."""
    a, b, seconds = bounds.rides(
        t.pattern_node_start, t.pattern_node, t.pattern_run_start, t.run_times, t.times_arrive_s, t.times_depart_s
    )
    walker = np.repeat(np.arange(len(t.node_stop), dtype=np.int32), np.diff(t.foot_start))
    return np.concatenate([a, walker]), np.concatenate([b, t.foot_node]), np.concatenate([seconds, t.foot_s])


def _unique(runs: Sequence[tuple[list[_Piece], int]]) -> list[tuple[list[_Piece], int]]:
    """Each run once: a trip that splits in two, of which one part does not run, would come twice."""
    seen: Mapping[tuple[tuple[int, int], ...], tuple[list[_Piece], int]] = {
        tuple((piece.trip, piece.day) for piece in pieces): (pieces, frequency) for pieces, frequency in runs
    }
    return list(seen.values())


def _lengths(grouped: patterns.Patterns) -> np.ndarray:
    return np.repeat(np.diff(grouped.node_start), np.diff(grouped.run_start))

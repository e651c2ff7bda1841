"""Vehicle trips as columns of numbers: what `covoit.engine.recompute` prices a million at a time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from covoit.model.journeys import JourneyState, LineLeg, ProofClass, VehicleTrip
from mobigo.base.instants import paris_day

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_HOUR_US: Final = 3_600_000_000
_NOTHING_DRIVEN: Final = LineLeg("", 0, 0, 0)
CLASSES: Final = {each: rank for rank, each in enumerate(ProofClass)}
UNKNOWN: Final = -1  # a driver nobody knows (open data), a journey off the lines


@dataclass(frozen=True)
class Trips:
    """Vehicle trips as columns. Rows of journeys lie trip after trip, in each by start then id."""

    # one a trip
    operators: Sequence[str]
    trip_ids: Sequence[str]
    started_us: Ints  # microseconds since 1970, of the earliest start
    day: Ints  # ordinal of the day in France
    driver: Ints  # a number for each driver, UNKNOWN in open data
    label: Ints  # an index in `labels`: the line, or what stands for it
    driven_track: Ints
    driven_from_m: Ints
    driven_to_m: Ints
    # one a journey
    trip: Ints  # its row above
    ok: Bools
    proof: Ints
    seats: Ints
    declared_m: Ints
    track: Ints  # a number for each line and direction, UNKNOWN off the lines
    from_m: Ints
    to_m: Ints
    passenger: Ints
    is_driver: Bools
    from_us: Ints
    to_us: Ints
    # names
    labels: Sequence[str | None]

    def __len__(self) -> int:
        return len(self.started_us)

    @property
    def knows_people(self) -> bool:
        """Whether drivers are known; without them, ranks and caps of a driver cannot be told."""
        return bool(len(self)) and bool((self.driver != UNKNOWN).all())

    @cached_property
    def length_m(self) -> Ints:
        """Of each journey: its leg on the reference table, else as declared."""
        return np.where(self.track == UNKNOWN, self.declared_m, self.to_m - self.from_m)

    @cached_property
    def month(self) -> Ints:
        """Of each trip: twelve times the year, plus the month from 0."""
        days, back = np.unique(self.day, return_inverse=True)
        months = [date.fromordinal(int(each)) for each in days]
        return np.array([each.year * 12 + each.month - 1 for each in months], dtype=np.int64)[back]

    @cached_property
    def in_order(self) -> Ints:
        """The rows by start, then operator, then trip id: the order in which caps are used."""
        return self._broken_ties(np.argsort(self.started_us, kind="stable"), lambda row: int(self.started_us[row]))

    @cached_property
    def by_driver(self) -> Ints:
        """The rows by driver, and for each in the order of `in_order`: what ranks of a day are counted along."""
        rows = np.lexsort((self.started_us, self.driver))
        return self._broken_ties(rows, lambda row: (int(self.driver[row]), int(self.started_us[row])))

    def _broken_ties(self, rows: NDArray[np.intp], key: Callable[[int], object]) -> Ints:
        """`rows` with those of equal key put in order of operator, then trip id."""
        same = self.started_us[rows[1:]] == self.started_us[rows[:-1]]
        if not same.any():
            return rows
        out = rows.tolist()
        ends = np.flatnonzero(~same) + 1
        starts = np.concatenate(([0], ends))
        lengths = np.diff(np.concatenate((starts, [len(out)])))
        for start, length in zip(starts[lengths > 1].tolist(), lengths[lengths > 1].tolist(), strict=True):
            tied = out[start : start + length]
            out[start : start + length] = sorted(
                tied, key=lambda row: (key(row), self.operators[row], self.trip_ids[row])
            )
        return np.array(out, dtype=np.int64)

    def kept(self, wanted: Bools) -> "Trips":
        """The trips where `wanted` is true, with their journeys."""
        rows = wanted[self.trip]
        of_trips = ("started_us", "day", "driver", "label", "driven_track", "driven_from_m", "driven_to_m")
        of_rows = (
            "ok", "proof", "seats", "declared_m", "track", "from_m", "to_m", "passenger", "is_driver", "from_us",
            "to_us",
        )  # fmt: skip
        places = np.flatnonzero(wanted).tolist()
        return replace(
            self,
            operators=[self.operators[place] for place in places],
            trip_ids=[self.trip_ids[place] for place in places],
            trip=(np.cumsum(wanted) - 1)[self.trip[rows]],
            **{name: getattr(self, name)[wanted] for name in of_trips},
            **{name: getattr(self, name)[rows] for name in of_rows},
        )

    @classmethod
    def of(cls, trips: Iterable[VehicleTrip]) -> "Trips":
        """Trips as columns, read one at a time. The label of a trip is its line, None off the lines or on several."""
        return _columns(trips)


def _columns(trips: Iterable[VehicleTrip]) -> Trips:
    numbers = _Numbers(), _Numbers(), _Numbers()
    people, tracks, labels = numbers
    ok_state = JourneyState.OK
    heads, rows = _Rows(7), _Rows(12)
    operators: list[str] = []
    ids: list[str] = []
    days: dict[int, int] = {}  # the day in France is the same for a whole hour of UTC
    for index, trip in enumerate(trips):
        driver = trip.driver
        driver_number = people[driver]
        line: str | None = None
        lines = 0
        earliest = None
        journeys = trip.journeys
        if len(journeys) > 1:
            journeys = tuple(sorted(journeys, key=_by_start))
        for journey in journeys:
            started = journey.started_at
            if earliest is None:
                earliest = started
            passenger = journey.passenger
            leg = journey.leg
            if leg is None:
                track, from_m, to_m, here = UNKNOWN, 0, 0, None
            else:
                track, from_m, to_m, here = tracks[leg.line, leg.direction], leg.from_m, leg.to_m, leg.line
            if not lines:
                line, lines = here, 1
            elif here != line:
                line, lines = None, 2
            rows.append(
                (
                    index,
                    journey.state is ok_state,
                    CLASSES[journey.proof_class],
                    journey.seats,
                    journey.distance_m,
                    track,
                    from_m,
                    to_m,
                    people[passenger],
                    passenger == driver or passenger == journey.driver,
                    round(started.timestamp() * 1e6),  # exact: a microsecond of our century fits a float
                    round(journey.ended_at.timestamp() * 1e6),
                )
            )
        if earliest is None:
            raise ValueError(f"a vehicle trip without a journey: {trip.key}")
        driven = trip.driven or _NOTHING_DRIVEN
        started_us = round(earliest.timestamp() * 1e6)
        hour = started_us // _HOUR_US
        day = days.get(hour)
        if day is None:
            day = days[hour] = paris_day(earliest).toordinal()
        heads.append(
            (
                started_us,
                day,
                driver_number,
                labels[line],
                tracks[driven.line, driven.direction] if trip.driven is not None else UNKNOWN,
                driven.from_m,
                driven.to_m,
            )
        )
        operators.append(trip.operator)
        ids.append(trip.operator_trip_id)
    head, row = heads.columns(), rows.columns()
    return Trips(
        operators=operators,
        trip_ids=ids,
        started_us=head[0],
        day=head[1],
        driver=head[2],
        label=head[3],
        driven_track=head[4],
        driven_from_m=head[5],
        driven_to_m=head[6],
        trip=row[0],
        ok=row[1].astype(bool),
        proof=row[2],
        seats=row[3],
        declared_m=row[4],
        track=row[5],
        from_m=row[6],
        to_m=row[7],
        passenger=row[8],
        is_driver=row[9].astype(bool),
        from_us=row[10],
        to_us=row[11],
        labels=list(labels),
    )


class _Rows:
    """Rows of whole numbers that become columns, a block at a time: a million tuples would be heavy to keep."""

    BLOCK: Final = 50_000

    def __init__(self, width: int) -> None:
        self._width = width
        self._blocks: list[Ints] = []
        self._rows: list[tuple[int, ...]] = []

    def append(self, row: tuple[int, ...]) -> None:
        self._rows.append(row)
        if len(self._rows) >= self.BLOCK:
            self._close()

    def _close(self) -> None:
        self._blocks.append(np.array(self._rows, dtype=np.int64).reshape(-1, self._width))
        self._rows = []

    def columns(self) -> Ints:
        self._close()
        return np.ascontiguousarray(np.concatenate(self._blocks).T)


class _Numbers(dict[Any, int]):
    """A number for each name, from 0, in order of appearance."""

    def __missing__(self, name: Any) -> int:
        self[name] = number = len(self)
        return number


def _by_start(journey: Any) -> tuple[datetime, str]:
    return (journey.started_at, journey.id)

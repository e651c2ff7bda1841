"""The rule over columns of numbers: a million vehicle trips in seconds, to the very cent of `covoit.rules.subsidy`.

`Trips` holds trips as arrays; `recompute` prices them all, both passes. Only amounts come out: a trip's steps, reasons
and shares are the pure rule's, one trip at a time. Tests hold the two equal on random trips.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from covoit.model.journeys import JourneyState, LineLeg, ProofClass, VehicleTrip
from covoit.model.scale import Cap, CapMeasure, CapOf, CapPer, DistanceBasis, Scale, ceiling_on, fare_on
from covoit.rules import legal
from mobigo.base.decisions import Decision
from mobigo.base.instants import paris_day

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_HOUR_US: Final = 3_600_000_000
_NOTHING_DRIVEN: Final = LineLeg("", 0, 0, 0)
_CLASSES: Final = {each: rank for rank, each in enumerate(ProofClass)}
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


@dataclass(frozen=True)
class Amounts:
    """What each trip comes to, in cents, row by row of the trips priced."""

    amount: Ints
    before_caps: Ints
    km: Ints
    bonus: Ints
    fare: Ints
    passengers: Ints  # after the limit of the scale
    seats: Ints  # carried
    distance_m: Ints
    rank_of_day: Ints
    counted: Bools  # one a journey
    assumptions: tuple[Decision, ...] = ()


def recompute(trips: Trips, scale: Scale) -> Amounts:
    """Every trip under the scale: pass one, then its caps from nothing used.

    Where drivers are unknown, each trip is taken as a first of its day and caps of a driver are left out; the
    assumptions say so. Raises NotFound where no legal ceiling or coach fare is known for a day.
    """
    counted = counted_rows(trips, scale)
    n = len(trips)
    rows = np.flatnonzero(counted)
    seats = _sum_by(trips.trip[rows], trips.seats[rows], n)
    eligible = np.zeros(n, dtype=bool)
    eligible[trips.trip[rows]] = True
    distance = _distances(trips, rows, scale)
    passengers = np.minimum(seats, scale.passengers_max)
    km = (2 * distance * scale.rate_cents + scale.rate_unit_m) // (2 * scale.rate_unit_m)
    over = np.maximum(0, passengers - scale.first_counted_passenger + 1)
    bonus = np.where(eligible, over * scale.bonus_cents, 0)
    ranks = _ranks(trips, eligible)
    before = np.minimum(km + bonus, _legal_limits(trips, distance, ranks, eligible, scale))
    fare = seats * _by_day(trips, lambda day: fare_on(scale.fares, day).single.cents)
    amount, left_out = _capped(trips, before, passengers, scale)
    assumptions = tuple([] if trips.knows_people or not n else [Decision("covoit.assume_first_of_day"), *left_out])
    return Amounts(amount, before, km, bonus, fare, passengers, seats, distance, ranks, counted, assumptions)


# ---- pass one, step by step


def counted_rows(trips: Trips, scale: Scale) -> Bools:
    """Which journeys count: the conditions of `subsidy.refusal`, then each person once."""
    last = scale.last_day or date.max
    in_date = (trips.day >= scale.first_day.toordinal()) & (trips.day <= last.toordinal())
    good = (
        trips.ok
        & (trips.proof >= _CLASSES[scale.proof_class_min])
        & (trips.length_m >= scale.leg_m_min)
        & ~trips.is_driver
        & in_date[trips.trip]
    )
    return _without_doubles(trips, good, scale.overlap_pct)


def _without_doubles(trips: Trips, good: Bools, overlap_pct: int) -> Bools:
    """Of two journeys of one person in one car that are the same one, the first alone. Rare: looked at one by one."""
    rows = np.flatnonzero(good)
    order = np.lexsort((rows, trips.passenger[rows], trips.trip[rows]))
    rows = rows[order]
    again = (trips.trip[rows[1:]] == trips.trip[rows[:-1]]) & (trips.passenger[rows[1:]] == trips.passenger[rows[:-1]])
    if not again.any():
        return good
    good = good.copy()
    kept: list[int] = []
    for previous, row in ((int(rows[at]), int(rows[at + 1])) for at in np.flatnonzero(again)):
        if not kept or trips.trip[kept[0]] != trips.trip[row] or trips.passenger[kept[0]] != trips.passenger[row]:
            kept = [previous]
        if any(_overlap(trips, other, row, overlap_pct) for other in kept):
            good[row] = False
        else:
            kept.append(row)
    return good


def _overlap(trips: Trips, a: int, b: int, least_pct: int) -> bool:
    """`subsidy.overlap` of two rows."""
    if trips.track[a] != UNKNOWN and trips.track[a] == trips.track[b]:
        return bool(min(trips.to_m[a], trips.to_m[b]) > max(trips.from_m[a], trips.from_m[b]))
    shared = int(min(trips.to_us[a], trips.to_us[b]) - max(trips.from_us[a], trips.from_us[b]))
    shorter = int(min(trips.to_us[a] - trips.from_us[a], trips.to_us[b] - trips.from_us[b]))
    return shared >= 0 and shared * 100 >= shorter * least_pct


def _distances(trips: Trips, rows: NDArray[np.intp], scale: Scale) -> Ints:
    """`subsidy.paid_distance` of every trip: the longest of its unions by track and of its legs off the lines."""
    out = np.zeros(len(trips), dtype=np.int64)
    off = rows[trips.track[rows] == UNKNOWN]
    np.maximum.at(out, trips.trip[off], trips.declared_m[off])
    on = rows[trips.track[rows] != UNKNOWN]
    tracks = int(max(trips.track.max(initial=0), trips.driven_track.max(initial=0))) + 1
    key = trips.trip[on] * tracks + trips.track[on]
    start, end = trips.from_m[on], trips.to_m[on]
    if scale.distance_basis is DistanceBasis.DRIVEN_ON_LINE:
        driven = np.flatnonzero(trips.driven_track != UNKNOWN)
        driven_key = driven * tracks + trips.driven_track[driven]
        ridden = np.isin(driven_key, key)  # somebody was on board there
        key = np.concatenate((key, driven_key[ridden]))
        start = np.concatenate((start, trips.driven_from_m[driven[ridden]]))
        end = np.concatenate((end, trips.driven_to_m[driven[ridden]]))
    if not len(key):
        return out
    order = np.lexsort((start, key))
    key, start, end = key[order], start[order], end[order]
    first = np.concatenate(([True], key[1:] != key[:-1]))
    # Each track of each trip is moved to a stretch of its own, so that one running maximum serves them all.
    shift = np.cumsum(first) * (int(end.max()) + 1)
    reached = np.maximum.accumulate(end + shift)
    begin = start + shift
    begin[1:] = np.maximum(begin[1:], reached[:-1])
    covered = np.maximum(0, end + shift - begin)
    at = np.flatnonzero(first)
    np.maximum.at(out, key[at] // tracks, np.add.reduceat(covered, at))
    return out


def _ranks(trips: Trips, eligible: Bools) -> Ints:
    """`subsidy.ranks_of_day`: only trips with a journey that counts take a rank."""
    ranks = np.ones(len(trips), dtype=np.int64)
    if not trips.knows_people:
        return ranks
    rows = trips.by_driver
    takes = eligible[rows].astype(np.int64)
    before = np.cumsum(takes) - takes
    first = np.concatenate(
        ([True], (trips.driver[rows[1:]] != trips.driver[rows[:-1]]) | (trips.day[rows[1:]] != trips.day[rows[:-1]]))
    )
    base = before[first][np.cumsum(first) - 1]
    ranks[rows] = before - base + 1
    return ranks


def _legal_limits(trips: Trips, distance: Ints, ranks: Ints, eligible: Bools, scale: Scale) -> Ints:
    """`legal.limit_of` of every trip; zero for one without a passenger, the largest number where there is no limit."""
    rates = _by_day(trips, lambda day: ceiling_on(scale.ceilings, day).rate_mills_per_km)
    short = _by_day(trips, lambda day: ceiling_on(scale.ceilings, day).short_below_m)
    several = _by_day(trips, lambda day: ceiling_on(scale.ceilings, day).short_trips_per_day)
    exempt = (distance < short) & (ranks <= several)
    limits = np.where(exempt, np.iinfo(np.int64).max, distance * rates // legal.MILLS_M_PER_CENT)
    return np.where(eligible, limits, 0)


def _by_day(trips: Trips, value: Callable[[date], int]) -> Ints:
    """A dated figure for each trip, looked up once a day."""
    days, back = np.unique(trips.day, return_inverse=True)
    return np.array([value(date.fromordinal(int(each))) for each in days], dtype=np.int64)[back]


def _sum_by(index: Ints, values: Ints, n: int) -> Ints:
    """Sums of whole numbers by index in increasing order, in whole numbers."""
    running = np.concatenate(([0], np.cumsum(values)))
    ends = np.searchsorted(index, np.arange(n), side="right")
    starts = np.searchsorted(index, np.arange(n), side="left")
    sums: Ints = running[ends] - running[starts]
    return sums


# ---- pass two


def cap_keys(trips: Trips, cap: Cap) -> Ints:
    """For each trip, the number of the counter that a cap reads: equal numbers, one counter."""
    if cap.of is CapOf.VEHICLE_TRIP or cap.per is CapPer.TRIP:
        return np.arange(len(trips), dtype=np.int64)
    period = {
        CapPer.DAY: trips.day,
        CapPer.MONTH: trips.month,
        CapPer.YEAR: trips.month // 12,
        CapPer.CAMPAIGN: np.zeros(len(trips), dtype=np.int64),
    }[cap.per]
    if cap.of is CapOf.CAMPAIGN:
        return period
    if cap.of is CapOf.PASSENGER:
        raise ValueError("a cap of passengers needs amounts for each journey")
    return trips.driver * 4_000_000 + period


def _capped(trips: Trips, before: Ints, passengers: Ints, scale: Scale) -> tuple[Ints, list[Decision]]:
    """Pass two, as `caps.apply`: what remains is paid, then nothing; counters move by what is paid."""
    left_out = [cap for cap in scale.caps if cap.of is CapOf.DRIVER and not trips.knows_people]
    caps = [cap for cap in scale.caps if cap not in left_out]
    said = [Decision("covoit.assume_no_driver_cap", limit=cap.limit) for cap in left_out]
    if not caps or not len(trips):
        return before, said
    only_drivers = all(cap.of is CapOf.DRIVER for cap in caps)
    rows = trips.by_driver if only_drivers else trips.in_order
    if _each_within_the_next(caps):
        return _cap_after_cap(trips, before, caps, rows), said
    return _trip_after_trip(trips, before, passengers, caps, rows), said


_WHOSE: Final = (CapOf.VEHICLE_TRIP, CapOf.DRIVER, CapOf.CAMPAIGN)
_PER: Final = (CapPer.TRIP, CapPer.DAY, CapPer.MONTH, CapPer.YEAR, CapPer.CAMPAIGN)


def _each_within_the_next(caps: Sequence[Cap]) -> bool:
    """Whether what each cap counts over is part of what the next one does (a driver's day, their month, the budget).

    Then caps can be taken one after the other over all trips: when a wide one cuts a trip it is used up, so that
    whatever the narrow ones counted too much for that trip concerns trips that get nothing anyway. A cap of passengers
    is never used up so plainly.
    """
    if any(cap.measure is CapMeasure.PASSENGERS or cap.of is CapOf.PASSENGER for cap in caps):
        return False
    return all(
        _WHOSE.index(a.of) <= _WHOSE.index(b.of) and _PER.index(a.per) <= _PER.index(b.per) for a, b in pairwise(caps)
    )


def _cap_after_cap(trips: Trips, before: Ints, caps: Sequence[Cap], rows: Ints) -> Ints:
    """Every trip through the first cap, then through the next: sums up to each trip say what was used before it."""
    amounts = before[rows]
    for cap in caps:
        keys = cap_keys(trips, cap)[rows]
        order = np.argsort(keys, kind="stable")
        grouped = keys[order]
        asked = amounts[order] if cap.measure is CapMeasure.AMOUNT else (amounts[order] > 0).astype(np.int64)
        upto = np.cumsum(asked)
        first = np.concatenate(([True], grouped[1:] != grouped[:-1]))
        upto -= (upto - asked)[first][np.cumsum(first) - 1]
        allowed = np.minimum(upto, cap.limit) - np.minimum(upto - asked, cap.limit)
        amounts[order] = allowed if cap.measure is CapMeasure.AMOUNT else amounts[order] * allowed
    out = np.empty_like(amounts)
    out[rows] = amounts
    return out


def _trip_after_trip(trips: Trips, before: Ints, passengers: Ints, caps: Sequence[Cap], rows: Ints) -> Ints:
    """Each trip through every cap, then the next: for caps that overlap without one holding the other."""
    amounts = before.tolist()
    people = passengers.tolist()
    rules = []
    for cap in caps:
        keys, dense = np.unique(cap_keys(trips, cap), return_inverse=True)
        rules.append((cap.limit, cap.measure, dense.tolist(), [0] * len(keys)))
    for row in rows.tolist():
        amount = amounts[row]
        if not amount:
            continue
        for limit, measure, number, counter in rules:
            room = limit - counter[number[row]]
            if room <= 0:
                amount = 0
                break
            if measure is CapMeasure.AMOUNT:
                amount = min(amount, room)
            elif measure is CapMeasure.PASSENGERS and people[row] > room:
                amount = amount * room // people[row]
        amounts[row] = amount
        if amount:
            for _limit, measure, number, counter in rules:
                counter[number[row]] += (
                    amount if measure is CapMeasure.AMOUNT else 1 if measure is CapMeasure.TRIPS else people[row]
                )
    return np.array(amounts, dtype=np.int64)


# ---- columns


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
                    _CLASSES[journey.proof_class],
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

"""The rule over columns of numbers: a million vehicle trips in seconds, to the very cent of `covoit.rules.subsidy`.

`recompute` prices `Trips`, both passes. Only amounts come out: a trip's steps, reasons and shares are the pure rule's,
one trip at a time. Tests hold the two equal on random trips.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from covoit.engine.columns import CLASSES, UNKNOWN, Bools, Ints, Trips
from covoit.model.scale import Cap, CapMeasure, CapOf, CapPer, DistanceBasis, Scale, ceiling_on, fare_on
from covoit.rules import legal
from mobigo.base.decisions import Decision

__all__ = ["UNKNOWN", "Amounts", "Bools", "Ints", "Trips", "cap_keys", "counted_rows", "recompute"]


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
        & (trips.proof >= CLASSES[scale.proof_class_min])
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

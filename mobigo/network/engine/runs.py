"""What vehicles drive: a run for each trip, for each departure of a frequency, and for trips joined in-seat.

In-seat joins (GTFS Schedule reference, trips.txt block_id and transfers.txt transfer_type 4 and 5): of the trips of a
block that run on a day, each continues as the next when it ends where and before that one begins; transfer type 4
joins a pair wherever it is, type 5 keeps it apart. Joined trips become one run, on the days when just that chain is
driven, so that a search rides through without knowing of blocks. A chain is as long as the block's day: runs, unlike
pairs of trips, do not multiply.

The last trip of a day may continue as one of the next service day ("may be later than the first departure time … in
case the to_trip_id trip is occurring the subsequent service day"), once in a run, if it waits no longer than
`NIGHT_PAUSE_S_MAX`: a vehicle that stands longer has spent its night.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mobigo.base.servicetime import DAY_S
from mobigo.network.engine.visits import Visits
from mobigo.network.model.timetable import U64

NIGHT_PAUSE_S_MAX = 3600
SHORTEST_DAY_S = DAY_S - 3600  # when the clocks go forward

# The trips of a run, each with the seconds from the beginning of the run's service day to that of its own.
Chain = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Frequency:
    """One row of frequencies.txt, read: departures every `headway_s` from `first_s`, before `end_s`."""

    trip: int
    first_s: int
    end_s: int
    headway_s: int
    exact: bool


@dataclass
class Runs:
    """Runs of one feed. Each takes its visits from `trips` in order; it starts at `start_s`, or where its first trip
    does when None."""

    trips: list[tuple[int, ...]] = field(default_factory=list)
    start_s: list[int] = field(default_factory=list)
    frequency: list[int] = field(default_factory=list)
    days: list[U64] = field(default_factory=list)


def frequency_starts(frequencies: Sequence[Frequency]) -> Iterator[tuple[int, int, bool]]:
    """(trip, start, exact) of every departure; a headway of 0 or less has none (the report tells)."""
    for row in frequencies:
        if row.headway_s > 0 and row.first_s >= 0:
            for start_s in range(row.first_s, row.end_s, row.headway_s):
                yield row.trip, start_s, row.exact


def chains_of_blocks(
    blocks: Mapping[object, Sequence[int]],
    joined: Mapping[int, Sequence[int]],
    apart: frozenset[tuple[int, int]],
    visits: Visits,
    trip_bits: U64,
    day_length_s: Sequence[int],
) -> list[tuple[Chain, U64]]:
    """Chains of two trips or more with the days on which just they are driven.

    `blocks` gives the usable trips of each block, `joined` the pairs of transfer type 4, `apart` those of type 5,
    `day_length_s` for each day the seconds to the beginning of the next one.
    """
    merged: dict[Chain, U64] = {}
    block_of = {trip: key for key, trips in blocks.items() for trip in trips}
    links = _Links(block_of, joined, apart, visits)
    for members in _groups(blocks, joined):
        ordered = sorted(members, key=lambda trip: (_starts_s(trip, visits), _ends_s(trip, visits), trip))
        for around, bits in _by_day(ordered, trip_bits, day_length_s, _may_reach_tomorrow(ordered, visits)):
            for chain in _chains(around, links):
                merged[chain] = merged[chain] | bits if chain in merged else bits
    return sorted(merged.items(), key=lambda item: item[0])


def _groups(blocks: Mapping[object, Sequence[int]], joined: Mapping[int, Sequence[int]]) -> list[list[int]]:
    """Trips that may follow one another: the blocks, merged where a pair of type 4 links two of them."""
    parent: dict[int, int] = {}

    def root(trip: int) -> int:
        while parent.setdefault(trip, trip) != trip:
            parent[trip] = parent[parent[trip]]
            trip = parent[trip]
        return trip

    for trips in blocks.values():
        for trip in trips:
            parent[root(trip)] = root(trips[0])
    for first, nexts in joined.items():
        for trip in nexts:
            parent[root(trip)] = root(first)
    groups: dict[int, list[int]] = defaultdict(list)
    for trip in list(parent):
        groups[root(trip)].append(trip)
    return list(groups.values())


def last_all_day(visits: Visits) -> np.ndarray:
    """Whether each trip lasts so long that the same trip of the next day may follow it."""
    out = np.zeros(len(visits.trip_start) - 1, np.bool_)
    some = np.flatnonzero(np.diff(visits.trip_start) > 0)
    lasts_s = visits.arrive_s[visits.trip_start[some + 1] - 1] - visits.depart_s[visits.trip_start[some]]
    out[some] = lasts_s >= SHORTEST_DAY_S - NIGHT_PAUSE_S_MAX
    return out


@dataclass(frozen=True)
class _Around:
    """The trips of a group that run yesterday, today, tomorrow and the day after; the lengths of the first three
    days."""

    trips: tuple[tuple[int, ...], ...]
    length_s: tuple[int, ...]


def _may_reach_tomorrow(ordered: Sequence[int], visits: Visits) -> bool:
    """Whether any of these trips ends so late that one of the next service day may follow."""
    latest_s = max(_ends_s(trip, visits) for trip in ordered)
    return latest_s - _starts_s(ordered[0], visits) >= SHORTEST_DAY_S - NIGHT_PAUSE_S_MAX


def _by_day(
    ordered: Sequence[int], trip_bits: U64, day_length_s: Sequence[int], reach_tomorrow: bool
) -> list[tuple[_Around, U64]]:
    """What runs around each day, each with the days that are alike. The other days are left empty where no trip can
    reach tomorrow."""
    bits = trip_bits[list(ordered)]
    active = np.unpackbits(bits.view(np.uint8), axis=1, bitorder="little")  # [trips, days]
    running = np.flatnonzero(active.any(axis=0)).tolist()
    on = {day: active[:, day].tobytes() for day in running}
    nobody = bytes(len(ordered))
    alike: dict[tuple[tuple[bytes, ...], tuple[int, ...]], list[int]] = defaultdict(list)
    for day in running:
        if reach_tomorrow:
            seen = tuple(on.get(other, nobody) for other in range(day - 1, day + 3))
            lengths = tuple(day_length_s[n] if 0 <= n < len(day_length_s) else DAY_S for n in range(day - 1, day + 2))
        else:
            seen, lengths = (nobody, on[day], nobody, nobody), (DAY_S, DAY_S, DAY_S)
        alike[seen, lengths].append(day)
    out = []
    for (seen, lengths), days in alike.items():
        mask = np.zeros(trip_bits.shape[1], np.uint64)
        for bit in days:
            mask[bit >> 6] |= np.uint64(1) << np.uint64(bit & 63)
        sets = tuple(tuple(trip for trip, runs in zip(ordered, flags, strict=True) if runs) for flags in seen)
        out.append((_Around(sets, lengths), mask))
    return out


@dataclass(frozen=True)
class _Links:
    """What may follow what, whatever the day."""

    block_of: Mapping[int, object]
    joined: Mapping[int, Sequence[int]]
    apart: frozenset[tuple[int, int]]
    visits: Visits

    def after(
        self, today: Sequence[int], tomorrow: Sequence[int], length_s: int
    ) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
        """(trips of today, trips of tomorrow) that follow each trip of today. Pairs of type 4 come before the block;
        the block goes on tomorrow only after its last trip of today."""
        next_in_block: dict[int, int] = {}
        last_of: dict[object, int] = {}
        for trip in today:
            block = self.block_of.get(trip)
            if block is not None:
                if block in last_of:
                    next_in_block[last_of[block]] = trip
                last_of[block] = trip
        first_of = {self.block_of.get(trip): trip for trip in reversed(tomorrow)}
        on, later = set(today), set(tomorrow)
        same: dict[int, list[int]] = {}
        over: dict[int, list[int]] = {}
        for trip in today:
            pairs = [other for other in self.joined.get(trip, ()) if other != trip]
            same[trip] = [other for other in pairs if other in on and self._pause_s(trip, other) >= 0]
            over[trip] = [other for other in pairs if other in later and self._soon(trip, other, length_s)]
            if same[trip] or over[trip]:
                continue
            follow, block = next_in_block.get(trip), self.block_of.get(trip)
            if follow is not None:
                if self._in_place(trip, follow) and self._pause_s(trip, follow) >= 0:
                    same[trip] = [follow]
                continue
            follow = first_of.get(block) if block is not None else None
            if follow is not None and self._in_place(trip, follow) and self._soon(trip, follow, length_s):
                over[trip] = [follow]
        return same, over

    def _pause_s(self, trip: int, after: int) -> int:
        return _starts_s(after, self.visits) - _ends_s(trip, self.visits)

    def _soon(self, trip: int, after: int, length_s: int) -> bool:
        return 0 <= self._pause_s(trip, after) + length_s <= NIGHT_PAUSE_S_MAX

    def _in_place(self, trip: int, after: int) -> bool:
        """Ends where the other begins, and is not kept apart from it."""
        last, first = self.visits.trip_start[trip + 1] - 1, self.visits.trip_start[after]
        return (trip, after) not in self.apart and bool(self.visits.stop[last] == self.visits.stop[first])


def _chains(around: _Around, links: _Links) -> Iterator[Chain]:
    """Every longest chain of two trips or more that begins today, with one change of service day at most. A trip that
    splits in two begins two chains; what is part of a chain begun yesterday is not told again."""
    yesterday, today, tomorrow, after_that = around.trips
    from_yesterday = links.after(yesterday, today, around.length_s[0])[1]
    same, over = links.after(today, tomorrow, around.length_s[1])
    same_tomorrow = links.after(tomorrow, after_that, around.length_s[2])[0]
    length_s = around.length_s[1]
    known = {trip for follow in from_yesterday.values() for trip in follow}
    followed = {trip for follow in same.values() for trip in follow}
    stack: list[Chain] = [((trip, 0),) for trip in today if trip not in followed]
    while stack:
        chain = stack.pop()
        trip, shift_s = chain[-1]
        steps = [(other, shift_s) for other in (same_tomorrow if shift_s else same)[trip]]
        if not shift_s:
            steps += [(other, length_s) for other in over[trip]]
        steps = [step for step in steps if step not in chain]
        if not steps and len(chain) > 1 and (shift_s or chain[0][0] not in known):
            yield chain
        stack.extend((*chain, step) for step in steps)


def _starts_s(trip: int, visits: Visits) -> int:
    return int(visits.depart_s[visits.trip_start[trip]])


def _ends_s(trip: int, visits: Visits) -> int:
    return int(visits.arrive_s[visits.trip_start[trip + 1] - 1])


def remaining_days(trip_bits: U64, chains: Sequence[tuple[Chain, U64]]) -> U64:
    """The days on which each trip is driven alone: its own, less those of the chains it is part of."""
    out = trip_bits.copy()
    for chain, bits in chains:
        for trip, shift_s in chain:
            out[trip] &= ~(_day_after(bits) if shift_s else bits)
    return out


def _day_after(bits: U64) -> U64:
    """The same days, each one later."""
    out = bits << np.uint64(1)
    out[1:] |= bits[:-1] >> np.uint64(63)
    return out

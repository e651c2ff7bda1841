"""What vehicles drive: a run for each trip, for each departure of a frequency, and for trips joined in-seat.

In-seat joins (GTFS Schedule reference, trips.txt block_id and transfers.txt transfer_type 4 and 5): of the trips of a
block that run on a day, each continues as the next when it ends where and before that one begins; transfer type 4
joins a pair wherever it is, type 5 keeps it apart. Joined trips become one run, on the days when just that chain is
driven, so that a search rides through without knowing of blocks. A chain is as long as the block's day: runs, unlike
pairs of trips, do not multiply.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mobigo.network.engine.visits import Visits
from mobigo.network.model.timetable import I32, U64


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
) -> list[tuple[tuple[int, ...], U64]]:
    """Chains of two trips or more with the days on which just they are driven.

    `blocks` gives the usable trips of each block, `joined` the pairs of transfer type 4, `apart` those of type 5.
    """
    chains: list[tuple[tuple[int, ...], U64]] = []
    for members in _groups(blocks, joined):
        ordered = sorted(members, key=lambda trip: (_starts_s(trip, visits), _ends_s(trip, visits), trip))
        block_of = {trip: key for key, trips in blocks.items() for trip in trips if trip in members}
        for active, bits in _by_day(ordered, trip_bits):
            for chain in _chains(active, block_of, joined, apart, visits):
                if len(chain) > 1:
                    chains.append((chain, bits))
    merged: dict[tuple[int, ...], U64] = {}
    for chain, bits in chains:
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
    return [members for members in groups.values() if len(members) > 1]


def _by_day(ordered: Sequence[int], trip_bits: U64) -> list[tuple[tuple[int, ...], U64]]:
    """The sets of trips that run together, each with its days."""
    bits = trip_bits[list(ordered)]
    active = np.unpackbits(bits.view(np.uint8), axis=1, bitorder="little")  # [trips, days]
    days = np.flatnonzero(active.any(axis=0))
    together: dict[bytes, list[int]] = defaultdict(list)
    for day in days:
        together[active[:, day].tobytes()].append(int(day))
    out = []
    for signature, on in together.items():
        mask = np.zeros(trip_bits.shape[1], np.uint64)
        for bit in on:
            mask[bit >> 6] |= np.uint64(1) << np.uint64(bit & 63)
        flags = np.frombuffer(signature, np.uint8)
        out.append((tuple(trip for trip, runs in zip(ordered, flags, strict=True) if runs), mask))
    return out


def _chains(
    active: Sequence[int],
    block_of: Mapping[int, object],
    joined: Mapping[int, Sequence[int]],
    apart: frozenset[tuple[int, int]],
    visits: Visits,
) -> list[tuple[int, ...]]:
    """Every longest chain of the trips of one day. A trip that splits in two begins two chains."""
    next_in_block: dict[int, int] = {}
    last_of: dict[object, int] = {}
    for trip in active:
        block = block_of.get(trip)
        if block is not None:
            if block in last_of:
                next_in_block[last_of[block]] = trip
            last_of[block] = trip
    running = set(active)
    nexts: dict[int, list[int]] = {}
    for trip in active:
        follow = [other for other in joined.get(trip, ()) if other in running and _ends_before(trip, other, visits)]
        after = next_in_block.get(trip)
        if not follow and after is not None and (trip, after) not in apart and _meet(trip, after, visits):
            follow = [after]
        nexts[trip] = follow
    followed = {trip for follow in nexts.values() for trip in follow}
    chains: list[tuple[int, ...]] = []
    stack: list[tuple[int, ...]] = [(trip,) for trip in active if trip not in followed]
    while stack:
        chain = stack.pop()
        follow = [trip for trip in nexts[chain[-1]] if trip not in chain]
        if not follow:
            chains.append(chain)
        stack.extend((*chain, trip) for trip in follow)
    return chains


def _starts_s(trip: int, visits: Visits) -> int:
    return int(visits.depart_s[visits.trip_start[trip]])


def _ends_s(trip: int, visits: Visits) -> int:
    return int(visits.arrive_s[visits.trip_start[trip + 1] - 1])


def _ends_before(trip: int, after: int, visits: Visits) -> bool:
    return _ends_s(trip, visits) <= _starts_s(after, visits)


def _meet(trip: int, after: int, visits: Visits) -> bool:
    """Ends where and before the other begins."""
    last, first = visits.trip_start[trip + 1] - 1, visits.trip_start[after]
    return _ends_before(trip, after, visits) and bool(visits.stop[last] == visits.stop[first])


def remaining_days(trip_bits: U64, chains: Sequence[tuple[tuple[int, ...], U64]]) -> U64:
    """The days on which each trip is driven alone: its own, less those of the chains it is part of."""
    out = trip_bits.copy()
    for chain, bits in chains:
        for trip in chain:
            out[trip] &= ~bits
    return out


def trip_lengths(visits: Visits) -> I32:
    """Visits per trip."""
    return np.diff(visits.trip_start).astype(np.int32)

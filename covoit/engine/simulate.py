"""What another scale would have cost on the same trips: both are priced by `recompute`, the engine that pays, then
added up. Nobody changes habits here: who would drive more for more is not known, and the answer says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from covoit.engine.recompute import Amounts, Ints, Trips, recompute
from covoit.model.scale import Scale
from mobigo.base.decisions import Decision
from mobigo.base.money import Money

# Bounds of the histogram of what a trip is paid, in cents: from each, included, to the next, excluded; the last open.
BINS_CENTS: Final = (0, 1, 100, 200, 300, 400, 500, 750, 1_000, 1_500, 2_000)


@dataclass(frozen=True, slots=True)
class Totals:
    """What trips add up to under a scale."""

    trips: int
    paid_trips: int
    passengers: int  # seats of the journeys that count
    distance_m: int
    cost: Money
    fares: Money

    @property
    def net_cost(self) -> Money:
        """Subsidy less fares."""
        return self.cost - self.fares


@dataclass(frozen=True, slots=True)
class Moves:
    """How many get more, less, the same; and by how much in all."""

    winners: int
    losers: int
    unchanged: int
    gained: Money
    lost: Money  # positive


@dataclass(frozen=True, slots=True)
class Row:
    """One line (None: off the lines, or on several), one month."""

    line: str | None
    month: date  # its first day
    before: Totals
    after: Totals
    moves: Moves  # of its trips


@dataclass(frozen=True, slots=True)
class Bin:
    """Trips paid from `from_cents`, included, to `to_cents`, excluded (None: and more), under each scale."""

    from_cents: int
    to_cents: int | None
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Two scales on the same trips."""

    before_code: str
    after_code: str
    before: Totals
    after: Totals
    trips: Moves
    drivers: Moves | None  # None where drivers are unknown
    rows: tuple[Row, ...]  # by line, then month
    histogram: tuple[Bin, ...]
    assumptions: tuple[Decision, ...]


def what_if(trips: Trips, before: Scale, after: Scale) -> WhatIf:
    """The trips under two scales, each with its caps from nothing used. Raises what `recompute` raises."""
    old, new = recompute(trips, before), recompute(trips, after)
    change = new.amount - old.amount
    assumptions = dict.fromkeys([Decision("covoit.assume_same_habits"), *old.assumptions, *new.assumptions])
    return WhatIf(
        before.code,
        after.code,
        _totals(old, None)[0],
        _totals(new, None)[0],
        _moves(change, None)[0],
        _driver_moves(trips, change),
        _rows(trips, old, new, change),
        _histogram(old, new),
        tuple(assumptions),
    )


def _rows(trips: Trips, old: Amounts, new: Amounts, change: Ints) -> tuple[Row, ...]:
    if not len(trips):
        return ()
    months = int(trips.month.max()) + 1
    keys, group = np.unique(trips.label * months + trips.month, return_inverse=True)
    groups = _Groups(group, len(keys))
    parts = zip(keys.tolist(), _totals(old, groups), _totals(new, groups), _moves(change, groups), strict=True)
    found = []
    for key, before, after, moves in parts:
        label, month = divmod(key, months)
        found.append(Row(trips.labels[label], date(month // 12, month % 12 + 1, 1), before, after, moves))
    return tuple(sorted(found, key=lambda row: (row.line is None, row.line or "", row.month)))


class _Groups:
    """Sums of whole numbers by group, in whole numbers."""

    def __init__(self, group: Ints, count: int) -> None:
        self._order = np.argsort(group, kind="stable")
        self._starts = np.searchsorted(group[self._order], np.arange(count))

    def sums(self, values: Ints) -> list[int]:
        sums: list[int] = np.add.reduceat(values[self._order], self._starts).tolist()
        return sums


def _sums(values: Ints, groups: _Groups | None) -> list[int]:
    return [int(values.sum())] if groups is None else groups.sums(values)


def _totals(amounts: Amounts, groups: _Groups | None) -> list[Totals]:
    ones = np.ones(len(amounts.amount), dtype=np.int64)
    columns = (
        ones,
        (amounts.amount > 0).astype(np.int64),
        amounts.seats,
        amounts.distance_m,
        amounts.amount,
        amounts.fare,
    )
    return [
        Totals(trips, paid, passengers, distance, Money(cost), Money(fares))
        for trips, paid, passengers, distance, cost, fares in zip(
            *(_sums(column, groups) for column in columns), strict=True
        )
    ]


def _moves(change: Ints, groups: _Groups | None) -> list[Moves]:
    up, down = change > 0, change < 0
    columns = (
        up.astype(np.int64),
        down.astype(np.int64),
        (change == 0).astype(np.int64),
        np.where(up, change, 0),
        np.where(down, -change, 0),
    )
    return [
        Moves(winners, losers, same, Money(gained), Money(lost))
        for winners, losers, same, gained, lost in zip(*(_sums(column, groups) for column in columns), strict=True)
    ]


def _driver_moves(trips: Trips, change: Ints) -> Moves | None:
    """The same of drivers, each with all their trips."""
    if not trips.knows_people:
        return None
    drivers, group = np.unique(trips.driver, return_inverse=True)
    return _moves(np.array(_Groups(group, len(drivers)).sums(change), dtype=np.int64), None)[0]


def _histogram(old: Amounts, new: Amounts) -> tuple[Bin, ...]:
    before, after = (_counts(each.amount) for each in (old, new))
    ends: Sequence[int | None] = [*BINS_CENTS[1:], None]
    return tuple(Bin(*each) for each in zip(BINS_CENTS, ends, before, after, strict=True))


def _counts(amounts: Ints) -> list[int]:
    places = np.searchsorted(np.array(BINS_CENTS), amounts, side="right") - 1
    counts: list[int] = np.bincount(places, minlength=len(BINS_CENTS)).tolist()
    return counts

"""Complementary suppression: which further cells to hide, so that sums do not give back those that are too small.

For each cell that is not safe, the cheapest shift of the table that moves it far enough and keeps every sum; whatever
shifts is hidden (Cox, "Network models for complementary cell suppression", JASA 1995; the shift is a linear programme,
so hierarchies and linked tables need nothing special). The audit has the last word: what it finds is shifted again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from opendata.engine.audit import audit
from opendata.engine.lone import Found, found_by_the_lone
from opendata.model.secrecy import ALL, Audit, Cell, Table
from opendata.rules.secrecy import hidden

ROUNDS_MAX: Final = 25
TOGETHER: Final = 8  # cells that one shift moves: faster, and what is hidden for one often serves the next
_MOVED: Final = 1e-6
_MARGIN: Final = 50.0  # a margin tells more than a cell, and is hidden last


@dataclass(frozen=True)
class Suppressed:
    """The table as it may leave, and its audit; `audit.leaks` and `lone` hold what could not be made safe."""

    table: Table
    audit: Audit
    lone: tuple[Found, ...] = ()


def suppress(table: Table, k: int, *, frozen: frozenset[int] = frozenset(), seed: int = 0) -> Suppressed:
    """The table with enough hidden besides what already is. `frozen`: cells that readers know already, and that would
    hide nothing. Every cell needs its value. The same input gives the same table."""
    cells = list(table.cells)
    shift = _Shift(table, cells, k, frozen)
    for number in range(ROUNDS_MAX):
        now = Table(tuple(cells), table.sums)
        found = audit(now, seed=seed, hints=shift.tables, thorough=number > 0)
        lone = found_by_the_lone(now, found, seed=seed) if found.passed else []
        if found.passed and not lone:
            break
        before = sum(cell.hidden for cell in cells)
        shift.seen(found)
        shift.protect([leak.cell for leak in found.leaks], again=number > 0)
        for each in lone:
            shift.part(each.cell, each.alone)
        if number > 0 and sum(cell.hidden for cell in cells) == before:
            break
    return Suppressed(Table(tuple(cells), table.sums), found, tuple(lone))


class _Shift:
    """The programme of shifts: one variable up and one down for each cell that may move."""

    def __init__(self, table: Table, cells: list[Cell], k: int, frozen: frozenset[int]) -> None:
        self.table, self.cells, self.k, self.frozen = table, cells, k, frozen
        self.values = np.array([cell.value for cell in cells], dtype=np.int64)
        self.low, self.high = self.values.copy(), self.values.copy()
        self.tables: list[NDArray[np.int64]] = []
        self._linear: tuple[Any, list[Any], list[Any]] | None = None

    def seen(self, found: Audit) -> None:
        """Take in what an audit has shown to be possible already."""
        np.minimum(self.low, found.witnesses.min(axis=0), out=self.low)
        np.maximum(self.high, found.witnesses.max(axis=0), out=self.high)

    def protect(self, places: list[int], *, again: bool = False) -> None:
        """Hide what makes these cells safe, the neediest first, a few at once. `again`: they were shifted already, and
        that was not enough; shift each further, and where it cannot go up any more, down."""
        waiting = sorted(places, key=lambda place: (self._lack(place), place), reverse=True)
        while waiting:
            few = [place for place in waiting if again or self._lack(place) > 0][: 1 if again else TOGETHER]
            waiting = waiting[waiting.index(few[-1]) + 1 :] if few else []
            moved = self._cheapest({place: self._step(place, again) for place in few})
            if moved is not None:
                self._hide(moved)
                continue
            for place in few:  # not together: each by itself, and down where it cannot go up
                moved = self._cheapest({place: self._step(place, again)})
                if moved is None and again:
                    down = min(self._step(place, again), int(self.values[place]) - self.cells[place].floor)
                    moved = self._cheapest({place: -down})
                if moved is not None:
                    self._hide(moved)

    def part(self, place: int, alone: int) -> None:
        """Hide what lets this cell move while the cell `alone`, which somebody knows, stays."""
        for step in (1, -1):
            if step < 0 and self.values[place] <= self.cells[place].floor:
                continue
            moved = self._cheapest({place: step, alone: 0})
            if moved is not None:
                self._hide(moved)
                return

    def _step(self, place: int, again: bool) -> int:
        return max(self._lack(place), self.cells[place].width, 1) if again else self._lack(place)

    def _lack(self, place: int) -> int:
        cell = self.cells[place]
        wanted = max(int(self.low[place]) + cell.width, cell.reach)
        return 0 if self.high[place] >= wanted else wanted - int(self.values[place])

    def _hide(self, moved: NDArray[np.float64]) -> None:
        for place in np.flatnonzero(np.abs(moved) > _MOVED):
            if not self.cells[place].hidden:
                self.cells[place] = hidden(self.cells[place], self.k)
                self._free(int(place))
        whole = np.rint(moved).astype(np.int64)
        if all(whole[each.total] == whole[list(each.parts)].sum() for each in self.table.sums):
            self.tables.append(self.values + whole)
            np.minimum(self.low, self.tables[-1], out=self.low)
            np.maximum(self.high, self.tables[-1], out=self.high)

    def _cheapest(self, steps: Mapping[int, int]) -> NDArray[np.float64] | None:
        """How much each cell moves when these move by their steps (0: stay) at the least cost; None when they
        cannot."""
        from ortools.linear_solver import pywraplp

        if not any(steps.values()):
            return None
        solver, ups, downs = self._linear or self._built()
        before = {place: [(each[place].lb(), each[place].ub()) for each in (ups, downs)] for place in steps}
        for place, step in steps.items():
            ups[place].SetBounds(float(max(step, 0)), float(max(step, 0)))
            downs[place].SetBounds(float(max(-step, 0)), float(max(-step, 0)))
        moved = None
        if solver.Solve() == pywraplp.Solver.OPTIMAL:
            moved = np.array([u.solution_value() - d.solution_value() for u, d in zip(ups, downs, strict=True)])
        for place, bounds in before.items():
            for each, (low, high) in zip((ups, downs), bounds, strict=True):
                each[place].SetBounds(low, high)
        return moved

    def _built(self) -> tuple[Any, list[Any], list[Any]]:
        from ortools.linear_solver import pywraplp

        solver = pywraplp.Solver.CreateSolver("GLOP")
        ups, downs = [], []
        objective = solver.Objective()
        objective.SetMinimization()
        for place, cell in enumerate(self.cells):
            room = self._room(place, cell)
            ups.append(solver.NumVar(0.0, solver.infinity() if room is not None else 0.0, ""))
            downs.append(solver.NumVar(0.0, float(room or 0), ""))
            for variable in (ups[-1], downs[-1]):
                objective.SetCoefficient(variable, self._cost(cell))
        for each in self.table.sums:
            row = solver.Constraint(0.0, 0.0)
            for place, sign in ((each.total, -1.0), *((part, 1.0) for part in each.parts)):
                row.SetCoefficient(ups[place], sign)
                row.SetCoefficient(downs[place], -sign)
        self._linear = solver, ups, downs
        return self._linear

    def _room(self, place: int, cell: Cell) -> int | None:
        """How far down a cell may move; None when it may not move at all. What holds nobody hides nothing: readers
        often know that nobody can be there."""
        if place in self.frozen or (not cell.hidden and cell.value == 0):
            return None
        return int(self.values[place]) - (cell.floor if cell.hidden else 1)

    @staticmethod
    def _cost(cell: Cell) -> float:
        if cell.hidden:
            return 0.001
        return (_MARGIN if ALL in cell.key else 1.0) * (1.0 + float(np.log2(1 + (cell.value or 0))))

    def _free(self, place: int) -> None:
        assert self._linear is not None  # noqa: S101 - what moved was solved
        solver, ups, downs = self._linear
        for variable in (ups[place], downs[place]):
            solver.Objective().SetCoefficient(variable, self._cost(self.cells[place]))

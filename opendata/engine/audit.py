"""The audit before a release: what can a reader find out about a hidden cell, by every sum at once?

For each hidden cell the linear programme of the table gives the least and the greatest value that agree with all that
is shown (Fischetti and Salazar, "Models and algorithms for optimizing cell suppression in tabular data", JASA 2000). A
cell is safe only when whole tables prove it: each solution is a table, so a few of them show most cells safe at once.
Where the solution is no whole table (possible from three dimensions on), CP-SAT looks for one. What is not proven is a
leak.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from opendata.model.secrecy import Audit, Leak, Table

ROUNDS: Final = 12  # sweeps that pull many cells apart at once, before cells are taken one by one
SEARCH_S_MAX: Final = 5.0  # deterministic seconds that CP-SAT may look for one whole table
EXACT: Final = 1e-6


def audit(table: Table, *, seed: int = 0, hints: Sequence[NDArray[np.int64]] = (), thorough: bool = True) -> Audit:
    """The leaks of a table: hidden cells for which two possible values `width` apart, or one of `reach`, are lacking.

    `hints`: tables that may be possible; each is checked before it proves anything. Not `thorough`: cells that a few
    sweeps do not show safe are told as leaks that are not proven, in a fraction of the time. The same input gives the
    same answer. Raises ValueError when the sums contradict what is known.
    """
    base = np.array([0 if cell.value is None else cell.value for cell in table.cells], dtype=np.int64)
    parts = [Component(table, places, base) for places in components(table)]
    if any(cell.value is None for cell in table.cells):
        for part in parts:
            base[part.places] = part.any_table()
    _contradictions(table, base)
    random = np.random.default_rng(seed)
    leaks: list[Leak] = []
    witnesses = [base]
    for part in parts:
        tables, found = part.judge(base[part.places], random, [hint[part.places] for hint in hints], thorough)
        leaks += found
        # Parts know nothing of one another: each fills its own columns of the witnesses, and adds those that lack.
        for number, values in enumerate(tables, start=1):
            if number == len(witnesses):
                witnesses.append(base.copy())
            witnesses[number][part.places] = values
    leaks.sort(key=lambda leak: leak.cell)
    return Audit(tuple(leaks), sum(len(part.places) for part in parts), np.array(witnesses))


def _contradictions(table: Table, values: NDArray[np.int64]) -> None:
    for each in table.sums:
        if values[each.total] != values[list(each.parts)].sum():
            raise ValueError(f"the parts of {table.cells[each.total].key} do not add up to it")
    for cell, value in zip(table.cells, values, strict=True):
        if cell.hidden and (value < cell.floor or (cell.ceiling is not None and value > cell.ceiling)):
            raise ValueError(f"{cell.key} is not what readers know of it")


def components(table: Table) -> list[list[int]]:
    """The hidden cells, in groups that sums connect; what one group holds tells nothing of another."""
    parent = {place: place for place, cell in enumerate(table.cells) if cell.hidden}

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for each in table.sums:
        unknown = [place for place in (each.total, *each.parts) if place in parent]
        for place in unknown[1:]:
            parent[root(place)] = root(unknown[0])
    groups: dict[int, list[int]] = defaultdict(list)
    for place in parent:
        groups[root(place)].append(place)
    return [sorted(groups[first]) for first in sorted(groups)]


class Component:
    """Hidden cells that sums connect, as a linear programme that is built once and asked many times."""

    def __init__(self, table: Table, places: list[int], values: NDArray[np.int64]) -> None:
        self.places = np.array(places)
        self.cells = [table.cells[place] for place in places]
        self.floors = np.array([cell.floor for cell in self.cells], dtype=np.int64)
        self.width = np.array([cell.width for cell in self.cells], dtype=np.int64)
        self.reach = np.array([cell.reach for cell in self.cells], dtype=np.int64)
        mine = {place: at for at, place in enumerate(places)}
        # Each sum as (cells that are added, cells that are taken off, what the shown ones leave): added - taken = left.
        self.sums: list[tuple[list[int], list[int], int]] = []
        for each in table.sums:
            added = [mine[place] for place in each.parts if place in mine]
            taken = [mine[each.total]] if each.total in mine else []
            if added or taken:
                shown = sum(int(values[place]) for place in each.parts if place not in mine)
                self.sums.append((added, taken, (0 if taken else int(values[each.total])) - shown))
        greatest = max([abs(left) for _added, _taken, left in self.sums] + [int(values[place]) for place in places])
        room = len(places) * (int(self.floors.max()) + 1) + 2 * greatest + 10 * int(self.width.max()) + 1_000
        self.ceilings = np.array([room if c.ceiling is None else c.ceiling for c in self.cells], dtype=np.int64)
        self._linear: tuple[Any, list[Any]] | None = None

    def judge(
        self, start: NDArray[np.int64], random: np.random.Generator, hints: Sequence[NDArray[np.int64]], thorough: bool
    ) -> tuple[list[NDArray[np.int64]], list[Leak]]:
        """Tables that prove cells safe, and the cells that none does. `start`: a table that is possible."""
        low, high = start.copy(), start.copy()
        tables: list[NDArray[np.int64]] = []

        def seen(values: NDArray[np.int64] | None) -> None:
            if values is not None and ((values < low) | (values > high)).any():
                tables.append(values)
                np.minimum(low, values, out=low)
                np.maximum(high, values, out=high)

        def unsafe() -> NDArray[np.int64]:
            return np.flatnonzero((high - low < self.width) | (high < self.reach))

        for hint in hints:
            seen(self.whole(hint))
        for _ in range(ROUNDS):
            if len(unsafe()) < (2 if thorough else 1):
                break
            wanted = np.zeros(len(self.cells))
            wanted[unsafe()] = random.choice((-1.0, 1.0), size=len(unsafe()))
            for weights in (wanted, -wanted):
                seen(self.whole(self.greatest(weights)))
        if not thorough:
            return tables, [
                Leak(int(self.places[at]), self.cells[at].key, int(low[at]), int(high[at]), False) for at in unsafe()
            ]
        leaks = []
        for at in unsafe():
            if high[at] - low[at] >= self.width[at] and high[at] >= self.reach[at]:
                continue  # shown safe by a table found for another cell
            bounds = []
            for sign in (1, -1):
                weights = np.zeros(len(self.cells))
                weights[at] = sign
                solution = self.greatest(weights)
                bounds.append(int(np.floor(sign * solution[at] + EXACT)) * sign)
                seen(self.whole(solution))
                if at not in unsafe():
                    break
            if at not in unsafe():
                continue
            upper, lower = bounds
            proven = upper - lower < self.width[at] or upper < self.reach[at]
            if not proven:
                seen(self.search(int(at), int(max(low[at] + self.width[at], self.reach[at]))))
            if at in unsafe():
                leaks.append(Leak(int(self.places[at]), self.cells[at].key, lower, upper, bool(proven)))
        return tables, leaks

    @contextmanager
    def holding(self, at: int, value: int) -> Iterator[None]:
        """Ask as someone who knows this cell's value, inside the block."""
        before = self.floors[at], self.ceilings[at]
        self._bound(at, value, value)
        try:
            yield
        finally:
            self._bound(at, int(before[0]), int(before[1]))

    def _bound(self, at: int, floor: int, ceiling: int) -> None:
        self.floors[at], self.ceilings[at] = floor, ceiling
        if self._linear is not None:
            self._linear[1][at].SetBounds(float(floor), float(ceiling))

    def greatest(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values that make the weighted sum greatest. Raises ValueError when no value agrees with what is shown."""
        from ortools.linear_solver import pywraplp

        if self._linear is None:
            solver = pywraplp.Solver.CreateSolver("GLOP")
            variables = [
                solver.NumVar(float(low), float(high), "") for low, high in zip(self.floors, self.ceilings, strict=True)
            ]
            for added, taken, left in self.sums:
                row = solver.Constraint(float(left), float(left))
                for at in added:
                    row.SetCoefficient(variables[at], 1.0)
                for at in taken:
                    row.SetCoefficient(variables[at], -1.0)
            self._linear = solver, variables
        solver, variables = self._linear
        objective = solver.Objective()
        objective.SetMaximization()
        for variable, weight in zip(variables, weights, strict=True):
            objective.SetCoefficient(variable, float(weight))
        if solver.Solve() != pywraplp.Solver.OPTIMAL:
            raise ValueError(f"no table agrees with what is shown around {self.cells[0].key}")
        return np.array([variable.solution_value() for variable in variables])

    def whole(self, solution: NDArray[Any]) -> NDArray[np.int64] | None:
        """The solution as a table of whole numbers; None when it is none."""
        values: NDArray[np.int64] = np.rint(solution).astype(np.int64)
        if (values < self.floors).any() or (values > self.ceilings).any():
            return None
        if any(values[added].sum() - values[taken].sum() != left for added, taken, left in self.sums):
            return None
        return values

    def any_table(self) -> NDArray[np.int64]:
        """Some whole table. Raises ValueError when none agrees with what is shown."""
        found = self.whole(self.greatest(np.zeros(len(self.cells))))
        if found is None:
            found = self.search(0, int(self.floors[0]))
        if found is None:
            raise ValueError(f"no table agrees with what is shown around {self.cells[0].key}")
        return found

    def search(self, at: int, least: int | None = None, most: int | None = None) -> NDArray[np.int64] | None:
        """A whole table in which this cell lies between these; None when none is found in the time allowed."""
        from ortools.sat.python import cp_model

        model = cp_model.CpModel()
        variables = [
            model.new_int_var(int(low), int(high), "") for low, high in zip(self.floors, self.ceilings, strict=True)
        ]
        for added, taken, left in self.sums:
            model.add(sum(variables[one] for one in added) - sum(variables[one] for one in taken) == left)
        if least is not None:
            model.add(variables[at] >= least)
        if most is not None:
            model.add(variables[at] <= most)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.max_deterministic_time = SEARCH_S_MAX
        if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        return np.array([solver.value(variable) for variable in variables], dtype=np.int64)

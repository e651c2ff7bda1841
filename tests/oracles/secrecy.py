"""What a reader finds out about the hidden cells of a published table, worked out apart from the gate: from the
published figures alone, by HiGHS (the gate uses GLOP and CP-SAT) or by trying every table.
"""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import block_diag, csr_matrix

Published = Mapping[tuple[str, ...], int | None]  # None: hidden; "*" stands for a total


def equations(published: Published) -> tuple[list[tuple[str, ...]], list[tuple[list[int], list[int], int]]]:
    """The hidden keys, and each sum as (hidden parts, hidden total, what the shown cells leave between them)."""
    unknown = [key for key, value in published.items() if value is None]
    at = {key: number for number, key in enumerate(unknown)}
    levels: dict[frozenset[int], list[tuple[str, ...]]] = {}
    for key in published:
        levels.setdefault(frozenset(place for place, value in enumerate(key) if value != "*"), []).append(key)
    found = []
    for coarse, totals in levels.items():
        for fine, keys in levels.items():
            if not coarse < fine:
                continue
            for total in totals:
                parts = [key for key in keys if all(t in ("*", p) for t, p in zip(total, key, strict=True))]
                hidden = [at[key] for key in parts if key in at]
                left = (published[total] or 0) - sum(published[key] or 0 for key in parts if key not in at)
                if hidden or total in at:
                    found.append((hidden, [at[total]] if total in at else [], left))
    return unknown, found


def bounds(
    published: Published, floor: int | Mapping[tuple[str, ...], int] = 1, ceiling: int = 100_000
) -> dict[tuple[str, ...], tuple[float, float]]:
    """The least and the greatest value of each hidden cell: one programme whose blocks are all the questions."""
    unknown, sums = equations(published)
    if not unknown:
        return {}
    matrix = np.zeros((len(sums), len(unknown)))
    for row, (parts, total, _left) in enumerate(sums):
        matrix[row, parts] = 1
        matrix[row, total] = -1
    right = [left for _parts, _total, left in sums]
    count = len(unknown)
    limits = [(floor if isinstance(floor, int) else floor[key], ceiling) for key in unknown]
    aim = np.concatenate([np.eye(count).ravel(), -np.eye(count).ravel()])
    blocks = block_diag([csr_matrix(matrix)] * (2 * count), format="csr") if sums else None
    answer = linprog(
        aim, A_eq=blocks, b_eq=right * (2 * count) if sums else None, bounds=limits * (2 * count), method="highs"
    )
    assert answer.status == 0, answer.message
    values = answer.x.reshape(2, count, count)
    return {key: (round(values[0, at, at], 6), round(values[1, at, at], 6)) for at, key in enumerate(unknown)}


def every_value(published: Published, ceiling: int, floor: int = 1) -> dict[tuple[str, ...], set[int]]:
    """Every value that each hidden cell may have, in whole tables whose hidden cells are at most `ceiling`, by trying
    them all: for small tables with few hidden cells."""
    unknown, sums = equations(published)
    seen: dict[tuple[str, ...], set[int]] = {key: set() for key in unknown}
    free, order = _free(len(unknown), sums)
    for chosen in product(range(floor, ceiling + 1), repeat=len(free)):
        values: dict[int, int] = dict(zip(free, chosen, strict=True))
        if _filled(values, order, sums, floor, ceiling):
            for at, key in enumerate(unknown):
                seen[key].add(values[at])
    return seen


def _free(count: int, sums: Sequence[tuple[list[int], list[int], int]]) -> tuple[list[int], list[tuple[int, int]]]:
    """Unknowns to try, and in which order the others follow: (unknown, the sum it follows from)."""
    free: list[int] = []
    order: list[tuple[int, int]] = []
    known: set[int] = set()
    while len(known) < count:
        follows = next(
            (
                (next(at for at in (*parts, *total) if at not in known), number)
                for number, (parts, total, _left) in enumerate(sums)
                if sum(at not in known for at in (*parts, *total)) == 1
            ),
            None,
        )
        if follows is not None:
            order.append(follows)
            known.add(follows[0])
        else:
            wanted = next(at for at in range(count) if at not in known)
            free.append(wanted)
            order.append((wanted, -1))
            known.add(wanted)
    return free, order


def _filled(
    values: dict[int, int], order: Sequence[tuple[int, int]], sums: Sequence[tuple[list[int], list[int], int]],
    floor: int, ceiling: int,
) -> bool:  # fmt: skip
    for at, number in order:
        if number >= 0:
            parts, total, left = sums[number]
            if at in total:
                values[at] = sum(values[part] for part in parts) - left
            else:
                values[at] = left + sum(values[one] for one in total) - sum(values[p] for p in parts if p != at)
        if not floor <= values[at] <= ceiling:
            return False
    return all(
        sum(values[part] for part in parts) - sum(values[one] for one in total) == left for parts, total, left in sums
    )

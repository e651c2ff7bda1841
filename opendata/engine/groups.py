"""The gate for groups of people that share members, each counted in public: the pupils of circuits. A circuit of the
morning and one of the evening that differ by one pupil give that pupil away, though each has thirty.

The people are cut into the parts that the groups tell apart; groups are hidden until no part of a few people can be
found from those that are left. A hidden group is not even named: what is published lists the others.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from mobigo.base.datasets import Cell as Value
from mobigo.base.datasets import Dataset, Row
from mobigo.base.errors import Refused
from opendata.engine.release import Reduced, differences, judge, named
from opendata.engine.suppression import suppress
from opendata.model.secrecy import Cell, Key, Policy, Release, Shown, Table, View
from opendata.rules import differencing
from opendata.rules.secrecy import hidden, overlapping, rounded

BANDS: Final = (11, 21, 31, 41, 51)  # the least of each; the last one has no end


def reduce_groups(dataset: Dataset, policy: Policy, by: str, period: str, before: Sequence[Release] = ()) -> Reduced:
    """The groups that may be counted, with their count rounded and its band. Each row of the dataset is a group, named
    in the column `by`; `behind` are its members, all of them.

    Raises Refused("opendata.cell_recoverable"), Refused("opendata.cell_found_by_one") or
    Refused("opendata.difference_recoverable") naming the group; ValueError for a group without its members or named
    twice, and for a policy weaker than what the module asks for.
    """
    rows = [tuple(row) for row in dataset.rows()]
    groups = _groups(dataset, policy, by, rows)
    same = [each for each in before if each.dataset == policy.dataset and each.period == period]
    table, known = _known(overlapping(groups, policy.k), groups, same, policy.k)
    suppressed = suppress(table, policy.k, frozen=known)
    judge(suppressed.table, suppressed.audit, policy.dataset)
    for each in suppressed.lone:
        raise Refused(
            "opendata.cell_found_by_one", dataset=policy.dataset, cell=named(each.key), alone=named(each.alone_key),
            count=len(suppressed.lone),
        )  # fmt: skip
    figures: dict[Key, Shown | None] = {
        cell.key: None if cell.hidden else _figures(cell.value or 0, policy)
        for cell in suppressed.table.cells[: len(groups)]  # the parts follow, and a part may be named as its group
    }
    shown = differencing.held(figures, _latest(same), policy.k)
    release = Release(
        dataset=policy.dataset, subject=policy.subject, period=period, k=policy.k, least_change=policy.k,
        base=policy.base, dimensions=(by,), cells=shown,
    )  # fmt: skip
    differences(release, [each for each in before if each not in same], same)
    kept = _rows(dataset, policy, by, rows, shown)
    secret = sum(figures is None for figures in shown.values())
    tally = {"rows": len(rows), "cells": len(shown), "hidden": secret, "shown": len(kept)}
    view = policy.views[0]
    return Reduced(((view, view.by, kept),), release, suppressed.table, suppressed.audit, tally)


def band(count: int) -> int:
    """The least of the band that a count falls into."""
    return max((least for least in BANDS if least <= count), default=BANDS[0])


def band_named(least: int) -> str:
    """The band as it is read: "11 à 20", "51 et plus"."""
    after = [each for each in BANDS if each > least]
    return f"{least} à {after[0] - 1}" if after else f"{least} et plus"


def _groups(dataset: Dataset, policy: Policy, by: str, rows: Sequence[Row]) -> dict[str, set[str]]:
    if dataset.privacy is None or dataset.behind is None or policy.k < dataset.privacy.k:
        raise ValueError(f"{policy.dataset}: who is behind the rows, and from how many on, must be said")
    names, behind = list(dataset.names), dataset.behind()
    name, count = names.index(by), names.index(policy.count)
    groups = {str(row[name]): set(people) for row, people in zip(rows, behind, strict=True)}
    if len(groups) < len(rows):
        raise ValueError(f"{policy.dataset}: two rows for one group")
    for row in rows:
        if row[count] != len(groups[str(row[name])]):
            raise ValueError(f"{policy.dataset}: {row[name]} counts others than its members")
    return {group: people for group, people in groups.items() if people}  # nobody: nothing to tell


def _known(
    table: Table, groups: Mapping[str, set[str]], same: Sequence[Release], k: int
) -> tuple[Table, frozenset[int]]:
    """What earlier releases of the same period say: a group that they show, but for a few people, cannot be hidden any
    more; one that they hide stays hidden."""
    earlier = _latest(same)
    cells, known = list(table.cells), set()
    for place, cell in enumerate(cells[: len(groups)]):
        if cell.key not in earlier:
            continue
        figures = earlier[cell.key]
        if figures is None:
            cells[place] = hidden(cell, k)
        elif abs(int(figures[0] or 0) - (cell.value or 0)) < k:
            known.add(place)
            cells[place] = Cell(cell.key, cell.value)
    for place in _own_parts(table, {at for at in known if (cells[at].value or 0) < k}):
        cells[place] = replace(cells[place], width=0, reach=0)
    return Table(tuple(cells), table.sums), frozenset(known)


def _own_parts(table: Table, fallen: Collection[int]) -> list[int]:
    """The parts that only one of these groups has: groups that were shown and have fallen under `k` since. Their figure
    stays as it was, from `k` on: what is left of them cannot be subtracted from it."""
    seen = Counter(part for each in table.sums for part in each.parts)
    return [part for each in table.sums if each.total in fallen for part in each.parts if seen[part] == 1]


def _latest(same: Sequence[Release]) -> dict[Key, Shown | None]:
    latest: dict[Key, Shown | None] = {}
    for each in same:
        latest |= each.cells
    return latest


def _figures(count: int, policy: Policy) -> Shown:
    return rounded(count, policy.base, policy.k), band(count)


def _rows(
    dataset: Dataset, policy: Policy, by: str, rows: Sequence[Row], shown: Mapping[Key, Shown | None]
) -> tuple[Row, ...]:
    """The rows of the groups that are shown, in the view's columns; the count is the one that is published."""
    view: View = policy.views[0]
    names = list(dataset.names)
    name = names.index(by)
    kept: list[Row] = []
    for row in rows:
        figures = shown.get((str(row[name]),))
        if figures is None:
            continue
        told: dict[str, Value] = {policy.count: int(figures[0] or 0), "tranche": band_named(int(figures[1] or 0))}
        kept.append(tuple(told[column] if column in told else row[names.index(column)] for column in view.by))
    return tuple(sorted(kept, key=repr))

"""The gate: exact rows in, what may be published out, with the audit that proves it; or a refusal that names the cell.

In order: coarser words; cells under the threshold hidden; groups of one sensitive value hidden; what earlier releases
made known taken into account; further cells hidden until the audit passes; the proof checked apart from the solver;
rounding; the figures of small corrections left as they were; differences between releases.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from mobigo.base.datasets import Dataset, Row
from mobigo.base.errors import Refused
from opendata.engine.audit import audit
from opendata.engine.suppression import suppress
from opendata.model.secrecy import ALL, Audit, Cell, Key, Policy, Release, Shown, Table, View
from opendata.rules import differencing, policies, witness
from opendata.rules.recoding import RECODINGS, registry_trips
from opendata.rules.secrecy import (
    counted,
    first_hidden,
    kept,
    not_diverse,
    removed_under_k,
    rounded,
    tabulated,
    totals,
)

PEOPLE_MIN: Final = 3  # passengers, and drivers, behind each value of each group: a commuter alone makes forty rows
IDS: Final = ("journey_id", "trip_id")  # random in each release: they say nothing of whether two rows are the same


@dataclass(frozen=True)
class Reduced:
    """What may leave: for each view its columns and rows, what readers will then know, the proof, and how much was
    taken, shown, hidden, removed, left as it was."""

    files: tuple[tuple[View, tuple[str, ...], tuple[Row, ...]], ...]
    release: Release
    table: Table
    audit: Audit
    counts: Mapping[str, int]


def reduce_counts(dataset: Dataset, policy: Policy, period: str, before: Sequence[Release] = ()) -> Reduced:
    """The counts of a dataset as its policy shows them. `before`: every release of the same subject so far.

    Raises Refused("opendata.cell_recoverable") or Refused("opendata.difference_recoverable") naming the cell,
    ValueError for a policy that does not hold what the module asks for.
    """
    if found := policies.faults(policy, dataset):
        raise ValueError("; ".join(found))
    names, rows = _derived(dataset, policy)
    at = {name: place for place, name in enumerate(names)}
    counts = counted(rows, [at[name] for name in policy.dimensions], at[policy.count])
    same = [each for each in before if each.dataset == policy.dataset and each.period == period]
    table = _hidden(counts, policy, _unfit(rows, at, policy), same)
    table, known = _known(table, same, policy)
    suppressed = suppress(table, policy.k, frozen=known)
    judge(suppressed.table, suppressed.audit, policy.dataset)
    for each in suppressed.lone:
        raise Refused(
            "opendata.cell_found_by_one", dataset=policy.dataset, cell=named(each.key), alone=named(each.alone_key),
            count=len(suppressed.lone),
        )  # fmt: skip
    shown = differencing.held(_figures(suppressed.table, rows, at, policy), _latest(same), policy.k_greatest)
    places = tuple(policy.dimensions.index(name) for name in policy.time)
    release = Release(
        dataset=policy.dataset, subject=policy.subject, period=period, k=policy.k,
        least_change=policy.k_greatest, base=policy.base, dimensions=policy.dimensions, time=places, cells=shown,
    )  # fmt: skip
    differences(release, [each for each in before if each not in same], same)
    hidden = sum(figures is None for figures in shown.values())
    tally = {"rows": len(rows), "cells": len(shown), "hidden": hidden, "shown": len(shown) - hidden}
    return Reduced(_files(shown, policy), release, suppressed.table, suppressed.audit, tally)


def reduce_trips(
    dataset: Dataset, period: str, before: Sequence[Release] = (), *, dense: Collection[str] = ()
) -> Reduced:
    """Journeys row by row, as the national registry publishes them: the groups of the declared policy to the fixed
    point, three passengers and three drivers at least in each, then coarser words.

    Raises Refused("opendata.few_rows_differ") when a version of the same period differs from one before by fewer than
    `k` rows, ValueError without a declared policy.
    """
    if dataset.privacy is None:
        raise ValueError(f"{dataset.code} declares no privacy policy")
    names, rows, k = list(dataset.names), [tuple(row) for row in dataset.rows()], dataset.privacy.k
    groups = [[names.index(name) for name in group] for group in dataset.privacy.groups]
    behind = [] if dataset.behind is None else dataset.behind()
    out = removed_under_k(rows, groups, k, behind=behind, people=PEOPLE_MIN)
    left = registry_trips(names, [row for place, row in enumerate(rows) if place not in out], dense)
    ids = {names.index(name) for name in IDS}
    prints = tuple(
        sorted(
            sha256(repr([cell for at, cell in enumerate(row) if at not in ids]).encode()).hexdigest()[:16]
            for row in left
        )
    )
    release = Release(dataset=dataset.code, subject=dataset.code, period=period, k=k, rows=prints)
    for each in before:
        if each.dataset == dataset.code and each.period == period:
            between = differencing.rows_between(release, each)
            if 0 < between < k:
                raise Refused("opendata.few_rows_differ", dataset=dataset.code, period=period, count=between, k=k)
    empty = Table(())
    tally = {"rows": len(rows), "removed": len(out), "shown": len(left)}
    view = View(dataset.code, tuple(names), dataset.title)
    return Reduced(((view, tuple(names), tuple(left)),), release, empty, audit(empty), tally)


def judge(table: Table, found: Audit, dataset: str) -> None:
    """The gate's word on a table. Raises Refused("opendata.cell_recoverable") naming the first cell that readers could
    find, and how many there are; Refused("opendata.proof_lacking") when the proof does not hold."""
    if found.leaks:
        worst = min(found.leaks, key=lambda leak: leak.upper - leak.lower)
        raise Refused(
            "opendata.cell_recoverable", dataset=dataset, cell=named(worst.key), lower=worst.lower, upper=worst.upper,
            count=len(found.leaks),
        )  # fmt: skip
    if wrong := witness.faults(table, found):
        raise Refused("opendata.proof_lacking", dataset=dataset, reason=wrong[0])


def differences(release: Release, others: Sequence[Release], same: Sequence[Release]) -> None:
    """What the release tells together with those before. Raises Refused("opendata.difference_recoverable")."""
    for each in same:
        for found in differencing.version_differences(release, each):
            raise Refused(
                "opendata.difference_recoverable", dataset=release.dataset, cell=" ".join(found.key), other=found.other,
                lower=found.lower, upper=found.upper,
            )  # fmt: skip
    latest = list({(each.dataset, each.period): each for each in others}.values())
    for table, other in differencing.windows_tables([*latest, release], release.k):
        for leak in audit(table).leaks:
            if leak.upper > 0:
                raise Refused(
                    "opendata.difference_recoverable", dataset=release.dataset, cell=named(leak.key), other=other,
                    lower=leak.lower, upper=leak.upper,
                )  # fmt: skip


def named(key: Key) -> str:
    """The cell as people name it: its values, totals left out."""
    return " · ".join(value for value in key if value != ALL) or "total"


def _derived(dataset: Dataset, policy: Policy) -> tuple[list[str], list[Row]]:
    names, rows = list(dataset.names), [tuple(row) for row in dataset.rows()]
    for new, source, recoding in policy.derive:
        place, recode = names.index(source), RECODINGS[recoding]
        names.append(new)
        rows = [(*row, recode(row[place])) for row in rows]
    return names, rows


def _unfit(rows: Sequence[Row], at: Mapping[str, int], policy: Policy) -> set[Key]:
    """Cells and totals with too few people of some kind. A total has at least as many as the part that has most; more
    is not known, since one person may be in several: the two ways of a line are often one driver's."""
    levels = [[policy.dimensions.index(name) for name in level] for level in policy.margins] + [
        list(range(len(policy.dimensions)))
    ]
    most: dict[tuple[Key, str], float] = {}
    for row in rows:
        key = tuple(str(row[at[name]]) for name in policy.dimensions)
        for level in levels:
            for name, _least in policy.least:
                cell = kept(key, level), name
                most[cell] = max(most.get(cell, 0), float(row[at[name]] or 0))
    least = dict(policy.least)
    return {key for (key, name), count in most.items() if count < least[name]}


def _hidden(counts: Mapping[Key, int], policy: Policy, unfit: set[Key], same: Sequence[Release]) -> Table:
    """The table, with what must be hidden for its own sake."""
    place_of = {name: place for place, name in enumerate(policy.dimensions)}
    views = [[place_of[name] for name in view.by] for view in policy.views]
    margins = [[place_of[name] for name in margin] for margin in policy.margins]
    one_value: set[Key] = set()
    if policy.sensitive:
        sensitive = place_of[policy.sensitive]
        for view in views:
            if sensitive in view:
                one_value |= not_diverse(totals(counts, view), sensitive)
    before = {key for each in same for key, figures in each.cells.items() if figures is None}
    table = tabulated(counts, views, margins, zeros=sorted(one_value | before))  # what is empty now stays hidden too
    places = {cell.key: place for place, cell in enumerate(table.cells)}
    also = {places[key]: min(1, table.cells[places[key]].value or 0) for key in unfit | before if key in places}
    also |= {places[key]: 0 for key in one_value}
    return first_hidden(table, policy.k, also, policy.k_of)


def _known(table: Table, same: Sequence[Release], policy: Policy) -> tuple[Table, frozenset[int]]:
    """Cells that an earlier version of the same table shows, but for a few people: hiding them would hide nothing, so
    that they are shown (as they were: their corrections wait), and serve to hide nothing else."""
    earlier = _latest(same)
    cells, known = list(table.cells), set()
    for place, cell in enumerate(cells):
        figures = earlier.get(cell.key)
        if figures is not None and abs((figures[0] or 0) - (cell.value or 0)) < policy.k_greatest:
            known.add(place)
            cells[place] = Cell(cell.key, cell.value)
    return Table(tuple(cells), table.sums), frozenset(known)


def _latest(same: Sequence[Release]) -> dict[Key, Shown | None]:
    latest: dict[Key, Shown | None] = {}
    for each in same:
        latest |= each.cells
    return latest


def _figures(table: Table, rows: Sequence[Row], at: Mapping[str, int], policy: Policy) -> dict[Key, Shown | None]:
    """The published figures of each cell: the rounded count, then the measures."""
    measured: dict[Key, Shown] = {}
    if policy.measures:
        keys = [tuple(str(row[at[name]]) for name in policy.dimensions) for row in rows]
        if twice := [key for key, count in Counter(keys).items() if count > 1]:
            raise ValueError(f"{policy.dataset}: two rows for {twice[0]}")
        measured = {key: tuple(_measure(row, at, policy)) for key, row in zip(keys, rows, strict=True)}
    return {
        cell.key: None
        if cell.hidden
        else (rounded(cell.value or 0, policy.base, policy.k_of(cell.key)), *measured.get(cell.key, ()))
        for cell in table.cells
    }


def _measure(row: Row, at: Mapping[str, int], policy: Policy) -> list[float | None]:
    figures: list[float | None] = []
    for name, step in policy.measures:
        value = float(row[at[name]] or 0)
        blank = name in policy.blank_under_k and value < policy.k
        people = name in policy.blank_under_k or name in dict(policy.least)
        stepped = rounded(int(value), int(step), policy.k) if people else int(value / step + 0.5) * step
        figures.append(None if blank else int(stepped) if float(stepped).is_integer() else stepped)
    return figures


def _files(
    shown: Mapping[Key, Shown | None], policy: Policy
) -> tuple[tuple[View, tuple[str, ...], tuple[Row, ...]], ...]:
    files = []
    whole = set(policy.dimensions)
    for view in policy.views:
        places = [policy.dimensions.index(name) for name in view.by]
        further = tuple(name for name, _step in policy.measures) if set(view.by) == whole else ()
        rows = []
        for key, figures in sorted(shown.items()):
            if kept(key, places) == key and all(key[place] != ALL for place in places):
                filled = (
                    (*figures, *[None] * (1 + len(further) - len(figures))) if figures else (None,) * (1 + len(further))
                )
                rows.append((*(key[place] for place in places), *filled, figures is None))
        files.append((view, (*view.by, policy.count, *further, "secret"), tuple(rows)))
    return tuple(files)


def unchanged(reduced: Reduced, before: Release) -> bool:
    """Whether a release tells nothing that the one before did not."""
    return replace(reduced.release, period=before.period) == before

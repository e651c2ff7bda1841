"""Rules on keys: primary keys are unique, references lead somewhere, and the tables join at all."""

import numpy as np
from numpy.typing import NDArray

from mobigo.network.rules.schema import TABLES, Column, Table
from mobigo.network.rules.view import Rows, View

# Files that are not read as tables of ids, so that references to them cannot be judged here.
_UNREADABLE = {("stop_times", "location_id")}


def check(view: View) -> None:
    """Every rule of this file."""
    for name in view.tables.tables:
        table = TABLES.get(name)
        if table is not None and view.height(name):
            _unique(view, table)
            for column in table.columns.values():
                if column.refers and view.has(name, column.name):
                    _refers(view, name, column)
    _joins(view)


def _unique(view: View, table: Table) -> None:
    key = tuple(column for column in table.key if view.has(table.name, column))
    if not key or (len(key) < len(table.key) and table.name in ("stop_times", "calendar_dates", "shapes")):
        return
    if all(view.column(table.name, column).is_blank.all() for column in key):
        if view.height(table.name) > 1 and len(table.key) == 1 and table.columns[table.key[0]].required:
            view.tell("duplicate_key", table.name, np.arange(1, view.height(table.name)), key[0])
        return
    rows = repeated(view, table.name, key)
    if len(key) == 1:
        rows = rows[~view.column(table.name, key[0]).is_blank[rows]]
    view.tell("duplicate_key", table.name, rows, key[0], with_=key[1:])


def repeated(view: View, table: str, key: tuple[str, ...]) -> Rows:
    """The rows whose key was already given by a row above."""
    combined = view.column(table, key[0]).codes.astype(np.int64)
    for name in key[1:]:
        column = view.column(table, name)
        combined = combined * (len(column.values) + 1) + column.codes
        if len(key) > 2:
            combined = np.unique(combined, return_inverse=True)[1].astype(np.int64)
    if is_strictly_increasing(combined):
        return np.empty(0, np.int64)
    order = np.argsort(combined, kind="stable")
    same = combined[order][1:] == combined[order][:-1]
    return np.sort(order[1:][same])


def is_strictly_increasing(values: NDArray[np.int64]) -> bool:
    """Whether each value is above the one before: then none is repeated."""
    return bool((values[1:] > values[:-1]).all())


def _refers(view: View, table: str, column: Column) -> None:
    if (table, column.name) in _UNREADABLE:
        return
    targets = [target for target in column.refers if view.has(*target)]
    mine = view.column(table, column.name)
    if not targets and not any(target[0] in view.tables for target in column.refers) and not column.required:
        known: set[str] = set()
    else:
        known = set()
        for target in targets:
            known.update(view.column(*target).texts)
    missing = [code for code, value in enumerate(mine.texts) if value and value not in known]
    if missing:
        to = " | ".join(f"{other}.{key}" for other, key in column.refers)
        view.tell("foreign_key_violation", table, mine.rows_of(missing), column.name, refers_to=to)


def _joins(view: View) -> None:
    """Our own blocking fault: no trip has a route, or no visit has a trip and a stop, or no trip has a service."""
    for table, column, targets in (
        ("stop_times", "trip_id", (("trips", "trip_id"),)),
        ("stop_times", "stop_id", (("stops", "stop_id"),)),
        ("trips", "route_id", (("routes", "route_id"),)),
        ("trips", "service_id", (("calendar", "service_id"), ("calendar_dates", "service_id"))),
    ):
        if not view.has(table, column) or not view.height(table):
            continue
        mine = view.column(table, column)
        if (
            table == "stop_times"
            and column == "stop_id"
            and mine.is_blank.all()
            and view.has(table, "location_group_id")
        ):
            continue
        known = {value for target in targets if view.has(*target) for value in view.column(*target).texts if value}
        if known.isdisjoint(mine.texts):
            to = " | ".join(f"{other}.{key}" for other, key in targets)
            view.found.add("mobigo_nothing_joins", f"{table}.txt", None, column, refers_to=to, blocking=True)

"""Compiled timetables and street graphs on disk: one immutable folder each (`folders`)."""

from pathlib import Path

from mobigo.network.model import streets, timetable
from mobigo.network.model.streets import StreetGraph
from mobigo.network.model.timetable import Timetable
from mobigo.network.store.folders import load_columns, save_columns

TIMETABLE, STREETS = "timetable.json", "streets.json"
_SCALARS = ("hash", "zone", "first_day_ordinal", "day_count", "back_days")


def save(compiled: Timetable, root: Path) -> Path:
    """Write the timetable to `root/<hash>` and return that folder. Atomic: the folder appears whole or not at all;
    one that exists is kept."""
    scalars = {name: getattr(compiled, name) for name in _SCALARS}
    return save_columns(root / compiled.hash, TIMETABLE, scalars, compiled.arrays(), timetable.FORMAT)


def load(folder: Path) -> Timetable:
    """The timetable of a folder, its columns mapped read-only. Raises NotFound when the folder holds none of this
    format."""
    return Timetable(**load_columns(folder, TIMETABLE, Timetable, timetable.FORMAT))


def save_streets(graph: StreetGraph, folder: Path) -> Path:
    """Write the graph to `folder`, as `save` does."""
    return save_columns(folder, STREETS, {"hash": graph.hash}, graph.arrays(), streets.FORMAT)


def load_streets(folder: Path) -> StreetGraph:
    """The graph of a folder, as `load` does."""
    return StreetGraph(**load_columns(folder, STREETS, StreetGraph, streets.FORMAT))

"""Compiled timetables on disk: one folder each, a `.npy` file a column, written once, mapped into memory by every
process."""

import json
import os
import shutil
import tempfile
from dataclasses import fields
from pathlib import Path

import numpy as np

from mobigo.base.errors import NotFound
from mobigo.network.model.timetable import FORMAT, Strings, Timetable

_SCALARS = ("hash", "zone", "first_day_ordinal", "day_count", "back_days")


def save(timetable: Timetable, root: Path) -> Path:
    """Write the timetable to `root/<hash>` and return that folder. Atomic: the folder appears whole or not at all;
    one that exists is kept."""
    folder = root / timetable.hash
    if (folder / "timetable.json").exists():
        return folder
    root.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=root))
    try:
        for name, column in timetable.arrays():
            if isinstance(column, Strings):
                np.save(building / f"{name}.data.npy", column.data)
                np.save(building / f"{name}.starts.npy", column.starts)
            else:
                np.save(building / f"{name}.npy", np.ascontiguousarray(column))
        scalars = {name: getattr(timetable, name) for name in _SCALARS}
        (building / "timetable.json").write_text(json.dumps({"format": FORMAT, **scalars}, indent=1))
        for path in building.iterdir():
            with path.open("rb") as written:
                os.fsync(written.fileno())
        try:
            building.rename(folder)
        except OSError:  # another process wrote the same folder first; its content is the same
            if not (folder / "timetable.json").exists():
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def load(folder: Path) -> Timetable:
    """The timetable of a folder, its columns mapped read-only. Raises NotFound when the folder holds none of this
    format."""
    try:
        scalars = json.loads((folder / "timetable.json").read_text())
    except (OSError, ValueError):
        raise NotFound("network.no_compiled_network", folder=folder.name) from None
    if scalars.pop("format", None) != FORMAT:
        raise NotFound("network.compiled_by_another_version", folder=folder.name)
    columns: dict[str, object] = dict(scalars)
    for column in fields(Timetable):
        if column.name in scalars:
            continue
        if column.type is Strings:
            columns[column.name] = Strings(
                mapped(folder, f"{column.name}.data"), mapped(folder, f"{column.name}.starts")
            )
        else:
            columns[column.name] = mapped(folder, column.name)
    return Timetable(**columns)  # type: ignore[arg-type]  # the field list of the class itself names the columns


def mapped(folder: Path, name: str) -> np.ndarray:
    """The column of a file, read-only; mapped into memory unless it is small."""
    path = folder / f"{name}.npy"
    column = np.load(path, mmap_mode="r") if path.stat().st_size > 4096 else np.load(path)
    plain = np.asarray(column)  # a view of the mapping without memmap's cost at each slice
    plain.flags.writeable = False
    return plain

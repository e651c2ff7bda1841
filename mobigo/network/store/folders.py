"""Immutable folders of columns: a `.npy` file each and a head in JSON, written once, mapped into memory by every
process."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from mobigo.base.errors import NotFound
from mobigo.network.model.timetable import Strings

KEEP = timedelta(hours=1)  # how long a folder that is no longer in use stays


def save_columns(
    folder: Path, head: str, scalars: dict[str, object], columns: Iterable[tuple[str, object]], format_: int
) -> Path:
    """Write the columns and, in the file `head`, the scalars. Atomic: the folder appears whole or not at all; one that
    exists is kept."""
    if (folder / head).exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        for name, column in columns:
            if isinstance(column, Strings):
                np.save(building / f"{name}.data.npy", column.data)
                np.save(building / f"{name}.starts.npy", column.starts)
            else:
                np.save(building / f"{name}.npy", np.ascontiguousarray(column))
        (building / head).write_text(json.dumps({"format": format_, **scalars}, indent=1))
        for path in building.iterdir():
            with path.open("rb") as written:
                os.fsync(written.fileno())
        try:
            building.rename(folder)
        except OSError:  # another process wrote the same folder first; its content is the same
            if not (folder / head).exists():
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def load_columns(folder: Path, head: str, kind: type, format_: int) -> dict[str, Any]:
    """The fields of `kind`, columns mapped read-only. Raises NotFound when the folder holds none of this format."""
    try:
        found: dict[str, Any] = json.loads((folder / head).read_text())
    except (OSError, ValueError):
        raise NotFound("network.no_compiled_network", folder=folder.name) from None
    if found.pop("format", None) != format_:
        raise NotFound("network.compiled_by_another_version", folder=folder.name)
    for column in fields(kind):
        if column.name in found:
            continue
        if column.type is Strings:
            found[column.name] = Strings(mapped(folder, f"{column.name}.data"), mapped(folder, f"{column.name}.starts"))
        else:
            found[column.name] = mapped(folder, column.name)
    return found


def sweep(root: Path, in_use: str, now: datetime) -> int:
    """Remove the folders that served before and are `KEEP` old; a process that still maps one keeps its pages."""
    removed = 0
    for folder in root.glob("*") if root.is_dir() else ():
        old = folder.is_dir() and folder.stat().st_mtime < (now - KEEP).timestamp()
        if old and folder.name != in_use:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def mapped(folder: Path, name: str) -> np.ndarray:
    """The column of a file, read-only; mapped into memory unless it is small."""
    path = folder / f"{name}.npy"
    column = np.load(path, mmap_mode="r") if path.stat().st_size > 4096 else np.load(path)
    plain = np.asarray(column)  # a view of the mapping without memmap's cost at each slice
    plain.flags.writeable = False
    return plain

"""Addresses on disk: an immutable folder of columns named by what they were made of, mapped into memory by every
process, and one small file that says which folder is in use. All of it lies under `MOBIGO_HOME/addresses`."""

import json
import os
import shutil
import tempfile
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

import numpy as np

from mobigo.infra.blobs import write_whole
from mobigo.network.model.addresses import FORMAT, Addresses
from mobigo.network.model.timetable import Strings
from mobigo.network.store.folders import mapped

FOLDER = "addresses"
CURRENT = "current.json"


@dataclass(frozen=True, slots=True)
class InUse:
    """What is searched now: the folder's name, where it comes from, how much it holds, since when."""

    hash: str
    files: tuple[str, ...]
    addresses: int
    streets: int
    communes: int
    imported_at: datetime


def save(addresses: Addresses, home: Path) -> Path:
    """Write the columns to their folder, which appears whole or not at all; one that exists is kept."""
    root = home / FOLDER
    folder = root / addresses.hash
    if folder.exists():
        return folder
    root.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=root))
    try:
        for column in fields(Addresses):
            value = getattr(addresses, column.name)
            if isinstance(value, Strings):
                np.save(building / f"{column.name}.data.npy", value.data)
                np.save(building / f"{column.name}.starts.npy", value.starts)
            elif not isinstance(value, str):
                np.save(building / f"{column.name}.npy", np.ascontiguousarray(value))
        for path in building.iterdir():
            with path.open("rb") as written:
                os.fsync(written.fileno())
        try:
            building.rename(folder)
        except OSError:  # another process wrote the same one first; its content is the same
            if not folder.exists():
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def use(in_use: InUse, home: Path) -> None:
    """Search these addresses from now on, and drop the folders of those before: who reads one still has it mapped."""
    document = {
        "format": FORMAT,
        "hash": in_use.hash,
        "files": list(in_use.files),
        "addresses": in_use.addresses,
        "streets": in_use.streets,
        "communes": in_use.communes,
        "imported_at": in_use.imported_at.isoformat(),
    }
    root = home / FOLDER
    write_whole(root / CURRENT, lambda file: file.write(json.dumps(document, ensure_ascii=False, indent=1).encode()))
    for other in root.iterdir():
        if other.is_dir() and other.name != in_use.hash and not other.name.startswith("."):
            shutil.rmtree(other, ignore_errors=True)


def forget(home: Path) -> bool:
    """Search no addresses any more; whether there were some."""
    root = home / FOLDER
    found = (root / CURRENT).exists()
    (root / CURRENT).unlink(missing_ok=True)
    shutil.rmtree(root, ignore_errors=True)
    return found


def find_in_use(home: Path) -> InUse | None:
    """What is searched now; None when nothing was imported, or by a version of another format."""
    try:
        document = json.loads((home / FOLDER / CURRENT).read_bytes())
        if document["format"] != FORMAT:
            return None
        return InUse(
            document["hash"],
            tuple(document["files"]),
            document["addresses"],
            document["streets"],
            document["communes"],
            datetime.fromisoformat(document["imported_at"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def load(home: Path, hash_: str) -> Addresses:
    """The columns of a folder, mapped read-only. Raises OSError when it is gone."""
    folder = home / FOLDER / hash_
    columns: dict[str, object] = {"hash": hash_}
    for column in fields(Addresses):
        if column.type is Strings:
            parts = (mapped(folder, f"{column.name}.{part}") for part in ("data", "starts"))
            columns[column.name] = Strings(*parts)
        elif column.name not in columns:
            columns[column.name] = mapped(folder, column.name)
    return Addresses(**columns)  # type: ignore[arg-type]  # the field list of the class itself names the columns

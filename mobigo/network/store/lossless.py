"""The exact tables of a version on disk: one Arrow file a table, in a folder named by the content's hash.

They are a cache: the archive, a blob, is what is kept, and the same tables can be made from it again.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from mobigo.network.model.feed import FeedTables

_FORMAT = 1


def folder_of(home: Path, content_hash: str) -> Path:
    """Where the tables of that content lie."""
    return home / "cache" / "feeds" / content_hash


def write(home: Path, content_hash: str, tables: FeedTables, headers: Mapping[str, tuple[str, ...]]) -> Path:
    """Write every table. Atomic: the folder appears whole or not at all; one that is there is kept."""
    folder = folder_of(home, content_hash)
    if is_written(home, content_hash):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        for number, frame in enumerate(tables.tables.values()):
            frame.write_ipc(building / f"{number}.arrow", compression="zstd")
        names = [{"name": name, "header": list(headers.get(name, ()))} for name in tables.tables]
        (building / "tables.json").write_text(json.dumps({"format": _FORMAT, "tables": names}))
        try:
            os.rename(building, folder)  # noqa: PTH104 - Path.rename would say the same
        except OSError:  # another process wrote it first; the content is the same
            if not is_written(home, content_hash):
                shutil.rmtree(folder, ignore_errors=True)
                os.rename(building, folder)  # noqa: PTH104 - as above
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def is_written(home: Path, content_hash: str) -> bool:
    """Whether the tables of that content are there, in this format."""
    return _index(home, content_hash) is not None


def read(home: Path, content_hash: str) -> FeedTables | None:
    """The tables of that content, each read when it is first asked for; None when they are not there."""
    names = _index(home, content_hash)
    if names is None:
        return None
    folder = folder_of(home, content_hash)
    return FeedTables(_Lazy({name: folder / f"{number}.arrow" for number, name in enumerate(names)}))


def headers(home: Path, content_hash: str) -> dict[str, tuple[str, ...]]:
    """The header of each table as its file has it."""
    return {name: tuple(header) for name, header in (_index(home, content_hash) or {}).items()}


def _index(home: Path, content_hash: str) -> dict[str, list[str]] | None:
    try:
        index = json.loads((folder_of(home, content_hash) / "tables.json").read_text())
    except (OSError, ValueError):
        return None
    if index.get("format") != _FORMAT:
        return None
    return {table["name"]: table["header"] for table in index["tables"]}


class _Lazy(Mapping[str, pl.DataFrame]):
    """Tables read when they are first asked for, then kept."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files
        self._read: dict[str, pl.DataFrame] = {}

    def __getitem__(self, name: str) -> pl.DataFrame:
        if name not in self._read:
            self._read[name] = pl.read_ipc(self._files[name])
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

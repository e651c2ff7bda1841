"""A GTFS feed from a zip or a folder, as exact tables."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import polars as pl

from mobigo.base.errors import MobigoError
from mobigo.network.export.archive import content_hash
from mobigo.network.gateway.archive import Archive, open_feed
from mobigo.network.gateway.csvtable import read_table
from mobigo.network.gateway.limits import LIMITS, Limits
from mobigo.network.model.feed import FeedTables
from mobigo.network.model.report import Report, merged
from mobigo.network.rules.collect import Collector
from mobigo.network.rules.schema import FILES

Progress = Callable[[int, int, str], None]  # done, total (bytes), what


@dataclass(frozen=True)
class FeedRead:
    """A feed as read: its tables, the header of each as written, every file's size, and what reading found.

    `content_hash` depends on the files' names and bytes alone, not on how they were packed.
    """

    tables: FeedTables
    headers: Mapping[str, tuple[str, ...]]
    sizes: Mapping[str, int]
    report: Report
    content_hash: str


def read_feed(path: Path) -> FeedTables:
    """The tables of the feed at `path`. Raises as `read`."""
    return read(path).tables


def read(path: Path, limits: Limits = LIMITS, progress: Progress | None = None) -> FeedRead:
    """The feed at `path`, a zip or a folder. Raises NotFound, InvalidInput or Refused (see `open_feed`,
    `read_table`)."""
    return read_archive(open_feed(path, limits), limits, progress)


def other_files(archive: Archive) -> dict[str, Callable[[], bytes]]:
    """The files of the feed that are no table of the reference, by name, each read when it is asked for."""
    return {
        name: partial(archive.read, name) for name in archive.sizes if name not in FILES or not name.endswith(".txt")
    }


def read_archive(archive: Archive, limits: Limits = LIMITS, progress: Progress | None = None) -> FeedRead:
    """Every `.txt` file of the archive as a table; the others are counted and left to the archive itself."""
    found = Collector()
    if archive.folder:
        found.add("invalid_input_files_in_subfolder", archive.folder.rstrip("/"))
    for name in archive.others:
        found.add("unknown_file", name)
    texts = [name for name in archive.sizes if name.endswith(".txt") and "/" not in name]
    for name in archive.sizes:
        if name not in texts and name not in FILES:
            found.add("unknown_file", name)
    largest_first = sorted(texts, key=lambda name: -archive.sizes[name])
    total = sum(archive.sizes[name] for name in texts)
    done = 0
    tables: dict[str, pl.DataFrame] = {}
    headers: dict[str, tuple[str, ...]] = {}
    reports = []

    digests: dict[str, str] = {}

    def read_one(name: str) -> tuple[str, pl.DataFrame | None, tuple[str, ...], Report]:
        own = Collector()
        if name not in FILES:
            own.add("unknown_file", name)
        data = archive.read(name)
        digests[name] = sha256(data).hexdigest()
        try:
            table = read_table(data, name, own, limits)
        except MobigoError:
            if name in FILES:
                raise
            own.add("csv_parsing_failed", name)  # a file we do not need and cannot read: kept in the archive as it is
            table = None
        return name, *((table.frame, table.header) if table else (None, ())), own.report()

    with ThreadPoolExecutor(2) as pool:
        for name, frame, header, report in pool.map(read_one, largest_first):
            reports.append(report)
            if frame is not None:
                tables[name.removesuffix(".txt")] = frame
                headers[name.removesuffix(".txt")] = header
            done += archive.sizes[name]
            if progress is not None:
                progress(done, total, name)
    for name in archive.sizes:
        if name not in digests:
            digests[name] = sha256(archive.read(name)).hexdigest()
    whole = content_hash(digests)
    ordered = {stem: tables[stem] for name in texts if (stem := name.removesuffix(".txt")) in tables}
    report = merged([found.report(), *reports])
    return FeedRead(FeedTables(ordered), headers, dict(archive.sizes), report, whole)

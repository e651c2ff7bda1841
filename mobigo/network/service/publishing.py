"""The files that reusers get of a feed: GTFS, NeTEx, tables and maps, of all its days or of its coming period. Written
whole into a folder; publishing them is not done here.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobigo.base.errors import InvalidInput
from mobigo.base.sheets import guarded
from mobigo.network.service.importing import Tools, read_tables_of
from mobigo.network.store.feeds import FeedVersion

if TYPE_CHECKING:
    from mobigo.base.datasets import Dataset
    from mobigo.network.export.geojson import Drawing
    from mobigo.network.model.feed import FeedTables

ZIP: Final = "application/zip"
GEOJSON: Final = "application/geo+json"
PARQUET: Final = "application/vnd.apache.parquet"
CSV: Final = "text/csv"
PARTICIPANT: Final = "region-bourgogne-franche-comte"  # as NeTEx takes it: a code


@dataclass(frozen=True, slots=True)
class FeedFile:
    """A file as written: where, what it is, what names its content (for an archive: its files, whatever packs them),
    its rows where it is a table, and what of the feed it does not hold, by reason."""

    name: str
    media_type: str
    path: Path
    content_sha256: str
    rows: int | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)


Progress = Callable[[int, int | None, str], None]


def coming_from(tools: Tools, version: FeedVersion, today: date) -> date | None:
    """The first day of the coming period of a version (`engine.coming`); None when it has none."""
    from mobigo.network.engine.coming import coming_first_day, services_of

    known = services_of(read_tables_of(tools, version))
    return None if known is None else coming_first_day(known, today)


def write_files(
    tools: Tools,
    version: FeedVersion,
    folder: Path,
    *,
    since: date | None = None,
    only: Sequence[str] = (),
    progress: Progress | None = None,
) -> list[FeedFile]:
    """Write the files of a version into `folder`: all of `NAMES`, or those in `only`; what runs from `since` on, or
    all.

    The same version gives the same files. Raises InvalidInput("network.no_such_export") for another name in `only`,
    NotFound when neither the version's tables nor its archive are kept.
    """
    unknown = next((name for name in only if name not in _MAKERS), None)
    if unknown is not None:
        raise InvalidInput("network.no_such_export", file=unknown[:80], files=", ".join(NAMES))
    writer = _Writer(tools, version, cut_tables(tools, version, since))
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [name for name in NAMES if not only or name in only]
    done: dict[str, FeedFile] = {}
    with ThreadPoolExecutor(1) as aside:
        slow = {name: aside.submit(_MAKERS[name], writer, folder / name) for name in wanted if name in _ASIDE}
        for number, name in enumerate(each for each in wanted if each not in slow):
            if progress is not None:
                progress(number, len(wanted), name)
            done[name] = _MAKERS[name](writer, folder / name)
        for number, name in enumerate(slow, start=len(done)):
            if progress is not None:
                progress(number, len(wanted), name)
            done[name] = slow[name].result()
    return [done[name] for name in wanted]


def cut_tables(tools: Tools, version: FeedVersion, since: date | None) -> "FeedTables":
    """The tables of a version: all its days, or those from `since` on. Raises NotFound as `read_tables_of`."""
    from mobigo.network.engine.coming import cut, services_of

    tables = read_tables_of(tools, version)
    known = None if since is None else services_of(tables)
    return tables if since is None or known is None else cut(tables, known, since)


class _Writer:
    """Writes each file of a version at a path; what several need is made once."""

    def __init__(self, tools: Tools, version: FeedVersion, tables: "FeedTables") -> None:
        self.tools, self.version, self.tables = tools, version, tables

    @cached_property
    def drawing(self) -> "Drawing":
        """The feed as maps and tables draw it."""
        from mobigo.network.export.geojson import Drawing

        return Drawing(self.tables)

    def gtfs(self, path: Path) -> FeedFile:
        """Every table and file, for reusers."""
        from mobigo.network.export.archive import write_zip
        from mobigo.network.export.gtfs import published
        from mobigo.network.gateway.archive import open_feed
        from mobigo.network.gateway.gtfs import other_files
        from mobigo.network.store import lossless

        blobs, kept = self.tools.blobs, self.version
        headers = lossless.headers(self.tools.config.home, kept.content_hash)
        blobs.open(kept.archive_sha256).close()
        others = other_files(open_feed(blobs.path(kept.archive_sha256)))
        packed = write_zip(path, published(self.tables, headers, others))
        return FeedFile(path.name, ZIP, path, packed.content_hash)

    def netex(self, path: Path) -> FeedFile:
        """The French profile."""
        from mobigo.network.export.netex import write_netex

        feed, at = self.version.feed, self.version.imported_at
        found = write_netex(self.tables, path, feed=feed, participant=PARTICIPANT, published_at=at)
        return FeedFile(path.name, ZIP, path, found.packed.content_hash, left_out=found.left_out)

    def parquet(self, path: Path) -> FeedFile:
        """The stop times."""
        from mobigo.network.export import parquet

        rows = self.tables["stop_times"].height if "stop_times" in self.tables else 0
        return _written(path, PARQUET, parquet.stop_times(self.tables), rows)

    def stops(self, path: Path) -> FeedFile:
        """The map of the stops."""
        from mobigo.network.export.geojson import stops_geojson

        return _written(path, GEOJSON, stops_geojson(self.drawing), self.drawing.stops.height)

    def lines(self, path: Path) -> FeedFile:
        """The map of the lines."""
        from mobigo.network.export.geojson import lines_geojson

        return _written(path, GEOJSON, lines_geojson(self.drawing), self.drawing.routes.height)

    def accessibility_table(self, path: Path) -> FeedFile:
        """How accessible the stops are."""
        from mobigo.network.export import datasets

        return _written(path, CSV, *csv_of(datasets.accessibility(self.drawing)))

    def lines_table(self, path: Path) -> FeedFile:
        """The lines."""
        from mobigo.network.export import datasets

        return _written(path, CSV, *csv_of(datasets.lines(self.drawing)))


def csv_of(dataset: "Dataset") -> tuple[bytes, int]:
    """A dataset as RFC 4180 writes it, UTF-8, lines ended by CRLF, no cell a formula; and how many rows it has."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(dataset.names)
    rows = list(dataset.rows())
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue().encode(), len(rows)


def _written(path: Path, media_type: str, data: bytes, rows: int) -> FeedFile:
    path.write_bytes(data)
    return FeedFile(path.name, media_type, path, sha256(data).hexdigest(), rows)


_MAKERS: Final[Mapping[str, Callable[[_Writer, Path], FeedFile]]] = {
    "gtfs.zip": _Writer.gtfs,
    "netex-fr.zip": _Writer.netex,
    "stop_times.parquet": _Writer.parquet,
    "stops.geojson": _Writer.stops,
    "lines.geojson": _Writer.lines,
    "accessibility.csv": _Writer.accessibility_table,
    "lines.csv": _Writer.lines_table,
}
NAMES: Final = tuple(_MAKERS)
_ASIDE: Final = ("netex-fr.zip",)  # written beside the others: it takes as long as all of them, and shares nothing

"""The files that reusers get of a feed: GTFS, NeTEx, tables and maps, of all its days or of its coming period. Written
whole into a folder; publishing them is not done here.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobigo.base.errors import InvalidInput
from mobigo.network.service.importing import Tools, read_tables_of
from mobigo.network.store.feeds import FeedVersion

if TYPE_CHECKING:
    from mobigo.base.datasets import Dataset
    from mobigo.network.export.archive import Packed
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
    tables = _tables(tools, version, since)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [name for name in NAMES if not only or name in only]
    done: list[FeedFile] = []
    for number, name in enumerate(wanted):
        if progress is not None:
            progress(number, len(wanted), name)
        done.append(_MAKERS[name](tools, version, tables, folder / name))
    return done


def _tables(tools: Tools, version: FeedVersion, since: date | None) -> "FeedTables":
    from mobigo.network.engine.coming import cut, services_of

    tables = read_tables_of(tools, version)
    known = None if since is None else services_of(tables)
    return tables if since is None or known is None else cut(tables, known, since)


def _gtfs(tools: Tools, version: FeedVersion, tables: "FeedTables", path: Path) -> FeedFile:
    packed = _packed(tools, version, tables, path)
    return FeedFile(path.name, ZIP, path, packed.content_hash)


def _packed(tools: Tools, version: FeedVersion, tables: "FeedTables", path: Path) -> "Packed":
    from mobigo.network.export.archive import write_zip
    from mobigo.network.export.gtfs import published
    from mobigo.network.gateway.archive import open_feed
    from mobigo.network.gateway.gtfs import other_files
    from mobigo.network.store import lossless

    headers = lossless.headers(tools.config.home, version.content_hash)
    tools.blobs.open(version.archive_sha256).close()
    others = other_files(open_feed(tools.blobs.path(version.archive_sha256)))
    return write_zip(path, published(tables, headers, others))


def _netex(_tools: Tools, version: FeedVersion, tables: "FeedTables", path: Path) -> FeedFile:
    from mobigo.network.export.netex import write_netex

    at = version.imported_at
    found = write_netex(tables, path, feed=version.feed, participant=PARTICIPANT, published_at=at)
    return FeedFile(path.name, ZIP, path, found.packed.content_hash, left_out=found.left_out)


def _parquet(_tools: Tools, _version: FeedVersion, tables: "FeedTables", path: Path) -> FeedFile:
    from mobigo.network.export import parquet

    return _written(
        path, PARQUET, parquet.stop_times(tables), tables["stop_times"].height if "stop_times" in tables else 0
    )


def _map(_tools: Tools, _version: FeedVersion, tables: "FeedTables", path: Path) -> FeedFile:
    from mobigo.network.export.geojson import Drawing, lines_geojson, stops_geojson

    drawing = Drawing(tables)
    if path.stem == "stops":
        return _written(path, GEOJSON, stops_geojson(drawing), drawing.stops.height)
    return _written(path, GEOJSON, lines_geojson(drawing), drawing.routes.height)


def _table(_tools: Tools, _version: FeedVersion, tables: "FeedTables", path: Path) -> FeedFile:
    from mobigo.network.export import datasets
    from mobigo.network.export.geojson import Drawing

    make = datasets.accessibility if path.stem == "accessibility" else datasets.lines
    data, rows = csv_of(make(Drawing(tables)))
    return _written(path, CSV, data, rows)


def csv_of(dataset: "Dataset") -> tuple[bytes, int]:
    """A dataset as RFC 4180 writes it, UTF-8, lines ended by CRLF; and how many rows it has."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(dataset.names)
    rows = list(dataset.rows())
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return out.getvalue().encode(), len(rows)


def _written(path: Path, media_type: str, data: bytes, rows: int) -> FeedFile:
    path.write_bytes(data)
    return FeedFile(path.name, media_type, path, sha256(data).hexdigest(), rows)


_MAKERS: Final[Mapping[str, Callable[[Tools, FeedVersion, "FeedTables", Path], FeedFile]]] = {
    "gtfs.zip": _gtfs,
    "netex-fr.zip": _netex,
    "stop_times.parquet": _parquet,
    "stops.geojson": _map,
    "lines.geojson": _map,
    "accessibility.csv": _table,
    "lines.csv": _table,
}
NAMES: Final = tuple(_MAKERS)

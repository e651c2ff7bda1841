"""Feeds and differences in: two GTFS files to compare, a GTFS-Diff CSV to apply."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.network.gateway.archive import open_feed
from mobigo.network.gateway.gtfs import read_archive
from mobigo.network.model.feed import FeedTables

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Compared:
    """A feed to compare: its tables, and name → hash of the files that are none."""

    tables: FeedTables
    others: dict[str, str]


def feed_to_compare(path: Path) -> Compared:
    """The feed at `path`, a zip or a folder. Raises NotFound, InvalidInput or Refused as reading a feed does."""
    archive = open_feed(path)
    read = read_archive(archive)
    known = {f"{name}.txt" for name in read.tables.tables}
    others = {name: sha256(archive.read(name)).hexdigest() for name in archive.sizes if name not in known}
    return Compared(read.tables, others)


def read_diff(path: Path) -> "pl.DataFrame":
    """The differences in a CSV file, all cells as text. Raises NotFound("opendata.no_such_file") or
    InvalidInput("opendata.not_a_diff") when a column of the specification lacks or the file is no CSV."""
    import polars as pl

    from opendata.engine.gtfs_diff import COLUMNS

    try:
        diff = pl.read_csv(path, infer_schema=False)
    except FileNotFoundError:
        raise NotFound("opendata.no_such_file", file=str(path)) from None
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as wrong:
        raise InvalidInput("opendata.not_a_diff", file=str(path), reason=str(wrong)[:200]) from wrong
    lacking = [column for column in COLUMNS if column not in diff.columns and column != "note"]
    if lacking:
        raise InvalidInput("opendata.not_a_diff", file=str(path), reason=", ".join(lacking))
    return diff.with_columns(pl.col(pl.String).fill_null(""))

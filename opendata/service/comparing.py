"""Two feeds compared, and one brought up to date by its differences."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mobigo.base.decisions import Decision
from opendata.engine import gtfs_diff, gtfs_story
from opendata.export.gtfs_diff import diff_bytes
from opendata.gateway.gtfs_diff import feed_to_compare, read_diff

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Comparison:
    """The differences in the columns of GTFS-Diff, and what people are told of them."""

    diff: "pl.DataFrame"
    told: tuple[Decision, ...]

    @property
    def csv(self) -> bytes:
        """The differences as the specification writes them."""
        return diff_bytes(self.diff)


def compare(old: Path, new: Path) -> Comparison:
    """The differences between two feeds (zips or folders). Raises as reading a feed does."""
    before, after = feed_to_compare(old), feed_to_compare(new)
    found = gtfs_diff.differences(before.tables, after.tables, (before.others, after.others))
    diff = gtfs_story.noted(found, before.tables, after.tables)
    return Comparison(diff, tuple(gtfs_story.story(diff, before.tables, after.tables)))


def apply(diff: Path, old: Path) -> bytes:
    """The old feed with the differences of a GTFS-Diff file applied, as a zip of its tables. Raises as reading does,
    InvalidInput("opendata.diff_does_not_fit") for differences that are not of this feed."""
    from mobigo.network.export.gtfs import exact

    return exact(gtfs_diff.applied(read_diff(diff), feed_to_compare(old).tables))

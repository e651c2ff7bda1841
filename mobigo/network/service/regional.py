"""All feeds of the Region as one GTFS, written for reusers: what `export.merged` makes of them, with a feed_info of its
own. Publishing it is not done here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobigo.network.service.importing import Tools
from mobigo.network.service.publishing import ZIP, FeedFile, cut_tables
from mobigo.network.store.feeds import FeedVersion

if TYPE_CHECKING:
    import polars as pl

    from mobigo.network.export.merged import Part

NAME: Final = "gtfs.zip"
_LABEL_CHARS: Final = 12


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who stands in feed_info.txt."""

    name: str
    url: str
    email: str


def write_region(
    tools: Tools,
    versions: Sequence[FeedVersion],
    path: Path,
    publisher: Publisher,
    *,
    since: date | None = None,
    beside: "Sequence[Part]" = (),
) -> FeedFile:
    """Write the feeds as one archive at `path`: all their days, or those from `since` on; with what is no feed of ours
    to import, `beside` them, whole.

    The same versions give the same file, in whatever order they or their rows came. Its feed_version names its content.
    Raises NotFound when neither the tables of a version nor its archive are kept.
    """
    from mobigo.network.export.archive import content_hash, write_zip
    from mobigo.network.export.gtfs import csv_bytes, published
    from mobigo.network.export.merged import LOCATIONS, merge

    whole = merge([*(_part(tools, version, since) for version in versions), *beside])
    files = published(whole.tables)
    if whole.locations is not None:
        zones = whole.locations
        files[LOCATIONS] = lambda: zones
    label = content_hash({name: sha256(make()).hexdigest() for name, make in files.items()})[:_LABEL_CHARS]
    about = csv_bytes(_feed_info(versions, publisher, label, since))
    files["feed_info.txt"] = lambda: about
    packed = write_zip(path, files)
    return FeedFile(path.name, ZIP, path, packed.content_hash, left_out=whole.left_out)


def _part(tools: Tools, version: FeedVersion, since: date | None) -> "Part":
    from mobigo.network.export.merged import LOCATIONS, Part
    from mobigo.network.gateway.archive import open_feed
    from mobigo.network.gateway.gtfs import other_files

    tools.blobs.open(version.archive_sha256).close()
    zones = other_files(open_feed(tools.blobs.path(version.archive_sha256))).get(LOCATIONS)
    return Part(version.feed, cut_tables(tools, version, since), None if zones is None else zones())


def _feed_info(versions: Sequence[FeedVersion], publisher: Publisher, label: str, since: date | None) -> "pl.DataFrame":
    import polars as pl

    first = [each.first_day for each in versions if each.first_day is not None]
    last = [each.last_day for each in versions if each.last_day is not None]
    about = {
        "feed_publisher_name": publisher.name,
        "feed_publisher_url": publisher.url,
        "feed_lang": "fr",
        "feed_start_date": _day(max(min(first), since) if since is not None and first else min(first, default=None)),
        "feed_end_date": _day(max(last, default=None)),
        "feed_version": label,
        "feed_contact_email": publisher.email,
    }
    return pl.DataFrame([about])


def _day(day: date | None) -> str:
    return "" if day is None else f"{day:%Y%m%d}"

"""The join of what is told live and the timetable that is published: which version of the regional GTFS carries the
identifiers that a message does (GTFS Realtime, FeedHeader.feed_version)."""

import csv
import io
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class RegionalVersion:
    """The feed_version of the regional GTFS in force; "" while none is published, or where it names none."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def __call__(self, session: "Session") -> str:
        from opendata.model.datasets import REGIONAL, Slot
        from opendata.store import files, versions

        pointer = versions.find_pointer(session, REGIONAL, Slot.LATEST)
        if pointer is None or pointer.version_id is None:
            return ""
        for file in versions.get_version(session, pointer.version_id).files:
            if file.name.endswith(".zip"):
                return feed_version(files.contents_of(self._home).path(file.sha256))
        return ""


@lru_cache(maxsize=8)
def feed_version(path: Path) -> str:
    """What feed_info.txt of a GTFS archive calls its version. The archive lies at a path of its own content."""
    try:
        with zipfile.ZipFile(path) as archive:
            rows = csv.DictReader(io.StringIO(archive.read("feed_info.txt").decode("utf-8-sig")))
            return next((row.get("feed_version") or "" for row in rows), "")
    except (OSError, KeyError, zipfile.BadZipFile, UnicodeDecodeError):
        return ""

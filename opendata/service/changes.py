"""What changes from one published version of a timetable to the next: compared once, kept beside the publications.

    publications/changes/<before>-<after>.csv    the differences, in GTFS-Diff
    publications/changes/<before>-<after>.json   what people are told, as decisions

Both are made of files that never change, so that they may be made again at any time; a pair that is not there yet is
shown as not compared.
"""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.errors import MobigoError
from mobigo.infra.blobs import write_whole
from mobigo.infra.db import reading
from opendata.model.editions import State, Version
from opendata.service.publishing import Tools
from opendata.store import files, versions

FEED: Final = "gtfs.zip"
LOOKED_BACK: Final = 20  # versions of a dataset that are looked through for pairs not compared yet
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Changes:
    """A comparison that was made: how many differences, what people are told, where the differences lie."""

    differences: int
    told: tuple[Decision, ...]
    csv: Path


@dataclass(frozen=True, slots=True)
class Pair:
    """A version and the one before it (`pair_of`), both with a timetable."""

    before: Version
    after: Version


def pair_of(session: Session, version: Version) -> Pair | None:
    """A version with the one that was in force when it first came in its place; one that is only to come, with the one
    in force when it was announced. None for the first one, and for what is no timetable."""
    if not _feed(version):
        return None
    before_id = versions.in_force_before(session, version)
    if before_id is None:
        return None
    before = versions.get_version(session, before_id)
    return Pair(before, version) if before.state is State.PUBLISHED and _feed(before) else None


def find(home: Path, pair: Pair) -> Changes | None:
    """The comparison of a pair; None while it is not made."""
    csv = _path(home, pair, "csv")
    try:
        kept = json.loads(_path(home, pair, "json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    told = tuple(Decision(each["code"], **each["params"]) for each in kept["told"])
    return Changes(kept["differences"], told, csv) if csv.exists() else None


def compare_due(tools: Tools, *, limit: int = 5) -> int:
    """Compare pairs of public versions that are not compared yet, at most so many, the newest first; how many were. A
    feed that cannot be read is logged and left."""
    home, done = tools.config.home, 0
    with reading(tools.engine) as session:
        due = [pair for pair in _pairs(session) if find(home, pair) is None]
    for pair in due[:limit]:
        try:
            _compare(home, pair)
            done += 1
        except MobigoError:
            _log.exception("%s: versions could not be compared", pair.after.dataset)
    return done


def _pairs(session: Session) -> list[Pair]:
    pairs = []
    for kept in versions.list_datasets(session):
        if kept.removed_at is not None or all(spec.name != FEED for spec in kept.declared.files):
            continue
        for version in versions.list_versions(session, kept.code, limit=LOOKED_BACK, public_only=True):
            pair = pair_of(session, version) if version.state is State.PUBLISHED else None
            if pair is not None:
                pairs.append(pair)
    return pairs


def _compare(home: Path, pair: Pair) -> None:
    from opendata.service.comparing import compare

    contents = files.contents_of(home)
    found = compare(*(contents.path(_feed(version)) for version in (pair.before, pair.after)))
    content = found.csv
    told = [{"code": each.code, "params": dict(each.params)} for each in found.told]
    document = json.dumps({"differences": found.diff.height, "told": told}, ensure_ascii=False).encode()
    write_whole(_path(home, pair, "csv"), lambda file: file.write(content))
    write_whole(_path(home, pair, "json"), lambda file: file.write(document))  # last: it says that all is there


def _feed(version: Version) -> str:
    """The hash of the version's timetable; "" when it has none."""
    return next((file.sha256 for file in version.files if file.name == FEED), "")


def _path(home: Path, pair: Pair, ending: str) -> Path:
    name = f"{_feed(pair.before)[:24]}-{_feed(pair.after)[:24]}.{ending}"
    return home / "publications" / "changes" / name

"""What pages and catalogues show of the datasets: gathered in few queries, nothing decided here."""

import csv
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from io import StringIO
from pathlib import Path

from sqlalchemy.orm import Session

from mobigo.base.instants import paris_day
from mobigo.network.model.notices import Severity
from opendata.export.sketch import Sketch, sketch
from opendata.model.checks import Check, Verdict
from opendata.model.datasets import Slot
from opendata.model.editions import KeptFile, State, Version
from opendata.rules.freshness import days_left, is_late
from opendata.store import checks as check_store
from opendata.store import files, versions
from opendata.store.versions import Event, Kept, Pointer

PREVIEW_ROWS = 12
PREVIEW_BYTES = 1 << 16
SKETCH_BYTES_MAX = 3_000_000


@dataclass(frozen=True, slots=True)
class Shown:
    """A dataset as the public sees it: what `latest` and `next` show, what judges say of it."""

    kept: Kept
    pointer: Pointer | None
    version: Version | None
    coming: Version | None = None
    checks: tuple[tuple[Check, bool, datetime], ...] = ()
    late: bool = False
    days_left: int | None = None

    @property
    def code(self) -> str:
        return self.kept.code

    @property
    def quality(self) -> str:
        """One word on what judges found: `errors`, `warnings`, `clean`, or `unchecked` when none has spoken."""
        spoken = [check for check, _required, _at in self.checks if check.verdict is not Verdict.NOT_RUN]
        if not spoken:
            return "unchecked"
        if any(check.verdict is Verdict.FAILED for check in spoken):
            return "errors"
        gravities = {finding.severity for check in spoken for finding in check.findings}
        return "warnings" if Severity.WARNING in gravities or Severity.ERROR in gravities else "clean"


def catalogue(session: Session, now: datetime) -> list[Shown]:
    """Every dataset that has something to show, by code."""
    pointers = versions.list_pointers(session)
    found = versions.versions_of(session, {p.version_id for p in pointers.values() if p.version_id is not None})
    shown = [_shown(session, kept, pointers, found, now) for kept in versions.list_datasets(session)]
    return [each for each in shown if each.version is not None or each.coming is not None]


def closed(session: Session) -> list[Kept]:
    """The datasets that were taken out of the catalogue, by code."""
    return [kept for kept in versions.list_datasets(session, removed=True) if kept.removed_at is not None]


def dataset(session: Session, code: str, now: datetime) -> Shown:
    """One dataset, removed or not. Raises NotFound."""
    kept = versions.get_dataset(session, code)
    pointers = versions.list_pointers(session, code)
    found = versions.versions_of(session, {p.version_id for p in pointers.values() if p.version_id is not None})
    return _shown(session, kept, pointers, found, now)


def _shown(
    session: Session,
    kept: Kept,
    pointers: Mapping[tuple[str, Slot], Pointer],
    found: Mapping[str, Version],
    now: datetime,
) -> Shown:
    pointer, coming = pointers.get((kept.code, Slot.LATEST)), pointers.get((kept.code, Slot.NEXT))
    version = found.get(pointer.version_id) if pointer is not None and pointer.version_id is not None else None
    following = found.get(coming.version_id) if coming is not None and coming.version_id is not None else None
    return Shown(
        kept=kept,
        pointer=pointer,
        version=version,
        coming=following,
        checks=() if version is None else tuple(check_store.of_version(session, version.id)),
        late=pointer is not None and is_late(kept.declared.period, pointer.seen_at, now),
        # Figures about people tell of a month that is over: nothing ends with it.
        days_left=None
        if version is None or kept.declared.touches_people
        else days_left(version.last_day, paris_day(now)),
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a file: a table's first rows, or what an archive holds (name, bytes)."""

    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    entries: tuple[tuple[str, int], ...] = ()
    more: int = 0  # entries not shown
    sketch: Sketch | None = None
    figures: frozenset[int] = field(default_factory=frozenset)  # the columns that hold numbers


def preview(home: Path, kept: Kept, file: KeptFile) -> Preview | None:
    """What may be shown of a file on a page; None for what is neither a table nor an archive, or is not there."""
    path = files.contents_of(home).path(file.sha256)
    try:
        if file.media_type == "text/csv":
            return _table(path, _numbers(kept, file.name))
        if file.media_type in files.ARCHIVES:
            with zipfile.ZipFile(path) as archive:
                held = [(each.filename, each.file_size) for each in archive.infolist()]
            return Preview(entries=tuple(held[:PREVIEW_ROWS]), more=max(0, len(held) - PREVIEW_ROWS))
        if file.media_type == "application/geo+json" and file.size <= SKETCH_BYTES_MAX:
            return Preview(sketch=_sketched(path))
    except (OSError, zipfile.BadZipFile, ValueError, csv.Error):
        return None
    return None


@lru_cache(maxsize=64)
def _sketched(path: Path) -> Sketch | None:
    """The drawing of a published file: its name is its content, so that it is drawn once."""
    return sketch(json.loads(path.read_bytes()))


def _numbers(kept: Kept, name: str) -> frozenset[str]:
    spec = next((each for each in kept.declared.files if each.name == name), None)
    columns = () if spec is None else spec.columns
    return frozenset(column.name for column in columns if column.kind in ("integer", "number"))


def _table(path: Path, numbers: frozenset[str]) -> Preview:
    with path.open("rb") as file:
        head = file.read(PREVIEW_BYTES)
    whole = len(head) < PREVIEW_BYTES
    text = head.decode("utf-8-sig", errors="ignore" if not whole else "strict")
    first = text.splitlines()[0] if text else ""
    lines: Sequence[list[str]] = list(csv.reader(StringIO(text), delimiter=";" if ";" in first else ","))
    header, rows = tuple(lines[0] if lines else ()), lines[1:]
    if not whole:
        rows = rows[:-1]  # cut in the middle
    figures = frozenset(place for place, name in enumerate(header) if name in numbers)
    return Preview(header, tuple(tuple(row) for row in rows[:PREVIEW_ROWS]), figures=figures)


@dataclass(frozen=True, slots=True)
class Told:
    """An event with the versions it speaks of."""

    event: Event
    version: Version | None
    before: Version | None

    @property
    def seen(self) -> Version | None:
        """The version, if it is public."""
        return self.version if self.version is not None and self.version.state is State.PUBLISHED else None


def events(session: Session, code: str | None = None, *, limit: int = 50) -> list[Told]:
    """What happened in public, the newest first: to one dataset, or to all."""
    found = versions.list_events(session, code, limit=limit)
    ids = {each for event in found for each in (event.version_id, event.before_id) if each is not None}
    known = versions.versions_of(session, ids)
    return [Told(event, known.get(event.version_id or ""), known.get(event.before_id or "")) for event in found]


def covers(version: Version | None) -> tuple[date, date] | None:
    """The first and last day a version speaks of, when it says both."""
    if version is None or version.first_day is None or version.last_day is None:
        return None
    return version.first_day, version.last_day

"""Checking a file that somebody brings: read, judged, told; nothing of it is kept.

Bounds are tighter than those of an import: anyone may ask, and one check at a time is made in a process.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from mobigo.base.archives import unbroken
from mobigo.base.errors import Conflict, InvalidInput
from mobigo.base.instants import paris_day
from mobigo.network.store.feeds import FeedVersion
from opendata.export.fault_map import FaultMap, fault_map
from opendata.gateway import table_schema
from opendata.gateway.judges import (
    Canonical,
    GbfsReference,
    GbfsRules,
    Guru,
    NationalRules,
    NetexLinks,
    RealtimeReference,
    RealtimeRules,
    SiriRules,
    SiriSchema,
)
from opendata.gateway.judges.answers import GBFS, GTFS, NETEX, REALTIME, SIRI, TABLE
from opendata.model.checks import Check, Judge
from opendata.model.datasets import FileSpec
from opendata.rules.features import Feature
from opendata.store import versions

ARCHIVE_BYTES_MAX: Final = 20_000_000
_UNPACKED_BYTES_MAX: Final = 150_000_000
_CELLS_MAX: Final = 15_000_000
_SLOW_JUDGE_BYTES_MAX: Final = 150_000
_SLOW_JUDGE_SECONDS_MAX: Final = 20
_WAIT_S: Final = 15
_ALIKE_MIN: Final = 0.5
_HEAD_BYTES: Final = 4_000
_GBFS_DOCUMENTS: Final = ("gbfs.json", "system_information.json", "station_information.json")
_one_at_a_time = threading.BoundedSemaphore(1)


@dataclass(frozen=True)
class Checked:
    """What came out. `version`: the feed with our own report on it, as if imported, for pages that show those; None for
    anything but a GTFS. `checks`: what the other judges say. `places`: where the faults are, when some have a place."""

    name: str
    standard: str
    version: FeedVersion | None
    features: tuple[Feature, ...]
    checks: tuple[Check, ...]
    places: FaultMap | None = None

    @property
    def faulty(self) -> bool:
        """Whether any judge found an error."""
        from mobigo.network.model.notices import Severity

        own = self.version is not None and self.version.report.total(Severity.ERROR) > 0
        return own or any(check.verdict.value == "failed" for check in self.checks)


def check_file(
    path: Path, name: str, now: datetime, tables: Sequence[FileSpec] = (), *, siri_xsd: Path | None = None
) -> Checked:
    """Judge the file at `path`, which somebody calls `name`, as of that day: GTFS, NeTEx, GTFS-Realtime, GBFS, SIRI, or
    one of these `tables`. `siri_xsd`: where the schema of SIRI lies (that of NeTEx is too slow for a page).

    Raises InvalidInput or Refused for what cannot be opened within the bounds, Conflict("opendata.checker_busy") when
    another check goes on for long.
    """
    with _turn():
        standard = standard_of(path, name)
        today = paris_day(now)
        if standard == GTFS:
            return _check_gtfs(path, name, now)
        if standard == TABLE:
            return Checked(name, TABLE, None, (), (check_table(path, name, tables),))
        judges = [judge for judge in _others(siri_xsd) if judge.reads(name, "", standard)]
        return Checked(name, standard, None, (), tuple(judge.check(path, name, today) for judge in judges))


def _others(siri_xsd: Path | None) -> tuple[Judge, ...]:
    """The judges of what is no GTFS, within the bounds of the public page."""
    return (
        NetexLinks(total_bytes_max=_UNPACKED_BYTES_MAX), RealtimeRules(), RealtimeReference(), GbfsRules(),
        GbfsReference(), SiriRules(), SiriSchema(siri_xsd),
    )  # fmt: skip


def known_tables(session: Session) -> list[FileSpec]:
    """The tables whose columns are known here: the national schema of carpool places, and those of our datasets."""
    from covoit.export.places import COLUMNS

    national = FileSpec("lieux-covoiturage.csv", "text/csv", "", "schema-lieux-covoiturage", COLUMNS)
    declared = [spec for kept in versions.list_datasets(session) for spec in kept.declared.files if spec.columns]
    return [national, *(spec for spec in declared if spec.name.endswith(".csv"))]


def check_table(path: Path, name: str, tables: Sequence[FileSpec]) -> Check:
    """The table against the columns that its header is nearest to, of those known here. Raises
    InvalidInput("opendata.table_unknown") when none has half of its columns."""
    header = table_schema.header_of(path)
    near = max(tables, key=lambda spec: _alike(spec, header), default=None)
    if near is None or _alike(near, header) < _ALIKE_MIN:
        raise InvalidInput("opendata.table_unknown", file=name, columns=", ".join(header)[:200])
    return table_schema.check(path, replace(near, name=name))


def _alike(spec: FileSpec, header: Sequence[str]) -> float:
    """How much a header is that of these columns: shared names among all."""
    own = {column.name for column in spec.columns}
    return len(own & set(header)) / max(1, len(own | set(header)))


def judge_file(path: Path, judges: Iterable[Judge], today: date) -> tuple[Check, ...]:
    """What each judge of its kind says of the GTFS (an archive or a folder) or the NeTEx at `path`, as of that day,
    without the bounds of `check_file`."""
    standard = standard_of(path, path.name) if path.is_file() else GTFS
    return tuple(judge.check(path, path.name, today) for judge in judges if judge.reads(path.name, "", standard))


@contextmanager
def _turn() -> Iterator[None]:
    if not _one_at_a_time.acquire(timeout=_WAIT_S):
        raise Conflict("opendata.checker_busy")
    try:
        yield
    finally:
        _one_at_a_time.release()


def standard_of(path: Path, name: str) -> str:
    """What a file looks like, by its name and, for an archive or a document, by what is in it."""
    from zipfile import ZipFile

    lower = name.lower()
    if lower.endswith((".pb", ".pbf", ".bin")):
        return REALTIME
    if lower.endswith((".csv", ".tsv")):
        return TABLE
    if lower.endswith(".xml"):
        return SIRI if _is_siri(path) else NETEX
    try:
        with unbroken(ValueError("zip")), ZipFile(path) as archive:
            names = [member.lower() for member in archive.namelist()[:1000]]
    except (ValueError, OSError):  # none that can be opened: reading it as a timetable says what is wrong with it
        return GTFS
    if any(each.endswith(".pb") for each in names):
        return REALTIME
    tables = any(each.endswith(".txt") for each in names)
    if any(each.endswith(_GBFS_DOCUMENTS) for each in names) and not tables:
        return GBFS
    return NETEX if any(each.endswith(".xml") for each in names) and not tables else GTFS


def _is_siri(path: Path) -> bool:
    with path.open("rb") as file:
        return b"http://www.siri.org.uk/siri" in file.read(_HEAD_BYTES)


def _check_gtfs(path: Path, name: str, now: datetime) -> Checked:
    from mobigo.network.gateway import gtfs
    from mobigo.network.gateway.limits import Limits
    from mobigo.network.model.report import merged
    from mobigo.network.rules.validation import examine
    from opendata.rules.features import features

    bounds = Limits(
        archive_bytes_max=ARCHIVE_BYTES_MAX, member_bytes_max=_UNPACKED_BYTES_MAX, total_bytes_max=_UNPACKED_BYTES_MAX,
        members_max=1_000, cells_max=_CELLS_MAX,
    )  # fmt: skip
    today = paris_day(now)
    read = gtfs.read(path, bounds)
    examined = examine(read.tables, today)
    report = merged([read.report, examined.report])
    version = FeedVersion(
        id="", feed=name, number=0, content_hash=read.content_hash, archive_sha256="", archive_name=name,
        imported_at=now, refused=bool(report.blocking), first_day=examined.first_day, last_day=examined.last_day,
        rows={table: frame.height for table, frame in read.tables.tables.items()}, report=report,
    )  # fmt: skip
    others: tuple[Judge, ...] = (
        NationalRules(),
        Guru(),
        Canonical(bytes_max=_SLOW_JUDGE_BYTES_MAX, seconds_max=_SLOW_JUDGE_SECONDS_MAX),
    )
    return Checked(
        name, GTFS, version, features(read.tables), tuple(judge.check(path, name, today) for judge in others),
        fault_map(read.tables, report),
    )  # fmt: skip

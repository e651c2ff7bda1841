"""Checking a file that somebody brings: read, judged, told; nothing of it is kept.

Bounds are tighter than those of an import: anyone may ask, and one check at a time is made in a process.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from mobigo.base.errors import Conflict
from mobigo.base.instants import paris_day
from mobigo.network.store.feeds import FeedVersion
from opendata.gateway.judges import Canonical, Guru, NationalRules, NetexLinks
from opendata.gateway.judges.answers import GTFS, NETEX
from opendata.model.checks import Check, Judge
from opendata.rules.features import Feature

ARCHIVE_BYTES_MAX: Final = 20_000_000
_UNPACKED_BYTES_MAX: Final = 150_000_000
_CELLS_MAX: Final = 15_000_000
_SLOW_JUDGE_BYTES_MAX: Final = 150_000
_SLOW_JUDGE_SECONDS_MAX: Final = 20
_WAIT_S: Final = 15
_one_at_a_time = threading.BoundedSemaphore(1)


@dataclass(frozen=True)
class Checked:
    """What came out. `version`: the feed with our own report on it, as if imported, for pages that show those; None for
    NeTEx. `checks`: what the other judges say."""

    name: str
    standard: str
    version: FeedVersion | None
    features: tuple[Feature, ...]
    checks: tuple[Check, ...]

    @property
    def faulty(self) -> bool:
        """Whether any judge found an error."""
        from mobigo.network.model.notices import Severity

        own = self.version is not None and self.version.report.total(Severity.ERROR) > 0
        return own or any(check.verdict.value == "failed" for check in self.checks)


def check_file(path: Path, name: str, now: datetime) -> Checked:
    """Judge the GTFS or the NeTEx at `path`, which somebody calls `name`, as of that day.

    Raises InvalidInput or Refused for what cannot be opened within the bounds, Conflict("opendata.checker_busy") when
    another check goes on for long.
    """
    with _turn():
        if _is_netex(path, name):
            judge = NetexLinks(total_bytes_max=_UNPACKED_BYTES_MAX)
            return Checked(name, NETEX, None, (), (judge.check(path, name, paris_day(now)),))
        return _check_gtfs(path, name, now)


def judge_file(path: Path, judges: Iterable[Judge], today: date) -> tuple[Check, ...]:
    """What each judge of its kind says of the GTFS (an archive or a folder) or the NeTEx at `path`, as of that day,
    without the bounds of `check_file`."""
    standard = NETEX if path.is_file() and _is_netex(path, path.name) else GTFS
    return tuple(judge.check(path, path.name, today) for judge in judges if judge.reads(path.name, "", standard))


@contextmanager
def _turn() -> Iterator[None]:
    if not _one_at_a_time.acquire(timeout=_WAIT_S):
        raise Conflict("opendata.checker_busy")
    try:
        yield
    finally:
        _one_at_a_time.release()


def _is_netex(path: Path, name: str) -> bool:
    """Whether it looks like NeTEx: a document, or an archive with documents and no table."""
    from zipfile import BadZipFile, ZipFile

    if name.lower().endswith(".xml"):
        return True
    try:
        with ZipFile(path) as archive:
            names = [member.lower() for member in archive.namelist()[:1000]]
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    return any(each.endswith(".xml") for each in names) and not any(each.endswith(".txt") for each in names)


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
        name, GTFS, version, features(read.tables), tuple(judge.check(path, name, today) for judge in others)
    )

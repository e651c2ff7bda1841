"""Sources of car parks: what each describes, where its free places are told, and what was last told, in one row."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, deferred, mapped_column

from mobigo.base.decisions import Decision
from mobigo.base.errors import NotFound
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Always, describe

BACK_OFF_MAX: Final = timedelta(hours=1)


class ParkSourceRow(Base):
    """A file of car parks, or the extract of streets they were read from; and the address of their free places."""

    __tablename__ = "park_source"

    code: Mapped[str] = mapped_column(String(120), primary_key=True)
    source: Mapped[str] = mapped_column(String(500))
    credit: Mapped[str] = mapped_column(String(200), default="")
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sha256: Mapped[str] = mapped_column(String(64))
    parks: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    url: Mapped[str] = mapped_column(String(500), default="")
    every_s: Mapped[int | None]  # None: no address of free places
    stale_s: Mapped[int]
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(default=0)
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    told_sha256: Mapped[str] = mapped_column(String(64), default="")
    told: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))


describe(
    ParkSourceRow,
    purpose="know where a car can be left, and whether there is room",
    keep=Always("one row a source, with its last state alone; it names no person"),
    plain="code source credit imported_at sha256 parks url every_s stale_s next_at looked_at failures error "
    "told_sha256 told",
)


@dataclass(frozen=True, slots=True)
class ParkSource:
    """A source in use. `sha256` is of its car parks, `told_sha256` of the free places last told, empty for none."""

    code: str
    source: str
    credit: str
    sha256: str
    url: str
    every_s: int | None
    stale_s: int
    looked_at: datetime | None
    failures: int
    error: Decision | None
    told_sha256: str


def _source(row: ParkSourceRow) -> ParkSource:
    error = None if row.error is None else Decision(row.error["code"], **row.error["params"])
    return ParkSource(
        row.code, row.source, row.credit, row.sha256, row.url, row.every_s, row.stale_s, row.looked_at, row.failures,
        error, row.told_sha256,
    )  # fmt: skip


def put_parks(
    session: Session, code: str, source: str, credit: str, parks: bytes, sha256: str, stale_s: int, now: datetime
) -> None:
    """The car parks of that source, in the place of those it had; where its free places are told stays."""
    row = session.get(ParkSourceRow, code, with_for_update=True)
    if row is None:
        row = ParkSourceRow(code=code, stale_s=stale_s)
        session.add(row)
    row.source, row.credit, row.parks, row.sha256, row.imported_at = source, credit, parks, sha256, now
    session.flush()


def put_address(session: Session, code: str, url: str, every_s: int, stale_s: int, now: datetime) -> None:
    """Where the free places of a source are told, due at once. Raises NotFound("parks.unknown")."""
    row = session.get(ParkSourceRow, code, with_for_update=True)
    if row is None:
        raise NotFound("parks.unknown", source=code)
    if row.url != url:
        row.url, row.told, row.told_sha256 = url, None, ""
    row.every_s, row.stale_s, row.next_at, row.failures, row.error = every_s, stale_s, now, 0, None
    session.flush()


def remove_source(session: Session, code: str, *, missing_ok: bool = False) -> None:
    """Forget a source. Raises NotFound("parks.unknown") unless that is all the same."""
    row = session.get(ParkSourceRow, code)
    if row is not None:
        session.delete(row)
    elif not missing_ok:
        raise NotFound("parks.unknown", source=code)


def list_sources(session: Session) -> list[ParkSource]:
    """Every source, by code."""
    return [_source(row) for row in session.scalars(select(ParkSourceRow).order_by(ParkSourceRow.code))]


def due(session: Session, now: datetime) -> list[ParkSource]:
    """The sources whose next look has come."""
    query = select(ParkSourceRow).where(ParkSourceRow.next_at <= now).order_by(ParkSourceRow.next_at)
    return [_source(row) for row in session.scalars(query)]


def keep(session: Session, code: str, told: bytes, sha256: str, now: datetime) -> bool:
    """Put what is told of free places in the place of what was; whether it is something else."""
    row = session.get_one(ParkSourceRow, code, with_for_update=True)
    changed = row.told_sha256 != sha256
    row.looked_at, row.failures, row.error = now, 0, None
    row.next_at = None if row.every_s is None else now + timedelta(seconds=row.every_s)
    if changed:
        row.told, row.told_sha256 = told, sha256
    session.flush()
    return changed


def note_failure(session: Session, code: str, error: Decision, now: datetime) -> None:
    """The look failed: the next one waits twice as long each time, an hour at most. What was said before is kept, and
    grows old."""
    row = session.get_one(ParkSourceRow, code, with_for_update=True)
    row.looked_at, row.failures = now, row.failures + 1
    row.error = {"code": error.code, "params": {name: str(value) for name, value in error.params.items()}}
    if row.every_s is not None:
        row.next_at = now + min(timedelta(seconds=row.every_s) * 2 ** min(row.failures, 12), BACK_OFF_MAX)
    session.flush()


def contents(session: Session, code: str) -> tuple[bytes, bytes | None] | None:
    """The car parks of a source, and what was last told of them."""
    row = session.execute(
        select(ParkSourceRow.parks, ParkSourceRow.told).where(ParkSourceRow.code == code)
    ).one_or_none()
    return None if row is None else (row[0], row[1])

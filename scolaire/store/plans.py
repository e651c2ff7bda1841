"""Plans of a sector and a school year: versions that never change, what became of them, locks, and what a running
search has found so far.

A version points at two contents by digest: the demand it answers and the plan. To undo is to make a version of an
earlier content. What becomes of a version (approved, published, set aside) is a row, by whom, in order.
"""

import zlib
from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra.append_only import append_only
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime, insert_new
from mobigo.infra.privacy import Always, Days, describe

KEEP_DAYS = 2 * 365


class PlanRow(Base):
    """A plan to be drawn: for some schools, a school year, by the vehicles of a lot."""

    __tablename__ = "scolaire_plan"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    year: Mapped[int]
    lot: Mapped[str | None] = mapped_column(ForeignKey("scolaire_lot.id"), index=True)
    schools: Mapped[list[str]] = mapped_column(Json)
    created_by: Mapped[str] = mapped_column(String(26))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ContentRow(Base):
    """A demand or a plan, compressed, under the digest of its text. Pupils are random ids; where they wait tells about
    where they live, so a content goes when its school year is long over."""

    __tablename__ = "scolaire_plan_content"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    last_day: Mapped[date] = mapped_column(Date, index=True)


class VersionRow(Base):
    """A plan as it stood. `origin`: computed, edited, received, restored. `kpis`: its figures; `why`: in words."""

    __tablename__ = "scolaire_plan_version"
    __table_args__ = (UniqueConstraint("plan", "number"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    plan: Mapped[str] = mapped_column(ForeignKey("scolaire_plan.id"))
    number: Mapped[int]
    parent: Mapped[str | None] = mapped_column(String(26))
    origin: Mapped[str] = mapped_column(String(10))
    author: Mapped[str] = mapped_column(String(26))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    why: Mapped[str] = mapped_column(String(300))
    demand_digest: Mapped[str] = mapped_column(String(64))
    plan_digest: Mapped[str] = mapped_column(String(64))
    kpis: Mapped[dict[str, Any]] = mapped_column(Json)
    faults: Mapped[int]
    job: Mapped[str | None] = mapped_column(String(26), index=True)


class StepRow(Base):
    """What became of a version: `approved`, `published`, `withdrawn`."""

    __tablename__ = "scolaire_plan_step"
    __table_args__ = (
        CheckConstraint("step IN ('approved', 'published', 'withdrawn')", name="step"),
        UniqueConstraint("version", "step"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    version: Mapped[str] = mapped_column(ForeignKey("scolaire_plan_version.id"))
    step: Mapped[str] = mapped_column(String(10))
    by: Mapped[str] = mapped_column(String(26))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    words: Mapped[str] = mapped_column(String(300), default="")


class LockRow(Base):
    """One thing fixed by hand, by whom and why; ended, never changed."""

    __tablename__ = "scolaire_plan_lock"
    __table_args__ = (Index(None, "plan", "ended_at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    plan: Mapped[str] = mapped_column(ForeignKey("scolaire_plan.id"))
    kind: Mapped[str] = mapped_column(String(20))
    half: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(80))
    school: Mapped[str] = mapped_column(String(40), default="")
    value: Mapped[str] = mapped_column(String(4000), default="")
    reason: Mapped[str] = mapped_column(String(300))
    author: Mapped[str] = mapped_column(String(26))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(26))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OpenServiceRow(Base):
    """A service that takes travellers too (GTFS 713), from a day on; all others carry pupils alone. `seats`: how many
    are theirs, whoever is registered; the number is told to nobody, the pupils could be counted from it."""

    __tablename__ = "scolaire_open_service"

    plan: Mapped[str] = mapped_column(ForeignKey("scolaire_plan.id"), primary_key=True)
    service: Mapped[str] = mapped_column(String(80), primary_key=True)
    seats: Mapped[int]
    by: Mapped[str] = mapped_column(String(26))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CandidateRow(Base):
    """The best checked plan of a search that runs, was stopped or died: what a kill does not lose."""

    __tablename__ = "scolaire_plan_candidate"

    job: Mapped[str] = mapped_column(String(26), primary_key=True)
    plan: Mapped[str] = mapped_column(ForeignKey("scolaire_plan.id"), index=True)
    demand_digest: Mapped[str] = mapped_column(String(64))
    plan_digest: Mapped[str | None] = mapped_column(String(64))
    kpis: Mapped[dict[str, Any] | None] = mapped_column(Json)
    state: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


append_only(VersionRow)
append_only(StepRow)
describe(
    PlanRow, purpose="draw the circuits of a sector", keep=Always("it explains past accounts; no pupil is in it"),
    plain="id name year lot schools created_by created_at closed_at",
)  # fmt: skip
describe(
    ContentRow, purpose="carry pupils: who waits where, on which service", keep=Days(KEEP_DAYS, after="last_day"),
    personal={"content": "pupils by random id, the stops within their reach, their seat"},
    plain="digest kind last_day",
)  # fmt: skip
describe(
    VersionRow, purpose="go back to an earlier plan, tell who drew it",
    keep=Always("who drew and approved public services; figures and digests, no pupil"),
    plain="id plan number parent origin author made_at why demand_digest plan_digest kpis faults job",
)  # fmt: skip
describe(
    StepRow, purpose="prove who approved and published a plan", keep=Always("it is the proof; no pupil is in it"),
    plain="id version step by at words",
)  # fmt: skip
describe(
    LockRow, purpose="keep by hand what must not move, and say why", keep=Days(KEEP_DAYS, after="ended_at"),
    personal={"subject": "a pupil (random id), where a pupil's stop is kept", "value": "their stop",
              "reason": "why: people write of pupils"},
    plain="id plan kind half school author made_at ended_by ended_at",
)  # fmt: skip
describe(
    OpenServiceRow, purpose="publish the services that take everybody, and no other",
    keep=Always("what was public is public; no person"), plain="plan service seats by at",
)  # fmt: skip
describe(
    CandidateRow, purpose="lose nothing of a long search", keep=Days(90, after="at"),
    plain="job plan demand_digest plan_digest kpis state at",
)  # fmt: skip


def put_content(session: Session, kind: str, text: bytes, last_day: date) -> str:
    """Keep a content; its digest. The same content is kept once, as long as the latest of its days."""
    digest = sha256(text).hexdigest()
    row = {"digest": digest, "kind": kind, "content": zlib.compress(text, 6), "last_day": last_day}
    if not insert_new(session, ContentRow, row):
        known = session.get(ContentRow, digest)
        if known is not None and known.last_day < last_day:
            known.last_day = last_day
    return digest


def get_content(session: Session, digest: str) -> bytes:
    """A content. Raises NotFound("scolaire.plan_content_gone") when its time is over."""
    row = session.get(ContentRow, digest)
    if row is None:
        raise NotFound("scolaire.plan_content_gone")
    return zlib.decompress(row.content)


def plans(session: Session) -> list[PlanRow]:
    """The plans, latest first."""
    return list(session.scalars(select(PlanRow).order_by(PlanRow.year.desc(), PlanRow.name, PlanRow.id)))


def get_plan(session: Session, plan: str, *, lock: bool = False) -> PlanRow:
    """Raises NotFound("scolaire.unknown_plan")."""
    row = session.get(PlanRow, plan, with_for_update=lock or None)
    if row is None:
        raise NotFound("scolaire.unknown_plan", plan=plan[:40])
    return row


def versions(session: Session, plan: str) -> list[VersionRow]:
    """The versions of a plan, latest first."""
    asked = select(VersionRow).where(VersionRow.plan == plan)
    return list(session.scalars(asked.order_by(VersionRow.number.desc())))


def get_version(session: Session, version: str) -> VersionRow:
    """Raises NotFound("scolaire.unknown_version")."""
    row = session.get(VersionRow, version)
    if row is None:
        raise NotFound("scolaire.unknown_version", version=version[:40])
    return row


def next_number(session: Session, plan: str) -> int:
    """The number of the version to come; the plan's row is locked by whoever asks."""
    return (session.scalar(select(func.max(VersionRow.number)).where(VersionRow.plan == plan)) or 0) + 1


def steps(session: Session, versions_: Sequence[str]) -> dict[str, list[StepRow]]:
    """What became of versions, oldest first."""
    found: dict[str, list[StepRow]] = {each: [] for each in versions_}
    asked = select(StepRow).where(StepRow.version.in_(sorted(found))).order_by(StepRow.at, StepRow.id)
    for row in session.scalars(asked):
        found[row.version].append(row)
    return found


def add_step(session: Session, version: str, step: str, by: str, now: datetime, words: str = "") -> bool:
    """Write a step; whether it was not there yet."""
    row = {"id": new_id(now), "version": version, "step": step, "by": by, "at": now, "words": words}
    return insert_new(session, StepRow, row, unique=("version", "step"))


def published(session: Session, plan: str) -> VersionRow | None:
    """The version of a plan that is in force: the one published last and not withdrawn."""
    gone = select(StepRow.version).where(StepRow.step == "withdrawn")
    return session.scalar(
        select(VersionRow)
        .join(StepRow, StepRow.version == VersionRow.id)
        .where(VersionRow.plan == plan, StepRow.step == "published", VersionRow.id.not_in(gone))
        .order_by(StepRow.at.desc(), StepRow.id.desc())
        .limit(1)
    )


def locks(session: Session, plan: str) -> list[LockRow]:
    """The locks that hold, oldest first."""
    asked = select(LockRow).where(LockRow.plan == plan, LockRow.ended_at.is_(None))
    return list(session.scalars(asked.order_by(LockRow.made_at, LockRow.id)))


def get_lock(session: Session, lock: str) -> LockRow:
    """Raises NotFound("scolaire.unknown_lock")."""
    row = session.get(LockRow, lock)
    if row is None:
        raise NotFound("scolaire.unknown_lock")
    return row


def open_services(session: Session, plan: str) -> dict[str, int]:
    """The services of a plan that take travellers too, and how many seats are theirs."""
    rows = session.scalars(select(OpenServiceRow).where(OpenServiceRow.plan == plan).order_by(OpenServiceRow.service))
    return {row.service: row.seats for row in rows}


def set_open(
    session: Session, plan: str, service: str, *, is_open: bool, by: str, now: datetime, seats: int = 1
) -> bool:
    """Open a service to travellers, with so many seats, or close it again; whether that changed anything."""
    row = session.get(OpenServiceRow, (plan, service))
    if (row is not None) is is_open:
        return False
    if row is not None:
        session.delete(row)
    else:
        session.add(OpenServiceRow(plan=plan, service=service, seats=seats, by=by, at=now))
    session.flush()
    return True


def find_candidate(session: Session, job: str) -> CandidateRow | None:
    """What a search has found so far."""
    return session.get(CandidateRow, job, populate_existing=True)

"""Who follows which dataset, and why: by e-mail once the address is confirmed, or by signed calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, delete, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime, changed
from mobigo.infra.privacy import Days, describe

ALL = ""  # every dataset
EMAIL, CALL = "email", "call"


class FollowerRow(Base):
    """A follower. `ends_at`: when the row goes — some days after it was asked, unless confirmed; when it was ended."""

    __tablename__ = "opendata_follower"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    dataset: Mapped[str] = mapped_column(String(64), index=True)
    reasons: Mapped[list[Any]] = mapped_column(Json)
    channel: Mapped[str] = mapped_column(String(8))
    address: Mapped[str] = mapped_column(String(500))
    language: Mapped[str] = mapped_column(String(2))
    person: Mapped[str | None] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(String(200), default="")


describe(
    FollowerRow,
    purpose="tell who asked what happens to a dataset, until they ask no more",
    keep=Days(0, after="ends_at"),
    personal={"address": "where they asked to be told", "person": "whose it is (random subject id), when signed in"},
    plain="id dataset reasons channel language created_at confirmed_at ends_at failures last_error",
)


@dataclass(frozen=True, slots=True)
class Follower:
    """A follower, as a value. `dataset` "" follows all."""

    id: str
    dataset: str
    reasons: tuple[str, ...]
    channel: str
    address: str
    language: str
    person: str | None
    confirmed_at: datetime | None
    failures: int
    last_error: str


def _value(row: FollowerRow) -> Follower:
    return Follower(
        row.id, row.dataset, tuple(row.reasons), row.channel, row.address, row.language, row.person, row.confirmed_at,
        row.failures, row.last_error,
    )  # fmt: skip


def add(
    session: Session,
    *,
    dataset: str,
    reasons: Sequence[str],
    channel: str,
    address: str,
    language: str,
    person: str | None,
    now: datetime,
    ends_at: datetime | None,
) -> Follower:
    """Record a follower, not confirmed while `ends_at` says so. One already there for the same address and dataset gets
    the new reasons; but one that is confirmed, while the new wish is not, is left as it is until it is."""
    same = [FollowerRow.dataset == dataset, FollowerRow.channel == channel, FollowerRow.address == address]
    if ends_at is not None:
        same.append(FollowerRow.confirmed_at.is_(None))
    row = session.scalars(select(FollowerRow).where(*same, FollowerRow.person.is_not_distinct_from(person))).first()
    if row is None:
        row = FollowerRow(
            id=new_id(now), dataset=dataset, channel=channel, address=address, person=person, created_at=now,
            confirmed_at=None, ends_at=ends_at, failures=0, last_error="", language=language, reasons=[],
        )  # fmt: skip
        session.add(row)
    row.reasons, row.language = list(reasons), language
    if ends_at is None:
        row.confirmed_at, row.ends_at = row.confirmed_at or now, None
    session.flush()
    return _value(row)


def get(session: Session, follower_id: str) -> Follower:
    """The follower of this id. Raises NotFound("opendata.unknown_follower")."""
    row = session.get(FollowerRow, follower_id, populate_existing=True)
    if row is None:
        raise NotFound("opendata.unknown_follower")
    return _value(row)


def confirm(session: Session, follower_id: str, now: datetime) -> None:
    """The address answered: it is told from now on, and what it had asked of the same dataset before counts no more."""
    row = session.get(FollowerRow, follower_id, populate_existing=True)
    if row is None or row.confirmed_at is not None:
        return
    row.confirmed_at, row.ends_at = now, None
    session.flush()
    session.execute(
        delete(FollowerRow).where(
            FollowerRow.dataset == row.dataset,
            FollowerRow.channel == row.channel,
            FollowerRow.address == row.address,
            FollowerRow.confirmed_at.is_not(None),
            FollowerRow.id != row.id,
        )
    )


def drop(session: Session, follower_id: str) -> int:
    """Forget a follower at once; how many there were."""
    return changed(session, delete(FollowerRow).where(FollowerRow.id == follower_id))


def of_person(session: Session, person: str) -> list[Follower]:
    """What a person follows, the oldest first."""
    asked = select(FollowerRow).where(FollowerRow.person == person).order_by(FollowerRow.id)
    return [_value(row) for row in session.scalars(asked)]


def drop_person(session: Session, person: str) -> int:
    """Forget all that a person follows."""
    return changed(session, delete(FollowerRow).where(FollowerRow.person == person))


def to_tell(session: Session, dataset: str, reason: str) -> list[Follower]:
    """Who is to be told of this dataset for this reason, confirmed, the oldest first."""
    asked = (
        select(FollowerRow)
        .where(or_(FollowerRow.dataset == dataset, FollowerRow.dataset == ALL), FollowerRow.confirmed_at.is_not(None))
        .order_by(FollowerRow.id)
    )
    return [_value(row) for row in session.scalars(asked) if reason in row.reasons]


def note_call(session: Session, follower_id: str, error: str) -> None:
    """Note how the last call went ("": well)."""
    row = session.get(FollowerRow, follower_id)
    if row is not None:
        row.failures = row.failures + 1 if error else 0
        row.last_error = error[:200]
        session.flush()

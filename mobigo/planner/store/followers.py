"""Who asked to be told of one journey, until it is over."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, Text, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Days, describe


class TripFollowerRow(Base):
    """Who asked. `trip` is the text of the journey, `told` what was last said of it, `ends_at` when the row goes: soon
    after the journey, confirmed or not."""

    __tablename__ = "trip_follower"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8))
    address: Mapped[str] = mapped_column(String(320), index=True)
    trip: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(2))
    told: Mapped[str] = mapped_column(String(200))
    told_count: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


describe(
    TripFollowerRow,
    purpose="tell who asked how one journey goes, until it is over",
    keep=Days(0, after="ends_at"),
    personal={"address": "where they asked to be told", "trip": "which journey: from where to where, and when"},
    plain="id channel language told told_count created_at confirmed_at ends_at",
)


@dataclass(frozen=True, slots=True)
class TripFollower:
    """Who asked to be told of a journey."""

    id: str
    channel: str
    address: str
    trip: str
    language: str
    told: str
    told_count: int
    confirmed_at: datetime | None
    ends_at: datetime


def _follower(row: TripFollowerRow) -> TripFollower:
    return TripFollower(
        row.id,
        row.channel,
        row.address,
        row.trip,
        row.language,
        row.told,
        row.told_count,
        row.confirmed_at,
        row.ends_at,
    )


def add(
    session: Session, channel: str, address: str, trip: str, language: str, now: datetime, ends_at: datetime
) -> TripFollower:
    """Record who asks. Who asked the same before is that one."""
    row = session.scalars(
        select(TripFollowerRow).where(
            TripFollowerRow.channel == channel, TripFollowerRow.address == address, TripFollowerRow.trip == trip
        )
    ).first()
    if row is None:
        row = TripFollowerRow(
            id=new_id(now), channel=channel, address=address, trip=trip, language=language, told="", told_count=0,
            created_at=now, confirmed_at=None, ends_at=ends_at,
        )  # fmt: skip
        session.add(row)
        session.flush()
    return _follower(row)


def count_of(session: Session, address: str, now: datetime) -> int:
    """How many journeys an address follows, or was asked to."""
    asked = select(func.count()).where(TripFollowerRow.address == address, TripFollowerRow.ends_at > now)
    return session.scalar(asked) or 0


def get(session: Session, follower_id: str) -> TripFollower:
    """The follower of this id. Raises NotFound."""
    row = session.get(TripFollowerRow, follower_id)
    if row is None:
        raise NotFound("planner.unknown_follower")
    return _follower(row)


def confirm(session: Session, follower_id: str, now: datetime) -> None:
    """The address answered. Raises NotFound."""
    row = session.get(TripFollowerRow, follower_id)
    if row is None:
        raise NotFound("planner.unknown_follower")
    row.confirmed_at = row.confirmed_at or now
    session.flush()


def drop(session: Session, follower_id: str) -> None:
    """Forget who asked."""
    session.execute(delete(TripFollowerRow).where(TripFollowerRow.id == follower_id))


def drop_over(session: Session, now: datetime) -> None:
    """Forget those whose journey is over, without waiting for the night."""
    session.execute(delete(TripFollowerRow).where(TripFollowerRow.ends_at <= now))


def to_tell(session: Session, now: datetime) -> list[TripFollower]:
    """Those who are told, by id."""
    query = select(TripFollowerRow).where(TripFollowerRow.confirmed_at.is_not(None), TripFollowerRow.ends_at > now)
    return [_follower(row) for row in session.scalars(query.order_by(TripFollowerRow.id))]


def note_told(session: Session, follower_id: str, told: str) -> None:
    """Note what was said last; nothing where who asked is gone meanwhile."""
    row = session.get(TripFollowerRow, follower_id)
    if row is not None:
        row.told, row.told_count = told, row.told_count + 1
        session.flush()

"""How vehicles ran: what realtime said of each call last, around the time it happened. Kept some weeks, so that a delay
can be certified afterwards and a change be told with how often it could be made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime, insert_new
from mobigo.infra.privacy import Days, describe

KEPT_DAYS = 60


class ObservedTripRow(Base):
    """A trip on a day. `calls`: [seconds late on arriving, as of when (seconds since 1970)] by position in the trip."""

    __tablename__ = "observed_trip"
    __table_args__ = (UniqueConstraint("feed", "trip_id", "day", "shift_s"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    feed: Mapped[str] = mapped_column(String(64))
    trip_id: Mapped[str] = mapped_column(String(300))
    day: Mapped[date] = mapped_column(Date)
    shift_s: Mapped[int]
    calls: Mapped[dict[str, Any]] = mapped_column(Json)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heard_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


describe(
    ObservedTripRow,
    purpose="certify a delay to who travelled, tell how often a change could be made",
    keep=Days(KEPT_DAYS, after="heard_at"),
    plain="id feed trip_id day shift_s calls cancelled_at heard_at",
)


@dataclass(frozen=True, slots=True)
class TripKey:
    """A trip on a day; `shift_s` tells the departures of a headway apart."""

    feed: str
    trip_id: str
    day: date
    shift_s: int = 0


@dataclass(frozen=True, slots=True)
class Observed:
    """What was heard of a trip: (seconds late, as of when) by position; when it was said to be cancelled."""

    calls: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    cancelled_at: datetime | None = None


def put(session: Session, heard: Mapping[TripKey, Observed], at: datetime) -> int:
    """Add what is heard to what was; what is said of a call takes the place of what was said of it before. How many
    trips changed."""
    return sum(_put(session, key, each, at) for key, each in sorted(heard.items(), key=lambda one: _order(one[0])))


def _order(key: TripKey) -> tuple[str, str, date, int]:
    return key.feed, key.trip_id, key.day, key.shift_s


def _put(session: Session, key: TripKey, heard: Observed, at: datetime) -> bool:
    columns = {"feed": key.feed, "trip_id": key.trip_id, "day": key.day, "shift_s": key.shift_s}
    fresh = {"id": new_id(at), **columns, "calls": {}, "cancelled_at": None, "heard_at": at}
    insert_new(session, ObservedTripRow, fresh, list(columns))
    row = session.scalars(select(ObservedTripRow).filter_by(**columns).with_for_update()).one()
    calls = {**row.calls, **{str(position): list(each) for position, each in heard.calls.items()}}
    # cancelled as of the first word of it; a trip that is said to run after all is no longer
    cancelled_at = None if heard.cancelled_at is None else row.cancelled_at or heard.cancelled_at
    if calls == row.calls and row.cancelled_at == cancelled_at:
        return False
    row.calls, row.cancelled_at, row.heard_at = calls, cancelled_at, at
    session.flush()
    return True


def find(session: Session, keys: Iterable[TripKey]) -> dict[TripKey, Observed]:
    """What was heard of these trips; those of which nothing was are left out."""
    out = {}
    for key in keys:
        columns = {"feed": key.feed, "trip_id": key.trip_id, "day": key.day, "shift_s": key.shift_s}
        row = session.scalars(select(ObservedTripRow).filter_by(**columns)).one_or_none()
        if row is not None:
            out[key] = _heard(row)
    return out


def past(session: Session, key: TripKey) -> list[Observed]:
    """What was heard of the same trip on the days before that one, of which anything was."""
    rows = session.scalars(
        select(ObservedTripRow).where(
            ObservedTripRow.feed == key.feed, ObservedTripRow.trip_id == key.trip_id,
            ObservedTripRow.shift_s == key.shift_s, ObservedTripRow.day < key.day,
        ).order_by(ObservedTripRow.day)
    )  # fmt: skip
    return [_heard(row) for row in rows]


def _heard(row: ObservedTripRow) -> Observed:
    calls = {int(position): (int(each[0]), int(each[1])) for position, each in row.calls.items()}
    return Observed(calls, row.cancelled_at)

"""The runs of coaches that drivers note, one row a trip and day. Nobody's name is in it, and no trace: of positions the
last one alone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.geo import Point
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime, insert_new
from mobigo.infra.privacy import Days, describe
from mobigo.network.model.tracking import Run

KEPT_DAYS = 1


class CoachRunRow(Base):
    """A trip on a day as its driver noted it. `calls`: [arrived, left] by position, seconds since 1970."""

    __tablename__ = "coach_run"
    __table_args__ = (UniqueConstraint("feed", "trip_id", "day"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    feed: Mapped[str] = mapped_column(String(64))
    trip_id: Mapped[str] = mapped_column(String(300))
    day: Mapped[date] = mapped_column(Date)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    heard_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    calls: Mapped[dict[str, Any]] = mapped_column(Json)
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


describe(
    CoachRunRow,
    purpose="tell travellers where a coach is and how late, while it runs; who drives it is not kept",
    keep=Days(KEPT_DAYS, after="heard_at"),
    personal={
        "lat": "the last position of the driver's telephone, sent only by their own choice, while the run lasts; the "
        "one before is overwritten, and the last is erased when the run ends",
        "lon": "as lat",
    },
    plain="id feed trip_id day started_at heard_at ended_at calls seen_at",
)


def find(session: Session, feed: str, trip_id: str, day: date) -> Run | None:
    """The run of a trip on a day, when somebody notes it."""
    row = session.scalars(_query(feed, trip_id, day)).one_or_none()
    return None if row is None else _run(row)


def hold(session: Session, feed: str, trip_id: str, day: date, _at: datetime) -> Run | None:
    """The run of a trip on a day, when somebody notes it, locked until the transaction ends."""
    row = session.scalars(_query(feed, trip_id, day).with_for_update()).one_or_none()
    return None if row is None else _run(row)


def begin(session: Session, feed: str, trip_id: str, day: date, at: datetime) -> Run | None:
    """The same, made when there is none."""
    values = {
        "id": new_id(at), "feed": feed, "trip_id": trip_id, "day": day, "started_at": at, "heard_at": at, "calls": {},
    }  # fmt: skip
    insert_new(session, CoachRunRow, values, ["feed", "trip_id", "day"])
    return hold(session, feed, trip_id, day, at)


def put(session: Session, run: Run) -> None:
    """Keep a run as it is now."""
    row = session.get_one(CoachRunRow, run.id)
    row.heard_at, row.ended_at = _at(run.heard), None if run.ended is None else _at(run.ended)
    row.calls = {str(position): list(times) for position, times in sorted(run.calls.items())}
    row.lat, row.lon, row.seen_at = (
        (None, None, None) if run.seen is None else (run.seen[0].lat, run.seen[0].lon, _at(run.seen[1]))
    )
    session.flush()


def current(session: Session, now: datetime, feed: str | None = None) -> list[Run]:
    """The runs not over of which something was heard in the last half day, by feed and trip."""
    query = select(CoachRunRow).where(CoachRunRow.ended_at.is_(None), CoachRunRow.heard_at >= now - timedelta(hours=12))
    if feed is not None:
        query = query.where(CoachRunRow.feed == feed)
    ordered = query.order_by(CoachRunRow.feed, CoachRunRow.trip_id, CoachRunRow.day)
    return [_run(row) for row in session.scalars(ordered)]


def _query(feed: str, trip_id: str, day: date) -> Any:
    return (
        select(CoachRunRow)
        .where(CoachRunRow.feed == feed, CoachRunRow.trip_id == trip_id, CoachRunRow.day == day)
        .execution_options(populate_existing=True)
    )


def _run(row: CoachRunRow) -> Run:
    seen = None
    if row.lat is not None and row.lon is not None and row.seen_at is not None:
        seen = Point(row.lat, row.lon), int(row.seen_at.timestamp())
    return Run(
        row.id, row.feed, row.trip_id, row.day, int(row.started_at.timestamp()), int(row.heard_at.timestamp()),
        None if row.ended_at is None else int(row.ended_at.timestamp()),
        {int(position): (times[0], times[1]) for position, times in row.calls.items()}, seen,
    )  # fmt: skip


def _at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)

"""School stops, each with its safety file: where it stands, how one gets in, what was looked at and when."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Always, describe

STATES = ("proposed", "active", "suspended", "closed")
SIDES = ("right", "left", "off_road")  # of the road as the bus comes towards school; off the road: a bay, a square
CROSSINGS = ("none", "marked", "unmarked", "forbidden")  # what a pupil has to cross to get there

_WHY = "a stop is a public place; what was known of its safety on a day must stay readable"


class StopRow(Base):
    """A school stop. Only an `active` one is served; a `proposed` one may be tried by a plan, never published."""

    __tablename__ = "scolaire_stop"
    __table_args__ = (
        CheckConstraint("state IN ('proposed', 'active', 'suspended', 'closed')", name="state"),
        CheckConstraint("side IN ('right', 'left', 'off_road', '')", name="side"),
        CheckConstraint("crossing IN ('none', 'marked', 'unmarked', 'forbidden', '')", name="crossing"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    code: Mapped[str | None] = mapped_column(String(40), unique=True)  # of the file it was imported from
    name: Mapped[str] = mapped_column(String(200))
    commune: Mapped[str | None] = mapped_column(String(5), index=True)
    lat: Mapped[float]
    lon: Mapped[float]
    place: Mapped[str | None] = mapped_column(String(26))  # the network's place that stands there
    state: Mapped[str] = mapped_column(String(10))
    side: Mapped[str] = mapped_column(String(10), default="")  # "": not looked at yet
    crossing: Mapped[str] = mapped_column(String(10), default="")
    shelter: Mapped[bool | None]
    lighting: Mapped[bool | None]
    reversing: Mapped[bool | None]  # the bus has to reverse: forbidden with pupils around
    waiting_max: Mapped[int | None]  # pupils who may wait there at once, off the carriageway
    note: Mapped[str] = mapped_column(Text, default="")
    photo: Mapped[str | None] = mapped_column(String(64))
    organisation: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"), index=True)  # who asked for it
    reviewed_on: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StopReviewRow(Base):
    """One look at a stop's safety: by whom, what was found, what state followed. Never changed."""

    __tablename__ = "scolaire_stop_review"
    __table_args__ = (Index(None, "stop", "at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    stop: Mapped[str] = mapped_column(ForeignKey("scolaire_stop.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(26))
    state: Mapped[str] = mapped_column(String(10))
    found: Mapped[dict[str, Any]] = mapped_column(Json)
    words: Mapped[str] = mapped_column(Text, default="")


describe(
    StopRow,
    purpose="know where school buses stop, and what was seen of each stop's safety",
    keep=Always(_WHY),
    plain="id code name commune lat lon place state side crossing shelter lighting reversing waiting_max note photo "
    "organisation reviewed_on source created_at updated_at",
)
describe(
    StopReviewRow, purpose="prove when a stop was looked at, by whom, and what was found", keep=Always(_WHY),
    plain="id stop at by state found words",
)  # fmt: skip


def get_stop(session: Session, stop: str) -> StopRow:
    """Raises NotFound("scolaire.unknown_stop")."""
    row = session.get(StopRow, stop)
    if row is None:
        raise NotFound("scolaire.unknown_stop", stop=stop[:40])
    return row


def stops(
    session: Session, *, states: Collection[str] = ("active",), communes: Collection[str] | None = None
) -> list[StopRow]:
    """The stops in these states, by name; of these communes."""
    asked = select(StopRow).where(StopRow.state.in_(sorted(states)))
    if communes is not None:
        asked = asked.where(StopRow.commune.in_(sorted(communes)))
    return list(session.scalars(asked.order_by(StopRow.name, StopRow.id)))


def reviews(session: Session, stop: str) -> list[StopReviewRow]:
    """The looks at a stop, latest first."""
    asked = select(StopReviewRow).where(StopReviewRow.stop == stop)
    return list(session.scalars(asked.order_by(StopReviewRow.at.desc(), StopReviewRow.id.desc())))

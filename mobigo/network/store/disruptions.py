"""Disruptions, and who asked to be told of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, Text, delete, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Always, Days, describe
from mobigo.network.model.disruptions import Disruption


class DisruptionRow(Base):
    """A disruption as it was last written."""

    __tablename__ = "disruption"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str] = mapped_column(String(200))
    text_en: Mapped[str] = mapped_column(Text)
    effect: Mapped[str] = mapped_column(String(40))
    cause: Mapped[str] = mapped_column(String(40))
    lines: Mapped[list[Any]] = mapped_column(Json)
    stops: Mapped[list[Any]] = mapped_column(Json)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DisruptionFollowerRow(Base):
    """Who asked to be told. `ends_at`: when the row goes — some days after it was asked, unless confirmed."""

    __tablename__ = "disruption_follower"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8))
    address: Mapped[str] = mapped_column(String(320))
    line: Mapped[str] = mapped_column(String(400), index=True)  # "" for all
    language: Mapped[str] = mapped_column(String(2))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


describe(
    DisruptionRow,
    purpose="tell travellers what happens on the network",
    keep=Always("the history of a public service; it names no person (who wrote it is in the audit log)"),
    plain="id title text title_en text_en effect cause lines stops first_at last_at written_at changed_at ended_at",
)
describe(
    DisruptionFollowerRow,
    purpose="tell who asked what happens on a line, until they ask no more",
    keep=Days(0, after="ends_at"),
    personal={"address": "where they asked to be told"},
    plain="id channel line language created_at confirmed_at ends_at",
)


@dataclass(frozen=True, slots=True)
class LineFollower:
    """Who asked to be told of a line ("" for all)."""

    id: str
    channel: str
    address: str
    line: str
    language: str
    confirmed_at: datetime | None


def _disruption(row: DisruptionRow) -> Disruption:
    return Disruption(
        row.id, row.title, row.text, row.title_en, row.text_en, row.effect, row.cause, tuple(row.lines),
        tuple(row.stops), row.first_at, row.last_at, row.written_at, row.changed_at, row.ended_at,
    )  # fmt: skip


def put(session: Session, disruption: Disruption) -> Disruption:
    """Write a disruption, in place of the one of its id; "" gives it one."""
    given = disruption.id or new_id(disruption.changed_at)
    session.merge(
        DisruptionRow(
            id=given, title=disruption.title, text=disruption.text, title_en=disruption.title_en,
            text_en=disruption.text_en, effect=disruption.effect, cause=disruption.cause,
            lines=list(disruption.lines), stops=list(disruption.stops), first_at=disruption.first_at,
            last_at=disruption.last_at, written_at=disruption.written_at, changed_at=disruption.changed_at,
            ended_at=disruption.ended_at,
        )
    )  # fmt: skip
    session.flush()
    return get(session, given)


def get(session: Session, disruption_id: str) -> Disruption:
    """The disruption of this id. Raises NotFound."""
    row = session.get(DisruptionRow, disruption_id)
    if row is None:
        raise NotFound("disruptions.unknown", disruption=disruption_id[:40])
    return _disruption(row)


def list_current(session: Session, now: datetime) -> list[Disruption]:
    """Those that are not over, the next to begin first."""
    query = (
        select(DisruptionRow)
        .where(or_(DisruptionRow.last_at.is_(None), DisruptionRow.last_at > now), DisruptionRow.ended_at.is_(None))
        .order_by(DisruptionRow.first_at, DisruptionRow.id)
    )
    return [_disruption(row) for row in session.scalars(query)]


def list_over(session: Session, now: datetime, most: int) -> list[Disruption]:
    """The last of those that are over."""
    query = (
        select(DisruptionRow)
        .where(or_(DisruptionRow.last_at <= now, DisruptionRow.ended_at.is_not(None)))
        .order_by(DisruptionRow.changed_at.desc(), DisruptionRow.id)
        .limit(most)
    )
    return [_disruption(row) for row in session.scalars(query)]


def add_follower(
    session: Session, channel: str, address: str, line: str, language: str, now: datetime, ends_at: datetime
) -> LineFollower:
    """Record who asks, forgotten at `ends_at` unless confirmed. Who asked the same before is that one."""
    row = session.scalars(
        select(DisruptionFollowerRow).where(
            DisruptionFollowerRow.channel == channel,
            DisruptionFollowerRow.address == address,
            DisruptionFollowerRow.line == line,
        )
    ).first()
    if row is None:
        row = DisruptionFollowerRow(
            id=new_id(now), channel=channel, address=address, line=line, language=language, created_at=now,
            confirmed_at=None, ends_at=ends_at,
        )  # fmt: skip
        session.add(row)
        session.flush()
    return _follower(row)


def _follower(row: DisruptionFollowerRow) -> LineFollower:
    return LineFollower(row.id, row.channel, row.address, row.line, row.language, row.confirmed_at)


def get_follower(session: Session, follower_id: str) -> LineFollower:
    """The follower of this id. Raises NotFound."""
    row = session.get(DisruptionFollowerRow, follower_id)
    if row is None:
        raise NotFound("disruptions.unknown_follower")
    return _follower(row)


def confirm_follower(session: Session, follower_id: str, now: datetime) -> None:
    """The address answered. Raises NotFound."""
    row = session.get(DisruptionFollowerRow, follower_id)
    if row is None:
        raise NotFound("disruptions.unknown_follower")
    row.confirmed_at, row.ends_at = row.confirmed_at or now, None
    session.flush()


def drop_follower(session: Session, follower_id: str) -> None:
    """Forget who asked."""
    session.execute(delete(DisruptionFollowerRow).where(DisruptionFollowerRow.id == follower_id))


def followers_of(session: Session, lines: Sequence[str]) -> list[LineFollower]:
    """Those who are told of these lines (none: of the whole network, so everybody), one an address."""
    query = select(DisruptionFollowerRow).where(DisruptionFollowerRow.confirmed_at.is_not(None))
    if lines:
        query = query.where(DisruptionFollowerRow.line.in_([*lines, ""]))
    found = {
        (row.channel, row.address): _follower(row) for row in session.scalars(query.order_by(DisruptionFollowerRow.id))
    }
    return list(found.values())

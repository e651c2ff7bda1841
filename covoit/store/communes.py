"""Operators' journeys whose ends have no commune yet, and the communes once they are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from covoit.model.journeys import JourneyState
from covoit.store.journey_rows import JourneyRow, PositionRow
from mobigo.base.geo import Point
from mobigo.infra.db import changed

_LACKS = or_(JourneyRow.start_insee.is_(None), JourneyRow.end_insee.is_(None))


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A journey as it was at this revision, and its exact ends."""

    journey: str
    revision: int
    start: Point
    end: Point


@dataclass(frozen=True, slots=True)
class Placed:
    """The communes of a journey, as it was at this revision; None for an end in no commune that is known."""

    journey: str
    revision: int
    start: str | None
    end: str | None


def unplaced(session: Session, since: datetime, limit: int, after: str) -> list[Unplaced]:
    """Journeys received since then that lack a commune and are not priced, by id from `after` on."""
    rows = session.execute(
        select(JourneyRow.id, JourneyRow.revision, PositionRow)
        .join(PositionRow, PositionRow.journey == JourneyRow.id)
        .where(_LACKS, JourneyRow.received_at >= since, JourneyRow.priced_at.is_(None), JourneyRow.id > after)
        .order_by(JourneyRow.id)
        .limit(limit)
    )
    return [
        Unplaced(id, revision, Point(at.start_lat, at.start_lon), Point(at.end_lat, at.end_lon))
        for id, revision, at in rows
    ]


def note_placed(session: Session, placed: Sequence[Placed]) -> int:
    """Write communes; a journey corrected or priced meanwhile is left as it is. How many were written."""
    return sum(
        changed(
            session,
            update(JourneyRow)
            .where(JourneyRow.id == each.journey, JourneyRow.revision == each.revision, JourneyRow.priced_at.is_(None))
            .values(
                start_insee=func.coalesce(JourneyRow.start_insee, each.start),
                end_insee=func.coalesce(JourneyRow.end_insee, each.end),
            ),
        )
        for each in placed
    )  # fmt: skip


def counts(session: Session) -> tuple[int, int]:
    """(journeys that count, those of them without the commune of both ends)."""
    counted = JourneyRow.status == JourneyState.OK.value
    asked = select(func.count()).select_from(JourneyRow).where(counted)
    return session.scalar(asked) or 0, session.scalar(asked.where(_LACKS)) or 0

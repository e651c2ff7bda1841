"""The alerts of each month's fraud checks, and what a person did about each. An alert changes no payment.

Looking at a month again finds the same alerts: one is known by its month, its suspicion and its people. While nobody
has answered it, what it rests on follows what is known of the month; once answered, it stays as it was answered.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint, and_, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from covoit.model.journeys import Journey, JourneyState
from covoit.store.awards import HeadRow, Key, slices
from covoit.store.journeys import JourneyRow, journey_value
from mobigo.base.errors import NotFound
from mobigo.base.money import Money
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import BLANK, Days, describe

_ALERT_DAYS: Final = 5 * 366  # as long as what was paid may be claimed back, as the cases it may open


class AlertState(StrEnum):
    """What a person did about an alert."""

    NEW = "new"
    CLEARED = "cleared"  # looked at: there is nothing, and why
    OPENED = "opened"  # a case was opened: the people concerned are heard
    WITHDRAWN = "withdrawn"  # after the decision, the journeys were withdrawn


class AlertRow(Base):
    """One suspicion on a month's journeys. `people` and `journeys` are random ids; `reasons` decisions, as JSON."""

    __tablename__ = "covoit_alert"
    __table_args__ = (
        UniqueConstraint("month", "suspicion", "people_key"),
        Index(None, "state", "month"),
        CheckConstraint("state = 'new' OR answered_by IS NOT NULL", name="answered"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    month: Mapped[str] = mapped_column(String(7))
    suspicion: Mapped[str] = mapped_column(String(16))
    people_key: Mapped[str] = mapped_column(String(64))
    people: Mapped[Any] = mapped_column(Json)
    journeys: Mapped[Any] = mapped_column(Json)
    reasons: Mapped[str] = mapped_column(Text)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(10))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str | None] = mapped_column(String(64))
    words: Mapped[str | None] = mapped_column(Text)


describe(
    AlertRow,
    purpose="look into journeys that may not have taken place, before anything is decided",
    keep=Days(_ALERT_DAYS, after="found_at", then=BLANK),
    personal={
        "people": "whose journeys are looked into (random person ids)",
        "journeys": "which journeys are looked into",
        "words": "what the agent wrote after looking",
    },
    plain="id month suspicion people_key reasons found_at state answered_at answered_by",
)


def key_of(people: Sequence[str]) -> str:
    """What names a group of people, in any order."""
    return sha256(" ".join(sorted(people)).encode()).hexdigest()


def find_alert(session: Session, month: str, suspicion: str, people: Sequence[str]) -> AlertRow | None:
    """The alert of a month on these very people, if it was raised."""
    return session.scalar(
        select(AlertRow).where(
            AlertRow.month == month, AlertRow.suspicion == suspicion, AlertRow.people_key == key_of(people)
        )
    )


def get_alert(session: Session, alert: str, *, lock: bool = False) -> AlertRow:
    """One alert. Raises NotFound("covoit.unknown_alert")."""
    row = session.get(AlertRow, alert, with_for_update=lock, populate_existing=lock)
    if row is None:
        raise NotFound("covoit.unknown_alert", alert=alert[:40])
    return row


def alerts(
    session: Session, *, month: str | None = None, state: str | None = None, suspicion: str | None = None
) -> list[AlertRow]:
    """Alerts, the latest month first, those that wait before the others."""
    asked = select(AlertRow).order_by(
        AlertRow.month.desc(), (AlertRow.state != str(AlertState.NEW)), AlertRow.suspicion, AlertRow.id
    )
    for column, wanted in ((AlertRow.month, month), (AlertRow.state, state), (AlertRow.suspicion, suspicion)):
        if wanted is not None:
            asked = asked.where(column == wanted)
    return list(session.scalars(asked))


def waiting(session: Session) -> tuple[int, datetime | None]:
    """How many alerts nobody answered, and since when the oldest waits."""
    row = session.execute(
        select(func.count(), func.min(AlertRow.found_at)).where(AlertRow.state == str(AlertState.NEW))
    ).one()
    return int(row[0]), row[1]


def months(session: Session) -> list[str]:
    """The months with alerts, the latest first."""
    return list(session.scalars(select(AlertRow.month).distinct().order_by(AlertRow.month.desc())))


def journeys_between(session: Session, first_day: date, last_day: date) -> Iterator[Journey]:
    """Every journey that started between two days and was not withdrawn."""
    asked = (
        select(JourneyRow)
        .where(JourneyRow.day.between(first_day, last_day), JourneyRow.status != JourneyState.CANCELLED.value)
        .order_by(JourneyRow.started_at, JourneyRow.id)
    )
    return (journey_value(row) for row in session.scalars(asked.execution_options(yield_per=5_000)))


def journeys_of(session: Session, ids: Sequence[str]) -> list[Journey]:
    """These journeys, by start; those no longer kept are left out."""
    found = []
    for some in slices(ids):
        asked = select(JourneyRow).where(JourneyRow.id.in_(some))
        found += [journey_value(row) for row in session.scalars(asked)]
    return sorted(found, key=lambda each: (each.started_at, each.id))


def trips_due(session: Session, journeys: Sequence[str]) -> dict[Key, tuple[str, Money]]:
    """(driver, what is due today) of each vehicle trip of these journeys that was priced."""
    return {(row[1], row[2]): (row[3], Money(row[4])) for row in _heads(session, journeys)}


def trips_by_journey(session: Session, journeys: Sequence[str]) -> dict[str, tuple[Key, Money]]:
    """(vehicle trip, what is due for it today) of each of these journeys that was priced."""
    return {row[0]: ((row[1], row[2]), Money(row[4])) for row in _heads(session, journeys)}


def _heads(session: Session, journeys: Sequence[str]) -> Iterator[tuple[str, str, str, str, int]]:
    """(journey, operator, trip, driver, cents) of journeys whose vehicle trip was priced."""
    both = and_(HeadRow.operator == JourneyRow.operator, HeadRow.operator_trip_id == JourneyRow.operator_trip_id)
    for some in slices(journeys):
        asked = (
            select(
                JourneyRow.id, HeadRow.operator, HeadRow.operator_trip_id, HeadRow.driver, func.sum(HeadRow.whole_cents)
            )
            .join(HeadRow, both)
            .group_by(JourneyRow.id, HeadRow.operator, HeadRow.operator_trip_id, HeadRow.driver)
        )
        for row in session.execute(asked.where(JourneyRow.id.in_(some))):
            yield row[0], row[1], row[2], row[3], row[4]

"""Journeys, one by one: kept, changed, withdrawn, read. What one was before each change is kept beside it.

What a check or a term decides is decided in `covoit.rules`; this only keeps it. Tables are in `journey_rows`, whole
vehicle trips in `trips`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, insert, select, update
from sqlalchemy.orm import Session

from covoit.model.journeys import Journey, JourneyState, LineLeg
from covoit.rules import status
from covoit.rules.status import Acquisition, Check
from covoit.store.award_rows import AwardRow, StatementLineRow, slices
from covoit.store.files import of_files
from covoit.store.journey_rows import (
    OWN_OPERATOR,
    DrivenRow,
    JourneyRow,
    PastRow,
    PositionRow,
    Stored,
    cells_of,
    facts_digest,
    facts_of,
    journey_value,
    position_of,
    row_of,
    stored_value,
)
from covoit.store.people import note_operator_users
from covoit.store.trips import mark_priced, trips_of_driver, trips_ready, within
from mobigo.base.errors import Conflict, NotFound
from mobigo.base.geo import Point
from mobigo.base.instants import paris_day
from mobigo.infra.db import changed, insert_new, table_of

__all__ = [
    "OWN_OPERATOR", "DrivenRow", "JourneyRow", "PastRow", "PositionRow", "Stored", "amend", "cancel", "facts_digest",
    "facts_of", "find_journey", "find_stored", "first_findings", "get_stored", "insert_many", "journey_of",
    "journey_value", "journeys_of_passenger", "journeys_stated", "list_ids", "mark_priced", "note_paid", "position_of",
    "positions_of", "record", "record_driven", "row_of", "stored_value", "trips_of_driver", "trips_ready",
]  # fmt: skip

# ---------------------------------------------------------------- writing


def record(
    session: Session,
    journey: Journey,
    *,
    positions: tuple[Point, Point] | None = None,
    operator_users: tuple[str, str] | None = None,
) -> Journey:
    """Keep a journey made by ourselves (its people are ids already); what is stored is returned.

    Repeating it changes nothing; the same (operator, operator_journey_id) with other facts is a
    Conflict("covoit.journey_differs"). Its state decides its checks: PENDING is checked by the job and freezes as rule
    §1.3 says; any other state is final at once, so an OK journey is ready to be priced.
    """
    digest = facts_digest(journey)
    row = row_of(journey, digest=digest, positions=positions)
    if not insert_new(session, JourneyRow, row, ["operator", "operator_journey_id"]):
        stored = get_stored(session, journey.operator, journey.operator_journey_id)
        if stored.digest != digest:
            raise Conflict(
                "covoit.journey_differs", journey=journey.operator_journey_id, known=stored.digest, given=digest
            )
        return stored.journey
    if positions is not None:
        session.execute(insert(PositionRow).values(position_of(journey, positions)))
    if operator_users is not None:
        pairs = zip(operator_users, (journey.driver, journey.passenger), strict=True)
        note_operator_users(session, journey.operator, pairs, journey.received_at)
    return journey


def record_driven(session: Session, operator: str, operator_trip_id: str, leg: LineLeg, now: datetime) -> bool:
    """Keep what the driver drove on the line; False when it is known already, and then left as it is."""
    row = {
        "operator": operator, "operator_trip_id": operator_trip_id, "line": leg.line, "direction": leg.direction,
        "from_m": leg.from_m, "to_m": leg.to_m, "recorded_at": now,
    }  # fmt: skip
    return insert_new(session, DrivenRow, row)


def cancel(
    session: Session, operator: str, operator_journey_id: str, *, code: str, message: str | None = None, now: datetime
) -> Journey:
    """Withdraw a journey, at any time (rule §1.1); withdrawing twice is withdrawing once, with the first reason.

    A priced journey becomes unpriced, so that whoever pays takes the amount back. Raises
    NotFound("covoit.unknown_journey").
    """
    stored = get_stored(session, operator, operator_journey_id, lock=True)
    if stored.acquisition is Acquisition.CANCELLED:
        return stored.journey
    values = {
        "acquisition": Acquisition.CANCELLED.value, "status": JourneyState.CANCELLED.value, "cancelled_at": now,
        "cancel_code": code, "cancel_message": message, "priced_at": None, "frozen_at": stored.frozen_at or now,
    }  # fmt: skip
    _change(session, stored, values, "canceled", now)
    return replace(stored.journey, state=JourneyState.CANCELLED)


def amend(
    session: Session,
    stored: Stored,
    after: Journey,
    *,
    positions: tuple[Point, Point] | None,
    sums: Mapping[str, Any] | None,
    findings: Sequence[Mapping[str, Any]],
    now: datetime,
) -> None:
    """Replace the facts of a journey by corrected ones (PATCH): the former are kept, its checks start again, the
    geocoding is dropped."""
    cells = cells_of(positions)
    values = {
        "operator_trip_id": after.operator_trip_id, "proof_class": after.proof_class.value,
        "started_at": after.started_at, "ended_at": after.ended_at, "day": after.day, "distance_m": after.distance_m,
        "acquisition": Acquisition.UPDATED.value, "fraud": Check.PENDING.value, "anomaly": Check.PENDING.value,
        "status": JourneyState.PENDING.value, "findings": list(findings) or None, "sums": sums or None,
        "freezes_at": status.freezes_at(after.ended_at, now), "frozen_at": None, "priced_at": None,
        "start_insee": None, "end_insee": None, **cells,
    }  # fmt: skip
    _change(session, stored, values, "patched", now)
    if positions is not None:
        known = session.scalar(select(PositionRow.settled_at).where(PositionRow.journey == after.id))
        if known is not None:
            fresh = position_of(after, positions, settled_at=known)
            del fresh["plate"]  # a correction says nothing of the vehicle
            session.execute(update(PositionRow).where(PositionRow.journey == after.id).values(fresh))


def journeys_stated(session: Session, person: str, last_month: str) -> list[str]:
    """The journeys of a driver's trips on their statements up to `last_month`."""
    of_trip = and_(JourneyRow.operator == AwardRow.operator, JourneyRow.operator_trip_id == AwardRow.operator_trip_id)
    asked = (
        select(JourneyRow.id)
        .join(AwardRow, of_trip)
        .join(StatementLineRow, StatementLineRow.award == AwardRow.id)
        .where(of_files(StatementLineRow.person, person), StatementLineRow.month <= last_month)
        .distinct()
    )
    return sorted(session.scalars(asked))


def note_paid(session: Session, journeys: Sequence[str], paid_at: datetime) -> int:
    """Say that these journeys were paid: their exact positions are erased three months later."""
    touched = 0
    for some in slices(journeys):
        later = (PositionRow.journey.in_(some), PositionRow.settled_at > paid_at)
        touched += changed(session, update(PositionRow).where(*later).values(settled_at=paid_at))
    return touched


def insert_many(session: Session, rows: Sequence[Mapping[str, Any]], positions: Sequence[Mapping[str, Any]]) -> None:
    """Insert journeys and their positions, as `row_of` and `position_of` make them, in one statement a table."""
    for owner, wanted in ((JourneyRow, rows), (PositionRow, positions)):
        if wanted:
            given: Any = list(wanted) if len(wanted) > 1 else wanted[0]
            session.connection().execute(insert(table_of(owner)), given)


def _change(session: Session, stored: Stored, values: Mapping[str, Any], because: str, now: datetime) -> None:
    """Keep what the journey was, then change it; the revision guards against another change in between."""
    at = stored.journey.id
    past = {
        "journey": at, "revision": stored.revision, "until": now, "because": because, "facts": facts_of(stored),
    }  # fmt: skip
    if not insert_new(session, PastRow, past):
        raise Conflict("covoit.journey_changed", journey=stored.journey.operator_journey_id)
    touched = changed(
        session,
        update(JourneyRow)
        .where(JourneyRow.id == at, JourneyRow.revision == stored.revision)
        .values({**values, "revision": stored.revision + 1}),
    )
    if touched != 1:
        raise Conflict("covoit.journey_changed", journey=stored.journey.operator_journey_id)


# ---------------------------------------------------------------- reading


def journey_of(session: Session, operator: str, operator_journey_id: str) -> Journey:
    """One journey, by the operator's id. Raises NotFound("covoit.unknown_journey")."""
    return get_stored(session, operator, operator_journey_id).journey


def find_journey(session: Session, journey: str) -> Journey | None:
    """One journey, by our id; None when there is none."""
    row = session.scalar(select(JourneyRow).where(JourneyRow.id == journey))
    return None if row is None else journey_value(row)


def get_stored(session: Session, operator: str, operator_journey_id: str, *, lock: bool = False) -> Stored:
    """One journey and what is kept beside it. Raises NotFound("covoit.unknown_journey")."""
    found = find_stored(session, operator, operator_journey_id, lock=lock)
    if found is None:
        raise NotFound("covoit.unknown_journey", journey=operator_journey_id[:256])
    return found


def find_stored(session: Session, operator: str, operator_journey_id: str, *, lock: bool = False) -> Stored | None:
    """One journey and what is kept beside it; None when there is none."""
    query = (
        select(JourneyRow)
        .where(JourneyRow.operator == operator, JourneyRow.operator_journey_id == operator_journey_id)
        .execution_options(populate_existing=True)
    )
    row = session.scalar(query.with_for_update() if lock else query)
    return None if row is None else stored_value(row)


def journeys_of_passenger(
    session: Session, person: str, *, first_day: date | None = None, last_day: date | None = None
) -> list[Journey]:
    """Every journey of a passenger, whatever its state, by start."""
    rows = session.scalars(
        select(JourneyRow)
        .where(JourneyRow.passenger == person, within(first_day, last_day))
        .order_by(JourneyRow.started_at, JourneyRow.id)
    )
    return [journey_value(row) for row in rows]


def list_ids(
    session: Session, operator: str, *, status: str, start: datetime, end: datetime, limit: int, offset: int
) -> list[str]:
    """The operator's own journey ids of one status, started between two instants, the latest first."""
    return list(
        session.scalars(
            select(JourneyRow.operator_journey_id)
            .where(
                JourneyRow.operator == operator, JourneyRow.status == status, JourneyRow.started_at >= start,
                JourneyRow.started_at <= end, JourneyRow.day.between(paris_day(start), paris_day(end)),
            )
            .order_by(JourneyRow.started_at.desc(), JourneyRow.id.desc())
            .limit(limit)
            .offset(offset)
        )
    )  # fmt: skip


def first_findings(session: Session, stored: Stored) -> Sequence[Mapping[str, Any]]:
    """What was answered when the journey was first received, whatever happened to it since."""
    if stored.revision == 0:
        return [found for found in stored.findings if found.get("kind") == "terms"]
    facts = session.scalar(select(PastRow.facts).where(PastRow.journey == stored.journey.id, PastRow.revision == 0))
    return [found for found in (facts or {}).get("findings") or () if found.get("kind") == "terms"]


def positions_of(session: Session, journeys: Sequence[str]) -> dict[str, tuple[Point, Point]]:
    """The exact positions of journeys, while they are kept."""
    rows = session.scalars(select(PositionRow).where(PositionRow.journey.in_(list(journeys))))
    return {row.journey: (Point(row.start_lat, row.start_lon), Point(row.end_lat, row.end_lon)) for row in rows}

"""Journeys: one row each as it stands, what it was before each change, where it ran.

Positions lie in a table of their own, erased three months after payment; the journey keeps them cut to two decimals.
People are random ids here. What a check or a term decides is decided in `covoit.rules`; this only keeps it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Date, Index, String, UniqueConstraint, and_, func, insert, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from covoit.model.journeys import Journey, JourneyState, LineLeg, ProofClass, VehicleTrip
from covoit.rules import status
from covoit.rules.status import Acquisition, Check
from covoit.store.people import OperatorUserRow, PersonRow, forget, note_operator_users
from mobigo.base.errors import Conflict, NotFound
from mobigo.base.geo import Point
from mobigo.base.instants import paris_day
from mobigo.infra.db import Base, Json, UtcDateTime, changed, insert_new, table_of
from mobigo.infra.privacy import Days, describe, register_subject

OWN_OPERATOR: Final = "mobigo"
JOURNEY_DAYS: Final = 3_653  # ten years, as the ledger it explains (accounting papers), without an identity
POSITION_DAYS: Final = 92  # three months after payment
UNPAID_DAYS: Final = 275  # what nobody pays is treated as paid nine months after it was received
RAW_DECIMALS: Final = 2  # what stays of a position: about 700 m


class JourneyRow(Base):
    """One driver–passenger pair on one trip, as it stands. A change keeps the former state in `covoit_journey_past`."""

    __tablename__ = "covoit_journey"
    __table_args__ = (
        UniqueConstraint("operator", "operator_journey_id"),
        Index("ix_covoit_journey_trip", "operator", "operator_trip_id"),
        Index("ix_covoit_journey_driver_day", "driver", "day"),
        Index("ix_covoit_journey_passenger_day", "passenger", "day"),
        Index("ix_covoit_journey_day", "day"),
        Index(
            "ix_covoit_journey_open", "received_at",
            sqlite_where=text("frozen_at IS NULL"), postgresql_where=text("frozen_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    operator: Mapped[str] = mapped_column(String(40))
    operator_journey_id: Mapped[str] = mapped_column(String(256))
    operator_trip_id: Mapped[str] = mapped_column(String(256))
    proof_class: Mapped[str] = mapped_column(String(1))
    driver: Mapped[str] = mapped_column(String(26))
    passenger: Mapped[str] = mapped_column(String(26))
    passenger_over_18: Mapped[bool | None] = mapped_column()
    seats: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)
    day: Mapped[date] = mapped_column(Date)  # of the start, in France
    distance_m: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The content as first received: a repetition is known by it.
    digest: Mapped[str] = mapped_column(String(64))
    revision: Mapped[int] = mapped_column(default=0)
    acquisition: Mapped[str] = mapped_column(String(24))
    fraud: Mapped[str] = mapped_column(String(8))
    anomaly: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(24))
    # Why: terms violated, frauds and anomalies found, each with its label and figures.
    findings: Mapped[Any] = mapped_column(Json, nullable=True)
    freezes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_code: Mapped[str | None] = mapped_column(String(32))
    cancel_message: Mapped[str | None] = mapped_column(String(512))
    priced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    line: Mapped[str | None] = mapped_column(String(40))
    direction: Mapped[int | None] = mapped_column()
    from_m: Mapped[int | None] = mapped_column()
    to_m: Mapped[int | None] = mapped_column()
    start_insee: Mapped[str | None] = mapped_column(String(5))
    end_insee: Mapped[str | None] = mapped_column(String(5))
    start_lat: Mapped[float | None] = mapped_column()  # cut to two decimals
    start_lon: Mapped[float | None] = mapped_column()
    end_lat: Mapped[float | None] = mapped_column()
    end_lon: Mapped[float | None] = mapped_column()
    revenue_cents: Mapped[int | None] = mapped_column()
    contribution_cents: Mapped[int | None] = mapped_column()
    # Incentives and payments as declared, when there are any.
    sums: Mapped[Any] = mapped_column(Json, nullable=True)
    intake: Mapped[str | None] = mapped_column(String(26))  # the file it came in


class PositionRow(Base):
    """Where a journey started and ended, exactly; and the vehicle's plate, when an operator sends it."""

    __tablename__ = "covoit_journey_position"

    journey: Mapped[str] = mapped_column(String(26), primary_key=True)
    start_lat: Mapped[float]
    start_lon: Mapped[float]
    end_lat: Mapped[float]
    end_lon: Mapped[float]
    plate: Mapped[str | None] = mapped_column(String(32))
    settled_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)  # paid, or no longer payable


class PastRow(Base):
    """What a journey was until it was changed: one row a change, never altered."""

    __tablename__ = "covoit_journey_past"

    journey: Mapped[str] = mapped_column(String(26), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    because: Mapped[str] = mapped_column(String(16))  # patched, canceled
    facts: Mapped[Any] = mapped_column(Json)


class DrivenRow(Base):
    """What the driver of one of our own trips drove on the line, passenger or not."""

    __tablename__ = "covoit_driven"

    operator: Mapped[str] = mapped_column(String(40), primary_key=True)
    operator_trip_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    line: Mapped[str] = mapped_column(String(40))
    direction: Mapped[int]
    from_m: Mapped[int]
    to_m: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


describe(
    JourneyRow,
    purpose="prove carpools, pay for them, account for what was paid",
    keep=Days(JOURNEY_DAYS, after="received_at"),
    personal={
        "driver": "whom to pay (random person id)",
        "passenger": "who owes the fare; how many journeys they made (random person id)",
        "passenger_over_18": "what is reserved to adults",
        "cancel_message": "why the operator withdrew the journey, in its words",
    },
    plain="id operator operator_journey_id operator_trip_id proof_class seats started_at ended_at day distance_m "
    "received_at digest revision acquisition fraud anomaly status findings freezes_at frozen_at cancelled_at "
    "cancel_code priced_at line direction from_m to_m start_insee end_insee start_lat start_lon end_lat end_lon "
    "revenue_cents contribution_cents sums intake",
)
describe(
    PositionRow,
    purpose="check that a journey took place, until it is paid and can no longer be disputed",
    keep=Days(POSITION_DAYS, after="settled_at"),
    personal={
        "start_lat": "where the passenger was picked up",
        "start_lon": "where the passenger was picked up",
        "end_lat": "where the passenger was left",
        "end_lon": "where the passenger was left",
        "plate": "one car declared by several drivers",
    },
    plain="journey settled_at",
)
describe(
    PastRow,
    purpose="show what was declared before an operator corrected or withdrew it",
    keep=Days(JOURNEY_DAYS, after="until"),
    personal={"facts": "the journey as it was: times, distance, class, random person ids; no position, no name"},
    plain="journey revision until because",
)
describe(
    DrivenRow,
    purpose="pay what was driven on a line, where the scale counts it",
    keep=Days(JOURNEY_DAYS, after="recorded_at"),
    plain="operator operator_trip_id line direction from_m to_m recorded_at",
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A journey and what is kept beside it."""

    journey: Journey
    revision: int
    digest: str
    acquisition: Acquisition
    fraud: Check
    anomaly: Check
    status: str
    findings: Sequence[Mapping[str, Any]]
    freezes_at: datetime
    frozen_at: datetime | None
    cancelled_at: datetime | None
    revenue_cents: int | None = None
    contribution_cents: int | None = None
    sums: Mapping[str, Any] | None = None
    cancel_code: str | None = None


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
        session.execute(insert(PositionRow).values(position_of(journey.id, positions, journey.received_at)))
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
    cells = _cells(positions)
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
        fresh = position_of(after.id, positions, stored.journey.received_at)
        session.execute(update(PositionRow).where(PositionRow.journey == after.id).values(fresh))


def mark_priced(session: Session, keys: Iterable[tuple[str, str]], now: datetime) -> int:
    """Say that these vehicle trips (`VehicleTrip.key`) were priced as they stand: `trips_ready` leaves them out until
    one of their journeys changes or another one arrives. Journeys that changed again are theirs to price again."""
    done = 0
    for operator, trip in keys:
        where = and_(JourneyRow.operator == operator, JourneyRow.operator_trip_id == trip)
        done += changed(
            session,
            update(JourneyRow).where(where, JourneyRow.priced_at.is_(None), _final()).values(priced_at=now),
        )
    return done


def note_paid(session: Session, journeys: Sequence[str], paid_at: datetime) -> int:
    """Say that these journeys were paid: their exact positions are erased three months later."""
    return changed(
        session,
        update(PositionRow)
        .where(PositionRow.journey.in_(list(journeys)), PositionRow.settled_at > paid_at)
        .values(settled_at=paid_at),
    )


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


def trips_ready(
    session: Session, *, first_day: date | None = None, last_day: date | None = None, only_unpriced: bool = True
) -> Iterator[VehicleTrip]:
    """The vehicle trips whose every journey is final and of which one counts or was priced before, by start.

    Each trip comes whole, journeys that do not count included (their state says why). `only_unpriced`: those never
    priced, or of which a journey changed, was withdrawn or arrived since (see `mark_priced`).
    """
    wanted: Any = and_(_final(), _within(first_day, last_day))
    if only_unpriced:
        wanted = and_(wanted, JourneyRow.priced_at.is_(None))
    # One that was never priced and does not count leads to no amount, and to no correction of one.
    counted = or_(JourneyRow.status == JourneyState.OK.value, JourneyRow.revision > 0)
    keys = (
        select(JourneyRow.operator, JourneyRow.operator_trip_id)
        .where(wanted, counted)
        .group_by(JourneyRow.operator, JourneyRow.operator_trip_id)
    )
    for trip, every_final in _trips(session, keys):
        first = (first_day is None or trip.day >= first_day) and (last_day is None or trip.day <= last_day)
        if every_final and first:
            yield trip


def trips_of_driver(
    session: Session, person: str, *, first_day: date | None = None, last_day: date | None = None
) -> Iterator[VehicleTrip]:
    """Every vehicle trip of a driver, whatever its state, by start."""
    keys = (
        select(JourneyRow.operator, JourneyRow.operator_trip_id)
        .where(JourneyRow.driver == person, _within(first_day, last_day))
        .group_by(JourneyRow.operator, JourneyRow.operator_trip_id)
    )
    return (trip for trip, _ in _trips(session, keys) if trip.driver == person)


def journeys_of_passenger(
    session: Session, person: str, *, first_day: date | None = None, last_day: date | None = None
) -> list[Journey]:
    """Every journey of a passenger, whatever its state, by start."""
    rows = session.scalars(
        select(JourneyRow)
        .where(JourneyRow.passenger == person, _within(first_day, last_day))
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


def _trips(session: Session, keys: Any) -> Iterator[tuple[VehicleTrip, bool]]:
    """The whole trips behind (operator, trip id) keys, by start, each with whether all its journeys are final.

    A trip belongs to the driver of the journey received first; one that names another driver under the same trip id is
    an anomaly, and no part of it.
    """
    chosen = keys.subquery()
    first = (
        select(
            JourneyRow.operator, JourneyRow.operator_trip_id, func.min(JourneyRow.started_at).label("first"),
        )
        .join(chosen, and_(
            chosen.c.operator == JourneyRow.operator, chosen.c.operator_trip_id == JourneyRow.operator_trip_id,
        ))
        .group_by(JourneyRow.operator, JourneyRow.operator_trip_id)
        .subquery()
    )  # fmt: skip
    table = table_of(JourneyRow)
    query = (
        select(*(table.c[name] for name in _VALUE_COLUMNS), table.c.frozen_at, DrivenRow.__table__)
        .join(first, and_(
            first.c.operator == table.c.operator, first.c.operator_trip_id == table.c.operator_trip_id,
        ))
        .outerjoin(DrivenRow.__table__, and_(
            DrivenRow.operator == table.c.operator, DrivenRow.operator_trip_id == table.c.operator_trip_id,
        ))
        .order_by(first.c.first, table.c.operator, table.c.operator_trip_id, table.c.received_at, table.c.id)
    )  # fmt: skip
    width = len(_VALUE_COLUMNS)
    group: list[tuple[Journey, bool]] = []
    driven: LineLeg | None = None
    for row in session.connection().execute(query):
        journey = _journey(*row[:width])
        final = row[width] is not None or journey.state is JourneyState.TERMS_VIOLATION
        if group and (group[0][0].operator, group[0][0].operator_trip_id) != (
            journey.operator,
            journey.operator_trip_id,
        ):
            yield _trip(group, driven)
            group = []
        leg = row[width + 1 :]
        driven = None if leg[0] is None else LineLeg(leg[2], leg[3], leg[4], leg[5])
        group.append((journey, final))
    if group:
        yield _trip(group, driven)


def _trip(group: Sequence[tuple[Journey, bool]], driven: LineLeg | None) -> tuple[VehicleTrip, bool]:
    head = group[0][0]
    own = sorted(
        ((journey, final) for journey, final in group if journey.driver == head.driver),
        key=lambda each: (each[0].started_at, each[0].id),
    )
    trip = VehicleTrip(head.operator, head.operator_trip_id, head.driver, tuple(journey for journey, _ in own), driven)
    return trip, all(final for _, final in own)


def _final() -> Any:
    return or_(JourneyRow.frozen_at.is_not(None), JourneyRow.status == JourneyState.TERMS_VIOLATION.value)


def _within(first_day: date | None, last_day: date | None) -> Any:
    # A trip that starts the day before a journey of it does: its first journey decides, looked at by the caller.
    conditions = []
    if first_day is not None:
        conditions.append(JourneyRow.day >= first_day)
    if last_day is not None:
        conditions.append(JourneyRow.day <= last_day)
    return and_(True, *conditions)


# ---------------------------------------------------------------- rows and values

_VALUE_COLUMNS: Final = (
    "id", "operator", "operator_journey_id", "operator_trip_id", "proof_class", "driver", "passenger", "seats",
    "started_at", "ended_at", "distance_m", "received_at", "status", "line", "direction", "from_m", "to_m",
    "start_insee", "end_insee", "passenger_over_18",
)  # fmt: skip
_CLASSES: Final = {each.value: each for each in ProofClass}
_STATES: Final = {each.value: each for each in JourneyState}


def row_of(
    journey: Journey,
    *,
    digest: str,
    positions: tuple[Point, Point] | None = None,
    findings: Sequence[Mapping[str, Any]] = (),
    revenue_cents: int | None = None,
    contribution_cents: int | None = None,
    sums: Mapping[str, Any] | None = None,
    intake: str | None = None,
) -> dict[str, Any]:
    """The row of a journey just received."""
    acquisition, fraud, anomaly = status.checks_of(journey.state)
    final = journey.state not in (JourneyState.PENDING, JourneyState.TERMS_VIOLATION)
    leg = journey.leg
    return {
        "id": journey.id,
        "operator": journey.operator,
        "operator_journey_id": journey.operator_journey_id,
        "operator_trip_id": journey.operator_trip_id,
        "proof_class": journey.proof_class.value,
        "driver": journey.driver,
        "passenger": journey.passenger,
        "passenger_over_18": journey.passenger_over_18,
        "seats": journey.seats,
        "started_at": journey.started_at,
        "ended_at": journey.ended_at,
        "day": journey.day,
        "distance_m": journey.distance_m,
        "received_at": journey.received_at,
        "digest": digest,
        "revision": 0,
        "acquisition": acquisition.value,
        "fraud": fraud.value,
        "anomaly": anomaly.value,
        "status": journey.state.value,
        "findings": list(findings) or None,
        "freezes_at": status.freezes_at(journey.ended_at, journey.received_at),
        "frozen_at": journey.received_at if final else None,
        "cancelled_at": journey.received_at if journey.state is JourneyState.CANCELLED else None,
        "cancel_code": None,
        "cancel_message": None,
        "priced_at": None,
        "line": None if leg is None else leg.line,
        "direction": None if leg is None else leg.direction,
        "from_m": None if leg is None else leg.from_m,
        "to_m": None if leg is None else leg.to_m,
        "start_insee": journey.start_insee,
        "end_insee": journey.end_insee,
        **_cells(positions),
        "revenue_cents": revenue_cents,
        "contribution_cents": contribution_cents,
        "sums": sums or None,
        "intake": intake,
    }


def position_of(
    journey: str, positions: tuple[Point, Point], received_at: datetime, plate: str | None = None
) -> dict[str, Any]:
    """The row of a journey's exact positions."""
    start, end = positions
    return {
        "journey": journey, "start_lat": start.lat, "start_lon": start.lon, "end_lat": end.lat, "end_lon": end.lon,
        "plate": plate, "settled_at": received_at + timedelta(days=UNPAID_DAYS),
    }  # fmt: skip


def journey_value(row: JourneyRow) -> Journey:
    """The value of a row."""
    return _journey(*(getattr(row, name) for name in _VALUE_COLUMNS))


def stored_value(row: JourneyRow) -> Stored:
    """The value of a row, and what is kept beside it."""
    return Stored(
        journey_value(row), row.revision, row.digest, Acquisition(row.acquisition), Check(row.fraud),
        Check(row.anomaly), row.status, row.findings or (), row.freezes_at, row.frozen_at, row.cancelled_at,
        row.revenue_cents, row.contribution_cents, row.sums, row.cancel_code,
    )  # fmt: skip


def facts_of(stored: Stored) -> dict[str, Any]:
    """A journey's facts and standing as JSON, without position or name: what its past keeps."""
    journey = stored.journey
    return {
        "operator_trip_id": journey.operator_trip_id,
        "proof_class": journey.proof_class.value,
        "driver": journey.driver,
        "passenger": journey.passenger,
        "seats": journey.seats,
        "started_at": journey.started_at.isoformat(),
        "ended_at": journey.ended_at.isoformat(),
        "distance_m": journey.distance_m,
        "status": stored.status,
        "acquisition": stored.acquisition.value,
        "fraud": stored.fraud.value,
        "anomaly": stored.anomaly.value,
        "findings": list(stored.findings),
        "frozen_at": None if stored.frozen_at is None else stored.frozen_at.isoformat(),
        "sums": stored.sums,
    }


def facts_digest(journey: Journey) -> str:
    """The digest of what a journey of ours declares, whenever it was received and whatever it became."""
    leg = journey.leg
    facts = [
        journey.operator, journey.operator_journey_id, journey.operator_trip_id, journey.proof_class.value,
        journey.driver, journey.passenger, journey.seats, journey.started_at.timestamp(),
        journey.ended_at.timestamp(), journey.distance_m, None if leg is None else [leg.line, leg.from_m, leg.to_m],
    ]  # fmt: skip
    return sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def _journey(
    id: str, operator: str, operator_journey_id: str, operator_trip_id: str, proof_class: str, driver: str,
    passenger: str, seats: int, started_at: datetime, ended_at: datetime, distance_m: int, received_at: datetime,
    status: str, line: str | None, direction: int | None, from_m: int | None, to_m: int | None,
    start_insee: str | None, end_insee: str | None, passenger_over_18: bool | None,
) -> Journey:  # fmt: skip
    leg = None
    if line is not None and direction is not None and from_m is not None and to_m is not None:
        leg = LineLeg(line, direction, from_m, to_m)
    return Journey(
        id, operator, operator_journey_id, operator_trip_id, _CLASSES[proof_class], driver, passenger, seats,
        started_at, ended_at, distance_m, received_at, _STATES.get(status, JourneyState.PENDING), leg, start_insee,
        end_insee, passenger_over_18,
    )  # fmt: skip


def _cells(positions: tuple[Point, Point] | None) -> dict[str, float | None]:
    if positions is None:
        return {"start_lat": None, "start_lon": None, "end_lat": None, "end_lon": None}
    start, end = positions
    cut: Callable[[float], float] = lambda degrees: int(degrees * 100) / 100  # noqa: E731 - towards zero, as the registry
    return {
        "start_lat": cut(start.lat), "start_lon": cut(start.lon), "end_lat": cut(end.lat), "end_lon": cut(end.lon),
    }  # fmt: skip


# ---------------------------------------------------------------- one person


def export_subject(session: Session, subject: str) -> Mapping[str, object]:
    """All that carpool holds of the person whose account this is."""
    row = session.scalar(select(PersonRow).where(PersonRow.subject == subject))
    if row is None:
        return {}
    both = or_(JourneyRow.driver == row.id, JourneyRow.passenger == row.id)
    found = session.scalars(select(JourneyRow).where(both).order_by(JourneyRow.started_at, JourneyRow.id)).all()
    exact = positions_of(session, [each.id for each in found])
    return {
        "person": row.id,
        "identity_key": row.identity_key,
        "phone": row.phone,
        "phone_trunc": row.phone_trunc,
        "first_name": row.first_name,
        "last_name": row.last_name,
        "over_18": row.over_18,
        "operators": [
            {"operator": each.operator, "user": each.operator_user_id}
            for each in session.scalars(select(OperatorUserRow).where(OperatorUserRow.person == row.id))
        ],
        "journeys": [
            {
                "role": "driver" if each.driver == row.id else "passenger",
                "operator": each.operator,
                "journey": each.operator_journey_id,
                "started_at": each.started_at,
                "ended_at": each.ended_at,
                "distance_m": each.distance_m,
                "seats": each.seats,
                "status": each.status,
                "from": None if each.id not in exact else [exact[each.id][0].lat, exact[each.id][0].lon],
                "to": None if each.id not in exact else [exact[each.id][1].lat, exact[each.id][1].lon],
            }
            for each in found
        ],
    }


def erase_subject(session: Session, subject: str, now: datetime) -> int:
    """Forget a person: name, number, account, exact positions. Their key and truncated number stay while a driver's
    money may still be claimed or claimed back (four years from the first of January that follows, law 68-1250); the
    journeys stay, as a pseudonym's."""
    person = session.scalar(select(PersonRow.id).where(PersonRow.subject == subject))
    if person is None:
        return 0
    since = date(paris_day(now).year - 4, 1, 1)
    claimable = session.scalar(
        select(JourneyRow.id).where(JourneyRow.driver == person, JourneyRow.day >= since).limit(1)
    )
    both = or_(JourneyRow.driver == person, JourneyRow.passenger == person)
    theirs = select(JourneyRow.id).where(both)
    touched = changed(session, PositionRow.__table__.delete().where(PositionRow.journey.in_(theirs)))  # type: ignore[attr-defined]
    if claimable is None:
        users = OperatorUserRow.__table__.delete()  # type: ignore[attr-defined]
        touched += changed(session, users.where(OperatorUserRow.person == person))
    return touched + forget(session, person, now, keep_key=claimable is not None)


register_subject("covoit", export=export_subject, erase=erase_subject)

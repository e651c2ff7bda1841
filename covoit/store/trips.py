"""Vehicle trips as they are read from their journeys: whole, those that are ready to be priced, those of a driver."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from covoit.model.journeys import Journey, JourneyState, LineLeg, VehicleTrip
from covoit.store.journey_rows import VALUE_COLUMNS, DrivenRow, JourneyRow, journey_from
from mobigo.infra.db import changed, table_of


def trips_ready(
    session: Session, *, first_day: date | None = None, last_day: date | None = None, only_unpriced: bool = True
) -> Iterator[VehicleTrip]:
    """The vehicle trips whose every journey is final and of which one counts or was priced before, by start.

    Each trip comes whole, journeys that do not count included (their state says why). `only_unpriced`: those never
    priced, or of which a journey changed, was withdrawn or arrived since (see `mark_priced`).
    """
    wanted: Any = and_(_final(), within(first_day, last_day))
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
        .where(JourneyRow.driver == person, within(first_day, last_day))
        .group_by(JourneyRow.operator, JourneyRow.operator_trip_id)
    )
    return (trip for trip, _ in _trips(session, keys) if trip.driver == person)


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
        select(*(table.c[name] for name in VALUE_COLUMNS), table.c.frozen_at, DrivenRow.__table__)
        .join(first, and_(
            first.c.operator == table.c.operator, first.c.operator_trip_id == table.c.operator_trip_id,
        ))
        .outerjoin(DrivenRow.__table__, and_(
            DrivenRow.operator == table.c.operator, DrivenRow.operator_trip_id == table.c.operator_trip_id,
        ))
        .order_by(first.c.first, table.c.operator, table.c.operator_trip_id, table.c.received_at, table.c.id)
    )  # fmt: skip
    width = len(VALUE_COLUMNS)
    group: list[tuple[Journey, bool]] = []
    driven: LineLeg | None = None
    for row in session.connection().execute(query):
        journey = journey_from(*row[:width])
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


def within(first_day: date | None, last_day: date | None) -> Any:
    """The condition that a journey began within these days, both included; None for no limit."""
    # A trip that starts the day before a journey of it does: its first journey decides, looked at by the caller.
    conditions = []
    if first_day is not None:
        conditions.append(JourneyRow.day >= first_day)
    if last_day is not None:
        conditions.append(JourneyRow.day <= last_day)
    return and_(True, *conditions)


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

"""What a driver sees: today's proofs, the statement line by line, what caps leave before the trip, the certificate.
What an operator gets: its payment call of a month, equal to the ledger's lines to the cent.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from covoit.export import apdf
from covoit.gateway import scales
from covoit.model.claims import Certificate, Room, Statement, StatementLine
from covoit.model.journeys import Journey, JourneyState, VehicleTrip
from covoit.model.scale import Cap, CapMeasure, CapOf, CapPer, Scale, ceiling_on
from covoit.rules import awards as award_rules
from covoit.rules import claims as rules
from covoit.store import awards as store
from covoit.store import journeys as journey_store
from covoit.store.people import get_person, operator_user_of
from mobigo.base.errors import NotFound, Refused
from mobigo.base.money import ZERO, Money


def proofs_of_day(session: Session, person: str, day: date) -> list[VehicleTrip]:
    """The trips a driver made on a day, whatever their state: what was proven, and what still waits."""
    return list(journey_store.trips_of_driver(session, person, first_day=day, last_day=day))


def months_of(session: Session, person: str) -> list[str]:
    """The months with a statement of a driver, latest first."""
    return [row.month for row in reversed(store.statements_of(session, person))]


def statement(session: Session, person: str, month: str) -> Statement:
    """The statement of a month: as it was frozen when the month was closed, else as it stands today."""
    closed = store.find_month(session, month)
    if closed is not None:
        rows = store.awards_of_statement(session, person, month)
    else:
        year, number = int(month[:4]), int(month[5:7])
        last_day = (date(year, number, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        rows = store.open_awards_of(session, person, last_day)
    lines = tuple(
        StatementLine(
            award=row.id,
            operator=row.operator,
            operator_trip_id=row.operator_trip_id,
            started_at=row.started_at,
            line=row.line,
            distance_m=row.distance_m,
            passengers=row.passengers,
            amount=Money(cents),
            whole=Money(row.whole_cents),
            late=f"{row.day:%Y-%m}" < month,
            reasons=award_rules.reasons_from(row.reasons),
            scale_code=row.scale_code,
            scale_hash=row.scale_hash,
            award_hash=row.digest,
        )
        for row, cents in rows
    )
    return Statement(person, month, None if closed is None else closed.closed_at, lines)


def room_left(session: Session, person: str, day: date, *, home: Path | None = None) -> Room:
    """What caps leave a driver, before the trip: read from what is awarded, open lines included."""
    used_month = _used(session, person, day.replace(day=1), _last_of_month(day))
    try:
        scale = scales.scale_in_force(day, home)
    except NotFound:
        return Room(day, None, None, None, None, Money(used_month[0]), 0)
    used_day = _used(session, person, day, day)
    ceiling = ceiling_on(scale.ceilings, day)
    month_cap = _cap(scale, CapPer.MONTH, CapMeasure.AMOUNT)
    day_cap = _cap(scale, CapPer.DAY, CapMeasure.AMOUNT)
    trips_cap = _cap(scale, CapPer.DAY, CapMeasure.TRIPS)
    return Room(
        day=day,
        scale_code=scale.code,
        left_this_month=None if month_cap is None else max(ZERO, Money(month_cap.limit - used_month[0])),
        left_today=None if day_cap is None else max(ZERO, Money(day_cap.limit - used_day[0])),
        trips_left_today=None if trips_cap is None else max(0, trips_cap.limit - used_day[1]),
        used_this_month=Money(used_month[0]),
        beyond_cost_trips_left=max(0, ceiling.short_trips_per_day - used_day[2]),
    )


def _cap(scale: Scale, per: CapPer, measure: CapMeasure) -> Cap | None:
    found = (cap for cap in scale.caps if (cap.of, cap.per, cap.measure) == (CapOf.DRIVER, per, measure))
    return next(found, None)


def _used(session: Session, person: str, first_day: date, last_day: date) -> tuple[int, int, int]:
    """(cents, trips with an amount, trips that count) of a driver between two days."""
    asked = select(store.HeadRow.whole_cents, store.HeadRow.counts).where(
        store.HeadRow.driver == person,
        store.HeadRow.day >= first_day,
        store.HeadRow.day <= last_day,
        store.HeadRow.supplement == "",
    )
    rows = session.execute(asked).all()
    return sum(row[0] for row in rows), sum(row[0] > 0 for row in rows), sum(bool(row[1]) for row in rows)


def _last_of_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def certificate(session: Session, person: str, year: int, *, role: str = "driver", now: datetime) -> Certificate:
    """What an employer is told: days, trips and kilometres of a year, of trips that were proven."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    known = get_person(session, person)
    name = " ".join(part for part in (known.first_name, known.last_name) if part)
    trips: list[tuple[date, int]] = []
    if role == "driver":
        for trip in journey_store.trips_of_driver(session, person, first_day=first, last_day=last):
            metres = [_metres(journey) for journey in trip.journeys if journey.state is JourneyState.OK]
            if metres:
                head = store.find_head(session, trip.key)
                paid = None if head is None or not head.counts else _distance(session, head.award)
                trips.append((trip.day, paid or max(metres)))
    else:
        for journey in journey_store.journeys_of_passenger(session, person, first_day=first, last_day=last):
            if journey.state is JourneyState.OK:
                trips.append((journey.day, _metres(journey)))
    return rules.certificate(name, year, role, trips, now)


def _metres(journey: Journey) -> int:
    return journey.distance_m if journey.leg is None else journey.leg.to_m - journey.leg.from_m


def _distance(session: Session, award: str) -> int | None:
    return session.scalar(select(store.AwardRow.distance_m).where(store.AwardRow.id == award))


# ---------------------------------------------------------------- what an operator gets


def payment_call(session: Session, operator: str, month: str, campaign: str = "") -> bytes:
    """The payment call (APDF) of an operator for a closed month, as an Excel workbook: what the scale gives, or what a
    campaign adds.

    Raises Refused("covoit.month_open") while the month is open, Refused("covoit.call_differs") should the journeys'
    shares not add up to the closed lines: it then does not leave.
    """
    closed = store.find_month(session, month)
    if closed is None:
        raise Refused("covoit.month_open", month=month)
    lines, due = [], ZERO
    for row, cents in store.awards_of_month(session, operator, month, campaign):
        due += Money(cents)
        lines += list(_call_lines(session, row, cents))
    total = apdf.total(lines)
    if total != due:
        raise Refused("covoit.call_differs", call=total, ledger=due)
    return apdf.workbook(f"{operator} {campaign}".strip(), month, lines, closed.closed_at)


def _call_lines(session: Session, row: store.AwardRow, cents: int) -> Iterator[apdf.CallLine]:
    """The journeys of a line. A line that adds to, or takes from, an earlier statement is shared as the difference."""
    after = _shares(row.document)
    before: dict[str, int] = {}
    if row.settled_cents:
        earlier = store.statement_award_before(session, row)
        before = {} if earlier is None else _shares(earlier.document)
        if sum(before.values()) != row.settled_cents:
            before = {}
    journeys = {each["id"]: each for each in _journeys(row.document)}
    for journey_id in sorted(set(before) - set(journeys)):
        found = journey_store.find_journey(session, journey_id)
        if found is not None:
            journeys[journey_id] = _as_json(found)
    difference = {name: after.get(name, 0) - before.get(name, 0) for name in sorted(set(after) | set(before))}
    if row.settled_cents and not before:  # what was closed is known by its sum alone
        first = min(journeys, default=None)
        difference = {} if first is None else {first: cents}
    if not difference and cents == 0:
        difference = dict.fromkeys(sorted(journeys), 0)
    for name, share in difference.items():
        each = journeys.get(name)
        if each is None:
            continue
        yield apdf.CallLine(
            journey=name,
            operator_journey_id=each["operator_journey_id"],
            operator_trip_id=row.operator_trip_id,
            started_at=datetime.fromisoformat(each["started_at"]),
            ended_at=datetime.fromisoformat(each["ended_at"]),
            start_place=row.line or "",
            start_epci="",
            start_insee=each["start_insee"] or "",
            end_place=row.line or "",
            end_epci="",
            end_insee=each["end_insee"] or "",
            distance_m=each["distance_m"],
            operator=row.operator,
            proof_class=each["proof_class"],
            driver_user=operator_user_of(session, row.operator, row.driver) or "",
            passenger_user=operator_user_of(session, row.operator, each["passenger"]) or "",
            amount=Money(share),
        )


def _shares(document: str) -> dict[str, int]:
    shares = orjson.loads(document).get("shares_cents", {})
    return {str(name): int(cents) for name, cents in shares.items()}


def _journeys(document: str) -> list[dict[str, Any]]:
    inputs = orjson.loads(document).get("inputs")
    return [] if inputs is None else list(inputs["trip"]["journeys"])


def _as_json(journey: Journey) -> dict[str, Any]:
    return {
        "id": journey.id,
        "operator_journey_id": journey.operator_journey_id,
        "started_at": journey.started_at.isoformat(),
        "ended_at": journey.ended_at.isoformat(),
        "start_insee": journey.start_insee,
        "end_insee": journey.end_insee,
        "distance_m": journey.distance_m,
        "proof_class": journey.proof_class.value,
        "passenger": journey.passenger,
    }

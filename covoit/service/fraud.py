"""Fraud checks of a month: look, then a person answers each alert. An alert changes no payment by itself.

    look           the checks of `covoit.rules.fraud` over a month that is over; repeating it raises nothing twice
    clear          there is nothing: why, in words
    open_cases     there may be something: each person concerned is told, heard, then a person decides (`claims`)
    withdraw       after a decision that granted the measure: the journeys count no more

What journeys withdrawn so were already paid is taken back as for any withdrawn journey: the awards are reversed, the
next closing nets what is payable, and asks for the rest by a recovery of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from covoit.model.claims import Kind, Outcome
from covoit.model.fraud import Alert, Coaches, Sighting
from covoit.model.journeys import Journey, LineLeg
from covoit.model.lines import Line
from covoit.rules import awards as award_rules
from covoit.rules import fraud as rules
from covoit.rules import lines as line_rules
from covoit.service import lines as line_service
from covoit.service.claims import not_oneself
from covoit.service.closing import first_day_of, last_day_of
from covoit.store import claims as claim_store
from covoit.store import fraud as store
from covoit.store import journeys as journey_store
from covoit.store.fraud import AlertRow, AlertState
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.geo import Point
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Identity, Permission

CANCEL_CODE: Final = "fraud"
WORDS_MAX: Final = 2_000
SLICE: Final = 2_000  # journeys whose positions are read at once


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at a month did. `unplaced`: journeys whose place is no longer known, which no check saw."""

    month: str
    journeys: int
    alerts: int
    new: int
    unplaced: int


def refuse_month(month: str, now: datetime) -> None:
    """Raises InvalidInput("covoit.bad_month") for what is no month, Refused("covoit.fraud_month_not_over") before it
    ended."""
    first_day_of(month)
    if paris_day(now) <= last_day_of(month):
        raise Refused("covoit.fraud_month_not_over", day=last_day_of(month))


def look(engine: Engine, month: str, *, coaches: Coaches | None, now: datetime) -> Looked:
    """Run the checks over the journeys of a month. Raises InvalidInput("covoit.bad_month"),
    Refused("covoit.fraud_month_not_over") before it ended."""
    refuse_month(month, now)
    first_day, last_day = first_day_of(month), last_day_of(month)
    with reading(engine) as session:
        seen, unplaced = sightings(session, first_day, last_day)
    found = rules.alerts(seen, coaches)
    with transaction(engine) as session:
        new = sum(_keep(session, month, alert, now) for alert in found)
        _close_what_no_longer_stands(session, month, found, now)
    return Looked(month, len(seen), len(found), new, unplaced)


def sightings(session: Session, first_day: date, last_day: date) -> tuple[list[Sighting], int]:
    """The journeys of these days as the checks see them, and how many could not be placed: exact positions while they
    are kept, else the stops of our own lines."""
    places = _Stops(line_service.current_lines(last_day))
    seen: list[Sighting] = []
    unplaced = 0
    journeys = list(store.journeys_between(session, first_day, last_day))
    for start in range(0, len(journeys), SLICE):
        some = journeys[start : start + SLICE]
        exact = journey_store.positions_of(session, [each.id for each in some])
        for journey in some:
            ends = exact.get(journey.id) or places.ends_of(journey.leg)
            if ends is None:
                unplaced += 1
            else:
                seen.append(_sighting(journey, *ends))
    return seen, unplaced


class _Stops:
    """Where the stops of our lines lie, by line, direction and position along it."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._stops = {
            (line.code, direction): [(line_rules.along_m(line, direction, stop), stop.point) for stop in line.stops]
            for line in lines
            for direction in (0, 1)
        }

    def ends_of(self, leg: LineLeg | None) -> tuple[Point, Point] | None:
        stops = [] if leg is None else self._stops.get((leg.line, leg.direction), [])
        if leg is None or not stops:
            return None
        near = [min(stops, key=lambda stop: (abs(stop[0] - at), stop[0]))[1] for at in (leg.from_m, leg.to_m)]
        return near[0], near[1]


def _sighting(journey: Journey, start: Point, end: Point) -> Sighting:
    return Sighting(
        journey.id, journey.operator, journey.operator_trip_id, journey.driver, journey.passenger, journey.started_at,
        journey.ended_at, journey.distance_m, start, end, journey.start_insee, journey.end_insee,
    )  # fmt: skip


def _keep(session: Session, month: str, alert: Alert, now: datetime) -> bool:
    """Write an alert, or bring one that waits up to date; whether it is new."""
    people = sorted(alert.people)
    reasons = award_rules.reasons_text(alert.reasons)
    known = store.find_alert(session, month, str(alert.suspicion), people)
    if known is not None:
        if known.state == AlertState.NEW or known.answered_by == audit.SYSTEM:
            known.journeys, known.reasons = list(alert.journeys), reasons
            known.state, known.answered_at, known.answered_by = str(AlertState.NEW), None, None
        return False
    session.add(
        AlertRow(
            id=new_id(now), month=month, suspicion=str(alert.suspicion), people_key=store.key_of(people),
            people=people, journeys=list(alert.journeys), reasons=reasons, found_at=now, state=str(AlertState.NEW),
        )
    )  # fmt: skip
    session.flush()
    return True


def _close_what_no_longer_stands(session: Session, month: str, found: Sequence[Alert], now: datetime) -> None:
    """An alert that nobody answered and that the month no longer shows (its journeys were withdrawn or corrected) waits
    for nobody; should it show again, it waits again."""
    standing = {(str(alert.suspicion), store.key_of(sorted(alert.people))) for alert in found}
    for row in store.alerts(session, month=month, state=str(AlertState.NEW)):
        if (row.suspicion, row.people_key) not in standing:
            row.state, row.answered_at, row.answered_by = str(AlertState.CLEARED), now, audit.SYSTEM
    session.flush()


# ---------------------------------------------------------------- what a person does about it


def clear(session: Session, alert_id: str, *, by: Identity, words: str, now: datetime) -> None:
    """There is nothing, and why. Raises InvalidInput without a reason, Conflict("covoit.alert_answered")."""
    row = _waiting(session, alert_id, by)
    _answer(session, row, AlertState.CLEARED, by, words, now)


def open_cases(
    session: Session, alert_id: str, kind: Kind, people: Sequence[str], *, by: Identity, words: str, now: datetime
) -> list[str]:
    """Open the case of a recovery or a ban for each of these people; nothing is taken or forbidden before they were
    told, heard, and a person decided. The cases' ids.

    Raises InvalidInput("covoit.alert_nobody" | "covoit.decision_without_reason" | "covoit.alert_kind"),
    Refused("covoit.alert_nothing_paid") for the recovery from somebody who was due nothing for these journeys,
    Conflict("covoit.alert_answered").
    """
    row = _waiting(session, alert_id, by)
    chosen = [person for person in row.people if person in set(people)]
    if not chosen:
        raise InvalidInput("covoit.alert_nobody")
    if kind not in (Kind.RECOVERY, Kind.BAN):
        raise InvalidInput("covoit.alert_kind")
    due = due_of(session, row)
    if kind is Kind.RECOVERY and any(due.get(person, ZERO) <= ZERO for person in chosen):
        raise Refused("covoit.alert_nothing_paid")
    opened = [
        claim_store.open_case(
            session, kind, person, claim_store.alert_object(row.id), None, now,
            due[person].cents if kind is Kind.RECOVERY else None,
        ).id
        for person in chosen
    ]  # fmt: skip
    _answer(session, row, AlertState.OPENED, by, words, now, cases=opened)
    return opened


def drivers_decided(session: Session, row: AlertRow) -> frozenset[str]:
    """The people whose journeys a decision lets be withdrawn: once each case of the alert was answered, those whose
    measure was granted."""
    cases = claim_store.cases_about(session, claim_store.alert_object(row.id))
    if row.state != AlertState.OPENED or any(case.decision is None for case in cases):
        return frozenset()
    granted = [case for case in cases if _outcome(session, case) == Outcome.GRANTED]
    return frozenset(case.person for case in granted)


def _outcome(session: Session, case: claim_store.CaseRow) -> str:
    return claim_store.get_decision(session, case.decision or "").outcome


def withdraw(session: Session, alert_id: str, *, by: Identity, now: datetime) -> int:
    """Withdraw the journeys that somebody drove whose measure was decided, once; how many. The nightly awards and the
    next closing do the rest.

    Raises Refused("covoit.alert_not_decided") before the decision; repeated, withdraws nothing more.
    """
    _require(by)
    row = store.get_alert(session, alert_id, lock=True)
    if row.state == AlertState.WITHDRAWN:
        return 0
    drivers = drivers_decided(session, row)
    if not drivers:
        raise Refused("covoit.alert_not_decided")
    journeys = [each for each in store.journeys_of(session, row.journeys) if each.driver in drivers]
    for each in journeys:
        journey_store.cancel(session, each.operator, each.operator_journey_id, code=CANCEL_CODE, now=now)
    row.state = str(AlertState.WITHDRAWN)
    audit.record(
        session, "covoit.alert_withdrawn", actor=by.subject, object_kind="covoit_alert", object_id=row.id, now=now,
        detail={"journeys": len(journeys)},
    )  # fmt: skip
    session.flush()
    return len(journeys)


def due_of(session: Session, row: AlertRow) -> dict[str, Money]:
    """What each driver is due today for the vehicle trips of an alert's journeys."""
    due: dict[str, Money] = {}
    for driver, amount in store.trips_due(session, row.journeys).values():
        due[driver] = due.get(driver, ZERO) + amount
    return due


def totals_of(session: Session, rows: Sequence[AlertRow]) -> dict[str, Money]:
    """What the vehicle trips of each of many alerts are due today, by alert."""
    trips = store.trips_by_journey(session, sorted({name for row in rows for name in row.journeys}))
    totals = {}
    for row in rows:
        keys = {trips[name] for name in row.journeys if name in trips}
        totals[row.id] = sum((amount for _key, amount in keys), ZERO)
    return totals


def paid_for(session: Session, journeys: Sequence[Journey]) -> dict[tuple[str, str], Money]:
    """What each vehicle trip of these journeys is due today."""
    return {key: amount for key, (_driver, amount) in store.trips_due(session, [each.id for each in journeys]).items()}


def _waiting(session: Session, alert_id: str, by: Identity) -> AlertRow:
    _require(by)
    row = store.get_alert(session, alert_id, lock=True)
    if row.state != AlertState.NEW:
        raise Conflict("covoit.alert_answered")
    not_oneself(session, row.people, by)
    return row


def _answer(
    session: Session, row: AlertRow, state: AlertState, by: Identity, words: str, now: datetime,
    cases: Sequence[str] = (),
) -> None:  # fmt: skip
    said = " ".join(words.split())
    if not said:
        raise InvalidInput("covoit.decision_without_reason")
    row.state, row.answered_at, row.answered_by, row.words = str(state), now, by.subject, said[:WORDS_MAX]
    audit.record(
        session, f"covoit.alert_{state}", actor=by.subject, object_kind="covoit_alert", object_id=row.id, now=now,
        detail={"cases": list(cases)},
    )  # fmt: skip
    session.flush()


def _require(by: Identity) -> None:
    if not by.may_in(Permission.COVOIT_PREPARE, None):
        raise Refused("covoit.not_allowed", permission=str(Permission.COVOIT_PREPARE))

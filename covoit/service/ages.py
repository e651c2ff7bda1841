"""Correcting an age: by the person, who gives their day of birth (it is not kept), or by an agent who saw a paper."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from covoit.rules import age as rules
from covoit.service.bookings import refuse
from covoit.service.offers import stop_driving
from covoit.service.rights import not_oneself, require
from covoit.store.offers import MemberRow, member_row
from covoit.store.people import PersonRow
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra.roles import Identity, Permission


def correct_mine(session: Session, person: str, born: date, now: datetime) -> bool:
    """The age as it follows from a day of birth; whether that is adult. The day itself is not kept.

    Raises InvalidInput("covoit.bad_birth"), Refused("covoit.age_by_agent") the second time from minor to adult.
    """
    today = paris_day(now)
    refusal = rules.refusal_of_birth(born, today)
    if refusal is not None:
        raise InvalidInput(refusal.code, **refusal.params)
    adult = rules.years_old(born, today) >= rules.ADULT_YEARS
    row = member_row(session, person, now)
    declared = session.get_one(PersonRow, person, with_for_update=True).over_18
    refuse(
        rules.refusal_of_correction(declared=declared, adult=adult, corrected_before=row.age_corrected_at is not None)
    )
    if declared is False and adult:
        row.age_corrected_at = now
    _write(session, person, adult, by=person, reason="", now=now)
    return adult


def correct_at_counter(session: Session, person: str, adult: bool, *, by: Identity, reason: str, now: datetime) -> None:
    """An agent writes the age they saw on a paper, with the reason. Raises
    InvalidInput("covoit.decision_without_reason"), Refused("covoit.not_allowed" | "covoit.own_case"), NotFound."""
    require(by, Permission.COVOIT_DESK)
    not_oneself(session, [person], by)
    if not reason.strip():
        raise InvalidInput("covoit.decision_without_reason")
    if session.get(PersonRow, person) is None:
        raise NotFound("covoit.unknown_person", person=person[:40])
    _write(session, person, adult, by=by.subject, reason=reason.strip()[:200], now=now)


def corrected(session: Session, person: str) -> bool:
    """Whether this person already corrected their age by themselves."""
    row = session.get(MemberRow, person)
    return row is not None and row.age_corrected_at is not None


def _write(session: Session, person: str, adult: bool, *, by: str, reason: str, now: datetime) -> None:
    row = session.get_one(PersonRow, person, with_for_update=True)
    before, row.over_18 = row.over_18, adult
    session.flush()
    if before != adult:
        audit.record(
            session, "covoit.age_corrected", actor=by, object_kind="covoit_person", object_id=person, now=now,
            detail={"from": before, "to": adult, "reason": reason},
        )  # fmt: skip
    if not adult:
        stop_driving(session, person, now)

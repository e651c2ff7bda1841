"""What a driver does: declares and signs, publishes, drives now, ends; and what protects people: block, report,
emergency. Every act that concerns somebody's rights is in the audit log, by random ids."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from covoit.gateway import lines as files
from covoit.model.bookings import BookingState, Member, Offer, OfferState, Side
from covoit.rules import lines as rules
from covoit.rules.bookings import SEATS_MAX, TERMS, refusal_to_drive
from covoit.service.bookings import cancel_all, refuse
from covoit.store import claims as claim_store
from covoit.store import offers as store
from covoit.store.bookings import bookings_on
from covoit.store.people import PersonRow, find_person, person_of
from covoit.store.proofs import evidence_of
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.periods import Period
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.infra.db import changed, insert_new
from mobigo.infra.roles import Identity

AHEAD: Final = timedelta(days=60)  # how far ahead one may publish
LATE: Final = timedelta(minutes=10)  # "I left a moment ago"
UNFOLD_DAYS: Final = 14  # regular trips become offers so many days ahead
REPORT_KINDS: Final = ("danger", "behaviour", "refusal", "fraud", "other")
WORDS_MAX: Final = 2_000


# ---------------------------------------------------------------- people


def person_here(session: Session, subject: str, now: datetime) -> str:
    """The random person id of an account; made at the first use."""
    known = find_person(session, subject=subject)
    return known.id if known is not None else person_of(session, subject=subject, now=now)


def declare(
    session: Session,
    person: str,
    *,
    adult: bool | None,
    licence: bool,
    insurance: bool,
    terms: str | None,
    alias: str | None,
    car: str | None,
    now: datetime,
) -> Member:
    """What a driver declares and signs, each with its time; the terms with their version.

    A declaration made is kept with its first time. Raises InvalidInput("covoit.other_terms") for terms that are not
    today's: nobody signs what they were not shown.
    """
    row = store.member_row(session, person, now)
    known = session.get_one(PersonRow, person, with_for_update=True)
    if known.over_18 is None and adult is not None:
        known.over_18 = adult
    if licence and row.licence_at is None:
        row.licence_at = now
    if insurance and row.insurance_at is None:
        row.insurance_at = now
    if terms is not None:
        if terms != TERMS:
            raise InvalidInput("covoit.other_terms", version=TERMS)
        if row.terms_version != TERMS:
            row.terms_version, row.terms_at = TERMS, now
    row.alias = _short(alias, 40) or row.alias
    row.car = _short(car, 60) or row.car
    session.flush()
    member = store.find_member(session, person)
    audit.record(
        session, "covoit.declared", actor=person, object_kind="covoit_person", object_id=person, now=now,
        detail={"terms": row.terms_version, "may_drive": refusal_to_drive(member) is None},
    )  # fmt: skip
    return member


def declare_rider(session: Session, person: str, *, adult: bool | None, consent: bool, now: datetime) -> Member:
    """A passenger's age as declared, and for a minor the consent of a parent, with its time."""
    row = store.member_row(session, person, now)
    known = session.get_one(PersonRow, person, with_for_update=True)
    if known.over_18 is None and adult is not None:
        known.over_18 = adult
    if consent and known.over_18 is not True and row.guardian_consent_at is None:
        row.guardian_consent_at = now
        audit.record(
            session, "covoit.guardian_consent", actor=person, object_kind="covoit_person", object_id=person, now=now
        )
    session.flush()
    return store.find_member(session, person)


def _short(text: str | None, longest: int) -> str | None:
    clean = " ".join((text or "").split())[:longest]
    return clean if clean.isprintable() and clean else None


def refusal_now(session: Session, person: str, now: datetime) -> Decision | None:
    """Why this person may not drive now: what they did not declare, or a decision that keeps them out."""
    missing = refusal_to_drive(store.find_member(session, person))
    if missing is None and claim_store.banned(session, [person], paris_day(now)):
        return Decision("covoit.banned")
    return missing


# ---------------------------------------------------------------- offers


def publish(
    session: Session, driver: str, *, from_stop: str, to_stop: str, leaves_at: datetime, seats: int, now: datetime
) -> Offer:
    """A seat or several offered on one run. Raises Refused for whoever may not drive (the reason says what is
    missing), InvalidInput for a time past or too far, seats, stops; Conflict("covoit.already_driving") when the driver
    is on another run at that time."""
    return _publish(session, driver, from_stop, to_stop, leaves_at, seats, OfferState.PUBLISHED, now)


def drive_now(session: Session, driver: str, *, from_stop: str, to_stop: str, seats: int, now: datetime) -> Offer:
    """ "I just drive": a run that begins at once. Raises as `publish`."""
    return _publish(session, driver, from_stop, to_stop, now, seats, OfferState.DRIVING, now)


def _publish(
    session: Session,
    driver: str,
    from_stop: str,
    to_stop: str,
    leaves_at: datetime,
    seats: int,
    state: OfferState,
    now: datetime,
    regular: str | None = None,
) -> Offer:
    refuse(refusal_now(session, driver, now))
    if not 1 <= seats <= SEATS_MAX:
        raise InvalidInput("covoit.bad_seats", most=SEATS_MAX)
    if not now - LATE <= leaves_at <= now + AHEAD:
        raise InvalidInput("covoit.bad_departure", days=AHEAD.days)
    day = paris_day(leaves_at)
    line = files.find_stop_line(from_stop, day)
    if line is None:
        raise NotFound("covoit.no_such_stop", stop=from_stop[:80])
    leg = rules.leg_between(line, from_stop, to_stop)
    session.get(PersonRow, driver, with_for_update=True)  # two clicks of one driver wait for each other here
    lasts = timedelta(seconds=rules.ride_s(line, leg.to_m - leg.from_m))
    others = store.offers_of(session, driver, leaves_at - timedelta(hours=12))
    for other in others:
        its_line = files.get_line(other.line, paris_day(other.leaves_at))
        its_end = other.leaves_at + timedelta(seconds=rules.ride_s(its_line, other.leg.to_m - other.leg.from_m))
        ended = other.state is OfferState.ENDED
        if not ended and other.leaves_at < leaves_at + lasts and leaves_at < its_end:
            raise Conflict("covoit.already_driving", at=other.leaves_at)
    row = store.OfferRow(
        id=new_id(now), driver=driver, line=line.code, direction=leg.direction, from_stop=from_stop, to_stop=to_stop,
        from_m=leg.from_m, to_m=leg.to_m, leaves_at=leaves_at, day=day, seats=seats, state=str(state), regular=regular,
        created_at=now, started_at=now if state is OfferState.DRIVING else None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return store.offer_value(row)


def start(session: Session, offer_id: str, driver: str, now: datetime) -> Offer:
    """The driver sets off. Raises NotFound for somebody else's run, Conflict("covoit.offer_over"),
    Refused("covoit.banned") for whoever a decision keeps out since."""
    row = own_offer(session, offer_id, driver)
    if row.state == OfferState.PUBLISHED:
        if claim_store.banned(session, [driver], paris_day(now)):
            raise Refused("covoit.banned")
        row.state, row.started_at = str(OfferState.DRIVING), now
        session.flush()
    elif row.state != OfferState.DRIVING:
        raise Conflict("covoit.offer_over")
    return store.offer_value(row)


def withdraw(session: Session, offer_id: str, driver: str, now: datetime, *, sure: bool = True) -> None:
    """The driver does not drive after all: bookings are cancelled, passengers told. Raises as `start`,
    Conflict("covoit.offer_aboard") once somebody got in: that ride is ended, not cancelled, and
    Conflict("covoit.offer_booked") for one who is not `sure` while somebody has a seat."""
    row = own_offer(session, offer_id, driver)
    if row.state == OfferState.CANCELLED:
        return
    if row.state == OfferState.ENDED:
        raise Conflict("covoit.offer_over")
    held = [each for each in bookings_on(session, [offer_id]) if each.state is not BookingState.CANCELLED]
    if any(each.state is BookingState.VALIDATED or evidence_of(session, each.id) for each in held):
        raise Conflict("covoit.offer_aboard")
    if held and not sure:
        raise Conflict("covoit.offer_booked")
    row.state, row.ended_at = str(OfferState.CANCELLED), now
    session.flush()
    cancel_all(session, offer_id, Side.DRIVER, now)


def stop_driving(session: Session, driver: str, now: datetime) -> int:
    """A decision keeps this driver out: the runs they published and have not begun are cancelled, and the passengers
    told, so that nobody waits for a car that may not come; how many."""
    gone = [each for each in store.offers_of(session, driver, now - LATE) if each.state is OfferState.PUBLISHED]
    for each in gone:
        withdraw(session, each.id, driver, now)
    return len(gone)


def own_offer(session: Session, offer_id: str, driver: str) -> store.OfferRow:
    """A run, locked, if it is this driver's. Raises NotFound("covoit.offer_gone") otherwise."""
    row = store.get_offer(session, offer_id, lock=True)
    if row.driver != driver:
        raise NotFound("covoit.offer_gone")
    return row


def publish_regular(
    session: Session,
    driver: str,
    *,
    from_stop: str,
    to_stop: str,
    leaves: time,
    weekdays: Iterable[int],
    seats: int,
    period: Period,
    now: datetime,
) -> store.RegularRow:
    """A usual trip: it becomes single offers, two weeks ahead at a time. Raises as `publish`,
    InvalidInput("covoit.no_weekday")."""
    refuse(refusal_now(session, driver, now))
    if not 1 <= seats <= SEATS_MAX:
        raise InvalidInput("covoit.bad_seats", most=SEATS_MAX)
    mask = sum(1 << day for day in set(weekdays) if 0 <= day <= 6)
    if not mask:
        raise InvalidInput("covoit.no_weekday")
    line = files.find_stop_line(from_stop, period.first_day)
    if line is None:
        raise NotFound("covoit.no_such_stop", stop=from_stop[:80])
    leg = rules.leg_between(line, from_stop, to_stop)
    row = store.RegularRow(
        id=new_id(now), driver=driver, line=line.code, from_stop=from_stop, to_stop=to_stop, direction=leg.direction,
        weekdays=mask, leaves=leaves, seats=seats, first_day=period.first_day,
        last_day=period.last_day or period.first_day + timedelta(days=365), created_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    unfold(session, row, now)
    return row


def unfold(session: Session, row: store.RegularRow, now: datetime) -> int:
    """The single offers of a usual trip for the coming two weeks; those already made are left as they are, and a day
    on which its driver is on another run or may no longer drive gives none."""
    made = 0
    today = paris_day(now)
    for ahead in range(UNFOLD_DAYS):
        day = today + timedelta(days=ahead)
        leaves_at = datetime.combine(day, row.leaves, PARIS)
        if not (row.first_day <= day <= row.last_day and row.weekdays >> day.weekday() & 1) or leaves_at < now:
            continue
        if session.query(store.OfferRow.id).filter_by(regular=row.id, day=day).first() is not None:
            continue
        try:
            _publish(
                session, row.driver, row.from_stop, row.to_stop, leaves_at, row.seats, OfferState.PUBLISHED, now, row.id
            )
            made += 1
        except (Conflict, Refused, NotFound):
            continue
    return made


def unfold_all(session: Session, now: datetime) -> int:
    """The coming offers of every usual trip in force."""
    return sum(unfold(session, row, now) for row in store.regulars(session, on=paris_day(now)))


def end_regular(session: Session, regular_id: str, driver: str, now: datetime) -> None:
    """The usual trip stops: its coming offers that nobody booked go too. Raises NotFound("covoit.offer_gone")."""
    row = session.get(store.RegularRow, regular_id, with_for_update=True)
    if row is None or row.driver != driver:
        raise NotFound("covoit.offer_gone")
    row.ended_at = row.ended_at or now
    for offer in session.query(store.OfferRow).filter_by(regular=regular_id, state=str(OfferState.PUBLISHED)):
        if offer.leaves_at > now:
            offer.state, offer.ended_at = str(OfferState.CANCELLED), now
            session.flush()
            cancel_all(session, offer.id, Side.DRIVER, now)


# ---------------------------------------------------------------- protecting people


def block(session: Session, by: str, other: str, now: datetime) -> None:
    """These two never meet again: neither sees the other's offers or bookings, live bookings between them are
    cancelled. Blocking twice is blocking once."""
    from covoit.service.bookings import cancel_between

    if by == other:
        raise InvalidInput("covoit.own_car")
    if insert_new(session, store.BlockRow, {"by": by, "other": other, "at": now}):
        audit.record(session, "covoit.blocked", actor=by, object_kind="covoit_person", object_id=other, now=now)
    cancel_between(session, by, other, now)


def unblock(session: Session, by: str, other: str, now: datetime) -> None:
    """Undoes one's own block, and only that."""
    gone = changed(session, delete(store.BlockRow).where(store.BlockRow.by == by, store.BlockRow.other == other))
    if gone:
        audit.record(session, "covoit.unblocked", actor=by, object_kind="covoit_person", object_id=other, now=now)


def report(
    session: Session, by: str, *, about: str | None, offer: str | None, kind: str, words: str, now: datetime
) -> str:
    """Something told to an agent; the log keeps that it was told, not the words. Sent again while nobody has read it,
    it is told once. Raises InvalidInput("covoit.bad_report")."""
    clean = words.strip()
    if kind not in REPORT_KINDS or not 3 <= len(clean) <= WORDS_MAX:
        raise InvalidInput("covoit.bad_report", most=WORDS_MAX)
    session.get(PersonRow, by, with_for_update=True)  # two presses at once wait for each other
    known = store.same_report(session, by, about=about, offer=offer, kind=kind, words=clean)
    if known is not None:
        return known.id
    row = store.ReportRow(id=new_id(now), by=by, about=about, offer=offer, kind=kind, words=clean, at=now)
    session.add(row)
    session.flush()
    audit.record(
        session, "covoit.reported", actor=by, object_kind="covoit_report", object_id=row.id, now=now,
        detail={"kind": kind, "offer": offer},
    )  # fmt: skip
    return row.id


def read_report(session: Session, report_id: str, agent: Identity, now: datetime) -> None:
    """An agent has read it and acts on it. Raises NotFound("covoit.no_such_report"), for the report on oneself too."""
    row = session.get(store.ReportRow, report_id, with_for_update=True)
    mine = find_person(session, subject=agent.subject)
    if row is None or (mine is not None and row.about == mine.id):
        raise NotFound("covoit.no_such_report")
    if row.read_at is None:
        row.read_at, row.read_by = now, agent.subject
        audit.record(
            session,
            "covoit.report_read",
            actor=agent.subject,
            object_kind="covoit_report",
            object_id=report_id,
            now=now,
        )


def emergency(session: Session, person: str, offer_id: str | None, now: datetime) -> None:
    """Somebody opened the emergency page: the log knows when, and on which run. Nobody is called for them."""
    audit.record(
        session, "covoit.emergency_opened", actor=person, object_kind="covoit_offer", object_id=offer_id or "none",
        now=now,
    )  # fmt: skip

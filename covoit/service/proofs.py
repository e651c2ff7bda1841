"""Taking evidence: opening a device's code session, scans, typed codes, text messages, positions, the driver's and the
passenger's word. What comes of it is in `settling`; sheets of paper are in `papers`."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from covoit.gateway import lines as files
from covoit.model.bookings import BookingState, OfferState, Side
from covoit.model.lines import Line
from covoit.model.proofs import CodeSession, Meeting
from covoit.rules import lines as line_rules
from covoit.rules import proofs as rules
from covoit.service import bookings
from covoit.service.bookings import refuse
from covoit.service.lines import boarded
from covoit.service.papers import paper
from covoit.service.settling import OPERATOR, Proven, deadline_days, evidence_on, measured_at, settle, state_of
from covoit.store import bookings as booking_store
from covoit.store import journeys
from covoit.store import offers as offer_store
from covoit.store import proofs as store
from covoit.store.people import who_answers
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.geo import Point
from mobigo.base.instants import paris_day
from mobigo.infra.clock import new_id

__all__ = [
    "OPERATOR", "Proven", "driver_hears", "end_run", "evidence_on", "got_in", "got_off", "open_session", "paper",
    "scan", "session_for", "set_down", "settle", "sighting", "texted", "typed", "validate",
]  # fmt: skip

# ---------------------------------------------------------------- the driver's side


def open_session(session: Session, offer_id: str, driver: str, now: datetime) -> CodeSession:
    """A code session for the driver's device on a run being driven; the one open before it is closed. Raises
    NotFound for somebody else's run, Conflict("covoit.offer_over")."""
    row = offer_store.get_offer(session, offer_id, lock=True)
    if row.driver != driver:
        raise NotFound("covoit.offer_gone")
    if row.state != OfferState.DRIVING:
        raise Conflict("covoit.offer_over")
    for each in session.scalars(
        select(store.SessionRow).where(store.SessionRow.offer == offer_id, store.SessionRow.closed_at.is_(None))
    ):
        each.closed_at = now
    made = store.SessionRow(id=new_id(now), offer=offer_id, driver=driver, opened_at=now)
    session.add(made)
    session.flush()
    return store.session_value(made)


def session_for(session: Session, offer_id: str, driver: str, now: datetime) -> CodeSession:
    """The code session open on this run, opened when there is none."""
    found = store.sessions_of(session, [offer_id])
    return found[0] if found and found[0].driver == driver else open_session(session, offer_id, driver, now)


def end_run(session: Session, offer_id: str, driver: str, now: datetime) -> list[Proven]:
    """The driver has arrived: the codes stop, what was driven is recorded, and those who were on board until the end
    have their end. Whoever booked and was never seen stays without proof. Ending twice is ending once.

    Raises NotFound for somebody else's run, Conflict("covoit.offer_over") for one that never began.
    """
    row = offer_store.get_offer(session, offer_id, lock=True)
    if row.driver != driver:
        raise NotFound("covoit.offer_gone")
    if row.state == OfferState.ENDED:
        return []
    if row.state != OfferState.DRIVING:
        raise Conflict("covoit.offer_over")
    row.state, row.ended_at = str(OfferState.ENDED), now
    session.flush()
    device = ""
    for each in session.scalars(
        select(store.SessionRow).where(store.SessionRow.offer == offer_id, store.SessionRow.closed_at.is_(None))
    ):
        each.closed_at, device = now, each.id
    offer = offer_store.offer_value(row)
    journeys.record_driven(session, OPERATOR, offer_id, offer.leg, now)
    line = files.get_line(offer.line, paris_day(offer.leaves_at))
    proven = []
    for booking in booking_store.bookings_on(session, [offer_id]):
        known = store.evidence_of(session, booking.id)
        start = next((each for each in known if each.phase == "start"), None)
        if start is None or booking.state is BookingState.VALIDATED:
            continue
        lasts = timedelta(seconds=line_rules.ride_s(line, booking.leg.to_m - booking.leg.from_m))
        # To the last stop they rode until now; whoever got off before it did so about when the car passed there.
        at = now if booking.to_stop == offer.to_stop else min(now, start.at + lasts)
        store.add_evidence(
            session, key=f"end:{booking.id}:driver", booking=booking.id, side="driver", phase="end",
            device=device or f"run:{offer_id}", stop=booking.to_stop, at=at, received_at=now,
            detail={"declared": "run ended"},
        )  # fmt: skip
        proven.append(settle(session, booking.id, now))
    return proven


def set_down(session: Session, booking_id: str, driver: str, now: datetime, point: Point | None = None) -> Proven:
    """The driver says that a passenger got off, now. Raises NotFound for somebody else's booking."""
    row = booking_store.get_booking(session, booking_id, lock=True)
    offer = offer_store.get_offer(session, row.offer)
    if offer.driver != driver:
        raise NotFound("covoit.missing_booking")
    sessions = store.sessions_of(session, [row.offer], open_only=False)
    return sighting(
        session, booking_id, Side.DRIVER, phase="end", device=sessions[0].id if sessions else f"run:{row.offer}",
        at=now, point=point, now=now,
    )  # fmt: skip


def driver_hears(session: Session, root: bytes, *, driver: str, booking_id: str, code: str, now: datetime) -> Proven:
    """A passenger without a smartphone says four figures; the driver types them. Raises NotFound for somebody else's
    booking, Refused("covoit.heard_wrong")."""
    row = booking_store.get_booking(session, booking_id, lock=True)
    offer = offer_store.get_offer(session, row.offer)
    if offer.driver != driver:
        raise NotFound("covoit.missing_booking")
    if rules.figures_typed(code, rules.BOARDING_FIGURES) != rules.boarding_code(root, booking_id):
        raise Refused("covoit.heard_wrong")
    if row.state not in (BookingState.WAITING, BookingState.CONFIRMED):
        raise Conflict("covoit.status_not_reachable", status=row.state, wanted=str(BookingState.COMPLETED))
    device = (
        session_for(session, row.offer, driver, now).id if offer.state == OfferState.DRIVING else f"run:{row.offer}"
    )
    added = store.add_evidence(
        session, key=f"heard:{booking_id}", booking=booking_id, meeting=str(Meeting.CODE), side="driver",
        phase="start", device=device, stop=row.from_stop, at=now, received_at=now,
    )  # fmt: skip
    boarded(session, row.passenger, now)
    return replace(settle(session, booking_id, now), repeated=not added)


# ---------------------------------------------------------------- the passenger's side


def scan(
    session: Session,
    root: bytes,
    *,
    passenger: str,
    text: str,
    scanned_at: datetime,
    from_stop: str,
    to_stop: str,
    seats: int = 1,
    device: str | None = None,
    point: Point | None = None,
    getting_off: bool = False,
    now: datetime,
    home: Path | None = None,
) -> Proven:
    """What the passenger's telephone read on the driver's, now or days ago without a network.

    Getting in without a booking makes one ("boarding on demand"). The same scan sent again (same code, same time)
    gives the same answer; the same code with another time is refused, as are foreign and stale codes
    (`rules.proofs.refusal_of_scan`). Raises also what `bookings.book` raises.
    """
    token = rules.read_token(text)
    if token is None:
        raise InvalidInput("covoit.scan_unreadable")
    known = store.find_session(session, token.session)
    key = f"scan:{token.session}:{token.step}:{passenger}"
    before = session.scalar(select(store.EvidenceRow).where(store.EvidenceRow.key == key))
    if before is not None and before.at == scanned_at:
        return state_of(session, before.booking, repeated=True)
    refuse(
        rules.refusal_of_scan(
            token, known, rules.session_key(root, token.session), scanned_at=scanned_at, received_at=now,
            used=before is not None, deadline_days=deadline_days(scanned_at, home),
        )
    )  # fmt: skip
    assert known is not None  # noqa: S101  # an unknown session is refused above; for the type checker
    return _meet(
        session, known, Meeting.SCAN, key, passenger=passenger, from_stop=from_stop, to_stop=to_stop, seats=seats,
        device=device, point=point, getting_off=getting_off, at=scanned_at, now=now,
    )  # fmt: skip


def typed(
    session: Session,
    root: bytes,
    *,
    passenger: str,
    line: Line,
    code: str,
    from_stop: str,
    to_stop: str,
    seats: int = 1,
    device: str | None = None,
    point: Point | None = None,
    getting_off: bool = False,
    now: datetime,
) -> Proven:
    """Six figures that the passenger reads on the driver's screen, or hears, and types or texts.

    They are looked for among the cars driving on the line now. Raises Refused("covoit.code_wrong") when no car shows
    them; two cars showing the same six figures at once is one in a million, and asks for the next ones.
    """
    figures = rules.figures_typed(code, rules.TYPED_FIGURES)
    if figures is None:
        raise Refused("covoit.code_wrong")
    driving = [
        offer.id
        for offer in offer_store.offers_between(
            session, now - timedelta(hours=6), now + timedelta(hours=1), line=line.code
        )
        if offer.state is OfferState.DRIVING
    ]
    matching = [
        each
        for each in store.sessions_of(session, driving)
        if rules.matches_typed(rules.session_key(root, each.id), each.id, figures, now)
    ]
    if len(matching) != 1:
        raise Refused("covoit.code_wrong")
    key = f"typed:{matching[0].id}:{figures}:{passenger}"
    return _meet(
        session, matching[0], Meeting.CODE, key, passenger=passenger, from_stop=from_stop, to_stop=to_stop, seats=seats,
        device=device, point=point, getting_off=getting_off, at=now, now=now,
    )  # fmt: skip


def texted(session: Session, root: bytes, *, phone: str, words: str, now: datetime) -> Proven:
    """A text message with six figures, from a number we know, of somebody who has booked. Raises
    Refused("covoit.phone_unknown" | "covoit.code_wrong"), NotFound("covoit.missing_booking")."""
    person = who_answers(session, phone)
    if person is None:
        raise Refused("covoit.phone_unknown")
    soon = booking_store.bookings_of(session, person, now - timedelta(hours=6))
    live = [
        each for each in soon if each.state is BookingState.CONFIRMED and each.pickup_at <= now + timedelta(hours=2)
    ]
    if not live:
        raise NotFound("covoit.missing_booking")
    line = files.get_line(live[0].leg.line, paris_day(now))
    return typed(
        session, root, passenger=person, line=line, code=words, from_stop=live[0].from_stop, to_stop=live[0].to_stop,
        now=now,
    )  # fmt: skip


def _meet(
    session: Session,
    shown: CodeSession,
    meeting: Meeting,
    key: str,
    *,
    passenger: str,
    from_stop: str,
    to_stop: str,
    seats: int,
    device: str | None,
    point: Point | None,
    getting_off: bool,
    at: datetime,
    now: datetime,
) -> Proven:
    """Two devices were together: both have a sighting there, at the same stop and time."""
    booking = bookings.live_booking(session, passenger, shown.offer)
    if booking is None:
        if getting_off:
            raise NotFound("covoit.missing_booking")
        booking = bookings.book(
            session, offer_id=shown.offer, passenger=passenger, from_stop=from_stop, to_stop=to_stop, seats=seats,
            origin="stop", was_open=True, now=now,
        )  # fmt: skip
    phase = "end" if getting_off else "start"
    stop = booking.to_stop if getting_off else booking.from_stop
    measured = measured_at(booking, stop, point)
    added = store.add_evidence(
        session, key=key, booking=booking.id, meeting=str(meeting), side="passenger", phase=phase,
        device=_device(device, passenger), stop=stop, at=at, received_at=now, lat=point.lat if point else None,
        lon=point.lon if point else None, measured=measured, detail={"late_s": int((now - at).total_seconds())},
    )  # fmt: skip
    # The driver's device was there too: its code was read. A measured position of the passenger is then the driver's.
    store.add_evidence(
        session, key=f"{key}:driver", booking=booking.id, meeting=str(meeting), side="driver", phase=phase,
        device=shown.id, stop=stop, at=at, received_at=now, measured=measured and meeting is Meeting.SCAN,
    )  # fmt: skip
    if not getting_off:
        boarded(session, passenger, at)
    return replace(settle(session, booking.id, now), repeated=not added)


def got_in(
    session: Session, booking_id: str, person: str, *, device: str | None, point: Point | None, at: datetime,
    now: datetime, home: Path | None = None,
) -> Proven:  # fmt: skip
    """The driver or the passenger says, by the position of their telephone, that the passenger gets in: once both have
    said so, here and where the passenger gets off, no code is needed (`rules.positions_agree`). One alone proves
    nothing.

    Raises NotFound for somebody else's booking, Refused("covoit.position_needed") without a position, and what
    `sighting` raises.
    """
    side = bookings.side_of(session, booking_id, person)
    row = booking_store.get_booking(session, booking_id, lock=True)
    if point is None:
        raise Refused("covoit.position_needed")
    if side is Side.DRIVER:
        sessions = store.sessions_of(session, [row.offer], open_only=False)
        named = sessions[0].id if sessions else f"run:{row.offer}"
    else:
        named = _device(device, person)
    proven = sighting(
        session, booking_id, side, phase="start", device=named, at=at, point=point, now=now, home=home
    )  # fmt: skip
    if side is Side.PASSENGER:
        boarded(session, person, at)
    return proven


def got_off(
    session: Session, booking_id: str, passenger: str, *, device: str | None, point: Point | None, at: datetime,
    now: datetime, home: Path | None = None,
) -> Proven:  # fmt: skip
    """The passenger says that they have arrived. Raises NotFound for somebody else's booking."""
    row = booking_store.get_booking(session, booking_id, lock=True)
    if row.passenger != passenger:
        raise NotFound("covoit.missing_booking")
    return sighting(
        session, booking_id, Side.PASSENGER, phase="end", device=_device(device, passenger), at=at, point=point,
        now=now, home=home,
    )  # fmt: skip


def sighting(
    session: Session,
    booking_id: str,
    side: Side,
    *,
    phase: str,
    device: str,
    at: datetime,
    point: Point | None,
    now: datetime,
    home: Path | None = None,
) -> Proven:
    """One end of the ride, as one side's device tells it: with a position measured near the stop, or declared.

    A position far from the stop is no sighting there: Refused("covoit.not_at_the_stop"); an hour before that car left
    is one of a clock: InvalidInput("covoit.clock_wrong"), for the day of a ride is the day that pays it. Raises
    InvalidInput("covoit.scan_from_the_future"), Refused("covoit.proof_too_late"), Conflict for a cancelled booking.
    """
    row = booking_store.get_booking(session, booking_id, lock=True)
    booking = booking_store.booking_value(row)
    if booking.state is BookingState.CANCELLED:
        raise Conflict("covoit.status_not_reachable", status=row.state, wanted=str(BookingState.COMPLETED))
    if at > now + rules.CLOCK_AHEAD_MAX:
        raise InvalidInput("covoit.scan_from_the_future", minutes=int(rules.CLOCK_AHEAD_MAX.total_seconds()) // 60)
    offer = offer_store.get_offer(session, row.offer)
    if at < (offer.started_at or offer.leaves_at) - rules.CLOCK_BEHIND_MAX:
        raise InvalidInput("covoit.clock_wrong", day=paris_day(at))
    days = deadline_days(at, home)
    if now > at + timedelta(days=days):
        raise Refused("covoit.proof_too_late", days=days)
    stop = booking.from_stop if phase == "start" else booking.to_stop
    measured = measured_at(booking, stop, point)
    if point is not None and not measured:
        raise Refused("covoit.not_at_the_stop")
    added = store.add_evidence(
        session, key=f"{phase}:{booking_id}:{side}:{device}"[:120], booking=booking_id, side=str(side), phase=phase,
        device=device, stop=stop, at=at, received_at=now, lat=point.lat if point else None,
        lon=point.lon if point else None, measured=measured,
    )  # fmt: skip
    return replace(settle(session, booking_id, now), repeated=not added)


def validate(session: Session, booking_id: str, passenger: str, now: datetime) -> Proven:
    """The passenger says that the ride took place, after it: the booking is validated, and the journey recorded with
    the class its evidence earns; the word alone earns A. Raises NotFound, Conflict."""
    row = booking_store.get_booking(session, booking_id, lock=True)
    if row.passenger != passenger:
        raise NotFound("covoit.missing_booking")
    if row.state == BookingState.CONFIRMED:
        bookings.change(session, booking_id, BookingState.COMPLETED, Side.PASSENGER, now)
    bookings.change(session, booking_id, BookingState.VALIDATED, Side.PASSENGER, now)
    return settle(session, booking_id, now)


def _device(given: str | None, person: str) -> str:
    """A short name of a device: the random one its browser keeps, else one for the person."""
    if given and given.isascii() and given.isalnum() and 8 <= len(given) <= 40:
        return f"web:{given}"
    return "web:" + hashlib.sha256(f"no device:{person}".encode()).hexdigest()[:24]

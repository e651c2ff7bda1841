"""From evidence to a journey: once both ends of a ride are known, it is recorded with the class its evidence earns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from covoit.gateway import lines as files
from covoit.gateway.scales import scale_in_force
from covoit.model.bookings import Booking, BookingState, Side
from covoit.model.journeys import Journey, JourneyState, ProofClass
from covoit.model.proofs import Evidence, Meeting, Sighting, Trace
from covoit.rules import lines as line_rules
from covoit.rules import proofs as rules
from covoit.service import bookings
from covoit.store import bookings as booking_store
from covoit.store import journeys
from covoit.store import offers as offer_store
from covoit.store import proofs as store
from mobigo.base.geo import Point
from mobigo.base.instants import paris_day
from mobigo.infra.clock import new_id

OPERATOR: Final = "mobigo"  # our own lines, as the registry names operators


@dataclass(frozen=True, slots=True)
class Proven:
    """What came of a piece of evidence: the booking, whether it was known already, the class earned so far."""

    booking: Booking
    repeated: bool
    proof_class: ProofClass
    journey: str | None


def evidence_on(session: Session, booking_id: str) -> Evidence:
    """All that is known of a booking's ride."""
    row = booking_store.get_booking(session, booking_id)
    offer = offer_store.get_offer(session, row.offer)
    rows = store.evidence_of(session, booking_id)
    driver, passenger = _trace(rows, "driver"), _trace(rows, "passenger")
    meetings = {Meeting(each.meeting) for each in rows if each.meeting is not None} | {Meeting.BOOKING}
    if rules.complete(driver) and rules.complete(passenger) and rules.positions_agree(driver, passenger):
        meetings.add(Meeting.POSITIONS)
    return Evidence(frozenset(meetings), driver, passenger, offer.driver != row.passenger)


def settle(session: Session, booking_id: str, now: datetime) -> Proven:
    """What the evidence makes of a booking, now. Once an end of the ride is known the booking is completed; once the
    class is B or C, or the passenger validated it, the journey is recorded, in the registry's store. Evidence that
    comes later and earns a better class amends it while it is not frozen.
    """
    row = booking_store.get_booking(session, booking_id, lock=True)
    evidence = evidence_on(session, booking_id)
    earned = rules.proof_class(evidence)
    ended = evidence.driver.end or evidence.passenger.end
    if ended is not None and row.state in (BookingState.WAITING, BookingState.CONFIRMED):
        if row.state == BookingState.WAITING:
            bookings.change(session, booking_id, BookingState.CONFIRMED, Side.SYSTEM, now)
        bookings.change(session, booking_id, BookingState.COMPLETED, Side.SYSTEM, now)
    if earned is not ProofClass.A and row.state == BookingState.COMPLETED:
        bookings.change(session, booking_id, BookingState.VALIDATED, Side.SYSTEM, now)
    if row.state == BookingState.VALIDATED:
        row.journey = _record(session, row, evidence, earned, now)
        session.flush()
    return Proven(booking_store.booking_value(row), False, earned, row.journey)


def state_of(session: Session, booking_id: str, *, repeated: bool) -> Proven:
    """What the evidence has earned a booking so far; nothing is changed."""
    row = booking_store.get_booking(session, booking_id)
    earned = rules.proof_class(evidence_on(session, booking_id))
    return Proven(booking_store.booking_value(row), repeated, earned, row.journey)


def _record(
    session: Session, row: booking_store.BookingRow, evidence: Evidence, earned: ProofClass, now: datetime
) -> str:
    booking = booking_store.booking_value(row)
    offer = offer_store.offer_value(offer_store.get_offer(session, row.offer))
    line = files.get_line(offer.line, paris_day(offer.leaves_at))
    start, end = line_rules.stop_of(line, booking.from_stop), line_rules.stop_of(line, booking.to_stop)
    began = next((each for each in (evidence.passenger.start, evidence.driver.start) if each), None)
    arrived = next((each for each in (evidence.passenger.end, evidence.driver.end) if each), None)
    started_at = began.at if began else booking.pickup_at
    lasts = timedelta(seconds=line_rules.ride_s(line, booking.leg.to_m - booking.leg.from_m))
    ended_at = arrived.at if arrived and arrived.at > started_at else started_at + lasts
    stored = journeys.find_stored(session, OPERATOR, booking.id, lock=True)
    journey = Journey(
        id=new_id(now) if stored is None else stored.journey.id,
        operator=OPERATOR,
        operator_journey_id=booking.id,
        operator_trip_id=offer.id,
        proof_class=earned,
        driver=offer.driver,
        passenger=booking.passenger,
        seats=booking.seats,
        started_at=started_at,
        ended_at=ended_at,
        distance_m=booking.leg.to_m - booking.leg.from_m,
        received_at=now if stored is None else stored.journey.received_at,
        state=JourneyState.PENDING,
        leg=booking.leg,
        start_insee=start.insee,
        end_insee=end.insee,
    )
    positions = (start.point, end.point)
    if stored is None:
        return journeys.record(session, journey, positions=positions).id
    if earned > stored.journey.proof_class and stored.frozen_at is None:  # "C" > "B" > "A"
        journeys.amend(session, stored, journey, positions=positions, sums=None, findings=(), now=now)
    return stored.journey.id


def _trace(rows: Sequence[store.EvidenceRow], side: str) -> Trace:
    """One side's trace: its measured sightings before its declared ones, the earliest start, the latest end."""
    own = [each for each in rows if each.side in (side, "both") and each.stop is not None]
    starts = sorted((each for each in own if each.phase == "start"), key=lambda each: (not each.measured, each.at))
    ends = sorted(
        (each for each in own if each.phase == "end"), key=lambda each: (not each.measured, -each.at.timestamp())
    )
    device = next((each.device for each in (*starts, *ends) if each.device), None)
    return Trace(device, _sighting(starts), _sighting(ends))


def _sighting(rows: Sequence[store.EvidenceRow]) -> Sighting | None:
    return Sighting(rows[0].at, str(rows[0].stop), rows[0].measured) if rows else None


def measured_at(booking: Booking, stop_id: str, point: Point | None) -> bool:
    """Whether this stop is the nearest of the line to a measured position."""
    if point is None:
        return False
    line = files.get_line(booking.leg.line, paris_day(booking.pickup_at))
    near = line_rules.nearest_stop(line, point)
    return near is not None and near.id == stop_id


def deadline_days(moment: datetime, home: Path | None) -> int:
    """Until how many days after the ride its proof is taken: a figure of the scale in force that day, those that the
    authority added in `home` included."""
    return scale_in_force(paris_day(moment), home).proof_deadline_days

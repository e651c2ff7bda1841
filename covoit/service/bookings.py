"""Booking a seat, changing a booking's state, and telling the other occupant. Two people after the last seat: the
car's row is locked, one of them gets it."""

from datetime import datetime
from typing import Final
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from covoit.gateway import lines as files
from covoit.model.bookings import HOLDING, Booking, BookingState, Offer, OfferState, Side
from covoit.rules import bookings as rules
from covoit.rules.lines import leg_between, passes_at, stop_of
from covoit.rules.proofs import boarding_code
from covoit.service.lines import price_on
from covoit.store import bookings as store
from covoit.store import offers as offer_store
from covoit.store.people import PersonRow, get_person
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.infra import outbox
from mobigo.infra.formats import day as day_words
from mobigo.infra.formats import hour as hour_words
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import use_language

_WORD: Final[dict[str, type[MobigoError]]] = {
    "covoit.offer_gone": Conflict,
    "covoit.no_seat_left": Conflict,
    "covoit.already_booked": Conflict,
    "covoit.status_already_set": Conflict,
    "covoit.status_not_reachable": Conflict,
    "covoit.bad_seats": InvalidInput,
    "covoit.not_on_the_way": InvalidInput,
    "covoit.own_car": InvalidInput,
}


def refuse(reason: Decision | None) -> None:
    """Raises the reason as the error word that fits it; nothing without a reason."""
    if reason is not None:
        raise _WORD.get(reason.code, Refused)(reason.code, **reason.params)


def book(
    session: Session,
    *,
    offer_id: str,
    passenger: str,
    from_stop: str,
    to_stop: str,
    seats: int,
    now: datetime,
    booking_id: str | None = None,
    state: BookingState = BookingState.CONFIRMED,
    origin: str = "booked",
    operator: str | None = None,
    wire: object = None,
    was_open: bool = False,
) -> Booking:
    """Seats for a passenger, over one leg of a run. On our lines a seat offered is a seat had: the booking is
    confirmed at once; another operator's waits for the driver.

    `was_open`: the run was open at the moment that counts (a scan that arrives later), whatever it is now. Raises
    Conflict when the car is gone or full or already booked by this person, Refused for whoever may not ride,
    InvalidInput for a leg that is not on its way.
    """
    row = offer_store.get_offer(session, offer_id, lock=True)
    offer = offer_store.offer_value(row)
    if was_open and offer.state is OfferState.ENDED:
        offer = _driving(offer)
    line = files.get_line(offer.line, paris_day(offer.leaves_at))
    leg = leg_between(line, from_stop, to_stop)
    session.get(PersonRow, passenger, with_for_update=True)  # one person booking twice at once waits here
    refuse(
        rules.refusal_of_booking(
            offer, store.bookings_on(session, [offer_id]), leg, seats, offer_store.find_member(session, passenger),
            strangers=passenger not in offer_store.blocked_with(session, offer.driver), ahead=origin == "booked",
        )
    )  # fmt: skip
    made = store.BookingRow(
        id=booking_id or str(uuid4()), offer=offer_id, passenger=passenger, seats=seats, from_stop=from_stop,
        to_stop=to_stop, direction=leg.direction, from_m=leg.from_m, to_m=leg.to_m, line=line.code,
        pickup_at=passes_at(line, offer.leg, offer.leaves_at, stop_of(line, from_stop)), state=str(state),
        price_cents=(price_on(paris_day(offer.leaves_at)) * seats).cents, origin=origin, operator=operator, wire=wire,
        created_at=now, changed_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    first = BookingState.WAITING if state is not BookingState.WAITING else state
    store.write_change(session, made, first, str(Side.PASSENGER), now, first=True)
    if state is not first:
        store.write_change(session, made, state, str(Side.SYSTEM), now)
    booking = store.booking_value(made)
    if origin in ("booked", "api"):
        _tell_driver(session, booking, offer, "new", now)
    return booking


def _driving(offer: Offer) -> Offer:
    from dataclasses import replace

    return replace(offer, state=OfferState.DRIVING)


def change(session: Session, booking_id: str, after: BookingState, side: Side, now: datetime) -> Booking:
    """The booking in another state. Raises NotFound("covoit.missing_booking"); Conflict("covoit.status_already_set" |
    "covoit.status_not_reachable"); Refused("covoit.status_not_yours")."""
    row = store.get_booking(session, booking_id, lock=True)
    before = BookingState(row.state)
    refuse(rules.refusal_of_change(before, after, side))
    if after is BookingState.CANCELLED and row.journey is not None:
        raise Conflict("covoit.status_not_reachable", status=str(before), wanted=str(after))
    store.write_change(session, row, after, str(side), now)
    booking = store.booking_value(row)
    if after is BookingState.CANCELLED:
        if side is Side.PASSENGER:
            offer = offer_store.offer_value(offer_store.get_offer(session, row.offer))
            _tell_driver(session, booking, offer, "cancelled", now)
        else:
            _tell_passenger(session, booking, now)
    return booking


def side_of(session: Session, booking_id: str, person: str) -> Side:
    """Which side of a booking this person is. Raises NotFound("covoit.missing_booking") for anybody else: nobody
    learns that it exists."""
    row = store.get_booking(session, booking_id)
    if row.passenger == person:
        return Side.PASSENGER
    if offer_store.get_offer(session, row.offer).driver == person:
        return Side.DRIVER
    raise NotFound("covoit.missing_booking")


def cancel_all(session: Session, offer_id: str, side: Side, now: datetime) -> int:
    """Every booking of a run that can still be cancelled, cancelled; the passengers are told."""
    done = 0
    for booking in store.bookings_on(session, [offer_id]):
        if rules.refusal_of_change(booking.state, BookingState.CANCELLED, side) is None:
            change(session, booking.id, BookingState.CANCELLED, side, now)
            done += 1
    return done


def cancel_between(session: Session, a: str, b: str, now: datetime) -> int:
    """The live bookings between two people, whoever drives, that have not begun: cancelled."""
    pairs = (
        select(store.BookingRow.id)
        .join(offer_store.OfferRow, offer_store.OfferRow.id == store.BookingRow.offer)
        .where(
            store.BookingRow.state.in_([str(BookingState.WAITING), str(BookingState.CONFIRMED)]),
            ((store.BookingRow.passenger == a) & (offer_store.OfferRow.driver == b))
            | ((store.BookingRow.passenger == b) & (offer_store.OfferRow.driver == a)),
        )
    )
    found = list(session.scalars(pairs))
    for booking_id in found:
        change(session, booking_id, BookingState.CANCELLED, Side.SYSTEM, now)
    return len(found)


def live_booking(session: Session, passenger: str, offer_id: str) -> Booking | None:
    """This person's booking on a run, if one holds seats there."""
    row = session.scalar(
        select(store.BookingRow)
        .where(
            store.BookingRow.offer == offer_id,
            store.BookingRow.passenger == passenger,
            store.BookingRow.state.in_([str(each) for each in HOLDING]),
        )
        .order_by(store.BookingRow.pickup_at)
        .limit(1)
    )
    return None if row is None else store.booking_value(row)


# ---------------------------------------------------------------- telling


def send_boarding_code(session: Session, root: bytes, booking: Booking, now: datetime) -> str:
    """The four figures that a passenger without a smartphone says to the driver: texted when we know their number,
    and returned, for the agent who has them on the telephone."""
    code = boarding_code(root, booking.id)
    phone = _phone_of(session, booking.passenger)
    if phone is not None:
        with use_language("fr"):
            words = _(
                "Covoiturage Mobigo : votre place est réservée à %(stop)s, %(day)s vers %(hour)s. "
                "Dites le code %(code)s au conducteur.",
                stop=_stop_name(booking), day=day_words(booking.pickup_at), hour=hour_words(booking.pickup_at),
                code=code,
            )  # fmt: skip
        _text(session, phone, words, booking.passenger, f"covoit:code:{booking.id}", now)
    return code


def tell_driver(session: Session, booking_id: str, now: datetime) -> None:
    """Tell the driver of a booking that waited and is confirmed now."""
    booking = store.booking_value(store.get_booking(session, booking_id))
    offer = offer_store.offer_value(offer_store.get_offer(session, booking.offer))
    _tell_driver(session, booking, offer, "new", now)


def _tell_driver(session: Session, booking: Booking, offer: Offer, what: str, now: datetime) -> None:
    phone = _phone_of(session, offer.driver)
    if phone is None:
        return
    facts = {
        "stop": _stop_name(booking), "day": day_words(booking.pickup_at), "hour": hour_words(booking.pickup_at),
        "seats": booking.seats,
    }  # fmt: skip
    with use_language("fr"):
        words = (
            _("Covoiturage Mobigo : %(seats)s place réservée à %(stop)s, %(day)s vers %(hour)s.", **facts)
            if what == "new"
            else _("Covoiturage Mobigo : la réservation à %(stop)s, %(day)s vers %(hour)s est annulée.", **facts)
        )
    _text(session, phone, words, offer.driver, f"covoit:{what}:{booking.id}", now)


def _tell_passenger(session: Session, booking: Booking, now: datetime) -> None:
    phone = _phone_of(session, booking.passenger)
    if phone is None:
        return
    with use_language("fr"):
        words = _(
            "Covoiturage Mobigo : le conducteur prévu à %(stop)s, %(day)s vers %(hour)s ne vient pas. "
                "Vous ne payez rien.",
            stop=_stop_name(booking), day=day_words(booking.pickup_at), hour=hour_words(booking.pickup_at),
        )  # fmt: skip
    _text(session, phone, words, booking.passenger, f"covoit:gone:{booking.id}", now)


def _text(session: Session, phone: str, words: str, person: str, key: str, now: datetime) -> None:
    outbox.send(session, outbox.Message("sms", phone, "Mobigo", words, person), key=key, now=now)


def _phone_of(session: Session, person: str) -> str | None:
    return get_person(session, person).reach


def _stop_name(booking: Booking) -> str:
    line = files.get_line(booking.leg.line, paris_day(booking.pickup_at))
    return stop_of(line, booking.from_stop).name

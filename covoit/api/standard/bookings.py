"""Bookings by another platform, for its passenger in a car of our lines; messages to a driver.

The platform is the organisation of the API key: it sees and changes its own bookings, and no other is said to exist.
"""

import hashlib
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from covoit.api.standard import bp, wire
from covoit.model.bookings import BookingState, Side
from covoit.rules import lines as rules
from covoit.service import bookings as service
from covoit.service import lines, proofs
from covoit.store import bookings as store
from covoit.store import offers as offer_store
from covoit.store.people import get_person, note_operator_users, person_of
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.geo import Point
from mobigo.base.instants import paris_day
from mobigo.infra import outbox
from mobigo.infra.auth import NotSignedIn, Permission, requires, signed_in
from mobigo.infra.clock import new_id, now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import use_language
from mobigo.infra.web import services


def platform() -> str:
    """Who asks: the organisation of the key, else its person."""
    identity = signed_in()
    return identity.key_organisation or identity.subject


@bp.post("/bookings")
@requires(Permission.COVOIT_API)
def post_booking() -> ResponseReturnValue:
    """A request for a seat, waiting for the driver. The same booking sent again is answered the same way."""
    given: wire.BookingGiven = wire.body(wire.BookingGiven)
    if given.status != "WAITING_CONFIRMATION":
        raise InvalidInput("covoit.wire_bad_body", field="status")
    asker, booking_id = platform(), given.id.lower()
    with transaction(services().engine) as session:
        known = session.get(store.BookingRow, booking_id)
        if known is not None:
            if known.operator != asker or known.wire != given.model_dump(by_alias=True):
                raise InvalidInput("covoit.wire_id_used")
            return wire.answer(_shown(session, known), 201)
        if given.driverJourneyId is None:
            raise InvalidInput("covoit.wire_bad_body", field="driverJourneyId")
        offer = _offer(session, given.driverJourneyId)
        line = lines.get_line(offer.line, paris_day(offer.leaves_at))
        a = rules.nearest_stop(line, Point(given.passengerPickupLat, given.passengerPickupLng))
        z = rules.nearest_stop(line, Point(given.passengerDropLat, given.passengerDropLng))
        if a is None or z is None:
            raise InvalidInput("covoit.not_on_the_way")
        service.book(
            session, offer_id=offer.id, passenger=_passenger(session, asker, given.passenger), from_stop=a.id,
            to_stop=z.id, seats=1, now=now(), booking_id=booking_id, state=BookingState.WAITING, origin="api",
            operator=asker, wire=given.model_dump(by_alias=True),
        )  # fmt: skip
        return wire.answer(_shown(session, store.get_booking(session, booking_id)), 201)


def _offer(session: Session, journey_id: str) -> offer_store.OfferRow:
    """The run of a journey we showed. A run that is gone is a bad request here: the standard has no 404 for it."""
    try:
        return offer_store.get_offer(session, journey_id)
    except NotFound:
        raise InvalidInput("covoit.offer_gone") from None


def _passenger(session: Session, asker: str, user: wire.User) -> str:
    """The person behind another platform's user. Their age is known when that platform has verified their identity
    (its agreement with the Region admits adults only); an unknown age is not an adult's."""
    key = hashlib.sha256(f"{asker}|{user.operator}|{user.id}".encode()).hexdigest()
    person = person_of(session, key, over_18=True if user.verifiedIdentity else None, now=now())
    note_operator_users(session, asker[:40], [(user.id[:256], person)], now())
    row = offer_store.member_row(session, person, now())
    clean = " ".join(user.alias.split())[:40]
    row.alias = row.alias or (clean if clean.isprintable() and clean else None)
    return person


@bp.get("/bookings/<booking_id>")
@requires(Permission.COVOIT_API)
def get_booking(booking_id: str) -> ResponseReturnValue:
    """A booking that this platform made, as it stands. 404 for any other."""
    with reading(services().engine) as session:
        return wire.answer(_shown(session, _own(session, booking_id)))


@bp.patch("/bookings/<booking_id>")
@requires(Permission.COVOIT_API)
def patch_booking(booking_id: str) -> ResponseReturnValue:
    """The passenger's platform changes the status: cancelled, completed, validated. VALIDATED makes the proof."""
    after = wire.state_of(request.args.get("status", ""))
    if len(request.args.get("message", "")) > 500:
        raise InvalidInput("covoit.wire_bad_parameter", name="message")
    with transaction(services().engine) as session:
        row = _own(session, booking_id)
        if after is BookingState.VALIDATED and row.state != BookingState.VALIDATED:
            proofs.validate(session, row.id, row.passenger, now())
        else:
            service.change(session, row.id, after, Side.PASSENGER, now())
    return wire.answer({})


def _own(session: Session, booking_id: str) -> store.BookingRow:
    row = store.get_booking(session, booking_id.lower()[:36])
    if row.operator != platform():
        raise NotFound("covoit.missing_booking")
    return row


def _shown(session: Session, row: store.BookingRow) -> dict[str, Any]:
    """A booking as the standard shapes it: what the platform sent, with our stops, hour, price and status."""
    booking = store.booking_value(row)
    line = lines.get_line(booking.leg.line, paris_day(booking.pickup_at))
    a, z = rules.stop_of(line, booking.from_stop), rules.stop_of(line, booking.to_stop)
    metres = booking.leg.to_m - booking.leg.from_m
    sent = row.wire if isinstance(row.wire, dict) else {}
    driver = offer_store.get_offer(session, row.offer).driver
    alias = offer_store.aliases(session, [driver]).get(driver, (None, None))[0]
    echoed = {name: sent[name] for name in ("passenger", "webUrl", "passengerJourneyId") if sent.get(name)}
    return {
        **echoed,
        "id": booking.id,
        "status": str(booking.state),
        "driver": wire.user(driver, alias),
        "price": wire.price(booking.price),
        "passengerPickupDate": wire.unix(booking.pickup_at),
        "passengerPickupLat": a.point.lat,
        "passengerPickupLng": a.point.lon,
        "passengerDropLat": z.point.lat,
        "passengerDropLng": z.point.lon,
        "passengerPickupAddress": a.name,
        "passengerDropAddress": z.name,
        "distance": metres,
        "duration": rules.ride_s(line, metres),
        "driverJourneyId": row.offer,
    }


@bp.post("/booking_events")
@requires(Permission.COVOIT_API)
def booking_events() -> ResponseReturnValue:
    """Another operator tells of a booking of somebody connected to us. We issue no identity tokens to other platforms,
    so that none it could send is ours: answered 401, as the standard says of a caller who cannot be known."""
    wire.body(wire.EventGiven)
    raise NotSignedIn("covoit.wire_foreign_token")


@bp.post("/messages")
@requires(Permission.COVOIT_API)
def messages() -> ResponseReturnValue:
    """A message to the driver of a journey we showed, or of a booking: texted by us, so that no number is told. 404
    when there is no such journey or user, or when the driver cannot be reached."""
    given: wire.MessageGiven = wire.body(wire.MessageGiven)
    instant = now()
    with transaction(services().engine) as session:
        offer_id = given.driverJourneyId
        if given.bookingId is not None:
            offer_id = _own(session, given.bookingId).offer
        if offer_id is None or given.recipientCarpoolerType != "DRIVER":
            raise NotFound("covoit.unknown_person", person=given.to.id[:40])
        driver = offer_store.get_offer(session, offer_id).driver
        phone = get_person(session, driver).reach
        if wire.public_id(driver) != given.to.id or phone is None:
            raise NotFound("covoit.unknown_person", person=given.to.id[:40])
        with use_language("fr"):
            words = _("Covoiturage Mobigo, message de %(alias)s : %(words)s", alias=given.sender.alias[:40],
                      words=given.message)  # fmt: skip
        key = f"covoit:message:{new_id(instant)}"
        outbox.send(session, outbox.Message("sms", phone, "Mobigo", words, driver), key=key, now=instant)
    return wire.answer({}, 201)

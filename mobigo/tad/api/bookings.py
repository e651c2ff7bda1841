"""Bookings by key: held, confirmed, changed, given up. What the key's organisation booked, and nothing else."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from flask import request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.infra import auth, idempotency
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.ratelimit import attempts
from mobigo.infra.web import services
from mobigo.tad.api import bp, given
from mobigo.tad.api.asked import ID, KEY, NewBooking, Trip, body_of
from mobigo.tad.api.offers import json_of
from mobigo.tad.model.bookings import Booking, Channel, Side
from mobigo.tad.service import booking as service
from mobigo.tad.service import services as catalogue
from mobigo.tad.store import bookings as store

# Counted for a partner, whichever of its keys asks.
READS: Final = "600 per minute"
WRITES: Final = "120 per minute"
HOLDS: Final = "300 per hour"  # nobody fills the days with places they do not confirm


@bp.post("/bookings")
@requires(Permission.TAD_PARTNER)
def tad_hold() -> ResponseReturnValue:
    """Hold places for ten minutes, with what is promised; `confirm` makes them sure. The service's rules hold as on its
    page: cut-off, party, absences. Whoever travels is told by e-mail, or by text message, once confirmed."""
    partner, instant = _counted("write", WRITES), now()
    attempts().count("tad.partner.hold", HOLDS, partner)
    wanted = body_of(NewBooking)

    def act(session: Session) -> Booking:
        version = catalogue.get_service(session, wanted.service, _day(wanted.day))
        return service.hold(
            session, services(), version, wanted.asked(version.service), wanted.contact.contact(),
            channel=Channel.API, now=instant, asker=partner,
        )  # fmt: skip

    return _once(f"hold:{partner}", wanted, act, 201)


@bp.get("/bookings/<booking_id>")
@requires(Permission.TAD_PARTNER)
def tad_booking(booking_id: str) -> ResponseReturnValue:
    """A booking as it stands."""
    partner = _counted("read", READS)
    with reading(services().engine) as session:
        return json_of(given.booking_json(store.booking_value(_own(session, booking_id, partner))))


@bp.post("/bookings/<booking_id>/confirm")
@requires(Permission.TAD_PARTNER)
def tad_confirm(booking_id: str) -> ResponseReturnValue:
    """The places are sure, and whoever travels is told. Twice is once. 409 when the hold ran out."""
    partner, instant = _counted("write", WRITES), now()
    with transaction(services().engine) as session:
        _own(session, booking_id, partner)
        made = service.confirm(session, services(), booking_id, Side.PASSENGER, instant)
    return json_of(given.booking_json(made))


@bp.post("/bookings/<booking_id>/change")
@requires(Permission.TAD_PARTNER)
def tad_change(booking_id: str) -> ResponseReturnValue:
    """Another hour, place or party in place of a confirmed booking: the answer is the new one, confirmed; the old one
    is cancelled. When the new one cannot be had, the old one stays as it was."""
    partner, instant = _counted("write", WRITES), now()
    wanted = body_of(Trip)

    def act(session: Session) -> Booking:
        row = _own(session, booking_id, partner)
        version = catalogue.get_service(session, row.service, _day(wanted.day))
        return service.change(
            session, services(), booking_id, wanted.asked(version.service), Side.PASSENGER, instant
        )  # fmt: skip

    return _once(f"change:{partner}:{_known(booking_id)}", wanted, act, 200)


@bp.delete("/bookings/<booking_id>")
@requires(Permission.TAD_PARTNER)
def tad_cancel(booking_id: str) -> ResponseReturnValue:
    """Give it up: the vehicle does not come. Past the cut-off it counts as not being there (`late`). Twice is once."""
    partner, instant = _counted("write", WRITES), now()
    with transaction(services().engine) as session:
        _own(session, booking_id, partner)
        made = service.cancel(session, services(), booking_id, Side.PASSENGER, instant)
    return json_of(given.booking_json(made))


# ---------------------------------------------------------------- parts


def _partner() -> str:
    """Whose bookings these are: the organisation of the key, or of the one grant; else the person's own."""
    identity = auth.signed_in()
    where = identity.organisations(Permission.TAD_PARTNER)
    return next(iter(where)) if where is not None and len(where) == 1 else identity.subject


def _counted(name: str, limit: str) -> str:
    partner = _partner()
    attempts().count(f"tad.partner.{name}", limit, partner)
    return partner


def _known(booking_id: str) -> str:
    if re.fullmatch(ID, booking_id, re.ASCII) is None:
        raise NotFound("tad.no_such_booking")
    return booking_id


def _own(session: Session, booking_id: str, partner: str) -> store.BookingRow:
    """A booking of this partner. Raises NotFound("tad.no_such_booking"): nobody learns that another's exists."""
    row = store.get_booking(session, _known(booking_id))
    if row.asker != partner:
        raise NotFound("tad.no_such_booking")
    return row


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("tad.bad_day") from None


def _once(what: str, asked: BaseModel, act: Callable[[Session], Booking], status: int) -> ResponseReturnValue:
    """The act, once for each key of this partner; the same answer to the same request again, as it was given."""
    key = request.headers.get("Idempotency-Key", "")
    if re.fullmatch(KEY, key, re.ASCII) is None:
        raise InvalidInput("idempotency.bad_key", longest=idempotency.MAX_KEY_LENGTH)

    def done() -> dict[str, Any]:
        return given.booking_json(act(session))

    with transaction(services().engine) as session:
        answered = idempotency.once(session, f"tad.partner:{what}", key, asked.model_dump(), done, now=now())
    return json_of(answered.answer, status)

"""What can be had, holding it, confirming it, changing it, giving it up. The last place goes to one: whoever books
holds the row of the day."""

import hmac
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused
from mobigo.base.geo import Point
from mobigo.base.instants import paris_day
from mobigo.infra import keys
from mobigo.infra.clock import new_id
from mobigo.infra.config import Config
from mobigo.tad.engine import insertion
from mobigo.tad.model.bookings import LIVE, Asked, Booking, Channel, Contact, Offer, Side, State
from mobigo.tad.model.rounds import Promise, Rounds
from mobigo.tad.model.services import Service
from mobigo.tad.rules import bookings as rules
from mobigo.tad.rules.cutoff import book_by, in_time
from mobigo.tad.rules.promises import near, pickup_at, price_of, promise_of, refusal, request_of
from mobigo.tad.service import days, telling
from mobigo.tad.service import services as catalogue
from mobigo.tad.service.services import Version
from mobigo.tad.store import bookings as store

if TYPE_CHECKING:
    from mobigo.infra.web import Services

HOLD: Final = timedelta(minutes=10)
OFFERS_MAX: Final = 3
ROOM_TRIES: Final = 40  # how often others are moved (each kept to its promise) to make room
SERIES_MAX: Final = 26  # half a year of weeks

_WORD: Final[dict[str, type[MobigoError]]] = {
    "tad.no_room": Conflict,
    "tad.change_not_allowed": Conflict,
    "tad.same_place": InvalidInput,
    "tad.not_served": InvalidInput,
    "tad.bad_party": InvalidInput,
    "tad.no_such_rider": InvalidInput,
    "tad.bad_name": InvalidInput,
    "tad.bad_phone": InvalidInput,
    "tad.bad_email": InvalidInput,
    "tad.outside_hours": InvalidInput,
    "tad.no_service_that_day": InvalidInput,
}


def refuse(decision: Decision | None) -> None:
    """Raises the error word of a refusal; nothing for None."""
    if decision is not None:
        raise _WORD.get(decision.code, Refused)(decision.code, **decision.params)


@dataclass(frozen=True, slots=True)
class Answer:
    """What can be had about an hour: departures, or why none."""

    offers: tuple[Offer, ...]
    refused: Decision | None = None


def quote(
    session: Session, services: "Services | None", service: Service, asked: Asked, now: datetime, *, agent: bool = False
) -> Answer:
    """The departures that can be had nearest the hour asked, three at most, soonest first; each as it would be held
    now. When none can, the reason: that of the hour asked, or that no vehicle has room."""
    why = refusal(service, asked, now, agent=agent)
    if why is not None and why.code not in ("tad.outside_hours", "tad.cutoff_passed", "tad.too_late"):
        return Answer((), why)
    world = days.look(session, services, service, asked.day, now, extra=_points(asked))
    found = []
    for wanted in near(service, asked.day, asked.wanted_s):
        tried = replace(asked, wanted_s=wanted)
        if refusal(service, tried, now, agent=agent) is not None:
            continue
        promise = _promise(world, tried)
        if _inserted(world, "?", tried, promise, tries=0) is not None:
            found.append(_offer(service, tried, promise))
            if len(found) == OFFERS_MAX:
                break
    if not found:
        return Answer((), why or Decision("tad.no_room", phone=service.phone))
    return Answer(tuple(sorted(found, key=lambda each: each.promise.earliest_s)), why)


def _points(asked: Asked) -> tuple[Point, Point]:
    return asked.origin.point, asked.destination.point


def _promise(world: days.World, asked: Asked) -> Promise:
    direct = world.problem.travel.time_s(asked.origin.point, asked.destination.point)
    return promise_of(world.service.terms, direct, asked.wanted_s)


def _offer(service: Service, asked: Asked, promise: Promise) -> Offer:
    last = book_by(service.cutoff, asked.day, pickup_at(asked))
    return Offer(promise, price_of(service, asked.riders), last)


def _inserted(world: days.World, name: str, asked: Asked, promise: Promise, *, tries: int) -> Rounds | None:
    return insertion.insert(world.rounds, world.problem, request_of(name, asked, promise), tries=tries)


def hold(
    session: Session, services: "Services | None", version: Version, asked: Asked, contact: Contact, *,
    channel: Channel, now: datetime, subject: str | None = None, asker: str | None = None, series: str | None = None,
    until: datetime | None = None, booking_id: str | None = None,
) -> Booking:  # fmt: skip
    """Places kept for ten minutes (or `until`), with what is promised. An agent's are confirmed at once, by `confirm`.

    Raises what `refusal` says as InvalidInput or Refused; Conflict("tad.no_room") when no vehicle can take the party
    and keep what it promised to others; Refused("tad.too_many_no_shows") but for an agent.
    """
    service, agent = version.service, channel is Channel.PHONE
    contact = replace(contact, phone=rules.plain_phone(contact.phone))
    refuse(rules.refusal_of_contact(contact))
    refuse(refusal(service, asked, now, agent=agent))
    if not agent:
        since = paris_day(now) - timedelta(days=service.no_shows.within_days)
        missed = store.missed(session, contact.phone, since)
        refuse(rules.refusal_of_person(service.no_shows, missed, service.phone))
    row, world = days.hold(session, services, service, version.id, asked.day, now, extra=_points(asked))
    promise = _promise(world, asked)
    name = booking_id or new_id(now)
    rounds = _inserted(world, name, asked, promise, tries=ROOM_TRIES)
    if rounds is None:
        raise Conflict("tad.no_room", phone=service.phone)
    made = Booking(
        name, service.code, version.id, asked, promise, State.HELD, price_of(service, asked.riders), channel,
        held_until=until or now + HOLD, series=series, subject=subject,
    )  # fmt: skip
    store.add_booking(session, made, contact, asker, now)
    store.keep_rounds(row, rounds)
    session.flush()
    return made


def confirm(
    session: Session, services: "Services", booking_id: str, side: Side, now: datetime
) -> Booking:  # fmt: skip
    """The places are sure; whoever travels is told. Twice is once. Raises Conflict("tad.hold_over") when the hold ran
    out and the places went, Conflict("tad.change_not_allowed")."""
    row = store.get_booking(session, booking_id)
    version = catalogue.get_version(session, row.version)
    days.hold(session, services, version.service, version.id, row.day, now)
    row = store.get_booking(session, booking_id)
    state = State(row.state)
    if state is State.CONFIRMED:
        return store.booking_value(row)
    if state is State.CANCELLED:
        raise Conflict("tad.hold_over", phone=version.service.phone)
    refuse(rules.refusal_of_change(state, State.CONFIRMED, side))
    row.held_until = None
    store.write_change(session, row, State.CONFIRMED, str(side), now)
    made = store.booking_value(row)
    telling.confirmed(session, services.config, version.service, made, secret_of(services.config, made.id), now)
    return made


def cancel(
    session: Session, services: "Services | None", booking_id: str, side: Side, now: datetime, *, tell: bool = True
) -> Booking:
    """Given up; the vehicle does not come. Past the cut-off it counts as not being there (said before it is done).
    Twice is once. Raises Conflict("tad.change_not_allowed") once aboard, Refused("tad.already_left") from the hour of
    the pick-up on: the driver says then who was not there."""
    row = store.get_booking(session, booking_id)
    version = catalogue.get_version(session, row.version)
    day_row, _world = days.hold(session, services, version.service, version.id, row.day, now)
    row = store.get_booking(session, booking_id)
    if State(row.state) is State.CANCELLED:
        return store.booking_value(row)
    refuse(rules.refusal_of_change(State(row.state), State.CANCELLED, side))
    booking = store.booking_value(row)
    confirmed = booking.state is State.CONFIRMED
    if confirmed and side is Side.PASSENGER and now >= pickup_at(booking.asked):
        raise Refused("tad.already_left", phone=version.service.phone)
    days.drop(session, services, version.service, day_row, row, now)
    row.late = confirmed and side is Side.PASSENGER and is_late(version.service, booking.asked, now)
    store.write_change(session, row, State.CANCELLED, str(side), now)
    if tell and confirmed:
        telling.cancelled(session, version.service, booking, now)
    return store.booking_value(row)


def is_late(service: Service, asked: Asked, now: datetime) -> bool:
    """Whether the cut-off has passed: a cancellation now counts as not being there."""
    return not in_time(service.cutoff, asked.day, pickup_at(asked), now)


def change(
    session: Session, services: "Services", booking_id: str, asked: Asked, side: Side, now: datetime
) -> Booking:  # fmt: skip
    """Another hour, another place, another party, in place of a confirmed booking: both in one transaction, so that
    nothing is lost when the new one cannot be had. Raises as `hold` and `cancel`."""
    row = store.get_booking(session, booking_id)
    before = store.booking_value(row)
    contact = store.contact_of(session, booking_id)
    if contact is None or before.state is not State.CONFIRMED:
        raise Conflict("tad.change_not_allowed", before=str(before.state), after=str(State.CONFIRMED))
    version = catalogue.get_service(session, before.service, asked.day)
    cancel(session, services, booking_id, side, now, tell=False)
    channel = Channel.PHONE if side is Side.AGENT else before.channel
    made = hold(
        session, services, version, asked, contact, channel=channel, now=now, subject=before.subject, asker=row.asker,
        series=before.series,
    )  # fmt: skip
    return confirm(session, services, made.id, side, now)


@dataclass(frozen=True, slots=True)
class Repeated:
    """One day of a booking that comes back: made, or why not."""

    day: date
    booking: Booking | None
    refused: Decision | None = None


def repeat(
    session: Session, services: "Services", booking_id: str, last_day: date, side: Side, now: datetime
) -> list[Repeated]:
    """The same booking each week until a day, each with its own promise; a week that cannot be had is told, and leaves
    the others. Raises InvalidInput("tad.bad_last_day")."""
    row = store.get_booking(session, booking_id)
    first = store.booking_value(row)
    contact = store.contact_of(session, booking_id)
    weeks = (last_day - first.asked.day).days // 7
    if not 1 <= weeks <= SERIES_MAX or contact is None or first.state is not State.CONFIRMED:
        raise InvalidInput("tad.bad_last_day", weeks=SERIES_MAX)
    row.series = row.series or new_id(now)
    done = []
    known = {each.day for each in store.of_series(session, row.series) if State(each.state) in LIVE}
    for week in range(1, weeks + 1):
        day = first.asked.day + timedelta(weeks=week)
        if day in known:
            continue
        try:
            with session.begin_nested():
                version = catalogue.get_service(session, first.service, day)
                made = hold(
                    session, services, version, replace(first.asked, day=day), contact, channel=first.channel, now=now,
                    subject=first.subject, asker=row.asker, series=row.series,
                )  # fmt: skip
                made = confirm(session, services, made.id, side, now)
            done.append(Repeated(day, made))
        except MobigoError as refused:
            done.append(Repeated(day, None, refused.decision))
    return done


def release_holds(session: Session, services: "Services | None", now: datetime) -> int:
    """Give back the places of holds whose time is up; how many."""
    over: Sequence[store.BookingRow] = store.held_over(session, now)
    for row in over:
        version = catalogue.get_version(session, row.version)
        days.hold(session, services, version.service, version.id, row.day, now)
    return len(over)


# ---------------------------------------------------------------- links


def secret_of(config: Config, booking_id: str) -> str:
    """What opens a booking without an account, in its link."""
    digest = hmac.new(keys.derived(config, "tad.booking"), booking_id.encode(), sha256).digest()
    return b32encode(digest)[:26].decode().lower()


def check_secret(config: Config, booking_id: str, secret: str) -> None:
    """Raises NotFound("tad.no_such_booking") unless the secret is that of the booking: nobody learns that it exists."""
    if not hmac.compare_digest(secret_of(config, booking_id).encode(), secret.lower().encode()):
        raise NotFound("tad.no_such_booking")

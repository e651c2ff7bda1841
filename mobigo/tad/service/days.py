"""A day of a service as it stands: its vehicles, its live bookings, its rounds, and the road between them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from mobigo.base.geo import Point
from mobigo.base.instants import PARIS
from mobigo.base.servicetime import service_day_start
from mobigo.tad.engine import insertion
from mobigo.tad.model.bookings import Booking, State
from mobigo.tad.model.rounds import Problem, Rounds
from mobigo.tad.model.services import Service
from mobigo.tad.rules.promises import request_of
from mobigo.tad.service import services as catalogue
from mobigo.tad.store import bookings as store

if TYPE_CHECKING:
    from mobigo.infra.web import Services

# What stands in a round: done visits too, since the vehicle was there.
IN_ROUNDS = frozenset({State.HELD, State.CONFIRMED, State.ABOARD, State.DONE})


@dataclass(slots=True)
class World:
    """A day, as booking and dispatching see it."""

    service: Service
    day: date
    problem: Problem
    rounds: Rounds
    bookings: dict[str, Booking]


def look(
    session: Session, services: "Services | None", service: Service, day: date, now: datetime, *,
    extra: Iterable[Point] = (), row: store.DayRow | None = None,
) -> World:  # fmt: skip
    """The day as it stands. `extra`: further positions to be driven to; `row`: the day's row where it is held."""
    kept = store.find_day(session, service.code, day) if row is None else row
    held = [store.booking_value(each) for each in store.bookings_on(session, service.code, day, IN_ROUNDS)]
    requests = {each.id: request_of(each.id, each.asked, each.promise) for each in held}
    points = [
        *(vehicle.base for vehicle in service.vehicles),
        *(point for each in requests.values() for point in (each.origin, each.destination)),
        *extra,
    ]
    problem = Problem(
        service.vehicles, requests, catalogue.road(services, points), service.terms.board_s, service_now(day, now)
    )
    return World(service, day, problem, store.rounds_of(kept), {each.id: each for each in held})


def service_now(day: date, now: datetime) -> int | None:
    """This instant on the clock of a day; None while the day has not begun."""
    passed = int((now - service_day_start(day, PARIS)).total_seconds())
    return passed if passed > 0 else None


def hold(
    session: Session, services: "Services | None", service: Service, version: str, day: date, now: datetime, *,
    extra: Iterable[Point] = (),
) -> tuple[store.DayRow, World]:  # fmt: skip
    """The day, held until the transaction ends; holds whose time is up are released first."""
    row = store.lock_day(session, service.code, day, version, now)
    for each in store.bookings_on(session, service.code, day, {State.HELD}):
        if each.held_until is not None and each.held_until <= now:
            drop(session, services, service, row, each, now)
            store.write_change(session, each, State.CANCELLED, "system", now)
    return row, look(session, services, service, day, now, extra=extra, row=row)


def drop(
    session: Session, services: "Services | None", service: Service, row: store.DayRow, booking: store.BookingRow,
    now: datetime,
) -> None:  # fmt: skip
    """Take a booking out of the rounds of its day (held by the caller), before its state changes."""
    world = look(session, services, service, row.day, now, row=row)
    if any(visit.request == booking.id for visits in world.rounds.values() for visit in visits):
        store.keep_rounds(row, insertion.without(world.rounds, world.problem, booking.id))
        session.flush()

"""The day as its dispatcher and its drivers see it: rounds, moves by hand checked at once, who got in, who did not."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, NotFound
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.servicetime import instant_of
from mobigo.infra import audit
from mobigo.tad.engine import insertion
from mobigo.tad.model.bookings import Booking, Contact, Side, State
from mobigo.tad.model.rounds import Limits, Rounds
from mobigo.tad.model.services import Place, Service, Vehicle
from mobigo.tad.rules import bookings as rules
from mobigo.tad.rules.checker import Fault, faults, metres
from mobigo.tad.rules.promises import windows_on
from mobigo.tad.service import days
from mobigo.tad.service import services as catalogue
from mobigo.tad.service.booking import refuse
from mobigo.tad.service.services import Version
from mobigo.tad.store import bookings as store

if TYPE_CHECKING:
    from mobigo.infra.web import Services

IMPROVEMENTS: Final = 200


@dataclass(frozen=True, slots=True)
class Stop:
    """One visit of a vehicle, with all its driver needs."""

    at: datetime
    pickup: bool
    place: Place
    booking: Booking
    contact: Contact | None
    aboard: int  # people in the vehicle afterwards

    @property
    def done(self) -> bool:
        """Whether it took place."""
        return self.booking.state is State.DONE or (self.pickup and self.booking.state is State.ABOARD)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The round of one vehicle on one day."""

    vehicle: Vehicle
    stops: tuple[Stop, ...]
    metres: int


@dataclass(frozen=True, slots=True)
class Board:
    """A day on the dispatcher's desk."""

    version: Version
    day: date
    sheets: tuple[Sheet, ...]
    bookings: tuple[Booking, ...]  # every one, those given up included
    faults: tuple[Fault, ...]
    metres: int
    changes: int


def board(session: Session, services: "Services | None", version: Version, day: date, now: datetime) -> Board:
    """The day: each vehicle's round, every booking, and what the checker finds (nothing, or somebody must act)."""
    service = version.service
    world = days.look(session, services, service, day, now)
    row = store.find_day(session, service.code, day)
    contacts = store.contacts_of(session, world.bookings)
    sheets = tuple(_sheet(world, vehicle, contacts) for vehicle in service.vehicles)
    every = tuple(store.booking_value(each) for each in store.bookings_on(session, service.code, day))
    return Board(
        version, day, sheets, every, tuple(faults(world.rounds, world.problem)), metres(world.rounds, world.problem),
        0 if row is None else row.changes,
    )  # fmt: skip


def _sheet(world: days.World, vehicle: Vehicle, contacts: dict[str, Contact]) -> Sheet:
    stops, aboard, driven, here = [], 0, 0, vehicle.base
    for visit in world.rounds.get(vehicle.id, ()):
        booking = world.bookings[visit.request]
        place = booking.asked.origin if visit.pickup else booking.asked.destination
        people = len(booking.asked.riders)
        aboard += people if visit.pickup else -people
        driven += world.problem.travel.distance_m(here, place.point)
        here = place.point
        stops.append(
            Stop(
                instant_of(world.day, visit.at_s, PARIS), visit.pickup, place, booking, contacts.get(booking.id), aboard
            )
        )
    driven += world.problem.travel.distance_m(here, vehicle.base)
    return Sheet(vehicle, tuple(stops), driven)


def move(
    session: Session, services: "Services | None", version: Version, day: date, booking_id: str, vehicle: str, *,
    by: str, now: datetime,
) -> None:  # fmt: skip
    """A dispatcher gives a booking to another vehicle. Raises Conflict("tad.move_breaks") when a promise would break or
    the vehicle is already on its way, NotFound for what is not of that day."""
    row, world = days.hold(session, services, version.service, version.id, day, now)
    if booking_id not in world.bookings:
        raise NotFound("tad.no_such_booking")
    if vehicle not in {each.id for each in version.service.vehicles}:
        raise NotFound("tad.no_such_vehicle")
    moved = insertion.moved(world.rounds, world.problem, booking_id, vehicle)
    if moved is None:
        raise Conflict("tad.move_breaks")
    store.keep_rounds(row, moved)
    audit.record(
        session, "tad.moved", actor=by, object_kind="tad_booking", object_id=booking_id, now=now,
        detail={"vehicle": vehicle},
    )  # fmt: skip


def mark(
    session: Session, services: "Services | None", version: Version, booking_id: str, after: State, side: Side,
    now: datetime, *, noted_at: datetime | None = None, on: tuple[date, str] | None = None,
) -> None:  # fmt: skip
    """A driver says who got in, who got out, who was not there; `noted_at` is earlier than now when their telephone had
    no network; `on`: the day and the vehicle of the round it is said on. Twice is once. Raises NotFound for a booking
    of another service, Conflict("tad.not_in_this_round"), Conflict("tad.change_not_allowed"),
    Conflict("tad.not_there_yet") for somebody declared missing before the hour from which they are expected, whenever
    it is told."""
    row = store.get_booking(session, booking_id)
    if row.service != version.service.code:
        raise NotFound("tad.no_such_booking")
    day_row, world = days.hold(session, services, version.service, version.id, row.day, now)
    row = store.get_booking(session, booking_id)
    before = State(row.state)
    if before is after:
        return
    if on is not None and not (
        row.day == on[0] and any(visit.request == booking_id for visit in world.rounds.get(on[1], ()))
    ):
        raise Conflict("tad.not_in_this_round")
    refuse(rules.refusal_of_change(before, after, side))
    if after is State.NO_SHOW:
        if (noted_at or now) < instant_of(row.day, row.earliest_s, PARIS):
            raise Conflict("tad.not_there_yet", at=instant_of(row.day, row.earliest_s, PARIS))
        days.drop(session, services, version.service, day_row, row, now)
    store.write_change(session, row, after, str(side), now)
    day_row.changes += 1


def optimise(
    session: Session, services: "Services | None", version: Version, day: date, now: datetime, limits: Limits
) -> tuple[int, int]:  # fmt: skip
    """The rounds of a day again, shorter where they can be, every promise kept; (metres before, metres after)."""
    from mobigo.tad.engine.optimise import reoptimised

    row, world = days.hold(session, services, version.service, version.id, day, now)
    before = metres(world.rounds, world.problem)
    if not world.bookings or faults(world.rounds, world.problem):
        return before, before
    better: Rounds = insertion.improved(world.rounds, world.problem, IMPROVEMENTS)
    better = reoptimised(better, world.problem, limits)
    after = metres(better, world.problem)
    if after < before and not faults(better, world.problem):
        store.keep_rounds(row, better)
    row.optimised_at = now
    return before, min(before, after)


def days_to_optimise(session: Session, now: datetime) -> list[tuple[Version, date]]:
    """The days that begin within two days and changed since they were last optimised."""
    today = paris_day(now)
    found = []
    for row in store.days_between(session, today + timedelta(days=1), today + timedelta(days=2)):
        if row.optimised_at is None or any(
            each.changed_at > row.optimised_at for each in store.bookings_on(session, row.service, row.day)
        ):
            found.append((catalogue.get_version(session, row.version), row.day))
    return found


def hours(service: Service, day: date) -> list[tuple[datetime, datetime]]:
    """When the service runs that day, as instants."""
    return [(instant_of(day, a, PARIS), instant_of(day, z, PARIS)) for a, z in windows_on(service, day)]


def own(session: Session, version: Version, booking_id: str) -> None:
    """Raises NotFound("tad.no_such_booking") unless a booking is of this service."""
    if store.get_booking(session, booking_id).service != version.service.code:
        raise NotFound("tad.no_such_booking")

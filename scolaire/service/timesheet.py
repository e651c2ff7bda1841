"""When a pupil's coach passes: read from the plan in force of their school, for one registration."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from mobigo.base.errors import NotFound
from scolaire.model.day import DayPlan
from scolaire.model.demand import Demand, Direction
from scolaire.model.lines import LineRide
from scolaire.model.plan import Board
from scolaire.model.rides import Ride
from scolaire.model.schools import Way
from scolaire.rules.halves import Passing, need_id, passings, problem_of, travel_of
from scolaire.service import plans
from scolaire.store import plans as store
from scolaire.store.registrations import RegistrationRow


def rides_of(session: Session, row: RegistrationRow) -> dict[str, tuple[Ride, ...]]:
    """By home, the rides of the plans in force for this school year; empty before one is published."""
    found: dict[str, tuple[Ride, ...]] = {}
    for plan in store.plans(session):
        if plan.year != row.year or row.uai not in plan.schools:
            continue
        version = store.published(session, plan.id)
        if version is None:
            continue
        try:
            found |= _rides(session, version, row)
        except NotFound:
            continue  # its time is over, and its content gone
    return found


def _rides(session: Session, version: store.VersionRow, row: RegistrationRow) -> dict[str, tuple[Ride, ...]]:
    demand = plans.demand_kept(session, version.demand_digest)
    plan = plans.plan_kept(session, version.plan_digest)
    found = rides_in(demand, plan, lambda pupil: pupil.startswith(f"{row.id}."), version.plan)
    return {pupil.partition(".")[2]: tuple(rides.values()) for pupil, rides in found.items()}


def rides_in(demand: Demand, plan: DayPlan, wanted: Callable[[str], bool], owner: str) -> dict[str, dict[str, Ride]]:
    """The rides that a plan gives, by pupil (registration and home) and half-day, in the order of the half-days; of
    those `wanted`. `owner`: the plan's id. A pupil without a stop is left out."""
    names = {stop.id: stop.name for stop in demand.stops}
    own = [each for each in demand.pupils if wanted(each.id) and each.id in plan.seats]
    found: dict[str, dict[str, Ride]] = {each.id: {} for each in own}
    travel = travel_of(demand) if own else None
    for half in demand.halves:
        if not own or half.id not in plan.halves:
            continue
        problem = problem_of(demand, plan.seats, half, travel)
        told = {circuit.id: passings(circuit, problem) for circuit in plan.halves[half.id].circuits}
        passed: dict[str, tuple[str, Passing]] = {}
        for service, places in told.items():
            for place in places:
                for need in place.needs:
                    passed.setdefault(need, (service, place))
        way = Way.IN if half.direction is Direction.TO else Way.OUT
        for pupil in own:
            seat = plan.seats[pupil.id]
            service, here = passed.get(need_id(seat, pupil.school), ("", None))
            if here is None or half.id not in pupil.halves:
                continue
            school = next(each for each in told[service] if (each.place, each.id) == ("school", pupil.school))
            found[pupil.id][half.id] = Ride(
                way, service, names.get(seat.stop, ""), half.weekdays, here.arrives_ms // 1000,
                school.arrives_ms // 1000, owner, seat.stop,
            )  # fmt: skip
    for rider in demand.riders:
        if wanted(rider.pupil):
            stop = names.get(rider.stop, "")
            found[rider.pupil] = {each.half: _on_line(each, stop, demand) for each in rider.rides}
    return found


def _on_line(ride: LineRide, stop: str, demand: Demand) -> Ride:
    """A ride on a regular line, at the stop by the school."""
    half = demand.half_of[ride.half]
    way = Way.IN if half.direction is Direction.TO else Way.OUT
    return Ride(way, ride.name, stop, half.weekdays, ride.stop_s, ride.school_s)


def registrations_of(session: Session, year: int, service: str, only: str | None = None) -> set[str]:
    """The registrations that ride a service in the plans in force of a school year; of the plan `only`."""
    found: set[str] = set()
    for plan in store.plans(session):
        wanted = plan.year == year and only in (None, plan.id)
        version = store.published(session, plan.id) if wanted else None
        if version is None:
            continue
        try:
            demand = plans.demand_kept(session, version.demand_digest)
            drawn = plans.plan_kept(session, version.plan_digest)
        except NotFound:
            continue
        found |= {
            each.pupil.partition(".")[0] for each in demand.riders if service in {ride.name for ride in each.rides}
        }
        for half in demand.halves:
            circuits = drawn.halves[half.id].circuits if half.id in drawn.halves else ()
            needs = {
                visit.need
                for circuit in circuits
                if circuit.id == service
                for visit in circuit.visits
                if isinstance(visit, Board)
            }
            found |= {
                pupil.id.partition(".")[0]
                for pupil in demand.pupils
                if needs and pupil.id in drawn.seats and need_id(drawn.seats[pupil.id], pupil.school) in needs
            }
    return found

"""When a pupil's coach passes: read from the plan in force of their school, for one registration."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from mobigo.base.errors import NotFound
from scolaire.model.demand import Demand, Direction
from scolaire.model.lines import LineRide
from scolaire.model.plan import Board
from scolaire.model.schools import Way
from scolaire.rules.halves import need_id, passings, problem_of, travel_of
from scolaire.service import plans
from scolaire.store import plans as store
from scolaire.store.registrations import RegistrationRow


@dataclass(frozen=True, slots=True)
class Ride:
    """A coach on some weekdays (0 is Monday): when it is at the pupil's stop and at school (seconds after midnight)."""

    way: Way
    service: str
    stop: str
    weekdays: tuple[int, ...]
    stop_s: int
    school_s: int
    plan: str = ""  # whose service it is; a ride on a regular line has none


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
    names = {stop.id: stop.name for stop in demand.stops}
    found: dict[str, tuple[Ride, ...]] = {}
    own = [each for each in demand.pupils if each.id.startswith(f"{row.id}.") and each.id in plan.seats]
    travel = travel_of(demand) if own else None
    for pupil in own:
        home, seat = pupil.id.partition(".")[2], plan.seats[pupil.id]
        wanted, rides = need_id(seat, pupil.school), []
        for half in demand.halves:
            if half.id not in plan.halves or half.id not in pupil.halves:
                continue
            problem = problem_of(demand, plan.seats, half, travel)
            for circuit in plan.halves[half.id].circuits:
                told = passings(circuit, problem)
                here = next((each for each in told if wanted in each.needs), None)
                if here is None:
                    continue
                school = next(each for each in told if (each.place, each.id) == ("school", pupil.school))
                way = Way.IN if half.direction is Direction.TO else Way.OUT
                rides.append(
                    Ride(
                        way, circuit.id, names.get(seat.stop, ""), half.weekdays, here.arrives_ms // 1000,
                        school.arrives_ms // 1000, version.plan,
                    )
                )  # fmt: skip
        found[home] = tuple(rides)
    for rider in demand.riders:
        if rider.pupil.startswith(f"{row.id}."):
            home = rider.pupil.partition(".")[2]
            found[home] = tuple(_on_line(each, names.get(rider.stop, ""), demand) for each in rider.rides)
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

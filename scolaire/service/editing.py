"""The planner's hand: one change makes one version, checked; what it touches is told."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput, NotFound
from scolaire.model.day import DayPlan
from scolaire.model.demand import Demand
from scolaire.model.plan import Fault
from scolaire.rules.checker import circuit_faults, faults
from scolaire.rules.halves import Passing, passings, problem_of
from scolaire.rules.locks import clock_ms
from scolaire.service import plans
from scolaire.store import plans as store

Change = Callable[[Demand, DayPlan], DayPlan]


def change(session: Session, version: str, made: Change, *, by: str, why: str, now: datetime) -> store.VersionRow:
    """The version after a change; the change's own refusal where it cannot be made."""
    found = plans.open_version(session, version)
    after = made(found.demand, found.plan)
    return plans.add_version(
        session, found.row.plan, found.demand, after, origin="edited", by=by, why=why, now=now, parent=version
    )


def change_of(act: str, given: Callable[[str], str]) -> Change:
    """The change that a form asks for. Raises NotFound("scolaire.edit_act"), InvalidInput("scolaire.edit_number" |
    "scolaire.lock_hour")."""
    from scolaire.engine import edits  # heavy: the solvers come with it

    half, service = given("half"), given("service")
    match act:
        case "deplacer-arret":
            need, to = given("need"), given("to")
            return lambda demand, plan: edits.move_stop(demand, plan, half, need, to)
        case "ordre":
            need, place = given("need"), whole(given("place"))
            return lambda demand, plan: edits.reorder(demand, plan, half, service, need, place)
        case "scinder":
            after = whole(given("after"))
            return lambda demand, plan: edits.split(demand, plan, half, service, after)
        case "fusionner":
            to = given("to")
            return lambda demand, plan: edits.merge(demand, plan, half, service, to)
        case "horaire":
            at_ms = clock_ms(given("at"))
            if at_ms is None:
                raise InvalidInput("scolaire.lock_hour", value=given("at"))
            return lambda demand, plan: edits.retime(demand, plan, half, service, at_ms)
        case "deplacer-eleve":
            pupil, stop = given("pupil"), given("stop")
            return lambda demand, plan: edits.move_pupil(demand, plan, pupil, stop)
        case "cars":
            return lambda demand, plan: edits.buses_anew(demand, plan, half)
    raise NotFound("scolaire.edit_act", act=act[:40])


def whole(text: str) -> int:
    """A whole number of a form."""
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise InvalidInput("scolaire.edit_number", value=text[:20])
    return int(text)


def service_faults(demand: Demand, plan: DayPlan, half: str, service: str) -> tuple[list[Passing], list[Fault]]:
    """One service as its driver reads it, and what is wrong with it: quick enough to be asked at each change. Raises
    NotFound("scolaire.edit_unknown")."""
    if half not in plan.halves or half not in demand.half_of:
        raise NotFound("scolaire.edit_unknown", name=half[:40])
    problem = problem_of(demand, plan.seats, demand.half_of[half])
    circuit = next((each for each in plan.halves[half].circuits if each.id == service), None)
    if circuit is None:
        raise NotFound("scolaire.edit_unknown", name=service[:40])
    types = {each.id: each for each in demand.vehicle_types}
    block = next((each for each in plan.halves[half].blocks if service in each.circuits), None)
    vehicle = None if block is None else types.get(block.vehicle_type)
    return passings(circuit, problem), circuit_faults(circuit, problem, vehicle)


def tried(session: Session, version: str, made: Change, half: str) -> tuple[list[Fault], int]:
    """What a change would do, without making it: the faults of its half-day, and its buses."""
    found = plans.open_version(session, version)
    after = made(found.demand, found.plan)
    if half not in after.halves or half not in found.demand.half_of:
        raise NotFound("scolaire.edit_unknown", name=half[:40])
    problem = problem_of(found.demand, after.seats, found.demand.half_of[half])
    return faults(after.halves[half], problem), len(after.halves[half].blocks)

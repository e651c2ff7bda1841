"""What is in force, for those it concerns: a pupil's seat, an operator's services, a school's list."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from scolaire.rules.compare import hours_of
from scolaire.rules.day import carried
from scolaire.rules.halves import need_id
from scolaire.service.plans import Opened, open_version
from scolaire.store import contracts, schools
from scolaire.store import plans as store


@dataclass(frozen=True)
class Seen:
    """A version in force and what of it somebody may see: its buses (an operator), some of its schools."""

    plan: store.PlanRow
    opened: Opened
    buses: bool
    schools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Riding:
    """How a pupil rides in a half-day: the stop, when the bus is there, the service and its vehicle."""

    half: str
    weekdays: tuple[int, ...]
    stop: str
    at_s: int
    service: str
    vehicle_type: str


def in_force(session: Session) -> list[tuple[store.PlanRow, Opened]]:
    """Every plan in force."""
    found = []
    for plan in store.plans(session):
        version = store.published(session, plan.id)
        if version is not None:
            found.append((plan, open_version(session, version.id)))
    return found


def of_lots(session: Session, organisations: Collection[str] | None) -> list[Seen]:
    """The plans in force that these organisations drive; every one for None."""
    lots = {each.id: each.organisation for each in contracts.lots(session)}
    return [
        Seen(plan, opened, True)
        for plan, opened in in_force(session)
        if organisations is None or (plan.lot is not None and lots.get(plan.lot) in organisations)
    ]


def of_schools(session: Session, organisations: Collection[str] | None) -> list[Seen]:
    """The plans in force that serve schools of these organisations; every one for None."""
    own = {row.uai for row in schools.schools(session, organisations=organisations)}
    found = []
    for plan, opened in in_force(session):
        served = tuple(each.id for each in opened.demand.schools if each.id in own)
        if served:
            found.append(Seen(plan, opened, False, served))
    return found


def seen_by(session: Session, organisations: Collection[str] | None) -> list[Seen]:
    """What of the plans in force these organisations may see, plan by plan."""
    found: dict[str, Seen] = {}
    for each in (*of_lots(session, organisations), *of_schools(session, organisations)):
        known = found.get(each.plan.id)
        buses = each.buses or (known is not None and known.buses)
        found[each.plan.id] = Seen(each.plan, each.opened, buses, each.schools or (known.schools if known else ()))
    return list(found.values())


def ridings(session: Session, plan_id: str, pupil: str) -> list[Riding]:
    """How a pupil rides by the version in force of a plan; nothing where it carries them not. `pupil`: the id the plan
    knows (registration and home, see `service.demands`)."""
    version = store.published(session, plan_id)
    if version is None:
        return []
    opened = open_version(session, version.id)
    seat, who = opened.plan.seats.get(pupil), opened.demand.pupil_of.get(pupil)
    if seat is None or who is None:
        return []
    hours = hours_of(opened.plan, opened.demand)[pupil]
    found = []
    for half, at_ms in hours.items():
        service = carried(opened.plan, half).get(need_id(seat, who.school), "")
        vehicle = next((each.vehicle_type for each in opened.plan.halves[half].blocks if service in each.circuits), "")
        weekdays = opened.demand.half_of[half].weekdays
        found.append(Riding(half, weekdays, seat.stop, at_ms // 1000, service, vehicle))
    return found


def riding_of(session: Session, registration: str, home: str, uai: str, year: int) -> list[Riding]:
    """How the pupil of a registration rides from a home, by whatever plan of the year serves the school."""
    for plan in store.plans(session):
        if plan.year == year and uai in plan.schools:
            found = ridings(session, plan.id, f"{registration}.{home}")
            if found:
                return found
    return []

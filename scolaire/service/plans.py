"""Plans: opened, given versions, compared, approved by somebody else than who drew them, published."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVar

from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from scolaire.export.plan_json import demand_json, plan_json
from scolaire.gateway.plan_json import read_demand, read_plan
from scolaire.model.day import DayFault, DayPlan, Difference, Kpis, Lock, LockKind
from scolaire.model.demand import Demand
from scolaire.model.plan import Rule
from scolaire.model.schools import SchoolYear
from scolaire.rules.compare import compare
from scolaire.rules.day import day_faults
from scolaire.rules.halves import problems_of
from scolaire.rules.kpi import kpis, peak
from scolaire.rules.locks import shape_of
from scolaire.service import demands
from scolaire.store import plans as store
from scolaire.store import registrations, schools, stops

DRAFT, APPROVED, PUBLISHED, WITHDRAWN = "draft", "approved", "published", "withdrawn"
# A plan with one of these cannot even be drawn on a page.
STRANGE = frozenset({Rule.KNOWN, Rule.CALENDAR, Rule.REACH, Rule.ORDER})
# Rules of the whole day that may be broken by a plan whose figures can be read all the same.
COUNTABLE = frozenset(
    {Rule.COACH, Rule.CHAIN, Rule.AMPLITUDE, Rule.REST, Rule.DEPOT, Rule.STOP_LEAST, Rule.SPACING, Rule.FORBIDDEN,
     Rule.OBLIGATORY}
)  # fmt: skip


@dataclass(frozen=True)
class Opened:
    """A version with its contents read, and what its checker says."""

    row: store.VersionRow
    demand: Demand
    plan: DayPlan
    state: str


def open_plan(
    session: Session, *, name: str, year: int, schools_: Sequence[str], lot: str | None, by: str, now: datetime
) -> store.PlanRow:
    """A new plan to be drawn. Raises InvalidInput("scolaire.plan_name" | "scolaire.plan_schools" |
    "scolaire.unknown_school")."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120:
        raise InvalidInput("scolaire.plan_name")
    wanted = sorted(set(schools_))
    if not wanted:
        raise InvalidInput("scolaire.plan_schools")
    for each in wanted:
        schools.get_school(session, each)
    row = store.PlanRow(id=new_id(now), name=name, year=year, lot=lot, schools=wanted, created_by=by, created_at=now)
    session.add(row)
    session.flush()
    audit.record(session, "scolaire.plan_opened", actor=by, object_kind="scolaire_plan", object_id=row.id, now=now)
    return row


def add_version(
    session: Session, plan_id: str, demand: Demand, plan: DayPlan, *, origin: str, by: str, why: str, now: datetime,
    parent: str | None = None, job: str | None = None,
) -> store.VersionRow:  # fmt: skip
    """Keep a plan as a version. One with faults is kept too (it may be drawn on), and cannot be approved.

    One that speaks of what does not exist is not kept. Raises NotFound("scolaire.unknown_plan"),
    InvalidInput("scolaire.why_too_long"), Refused("scolaire.plan_strange")."""
    row = store.get_plan(session, plan_id, lock=True)
    why = " ".join(why.split())
    if len(why) > 300:
        raise InvalidInput("scolaire.why_too_long")
    broken = day_faults(plan, demand, locks_of(session, plan_id))
    strange = [each for each in broken if each.fault.rule in STRANGE]
    if strange:
        raise Refused("scolaire.plan_strange", count=len(strange), first=strange[0].fault.said)
    uncountable = any(each.half == "" and each.fault.rule not in COUNTABLE for each in broken)
    figures = {} if uncountable else asdict(kpis_or_none(plan, demand) or _NO_KPIS)
    last_day = SchoolYear(row.year).period.last_day or date(row.year + 1, 8, 31)
    version = store.VersionRow(
        id=new_id(now), plan=plan_id, number=store.next_number(session, plan_id), parent=parent, origin=origin,
        author=by, made_at=now, why=why,
        demand_digest=store.put_content(session, "demand", demand_json(demand), last_day),
        plan_digest=store.put_content(session, "plan", plan_json(plan), last_day),
        kpis=figures, faults=len(broken), job=job,
    )  # fmt: skip
    session.add(version)
    session.flush()
    audit.record(
        session, "scolaire.plan_version", actor=by, object_kind="scolaire_plan", object_id=plan_id, now=now,
        detail={"number": version.number, "origin": origin, "faults": len(broken)},
    )  # fmt: skip
    return version


_NO_KPIS = Kpis(0, 0, 0, 0, 0.0, 0.0, 0, 0, 0, 0, 0, 0, None, 0, 0, 0.0, 0)


def kpis_or_none(plan: DayPlan, demand: Demand) -> Kpis | None:
    """The figures; None for a plan so broken that it has none (a service without a bus)."""
    try:
        return kpis(plan, demand)
    except (KeyError, IndexError, ValueError):
        return None


def open_version(session: Session, version: str) -> Opened:
    """A version with its contents. Raises NotFound("scolaire.unknown_version" | "scolaire.plan_content_gone")."""
    row = store.get_version(session, version)
    return Opened(
        row, demand_kept(session, row.demand_digest), plan_kept(session, row.plan_digest), state_of(session, row)
    )


def demand_kept(session: Session, digest: str) -> Demand:
    """A demand by its digest; the last ones read are remembered, since they never change."""
    known = _DEMANDS.get(digest)
    if known is None:
        known = read_demand(store.get_content(session, digest))
        _remember(_DEMANDS, digest, known)
    return known


def plan_kept(session: Session, digest: str) -> DayPlan:
    """A plan by its digest."""
    known = _PLANS.get(digest)
    if known is None:
        known = read_plan(store.get_content(session, digest))
        _remember(_PLANS, digest, known)
    return known


Kept = TypeVar("Kept")
_DEMANDS: Final[dict[str, Demand]] = {}
_PLANS: Final[dict[str, DayPlan]] = {}
REMEMBERED: Final = 12


def _remember(kept: dict[str, Kept], digest: str, value: Kept) -> None:
    while len(kept) >= REMEMBERED:
        kept.pop(next(iter(kept)), None)
    kept[digest] = value


def state_of(session: Session, row: store.VersionRow) -> str:
    """Draft, approved, published or withdrawn: the furthest step it took."""
    return furthest(each.step for each in store.steps(session, [row.id])[row.id])


def furthest(steps: Iterable[str]) -> str:
    """Steps follow one another in one order only."""
    return max(steps, key=(APPROVED, PUBLISHED, WITHDRAWN).index, default=DRAFT)


def check(session: Session, opened: Opened) -> list[DayFault]:
    """What is wrong with a version now, with the locks that hold now."""
    return day_faults(opened.plan, opened.demand, locks_of(session, opened.row.plan))


def difference(session: Session, before: str, after: str) -> tuple[Opened, Opened, Difference]:
    """Two versions and what changes from one to the other."""
    one, two = open_version(session, before), open_version(session, after)
    return one, two, compare(one.plan, one.demand, two.plan, two.demand)


def restore(session: Session, version: str, *, by: str, now: datetime) -> store.VersionRow:
    """Undo: a new version with the content of an earlier one."""
    found = open_version(session, version)
    newest = store.versions(session, found.row.plan)[0]
    return add_version(
        session, found.row.plan, found.demand, found.plan, origin="restored", by=by, now=now, parent=newest.id,
        why=f"v{found.row.number}",
    )  # fmt: skip


# ---------------------------------------------------------------- two people


def approve(session: Session, version: str, *, by: str, now: datetime, words: str = "") -> None:
    """Approve a version that somebody else made, and that has no fault.

    Raises Refused("scolaire.approve_own" | "scolaire.approve_faults"), Conflict("scolaire.not_a_draft" |
    "scolaire.stop_not_in_service").
    """
    found = open_version(session, version)
    store.get_plan(session, found.row.plan, lock=True)
    if found.state != DRAFT:
        raise Conflict("scolaire.not_a_draft", number=found.row.number)
    if found.row.author == by:
        raise Refused("scolaire.approve_own")
    broken = check(session, found)
    if broken:
        raise Refused("scolaire.approve_faults", count=len(broken), first=broken[0].fault.said)
    _stops_in_service(session, found)
    store.add_step(session, version, APPROVED, by, now, words[:300])
    _told(session, found, "scolaire.plan_approved", by, now)


def publish(session: Session, version: str, *, by: str, now: datetime) -> int:
    """Put an approved version in force: families, schools and operators see it, and each registration has its stop. How
    many stops were given. Raises Conflict("scolaire.not_approved" | "scolaire.school_in_another_plan" |
    "scolaire.hours_not_moved" | "scolaire.stop_not_in_service"), Refused("scolaire.approve_faults").

    Families are told by `service.announcing`, which calls this."""
    found = open_version(session, version)
    store.get_plan(session, found.row.plan, lock=True)
    if found.state != APPROVED:
        raise Conflict("scolaire.not_approved", number=found.row.number)
    broken = check(session, found)
    if broken:
        raise Refused("scolaire.approve_faults", count=len(broken), first=broken[0].fault.said)
    _alone(session, store.get_plan(session, found.row.plan))
    _hours_moved(session, found, paris_day(now))
    _stops_in_service(session, found)
    before = store.published(session, found.row.plan)
    if before is not None:
        store.add_step(session, before.id, WITHDRAWN, by, now)
    store.add_step(session, version, PUBLISHED, by, now)
    given = _give_stops(session, found)
    _told(session, found, "scolaire.plan_published", by, now, stops=given)
    return given


def _alone(session: Session, plan: store.PlanRow) -> None:
    """A school is served by one plan a year: a pupil has one stop and one hour. Raises
    Conflict("scolaire.school_in_another_plan", school, plan)."""
    for other in store.plans(session):
        shared = sorted(set(other.schools) & set(plan.schools))
        if (
            other.id != plan.id
            and other.year == plan.year
            and shared
            and store.published(session, other.id) is not None
        ):
            raise Conflict("scolaire.school_in_another_plan", school=shared[0], plan=other.name)


def _hours_moved(session: Session, found: Opened, today: date) -> None:
    """A plan that moves the hours of schools waits until they have them: buses would come to closed gates.

    Raises Conflict("scolaire.hours_not_moved", count, school)."""
    if not found.demand.moved:
        return
    there = demands.demand_of(session, store.get_plan(session, found.row.plan), today).school_of
    late = [
        school.name
        for school in found.demand.schools
        if found.demand.moved.get(school.id) and (school.id not in there or there[school.id].windows != school.windows)
    ]
    if late:
        raise Conflict("scolaire.hours_not_moved", count=len(late), school=late[0])


def _stops_in_service(session: Session, found: Opened) -> None:
    """Nobody is sent to wait at a stop that was suspended, closed or found unsafe since the plan was drawn.

    Raises Conflict("scolaire.stop_not_in_service", count, stop)."""
    safe = {row.id for row in stops.stops(session) if row.crossing != "forbidden" and not row.reversing}
    used = {*(seat.stop for seat in found.plan.seats.values()), *(each.stop for each in found.demand.riders)} - safe
    if used:
        names = sorted(found.demand.stop_of[each].name for each in used)
        raise Conflict("scolaire.stop_not_in_service", count=len(names), stop=names[0])


def _give_stops(session: Session, found: Opened) -> int:
    """The stop of every leg that the plan carries; none for those it leaves."""
    stop_of: dict[tuple[str, str], str | None] = {}
    for pupil in found.demand.pupils:
        registration, _, home = pupil.id.partition(".")
        if home:
            seat = found.plan.seats.get(pupil.id)
            stop_of[registration, home] = None if seat is None else seat.stop
    for rider in found.demand.riders:
        registration, _, home = rider.pupil.partition(".")
        stop_of[registration, home] = rider.stop
    given = 0
    for rows in registrations.legs(session, {registration for registration, _ in stop_of}).values():
        for leg in rows:
            if (leg.registration, leg.home) in stop_of:
                leg.stop = stop_of[leg.registration, leg.home]
                given += leg.stop is not None
    return given


def _told(session: Session, found: Opened, action: str, by: str, now: datetime, **detail: Any) -> None:
    audit.record(
        session, action, actor=by, object_kind="scolaire_plan", object_id=found.row.plan, now=now,
        detail={"number": found.row.number, "version": found.row.id, **detail},
    )  # fmt: skip


# ---------------------------------------------------------------- open to all


def free_seats(demand: Demand, plan: DayPlan) -> dict[str, int]:
    """By service, the seats that no pupil has (none, where a plan has no vehicle for it). Everybody sits."""
    types = {each.id: each for each in demand.vehicle_types}
    found = {}
    for half in plan.halves.values():
        vehicle = {name: types[block.vehicle_type] for block in half.blocks for name in block.circuits}
        for circuit in half.circuits:
            there = vehicle.get(circuit.id)
            found[circuit.id] = 0 if there is None else max(0, there.seats - peak(circuit))
    return found


def open_to_all(session: Session, found: Opened, service: str, *, seats: int, by: str, now: datetime) -> None:
    """Open a service to travellers, with some of its free seats. Raises InvalidInput("scolaire.open_seats")."""
    most = free_seats(found.demand, found.plan).get(service, 0)
    if not 1 <= seats <= most:
        raise InvalidInput("scolaire.open_seats", most=most)
    store.set_open(session, found.row.plan, service, is_open=True, seats=seats, by=by, now=now)


# ---------------------------------------------------------------- locks


def locks_of(session: Session, plan: str) -> tuple[Lock, ...]:
    """The locks of a plan that hold."""
    return tuple(lock_value(row) for row in store.locks(session, plan))


def lock_value(row: store.LockRow) -> Lock:
    """The row as the rules read it."""
    return Lock(row.id, LockKind(row.kind), row.half, row.subject, row.value, row.school)


def add_lock(
    session: Session, opened: Opened, *, kind: LockKind, half: str, subject: str, value: str, school: str, reason: str,
    by: str, now: datetime,
) -> store.LockRow:  # fmt: skip
    """Fix something of a version. A service is kept as it stands in it, a pupil's stop as it is when
    none is named. Raises InvalidInput("scolaire.lock_reason" |
    "scolaire.lock_unknown_thing")."""
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= 300:
        raise InvalidInput("scolaire.lock_reason")
    if kind is LockKind.SERVICE:
        value = _shape(opened, half, subject)
    if kind is LockKind.PUPIL_STOP:
        half, seat = "", opened.plan.seats.get(subject)
        value = value or (seat.stop if seat is not None else "")
    if not subject or (kind is not LockKind.SERVICE and not value):
        raise InvalidInput("scolaire.lock_unknown_thing")
    row = store.LockRow(
        id=new_id(now), plan=opened.row.plan, kind=str(kind), half=half, subject=subject[:80], school=school[:40],
        value=value[:4000], reason=reason, author=by, made_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, "scolaire.lock_added", actor=by, object_kind="scolaire_plan", object_id=opened.row.plan, now=now,
        detail={"lock": row.id, "kind": str(kind)},
    )  # fmt: skip
    return row


def _shape(opened: Opened, half: str, service: str) -> str:
    problems = problems_of(opened.demand, opened.plan)
    circuits = opened.plan.halves[half].circuits if half in opened.plan.halves else ()
    for circuit in circuits:
        if circuit.id == service:
            return shape_of(circuit, problems[half])
    raise InvalidInput("scolaire.lock_unknown_thing")


def end_lock(session: Session, lock: str, *, by: str, now: datetime) -> None:
    """The lock holds no more; once is enough."""
    row = store.get_lock(session, lock)
    if row.ended_at is None:
        row.ended_by, row.ended_at = by, now
        audit.record(
            session, "scolaire.lock_ended", actor=by, object_kind="scolaire_plan", object_id=row.plan, now=now,
            detail={"lock": row.id},
        )  # fmt: skip

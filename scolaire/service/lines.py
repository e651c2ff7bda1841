"""Regular lines that take pupils: seats declared, pupils put on them before a search, and looked at again before a plan
is in force: a line's timetable changes without us."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from scolaire.model.demand import Demand, Half
from scolaire.model.lines import LineRun, RegularLines, Spare
from scolaire.model.schools import SchoolYear
from scolaire.rules.days import school_days
from scolaire.rules.lines import rider_faults
from scolaire.service import demands
from scolaire.store import lines as store
from scolaire.store import plans, schools

SEATS_MOST = 500


def declare(
    session: Session, known: RegularLines, *, feed: str, route: str, seats: int, first_day: date, last_day: date,
    source: str, by: str, now: datetime,
) -> store.LineSeatsRow:  # fmt: skip
    """Seats of a line for pupils. Raises InvalidInput("scolaire.unknown_line" | "scolaire.line_seats" |
    "scolaire.contract_days" | "scolaire.line_source"), Conflict("scolaire.line_declared")."""
    name = next((each.name for each in known.names() if (each.feed, each.route) == (feed, route)), None)
    if name is None:
        raise InvalidInput("scolaire.unknown_line")
    if not 1 <= seats <= SEATS_MOST:
        raise InvalidInput("scolaire.line_seats", most=SEATS_MOST)
    if last_day < first_day:
        raise InvalidInput("scolaire.contract_days")
    source = " ".join(source.split())
    if not 1 <= len(source) <= 200:
        raise InvalidInput("scolaire.line_source")
    for row in store.line_seats(session):
        if (row.feed, row.route) == (feed, route) and row.first_day <= last_day and first_day <= row.last_day:
            raise Conflict("scolaire.line_declared", line=row.name)
    row = store.LineSeatsRow(
        id=new_id(now), feed=feed, route=route, name=name[:200], seats=seats, first_day=first_day, last_day=last_day,
        source=source, entered_by=by, entered_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(session, "scolaire.line_seats", actor=by, object_kind="scolaire_line", object_id=row.id, now=now)
    return row


def end(session: Session, line: str, *, by: str, now: datetime) -> None:
    """No pupil is put on the line any more; plans that use it can no longer be put in force."""
    row = store.get_line_seats(session, line)
    if row.ended_at is None:
        row.ended_by, row.ended_at = by, now
        audit.record(session, "scolaire.line_ended", actor=by, object_kind="scolaire_line", object_id=line, now=now)


def with_riders(session: Session, plan: plans.PlanRow, demand: Demand, known: RegularLines, today: date) -> Demand:
    """The demand of a plan with the pupils whom declared lines can take put on them."""
    from scolaire.engine import lines as engine  # heavy: the solvers come with it

    spares = spares_of(session, plan, demand, known, today)
    return engine.with_riders(demand, spares) if spares else demand


def spares_of(session: Session, plan: plans.PlanRow, demand: Demand, known: RegularLines, today: date) -> list[Spare]:
    """The declared lines with their runs by half-day: those of every school day that the timetable tells of."""
    period, there = SchoolYear(plan.year).period, known.known()
    if there is None or period.last_day is None or there.last_day is None:
        return []
    first, last = max(today, period.first_day), period.last_day
    rows = store.line_seats(session, first, last)
    every = [day for day in _days(session, plan) if max(first, there.first_day) <= day <= min(last, there.last_day)]
    days = {half.id: [day for day in every if day.weekday() in half.weekdays] for half in demand.halves}
    taken = _given(session, plan)
    return [
        Spare(row.id, row.name, row.seats, _runs(known, row, demand.halves, days), taken.get(row.id, {}))
        for row in rows
    ]


def _days(session: Session, plan: plans.PlanRow) -> list[date]:
    """The school days of the zone of the first school of a plan."""
    zone = next((row.zone for row in schools.schools(session) if row.uai in plan.schools), "A")
    return school_days(SchoolYear(plan.year), schools.days(session, zone))


def _runs(
    known: RegularLines, row: store.LineSeatsRow, halves: Sequence[Half], days: Mapping[str, Sequence[date]]
) -> dict[str, tuple[LineRun, ...]]:
    """Nothing for a half-day of which the timetable does not tell every weekday."""
    return {
        half.id: tuple(known.runs(row.feed, row.route, days[half.id]))
        for half in halves
        if {day.weekday() for day in days[half.id]} == set(half.weekdays)
    }


def _given(session: Session, plan: plans.PlanRow) -> dict[str, Counter[str]]:
    """Seats that other plans in force this year have given, by line and run."""
    from scolaire.service.plans import demand_kept

    found: dict[str, Counter[str]] = {}
    for other in plans.plans(session):
        version = plans.published(session, other.id) if (other.year, other.id != plan.id) == (plan.year, True) else None
        if version is not None:
            for rider in demand_kept(session, version.demand_digest).riders:
                for ride in rider.rides:
                    found.setdefault(ride.line, Counter())[ride.run] += 1
    return found


def riders_broken(
    session: Session, plan: plans.PlanRow, demand: Demand, known: RegularLines | None, today: date
) -> list[Decision]:
    """What is wrong with those who ride lines, by the timetable, the registrations and the declarations of today."""
    if not demand.riders:
        return []
    spares = [] if known is None else spares_of(session, plan, demand, known, today)
    pupils = {each.id: each for each in demands.demand_of(session, plan, today).pupils}
    return rider_faults(demand.riders, pupils, demand, spares)


def check_riders(
    session: Session, plan: plans.PlanRow, demand: Demand, known: RegularLines | None, today: date
) -> None:
    """Whether those who ride lines still may. Raises Conflict("scolaire.riders_changed", count, first)."""
    broken = riders_broken(session, plan, demand, known, today)
    if broken:
        raise Conflict("scolaire.riders_changed", count=len(broken), first=broken[0])

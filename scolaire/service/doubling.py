"""A second coach on a service for some days (doublage): everybody has a place in one of the two, each family is told
which one to take, and the contract pays it once an agent has agreed."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from scolaire.model.running import Run
from scolaire.rules.asking import current_year
from scolaire.rules.costs import block_cents
from scolaire.rules.days import held_until
from scolaire.rules.doubling import aboard, only
from scolaire.rules.halves import problems_of
from scolaire.rules.running import places_of
from scolaire.service import no_coach, notices
from scolaire.service.indexing import prices_on
from scolaire.service.plans import Opened, open_version
from scolaire.service.running import Calendar, every_run
from scolaire.service.substituting import Replacing, check_coach, over, run_asked
from scolaire.store import coaches as store
from scolaire.store import plans, running


@dataclass(frozen=True, slots=True)
class Doubling(Replacing):
    """What drives beside. `stops`: those whose pupils take it; none: it passes at all, and pupils take either."""

    stops: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Priced:
    """What a second coach costs by the contract: on how many days it runs, cents without tax. `cents` None: the
    contract has no price for such a vehicle."""

    days: int
    cents: int | None

    @property
    def amount(self) -> Money | None:
        """The same, as money."""
        return None if self.cents is None else Money(self.cents)


def double(
    session: Session, asked: Doubling, *, by: str, organisations: Collection[str] | None, now: datetime
) -> store.AddedCoachRow:  # fmt: skip
    """Add a second coach, and tell each family of the service which one is theirs. `organisations`: whose services one
    may double (None: all, and the contract pays it).

    Raises what `substituting.check_coach` and `run_asked` raise; NotFound("scolaire.count_unknown_service") for a
    service that is not theirs; InvalidInput("scolaire.doubling_stops"), Refused("scolaire.doubling_seats" |
    "scolaire.doubling_wheelchairs" | "scolaire.doubling_left"), Conflict("scolaire.doubling_twice")."""
    plans.get_plan(session, asked.plan, lock=True)
    check_coach(session, asked, paris_day(now))
    run = run_asked(session, asked)
    if organisations is not None and not _drives(session, run, asked, organisations):
        raise NotFound("scolaire.count_unknown_service", service=asked.service[:40])
    if organisations is not None and asked.organisation is not None and asked.organisation not in organisations:
        raise InvalidInput("scolaire.unknown_choice")
    for each in store.added_between(session, asked.first_day, asked.last_day):
        if (each.plan, each.service) == (asked.plan, asked.service):
            raise Conflict("scolaire.doubling_twice", service=each.service, first=each.first_day, last=each.last_day)
    _seated(session, asked, run)
    told = notices.Notice(
        "added", "service", asked.service, asked.first_day, asked.last_day, asked.reason, plan=asked.plan
    )
    key = new_id(now)
    row = store.AddedCoachRow(
        id=key, plan=asked.plan, service=asked.service, first_day=asked.first_day, last_day=asked.last_day,
        vehicle=" ".join(asked.vehicle.split()), seats=asked.seats, wheelchairs=asked.wheelchairs, shown=asked.shown,
        organisation=asked.organisation, stops=sorted(asked.stops), reason=" ".join(asked.reason.split()), notice=key,
        made_by=by, made_at=now, agreed_by=by if organisations is None else None,
        agreed_at=now if organisations is None else None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    notice = notices.announce(session, told, by, now, key=key)  # each family reads its own coach from the row
    audit.record(
        session, "scolaire.doubled", actor=by, object_kind="scolaire_plan", object_id=asked.plan, now=now,
        detail={"service": asked.service, "seats": asked.seats, "stops": len(asked.stops), "told": notice.told,
                "unreached": notice.unreached, "agreed": organisations is None},
    )  # fmt: skip
    return row


def agree(session: Session, added: str, by: str, now: datetime) -> None:
    """The contract pays what an operator added. Raises NotFound("scolaire.unknown_added_coach")."""
    row = store.get_added(session, added)
    if row.agreed_by is not None:
        return
    row.agreed_by, row.agreed_at = by, now
    audit.record(
        session, "scolaire.doubling_agreed", actor=by, object_kind="scolaire_plan", object_id=row.plan, now=now,
        detail={"service": row.service},
    )  # fmt: skip


def end(session: Session, added: str, by: str, now: datetime, *, organisations: Collection[str] | None = None) -> None:
    """The second coach runs no more: the families are told. Raises NotFound("scolaire.unknown_added_coach"), also for
    one that these organisations do not drive."""
    row = store.get_added(session, added)
    if organisations is not None and not seen_by(session, [row], organisations):
        raise NotFound("scolaire.unknown_added_coach")
    over(session, row, "scolaire.doubling_ended", by, now)


def seen_by(
    session: Session, rows: Iterable[store.AddedCoachRow], organisations: Collection[str] | None
) -> list[store.AddedCoachRow]:
    """Those that these organisations drive, or whose service they drive; every one for None."""
    if organisations is None:
        return list(rows)
    rows = list(rows)
    years = {current_year(row.first_day) for row in rows}
    own = {run.key for year in years for run in every_run(session, year) if run.operator in organisations}
    return [row for row in rows if row.organisation in organisations or (row.plan, row.service) in own]


def price_of(session: Session, row: store.AddedCoachRow, opened: Opened, run: Run) -> Priced:
    """What it costs by the contract of the lot, from the depot of the planned coach and back, with the prices of its
    first day; its day is paid once, however many services of that day it doubles under one number."""
    calendar = Calendar(session, row.first_day)
    last = max(row.first_day, held_until(row))
    stopped = no_coach.announced(session, row.plan, [run], row.first_day, last).get(run.service, frozenset())
    held = no_coach.days_between(row.first_day, held_until(row))
    days = [day for day in held if calendar.runs(run, day) and day not in stopped]
    priced = prices_on(session, run.lot, row.first_day) if run.lot is not None else None
    vehicle = next((each for each in (priced.revised if priced else ()) if each.id == row.vehicle), None)
    if vehicle is None:
        return Priced(len(days), None)
    problem = problems_of(opened.demand, opened.plan)[run.half]
    half = opened.plan.halves[run.half]
    circuit = next(each for each in half.circuits if each.id == run.service)
    depot_name = next(each.depot for each in half.blocks if run.service in each.circuits)
    depot = next(each for each in problem.depots if each.id == depot_name)
    part = [only(circuit, row.stops, problem)]
    first = _days_elsewhere(session, row)
    paid = sum(day not in first for day in days)
    return Priced(
        len(days),
        block_cents(part, problem, vehicle, depot, days=paid)
        + block_cents(part, problem, vehicle, depot, days=len(days) - paid, with_day=False),
    )  # fmt: skip


def _days_elsewhere(session: Session, row: store.AddedCoachRow) -> set[date]:
    """The days already paid to the same coach (vehicle, number, operator) on another service, entered before."""
    if not row.shown:
        return set()
    found: set[date] = set()
    for each in store.added_between(session, row.first_day, row.last_day):
        same = (each.vehicle, each.shown, each.organisation) == (row.vehicle, row.shown, row.organisation)
        if same and (each.made_at, each.id) < (row.made_at, row.id) and each.plan == row.plan:
            found.update(no_coach.days_between(each.first_day, held_until(each)))
    return found


def opened_of(session: Session, plan: str) -> Opened | None:
    """The plan in force; None where there is none, or its content is gone."""
    version = plans.published(session, plan)
    if version is None:
        return None
    try:
        return open_version(session, version.id)
    except NotFound:
        return None


def _drives(session: Session, run: Run, asked: Doubling, organisations: Collection[str]) -> bool:
    replacing = running.substitutions_between(session, asked.first_day, asked.last_day)
    others = {each.organisation for each in replacing if (each.plan, each.service) == run.key}
    return run.operator in organisations or bool(others & set(organisations))


def _seated(session: Session, asked: Doubling, run: Run) -> None:
    """Everybody registered has a place in their coach: in the second one at its stops, in what drives the service at
    the others; in the two together where both pass everywhere."""
    opened = opened_of(session, asked.plan)
    if opened is None:
        raise NotFound("scolaire.count_unknown_service", service=asked.service[:40])
    problem = problems_of(opened.demand, opened.plan)[run.half]
    circuit = next(each for each in opened.plan.halves[run.half].circuits if each.id == run.service)
    coaches = [(run.seats, run.wheelchairs)] + [
        (each.seats, each.wheelchairs)
        for each in running.substitutions_between(session, asked.first_day, asked.last_day)
        if (each.plan, each.service) == run.key
    ]
    if not asked.stops:
        for seats, wheelchairs in coaches:
            places = places_of(seats + asked.seats, wheelchairs + asked.wheelchairs, run.rolling)
            if run.rolling > wheelchairs + asked.wheelchairs:
                raise Refused(
                    "scolaire.doubling_wheelchairs", needed=run.rolling, places=wheelchairs + asked.wheelchairs
                )
            if run.registered > places:
                raise Refused("scolaire.doubling_seats", registered=run.registered, places=places)
        return
    if not asked.stops < set(run.stops):
        raise InvalidInput("scolaire.doubling_stops")
    there, rolling = aboard(only(circuit, asked.stops, problem))
    if rolling > asked.wheelchairs:
        raise Refused("scolaire.doubling_wheelchairs", needed=rolling, places=asked.wheelchairs)
    if there > places_of(asked.seats, asked.wheelchairs, rolling):
        raise Refused(
            "scolaire.doubling_seats", registered=there, places=places_of(asked.seats, asked.wheelchairs, rolling)
        )
    left, still = aboard(only(circuit, set(run.stops) - asked.stops, problem))
    for seats, wheelchairs in coaches:
        if still > wheelchairs or left > places_of(seats, wheelchairs, still):
            raise Refused("scolaire.doubling_left", registered=left, places=places_of(seats, wheelchairs, still))

"""Who accompanies the shuttles of an RPI: required where a pupil below the age of the dated rule is aboard."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.infra.db import insert_new
from scolaire.gateway.running import run_rules_on
from scolaire.model.running import Run, RunRules
from scolaire.model.schools import SchoolYear
from scolaire.rules.asking import clean_name, clean_phone, current_year
from scolaire.rules.running import youngest
from scolaire.service.running import RunSeen, every_run, runs_on
from scolaire.store import escorts as store
from scolaire.store.pupils import IdentityRow
from scolaire.store.registrations import RegistrationRow

AHEAD_DAYS = 7


@dataclass(frozen=True, slots=True)
class Unaccompanied:
    """A service on its first day without anybody to accompany it, and how many of the youngest are aboard."""

    seen: RunSeen
    youngest: int


def mark(session: Session, plan: str, service: str, *, shuttle: bool, by: str, now: datetime) -> None:
    """Say that a service is a shuttle of an RPI, or that it is none (any more). Raises NotFound(
    "scolaire.count_unknown_service")."""
    _known(session, plan, service, paris_day(now))
    if shuttle:
        insert_new(session, store.ShuttleRow, {"plan": plan, "service": service, "by": by, "at": now})
    else:
        row = session.get(store.ShuttleRow, (plan, service))
        if row is not None:
            session.delete(row)
    audit.record(
        session, "scolaire.shuttle_marked" if shuttle else "scolaire.shuttle_unmarked", actor=by,
        object_kind="scolaire_plan", object_id=plan, now=now, detail={"service": service},
    )  # fmt: skip


def appoint(
    session: Session, plan: str, service: str, *, name: str, phone: str, employer: str, first_day: date,
    last_day: date, by: str, now: datetime,
) -> store.EscortRow:  # fmt: skip
    """Say who accompanies a service from a day to a day; for some days of another's, it is a replacement.

    Raises NotFound("scolaire.count_unknown_service"), InvalidInput("scolaire.bad_name" | "scolaire.bad_phone" |
    "scolaire.escort_employer" | "scolaire.escort_days")."""
    _known(session, plan, service, max(first_day, paris_day(now)))
    employer = " ".join(employer.split())
    end = SchoolYear(current_year(first_day)).period.last_day
    if not paris_day(now) <= first_day <= last_day or (end is not None and last_day > end):
        raise InvalidInput("scolaire.escort_days")
    if not 1 <= len(employer) <= 120:
        raise InvalidInput("scolaire.escort_employer")
    row = store.EscortRow(
        id=new_id(now), plan=plan, service=service, first_day=first_day, last_day=last_day,
        name=clean_name(name, "escort"), phone=clean_phone(phone) if phone else None, employer=employer, made_by=by,
        made_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, "scolaire.escort_appointed", actor=by, object_kind="scolaire_plan", object_id=plan, now=now,
        detail={"service": service, "first": first_day.isoformat(), "last": last_day.isoformat()},
    )  # fmt: skip
    return row


def end(session: Session, escort: str, by: str, now: datetime) -> None:
    """Somebody accompanies no more. Raises NotFound("scolaire.unknown_escort")."""
    row = store.get_escort(session, escort)
    if row.ended_at is None:
        row.ended_by, row.ended_at = by, now
        audit.record(
            session, "scolaire.escort_ended", actor=by, object_kind="scolaire_plan", object_id=row.plan, now=now,
            detail={"service": row.service},
        )  # fmt: skip


def unaccompanied(session: Session, today: date, *, shuttles: bool = True) -> list[Unaccompanied]:
    """The shuttles that leave within a week with some of the youngest and nobody to accompany them, each on the first
    such day; or (`shuttles` false) the other services, which the rule does not bind: to be looked at."""
    rpi = store.shuttles(session)
    if shuttles and not rpi:
        return []
    rules = run_rules_on(today)
    born = _born(session, current_year(today), today, rules)
    found: dict[tuple[str, str], Unaccompanied] = {}
    for ahead in range(AHEAD_DAYS):
        day = today + timedelta(days=ahead)
        for seen in runs_on(session, day):
            if seen.shuttle is not shuttles or seen.escort is not None or seen.run.key in found:
                continue
            young = youngest(_aboard(seen.run, born), rules, day)
            if young:
                found[seen.run.key] = Unaccompanied(seen, young)
    return sorted(found.values(), key=lambda each: (each.seen.day, each.seen.run.service))


def young_aboard(session: Session, runs: Iterable[Run], day: date) -> dict[tuple[str, str], int]:
    """By service, how many of the youngest it takes."""
    rules = run_rules_on(day)
    born = _born(session, current_year(day), day, rules)
    return {run.key: youngest(_aboard(run, born), rules, day) for run in runs}


def _aboard(run: Run, born: dict[str, date]) -> list[date]:
    riding = (pupil.partition(".")[0] for pupil in run.pupils)
    return [born[each] for each in riding if each in born]


def _born(session: Session, year: int, day: date, rules: RunRules) -> dict[str, date]:
    """By registration, when those were born who may be below the age; the rule decides."""
    since = day - timedelta(days=366 * rules.accompanied_under_years)
    asked = (
        select(RegistrationRow.id, IdentityRow.born_on)
        .join(IdentityRow, IdentityRow.pupil == RegistrationRow.pupil)
        .where(RegistrationRow.year == year, IdentityRow.born_on >= since)
    )
    return {row.id: row.born_on for row in session.execute(asked)}


def _known(session: Session, plan: str, service: str, day: date) -> None:
    if all(each.key != (plan, service) for each in every_run(session, current_year(day))):
        raise NotFound("scolaire.count_unknown_service", service=service[:40])

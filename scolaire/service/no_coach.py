"""Days on which a service of a plan in force has no coach: announced so, its schools closed, or no contract of its lot
left. Whoever waits for a coach is told of none of them; another coach does not drive on a day announced without any.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from mobigo.infra.competence import departement_of
from mobigo.infra.jobs import enqueue
from scolaire.model.running import Run
from scolaire.model.schools import SchoolYear
from scolaire.rules.days import held_until, is_school_day
from scolaire.store import contracts, notices, schools, stops

LINES: Final = "scolaire.lines"  # the job that shows travellers the services open to everybody
NoRun = Mapping[str, frozenset[date]]  # by service; one that always runs is left out


def announced(session: Session, plan: str, runs: Iterable[Run], first: date, last: date) -> NoRun:
    """The days, of these (both included), announced without a coach. A school without a coach stops no service that
    goes to another school too; a département, none that stops in another."""
    told = notices.cancelled_between(session, first, last)
    communes = {row.id: row.commune for row in stops.stops(session)} if told else {}
    found: dict[str, set[date]] = {}
    for notice in told:
        off = days_between(max(first, notice.first_day), min(last, held_until(notice)))
        for run in runs:
            if off and _stopped(notice, plan, run, communes):
                found.setdefault(run.service, set()).update(off)
    return _kept(found)


def schools_closed(session: Session, runs: Collection[Run], on: Mapping[str, Sequence[date]]) -> NoRun:
    """The days, of those on which its half-day runs (`on`), when every school of a service is closed by its own
    calendar or its own bells."""
    days = sorted({day for each in on.values() for day in each})
    wanted = {uai for run in runs for uai in run.schools}
    if not days:
        return {}
    zones = {row.uai: row.zone for row in schools.schools(session)}
    bells = schools.bells_between(session, wanted, days[0], days[-1])
    opened: dict[str, frozenset[date]] = {}
    for uai in wanted:
        told, rung = schools.days(session, zones.get(uai, "A"), uai), bells.get(uai, ())
        opened[uai] = frozenset(day for day in days if is_school_day(day, told, rung, uai))
    found = {}
    for run in runs:
        some = frozenset[date]().union(*(opened[uai] for uai in run.schools))
        found[run.service] = [day for day in on.get(run.half, ()) if day not in some]
    return _kept(found)


def out_of_contract(session: Session, lot: str | None, runs: Iterable[Run], year: int) -> NoRun:
    """The days of a year that no contract of the lot covers; none for a lot whose contracts are not recorded: nothing
    is known of it then."""
    told = [] if lot is None else contracts.contracts_of(session, lot)
    if not told:
        return {}
    covered = [(each.first_day, each.last_day) for each in told]
    off = frozenset(
        day for day in SchoolYear(year).period.days() if not any(first <= day <= last for first, last in covered)
    )
    return {run.service: off for run in runs} if off else {}


def tell_travellers(session: Session, by: str, now: datetime) -> None:
    """What does not run as published is told cancelled at once, rather than within the quarter of an hour."""
    enqueue(session, LINES, {}, by, now)


def together(*found: NoRun) -> NoRun:
    """All of these days."""
    return _kept({name: frozenset().union(*(each.get(name, ()) for each in found)) for each in found for name in each})


def days_between(first: date, last: date) -> list[date]:
    """Every day from one to another, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _kept(found: Mapping[str, Collection[date]]) -> NoRun:
    return {name: frozenset(found[name]) for name in sorted(found) if found[name]}


def _stopped(notice: notices.NoticeRow, plan: str, run: Run, communes: Mapping[str, str | None]) -> bool:
    match notice.scope:
        case "all":
            return True
        case "service":
            return notice.about == run.service and notice.plan in (None, plan)
        case "school":
            return set(run.schools) == {notice.about}
        case _:
            return {departement_of(communes.get(stop) or "") for stop in run.stops} == {notice.about}

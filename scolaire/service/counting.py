"""How many were aboard: entered by whoever drives the service that day, corrected by a count more; where nobody
counted, what validators accepted; and what follows: too many aboard, too few."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.infra.db import insert_new
from scolaire.gateway.running import run_rules_on
from scolaire.model.running import Counted, NoShow, Overload, Run, RunRules, Source, trip_of
from scolaire.rules.asking import current_year
from scolaire.rules.days import held_until
from scolaire.rules.running import no_shows, overloads, places_of
from scolaire.service.running import RunSeen, driven_by, every_run, runs_on
from scolaire.store import coaches
from scolaire.store import plans as plans_store
from scolaire.store import running as store

ABOARD_MOST = 300
Key = tuple[str, str]


class Validations(Protocol):
    """What validators counted, without a pass and without a person."""

    def boardings(
        self, session: Session, trips: Collection[str], first: date, last: date
    ) -> Mapping[tuple[str, date], int]:
        """How many passes were accepted aboard these trips (as the closed timetable names them) on these days (both
        included), by trip and day; a trip that nobody validated on is left out."""
        ...


@dataclass(frozen=True)
class Judged:
    """What the counts say: overloads first, then services pupils do not take; the services they are about."""

    rules: RunRules
    overloads: list[Overload]
    no_shows: list[NoShow]
    runs: dict[tuple[str, str], Run]


def enter(
    session: Session, plan: str, service: str, day: date, aboard: int, *, seen: int, by: str,
    organisations: Collection[str] | None, now: datetime,
) -> store.CountRow:  # fmt: skip
    """Count. `seen`: the number of the count that whoever enters it saw (0: none): another one entered meanwhile is
    not overwritten. The same figure again changes nothing. `organisations`: whose services one may count (None: all).

    Raises NotFound("scolaire.count_unknown_service") for a service that is not theirs that day, there or not,
    InvalidInput("scolaire.count_figure" | "scolaire.count_day"), Refused("scolaire.count_no_run"), Conflict(
    "scolaire.count_moved")."""
    if not 0 <= aboard <= ABOARD_MOST:
        raise InvalidInput("scolaire.count_figure", most=ABOARD_MOST)
    today = paris_day(now)
    if not today - timedelta(days=run_rules_on(today).late_days) <= day <= today:
        raise InvalidInput("scolaire.count_day", days=run_rules_on(today).late_days)
    found = find_run(session, plan, service, day, organisations)
    last = store.last_count(session, plan, service, day)
    if last is not None and last.aboard == aboard:
        return last
    number = 0 if last is None else last.number
    row = {
        "id": new_id(now), "plan": plan, "service": service, "day": day, "number": number + 1, "aboard": aboard,
        "registered": found.run.registered, "places": found.places, "by": by, "at": now,
    }  # fmt: skip
    if number != seen or not insert_new(session, store.CountRow, row, unique=("plan", "service", "day", "number")):
        last = store.last_count(session, plan, service, day)
        raise Conflict("scolaire.count_moved", service=service, aboard=0 if last is None else last.aboard)
    audit.record(
        session, "scolaire.counted", actor=by, object_kind="scolaire_plan", object_id=plan, now=now,
        detail={"service": service, "day": day.isoformat(), "aboard": aboard, "number": number + 1},
    )  # fmt: skip
    kept = store.last_count(session, plan, service, day)
    assert kept is not None  # noqa: S101 - just written, in this transaction
    return kept


def find_run(session: Session, plan: str, service: str, day: date, organisations: Collection[str] | None) -> RunSeen:
    """A service of these organisations on a day. Raises as `enter` does."""
    found = next((each for each in runs_on(session, day) if each.run.key == (plan, service)), None)
    if found is not None and driven_by([found], organisations):
        return found
    planned = [each for each in every_run(session, current_year(day)) if each.key == (plan, service)]
    if planned and (organisations is None or planned[0].operator in organisations) and found is None:
        raise Refused("scolaire.count_no_run", service=service, day=day)
    raise NotFound("scolaire.count_unknown_service", service=service[:40])


def runs_named(session: Session, service: str, day: date, organisations: Collection[str] | None) -> list[Run]:
    """The services of this name that these organisations drive that day, or would if it ran."""
    running = {each.run.key: each for each in runs_on(session, day)}
    found = []
    for run in every_run(session, current_year(day)):
        operator = running[run.key].driven_by if run.key in running else run.operator
        if run.service == service and (organisations is None or operator in organisations):
            found.append(run)
    return found


def validated(
    session: Session, runs: Collection[Run], first: date, last: date, known: Validations | None
) -> dict[Key, dict[date, int]]:
    """By service, the passes accepted on each of these days, since its version is in force. A service that two plans
    name alike cannot be told apart, and of one that goes to several schools nobody knows who got off on the way: both
    are left out."""
    if known is None or not runs:
        return {}
    named = Counter(run.service for run in runs)
    told = {run.service: run for run in runs if named[run.service] == 1 and len(run.schools) == 1}
    trips = dict(told)
    for row in store.substitutions_between(session, first, last):
        run = told.get(row.service)
        if run is not None and run.plan == row.plan:
            trips[trip_of(row.service, row.id)] = run
    for added in coaches.added_between(session, first, last):
        run = told.get(added.service)
        if run is not None and run.plan == added.plan:
            trips[trip_of(added.service, added.id)] = run
    since = {plan: _in_force_since(session, plan) for plan in {run.plan for run in told.values()}}
    found: dict[Key, dict[date, int]] = {}
    for (trip, day), count in known.boardings(session, sorted(trips), first, last).items():
        run = trips[trip]
        began = since[run.plan]
        if count > 0 and began is not None and day >= began:
            on = found.setdefault(run.key, {})
            on[day] = min(on.get(day, 0) + count, ABOARD_MOST)
    return found


def _in_force_since(session: Session, plan: str) -> date | None:
    version = plans_store.published(session, plan)
    if version is None:
        return None
    steps = plans_store.steps(session, [version.id])[version.id]
    return max(paris_day(each.at) for each in steps if each.step == "published")


def judged(session: Session, today: date, known: Validations | None = None) -> Judged:
    """Overloads and no-shows of the services in force, by the counts of the last weeks; on a day that nobody counted,
    by what validators accepted (`known`)."""
    rules = run_rules_on(today)
    runs = {run.key: run for run in every_run(session, current_year(today))}
    first = today - timedelta(days=rules.within_days)
    other: dict[tuple[str, str], list[store.SubstitutionRow]] = {}
    for each in store.substitutions_between(session, first, today):
        other.setdefault((each.plan, each.service), []).append(each)
    doubled: dict[Key, list[coaches.AddedCoachRow]] = {}
    for second in coaches.added_between(session, first, today):
        doubled.setdefault((second.plan, second.service), []).append(second)
    counts: dict[Key, dict[date, Counted]] = {}

    def keep(key: Key, day: date, aboard: int, registered: int, places: int, source: Source) -> None:
        # of the coach known when it was counted; one told of later was the one that drove
        drove = [each for each in other.get(key, ()) if each.first_day <= day <= held_until(each)]
        beside = [each for each in doubled.get(key, ()) if each.first_day <= day <= held_until(each)]
        if drove or beside:
            coach: Run | store.SubstitutionRow = drove[-1] if drove else runs[key]
            seats = coach.seats + sum(each.seats for each in beside)
            wheelchairs = coach.wheelchairs + sum(each.wheelchairs for each in beside)
            places = places_of(seats, wheelchairs, runs[key].rolling)
        counts.setdefault(key, {})[day] = Counted(day, aboard, registered, places, source)

    for key, days in validated(session, list(runs.values()), first, today, known).items():
        run = runs[key]
        places = places_of(run.seats, run.wheelchairs, run.rolling)
        for day, aboard in days.items():
            keep(key, day, aboard, run.registered, places, Source.VALIDATIONS)
    for row in store.counts_between(session, first, today):  # what somebody counted is worth more
        if (row.plan, row.service) in runs:
            keep((row.plan, row.service), row.day, row.aboard, row.registered, row.places, Source.COUNT)
    told = {key: tuple(days[day] for day in sorted(days)) for key, days in counts.items()}
    return Judged(rules, overloads(told, rules, today), no_shows(told, rules, today), runs)

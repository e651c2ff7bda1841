"""The services of the plans in force as they run on a day: which leave, in what coach, by whom, with whom aboard."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.base.errors import NotFound
from scolaire.model.plan import Board, Circuit
from scolaire.model.running import Run
from scolaire.model.schools import Bell, Days
from scolaire.rules.asking import current_year
from scolaire.rules.days import is_school_day
from scolaire.rules.halves import need_id, passings, problem_of, travel_of
from scolaire.rules.kpi import peak
from scolaire.rules.running import places_of
from scolaire.service.plans import Opened, open_version
from scolaire.store import coaches, contracts, escorts, plans, running, schools, stops
from scolaire.store.coaches import AddedCoachRow
from scolaire.store.escorts import EscortRow
from scolaire.store.running import SubstitutionRow

_RUNS: Final[dict[str, list[Run]]] = {}  # by version
REMEMBERED: Final = 300


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A service on a day. `driven_by`: the operator of that day; `shuttle`: of an RPI; `escort`: who accompanies;
    `added`: the second coach that doubles it; `number`: on the driver's side of the planned coach."""

    run: Run
    day: date
    substitution: SubstitutionRow | None
    shuttle: bool
    escort: EscortRow | None
    added: AddedCoachRow | None = None
    number: str = ""

    @property
    def driven_by(self) -> str | None:
        """The replacing operator, or the lot's."""
        other = None if self.substitution is None else self.substitution.organisation
        return other if other is not None else self.run.operator

    @property
    def places(self) -> int:
        """How many of its pupils have a place in the coach of that day, or in the two."""
        coach = self.run if self.substitution is None else self.substitution
        seats, wheelchairs = coach.seats, coach.wheelchairs
        if self.added is not None:
            seats, wheelchairs = seats + self.added.seats, wheelchairs + self.added.wheelchairs
        return places_of(seats, wheelchairs, self.run.rolling)

    @property
    def shown(self) -> str:
        """The number on the driver's side of what drives that day; empty where nobody said it."""
        return self.number if self.substitution is None else self.substitution.shown


class Calendar:
    """The days of school, read once: of each school by its own days, its zone's, its bells."""

    def __init__(self, session: Session, day: date) -> None:
        rows = {row.uai: row for row in schools.schools(session)}
        self._zones = {uai: row.zone for uai, row in rows.items()}
        self._days: dict[str, list[Days]] = {}
        self._session, self._bells = session, dict[str, list[Bell]]()
        for bell in schools.bells(session, list(rows), day):
            self._bells.setdefault(bell.uai, []).append(bell)

    def runs(self, run: Run, day: date) -> bool:
        """Whether a service runs on a day: one of its weekdays, on which one of its schools is open."""
        return day.weekday() in run.weekdays and any(self._open(uai, day) for uai in run.schools)

    def _open(self, uai: str, day: date) -> bool:
        if uai not in self._days:
            self._days[uai] = schools.days(self._session, self._zones.get(uai, "A"), uai)
        return is_school_day(day, self._days[uai], self._bells.get(uai, ()), uai)


def every_run(session: Session, year: int) -> list[Run]:
    """The services of the plans in force of a school year, by plan and hour; a plan whose content is gone has none."""
    lots = {each.id: each.organisation for each in contracts.lots(session)}
    found: list[Run] = []
    for plan in plans.plans(session):
        version = plans.published(session, plan.id) if plan.year == year else None
        if version is None:
            continue
        with suppress(NotFound):
            operator = lots.get(plan.lot or "")
            found += [replace(each, operator=operator) for each in runs_of_version(session, plan, version.id)]
    return sorted(found, key=lambda run: (run.plan_name, run.plan, run.departs_s, run.service))


def runs_of_version(session: Session, plan: plans.PlanRow, version: str) -> list[Run]:
    """The services of a version, remembered: it never changes."""
    known = _RUNS.get(version)
    if known is None:
        known = _runs(plan, open_version(session, version))
        while len(_RUNS) >= REMEMBERED:
            _RUNS.pop(next(iter(_RUNS)), None)
        _RUNS[version] = known
    return known


def runs_on(session: Session, day: date) -> list[RunSeen]:
    """The services that run on a day, with what is different on it."""
    calendar = Calendar(session, day)
    runs = [each for each in every_run(session, current_year(day)) if calendar.runs(each, day)]
    return seen_on(session, runs, day)


def seen_on(session: Session, runs: Iterable[Run], day: date) -> list[RunSeen]:
    """These services with what is different on a day; of two rows for one day, the last one entered."""
    other = {(row.plan, row.service): row for row in running.substitutions_between(session, day, day)}
    along = {(row.plan, row.service): row for row in escorts.escorts_between(session, day, day)}
    rpi = escorts.shuttles(session)
    runs = list(runs)
    added = {(row.plan, row.service): row for row in coaches.added_between(session, day, day)}
    numbers = coaches.numbers(session, {run.plan for run in runs})
    return [
        RunSeen(
            run, day, other.get(run.key), run.key in rpi, along.get(run.key), added.get(run.key),
            numbers.get(run.key, ""),
        )
        for run in runs
    ]  # fmt: skip


def driven_by(seen: Iterable[RunSeen], organisations: Collection[str] | None) -> list[RunSeen]:
    """Those that these organisations drive that day; every one for None."""
    return [each for each in seen if organisations is None or each.driven_by in organisations]


def concerning(session: Session, seen: Iterable[RunSeen], organisations: Collection[str] | None) -> list[RunSeen]:
    """Those that these organisations drive (or would, not replaced), whose schools are theirs, or that stop in their
    communes; all for None."""
    if organisations is None:
        return list(seen)
    theirs = {row.uai for row in schools.schools(session, organisations=organisations)}
    found, communes = [], dict[date, set[str]]()
    rows = session.execute(select(stops.StopRow.id, stops.StopRow.commune))
    of_stop = {row.id: row.commune for row in rows}
    for each in seen:
        if each.day not in communes:
            communes[each.day] = set(schools.communes_of(session, organisations, each.day))
        near = any(of_stop.get(stop) in communes[each.day] for stop in each.run.stops)
        drive = each.driven_by in organisations or each.run.operator in organisations
        drive = drive or (each.added is not None and each.added.organisation in organisations)
        if drive or near or theirs & set(each.run.schools):
            found.append(each)
    return found


def _runs(plan: plans.PlanRow, opened: Opened) -> list[Run]:
    demand, drawn = opened.demand, opened.plan
    types = {each.id: each for each in demand.vehicle_types}
    travel, found = travel_of(demand), []
    for half in demand.halves:
        if half.id not in drawn.halves:
            continue
        problem = problem_of(demand, drawn.seats, half, travel)
        vehicle_of = {name: block.vehicle_type for block in drawn.halves[half.id].blocks for name in block.circuits}
        aboard: dict[str, list[str]] = {}
        for pupil in demand.pupils:
            if pupil.id in drawn.seats and half.id in pupil.halves:
                aboard.setdefault(need_id(drawn.seats[pupil.id], pupil.school), []).append(pupil.id)
        for circuit in drawn.halves[half.id].circuits:
            told, needs = passings(circuit, problem), _needs(circuit)
            vehicle = types[vehicle_of[circuit.id]]
            schools_ = tuple(dict.fromkeys(each.id for each in told if each.place == "school"))
            stops_ = tuple(dict.fromkeys(each.id for each in told if each.place == "stop"))
            first = told[0].id
            name = demand.stop_of[first].name if told[0].place == "stop" else demand.school_of[first].name
            found.append(
                Run(
                    plan.id, plan.name, circuit.id, half.id, half.weekdays, plan.lot, None, vehicle.id,
                    vehicle.seats, vehicle.wheelchairs, peak(circuit),
                    sum(visit.wheelchairs for visit in circuit.visits if isinstance(visit, Board)),
                    told[0].leaves_ms // 1000, name, schools_, stops_,
                    tuple(pupil for need in needs for pupil in aboard.get(need, ())),
                )
            )  # fmt: skip
    return found


def _needs(circuit: Circuit) -> list[str]:
    return list(dict.fromkeys(visit.need for visit in circuit.visits if isinstance(visit, Board)))

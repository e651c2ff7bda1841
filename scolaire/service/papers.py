"""Papers that need more than the plan: the days of school for GTFS; and, for who may, names beside random ids."""

import tempfile
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.infra import competence, formats
from mobigo.infra.grants import list_organisations
from mobigo.infra.i18n import sentence, use_language
from scolaire.export.gtfs import Publisher, school_gtfs
from scolaire.model.running import Changes, OtherCoach
from scolaire.model.schools import SchoolYear
from scolaire.rules.days import held_until, school_days
from scolaire.rules.halves import passings, problems_of
from scolaire.service import no_coach
from scolaire.service.plans import PUBLISHED, Opened
from scolaire.service.running import runs_of_version
from scolaire.store import coaches as second
from scolaire.store import escorts, pupils, registrations, running, schools, stops
from scolaire.store import plans as store

if TYPE_CHECKING:
    from mobigo.infra.config import Config
    from scolaire.rules.driving import Driving


def gtfs_of(session: Session, found: Opened, *, closed: bool, config: "Config") -> bytes:
    """The feed of the closed services of a version, or of the open ones; of the one in force, with what is not as
    planned: other coaches, days on which a service does not run."""
    plan = store.get_plan(session, found.row.plan)
    days = days_of(session, found, plan.year)
    changes = changes_of(session, found, plan) if found.state == PUBLISHED else {}
    region = competence.table().authorities["region"].shown(production=config.production)
    return school_gtfs(
        found.plan, found.demand, days, Publisher(region.name, config.base_url, region.phone),
        version="-".join([plan.id, str(found.row.number), *([_digest(changes)] if changes else [])]),
        open_services=store.open_services(session, plan.id), closed=closed, changes=changes,
    )  # fmt: skip


def netex_of(session: Session, found: Opened, *, config: "Config") -> bytes:
    """The closed services in NeTEx: school buses, at stops of which each says that it is for authorised persons alone.
    Never published: it is for those who drive them."""
    from mobigo.network.export.netex import write_netex
    from mobigo.network.gateway.gtfs import read_feed

    region = competence.table().authorities["region"].shown(production=config.production)
    with tempfile.TemporaryDirectory(prefix="mobigo-netex-") as folder:
        feed, made = Path(folder) / "feed.zip", Path(folder) / "netex.zip"
        feed.write_bytes(gtfs_of(session, found, closed=True, config=config))
        write_netex(
            read_feed(feed), made, feed=f"scolaire-{found.row.plan}", participant=region.name,
            published_at=found.row.made_at, authorised_only=True,
        )  # fmt: skip
        return made.read_bytes()


def changes_of(session: Session, found: Opened, plan: store.PlanRow) -> dict[str, Changes]:
    """By service of the plan in force, what is not as planned: the days without a coach (announced, or its schools
    closed), the coaches that replace another."""
    year = SchoolYear(plan.year).period
    first, last = year.first_day, year.last_day or date(plan.year + 1, 8, 31)
    runs = {run.service: run for run in runs_of_version(session, plan, found.row.id)}
    no_run = no_coach.together(
        no_coach.announced(session, plan.id, runs.values(), first, last),
        no_coach.schools_closed(session, list(runs.values()), days_of(session, found, plan.year)),
    )
    coaches: dict[str, list[OtherCoach]] = {}
    for row in running.substitutions_between(session, first, last):
        if row.plan == plan.id and row.service in runs:
            driven = frozenset(no_coach.days_between(row.first_day, held_until(row)))
            coaches.setdefault(row.service, []).append(OtherCoach(row.id, driven, row.shown, row.wheelchairs))
    added: dict[str, list[OtherCoach]] = {}
    for each in second.added_between(session, first, last):
        if each.plan == plan.id and each.service in runs:
            beside = frozenset(no_coach.days_between(each.first_day, held_until(each)))
            coach = OtherCoach(each.id, beside, each.shown, each.wheelchairs, frozenset(each.stops))
            if beside:
                added.setdefault(each.service, []).append(coach)
    return {
        name: Changes(no_run.get(name, frozenset()), tuple(coaches.get(name, ())), tuple(added.get(name, ())))
        for name in sorted(no_run.keys() | coaches.keys() | added.keys())
    }


def _digest(changes: Mapping[str, Changes]) -> str:
    told = [
        (name, sorted(each.no_run), [(coach.id, sorted(coach.days), coach.shown) for coach in each.coaches],
         *([[(coach.id, sorted(coach.days), coach.shown, sorted(coach.stops)) for coach in each.added]]
           if each.added else []))
        for name, each in changes.items()
    ]  # fmt: skip
    return sha256(repr(told).encode()).hexdigest()[:8]


def days_of(session: Session, found: Opened, year: int) -> dict[str, list[date]]:
    """By half-day, every day of school on which it runs: of the zone of the schools (the first one's)."""
    zone = "A"
    known = {row.uai: row.zone for row in schools.schools(session)}
    for school in found.demand.schools:
        zone = known.get(school.id, zone)
        break
    every = school_days(SchoolYear(year), schools.days(session, zone))
    return {
        half: [day for day in every if day.weekday() in found.demand.half_of[half].weekdays]
        for half in found.plan.halves
    }


def notes_of(session: Session, plan: str, today: date, *, names: bool) -> dict[str, list[str]]:
    """By service of a plan, what a roadbook says besides the plan, from today on: other coaches, accompanists (`names`:
    for those who run the service; else only that there is one), shuttles without any. In French, as the roadbook."""
    found: dict[str, list[str]] = {}
    last = date(today.year + 1, 12, 31)
    of_name = {row.id: row.name for row in list_organisations(session)}
    for row in running.substitutions_between(session, today, last):
        if row.plan == plan:
            told = f"Remplacement {_days(row.first_day, row.last_day)} : {row.vehicle}, {row.seats} places assises"
            told += f", numéro affiché {row.shown}" if row.shown else ""
            told += f", {of_name.get(row.organisation, '')}" if row.organisation else ""
            found.setdefault(row.service, []).append(f"{told}. {row.reason.rstrip('.')}.")
    for added in second.added_between(session, today, last):
        if added.plan == plan:
            found.setdefault(added.service, []).append(doubled(session, added))
    along: set[str] = set()
    for each in escorts.escorts_between(session, today, last, [plan]):
        along.add(each.service)
        who = f"{each.name} ({each.employer}{', ' + each.phone if each.phone else ''})" if names else "désigné"
        found.setdefault(each.service, []).append(f"Accompagnateur {_days(each.first_day, each.last_day)} : {who}.")
    for owner, service in escorts.shuttles(session):
        if owner == plan and service not in along:
            found.setdefault(service, []).append("Navette RPI : aucun accompagnateur désigné.")
    return found


def doubled(session: Session, row: second.AddedCoachRow) -> str:
    """What a roadbook says of a second coach, in French."""
    where = ", ".join(stops.get_stop(session, each).name for each in row.stops)
    told = f"Doublage {_days(row.first_day, row.last_day)} : {row.vehicle}, {row.seats} places assises"
    told += f", numéro affiché {row.shown}" if row.shown else ""
    told += f" ; il prend les élèves de : {where}" if where else " ; il passe à tous les arrêts"
    return f"{told}. {row.reason.rstrip('.')}."


def turns_of(found: Opened, half: str, bus: str, roads: "Driving | None") -> dict[str, list[list[str]]]:
    """By service of a bus, from each place to the next, the way street by street, in French; nothing where no streets
    are in use. Raises StopIteration when there is no such bus."""
    plan, demand = found.plan, found.demand
    problem = problems_of(demand, plan)[half]
    block = next(each for each in plan.halves[half].blocks if each.id == bus)
    circuits = {each.id: each for each in plan.halves[half].circuits}
    told: dict[str, list[list[str]]] = {}
    for name in block.circuits if roads is not None else ():
        places = [
            demand.stop_of[each.id] if each.place == "stop" else demand.school_of[each.id]
            for each in passings(circuits[name], problem)
        ]
        legs = roads.turns([Point(each.at.lat, each.at.lon) for each in places]) if roads is not None else None
        if legs is None:
            return {}
        with use_language("fr"):
            told[name] = [[_turn(what, metres) for what, metres in leg if metres] for leg in legs]
    return told


def _turn(what: Decision, metres: int) -> str:
    return f"{sentence(what)} ({formats.distance(metres)})"


def _days(first: date, last: date) -> str:
    if first == last:
        return f"le {formats.day(first, year=True)}"
    return f"du {formats.day(first)} au {formats.day(last, year=True)}"


def names_of(session: Session, found: Opened, school: str) -> Mapping[str, tuple[str, str]]:
    """The names (last, first) of the pupils of a school, by the id the plan knows them under. For who may read them."""
    ids = [each.id for each in found.demand.pupils if each.school == school]
    pupil_of = {}
    for each in ids:
        row = session.get(registrations.RegistrationRow, each.partition(".")[0])
        if row is not None:
            pupil_of[each] = row.pupil
    known = pupils.identities(session, list(pupil_of.values()))
    return {
        each: (known[pupil].last_name, known[pupil].first_name) for each, pupil in pupil_of.items() if pupil in known
    }

"""What a guardian sees of their children: where each registration stands; stop, hours and coach of the days to come.

Within the limits of the bond: the stop and hours of one's own home alone; of the other parent's home, the weeks; of a
placement, nothing to who is not of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.instants import paris_day
from mobigo.infra.competence import departement_of
from mobigo.infra.config import Config
from scolaire.gateway import rulefiles
from scolaire.model.people import Bond, HomeKind
from scolaire.model.rides import Ride
from scolaire.model.schools import Bell, Days, School, Way
from scolaire.rules.days import bells_on, home_on, is_school_day, next_school_day
from scolaire.service.notices import sentence_of
from scolaire.service.timesheet import rides_of
from scolaire.service.which_coach import Coach, coaches_on
from scolaire.store import coaches, schools, stops
from scolaire.store import pupils as store
from scolaire.store.notices import holding
from scolaire.store.pupils import AddressRow, HomeRow, IdentityRow
from scolaire.store.registrations import LegRow, PassRow, RegistrationRow, legs


@dataclass(frozen=True, slots=True)
class HomeSeen:
    """A home as a guardian may see it. `own`: address, stop and hours are shown; else the weeks alone."""

    row: HomeRow
    leg: LegRow
    own: bool
    address: AddressRow | None
    stop: stops.StopRow | None
    wished: stops.StopRow | None
    rides: tuple[Ride, ...]


@dataclass(frozen=True, slots=True)
class DaySeen:
    """What happens on a day: why there is no coach, or the rides from the home the pupil lives in, each with the coach
    to look for (by plan and service)."""

    day: date
    why_none: Decision | None
    rides: tuple[Ride, ...] = ()
    stop: str = ""
    notices: tuple[str, ...] = ()
    coaches: Mapping[tuple[str, str], Coach] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A registration as a guardian may see it. `numbers`: of the planned coaches, by plan and service."""

    row: RegistrationRow
    identity: IdentityRow
    bond: Bond
    school: School
    homes: tuple[HomeSeen, ...]
    card: PassRow | None
    today: DaySeen | None
    next_day: DaySeen | None
    begins: tuple[int, ...]
    ends: tuple[int, ...]
    numbers: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Child:
    """A child: registrations, latest year first; the school years for which one may register still."""

    identity: IdentityRow
    bond: Bond
    files: tuple[FileSeen, ...]
    renewable: tuple[int, ...]


def children(session: Session, subject: str, config: Config, now: datetime) -> list[Child]:
    """The children for whom an account answers, by first name."""
    today = paris_day(now)
    guardian = store.find_guardian(session, subject)
    if guardian is None:
        return []
    open_years = rulefiles.years_open(today, config.home, production=config.production)
    latest: dict[str, Bond] = {}
    for row in store.bonds_of_guardian(session, guardian.id, today):
        latest[row.pupil] = store.bond_value(row)
    bonds = {pupil: bond for pupil, bond in latest.items() if bond.reads}
    known = store.identities(session, list(bonds))
    found = []
    for pupil, bond in bonds.items():
        if pupil not in known:
            continue
        asked = select(RegistrationRow).where(RegistrationRow.pupil == pupil)
        rows = list(session.scalars(asked.order_by(RegistrationRow.year.desc(), RegistrationRow.id.desc())))
        living = {row.year for row in rows if row.state != "cancelled"}
        renewable = tuple(year for year in open_years if year not in living) if bond.acts else ()
        files = tuple(seen(session, row, bond, now) for row in rows)
        found.append(Child(known[pupil], bond, files, renewable))
    return sorted(found, key=lambda child: (child.identity.first_name, child.identity.pupil))


def seen(session: Session, row: RegistrationRow, bond: Bond, now: datetime) -> FileSeen:
    """One registration through one bond."""
    today = paris_day(now)
    school = schools.school_value(schools.get_school(session, row.uai))
    rides = rides_of(session, row)
    homes = tuple(
        sorted(
            (_home(session, leg, bond, rides) for leg in legs(session, [row.id])[row.id]),
            key=lambda each: (not each.own, each.row.kind == str(HomeKind.SECOND), each.row.id),
        )
    )
    card = session.scalar(
        select(PassRow)
        .where(PassRow.registration == row.id, PassRow.ended_at.is_(None))
        .order_by(PassRow.number.desc())
    )
    carried = row.state == "decided" and row.outcome in ("entitled", "paying")
    begins_on = max(today, row.first_day)  # before term, the first day of school is what is asked for
    days, bells = schools.days(session, school.zone, school.uai), schools.bells(session, [school.uai], begins_on)
    shown = next_day = None
    if carried and today <= row.last_day:
        if row.first_day <= today:
            shown = _noticed(session, _day(today, homes, days, bells, school.uai), homes, school.uai)
        coming = next_school_day(max(today + timedelta(days=1), row.first_day), days, bells, school.uai)
        if coming is not None and coming <= row.last_day:
            next_day = _noticed(session, _day(coming, homes, days, bells, school.uai), homes, school.uai)
    begins, ends = bells_on(bells, next_day.day if next_day is not None else today)
    identity = session.get_one(IdentityRow, row.pupil)
    numbers = coaches.numbers(session, {ride.plan for home in homes for ride in home.rides if ride.plan})
    return FileSeen(row, identity, bond, school, homes, card, shown, next_day, tuple(begins), tuple(ends), numbers)


def _noticed(session: Session, day: DaySeen, homes: tuple[HomeSeen, ...], uai: str) -> DaySeen:
    """The day, with what was announced about it."""
    own = [home for home in homes if home.own]
    found = holding(
        session, day.day, uai=uai, departements={departement_of(home.row.commune) for home in own},
        services={(ride.plan, ride.service) for ride in day.rides},
    )  # fmt: skip
    return replace(
        day, notices=tuple(sentence_of(row) for row in found), coaches=coaches_on(session, day.day, day.rides)
    )


def _home(session: Session, leg: LegRow, bond: Bond, rides: dict[str, tuple[Ride, ...]]) -> HomeSeen:
    row = session.get_one(HomeRow, leg.home)
    own = bond.home == row.id
    if not own:
        return HomeSeen(row, leg, False, None, None, None, ())
    stop = None if leg.stop is None else stops.get_stop(session, leg.stop)
    wished = None if leg.wished_stop is None else stops.get_stop(session, leg.wished_stop)
    return HomeSeen(row, leg, True, session.get(AddressRow, row.id), stop, wished, rides.get(row.id, ()))


def _day(day: date, homes: tuple[HomeSeen, ...], days: list[Days], bells: list[Bell], uai: str) -> DaySeen:
    """What happens on a day, from the home the pupil lives in then."""
    if not is_school_day(day, days, bells, uai):
        told = next((each.words for each in days if day in each.period and not each.open), "")
        return DaySeen(day, Decision("scolaire.no_school", words=told) if told else Decision("scolaire.no_lessons"))
    lives = home_on([store.stay_value(each.row) for each in homes], day)
    here = next((each for each in homes if each.row.id == lives), None)
    if here is None:
        return DaySeen(day, Decision("scolaire.no_home_that_day"))
    if not here.own:
        return DaySeen(day, Decision("scolaire.at_the_other_home"))
    rides = tuple(ride for ride in here.rides if day.weekday() in ride.weekdays)
    if not rides:
        return DaySeen(day, Decision("scolaire.no_service_yet"))
    return DaySeen(day, None, tuple(sorted(rides, key=lambda ride: (ride.way is Way.OUT, ride.stop_s))), rides[0].stop)

"""Homes of pupils: written, located, moved; the stops within reach on foot and the way to school, measured.

Addresses are read here and by the few views that may show one; everything else reads communes and metres.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.geo import Point
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.infra.competence import departement_of
from mobigo.infra.config import Config
from scolaire.gateway import communes, rulefiles
from scolaire.model.asked import AskedHome
from scolaire.model.people import mask_of
from scolaire.model.rights import Measured, Method
from scolaire.model.schools import Level, SchoolYear
from scolaire.rules import measuring
from scolaire.rules.walking import Walking, walks
from scolaire.store import schools, stops
from scolaire.store.pupils import AddressRow, BondRow, HomeRow, WalkRow, position
from scolaire.store.registrations import LegRow, RegistrationRow
from scolaire.store.stops import StopRow

WALK_DEGREES: Final = 0.06  # a box wider than `WALK_MAX_M` at our latitudes
HOMES_AT_ONCE: Final = 500  # whose ways to stops are measured in one transaction


def add(session: Session, pupil: str, asked: AskedHome, first_day: date, now: datetime) -> HomeRow:
    """A home as it is written, with its address apart, and the stops within reach when it is located."""
    home = HomeRow(
        id=new_id(now), pupil=pupil, kind=str(asked.kind), commune=asked.commune, weeks=str(asked.weeks),
        weekdays=mask_of(asked.weekdays), first_day=first_day,
    )  # fmt: skip
    session.add(home)
    session.flush()
    lat, lon = (None, None) if asked.at is None else (asked.at.lat, asked.at.lon)
    session.add(
        AddressRow(
            home=home.id, line=asked.line, extra=asked.extra, postcode=asked.postcode, lat=lat, lon=lon,
            located_by="" if asked.at is None else "typed",
        )
    )  # fmt: skip
    session.flush()
    _walks(session, home.id, asked.at)
    return home


def move(session: Session, old: HomeRow, asked: AskedHome, first_day: date, now: datetime) -> HomeRow:
    """The pupil lives elsewhere from a day on: the old home ends, the new one is the same people's."""
    made = add(session, old.pupil, asked, first_day, now)
    old.last_day = first_day - timedelta(days=1)
    if old.last_day < old.first_day:
        old.last_day = old.first_day
    for bond in session.scalars(select(BondRow).where(BondRow.home == old.id)):
        bond.home = made.id
    return made


def add_leg(session: Session, row: RegistrationRow, home: HomeRow, stop: str | None, config: Config) -> None:
    """What a registration asks from one home: the stop wished for, the sector as far as it is recorded, the way
    measured. Raises InvalidInput("scolaire.stop_not_served")."""
    if stop is not None and stops.get_stop(session, stop).state != "active":
        raise InvalidInput("scolaire.stop_not_served")
    stage = Level(row.level).stage
    sector = [] if stage is None else schools.sector_schools(session, home.commune, stage, row.first_day)
    leg = LegRow(
        registration=row.id, home=home.id, wished_stop=stop, in_sector=row.uai in sector if sector else None
    )  # fmt: skip
    session.add(leg)
    _measure(session, leg, row, home, config, row.received_at, audit.SYSTEM)


def locate(session: Session, home_id: str, at: Point, by: str, config: Config, now: datetime) -> None:
    """An agent puts a home on the map: the stops within reach are found again, and the way to school is measured again
    where nobody has measured it on the road."""
    home, address = session.get(HomeRow, home_id), session.get(AddressRow, home_id)
    if home is None or address is None:
        raise InvalidInput("scolaire.unknown_home")
    address.lat, address.lon, address.located_by, address.walked_by = at.lat, at.lon, "agent", ""
    session.flush()
    _walks(session, home_id, at)
    for leg in session.scalars(select(LegRow).where(LegRow.home == home_id)):
        if (leg.measure or {}).get("method") != str(Method.AGENT):
            row = session.get_one(RegistrationRow, leg.registration)
            _measure(session, leg, row, home, config, now, by)
    audit.record(session, "scolaire.home_located", actor=by, object_kind="scolaire_home", object_id=home_id, now=now)


def measure_by_hand(session: Session, registration: str, home: str, distance_m: int, by: str, now: datetime) -> None:
    """An agent measured the way on the road, and answers for it. Raises InvalidInput("scolaire.bad_distance")."""
    leg = get_leg(session, registration, home)
    if not 0 <= distance_m <= 300_000:
        raise InvalidInput("scolaire.bad_distance")
    _write_measure(leg, Measured(distance_m, Method.AGENT, 0, "mesuré par un agent"), now, by)
    audit.record(
        session, "scolaire.measured", actor=by, object_kind="scolaire_registration", object_id=registration, now=now,
        detail={"home": home, "distance_m": distance_m},
    )  # fmt: skip


def say_sector(session: Session, registration: str, home: str, in_sector: bool, by: str, now: datetime) -> None:
    """An agent looked up whether the school is the sector's."""
    get_leg(session, registration, home).in_sector = in_sector
    audit.record(
        session, "scolaire.sector_said", actor=by, object_kind="scolaire_registration", object_id=registration, now=now,
        detail={"home": home, "in_sector": in_sector},
    )  # fmt: skip


def give_stop(session: Session, registration: str, home: str, stop: str | None, by: str, now: datetime) -> None:
    """The stop at which the pupil is expected; None takes it back. Raises InvalidInput("scolaire.stop_not_served")."""
    if stop is not None and stops.get_stop(session, stop).state != "active":
        raise InvalidInput("scolaire.stop_not_served")
    get_leg(session, registration, home).stop = stop
    audit.record(
        session, "scolaire.stop_given", actor=by, object_kind="scolaire_registration", object_id=registration, now=now,
        detail={"home": home, "stop": stop},
    )  # fmt: skip


def get_leg(session: Session, registration: str, home: str) -> LegRow:
    """Raises InvalidInput("scolaire.unknown_home")."""
    leg = session.get(LegRow, (registration, home))
    if leg is None:
        raise InvalidInput("scolaire.unknown_home")
    return leg


def measure_by_streets(session: Session, meter: measuring.Meter, config: Config, now: datetime) -> int:
    """Measure along the streets what is only estimated, for registrations that nobody has decided, where the rules of
    the département let a right rest on that; how many ways. What an agent measured stays."""
    asked = (
        select(LegRow, RegistrationRow, HomeRow, AddressRow)
        .join(RegistrationRow, RegistrationRow.id == LegRow.registration)
        .join(HomeRow, HomeRow.id == LegRow.home)
        .join(AddressRow, AddressRow.home == LegRow.home)
        .where(RegistrationRow.state.in_(("received", "incomplete")), AddressRow.lat.is_not(None))
        .order_by(LegRow.registration, LegRow.home)
    )
    done = 0
    for leg, row, home, address in session.execute(asked).all():
        at, school = position(address), schools.school_value(schools.get_school(session, row.uai))
        margin_pct = _road_margin_pct(home.commune, row.year, config)
        if at is None or school.at is None or margin_pct is None:
            continue
        if (leg.measure or {}).get("method", str(Method.ESTIMATE)) != str(Method.ESTIMATE):
            continue
        way = meter.way(at, school.at)
        if way is not None:
            _write_measure(leg, replace(way, margin_pct=margin_pct), now, audit.SYSTEM)
            done += 1
    return done


def _road_margin_pct(commune: str, year: int, config: Config) -> int | None:
    day = SchoolYear(year).period.first_day
    try:
        rules = rulefiles.rules_on(departement_of(commune), day, config.home, production=config.production)
    except NotFound:
        return None
    return rules.road_margin_pct


def measured_of(leg: LegRow) -> Measured | None:
    """What was measured, as the rules read it."""
    if leg.measure is None:
        return None
    said = leg.measure
    path = tuple(Point(lat, lon) for lat, lon in leg.path or ())
    return Measured(said["distance_m"], Method(said["method"]), said["margin_pct"], said["source"], path)


def _measure(
    session: Session, leg: LegRow, row: RegistrationRow, home: HomeRow, config: Config, now: datetime, by: str
) -> None:
    """The way from the home; from its commune when it is not located; nothing within one commune or without a point."""
    school = schools.school_value(schools.get_school(session, row.uai))
    if school.at is None:
        return
    at = position(session.get(AddressRow, home.id))
    if at is not None:
        _write_measure(leg, measuring.CrowFlies().way(at, school.at), now, by)
        return
    centre = communes.centres(config.home).get(home.commune)
    if centre is not None and home.commune != school.commune:
        _write_measure(leg, measuring.from_commune(centre, school.at), now, by)


def _write_measure(leg: LegRow, way: Measured | None, now: datetime, by: str) -> None:
    if way is None:
        return
    leg.measure = {
        "distance_m": way.distance_m, "method": str(way.method), "margin_pct": way.margin_pct, "source": way.source,
        "at": now.isoformat(), "by": by,
    }  # fmt: skip
    leg.path = [[point.lat, point.lon] for point in way.path]


def measure_walks(session: Session, walking: Walking, *, most: int = HOMES_AT_ONCE) -> int:
    """Find the stops within reach of located homes again, along the streets in use, where that is not done; of up to
    `most` homes: how many. Nothing where no streets are in use. A home's stops are found anew when its streets change,
    when it moves, and when a stop near it does."""
    streets = walking.streets()
    if streets is None:
        return 0
    asked = select(AddressRow).where(AddressRow.lat.is_not(None), AddressRow.walked_by != streets)
    rows = session.scalars(asked.order_by(AddressRow.home).limit(most)).all()
    for address in rows:
        _walks(session, address.home, position(address), walking)
        address.walked_by = streets
    session.flush()
    return len(rows)


def walks_to(session: Session, stop: StopRow) -> int:
    """A stop is new, or stands elsewhere: which located homes are within its reach, as the crow flies until the streets
    are asked (`measure_walks`); how many."""
    for old in session.scalars(select(WalkRow).where(WalkRow.stop == stop.id)).all():
        session.delete(old)
    session.flush()
    near = select(AddressRow).where(
        AddressRow.lat.between(stop.lat - WALK_DEGREES, stop.lat + WALK_DEGREES),
        AddressRow.lon.between(stop.lon - WALK_DEGREES, stop.lon + WALK_DEGREES),
    )
    found = 0
    for address in session.scalars(near):
        at = position(address)
        address.walked_by = ""
        for walk in () if at is None else walks(at, {stop.id: Point(stop.lat, stop.lon)}):
            session.add(WalkRow(home=address.home, stop=stop.id, metres=walk.metres, method=str(walk.method)))
            found += 1
    session.flush()
    return found


def _walks(session: Session, home: str, at: Point | None, walking: Walking | None = None) -> None:
    """The stops within reach on foot."""
    for old in session.scalars(select(WalkRow).where(WalkRow.home == home)):
        session.delete(old)
    session.flush()
    if at is None:
        return
    near = select(StopRow).where(
        StopRow.state.in_(("active", "proposed")),
        StopRow.lat.between(at.lat - WALK_DEGREES, at.lat + WALK_DEGREES),
        StopRow.lon.between(at.lon - WALK_DEGREES, at.lon + WALK_DEGREES),
    )  # fmt: skip
    around = {stop.id: Point(stop.lat, stop.lon) for stop in session.scalars(near)}
    for walk in walks(at, around, walking):
        session.add(WalkRow(home=home, stop=walk.stop, metres=walk.metres, method=str(walk.method)))

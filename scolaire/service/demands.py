"""What a plan has to answer, read from the registrations, bells, stops and contracts of today. No name and no address
is read: a pupil is a registration and a home by their random ids, a home the stops within its reach."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from mobigo.base.errors import Refused
from scolaire.gateway.planning import Planning
from scolaire.model.demand import (
    DAY_MS,
    EVENING,
    LATE,
    LATER,
    MORNING,
    WEDNESDAY,
    WEDNESDAY_MORNING,
    Demand,
    DepotSite,
    Half,
    Place,
    Pupil,
    SchoolSite,
    StopSite,
)
from scolaire.model.people import Need
from scolaire.model.problem import VehicleType
from scolaire.model.rights import Method
from scolaire.model.schools import Bell, Level, SchoolYear, Stage, Way
from scolaire.service import indexing
from scolaire.service.figures import held_on
from scolaire.store import contracts, plans, pupils, registrations, schools, stops

FULL_DAYS = (0, 1, 3, 4)
EVENINGS = (EVENING, LATE, *LATER)


def demand_of(session: Session, plan: plans.PlanRow, day: date) -> Demand:
    """The demand of a plan as it stands on `day`, which is moved into the school year when it lies outside.

    Raises Refused("scolaire.plan_without_lot" | "scolaire.school_closed" | "scolaire.school_without_position" |
    "scolaire.school_without_bells" | "scolaire.too_many_bells") and what `held_on` raises. What else is missing
    (vehicles, depots) is told by `rules.demand`.
    """
    period = SchoolYear(plan.year).period
    if plan.lot is None:
        raise Refused("scolaire.plan_without_lot")
    at = min(max(day, period.first_day), period.last_day or day)
    held = held_on(session, at)
    planning = held.planning
    wanted = [row for row in registrations.carried(session, plan.year) if row.uai in set(plan.schools)]
    rows = [row for row in schools.schools(session) if row.uai in set(plan.schools)]
    asked = {row.uai for row in wanted}
    closed = sorted(asked - {row.uai for row in rows})
    if closed:
        raise Refused("scolaire.school_closed", school=schools.get_school(session, closed[0]).name)
    bells: dict[str, list[Bell]] = {row.uai: [] for row in rows}
    for bell in schools.bells(session, list(bells), at):
        bells[bell.uai].append(bell)
    sites = tuple(_site(row, bells[row.uai], planning) for row in rows if row.lat is not None and row.lon is not None)
    for row in rows:  # no pupil is left out because their school lacks something
        site = next((each for each in sites if each.id == row.uai), None)
        if row.uai in asked and site is None:
            raise Refused("scolaire.school_without_position", school=row.name)
        if row.uai in asked and site is not None and not site.windows:
            raise Refused("scolaire.school_without_bells", school=row.name)
    halves = _halves(sites)
    kids, off_walks = _pupils(session, wanted, {each.id: each for each in sites}, planning)
    used = {stop for pupil in kids for stop, _ in pupil.reach}
    known = tuple(StopSite(row.id, row.name, Place(row.lat, row.lon)) for row in stops.stops(session) if row.id in used)
    return Demand(
        plan.id, tuple(_only(site, halves) for site in sites), known, tuple(kids), _types(session, plan.lot, at),
        _depots(session, plan.lot, at), halves, planning.handling, planning.roads,
        amplitude_max_ms=planning.amplitude_min * 60_000, driver_day=held.driver, weeks=planning.weeks,
        off_walks=off_walks,
    )  # fmt: skip


def _site(row: schools.SchoolRow, bells: Iterable[Bell], planning: Planning) -> SchoolSite:
    """The school with its windows: arrivals while its gates are open before the first lesson, departures while somebody
    watches after each bell of the evening, which is a half-day of its own."""
    windows: dict[str, tuple[int, int]] = {}
    by_day: dict[tuple[int, Way], list[int]] = {}
    for bell in bells:
        by_day.setdefault((bell.weekday, bell.way), []).append(bell.at_s)

    def hours(days: Iterable[int], way: Way) -> list[int]:
        return sorted({at for day in days for at in by_day.get((day, way), [])})

    def before(at_s: int) -> tuple[int, int]:
        last = (at_s - planning.before_bell_min * 60) * 1000
        return max(0, min(last, (at_s - row.early_s) * 1000)), max(0, last)

    def after(at_s: int) -> tuple[int, int]:
        first = (at_s + planning.after_bell_min * 60) * 1000
        return min(first, DAY_MS - 1), min(max(first, (at_s + row.late_s) * 1000), DAY_MS - 1)

    for half, days in ((MORNING, FULL_DAYS), (WEDNESDAY_MORNING, (2,))):
        told = hours(days, Way.IN)
        if told:
            windows[half.id] = before(told[0])
    evening = hours(FULL_DAYS, Way.OUT)
    if len(evening) > len(EVENINGS):
        raise Refused("scolaire.too_many_bells", school=row.name, most=len(EVENINGS))
    for half, at_s in zip(EVENINGS, evening, strict=False):
        windows[half.id] = after(at_s)
    noon = hours((2,), Way.OUT)
    if noon:
        windows[WEDNESDAY.id] = after(noon[0])
    return SchoolSite(row.uai, row.name, Place(row.lat or 0.0, row.lon or 0.0), windows)


def _halves(sites: Iterable[SchoolSite]) -> tuple[Half, ...]:
    """Wednesday morning is a morning like the others where every school has lessons then, at the same hours."""
    told = [each.windows for each in sites]
    evenings = (EVENING, LATE, *(half for half in LATER if any(half.id in each for each in told)))
    if all(each.get(MORNING.id) == each.get(WEDNESDAY_MORNING.id) for each in told):
        return (MORNING, WEDNESDAY, *evenings)
    return (Half(MORNING.id, MORNING.direction, FULL_DAYS), WEDNESDAY_MORNING, WEDNESDAY, *evenings)


def _only(site: SchoolSite, halves: tuple[Half, ...]) -> SchoolSite:
    known = {each.id for each in halves}
    return SchoolSite(site.id, site.name, site.at, {name: each for name, each in site.windows.items() if name in known})


def _pupils(
    session: Session, rows: list[registrations.RegistrationRow], sites: dict[str, SchoolSite], planning: Planning
) -> tuple[list[Pupil], int]:
    """The pupils, and of how many some way to a stop is estimated. A pupil with two homes has a seat at each: only one
    is used on a day, and no bus may be full for the other."""
    legs = registrations.legs(session, [row.id for row in rows])
    walks = pupils.walks(session, [leg.home for each in legs.values() for leg in each])
    served = {row.id for row in stops.stops(session) if row.crossing != "forbidden" and not row.reversing}
    wednesday_apart = WEDNESDAY_MORNING in _halves(sites.values())
    found, off_walks = [], set()
    for row in rows:
        windows = sites[row.uai].windows
        halves = tuple(name for name in windows if name != WEDNESDAY_MORNING.id or wednesday_apart)
        stage = Level(row.level).stage or Stage.LYCEE
        ride_ms = planning.ride_max_min[str(stage)] * 60_000
        rolling = row.need == str(Need.WHEELCHAIR)
        if not legs[row.id]:  # named among those without a stop, not forgotten
            found.append(Pupil(row.id, row.uai, (), halves, ride_ms, rolling))
        for leg in legs[row.id]:
            ways = [walk for walk in walks.get(leg.home, []) if walk.stop in served]
            if any(walk.method == str(Method.ESTIMATE) for walk in ways):
                off_walks.add(row.id)
            reach = tuple((walk.stop, walk.metres) for walk in ways)
            found.append(Pupil(f"{row.id}.{leg.home}", row.uai, reach, halves, ride_ms, rolling))
    return found, len(off_walks)


def _types(session: Session, lot: str, day: date) -> tuple[VehicleType, ...]:
    """Vehicles with the prices of that day, revised where the contract follows indices."""
    found = indexing.prices_on(session, lot, day)
    return () if found is None else found.revised


def _depots(session: Session, lot: str, day: date) -> tuple[DepotSite, ...]:
    rows = contracts.depots_of(session, lot, day)
    there = contracts.vehicles_at(session, [row.id for row in rows])
    return tuple(DepotSite(row.id, row.name, Place(row.lat, row.lon), there.get(row.id)) for row in rows)

"""A plan to be drawn around Saulieu: a lot with invented prices, a depot, the three schools; its first search is asked
for, and runs as soon as somebody works."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from mobigo.base.geo import Point
from mobigo.base.instants import paris_day

if TYPE_CHECKING:
    from sqlalchemy import Engine

SOURCE: Final = "prix de démonstration, inventés"
# Type, seats, wheelchair places, cents a day, a kilometre, an hour; grams of CO2 a kilometre.
VEHICLES: Final = (
    ("car-55", 55, 0, 19_000, 95, 2_700, 1_000),
    ("car-33", 33, 0, 16_000, 80, 2_700, 800),
    ("minibus-16", 16, 2, 11_000, 60, 2_600, 400),
)


def prepare(engine: "Engine", now: datetime, subjects: Mapping[str, str]) -> bool:
    """The lot and the plan, unless some plan is there; whether they were made."""
    from mobigo.app import jobs_registry
    from mobigo.app.demo import people
    from mobigo.infra.db import transaction
    from scolaire.model.problem import VehicleType
    from scolaire.service import contracts, demands, optimising, plans
    from scolaire.store import schools
    from scolaire.store.plans import PlanRow
    from scolaire.store.registrations import RegistrationRow

    jobs_registry.install()
    by = subjects.get("school_planner", "demo")
    with transaction(engine) as session:
        year = session.scalar(select(func.min(RegistrationRow.year)))
        rows = schools.schools(session)
        if year is None or not rows or session.scalar(select(func.count()).select_from(PlanRow)):
            return False
        lot = contracts.add_lot(
            session, code="démo-1", name="Saulieu et alentours (démonstration)",
            organisation=people.carrier(session), by=by, now=now,
        )  # fmt: skip
        prices = [VehicleType(*each) for each in VEHICLES]
        contracts.add_contract(
            session, lot.id, first_day=date(year, 9, 1), last_day=date(year + 2, 8, 31), source=SOURCE, prices=prices,
            by=by, now=now,
        )  # fmt: skip
        at = Point(rows[0].lat or 0.0, rows[0].lon or 0.0)
        contracts.add_depot(session, lot.id, name="Dépôt de Saulieu", at=at, vehicles={}, by=by, now=now)
        plan = plans.open_plan(
            session, name="Saulieu (démonstration)", year=year, schools_=[row.uai for row in rows], lot=lot.id, by=by,
            now=now,
        )  # fmt: skip
        demand = demands.demand_of(session, plan, paris_day(now))
        optimising.ask(session, plan.id, demand, mode="fresh", effort="quick", by=by, now=now, reserve=2)
    return True

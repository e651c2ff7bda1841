"""A drawn sector (`tests.school_world`) planted in a database as what people enter: schools with bells, stops, pupils
with homes and decided registrations, a lot with prices and a depot."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from mobigo.base.geo import Point
from mobigo.infra.clock import new_id
from scolaire.model.demand import Demand
from scolaire.service import contracts, plans
from scolaire.store.pupils import AddressRow, BondRow, GuardianRow, HomeRow, IdentityRow, PupilRow, WalkRow
from scolaire.store.registrations import LegRow, RegistrationRow
from scolaire.store.schools import BellRow, SchoolRow
from scolaire.store.stops import StopRow

NOW = datetime(2026, 6, 15, 8, 0, tzinfo=UTC)
YEAR = 2026
FIRST, LAST = date(2026, 9, 1), date(2027, 8, 31)
PLANNER, APPROVER = "planner", "approver"


@dataclass(frozen=True)
class Planted:
    """What was planted: the plan to be drawn, its lot."""

    plan: str
    lot: str


def plant(session: Session, demand: Demand, *, by: str = PLANNER, organisation: str | None = None) -> Planted:
    """The sector in tables, and a plan opened for all its schools."""
    _schools(session, demand)
    for stop in demand.stops:
        session.add(
            StopRow(
                id=stop.id, name=stop.name, lat=stop.at.lat, lon=stop.at.lon, state="active", created_at=NOW,
                updated_at=NOW,
            )
        )  # fmt: skip
    session.flush()
    add_pupils(session, demand)
    lot = contracts.add_lot(session, code="lot 7", name="Morvan", organisation=organisation, by=by, now=NOW).id
    contracts.add_contract(
        session, lot, first_day=FIRST, last_day=LAST, source="marché d’essai", prices=list(demand.vehicle_types),
        by=by, now=NOW,
    )  # fmt: skip
    for depot in demand.depots:
        contracts.add_depot(
            session, lot, name=depot.name, at=Point(depot.at.lat, depot.at.lon), vehicles=dict(depot.vehicles or {}),
            by=by, now=NOW,
        )  # fmt: skip
    plan = plans.open_plan(
        session, name="Secteur d’essai", year=YEAR, schools_=[each.id for each in demand.schools], lot=lot, by=by,
        now=NOW,
    )  # fmt: skip
    return Planted(plan.id, lot)


def _schools(session: Session, demand: Demand) -> None:
    for school in demand.schools:
        session.add(
            SchoolRow(
                uai=school.id, name=school.name, stages="college", standing="public", commune="21584",
                lat=school.at.lat, lon=school.at.lon, updated_at=NOW,
            )
        )  # fmt: skip
    session.flush()
    for school in demand.schools:
        bell_s = school.windows["matin"][1] // 1000 + 300
        for weekday in range(5):
            ends = [bell_s + 240 * 60] if weekday == 2 else [bell_s + 480 * 60, bell_s + 540 * 60]
            for way, hours in (("in", [bell_s]), ("out", ends)):
                for at_s in hours:
                    session.add(
                        BellRow(
                            id=new_id(NOW), uai=school.id, weekday=weekday, way=way, at_s=at_s,
                            first_day=date(2025, 9, 1),
                        )
                    )  # fmt: skip


def add_pupils(session: Session, demand: Demand, first: int = 0) -> None:
    """The pupils of the demand from `first` on, each with a home, the walks from it, a right decided."""
    rows = demand.pupils[first:]
    for each in rows:
        session.add(PupilRow(id=f"k{each.id}", created_at=NOW, last_day=LAST))
    session.flush()
    for each in rows:
        session.add(HomeRow(id=f"h{each.id}", pupil=f"k{each.id}", kind="main", commune="21349", first_day=FIRST))
        session.add(
            RegistrationRow(
                id=f"r{each.id}", reference=f"R{each.id}"[:12], pupil=f"k{each.id}", year=YEAR, uai=each.school,
                level="5e", regime="half_board", need="wheelchair" if each.wheelchair else "none", state="decided",
                outcome="entitled", channel="online", received_at=NOW, updated_at=NOW, first_day=FIRST, last_day=LAST,
            )
        )  # fmt: skip
    session.flush()
    for each in rows:
        session.add(LegRow(registration=f"r{each.id}", home=f"h{each.id}"))
        for stop, metres in each.reach:
            session.add(WalkRow(home=f"h{each.id}", stop=stop, metres=metres, method="estimate"))
    session.flush()


def add_families(session: Session, demand: Demand, born: Mapping[str, date] | None = None) -> None:
    """A name, an address and a parent with an e-mail for every pupil; twelve years old, or `born` on another day."""
    for at, pupil in enumerate(demand.pupils):
        session.add(
            IdentityRow(
                pupil=f"k{pupil.id}", first_name=f"Léa{chr(65 + at % 26)}", last_name="Martin", folded="martin",
                born_on=(born or {}).get(pupil.id, date(2014, 5, 1)),
            )
        )  # fmt: skip
        session.add(AddressRow(home=f"h{pupil.id}", line=f"{at + 1} rue du Four", postcode="21430"))
        session.add(
            GuardianRow(
                id=f"g{pupil.id}", first_name="Anne", last_name="Martin", email=f"anne{at}@example.org", phone=None,
                postal="", prefers="email", created_at=NOW, last_day=LAST,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            BondRow(
                id=new_id(NOW), pupil=f"k{pupil.id}", guardian=f"g{pupil.id}", tie="parent", access="full",
                home=f"h{pupil.id}", first_day=FIRST, recorded_by=PLANNER, recorded_at=NOW,
            )
        )  # fmt: skip

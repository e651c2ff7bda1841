"""A line of the timetable takes pupils of a plan: declared on the page, ridden instead of a circuit, read by the
family; and what the timetable changes meanwhile keeps the plan from being in force. A service open to all
promises free seats.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from mobigo.app import create_app
from mobigo.base.errors import Conflict
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.config import Config
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.jobs import State, run_inline
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import EXTENSION, Services
from mobigo.network.model.live import LiveNetwork
from scolaire.model.demand import Demand
from scolaire.model.lines import Rider
from scolaire.service import announcing, demands, plans, timesheet
from scolaire.service.publication import plans_in_force
from scolaire.store import plans as store
from scolaire.store.lines import line_seats
from scolaire.store.registrations import LegRow, RegistrationRow
from tests.planner_adaptor import compiled
from tests.school_plans_world import APPROVER, NOW, YEAR, Planted, plant
from tests.school_world import sector

SMALL = sector(3, schools=2, stops=10, pupils=30)
BASE = "/scolaire/plans"
WEEK = {"matin": "1111100", "mercredi": "0010000", "soir": "1101100", "soir-2": "1101100"}


def feed(demand: Demand, *, later_s: int = 0) -> Mapping[str, str]:
    """A line by the first stop of the first pupil and their school's gate, at the hours of every half-day."""
    pupil = demand.pupils[0]
    stop, school = demand.stop_of[pupil.reach[0][0]], demand.school_of[pupil.school]
    trips, times = ["route_id,service_id,trip_id"], ["trip_id,arrival_time,departure_time,stop_id,stop_sequence"]
    for half in demand.halves:
        gate_s = school.windows[half.id][0] // 1000 + 60 + later_s
        order = [("a", gate_s - 1_200), ("z", gate_s)] if half.id == "matin" else [("z", gate_s), ("a", gate_s + 1_200)]
        trips.append(f"7,{half.id},t-{half.id}")
        for number, (place, at) in enumerate(order):
            clock = f"{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}"
            times.append(f"t-{half.id},{clock},{clock},{place},{number}")
    days = [f"{half},{','.join(week)},20260901,20270831" for half, week in WEEK.items()]
    names = "monday,tuesday,wednesday,thursday,friday,saturday,sunday"
    return {
        "agency": "agency_id,agency_name,agency_url,agency_timezone\nr,Région,https://example.org,Europe/Paris",
        "stops": f"stop_id,stop_name,stop_lat,stop_lon\na,{stop.name},{stop.at.lat},{stop.at.lon}\n"
        f"z,{school.name},{school.at.lat},{school.at.lon}",
        "routes": "route_id,agency_id,route_short_name,route_long_name,route_type\n7,r,7,Saulieu – Dijon,3",
        "calendar": "\n".join([f"service_id,{names},start_date,end_date", *days]),
        "trips": "\n".join(trips),
        "stop_times": "\n".join(times),
    }


class Holder:
    """A network that a test swaps."""

    def __init__(self, live: LiveNetwork) -> None:
        self.live = live

    @contextmanager
    def current(self) -> Iterator[LiveNetwork]:
        yield self.live

    today = current


@dataclass
class World:
    engine: Engine
    config: Config
    planner: FlaskClient
    planted: Planted
    services: Services
    holder: Holder


@pytest.fixture
def world(config: Config, sqlite_template: Path) -> Iterator[World]:
    config.home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(sqlite_template, config.home / "mobigo.sqlite")
    app = create_app(replace(config, environment="demo"))
    app.config["WTF_CSRF_ENABLED"] = False
    services: Services = app.extensions[EXTENSION]
    engine, planner = open_engine(config.database_url), app.test_client()
    with transaction(engine) as session:
        subject = accounts.create(session, NOW, email="p@example.org", name="p", password_hash=None, language="fr")
        grants.give(session, subject, Grant(Role.SCHOOL_PLANNER), NOW, by=None)
        planner.set_cookie("mobigo", sessions.open_session(session, subject, datetime.now(UTC), None, None))
        planted = plant(session, SMALL, by=subject)
        demand = demands.demand_of(session, store.get_plan(session, planted.plan), NOW.date())
    holder = Holder(LiveNetwork(compiled(feed(demand)), "hash"))
    services.make_networks = lambda _services: holder  # every part is made at its first use
    yield World(engine, config, planner, planted, services, holder)
    engine.dispose()


@pytest.fixture(autouse=True)
def before_the_school_year() -> Iterator[None]:
    """The pages ask for today's timetable."""
    with time_machine.travel(NOW):
        yield


def test_pupils_ride_a_declared_line_until_its_timetable_changes(world: World) -> None:
    assert "Aucune ligne déclarée" in world.planner.get(f"{BASE}/lignes").get_data(as_text=True)
    form = {"line": "feed|7", "seats": "2", "first_day": "2026-06-01", "last_day": "2027-08-31", "source": "convention"}
    for wrong, said in (({"seats": "0"}, "De 1 à 500"), ({"line": "feed|8"}, "pas dans l’horaire"),
                        ({"last_day": ""}, "jour"), ({"source": " "}, "Dites qui garantit")):  # fmt: skip
        page = world.planner.post(f"{BASE}/lignes", data={**form, **wrong}, follow_redirects=True)
        assert said.casefold() in page.get_data(as_text=True).casefold()
    assert "convention" in world.planner.post(f"{BASE}/lignes", data=form, follow_redirects=True).get_data(as_text=True)
    again = world.planner.post(f"{BASE}/lignes", data=form, follow_redirects=True).get_data(as_text=True)
    assert "déjà déclarées sur la ligne 7 Saulieu – Dijon" in again

    page = world.planner.post(
        f"{BASE}/{world.planted.plan}/recherches", data={"mode": "fresh", "effort": "quick", "lines": "yes"},
        follow_redirects=True,
    )  # fmt: skip
    job = page.request.path.rsplit("/", 1)[1]
    assert run_inline(world.engine, world.config, job).state is State.DONE
    with reading(world.engine) as session:
        (row,) = store.versions(session, world.planted.plan)
        drawn = plans.open_version(session, row.id)
    riders = drawn.demand.riders
    assert len(riders) == 2
    assert row.kpis["pupils"] == 28
    assert "2 élèves prennent une ligne régulière" in world.planner.get(f"{BASE}/versions/{row.id}").get_data(True)

    known, earlier = world.services.regular_lines, world.holder.live
    with transaction(world.engine) as session:
        plans.approve(session, row.id, by=APPROVER, now=NOW)
    world.holder.live = LiveNetwork(compiled(feed(drawn.demand, later_s=120)), "hash-2")  # two minutes later
    with pytest.raises(Conflict, match="riders_changed"), transaction(world.engine) as session:
        announcing.put_in_force(session, row.id, by=APPROVER, config=world.config, now=NOW, known=known)
    world.holder.live = earlier
    with transaction(world.engine) as session:
        given = announcing.put_in_force(session, row.id, by=APPROVER, config=world.config, now=NOW, known=known)
        assert given == (30, 0)  # every pupil has a stop; no family is there to write to
        by_line(session, riders[0])
        (declared,) = line_seats(session)
    version = f"{BASE}/versions/{row.id}"
    assert "ne peuvent plus prendre" not in world.planner.get(version).get_data(as_text=True)
    world.planner.post(f"{BASE}/lignes/{declared.id}/finir")
    assert "La course de la ligne 7 Saulieu – Dijon" in world.planner.get(version).get_data(as_text=True)
    assert "Aucune ligne déclarée" in world.planner.get(f"{BASE}/lignes").get_data(as_text=True)
    open_seats(world, drawn)


def by_line(session: Session, rider: Rider) -> None:
    """The family reads the line's hours; who is told of the line finds the pupil."""
    registration, _, home = rider.pupil.partition(".")
    row = session.get_one(RegistrationRow, registration)
    told = timesheet.rides_of(session, row)[home]
    assert {each.service for each in told} == {"7 Saulieu – Dijon"}
    assert len(told) == 4
    leg = session.scalars(select(LegRow).where(LegRow.registration == registration)).one()
    assert leg.stop == rider.stop
    assert registration in timesheet.registrations_of(session, YEAR, "7 Saulieu – Dijon")


def open_seats(world: World, drawn: plans.Opened) -> None:
    """No more seats are opened than are free; a service whose seats are gone is published no more."""
    service, free = next(iter(plans.free_seats(drawn.demand, drawn.plan).items()))
    half = next(name for name, each in drawn.plan.halves.items() if any(c.id == service for c in each.circuits))
    form = {"half": half, "service": service, "open": "1"}
    at = f"{BASE}/versions/{drawn.row.id}/ouvrir"
    refused = world.planner.post(at, data={**form, "seats": str(free + 1)}, follow_redirects=True)
    assert f"De 1 à {free} places" in refused.get_data(as_text=True)
    page = world.planner.post(at, data={**form, "seats": str(free)}, follow_redirects=True).get_data(as_text=True)
    assert "Ce service est ouvert à tous" in page
    with transaction(world.engine) as session:
        (held,) = plans_in_force(session, YEAR)
        assert held.open_services == {service}
        session.get_one(store.OpenServiceRow, (world.planted.plan, service)).seats = free + 1
        session.flush()
        (held,) = plans_in_force(session, YEAR)
        assert held.open_services == frozenset()

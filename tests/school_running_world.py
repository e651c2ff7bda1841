"""A small sector whose plan is in force: one school, eight pupils on one service each half-day, each with a family; an
operator who drives it, another who does not, a mairie, and an agent of each role."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from mobigo.app import create_app
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.config import Config
from mobigo.infra.db import open_engine, transaction
from mobigo.infra.roles import Grant, Role
from scolaire.model.day import DayPlan, Seat
from scolaire.model.demand import Demand
from scolaire.model.plan import Block, Board, Circuit, Leave, Plan
from scolaire.model.running import Run
from scolaire.rules.halves import problems_of
from scolaire.service import demands, plans
from scolaire.service.running import every_run
from scolaire.store import plans as store
from scolaire.store.schools import AreaRow, get_school
from scolaire.store.stops import get_stop
from tests.school_plans_world import APPROVER, PLANNER, YEAR, Planted, add_families, plant
from tests.school_plans_world import NOW as DRAWN
from tests.school_world import sector

TUESDAY = date(2026, 12, 1)
NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)  # ten o'clock in France
SMALL = sector(3, schools=1, stops=3, pupils=8, wheelchair_pct=0)
YOUNG = date(2021, 12, 2)  # is four on that Tuesday, and five the day after
OLDER = date(2014, 5, 1)


def in_force(session: Session, organisation: str | None = None) -> Planted:
    """The sector with its plan in force; the first pupil is four years old, the others twelve."""
    planted = plant(session, SMALL, organisation=organisation)
    add_families(session, SMALL, {SMALL.pupils[0].id: YOUNG})
    demand = demands.demand_of(session, store.get_plan(session, planted.plan), date(2026, 9, 1))
    version = plans.add_version(
        session, planted.plan, demand, drawn(demand), origin="computed", by=PLANNER, why="", now=DRAWN
    )  # fmt: skip
    plans.approve(session, version.id, by=APPROVER, now=DRAWN)
    plans.publish(session, version.id, by=APPROVER, now=DRAWN)
    session.flush()
    return planted


def drawn(demand: Demand, elsewhere: Mapping[str, str] | None = None) -> DayPlan:
    """One coach each half-day: every pupil at the first stop in reach (`elsewhere`: or at that one), every stop in
    order, then the school at the end of its window."""
    seats = {each.id: Seat((elsewhere or {}).get(each.id, each.reach[0][0])) for each in demand.pupils}
    halves = {}
    for name, problem in problems_of(demand, DayPlan(seats, {half.id: Plan((), ()) for half in demand.halves})).items():
        if not problem.needs:
            halves[name] = Plan((), ())
            continue
        school = problem.schools[0]
        visits: list[Board | Leave] = [Leave(school.id, school.last_ms)]
        at_ms, node = school.last_ms, school.node
        for need in reversed(problem.needs):
            at_ms -= int(problem.travel.ms[need.node, node]) + problem.handling.boarding(need.pupils)
            visits.insert(0, Board(need.id, need.pupils, at_ms))
            node = need.node
        block = Block(f"car-{name}", "car-63", demand.depots[0].id, (f"C-{name}",))
        halves[name] = Plan((Circuit(f"C-{name}", tuple(visits)),), (block,))
    return DayPlan(seats, halves)


def morning(session: Session) -> Run:
    """The service of the morning that takes most pupils."""
    runs = [each for each in every_run(session, YEAR) if each.half == "matin"]
    return max(runs, key=lambda each: (each.registered, each.service))


@dataclass
class RunningSite:
    """A site, and a browser for each of them."""

    engine: Engine
    config: Config
    clients: dict[str, FlaskClient]
    planted: Planted
    organisations: dict[str, str]
    run: Run

    def get(self, who: str, path: str, status: int = 200) -> str:
        answer = self.clients[who].get(path)
        assert answer.status_code == status, (path, answer.status_code)
        return answer.get_data(as_text=True)

    def post(self, who: str, path: str, status: int = 200, **form: object) -> str:
        answer = self.clients[who].post(path, data=form, follow_redirects=True)
        assert answer.status_code == status, (path, answer.status_code, answer.get_data(as_text=True)[:3000])
        return answer.get_data(as_text=True)


def people_and_plan(session: Session, at: datetime) -> tuple[Planted, dict[str, str], dict[str, str]]:
    """The sector in force, its organisations by name, and a session of each person that begins at this instant."""
    where = {
        name: grants.create_organisation(session, words, NOW).id
        for name, words in (
            ("coaches", "Cars d’essai"), ("others", "Cars d’ailleurs"), ("mairie", "Mairie d’ici"),
            ("far", "Mairie de loin"), ("college", "Collège d’essai"),
        )
    }  # fmt: skip
    planted = in_force(session, where["coaches"])
    get_school(session, SMALL.schools[0].id).organisation = where["college"]
    for stop in SMALL.stops:
        get_stop(session, stop.id).commune = "21349"
    session.add(AreaRow(organisation=where["mairie"], commune="21349", first_day=date(2020, 1, 1)))
    session.add(AreaRow(organisation=where["far"], commune="39300", first_day=date(2020, 1, 1)))
    people = {
        "manager": Grant(Role.SCHOOL_MANAGER), "planner": Grant(Role.SCHOOL_PLANNER),
        "counter": Grant(Role.COUNTER_AGENT), "operator": Grant(Role.OPERATOR, where["coaches"]),
        "stranger": Grant(Role.OPERATOR, where["others"]), "mairie": Grant(Role.AO2, where["mairie"]),
        "far": Grant(Role.AO2, where["far"]), "school": Grant(Role.SCHOOL, where["college"]),
        "family": Grant(Role.FAMILY),
    }  # fmt: skip
    tokens = {}
    for name, grant in people.items():
        subject = accounts.create(
            session, NOW, email=f"{name}@example.org", name=name, password_hash=None, language="fr"
        )  # fmt: skip
        grants.give(session, subject, grant, NOW, by=None)
        tokens[name] = sessions.open_session(session, subject, at, None, None)
    return planted, where, tokens


@contextmanager
def site_of(config: Config, sqlite_template: Path) -> Iterator[RunningSite]:
    """A new site on that Tuesday; the clock is the caller's to stop."""
    config = replace(config, environment="demo")
    config.home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(sqlite_template, config.home / "mobigo.sqlite")
    engine = open_engine(config.database_url)
    app = create_app(config)
    app.config["WTF_CSRF_ENABLED"] = False
    clients = {"nobody": app.test_client()}
    with transaction(engine) as session:
        planted, where, tokens = people_and_plan(session, NOW)
        for name, token in tokens.items():
            clients[name] = app.test_client()
            clients[name].set_cookie("mobigo", token)
        run = morning(session)
    yield RunningSite(engine, config, clients, planted, where, run)
    engine.dispose()

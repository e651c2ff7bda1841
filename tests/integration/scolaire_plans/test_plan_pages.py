"""The planner's desk as its people use it: open, search, look, change, lock, compare, approve, publish, take away."""

import csv
import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from mobigo.app import create_app
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.config import Config
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.jobs import State, run_inline
from mobigo.infra.roles import Grant, Role
from scolaire.engine.bells import with_hours
from scolaire.engine.day import DayAsk, Mode, plan_day
from scolaire.service import plans
from scolaire.service.optimising import limits_of
from scolaire.store import plans as store
from scolaire.store.schools import BellRow, get_school
from tests.school_plans_world import NOW, Planted, plant
from tests.school_world import sector

SMALL = sector(3, schools=2, stops=10, pupils=30)
BASE = "/scolaire/plans"
NETEX = "{http://www.netex.org.uk/netex}"


@dataclass
class Desk:
    """A site with a planned sector, and a browser for each role."""

    engine: Engine
    config: Config
    clients: dict[str, FlaskClient]
    planted: Planted

    def get(self, who: str, path: str, status: int = 200) -> str:
        answer = self.clients[who].get(path)
        assert answer.status_code == status, (path, answer.status_code)
        return answer.get_data(as_text=True)

    def post(self, who: str, path: str, **form: object) -> str:
        answer = self.clients[who].post(path, data=form, follow_redirects=True)
        assert answer.status_code == 200, (path, answer.status_code, answer.get_data(as_text=True)[:500])
        return answer.get_data(as_text=True)

    def versions(self) -> list[store.VersionRow]:
        with reading(self.engine) as session:
            return store.versions(session, self.planted.plan)

    def search(self, **form: object) -> store.VersionRow:
        page = self.post("planner", f"{BASE}/{self.planted.plan}/recherches", effort="quick", **form)
        job = page.split("/recherches/")[1][:26]
        assert run_inline(self.engine, self.config, job).state is State.DONE
        assert "Voir la version" in self.get("planner", f"{BASE}/recherches/{job}")
        return self.versions()[0]


@pytest.fixture
def desk(config: Config, sqlite_template: Path) -> Iterator[Desk]:
    config = replace(config, environment="demo")
    config.home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(sqlite_template, config.home / "mobigo.sqlite")
    engine = open_engine(config.database_url)
    app = create_app(config)
    app.config["WTF_CSRF_ENABLED"] = False
    clients = {"nobody": app.test_client()}
    with transaction(engine) as session:
        coaches = grants.create_organisation(session, "Cars d’essai", NOW).id
        other = grants.create_organisation(session, "Cars d’ailleurs", NOW).id
        people = {
            "planner": Grant(Role.SCHOOL_PLANNER), "manager": Grant(Role.SCHOOL_MANAGER),
            "operator": Grant(Role.OPERATOR, coaches), "stranger": Grant(Role.OPERATOR, other),
            "school": Grant(Role.SCHOOL, other),
        }  # fmt: skip
        subjects = {}
        for name, grant in people.items():
            subject = accounts.create(
                session, NOW, email=f"{name}@example.org", name=name, password_hash=None, language="fr"
            )
            grants.give(session, subject, grant, NOW, by=None)
            clients[name] = app.test_client()
            clients[name].set_cookie("mobigo", sessions.open_session(session, subject, datetime.now(UTC), None, None))
            subjects[name] = subject
        planted = plant(session, SMALL, by=subjects["planner"], organisation=coaches)
        get_school(session, SMALL.schools[0].id).organisation = other
    yield Desk(engine, config, clients, planted)
    engine.dispose()


def test_a_sector_is_planned_changed_by_hand_approved_and_put_in_force(desk: Desk) -> None:
    assert "Secteur d’essai" in desk.get("planner", f"{BASE}/")
    assert "Prix en vigueur" in desk.get("planner", f"{BASE}/lots") or "Aucun prix" in desk.get(
        "planner", f"{BASE}/lots"
    )
    first = desk.search(mode="fresh")
    here = f"{BASE}/versions/{first.id}"
    for half in ("matin", "mercredi", "soir", "soir-2"):
        page = desk.get("planner", f"{here}?demi={half}")
        assert "Le contrôle ne trouve aucune faute" in page
        assert "<rect" in page
        assert desk.clients["planner"].get(f"{here}/carte.geojson?demi={half}").get_json()["features"]
    with reading(desk.engine) as session:
        found = plans.open_version(session, first.id)
    evening = found.plan.halves["soir"]
    circuit = max(evening.circuits, key=lambda each: len(each.visits))
    service = f"{here}/services/soir/{circuit.id}"
    assert "Ce service est sans faute" in desk.get("planner", service)
    assert desk.clients["planner"].get(f"{service}/verification").get_json()["faults"] == []

    page = desk.post("planner", f"{here}/modifier/scinder", half="soir", service=circuit.id, after=1, why="essai")
    assert "C’est la version 2" in page
    page = desk.post(
        "planner", f"{here}/verrouiller", half="soir", service=circuit.id, kind="service", reason="le maire y tient"
    )
    assert "le maire y tient" in page
    split = desk.versions()[0]
    assert "1" in desk.get("planner", f"{BASE}/comparer?avant={first.id}&apres={split.id}")

    assert "On n’approuve pas" not in desk.post("manager", f"{here}/approuver")
    desk.post("manager", f"{here}/publier")
    with reading(desk.engine) as session:
        assert plans.open_version(session, first.id).state == plans.PUBLISHED
    bus = evening.blocks[0].id
    sheet = desk.clients["operator"].get(f"{BASE}/les-miens/{first.id}/soir/{bus}.pdf")
    assert sheet.data.startswith(b"%PDF")
    assert desk.clients["stranger"].get(f"{BASE}/les-miens/{first.id}/soir/{bus}.pdf").status_code == 404
    own = SMALL.schools[0].id
    assert desk.clients["school"].get(f"{BASE}/les-miens/{first.id}/{own}.csv").status_code == 200
    assert desk.clients["school"].get(f"{BASE}/les-miens/{first.id}/{SMALL.schools[1].id}.csv").status_code == 404
    assert "Services scolaires en vigueur" in desk.get("operator", f"{BASE}/les-miens")


def test_the_strip_shows_each_bus_with_its_services_one_after_the_other(desk: Desk) -> None:
    made = desk.search(mode="fresh")
    with reading(desk.engine) as session:
        plan = plans.open_version(session, made.id).plan
    for half, planned in plan.halves.items():
        page = desk.get("planner", f"{BASE}/versions/{made.id}?demi={half}")
        strip = page[page.index('<svg class="strip"') : page.index("</svg>", page.index('<svg class="strip"'))]
        drawn: dict[str, list[tuple[str, float, float]]] = {}
        for bus in strip.split('<text class="bus"')[1:]:
            bars = re.findall(r'<rect class="service" x="([\d.]+)" y="\d+" width="([\d.]+)".*?<title>([^,]+),', bus)
            drawn[bus.split(">")[1].split("<")[0]] = [(name, float(x), float(x) + float(w)) for x, w, name in bars]
        assert {bus: {name for name, *_ in bars} for bus, bars in drawn.items()} == {
            block.id: set(block.circuits) for block in planned.blocks
        }
        for bars in drawn.values():
            assert all(one[2] <= two[1] + 0.2 for one, two in pairwise(bars)), "rounded to a tenth of a thousandth"
            assert all(0 <= begins < ends <= 1_000.2 for _name, begins, ends in bars)


def test_who_draws_cannot_approve_and_who_may_not_plan_sees_nothing(desk: Desk) -> None:
    first = desk.search(mode="fresh")
    for who, status in (("planner", 403), ("operator", 403), ("nobody", 302)):
        answer = desk.clients[who].post(f"{BASE}/versions/{first.id}/approuver")
        assert answer.status_code in (status, 401), who
    for who in ("operator", "school"):
        assert desk.clients[who].get(f"{BASE}/versions/{first.id}").status_code == 403


def test_every_file_of_a_version_can_be_had_and_the_tables_come_back_the_same(desk: Desk) -> None:
    first = desk.search(mode="fresh")
    here = f"{BASE}/versions/{first.id}"
    tables = desk.clients["planner"].get(f"{here}/plan.csv.zip").data
    page = desk.clients["planner"].post(
        f"{here}/recevoir", data={"file": (io.BytesIO(tables), "plan.zip"), "why": "relu"}, follow_redirects=True
    )
    assert page.status_code == 200
    assert desk.versions()[0].plan_digest == first.plan_digest
    broken = desk.clients["planner"].post(
        f"{here}/recevoir", data={"file": (io.BytesIO(b"no zip"), "plan.zip")}, follow_redirects=True
    )
    assert "n’est pas une archive" in broken.get_data(as_text=True)
    for kind, route_type in (("ferme", "712"), ("ouvert", "713")):
        with zipfile.ZipFile(io.BytesIO(desk.clients["planner"].get(f"{here}/gtfs-{kind}.zip").data)) as feed:
            routes = list(csv.DictReader(io.StringIO(feed.read("routes.txt").decode())))
            assert {row["route_type"] for row in routes} <= {route_type}
            assert bool(routes) is (kind == "ferme")
    netex_is_for_authorised_persons_alone(desk.clients["planner"].get(f"{here}/netex-ferme.zip").data)
    with reading(desk.engine) as session:
        found = plans.open_version(session, first.id)
    bus = found.plan.halves["matin"].blocks[0].id
    assert desk.clients["planner"].get(f"{here}/fiches/matin/{bus}.pdf").data.startswith(b"%PDF")
    lines = desk.clients["planner"].get(f"{here}/listes/{SMALL.schools[0].id}.csv").data.decode("utf-8-sig")
    assert lines.splitlines()[0] == "demi-journée;service;arrêt;heure;nom;prénom;dossier"
    assert desk.get("planner", f"{here}/fiches/matin/nulle.pdf", 404)


def netex_is_for_authorised_persons_alone(content: bytes) -> None:
    """Every stop says whom it is for, and every line that it is a school bus."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        roots = {name: ElementTree.fromstring(archive.read(name)) for name in archive.namelist()}
    stops = [each for each in roots["stop.xml"].iter() if each.tag in (NETEX + "StopPlace", NETEX + "Quay")]
    assert stops
    assert {each.findtext(NETEX + "PublicUse") for each in stops} == {"authorisedPublicOnly"}
    lines = [line for name, root in roots.items() if name.startswith("line_") for line in root.iter(NETEX + "Line")]
    assert lines
    assert {line.findtext(f"{NETEX}TransportSubmode/{NETEX}BusSubmode") for line in lines} == {"schoolBus"}


def test_hours_move_on_request_and_the_plan_waits_for_the_schools(desk: Desk) -> None:
    """A search may move hours; what it moved is said on every page, and published once the schools have these hours."""
    plan = f"{BASE}/{desk.planted.plan}"
    assert "On déplace de 1 à 2 établissements" in desk.post(
        "planner", f"{plan}/recherches", mode="fresh", effort="quick", bell_schools="3", bell_minutes="10"
    )
    assert "On déplace de 1 à 2 établissements" in desk.post(
        "planner", f"{plan}/recherches", mode="fresh", effort="quick", bell_schools="1", bell_minutes="7"
    )
    first = desk.search(mode="fresh", bell_schools="2", bell_minutes="5")
    assert first.faults == 0
    school = SMALL.schools[0]
    with transaction(desk.engine) as session:
        found = plans.open_version(session, first.id)
        moved = with_hours(found.demand, {school.id: 10})
        drawn = plan_day(moved, DayAsk(Mode.WARM, found.plan, found.demand), limits_of("quick"), 1)
        late = plans.add_version(
            session, desk.planted.plan, moved, drawn, origin="computed", by="planner", why="", now=NOW, parent=first.id
        ).id
    page = desk.get("planner", f"{BASE}/versions/{late}")
    assert "Ce plan déplace les heures de 1 établissement" in page
    assert "10 minutes plus tard" in page
    assert "10 minutes plus tard" in desk.get("planner", f"{BASE}/comparer?avant={first.id}&apres={late}")
    desk.post("manager", f"{BASE}/versions/{late}/approuver")
    assert "qui ne les ont pas encore" in desk.post("manager", f"{BASE}/versions/{late}/publier")
    with transaction(desk.engine) as session:
        assert plans.open_version(session, late).state == plans.APPROVED
        for bell in session.scalars(select(BellRow).where(BellRow.uai == school.id)):
            bell.at_s += 600
    desk.post("manager", f"{BASE}/versions/{late}/publier")
    with reading(desk.engine) as session:
        assert plans.open_version(session, late).state == plans.PUBLISHED


def test_several_plans_are_offered_and_schools_may_share_a_bus(desk: Desk) -> None:
    """Each offer is a version without fault; the page tells what each puts first and what shorter rides cost."""
    desk.search(mode="fresh", variants="yes", mixed="yes")
    with reading(desk.engine) as session:
        made = store.versions(session, desk.planted.plan)
        (candidate,) = session.scalars(select(store.CandidateRow))
        assert all(plans.open_version(session, each.id).demand.mixed for each in made)
    assert all(each.faults == 0 for each in made)
    offers, curve = candidate.state["offers"], candidate.state["curve"]
    assert {each["version"] for each in offers} <= {each.id for each in made}
    assert [share for share, _ in curve] == [100, 85, 70]
    page = desk.get("planner", f"{BASE}/recherches/{candidate.job}")
    assert "Plans qu’aucun autre ne dépasse en tout" in page
    assert "Ce que coûte un trajet plus court" in page
    assert all(f"/versions/{each['version']}" in page for each in offers)

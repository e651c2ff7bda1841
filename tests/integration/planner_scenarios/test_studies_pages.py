"""A planner's day: a scenario drawn by forms, compared by a job, read, taken away; matrices; and who may not."""

import csv
import html
import io
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mobigo.app.factory import create_app
from mobigo.base.errors import InvalidInput
from mobigo.infra import accounts, grants, jobs, sessions
from mobigo.infra.blobs import BlobRow
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import reading, transaction
from mobigo.infra.jobs.inline import run_inline
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import Services
from mobigo.network import service
from mobigo.network.model.timetable import Strings
from mobigo.network.service.scenarios import both_networks
from mobigo.network.store import scenarios
from mobigo.planner.rules.compared import COMPARISON
from mobigo.planner.web.matrices import MATRIX
from tests.builders import feed, trip, write_zip
from tests.integration.planner_web.conftest import COMMUNES, OUTLINES, STOPS

SATURDAY, TUESDAY = "2025-03-22", "2025-03-18"
WORK = [f"2025-03-{day}" for day in (17, 18, 19, 20, 21)]
TRIPS = [
    trip("t1", "SAU 07:00 SEM 07:30 MON 07:55", route="LR119", service="work"),
    trip("t2", "SAU 08:30 SEM 09:00 MON 09:25", route="LR119", service="work"),
    trip("u1", "MON 08:05 CHA 08:45", route="LR125", service="every"),
]
FILES = feed(TRIPS, stops=STOPS, services={"work": WORK, "every": [*WORK, SATURDAY]})
OPPORTUNITIES = """kind,name,lat,lon,count
lycee,Lycée,47.490,4.330,1
jobs,Emplois,47.624,4.337,900
castle,Château,47.0,4.0,1
care,Nulle part,x,4.0,1
"""
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Agent:
    """Somebody signed in, who fills forms in."""

    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, headers={"Accept": "text/html", "Accept-Language": "fr"})

    def text(self, path: str) -> str:
        return html.unescape(self.get(path).text).replace("\u202f", " ").replace("\xa0", " ")

    def post(self, path: str, page: str = "/etudes", **fields: object) -> TestResponse:
        found = TOKEN.search(self.get(page).text)
        sent = {"csrf_token": found.group(1) if found else "", **fields}
        return self.client.post(path, data=sent, headers={"Accept": "text/html", "Accept-Language": "fr"})


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[APIFlask]:
    home = tmp_path_factory.mktemp("studies") / "home"
    (home / "territory").mkdir(parents=True)
    for name, text in (
        ("communes.csv", COMMUNES),
        ("outlines.geojson", OUTLINES),
        ("opportunities.csv", OPPORTUNITIES),
    ):
        (home / "territory" / name).write_text(text, "utf-8")
    shutil.copyfile(sqlite_template, home.parent / "test.sqlite")
    url = f"sqlite:///{home.parent / 'test.sqlite'}"
    config = load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo", "MOBIGO_DATABASE_URL": url})
    app = create_app(config)
    tools: Services = app.extensions["mobigo"]
    service.import_feed(tools, write_zip(FILES, home.parent / "cars.zip"), now=now())
    service.build_network(tools)
    yield app
    tools.engine.dispose()


@pytest.fixture(scope="module")
def enter(site: APIFlask) -> Callable[..., Agent]:
    def entering(*roles: Role) -> Agent:
        with transaction(site.extensions["mobigo"].engine) as session:
            subject = accounts.new_subject()
            session.add(accounts.Account(subject=subject, created_at=now()))
            session.flush()
            session.add(accounts.Person(subject=subject, name="Élodie", language="fr", last_used_at=now()))
            session.flush()
            for role in roles:
                grants.give(session, subject, Grant(role), now(), None)
            token = sessions.open_session(session, subject, now(), None, None)
        client = site.test_client()
        client.set_cookie("mobigo", token)
        return Agent(client)

    return entering


@pytest.fixture(scope="module")
def planner(enter: Callable[..., Agent]) -> Agent:
    return enter(Role.NETWORK_PLANNER)


def create(planner: Agent, name: str = "Ligne 119 le samedi") -> str:
    made = planner.post("/etudes", name=name, note="Demande de la mairie")
    assert made.status_code == 303
    return made.headers["Location"]


SATURDAYS = {"quoi": "also_runs", "trip": "", "weekday": "5", "like": "4"}
ASKED = {"date": SATURDAY, "since": "06:50", "until": "07:10", "place": "Saulieu", "minutes": "120"}


def run(site: APIFlask, name: str) -> jobs.Job:
    """Run the newest waiting job of that name."""
    tools: Services = site.extensions["mobigo"]
    with reading(tools.engine) as session:
        waiting = jobs.list_jobs(session, jobs.JobFilter(name=name, states=[jobs.State.QUEUED]))
    return run_inline(tools.engine, tools.config, waiting[0].id)


def compared(site: APIFlask, planner: Agent, page: str, **asked: str) -> str:
    """The page of a comparison that is done."""
    sent = planner.post(f"{page}/comparer", page, **{**ASKED, **asked})
    assert sent.status_code == 303, sent.text
    done = run(site, COMPARISON)
    assert done.state is jobs.State.DONE, done.outcome
    return sent.headers["Location"]


def test_a_coach_on_saturdays_is_drawn_compared_and_taken_away(site: APIFlask, planner: Agent) -> None:
    page = create(planner)
    chosen = planner.post(f"{page}/ligne", page, line="LR119")
    assert (chosen.status_code, chosen.headers["Location"]) == (303, f"{page}/lignes/cars:LR119")
    line = chosen.headers["Location"]
    assert "Comme le" in planner.text(line)
    assert planner.post(line, line, **SATURDAYS).status_code == 303
    assert "la ligne LR119 circule aussi : samedi, comme le vendredi de la même semaine" in planner.text(page)
    found = compared(site, planner, page)
    text = planner.text(found)
    # leaving at 6:50, one is at Semur at 7:30: its lycée is 40 minutes away; Montbard's jobs more than an hour
    assert "1 commune (2 400 habitants) gagne un accès à un lycée en 1 h : samedi 22 mars 2025." in text
    assert "Gains et pertes" in text
    rows = list(csv.reader(io.StringIO(planner.get(f"{found}/communes.csv").text.lstrip("\ufeff")), delimiter=";"))
    heads, saulieu = rows[0], next(row for row in rows if row[0] == "21584")
    told = dict(zip(heads, saulieu, strict=True))
    assert (told["lycées 60 min aujourd’hui"], told["lycées 60 min scénario"]) == ("0", "1")
    assert (told["lycées 30 min scénario"], told["emplois 60 min scénario"]) == ("0", "0")
    # one line of two coaches more that day: two runs, 55 minutes each
    assert re.search(r"courses, ce jour</th><td[^>]*>1</td><td[^>]*>3</td><td[^>]*>2</td>", text)
    assert re.search(r"heures de conduite, ce jour</th><td[^>]*>0,7</td><td[^>]*>2,5</td><td[^>]*>1,8</td>", text)
    assert "Gagné : " in text


def test_a_trip_added_and_numbers_that_are_none(site: APIFlask, planner: Agent) -> None:
    page = create(planner, "Un car de plus")
    line = f"{page}/lignes/cars:LR125"
    assert planner.post(line, line, quoi="trip_added", trip="u1", shift="-60").status_code == 303
    assert planner.post(line, line, quoi="trip_added", trip="u1", shift="0").status_code == 422
    assert planner.post(line, line, quoi="trip_added", trip="u1", shift="x").status_code == 422
    assert "une course de plus, 1 h avant la course u1" in planner.text(page)
    found = compared(
        site, planner, page, date=TUESDAY, since="07:00", until="07:00", place="Montbard, gare", minutes="60"
    )
    assert "Rien ne change pour les communes" in planner.text(found)  # no commune lies at Montbard


def test_without_a_change_nothing_changes(site: APIFlask, planner: Agent) -> None:
    text = planner.text(compared(site, planner, create(planner, "Rien")))
    assert "Rien ne change pour les communes" in text
    assert "Gagné : 0 km². Perdu : 0 km²." in text


def test_a_change_taken_back_stays_in_the_list_and_counts_no_more(site: APIFlask, planner: Agent) -> None:
    page = create(planner)
    line = f"{page}/lignes/cars:LR119"
    planner.post(line, line, **SATURDAYS)
    undo = re.search(r'action="([^"]+/retirer)"', planner.get(page).text)
    assert undo is not None
    assert planner.post(undo.group(1), page).status_code == 303
    assert "<s>la ligne LR119 circule aussi" in planner.text(page)
    assert "Rien ne change" in planner.text(compared(site, planner, page))
    assert planner.post(f"{page}/etat", page, closed="1").status_code == 303
    assert planner.post(line, line, **SATURDAYS).status_code == 422
    assert "Ce scénario est rangé" in planner.text(page)


def test_a_scenario_is_the_edited_feed_imported(
    site: APIFlask, planner: Agent, sqlite_template: Path, tmp_path: Path
) -> None:
    """The same edits, written by hand into a GTFS: dropped as a scenario, and imported into a home of its own."""
    page = create(planner, "Par retouches")
    line = f"{page}/lignes/cars:LR119"
    planner.post(line, line, **SATURDAYS)
    by_hand = feed(TRIPS, stops=STOPS, services={"work": [*WORK, SATURDAY], "every": [*WORK, SATURDAY]})
    archive = write_zip(by_hand, tmp_path / "cars.zip")
    other = create(planner, "Par fichier")
    sent = planner.post(f"{other}/gtfs", other, feed="cars", archive=(io.BytesIO(archive.read_bytes()), "cars.zip"))
    assert sent.status_code == 303
    files = [planner.get(f"{compared(site, planner, each)}/communes.csv").data for each in (page, other)]
    assert files[0] == files[1]
    home = tmp_path / "home"
    shutil.copytree(site.extensions["mobigo"].config.home / "territory", home / "territory")
    shutil.copyfile(sqlite_template, tmp_path / "own.sqlite")
    own = Services(
        load_config({"MOBIGO_HOME": str(home), "MOBIGO_DATABASE_URL": f"sqlite:///{tmp_path / 'own.sqlite'}"})
    )
    service.import_feed(own, archive, now=now())
    service.build_network(own)
    imported = both_networks(own, [], now()).before.timetable
    with reading(site.extensions["mobigo"].engine) as session:
        held = scenarios.get(session, other.rsplit("/", 1)[1])
    edits = [(each.number, each.edit) for each in held.in_force]
    dropped = both_networks(site.extensions["mobigo"], edits, now()).after.timetable
    for (name, column), (_same, mine) in zip(imported.arrays(), dropped.arrays(), strict=True):
        if not name.startswith("stop_place"):  # places are numbered by each home
            assert octets(column) == octets(mine), name
    own.engine.dispose()


def octets(column: Any) -> tuple[bytes, ...]:
    """A column of a timetable, as bytes."""
    parts = (column.data, column.starts) if isinstance(column, Strings) else (column,)
    return tuple(np.ascontiguousarray(each).tobytes() for each in parts)


def test_what_cannot_be_done_is_said_with_its_number(site: APIFlask, planner: Agent) -> None:
    page = create(planner)
    line = f"{page}/lignes/cars:LR119"
    assert planner.post(line, line, **{**SATURDAYS, "like": ""}).status_code == 422
    assert planner.post(line, line, quoi="also_runs", trip="", like="4").status_code == 422
    assert planner.post(line, line, quoi="nothing").status_code == 422
    assert (
        planner.post(line, line, quoi="stop_added", stop="Nulle-Part", after="SAU", ride="5", delay="0").status_code
        == 422
    )
    assert planner.post(line, line, quoi="also_runs", trip="", weekday="5", like="6").status_code == 303  # no Sunday
    planner.post(f"{page}/comparer", page, **ASKED)
    failed = run(site, COMPARISON)
    assert failed.state is jobs.State.FAILED
    assert failed.outcome is not None
    assert (failed.outcome.code, failed.outcome.params["number"]) == ("scenario.adds_no_day", 1)
    assert "Retouche 1 : elle n’ajoute aucun jour" in planner.text(f"/etudes/comparaisons/{failed.id}")


@pytest.mark.parametrize(
    "wrong",
    [{"date": "hier"}, {"since": "25:00"}, {"until": "06:00"}, {"until": "23:00"}, {"place": "Nulle-Part-les-Oies"}],
    ids=["day", "hour", "order", "long", "place"],
)
def test_a_comparison_that_cannot_be_asked_is_refused(planner: Agent, wrong: dict[str, str]) -> None:
    page = create(planner)
    answer = planner.post(f"{page}/comparer", page, **{**ASKED, **wrong})
    assert answer.status_code == 422
    assert "field-error" in answer.text


def test_a_broken_archive_fails_with_its_reason(site: APIFlask, planner: Agent) -> None:
    page = create(planner)
    assert planner.post(f"{page}/gtfs", page).status_code == 422
    planner.post(f"{page}/gtfs", page, archive=(io.BytesIO(b"no zip"), "x.zip"))
    planner.post(f"{page}/comparer", page, **ASKED)
    failed = run(site, COMPARISON)
    assert failed.state is jobs.State.FAILED
    assert failed.outcome is not None
    assert failed.outcome.code != "jobs.defect"


MATRIX_ASKED = {"origins": "communes", "origins_department": "21", "destinations": "line", "destinations_line": "LR119",
                "date": TUESDAY, "since": "06:50", "until": "07:10", "step": "10"}  # fmt: skip


def test_a_matrix_is_asked_made_downloaded_and_then_forgotten(
    site: APIFlask, planner: Agent, enter: Callable[..., Agent]
) -> None:
    assert planner.post("/etudes/matrices", "/etudes/matrices", **MATRIX_ASKED).status_code == 303
    assert "Arrêter" in planner.text("/etudes/matrices")
    done = run(site, MATRIX)
    assert done.state is jobs.State.DONE
    path = f"/etudes/matrices/{done.id}.csv"
    assert path in planner.get("/etudes/matrices").text
    rows = list(csv.DictReader(io.StringIO(planner.get(path).data.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 3 * 3
    there = next(row for row in rows if (row["from_id"], row["to_id"]) == ("21584", "cars:MON"))
    # leaving 6:50 one is at Montbard at 7:55; at 7:00 the walk of two minutes is too long for 7:00, the next is 9:25
    assert (there["best_min"], there["median_min"]) == ("65", "135")
    assert enter(Role.NETWORK_PLANNER).get(path).status_code == 404
    with transaction(site.extensions["mobigo"].engine) as session:
        session.query(BlobRow).filter(BlobRow.owner == f"matrix:{done.id}").delete()
    (site.extensions["mobigo"].blobs.path(str(done.outcome.params["sha256"]) if done.outcome else "")).unlink()
    assert planner.get(path).status_code == 404
    assert "plus gardé" in planner.text("/etudes/matrices")


def test_a_matrix_that_waits_is_stopped(site: APIFlask, planner: Agent) -> None:
    planner.post("/etudes/matrices", "/etudes/matrices", **MATRIX_ASKED)
    stop = re.search(r'action="(/etudes/travaux/[^"]+/arreter)"', planner.get("/etudes/matrices").text)
    assert stop is not None
    assert planner.post(stop.group(1), "/etudes/matrices").status_code == 303
    with reading(site.extensions["mobigo"].engine) as session:
        assert jobs.list_jobs(session, jobs.JobFilter(name=MATRIX))[0].state is jobs.State.CANCELLED


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"origins": "points"}, "Choisissez un fichier CSV de points"),
        ({"origins": "points", "origins_file": b"lat,lon\n99,4\n"}, "n’est pas une position en degrés"),
        ({"origins": "elsewhere", "destinations_line": "zzz"}, "Écrivez le numéro d’une ligne"),
        ({"origins_department": "99"}, "Il n’y a aucun départ"),
        ({"until": "06:00"}, "La dernière heure est avant la première"),
        ({"since": "00:00", "until": "23:00", "step": "5"}, "départs à essayer"),
        ({"date": "demain"}, "Choisissez un jour"),
    ],
)
def test_a_matrix_that_cannot_be_made_is_refused_at_once(planner: Agent, fields: dict[str, object], said: str) -> None:
    sent = {name: (io.BytesIO(value), "p.csv") if isinstance(value, bytes) else value for name, value in fields.items()}
    answer = planner.post("/etudes/matrices", "/etudes/matrices", **{**MATRIX_ASKED, **sent})
    assert answer.status_code == 422
    assert said in html.unescape(answer.text)


def test_only_who_studies_the_network_may(enter: Callable[..., Agent]) -> None:
    for role in (Role.TRAVELLER, Role.SCHOOL_PLANNER, Role.PUBLISHER):
        other = enter(role)
        assert other.get("/etudes").status_code == 403
        assert other.get("/etudes/matrices").status_code == 403
    assert enter(Role.ADMINISTRATOR).get("/etudes").status_code == 200


def test_what_is_not_there_is_not_found(planner: Agent) -> None:
    for path in ("/etudes/scenarios/none", "/etudes/comparaisons/none", "/etudes/matrices/none.csv",
                 f"{create(planner)}/lignes/cars:none"):  # fmt: skip
        assert planner.get(path).status_code == 404
    assert planner.post("/etudes", name=" ").status_code == 422


def test_sixty_four_write_at_once_and_each_edit_has_its_number(site: APIFlask, planner: Agent) -> None:
    from mobigo.network.model.scenarios import Withdrawn

    engine = site.extensions["mobigo"].engine
    scenario = create(planner).rsplit("/", 1)[1]
    numbers: list[int] = []

    def write() -> None:
        with transaction(engine) as session:
            numbers.append(scenarios.write(session, scenario, Withdrawn("cars", trip="t1"), by="x", now=now()).number)

    threads = [threading.Thread(target=write) for _ in range(64)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(numbers) == list(range(1, 65))


def test_the_command_line_makes_the_same_file(site: APIFlask, planner: Agent, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from mobigo.app.cli import mobigo

    planner.post("/etudes/matrices", "/etudes/matrices", **MATRIX_ASKED)
    done = run(site, MATRIX)
    config = site.extensions["mobigo"].config
    env = {"MOBIGO_HOME": str(config.home), "MOBIGO_ENV": "demo", "MOBIGO_DATABASE_URL": config.database_url}
    hours = ["--day", TUESDAY, "--since", "06:50", "--until", "07:10"]
    out = tmp_path / "m.csv"
    told = CliRunner().invoke(
        mobigo, ["matrix", "--from", "communes:21", "--to", "line:LR119", *hours, "--out", str(out), "--json"], env=env
    )
    assert told.exit_code == 0, told.output
    assert out.read_bytes() == planner.get(f"/etudes/matrices/{done.id}.csv").data
    for wrong in (["--from", "/nowhere.csv"], ["--from", "line:zzz"], ["--from", "communes", "--since", "x"]):
        refused = CliRunner().invoke(mobigo, ["matrix", "--to", "communes:21", *hours, *wrong], env=env)
        assert isinstance(refused.exception, InvalidInput), refused.output

"""The feeds' pages: an archive received becomes a job, its report is read line by line, every act is in the log."""

import io
import zipfile
from typing import Any

import pytest
from sqlalchemy import select

from mobigo.infra.db import reading
from mobigo.infra.jobs import JobFilter, list_jobs, run_inline
from mobigo.infra.roles import Role
from mobigo.network.store import feeds
from mobigo.network.store.feeds import FeedVersionRow

TABLES = {
    "agency": "agency_id,agency_name,agency_url,agency_timezone\nA,Cars,https://cars.example.org,Europe/Paris\n",
    "stops": "stop_id,stop_name,stop_lat,stop_lon\nA,Basse,47.50,5.80\nB,Haute,47.52,5.83\n",
    "routes": "route_id,agency_id,route_short_name,route_long_name,route_type,route_color\nN,A,N9,Nuit,3,ROUGE\n",
    "calendar": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "S,1,1,1,1,1,1,1,20260101,20301231\n"
    ),
    "trips": "route_id,service_id,trip_id\nN,S,T1\n",
    "stop_times": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nT1,8:00:00,8:00:00,A,1\nT1,8:09:00,8:09:00,B,2\n"
    ),
}


def archive() -> tuple[io.BytesIO, str]:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as opened:
        for name, text in TABLES.items():
            opened.writestr(f"{name}.txt", text)
    content.seek(0)
    return content, "Mes cars.zip"


@pytest.fixture
def administrator(world: Any) -> Any:
    world.person("agnes@example.org", Role.ADMINISTRATOR)
    browser = world.browser()
    browser.sign_in("agnes@example.org")
    return browser


def jobs(world: Any, name: str) -> list[Any]:
    with reading(world.engine) as session:
        return [job for job in list_jobs(session, JobFilter()) if job.name == name]


def test_a_traveller_does_not_enter(world: Any):
    world.person("violette@example.org", Role.TRAVELLER)
    browser = world.browser()
    browser.sign_in("violette@example.org")
    assert browser.get("/reseaux").status_code == 403


def test_without_a_file_nothing_is_kept_and_it_is_said(administrator: Any, world: Any):
    assert administrator.post("/reseaux", name="cars").status_code == 422
    assert jobs(world, "network.import") == []


def test_an_archive_received_is_imported_by_a_job_and_read_line_by_line(administrator: Any, world: Any):
    assert administrator.post("/reseaux", archive=archive()).status_code == 303
    [job] = jobs(world, "network.import")
    assert job.params["feed"] == "mes-cars"
    run_inline(world.engine, world.app.extensions["mobigo"].config, job.id)
    with reading(world.engine) as session:
        version = session.scalars(select(FeedVersionRow)).one()
    page = administrator.get("/reseaux")
    assert "mes-cars" in page.text
    report = administrator.get(f"/reseaux/mes-cars/versions/{version.id}")
    assert "ROUGE" in report.text
    assert "routes.txt" in report.text
    document = administrator.get(f"/reseaux/mes-cars/versions/{version.id}/rapport.json").json
    assert document["feed"] == "mes-cars"
    assert "feed.received" in [act for act, _, _ in world.acts()]


def test_a_feed_is_taken_out_and_put_back(administrator: Any, world: Any):
    administrator.post("/reseaux", archive=archive(), name="cars")
    run_inline(world.engine, world.app.extensions["mobigo"].config, jobs(world, "network.import")[0].id)
    for active, act in (("0", "feed.taken_out"), ("1", "feed.put_back")):
        assert administrator.post("/reseaux/cars/etat", page="/reseaux", active=active).status_code == 303
        with reading(world.engine) as session:
            assert feeds.get_feed(session, "cars").active is (active == "1")
        assert world.acts()[-1][0] == act


def test_compiling_is_asked_of_a_job(administrator: Any, world: Any):
    administrator.post("/reseaux", archive=archive(), name="cars")
    run_inline(world.engine, world.app.extensions["mobigo"].config, jobs(world, "network.import")[0].id)
    before = len(jobs(world, "network.build"))
    assert administrator.post("/reseaux/compiler", page="/reseaux").status_code == 303
    assert len(jobs(world, "network.build")) == before + 1


@pytest.mark.parametrize("path", ["/reseaux/cars/versions/x", "/reseaux/cars/versions/x/rapport.json"])
def test_a_version_that_is_not_there_is_not_found(administrator: Any, path: str):
    assert administrator.get(path).status_code == 404

"""Each alert speaks of a figure that the site gives, and each has its page in the guide of who is on call."""

import math
import re
from datetime import timedelta
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text

from mobigo.app.figures import LAST_BACKUP
from mobigo.infra import clock
from mobigo.infra.jobs.tables import JobRow
from mobigo.infra.web import services

ROOT = Path(__file__).parents[3]
RULES = (ROOT / "docs" / "alerts.yml").read_text(encoding="utf-8")
ALERTS = re.findall(r"^ +- alert: (\w+)$", RULES, re.MULTILINE)
OF_PROMETHEUS = {"up"}


def figures(client: FlaskClient) -> str:
    return str(client.get("/metrics").text)


def value(page: str, name: str) -> float:
    return float(re.search(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)[1])  # type: ignore[index]


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    guide = (ROOT / "docs" / "guides" / "astreinte.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\w+)$", guide, re.MULTILINE) == ALERTS
    assert len(ALERTS) == len(set(ALERTS)) > 10


def test_every_alert_speaks_of_figures_that_are_given(client: FlaskClient) -> None:
    client.get("/")
    told = set(re.findall(r"^# TYPE (\w+) ", figures(client), re.MULTILINE))
    for line in re.findall(r"expr: (.+)$", RULES, re.MULTILINE):
        for name in re.findall(r"\b(?:mobigo|process|up)\w*", line.replace('job="mobigo"', "")):
            assert name in OF_PROMETHEUS or name.removesuffix("_bucket") in told, line


def test_a_database_that_is_away_is_said_and_the_others_are_silent(app: APIFlask, client: FlaskClient) -> None:
    assert value(figures(client), "mobigo_database_up") == 1
    with app.app_context(), services().engine.begin() as connection:
        connection.execute(text("ALTER TABLE job RENAME TO another"))
    page = figures(client)
    assert value(page, "mobigo_database_up") == 0
    assert "mobigo_jobs" not in page
    assert value(page, "mobigo_disk_free_bytes") > 0


def test_jobs_that_wait_and_fail_are_counted(app: APIFlask, client: FlaskClient) -> None:
    now = clock.now()
    with app.app_context(), services().engine.begin() as connection:
        for number, (state, hours) in enumerate([("queued", 2), ("queued", -2), ("failed", 23), ("failed", 25)]):
            at = now - timedelta(hours=hours)
            connection.execute(JobRow.__table__.insert().values(
                id=f"job-{number}", name="privacy.erase", params={}, state=state, tries=0, tries_max=1, backoff_s=1.0,
                generation=0, due_at=at, progress_done=0, progress_text="", created_at=at,
                ended_at=at if state == "failed" else None,
            ))  # fmt: skip
    page = figures(client)
    assert 7_199 < value(page, "mobigo_job_oldest_due_seconds") < 7_800
    assert value(page, "mobigo_jobs_failed_day") == 1
    assert value(page, 'mobigo_jobs{state="queued"}') == 2


@pytest.mark.parametrize("made", [False, True])
def test_the_age_of_the_last_backup(made: bool, app: APIFlask, client: FlaskClient) -> None:
    with app.app_context():
        if made:
            (services().config.home / LAST_BACKUP).touch()
    age_s = value(figures(client), "mobigo_backup_age_seconds")
    assert (age_s == math.inf) is not made
    assert not made or -5 < age_s < 600

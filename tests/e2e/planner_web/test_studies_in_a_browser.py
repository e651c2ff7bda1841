"""A planner draws a scenario, compares it and reads what changes, by forms alone. Every page is for everybody."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mobigo.app import jobs_registry, schema
from mobigo.infra import accounts, grants, jobs, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import reading, transaction
from mobigo.infra.jobs.inline import run_inline
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import Services
from mobigo.network import service
from mobigo.planner.rules.compared import COMPARISON
from tests.browser import everywhere, nothing_amiss, visitor
from tests.builders import write_zip
from tests.integration.planner_scenarios.test_studies_pages import FILES, OPPORTUNITIES, SATURDAY
from tests.integration.planner_web.conftest import COMMUNES, OUTLINES
from tests.live import site


@pytest.fixture
def made(tmp_path: Path, browser: Browser) -> Iterator[tuple[Page, Services]]:
    home = tmp_path / "home"
    services = Services(load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}))
    schema.migrate(services.engine)
    jobs_registry.install()
    (home / "territory").mkdir(parents=True)
    for name, text in (
        ("communes.csv", COMMUNES),
        ("outlines.geojson", OUTLINES),
        ("opportunities.csv", OPPORTUNITIES),
    ):
        (home / "territory" / name).write_text(text, "utf-8")
    with transaction(services.engine) as session:
        subject = accounts.create(
            session, now(), email="etudes@example.org", name="Élodie", password_hash=None, language="fr"
        )
        grants.give(session, subject, Grant(Role.NETWORK_PLANNER), now(), by=None)
        token = sessions.open_session(session, subject, now(), None, None)
    service.import_feed(services, write_zip(FILES, tmp_path / "cars.zip"))
    service.build_network(services)
    with site(home) as answering, ExitStack() as stack:
        visiting = stack.enter_context(visitor(browser, answering.url))
        visiting.context.add_cookies([{"name": "mobigo", "value": token, "url": answering.url}])
        yield visiting.open("/etudes"), services
        nothing_amiss([visiting], stack.close)
    services.engine.dispose()
    shutil.rmtree(home, ignore_errors=True)


def test_a_scenario_is_drawn_compared_and_read(made: tuple[Page, Services]) -> None:
    page, services = made
    page.get_by_label("La question posée").fill("Ligne 119 le samedi")
    page.get_by_role("button", name="Créer le scénario").click()
    page.get_by_role("textbox", name="Ligne").fill("LR119")
    page.get_by_role("button", name="Choisir ce qui change").click()
    for name in ("Ajouter une course", "Desservir un arrêt de plus", "Circuler d’autres jours"):
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=2, name=name)).to_be_visible()
    assert everywhere(page) == []
    page.get_by_label("samedi").check()
    page.get_by_role("button", name="Écrire cette retouche").click()
    expect(page.get_by_text("circule aussi")).to_be_visible()
    page.locator("#f-date").fill(SATURDAY)
    page.get_by_label("Départs à partir de").fill("06:50")
    page.get_by_label("Jusqu’à").fill("07:10")
    page.get_by_label("Carte dessinée depuis").fill("Saulieu")
    assert everywhere(page) == []
    page.get_by_role("button", name="Comparer").click()
    expect(page.get_by_text("Comparaison en cours")).to_be_visible()
    assert everywhere(page) == []
    with reading(services.engine) as session:
        [waiting] = jobs.list_jobs(session, jobs.JobFilter(name=COMPARISON))
    run_inline(services.engine, services.config, waiting.id)
    page.reload()
    expect(page.get_by_text("gagne un accès à un lycée")).to_be_visible()
    assert everywhere(page) == []

"""A territory set up in a real browser, on a phone: a file tried, its faults read, another put in use."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from mobigo.app import jobs_registry, schema
from mobigo.infra import accounts, grants, passwords
from mobigo.infra import jobs as desk
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.jobs import JobFilter, State, run_inline
from mobigo.infra.roles import Grant, Role
from tests.browser import PHONE_SMALL, everywhere, visitor
from tests.live import Site, site

EMAIL, PASSWORD = "administration@exemple.fr", "cheval batterie agrafe"
BAN = (
    "id;numero;rep;nom_voie;code_postal;code_insee;nom_commune;lon;lat\n"
    "21231_1;1;;Rue de la Liberté;21000;21231;Dijon;5.04;47.32\n"
)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with an administrator and nothing else."""
    home = tmp_path_factory.mktemp("territory") / "home"
    home.mkdir()
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    with transaction(engine) as session:
        subject = accounts.create(session, now(), email=EMAIL, password_hash=passwords.hashed(PASSWORD))
        grants.give(session, subject, Grant(Role.ADMINISTRATOR), now(), by=None)
    engine.dispose()
    with site(home) as answering:
        yield answering


def work(home: Path) -> None:
    """Do the job that waits, as a worker would."""
    jobs_registry.install()
    config = load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"})
    engine = open_engine(config.database_url)
    with reading(engine) as session:
        (job,) = desk.list_jobs(session, JobFilter(states=[State.QUEUED]))
    assert run_inline(engine, config, job.id).state is State.DONE
    engine.dispose()


def test_a_file_is_tried_then_put_in_use(browser: Browser, bare: Site, tmp_path: Path) -> None:
    found: list[str] = []
    (wrong := tmp_path / "adresses-21.csv").write_text(BAN.replace("5.04", "ailleurs"), encoding="utf-8")
    (right := tmp_path / "adresses-25.csv").write_text(BAN, encoding="utf-8")
    with visitor(browser, bare.url, width=PHONE_SMALL) as visiting:
        page = visiting.open("/connexion")
        page.get_by_label("Adresse").fill(EMAIL)
        page.locator("input[type=password]").fill(PASSWORD)
        page.locator("form.panel button").first.click()
        page.goto(f"{bare.url}/admin/territoire")

        def judge(name: str) -> None:
            found.extend(f"{name}: {each}" for each in everywhere(page, dark=False))
            page.set_viewport_size({"width": PHONE_SMALL, "height": 740})

        for file in (wrong, right):
            page.goto(f"{bare.url}/admin/territoire")
            page.get_by_role("link", name="Adresses", exact=True).click()
            if file is wrong:
                page.get_by_role("button", name="Regarder sans rien changer").click()
                page.get_by_text("Choisissez un fichier").first.wait_for()
                judge("nothing sent")
            page.get_by_label("Fichiers").set_input_files(file)
            page.get_by_role("button", name="Regarder sans rien changer").click()
            page.get_by_text("Lecture en cours").wait_for()
            if file is right:
                judge("reading")
            work(bare.home)
            page.reload()
            judge(file.stem)
        page.get_by_role("button", name="Mettre en service").click()
        page.get_by_text("Mise en service en cours").wait_for()
        work(bare.home)
        page.reload()
        page.get_by_text("C’est en service.").wait_for()
        judge("in use")
        page.goto(f"{bare.url}/admin/territoire")
        judge("list after")
        assert (visiting.outside, visiting.complaints) == ([], [])
    assert found == []

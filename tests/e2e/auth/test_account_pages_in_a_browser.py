"""The pages of accounts and of the administrator, in a real browser: for everybody, with and without scripts."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from mobigo.app import schema
from mobigo.app.oidc_test_provider import running
from mobigo.infra import account_links, accounts, apikeys, audit, grants, passwords
from mobigo.infra.account_links import Purpose
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, transaction
from mobigo.infra.jobs.tables import JobRow
from mobigo.infra.roles import Grant, Identity, Role
from tests.browser import (
    DESKTOP,
    TEXT_PAGE_LIMIT_BYTES,
    Visitor,
    everywhere,
    own_faults,
    tab_through,
    visitor,
    weight_bytes,
)
from tests.live import Site, free_port, site

EMAIL, PASSWORD = "administration@exemple.fr", "cheval batterie agrafe"
OUTSIDE = ["/connexion", "/inscription", "/mot-de-passe-oublie", "/lettre-envoyee", "/deconnexion/faite"]
INSIDE = [
    "/compte",
    "/compte/cles",
    "/compte/effacer",
    "/admin/",
    "/admin/comptes",
    "/admin/comptes?q=personne-de-ce-nom",
    "/admin/organisations",
    "/admin/travaux",
    "/admin/travaux?state=cancelled",
    "/admin/journal",
    "/admin/journal?action=nothing",
]


@pytest.fixture(scope="module")
def people_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with an administrator, a few people, an organisation, keys, jobs in every state, and a provider."""
    home = tmp_path_factory.mktemp("people") / "home"
    home.mkdir()
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    instant = now()
    with transaction(engine) as session:
        cars = grants.create_organisation(session, "Cars du Morvan", instant, "732829320").id
        subject = accounts.create(
            session, instant, email=EMAIL, name="Agnès Administratrice", password_hash=passwords.hashed(PASSWORD)
        )
        grants.give(session, subject, Grant(Role.ADMINISTRATOR), instant, by=None)
        for number in range(12):
            other = accounts.create(session, instant, email=f"personne-{number}@exemple.fr", name=f"Personne {number}")
            grants.give(session, other, Grant(Role.OPERATOR, cars), instant, by=None)
            audit.record(session, "account.created", actor=subject, object_kind="account", object_id=other, now=instant)
        owner = Identity(subject, (Grant(Role.ADMINISTRATOR),))
        apikeys.make(session, owner, "Tableau de bord", ["system.read", "jobs.read"], 90, instant)
        for number, state in enumerate(("queued", "running", "cancelling", "done", "failed", "cancelled") * 2):
            half = {"progress_done": 30, "progress_total": 120, "progress_text": "étape 3"} if number == 1 else {}
            session.add(
                JobRow(
                    **{
                        "id": f"{number:026}", "name": "test.names_are_long_sometimes", "params": {}, "state": state,
                        "tries": 1, "tries_max": 3, "backoff_s": 1.0, "generation": 1, "due_at": instant,
                        "progress_done": 0, "progress_total": None, "progress_text": "", "created_at": instant, **half,
                    }
                )
            )  # fmt: skip
        session.execute(text("SELECT 1"))
    engine.dispose()
    with (
        running(load_config({"MOBIGO_BASE_URL": f"http://127.0.0.1:{free_port()}"})) as provider,
        site(home, {"MOBIGO_OIDC": provider.setting()}) as answering,
    ):
        yield answering


def entered(visiting: Visitor) -> Page:
    page = visiting.open("/connexion")
    page.get_by_label("E-mail address" if page.locator("html").get_attribute("lang") == "en" else "Adresse").fill(EMAIL)
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("form.panel button").first.click()
    return page


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("language", ["fr-FR", "en-GB"])
def test_a_page_before_signing_in_is_for_everybody(
    browser: Browser, people_site: Site, path: str, language: str
) -> None:
    with visitor(browser, people_site.url, language=language) as visiting:
        assert everywhere(visiting.open(path)) == []
        assert (visiting.outside, visiting.complaints) == ([], [])


@pytest.mark.parametrize("language", ["fr-FR", "en-GB"])
def test_every_page_of_an_administrator_is_for_everybody_and_light(
    browser: Browser, people_site: Site, language: str
) -> None:
    found: list[str] = []
    with visitor(browser, people_site.url, language=language) as visiting:
        page = entered(visiting)
        somebody = page.request.get(f"{people_site.url}/admin/comptes?q=personne-3", headers={"Accept": "text/html"})
        detail = re.search(r"/admin/comptes/[0-9A-Z]{26}", somebody.text())
        assert detail is not None
        for path in [*INSIDE, detail[0]]:
            page.goto(people_site.url + path)
            assert page.locator("h1").count() == 1, path
            found += [f"{path}: {fault}" for fault in everywhere(page)]
            assert weight_bytes(page) <= TEXT_PAGE_LIMIT_BYTES
        assert (visiting.outside, visiting.complaints) == ([], [])
    assert found == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_the_pages_that_a_letter_leads_to_are_for_everybody(browser: Browser, people_site: Site, scripts: bool) -> None:
    judge = everywhere if scripts else own_faults
    engine = open_engine(f"sqlite:///{people_site.home / 'mobigo.sqlite'}")
    with transaction(engine) as session:
        subject, email = accounts.find_by_email(session, EMAIL), "autre@exemple.fr"
        asked = ((Purpose.REGISTER, None, email), (Purpose.RESET, subject, None), (Purpose.EMAIL, subject, email))
        joining, forgotten, moved = (
            account_links.make_link(session, purpose, now(), subject=whose, email=address)
            for purpose, whose, address in asked
        )
    engine.dispose()
    with visitor(browser, people_site.url, scripts=scripts) as visiting:
        page = visiting.open(f"/inscription/{joining}")
        assert page.get_by_role("textbox").count() > 0  # the form, not the sentence of a link that is over
        assert judge(page) == []
        page.goto(f"{people_site.url}/mot-de-passe/{forgotten}")
        assert page.locator("input[type=password]").count() > 0
        assert judge(page) == []
        page = entered(visiting)
        page.goto(f"{people_site.url}/compte/adresse/{moved}")
        assert email in page.locator("main").inner_text()
        assert judge(page) == []
        assert (visiting.outside, visiting.complaints) == ([], [])


@pytest.mark.parametrize("form", ["/connexion", "/inscription"])
def test_a_refused_form_says_why_and_is_for_everybody(browser: Browser, people_site: Site, form: str) -> None:
    with visitor(browser, people_site.url) as visiting:
        page = visiting.open(form)
        page.locator("form.panel").first.evaluate("form => form.noValidate = true")
        page.locator("input[type=email]").fill("pas une adresse")
        page.locator("form.panel button").first.click()
        expect(page.get_by_role("alert")).to_be_visible()
        assert everywhere(page) == []


def test_one_signs_in_reads_and_signs_out_without_scripts(browser: Browser, people_site: Site) -> None:
    with visitor(browser, people_site.url, scripts=False) as visiting:
        page = entered(visiting)
        assert page.get_by_role("heading", level=1).inner_text().startswith("Mon compte")
        page.goto(people_site.url + "/admin/travaux?state=running")
        assert page.get_by_role("button", name="Annuler").count() == 2
        page.goto(people_site.url + "/compte")
        page.get_by_role("button", name="Se déconnecter").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Vous êtes déconnecté")


def test_one_signs_in_with_the_keyboard_alone(browser: Browser, people_site: Site) -> None:
    with visitor(browser, people_site.url, width=DESKTOP) as visiting:
        page = visiting.open("/connexion")
        page.locator("#contenu").focus()
        assert tab_through(page, 1)[0].startswith("Adresse électronique")
        page.keyboard.type(EMAIL)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/compte")
        assert len(tab_through(page, 20)) == 20


def test_a_key_is_made_and_shown_once(browser: Browser, people_site: Site) -> None:
    with visitor(browser, people_site.url) as visiting:
        page = entered(visiting)
        page.goto(people_site.url + "/compte/cles")
        page.get_by_label("Nom de la clé").fill("Essai du navigateur")
        page.get_by_label("voir les travaux").check()
        page.get_by_role("button", name="Faire la clé").click()
        shown = page.locator("code.key").inner_text()
        assert re.fullmatch(r"mbg_\w{8}_[\w-]{43}", shown)
        assert everywhere(page) == []
        page.goto(people_site.url + "/compte/cles")
        assert shown not in page.content()
        assert "Essai du navigateur" in page.content()

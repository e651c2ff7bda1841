"""A round in a browser: opened without scripts, money taken without a network, sent twice, counted and handed over."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from billettique.service import rounds
from billettique.store import cash as cash_store
from billettique.store import rounds as store
from mobigo.app import schema
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import Services
from tests.browser import PHONE, everywhere, faults, visitor
from tests.live import Site, site

WAIT_MS = 30_000


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Services, dict[str, str]]]:
    home = tmp_path_factory.mktemp("round") / "home"
    services = Services(load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}))
    schema.migrate(services.engine)
    tokens, instant = {}, now()
    people = {"inspector": (Role.INSPECTOR, Role.MANDATAIRE), "only": (Role.INSPECTOR,), "regisseur": (Role.REGISSEUR,)}
    with transaction(services.engine) as session:
        for name, roles in people.items():
            subject = accounts.create(session, instant, email=f"{name}@example.org", name=name, password_hash=None)
            for role in roles:
                grants.give(session, subject, Grant(role), instant, by=None)
            tokens[name] = sessions.open_session(session, subject, instant, None, None)
    with site(home) as answering:
        yield answering, services, tokens
    services.engine.dispose()


def ready(page: Page) -> None:
    expect(page.locator("#control")).to_have_attribute("data-ready", "yes", timeout=WAIT_MS)


def constat(page: Page, means: str) -> None:
    """Draws up a constat paid on the spot: fifty euros and a journey at 1,50 €."""
    page.evaluate("() => document.getElementById('to-constat').click()")
    page.get_by_label("Prix du trajet").fill("1,50")
    page.locator("#f-paid").select_option(means)
    page.get_by_role("button", name="Enregistrer le constat").click()


def test_a_round_from_its_opening_to_the_regisseur(
    browser: Browser, office: tuple[Site, Services, dict[str, str]], tmp_path: Path
) -> None:
    where, services, tokens = office

    def cookie(name: str) -> dict[str, str]:
        return {"name": "mobigo", "value": tokens[name], "url": where.url}

    with visitor(browser, where.url, width=PHONE) as alone:
        alone.context.add_cookies([cookie("only")])  # type: ignore[list-item]
        page = alone.open("/controle/tournee")
        expect(page.locator("main")).to_contain_text("mandataire d’aucune régie")
        page.goto(where.url + "/controle")
        ready(page)
        page.evaluate("() => document.getElementById('to-constat').click()")
        assert page.locator("#f-paid option:not([disabled])").count() == 1  # not now
    with visitor(browser, where.url, width=PHONE, scripts=False) as opening:
        opening.context.add_cookies([cookie("inspector")])  # type: ignore[list-item]
        page = opening.open("/controle/tournee")
        page.get_by_label("Monnaie emportée").fill("10")
        page.get_by_role("button", name="Ouvrir ma tournée").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("T1")
        page.screenshot(path=tmp_path / "opened.png", full_page=True)
    with visitor(browser, where.url, width=PHONE) as inspector:
        inspector.context.set_default_timeout(WAIT_MS)
        inspector.context.add_cookies([cookie("inspector")])  # type: ignore[list-item]
        page = inspector.open("/controle")
        ready(page)
        page.evaluate("() => navigator.serviceWorker.ready.then(() => 1)")
        page.get_by_role("button", name="Commencer le contrôle").click()
        inspector.context.set_offline(True)
        for number in range(1, 10):
            constat(page, "cash")
            expect(page.locator("#receipt-number")).to_have_text(f"T1-{number}")
        assert faults(page) == []
        constat(page, "cash")  # a tenth would pass 500 €
        expect(page.locator("#constat-error")).to_contain_text("le maximum d’espèces")
        constat(page, "terminal")
        expect(page.locator("#receipt-number")).to_have_text("T1-10")
        page.get_by_role("button", name="Remis : titre suivant").click()
        expect(page.locator("#round-state")).to_contain_text("dernière quittance n° 10")
        inspector.context.set_offline(False)
        page.get_by_role("button", name="Finir le service").click()
        expect(page.locator("#state")).to_contain_text("Envoyé", timeout=WAIT_MS)
        page.screenshot(path=tmp_path / "sent.png", full_page=True)
        page.goto(where.url + "/controle/tournee")
        assert everywhere(page) == []
        page.get_by_label("Numéro de la dernière quittance").fill("10")
        page.locator("#p-5000").fill("9")
        page.locator("#p-1000").fill("2")
        page.locator("#p-200").fill("1")
        page.locator("#p-100").fill("1")
        page.locator("#p-50").fill("1")
        page.get_by_role("button", name="Clore la tournée").click()
        expect(page.locator("main")).to_contain_text("à remettre au régisseur")
        page.get_by_role("link", name="T1").click()
        expect(page.locator("main")).to_contain_text("Le compte est juste")
        assert everywhere(page) == []
        page.screenshot(path=tmp_path / "counted.png", full_page=True)
    with visitor(browser, where.url) as regisseur:
        regisseur.context.add_cookies([cookie("regisseur")])  # type: ignore[list-item]
        page = regisseur.open("/guichet/regie")
        assert everywhere(page) == []
        page.screenshot(path=tmp_path / "regie.png", full_page=True)
        page.get_by_role("button", name="J’ai reçu cette recette").click()
        expect(page.locator("body")).to_contain_text("est reçue")
        assert regisseur.outside == []
    with reading(services.engine) as session:
        row = cash_store.find_regie(session, "controle")
        assert row is not None
        assert (row.cash_cents, row.terminal_cents) == (9 * 5_150, 5_150)
        (till,) = cash_store.sessions_of(session, "controle")
        assert [each.number for each in store.of_till(session, till.id)] == list(range(1, 11))
        assert [rounds.flags_of(each) for each in store.of_till(session, till.id)] == [[]] * 10

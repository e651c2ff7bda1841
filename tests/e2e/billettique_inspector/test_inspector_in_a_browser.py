"""A shift, from its first minute to its last: lists taken, tickets read by the camera without a network, a constat, all
of it sent at the end; the cases that follow, for the person and for agents; the figures for those who decide."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from billettique.model.cases import CaseState
from billettique.model.ticket import Answer
from billettique.model.use import DeviceKind, Place, Record
from billettique.rules.tickets import mark_of_reference
from billettique.service import sync
from billettique.store import inspections as case_store
from billettique.store import usage, validations
from billettique.store.tickets import current_code, get
from mobigo.app import schema
from mobigo.base.instants import paris_day
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import Services
from tests.browser import PHONE, WAIT_MS, everywhere, faults, own_faults, tab_through, visitor
from tests.fake_camera import browser_that_sees, film
from tests.holder_world import SINGLE, sold
from tests.live import Site, site


@dataclass
class World:
    """A site with an inspector, an agent and somebody who decides, and one single ticket sold."""

    site: Site
    services: Services
    tokens: dict[Role, str]

    def cookie(self, role: Role) -> Any:
        return {"name": "mobigo", "value": self.tokens[role], "url": self.site.url}

    def ticket(self, item: str) -> tuple[str, bytes]:
        """A ticket sold just now: its reference and its code."""
        entitlement = sold(self.services, SINGLE, item=item, now=now())
        with reading(self.services.engine) as session:
            code = current_code(session, entitlement)
            assert code is not None
            return get(session, entitlement).reference, code.octets


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("control") / "home"
    services = Services(load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}))
    schema.migrate(services.engine)
    tokens, instant = {}, now()
    with transaction(services.engine) as session:
        for role in (Role.INSPECTOR, Role.COUNTER_AGENT, Role.FINANCE_AGENT):
            subject = accounts.create(session, instant, email=f"{role}@example.org", name=str(role), password_hash=None)
            grants.give(session, subject, Grant(role), instant, by=None)
            tokens[role] = sessions.open_session(session, subject, instant, None, None)
    with site(home) as answering:
        yield World(answering, services, tokens)
    services.engine.dispose()


def ready(page: Page) -> None:
    expect(page.locator("#control")).to_have_attribute("data-ready", "yes", timeout=WAIT_MS)


def new_context(browser: Browser, world: World, role: Role) -> BrowserContext:
    context = browser.new_context(viewport={"width": PHONE, "height": 740}, locale="fr-FR", reduced_motion="reduce")
    context.set_default_timeout(WAIT_MS)
    context.add_cookies([world.cookie(role)])
    return context


def test_a_shift_without_a_network_from_the_first_ticket_to_the_sending(
    browser: Browser, chromium: str, world: World, tmp_path: Path
) -> None:
    _reference, code = world.ticket("journey")
    seen = film(tmp_path / "film.y4m", [None, code])
    with browser_that_sees(browser.browser_type, chromium, seen) as camera:
        context = new_context(camera, world, Role.INSPECTOR)
        complaints: list[str] = []
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(world.site.url + "/controle")
        ready(page)
        page.evaluate("() => navigator.serviceWorker.ready.then(() => 1)")
        page.get_by_role("button", name="Commencer le contrôle").click()
        expect(page.locator("#scan")).to_be_visible()

        context.set_offline(True)
        page.reload()
        ready(page)
        expect(page.locator("#state")).to_contain_text("Pas de réseau")
        page.get_by_role("button", name="Ouvrir la caméra").click()
        verdict = page.locator("#verdict")
        expect(verdict).to_have_attribute("data-answer", "OK", timeout=WAIT_MS)
        expect(verdict).to_contain_text("Valable")
        expect(verdict).to_contain_text("Billet de car à l’unité")
        assert faults(page) == []
        page.get_by_role("button", name="Titre suivant").click()
        expect(verdict).to_have_attribute("data-answer", "USED", timeout=WAIT_MS)  # the same one again
        page.get_by_role("button", name="Dresser un constat").click()
        assert own_faults(page) == []
        page.get_by_role("button", name="Enregistrer le constat").click()
        expect(page.locator("#constat-error")).to_contain_text("Il manque")
        for name, value in (("Nom", "Martin"), ("Prénom", "Camille"), ("Adresse", "1 rue de la Gare")):
            page.get_by_label(name, exact=True).fill(value)
        page.get_by_label("Prix du trajet").fill("1,50")
        expect(page.locator("#amount")).to_contain_text("89,50")
        page.get_by_role("button", name="Enregistrer le constat").click()
        expect(page.locator("#receipt-secret")).not_to_be_empty()  # written once the constat is kept
        reference = page.locator("#receipt-reference").inner_text().replace(" ", "")
        secret = page.locator("#receipt-secret").inner_text()
        assert faults(page) == []
        page.get_by_role("button", name="Remis : titre suivant").click()
        expect(page.locator("#waiting")).to_contain_text("constats 1")

        context.set_offline(False)
        page.get_by_role("button", name="Finir le service").click()
        expect(page.locator("#state")).to_contain_text("Envoyé", timeout=WAIT_MS)
        expect(page.locator("#waiting")).to_contain_text("Tout est envoyé")
        context.close()
    assert complaints == []
    with reading(world.services.engine) as session:
        row = case_store.by_reference(session, reference)
        assert row is not None
        assert (row.owed_cents, row.state) == (8950, "open")
        assert validations.held(session)["billettique_used"] == 1
    with visitor(browser, world.site.url, width=PHONE) as person:
        page = person.open("/constat")
        page.get_by_label("Référence du constat").fill(reference.lower())
        page.get_by_label("Code secret").fill(secret)
        page.get_by_role("button", name="Ouvrir mon dossier").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(reference)
        assert faults(page) == []


def test_the_page_is_whole_for_keyboards_small_screens_and_readers(browser: Browser, world: World) -> None:
    with visitor(browser, world.site.url, width=PHONE) as inspector:
        inspector.context.add_cookies([world.cookie(Role.INSPECTOR)])
        page = inspector.open("/controle")
        ready(page)
        assert everywhere(page) == []
        page.set_viewport_size({"width": PHONE, "height": 740})
        page.locator("#f-shift-line").focus()
        assert tab_through(page, 3)[-1] == "Commencer le contrôle"
        page.keyboard.press("Enter")
        expect(page.locator("#scan")).to_be_visible()
        assert faults(page) == []
        page.get_by_role("button", name="Ouvrir la caméra").click()
        expect(page.locator("#state")).to_contain_text("caméra", timeout=WAIT_MS)  # there is none: said in words
        assert inspector.complaints == []


def test_a_code_is_typed_in_with_scripts_and_without(browser: Browser, world: World) -> None:
    reference, code = world.ticket("typed")
    for scripts in (True, False):
        with visitor(browser, world.site.url, width=PHONE, scripts=scripts) as inspector:
            inspector.context.add_cookies([world.cookie(Role.INSPECTOR)])
            page = inspector.open("/controle")
            if scripts:
                ready(page)
            for typed in (reference, code.hex()):
                if scripts:
                    page.evaluate("() => { document.getElementById('typing').hidden = false; }")
                page.get_by_label("Référence du titre").fill(typed)
                page.get_by_role("button", name="Vérifier").click()
                expect(page.locator("#verdict")).to_contain_text("Valable", timeout=WAIT_MS)
                if scripts:
                    break  # the first one is used up on this telephone by the second
            if not scripts:
                page.get_by_label("Référence du titre").fill("nothing at all")
                page.get_by_role("button", name="Vérifier").click()
                expect(page.locator("#f-typed-error")).to_be_visible()
                assert own_faults(page) == []


def test_a_contest_goes_from_the_person_to_an_agent_and_back(browser: Browser, world: World) -> None:
    from billettique.model.cases import Constat, Person
    from billettique.rules.cases import digest
    from billettique.service import cases
    from mobigo.base.money import Money

    secret = "ABCDEFGHJKLM"
    constat = Constat("c" * 32, "CNTSTAAA", digest(secret), now(), "no_ticket", "", "", Money(150), None,
                      Person("Durand", "Dominique", address="2 rue Haute"), "", True)  # fmt: skip
    with transaction(world.services.engine) as session:
        cases.draw_up(session, world.services.config, constat, by="somebody", device="i-device", now=now())
    own = f"/constat/CNTSTAAA/{secret}"
    with visitor(browser, world.site.url, width=PHONE, scripts=False) as person:
        page = person.open(own)
        expect(page.locator("main")).to_contain_text("89,50")
        page.get_by_label("Pourquoi n’êtes-vous pas d’accord").fill("Mon abonnement était dans ma poche.")
        page.get_by_role("button", name="Envoyer ma contestation").click()
        expect(page.locator("main")).to_contain_text("Réponse au plus tard")
        assert own_faults(page) == []
    with visitor(browser, world.site.url) as agent:
        agent.context.add_cookies([world.cookie(Role.COUNTER_AGENT)])
        page = agent.open("/controle/dossiers")
        assert everywhere(page) == []
        page.get_by_role("link", name="CNTSTAAA").click()
        expect(page.locator("main")).to_contain_text("Dominique Durand")
        assert everywhere(page) == []
        page.get_by_label("Réponse à la personne").fill("Abonnement retrouvé : classé.")
        page.get_by_role("button", name="Répondre").click()  # nothing is decided for the agent
        expect(page.locator("main")).to_contain_text("Choisissez")
        page.get_by_label("Classer sans suite : rien n’est dû").check()
        page.get_by_label("Réponse à la personne").fill("Abonnement retrouvé : classé.")
        page.get_by_role("button", name="Répondre").click()
        expect(page.locator("main")).to_contain_text("Classé sans suite")
    with visitor(browser, world.site.url, width=PHONE) as person:
        page = person.open(own)
        expect(page.locator("main")).to_contain_text("Abonnement retrouvé")
        assert everywhere(page) == []
    with reading(world.services.engine) as session:
        row = case_store.by_reference(session, "CNTSTAAA")
        assert row is not None
        assert CaseState(row.state) is CaseState.WITHDRAWN


def test_those_who_decide_read_the_month(browser: Browser, world: World) -> None:
    instant = now()
    device = sync.Device("validator-1", DeviceKind.ONBOARD, None, None)
    records = [
        Record(f"nonce-{at:04}", instant - timedelta(minutes=at), Answer.OK, mark_of_reference("x", str(at)),
               "car-unite", False, None, Place("demo:L1", "Semur", "T1"))
        for at in range(40)
    ]  # fmt: skip
    with transaction(world.services.engine) as session:
        sync.receive(session, device, records, instant)
        day = sync.service_day(instant)
        assert sum(usage.uses_by(session, day - timedelta(days=1), day, "line").values()) == 40
    with visitor(browser, world.site.url) as decider:
        decider.context.add_cookies([world.cookie(Role.FINANCE_AGENT)])
        page = decider.open(f"/titres/chiffres?mois={paris_day(instant):%Y-%m}&ligne=demo:L1")
        expect(page.locator("main")).to_contain_text("validations")
        assert everywhere(page) == []
        assert page.locator("figure img").evaluate_all("all => all.every((each) => each.alt)")


def test_a_telephone_whose_clock_is_wrong_refuses_nobody(browser: Browser, world: World) -> None:
    _reference, code = world.ticket("clock")
    with visitor(browser, world.site.url, width=PHONE) as inspector:
        inspector.context.add_cookies([world.cookie(Role.INSPECTOR)])
        inspector.context.clock.install(time=now() - timedelta(hours=3))
        page = inspector.open("/controle")
        ready(page)
        page.get_by_label("Référence du titre").fill(code.hex())
        page.get_by_role("button", name="Vérifier").click()
        expect(page.locator("#verdict")).to_have_attribute("data-answer", "OK", timeout=WAIT_MS)

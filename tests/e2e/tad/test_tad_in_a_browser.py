"""On-demand transport in a browser: booked by keyboard without scripts on a telephone, by an agent for somebody who
calls, seen on the desk of the day, driven with and without a network. Every page is for everybody."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from mobigo.app import schema
from mobigo.base.instants import paris_day
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.db import open_engine, transaction
from mobigo.infra.roles import Grant, Role
from mobigo.tad.service import services as catalogue
from tests.browser import PHONE, Visitor, everywhere, nothing_amiss, offline, own_faults, reach, visitor
from tests.live import Site, site
from tests.tad_world import document

DAY = paris_day(now()) + timedelta(days=7)
ALWAYS = [{"since": "08:00", "until": "18:00"}]
CARS = [
    {"id": f"bus-{n}", "name": f"Minibus {n}", "seats": 4, "wheelchairs": 1, "lat": 47.0, "lon": 4.0} for n in (1, 2)
]


@dataclass
class World:
    """A site with one service, and whoever looks at it."""

    site: Site
    token: str
    browser: Browser
    _stack: ExitStack = field(default_factory=ExitStack)
    visitors: list[Visitor] = field(default_factory=list)

    def open(self, path: str, *, agent: bool = False, **options: Any) -> Page:
        visiting = self._stack.enter_context(visitor(self.browser, self.site.url, **options))
        self.visitors.append(visiting)
        if agent:
            visiting.context.add_cookies([{"name": "mobigo", "value": self.token, "url": self.site.url}])
        return visiting.open(path)


@pytest.fixture(scope="module")
def the_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, str]]:
    home = tmp_path_factory.mktemp("tad") / "home"
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    with transaction(engine) as session:
        catalogue.publish(
            session, document(windows=ALWAYS, vehicles=CARS), organisation=None, by=None, now=now()
        )  # fmt: skip
        subject = accounts.create(
            session, now(), email="agent@example.org", name="Agent", password_hash=None, language="fr"
        )
        grants.give(session, subject, Grant(Role.COUNTER_AGENT), now(), by=None)
        token = sessions.open_session(session, subject, now(), None, None)
    engine.dispose()
    with site(home) as answering:
        yield answering, token


@pytest.fixture
def world(the_site: tuple[Site, str], browser: Browser) -> Iterator[World]:
    made = World(*the_site, browser)
    yield made
    nothing_amiss(made.visitors, made._stack.close)


def test_a_traveller_books_by_keyboard_without_scripts(world: World) -> None:
    page = world.open("/tad/essai", width=PHONE, scripts=False)
    assert own_faults(page) == []
    reach(page, "from")
    page.keyboard.type("Aub")
    reach(page, "to")
    page.keyboard.type("Chi")
    page.locator("[name=day]").fill(DAY.isoformat())  # a date is typed in the order of the browser's language
    page.locator("[name=time]").fill("09:00")
    reach(page, "Voir les départs")
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 départs possibles")).to_be_visible()
    expect(page.get_by_text("à réserver avant le").first).to_be_visible()
    assert own_faults(page) == []
    reach(page, "name")
    page.keyboard.type("Camille")
    reach(page, "phone")
    page.keyboard.type("06 39 98 00 01")
    reach(page, "Garder ces places")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("confirmez")
    reach(page, "Confirmer la réservation")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("C’est réservé")
    assert own_faults(page) == []
    again = world.open(page.url.removeprefix(world.site.url), width=PHONE)
    assert everywhere(again) == []
    again.get_by_text("Annuler", exact=True).click()
    again.get_by_role("button", name="Annuler cette réservation").click()
    expect(again.get_by_role("heading", level=1)).to_contain_text("Réservation annulée")


def test_an_agent_books_for_whoever_calls_and_the_driver_works_without_a_network(world: World) -> None:
    day = DAY.isoformat()
    page = world.open(f"/tad/agents/essai/telephone?from=b&to=d&day={day}&time=10:00&n0=1", agent=True)
    page.locator("[name=name]").fill("Dominique")
    page.locator("[name=phone]").fill("0639980002")
    page.get_by_role("button", name="Réserver et confirmer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("C’est réservé")
    desk = world.open(f"/tad/agents/essai/{day}", agent=True)
    expect(desk.get_by_text("Dominique").first).to_be_visible()
    assert everywhere(desk, dark=False) == []
    desk.get_by_label("Véhicule").select_option("bus-2")
    desk.get_by_role("button", name="Déplacer").click()
    expect(desk.get_by_text("toutes les promesses sont tenues").first).to_be_visible()
    path = f"/tad/tournees/essai/{day}/bus-2"
    driver = world.open(path, agent=True, width=PHONE)
    expect(driver.get_by_role("heading", name="Prochain arrêt")).to_be_visible()
    assert own_faults(driver) == []
    driver.evaluate("navigator.serviceWorker.ready.then(() => true)")
    driver.reload()  # now through the worker, which keeps the page
    offline(driver)
    driver.reload()
    expect(driver.get_by_role("heading", name="Prochain arrêt")).to_be_visible()
    driver.get_by_role("button", name="Absent").click()  # long before the hour that was promised
    expect(driver.locator("#reseau")).to_contain_text("À envoyer")
    driver.context.set_offline(False)  # the page hears it by itself, sends what it kept and opens again
    refused = driver.get_by_role("alert").filter(has_text="puis refusé")
    expect(refused.get_by_role("listitem")).to_contain_text(re.compile("Absent.*Dominique"))
    expect(driver.get_by_role("button", name="À bord")).to_be_enabled()
    assert own_faults(driver) == []
    refused.get_by_role("button", name="J’ai lu").click()
    expect(refused).to_be_hidden()
    offline(driver)
    driver.get_by_role("button", name="À bord").click()
    expect(driver.locator("#reseau")).to_contain_text("À envoyer")
    driver.reload()  # the page kept is the old one: what waits is not noted again on it, nor its contrary
    expect(driver.get_by_role("button", name="Absent")).to_be_disabled()
    expect(driver.get_by_role("button", name="Déposé")).to_be_visible()  # the stops further on too, meanwhile
    portal = re.compile("/monte$")  # somebody's network that answers a page of its own first: nothing is lost
    driver.route(portal, lambda route: route.fulfill(status=200, content_type="text/html", body="<p>Welcome</p>"))
    driver.context.set_offline(False)
    driver.wait_for_timeout(1_000)
    expect(driver.locator("#reseau")).to_contain_text("À envoyer")
    driver.unroute_all()
    driver.reload()
    expect(driver.get_by_role("button", name="Déposé")).to_be_visible()

"""A driver chooses a run on a telephone, notes its stops, also without a network, and ends it; bicycles and car parks
in words. Every page is for everybody."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy.orm import Session

from mobigo.app import schema
from mobigo.base.instants import paris_day
from mobigo.base.servicetime import format_service_time, service_day_start
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import transaction
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import Services
from mobigo.network import service
from mobigo.network.service import parks
from tests.browser import PHONE, Visitor, everywhere, nothing_amiss, offline, own_faults, visitor
from tests.builders import feed, trip, write_zip
from tests.live import Site, site
from tests.planner_adaptor import ZONE

PARKS = """id,nom,type_usagers,gratuit,nb_places,nb_pr,nb_pmr,Xlong,Ylat
p,Parc relais de la gare,tous,true,80,80,3,4.3301,47.4901
"""


@dataclass
class World:
    """A site with one line that leaves in half an hour, a car park, two drivers, and who looks at it."""

    site: Site
    token: str
    relief: str
    browser: Browser
    _stack: ExitStack = field(default_factory=ExitStack)
    visitors: list[Visitor] = field(default_factory=list)

    def open(self, path: str, *, agent: bool = False, **options: Any) -> Page:
        visiting = self._stack.enter_context(visitor(self.browser, self.site.url, **options))
        self.visitors.append(visiting)
        if agent:
            self.driven_by(self.token, visiting.context)
        return visiting.open(path)

    def driven_by(self, token: str, telephone: BrowserContext) -> None:
        telephone.add_cookies([{"name": "mobigo", "value": token, "url": self.site.url}])


def signed_in(session: Session, name: str) -> str:
    subject = accounts.create(
        session, now(), email=f"{name}@example.org", name=name.title(), password_hash=None, language="fr"
    )
    grants.give(session, subject, Grant(Role.COUNTER_AGENT), now(), by=None)
    return sessions.open_session(session, subject, now(), None, None)


@pytest.fixture
def world(tmp_path: Path, browser: Browser) -> Iterator[World]:
    home = tmp_path / "home"
    services = Services(load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}))
    schema.migrate(services.engine)
    with transaction(services.engine) as session:
        token, relief = (signed_in(session, name) for name in ("driver", "relief"))
    today = paris_day(now())
    soon_s = int((now() - service_day_start(today, ZoneInfo(ZONE))).total_seconds()) // 60 * 60 + 1_800
    calls = " ".join(f"{stop} {format_service_time(soon_s + n * 600)}" for n, stop in enumerate(("SAU", "SEM", "MON")))
    files = feed(
        [trip("first", calls, route="LR119")],
        services={"daily": [today + timedelta(days=n) for n in range(3)]},
        stops=[
            {"stop_id": "SAU", "stop_name": "Saulieu, place Monge", "stop_lat": "47.2790", "stop_lon": "4.2290"},
            {"stop_id": "SEM", "stop_name": "Semur, gare routière", "stop_lat": "47.4900", "stop_lon": "4.3300"},
            {"stop_id": "MON", "stop_name": "Montbard, gare", "stop_lat": "47.6230", "stop_lon": "4.3370"},
        ],
    )
    service.import_feed(services, write_zip(files, tmp_path / "region.zip"), "region")
    service.build_network(services)
    (tmp_path / "parkings.csv").write_text(PARKS)
    parks.import_parks(services, "ville", tmp_path / "parkings.csv", credit="Ville (Licence Ouverte)")
    services.engine.dispose()
    with site(home) as answering:
        made = World(answering, token, relief, browser)
        yield made
        nothing_amiss(made.visitors, made._stack.close)


def test_a_driver_follows_a_run_on_a_telephone(world: World) -> None:
    page = world.open("/conduire/courses", agent=True, width=PHONE)
    assert everywhere(page) == []
    page.get_by_role("link", name=re.compile("Saulieu, place Monge → Montbard, gare")).first.click()
    expect(page.get_by_role("heading", name="Avant de partir")).to_be_visible()
    menu = page.get_by_role("navigation", name="Menu de l’espace professionnel")
    expect(menu.get_by_role("link", name="Conduire un car")).to_have_attribute("aria-current", "true")
    assert everywhere(page) == []
    page.get_by_role("button", name="Commencer la course").click()
    expect(page.get_by_role("heading", name="Prochain arrêt")).to_be_visible()
    assert everywhere(page) == []
    page.get_by_role("button", name="Arrivé").click()
    expect(page.get_by_role("heading", name="À l’arrêt")).to_be_visible()
    assert everywhere(page) == []

    offline(page)
    page.locator(".tad-next").get_by_role("button", name="Parti").click()
    expect(page.get_by_text(re.compile("Pas de réseau.*À envoyer.*1"))).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator(".tad-next").get_by_text("Semur, gare routière")).to_be_visible(timeout=45_000)
    offline(page)
    page.locator(".tad-next").get_by_role("button", name="Arrivé").click()
    other = world.open(page.url.removeprefix(world.site.url), agent=True, width=PHONE)  # the same driver, elsewhere
    other.get_by_text("Je me suis trompé, ou je m’arrête là").click()
    other.get_by_role("button", name="Terminer avant la fin").click()
    expect(other.get_by_text(re.compile("^Course terminée"))).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text(re.compile("^Course terminée"))).to_be_visible()
    refused = page.get_by_role("alert").filter(has_text="puis refusé")
    expect(refused.get_by_role("listitem")).to_contain_text(re.compile(r"Arrivé.* 20\d\d, \d{1,2}\sh\s\d\d · "))
    assert everywhere(page) == []


def test_what_a_driver_noted_in_a_valley_is_sent_by_nobody_else(world: World) -> None:
    page = world.open("/conduire/courses", agent=True, width=PHONE)
    page.get_by_role("link", name=re.compile("Saulieu, place Monge → Montbard, gare")).first.click()
    page.get_by_role("button", name="Commencer la course").click()
    expect(page.get_by_role("heading", name="Prochain arrêt")).to_be_visible()
    page.wait_for_load_state("load")  # its scripts are there
    page.route(re.compile("."), lambda route: route.abort())  # a network that the telephone believes in
    page.get_by_role("button", name="Arrivé").click()
    waiting = page.get_by_text(re.compile("Pas de réseau.*À envoyer.*1"))
    expect(waiting).to_be_visible()
    world.driven_by(world.relief, page.context)  # before the network: what waits is tried from time to time
    page.unroute_all()
    page.reload()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_text(re.compile("^À jour à"))).to_be_visible()
    expect(page.get_by_role("heading", name="Prochain arrêt")).to_be_visible()
    world.driven_by(world.token, page.context)
    page.reload()
    expect(page.get_by_role("heading", name="À l’arrêt")).to_be_visible()
    expect(waiting).to_be_hidden()


def test_stops_further_on_are_noted_without_a_network(world: World) -> None:
    page = world.open("/conduire/courses", agent=True, width=PHONE)
    page.get_by_role("link", name=re.compile("Saulieu, place Monge → Montbard, gare")).first.click()
    page.get_by_role("button", name="Commencer la course").click()
    expect(page.get_by_role("heading", name="Prochain arrêt")).to_be_visible()
    further = page.get_by_role("form", name="Arrivé : Semur, gare routière")
    expect(further).to_be_hidden()  # with a network, the page shows one stop after the other
    offline(page)
    notes = (
        "Arrivé : Saulieu, place Monge",
        "Passé sans arrêt : Saulieu, place Monge",
        "Arrivé : Semur, gare routière",
    )
    for waiting, name in enumerate(notes, 1):
        page.get_by_role("form", name=name).get_by_role("button").click()
        expect(page.get_by_text(re.compile(f"Pas de réseau.*À envoyer.*{waiting}"))).to_be_visible()
    expect(further.get_by_role("button")).to_be_disabled()
    assert own_faults(page) == []
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="À l’arrêt")).to_be_visible()
    expect(page.locator(".tad-next").get_by_text("Semur, gare routière")).to_be_visible()
    expect(further).to_be_hidden()


def test_a_telephone_that_keeps_nothing_says_so(world: World) -> None:
    page = world.open("/conduire/courses", agent=True, width=PHONE)
    page.get_by_role("link", name=re.compile("Saulieu, place Monge → Montbard, gare")).first.click()
    expect(page.get_by_role("button", name="Commencer la course")).to_be_visible()
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }; }")
    offline(page)
    page.get_by_role("button", name="Commencer la course").click()
    expect(page.get_by_text("ce téléphone ne veut rien garder")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Commencer la course").click()
    expect(page.get_by_role("heading", name="Prochain arrêt")).to_be_visible()


def test_bicycles_and_car_parks_in_words(world: World) -> None:
    page = world.open("/velos-et-parkings", width=PHONE)
    expect(page.get_by_text("Parc relais de la gare", exact=True)).to_be_visible()
    assert everywhere(page) == []
    page.get_by_label("Autour de").fill("Semur, gare routière")
    page.get_by_role("button", name="Chercher").click()
    expect(page.get_by_text("Ville (Licence Ouverte)")).to_be_visible()
    stop = world.open("/arrets/region:SEM", width=PHONE)
    expect(stop.get_by_role("heading", name="Se garer près d’ici")).to_be_visible()
    assert everywhere(stop) == []

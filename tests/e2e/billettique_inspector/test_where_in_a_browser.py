"""An inspector who says the line and the stop is told which tickets are not good there, by the page alone and, without
scripts, by the server. The train runs A B C D; a coach B K."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from billettique.rules.areas import area_promised
from billettique.service import served_lines
from billettique.store.tickets import current_code
from mobigo.app import schema
from mobigo.app.factory import make_networks
from mobigo.base.instants import paris_day
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import Services
from mobigo.network import service as network
from tests.browser import PHONE, WAIT_MS, faults, visitor
from tests.builders import feed, trip, write_zip
from tests.holder_world import SINGLE, sold
from tests.live import Site, site


@dataclass
class World:
    """A site that serves this network, an inspector's session, and tickets to sell."""

    site: Site
    services: Services
    token: str

    def code(self, item: str, *stops: str) -> str:
        """A ticket from stop to stop, or of all coaches; its code as it is typed."""
        known = {
            stop.name: stop for line in served_lines.lines_of(self.services.networks).values() for stop in line.stops()
        }
        area = area_promised([known[name].place for name in stops], () if stops else [("car", "Cars Mobigo")])
        named = [{"from_name": stops[0], "to_name": stops[-1]}] if stops else []
        offer = replace(SINGLE, promised={"legs": named, "networks": ["ter"], "area": area})
        entitlement = sold(self.services, offer, item=item, now=now())
        with reading(self.services.engine) as session:
            code = current_code(session, entitlement)
            assert code is not None
            return code.octets.hex()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("where")
    home, today, instant = folder / "home", paris_day(now()), now()
    services = Services(load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}), make_networks=make_networks)
    schema.migrate(services.engine)
    files = feed(
        [
            trip("slow", "A 8:00 B 8:10 C 8:20 D 8:30", route="train"),
            trip("coach", "B 9:00 K 10:00", route="coach"),
        ],
        routes=[
            {"route_id": "train", "route_type": "2", "agency_id": "ter", "route_short_name": "P07"},
            {"route_id": "coach", "route_type": "3", "agency_id": "cars", "route_short_name": "LR204"},
        ],
        services={"daily": [today, today + timedelta(days=1)]},
    )  # fmt: skip
    files["agency.txt"] = (
        "agency_id,agency_name,agency_url,agency_timezone\ncars,Cars Mobigo,https://a.example,Europe/Paris\n"
        "ter,TER Mobigo,https://a.example,Europe/Paris\n"
    )
    network.import_feed(services, write_zip(files, folder / "f.zip"), "f", now=instant)
    network.build_network(services, now=instant)
    with transaction(services.engine) as session:
        subject = accounts.create(session, instant, email="i@example.org", name="i", password_hash=None)
        grants.give(session, subject, Grant(Role.INSPECTOR), instant, by=None)
        token = sessions.open_session(session, subject, instant, None, None)
    with site(home) as answering:
        yield World(answering, services, token)
    services.engine.dispose()


def judged(page: Page, code: str) -> str:
    page.get_by_label("Référence du titre").fill(code)
    page.get_by_role("button", name="Vérifier").click()
    expect(page.locator("#verdict")).to_be_visible(timeout=WAIT_MS)
    assert page.locator("#typing form button").is_enabled(), "the next ticket would have to wait"
    said = page.locator("#verdict-reason").inner_text()
    page.get_by_role("button", name="Titre suivant").click()
    expect(page.locator("#verdict")).to_be_hidden()
    return said


def begin(page: Page, line: str, stop: str = "") -> None:
    page.get_by_label("Ligne", exact=True).select_option(label=line)
    if stop:
        page.get_by_label("Arrêt ou gare").select_option(label=stop)
    page.get_by_role("button", name="Commencer le contrôle").click()
    expect(page.locator("#scan")).to_be_visible()


def test_the_page_compares_the_place_said(browser: Browser, world: World) -> None:
    good, beyond, shown = world.code("good", "B", "D"), world.code("beyond", "A", "B"), world.code("shown", "A", "B")
    coaches, again = world.code("coaches"), world.code("coaches again")
    with visitor(browser, world.site.url, width=PHONE) as inspector:
        inspector.context.add_cookies([{"name": "mobigo", "value": world.token, "url": world.site.url}])
        page = inspector.open("/controle")
        expect(page.locator("#control")).to_have_attribute("data-ready", "yes", timeout=WAIT_MS)
        begin(page, "P07", "C")
        assert "valable." in judged(page, good)
        assert "à cet arrêt" in judged(page, beyond)
        assert "sur ce trajet" in judged(page, coaches)
        page.get_by_label("Référence du titre").fill(shown)
        page.get_by_role("button", name="Vérifier").click()
        expect(page.locator("#verdict")).to_have_attribute("data-answer", "WRONG_AREA", timeout=WAIT_MS)
        expect(page.locator("#ticket-area")).to_have_text("A – B")
        assert faults(page) == []
        page.get_by_role("button", name="Finir le service").click()
        expect(page.locator("#shift")).to_be_visible(timeout=WAIT_MS)
        begin(page, "LR204")
        assert "valable." in judged(page, again)
        assert inspector.complaints == []


def test_without_scripts_the_server_compares_the_line(browser: Browser, world: World) -> None:
    with visitor(browser, world.site.url, width=PHONE, scripts=False) as inspector:
        inspector.context.add_cookies([{"name": "mobigo", "value": world.token, "url": world.site.url}])
        for line, item, stops, expected in (
            ("LR204", "coach", (), "Valable"), ("P07", "not a train", (), "Pas valable ici"),
            ("P07", "train", ("A", "B"), "Valable"),
        ):  # fmt: skip
            page = inspector.open("/controle")
            page.locator("noscript select, #typing select").first.select_option(label=line)
            page.get_by_label("Référence du titre").fill(world.code(item, *stops))
            page.get_by_role("button", name="Vérifier").click()
            expect(page.locator("#verdict")).to_contain_text(expected, timeout=WAIT_MS)

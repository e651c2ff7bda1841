"""A journey followed on a telephone: its departure is cancelled while the page is open, the next possibility comes
beside it, and without a network the last state stays, with its age."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from google.transit import gtfs_realtime_pb2 as pb
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from mobigo.app import schema
from mobigo.base.instants import paris_day
from mobigo.base.servicetime import format_service_time, service_day_start
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, reading
from mobigo.infra.outbox import MessageRow
from mobigo.infra.web import Services
from mobigo.network import service
from mobigo.network.service import realtime
from tests.browser import PHONE, Visitor, everywhere, nothing_amiss, visitor
from tests.builders import feed, trip, write_zip
from tests.live import Site, site
from tests.planner_adaptor import ZONE

SOON_MS = 45_000  # the page asks again every twenty seconds, the site looks at what is said every few


@dataclass
class World:
    """A site with one line of two departures to come, and whoever looks at it."""

    site: Site
    home: Path
    browser: Browser
    folder: Path
    _stack: ExitStack = field(default_factory=ExitStack)
    visitors: list[Visitor] = field(default_factory=list)

    def open(self, path: str, **options: Any) -> Page:
        visiting = self._stack.enter_context(visitor(self.browser, self.site.url, **options))
        self.visitors.append(visiting)
        return visiting.open(path)

    def link_written(self) -> str:
        """The address in the message that was written."""
        engine = open_engine(f"sqlite:///{self.home / 'mobigo.sqlite'}")
        with reading(engine) as session:
            [body] = session.scalars(select(MessageRow.body))
        engine.dispose()
        found = re.search(r"/suivre/avis/\S+", body)
        assert found is not None
        return found[0]

    def say(self, trip_id: str) -> None:
        """A message comes: that departure is cancelled."""
        said = pb.FeedMessage()
        said.header.gtfs_realtime_version, said.header.timestamp = "2.0", int(now().timestamp())
        update = said.entity.add(id="1").trip_update
        update.trip.trip_id, update.trip.start_date = trip_id, f"{paris_day(now()):%Y%m%d}"
        update.trip.schedule_relationship = 3
        (self.folder / "said.pb").write_bytes(said.SerializeToString())
        services = Services(load_config({"MOBIGO_HOME": str(self.home), "MOBIGO_ENV": "demo"}))
        realtime.apply_file(services, self.folder / "said.pb", "region", stale_s=3_600)
        services.engine.dispose()


@pytest.fixture
def world(tmp_path: Path, browser: Browser) -> Iterator[World]:
    home = tmp_path / "home"
    services = Services(load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}))
    schema.migrate(services.engine)
    today = paris_day(now())
    soon_s = int((now() - service_day_start(today, ZoneInfo(ZONE))).total_seconds()) // 60 * 60 + 1_800
    calls = [
        " ".join(f"{stop} {format_service_time(soon_s + late_s + n * 600)}" for n, stop in enumerate(("SAU", "SEM")))
        for late_s in (0, 1_200)
    ]
    files = feed(
        [trip("first", calls[0], route="LR119"), trip("second", calls[1], route="LR119")],
        services={"daily": [today + timedelta(days=n) for n in range(3)]},
        stops=[
            {"stop_id": "SAU", "stop_name": "Saulieu, place Monge", "stop_lat": "47.2790", "stop_lon": "4.2290"},
            {"stop_id": "SEM", "stop_name": "Semur, gare routière", "stop_lat": "47.4900", "stop_lon": "4.3300"},
        ],
    )
    service.import_feed(services, write_zip(files, tmp_path / "region.zip"), "region")
    service.build_network(services)
    services.engine.dispose()
    with site(home) as answering:
        made = World(answering, home, browser, tmp_path)
        yield made
        nothing_amiss(made.visitors, made._stack.close)


def test_a_journey_is_followed_through_a_cancellation_and_without_a_network(world: World) -> None:
    page = world.open("/trajets?from=Saulieu,+place+Monge&to=Semur,+gare+routière", width=PHONE)
    page.get_by_role("link", name="Suivre ce trajet").first.click()
    expect(page.get_by_text(re.compile("^Prochaine étape"))).to_be_visible()
    assert everywhere(page) == []
    page.get_by_role("button", name="Garder sur cet appareil").click()
    expect(page.get_by_role("button", name="Oublier sur cet appareil")).to_be_visible()

    page.get_by_label(re.compile("courriel ou votre numéro")).fill("marie@example.org")
    page.get_by_role("button", name="Me prévenir").click()
    expect(page.get_by_text("ouvrez son lien pour confirmer")).to_be_visible()
    link = world.open(world.link_written(), width=PHONE)
    assert everywhere(link) == []
    link.get_by_role("button", name="Oui, me prévenir").click()
    expect(link.get_by_role("heading", level=1)).to_contain_text("Vous serez prévenu")

    world.say("first")
    expect(page.locator("[data-trip-state]")).to_contain_text("est supprimé", timeout=SOON_MS)
    expect(page.locator("[data-trip-said]")).to_contain_text("supprimé")
    expect(page.get_by_role("heading", name="La prochaine possibilité")).to_be_visible()
    assert everywhere(page) == []
    page.get_by_role("link", name="Suivre ce trajet à la place").click()
    expect(page.get_by_text(re.compile("^Prochaine étape"))).to_be_visible()
    page.go_back()
    expect(page.locator("[data-trip-state]")).to_contain_text("est supprimé")

    page.evaluate("navigator.serviceWorker.ready")
    page.reload()  # through the worker, which keeps it
    expect(page.locator("[data-trip-state]")).to_contain_text("est supprimé")
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_text(re.compile("^Sans réseau"))).to_be_visible()
    expect(page.locator("[data-trip-state]")).to_contain_text("est supprimé")
    page.context.set_offline(False)
    expect(page.get_by_text(re.compile("^Sans réseau"))).to_be_hidden(timeout=SOON_MS)

    page.goto(f"{world.site.url}/suivre/")
    expect(page.get_by_role("link", name=re.compile("Semur, gare routière"))).to_be_visible()
    assert everywhere(page) == []
    page.get_by_role("button", name=re.compile("^Oublier")).click()
    expect(page.get_by_role("heading", name="Aucun trajet gardé")).to_be_visible()

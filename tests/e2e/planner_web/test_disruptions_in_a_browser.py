"""A disruption written once by an agent, seen everywhere; an address that asks to be told, and is forgotten; a
departure cancelled by realtime, struck out on the board. Every page is for everybody."""

import re
import time
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
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.outbox import MessageRow
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import Services
from mobigo.network import service
from mobigo.network.gateway.gtfs_realtime import read
from mobigo.network.service import realtime
from tests.browser import PHONE, Visitor, everywhere, nothing_amiss, visitor
from tests.builders import feed, trip, write_zip
from tests.live import Site, site
from tests.planner_adaptor import ZONE

TITLE = "Route barrée à Semur : l’arrêt est reporté place Verte"


@dataclass
class World:
    """A site with one line, whose next departure is cancelled, and whoever looks at it."""

    site: Site
    home: Path
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


@pytest.fixture
def world(tmp_path: Path, browser: Browser) -> Iterator[World]:
    home = tmp_path / "home"
    services = Services(load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}))
    schema.migrate(services.engine)
    with transaction(services.engine) as session:
        subject = accounts.create(
            session, now(), email="agent@example.org", name="Agent", password_hash=None, language="fr"
        )
        grants.give(session, subject, Grant(Role.COUNTER_AGENT), now(), by=None)
        token = sessions.open_session(session, subject, now(), None, None)
    today = paris_day(now())
    soon_s = int((now() - service_day_start(today, ZoneInfo(ZONE))).total_seconds()) + 1_800
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
    said = pb.FeedMessage()
    said.header.gtfs_realtime_version, said.header.timestamp = "2.0", int(now().timestamp())
    update = said.entity.add(id="1").trip_update
    update.trip.trip_id, update.trip.start_date, update.trip.schedule_relationship = "first", f"{today:%Y%m%d}", 3
    (tmp_path / "said.pb").write_bytes(said.SerializeToString())
    realtime.apply_file(services, tmp_path / "said.pb", "region", stale_s=3_600)
    services.engine.dispose()
    with site(home) as answering:
        made = World(answering, home, token, browser)
        yield made
        nothing_amiss(made.visitors, made._stack.close)


def test_a_disruption_is_written_once_and_seen_everywhere(world: World) -> None:
    traveller = world.open("/perturbations", width=PHONE)
    expect(traveller.get_by_text("Rien à signaler")).to_be_visible()
    traveller.get_by_label("Ligne").fill("LR119")
    traveller.get_by_label(re.compile("courriel ou votre numéro")).fill("marie@example.org")
    traveller.get_by_role("button", name="Me prévenir").click()
    expect(traveller.get_by_text("ouvrez son lien pour confirmer")).to_be_visible()
    [letter] = letters(world)
    address = re.search(r"/perturbations/suivre/\S+", letter)
    assert address is not None
    followed = world.open(address[0], width=PHONE)
    assert everywhere(followed) == []
    followed.get_by_role("button", name="Oui, me prévenir").click()
    expect(followed.get_by_role("heading", level=1)).to_contain_text("Vous serez prévenu")

    agent = world.open("/perturbations/gestion", agent=True)
    assert everywhere(agent) == []
    agent.get_by_role("link", name="Annoncer une perturbation").click()
    agent.get_by_label(re.compile("^Titre$")).fill(TITLE)
    agent.get_by_label(re.compile("^Lignes")).fill("LR118")
    agent.get_by_label(re.compile("^Arrêts")).fill("Semur, gare routière")
    agent.get_by_role("button", name="Publier").click()
    expect(agent.get_by_role("alert")).to_contain_text("Aucune ligne ne s’appelle")
    assert everywhere(agent) == []
    agent.get_by_label(re.compile("^Lignes")).fill("LR119")
    agent.get_by_role("button", name="Publier").click()
    expect(agent.get_by_text("C’est publié")).to_be_visible()
    agent.get_by_role("link", name=re.compile("^Modifier")).click()
    assert everywhere(agent) == []

    traveller.goto(f"{world.site.url}/perturbations")
    expect(traveller.get_by_role("heading", name=TITLE)).to_be_visible()
    assert everywhere(traveller) == []
    stop = f"{world.site.url}/departs?stop=Semur, gare routière"
    for page in (stop, f"{world.site.url}/departs?stop=Saulieu, place Monge"):
        traveller.goto(page)
    expect(traveller.locator("tr.gone del")).to_have_count(1)
    expect(traveller.locator("tr.gone")).to_contain_text("supprimé")
    assert everywhere(traveller) == []
    for _look in range(60):  # what is served looks for what was published every few seconds
        traveller.goto(stop)
        if traveller.get_by_text(TITLE).is_visible():
            break
        traveller.wait_for_timeout(500)
    expect(traveller.get_by_text(TITLE)).to_be_visible()
    [alert] = read(traveller.request.get(f"{world.site.url}/perturbations.pb").body()).alerts
    assert alert.header == {"fr": TITLE}
    found = traveller.request.get(f"{world.site.url}/perturbations.json").json()
    assert [notice["title"] for notice in found["notices"]] == [TITLE]
    told = letters(world)[-1]
    assert TITLE in told
    assert address[0] in told  # the link that stops it

    followed.get_by_role("button", name="Non, oublier cette adresse").click()
    expect(followed.get_by_text("votre adresse est oubliée")).to_be_visible()
    agent.goto(f"{world.site.url}/perturbations/gestion")
    agent.get_by_role("button", name=re.compile("^C’est fini")).click()
    expect(agent.get_by_text("plus rien ne l’annonce")).to_be_visible()
    until = time.monotonic() + 60  # what runs today is made again in the seconds that follow a change
    traveller.goto(f"{world.site.url}/perturbations")
    while traveller.get_by_text("Rien à signaler").count() == 0:
        assert time.monotonic() < until, traveller.locator("main").inner_text()
        traveller.wait_for_timeout(500)
        traveller.reload()


def letters(world: World) -> list[str]:
    engine = open_engine(f"sqlite:///{world.home / 'mobigo.sqlite'}")
    with reading(engine) as session:
        found = [row.body for row in session.scalars(select(MessageRow).order_by(MessageRow.id))]
    engine.dispose()
    return found

"""Two agents write and approve terms of assistance; a traveller reads the summary of a journey that is over, and
answers the one question. Every page is for everybody."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mobigo.app import schema
from mobigo.base.geo import Point
from mobigo.base.instants import PARIS, paris_day
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import Services
from mobigo.network import service
from mobigo.planner.rules.followed import End, FollowedRide, FollowedTrip, encoded
from mobigo.planner.store import opinions
from tests.browser import PHONE, everywhere, nothing_amiss, visitor
from tests.builders import feed, trip, write_zip
from tests.live import site


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Services, dict[str, str], str]]:
    """The services of a site with one line, the tokens of two agents, and a journey of yesterday."""
    home = tmp_path / "home"
    services = Services(load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}))
    schema.migrate(services.engine)
    tokens = {}
    with transaction(services.engine) as session:
        for name in ("una", "duo"):
            subject = accounts.create(
                session, now(), email=f"{name}@example.org", name=name, password_hash=None, language="fr"
            )
            grants.give(session, subject, Grant(Role.COUNTER_AGENT), now(), by=None)
            tokens[name] = sessions.open_session(session, subject, now(), None, None)
    yesterday = paris_day(now()) - timedelta(days=1)
    files = feed([trip("t1", "SAU 06:00 SEM 06:30")], services={"daily": [yesterday, paris_day(now())]})
    service.import_feed(services, write_zip(files, tmp_path / "region.zip"), "region", now=now())
    service.build_network(services, now=now())
    begins = int(datetime.combine(yesterday, time(6), PARIS).timestamp())
    ride = FollowedRide("region:t1", "region:t1", yesterday, "region:SAU", "region:SEM", begins, begins + 1_800)
    text = encoded(FollowedTrip(End("Saulieu", Point(47.28, 4.23)), End("Semur", Point(47.49, 4.33)), (ride,)))
    yield services, tokens, text
    services.engine.dispose()


def test_terms_are_written_by_one_and_approved_by_another_and_a_journey_is_summed_up(
    world: tuple[Services, dict[str, str], str], browser: Browser
) -> None:
    services, tokens, text = world
    with ExitStack() as stack:
        running = stack.enter_context(site(services.config.home))
        visitors = []

        def opened(path: str, who: str = "", width: int = 1_100) -> Page:
            visiting = stack.enter_context(visitor(browser, running.url, width=width, bypass_csp=True))
            visitors.append(visiting)
            if who:
                visiting.context.add_cookies([{"name": "mobigo", "value": tokens[who], "url": running.url}])
            return visiting.open(path)

        page = opened("/perturbations/assistance", "una")
        assert everywhere(page) == []
        page.get_by_role("link", name="Écrire des conditions").click()
        assert everywhere(page) == []
        for label, value in (
            ("Transporteur", "Cars du Morvan"), ("Ses noms dans l’offre", "Agency"), ("Source", "Courrier du 3 mars"),
            ("Premier jour", f"{paris_day(now()):%Y-%m-%d}"), ("Téléphone", "03 80 11 29 29"),
        ):  # fmt: skip
            page.get_by_label(label).first.fill(value)
        page.get_by_role("button", name="Écrire le brouillon").click()
        expect(page.get_by_text("une autre personne doit l’approuver").first).to_be_visible()
        expect(page.get_by_role("button", name="Approuver")).to_have_count(0)
        other = opened("/perturbations/assistance", "duo")
        other.get_by_role("button", name="Approuver").click()
        expect(other.get_by_text("en vigueur").first).to_be_visible()
        assert everywhere(other) == []
        other.goto(f"{running.url}/perturbations/gestion/avis")
        assert everywhere(other) == []
        traveller = opened(f"/suivre/{text}/bilan", width=PHONE)
        assert everywhere(traveller) == []
        traveller.get_by_label("Moyennement").check()
        traveller.get_by_role("button", name="Répondre").click()
        expect(traveller.get_by_text("votre réponse est comptée")).to_be_visible()
        with reading(services.engine) as session:
            assert [row.answer for row in session.query(opinions.TripOpinionRow)] == ["fair"]
        english = opened(f"/suivre/{text}/bilan?lang=en", width=PHONE)
        expect(english.get_by_role("heading", level=1)).to_contain_text("The journey in short")
        nothing_amiss(visitors, stack.close)

"""A request in a browser: made by keyboard without scripts on a telephone, answered by an agent, read and closed by the
person. Every page is for everybody."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from mobigo.app import schema
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.db import open_engine, transaction
from mobigo.infra.roles import Grant, Role
from tests.browser import PHONE, Visitor, everywhere, nothing_amiss, own_faults, reach, visitor
from tests.live import Site, site


@dataclass
class World:
    """A site, and whoever looks at it."""

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


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[World]:
    home = tmp_path_factory.mktemp("requests") / "home"
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    with transaction(engine) as session:
        subject = accounts.create(
            session, now(), email="agent@example.org", name="Agent", password_hash=None, language="fr"
        )
        grants.give(session, subject, Grant(Role.COUNTER_AGENT), now(), by=None)
        token = sessions.open_session(session, subject, now(), None, None)
    engine.dispose()
    with site(home) as answering:
        made = World(answering, token, browser)
        yield made
        nothing_amiss(made.visitors, made._stack.close)


def test_a_request_goes_from_a_telephone_to_an_agent_and_back(world: World) -> None:
    page = world.open("/demandes", width=PHONE, scripts=False)
    assert own_faults(page) == []
    reach(page, "kind")
    page.keyboard.type("Un retard")
    reach(page, "words")
    page.keyboard.type("Le car de 7 h 32 n'est jamais venu.")
    reach(page, "name")
    page.keyboard.type("Camille Moreau")
    reach(page, "email")
    page.keyboard.type("camille@example.org")
    reach(page, "Envoyer ma demande")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Numéro à dire au téléphone")
    expect(page.get_by_text("Réponse promise au plus tard").first).to_be_visible()
    assert own_faults(page) == []
    mine = page.url.removeprefix(world.site.url)

    desk = world.open("/demandes/agents", agent=True)
    assert everywhere(desk, dark=False) == []
    desk.get_by_role("table").get_by_role("link").first.click()
    expect(desk.get_by_text("Camille Moreau")).to_be_visible()
    assert everywhere(desk, dark=False) == []
    desk.get_by_role("link", name="Excuses pour un retard").click()
    assert desk.get_by_label("La réponse").input_value().startswith("Bonjour,")
    desk.get_by_label("La réponse").fill("Le car était en panne. Toutes nos excuses.")
    desk.get_by_role("button", name="Envoyer la réponse").click()
    expect(desk.get_by_text("la personne est prévenue par courriel")).to_be_visible()

    again = world.open(mine, width=PHONE)
    expect(again.get_by_text("Toutes nos excuses.")).to_be_visible()
    assert everywhere(again) == []
    again.get_by_role("button", name="Oui, clore ma demande").click()
    again.get_by_label("oui", exact=True).check()
    again.get_by_role("button", name="Donner mon avis").click()
    expect(again.get_by_text("Vous avez répondu")).to_be_visible()
    assert everywhere(again) == []


@pytest.mark.parametrize(("path", "agent"), [("/demandes", False), ("/demandes/retrouver", False),
                                             ("/demandes/agents/saisir", True)])  # fmt: skip
def test_the_forms_are_for_everybody(world: World, path: str, agent: bool) -> None:
    assert everywhere(world.open(path, agent=agent)) == []

"""The public search on a telephone, by keyboard and without scripts; its page is for everybody."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect

from mobigo.app import schema
from mobigo.infra.db import open_engine
from tests.browser import PHONE, Visitor, everywhere, nothing_amiss, own_faults, reach, visitor
from tests.live import Site, site


@pytest.fixture
def answering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("search") / "home"
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    engine.dispose()
    with site(home) as found:
        yield found


def test_one_finds_by_keyboard_on_a_telephone_without_scripts(answering: Site, browser: Browser) -> None:
    visitors: list[Visitor] = []
    with ExitStack() as stack:
        visitors.append(stack.enter_context(visitor(browser, answering.url, width=PHONE, scripts=False)))
        page = visitors[0].open("/aide")
        expect(page.get_by_role("searchbox")).to_have_count(0)  # no room for a field: a magnifier
        page.get_by_role("link", name="Rechercher", exact=True).click()
        reach(page, "q")
        page.keyboard.type("perdu mon abonement")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=2).first).to_have_text("Le plus utile")
        expect(page.get_by_role("main").get_by_role("link").first).to_contain_text("J’ai perdu ma carte")
        assert own_faults(page) == []
        page.goto(f"{answering.url}/recherche?q=zzzzqqqq")
        expect(page.get_by_role("main").get_by_role("link", name="Aide et contacts")).to_be_visible()
        visitors.append(stack.enter_context(visitor(browser, answering.url, width=1280)))
        wide = visitors[1].open("/aide")
        wide.get_by_role("searchbox", name="Rechercher sur tout le site").fill("horaires dijon beaune")
        wide.keyboard.press("Enter")
        expect(wide.get_by_role("main").get_by_role("link").first).to_contain_text("Aller de Dijon à Beaune")
        assert everywhere(wide, dark=False) == []
        nothing_amiss(visitors, stack.close)

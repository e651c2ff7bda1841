"""What every end-to-end test may use: one browser, sites that answer, and visitors who mind (see `tests.browser`)."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from mobigo.infra.db import open_engine
from tests import every_page
from tests.browser import JUDGED, WAIT_MS, Visit, Visitor, nothing_amiss, visitor
from tests.demo_home import Demo
from tests.live import Site, site

expect.set_options(timeout=WAIT_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A test that `tests/every_page.py` names as the one that opens a page has judged that page when it ends."""
    JUDGED.clear()
    said = yield
    unseen = every_page.unseen_by(item.nodeid, JUDGED)
    assert unseen == [], "tests/every_page.py says that this test judges these pages by `everywhere`"
    return said


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def bare_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site just installed: its database is there and empty, no network has been imported."""
    from mobigo.app import schema

    home = tmp_path_factory.mktemp("bare") / "home"
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    engine.dispose()
    with site(home) as answering:
        yield answering


@pytest.fixture(scope="session")
def demo_site(demo_template: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demonstration, small: territory, network and accounts, as `mobigo demo` makes them."""
    with site(demo_template.copy(tmp_path_factory.mktemp("demo") / "home")) as answering:
        yield answering


class Visits:
    """Opens pages of one site as different visitors; at the end of the test, none may have been led elsewhere."""

    def __init__(self, browser: Browser, where: Site) -> None:
        self.browser = browser
        self.site = where
        self.visitors: list[Visitor] = []
        self._stack = ExitStack()

    def __call__(self, path: str, **options: Any) -> Page:
        visiting = self._stack.enter_context(visitor(self.browser, self.site.url, **options))
        self.visitors.append(visiting)
        return visiting.open(path)

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def visit_bare(browser: Browser, bare_site: Site) -> Iterator[Visit]:
    """`visit_bare(path, width=360, scripts=True, dark=False, language="fr-FR") → page`, on the bare site."""
    yield from _visits(browser, bare_site)


@pytest.fixture
def visit(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Visit]:
    """`visit(path, width=360, scripts=True, dark=False, language="fr-FR") → page`, on the demonstration."""
    yield from _visits(browser, request.getfixturevalue("demo_site"))


def _visits(browser: Browser, where: Site) -> Iterator[Visit]:
    visits = Visits(browser, where)
    yield visits
    nothing_amiss(visits.visitors, visits.close)

"""What a timetable's version changes, in a browser: for everybody, on a phone, without scripts, by the keyboard."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine
from opendata.service import changes
from opendata.service.publishing import publish_all
from tests.browser import Visit, everywhere
from tests.live import Site
from tests.opendata_feeds import Timetable
from tests.opendata_world import NOW, tools_of


@pytest.fixture
def two_versions(bare_site: Site) -> str:
    """The address of the second of two versions, which moves a stop by 40 m."""
    config = load_config({"MOBIGO_HOME": str(bare_site.home)})
    engine = open_engine(config.database_url)
    tools = tools_of(config, engine)
    for hour, lat in enumerate(("47.0000", "47.00036")):
        (outcome,) = publish_all(tools, [Timetable(lat).offer], NOW + timedelta(hours=hour))
    changes.compare_due(tools)
    engine.dispose()
    assert outcome.version is not None
    return f"/donnees/horaires-essai/versions/{outcome.version.label}"


def test_what_changes_is_read_by_everybody(visit_bare: Visit, two_versions: str) -> None:
    page = visit_bare(two_versions)
    link = page.get_by_role("link", name="Ce qui change depuis la version d’avant")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ce qui change")
    expect(page.locator("main")).to_contain_text("a été déplacé de 40")
    assert everywhere(page) == []


def test_without_scripts_the_differences_are_downloaded(visit_bare: Visit, two_versions: str) -> None:
    page = visit_bare(f"{two_versions}/changements", scripts=False)
    with page.expect_download() as download:
        page.get_by_role("link", name="La différence, en GTFS-Diff").click()
    assert "stop_lat" in download.value.path().read_text(encoding="utf-8")

"""Every piece pages are made of, in a real browser: accessible, readable at every width, kind to the keyboard."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from mobigo.app import schema
from mobigo.infra.db import open_engine
from tests.browser import DESKTOP, everywhere, tab_through, visitor
from tests.live import Site, site


@pytest.fixture(scope="module")
def gallery_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("gallery") / "home"
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    engine.dispose()
    with site(home, app="tests.gallery:create_app") as answering:
        yield answering


def test_every_piece_is_for_everybody(browser: Browser, gallery_site: Site) -> None:
    with visitor(browser, gallery_site.url) as visiting:
        assert everywhere(visiting.open("/galerie")) == []
        assert visiting.complaints == []
        assert visiting.outside == []


def test_a_visitor_notices_what_a_page_asks_elsewhere(browser: Browser, gallery_site: Site) -> None:
    with visitor(browser, gallery_site.url) as visiting:
        page = visiting.context.new_page()
        page.set_content('<img src="http://127.0.0.2:9/spy.png" alt=""><img src="data:image/gif;base64," alt="">')
    assert visiting.outside == ["http://127.0.0.2:9/spy.png"]


def test_the_keyboard_reaches_every_piece_in_the_order_it_is_read(browser: Browser, gallery_site: Site) -> None:
    with visitor(browser, gallery_site.url, width=DESKTOP) as visiting:
        page = visiting.open("/galerie")
        page.locator("main").focus()
        reached = tab_through(page, 20)
    order = ["Réseaux", "Exporter (CSV)", "Le nom est vide.", "Nom", "Motif (facultatif)", "Rôle", "Enregistrer"]
    places = [reached.index(words) for words in order]
    assert places == sorted(places)


def test_a_long_table_keeps_its_head_and_its_total_in_sight(browser: Browser, gallery_site: Site) -> None:
    with visitor(browser, gallery_site.url, width=DESKTOP, height=700) as visiting:
        page = visiting.open("/galerie")
        frame = page.locator(".table.tall")
        frame.evaluate("e => e.scrollTop = 300")
        box = frame.bounding_box()
        head = page.locator("thead th").first.bounding_box()
        foot = page.locator("tfoot th").first.bounding_box()
        assert box is not None
        assert head is not None
        assert foot is not None
        assert abs(head["y"] - box["y"]) <= 2
        assert abs(foot["y"] + foot["height"] - box["y"] - box["height"]) <= 2


def test_a_form_sent_twice_by_an_impatient_finger_leaves_once(browser: Browser, gallery_site: Site) -> None:
    with visitor(browser, gallery_site.url, width=DESKTOP) as visiting:
        page = visiting.open("/galerie")
        page.evaluate(
            """() => {
              window.sent = 0;
              const form = document.querySelector("form[method=post]");
              form.addEventListener("submit", () => { window.sent += 1; });
              form.noValidate = true;
              form.target = "elsewhere";
            }"""
        )
        button = page.get_by_role("button", name="Enregistrer", exact=True)
        button.click()
        expect(button).to_be_disabled()
        button.click(force=True)
        assert page.evaluate("window.sent") == 1

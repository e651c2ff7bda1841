"""The traveller's pages in a real browser: for everybody, by keyboard, without scripts, on paper."""

import re
from datetime import date, timedelta
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.browser import (
    DESKTOP,
    MAP_PAGE_LIMIT_BYTES,
    PHONE,
    PHONE_SMALL,
    TEXT_PAGE_LIMIT_BYTES,
    Visit,
    everywhere,
    own_faults,
    weight_bytes,
)

MAP_LIMIT_MS = 30_000


def next_tuesday() -> date:
    today = date.today()  # noqa: DTZ011 - the demonstration's calendars start today; any weekday would do
    return today + timedelta(days=(1 - today.weekday()) % 7 or 7)


def search_address(**changed: str) -> str:
    asked = {"from": "Saulieu", "to": "Dijon", "when": "leave", "date": next_tuesday().isoformat(), "time": "06:00"}
    return "/trajets?" + urlencode({**asked, **changed})


ANSWER = search_address()
AVOIDING = search_address(avoid_text="TER", only="")  # several lines: which?
BY_WAY = search_address(via="Semur-en-Auxois", stay="15")
PAGES = ["/", ANSWER, BY_WAY, AVOIDING, search_address(**{"from": "saint"}), search_address(to="zzzz"), "/departs",
         "/departs?stop=gare", "/lignes", "/lignes?q=dijon", "/lignes?q=zzzz"]  # fmt: skip


def board_address(page: Page) -> str:
    address = page.locator("ul.stop-list a").first.get_attribute("href")
    assert address is not None
    return address


@pytest.mark.parametrize("language", ["fr-FR", "en-GB"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_for_everybody(visit: Visit, path: str, language: str) -> None:
    assert everywhere(visit(path, language=language)) == []


def test_a_stop_and_a_line_are_for_everybody(visit: Visit) -> None:
    page = visit("/departs?stop=dijon")
    page.goto(page.url.split("/departs")[0] + board_address(page) if "/departs" in page.url else page.url)
    expect(page.locator("h1")).to_be_visible()
    assert everywhere(page) == []
    page.locator("a.badge-link").first.click()
    expect(page.locator(".timetable, .info").first).to_be_visible()
    assert everywhere(page) == []


@pytest.mark.parametrize("width", [DESKTOP, PHONE_SMALL])
def test_a_place_to_go_by_is_completed_and_kept_in_the_address(visit: Visit, width: int) -> None:
    page = visit("/", width=width)
    page.locator("#f-from").fill("Saulieu")
    page.locator("#f-to").fill("Dijon")
    page.locator(".options > summary").focus()  # leaving the field closes its suggestions
    page.keyboard.press("Enter")
    page.locator("#f-via").focus()
    page.keyboard.type("semur")
    expect(page.locator("#f-via-list [role=option]").first).to_contain_text("Semur")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.locator("form.search button.go").click()
    expect(page.locator("#answer-title")).to_contain_text("par Semur")
    assert "via=Semur" in page.url
    assert page.locator("#f-via").input_value().startswith("Semur")
    assert page.locator("details.options").get_attribute("open") is not None


def test_a_search_by_keyboard_alone_goes_from_the_fields_to_the_legs(visit: Visit) -> None:
    page = visit("/", width=DESKTOP)
    page.locator("#f-from").focus()
    page.keyboard.type("sauli")
    options = page.locator("#f-from-list [role=option]")
    expect(options.first).to_contain_text("Saulieu")
    page.keyboard.press("ArrowDown")
    active = page.locator("#f-from").get_attribute("aria-activedescendant")
    assert active is not None
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    assert page.locator("#f-from").input_value().startswith("Saulieu")
    expect(page.locator("#f-from-list")).to_be_hidden()
    page.locator("#f-to").focus()
    page.keyboard.type("dijno")  # a typing error
    expect(page.locator("#f-to-list [role=option]").first).to_contain_text("Dijon")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("#f-when").focus()
    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.locator("#f-from").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/trajets\?"))
    expect(page.locator("h1").first).to_be_visible()


def test_escape_closes_the_suggestions_and_keeps_what_was_typed(visit: Visit) -> None:
    page = visit("/")
    page.locator("#f-from").press_sequentially("dijon")
    expect(page.locator("#f-from-list")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#f-from-list")).to_be_hidden()
    assert page.locator("#f-from").input_value() == "dijon"


def test_an_option_opens_to_its_legs_and_its_stops(visit: Visit) -> None:
    page = visit(ANSWER)
    journey = page.locator("details.journey").first
    expect(journey.locator(".legs")).to_be_visible()
    journey.locator("> summary").press("Enter")
    expect(journey.locator(".legs")).to_be_hidden()


def test_all_works_without_scripts(visit: Visit) -> None:
    page = visit("/", scripts=False)
    page.fill("#f-from", "saulieu")
    page.fill("#f-to", "dijon")
    page.select_option("#f-when", "leave")
    page.fill("#f-date", next_tuesday().isoformat())
    page.fill("#f-time", "06:00")
    page.click("form.search .go")
    expect(page.locator("details.journey").first).to_be_visible()
    expect(page.locator("[data-map]")).to_be_hidden()
    page.wait_for_load_state()
    before = page.locator("details.journey .times").all_inner_texts()
    page.get_by_role("link", name="Plus tard").click()
    expect(page).not_to_have_url(re.compile("time=06"))
    page.wait_for_load_state()
    assert set(page.locator("details.journey .times").all_inner_texts()) - set(before)
    page.get_by_role("link", name="Imprimer").first.click()
    expect(page.locator(".legs").first).to_be_visible()


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_a_line_shown_is_avoided_and_taken_again_without_scripts(visit: Visit, width: int) -> None:
    page = visit(ANSWER, scripts=False, width=width)
    page.locator("a.avoid").first.click()
    expect(page.locator("ul.narrowed li")).to_have_count(1)
    assert "avoid=" in page.url
    assert own_faults(page) == []  # axe needs scripts
    kept = page.locator("details.options input[name=avoid]")
    assert kept.count() == 1
    assert kept.is_checked()
    page.locator("ul.narrowed a").click()
    expect(page.locator("ul.narrowed")).to_have_count(0)
    assert "avoid=" not in page.url


def test_two_places_of_one_name_are_a_choice_without_scripts(visit: Visit) -> None:
    page = visit(search_address(**{"from": "sainte marie"}), scripts=False)
    assert page.locator("input[type=radio]").count() >= 2
    page.locator("input[type=radio]").nth(1).check()
    page.get_by_role("button", name="Continuer").click()
    expect(page).to_have_url(re.compile("from_id="))
    expect(page.locator("form.choose")).to_have_count(0)


def test_the_text_comes_before_the_map_and_is_light(visit: Visit) -> None:
    page = visit(ANSWER, width=PHONE)
    assert page.locator("[data-map] canvas").count() == 0
    assert weight_bytes(page) <= TEXT_PAGE_LIMIT_BYTES
    page.get_by_role("button", name="Afficher la carte").click()
    page.wait_for_selector("[data-map][data-ready]", timeout=MAP_LIMIT_MS)
    assert weight_bytes(page) <= MAP_PAGE_LIMIT_BYTES


def test_on_a_wide_screen_the_map_comes_by_itself_and_its_middle_can_be_a_place(visit: Visit) -> None:
    page = visit("/", width=DESKTOP)
    page.wait_for_selector("[data-map][data-ready]", timeout=MAP_LIMIT_MS)
    page.get_by_role("button", name="Partir d’ici").click()
    assert re.fullmatch(r"4\d\.\d+, \d\.\d+", page.locator("#f-from").input_value())


def test_my_position_is_asked_only_when_pressed(visit: Visit) -> None:
    page = visit("/", permissions=["geolocation"], geolocation={"latitude": 47.28, "longitude": 4.23})
    assert page.locator("#f-from").input_value() == ""
    page.get_by_role("button", name="Partir de ma position").click()
    expect(page.locator("#f-from")).to_have_value("47.28000, 4.23000")


def test_the_language_changes_and_the_question_stays(visit: Visit) -> None:
    page = visit(ANSWER, width=DESKTOP)
    page.get_by_role("link", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("#f-from").input_value() == "Saulieu"
    expect(page.locator("#answer-title")).to_contain_text("way")


def test_paper_shows_the_answer_and_no_form(visit: Visit) -> None:
    page = visit(ANSWER, width=DESKTOP)
    page.emulate_media(media="print")
    expect(page.locator("form.search")).to_be_hidden()
    expect(page.locator("[data-map]")).to_be_hidden()
    expect(page.locator(".times").first).to_be_visible()


@pytest.mark.parametrize("width", [PHONE_SMALL, PHONE])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_scrolls_sideways_on_a_phone(visit: Visit, path: str, width: int) -> None:
    page = visit(path, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width

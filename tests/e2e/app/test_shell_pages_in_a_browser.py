"""The pages of the shell, in a real browser: for everybody, on every width, with and without scripts."""

import pytest

from tests.browser import DESKTOP, TEXT_PAGE_LIMIT_BYTES, Visit, everywhere, tab_through, weight_bytes

PAGES = [
    "/aide",
    "/competences",
    "/competences?commune=Saulieu",
    "/accessibilite",
    "/mentions-legales",
    "/guides/voyageur",
    "/guides/conducteur",
    "/api/v1/docs",
    "/nulle-part",
]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["fr-FR", "en-GB"])
def test_a_page_is_for_everybody(visit_bare: Visit, path: str, language: str) -> None:
    assert everywhere(visit_bare(path, language=language)) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_does_its_work_without_scripts(visit_bare: Visit, path: str) -> None:
    page = visit_bare(path, scripts=False)
    assert page.locator("h1").is_visible()
    assert page.locator("#contact").is_visible()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_light(visit_bare: Visit, path: str) -> None:
    assert weight_bytes(visit_bare(path)) <= TEXT_PAGE_LIMIT_BYTES


def test_the_keyboard_reaches_the_content_first(visit_bare: Visit) -> None:
    page = visit_bare("/aide", width=DESKTOP)
    assert tab_through(page, 3) == ["Aller au contenu", "Aller au menu", "Joindre quelqu’un"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "contenu"


def test_a_language_chosen_is_kept_on_the_next_page(visit_bare: Visit) -> None:
    page = visit_bare("/aide", width=DESKTOP)
    page.get_by_role("link", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    page.goto(page.url.split("?")[0].replace("/aide", "/accessibilite"))
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("link", name="Français").click()
    assert page.locator("html").get_attribute("lang") == "fr"

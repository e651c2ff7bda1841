"""Every page of `tests/every_page.py`, opened on the demonstration by the person of its role: it answers, it is for
everybody on a small phone and on a desktop (in the dark and in English too, among the slow tests), it asks nothing of
other sites and nothing complains. What citizens use is opened without scripts too, and its main form is answered."""

import re

import pytest
from playwright.sync_api import Page, expect

from mobigo.infra.clock import now
from mobigo.infra.roles import Role
from tests.browser import DESKTOP, PHONE_SMALL, Visit, everywhere, own_faults
from tests.every_page import OPENED
from tests.live import Site
from tests.page_visits import enter, walk
from tests.page_weights import over_budget

CITIZENS = (None, Role.TRAVELLER, Role.DRIVER, Role.FAMILY)


@pytest.mark.parametrize(
    ("dark", "language"),
    [
        pytest.param(False, "fr-FR", id="light"),
        pytest.param(True, "fr-FR", id="dark-too", marks=pytest.mark.slow),
        pytest.param(False, "en-GB", id="english", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("role", OPENED, ids=lambda role: role or "anybody")
def test_every_page_is_for_everybody(
    visit: Visit, demo_site: Site, role: Role | None, dark: bool, language: str
) -> None:
    page = enter(visit, demo_site, role, language=language)
    assert page.locator("html").get_attribute("lang") == language[:2]
    found = []
    for address in walk(page, demo_site, role):
        found += [f"{address}: {fault}" for fault in [*over_budget(page), *everywhere(page, dark=dark)]]
    assert found == []


@pytest.mark.parametrize("role", CITIZENS, ids=lambda role: role or "anybody")
def test_what_citizens_use_is_whole_without_scripts(visit: Visit, demo_site: Site, role: Role | None) -> None:
    page = enter(visit, demo_site, role, scripts=False)
    found = []
    for address in walk(page, demo_site, role):
        for width in (PHONE_SMALL, DESKTOP):
            page.set_viewport_size({"width": width, "height": 800})
            found += [f"{address}, {width} px: {fault}" for fault in own_faults(page) + idle(page)]
    assert found == []


def idle(page: Page) -> list[str]:
    """What shows and does nothing without scripts: a button of no form, a form without a button, an empty map."""
    said: list[str] = page.evaluate(
        """() => {
          const shown = (e) => e.checkVisibility() && e.getClientRects().length > 0;
          const words = (e) => e.outerHTML.slice(0, 80);
          const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
          const idle = all("button").filter((e) => !e.form || e.type !== "submit");
          const mute = all("form").filter((e) => !e.querySelector("button:not([type=button]), input[type=submit]"));
          const empty = all(".map").filter((e) => !e.innerText.trim() && !e.querySelector("svg"));
          return [
            ...idle.map((e) => "a button does nothing: " + words(e)),
            ...mute.map((e) => "a form cannot be sent: " + words(e)),
            ...empty.map((e) => "an empty map: " + words(e)),
          ];
        }"""
    )
    return said


FORMS = [
    *((None, address) for address in ("/", "/departs", "/lignes", "/achats", "/constat", "/scolaire", "/connexion")),
    *((None, address) for address in ("/inscription", "/mot-de-passe-oublie", "/donnees/suivre", "/competences")),
    *((Role.TRAVELLER, f"/covoiturage/{name}") for name in ("mon-telephone", "signaler")),
    *((Role.DRIVER, f"/covoiturage/{name}") for name in ("inscription", "mes-aides/compte-bancaire", "monter")),
    (Role.DRIVER, "/covoiturage/mes-aides/reclamation"), (Role.FAMILY, "/scolaire/famille/inscription"),
    (Role.FAMILY, "/scolaire/famille/rejoindre"), (Role.FAMILY, "/compte/effacer"),
]  # fmt: skip


def test_a_main_form_sent_empty_without_scripts_is_answered_by_a_page(visit: Visit, demo_site: Site) -> None:
    found = []
    for role in CITIZENS:
        page = enter(visit, demo_site, role, scripts=False)
        for address in (address for who, address in FORMS if who is role):
            page.goto(demo_site.url + address)
            page.eval_on_selector_all("form", "all => all.forEach(each => each.noValidate = true)")
            page.eval_on_selector_all("main details", "all => all.forEach(each => each.open = true)")
            button = page.locator("main form button:visible:not(.plain)")
            if button.count() == 0:
                found.append(f"{address}: no form to send")
                continue
            with page.expect_navigation() as led:
                button.first.click()
            answer = led.value
            if answer is None or answer.status >= 500:
                found.append(f"{address}: {answer and answer.status}")
            found += [f"{address}, sent: {fault}" for fault in own_faults(page)]
    assert found == []


def test_a_draft_of_a_tariff_is_begun(visit: Visit, demo_site: Site) -> None:
    page = enter(visit, demo_site, Role.FINANCE_AGENT)
    page.goto(f"{demo_site.url}/billettique/agents/tarifs")
    form = page.get_by_role("form", name="Copier une version")
    form.get_by_label("Code de la nouvelle version").fill("car-unite-essai")
    form.get_by_label("Premier jour").fill(f"{now().year + 1}-09-01")
    form.get_by_role("button").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("car-unite-essai")
    assert everywhere(page) == []
    page.get_by_role("link", name="Lieux et arrêts de ce brouillon").click()
    page.get_by_role("group", name="Belfort", exact=True).get_by_label("Belfort-Ville").check()
    page.get_by_role("button", name="Enregistrer dans le brouillon").press("Enter")
    expect(page.get_by_label("Belfort-Ville")).to_be_checked()
    assert everywhere(page) == []


def test_a_payment_contested_at_the_bank_is_looked_at(visit: Visit, demo_site: Site) -> None:
    page = visit("/achats")
    page.get_by_role("button", name="Mettre dans le panier").click()
    page.get_by_role("link", name=re.compile("^Payer")).click()
    page.get_by_role("button", name=re.compile("^Payer")).click()
    page.locator("[value=pm_card_createDispute]").check()
    page.locator("main button").first.click()
    expect(page.get_by_text("Le paiement est contesté auprès de la banque")).to_be_visible()
    desk = enter(visit, demo_site, Role.REGISSEUR)
    desk.goto(f"{demo_site.url}/billettique/agents/a-repondre")
    assert everywhere(desk) == []
    desk.locator("main a[href*='/contestations/sim/']").first.click()
    expect(desk).to_have_url(re.compile("/contestations/sim/"))
    assert everywhere(desk) == []

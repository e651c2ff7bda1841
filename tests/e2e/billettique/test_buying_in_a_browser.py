"""A guest buys a coach ticket with the keyboard alone, without scripts, on a telephone; confirms with 3-D Secure; gives
the ticket back. Every page is for everybody, in both languages, and light."""

import re
from urllib.parse import urljoin

from playwright.sync_api import Page, expect

from tests.browser import PHONE, Visit, everywhere, weight_bytes

BUY_LIMIT_BYTES = 150_000


def reach(page: Page, words: str) -> None:
    """With the Tab key alone, to the element whose words begin so."""
    for _step in range(60):
        page.keyboard.press("Tab")
        said = page.evaluate(
            "() => { const e = document.activeElement; return (e.labels?.[0]?.innerText || e.innerText || '').trim() }"
        )
        if said.replace("\N{NO-BREAK SPACE}", " ").startswith(words):
            return
    raise AssertionError(f"the keyboard never reaches “{words}”")


def clean(page: Page) -> list[str]:
    """The faults of the page once it is all there."""
    page.wait_for_load_state("load")
    return everywhere(page)


def to_checkout(page: Page) -> None:
    page.get_by_role("button", name="Mettre dans le panier").click()
    page.get_by_role("link", name=re.compile("^Payer")).click()


def pay(page: Page, card: str) -> None:
    page.get_by_role("button", name=re.compile("^Payer")).click()
    page.locator(f"[value={card}]").check()
    page.locator("main button").first.click()


def test_a_guest_buys_by_keyboard_alone_without_scripts(visit_bare: Visit) -> None:
    page = visit_bare("/achats", width=PHONE, scripts=False)
    reach(page, "Mettre dans le panier")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Mon panier")
    reach(page, "Payer 1,50 €")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Payer 1,50 €")
    reach(page, "Payer 1,50 €")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Simulation de paiement")
    reach(page, "Payer")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Vos titres sont prêts.")).to_be_visible()
    reach(page, "Afficher le titre")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/billet/"))


def test_the_bank_asks_its_holder_and_yes_makes_the_ticket(visit_bare: Visit) -> None:
    page = visit_bare("/achats")
    to_checkout(page)
    pay(page, "pm_card_authenticationRequired")
    expect(page).to_have_url(re.compile("/simulation/3ds/"))
    assert clean(page) == []
    page.locator("button[value=yes]").click()
    expect(page.get_by_text("Vos titres sont prêts.")).to_be_visible()


def test_a_ticket_is_given_back_from_its_order(visit_bare: Visit) -> None:
    page = visit_bare("/achats")
    to_checkout(page)
    pay(page, "pm_card_visa")
    page.get_by_role("link", name=re.compile("Me faire rembourser")).click()
    assert clean(page) == []
    page.get_by_role("button", name=re.compile("Rendre ce titre")).click()
    expect(page.get_by_text("ce titre n’est plus valable")).to_be_visible()
    assert clean(page) == []


def test_a_pass_is_taken_from_another_day_on(visit_bare: Visit) -> None:
    """No act confirms the price of a pass yet, so none is on sale here: the page is reached by its address, and says
    of a ticket why it cannot be exchanged."""
    page = visit_bare("/achats")
    to_checkout(page)
    pay(page, "pm_card_visa")
    expect(page.get_by_text("Vos titres sont prêts.")).to_be_visible()
    refund = page.get_by_role("link", name=re.compile("Me faire rembourser")).get_attribute("href")
    assert refund is not None
    page.goto(urljoin(page.url, refund.replace("/rembourser/", "/echanger/")))
    assert clean(page) == []
    page.get_by_role("button", name="Échanger ce titre").click()
    expect(page.get_by_text("Rien n’est changé")).to_be_visible()
    assert clean(page) == []


def test_every_page_of_a_purchase_is_for_everybody(visit_bare: Visit) -> None:
    page = visit_bare("/achats")
    assert weight_bytes(page) <= BUY_LIMIT_BYTES
    assert clean(page) == []
    page.get_by_role("button", name="Mettre dans le panier").click()
    assert clean(page) == []
    page.get_by_role("link", name=re.compile("^Payer")).click()
    assert clean(page) == []
    page.get_by_role("button", name=re.compile("^Payer")).click()
    expect(page).to_have_url(re.compile("/simulation/paiement/"))
    assert clean(page) == []
    page.locator("main button").first.click()
    expect(page.get_by_text("Vos titres sont prêts.")).to_be_visible()
    assert clean(page) == []


def test_the_same_in_english(visit_bare: Visit) -> None:
    page = visit_bare("/achats", language="en-GB")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Tickets and passes")
    page.get_by_role("button", name="Put in the basket").click()
    expect(page.get_by_text("Total: €1.50, tax included")).to_be_visible()
    assert clean(page) == []

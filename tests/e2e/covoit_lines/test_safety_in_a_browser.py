"""Emergency and report, pressed by keyboard on a telephone, with and without scripts; what the agent then reads."""

import pytest
from playwright.sync_api import expect

from tests.browser import PHONE, everywhere
from tests.e2e.covoit_lines.test_covoit_lines_in_a_browser import World, carpool_site, world

__all__ = ["carpool_site", "world"]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_in_danger_the_numbers_come_first_then_what_happened_reaches_an_agent(world: World, scripts: bool):
    said = f"Conduite dangereuse, {'avec' if scripts else 'sans'} script <b>vite</b>"
    rider = world.open("/covoiturage/places", "karim", scripts=scripts, width=PHONE)
    rider.get_by_role("link", name="Urgence").first.focus()
    rider.keyboard.press("Enter")
    expect(rider.get_by_role("heading", name="Urgence")).to_be_visible()
    for number, where in (("17", "tel:17"), ("112", "tel:112"), ("114", "sms:114")):
        call = rider.get_by_role("link", name=number)
        expect(call).to_have_attribute("href", where)
        assert call.bounding_box()["y"] < 500  # on the first screen
    assert not scripts or everywhere(rider) == []

    rider.get_by_role("link", name="dites-nous ce qui s’est passé").press("Enter")
    rider.get_by_label("Une conduite dangereuse").press("Space")
    rider.get_by_role("button", name="Envoyer").press("Enter")  # no words yet
    expect(rider.get_by_label("Ce qui s’est passé")).to_have_attribute("aria-invalid", "true")
    assert not scripts or everywhere(rider) == []
    expect(rider.get_by_label("Une conduite dangereuse")).to_be_checked()  # what was chosen is kept
    rider.get_by_label("Ce qui s’est passé").focus()
    rider.keyboard.type(said)
    rider.keyboard.press("Tab")
    expect(rider.get_by_role("button", name="Envoyer")).to_be_focused()
    rider.keyboard.press("Enter")
    expect(rider.get_by_text("Un agent lit chaque signalement")).to_be_visible()

    agent = world.open("/covoiturage/agents/signalements", "agent", scripts=scripts)
    card = agent.get_by_role("article").filter(has_text=said)
    expect(card.get_by_role("heading", name="Une conduite dangereuse")).to_be_visible()
    expect(card.get_by_role("link", name="la personne qui signale")).to_be_visible()
    assert not scripts or everywhere(agent) == []
    card.get_by_role("button", name="Lu, je m’en occupe").press("Enter")
    expect(agent.get_by_role("article").filter(has_text=said)).to_have_count(0)
    agent.get_by_role("link", name="Tous").press("Enter")
    expect(agent.get_by_role("article").filter(has_text=said)).to_contain_text("Lu le")
    told = agent.get_by_role("article").filter(has_text=said)
    told.get_by_role("link", name="la personne qui signale").press("Enter")
    expect(agent.get_by_role("heading", level=1)).to_be_visible()


def test_the_numbers_need_no_account(world: World):
    page = world.open("/covoiturage/urgence", width=PHONE)
    expect(page.get_by_role("link", name="112")).to_have_attribute("href", "tel:112")
    assert everywhere(page) == []

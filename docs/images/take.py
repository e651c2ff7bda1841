"""Takes the pictures of the documentation from a demonstration that answers, each at most 150 kB.

mobigo demo --port 8000 &    python docs/images/take.py http://127.0.0.1:8000
"""

import sys
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from shutil import which
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).parent
WEIGHT_BYTES_MAX = 150_000
BY_ROLE = (
    ("counter_agent", "/guichet", "guichet"),
    ("inspector", "/controle", "controleur"),
    ("family", "/scolaire/famille", "famille"),
    ("school_planner", "/scolaire/plans", "concepteur"),
    ("publisher", "/travail/chiffres", "chiffres"),
    ("comptable_public", "/covoiturage/agents/lots", "comptable"),
    ("network_planner", "/etudes", "planificateur"),
)


def take(browser: Browser, url: str, name: str, width: int, height: int, *, dark: bool = False) -> None:
    """A picture of the page as a French visitor sees it, as WebP."""
    page = browser.new_page(
        viewport={"width": width, "height": height}, locale="fr-FR", color_scheme="dark" if dark else "light"
    )
    page.goto(url, wait_until="networkidle")
    page.wait_for_timeout(1500)  # the map draws after the text
    keep(Image.open(BytesIO(page.screenshot())), name)
    page.close()


def take_as(browser: Browser, site: str, button: str, path: str, name: str, width: int, height: int) -> None:
    """A picture of what one of the story's people sees once they have entered by their button."""
    context = browser.new_context(viewport={"width": width, "height": height}, locale="fr-FR")
    page = context.new_page()
    page.goto(f"{site}/demonstration")
    page.get_by_role("button", name=button).click()
    page.goto(f"{site}{path}", wait_until="networkidle")
    keep(Image.open(BytesIO(page.screenshot())), name)
    context.close()


def take_in_role(browser: Browser, site: str, role: str, path: str, name: str) -> None:
    """A picture of what an agent or a person of the demonstration sees, entered by the button of their role."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="fr-FR")
    page = context.new_page()
    page.goto(f"{site}/demonstration")
    page.locator(f'form[action="/demonstration/entrer/{role}"] button').click()
    page.goto(f"{site}{path}", wait_until="load")
    page.wait_for_timeout(1500)
    keep(Image.open(BytesIO(page.screenshot())), name)
    context.close()


def keep(picture: Image.Image, name: str) -> None:
    """Write the picture as WebP, as good as its weight allows."""
    for quality in (85, 75, 65, 50):
        picture.save(HERE / f"{name}.webp", quality=quality, method=6)
        if (HERE / f"{name}.webp").stat().st_size <= WEIGHT_BYTES_MAX:
            return
    raise SystemExit(f"{name} weighs too much")


def main(site: str) -> None:
    """The traveller's answer on a desk and on a phone, the driver's space, the month's spending, the story, and a page
    each of other roles."""
    day = datetime.now(ZoneInfo("Europe/Paris")).date() + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    asked = {"from": "Saulieu", "to": "Châtillon-sur-Seine", "when": "arrive", "date": day.isoformat(), "time": "08:00"}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=which("chromium"),
            args=["--no-sandbox", "--use-gl=swiftshader", "--enable-unsafe-swiftshader"],
        )
        take(browser, f"{site}/trajets?{urlencode(asked)}", "voyageur", 1280, 900)
        take(browser, f"{site}/trajets?{urlencode(asked)}", "voyageur-telephone", 360, 780, dark=True)
        take(browser, f"{site}/demonstration", "demonstration", 1280, 800)
        take(browser, f"{site}/donnees", "reutilisateur", 1280, 800)
        take_as(browser, site, "Entrer comme Conrad", "/covoiturage/mes-aides", "conducteur", 1280, 800)
        simulated = "/covoiturage/simulation?rate=0,12"
        take_as(browser, site, "Entrer comme la vice-présidente", simulated, "vice-presidente", 1280, 900)
        for role, path, name in BY_ROLE:
            take_in_role(browser, site, role, path, name)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])

"""The public checker in a browser: for everybody, without scripts, by the keyboard; its report is read on a phone."""

import io
import json
import zipfile

from playwright.sync_api import Page, expect

from tests.browser import DESKTOP, Visit, everywhere
from tests.builders import feed, trip

FILES = feed([trip("t", "A 07:55 B 08:55", wheelchair_accessible="1"), trip("u", "A 09:55 B 10:55")])
FILES["trips.txt"] = FILES["trips.txt"].replace("R,daily,t", "Z,daily,t")
PAGE = "/donnees/controle"


def archive(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as opened:
        for name, text in files.items():
            opened.writestr(name, text)
    return content.getvalue()


def bring(page: Page, name: str, content: bytes) -> None:
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "application/zip", "buffer": content})
    button = page.get_by_role("button", name="Contrôler ce fichier")
    button.focus()
    page.keyboard.press("Enter")


def test_the_form_and_the_report_are_for_everybody(visit_bare: Visit) -> None:
    page = visit_bare(PAGE)
    assert everywhere(page) == []
    bring(page, "reseau.zip", archive(FILES))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Contrôle de reseau.zip")
    expect(page.locator("main")).to_contain_text("foreign_key_violation")
    assert everywhere(page) == []


def test_without_scripts_what_cannot_be_read_is_said_beside_the_field(visit_bare: Visit) -> None:
    page = visit_bare(PAGE, scripts=False, width=DESKTOP)
    bring(page, "photo.zip", b"not a zip")
    expect(page.locator("#f-archive-error")).to_contain_text("photo.zip")
    bring(page, "reseau.zip", archive(FILES))
    expect(page.locator("main")).to_contain_text("trips.txt")


def test_shared_vehicles_are_told_on_a_phone_and_on_a_large_screen(visit_bare: Visit) -> None:
    stations = {"last_updated": 1, "data": {"stations": [{"station_id": "1", "lat": 147, "lon": 5}]}}
    for page in (visit_bare(PAGE), visit_bare(PAGE, width=DESKTOP)):
        bring(page, "velos.zip", archive({"station_information.json": json.dumps(stations)}))
        expect(page.get_by_role("heading", level=1)).to_contain_text("Contrôle de velos.zip")
        expect(page.locator("main")).to_contain_text("règles de Mobigo sur le GBFS")
        expect(page.locator("main")).to_contain_text("gbfs_station_nowhere")
        assert everywhere(page) == []

"""The demonstration in a browser: its buttons lead somewhere; one’s own GTFS is checked, put in use and searched."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import PHONE, Visit, everywhere
from tests.live import Site

NIGHT = {
    "agency": "agency_id,agency_name,agency_url,agency_timezone\nA,Bus de nuit,https://nuit.example.org,Europe/Paris\n",
    "stops": "stop_id,stop_name,stop_lat,stop_lon\nA,Place Basse,47.50,5.80\nB,Place Haute,47.52,5.83\n",
    "routes": "route_id,agency_id,route_short_name,route_long_name,route_type,route_color\nN,A,N9,Nuit,3,ROUGE\n",
    "calendar": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "S,1,1,1,1,1,1,1,20260101,20301231\n"
    ),
    "trips": "route_id,service_id,trip_id,trip_headsign\nN,S,T1,Place Haute\n",
    "stop_times": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nT1,24:50:00,24:50:00,A,1\nT1,25:05:00,25:05:00,B,2\n"
    ),
}


def archive(tables: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as opened:
        for name, text in tables.items():
            opened.writestr(f"{name}.txt", text)
    return content.getvalue()


def upload(page: object, name: str, content: bytes) -> None:
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "application/zip", "buffer": content})  # type: ignore[attr-defined]  # a Page
    page.get_by_role("button", name="Contrôler ce fichier").click()  # type: ignore[attr-defined]  # a Page


@pytest.mark.parametrize("path", ["/demonstration", "/demonstration/essai"])
def test_the_pages_of_the_demonstration_are_for_everybody(visit: Visit, path: str):
    assert everywhere(visit(path)) == []


def test_the_commuters_button_leads_to_an_answer(visit: Visit):
    page = visit("/demonstration", width=1280)
    page.get_by_role("link", name="avant 8").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "Saulieu" in page.url


def test_the_driver_of_the_story_reads_his_nine_euros_and_the_code_that_would_have_left(visit: Visit):
    page = visit("/demonstration")
    page.get_by_role("button", name="Entrer comme Conrad").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Vous pouvez demander")
    sums = page.get_by_role("list", name="Calcul de l’aide du dernier trajet").get_by_role("listitem")
    assert [" ".join(each.split()) for each in sums.all_inner_texts()] == [
        "80 km × 0,10 € = 8,00 €", "1 passager × 1,00 € = 1,00 €", "Total : 9,00 €",
    ]  # fmt: skip
    page.get_by_role("link", name="Changer de compte", exact=True).click()
    page.get_by_label("IBAN").fill("FR76 3000 6000 0112 3456 7890 189")
    page.get_by_role("button", name="Recevoir le code").click()
    page.get_by_role("link", name="Lire le code dans les messages").click()
    code = re.search(r"\d{6}", page.locator("main").inner_text())
    assert code is not None
    assert everywhere(page) == []
    page.goto(page.url.replace("/demonstration/messages", "/covoiturage/mes-aides/compte-bancaire/code"))
    page.get_by_label("Code", exact=True).fill(code[0])
    page.get_by_role("button", name="Confirmer ce compte").click()
    expect(page.get_by_text("FR76 … 0189").first).to_be_visible()


def test_the_vice_president_reads_the_month_and_slides_the_price_of_a_kilometre(visit: Visit):
    page = visit("/demonstration", width=PHONE)
    page.get_by_role("button", name="Entrer comme la vice-présidente").press("Enter")
    expect(page.get_by_role("table", name="Par ligne")).to_contain_text("Saulieu")
    assert everywhere(page) == []
    page.get_by_role("link", name="Essayer un autre barème").press("Enter")
    result = page.locator("[data-simulation-result]")
    expect(result).to_contain_text("Même coût")
    assert everywhere(page) == []
    slider = page.get_by_role("slider", name="Par kilomètre, en euros")
    slider.press("ArrowRight")
    expect(result).to_contain_text("de plus")
    expect(result).not_to_contain_text("0 conducteur gagne")
    slider.press("ArrowLeft")
    expect(result).to_contain_text("Même coût")


def test_the_feeds_and_their_faults_are_for_everybody(visit: Visit, demo_site: Site):
    known = json.loads((demo_site.home / "secrets" / "demo-accounts.json").read_text(encoding="utf-8"))
    account = next(each for each in known if each["role"] == "publisher")
    page = visit("/connexion", width=PHONE)
    page.locator("input[name=email]").fill(account["email"])
    page.locator("input[name=password]").fill(account["password"])
    page.locator("main form button").first.press("Enter")
    page.wait_for_url("**/compte")
    page.goto(f"{demo_site.url}/reseaux")
    assert everywhere(page) == []
    page.get_by_role("link", name="version 1").first.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert everywhere(page) == []


def test_one_s_own_timetable_is_checked_put_in_use_and_searched_past_midnight(visit: Visit, demo_site: Site):
    page = visit("/demonstration/essai", scripts=False)
    upload(page, "Ma nuit.zip", archive(NIGHT))
    expect(page.get_by_role("row", name="ROUGE")).to_contain_text("routes.txt")
    report = page.url
    page.get_by_role("button", name="Mettre en service").click()
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MOBIGO_")}
    built = subprocess.run(  # what the worker would do
        [sys.executable, "-m", "mobigo.app.cli", "network", "build"],
        env={**ours, "MOBIGO_HOME": str(demo_site.home), "MOBIGO_ENV": "demo"},
        capture_output=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    there = page.get_by_role("link", name="Chercher ce trajet")
    for _second in range(90):  # a process looks at the network in use every second, and warms it before it serves
        page.goto(report)
        if there.count():
            break
        page.wait_for_timeout(1000)
    there.click()
    expect(page.locator("main")).to_contain_text("N9")
    expect(page.locator("main")).to_contain_text("0 h 50")


def test_what_is_no_archive_is_said_beside_the_field(visit: Visit):
    page = visit("/demonstration/essai")
    upload(page, "photo.zip", b"not a zip")
    expect(page.locator("#f-archive-error")).not_to_be_empty()
    assert everywhere(page) == []


def test_a_feed_with_a_blocking_fault_is_told_and_cannot_be_put_in_use(visit: Visit):
    page = visit("/demonstration/essai")
    upload(page, "sans-arrets.zip", archive({name: text for name, text in NIGHT.items() if name != "stops"}))
    expect(page.locator("main")).to_contain_text("bloquante")
    expect(page.get_by_role("button", name="Mettre en service")).to_have_count(0)
    assert everywhere(page) == []


def test_the_territory_itself_cannot_be_taken_out_by_a_visitor(demo_site: Site):
    import urllib.error
    import urllib.request

    request = urllib.request.Request(f"{demo_site.url}/demonstration/essai/ter/retirer", method="POST", data=b"")
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request)
    assert refusal.value.code in (400, 404)


def test_pictures_of_the_documentation_are_light():
    folder = Path(__file__).parents[3] / "docs" / "images"
    assert [each.name for each in folder.glob("*.webp") if each.stat().st_size > 150_000] == []

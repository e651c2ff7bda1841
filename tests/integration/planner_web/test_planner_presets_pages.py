"""What comes first, CO2 and assistance, on the page, in the API and kept in the address."""

import os
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from mobigo.infra.web import services

SEARCH = {
    "from": "Saulieu, place Monge", "to": "Montbard, gare", "when": "leave", "date": "2025-03-18", "time": "07:15",
}  # fmt: skip
API = "/api/v1/journeys?from=demo:SAU&to=demo:MON&at=2025-03-18T07:15:00&lang=fr"
PRESETS = ["fastest", "cheapest", "fewest_changes", "least_walking", "step_free", "lowest_co2"]


def page(client: FlaskClient, **changed: str) -> str:
    text = client.get("/trajets", query_string={**SEARCH, "lang": "fr", **changed}).get_data(as_text=True)
    seen = os.environ.get("MOBIGO_PAGES_SEEN")
    if seen:
        (Path(seen) / f"{'-'.join(changed.values()) or 'usual'}.html").write_text(text, encoding="utf-8")
    return text


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_is_a_plain_link_that_says_what_it_does(client: FlaskClient, preset: str) -> None:
    assert f"prefer={preset}" in page(client)  # a link, without a script
    chosen = page(client, prefer=preset)
    assert 'aria-current="true"' in chosen
    assert '<p class="hint">' in chosen.split('class="presets')[1].split("</nav>")[0]
    assert f'value="{preset}" selected' in chosen  # and the form keeps it


def test_what_is_no_preset_is_said_beside_its_field(client: FlaskClient) -> None:
    answer = client.get("/trajets", query_string={**SEARCH, "prefer": "nicest"})
    assert answer.status_code == 422
    assert 'id="f-prefer-error"' in answer.get_data(as_text=True)


def test_a_preset_is_no_part_of_an_address_without_one(client: FlaskClient) -> None:
    assert 'rel="nofollow" aria-current="true">Par heure</a>' in page(client)


def test_the_page_says_what_a_journey_emits_and_by_whose_factors(client: FlaskClient) -> None:
    text = page(client)
    assert "de CO₂" in text
    assert "ADEME, Base Carbone" in text


def test_the_api_counts_emissions_leg_by_leg(client: FlaskClient) -> None:
    journey = client.get(API).get_json()["journeys"][0]
    emissions = journey["emissions"]
    assert emissions["grams"] == sum(leg["grams"] for leg in emissions["legs"])
    assert [leg["mode"] for leg in emissions["legs"]] == ["bus"]  # a bus of GTFS, of nobody who is known for coaches
    assert emissions["source_since"] == "2021-01-01"


def test_the_api_refuses_what_is_no_preset(client: FlaskClient) -> None:
    assert client.get(f"{API}&prefer=nicest").status_code in (400, 422)
    assert client.get(f"{API}&prefer=lowest_co2").status_code == 200


def test_without_a_step_free_journey_it_says_whom_to_ask(client: FlaskClient) -> None:
    """No trip of this network is known as accessible, and nobody entered the terms of its operator."""
    text = page(client, prefer="step_free")
    assert "Aucun trajet n’est connu comme accessible en fauteuil roulant" in text
    remarks = client.get(f"{API}&prefer=step_free").get_json()["remarks"]
    codes = [each["code"] for each in remarks]
    assert "planner.assistance_for" in codes
    assert {"planner.assistance_ask", "planner.assistance_unknown"} & set(codes)


TERMS = """first_day = 2025-01-01
source = "essai"
[[terms]]
kind = "assistance"
operator = "Accueil des voyageurs"
agencies = ["{agency}"]
phone = "03 53 01 20 21"
notice_h = {notice_h}
days = "every_day"
opens = 08:00:00
closes = 20:00:00
"""


@pytest.mark.parametrize(
    ("notice_h", "code"),
    [
        (24, "planner.assistance_too_late"),  # asked at 7:05: a day before 17:00 is past
        (1, "planner.assistance_book"),  # until 16:00
    ],
)
def test_assistance_is_booked_until_its_cut_off(client: FlaskClient, notice_h: int, code: str) -> None:
    agency = client.get(API).get_json()["journeys"][0]["legs"][0]["line"]["agency"]
    with client.application.app_context():
        folder = services().config.home / "assistance"
    folder.mkdir(exist_ok=True)
    file = folder / "essai.toml"
    file.write_text(TERMS.format(agency=agency, notice_h=notice_h), encoding="utf-8")
    asked = "from=demo:MON&to=demo:SAU&at=2025-03-18T16:30:00&lang=fr&wheelchair=true"
    try:
        answer = client.get(f"/api/v1/journeys?{asked}").get_json()
        told = [each for each in answer["remarks"] if each["code"] == code]
        assert told, answer["remarks"]
        assert "03 53 01 20 21" in told[0]["text"]
        assert "tous les jours de 8" in told[0]["text"]
    finally:
        file.unlink()

"""By way of a place, and who answers when we cannot: on the page and in the API."""

from datetime import datetime

import pytest
from flask.testing import FlaskClient

from mobigo.planner.web import here

ASKED = {"from": "Saulieu", "to": "Montbard", "when": "leave", "date": "2025-03-18", "time": "07:20"}


@pytest.fixture(autouse=True)
def in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day on which the table of authorities is in force."""
    monkeypatch.setattr(here, "now", lambda: datetime.fromisoformat("2026-03-17T07:05:00+01:00"))


def page(client: FlaskClient, **changed: str) -> tuple[int, str]:
    answer = client.get("/trajets", query_string=ASKED | changed)
    return answer.status_code, answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("via", "stay", "found"),
    [
        ("Semur, gare routière", "", True),  # the coach calls there: one stays seated
        ("Semur, gare routière", "15", True),  # one gets off, and goes on past midnight
        ("Châtillon-sur-Seine, centre", "", False),
    ],
)
def test_the_page_goes_by_way_of_a_place(client: FlaskClient, via: str, stay: str, found: bool) -> None:
    status, text = page(client, via=via, stay=stay)
    assert status == 200
    assert ("1 façon d’y aller" in text) == found
    assert ("Aucun trajet ne passe par" in text) == (not found)
    assert f'name="via" type="text" value="{via}"' in text
    assert "badge" in text  # the options say that they are in use


def test_a_place_to_go_by_that_nobody_knows_is_said_beside_its_field(client: FlaskClient) -> None:
    status, text = page(client, via="Xqzw")
    assert status == 422
    assert 'id="f-via-error"' in text
    assert '<a href="#f-via">' in text


def test_a_place_to_go_by_of_several_is_chosen_from_a_list(client: FlaskClient) -> None:
    status, text = page(client, via="Saint-Martin-du-Mont")
    assert status == 200
    assert 'name="via_id"' in text
    assert "En passant par" in text
    assert '<input type="hidden" name="from" value="Saulieu">' in text


def test_a_stay_outside_the_list_is_refused(client: FlaskClient) -> None:
    status, text = page(client, via="Semur, gare routière", stay="7")
    assert status == 422
    assert 'id="f-stay-error"' in text


def test_the_api_goes_by_way_of_a_place_and_stays(client: FlaskClient) -> None:
    asked = {"from": "demo:SAU", "to": "demo:MON", "at": "2025-03-18T07:20", "via": "demo:SEM"}
    through = client.get("/api/v1/journeys", query_string=asked).get_json()
    assert [len(journey["legs"]) for journey in through["journeys"]] == [1]
    stayed = client.get("/api/v1/journeys", query_string=asked | {"stay": "15"}).get_json()
    assert [(len(journey["legs"]), journey["arrival"]) for journey in stayed["journeys"]] == [
        (2, "2025-03-19T00:35:00+01:00")
    ]
    assert client.get("/api/v1/journeys", query_string=asked | {"stay": "721"}).status_code == 422


def test_without_a_journey_the_page_names_who_answers_and_how_to_reach_them(client: FlaskClient) -> None:
    _, text = page(client, to="Saint-Martin-du-Mont, Côte-d’Or", walk="500")
    assert "Région Bourgogne-Franche-Comté" in text
    assert 'href="tel:+33353012000"' in text
    assert 'href="https://www.viamobigo.fr"' in text


def test_without_a_journey_the_api_names_who_answers(client: FlaskClient) -> None:
    asked = {"from": "demo:SAU", "to": "47.41,4.76", "at": "2025-03-18T07:20"}
    remarks = client.get("/api/v1/journeys", query_string=asked).get_json()["remarks"]
    assert [remark["code"] for remark in remarks] == ["planner.no_stop_near_destination", "planner.ask_authority"]
    assert remarks[1]["params"] == {
        "authority": "Région Bourgogne-Franche-Comté",
        "commune": "Saint-Martin-du-Mont",
        "phone": "03 53 01 20 00",
        "link": "https://www.viamobigo.fr",
    }


def test_a_journey_that_exists_names_no_authority(client: FlaskClient) -> None:
    remarks = client.get(
        "/api/v1/journeys", query_string={"from": "demo:SAU", "to": "demo:MON", "at": "2025-03-18T07:20"}
    ).get_json()["remarks"]
    assert remarks == []


def test_what_lies_outside_the_territory_is_said(client: FlaskClient) -> None:
    asked = {"from": "demo:SAU", "to": "48.8566,2.3522", "at": "2025-03-18T07:20"}
    codes = [r["code"] for r in client.get("/api/v1/journeys", query_string=asked).get_json()["remarks"]]
    assert codes == ["planner.no_stop_near_destination", "planner.outside_competence", "planner.ask_authority"]

"""A journey from a door: typed, completed, chosen among namesakes, by the API, and gone when addresses are."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from mobigo.network.service.addressing import import_addresses
from mobigo.network.store import addresses

FILE = Path(__file__).parents[3] / "fixtures" / "addresses" / "adresses-exemple.csv"
SEARCH = {"to": "Châtillon-sur-Seine", "when": "leave", "date": "2025-03-18", "time": "05:00"}
DOOR = "address:21584.:rue-des-fleurs:12"


@pytest.fixture
def with_addresses(known_site: APIFlask) -> Iterator[None]:
    home = known_site.extensions["mobigo"].config.home
    import_addresses(home, [FILE], datetime(2026, 11, 26, tzinfo=UTC))
    yield
    addresses.forget(home)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.usefixtures("with_addresses")
def test_a_journey_begins_at_a_door(client: FlaskClient) -> None:
    page = plain(client.get("/trajets", query_string={**SEARCH, "from": "12 rue des Fleurs, Saulieu"}).text)
    assert "1 façon d’y aller" in page
    assert "12 Rue des Fleurs, 21210 Saulieu →" in page
    assert "min à pied" in page  # from the door to place Monge


@pytest.mark.usefixtures("with_addresses")
def test_a_street_of_two_towns_asks_which_and_the_choice_is_kept(client: FlaskClient) -> None:
    page = client.get("/trajets", query_string={**SEARCH, "from": "12 rue des Fleurs"}).text
    assert "Quel lieu, exactement" in page
    assert f'value="{DOOR}"' in page
    assert "adresse</small>" in page
    chosen = client.get("/trajets", query_string={**SEARCH, "from": "12 rue des Fleurs", "from_id": DOOR})
    assert "Quel lieu, exactement" not in chosen.text
    assert "12 Rue des Fleurs, 21210 Saulieu" in chosen.text


@pytest.mark.usefixtures("with_addresses")
def test_the_completion_gives_addresses_beside_stops_and_communes_when_asked(client: FlaskClient) -> None:
    asked = {"q": "12 rue des fleurs saul", "kind": "commune,station,stop,address"}
    found = client.get("/api/v1/stops", query_string=asked).get_json(force=True)["stops"]
    assert (found[0]["kind"], found[0]["label"], found[0]["id"]) == (
        "address", "12 Rue des Fleurs, 21210 Saulieu", DOOR,
    )  # fmt: skip
    without = client.get("/api/v1/stops", query_string={"q": asked["q"]}).get_json(force=True)["stops"]
    assert "address" not in [place["kind"] for place in without]
    commune = client.get("/api/v1/stops", query_string={**asked, "q": "saulieu"}).get_json(force=True)["stops"]
    assert commune[0]["id"] == "commune:21584"


@pytest.mark.usefixtures("with_addresses")
@pytest.mark.parametrize("text", [DOOR, "12 RUE DES FLEURES SAULIEU"])
def test_the_api_sets_out_from_an_address_by_its_id_or_its_words(client: FlaskClient, text: str) -> None:
    asked = {"from": text, "to": "Châtillon-sur-Seine", "at": "2025-03-18T05:00"}
    answer = client.get("/api/v1/journeys", query_string=asked).get_json(force=True)
    assert answer["from"]["name"] == "12 Rue des Fleurs, 21210 Saulieu"
    assert (answer["from"]["lat"], answer["from"]["lon"]) == (47.2815, 4.2311)
    assert [leg["type"] for leg in answer["journeys"][0]["legs"]] == ["walk", "ride", "ride"]


def test_without_addresses_a_door_is_not_guessed(client: FlaskClient) -> None:
    answer = client.get("/api/v1/journeys", query_string={"from": DOOR, "to": "Saulieu"})
    assert answer.status_code == 404
    page = client.get("/trajets", query_string={**SEARCH, "from": "12 rue des Fleurs", "from_id": DOOR})
    assert page.status_code == 422

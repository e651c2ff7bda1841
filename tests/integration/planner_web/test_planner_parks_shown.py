"""Car parks and shared bicycles where travellers look: the answer, the stop, the map, and the page that says it all."""

from datetime import UTC, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from mobigo.base.geo import Point
from mobigo.network.model.parks import CarPark, Occupancy, ToldParks
from mobigo.network.model.shared import LooseBike, SharedSystem, Station, Told
from mobigo.planner.web import here, maps, near
from tests.integration.planner_web.conftest import NOW

AT = NOW.astimezone(UTC)
STATION = CarPark("p1", "Parc relais <gare>", Point(47.4915, 4.3300), True, True, 100, 4, None, False, 250)
HIDDEN = CarPark("p2", "Abonnés", Point(47.4915, 4.3301), is_public=False)
ROUTE = "/trajets?from=47.45,4.30&to=47.623,4.337&when=leave&date=2025-03-18&time=7:30&own=car"

BACK = "/trajets?from=47.623,4.337&to=47.45,4.30&when=leave&date=2025-03-18&time=16:50"


def told(free: int | None = 40, age: timedelta = timedelta(0)) -> list[ToldParks]:
    seen = {} if free is None else {"p1": Occupancy(free, AT - age)}
    return [ToldParks("d", "p.csv", (STATION, HIDDEN), seen, 900, "Ville (Licence Ouverte)", "https://x.example/")]


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> list[list[ToldParks]]:
    box = [told()]
    system = SharedSystem(
        "Vélos", AT, 60, licence="etalab-2.0",
        stations=(Station("a", "Gare", Point(47.491, 4.33), 10, 1, 7, True, False),),
        loose=(LooseBike("x", Point(47.49, 4.331)),),
    )  # fmt: skip
    for module in (here, maps, near):
        monkeypatch.setattr(module, "known_parks", lambda: box[0])
        monkeypatch.setattr(module, "shared_systems", lambda at: [Told("v", "", system, False)])
    for module in (maps, near):
        monkeypatch.setattr(module, "now", lambda: NOW)
    return box


def page(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return unescape(answer.text).replace("\u202f", " ").replace("\u00a0", " ")


def test_the_answer_says_where_the_car_is_left_and_the_way_back_takes_it_there(client: FlaskClient) -> None:
    text = page(client, ROUTE)
    assert "Parking Parc relais <gare> : places libres, 40." in text
    assert "2,50 € pour 24 heures." in text
    assert "Places pour personnes handicapées : 4." in text
    assert "Parkings : Ville (Licence Ouverte)." in text
    back = next(
        part.split('"')[0] for part in text.split('href="') if "park=" in part and "left_at=" in part.split('"')[0]
    )
    asked = parse_qs(urlsplit(back).query)
    assert asked["park"] == ["d/p1"]
    returned = page(client, f"{BACK}&own=car&park=d/p1&left_at=demo:SEM")
    assert "Votre voiture vous attend au parking Parc relais <gare>." in returned
    assert 'name="park" value="d/p1"' in returned


@pytest.mark.parametrize(
    ("free", "age", "said", "absent"),
    [
        (5, timedelta(0), "presque complet (places libres : 5)", "inconnues"),
        (None, timedelta(0), "places libres inconnues en ce moment", "presque complet"),
        (0, timedelta(seconds=901), "places libres inconnues en ce moment", "Complets ou fermés"),
        (0, timedelta(0), "Complets ou fermés en ce moment, et non proposés : Parc relais <gare>.", "places libres,"),
    ],
)
def test_what_is_known_of_the_room_is_said(
    client: FlaskClient, known: list[list[ToldParks]], free: int | None, age: timedelta, said: str, absent: str
) -> None:
    known[0] = told(free, age)
    text = page(client, ROUTE)
    assert said in text
    assert absent not in text


def test_the_api_names_the_car_park(client: FlaskClient) -> None:
    found = client.get(
        "/api/v1/journeys?from=47.45,4.30&to=47.623,4.337&at=2025-03-18T07:30:00%2B01:00&own=car"
    ).get_json()  # fmt: skip
    cars = [leg for journey in found["journeys"] for leg in journey["legs"] if leg["type"] == "car"]
    assert cars
    assert {leg["park"] for leg in cars} == {"d/p1"}
    assert [each["code"] for each in cars[0]["notes"]] == [
        "planner.park_free", "planner.park_day_price", "planner.park_disabled",
    ]  # fmt: skip


def test_a_stop_says_where_one_parks_and_takes_a_bicycle(client: FlaskClient) -> None:
    text = page(client, "/arrets/demo:SEM")
    assert "Se garer près d’ici" in text
    assert "Parc relais <gare>" in text
    assert "Abonnés" not in text
    assert "1 vélo, 0 place libre" in text  # it takes none back
    assert "Se garer près d’ici" not in page(client, "/arrets/demo:SAU")


def test_the_map_in_words(client: FlaskClient, known: list[list[ToldParks]]) -> None:
    text = page(client, "/velos-et-parkings")
    for words in ("Gare", "1 vélo garé hors station.", "Parc relais <gare>", "Places en tout : 100.", "etalab-2.0"):
        assert words in text
    assert "Abonnés" not in text
    assert "Aucun parking connu ici." in page(client, "/velos-et-parkings?near=47.0,5.9")
    assert client.get("/velos-et-parkings?near=nowhereatall").status_code == 404
    known[0] = []
    assert "Aucun parking connu ici." in page(client, "/velos-et-parkings?near=Semur")


def test_the_map_draws_them(client: FlaskClient) -> None:
    def drawn(path: str) -> list[tuple[str, object]]:
        features = client.get(path).get_json(force=True)["features"]
        return [(each["properties"]["name"], each["properties"].get("free")) for each in features]

    assert drawn("/carte/parkings.geojson") == [("Parc relais <gare>", 40)]
    assert drawn("/carte/parkings.geojson?bbox=4.32,47.48,4.34,47.5") == [("Parc relais <gare>", 40)]
    assert drawn("/carte/parkings.geojson?bbox=5,47,6,48") == []
    assert [name for name, _ in drawn("/carte/velos.geojson")] == ["Gare", "Vélos"]
    assert drawn("/carte/velos.geojson?bbox=5,47,6,48") == []

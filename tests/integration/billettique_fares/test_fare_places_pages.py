"""The table of places through the application: begun, ticked, filled by files, approved by another, then priced by the
planner. The network: trains of Belfort, Montbéliard and Mâcon; buses of Belfort's network."""

import io
import json
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from billettique.gateway import fares as gateway
from mobigo.app.journey_prices import JourneyPrices
from mobigo.base.instants import PARIS
from mobigo.base.money import Money
from mobigo.infra.config import Config
from mobigo.infra.roles import Role
from mobigo.infra.web import EXTENSION
from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.model import Journey, Price, Ride, Visit
from tests.builders import feed, tables, trip
from tests.integration.billettique_fares.test_fare_pages import People
from tests.integration.billettique_inspection.test_where_tickets_are_good import OneNetwork

FIRST = datetime.now(PARIS).date() + timedelta(days=60)  # far enough, whatever the hour
PAGE = "/billettique/agents/tarifs"
TRIPS = [
    trip("train", "BV 8:00 MB 8:20", route="train", service="then"),
    trip("far", "BV 9:00 MC 11:00", route="train", service="then"),
    trip("beyond", "MC 12:00 LY 12:40", route="train", service="then"),
    trip("bus", "B1 8:00 B2 8:10", route="bus", service="then"),
]
ROUTES = [
    {"route_id": "train", "route_type": "2", "agency_id": "ter"},
    {"route_id": "bus", "route_type": "3", "agency_id": "optymo"},
]
AGENCIES = (
    "agency_id,agency_name,agency_url,agency_timezone\n"
    "ter,TER Mobigo,https://a.example,Europe/Paris\noptymo,Optymo,https://a.example,Europe/Paris\n"
)
STOPS = [
    {"stop_id": "BV", "stop_name": "Belfort-Ville", "stop_lat": "47.632", "stop_lon": "6.854", "stop_code": "8718400"},
    {"stop_id": "MB", "stop_name": "Montbéliard", "stop_lat": "47.5060", "stop_lon": "6.7980", "stop_code": "8718423"},
    {"stop_id": "MC", "stop_name": "Mâcon-Ville", "stop_lat": "46.3030", "stop_lon": "4.8260", "stop_code": "8772570"},
    {"stop_id": "LY", "stop_name": "Ville d’au-delà", "stop_lat": "46.2000", "stop_lon": "4.9000", "stop_code": ""},
    {"stop_id": "B1", "stop_name": "Madrid", "stop_lat": "47.6400", "stop_lon": "6.8600", "stop_code": ""},
    {"stop_id": "B2", "stop_name": "République", "stop_lat": "47.6380", "stop_lon": "6.8630", "stop_code": ""},
]  # fmt: skip


@pytest.fixture(scope="module")
def network() -> OneNetwork:
    files = feed(TRIPS, stops=STOPS, routes=ROUTES, services={"then": [FIRST]})
    files["agency.txt"] = AGENCIES
    return OneNetwork(LiveNetwork(compile_feeds([CompileInput("f", tables(files))], "Europe/Paris", "hash"), "hash"))


@pytest.fixture
def people(config: Config, sqlite_template: Path, network: OneNetwork) -> Iterator[People]:
    config.home.mkdir(parents=True)
    shutil.copyfile(sqlite_template, config.home / "mobigo.sqlite")
    made = People(config)
    made.app.extensions[EXTENSION].__dict__["networks"] = network
    yield made
    made.engine.dispose()


def place(network: OneNetwork, stop_id: str) -> str:
    return str(network.live.timetable.stop_place[list(network.live.timetable.stop_id).index(stop_id)])


def begun(editor: FlaskClient) -> str:
    """The page of the places of a new draft."""
    answer = editor.post(f"{PAGE}/lieux", data={"code": "lieux-essai", "first_day": FIRST.isoformat()})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def sent(editor: FlaskClient, page: str, text: str, name: str, edition: int) -> TestResponse:
    file = (io.BytesIO(text.encode()), name)
    return editor.post(f"{page}/fichier", data={"edition": str(edition), "file": file})


def approved(people: People, page: str, edition: int) -> None:
    act = {"edition": str(edition), "act_number": "26CP.9", "act_day": "2026-01-05"}
    answer = people.signed_in(Role.ORDONNATEUR).post(page.removesuffix("/lieux") + "/approuver", data=act)
    assert answer.status_code == 303, answer.text


def price(people: People, network: OneNetwork, a: str, b: str, hour: int) -> Price:
    """The price of the trip of a train between two stops, as the planner would show it."""
    timetable = network.live.timetable
    rows = list(timetable.stop_id)
    at = datetime(FIRST.year, FIRST.month, FIRST.day, hour, tzinfo=PARIS)
    visits = tuple(Visit(rows.index(stop), when, when) for stop, when in ((a, at), (b, at + timedelta(minutes=20))))
    trip_row = next(n for n, route in enumerate(timetable.trip_route) if timetable.route_id[route] == "train")
    journey = Journey((Ride(((trip_row, 0),), FIRST, visits),), at, visits[-1].arrive_at)
    (found,) = JourneyPrices(people.app.extensions[EXTENSION]).prices(network.live, [journey])
    assert found is not None
    return found


def test_places_are_ticked_by_one_and_approved_by_another(people: People, network: OneNetwork) -> None:
    editor = people.signed_in(Role.FINANCE_AGENT)
    page = begun(editor)
    shown = editor.get(page).text
    assert all(name in shown for name in ("Belfort-Ville", "Montbéliard", "Mâcon-Ville", "Héricourt"))
    belfort, macon = place(network, "BV"), place(network, "MC")
    form = {
        "edition": "1", "place": ["belfort", "montbeliard", "macon"], "stop.belfort": [belfort],
        "more.belfort": "Madrid", "more.montbeliard": "8718423", "stop.macon": [macon],
    }  # fmt: skip
    wrong = editor.post(page, data=form | {"more.montbeliard": "Nulle part"})
    assert wrong.status_code == 422
    assert "n’est aucun arrêt" in wrong.text
    assert people.signed_in(Role.ORDONNATEUR).post(page, data=form).status_code == 403
    assert editor.post(page, data=form).status_code == 303
    assert editor.post(page, data=form).status_code == 409, "made from an older edition"
    kept = editor.get(page).text
    assert kept.count(" checked>") == 4
    summary = people.signed_in(Role.ORDONNATEUR).get(page.removesuffix("/lieux")).text
    assert "Lieux sans aucun arrêt" in summary
    approved(people, page, 2)
    assert "Madrid" in editor.get(f"{PAGE}/lieux-essai").text
    tariff = gateway.tariff_on(FIRST, people.config.home)
    assert {(each.stop, each.beyond) for each in tariff.borders} >= {(macon, "auvergne-rhone-alpes")}
    again = editor.post(f"{PAGE}/lieux", data={"code": "lieux-2", "first_day": FIRST.isoformat()})
    assert editor.get(again.headers["Location"]).text.count(" checked>") == 4, "the next begins with this one"


def test_a_month_of_trains_within_the_triangle_is_shown_cheapest_by_its_pass(
    people: People, network: OneNetwork
) -> None:
    """Pass'OK is approved as it was shipped, its three towns are placed: the comparison offers it, and says why."""
    home = people.config.home
    shown = price(people, network, "BV", "MB", 8)
    assert "Pass’OK mensuel" not in people.signed_in(None).get(shown.compare).text
    editor = people.signed_in(Role.FINANCE_AGENT)
    text = gateway.document_of(next(each for each in gateway.versions(home) if each.code == "pass-ok-2020"), home)
    begin = editor.post(PAGE, data={"file": (io.BytesIO(text.encode()), "pass-ok.toml")})
    approved(people, begin.headers["Location"], 1)
    page = begun(editor)
    stops = "lieu;arret\nBelfort;BV\nBelfort;B1\nBelfort;B2\nMontbéliard;MB\n"
    assert sent(editor, page, stops, "arrets.csv", 1).status_code == 303
    approved(people, page, 2)
    shown = price(people, network, "BV", "MB", 8)
    assert shown.total == Money(500), "one trip is a ticket"
    compared = people.signed_in(None).get(shown.compare).text
    assert "Pass’OK mensuel" in compared
    assert "Belfort-Ville → Montbéliard" in compared


def test_outlines_and_lists_say_where_stops_are(people: People, network: OneNetwork) -> None:
    editor = people.signed_in(Role.FINANCE_AGENT)
    page = begun(editor)
    ring = [[6.80, 47.60], [6.90, 47.60], [6.90, 47.70], [6.80, 47.70], [6.80, 47.60]]
    outline = {"type": "Feature", "properties": {"code": "90010", "nom": "Belfort"},
               "geometry": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip
    text = json.dumps({"type": "FeatureCollection", "features": [outline, outline | {"properties": {"nom": "Autre"}}]})
    assert sent(editor, page, text, "communes.geojson", 1).status_code == 303
    assert sent(editor, page, "lieu;arret\nMontbéliard;f:MB\nmacon;Mâcon-Ville\n", "arrets.csv", 2).status_code == 303
    shown = editor.get(page).text
    assert shown.count(" checked>") == 3 + 2, "both buses and the station of Belfort, then one of each"
    for text, column, value in (
        ("lieu;arret\nBelfort;f:MB\nAilleurs;f:MB\n", "ligne 3", "Ailleurs"),
        ("lieu;arret\nBelfort;f:Zz\n", "ligne 2", "f:Zz"),
    ):
        wrong = sent(editor, page, text, "faux.csv", 3)
        assert wrong.status_code == 422
        assert column in wrong.text
        assert value in wrong.text
    assert sent(editor, page, "a,b\n1,2\n", "autre.csv", 3).status_code == 422
    assert editor.get(page).text.count(" checked>") == 5, "nothing of a wrong file is kept"


def test_a_table_of_kilometres_settles_the_price_of_trains(people: People, network: OneNetwork) -> None:
    """Belfort to Mâcon: 211 km as the crow flies in 2017's last band only from 201 on; to Montbéliard, 15 km."""
    assert price(people, network, "BV", "MC", 9).total == Money(3500)
    assert price(people, network, "MC", "LY", 12).total == Money(500)
    editor = people.signed_in(Role.FINANCE_AGENT)
    page = begun(editor)
    rows = "de;a;km\n8718400;8718423;18\n87184002;87725705;150\n"
    assert sent(editor, page, rows, "kilometres.csv", 1).status_code == 303
    assert "Kilomètres impossibles" in editor.get(page).text, "150 km are fewer than the crow's 211"
    assert sent(editor, page, rows.replace("150", "300,5"), "kilometres.csv", 2).status_code == 303
    assert "Kilomètres impossibles" not in editor.get(page).text
    assert sent(editor, page, rows + "8718400;8718423;19\n", "kilometres.csv", 3).status_code == 422, "two lengths"
    approved(people, page, 3)
    near = price(people, network, "BV", "MB", 8)
    assert near.total == Money(500)
    assert "billettique.km_estimated" not in [each.code for each in near.notes]


def test_a_file_of_prices_by_stations_is_the_price(people: People, network: OneNetwork) -> None:
    editor = people.signed_in(Role.FINANCE_AGENT)
    page = begun(editor)
    rows = (
        "Région;Origine;Origine - code UIC;Destination;Destination - code UIC;Libellé tarif;Type tarif;Prix\n"
        "BFC;Belfort;87184002;Montbéliard;87184234;Plein;Tarif normal;4,30\n"
        "BFC;Belfort;87184002;Montbéliard;87184234;Jeune;Tarif réduit;2,15\n"
        "BFC;Belfort;87184002;Mâcon;87725705;Plein;Tarif normal;41\n"
    )
    assert sent(editor, page, rows, "tarifs-ter-par-od.csv", 1).status_code == 303
    approved(people, page, 2)
    assert [price(people, network, "BV", end, hour).total for end, hour in (("MB", 8), ("MC", 9))] == [
        Money(430), Money(4100),
    ]  # fmt: skip


def test_the_tariff_is_given_in_the_words_of_a_feed(people: People, network: OneNetwork) -> None:
    editor = people.signed_in(Role.FINANCE_AGENT)
    assert editor.get(f"{PAGE}/gtfs.zip?offre=inconnue").status_code == 404
    whole = editor.get(f"{PAGE}/gtfs.zip?offre=f")
    assert whole.status_code == 200
    assert "?offre=f" in editor.get(PAGE).text

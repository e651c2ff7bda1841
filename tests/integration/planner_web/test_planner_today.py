"""What travellers are told of the day: expected and planned hours, what does not run and what comes next, another
platform, alerts; and how old all that is."""

import re
from datetime import timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from mobigo.app.tables import metadata
from mobigo.infra.db import transaction
from mobigo.network.gateway.gtfs_realtime import read
from mobigo.network.model.disruptions import Disruption
from mobigo.network.store import disruptions as store
from mobigo.planner.gateway.territory import places_of
from tests.planner_day import NOW, Days

ASKED = {"from": "Saulieu", "to": "Montbard, gare", "when": "leave", "date": "2025-03-18", "time": "05:55"}


def page(client: FlaskClient, address: str, **query: str) -> str:
    answer = client.get(address, query_string=query)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", answer.text.replace("\u00a0", " ").replace("\u202f", " "))


def test_a_journey_shows_what_is_cancelled_what_comes_next_and_the_hours_expected(visiting: FlaskClient) -> None:
    shown = page(visiting, "/trajets", **ASKED)
    assert "Le départ de 6 h 00 de la ligne LR119 à Saulieu, place Monge est supprimé. Le suivant : 6 h 40." in shown
    assert "Course ajoutée aujourd’hui." in shown
    assert "Heures en temps réel" in shown
    assert "Déviation par Précy" in shown
    later = page(visiting, "/trajets", **{**ASKED, "time": "07:00"})
    assert re.search(r">7 h 42</time> <small class=\"was\">.*?<s>7 h 30</s>", later)
    assert "Ne s’arrête pas aujourd’hui à : Semur, gare routière." in later
    assert "Detour by Précy" in page(visiting, "/trajets", **{**ASKED, "lang": "en"})
    visiting.get("/trajets?lang=fr")


def test_a_board_strikes_out_what_does_not_run(visiting: FlaskClient) -> None:
    shown = page(visiting, "/arrets/demo:SAU")
    assert re.search(r'<tr class="gone">.*?<del>.*?6 h 00</time></del>.*?supprimé', shown)
    assert re.search(r">6 h 40</time>", shown)
    assert re.search(r">7 h 42</time> <small class=\"was\">.*?<s>7 h 30</s>", shown)
    semur = page(visiting, "/arrets/demo:SEM", date="2025-03-18")
    assert "ne s’arrête pas ici aujourd’hui" in semur


def test_programs_are_told_the_same(visiting: FlaskClient) -> None:
    found = visiting.get("/api/v1/departures", query_string={"stop": "demo:SAU", "at": "2025-03-18T05:55:00"}).json
    assert found is not None
    rows = [(row["departure"][11:16], row["planned_departure"], row["cancelled"]) for row in found["departures"][:3]]
    assert rows == [
        ("06:00", None, True),
        ("06:40", None, False),
        ("07:42", "2025-03-18T07:30:00+01:00", False),
    ]
    assert [notice["title"] for notice in found["notices"]] == ["Déviation par Précy"]
    asked = {"from": "demo:SAU", "to": "demo:MON", "at": "2025-03-18T05:55:00"}
    answer = visiting.get("/api/v1/journeys", query_string=asked).json
    assert answer is not None
    assert [journey["departure"][11:16] for journey in answer["cancelled"]] == ["06:00"]
    assert answer["realtime"]["code"] == "planner.realtime_at"
    assert "06:00" not in [journey["departure"][11:16] for journey in answer["journeys"]]


def test_what_is_too_old_is_said_so_and_not_used(
    known_site: APIFlask, visiting: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = vars(known_site.extensions["mobigo"])
    monkeypatch.setitem(parts, "networks", Days(parts["networks"].planned, is_stale=True))
    shown = page(visiting, "/trajets", **ASKED)
    assert "Le temps réel n’arrive plus" in shown
    assert re.search(r"<time[^>]*>6 h 00</time>", shown)
    assert "supprimé" not in shown


def test_a_line_page_keeps_the_timetable(visiting: FlaskClient) -> None:
    shown = page(visiting, "/lignes/demo:LR119", date="2025-03-18")
    assert "<td>6 h 00</td><td>7 h 30</td>" in shown
    assert "7 h 42" not in shown
    assert "Déviation par Précy" in shown


def test_our_alerts_name_stops_as_the_regional_timetable_does(visiting: FlaskClient, known_site: APIFlask) -> None:
    network = known_site.extensions["mobigo"].networks.planned
    ids = list(network.timetable.stop_id)
    places = places_of(network, known_site.extensions["mobigo"].config.home).places
    place = max(places, key=lambda each: len(each.stops))
    said = {
        "title": "Arrêt reporté", "text": "", "title_en": "", "text_en": "", "effect": "DETOUR",
        "cause": "CONSTRUCTION", "first_at": NOW - timedelta(hours=1), "last_at": None, "written_at": NOW,
        "changed_at": NOW,
    }  # fmt: skip
    metadata.create_all(known_site.extensions["mobigo"].engine)
    with transaction(known_site.extensions["mobigo"].engine) as session:
        store.put(session, Disruption(id="d1", lines=(), stops=(place.id,), **said))
        store.put(session, Disruption(id="d2", lines=("demo:LR119",), stops=("nowhere",), **said))
    alerts = {each.id: each for each in read(visiting.get("/perturbations.pb").data).alerts}
    named = {each.stop_id for each in alerts["d1"].about}
    assert named == {f"demo:{ids[stop]}" for stop in place.stops}
    assert [(each.route_id, each.stop_id) for each in alerts["d2"].about] == [("demo:LR119", "nowhere")]

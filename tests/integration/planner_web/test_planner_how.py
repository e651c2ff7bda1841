"""The page that says how a search went, and the same in the API."""

from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from mobigo.infra import auth
from mobigo.planner.api.given import Journeys
from mobigo.planner.model import Payer
from tests.integration.planner_web.test_planner_carpool_beside import OneLine
from tests.integration.planner_web.test_planner_on_demand_beside import OneService, plain
from tests.integration.planner_web.test_planner_prices_for_whom import Fares

SEARCH = {
    "from": "Saulieu, place Monge", "to": "Montbard, gare", "when": "leave", "date": "2025-03-18", "time": "07:00",
}  # fmt: skip
API = "/api/v1/journeys?from=demo:SAU&to=demo:MON&at=2025-03-18T07:00:00&lang=fr"


def page(client: FlaskClient, **changed: str) -> str:
    return client.get("/trajets/comment", query_string={**SEARCH, "lang": "fr", **changed}).get_data(as_text=True)


def test_the_results_lead_to_the_page_and_the_page_back(client: FlaskClient) -> None:
    results = client.get("/trajets", query_string={**SEARCH, "lang": "fr"}).get_data(as_text=True)
    assert "/trajets/comment?" in results
    told = page(client)
    assert 'href="/trajets?' in told.split("<h1")[0].split("<main")[1]
    assert '<meta name="robots" content="noindex">' in told


def test_it_says_what_was_found_and_why_the_rest_is_not_shown(client: FlaskClient) -> None:
    told = page(client)
    document = client.get(f"{API}&explain=true").get_json()["trace"]
    assert f"{document['found']}\u202ftrajets trouvés" in told or f"{document['found']} trajets trouvés" in told
    for each in document["candidates"]:
        assert f'id="n-{each["number"]}"' in told
        if each["reason"] is not None:
            assert each["reason"]["text"].replace("'", "&#39;") in told
    assert "Premier jour" in told
    assert "LR119" in told


def test_without_a_whole_question_one_is_asked_for_it(client: FlaskClient) -> None:
    answer = client.get("/trajets/comment?from=Saulieu")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/trajets?")


def test_where_nothing_goes_the_page_says_so(client: FlaskClient) -> None:
    told = page(client, to="Châtillon-sur-Seine, centre", mode="train")
    assert "Aucun. La page des trajets dit pourquoi" in told


def test_only_who_asks_in_the_api_is_told(client: FlaskClient) -> None:
    plain, asked = client.get(API).get_json(), client.get(f"{API}&explain=true").get_json()
    assert plain["trace"] is None
    trace = asked["trace"]
    assert {**asked, "trace": None} == plain
    assert trace["kept"] + trace["dropped"] == trace["found"] == len(trace["candidates"])
    assert [each["id"] for each in trace["candidates"] if each["rule"] is None] == [
        each["id"] for each in asked["journeys"]
    ]
    assert trace["network"]["hash"] == asked["network"]
    [feed] = trace["network"]["feeds"]
    assert (feed["name"], feed["trips"]) == ("demo", 7)
    assert feed["first_day"] <= "2025-03-18" <= feed["last_day"]
    assert trace["access"]["stops"] == 1
    assert {each["part"] for each in trace["parts"]} >= {"access", "search", "journeys", "prices"}
    assert trace["searches"][0]["journeys"] >= len(asked["journeys"])


def test_what_realtime_changed_is_counted(visiting: FlaskClient) -> None:
    realtime = visiting.get(f"{API}&explain=true").get_json()["trace"]["realtime"]
    assert [each["name"] for each in realtime["sources"]] == ["regional"]
    assert realtime["cancelled_trips"] == 1
    assert realtime["changed_trips"] >= 2  # one late, one more
    assert "supprimée" in page(visiting)


def test_the_order_asked_for_is_that_of_the_numbers(client: FlaskClient) -> None:
    asked = client.get(f"{API}&explain=true&prefer=fastest").get_json()
    shown = [each for each in asked["trace"]["candidates"] if each["rule"] is None]
    assert [each["id"] for each in shown] == [each["id"] for each in asked["journeys"]]


def test_it_says_nothing_of_who_asked(
    known_site: APIFlask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fares = Fares()
    monkeypatch.setitem(vars(known_site.extensions["mobigo"]), "fares", fares)
    document = client.get(f"{API}&explain=true&rider=jeune&hold=pass-car").get_json()
    assert fares.asked == Payer("jeune", ("pass-car",))
    assert not {"jeune", "pass-car"} & set(_texts(document["trace"]))
    identity = type("Identity", (), {"subject": "account-one"})()
    monkeypatch.setattr(auth, "current_account", lambda: identity)
    answer = client.get("/trajets/comment", query_string={**SEARCH, "lang": "fr"})
    assert fares.asked.subject == "account-one"
    assert "account-one" not in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "private, no-store"


# ---------------------------------------------------------------- carpool lines and services on demand


@pytest.fixture
def beside(client: FlaskClient, known_site: APIFlask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """With one carpool line and one service on demand."""
    monkeypatch.setitem(vars(known_site.extensions["mobigo"]), "carpool", OneLine())
    monkeypatch.setitem(vars(known_site.extensions["mobigo"]), "on_demand", OneService())
    return client


def both(visitor: FlaskClient, **changed: str) -> tuple[str, str, Any]:
    """The list, the page that says how, and the trace of the API, for one question."""
    asked = {**SEARCH, "from": "Saulieu", "to": "Châtillon-sur-Seine", "lang": "fr", **changed}
    pages = [plain(visitor.get(path, query_string=asked).text) for path in ("/trajets", "/trajets/comment")]
    at = f"{asked['date']}T{asked['time']}:00"
    query = {
        "from": asked["from"], "to": asked["to"], "at": at, "lang": "fr", "explain": "true",
        "arrive_by": str(asked["when"] == "arrive").lower(),
    }  # fmt: skip
    document = visitor.get("/api/v1/journeys", query_string=query).get_json()
    Journeys.model_validate(document)
    return pages[0], pages[1], document


@pytest.mark.parametrize(
    ("late", "changed"), [(0, {}), (12 * 60, {}), (0, {"when": "arrive", "time": "09:30"}), (0, {"time": "05:00"})]
)
def test_the_list_and_the_trace_agree_on_every_way(
    beside: FlaskClient, monkeypatch: pytest.MonkeyPatch, late: int, changed: dict[str, str]
) -> None:
    monkeypatch.setattr(OneService, "late", timedelta(minutes=late))
    listed, told, document = both(beside, **changed)
    trace = document["trace"]
    kept = [each for each in trace["candidates"] if each["rule"] is None]
    ways = [each for each in trace["candidates"] if each["source"] in ("carpool", "on_demand")]
    assert {each["source"] for each in ways} == {"carpool", "on_demand"}
    assert trace["kept"] + trace["dropped"] == trace["found"] == len(trace["candidates"])
    assert len(kept) == trace["kept"] == len(document["order"])
    assert f"{len(kept)} façon" in listed
    assert f"{len(kept)} montré" in told
    for kind in ("carpool", "on_demand"):
        shown = [(each["departure"], each["arrival"]) for each in document[kind]]
        assert shown == [(each["departure"], each["arrival"]) for each in kept if each["source"] == kind]
    for each in ways:
        assert each["id"] is None
        assert (each["rule"] is None) == (each["reason"] is None)
        assert all(1 <= number <= trace["found"] for number in each["by"])
        assert f'id="n-{each["number"]}"' in told
    named = {each["params"]["names"] for each in document["beaten"]}
    assert {each["ways"] for each in ways if each["rule"] is not None} == {
        name for some in named for name in some.replace("Saulieu – Châ", "Covoiturage Saulieu – Châ").split(", ")
    }


@pytest.mark.parametrize(("hours", "rule"), [(2, "wins_nothing"), (7, "too_long")])
def test_a_way_left_out_says_beside_what(
    beside: FlaskClient, monkeypatch: pytest.MonkeyPatch, hours: int, rule: str
) -> None:
    monkeypatch.setattr(OneService, "late", timedelta(hours=hours))
    listed, told, document = both(beside, to="Semur, gare routière")
    trace = document["trace"]
    [left] = [each for each in trace["candidates"] if each["source"] == "on_demand"]
    assert (left["rule"], left["ways"], document["on_demand"]) == (rule, "TAD du pays", [])
    assert "qui ne fait rien gagner sur ces trajets : TAD du pays." in listed
    assert f'id="n-{left["number"]}"' in told
    [by] = left["by"]
    assert f"le trajet {by}" in plain(left["reason"]["text"])
    assert trace["candidates"][by - 1]["rule"] is None


def test_a_service_that_can_no_longer_be_booked_is_told_there_too(beside: FlaskClient) -> None:
    _, told, _ = both(beside)
    assert "Ce qui ne peut pas être pris" in told
    assert "TAD du val" in told


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []

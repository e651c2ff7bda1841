"""The traveller's API: answers are what the document says, and whatever is sent gets a clear answer."""

from datetime import date

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from mobigo.planner.api.given import Journeys
from mobigo.planner.api.given.network import LineTimetable, StopDetail

JOURNEY = {"from": "Saulieu", "to": "Châtillon-sur-Seine", "at": "2025-03-18T05:00"}


def ask(client: FlaskClient, path: str, **query: object) -> dict:  # type: ignore[type-arg]  # a document
    answer = client.get(f"/api/v1/{path}", query_string={**query})
    assert answer.status_code == 200, answer.text
    return answer.get_json(force=True)  # type: ignore[no-any-return]  # a document


def test_a_journey_has_legs_stops_times_with_their_offset_and_its_way(client: FlaskClient) -> None:
    answer = ask(client, "journeys", **JOURNEY)
    Draft202012Validator(Journeys.model_json_schema(by_alias=True)).validate(answer)
    journey = answer["journeys"][0]
    assert (journey["departure"], journey["arrival"]) == ("2025-03-18T06:00:00+01:00", "2025-03-18T07:50:00+01:00")
    rides = [leg for leg in journey["legs"] if leg["type"] == "ride"]
    assert [ride["line"]["name"] for ride in rides] == ["LR119", "LR125"]
    assert [stop["name"] for stop in rides[0]["stops"]] == ["Semur, gare routière"]
    assert len(rides[0]["geometry"]["coordinates"]) == 3
    assert answer["from"]["name"] == "Saulieu"


def test_without_geometry_or_stops_the_answer_is_short(client: FlaskClient) -> None:
    leg = ask(client, "journeys", **JOURNEY, geometry="false", stops="false")["journeys"][0]["legs"][0]
    assert "geometry" not in leg
    assert "stops" not in leg


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2199-12-31T23:59:59-23:59"])
def test_an_instant_far_off_is_answered_with_the_days_we_know(client: FlaskClient, at: str) -> None:
    answer = ask(client, "journeys", **{**JOURNEY, "at": at})
    assert answer["journeys"] == []
    assert answer["remarks"][0]["code"] == "planner.outside_validity"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"window": "NaN"}, "window"), ({"window": "1_0"}, "window"), ({"window": " 5"}, "window"),
        ({"window": "1441"}, "window"), ({"walk": "-1"}, "walk"), ({"walk": "1e3"}, "walk"),
        ({"at": "yesterday"}, "at"), ({"at": "2025-02-30T08:00"}, "at"), ({"arrive_by": "1"}, "arrive_by"),
        ({"modes": "rocket"}, "modes"),
        ({"from": ""}, "from"), ({"from": "x" * 201}, "from"), ({"unknown": "1"}, "unknown"), ({"lang": "de"}, "lang"),
    ],
)  # fmt: skip
def test_a_parameter_that_cannot_be_read_is_named(client: FlaskClient, query: dict[str, str], name: str) -> None:
    answer = client.get("/api/v1/journeys", query_string={**JOURNEY, **query})
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    problem = answer.get_json(force=True)
    assert problem["code"] == "planner.bad_parameters"
    assert [fault["name"] for fault in problem["errors"]] == [name]


def test_what_no_timetable_could_hold_is_answered_with_everything_promised(client: FlaskClient) -> None:
    answer = ask(client, "journeys", **{**JOURNEY, "at": "5989-08-03T05:00"})
    Draft202012Validator(Journeys.model_json_schema(by_alias=True)).validate(answer)
    assert [each["code"] for each in answer["remarks"]] == ["planner.outside_validity"]


def test_a_parameter_given_twice_is_refused(client: FlaskClient) -> None:
    answer = client.get("/api/v1/stops?q=a&q=b")
    assert answer.status_code == 422


def test_stops_are_found_by_name_around_a_position_and_by_id(client: FlaskClient) -> None:
    assert ask(client, "stops", q="semmur")["stops"][0]["name"] == "Semur, gare routière"
    assert ask(client, "stops", q="saulieu", kind="commune")["stops"][0]["id"] == "commune:21584"
    near = ask(client, "stops", near="47.28,4.23", radius="500")["stops"]
    assert [(stop["name"], stop["distance_m"]) for stop in near] == [("Saulieu, place Monge", 134)]
    one = ask(client, f"stops/{near[0]['id']}")
    Draft202012Validator(StopDetail.model_json_schema(by_alias=True)).validate(one)
    assert {line["name"] for line in one["lines"]} == {"LR119", "LR127"}
    first = ask(client, "stops", limit=3)
    rest = ask(client, "stops", limit=3, cursor=first["next"])
    assert len(first["stops"]) + len(rest["stops"]) == 4
    assert rest["next"] is None


def test_departures_follow_the_clock_past_midnight(client: FlaskClient) -> None:
    found = ask(client, "departures", stop="demo:SEM", at="2025-03-18T17:00", limit=2)
    assert [(d["departure"], d["service_day"]) for d in found["departures"]] == [
        ("2025-03-18T17:25:00+01:00", "2025-03-18"),
        ("2025-03-19T00:10:00+01:00", "2025-03-18"),
    ]


def test_a_line_is_given_with_its_day(client: FlaskClient) -> None:
    found = ask(client, "lines/demo:LR119", date="2025-03-18")
    Draft202012Validator(LineTimetable.model_json_schema(by_alias=True)).validate(found)
    assert [len(way["trips"]) for way in found["directions"]] == [3, 1]
    rare = ask(client, "lines/demo:LR127", date="2025-03-18")
    assert (rare["directions"], rare["next_day"]) == ([], str(date(2025, 3, 19)))


def test_what_can_be_reached_comes_soonest_first(client: FlaskClient) -> None:
    found = ask(client, "reachable", **{"from": "demo:SAU", "at": "2025-03-18T05:55", "duration": 120})
    assert [stop["name"].split(",")[0] for stop in found["stops"]] == [
        "Saulieu",
        "Semur",
        "Montbard",
        "Châtillon-sur-Seine",
    ]
    assert found["stops"][1]["arrival"] == "2025-03-18T06:30:00+01:00"


def test_areas_are_polygons_with_the_communes_in_them(client: FlaskClient) -> None:
    found = ask(client, "reachable/areas", **{"from": "demo:SAU", "at": "2025-03-18T05:55", "minutes": "60,15,120"})
    assert [each["properties"]["minutes"] for each in found["features"]] == [15, 60, 120]
    assert [each["geometry"]["type"] for each in found["features"]] == ["Polygon", "MultiPolygon", "MultiPolygon"]
    # Châtillon: by the coach of 6:00 to Montbard and that of 7:10, there at 7:50
    assert [(each["name"], each["minutes"] <= 60) for each in found["communes"]] == [
        ("Saulieu", True),
        ("Châtillon-sur-Seine", False),
    ]
    assert [each["properties"]["population"] for each in found["features"]] == [2400, 2400, 7600]
    assert (found["along_streets"], found["from"]["name"]) == (False, "Saulieu, place Monge")

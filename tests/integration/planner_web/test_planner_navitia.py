"""The planner in Navitia's vocabulary: what is given is what the schema says, and errors are in its words."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

SCHEMA = json.loads(Path("fixtures/navitia/schema.json").read_text("utf-8"))
BASE = "/navitia/v1/coverage/mobigo"
SAU, CHA = "stop_area:demo:SAU", "stop_area:demo:CHA"
JOURNEY = {"from": SAU, "to": CHA, "datetime": "20250318T050000"}


def checked(document: Any, kind: str) -> Any:
    Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{kind}"}).validate(document)
    return document


def ask(client: FlaskClient, path: str, kind: str, **query: object) -> Any:
    answer = client.get(f"{BASE}{path}", query_string=query)
    assert answer.status_code == 200, answer.text
    return checked(answer.get_json(), kind)


def test_the_coverage_says_where_and_until_when(client: FlaskClient) -> None:
    [region] = checked(client.get("/navitia/v1/coverage").get_json(), "coverage")["regions"]
    assert (region["id"], region["timezone"]) == ("mobigo", "Europe/Paris")
    assert region["start_production_date"] <= "20250318" <= region["end_production_date"]
    assert checked(client.get("/navitia/v1/coverage/4.2;47.3").get_json(), "coverage")["regions"] == [region]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "semur"}, [("stop_area", "Semur, gare routière")]),
        ({"q": "saulieu", "type[]": "administrative_region"}, [("administrative_region", "admin:fr:21584")]),
        ({"q": "semur", "type[]": "poi"}, []),
        ({"q": "zzzzzz"}, []),
    ],
)
def test_places_are_found_by_name(client: FlaskClient, query: dict[str, str], found: list[tuple[str, str]]) -> None:
    given = ask(client, "/places", "places", **query)["places"]
    assert [(place["embedded_type"], text) for place, (_, text) in zip(given, found, strict=True)] == found
    for place, (_, text) in zip(given, found, strict=True):
        assert text in (place["id"], place[place["embedded_type"]]["name"])


def test_a_journey_has_its_sections_one_after_the_other(client: FlaskClient) -> None:
    [journey] = ask(client, "/journeys", "journeys", **JOURNEY, timeframe_duration=3600)["journeys"]
    assert (journey["departure_date_time"], journey["arrival_date_time"]) == ("20250318T060000", "20250318T075000")
    assert (journey["duration"], journey["nb_transfers"], journey["status"]) == (6_600, 1, "")
    assert [section["type"] for section in journey["sections"]] == ["public_transport", "waiting", "public_transport"]
    first = journey["sections"][0]
    assert first["display_informations"]["label"] == "LR119"
    assert [each["stop_point"]["id"] for each in first["stop_date_times"]] == [
        "stop_point:demo:SAU", "stop_point:demo:SEM", "stop_point:demo:MON",
    ]  # fmt: skip
    ends = [(section["departure_date_time"], section["arrival_date_time"]) for section in journey["sections"]]
    assert all(before[1] == after[0] for before, after in pairwise(ends))
    assert sum(section["duration"] for section in journey["sections"]) == journey["duration"]


def test_from_a_position_one_walks(client: FlaskClient) -> None:
    asked = {**JOURNEY, "from": "4.2300;47.2800"}
    journey = ask(client, "/journeys", "journeys", **asked)["journeys"][0]
    walk = journey["sections"][0]
    assert (walk["type"], walk["mode"], walk["from"]["embedded_type"]) == ("street_network", "walking", "address")
    assert journey["durations"]["walking"] == walk["duration"] > 0
    assert checked(client.get("/navitia/v1/journeys", query_string=asked).get_json(), "journeys")["journeys"]


@pytest.mark.parametrize(
    "datetime", ["20250318T0500", "2025-03-18T05:00:00", "20250318T040000Z", "2025-03-18T05:00:00+01:00"]
)
def test_an_instant_is_read_as_navitia_reads_it(client: FlaskClient, datetime: str) -> None:
    asked = ask(client, "/journeys", "journeys", **{**JOURNEY, "datetime": datetime})
    assert asked["journeys"][0]["requested_date_time"] == "20250318T050000"


def test_arriving_by_and_what_is_forbidden(client: FlaskClient) -> None:
    by = ask(client, "/journeys", "journeys", **{**JOURNEY, "datetime": "20250318T0930"}, datetime_represents="arrival")
    assert by["journeys"][0]["arrival_date_time"] == "20250318T092000"
    without = ask(client, "/journeys", "journeys", **JOURNEY, **{"forbidden_uris[]": "line:demo:LR125"})
    assert (without["journeys"], without["error"]["id"]) == ([], "no_solution")


def test_what_leaves_a_stop_by_line_and_a_line_that_does_not_run(client: FlaskClient) -> None:
    found = ask(client, f"/stop_areas/{SAU}/stop_schedules", "stop_schedules", from_datetime="20250318T0500")
    by_line = {each["display_informations"]["code"]: each for each in found["stop_schedules"]}
    assert [each["date_time"] for each in by_line["LR119"]["date_times"]] == [
        "20250318T060000", "20250318T073000", "20250318T234000",
    ]  # fmt: skip
    assert by_line["LR127"]["additional_informations"] == "no_departure_this_day"  # Wednesdays alone
    one = ask(client, "/stop_points/stop_point:demo:SEM/stop_schedules", "stop_schedules", items_per_schedule=1)
    assert all(len(each["date_times"]) <= 1 for each in one["stop_schedules"])


@pytest.mark.parametrize(
    ("path", "query", "status", "id_"),
    [
        ("/journeys", {**JOURNEY, "from": "stop_area:demo:NOWHERE"}, 404, "unknown_object"),
        ("/journeys", {**JOURNEY, "from": "Saulieu"}, 404, "unknown_object"),
        ("/journeys", {**JOURNEY, "from": "0.5;0.5"}, 404, "no_origin"),
        ("/journeys", {**JOURNEY, "to": "0.5;0.5"}, 404, "no_destination"),
        ("/journeys", {"to": CHA}, 404, "no_origin"),
        ("/journeys", {"from": SAU}, 404, "no_destination"),
        ("/journeys", {**JOURNEY, "datetime": "20991231T000000"}, 404, "date_out_of_bounds"),
        ("/journeys", {**JOURNEY, "datetime": "yesterday"}, 400, "unable_to_parse"),
        ("/journeys", {**JOURNEY, "datetime": "20250230T0800"}, 400, "unable_to_parse"),
        ("/journeys", {**JOURNEY, "forbidden_uris[]": "line:demo:NONE"}, 404, "unknown_object"),
        ("/journeys", {**JOURNEY, "forbidden_uris[]": "network:demo"}, 400, "unable_to_parse"),
        ("/journeys", {**JOURNEY, "last_section_mode[]": "bike"}, 400, "unable_to_parse"),
        ("/journeys", {**JOURNEY, "allowed_id[]": "line:demo:LR119"}, 400, "unable_to_parse"),
        ("/places", {}, 400, "unable_to_parse"),
        ("/places", {"q": "a", "count": "0"}, 400, "unable_to_parse"),
        ("/stop_areas/stop_area:demo:NOWHERE/stop_schedules", {}, 404, "unknown_object"),
        ("/stop_points/stop_area:demo:SAU/stop_schedules", {}, 404, "unknown_object"),
        ("/stop_areas/line:demo:LR119/stop_schedules", {}, 404, "unknown_object"),
    ],
)
def test_an_error_is_in_its_words(client: FlaskClient, path: str, query: dict[str, str], status: int, id_: str) -> None:
    answer = client.get(f"{BASE}{path}", query_string=query)
    assert (answer.status_code, checked(answer.get_json(), "error")["error"]["id"]) == (status, id_)


def test_another_region_is_not_ours(client: FlaskClient) -> None:
    answer = client.get("/navitia/v1/coverage/fr-idf/places?q=a")
    assert (answer.status_code, answer.get_json()["error"]["id"]) == (404, "unknown_object")


NAMES = st.sampled_from(
    ["from", "to", "datetime", "datetime_represents", "count", "wheelchair", "forbidden_uris[]", "q"]
)
TEXTS = st.one_of(
    st.text(max_size=30), st.sampled_from([SAU, CHA, "4.2;47.3", "20250318T0500", "true", "3", "NaN;NaN"])
)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(["/journeys", "/places", "", f"/stop_areas/{SAU}/stop_schedules"]),
    st.lists(st.tuples(NAMES, TEXTS), max_size=5),
)
def test_whatever_is_sent_is_answered_in_its_words(
    client: FlaskClient, path: str, query: list[tuple[str, str]]
) -> None:
    answer = client.get(f"{BASE}{path}", query_string=query)
    assert answer.status_code in (200, 400, 404)
    if answer.status_code != 200:
        checked(answer.get_json(), "error")

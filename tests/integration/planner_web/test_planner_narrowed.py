"""A journey without a line, or with one operator alone: on the page, by the API, and when nothing is left."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

SEARCH = {"from": "Saulieu", "to": "Châtillon-sur-Seine", "when": "leave", "date": "2025-03-19", "time": "05:00"}
ASKED = {"from": "Saulieu", "to": "Châtillon-sur-Seine", "at": "2025-03-19T05:00"}
# On that Wednesday: LR127 straight on at 6:35; LR119 and LR125 do not run (their one day is the Tuesday).


def plain(text: str) -> str:
    return unescape(text).replace("\u00a0", " ").replace("\u202f", " ")


def test_each_vehicle_shown_may_be_left_out_by_a_link(client: FlaskClient) -> None:
    page = client.get("/trajets", query_string={**SEARCH, "date": "2025-03-18"}).text
    links = [unescape(href) for href in re.findall(r'<a class="avoid no-print" href="([^"]+)"', page)]
    assert [re.findall(r"avoid=demo(?::|%3A)(\w+)", link) for link in links] == [["LR119"], ["LR125"]]
    without = plain(client.get(links[0]).text)
    assert "Sans la ligne LR119" in without
    assert "Prochain départ : mercredi 19 mars, 6 h 35" in without  # the straight coach of the next day
    assert 'name="avoid" value="demo:LR119" checked' in without
    back = re.search(r'<a href="([^"]+)" rel="nofollow">La reprendre', without)
    assert back is not None
    assert "avoid" not in back[1]


def test_a_line_is_avoided_by_its_number_and_its_address_keeps_it(client: FlaskClient) -> None:
    page = plain(client.get("/trajets", query_string={**SEARCH, "avoid_text": "127"}).text)
    assert "Aucun trajet" in page
    assert "sans eux, il y a peut-être un trajet" in page
    assert "Sans la ligne LR127" in page
    english = plain(client.get("/trajets", query_string={**SEARCH, "avoid_text": "127", "lang": "en"}).text)
    assert "Without line LR127" in english
    client.get("/trajets?lang=fr")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("avoid", "demo:nothing", "n’est pas dans nos horaires"),
        ("avoid_text", "Z9", "Aucune ligne ne répond à « Z9 »"),
        ("avoid_text", "<b>", "Aucune ligne ne répond à « <b> »"),
        ("avoid_text", "LR", "répondent à « LR »"),
        ("only", "demo:nobody", "Choisissez des transporteurs"),
    ],
)
def test_what_is_unknown_is_said_beside_its_field_and_nothing_is_searched(
    client: FlaskClient, field: str, value: str, words: str
) -> None:
    answer = client.get("/trajets", query_string={**SEARCH, field: value})
    assert answer.status_code == 422
    assert words in plain(answer.text)
    assert "<b>" not in answer.text.split("<main")[1].split("aria-invalid")[0].replace("<b></b>", "")
    assert 'class="journeys"' not in answer.text


@pytest.mark.parametrize(
    ("field", "id_", "found"),
    [("without_line", "demo:LR127", 0), ("without_line", "demo:LR119", 1), ("only_operator", "demo:agency", 1)],
)
def test_the_api_leaves_out_what_it_is_told_to(client: FlaskClient, field: str, id_: str, found: int) -> None:
    answer = client.get("/api/v1/journeys", query_string={**ASKED, field: id_}).get_json(force=True)
    assert len(answer["journeys"]) == found
    codes = [remark["code"] for remark in answer["remarks"]]
    assert ("planner.narrowed_by_choice" in codes) is (found == 0)


def test_the_api_takes_several_lines_and_names_each_id_it_does_not_know(client: FlaskClient) -> None:
    several = [("without_line", "demo:LR119"), ("without_line", "demo:LR127")]
    answer = client.get("/api/v1/journeys", query_string=[*ASKED.items(), *several])
    assert answer.status_code == 200
    assert answer.get_json(force=True)["journeys"] == []
    unknown = [("without_line", "demo:LR119"), ("without_line", "x:y"), ("only_operator", "z")]
    answer = client.get("/api/v1/journeys", query_string=[*ASKED.items(), *unknown])
    assert answer.status_code == 422
    assert answer.get_json(force=True)["errors"] == [
        {"in": "query", "name": "without_line", "detail": "no line has the id 'x:y'"},
        {"in": "query", "name": "only_operator", "detail": "no operator has the id 'z'"},
    ]


def test_the_document_says_how_to_give_several_and_where_ids_are_found(client: FlaskClient) -> None:
    paths = client.get("/api/v1/openapi.json").get_json(force=True)["paths"]
    given = {each["name"]: each for each in paths["/api/v1/journeys"]["get"]["parameters"]}
    assert given["without_line"]["schema"]["type"] == "array"
    assert (given["without_line"]["style"], given["without_line"]["explode"]) == ("form", True)
    assert "`cars:LR119`" in given["without_line"]["description"]  # an id in words: no example is of every network
    line = client.get("/api/v1/lines?q=127").get_json(force=True)["lines"][0]
    assert (line["id"], line["agency_id"]) == ("demo:LR127", "demo:agency")

"""The API's shell: its document is valid, its page is made from it, its errors are problems, its reading is open."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from apiflask import APIBlueprint, APIFlask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

from mobigo.app.factory import create_app
from mobigo.infra import paging
from mobigo.infra.auth import public
from mobigo.infra.config import Config

bp = APIBlueprint("sample_api", __name__, url_prefix="/api/v1")
NAMES = [f"n{number:02d}" for number in range(7)]


class Question(BaseModel):
    """What is asked of the sample operation."""

    place: str = Field(min_length=2, description="A place.")
    walk_m: int = Field(default=1000, ge=0, le=5000, description="How far to walk, in metres.")


@bp.get("/sample")
@public
@bp.input(Question, location="query", arg_name="question")
def sample(question: Question) -> Any:
    """A sample operation."""
    return {"place": question.place, "walk_m": question.walk_m}


@bp.get("/names")
@public
def names() -> Any:
    """A list by pages."""
    wanted = paging.asked(usual=3, most=5)
    found = [name for name in NAMES if wanted.after is None or (name,) > wanted.after]
    return paging.answer(paging.page(found[: wanted.limit + 1], wanted, lambda name: (name,)), total=len(NAMES))


@bp.post("/names")
@public
def write() -> Any:
    """Something that writes."""
    return {}


@pytest.fixture
def app(config: Config) -> APIFlask:
    made = create_app(replace(config, base_url="http://localhost:8000"))
    made.register_blueprint(bp)
    return made


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/openapi.json").get_json()
    return found


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)


def test_the_document_is_openapi_31_about_the_api_alone(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["paths"]
    assert [path for path in document["paths"] if not path.startswith("/api/v1/")] == []
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_of_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    for node in walk(document):
        if "$ref" in node:
            found: Any = document
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]


def test_every_operation_says_what_it_does_and_what_it_may_answer(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method in set(item) & {"get", "post", "put", "patch", "delete"}:
            operation = item[method]
            assert operation["summary"], (method, path)
            assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}, (method, path)
            placed = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "path"}
            placed |= {parameter["name"] for parameter in item.get("parameters", []) if parameter["in"] == "path"}
            assert placed == set(re.findall(r"\{(\w+)\}", path)), (method, path)


def test_the_page_shows_every_operation_and_schema_of_the_document(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    page = client.get("/api/v1/docs").text
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in page
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors
    scripts = re.findall(r"<script[^>]*>", page)
    assert all('src="/static/mobigo.js' in script for script in scripts)


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("place=Dijon", None),
        ("place=Dijon&walk_m=0", None),
        ("place=D", ["place"]),
        ("", ["place"]),
        ("place=Dijon&walk_m=5001", ["walk_m"]),
        ("walk_m=much", ["place", "walk_m"]),
    ],
)
def test_input_a_schema_refuses_is_a_problem_that_says_where(
    client: FlaskClient, query: str, faults: list[str] | None
) -> None:
    answer = client.get(f"/api/v1/sample?{query}")
    if faults is None:
        assert answer.status_code == 200
        return
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    body = answer.get_json(force=True)
    assert body["code"] == "api.bad_parameters"
    assert [(fault["in"], fault["name"]) for fault in body["errors"]] == [("query", name) for name in faults]
    assert body["detail"] == f"À corriger\u202f: {', '.join(faults)}."


def test_a_problem_answered_is_the_problem_documented(client: FlaskClient, document: dict[str, Any]) -> None:
    schema = {**document["components"]["schemas"]["Problem"], "components": document["components"]}
    for path in ("/api/v1/sample", "/api/v1/nowhere"):
        Draft202012Validator(schema).validate(client.get(path).get_json(force=True))


def test_the_type_of_a_problem_leads_to_a_page_about_it(client: FlaskClient) -> None:
    body = client.get("/api/v1/names?limit=0").get_json(force=True)
    page = client.get(body["type"])
    assert page.status_code == 200
    assert "paging.bad_limit" in page.text
    assert "‹most›" in page.text
    for unknown in ("nothing.here", "Chercher", "x"):
        assert client.get(f"/api/v1/problems/{unknown}").status_code == 404


def test_a_list_is_read_to_its_end_page_by_page(client: FlaskClient) -> None:
    read, address = [], "/api/v1/names"
    while address:
        answer = client.get(address)
        body = answer.get_json()
        assert (f'<{body["next"]}>; rel="next"' == answer.headers.get("Link")) is (body["next"] is not None)
        read.append(body["items"])
        address = body["next"]
    assert read == [NAMES[:3], NAMES[3:6], NAMES[6:]]


@pytest.mark.parametrize("query", ["limit=0", "limit=6", "limit=-1", "limit=x", "limit=²", "cursor=!", "cursor=bjAx="])
def test_a_page_that_cannot_be_asked_for_is_refused(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/v1/names?{query}")
    assert answer.status_code == 422
    assert answer.get_json(force=True)["code"].startswith("paging.bad_")


def test_reading_is_open_to_other_sites_and_writing_is_not(client: FlaskClient) -> None:
    origin = {"Origin": "https://elsewhere.example"}
    assert client.get("/api/v1/names", headers=origin).headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in client.get("/api/v1/names", headers=origin).headers
    assert "Access-Control-Allow-Origin" not in client.post("/api/v1/names", headers=origin).headers
    assert "Access-Control-Allow-Origin" not in client.get("/aide", headers=origin).headers
    asked = client.options("/api/v1/names", headers={**origin, "Access-Control-Request-Method": "POST"})
    assert asked.headers["Access-Control-Allow-Methods"] == "GET, HEAD"

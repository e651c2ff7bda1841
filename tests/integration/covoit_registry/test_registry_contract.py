"""Our registry against the national one's own document (RPC API v3.3): operations, what is accepted, what is answered.

Each difference is listed in `tests/covoit_registry_differences.py` with its reason; one that is not listed fails, and
so does one that no longer is.
"""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import time_machine
import yaml
from apiflask import APIFlask
from flask.testing import FlaskClient
from jsonschema import Draft7Validator
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from covoit.api.registry import asked, views
from covoit.gateway import ndjson
from mobigo.infra import clock
from mobigo.infra.apikeys import KeyRow
from mobigo.infra.db import reading
from mobigo.infra.ratelimit import attempts
from tests.covoit_registry_differences import ABSENT, ADDED, COMMON, MORE_STATUSES, REFUSALS, STRICTER, WIDER
from tests.covoit_registry_world import NOW, Operator, correction, declared, operator_in

BASE: Final = "/api/v1/covoit/registry"
SIRET: Final = "73282932000074"
Contract = Mapping[str, Any]

VALUES: Final[dict[str, Any]] = {
    "null": None, "text": "x", "dashed": "cb82956e-3833-4925-8891-47d9b2ba0186", "long": "x" * 257, "empty": "",
    "zero": 0, "minus": -1, "half": 0.5, "one": 1, "nine": 9, "million": 1_000_000, "more": 1_000_001, "true": True,
    "list": [], "object": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def contract(realdata: Path) -> Contract:
    text = (realdata / "api" / "rpc-api-v3.3.yaml").read_text(encoding="utf-8")
    found: Contract = yaml.safe_load(text)
    return found


def at(contract: Contract, *path: str) -> Draft7Validator:
    """Who judges what stands at this place of the document; references are looked up in all of it."""
    place = "/".join(part.replace("~", "~0").replace("/", "~1") for part in path)
    return Draft7Validator({**contract, "$ref": f"#/{place}"})


def body_of(contract: Contract, path: str, method: str) -> Draft7Validator:
    return at(contract, "paths", path, method, "requestBody", "content", "application/json", "schema")


def answer_of(contract: Contract, path: str, method: str, status: str) -> Draft7Validator:
    return at(contract, "paths", path, method, "responses", status, "content", "application/json", "schema")


def operations(paths: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    methods = ("get", "post", "patch", "put", "delete")
    return {(method, path): item[method] for path, item in paths.items() for method in methods if method in item}


# ---------------------------------------------------------------- operations


@pytest.mark.realdata
def test_the_operations_are_those_of_the_document_but_for_those_listed(app: APIFlask, contract: Contract) -> None:
    theirs = operations(contract["paths"])
    paths: Any = app.spec["paths"]
    ours = {
        (method, path.removeprefix(BASE)): operation
        for (method, path), operation in operations(paths).items()
        if path.startswith(BASE)
    }
    assert set(theirs) - set(ours) == set(ABSENT)
    assert set(ours) - set(theirs) == set(ADDED)
    for at_, operation in ours.items():
        if at_ in ADDED:
            continue
        said = set(theirs[at_]["responses"])
        given = set(operation["responses"])
        assert said <= given | REFUSALS, at_
        assert given - said <= MORE_STATUSES[at_] | COMMON, at_


@pytest.mark.realdata
def test_the_parameters_of_a_listing_are_those_of_the_document(app: APIFlask, contract: Contract) -> None:
    document: Any = app.spec
    mine = document["paths"][f"{BASE}/journeys"]["get"]["parameters"]
    theirs = contract["paths"]["/journeys"]["get"]["parameters"]
    names = lambda some: {(each["name"], each["in"], each.get("required", False)) for each in some}  # noqa: E731
    assert names(mine) == names(theirs)
    assert set(asked.STATUSES) == set(contract["components"]["schemas"]["status"]["enum"])


# ---------------------------------------------------------------- what is accepted


def whole() -> dict[str, Any]:
    """A journey with every property of the document."""
    sums = [{"index": 0, "amount": 100, "siret": SIRET}]
    made = declared(incentives=sums, licence_plate="AB-123-CD")
    made["passenger"]["payments"] = [{**sums[0], "type": "incentive"}]
    for role in ("driver", "passenger"):
        made[role]["identity"]["travel_pass"] = {"name": "navigo", "user_id": "00-MFR-6782929"}
    return made


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where everything of a document lies."""
    held: Any = document.items() if isinstance(document, dict) else ()
    for name, value in enumerate(document) if isinstance(document, list) else held:
        yield (*path, name)
        yield from places(value, (*path, name))


def mutated(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The document with one thing missing, put in the place of another, or too many: (where, what, document)."""
    for path in places(document):
        name = ".".join(map(str, path))
        for kind, value in VALUES.items():
            yield name, kind, _changed(document, path, partial(_put, value))
        yield name, "missing", _changed(document, path, _take)
    for path in [(), *places(document)]:
        if isinstance(_at(document, path), dict):
            yield ".".join(map(str, path)), "unknown", _changed(document, (*path, "unknown"), partial(_put, 1))


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        document = document[part]
    return document


def _put(value: Any, inside: Any, last: Any) -> None:
    inside[last] = value


def _take(inside: Any, last: Any) -> None:
    del inside[last]


def _changed(document: dict[str, Any], path: tuple[Any, ...], change: Callable[..., object]) -> dict[str, Any]:
    made: Any = copy.deepcopy(document)
    change(_at(made, path[:-1]), path[-1])
    result: dict[str, Any] = made
    return result


def reads(reader: Callable[[bytes], object], document: Any) -> bool:
    try:
        reader(json.dumps(document).encode())
    except ndjson.Unreadable:
        return False
    return True


def differences(
    judge: Draft7Validator, reader: Callable[[bytes], object], document: dict[str, Any]
) -> tuple[dict[str, set[str]], dict[str, set[str]], int]:
    """(what the schema takes and we refuse, what it refuses and we take, how many documents were tried)."""
    assert list(judge.iter_errors(document)) == []
    assert reads(reader, document)
    stricter: dict[str, set[str]] = {}
    wider: dict[str, set[str]] = {}
    tried = 0
    for where, kind, each in mutated(document):
        tried += 1
        theirs, mine = judge.is_valid(each), reads(reader, each)
        if theirs != mine:
            (stricter if theirs else wider).setdefault(where, set()).add(kind)
    return stricter, wider, tried


@pytest.mark.realdata
def test_a_journey_is_accepted_as_the_schema_says_but_for_what_is_listed(contract: Contract) -> None:
    judge = body_of(contract, "/journeys", "post")
    stricter, wider, tried = differences(judge, lambda text: ndjson.read_declared(text, NOW), whole())
    assert tried > 600
    assert stricter == {where: kinds for where, (kinds, _why) in STRICTER.items()}
    assert wider == {where: kinds for where, (kinds, _why) in WIDER.items()}


@pytest.mark.realdata
def test_a_correction_is_accepted_as_the_schema_says(contract: Contract) -> None:
    judge = body_of(contract, "/journeys/{operator_journey_id}", "patch")
    document = correction(whole())
    stricter, wider, _tried = differences(judge, lambda text: ndjson.read_correction(text, NOW), document)
    assert stricter == {where: kinds for where, (kinds, _why) in STRICTER.items() if where.split(".")[0] in document}
    assert wider == {"operator_trip_id": {"null"}}  # null corrects nothing


@pytest.mark.realdata
def test_a_withdrawal_and_a_key_are_accepted_as_the_schema_says(contract: Contract) -> None:
    judge = body_of(contract, "/journeys/{operator_journey_id}/cancel", "post")
    reader = lambda text: ndjson.read(ndjson.Withdrawal, text)  # noqa: E731
    assert differences(judge, reader, {"code": "MISTAKE", "message": "x"})[:2] == ({}, {})
    judge = body_of(contract, "/auth/access_token", "post")
    stricter, wider, _tried = differences(
        judge, lambda text: ndjson.read(asked.Credentials, text), {"access_key": "a", "secret_key": "b"}
    )
    # A key of ours has a known length; an unknown property is refused everywhere here.
    assert stricter == {"": {"unknown"}, "access_key": {"long"}, "secret_key": {"long"}}
    assert wider == {}


# ---------------------------------------------------------------- what is answered


def send(client: FlaskClient, operator: Operator, method: str, path: str, document: Any = None) -> TestResponse:
    data = None if document is None else json.dumps(document)
    return client.open(BASE + path, method=method, data=data, headers=operator.headers)


@pytest.mark.realdata
def test_every_answer_is_as_the_document_says(client: FlaskClient, operator: Operator, contract: Contract) -> None:
    start = (clock.now() - timedelta(hours=3)).replace(microsecond=0)

    def judged(answer: TestResponse, path: str, method: str, status: str) -> Any:
        assert answer.status_code == int(status), answer.text
        assert [each.message for each in answer_of(contract, path, method, status).iter_errors(answer.json)] == []
        return answer.json

    token = judged(
        client.post(f"{BASE}/auth/access_token", json={"access_key": operator.access_key, "secret_key": operator.key}),
        "/auth/access_token", "post", "201",
    )  # fmt: skip
    signed = {"Authorization": f"Bearer {token['access_token']}", "Content-Type": "application/json"}
    created = client.post(f"{BASE}/journeys", data=json.dumps(declared(start=start)), headers=signed)
    example = contract["paths"]["/journeys"]["post"]["responses"]["201"]["content"]["application/json"]["example"]
    assert created.status_code == 201
    assert shape(created.json) == shape(example)

    short = declared("j2", "t2", "other", "another", distance_m=1_500, start=start)
    broken = send(client, operator, "POST", "/journeys", short)
    assert broken.status_code == 422
    labels = broken.json["error"]["data"].pop("terms_violation_labels")
    assert labels == ["distance_too_short"]
    # The document's schema holds one label where its name says several, and its statuses a list: a list is answered.
    one = {**broken.json, "error": {**broken.json["error"], "data": {"terms_violation_labels": labels[0]}}}
    assert list(answer_of(contract, "/journeys", "post", "422").iter_errors(one)) == []
    found = judged(send(client, operator, "GET", "/journeys/j1"), "/journeys/{operator_journey_id}", "get", "200")
    assert (found["status"], found["operator_journey_id"]) == ("pending", "j1")
    assert judged(send(client, operator, "GET", "/journeys?status=pending"), "/journeys", "get", "200")
    assert send(client, operator, "POST", "/journeys", declared(start=start)).status_code == 201  # said again
    other = declared(start=start, distance_m=30_000)
    assert send(client, operator, "POST", "/journeys", other).status_code == 409
    assert send(client, operator, "GET", "/journeys/nobody").status_code == 404
    patched = send(client, operator, "PATCH", "/journeys/j1", correction(other))
    assert patched.status_code == 200
    assert send(client, operator, "POST", "/journeys/j1/cancel", {"code": "MISTAKE"}).status_code == 200
    gone = judged(send(client, operator, "GET", "/journeys/j1"), "/journeys/{operator_journey_id}", "get", "200")
    assert gone["status"] == "canceled"
    bad = send(client, operator, "POST", "/journeys", {**declared(start=start), "distance": "far"})
    example = contract["components"]["responses"]["http_400_rpc"]["content"]["application/json"]["example"]
    assert bad.status_code == 400
    assert shape(example) <= shape(bad.json)
    assert bad.json["error"]["code"] == example["error"]["code"]


def shape(document: Any, where: str = "") -> set[str]:
    """The names of a document's properties, by place."""
    if not isinstance(document, dict):
        return set()
    inside = (shape(each, f"{where}/{name}") for name, each in document.items())
    return {f"{where}/{name}" for name in document}.union(*inside)


def test_who_is_nobody_gets_401_and_who_may_not_403(client: FlaskClient, engine: Engine) -> None:
    """One difference: a problem document, as everywhere on this site, without the `jsonrpc` of the national one."""
    nobody = {"Authorization": "Bearer nothing", "Content-Type": "application/json"}
    for method, path in (("GET", "/journeys?status=ok"), ("POST", "/journeys"), ("PATCH", "/journeys/j1")):
        answer = client.open(BASE + path, method=method, data="{}", headers=nobody)
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"
    assert engine is not None


# ---------------------------------------------------------------- how often


@pytest.mark.parametrize(
    ("name", "rate", "most", "method", "path"),
    [
        ("covoit.read", views.READS, 2_000, "GET", "/journeys?status=ok"),
        ("covoit.write", views.WRITES, 20_000, "POST", "/journeys"),
    ],
)
def test_one_request_too_many_in_a_minute_waits(
    app: APIFlask, engine: Engine, name: str, rate: str, most: int, method: str, path: str
) -> None:
    """As the national registry: 2,000 readings and 20,000 writings a minute, for each operator; apart."""
    assert rate == f"{most} per minute"
    client = app.test_client()
    start = clock.now().replace(second=10, microsecond=0) + timedelta(minutes=1)
    with time_machine.travel(start, tick=False) as now:
        one, other = operator_in(engine), operator_in(engine, "Opérateur B")
        document = declared(start=start - timedelta(hours=3)) if method == "POST" else None
        assert send(client, one, method, path, document).status_code in (200, 201)
        with app.app_context():
            with reading(engine) as session:
                subject = session.scalars(select(KeyRow.subject).where(KeyRow.organisation == one.id)).one()
            for _ in range(most - 2):
                attempts().count(name, rate, subject)
        assert send(client, one, method, path, document).status_code in (200, 201)  # the last one allowed
        late = send(client, one, method, path, document)
        assert late.status_code == 429
        assert late.mimetype == "application/problem+json"
        assert 0 < int(late.headers["Retry-After"]) <= 60
        journey = declared(start=start - timedelta(hours=3))
        apart = ("GET", "/journeys?status=ok", None) if method == "POST" else ("POST", "/journeys", journey)
        assert send(client, one, *apart).status_code in (200, 201)  # counted apart
        assert send(client, other, method, path, document).status_code in (200, 201)  # and for each operator
        now.shift(timedelta(seconds=int(late.headers["Retry-After"])))
        assert send(client, one, method, path, document).status_code in (200, 201)

"""The registry's API as an operator meets it, on both databases: answers, repetitions, refusals, hostile input."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from covoit.model.journeys import JourneyState
from covoit.service import registry
from covoit.store import journeys
from covoit.store.journeys import JourneyRow, PastRow
from covoit.store.people import OperatorUserRow, PersonRow
from mobigo.infra import apikeys, clock
from mobigo.infra.db import reading, transaction
from tests.covoit_registry_world import Operator, correction, declared, line, many, operator_in

BASE = "/api/v1/covoit/registry"


def recent(journey: str = "j1", trip: str = "t1", hours: float = 3, **changes: Any) -> dict[str, Any]:
    """A journey that started so many hours ago."""
    start = (clock.now() - timedelta(hours=hours)).replace(microsecond=0)
    return declared(journey, trip, start=start, **changes)


def post(client: FlaskClient, operator: Operator, document: Any, path: str = "/journeys") -> TestResponse:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return client.post(BASE + path, data=content, headers=operator.headers)


def get(client: FlaskClient, operator: Operator, path: str) -> Any:
    return client.get(BASE + path, headers=operator.headers)


def test_a_journey_is_declared_read_corrected_and_withdrawn(
    client: FlaskClient, operator: Operator, engine: Engine
) -> None:
    journey = recent()
    answer = post(client, operator, journey)
    assert answer.status_code == 201, answer.text
    body = answer.get_json()
    assert (body["jsonrpc"], body["result"]["data"]["operator_journey_id"]) == ("2.0", "j1")
    status = get(client, operator, "/journeys/j1").get_json()
    assert (status["status"], status["final"], status["created_at"]) == (
        "pending", False, body["result"]["data"]["created_at"],
    )  # fmt: skip
    registry.check(engine, clock.now())
    assert get(client, operator, "/journeys/j1").get_json()["status"] == "ok"
    assert get(client, operator, "/journeys?status=ok").get_json() == [{"operator_journey_id": "j1"}]
    assert get(client, operator, "/journeys?status=pending").get_json() == []

    corrected = client.patch(
        f"{BASE}/journeys/j1", data=json.dumps(correction(journey, distance=31_000)), headers=operator.headers
    )
    assert (corrected.status_code, corrected.get_json()["status"]) == (200, "pending")  # its checks start again
    with reading(engine) as session:
        stored = journeys.get_stored(session, operator.id, "j1")
        assert (stored.journey.distance_m, stored.revision) == (31_000, 1)
        assert session.scalars(select(PastRow)).one().facts["distance_m"] == 33_000

    for _ in range(2):
        withdrawn = post(client, operator, {"code": "no_show", "message": "absente"}, "/journeys/j1/cancel")
        assert (withdrawn.status_code, withdrawn.get_json()["status"]) == (200, "canceled")
    with reading(engine) as session:
        assert journeys.get_stored(session, operator.id, "j1").revision == 2
    late = client.patch(f"{BASE}/journeys/j1", data=json.dumps(correction(journey)), headers=operator.headers)
    assert (late.status_code, late.get_json(force=True)["code"]) == (409, "covoit.canceled")


def test_a_repeated_declaration_gets_the_first_answer(client: FlaskClient, operator: Operator) -> None:
    """Defect 9: a retry after a time-out got a bare 409 and operators' users stayed blocked (issue 2164)."""
    journey = recent()
    first = post(client, operator, journey)
    shuffled = json.dumps(dict(reversed(journey.items())), indent=2).encode()  # the same content, written otherwise
    assert (post(client, operator, shuffled).status_code, post(client, operator, shuffled).get_json()) == (
        201, first.get_json(),
    )  # fmt: skip
    other = post(client, operator, {**journey, "distance": 33_001})
    assert other.status_code == 409
    params = other.get_json(force=True)["params"]
    assert len(params["known"]) == len(params["given"]) == 64
    assert params["known"] != params["given"]


def test_a_repeated_refusal_gets_the_first_refusal_whatever_happened_since(
    client: FlaskClient, operator: Operator
) -> None:
    short = recent(distance_m=1_500)
    first = post(client, operator, short)
    assert first.status_code == 422
    found = first.get_json(force=True)
    assert found["error"]["data"]["terms_violation_labels"] == ["distance_too_short"]
    assert found["violations"] == [{"label": "distance_too_short", "distance": 1_500, "distance_min": 2_000}]
    again = post(client, operator, short)
    assert (again.status_code, again.get_json(force=True)["violations"]) == (422, found["violations"])
    status = get(client, operator, "/journeys/j1").get_json()
    assert (status["status"], status["terms_violation_details"]) == ("terms_violation_error", ["distance_too_short"])
    better = client.patch(
        f"{BASE}/journeys/j1", data=json.dumps(correction(short, distance=20_000)), headers=operator.headers
    )
    assert (better.status_code, better.get_json()["status"]) == (200, "pending")
    assert post(client, operator, short).get_json(force=True)["violations"] == found["violations"]


def test_a_fifth_trip_is_refused_with_the_counters_and_one_withdrawn_makes_room(
    client: FlaskClient, operator: Operator
) -> None:
    """Defect 4: the filter of withdrawn trips never filtered, so they went on counting toward the day's four."""
    now = clock.now().replace(microsecond=0)
    first = now.replace(hour=10, minute=0, second=0) - timedelta(days=1)
    if now - first > timedelta(hours=23):  # five hours of one day, none of them 24 hours old
        first = now - timedelta(hours=9)
    for number in range(4):
        start = first + timedelta(hours=number)
        document = declared(f"j{number}", f"t{number}", passenger=f"p{number}", start=start, minutes=20)
        assert post(client, operator, document).status_code == 201
    fifth = declared("j9", "t9", passenger="p9", start=first + timedelta(hours=4), minutes=20)
    refused = post(client, operator, fifth)
    assert refused.status_code == 422
    assert refused.get_json(force=True)["violations"] == [
        {"label": "too_many_trips_by_day", "driver_trips": 4, "passenger_trips": 0, "trips_max": 4}
    ]
    assert post(client, operator, {"code": "x"}, "/journeys/j0/cancel").status_code == 200
    assert post(client, operator, {**fifth, "operator_journey_id": "j10"}).status_code == 201


def test_late_is_refused(client: FlaskClient, operator: Operator) -> None:
    answer = post(client, operator, recent(hours=24.1))
    assert answer.get_json(force=True)["error"]["data"]["terms_violation_labels"] == ["expired"]


def test_an_operator_sees_and_changes_only_its_own(client: FlaskClient, operator: Operator, engine: Engine) -> None:
    other = operator_in(engine, "Opérateur B")
    assert post(client, operator, recent()).status_code == 201
    assert get(client, other, "/journeys/j1").status_code == 404
    assert get(client, other, "/journeys?status=pending").get_json() == []
    assert post(client, other, {"code": "x"}, "/journeys/j1/cancel").status_code == 404
    assert post(client, other, recent(hours=5)).status_code == 201  # the same id, of another operator
    assert client.get(f"{BASE}/journeys/j1").status_code == 401


def test_a_key_is_exchanged_for_five_minutes(
    client: FlaskClient, operator: Operator, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"access_key": operator.access_key, "secret_key": operator.key}
    answer = client.post(f"{BASE}/auth/access_token", json=keys)
    assert answer.status_code == 201
    token = answer.get_json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get(f"{BASE}/journeys?status=ok", headers=headers).status_code == 200
    assert client.post(f"{BASE}/auth/access_token", json={**keys, "secret_key": "mbg_x"}).status_code == 401
    assert client.post(f"{BASE}/auth/access_token", json={**keys, "access_key": "AAAAAAAA"}).status_code == 401
    now = clock.now()
    assert apikeys.identify(engine, token, now + timedelta(minutes=4)) is not None
    assert apikeys.identify(engine, token, now + timedelta(minutes=6)) is None
    with transaction(engine) as session:
        row = session.scalars(select(apikeys.KeyRow)).one()
        apikeys.revoke(session, row.subject, row.id, now)
    assert client.get(f"{BASE}/journeys?status=ok", headers=headers).status_code == 401  # with its key, at once


@pytest.mark.parametrize("times", [1, 2, 5])
def test_one_declaration_sent_at_once_many_times_has_one_effect_and_one_answer(
    app: APIFlask, operator: Operator, engine: Engine, times: int
) -> None:
    journey = recent()

    def send(_: int) -> tuple[int, Any]:
        answer = post(app.test_client(), operator, journey)
        return answer.status_code, answer.get_json()

    with ThreadPoolExecutor(times) as pool:
        found = list(pool.map(send, range(times)))
    assert found == [found[0]] * times
    assert found[0][0] == 201
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(JourneyRow)) == 1
        assert session.scalar(select(func.count()).select_from(PersonRow)) == 2
        assert session.scalar(select(func.count()).select_from(OperatorUserRow)) == 2


def test_racing_never_passes_the_daily_limit(app: APIFlask, operator: Operator, engine: Engine) -> None:
    """Defect 1: limits were passed by requests that did not see each other."""
    start = clock.now().replace(microsecond=0) - timedelta(minutes=30)

    def send(number: int) -> int:
        document = declared(f"j{number}", f"t{number}", passenger=f"p{number}", start=start, minutes=20)
        return post(app.test_client(), operator, document).status_code

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(send, range(10)))
    assert (found.count(201), found.count(422)) == (4, 6)
    with reading(engine) as session:
        pending = select(func.count()).where(JourneyRow.status == JourneyState.PENDING.value)
        assert session.scalar(pending.select_from(JourneyRow)) == 4


HOSTILE: list[tuple[str, bytes, int]] = [
    ("empty", b"", 400),
    ("null", b"null", 400),
    ("an array", b"[]", 400),
    ("not json", b"{", 400),
    ("deep", b'{"a":' * 9_000 + b"1" + b"}" * 9_000, 400),
    ("deep arrays", b"[" * 60_000, 400),
    ("not utf-8", b'{"operator_journey_id":"\xff"}', 400),
    ("utf-16", '{"a":1}'.encode("utf-16"), 400),
    ("too large", b'{"operator_journey_id":"' + b"a" * 70_000 + b'"}', 413),
]


def test_what_is_no_journey_is_told_so(client: FlaskClient, operator: Operator) -> None:
    for name, content, status in HOSTILE:
        answer = post(client, operator, content)
        assert (name, answer.status_code, answer.content_type) == (name, status, "application/problem+json")
        assert answer.get_json(force=True)["detail"]


def edited(path: str, value: Any) -> dict[str, Any]:
    whole = recent()
    *parents, name = path.split(".")
    place = whole
    for parent in parents:
        place = place[parent]
    place[name] = value
    return whole


def test_a_field_past_its_limit_is_named_in_our_words_and_in_the_registrys(
    client: FlaskClient, operator: Operator
) -> None:
    answer = post(client, operator, edited("passenger.seats", 9))
    assert answer.status_code == 400, answer.text
    body = answer.get_json(force=True)
    assert (body["error"]["code"], body["jsonrpc"]) == (-32602, "2.0")
    assert (body["code"], body["errors"][0]["name"]) == ("covoit.field_bad", "passenger.seats")


ODD = ("'; DROP TABLE covoit_journey; --", "<script>alert(1)</script>", "é😀 %s {0}", "=1+1")


def test_odd_text_is_only_text(client: FlaskClient, operator: Operator, engine: Engine) -> None:
    for number, text in enumerate(ODD):
        whole = {**recent(f"j{number}", hours=2 + 4 * number), "operator_trip_id": text}
        assert post(client, operator, whole).status_code == 201
        with reading(engine) as session:
            assert journeys.journey_of(session, operator.id, f"j{number}").operator_trip_id == text


def test_a_phone_number_takes_the_place_of_its_beginning_and_one_of_them_is_needed(
    client: FlaskClient, operator: Operator, engine: Engine
) -> None:
    whole = recent()
    del whole["driver"]["identity"]["phone_trunc"]
    assert post(client, operator, whole).status_code == 400
    whole["driver"]["identity"]["phone"] = "+33601020304"
    assert post(client, operator, whole).status_code == 201
    with reading(engine) as session:
        found = session.scalars(select(PersonRow).where(PersonRow.phone.is_not(None))).one()
        assert (found.phone, found.phone_trunc) == ("+33601020304", "+336010203")


def test_a_listing_that_cannot_be_asked_is_refused(client: FlaskClient, operator: Operator) -> None:
    for query in ("", "status=none", *(f"status=ok&{bad}" for bad in ("limit=-1", "offset=x", "start=hier", "x=1"))):
        assert (query, get(client, operator, f"/journeys?{query}").status_code) == (query, 400)


def test_a_file_is_handed_over_received_by_a_job_and_told_of(
    app: APIFlask, client: FlaskClient, operator: Operator
) -> None:
    from mobigo.infra import jobs

    day = clock.now().replace(microsecond=0)
    rows = [line(document) for document in many(30, day=day + timedelta(hours=6))]
    bad = line(edited("distance", 0))
    content = b"".join([*rows, bad])
    headers = {**operator.headers, "Content-Type": "application/x-ndjson"}
    services = app.extensions["mobigo"]
    for query, refused, kept in (("", 1, False), ("?good_part=true", 1, True)):
        answer = client.post(f"{BASE}/journeys/bulk{query}", data=content, headers=headers)
        assert answer.status_code == 202, answer.text
        order = answer.get_json()
        again = client.post(f"{BASE}/journeys/bulk{query}", data=content, headers=headers).get_json()
        assert again["id"] == order["id"]
        with reading(services.engine) as session:
            (waiting,) = jobs.list_jobs(session, jobs.JobFilter(states=[jobs.State.QUEUED], name="covoit.ingest"))
        assert jobs.run_inline(services.engine, services.config, waiting.id).state is jobs.State.DONE
        told = client.get(order["url"], headers=operator.headers).get_json()
        assert (told["state"], told["refused"], told["receipt"] is not None) == ("done", refused, kept)
        errors = client.get(told["errors_url"], headers=operator.headers)
        assert errors.mimetype == "text/csv"
        assert errors.data.decode("utf-8-sig").splitlines()[1].startswith("31;distance;0")
        errors.close()
    assert told["receipt"]["new"] + told["receipt"]["known"] == 30
    assert client.get(f"{BASE}/bulk/{'0' * 26}", headers=operator.headers).status_code == 404

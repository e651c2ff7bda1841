"""On-board validators by API key; and what lines earned, equal to the ledger to the cent."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from billettique.model.ticket import Answer
from billettique.model.use import DeviceKind, Place, Record
from billettique.service import books, sync
from billettique.service import usage as service
from billettique.service.served_lines import LineStops, StopOfLine
from billettique.store import usage, validations
from billettique.store.tickets import current_code, get
from mobigo.app.factory import create_app
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO
from mobigo.infra import accounts, apikeys, clock, grants
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Grant, Identity, Permission, Role
from mobigo.infra.web import Services
from mobigo.ledger import service as ledger
from tests.billettique_orders_world import Shop
from tests.holder_world import SINGLE, sold

BASE = "/api/v1/billettique"


@pytest.fixture
def app(database_config: Config) -> Iterator[APIFlask]:
    made = create_app(replace(database_config, base_url="http://localhost"))
    yield made
    made.extensions["mobigo"].engine.dispose()


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    return app.test_client()


def key(engine: Engine, scope: Permission, name: str = "Cars du Morvan") -> dict[str, str]:
    """The headers of an operator's key with one scope."""
    at = clock.now()
    with transaction(engine) as session:
        subject = accounts.create(session, at, email=f"{len(name)}@example.org", name=name)
        organisation = grants.create_organisation(session, name, at).id
        given = Grant(Role.OPERATOR, organisation)
        grants.give(session, subject, given, at, by=None)
        _row, text = apikeys.make(session, Identity(subject, (given,)), "valideur", [scope], 30, at, organisation)
    return {"Authorization": f"Bearer {text}"}


def code_of(app: APIFlask, item: str) -> tuple[str, bytes]:
    services: Services = app.extensions["mobigo"]
    entitlement = sold(services, SINGLE, item=item, now=clock.now())
    with reading(services.engine) as session:
        code = current_code(session, entitlement)
        assert code is not None
        return get(session, entitlement).reference, code.octets


def batch(reference: str, **more: Any) -> dict[str, Any]:
    at = clock.now()
    record = {
        "nonce": "nonce-0001", "at": at.isoformat(), "answer": "OK", "ticket": ["mobigo", reference],
        "product": "car-unite", "uses": True, "until": at.date().isoformat(), "line": "l", "stop": "s", "trip": "t",
    }  # fmt: skip
    return {"device": "validator-1", "sent_at": at.isoformat(), "records": [{**record, **more}]}


def test_a_validator_sends_its_records_once_however_often(client: FlaskClient, app: APIFlask, engine: Engine) -> None:
    headers = key(engine, Permission.TICKETS_VALIDATE)
    reference, _code = code_of(app, "one")
    sent = batch(reference)
    first = client.post(BASE + "/validations", json=sent, headers=headers)
    assert first.status_code == 200, first.text
    assert first.get_json() == {"new": 1, "known": 0, "firsts": ["nonce-0001"], "repeats": [], "refused": []}
    assert client.post(BASE + "/validations", json=sent, headers=headers).get_json()["new"] == 0
    again = batch(reference, nonce="nonce-0002")
    assert client.post(BASE + "/validations", json=again, headers=headers).get_json()["repeats"] == ["nonce-0002"]
    with reading(engine) as session:
        assert len(validations.alerts(session)) == 1


def test_who_may_not_is_refused_and_nonsense_is_told(client: FlaskClient, engine: Engine) -> None:
    assert client.post(BASE + "/validations", json={}).status_code == 401
    other = key(engine, Permission.COVOIT_API, "Un autre")
    assert client.post(BASE + "/validations", json={}, headers=other).status_code == 403
    headers = key(engine, Permission.TICKETS_VALIDATE)
    for nonsense in (
        [], {"device": "x"}, {"device": "validator-1", "records": [{}]}, {"device": "validator-1", "records": [1]},
        batch("r", answer="PERHAPS"), batch("r", at="yesterday"), batch("r", until="soon"), batch("r", at=10**30),
        batch("r", ticket=["one"]),
    ):  # fmt: skip
        assert client.post(BASE + "/validations", json=nonsense, headers=headers).status_code == 422, nonsense
    for code in ({}, {"device": "validator-1", "nonce": "nonce-0001", "code": "zz"}):
        assert client.post(BASE + "/checks", json=code, headers=headers).status_code == 422


def test_another_organisation_does_not_speak_for_a_device(client: FlaskClient, app: APIFlask, engine: Engine) -> None:
    reference, _code = code_of(app, "theirs")
    mine, theirs = key(engine, Permission.TICKETS_VALIDATE), key(engine, Permission.TICKETS_VALIDATE, "Un autre")
    assert client.post(BASE + "/validations", json=batch(reference), headers=mine).status_code == 200
    assert client.post(BASE + "/validations", json=batch(reference), headers=theirs).status_code == 403


def test_online_one_validator_of_several_is_told_yes(app: APIFlask, engine: Engine) -> None:
    headers = key(engine, Permission.TICKETS_VALIDATE)
    _reference, code = code_of(app, "once")
    answers: list[str] = []
    barrier = threading.Barrier(4)

    def check(which: int) -> None:
        asking = app.test_client()
        barrier.wait()
        sent = {"device": f"validator-{which}", "nonce": f"nonce-000{which}", "code": code.hex()}
        answers.append(asking.post(BASE + "/checks", json=sent, headers=headers).get_json()["answer"])

    threads = [threading.Thread(target=check, args=(which,)) for which in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(answers) == ["OK", "USED", "USED", "USED"]
    bad = {"device": "validator-1", "nonce": "nonce-bad1", "code": "00" * 50}
    assert app.test_client().post(BASE + "/checks", json=bad, headers=headers).get_json()["answer"] == "UNREADABLE"


# ---------------------------------------------------------------- revenue


def test_lines_earn_together_what_the_ledger_says_to_the_cent(engine: Engine, database_config: Config) -> None:
    shop = Shop(engine, replace(database_config, base_url="http://localhost"))
    orders = [shop.buy() for _ in range(3)]
    shop.buy(*shop.coach(("adulte", "adulte")))
    month = shop.now.date().replace(day=1)
    device = sync.Device("validator-1", DeviceKind.ONBOARD, None, None)
    product = shop.items(orders[0])[0].product
    records = [
        Record(f"nonce-{at:04}", shop.now - timedelta(minutes=at), Answer.OK, at.to_bytes(8), product, False, None,
               Place(f"line{at % 3}", "stop", "trip"))
        for at in range(7)
    ]  # fmt: skip
    with transaction(engine) as session:
        sync.receive(session, device, records, shop.now)
    seller = shop.items(orders[0])[0].seller
    with reading(engine) as session:
        earned = ledger.balance(session, books.sales_account(seller)).net
        figures = service.figures_of(session, month)
    assert earned > ZERO
    assert figures.revenue == earned
    assert sum((each.revenue for each in figures.lines), ZERO) == earned
    assert {each.line: each.uses for each in figures.lines} == {"line0": 3, "line1": 2, "line2": 2}
    with reading(engine) as session:
        before = month - timedelta(days=1)
        assert service.figures_of(session, before.replace(day=1)).revenue == ZERO


def test_a_day_is_chained_once_while_its_tokens_are_there(engine: Engine) -> None:
    day = paris_day(clock.now()) - timedelta(days=1)
    start = sync.begins(day)
    way = tuple(StopOfLine(name, name, "", 47.0 + at * 0.01, 5.0) for at, name in enumerate("abcdef"))
    lines = {"1": LineStops("1", "Ligne 1", (way, way[::-1]))}
    device = sync.Device("validator-1", DeviceKind.ONBOARD, None, None)
    taps = [("b", 3), ("e", 13)]
    records = [
        Record(f"nonce-{stop}-{ticket}", start + timedelta(hours=hour), Answer.OK, ticket.to_bytes(8), "car-mois",
               False, None, Place("1", stop, f"trip-{hour}"))
        for ticket in range(5) for stop, hour in taps
    ]  # fmt: skip
    morning = start + timedelta(hours=25)
    with transaction(engine) as session:
        sync.receive(session, device, records, start + timedelta(hours=14))
        assert service.chain_days(session, lines, start + timedelta(hours=20)) == {}  # the day is not over
        assert service.chain_days(session, lines, morning) == {day: 1.0}
        assert service.chain_days(session, lines, morning) == {}
        sync.forget(session, start + timedelta(hours=70))
    with reading(engine) as session:
        assert validations.taps_of_day(session, day) == []
        flows = {(row.from_stop, row.to_stop): row.count for row in usage.flows(session, day.replace(day=1))}
        assert flows == {("b", "e"): 5, ("e", "b"): 5}
        loads = service.loads_of(session, "1", ["abcdef", "fedcba"], day, day)
    assert [(each.trip, each.boardings, each.most) for each in loads] == [("trip-13", 5, 5), ("trip-3", 5, 5)]

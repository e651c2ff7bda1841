"""Who may enter, and what the browser may run there: WebAssembly on the inspector's page alone."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from apiflask import APIFlask
from sqlalchemy import Engine

from mobigo.app.factory import create_app
from mobigo.infra import accounts, clock, grants, sessions
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.roles import Grant, Role

PAGES = {
    "/controle": Role.INSPECTOR,
    "/controle/listes.json": Role.INSPECTOR,
    "/controle/sw.js": Role.INSPECTOR,
    "/controle/manifest.webmanifest": Role.INSPECTOR,
    "/controle/dossiers": Role.COUNTER_AGENT,
    "/titres/chiffres": Role.FINANCE_AGENT,
    "/titres/chiffres.csv": Role.FINANCE_AGENT,
    "/titres/chiffres/heures.svg": Role.FINANCE_AGENT,
}


@pytest.fixture
def app(database_config: Config) -> Iterator[APIFlask]:
    made = create_app(replace(database_config, base_url="http://localhost"))
    yield made
    made.extensions["mobigo"].engine.dispose()


def cookie(engine: Engine, role: Role) -> str:
    at = clock.now()
    with transaction(engine) as session:
        subject = accounts.create(session, at, email=f"{role}@example.org", name=str(role))
        grants.give(session, subject, Grant(role), at, by=None)
        return sessions.open_session(session, subject, at, None, None)


def test_each_page_opens_to_its_role_alone_and_runs_no_more_than_it_needs(app: APIFlask, engine: Engine) -> None:
    tokens = {role: cookie(engine, role) for role in {*PAGES.values(), Role.TRAVELLER}}
    for path, role in PAGES.items():
        for other in (role, Role.TRAVELLER):
            client = app.test_client()
            client.set_cookie("mobigo", tokens[other])
            answer = client.get(path)
            assert answer.status_code == (200 if other is role else 403), (path, other, answer.text[:300])
            runs_wasm = "'wasm-unsafe-eval'" in answer.headers["Content-Security-Policy"]
            assert runs_wasm == (path == "/controle"), path
    assert app.test_client().get("/controle").status_code == 401  # a program; a browser is sent to sign in
    page = app.test_client().get("/constat")
    assert page.status_code == 200
    assert "wasm" not in page.headers["Content-Security-Policy"]


def test_the_worker_may_serve_the_page_and_names_every_file_it_needs(app: APIFlask, engine: Engine) -> None:
    client = app.test_client()
    client.set_cookie("mobigo", cookie(engine, Role.INSPECTOR))
    worker = client.get("/controle/sw.js")
    assert worker.headers["Service-Worker-Allowed"] == "/controle"
    files = worker.text.split("FILES = ")[1].split(";")[0]
    for address in json.loads(files):
        assert client.get(address).status_code == 200, address


def test_a_page_of_cases_that_nobody_reaches_is_the_first(app: APIFlask, engine: Engine) -> None:
    client = app.test_client()
    client.set_cookie("mobigo", cookie(engine, Role.COUNTER_AGENT))
    for after in ("9" * 9, "9" * 10, "9" * 40, "-1", "٣"):
        assert client.get("/controle/dossiers", query_string={"depuis": after}).status_code == 200, after


def test_guessing_a_case_is_stopped(app: APIFlask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    guess = {"reference": "ABCDEFGH", "secret": "ABCDEFGHJKLM"}
    answers = [client.post("/constat", data=guess).status_code for _ in range(11)]
    assert answers == [404] * 10 + [429]
    assert client.get("/constat/ABCDEFGH/ABCDEFGHJKLM").status_code == 404

"""The authorisation matrix, walked on the real application: every route, every method, every role, and nobody."""

import functools
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.routing import AnyConverter, Rule

from mobigo.app import authorisation, create_app
from mobigo.app.authorisation import ALLOWED, PUBLIC, REFUSED, identity_of, verdict
from mobigo.infra import auth
from mobigo.infra.config import Config, load_config
from mobigo.infra.roles import Identity, Role

PAGE = Path(__file__).parents[3] / "docs" / "authorisation.md"
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The real application, doors and hooks; behind each door a stub that says it was reached, and does nothing."""
    config: Config = load_config(
        {"MOBIGO_HOME": str(tmp_path_factory.mktemp("home")), "MOBIGO_BASE_URL": "http://localhost"}
    )
    app = create_app(config)
    for endpoint, view in app.view_functions.items():

        @functools.wraps(view)
        def stub(**_: object) -> tuple[str, int, dict[str, str]]:
            return "reached", 200, {"X-Reached": "1"}

        app.view_functions[endpoint] = stub
    return app


def address(app: Flask, rule: Rule) -> str:
    """An address that this rule answers to."""
    fixed = rule.defaults or {}
    values: dict[str, Any] = {
        name: fixed[name] if name in fixed else converter_value(rule, name) for name in rule.arguments
    }
    with app.test_request_context():
        return app.url_map.bind("localhost").build(rule.endpoint, values, method=next(iter(sorted(rule.methods or []))))


def converter_value(rule: Rule, name: str) -> Any:
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    kind = type(converter).__name__
    return 1 if kind in ("IntegerConverter", "FloatConverter") else "x"


def enter(app: Flask, path: str, method: str, identity: Identity | None) -> str:
    """What happened at the door: reached, refused, or sent to sign in."""
    client: FlaskClient = app.test_client()
    with app.app_context():
        g.mobigo_identity = identity
        answer = client.open(path, method=method, headers={"Accept": "text/html"})
    if answer.headers.get("X-Reached"):
        return "reached"
    sent = answer.status_code == 303 and answer.headers.get("Location", "").startswith("/connexion")
    return "sent to sign in" if sent or answer.status_code == 401 else f"refused {answer.status_code}"


@functools.cache
def doors(app: Flask) -> list[tuple[Rule, str, str]]:
    """Every (rule, method, an address of it); made once, walked by every role."""
    found = [
        (rule, method, address(app, rule))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    return sorted(found, key=lambda door: (door[0].rule, door[1]))


def test_every_route_says_who_may_enter(app: Flask) -> None:
    unmarked = [(rule, method) for rule, method, _, access in auth.routes(app) if access is None]
    assert unmarked == []


@pytest.mark.parametrize("role", [None, *Role])
def test_every_door_does_to_every_role_what_the_matrix_says(app: Flask, role: Role | None) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    wrong = []
    for rule, method, path in doors(app):
        access = auth.access_of(app, rule.endpoint, method)
        said = verdict(access, role)
        done = enter(app, path, method, identity_of(role, "S" * 26))
        expected = {
            PUBLIC: "reached",
            ALLOWED: "reached",
            REFUSED: "sent to sign in" if role is None else "refused 403",
        }[said]
        if done != expected:
            wrong.append((rule.rule, method, said, done))
    assert wrong == []


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.TRAVELLER])
def test_no_form_is_taken_from_a_signed_in_person_without_its_token(app: Flask, role: Role) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    taken = []
    for rule, method, path in doors(app):
        if method not in UNSAFE or getattr(app.view_functions[rule.endpoint], "__mobigo_machine_only__", False):
            continue
        if enter(app, path, method, identity_of(role, "S" * 26)) == "reached":
            taken.append((rule.rule, method))
    assert taken == []


def test_no_public_form_is_taken_without_its_token(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    taken = [
        (rule.rule, method)
        for rule, method, path in doors(app)
        if method in UNSAFE
        and not rule.rule.startswith("/api/")
        and not getattr(app.view_functions[rule.endpoint], "__mobigo_machine_only__", False)
        and enter(app, path, method, None) == "reached"
    ]
    assert taken == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.org"},
        {"Origin": "http://localhost:8001"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_sent_from_another_site_is_refused_even_with_a_token(app: Flask, headers: dict[str, str]) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    client = app.test_client()
    with client.session_transaction() as kept:
        kept["csrf_token"] = "seed"
    with app.test_request_context() as context:
        context.session["csrf_token"] = "seed"
        token = generate_csrf()
    data = {"csrf_token": token}
    assert client.post("/connexion", data=data).headers.get("X-Reached") == "1"
    assert client.post("/connexion", data=data, headers={"Origin": "http://localhost"}).headers.get("X-Reached") == "1"
    assert client.post("/connexion", data=data, headers=headers).status_code == 400


def test_the_page_of_the_matrix_is_up_to_date(app: Flask) -> None:
    assert PAGE.read_text(encoding="utf-8") == authorisation.page(app), (
        "write it again: python -m mobigo.app.authorisation > docs/authorisation.md"
    )

"""docs/api.md: each command that reads is asked as it is written, and answered; the others name a route."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from apiflask import APIFlask
from flask import g
from werkzeug.exceptions import HTTPException

from mobigo.app.authorisation import identity_of
from mobigo.app.factory import create_app
from mobigo.infra import auth
from mobigo.infra.config import load_config
from mobigo.infra.roles import Role
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.web import here
from tests.integration.planner_web.conftest import COMMUNES, NOW, OUTLINES, OneNetwork, known_network

__all__ = ["known_network"]  # a fixture

PAGE: Final = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
COMMANDS: Final = [line for line in PAGE.splitlines() if line.startswith("curl ")]
SITE: Final = "http://127.0.0.1:8000"
READS: Final = [each for each in COMMANDS if "-X " not in each]
WRITES: Final = [each for each in COMMANDS if "-X " in each]


@pytest.fixture(scope="module")
def api(
    known_network: LiveNetwork, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[APIFlask]:
    home = tmp_path_factory.mktemp("guide") / "home"
    (home / "territory").mkdir(parents=True)
    (home / "territory" / "communes.csv").write_text(COMMUNES, "utf-8")
    (home / "territory" / "outlines.geojson").write_text(OUTLINES, "utf-8")
    shutil.copyfile(sqlite_template, home / "mobigo.sqlite")
    app = create_app(load_config({"MOBIGO_HOME": str(home), "MOBIGO_BASE_URL": SITE}))
    vars(app.extensions["mobigo"])["networks"] = OneNetwork(known_network)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(here, "now", lambda: NOW)
        yield app
    app.extensions["mobigo"].engine.dispose()


def asked(command: str) -> tuple[str, str]:
    """(method, address below the site) of a command, read as a shell reads it."""
    words = shlex.split(command)
    method = words[words.index("-X") + 1] if "-X" in words else "GET"
    assert words[-1].startswith(SITE), command
    return method, words[-1].removeprefix(SITE)


def told(app: APIFlask, address: str) -> Any:
    return app.test_client().get(address).get_json()


def filled(app: APIFlask, address: str) -> str:
    """The address with what stands for an identifier replaced by the first one of the list the guide names."""
    if "ARRET" in address:
        address = address.replace("ARRET", told(app, "/api/v1/stops?q=saulieu")["stops"][0]["id"])
    if "LIGNE" in address:
        address = address.replace("LIGNE", told(app, "/api/v1/lines")["lines"][0]["id"])
    if "POINT" in address:
        found = _siri(app, "stoppoints", "StopPointsDelivery", "AnnotatedStopPointRef", "StopPointRef")
        address = address.replace("POINT", found)
    if "COURSE" in address:
        address = address.replace("COURSE", _siri(app, "lines", "LinesDelivery", "AnnotatedLineRef", "LineRef"))
    return address


def _siri(app: APIFlask, what: str, delivery: str, entry: str, ref: str) -> str:
    found = told(app, f"/siri/2.0/{what}-discovery.json")["Siri"][delivery][entry][0][ref]
    return str(found["value"] if isinstance(found, dict) else found)


@pytest.mark.parametrize("command", READS)
def test_each_command_that_reads_is_answered(api: APIFlask, command: str) -> None:
    _method, address = asked(command)
    address = filled(api, address)
    with api.app_context():
        g.mobigo_identity = who_may(api, address) if "Authorization" in command else None
        answer = api.test_client().get(address, headers={"Accept": "*/*"})
    assert answer.status_code == 200, (address, answer.get_data(as_text=True)[:300])


def who_may(app: APIFlask, address: str) -> auth.Identity | None:
    """Somebody who may ask this; nobody's key opens what anybody may read."""
    rule = rule_of(app, "GET", address)
    access = next(found for route, method, _, found in auth.routes(app) if (route, method) == (rule, "GET"))
    assert access is not None
    return next(one for role in Role if access.allows(one := identity_of(role, "0" * 26)))


def rule_of(app: APIFlask, method: str, address: str) -> str:
    try:
        rule, _ = app.url_map.bind("localhost").match(urlsplit(address).path, method=method, return_rule=True)
    except HTTPException as none:
        raise AssertionError(f"no route answers {method} {address}") from none
    return str(rule.rule)


@pytest.mark.parametrize("command", WRITES)
def test_each_command_that_writes_names_a_route_closed_without_a_key(api: APIFlask, command: str) -> None:
    method, address = asked(command)
    rule_of(api, method, address)
    assert "Authorization: Bearer" in command
    assert api.test_client().open(address, method=method).status_code == 401


def test_what_is_promised_of_errors_and_pages_is_so(api: APIFlask) -> None:
    client = api.test_client()
    refused = client.get("/api/v1/journeys?from=")
    assert refused.content_type == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= set(refused.get_json())
    assert client.get(urlsplit(refused.get_json()["type"]).path).status_code == 200
    page = client.get("/api/v1/lines?limit=1")
    assert f"cursor={page.get_json()['next']}" in page.headers["Link"]


def test_every_path_the_guide_names_is_a_route(api: APIFlask) -> None:
    routes = {re.sub(r"<(?:[^:<>]+:)?\w+>", "<>", rule.rule) for rule in api.url_map.iter_rules()}
    named = set(re.findall(r"`(/[\w/<>.é-]+)`", PAGE))
    unknown = {each for each in named if not any(r.startswith(re.sub(r"<[^>]*>", "<>", each)) for r in routes)}
    assert unknown == set()

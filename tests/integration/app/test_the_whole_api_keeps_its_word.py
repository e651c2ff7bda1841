"""Every operation of /api/v1, whichever package it comes from: it is in the document, says what it answers, and
whatever is sent to it is answered as the document says.

A package has nothing to do to be tested here but register its blueprint (`APIBlueprint`, in `factory.BLUEPRINTS`).
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
import schemathesis
from apiflask import APIFlask
from flask import g
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from mobigo.app.api import PREFIX, operations
from mobigo.app.authorisation import identity_of
from mobigo.app.factory import create_app
from mobigo.infra import auth
from mobigo.infra.config import load_config
from mobigo.infra.roles import Role
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.api.openapi import OPERATIONS as TRAVELLER
from mobigo.planner.web import here
from tests.counts import count
from tests.integration.planner_web.conftest import COMMUNES, NOW, OUTLINES, OneNetwork, known_network

__all__ = ["known_network"]  # a fixture

METHODS: Final = ("get", "post", "put", "patch", "delete")
EXAMPLES: Final = count(40, 3)
SUBJECT: Final = "0" * 26
# What the API says of itself, for people; not operations.
ITS_OWN_PAGES: Final = {f"{PREFIX}/openapi.json", f"{PREFIX}/docs", f"{PREFIX}/problems/{{code}}"}


schemathesis.serializer.alias("application/x-ndjson", "text/plain")
# Which ids exist is the network's affair, not the document's: what is sent as right names what is there.
schemathesis.openapi.format("line-id", st.sampled_from(["demo:LR119", "demo:LR125", "demo:LR127"]))
schemathesis.openapi.format("operator-id", st.just("demo:agency"))


def site_in(home: Path) -> APIFlask:
    return create_app(load_config({"MOBIGO_HOME": str(home), "MOBIGO_BASE_URL": "http://localhost"}))


def sendable(app: APIFlask) -> list[Any]:
    """(path, method, mode) of what can be sent: what is valid to every operation, what is not where it takes any."""
    found = []
    for path, method in documented(app):
        operation = operations(app)["paths"][path][method]
        modes = [GenerationMode.POSITIVE]
        if operation.get("parameters") or operation.get("requestBody"):
            modes.append(GenerationMode.NEGATIVE)
        found += [pytest.param(path, method, mode, id=f"{path}-{method}-{mode.value}") for mode in modes]
    return found


def documented(app: APIFlask) -> list[tuple[str, str]]:
    """(path, method) of every operation of the document."""
    paths = operations(app)["paths"]
    return sorted((path, method) for path, item in paths.items() for method in item.keys() & set(METHODS))


def routes(app: APIFlask) -> dict[tuple[str, str], auth.Access | None]:
    """(path as the document writes it, method) of every route of the API, and who may enter."""
    return {
        (re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", rule), method.lower()): access
        for rule, method, _endpoint, access in auth.routes(app)
        if rule.startswith(PREFIX)
    }


with TemporaryDirectory() as folder:
    SITE: Final = site_in(Path(folder))
    OPERATIONS: Final = documented(SITE)
    SENDABLE: Final = sendable(SITE)


@pytest.fixture(scope="module")
def api(
    known_network: LiveNetwork,  # the fixture
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[APIFlask]:
    """The whole product over a small network and an empty database."""
    home = tmp_path_factory.mktemp("api") / "home"
    (home / "territory").mkdir(parents=True)
    (home / "territory" / "communes.csv").write_text(COMMUNES, "utf-8")
    (home / "territory" / "outlines.geojson").write_text(OUTLINES, "utf-8")
    shutil.copyfile(sqlite_template, home / "mobigo.sqlite")
    app = site_in(home)
    app.config["WTF_CSRF_ENABLED"] = False  # whoever enters below is known without a session
    vars(app.extensions["mobigo"])["networks"] = OneNetwork(known_network)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(here, "now", lambda: NOW)
        yield app
    app.extensions["mobigo"].engine.dispose()


@pytest.fixture(scope="module")
def document(api: APIFlask) -> schemathesis.BaseSchema:
    """What is promised, read once: with it come the constants of our own modules, worth trying as values."""
    return schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", api)


@contextmanager
def somebody(app: APIFlask, access: auth.Access | None) -> Iterator[None]:
    """The requests made meanwhile come from somebody who may make them: nobody in particular where all may."""
    wanted = [None, *(identity_of(role, SUBJECT) for role in Role)]
    with app.app_context():
        g.mobigo_identity = next(each for each in wanted if access is not None and access.allows(each))
        yield


def test_every_route_of_the_api_is_in_the_document(api: APIFlask) -> None:
    left_out = {(path, method) for path, method in routes(api) if path not in ITS_OWN_PAGES} - set(documented(api))
    assert left_out == set()


def test_every_operation_says_the_shape_of_what_it_answers(api: APIFlask) -> None:
    silent = []
    for path, method in OPERATIONS:
        said: dict[str, Any] = operations(api)["paths"][path][method]["responses"]
        good = {status: answer for status, answer in said.items() if status.startswith("2")}
        shaped = [
            status in ("202", "204") or any(each.get("schema") for each in answer.get("content", {}).values())
            for status, answer in good.items()
        ]
        if not good or not all(shaped):
            silent.append((method, path))
    assert silent == []


@pytest.mark.parametrize(("path", "method", "mode"), SENDABLE)
def test_nothing_that_can_be_sent_breaks_a_promise(
    api: APIFlask, document: schemathesis.BaseSchema, path: str, method: str, mode: GenerationMode
) -> None:
    operation = document[path][method.upper()]
    access = routes(api)[path, method]
    # Where the document says that what is well formed may be refused (a journey that ends in the future), it may be;
    # but for the traveller's questions, all of which have an answer.
    may_refuse = {"400", "422"} & operations(api)["paths"][path][method]["responses"].keys()
    excluded = [ignored_auth, *([positive_data_acceptance] if may_refuse and path not in TRAVELLER else [])]

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def whatever_is_sent(case: schemathesis.Case) -> None:
        with somebody(api, access):
            case.call_and_validate(headers={"Accept-Encoding": "identity"}, excluded_checks=excluded)

    whatever_is_sent()

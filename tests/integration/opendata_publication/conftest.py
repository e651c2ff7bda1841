"""A site with small datasets published on it, looked at by programs and by people."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.serving import make_server

from mobigo.app import create_app
from mobigo.infra.config import Config, load_config
from opendata.model.offers import Offer
from opendata.service.publishing import Outcome, publish_all
from tests.opendata_world import NOW, Facts, tools_of


@pytest.fixture
def tools(database_config: Config, engine: Engine) -> Any:
    """What publication works with, on both databases in turn."""
    return tools_of(database_config, engine)


@dataclass
class Published:
    """A site, and the hand that publishes on it."""

    client: FlaskClient
    tools: Any

    def publish(self, facts: Facts | Offer, now: Any = NOW, **more: Any) -> Outcome:
        offer = facts if isinstance(facts, Offer) else facts.offer
        (outcome,) = publish_all(self.tools, [offer], now, **more)
        return outcome

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """The address of a server of this application, in a thread of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def open_app(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Flask]:
    """One application for all: what is in its home changes from test to test."""
    home = tmp_path_factory.mktemp("opendata") / "home"
    home.mkdir()
    shutil.copyfile(sqlite_template, home / "mobigo.sqlite")
    app = create_app(load_config({"MOBIGO_HOME": str(home)}))
    yield app
    app.extensions["mobigo"].engine.dispose()


@pytest.fixture
def open_site(open_app: Flask, sqlite_template: Path) -> Published:
    """A site without a network, nothing published."""
    services = open_app.extensions["mobigo"]
    services.engine.dispose()
    home: Path = services.config.home
    for leftover in home.glob("mobigo.sqlite*"):
        leftover.unlink()
    shutil.copyfile(sqlite_template, home / "mobigo.sqlite")
    shutil.rmtree(home / "publications", ignore_errors=True)
    return Published(open_app.test_client(), tools_of(services.config, services.engine))

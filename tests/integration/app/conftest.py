"""A site on an empty database, and who asks it."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from mobigo.app.factory import create_app
from mobigo.infra.config import Config
from mobigo.infra.web import services


@pytest.fixture
def site_config(config: Config) -> Config:
    return replace(config, environment="demo", base_url="http://localhost:8000")


@pytest.fixture
def app(site_config: Config, sqlite_template: Path) -> Iterator[APIFlask]:
    site_config.home.mkdir(parents=True)
    shutil.copyfile(sqlite_template, site_config.home / "mobigo.sqlite")
    made = create_app(site_config)
    yield made
    with made.app_context():
        services().engine.dispose()


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    return app.test_client()

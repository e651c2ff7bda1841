"""The application with its registry, a client, and an operator who may call it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from mobigo.app.factory import create_app
from mobigo.infra.config import Config
from tests.covoit_registry_world import Operator, operator_in


@pytest.fixture
def app(database_config: Config) -> Iterator[APIFlask]:
    made = create_app(replace(database_config, base_url="http://localhost"))
    yield made
    made.extensions["mobigo"].engine.dispose()


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def operator(engine: Engine) -> Operator:
    return operator_in(engine)

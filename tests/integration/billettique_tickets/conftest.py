"""Services on both databases, in a home of their own."""

import pytest

from mobigo.infra.config import Config
from mobigo.infra.web import Services


@pytest.fixture
def services(database_config: Config) -> Services:
    return Services(database_config)

"""A world of payments on each database."""

from collections.abc import Iterator

import pytest

from mobigo.infra.config import Config
from tests.payments_world import World, world


@pytest.fixture
def w(database_config: Config) -> Iterator[World]:
    with world(database_config) as made:
        yield made

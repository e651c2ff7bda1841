"""The site that the tests of the pages of school transport share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mobigo.infra.config import Config
from tests.integration.scolaire_people.site import SchoolSite, site_of


@pytest.fixture
def world(config: Config, sqlite_template: Path) -> Iterator[SchoolSite]:
    """A site with a family, a stranger, and one agent of each role."""
    with site_of(config, sqlite_template) as made:
        yield made

"""On-demand services as open data: a dataset of their own, its live address, and a network of the regional offer."""

from datetime import timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from sqlalchemy import Engine

from mobigo.app import open_on_demand
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.web import Services
from mobigo.network.service.regional import Publisher, write_region
from mobigo.tad.gateway.flex_tables import read_flex
from mobigo.tad.service import services as catalogue
from tests.tad_world import NOW, document

ZONE = {"id": "bourg", "name": "Le bourg", "ring": [[47.0, 4.1], [47.0, 4.2], [47.1, 4.2], [47.1, 4.1]]}


@pytest.fixture
def services(database_config: Config, engine: Engine) -> Services:
    return Services(database_config)


def publish(engine: Engine) -> None:
    with transaction(engine) as session:
        catalogue.publish(
            session, document(zones=[ZONE], last_day="2027-08-31"), organisation=None, by=None, now=NOW
        )  # fmt: skip


def test_without_a_service_nothing_is_offered(services: Services, engine: Engine) -> None:
    assert open_on_demand.offers(services, NOW) == []
    assert open_on_demand.part(services, NOW) is None
    publish(engine)
    assert open_on_demand.offers(services, NOW - timedelta(days=365)) == []


def test_the_services_and_their_live_address_are_two_datasets(
    services: Services, engine: Engine, tmp_path: Path
) -> None:
    publish(engine)
    flex, live = open_on_demand.offers(services, NOW)
    (edition,) = flex.produce(NOW, tmp_path)
    assert [each.name for each in edition.files] == ["gtfs-flex.zip"]
    assert [each.path for each in live.declared.live] == ["/tad/temps-reel.pb"]
    (told,) = live.produce(NOW, tmp_path)
    content = told.files[0].content
    assert isinstance(content, bytes)
    assert b"/tad/temps-reel.pb" in content
    assert open_on_demand.archive(services, NOW) == open_on_demand.archive(services, NOW)


def test_the_regional_offer_holds_them_behind_their_name(services: Services, engine: Engine, tmp_path: Path) -> None:
    publish(engine)
    part = open_on_demand.part(services, NOW)
    assert part is not None
    (trip, *_others) = read_flex(part.tables, part.locations).trips
    assert trip.line == "TAD d’essai"
    path = tmp_path / "gtfs.zip"
    write_region(services, [], path, Publisher("La Région", "https://region.example", ""), beside=(part,))
    with ZipFile(path) as archive:
        assert "tad:tad:essai" in archive.read("routes.txt").decode()
        assert "tad:tad:essai" in archive.read("booking_rules.txt").decode()
        assert "tad:tad:essai:bourg" in archive.read("locations.geojson").decode()

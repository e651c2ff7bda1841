"""A site over a network small enough to know by heart, on a Tuesday of March 2025, 7:05 in the morning."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from mobigo.app.factory import create_app
from mobigo.infra.config import load_config
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.web import here
from tests import planner_day
from tests.builders import feed, trip
from tests.planner_adaptor import compiled

NOW = datetime.fromisoformat("2025-03-18T07:05:00+01:00")
COMMUNES = """code,name,departement,lat,lon,population
21584,Saulieu,21,47.2800,4.2300,2400
21154,Châtillon-sur-Seine,21,47.8590,4.5730,5200
21561,Saint-Martin-du-Mont,21,47.4100,4.7600,400
01372,Saint-Martin-du-Mont,01,46.1000,5.3200,1700
"""
OUTLINES = """{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"kind":"departement","code":"21",
"name":"Côte-d’Or"},"geometry":{"type":"Polygon","coordinates":[[[4,47],[5,47],[5,48],[4,48],[4,47]]]}}]}"""
STOPS = [
    {"stop_id": "SAU", "stop_name": "Saulieu, place Monge", "stop_lat": "47.2790", "stop_lon": "4.2290"},
    {"stop_id": "SEM", "stop_name": "Semur, gare routière", "stop_lat": "47.4900", "stop_lon": "4.3300"},
    {"stop_id": "MON", "stop_name": "Montbard, gare", "stop_lat": "47.6230", "stop_lon": "4.3370"},
    {"stop_id": "CHA", "stop_name": "Châtillon-sur-Seine, centre", "stop_lat": "47.8600", "stop_lon": "4.5740"},
]


class OneNetwork:
    """A holder that always serves the same network."""

    def __init__(self, live: LiveNetwork) -> None:
        self.live = live

    @contextmanager
    def current(self) -> Iterator[LiveNetwork]:
        yield self.live

    today = current


@pytest.fixture(scope="session")
def known_network() -> LiveNetwork:
    files = feed(
        [
            trip("t1", "SAU 06:00 SEM 06:30 MON 06:55", route="LR119"),
            trip("t2", "SAU 07:30 SEM 08:00 MON 08:25", route="LR119"),
            trip("t3", "SAU 23:40 SEM 24:10 MON 24:35", route="LR119"),
            trip("u1", "MON 07:10 CHA 07:50", route="LR125"),
            trip("u2", "MON 08:40 CHA 09:20", route="LR125"),
            trip("b1", "MON 17:00 SEM 17:25 SAU 17:55", route="LR119"),
            trip("w1", "SAU 06:35 CHA 07:45", route="LR127", service="wednesdays"),
        ],
        stops=STOPS,
        services={"wednesdays": ["2025-03-19", "2025-03-26"]},
    )
    timetable = compiled(files, "demo")
    return LiveNetwork(timetable, timetable.hash)


@pytest.fixture(scope="session")
def known_site(known_network: LiveNetwork, tmp_path_factory: pytest.TempPathFactory) -> Iterator[APIFlask]:
    home: Path = tmp_path_factory.mktemp("planner") / "home"
    (home / "territory").mkdir(parents=True)
    (home / "territory" / "communes.csv").write_text(COMMUNES, "utf-8")
    (home / "territory" / "outlines.geojson").write_text(OUTLINES, "utf-8")
    app = create_app(load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}))
    vars(app.extensions["mobigo"])["networks"] = OneNetwork(known_network)
    vars(app.extensions["mobigo"])["carpool"] = None  # tests of the lines beside bring their own
    vars(app.extensions["mobigo"])["on_demand"] = None  # this site has no database
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(here, "now", lambda: NOW)
        yield app


@pytest.fixture
def client(known_site: APIFlask) -> FlaskClient:
    visiting = known_site.test_client()
    visiting.environ_base |= {"HTTP_ACCEPT_LANGUAGE": "fr", "HTTP_HOST": "127.0.0.1"}
    return visiting


@pytest.fixture
def visiting(known_site: APIFlask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A visitor on the morning of `planner_day`."""
    monkeypatch.setattr(here, "now", lambda: planner_day.NOW)
    parts = vars(known_site.extensions["mobigo"])
    monkeypatch.setitem(parts, "networks", planner_day.Days(parts["networks"].live))
    return client

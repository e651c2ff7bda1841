"""Zones in the form of a service, and a door booked on its page."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from mobigo.app.authorisation import identity_of
from mobigo.app.factory import create_app
from mobigo.base.instants import paris_day
from mobigo.infra import auth
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Role
from mobigo.infra.web import EXTENSION
from mobigo.tad.service import services as catalogue
from mobigo.tad.store import bookings as store
from mobigo.tad.web import booking, editing
from tests.tad_world import NOW, document

TODAY = paris_day(NOW)
ZONE = {"id": "bourg", "name": "Le bourg", "ring": [[47.0, 4.1], [47.0, 4.2], [47.1, 4.2], [47.1, 4.1]]}
DRAWN = (
    '{"type":"Feature","id":"val","properties":{"name":"Le val"},"geometry":{"type":"Polygon",'
    '"coordinates":[[[4.0,47.0],[4.1,47.0],[4.1,47.1],[4.0,47.0]]]}}'
)
BOW_TIE = '{"type":"Polygon","coordinates":[[[4.0,47.0],[4.1,47.1],[4.1,47.0],[4.0,47.1],[4.0,47.0]]]}'


@pytest.fixture
def site(database_config: Config, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    app = create_app(replace(database_config, environment="development", base_url="http://localhost"))
    app.config["WTF_CSRF_ENABLED"] = False
    for module in (booking, editing):
        monkeypatch.setattr(module, "now", lambda: NOW)
    services = app.extensions[EXTENSION]
    services.make_networks = None  # the road is the crow's flight
    everyday: dict[str, Any] = {"windows": [{"since": "00:00", "until": "23:59"}], "booking": {"kind": "none"}}
    with transaction(engine) as session:
        catalogue.publish(session, document(zones=[ZONE], **everyday), organisation=None, by=None, now=NOW)
    yield app.test_client()
    services.engine.dispose()


@pytest.fixture
def administrator(site: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    somebody = identity_of(Role.ADMINISTRATOR, "0" * 26)
    monkeypatch.setattr(auth, "current_account", lambda: somebody)
    monkeypatch.setattr(auth, "signed_in", lambda: somebody)
    return site


def form(engine: Engine, **changes: str) -> dict[str, str]:
    """The form of the service as it stands, from today on."""
    today = TODAY.isoformat()
    return {
        "first_day": today, "last_day": "", "name": "TAD d’essai", "operator": "Cars d’essai",
        "phone": "03 39 98 00 10",
        "kind": "days", "days": "1", "at": "17:00", "wait_min": "20", "detour_pct": "50", "detour_min": "15",
        "windows": "01234 ; 08:00 ; 18:00", "fares": "adulte ; 200", "stops": "a ; Aubigny ; 47.0 ; 4.0",
        "vehicles": "bus-1 ; Minibus ; 4 ; 1 ; 47.0 ; 4.0",
    } | changes  # fmt: skip


def test_a_zone_drawn_is_served_from_the_day_chosen(administrator: FlaskClient, engine: Engine) -> None:
    page = administrator.get("/tad/agents/essai/modifier").text
    assert "Zones en GeoJSON" in page
    assert "&#34;Le bourg&#34;" in page
    sent = administrator.post("/tad/agents/essai/modifier", data=form(engine, zones=DRAWN))
    assert sent.status_code == 303, sent.text
    with reading(engine) as session:
        found = catalogue.get_service(session, "essai", TODAY).service
    assert [(each.id, each.name, len(each.ring)) for each in found.zones] == [("val", "Le val", 3)]


@pytest.mark.parametrize(
    ("zones", "said"),
    [
        (BOW_TIE, "son contour se croise"),
        (DRAWN.replace("47.", "43."), "hors de la région"),
        (DRAWN.replace("]]]", "],[[4.05,47.02],[4.06,47.02],[4.06,47.03],[4.05,47.02]]]", 1), ""),
        ("{", "ne se lisent pas"),
    ],
)
def test_a_zone_that_cannot_be_is_refused_in_words_and_what_was_typed_is_kept(
    administrator: FlaskClient, engine: Engine, zones: str, said: str
) -> None:
    answer = administrator.post("/tad/agents/essai/modifier", data=form(engine, zones=zones, operator="Autres cars"))
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Autres cars"' in answer.text
    with reading(engine) as session:
        assert catalogue.get_service(session, "essai", TODAY).service.zones[0].id == "bourg"


def test_a_door_is_booked_on_the_page_the_planner_leads_to(site: FlaskClient, engine: Engine) -> None:
    day = (TODAY + timedelta(days=2)).isoformat()
    door = "@47.050000,4.150000 12 rue du Lavoir"
    asked = {"from": door, "to": "a", "day": day, "time": "10:00"}
    page = site.get("/tad/essai", query_string=asked).text
    assert "12 rue du Lavoir → Aubigny" in page
    assert f'value="{door}"' in page
    made = site.post("/tad/essai", data={**asked, "name": "Camille", "phone": "0639980001"})
    assert made.status_code == 303, made.text
    booked = site.get(made.location).text
    assert "12 rue du Lavoir" in booked
    assert "à l’arrêt 12" not in booked
    with reading(engine) as session:
        row = store.get_booking(session, made.location.split("/")[-2])
    assert (row.from_stop, row.from_lat, row.from_lon) == ("", 47.05, 4.15)


@pytest.mark.parametrize(
    "door", ["@", "@47.05,4.15", "@nan,4.15 Chez moi", "@47.05 Chez moi", "@95,4 Chez moi", "@46.0,4.15 Trop loin"]
)
def test_a_door_that_is_none_or_not_served_is_said(site: FlaskClient, door: str) -> None:
    day = (TODAY + timedelta(days=2)).isoformat()
    page = site.get("/tad/essai", query_string={"from": door, "to": "a", "day": day, "time": "10:00"})
    assert page.status_code in (200, 422)
    assert "Le service ne dessert pas" in page.text


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "20261128", "demain"])
@pytest.mark.parametrize("path", ["/tad/agents/essai/{}", "/tad/tournees/essai/{}/bus-1"])
def test_a_day_that_is_none_is_said(site: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str, day: str) -> None:
    somebody = identity_of(Role.COUNTER_AGENT, "0" * 26)
    monkeypatch.setattr(auth, "current_account", lambda: somebody)
    monkeypatch.setattr(auth, "signed_in", lambda: somebody)
    assert site.get(path.format("2026-11-28")).status_code == 200
    assert site.get(path.format(day)).status_code == 422

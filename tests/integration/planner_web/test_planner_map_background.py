"""A background of the operator's own: served from our address, credited, off by default, nothing opened to others."""

from dataclasses import replace
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from tests.unit.planner_web.test_map_background import GOOD, PICTURE, archive


def test_without_a_setting_there_is_no_background(client: FlaskClient) -> None:
    assert "data-tiles" not in client.get("/").text
    assert client.get("/carte/fond/0/0/0").status_code == 404


def test_the_tiles_of_the_archive_are_served_and_credited(
    known_site: APIFlask, client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "fond.pmtiles"
    file.write_bytes(archive(GOOD))
    services = known_site.extensions["mobigo"]
    monkeypatch.setitem(vars(services), "config", replace(services.config, map_tiles=file))
    before = client.get("/").headers["Content-Security-Policy"]
    page = client.get("/")
    assert 'data-tiles="/carte/fond" data-tile-zoom="0,3"' in page.text
    assert "Exemple</p>" in page.text
    assert page.headers["Content-Security-Policy"] == before
    assert "http" not in before.replace("upgrade-insecure-requests", "")
    tile = client.get("/carte/fond/0/0/0")
    assert (tile.status_code, tile.mimetype, tile.data) == (200, "image/png", PICTURE)
    assert client.get("/carte/fond/3/0/0").status_code == 404
    assert client.get("/carte/fond/99/0/0").status_code == 404
    file.write_bytes(b"no archive any more, and of another length")
    assert "data-tiles" not in client.get("/").text

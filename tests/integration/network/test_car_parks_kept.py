"""Car parks kept in the database, read by every process; their free places looked at, less often when that fails."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mobigo.base.errors import InvalidInput, MobigoError, NotFound, Upstream
from mobigo.infra.config import Config
from mobigo.infra.db import reading
from mobigo.infra.web import Services
from mobigo.network.service import parks, streets
from mobigo.network.store import parks as store
from tests.streets_drawn import write_pbf

NOW = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)
FILE = "id,nom,type_usagers,nb_places,nb_pr,Xlong,Ylat\nv,Valmy,tous,600,600,5.05,47.35\nx,Stade,tous,50,,5.06,47.34\n"


@pytest.fixture
def tools(database_config: Config, engine: Engine) -> Iterator[Services]:
    services = Services(database_config)
    yield services
    services.engine.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "parkings.csv"
    path.write_text(FILE)
    return path


def answering(monkeypatch: pytest.MonkeyPatch, *answers: bytes | MobigoError) -> None:
    """The address answers so, one look after the other."""
    left = list(answers)

    def fetched(_url: str, target: Path, **_limits: object) -> None:
        answer = left.pop(0)
        if isinstance(answer, MobigoError):
            raise answer
        target.write_bytes(answer)

    monkeypatch.setattr(parks, "fetch", fetched)


def test_a_file_is_in_use_whole_or_not_at_all(tools: Services, file: Path) -> None:
    parks.import_parks(tools, "dijon", file, credit="Ville", now=NOW)
    [told] = parks.ParksHolder(tools.engine).told()
    assert ([each.name for each in told.parks], told.credit) == (["Valmy", "Stade"], "Ville")
    file.write_text(FILE + "y,Faux,tous,50,,5.06,nord\n")
    with pytest.raises(InvalidInput, match=r"parks\.bad_row"):
        parks.import_parks(tools, "dijon", file, now=NOW)
    assert len(parks.ParksHolder(tools.engine).told()[0].parks) == 2
    parks.remove_parks(tools, "dijon")
    assert parks.ParksHolder(tools.engine).told() == []


@pytest.mark.parametrize("code", ["", "Dijon", "osm:x", "../x", "a" * 65])
def test_a_name_that_is_none_is_refused(tools: Services, file: Path, code: str) -> None:
    with pytest.raises(InvalidInput, match=r"parks\.bad_code"):
        parks.import_parks(tools, code, file, now=NOW)


def test_free_places_are_looked_at_and_kept_when_the_address_fails(
    tools: Services, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parks.import_parks(tools, "dijon", file, now=NOW)
    parks.tell_occupancy(tools, "dijon", "https://parkings.example/places.csv", now=NOW)
    answering(
        monkeypatch, b"id,places_libres,horodatage\nv,12,2026-11-26T07:00:00Z\nzz,1,2026-11-26T07:00:00Z\n",
        b"<html>", Upstream("network.fetch_failed", url="", reason=""),
    )  # fmt: skip
    now, waits = NOW, []
    for _ in range(3):
        parks.poll_parks(tools, now=now)
        with reading(tools.engine) as session:
            [source] = store.list_sources(session)
            due = [each.code for each in store.due(session, now)]
        assert due == []
        row = source.error
        waits.append(None if row is None else row.code)
        now = now.replace(minute=now.minute + 10)
    assert waits == [None, "parks.occupancy_unreadable", "network.fetch_failed"]
    assert source.failures == 2
    [told] = parks.ParksHolder(tools.engine).told()
    assert [told.occupancy[each].free for each in ("v", "zz")] == [12, 1]
    assert told.known("v", NOW) is not None
    assert told.known("v", now) is None  # half an hour later


@pytest.mark.parametrize(
    ("url", "every_s", "stale_s"),
    [("ftp://x.example/", 120, 900), ("https://x.example/", 59, 900), ("https://x.example/", 120, 60)],
)
def test_an_address_or_a_rhythm_that_is_none_is_refused(
    tools: Services, file: Path, url: str, every_s: int, stale_s: int
) -> None:
    parks.import_parks(tools, "dijon", file, now=NOW)
    with pytest.raises(InvalidInput):
        parks.tell_occupancy(tools, "dijon", url, every_s=every_s, stale_s=stale_s, now=NOW)
    with pytest.raises(NotFound, match=r"parks\.unknown"):
        parks.tell_occupancy(tools, "lyon", "https://x.example/", now=NOW)


def test_the_car_parks_of_the_streets_come_and_go_with_them(tools: Services, tmp_path: Path) -> None:
    path = tmp_path / "ville.osm.pbf"
    tags = {"amenity": "parking", "park_ride": "yes", "name": "P+R Est", "fee": "no"}
    square = [(0, 0), (2, 0), (2, 2), (0, 2), (0, 0)]
    write_pbf(path, [([(0, 0), (10, 0)], {"highway": "residential"}), (square, tags)])
    streets.import_streets(tools, path, now=NOW)
    [told] = parks.ParksHolder(tools.engine).told()
    assert (told.code, [each.name for each in told.parks], told.credit) == (
        "osm:ville", ["P+R Est"], "© les contributeurs d’OpenStreetMap (ODbL)",
    )  # fmt: skip
    streets.forget_streets(tools, "ville")
    assert parks.ParksHolder(tools.engine).told() == []


@pytest.mark.realdata
def test_the_car_parks_of_a_real_extract(tools: Services, realdata: Path) -> None:
    from mobigo.network.gateway.parks import read_osm_parks

    found = read_osm_parks(realdata / "osm" / "andorra.osm.pbf", "andorra")
    assert len(found) >= 5  # those with a name, or made for park and ride, off the street
    assert all(42.4 < each.point.lat < 42.7 and 1.3 < each.point.lon < 1.8 for each in found)
    assert "Parquing del Fener" in {each.name for each in found}

"""A region's file: looked at, nothing changes; brought, each part is there; brought again, nothing is twice."""

import gzip
import json
from pathlib import Path

import pytest
from sqlalchemy import func, select

from mobigo.app import cli
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, reading
from mobigo.network.store import feeds, streets
from mobigo.network.store.addresses import find_in_use
from scolaire.store.schools import SchoolRow
from tests.builders import feed, trip, write_zip
from tests.streets_drawn import write_pbf

BAN = (
    "id;numero;rep;nom_voie;code_postal;code_insee;nom_commune;lon;lat\n"
    "21231_1;1;;Rue de la Liberté;21000;21231;Dijon;5.04;47.32\n"
)
SCHOOLS = "UAI;Nom;Type;Commune;Latitude;Longitude\n0211033J;Collège des Vignes;Collège;21231;47,32;5,04\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOBIGO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MOBIGO_ENV", "development")
    monkeypatch.delenv("MOBIGO_DATABASE_URL", raising=False)
    return tmp_path / "home"


@pytest.fixture
def brought(tmp_path: Path) -> Path:
    (folder := tmp_path / "region").mkdir()
    write_zip(feed([trip("early", "A 07:55 B 08:05")]), folder / "ter.zip")
    write_pbf(folder / "ville.osm.pbf", [([(0, 0), (0, 1)], {"highway": "residential"})])
    (folder / "adresses.csv.gz").write_bytes(gzip.compress(BAN.encode()))
    ring = [[5.0, 47.3], [5.1, 47.3], [5.1, 47.4], [5.0, 47.3]]
    outline = {"type": "Feature", "properties": {"code": "21231", "nom": "Dijon"},
               "geometry": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip
    (folder / "communes.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [outline]}))
    (folder / "ecoles.csv").write_text(SCHOOLS, encoding="utf-8")
    (folder / "region.toml").write_text(
        'communes = ["communes.geojson"]\naddresses = ["adresses.csv.gz"]\n[gtfs]\nter = "ter.zip"\n'
        '[streets]\nville = "ville.osm.pbf"\n[school]\nyear = 2026\nschools = "ecoles.csv"\n'
    )
    return folder


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, bool]:
    return {each["part"]: each["done"] for each in json.loads(capsys.readouterr().out)["parts"]}


def held() -> tuple[list[str], list[str], int, bool]:
    config = load_config()
    engine = open_engine(config.database_url)
    with reading(engine) as session:
        found = (
            [each.name for each in feeds.list_feeds(session)], [each.name for each in streets.list_extracts(session)],
            session.scalar(select(func.count()).select_from(SchoolRow)) or 0, find_in_use(config.home) is not None,
        )  # fmt: skip
    engine.dispose()
    return found


PARTS = {"communes", "gtfs.ter", "streets.ville", "addresses", "school.schools", "network"}


def test_looked_at_then_brought_then_brought_again(
    home: Path, brought: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["region", str(brought / "region.toml"), "--look", "--json"]) == 0
    assert told(capsys) == dict.fromkeys(PARTS, True)
    assert held() == ([], [], 0, False)
    for _ in range(2):
        assert cli.run(["region", str(brought / "region.toml"), "--json"]) == 0
        assert told(capsys) == dict.fromkeys(PARTS, True)
        assert held() == (["ter"], ["ville"], 1, True)


def test_a_part_that_is_wrong_leaves_the_others_alone(
    home: Path, brought: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (brought / "ville.osm.pbf").write_bytes(b"no streets")
    (brought / "adresses.csv.gz").unlink()
    (brought / "ecoles.csv").write_text(SCHOOLS.replace("0211033J", "?"), encoding="utf-8")
    for options in (["--look"], []):
        assert cli.run(["region", str(brought / "region.toml"), "--json", *options]) == 3
        assert told(capsys) == {
            "communes": True, "gtfs.ter": True, "streets.ville": False, "addresses": False, "school.schools": False,
            "network": True,
        }  # fmt: skip
    assert held() == (["ter"], [], 0, False)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", None), ("gtfs = 1", "region.not_text"), ("[gtfs]\nter = 1", "region.not_text"),
        ('communes = "x"', "region.not_text"), ("communes = [1]", "region.not_text"), ("[pupils]", "region.unknown"),
        ('[school]\npupils = "x"', "region.unknown"), ('[school]\nyear = "x"\nother = "y"', "region.unknown"),
        ("[gtfs", "region.unreadable"), ("a = " + "[" * 5_000, "region.unreadable"), ("\xff", "region.unreadable"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_told(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: str | None
) -> None:
    (tmp_path / "region.toml").write_bytes(text.encode("latin-1"))
    done = cli.run(["region", str(tmp_path / "region.toml"), "--look", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer.get("error", {}).get("code") == code
    assert (done == 0) is (code is None)

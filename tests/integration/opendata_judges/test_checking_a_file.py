"""A file that somebody brings: judged and told on a page and by a command; nothing of it is kept."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from google.transit import gtfs_realtime_pb2

from mobigo.app import cli, create_app, schema
from mobigo.base.errors import Conflict, Refused
from mobigo.infra.config import Config
from mobigo.network.export.netex import write_netex
from opendata.service import checking
from opendata.service.checking import check_file
from tests.builders import feed, tables, trip, write_folder, write_zip

NOW = datetime(2025, 3, 18, 8, tzinfo=UTC)
FILES = feed([trip("t", "A 07:55 B 08:55", wheelchair_accessible="1"), trip("u", "A 09:55 B 10:55")])
FILES["agency.txt"] = FILES["agency.txt"].replace("https://agency.example", "https://agency.example.org")
BROKEN = {**FILES, "trips.txt": FILES["trips.txt"].replace("R,daily,t", "Z,daily,t")}


@pytest.fixture
def client(config: Config) -> Iterator[FlaskClient]:
    app = create_app(replace(config, base_url="http://localhost"))
    schema.create(app.extensions["mobigo"].engine)
    yield app.test_client()
    app.extensions["mobigo"].engine.dispose()


def brought(client: FlaskClient, data: bytes, name: str) -> Any:
    token = client.get("/donnees/controle").text.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "archive": (io.BytesIO(data), name)}
    return client.post("/donnees/controle", data=form, content_type="multipart/form-data")


def archive(tmp_path: Path, files: dict[str, str]) -> bytes:
    return write_zip(files, tmp_path / "brought").read_bytes()


def test_the_page_tells_every_fault_and_every_judge(client: FlaskClient, config: Config, tmp_path: Path) -> None:
    answer = brought(client, archive(tmp_path, BROKEN), "horaires/réseau.zip")
    assert answer.status_code == 200
    text = " ".join(answer.text.split())
    assert "Contrôle de réseau.zip" in text
    assert "foreign_key_violation" in text
    assert "trips.txt" in text
    assert "gtfs-guru" in text
    assert "gtfs-validator" in text
    assert not list((config.home / "cache" / "tmp").iterdir())
    assert not (config.home / "blobs").exists()


def test_netex_is_known_by_what_is_in_the_archive(client: FlaskClient, tmp_path: Path) -> None:
    write_netex(tables(FILES), tmp_path / "n.zip", feed="essai", participant="region", published_at=NOW)
    answer = brought(client, (tmp_path / "n.zip").read_bytes(), "netex.zip")
    assert answer.status_code == 200
    assert "références NeTEx" in answer.text
    assert "Aucune erreur trouvée" in answer.text


@pytest.mark.parametrize(
    ("data", "name", "status", "said"),
    [
        (b"no zip", "photo.zip", 422, "photo.zip n’est ni une archive ZIP"),
        (b"<a>", "x.xml", 200, "n’est pas un document NeTEx lisible"),
        (b"", "", 422, "Choisissez"),
    ],
)
def test_what_cannot_be_read_is_said(client: FlaskClient, data: bytes, name: str, status: int, said: str) -> None:
    answer = brought(client, data, name)
    assert answer.status_code == status
    assert said in " ".join(answer.text.split())


def test_an_archive_beyond_the_bounds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_zip(FILES, tmp_path / "gtfs.zip")
    monkeypatch.setattr(checking, "_UNPACKED_BYTES_MAX", 100)
    with pytest.raises(Refused, match="too_large"):
        check_file(path, "gtfs.zip", NOW)
    with zipfile.ZipFile(tmp_path / "n.zip", "w") as opened:
        opened.writestr("a.xml", "<a/>" * 100)
    check = check_file(tmp_path / "n.zip", "n.zip", NOW).checks[0]
    assert check.because is not None
    assert check.because.code == "network.archive_too_large_unpacked"


def test_one_check_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_zip(FILES, tmp_path / "gtfs.zip")
    monkeypatch.setattr(checking, "_WAIT_S", 0)
    with checking._turn(), pytest.raises(Conflict, match="checker_busy"):
        check_file(path, "gtfs.zip", NOW)
    assert check_file(path, "gtfs.zip", NOW).version is not None


def test_what_a_feed_has_beyond_the_least_is_counted(tmp_path: Path) -> None:
    found = {each.code: each for each in check_file(write_zip(FILES, tmp_path / "g.zip"), "g.zip", NOW).features}
    assert (found["trips_wheelchair"].present, found["trips_wheelchair"].share) == (True, 0.5)
    assert (found["stops_wheelchair"].present, found["stops_wheelchair"].share) == (False, 0.0)
    assert (found["shapes"].present, found["shapes"].share) == (False, None)


# --- the command


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOBIGO_HOME", str(tmp_path / "home"))


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(("files", "code", "verdict"), [(FILES, 0, "passed"), (BROKEN, 3, "failed")])
def test_the_command_asks_every_judge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], code: int, verdict: str
) -> None:
    path = write_folder(files, tmp_path / "feed")
    assert cli.run(["opendata", "validate", str(path), "--on", "2025-03-18", "--json"]) == code
    checks = {check["judge"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["mobigo"]["verdict"] == verdict
    assert checks["gtfs-guru"]["verdict"] == verdict


@pytest.mark.usefixtures("home")
def test_a_feed_is_written_for_its_reusers_by_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_zip(FILES, tmp_path / "ter.zip")
    assert cli.run(["gtfs", "import", str(path)]) == 0
    capsys.readouterr()
    assert cli.run(["gtfs", "export", "ter", str(tmp_path / "out"), "--json"]) == 0
    written = {each["name"]: each for each in json.loads(capsys.readouterr().out)["files"]}
    assert set(written) == {path.name for path in (tmp_path / "out").iterdir()}
    assert set(written) == {
        "gtfs.zip", "netex-fr.zip", "stop_times.parquet", "stops.geojson", "lines.geojson", "accessibility.csv",
        "lines.csv",
    }  # fmt: skip
    assert written["stop_times.parquet"]["rows"] == 4
    assert cli.run(["gtfs", "export", "ter", str(tmp_path / "two"), "--only", "gtfs.zip"]) == 0
    assert [path.name for path in (tmp_path / "two").iterdir()] == ["gtfs.zip"]
    assert (tmp_path / "two" / "gtfs.zip").read_bytes() == (tmp_path / "out" / "gtfs.zip").read_bytes()
    assert cli.run(["gtfs", "export", "ter", str(tmp_path / "x"), "--only", "carte.pdf"]) == 2
    assert cli.run(["gtfs", "export", "ter", str(tmp_path / "x"), "--coming"]) == 3
    assert cli.run(["gtfs", "export", "bus", str(tmp_path / "x")]) == 2


# ---------------------------------------------------------------- what is no timetable

LIEUX = (
    "id_lieu,nom_lieu,ad_lieu,com_lieu,insee,type,date_maj,ouvert,source,Xlong,Ylat,nbre_pl,nbre_pmr,duree,horaires,"
    "proprio,lumiere,comm"
)
PLACE = "21054-C-001,Gare,,Beaune,21054,Parking,2026-01-05,true,,4.8477,47.0233,20,2,,,,true,"
SIRI_DOCUMENT = (
    '<Siri xmlns="http://www.siri.org.uk/siri"><ServiceDelivery><ResponseTimestamp>hier</ResponseTimestamp>'
    "</ServiceDelivery></Siri>"
)


@pytest.mark.parametrize(
    ("data", "name", "status", "said"),
    [
        (f"{LIEUX}\n{PLACE}\n".encode(), "lieux.csv", 200, "Aucune erreur trouvée"),
        (f"{LIEUX}\n{PLACE.replace('47.0233', 'nord')}\n".encode(), "lieux.csv", 200, "Des erreurs empêchent"),
        (b"a,b\n1,2\n", "x.csv", 422, "ne ressemblent à aucune table connue"),
        (SIRI_DOCUMENT.encode(), "siri.xml", 200, "siri_not_an_instant"),
        (b"\x0a\x05\x0a\x032.0", "alertes.pb", 200, "rt_no_timestamp"),
        (b"\xff\xff", "alertes.pb", 200, "ne parvient pas à lire"),
    ],
)
def test_every_kind_of_file_is_told_on_the_same_page(
    client: FlaskClient, data: bytes, name: str, status: int, said: str
) -> None:
    answer = brought(client, data, name)
    assert answer.status_code == status
    assert said in " ".join(answer.text.split())


def test_shared_vehicles_are_known_by_their_documents(client: FlaskClient, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "g.zip", "w") as made:
        made.writestr("station_information.json", json.dumps({"last_updated": 1, "data": {"stations": []}}))
    answer = brought(client, (tmp_path / "g.zip").read_bytes(), "velos.zip")
    assert answer.status_code == 200
    assert "gbfs_without_system" in answer.text
    assert "gbfs-validator" in answer.text


def test_a_message_in_an_archive_with_its_timetable_is_compared_with_it(client: FlaskClient, tmp_path: Path) -> None:
    path = write_zip(FILES, tmp_path / "pair.zip")
    with zipfile.ZipFile(path, "a") as pair:
        message = gtfs_realtime_pb2.FeedMessage()
        message.header.gtfs_realtime_version = "2.0"
        message.header.timestamp = 1_742_290_000
        message.entity.add(id="1").trip_update.trip.trip_id = "zzz"
        pair.writestr("courses.pb", message.SerializeToString())
    answer = brought(client, path.read_bytes(), "pair.zip")
    assert answer.status_code == 200
    assert "rt_unknown_trip" in answer.text
    assert "E003" in answer.text

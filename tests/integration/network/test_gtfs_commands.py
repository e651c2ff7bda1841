"""`mobigo gtfs …` and `mobigo network build`: one JSON document on stdout, messages on stderr, exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from mobigo.app import cli
from tests.builders import feed, trip, write_zip

FILES = feed([trip("early", "A 07:55 B 08:05 C 08:20")])


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOBIGO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    code = cli.run([*arguments, "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out), err


def test_a_feed_is_imported_listed_reported_and_built(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_zip({**FILES, "trips.txt": FILES["trips.txt"] + "R,daily,ghost,\n"}, tmp_path / "ter.zip")
    code, document, _ = run(capsys, "gtfs", "import", str(path))
    assert code == 0
    [imported] = document["imported"]
    assert (imported["feed"], imported["version"], imported["rows"]["stops"]) == ("ter", 1, 3)
    [unused] = [finding for finding in imported["findings"] if finding["code"] == "unused_trip"]
    [example] = unused["examples"]
    assert (example["file"], example["line"], example["value"]) == ("trips.txt", 3, "ghost")
    words = {language: example["message"][language].split() for language in ("fr", "en")}
    assert (words["fr"][:2], words["en"][:1]) == (["La", "course"], ["Trip"])
    code, document, _ = run(capsys, "gtfs", "list")
    assert [(entry["name"], entry["version"]) for entry in document] == [("ter", 1)]
    code, document, _ = run(capsys, "gtfs", "report", "ter")
    assert (code, document["version"]) == (0, 1)
    code, document, _ = run(capsys, "network", "build")
    assert code == 0
    assert len(document["hash"]) == 32


def test_people_read_french(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["gtfs", "import", str(write_zip(FILES, tmp_path / "ter.zip"))]) == 0
    assert cli.run(["gtfs", "report", "ter"]) == 0
    assert cli.run(["gtfs", "list"]) == 0
    out, _ = capsys.readouterr()
    assert "ter v1 (importée)" in out


def test_a_refused_feed_ends_with_3_and_its_report_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zurich = {**FILES, "agency.txt": FILES["agency.txt"].replace("Europe/Paris", "Europe/Zurich")}
    code, document, err = run(capsys, "gtfs", "import", str(write_zip(zurich, tmp_path / "ter.zip")))
    assert (code, document["error"]["code"]) == (3, "network.feed_refused")
    assert "Europe/Zurich" in err
    code, document, _ = run(capsys, "gtfs", "report", "ter")
    assert (code, document["refused"]) == (3, True)


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("gtfs", "import", "nothing.zip"), 2, "network.no_such_file"),
        (("gtfs", "report", "nobody"), 2, "network.unknown_feed"),
        (("gtfs", "import", "a.zip", "b.zip", "--name", "x"), 2, "network.one_name_one_file"),
        (("gtfs", "source", "add", "ftp://x.fr/a.zip", "--name", "x"), 2, "network.bad_url"),
        (("network", "build"), 2, "network.no_active_feed"),
        (("gtfs", "import"), 2, "cli.bad_usage"),
    ],
)
def test_what_cannot_be_done_says_why(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, reason: str
) -> None:
    found, document, err = run(capsys, *arguments)
    assert (found, document["error"]["code"]) == (code, reason)
    assert err


def test_of_several_files_the_good_ones_are_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = write_zip(FILES, tmp_path / "good.zip")
    (bad := tmp_path / "bad.zip").write_bytes(b"?")
    code, document, err = run(capsys, "gtfs", "import", str(good), str(bad))
    assert code == 3
    assert [version["feed"] for version in document["imported"]] == ["good"]
    assert [failure["error"]["code"] for failure in document["failed"]] == ["network.not_a_zip"]
    assert "bad.zip" in err


def test_sources_are_added_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    url = "https://example.fr/gtfs.zip"
    code, added, _ = run(capsys, "gtfs", "source", "add", url, "--name", "ter", "--contact", "offre@example.fr")
    assert (code, added["url"], added["feed"]) == (0, url, "ter")
    _, listed, _ = run(capsys, "gtfs", "source", "list")
    assert [source["feed"] for source in listed] == ["ter"]
    code, _, _ = run(capsys, "gtfs", "source", "add", url, "--name", "ter")
    assert code == 3


def test_statistics_say_what_runs_each_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A 2 h and a 25 min trip on Tuesday, the first alone on Wednesday; both under way from 8:00 to 8:20."""
    trips = [
        trip("long", "A 07:00 B 08:00 C 09:00", service="both"),
        trip("short", "A 07:55 B 08:20", route="Q", service="tuesday"),
    ]
    services = {"both": ["2025-03-18", "2025-03-19"], "tuesday": ["2025-03-18"]}
    cli.run(["gtfs", "import", str(write_zip(feed(trips, services=services), tmp_path / "ter.zip"))])
    capsys.readouterr()
    code, document, _ = run(capsys, "gtfs", "report", "ter", "--statistics")
    assert (code, document["feed"], document["version"]) == (0, "ter", 1)
    told = [
        (day["day"], day["routes"], day["stops"], day["trips"], day["vehicles_at_once"], day["duration_h"])
        for day in document["days"]
    ]
    assert told == [("2025-03-18", 2, 3, 2, 2, 2.42), ("2025-03-19", 1, 3, 1, 1, 2.0)]
    code, document, _ = run(capsys, "gtfs", "report", "ter", "--statistics", "--from", "2025-03-20")
    assert (code, document["days"]) == (0, [])
    code, document, _ = run(capsys, "gtfs", "report", "ter", "--statistics", "--from", "mars")
    assert (code, document["error"]["code"]) == (2, "network.day_unreadable")

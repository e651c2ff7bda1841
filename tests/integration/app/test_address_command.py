"""`mobigo address`: imports, says what is wrong by line, shows, forgets; in this process, on a home of its own."""

import json
from pathlib import Path

import pytest

from mobigo.app.cli import run

FILE = Path(__file__).parents[3] / "fixtures" / "addresses" / "adresses-exemple.csv"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOBIGO_HOME", str(tmp_path / "home"))


def test_addresses_are_imported_shown_and_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["address", "show"]) == 0
    assert "Aucune adresse" in capsys.readouterr().out
    assert run(["address", "import", str(FILE)]) == 0
    assert "11 adresses de 6 voies dans 3 communes (adresses-exemple.csv)." in capsys.readouterr().out
    assert run(["address", "show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["in_use"]["addresses"] == 11
    assert run(["address", "forget"]) == 0
    assert run(["address", "show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.rpartition("oubliées.\n")[2])["in_use"] is None


def test_a_wrong_line_is_told_and_nothing_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text(FILE.read_text("utf-8").replace(";47.281500;", ";47,2815;", 1), "utf-8")
    assert run(["address", "import", str(broken)]) == 3
    told = capsys.readouterr()
    assert "Rien n’est changé." in told.out.replace("'", "’")
    said = told.err.replace("\u202f", " ").replace("\xa0", " ")
    assert "broken.csv, ligne 2, lat « 47,2815 » : Une position est en degrés" in said
    assert "Lignes à corriger : 1, sur 11." in said
    bad = tmp_path / "bad.csv"
    assert run(["address", "import", str(broken), "--good-part", "--bad", str(bad), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["in_use"]["addresses"] == 10
    assert bad.read_text("utf-8-sig").splitlines()[1].startswith("broken.csv;2;lat;47,2815;")


def test_a_file_that_is_none_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["address", "import", str(tmp_path / "missing.csv")]) == 2
    assert "missing.csv" in capsys.readouterr().err

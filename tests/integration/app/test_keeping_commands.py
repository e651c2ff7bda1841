"""mobigo migrate, backup and restore as a person runs them: what they print, and with which code they leave."""

import json
import tarfile
from pathlib import Path

import pytest

from mobigo.app.cli import run


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("MOBIGO_DATABASE_URL", "MOBIGO_ENV", "MOBIGO_SECRET_KEY", "MOBIGO_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MOBIGO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_migrating_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["migrate"]) == 0
    assert capsys.readouterr().out == "La base est créée, au schéma 0001.\n"
    assert run(["migrate"]) == 0
    assert capsys.readouterr().out == "La base est déjà au schéma de cette version (0001).\n"
    assert run(["migrate", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"before": "0001", "after": "0001", "changed": False}


def test_a_backup_goes_out_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "backup.tar")
    assert run(["backup", file]) == 3  # nothing to save yet
    assert not Path(file).exists()
    run(["migrate"])
    assert run(["backup", file, "--json"]) == 0
    said = capsys.readouterr().out
    document = json.loads(said[said.index("{") :])
    with tarfile.open(file) as tar:
        assert document["files"] == len(tar.getnames()) - 1
    assert run(["backup", file]) == 3
    monkeypatch.setenv("MOBIGO_HOME", str(tmp_path / "other"))
    assert run(["restore", file]) == 0
    assert "rétablie" in capsys.readouterr().out
    assert run(["doctor"]) == 0


@pytest.mark.parametrize(
    ("content", "code"), [(None, 2), (b"", 2), (b"not a tar at all", 2), (b"\0" * 10_240, 2)], ids=str
)
def test_what_is_no_backup_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, code: int
) -> None:
    file = tmp_path / "backup.tar"
    if content is not None:
        file.write_bytes(content)
    assert run(["restore", str(file)]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err


@pytest.mark.parametrize("place", ["missing/folder/backup.tar", "backup.tar"])
def test_a_backup_makes_the_folder_it_is_asked_for(tmp_path: Path, place: str) -> None:
    run(["migrate"])
    assert run(["backup", str(tmp_path / place)]) == 0
    assert (tmp_path / place).is_file()


def test_a_folder_is_no_file_to_back_up_into(tmp_path: Path) -> None:
    run(["migrate"])
    assert run(["backup", str(tmp_path)]) == 2

"""The command line: fast to list, one mapping of errors, one JSON document, sentences in the language asked for."""

import importlib
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import click
import pytest
from sqlalchemy.exc import OperationalError

from mobigo.app.cli import COMMANDS, Command, run
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused, Upstream
from mobigo.base.money import Money
from mobigo.infra import console

HEAVY = {"numba", "polars", "pandas", "numpy", "sqlalchemy", "flask", "celery", "ortools", "shapely", "rich", "babel"}


def loaded_by(*arguments: str) -> set[str]:
    script = (
        f"import sys; from mobigo.app.cli import run; run({list(arguments)!r}); print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ()])
def test_listing_the_commands_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert not loaded_by(*arguments) & HEAVY


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_exists_and_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert "Usage: mobigo" in capsys.readouterr().out
    assert len(COMMANDS[name].help) > 10


def test_every_command_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out
    for name, command in COMMANDS.items():
        assert name in listed
        assert command.help in " ".join(listed.split())


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Adds the command `fail`, which raises what it is given."""

    def prepare(error: BaseException | None) -> None:
        @click.command()
        @console.json_option
        def fail(as_json: bool) -> None:
            if error is not None:
                raise error
            console.message("un message")
            console.emit({"day": date(2026, 11, 24)}, as_json, "le 24 novembre")

        monkeypatch.setattr(sys.modules[__name__], "fail", fail, raising=False)
        monkeypatch.setitem(COMMANDS, "fail", Command(f"{__name__}:fail", "Échouer."))
        monkeypatch.setattr(importlib, "import_module", lambda _name: sys.modules[__name__])

    return prepare


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 0),
        (NotFound("blob.unknown", sha256="x"), 2),
        (InvalidInput("backup.not_one"), 2),
        (Refused("database.newer", found="9", known="1"), 3),
        (Conflict("backup.exists", file="f"), 3),
        (Upstream("blob.damaged", sha256="x"), 1),
        (click.UsageError("usage"), 2),
        (click.Abort(), 130),
        (KeyboardInterrupt(), 130),
        (FileNotFoundError(2, "No such file or directory", "f"), 1),
        (OperationalError("SELECT 1", {}, Exception("connection refused")), 1),
        (BrokenPipeError(), 0),
    ],
)
def test_each_error_has_its_exit_code_and_its_sentence(
    failing: Any, capfd: pytest.CaptureFixture[str], error: BaseException | None, code: int
) -> None:
    failing(error)
    saved = os.dup(1)
    try:
        assert run(["fail"]) == code
    finally:
        os.dup2(saved, 1)
        os.close(saved)
    said = capfd.readouterr()
    assert "Traceback" not in said.err
    if code != 0:
        assert said.out == ""
        assert said.err.strip()


def test_a_defect_shows_where_it_is(failing: Any) -> None:
    failing(ZeroDivisionError("ours"))
    with pytest.raises(ZeroDivisionError, match="ours"):
        run(["fail"])


def test_under_json_stdout_holds_one_document_and_messages_go_elsewhere(
    failing: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(None)
    assert run(["fail", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == {"day": "2026-11-24"}
    assert said.err == "un message\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [(Conflict("backup.exists", file="f.tar"), "backup.exists"), (click.UsageError("no"), "cli.bad_usage")],
)
def test_under_json_an_error_is_a_document_too(
    failing: Any, capsys: pytest.CaptureFixture[str], error: Exception, code: str
) -> None:
    failing(error)
    run(["fail", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert document["error"]["code"] == code
    assert document["error"]["message"]


@pytest.mark.parametrize(("language", "word"), [("fr", "existe déjà"), ("en", "already"), ("de", "existe déjà")])
def test_a_command_speaks_the_language_of_its_settings(
    failing: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, language: str, word: str
) -> None:
    monkeypatch.setenv("MOBIGO_LANG", language)
    failing(Conflict("backup.exists", file="f.tar"))
    run(["fail"])
    assert word in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["nothing"], ["--nothing"], ["migrate", "--nothing"], ["backup"], ["backup", "a", "b"]]
)
def test_bad_usage_is_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "Error" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["migrate", "doctor", "backup", "restore"])
def test_a_setting_that_cannot_be_read_is_told(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "f").write_bytes(b"")
    monkeypatch.setenv("MOBIGO_PORT", "huit mille")
    assert run([name, *([str(tmp_path / "f")] if name in ("backup", "restore") else [])]) == 2
    assert "MOBIGO_PORT" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"at": datetime(2026, 11, 24, 8, tzinfo=UTC)}, '{\n  "at": "2026-11-24T08:00:00+00:00"\n}'),
        ({"leaves": time(7, 5)}, '{\n  "leaves": "07:05:00"\n}'),
        ({"price": Money(150)}, '{\n  "price": 150\n}'),
        (
            {"why": Decision("a.b", n=1)},
            '{\n  "why": {\n    "code": "a.b",\n    "params": {\n      "n": 1\n    }\n  }\n}',
        ),
        ({"f": Path("a/b"), "é": None}, '{\n  "f": "a/b",\n  "é": null\n}'),
    ],
)
def test_values_have_one_form_in_json(value: object, text: str) -> None:
    assert console.as_json_text(value) == text


def test_what_has_no_form_is_a_defect_and_not_a_guess() -> None:
    with pytest.raises(TypeError):
        console.as_json_text({"set": {1}})


def test_progress_is_silent_when_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress("Import") as tell:
        tell(1, 2, "stops.txt")
    assert capsys.readouterr() == ("", "")

"""`mobigo opendata …` and the night's job, on what the product really offers where nothing was imported."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mobigo.app import cli, jobs_registry
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, transaction
from mobigo.infra.jobs import enqueue, run_inline
from opendata.store import files
from tests.live import free_port

KNOWN = [
    "billettique-tarifs", "covoit-arrets-temps-reel", "covoit-lieux", "covoit-lignes", "passages-temps-reel",
    "perturbations-temps-reel",
]  # fmt: skip
Asked = Callable[..., tuple[int, Any]]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Asked:
    monkeypatch.setenv("MOBIGO_HOME", str(tmp_path / "home"))

    def run(*arguments: str) -> tuple[int, Any]:
        code = cli.run(["opendata", *arguments, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_publish_list_go_back_and_verify(asked: Asked, tmp_path: Path) -> None:
    code, outcomes = asked("publish")
    results = {each["dataset"]: each["result"] for each in outcomes}
    assert (code, results["billettique-tarifs"], results["covoit-lieux"]) == (0, "published", "published")
    assert results["billettique-ventes"] == "empty"
    code, again = asked("publish", "billettique-tarifs")
    assert (code, [each["result"] for each in again]) == (0, ["unchanged"])
    code, listed = asked("list")
    assert [each["dataset"] for each in listed] == KNOWN
    assert listed[0]["quality"] == "clean"
    code, error = asked("publish", "nulle-part")
    assert (code, error["error"]["code"]) == (2, "opendata.unknown_dataset")
    code, error = asked("rollback", "billettique-tarifs", "--reason", "Prix faux au deuxième tableau.")
    assert (code, error["error"]["code"]) == (2, "opendata.nothing_before")
    code, error = asked("rollback", "billettique-tarifs", "--reason", "bof")
    assert (code, error["error"]["code"]) == (2, "opendata.reason_needed")
    code, verified = asked("verify")
    assert (code, verified) == (0, {"files": 8, "faulty": []})
    digest = next(each["sha256"] for each in listed[0]["files"] if each["name"] == "tarifs.csv")
    files.contents_of(tmp_path / "home").path(digest).write_bytes(b"changed")
    code, verified = asked("verify")
    assert code == 3
    assert [each["file"] for each in verified["faulty"]] == ["tarifs.csv"]


def test_the_night_publishes_and_looks_over(tmp_path: Path, sqlite_template: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    config = load_config({"MOBIGO_HOME": str(tmp_path / "home"), "MOBIGO_BASE_URL": nowhere})
    config = replace(config, database_url=f"sqlite:///{tmp_path / 'test.sqlite'}")
    (tmp_path / "test.sqlite").write_bytes(sqlite_template.read_bytes())
    jobs_registry.install()
    engine = open_engine(config.database_url)
    results = []
    for name in ("opendata.publish", "opendata.watch", "opendata.listen", "opendata.night"):
        with transaction(engine) as session:
            job = enqueue(session, name, {}, None, now())
        done = run_inline(engine, config, job)
        assert done.state.value == "done", done.outcome
        results.append(done.outcome)
    engine.dispose()
    published, watched, _listened, night = results
    assert published is not None
    assert (published.params["new"], published.params["troubled"]) == (len(KNOWN), "—")
    assert watched is not None  # no server answers there: it is seen from outside
    assert watched.params["datasets"] == ", ".join(KNOWN)
    assert night is not None
    assert night.params["bad"] == 0

"""The disk fills up under the embedded service, and is freed: who asks is told, who only reads goes on reading, and
nothing acknowledged is lost."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mobigo.infra.db import open_engine
from tests.covoit_registry_world import operator_in
from tests.drills.test_worst_night import answer, kept
from tests.night import Declaring, served
from tests.refused import refused

HOME_MB = 64


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, a small one; where this machine lets nobody mount one, the drill cannot be played."""
    (folder := tmp_path / "disk").mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={HOME_MB}m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, check=False, capture_output=True)
    if mounted.returncode:
        refused("no disk can be mounted here", mounted.stderr.decode().strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Not one octet free, for the block."""
    filling = disk / "filling"
    with filling.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
    try:
        yield
    finally:
        filling.unlink()


def test_a_full_disk_is_told_and_nothing_acknowledged_is_lost(small: Path) -> None:
    home = small / "home"
    url = f"sqlite:///{home / 'mobigo.sqlite'}"
    with served(home, url) as site:
        engine = open_engine(url)
        operator = operator_in(engine, "Opérateur d’un disque plein")
        with Declaring(site.url, operator) as client:
            client.wait_for(10)
            with full(small):
                until = time.monotonic() + 120
                while client.answers["503"] < 20:
                    assert time.monotonic() < until, client.answers
                    time.sleep(0.05)
                pages = {path: answer(site.url + path)[0] for path in ("/healthz", "/covoiturage", "/")}
            client.wait_for(20)  # the same processes, by themselves
        assert pages == {"/healthz": 200, "/covoiturage": 200, "/": 200}
        assert set(client.answers) <= {"201", "409", "503"}
        assert client.bodies["503"]["code"] in ("http.database_away_sent", "http.disk_full")
        assert str(home) not in json.dumps(client.bodies["503"])
        found = kept(engine, operator)
        assert sorted(client.acknowledged) == found == sorted(set(found))
        engine.dispose()

"""A host that has not the network that serves: it is told, compiles its own copy once, and serves on meanwhile."""

import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mobigo.app import host_copy, schema
from mobigo.app.host_copy import HostCopy
from mobigo.base.errors import NotFound
from mobigo.infra import clock
from mobigo.infra.config import Config
from mobigo.infra.web import Services
from mobigo.network import service
from mobigo.network.store import networks
from tests.builders import feed, trip, write_zip


@pytest.fixture
def first(config: Config) -> Services:
    """The host whose worker builds."""
    made = Services(config)
    schema.create(made.engine)
    return made


@pytest.fixture
def second(first: Services, tmp_path: Path) -> Config:
    """Another host: the same database and files, a cache of its own."""
    home = tmp_path / "second"
    home.mkdir()
    (home / "blobs").symlink_to(first.config.home / "blobs")
    return replace(first.config, home=home, database_url=first.engine.url.render_as_string(hide_password=False))


def build(host: Services, tmp_path: Path, name: str, hour: int) -> str:
    trips = [trip(name, f"A {hour}:00 B {hour}:20")]
    service.import_feed(host, write_zip(feed(trips), tmp_path / f"{name}.zip"), "ter", now=clock.now())
    return service.build_network(host, now=clock.now())


def test_a_host_is_told_what_it_lacks_and_serves_on_meanwhile(first: Services, second: Config, tmp_path: Path) -> None:
    told: list[str] = []
    old = build(first, tmp_path, "early", 7)
    holder = networks.NetworkHolder(first.engine, second.home, missing=told.append)
    with pytest.raises(NotFound), holder.current():
        pass
    assert told == [old]
    shutil.copytree(networks.root_of(first.config.home) / old, networks.root_of(second.home) / old)
    holder.refresh()
    new = build(first, tmp_path, "late", 19)
    holder.refresh()
    with holder.current() as network:
        assert network.hash == old
    assert (told[-1], set(told)) == (new, {old, new})


def test_however_many_ask_one_copy_is_compiled_and_it_is_the_same_network(
    first: Services, second: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = build(first, tmp_path, "early", 7)
    started: list[object] = []
    really = host_copy.subprocess.Popen

    def counted(*given: object, **how: object) -> object:
        started.append(given)
        return really(*given, **how)  # type: ignore[call-overload]

    monkeypatch.setattr(host_copy.subprocess, "Popen", counted)
    for _ in range(3):  # as many web processes
        HostCopy(second)(name)
    folder = networks.root_of(second.home) / name
    until = time.monotonic() + 180
    while not (folder / "timetable.json").exists():
        assert time.monotonic() < until, "no copy was made"
        time.sleep(0.1)
    HostCopy(second)(name)  # tried within the minute
    assert len(started) == 1
    with networks.NetworkHolder(first.engine, second.home).current() as network:
        assert network.hash == name

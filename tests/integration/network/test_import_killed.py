"""`kill -9` in the middle of an import: what served goes on serving, nothing half written is active, and the next
import succeeds as if nothing had been."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from mobigo.infra.config import Config
from mobigo.infra.db import reading
from mobigo.infra.web import Services
from mobigo.network import service
from mobigo.network.store import feeds, networks
from mobigo.network.store.feeds import ActivationRow, FeedVersionRow, NoticeCountRow
from mobigo.network.store.places import PlaceStopRow
from tests.builders import feed, trip, write_zip

NOW = datetime(2025, 3, 18, 8, tzinfo=UTC)
MORNING = feed([trip("early", "A 07:55 B 08:05 C 08:20")])
EVENING = feed([trip("late", "A 19:55 B 20:05 D 20:20")])  # a stop goes, another comes


def killed(config: Config, point: str, archive: Path) -> None:
    """Import in another process, killed once it is at that point."""
    environment = os.environ | {"MOBIGO_HOME": str(config.home), "MOBIGO_DATABASE_URL": config.database_url}
    command = [sys.executable, "-m", "tests.integration.network.import_main", point, str(archive), "ter"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:  # ours
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "here"
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


def trips_served(tools: Services) -> list[str]:
    with networks.NetworkHolder(tools.engine, tools.config.home).current() as network:
        return list(network.timetable.trip_id)


def counts(tools: Services) -> list[int]:
    with reading(tools.engine) as session:
        tables = (FeedVersionRow, ActivationRow, NoticeCountRow, PlaceStopRow)
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def check(database_config: Config, engine: Engine, tmp_path: Path, point: str) -> None:
    tools = Services(database_config)
    tools.__dict__["engine"] = engine
    first = service.import_feed(tools, write_zip(MORNING, tmp_path / "morning.zip"), "ter", now=NOW)
    service.build_network(tools)
    before, evening = counts(tools), write_zip(EVENING, tmp_path / "evening.zip")
    engine.dispose()
    killed(database_config, point, evening)
    with reading(engine) as session:
        held = feeds.get_feed(session, "ter")
    assert held.version is not None
    assert (held.active, held.version.id) == (True, first.id)
    assert counts(tools) == before
    assert trips_served(tools) == ["early"]
    assert service.read_tables_of(tools, first)["trips"]["trip_id"].to_list() == ["early"]
    service.build_network(tools, force=True)
    assert trips_served(tools) == ["early"]
    second = service.import_feed(tools, evening, "ter", now=NOW)
    assert (second.number, second.unchanged, second.refused) == (2, False, False)
    assert service.read_tables_of(tools, second)["trips"]["trip_id"].to_list() == ["late"]
    service.build_network(tools)
    assert trips_served(tools) == ["late"]


def test_killed_while_its_version_becomes_the_one_in_use(
    database_config: Config, engine: Engine, tmp_path: Path
) -> None:
    check(database_config, engine, tmp_path, "version recorded")


def test_killed_while_its_tables_are_written(config: Config, sqlite_template: Path, tmp_path: Path) -> None:
    from shutil import copyfile

    from mobigo.infra.db import open_engine

    config.home.mkdir(parents=True)
    path = tmp_path / "one.sqlite"
    copyfile(sqlite_template, path)
    url = f"sqlite:///{path}"
    check(replace(config, database_url=url), open_engine(url), tmp_path, "tables half written")


@pytest.mark.slow
@pytest.mark.parametrize("point", ["tables half written", "version recorded", "places followed"])
def test_killed_at_every_point(database_config: Config, engine: Engine, tmp_path: Path, point: str) -> None:
    check(database_config, engine, tmp_path, point)

"""kill -9 while publishing: the address shows a whole version, never older than the last one that was announced."""

import random
import shutil
from pathlib import Path

import pytest

from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, reading
from opendata.model.datasets import Slot
from opendata.store import files, versions
from tests import kills
from tests.integration.opendata_publication.publisher import publish
from tests.opendata_world import tools_of


@pytest.mark.parametrize("rounds", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_killed_at_any_moment_the_old_or_the_new_is_shown(tmp_path: Path, sqlite_template: Path, rounds: int) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(sqlite_template, home / "mobigo.sqlite")
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    tools = tools_of(load_config({"MOBIGO_HOME": str(home)}), engine)
    chance, told, killed = random.Random(20261126), -1, 0
    for round_number in range(rounds):
        run = kills.run_and_kill(
            publish, str(home), 10 * round_number, chance=chance, longest_s=0.1, after=1 + chance.randrange(6)
        )
        killed += run.killed
        told = max([told, *(word[1] for word in run.said if word[0] == "shown")])
        begun = max([told, *(word[1] for word in run.said if word[0] == "begins")])
        with reading(engine) as session:
            pointer = versions.find_pointer(session, "essai-lieux", Slot.LATEST)
            every = versions.list_versions(session, "essai-lieux")
        contents = files.contents_of(tools.config.home)
        for version in every:
            assert all(files.verify(contents, file) for file in version.files)  # no row without its whole file
        if told >= 0:
            assert pointer is not None
        if pointer is not None and pointer.version_id is not None:
            shown = next(each for each in every if each.id == pointer.version_id)
            text = contents.read(shown.files[0].sha256).decode()
            number = int(text.rpartition("essai,")[2])
            assert told <= number <= begun
    engine.dispose()
    assert killed >= rounds // 2

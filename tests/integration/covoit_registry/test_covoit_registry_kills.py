"""kill -9 of what receives files of journeys, at random: no acknowledged journey is lost, none is kept twice."""

import random
import shutil
from pathlib import Path

import pytest
from sqlalchemy import func, select

from covoit.store.journeys import JourneyRow
from mobigo.infra.db import open_engine, reading
from tests import covoit_ingest_worker as worker
from tests import kills
from tests.covoit_registry_world import line, many

FILES, EACH = 4, 100


@pytest.mark.parametrize(
    ("count", "seed"),
    [
        pytest.param(3, 0, id="a few"),
        *(pytest.param(50, seed, id=f"fifty-{seed}", marks=pytest.mark.slow) for seed in range(1, 6)),
    ],
)
def test_what_was_acknowledged_is_there_once_whenever_its_receiver_was_killed(
    tmp_path: Path, sqlite_template: Path, count: int, seed: int
) -> None:
    rows = [line(document) for document in many(FILES * EACH)]
    files = [tmp_path / f"f{number}.ndjson" for number in range(FILES)]
    for number, file in enumerate(files):
        file.write_bytes(b"".join(rows[number * EACH : (number + 1) * EACH]))
    whole = kills.run(worker.receive, str(a_home(tmp_path, "whole", sqlite_template)), *map(str, files))
    longest_s, chance, killed = whole.lasted_s, random.Random(seed), 0
    while killed < count:
        home = a_home(tmp_path, "killed", sqlite_template)
        run = None
        while run is None or run.killed:
            run = kills.run_and_kill(worker.receive, str(home), *map(str, files), chance=chance, longest_s=longest_s)
            killed += run.killed
            longest_s = max(longest_s, 0.0 if run.killed else run.lasted_s)
            assert run.said == whole.said[: len(run.said)]  # the same receipts, in the same order
            kept, distinct = journeys_in(home)
            assert kept == distinct >= EACH * len(run.said)
        assert run.said == whole.said
        assert journeys_in(home) == (FILES * EACH, FILES * EACH)
        shutil.rmtree(home)


def a_home(folder: Path, name: str, template: Path) -> Path:
    home = folder / name
    home.mkdir()
    shutil.copyfile(template, home / "mobigo.sqlite")
    return home


def journeys_in(home: Path) -> tuple[int, int]:
    """How many journeys are kept, and under how many ids of their operator."""
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    with reading(engine) as session:
        names = JourneyRow.operator_journey_id
        counts = session.execute(select(func.count(names), func.count(names.distinct()))).one()
    engine.dispose()
    return counts[0], counts[1]

"""Selling dies at any point, and comes back: no ticket lost, none twice, no money without a ticket or its refund."""

import os
import random
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from billettique.service import payment_refunds, payments, webhooks
from mobigo.infra.config import Config
from tests.billettique_faults import NAMED, Faults, Trial, hooked, open_quick
from tests.billettique_orders_world import Shop
from tests.counts import IN_CI, count
from tests.integration.billettique_orders.audit import audit

CHUNKS = 8
RUNS = count(250, 30)


def session_of_faults(folder: Path, template: Path, config: Config, seed: int, runs: int) -> Trial:
    database = folder / f"faults-{seed}.sqlite"
    shutil.copyfile(template, database)
    engine = open_quick(f"sqlite:///{database}")
    settings = replace(
        config, home=folder / f"home-{seed}", environment="development", database_url=f"sqlite:///{database}",
        payments=("sim",),
    )  # fmt: skip
    faults = Faults(random.Random(seed))
    trial = Trial(Shop(engine, settings), faults)
    trial.providers()
    while trial.faulty_runs < runs:
        with hooked(faults):
            trial.run()
    trial.converge()
    return trial


@pytest.fixture
def quick_folder() -> Path:
    """Where files cost nothing, when this machine has such a place."""
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=shared if shared.is_dir() and os.access(shared, os.W_OK) else None))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (payments, payment_refunds, webhooks.waking):
        monkeypatch.setattr(module, "wake", lambda *_given: False)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_selling_survives_faults(chunk: int, quick_folder: Path, sqlite_template: Path, config: Config) -> None:
    trial = session_of_faults(quick_folder, sqlite_template, config, 1_000 + chunk, RUNS)
    audit(trial)
    assert trial.faulty_runs >= RUNS
    assert trial.forged > 0
    if IN_CI:
        missed = [point for point in NAMED if not trial.faults.fired[point]]
        assert missed == [], "a point where the process never died"
    trial.shop.engine.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(100))
def test_selling_survives_a_hundred_thousand_faults(
    chunk: int, quick_folder: Path, sqlite_template: Path, config: Config
) -> None:
    trial = session_of_faults(quick_folder, sqlite_template, config, 50_000 + chunk, 1_000)
    audit(trial)
    trial.shop.engine.dispose()

"""kill -9 of what closes a month and of what pays it, at random: nothing is half there, nothing is paid twice."""

import random
import shutil
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from covoit.service import payments, verification
from covoit.store import awards as award_store
from covoit.store import payments as payment_store
from mobigo.infra.blobs import Blobs
from mobigo.infra.db import open_engine, reading
from tests import covoit_money_worker as worker
from tests import kills
from tests.covoit_money_world import home_with, net, payer

WHOLE = (1, worker.PEOPLE, worker.PEOPLE * worker.DAYS)  # a month, its statements, their lines
COUNTS = [
    pytest.param(3, 0, id="a few"),
    *(pytest.param(50, seed, id=f"fifty-{seed}", marks=pytest.mark.slow) for seed in range(1, 6)),
]


@pytest.fixture
def month(sqlite_template: Path, tmp_path: Path) -> Path:
    """A database with a month of trips, and no money moved yet."""
    path = tmp_path / "month.sqlite"
    shutil.copyfile(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    worker.prepare(engine, payer(home_with(tmp_path / "home")))
    engine.dispose()
    return path


def worlds(month: Path) -> Generator[tuple[Path, Path], None, None]:
    """The same month again and again: (database, home)."""
    for number in range(1_000_000):
        path, home = month.with_name(f"{number}.sqlite"), payer(home_with(month.with_name(f"home{number}")))
        shutil.copyfile(month, path)
        try:
            yield path, home
        finally:
            shutil.rmtree(home)
            for each in month.parent.glob(f"{number}.sqlite*"):
                each.unlink()


def how_long(month: Path, work: Callable[..., object]) -> float:
    """How long the whole work lasts when it is left alone."""
    with closing(worlds(month)) as alone:
        return kills.run(work, *next(alone)).lasted_s


@pytest.mark.parametrize(("count", "seed"), COUNTS)
def test_a_closing_killed_at_any_moment_is_done_whole_or_not_at_all(month: Path, count: int, seed: int) -> None:
    chance, killed, longest_s = random.Random(seed), 0, how_long(month, worker.to_the_statements)
    for path, home in worlds(month):
        run = None
        while run is None or run.killed:
            run = kills.run_and_kill(worker.to_the_statements, path, home, chance=chance, longest_s=longest_s)
            killed += run.killed
            longest_s = max(longest_s, 0.0 if run.killed else run.lasted_s)
            closed = statements(path)
            assert closed in ((0, 0, 0), WHOLE)
            assert closed == WHOLE or "closed" not in run.said
        engine = open_engine(f"sqlite:///{path}")
        assert verification.verify(engine, home=home).ok
        assert sum(net(engine, f"covoit:payable:{person}") for person in people(path)) == worker.TOTAL
        engine.dispose()
        if killed >= count:
            break


@pytest.mark.parametrize(("count", "seed"), COUNTS)
def test_a_payment_killed_at_any_moment_loses_and_doubles_nothing(month: Path, count: int, seed: int) -> None:
    chance, killed, longest_s = random.Random(seed), 0, how_long(month, worker.to_the_bank)
    for path, home in worlds(month):
        run = None
        while run is None or run.killed:
            run = kills.run_and_kill(worker.to_the_bank, path, home, chance=chance, longest_s=longest_s)
            killed += run.killed
            longest_s = max(longest_s, 0.0 if run.killed else run.lasted_s)
        engine = open_engine(f"sqlite:///{path}")
        assert net(engine, "bank") == worker.TOTAL
        assert verification.verify(engine, home=home).ok
        with reading(engine) as session:
            for batch in payment_store.batches(session):
                if batch.file is not None:
                    assert payments.payment_file(session, batch.id, home) == Blobs(home / "blobs").read(batch.file)
        engine.dispose()
        if killed >= count:
            break


def statements(path: Path) -> tuple[int, int, int]:
    """How many months are closed, statements written, lines on them."""
    engine = open_engine(f"sqlite:///{path}")
    with reading(engine) as session:
        rows = (award_store.MonthRow, award_store.StatementRow, award_store.StatementLineRow)
        counts = [session.scalar(select(func.count()).select_from(row)) or 0 for row in rows]
    engine.dispose()
    return counts[0], counts[1], counts[2]


def people(path: Path) -> list[str]:
    engine = open_engine(f"sqlite:///{path}")
    with reading(engine) as session:
        found = sorted(session.scalars(select(award_store.StatementRow.person)))
    engine.dispose()
    return found

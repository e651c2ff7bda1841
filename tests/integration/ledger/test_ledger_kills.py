"""kill -9 of a writer, at random: what it said was done is there, the call it was in is there whole or not at all."""

import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from mobigo.infra.db import reading, transaction
from mobigo.ledger import service
from tests.integration.ledger.books import NOW, open_book
from tests.integration.ledger.writer_main import LINES, orders

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("engine", "kills"),
    [
        ("sqlite", 3),
        pytest.param("postgres", 2, marks=pytest.mark.postgres),
        pytest.param("sqlite", 200, marks=pytest.mark.slow),
        pytest.param("postgres", 100, marks=[pytest.mark.postgres, pytest.mark.slow]),
    ],
    indirect=["engine"],
)
def test_what_was_acknowledged_is_there_and_nothing_is_half_there(engine: Engine, kills: int) -> None:
    open_book(engine, 10**12)
    chance = random.Random(kills)
    for turn in range(kills):
        run = f"run{turn}"
        acknowledged = killed_after(engine, run, calls=chance.randint(1, 12), pause_s=chance.uniform(0, 0.02))
        verdict = service.verify(engine)
        assert verdict.ok, verdict.fault
        with reading(engine) as session:
            counts = {
                call: session.scalar(
                    text("SELECT count(*) FROM ledger_line WHERE key LIKE :prefix"), {"prefix": f"{run}:{call}:%"}
                )
                for call in range(acknowledged + 2)
            }
        assert [counts[call] for call in range(acknowledged)] == [LINES] * acknowledged
        assert counts[acknowledged] in (0, LINES)
        assert counts[acknowledged + 1] in (0, LINES) if counts[acknowledged] else counts[acknowledged + 1] == 0
        with transaction(engine) as session:  # whoever takes over asks again, and gets the same or does it
            service.give(session, orders(run, acknowledged), now=NOW)
        assert service.verify(engine).lines % LINES == 1  # whole calls, and the vote of the budget


def killed_after(engine: Engine, run: str, *, calls: int, pause_s: float) -> int:
    """Start a writer, kill it a moment after its `calls`-th call; how many it said were done."""
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.integration.ledger.writer_main", url, run]
    done = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
        assert writer.stdout is not None
        for said in writer.stdout:
            done = int(said.split()[1]) + 1
            if done == calls:
                threading.Timer(pause_s, writer.kill).start()
        writer.wait()
    assert done >= calls
    return done

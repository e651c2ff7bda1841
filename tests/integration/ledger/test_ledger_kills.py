"""kill -9 of a writer, at random: what it said was done is there, the call it was in is there whole or not at all."""

import random

import pytest
from sqlalchemy import Engine, text

from mobigo.infra.db import reading, transaction
from mobigo.ledger import service
from tests import kills
from tests.integration.ledger.books import NOW, open_book
from tests.integration.ledger.writer import LINES, orders, write


@pytest.mark.parametrize(
    ("engine", "count", "seed"),
    [
        ("sqlite", 3, 0),
        pytest.param("postgres", 2, 0, marks=pytest.mark.postgres),
        *(pytest.param("sqlite", 50, seed, marks=pytest.mark.slow) for seed in range(1, 5)),
        *(pytest.param("postgres", 50, seed, marks=[pytest.mark.postgres, pytest.mark.slow]) for seed in (5, 6)),
    ],
    indirect=["engine"],
)
def test_what_was_acknowledged_is_there_and_nothing_is_half_there(engine: Engine, count: int, seed: int) -> None:
    open_book(engine, 10**12)
    chance = random.Random(seed)
    for turn in range(count):
        run = f"run{turn}"
        acknowledged = killed_after(engine, run, calls=chance.randint(1, 12), chance=chance)
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


def killed_after(engine: Engine, run: str, *, calls: int, chance: random.Random) -> int:
    """Start a writer, kill it a moment after its `calls`-th call; how many it said were done."""
    url = engine.url.render_as_string(hide_password=False)
    done = kills.run_and_kill(write, url, run, chance=chance, longest_s=0.02, after=calls)
    assert done.killed
    assert done.said == list(range(len(done.said)))
    assert len(done.said) >= calls
    return len(done.said)

"""kill -9 at random moments, many times: what a piece of work had said is read until it dies, and what it left is
looked at. A run is a process forked from one that has imported what it needs, so that it costs its work alone."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Final

_SERVER: Final = get_context("forkserver")
_SERVER.set_forkserver_preload(
    ["tests.covoit_ingest_worker", "tests.covoit_money_worker", "tests.integration.ledger.writer"]
)
LONGEST_S: Final = 300.0  # of a run that nobody kills
Say = Callable[[object], None]


@dataclass(frozen=True)
class Run:
    """What a run said, in order; whether it was killed, or had ended before; how long it worked."""

    said: list[Any]
    killed: bool
    lasted_s: float


def run(work: Callable[..., object], *args: object) -> Run:
    """Let `work(say, *args)` end."""
    return _run(work, args, lambda _said: None)


def run_and_kill(
    work: Callable[..., object], *args: object, chance: random.Random, longest_s: float, after: int = 0
) -> Run:
    """Start `work(say, *args)`, and kill it within `longest_s` of its `after`-th word (0: of its start)."""
    kill_at: float | None = None

    def when(said: list[Any]) -> float | None:
        nonlocal kill_at
        if kill_at is None and len(said) > after:
            kill_at = time.monotonic() + chance.random() * longest_s
        return kill_at

    return _run(work, args, when)


def _run(work: Callable[..., object], args: tuple[object, ...], when: Callable[[list[Any]], float | None]) -> Run:
    here, there = _SERVER.Pipe(duplex=False)
    process = _SERVER.Process(target=_begin, args=(work, there, args), daemon=True)
    process.start()
    there.close()
    said: list[Any] = []
    began = time.monotonic()
    killed, over = False, time.monotonic() + LONGEST_S
    while True:
        kill_at = when(said)
        left = (over if kill_at is None or killed else kill_at) - time.monotonic()
        try:
            if here.poll(max(0.0, left)):
                said.append(here.recv())
                if len(said) == 1:
                    began = time.monotonic()
                continue
        except EOFError:
            break
        if killed:
            break
        assert kill_at is not None, f"not over after {LONGEST_S:.0f} s: {said[-3:]}"
        process.kill()
        killed = True
    lasted_s = time.monotonic() - began
    process.join()
    here.close()
    killed = killed and process.exitcode == -9
    assert killed or process.exitcode == 0, process.exitcode
    return Run(said[1:], killed, lasted_s)


def _begin(work: Callable[..., object], there: Connection, args: tuple[object, ...]) -> None:
    there.send("begun")
    work(there.send, *args)
    there.close()

"""kill -9 at random moments, many times: what a piece of work had said is read until it dies, and what it left is
looked at. A run is a process forked from one that has imported what it needs, so that it costs its work alone."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final

_SERVER: Final = get_context("forkserver")
_SERVER.set_forkserver_preload(
    [
        "tests.covoit_ingest_worker",
        "tests.covoit_money_worker",
        "tests.integration.ledger.writer",
        "tests.billettique_kill_worker",  # last: it has the tables of all of them made ready
    ]
)
LONGEST_S: Final = 300.0  # of a run that nobody kills
HOLDING: Final = "holding"  # the word of a process that waits, in the middle of what it does, to be killed there
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


@dataclass
class _Running:
    """One of a crowd: its place, how many were killed there before it, what it said so far."""

    process: BaseProcess
    here: Connection
    place: int
    life: int
    began: float = field(default_factory=time.monotonic)
    said: list[Any] = field(default_factory=list)
    killed: bool = False

    def kill(self) -> None:
        self.process.kill()
        self.killed = True


def crowd_and_kill(
    work: Callable[..., object], args: Sequence[tuple[object, ...]], *, chance: random.Random, kills: int, gap_s: float
) -> list[Run]:
    """`work(say, *args[place], life)` at every place at once; every run, in the order they ended.

    Whoever says HOLDING is killed there and then, and others at random, up to `gap_s` apart, until `kills` died; in
    the place of each another one starts, whose `life` is one more. Those that are left end by themselves.
    """
    crowd = {each.here: each for each in (_join(work, args, place, 0) for place in range(len(args)))}
    runs: list[Run] = []
    over, kill_at = time.monotonic() + LONGEST_S + 2.0 * kills, time.monotonic() + chance.random() * gap_s
    while crowd:
        assert time.monotonic() < over, "it does not end"
        heard = wait(list(crowd), max(0.0, kill_at - time.monotonic()))
        for one in [crowd[here] for here in heard if isinstance(here, Connection)]:
            if not _heard(one):
                runs.append(_ended(crowd.pop(one.here)))
                if runs[-1].killed:
                    fresh = _join(work, args, one.place, one.life + 1)
                    crowd[fresh.here] = fresh
            elif one.said[-1] == HOLDING:
                one.kill()
        if time.monotonic() >= kill_at:
            alive = [one for one in crowd.values() if one.said and not one.killed]
            dead = sum(run.killed for run in runs) + sum(one.killed for one in crowd.values())
            if alive and dead < kills:
                chance.choice(alive).kill()
            kill_at = time.monotonic() + chance.random() * gap_s
    return runs


def _join(work: Callable[..., object], args: Sequence[tuple[object, ...]], place: int, life: int) -> _Running:
    here, there = _SERVER.Pipe(duplex=False)
    process = _SERVER.Process(target=_begin, args=(work, there, (*args[place], life)), daemon=True)
    process.start()
    there.close()
    return _Running(process, here, place, life)


def _heard(one: _Running) -> bool:
    """Whether it said something; not, when it is over."""
    try:
        one.said.append(one.here.recv())
    except (EOFError, OSError):
        return False
    return True


def _ended(one: _Running) -> Run:
    one.process.join()
    one.here.close()
    assert one.process.exitcode in (0, -9), one.process.exitcode
    return Run(one.said[1:], one.process.exitcode == -9, time.monotonic() - one.began)


def _begin(work: Callable[..., object], there: Connection, args: tuple[object, ...]) -> None:
    there.send("begun")
    work(there.send, *args)
    there.close()

"""A fault at every named point of every act, before it and after it: nothing is half written, and asking again works.

The points are the functions of the store (head locked, lines added, sums written, head moved, era marked …) and the
commit. After each fault every connection is dropped and the database opened anew, as after a crash.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from mobigo.base.money import Money
from mobigo.infra.config import Config
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.ledger import service, store
from mobigo.ledger.model import Hold, Settle
from mobigo.ledger.rules.chain import ERA
from tests.integration.ledger.books import BANK, BUDGET, DRIVER, MINUTE, NOW, move, open_book

POINTS = (
    "add_accounts", "add_lines", "add_marks", "add_signed_head", "books", "ended_by", "groups_among", "lines_by_key",
    "lock_head", "move_head", "moves_of_era", "open_holds_over", "signed_heads", "write_sums",
)  # fmt: skip
ERA_POINTS = ("add_marks", "moves_of_era")
BEFORE, AFTER = "before", "after"


class InjectedFault(Exception):
    """What the test raises at a named point."""


@dataclass
class Trap:
    """Raises at the `at`-th step; counts the steps otherwise."""

    at: int | None = None
    steps: int = 0
    name: str = ""

    def step(self, name: str) -> None:
        self.steps += 1
        if self.steps == self.at:
            self.name = name
            raise InjectedFault(name)


@contextmanager
def trapped(engine: Engine, trap: Trap, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def watch(name: str) -> Callable[..., Any]:
        act = getattr(store, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            trap.step(f"{BEFORE} {name}")
            answer = act(*args, **kwargs)
            trap.step(f"{AFTER} {name}")
            return answer

        return watched

    def at_commit(_connection: object) -> None:
        trap.step(f"{BEFORE} commit")

    with monkeypatch.context() as patch:
        for name in POINTS:
            patch.setattr(store, name, watch(name))
        event.listen(engine, "commit", at_commit)
        try:
            yield
        finally:
            event.remove(engine, "commit", at_commit)


Act = Callable[[Session, Config], object]
ACTS: dict[str, Act] = {
    "transfers": lambda s, _: service.post(s, [move(f"x{i}", 1) for i in range(5)], now=NOW),
    "an account": lambda s, _: service.open_account(s, "new", floor=None, now=NOW),
    "a group": lambda s, _: service.post(s, [move("g1", 5, group="g"), move("g2", 6, group="g")], now=NOW),
    "holds": lambda s, _: service.hold(s, [move("h1", 7), move("h2", 8)], now=NOW, expires_at=NOW + MINUTE),
    "holds without end": lambda s, _: service.hold(s, [move("h3", 7), move("h4", 8)], now=NOW),
    "a settlement": lambda s, _: service.settle(s, key="s3", hold_key="h3", amount=Money(2), now=NOW),
    "a void": lambda s, _: service.void(s, key="v4", hold_key="h4", now=NOW),
    "an expiry": lambda s, _: service.expire_due(s, now=NOW + MINUTE),
    "a reversal": lambda s, _: service.reverse(s, key="r", of_key="g1", now=NOW + MINUTE),
    "hold and settle": lambda s, _: service.give(s, [Hold(move("h5", 9)), Settle("s5", "h5")], now=NOW + MINUTE),
    "a spending of the remainder": lambda s, _: service.post(s, [move("rest", rest(s))], now=NOW + MINUTE),
    "a signature": lambda s, config: service.sign_head(s, config, now=NOW + MINUTE),
}


def rest(session: Session) -> int:
    left = service.available(session, BUDGET)
    assert left is not None
    return left.cents


def state(engine: Engine, *, checked: bool = True) -> object:
    """All that the ledger holds beside its lines, and how many they are; the lines checked too."""
    with reading(engine) as session:
        verdict = service.check(session) if checked else None
        assert verdict is None or verdict.ok, verdict
        counts = [session.scalar(text(f"SELECT count(*) FROM {name}")) for name in ("ledger_line", "ledger_mark")]
        return (store.find_head(session), store.all_books(session), store.signed_heads(session), counts)


def faults_in(
    act: Act, engine: Engine, config: Config, monkeypatch: pytest.MonkeyPatch, *, checked: bool = True
) -> list[str]:
    """Do `act` with a fault at each of its points in turn, then without; the names of the points."""
    faults: list[str] = []
    before = state(engine, checked=checked)
    while True:
        trap = Trap(at=len(faults) + 1)
        opened = open_engine(engine.url.render_as_string(hide_password=False))
        try:
            with trapped(opened, trap, monkeypatch), transaction(opened) as session:
                act(session, config)
        except InjectedFault:
            faults.append(trap.name)
            opened.dispose()
            assert state(engine, checked=checked) == before, trap.name
        else:
            opened.dispose()
            assert state(engine, checked=checked) != before  # without a fault, the same act is done
            return faults


def test_a_fault_anywhere_leaves_nothing_half_written(
    engine: Engine, database_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_book(engine, 100_000)
    faults = [point for act in ACTS.values() for point in faults_in(act, engine, database_config, monkeypatch)]
    assert set(faults) == {
        *(f"{side} {name}" for name in POINTS if name not in ERA_POINTS for side in (BEFORE, AFTER)),
        f"{BEFORE} commit",
    }
    assert len(faults) >= 150  # on each database


def test_a_fault_where_an_era_ends_leaves_nothing_half_written(
    engine: Engine, database_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_book(engine, 100_000)
    with transaction(engine) as session:  # three lines before the end of the first era
        service.post(session, [move(f"fill{i}", 1, debit=BANK, credit=DRIVER) for i in range(ERA - 5)], now=NOW)
    faults = faults_in(ACTS["transfers"], engine, database_config, monkeypatch, checked=False)
    assert {f"{side} {name}" for name in ERA_POINTS for side in (BEFORE, AFTER)} < set(faults)
    assert service.verify(engine).ok


def test_an_answer_lost_after_the_commit_is_given_again(engine: Engine) -> None:
    """The commit was done and the connection died before anybody was told: asking again tells."""
    open_book(engine, 1_000)
    for number in range(5):
        with transaction(engine) as session:
            first = service.post(session, [move(f"a{number}", 10)], now=NOW)
        engine.dispose()
        with transaction(engine) as session:
            assert service.post(session, [move(f"a{number}", 10)], now=NOW + MINUTE) == first
            assert service.balance(session, DRIVER).net == Money(10 * number + 10)
    assert service.verify(engine).lines == 6

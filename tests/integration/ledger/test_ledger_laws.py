"""Laws of the book on any sequence of orders, beside a naive one that adds everything up; on both databases."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from mobigo.base.errors import MobigoError
from mobigo.base.money import ZERO, Money
from mobigo.infra.db import reading, transaction
from mobigo.ledger import service
from mobigo.ledger.model import Balance, Hold, Order, Reverse, Settle, Void
from tests.integration.ledger.books import MINUTE, NOW, move
from tests.integration.ledger.naive_book import NaiveBook, Refusal

ACCOUNTS = ("bank", "budget", "driver", "credit")
FLOORS = {"bank": None, "budget": 0, "driver": 0, "credit": -50}
_worlds = count()  # each run has its own accounts and keys, in one database
pairs = st.permutations(ACCOUNTS).map(lambda names: tuple(names[:2]))
cents = st.integers(1, 120)
places = st.integers(0, 200)
late = st.integers(0, 90)


class BookMachine(RuleBasedStateMachine):
    """The same orders to both books: the same answers, the same balances at any moments."""

    engine: Engine

    @initialize()
    def begin(self) -> None:
        self.world = next(_worlds)
        self.naive = NaiveBook()
        self.now = NOW + timedelta(days=self.world)  # after all that the runs before it recorded
        self.keys = count()
        self.calls: list[tuple[list[Order], Any]] = []
        self.moments: list[datetime] = [self.now]
        with transaction(self.engine) as session:
            service.expire_due(session, now=self.now)  # what the runs before it left open
            for name in ACCOUNTS:
                floor = FLOORS[name]
                self.naive.floors[self.code(name)] = floor
                service.open_account(session, self.code(name), floor=None if floor is None else Money(floor), now=NOW)

    def code(self, name: str) -> str:
        return f"{name}:{self.world}"

    def key(self) -> str:
        return f"k{self.world}:{next(self.keys)}"

    def some_line(self, place: int) -> str:
        lines = self.naive.lines
        return lines[place % len(lines)].key if lines else "none"

    def give(self, orders: list[Order], naively: Callable[[], None]) -> None:
        """Give orders to both; all of them or none."""
        before = list(self.naive.lines)
        expected: str | None = None
        try:
            naively()
        except Refusal as refusal:
            expected = str(refusal)
            self.naive.lines = before
        code, answer = None, None
        try:
            with transaction(self.engine) as session:
                answer = service.give(session, orders, now=self.now)
        except MobigoError as refused:
            code = refused.decision.code
        assert code == expected
        if answer is not None:
            self.calls.append((orders, answer))

    @rule(
        moves=st.lists(st.tuples(pairs, cents, late), min_size=1, max_size=4), linked=st.booleans(), held=st.booleans()
    )
    def transfer(self, moves: list[tuple[tuple[str, str], int, int]], linked: bool, held: bool) -> None:
        group = self.key() if linked else None
        transfers = [
            move(self.key(), amount, debit=self.code(a), credit=self.code(b), at=self.now - ago * MINUTE, group=group)
            for (a, b), amount, ago in moves
        ]
        end = self.now + 5 * MINUTE if held and linked else None

        def naively() -> None:
            for one in transfers:
                told = (one.key, one.debit, one.credit, one.amount.cents, one.happened_at, self.now)
                if held:
                    self.naive.hold(*told, end)
                else:
                    self.naive.post(*told)

        self.give([Hold(one, end) if held else one for one in transfers], naively)

    @rule(place=places, amount=st.none() | cents, voided=st.booleans())
    def end_hold(self, place: int, amount: int | None, voided: bool) -> None:
        of, key = self.some_line(place), self.key()
        order: Order = Void(key, of) if voided else Settle(key, of, None if amount is None else Money(amount))
        self.give([order], lambda: self.naive.end("void" if voided else "settle", key, of, amount, self.now))

    @rule(place=places)
    def reverse(self, place: int) -> None:
        of, key = self.some_line(place), self.key()
        self.give([Reverse(key, of)], lambda: self.naive.reverse(key, of, self.now))

    @rule(minutes=st.integers(1, 10))
    def wait(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        self.moments.append(self.now)

    @rule()
    def expire(self) -> None:
        due = self.naive.due(self.now)
        with transaction(self.engine) as session:
            expired = service.expire_due(session, now=self.now)
        assert len(expired) == len(due)
        for key, line in zip(due, expired, strict=True):
            self.naive.end("expire", line.key, key, None, self.now)

    @precondition(lambda self: self.calls)
    @rule(place=places)
    def again(self, place: int) -> None:
        orders, answer = self.calls[place % len(self.calls)]
        with transaction(self.engine) as session:
            assert service.give(session, orders, now=self.now) == answer

    @precondition(lambda self: self.naive.lines)
    @rule(place=places, other=places, shift=st.integers(-1, 1), which=st.integers(0, 2), name=st.sampled_from(ACCOUNTS))
    def look_back(self, place: int, other: int, shift: int, which: int, name: str) -> None:
        lines, tick = self.naive.lines, timedelta(microseconds=shift)
        event = None if which == 0 else lines[place % len(lines)].happened_at + tick
        record = None if which == 1 else self.moments[other % len(self.moments)] + tick
        with reading(self.engine) as session:
            found = service.balance(session, self.code(name), event_before=event, recorded_before=record)
        assert found == Balance(*map(Money, self.naive.sums(self.code(name), event, record)))

    @invariant()
    def balances_agree_and_no_money_is_made(self) -> None:
        with reading(self.engine) as session:
            found = {name: service.balance(session, self.code(name)) for name in ACCOUNTS}
            listed = {name: [line.key for line in service.entries(session, self.code(name))] for name in ACCOUNTS}
        for name, balance in found.items():
            code, floor = self.code(name), FLOORS[name]
            assert balance == Balance(*map(Money, self.naive.sums(code)))
            assert floor is None or balance.spendable >= Money(floor)
            assert listed[name] == [line.key for line in self.naive.lines if code in (line.debit, line.credit)]
        assert sum((balance.net for balance in found.values()), ZERO) == ZERO
        assert sum((b.held_debits for b in found.values()), ZERO) == sum((b.held_credits for b in found.values()), ZERO)


def test_the_book_does_what_a_naive_book_does(engine: Engine) -> None:
    class Machine(BookMachine):
        pass

    Machine.engine = engine
    limits = settings(max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Machine, settings=limits)  # type: ignore[no-untyped-call]  # hypothesis
    verdict = service.verify(engine)
    assert verdict.ok
    assert verdict.lines > 0

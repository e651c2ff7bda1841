"""Many writers at once: never one cent over, never below what was available; one request, one effect, one answer."""

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, event

from mobigo.base.errors import Conflict, Refused
from mobigo.base.money import ZERO, Money
from mobigo.infra import db
from mobigo.infra.db import reading, transaction
from mobigo.ledger import service
from mobigo.ledger.model import Hold, Order, Posted, Reverse, Settle, Void
from tests.integration.ledger.books import BANK, BUDGET, NOW, move, net, nets, open_book

Answer = TypeVar("Answer")
WRITERS = 64
PATIENCE_MS = 600_000  # far beyond what a busy machine needs


@contextmanager
def wide(engine: Engine) -> Iterator[Engine]:
    """An engine on the same database with a connection for each writer, who waits however busy the machine is."""
    url = engine.url
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(db, "BUSY_TIMEOUT_MS", PATIENCE_MS)
        if engine.dialect.name == "sqlite":
            opened = create_engine(url, pool_size=WRITERS, connect_args={"check_same_thread": False})
            event.listen(opened, "connect", db._prepare_sqlite)
            event.listen(opened, "begin", db._begin_sqlite)
        else:
            opened = create_engine(url, pool_size=WRITERS)
        yield opened
        opened.dispose()


def at_once(count: int, act: Callable[[int], Answer]) -> list[Answer]:
    """What each of `count` threads answers, all let go together."""
    ready = Barrier(count)

    def run(number: int) -> Answer:
        ready.wait()
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_sixty_four_writers_spend_a_budget_to_the_last_cent_and_no_more(engine: Engine) -> None:
    """Each asks three times for 1 to 99 cents and takes what is left when that is less."""
    open_book(engine, 5_000)
    with transaction(engine) as session:
        for number in range(WRITERS):
            service.open_account(session, f"driver{number}", floor=ZERO, now=NOW)

    def spend(number: int) -> int:
        chance, got = random.Random(number), 0
        for turn in range(3):
            with transaction(many) as session:
                left = service.available(session, BUDGET)
                assert left is not None
                amount = min(chance.randint(40, 99), left.cents)
                if amount:
                    paid = move(f"pay:{number}:{turn}", amount, credit=f"driver{number}")
                    service.post(session, [paid], now=NOW)
                    got += amount
        return got

    with wide(engine) as many:
        got = at_once(WRITERS, spend)
    assert sum(got) == 5_000  # at least 64 × 3 × 40 were asked for
    with reading(engine) as session:
        assert nets(session, BUDGET, *(f"driver{number}" for number in range(WRITERS))) == [0, *got]
    assert service.verify(engine).ok


def test_sixty_four_writers_that_do_not_ask_first_are_refused_only_when_too_little_is_left(engine: Engine) -> None:
    """Each wants 7 cents three times of a budget of 1,000: 142 times 7 is 994, and 6 remain."""
    open_book(engine, 1_000)

    def spend(number: int) -> int:
        taken = 0
        for turn in range(3):
            try:
                with transaction(many) as session:
                    service.post(session, [move(f"pay:{number}:{turn}", 7)], now=NOW)
                taken += 1
            except Refused as refused:
                left = refused.decision.params["available"]
                assert isinstance(left, Money)
                assert left < Money(7)
        return taken

    with wide(engine) as many:
        assert sum(at_once(WRITERS, spend)) == 142
    assert net(engine, BUDGET) == 6
    assert service.verify(engine).ok


def test_writers_in_every_order_of_accounts_never_wait_for_each_other(engine: Engine) -> None:
    """Transfers round and round among five accounts, new accounts opened in between: no deadlock, no cent lost."""
    codes = [f"a{number}" for number in range(5)]
    with transaction(engine) as session:
        for code in codes:
            service.open_account(session, code, floor=None, now=NOW)

    def turn(number: int) -> None:
        chance = random.Random(number)
        for step in range(4):
            debit, credit = chance.sample(codes, 2)
            with transaction(many) as session:
                if chance.random() < 0.5:
                    service.available(session, credit)
                service.open_account(session, f"new{step}", floor=None, now=NOW)
                pair = [
                    move(f"m:{number}:{step}", 5, debit=debit, credit=credit),
                    move(f"n:{number}:{step}", 3, debit=credit, credit=f"new{step}"),
                ]
                service.post(session, pair, now=NOW)

    with wide(engine) as many:
        at_once(16, turn)
    with reading(engine) as session:
        assert sum(nets(session, *codes, *(f"new{step}" for step in range(4)))) == 0
        assert nets(session, *(f"new{step}" for step in range(4))) == [48] * 4
    assert service.verify(engine).lines == 128


REQUESTS: list[tuple[str, Callable[[str], Sequence[Order]]]] = [
    ("post", lambda key: [move(key, 3), move(f"{key}+", 4)]),
    ("group", lambda key: [move(key, 3, group=key), move(f"{key}+", 4, group=key)]),
    ("hold", lambda key: [Hold(move(key, 5))]),
    ("settle", lambda key: [Settle(key, "held", Money(2))]),
    ("void", lambda key: [Void(key, "held")]),
    ("reverse", lambda key: [Reverse(key, "paid")]),
]


@pytest.mark.parametrize(("name", "request_of"), REQUESTS, ids=[name for name, _ in REQUESTS])
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(times=st.integers(1, 5))
def test_a_request_repeated_at_once_has_one_effect_and_one_answer(
    engine: Engine, name: str, request_of: Callable[[str], Sequence[Order]], times: int
) -> None:
    run = net_lines(engine)
    if run == 0:
        open_book(engine, 100_000)
    opened = [move(f"paid{run}", 10), Hold(move(f"held{run}", 6))]
    orders = [renamed(order, run) for order in request_of(f"key{run}")]
    with transaction(engine) as session:
        service.give(session, opened, now=NOW)
    before = net_lines(engine)

    def ask(_number: int) -> list[Posted]:
        with transaction(engine) as session:
            return service.give(session, orders, now=NOW)

    answers = at_once(times, ask)
    assert all(answer == answers[0] for answer in answers)
    assert net_lines(engine) == before + len(orders)
    assert service.verify(engine).ok


def renamed(order: Order, run: int) -> Order:
    from dataclasses import replace

    if isinstance(order, (Settle, Void)):
        return replace(order, hold_key=f"held{run}")
    if isinstance(order, Reverse):
        return replace(order, of_key=f"paid{run}")
    return order


def net_lines(engine: Engine) -> int:
    return service.verify(engine).lines


def test_different_requests_with_one_key_at_once_have_one_effect(engine: Engine) -> None:
    open_book(engine, 1_000)

    def ask(number: int) -> int | None:
        try:
            with transaction(engine) as session:
                return service.post(session, [move("same", number + 1)], now=NOW)[0].amount.cents
        except Conflict:
            return None

    answers = [answer for answer in at_once(5, ask) if answer is not None]
    assert len(answers) == 1
    assert net(engine, BUDGET) == 1_000 - answers[0]


def test_the_first_lines_ever_are_written_by_one_of_many(engine: Engine) -> None:
    """The head's row does not exist yet."""

    def begin(number: int) -> None:
        with transaction(engine) as session:
            for code in (BANK, BUDGET):
                service.open_account(session, code, floor=None, now=NOW)
            service.post(session, [move(f"first{number}", 1, debit=BANK, credit=BUDGET)], now=NOW)

    at_once(8, begin)
    assert net(engine, BUDGET) == 8
    assert service.verify(engine).lines == 8

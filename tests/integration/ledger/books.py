"""Small books for tests: accounts, transfers, what a book holds."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from mobigo.base.money import ZERO, Money
from mobigo.infra.db import reading, transaction
from mobigo.ledger import service
from mobigo.ledger.model import Transfer

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BANK, BUDGET, DRIVER = "bank", "covoit:budget:2026", "covoit:accrued:d1"


def open_book(engine: Engine, budget_cents: int = 0) -> None:
    """A bank without limit, a budget and a driver that are never overdrawn; the budget is given its first money."""
    with transaction(engine) as session:
        service.open_account(session, BANK, floor=None, now=NOW)
        service.open_account(session, BUDGET, floor=ZERO, now=NOW)
        service.open_account(session, DRIVER, floor=ZERO, now=NOW)
        if budget_cents:
            service.post(session, [move("vote", budget_cents, debit=BANK, credit=BUDGET)], now=NOW)


def move(
    key: str, cents: int, *, debit: str = BUDGET, credit: str = DRIVER, at: datetime = NOW, group: str | None = None
) -> Transfer:
    """A transfer from the budget to the driver, or between others."""
    return Transfer(key, debit, credit, Money(cents), at, "award", f"trip:{key}", group=group)


def nets(session: Session, *accounts: str) -> list[int]:
    """The net of each account, in cents."""
    return [service.balance(session, account).net.cents for account in accounts]


def net(engine: Engine, account: str) -> int:
    with reading(engine) as session:
        return nets(session, account)[0]


def long_book(engine: Engine, lines: int, *, batch: int = 1_000) -> None:
    """A busy book: the budget pays two hundred drivers; events come late by up to ten days, many at one instant."""
    with transaction(engine) as session:
        service.open_account(session, BUDGET, floor=None, now=NOW)
        for i in range(200):
            service.open_account(session, f"d{i}", floor=ZERO, now=NOW)
    for start in range(0, lines, batch):
        with transaction(engine) as session:
            moves = [
                move(f"t{i}", 1 + i % 7, credit=f"d{i * i % 200}", at=NOW + (i // 9 - i * i * 7_919 % 14_400) * MINUTE)
                for i in range(start, min(start + batch, lines))
            ]
            service.post(session, moves, now=NOW + start * MINUTE)

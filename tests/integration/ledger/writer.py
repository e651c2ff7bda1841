"""Work that writes to the ledger until it is killed, and says the number of each call once it is committed.

A call is twenty lines: transfers, a group, holds and their settlement."""

from mobigo.infra.db import open_engine, transaction
from mobigo.ledger import service
from mobigo.ledger.model import Hold, Order, Settle
from tests.integration.ledger.books import BUDGET, NOW, move
from tests.kills import Say

LINES = 20


def orders(run: str, call: int) -> list[Order]:
    """The twenty orders of one call."""
    name = f"{run}:{call}"
    moves = [move(f"{name}:{i}", 1 + i) for i in range(12)]
    linked = [move(f"{name}:g{i}", 5, group=name) for i in range(4)]
    held = [Hold(move(f"{name}:h1", 3)), Hold(move(f"{name}:h2", 3)), Settle(f"{name}:s", f"{name}:h1")]
    return [*moves, *linked, *held, move(f"{name}:last", 1)]


def write(say: Say, url: str, run: str) -> None:
    """Call after call, without end."""
    engine = open_engine(url)
    call = 0
    while True:
        with transaction(engine) as session:
            service.available(session, BUDGET)
            service.give(session, orders(run, call), now=NOW)
        say(call)
        call += 1
